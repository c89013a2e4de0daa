//! Rows of the journal, newest below; and the log of one step.

use ratatui::layout::Rect;

use crate::driver::handle::View;
use crate::model::text::{fit, width};
use crate::model::time::hms_utc;
use crate::report::row::{Row, RowKind};
use crate::tui::dialog::Row2;
use crate::tui::model::{Model, Pane, at_end};
use crate::tui::pen::{Pen, Segs, plain, quiet, seg, wrap};
use crate::tui::theme::Tone;

/// Cells of the subject.
const SUBJECT: usize = 12;

pub fn draw(pen: &mut Pen, model: &Model, view: &View, area: Rect) {
    let height = usize::from(area.height);
    let skip = usize::from(model.journal_scroll);
    let shown: Vec<&Row> = view
        .rows
        .iter()
        .rev()
        .map(AsRef::as_ref)
        .filter(|row: &&Row| row.kind != RowKind::Detail)
        .skip(skip)
        .take(height)
        .collect();
    let first = area.bottom() - u16::try_from(shown.len()).unwrap_or(area.height);
    for (row, y) in shown.iter().rev().zip(first..) {
        pen.pair(area.x, y, area.width, &segs(row, SUBJECT), &saved(row, view));
    }
    if model.pane == Pane::Journal {
        pen.text(area.x, area.y, 1, "▌", Tone::Strong);
    }
}

const fn tone(kind: RowKind) -> Tone {
    match kind {
        RowKind::Failure => Tone::Bad,
        RowKind::Deviation => Tone::Strong,
        RowKind::Detail => Tone::Quiet,
        RowKind::Run
        | RowKind::Check
        | RowKind::People
        | RowKind::Sent
        | RowKind::Answer
        | RowKind::Ended
        | RowKind::Note => Tone::Plain,
    }
}

fn segs(row: &Row, subject: usize) -> Segs {
    let name = fit(&row.subject, subject);
    let gap = " ".repeat(subject.saturating_sub(width(&name)));
    vec![
        quiet(format!(" {}  ", hms_utc(row.at_ms))),
        plain(format!("{name}{gap}  ")),
        seg(row.text.clone(), tone(row.kind)),
    ]
}

/// A row is on the screen only once its record is on the disk.
fn saved(row: &Row, view: &View) -> Segs {
    let word = if row.seq <= view.snapshot.journal_seq { "saved" } else { "writing" };
    vec![quiet(format!("#{}  {word} ", row.seq))]
}

pub fn log_title(model: &Model, view: &View) -> String {
    match model.step_now(view) {
        Some(step) if !at_end(view) => format!("LOG of {}", step.key),
        _ => "JOURNAL".to_owned(),
    }
}

/// Everything about the step under the cursor, repeated observations too; at the end, everything.
pub fn log(model: &Model, view: &View, cells: u16) -> Vec<Row2> {
    let step = model.step_now(view).filter(|_| !at_end(view)).map(|step| step.key.as_str());
    let room = usize::from(cells).saturating_sub(36).max(20);
    let mut rows = Vec::new();
    for row in view.rows.iter().rev().filter(|row| step.is_none() || row.step.as_deref() == step) {
        for (ix, piece) in wrap(&row.text, room).into_iter().enumerate() {
            if ix == 0 {
                let one = Row { text: piece, ..Row::clone(row) };
                rows.push(Row2 { left: segs(&one, SUBJECT), right: saved(row, view) });
            } else {
                rows.push(Row2::left(vec![plain(" ".repeat(12 + SUBJECT + 1)), seg(piece, tone(row.kind))]));
            }
        }
    }
    if rows.is_empty() {
        rows.push(Row2::left(vec![quiet("nothing yet")]));
    }
    rows
}
