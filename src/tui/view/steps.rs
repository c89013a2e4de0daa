//! Phases and their steps, each with state, time and what it does.

use ratatui::layout::Rect;

use crate::driver::handle::View;
use crate::engine::snapshot::{Activity, PhaseView, StepView};
use crate::model::outcome::StepStatus;
use crate::model::text::width;
use crate::model::time::{clock_hms, clock_ms, elapsed_ms};
use crate::tui::dialog::Row2;
use crate::tui::look::{self, Pace};
use crate::tui::model::{Model, Pane, Place};
use crate::tui::pen::{Pen, plain, quiet, seg};
use crate::tui::theme::Tone;

/// From this width on what a step does stands at the right edge.
const ROOMY: u16 = 60;

/// With a title row where the pane has the room.
pub fn draw_titled(pen: &mut Pen, model: &Model, view: &View, area: Rect) {
    title(pen, model, view, area);
    let below = Rect::new(area.x, area.y + 1, area.width, area.height.saturating_sub(1));
    draw(pen, model, view, below);
}

pub fn draw(pen: &mut Pen, model: &Model, view: &View, area: Rect) {
    let (top, height) = (area.y, usize::from(area.height));
    let open = unfolded(model, view, height);
    let mut places = model.places(view);
    places.retain(|place| is_shown(*place, view, &open));
    let here = model.place_now(view);
    let at = places.iter().position(|place| Some(*place) == here).unwrap_or(0);
    // The row under the cursor stays in sight, with a row of what follows.
    let first = (at + 2).saturating_sub(height).min(places.len().saturating_sub(height));
    let names = name_cells(view, area.width);
    for (place, y) in places.iter().skip(first).zip(top..area.bottom()) {
        let is_here = Some(*place) == here;
        let row = match *place {
            Place::Phase(ix) => phase_row(view, &view.snapshot.phases[ix], names, area.width, !open[ix]),
            Place::Step(ix) => step_row(view, &view.snapshot.steps[ix], names, area.width, is_here),
        };
        pen.pair(area.x, y, area.width, &row.left, &row.right);
        if is_here {
            let tone = if model.pane == Pane::Steps { Tone::Wait } else { Tone::Quiet };
            pen.text(area.x, y, 1, "▌", tone);
        }
    }
    if first + height < places.len() {
        pen.text(area.right().saturating_sub(1), area.bottom().saturating_sub(1), 1, "↓", Tone::Quiet);
    }
}

/// A step is shown when its phase is unfolded.
fn is_shown(place: Place, view: &View, open: &[bool]) -> bool {
    match place {
        Place::Phase(_) => true,
        Place::Step(ix) => open.get(view.snapshot.steps[ix].phase).copied().unwrap_or(true),
    }
}

fn title(pen: &mut Pen, model: &Model, view: &View, area: Rect) {
    let settled = view.snapshot.steps.iter().filter(|step| step.status.is_settled()).count();
    let tone = if model.pane == Pane::Steps { Tone::Strong } else { Tone::Quiet };
    let text = [seg(" STEPS  ", tone), quiet(format!("{settled} of {} done", view.snapshot.steps.len()))];
    pen.segs(area.x, area.y, area.width, &text);
}

/// The phases whose steps are shown: every one if they fit, else that under the cursor, then those
/// where something is going on, then the others, as far as there is room.
fn unfolded(model: &Model, view: &View, height: usize) -> Vec<bool> {
    let phases = &view.snapshot.phases;
    if !model.filter.text.is_empty() {
        return vec![true; phases.len()];
    }
    let here = model.place_now(view).map(|place| match place {
        Place::Phase(ix) => ix,
        Place::Step(ix) => view.snapshot.steps[ix].phase,
    });
    let mut order: Vec<usize> = (0..phases.len()).collect();
    order.sort_by_key(|ix| match phases[*ix].status {
        _ if Some(*ix) == here => 0,
        StepStatus::Pending => 2,
        StepStatus::Succeeded | StepStatus::Skipped | StepStatus::DoneExternally => 3,
        _ => 1,
    });
    let mut room = height.saturating_sub(phases.len());
    let mut open = vec![false; phases.len()];
    for ix in order {
        let needed = phases[ix].steps.len();
        if needed <= room || Some(ix) == here {
            open[ix] = true;
            room = room.saturating_sub(needed);
        }
    }
    open
}

fn name_cells(view: &View, cells: u16) -> usize {
    let longest = view.snapshot.steps.iter().map(|step| width(&step.key) + 2);
    let longest = longest.chain(view.snapshot.phases.iter().map(|phase| width(&phase.id))).max().unwrap_or(0);
    longest.clamp(8, usize::from(cells / 3).max(8))
}

fn padded(text: &str, cells: usize) -> String {
    let shown = crate::model::text::fit(text, cells);
    let gap = cells.saturating_sub(width(&shown));
    format!("{shown}{}", " ".repeat(gap))
}

/// Glyph and tone of a status.
pub const fn glyph(status: StepStatus) -> (&'static str, Tone) {
    match status {
        StepStatus::Pending => ("·", Tone::Quiet),
        StepStatus::Waiting => ("◆", Tone::Wait),
        StepStatus::Running => ("▶", Tone::Busy),
        StepStatus::Succeeded | StepStatus::DoneExternally => ("✓", Tone::Good),
        StepStatus::Failed => ("✗", Tone::Bad),
        StepStatus::Skipped => ("−", Tone::Quiet),
        StepStatus::Unknown => ("?", Tone::Bad),
        StepStatus::RolledBack => ("↺", Tone::Plain),
    }
}

fn phase_row(view: &View, phase: &PhaseView, names: usize, cells: u16, folded: bool) -> Row2 {
    let (mark, tone) = glyph(phase.status);
    // One accent: the step that waits carries it, not its phase.
    let (mark, tone) = if phase.status == StepStatus::Waiting && !folded { ("▶", Tone::Busy) } else { (mark, tone) };
    let star = if phase.critical { "*" } else { " " };
    let name_tone = if phase.status == StepStatus::Pending { Tone::Plain } else { Tone::Strong };
    let mut left =
        vec![quiet(format!(" {star} ")), seg(format!("{mark} "), tone), seg(padded(&phase.id, names), name_tone)];
    let time = if phase.started_ms.is_some() { clock_hms(phase.actual_ms) } else { String::new() };
    let pace = phase.budget_ms.map_or(Pace::Calm, |budget| look::pace(phase.actual_ms, budget));
    let time_tone = match (pace, phase.ended_ms) {
        (Pace::Over, _) => Tone::Bad,
        (Pace::Tight, None) => Tone::Wait,
        _ => Tone::Plain,
    };
    left.push(seg(format!(" {time:>8}"), time_tone));
    left.push(quiet(phase.budget_ms.map_or_else(String::new, |budget| format!(" of {}", hours(budget)))));
    let word = phase_word(view, phase, pace, folded);
    place(left, word, cells)
}

/// A budget in hours and minutes: `1:30`.
pub fn hours(ms: u64) -> String {
    let minutes = ms / 60_000;
    format!("{}:{:02}", minutes / 60, minutes % 60)
}

fn phase_word(view: &View, phase: &PhaseView, pace: Pace, folded: bool) -> (String, Tone) {
    if folded {
        let steps: Vec<&StepView> = phase.steps.iter().filter_map(|ix| view.snapshot.steps.get(*ix)).collect();
        if let Some(step) = steps.iter().find(|step| look::waits_for_person(step)) {
            return seg(format!("{} {}", step.id, look::doing(step)), Tone::Wait);
        }
        let running: Vec<&&StepView> = steps.iter().filter(|step| step.status == StepStatus::Running).collect();
        if let Some(first) = running.first() {
            return plain(format!("{} running, {} {}", running.len(), first.id, look::doing(first)));
        }
    }
    if phase.ready_reads > 1 && pace == Pace::Calm {
        return plain(format!("R runs {} reads", phase.ready_reads));
    }
    match (phase.status, pace, phase.ended_ms) {
        (StepStatus::Pending, ..) => quiet(""),
        (_, Pace::Over, None) => seg("over budget", Tone::Bad),
        (_, Pace::Tight, None) => seg("tight", Tone::Wait),
        (status, ..) => quiet(status.word()),
    }
}

fn step_row(view: &View, step: &StepView, names: usize, cells: u16, is_here: bool) -> Row2 {
    let (mark, tone) = match step.activity_kind {
        Activity::NeedsPerson => ("◆", Tone::Wait),
        Activity::NeedsDecision if step.status != StepStatus::Failed => ("!", Tone::Bad),
        Activity::InDoubt => ("?", Tone::Bad),
        Activity::RollingBack => ("↺", Tone::Busy),
        _ => glyph(step.status),
    };
    // Many may wait; the words are the accent of the one under the cursor.
    let is_accent = look::waits_for_person(step) && is_here;
    let name_tone = if is_accent { tone } else { Tone::Plain };
    let left = vec![
        plain("     "),
        seg(format!("{mark} "), tone),
        seg(padded(&step.key, names.saturating_sub(2)), name_tone),
        plain(format!(" {:>8}", step_time(step, view.snapshot.now_ms))),
    ];
    let text = match step.status {
        // The glyph says it; what is left worth a word is said by the engine.
        StepStatus::Succeeded if step.activity == step.status.word() => String::new(),
        StepStatus::Pending | StepStatus::Succeeded => step.activity.clone(),
        _ => look::doing(step).to_owned(),
    };
    let word_tone = if is_accent { tone } else { Tone::Quiet };
    place(left, seg(text, word_tone), cells)
}

/// How long it took, or how long what it does lasts already.
pub fn step_time(step: &StepView, now_ms: i64) -> String {
    let from = if look::waits_for_person(step) { step.since_ms.or(step.started_ms) } else { step.started_ms };
    let Some(from_ms) = from else { return String::new() };
    clock_ms(elapsed_ms(from_ms, step.ended_ms.unwrap_or(now_ms)))
}

fn place(mut left: Vec<(String, Tone)>, word: (String, Tone), cells: u16) -> Row2 {
    if cells >= ROOMY {
        return Row2 { left, right: vec![word, plain(" ")] };
    }
    left.push(plain("  "));
    left.push(word);
    Row2::left(left)
}
