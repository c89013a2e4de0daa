//! The main screen: puts the panes in their places, with rules between them.

use ratatui::layout::Rect;

use super::{detail, draw_rows, forecast, gantt, head, journal, keyrow, steps};
use crate::driver::handle::View;
use crate::tui::layout::{Layout, Shape};
use crate::tui::look;
use crate::tui::model::{Model, Pane};
use crate::tui::pen::{Pen, Seg, Segs, plain, quiet, seg, segs_width};
use crate::tui::theme::Tone;

pub fn draw(pen: &mut Pen, model: &Model, view: &View, cut: &Layout) {
    head::draw(pen, view, cut.head);
    let top = cut.head.height;
    let width = cut.head.width;
    match cut.shape {
        Shape::OneLine => {}
        Shape::OnePane { tabs, pane } => one_pane(pen, model, view, tabs, pane),
        Shape::Stacked { steps: left, detail: right, journal: below } => {
            let words = state(model, view);
            rule(pen, top, width, &words);
            if top < 3 {
                forecast_on_rule(pen, view, top, width, segs_width(&words));
            }
            steps::draw(pen, model, view, left);
            rule(pen, right.y - 1, width, &[]);
            draw_detail(pen, model, view, right);
            rule(pen, below.y - 1, width, &[]);
            journal::draw(pen, model, view, below);
        }
        Shape::Wide { steps: left, detail: right, gantt: bars, journal: below } => {
            rule(pen, top, width, &[]);
            pen.text(left.right(), top, 1, "┬", Tone::Quiet);
            on_rule(pen, top, width, &state(model, view));
            for y in left.top()..left.bottom() {
                pen.text(left.right(), y, 1, "│", Tone::Quiet);
            }
            steps::draw_titled(pen, model, view, left);
            draw_detail(pen, model, view, right);
            rule(pen, left.bottom(), width, &[]);
            pen.text(left.right(), left.bottom(), 1, "┴", Tone::Quiet);
            if let Some(bars) = bars {
                gantt::draw(pen, view, bars);
                rule(pen, below.y - 1, width, &[]);
            }
            journal::draw(pen, model, view, below);
        }
    }
    foot(pen, model, view, cut);
}

fn draw_detail(pen: &mut Pen, model: &Model, view: &View, area: Rect) {
    let inner = Rect::new(area.x + 1, area.y, area.width.saturating_sub(2), area.height);
    let rows = detail::rows(model, view, inner.width);
    let most = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_sub(inner.height);
    let scroll = usize::from(model.detail_scroll.min(most));
    draw_rows(pen, inner, &rows, scroll);
    if most > 0 && scroll < usize::from(most) {
        pen.text(area.right().saturating_sub(2), area.bottom().saturating_sub(1), 1, "↓", Tone::Quiet);
    }
    if model.pane == Pane::Detail {
        pen.text(area.x, area.y, 1, "▌", Tone::Strong);
    }
}

fn one_pane(pen: &mut Pen, model: &Model, view: &View, tabs: Rect, pane: Rect) {
    let mut line: Segs = vec![plain(" ")];
    for one in Pane::ALL {
        let text = if one == model.pane { format!("[{}]", one.word()) } else { format!(" {} ", one.word()) };
        line.push(seg(text, if one == model.pane { Tone::Strong } else { Tone::Quiet }));
    }
    let state = state(model, view);
    pen.pair(0, tabs.y, tabs.width, &line, &state);
    match model.pane {
        Pane::Steps => steps::draw(pen, model, view, pane),
        Pane::Detail => draw_detail(pen, model, view, pane),
        Pane::Timeline => gantt::draw(pen, view, pane),
        Pane::Journal => journal::draw(pen, model, view, pane),
    }
}

/// Where the head has no row for it, what the forecast says stands at the end of the rule below it.
fn forecast_on_rule(pen: &mut Pen, view: &View, y: u16, width: u16, taken: usize) {
    if view.snapshot.forecast.chances.is_none() {
        return;
    }
    let room = usize::from(width).saturating_sub(taken + 8);
    let words = forecast::words(&view.snapshot, room);
    let used = segs_width(&words);
    if used == 0 || used > room {
        return;
    }
    let x = width.saturating_sub(u16::try_from(used + 3).unwrap_or(width));
    pen.text(x, y, 1, " ", Tone::Plain);
    let end = pen.segs(x + 1, y, width.saturating_sub(x + 1), &words);
    pen.text(end, y, 1, " ", Tone::Plain);
}

/// What holds for the whole run just now: a broken journal, a pause, a filter.
pub fn state(model: &Model, view: &View) -> Segs {
    let mut segs = Vec::new();
    if let Some(reason) = &view.snapshot.journal_broken {
        segs.push(seg(format!(" JOURNAL BROKEN, nothing runs any more: {reason} "), Tone::Bad));
    }
    if let Some(words) = &view.watched {
        segs.push(seg(format!(" {words} "), Tone::Strong));
    }
    if let Some(reason) = &view.snapshot.paused {
        let key = if view.watched.is_some() { "" } else { "(P goes on) " };
        segs.push(seg(format!(" ‖ paused: {reason} {key}"), Tone::Wait));
    }
    if let Some(why) = &view.snapshot.ended_by
        && view.over.is_none()
    {
        segs.push(seg(format!(" ✗ {why} "), Tone::Bad));
    }
    if let Some(expired) = view.snapshot.expired.first() {
        segs.push(seg(format!(" {} ", look::expired_words(expired)), Tone::Bad));
    }
    if let Some(skew_ms) = view.snapshot.skew_ms {
        segs.push(seg(format!(" {} ", look::skew_words(skew_ms)), Tone::Wait));
    }
    if view.snapshot.anomalies > 0 {
        segs.push(seg(format!(" {} anomalies in the journal ", view.snapshot.anomalies), Tone::Bad));
    }
    if model.filter.editing || !model.filter.text.is_empty() {
        let cursor = if model.filter.editing { "▏" } else { "" };
        segs.push(seg(format!(" / {}{cursor} ", model.filter.text), Tone::Strong));
    }
    segs
}

/// A rule across, with words on it if there are some.
pub fn rule(pen: &mut Pen, y: u16, width: u16, words: &[Seg]) {
    pen.rule(0, y, width);
    on_rule(pen, y, width, words);
}

/// Words on a rule that is there already.
fn on_rule(pen: &mut Pen, y: u16, width: u16, words: &[Seg]) {
    let shown = segs_width(words);
    if shown > 0 && words.iter().any(|(text, _)| !text.is_empty()) {
        let at = 1;
        let end = pen.segs(at + 1, y, width.saturating_sub(4), words);
        pen.text(at, y, 1, " ", Tone::Plain);
        pen.text(end, y, 1, " ", Tone::Plain);
    }
}

/// The message of the moment, and the key row.
pub fn foot(pen: &mut Pen, model: &Model, view: &View, cut: &Layout) {
    if let Some((text, _)) = &model.toast {
        let y = cut.keys.y.saturating_sub(1);
        pen.clear(Rect::new(0, y, cut.keys.width, 1));
        pen.segs(0, y, cut.keys.width, &[plain(" "), seg(format!("» {text}"), Tone::Strong), quiet(" ")]);
    }
    keyrow::draw(pen, model, view, cut.keys);
}
