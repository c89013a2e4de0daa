//! The pictures in `assets/` are what the program draws: frames of one recorded drill, as SVG.
//!
//! `UPDATE=1 cargo test screens` writes them again after a change of the screen.

#![expect(clippy::unwrap_used, reason = "a test whose drill cannot be read has failed")]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use lifeboat::driver::handle::{Over, View};
use lifeboat::journal;
use lifeboat::model::event::{Event, Stamped};
use lifeboat::report::{fold, row_of};
use lifeboat::tui::{Options, still};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use crate::home::Home;

const CELL: (f64, f64) = (8.4, 18.0);
const SIZE: Rect = Rect { x: 0, y: 0, width: 120, height: 36 };

/// A drill of the shipped runbook in which the impact lies an hour before the start.
fn recorded() -> (Vec<Stamped>, String) {
    let home = Home::new();
    let said = home.run(&[
        "drill",
        "regional_failover",
        "--seed",
        "7",
        "--speed",
        "max",
        "--no-tui",
        "--yes",
        "--operator",
        "alice",
        "-i",
        "impact_at=2026-01-04T01:47:00Z",
    ]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let file = journal::read(&home.runs()[0]).unwrap();
    let run = file.records[0].run.to_string();
    (file.records.iter().map(journal::Record::stamped).collect(), run)
}

/// The screen `later_ms` after the last of these records. The run's own id would change each time.
fn view(records: &[Stamped], run: &str, later_ms: i64, over: Option<Over>) -> View {
    let engine = fold::replay(records, run).unwrap().engine;
    let mut snapshot = engine.snapshot(engine.last_at_ms() + later_ms);
    "01K9DRILL".clone_into(&mut snapshot.run);
    snapshot.journal_seq = records.len() as u64;
    "9f3c21d7".clone_into(&mut snapshot.journal_head);
    View {
        snapshot,
        rows: Arc::new(records.iter().map(|one| Arc::new(row_of(one))).collect()),
        practice: Vec::new(),
        is_open: false,
        watched: None,
        over,
    }
}

#[test]
fn the_picture_of_a_gate_is_what_the_program_draws() {
    let (records, run) = recorded();
    let gate = |one: &Stamped| matches!(&one.event, Event::GateOpened { step, .. } if step == "promote");
    let at = records.iter().position(gate).unwrap();
    compare("drill.svg", &svg(&view(&records[..=at], &run, 48_000, None)));
}

#[test]
fn the_picture_of_the_end_is_what_the_program_draws() {
    let (records, run) = recorded();
    compare("end.svg", &svg(&view(&records, &run, 0, Some(Over::Finished))));
}

fn compare(name: &str, drawn: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == drawn, "assets/{name} is not what the program draws: look at it again with UPDATE=1");
}

/// A frame as SVG: the terminal's own two colours follow the reader's light or dark palette.
fn svg(view: &View) -> String {
    let mut buffer = Buffer::empty(SIZE);
    still(view, Options::default(), &mut buffer);
    let (width, height) = (f64::from(SIZE.width) * CELL.0 + 24.0, f64::from(SIZE.height) * CELL.1 + 24.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\">\n\
         <style>rect{{fill:#fdfdfb}}text{{fill:#222;white-space:pre}}.d{{opacity:.62}}.b{{font-weight:bold}}\
         @media (prefers-color-scheme:dark){{rect{{fill:#16181c}}text{{fill:#d8d8d4}}}}</style>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\"/>\n"
    );
    for y in 0..SIZE.height {
        for (x, style, text) in spans(&buffer, y) {
            if text.trim().is_empty() {
                continue;
            }
            let (left, base) = (12.0 + f64::from(x) * CELL.0, 26.0 + f64::from(y) * CELL.1);
            let length = f64::from(u16::try_from(text.chars().count()).unwrap()) * CELL.0;
            let text = text.replace('&', "&amp;").replace('<', "&lt;");
            writeln!(out, "<text x=\"{left:.1}\" y=\"{base:.1}\" textLength=\"{length:.1}\"{style}>{text}</text>")
                .unwrap();
        }
    }
    out.push_str("</svg>\n");
    out
}

/// The runs of equal style in one row: where they begin, their attributes, their text.
fn spans(buffer: &Buffer, y: u16) -> Vec<(u16, String, String)> {
    let mut spans: Vec<(u16, String, String)> = Vec::new();
    for x in 0..SIZE.width {
        let cell = &buffer[(x, y)];
        let style = attributes(cell.fg, cell.modifier);
        match spans.last_mut() {
            Some((_, last, text)) if *last == style => text.push_str(cell.symbol()),
            _ => spans.push((x, style, cell.symbol().to_owned())),
        }
    }
    for (_, _, text) in &mut spans {
        text.truncate(text.trim_end().len());
    }
    spans
}

fn attributes(color: Color, modifier: Modifier) -> String {
    let mut classes = Vec::new();
    if modifier.contains(Modifier::DIM) {
        classes.push("d");
    }
    if modifier.contains(Modifier::BOLD) {
        classes.push("b");
    }
    let class = if classes.is_empty() { String::new() } else { format!(" class=\"{}\"", classes.join(" ")) };
    // The screen's four accents, from the 256 colours of a terminal.
    let fill = match color {
        Color::Indexed(172) => " style=\"fill:#d78700\"",
        Color::Indexed(166) => " style=\"fill:#d75f00\"",
        Color::Indexed(36) => " style=\"fill:#00af87\"",
        Color::Indexed(74) => " style=\"fill:#5fafd7\"",
        _ => "",
    };
    format!("{class}{fill}")
}
