//! The phases on a time axis: what is done, what is forecast, and where the RTO ends.

use ratatui::layout::Rect;

use crate::driver::handle::View;
use crate::engine::snapshot::{PhaseView, Snapshot};
use crate::model::text::width;
use crate::tui::look;
use crate::tui::pen::Pen;
use crate::tui::theme::Tone;

use super::head::hm;

/// Most rows of phases in the pane of the main screen.
const PANE_ROWS: u16 = 8;

/// Steps of the axis, in minutes.
const TICKS_MIN: [i64; 9] = [1, 2, 5, 10, 15, 30, 60, 120, 240];

/// Rows without the axis.
pub fn rows(view: &View) -> u16 {
    let phases = u16::try_from(view.snapshot.phases.len()).unwrap_or(u16::MAX);
    phases.saturating_add(u16::from(detected_late(&view.snapshot))).min(PANE_ROWS)
}

fn detected_late(snapshot: &Snapshot) -> bool {
    snapshot.started_ms > snapshot.clock_at_ms
}

/// The time axis: from where to where, over which columns.
#[derive(Clone, Copy)]
struct Axis {
    from_ms: i64,
    to_ms: i64,
    x: u16,
    cells: u16,
}

impl Axis {
    fn column(self, at_ms: i64) -> u16 {
        let span = (self.to_ms - self.from_ms).max(1);
        let offset = (at_ms - self.from_ms).clamp(0, span);
        let column = offset.saturating_mul(i64::from(self.cells.saturating_sub(1))) / span;
        self.x + u16::try_from(column).unwrap_or(0)
    }

    /// Fills from one instant to another; at least one cell.
    fn fill(self, pen: &mut Pen, y: u16, from_ms: i64, to_ms: i64, glyph: char, tone: Tone) {
        let (from, to) = (self.column(from_ms), self.column(to_ms));
        pen.repeat(from, y, (to - from.min(to)).max(1), glyph, tone);
    }
}

pub fn draw(pen: &mut Pen, view: &View, area: Rect) {
    let snapshot = &view.snapshot;
    let names = snapshot.phases.iter().map(|phase| width(&phase.id)).max().unwrap_or(6).clamp(8, 16);
    let left = u16::try_from(names + 4).unwrap_or(12);
    if area.width < left + 12 || area.height < 2 {
        return;
    }
    let axis = axis(snapshot, area, left);
    pen.text(area.x + 1, area.y, left, "TIMELINE", Tone::Quiet);
    ticks(pen, axis, area.y, snapshot);
    let mut y = area.y + 1;
    if detected_late(snapshot) && y < area.bottom() {
        pen.text(area.x + 1, y, left - 1, "detect", Tone::Quiet);
        axis.fill(pen, y, snapshot.clock_at_ms, snapshot.started_ms, '░', Tone::Quiet);
        let words = format!(" impact {}", hm(snapshot.clock_at_ms));
        pen.text(axis.column(snapshot.started_ms), y, 16, &words, Tone::Quiet);
        y += 1;
    }
    for phase in &snapshot.phases {
        if y >= area.bottom() {
            break;
        }
        pen.text(area.x + 1, y, u16::try_from(names).unwrap_or(8), &phase.id, Tone::Plain);
        if phase.critical {
            pen.text(area.x + left - 2, y, 1, "*", Tone::Quiet);
        }
        bar(pen, axis, y, phase, snapshot);
        y += 1;
    }
    marks(pen, axis, area.y + 1, y, snapshot);
    if let Some(end_ms) = look::likely_end_ms(snapshot).filter(|_| y > area.y + 1) {
        let words = format!(" done ~{} ", hm(end_ms));
        let room = u16::try_from(words.len()).unwrap_or(0);
        let at = axis.column(end_ms) + 1;
        if at + room < axis.x + axis.cells {
            pen.text(at, y - 1, room, &words, Tone::Quiet);
        }
    }
}

fn axis(snapshot: &Snapshot, area: Rect, left: u16) -> Axis {
    let limit_ms = snapshot.rto.map(|rto| snapshot.clock_at_ms.saturating_add(rto.budget_ms.cast_signed()));
    let phases = snapshot.phases.iter().map(|phase| phase.ended_ms.unwrap_or(phase.forecast_end_ms));
    let to_ms = phases.chain(limit_ms).chain([snapshot.now_ms]).max().unwrap_or(snapshot.now_ms);
    let from_ms = snapshot.clock_at_ms.min(snapshot.started_ms);
    Axis { from_ms, to_ms: to_ms.max(from_ms + 60_000), x: area.x + left, cells: area.width - left - 1 }
}

fn ticks(pen: &mut Pen, axis: Axis, y: u16, snapshot: &Snapshot) {
    let span_min = (axis.to_ms - axis.from_ms) / 60_000;
    let most = i64::from(axis.cells / 10).max(1);
    let step_min = TICKS_MIN.into_iter().find(|tick| span_min / tick < most).unwrap_or(480);
    let limit_ms = snapshot.rto.map(|rto| snapshot.clock_at_ms.saturating_add(rto.budget_ms.cast_signed()));
    let limit_x = limit_ms.map(|at_ms| axis.column(at_ms));
    let mut at_ms = axis.from_ms;
    while at_ms <= axis.to_ms {
        let x = axis.column(at_ms);
        let is_free = limit_x.is_none_or(|limit| x + 9 <= limit || x > limit + 1);
        if is_free && x + 6 <= axis.x + axis.cells {
            let text = hm(at_ms);
            pen.text(x, y, 5, text.trim_end_matches('Z'), Tone::Quiet);
        }
        at_ms += step_min * 60_000;
    }
    if let Some(x) = limit_x {
        pen.text(x.saturating_sub(3), y, 4, " RTO", Tone::Strong);
    }
}

fn bar(pen: &mut Pen, axis: Axis, y: u16, phase: &PhaseView, snapshot: &Snapshot) {
    let over = phase.budget_ms.is_some_and(|budget| phase.actual_ms > budget);
    let tone = if over { Tone::Bad } else { Tone::Plain };
    match (phase.started_ms, phase.ended_ms) {
        (Some(started_ms), Some(ended_ms)) => axis.fill(pen, y, started_ms, ended_ms, '█', tone),
        (Some(started_ms), None) => {
            if phase.forecast_end_ms > snapshot.now_ms && !look::has_ended(snapshot) {
                axis.fill(pen, y, snapshot.now_ms, phase.forecast_end_ms, '▒', Tone::Quiet);
            }
            axis.fill(pen, y, started_ms, snapshot.now_ms, '█', tone);
        }
        (None, _) if phase.forecast_end_ms > phase.forecast_start_ms && !look::has_ended(snapshot) => {
            axis.fill(pen, y, phase.forecast_start_ms, phase.forecast_end_ms, '▒', Tone::Quiet);
        }
        (None, _) => {}
    }
}

/// Now, and the end of the RTO, through all rows.
fn marks(pen: &mut Pen, axis: Axis, from: u16, to: u16, snapshot: &Snapshot) {
    for y in from..to {
        if snapshot.ended_ms.is_none() {
            pen.text(axis.column(snapshot.now_ms), y, 1, "│", Tone::Plain);
        }
        if let Some(rto) = snapshot.rto {
            let x = axis.column(snapshot.clock_at_ms.saturating_add(rto.budget_ms.cast_signed()));
            pen.text(x, y, 1, "┃", Tone::Strong);
        }
    }
}
