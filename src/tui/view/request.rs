//! The request of a step in full, and how to do the same by hand.

use crate::driver::handle::View;
use crate::model::text::{safe_lines, width};
use crate::tui::dialog::Row2;
use crate::tui::look;
use crate::tui::model::Model;
use crate::tui::pen::{plain, quiet, seg, wrap};
use crate::tui::theme::Tone;

pub fn rows(model: &Model, view: &View, cells: u16) -> Vec<Row2> {
    let Some(step) = model.step_now(view) else { return Vec::new() };
    let cells = usize::from(cells);
    let mut rows = vec![
        Row2 {
            left: vec![seg(step.key.clone(), Tone::Strong), quiet(format!("  attempt {}", step.attempt))],
            right: vec![quiet(format!("{}, class {:?}", step.risk.word(), step.class))],
        },
        Row2::left(vec![
            plain(look::api_name(&step.action)),
            quiet(format!("  in {}  {}  {}", step.region, step.target, step.account)),
        ]),
        Row2::default(),
    ];
    let names = step.request.iter().map(|(name, _)| width(name)).max().unwrap_or(0).min(30);
    for (name, value) in &step.request {
        let mut head = format!("{name:<names$}  ");
        let lines = safe_lines(value);
        for piece in lines.iter().flat_map(|line| wrap(line, cells.saturating_sub(names + 2).max(10))) {
            rows.push(Row2::left(vec![quiet(head), plain(piece)]));
            head = " ".repeat(names + 2);
        }
    }
    let mut section = |title: &str, text: &str| {
        rows.push(Row2::default());
        rows.push(Row2::left(vec![quiet(title.to_owned())]));
        let lines = safe_lines(text);
        rows.extend(
            lines
                .iter()
                .flat_map(|line| wrap(line, cells.saturating_sub(2).max(10)))
                .map(|line| Row2::left(vec![plain(format!("  {line}"))])),
        );
    };
    if let Some(line) = &step.command_line {
        section("The same by hand (y copies it)", line);
    }
    if let Some(link) = &step.console_link {
        section("In the AWS console (o copies it)", link);
    }
    if let Some(gate) = &step.gate {
        section("Digest of what is confirmed", &gate.digest);
    }
    rows
}
