//! The first rows of every screen: which run this is, and where RTO and RPO stand.

use ratatui::layout::Rect;

use super::forecast;
use crate::driver::handle::View;
use crate::engine::snapshot::Snapshot;
use crate::model::outcome::Mode;
use crate::model::time::{clock_hms, hms_utc, human_ms};
use crate::tui::look::{self, Pace};
use crate::tui::pen::{Pen, Seg, Segs, plain, quiet, seg, segs_width};
use crate::tui::theme::Tone;

pub fn draw(pen: &mut Pen, view: &View, area: Rect) {
    if area.height == 0 {
        return;
    }
    identity(pen, view, area.y, area.width);
    if area.height > 1 {
        rto(pen, &view.snapshot, area.y + 1, area.width);
    }
    if area.height > 2 {
        rpo(pen, &view.snapshot, area.y + 2, area.width);
    }
}

/// The word REAL or DRILL.
pub fn banner(mode: Mode) -> Seg {
    let tone = match mode {
        Mode::Real => Tone::Banner,
        Mode::Drill => Tone::Strong,
    };
    seg(format!(" {} ", mode.banner()), tone)
}

fn identity(pen: &mut Pen, view: &View, y: u16, width: u16) {
    let snapshot = &view.snapshot;
    let mut right: Segs = Vec::new();
    if let Some(drill) = &snapshot.drill
        && width >= 70
    {
        right.push(quiet(format!("{} {}  ", drill.scenario, speed(&drill.speed))));
    }
    right.push(plain(format!("{}  {} ", snapshot.operator, hms_utc(snapshot.now_ms))));
    let room = usize::from(width).saturating_sub(segs_width(&right) + 1);
    let mut left = vec![banner(snapshot.mode)];
    // In the order of their weight; each only if it fits whole, but the name is always there.
    let run: String = snapshot.run.chars().take(8).collect();
    let parts = [(&snapshot.runbook, 0), (&snapshot.regions, 2), (&snapshot.account, 3), (&run, 1)];
    let mut kept: Vec<(&String, usize)> = Vec::new();
    let mut used = segs_width(&left);
    for (part, place) in parts {
        let needed = segs_width(&[plain(part.as_str())]) + 3;
        if !part.is_empty() && (place == 0 || used + needed <= room) {
            used += needed;
            kept.push((part, place));
        }
    }
    kept.sort_by_key(|(_, place)| *place);
    for (part, place) in kept {
        left.push(quiet("│ "));
        left.push(seg(format!("{part} "), if place == 0 { Tone::Strong } else { Tone::Plain }));
    }
    pen.pair(0, y, width, &left, &right);
}

fn speed(text: &str) -> String {
    if text.bytes().all(|b| b.is_ascii_digit()) { format!("{text}x") } else { text.to_owned() }
}

/// `██████┄┄┄┃`: how much of a budget is used.
pub fn bar(used_ms: u64, budget_ms: u64, cells: u16) -> String {
    let share = |ms: u64| ms.min(budget_ms).saturating_mul(u64::from(cells)).checked_div(budget_ms).unwrap_or(0);
    let filled = usize::try_from(share(used_ms)).unwrap_or(0);
    format!("{}{}┃", "█".repeat(filled), "┄".repeat(usize::from(cells).saturating_sub(filled)))
}

pub const fn pace_tone(pace: Pace) -> Tone {
    match pace {
        Pace::Calm => Tone::Plain,
        Pace::Tight => Tone::Wait,
        Pace::Over => Tone::Bad,
    }
}

/// `2:30:53 left`, `0:12:00 left, tight`, `over by 0:04:10`.
pub fn left(clock: &look::Clock) -> Seg {
    let Some(left_ms) = clock.left_ms else { return quiet("no RTO set") };
    let text = match clock.pace {
        Pace::Over => format!("over by {}", clock_hms(left_ms.unsigned_abs())),
        Pace::Tight => format!("{} left, tight", clock_hms(left_ms.unsigned_abs())),
        Pace::Calm => format!("{} left", clock_hms(left_ms.unsigned_abs())),
    };
    seg(text, pace_tone(clock.pace))
}

fn rto(pen: &mut Pen, snapshot: &Snapshot, y: u16, width: u16) {
    let clock = look::clock(snapshot);
    let mut right = vec![plain(format!("{} used   ", clock_hms(clock.used_ms))), left(&clock)];
    if let Some(end_ms) = look::likely_end_ms(snapshot).filter(|_| width >= 100) {
        right.push(plain(format!("   ends ~{}", hm(end_ms))));
    }
    if let Some(chances) = snapshot.forecast.chances.filter(|_| width >= 76) {
        let join = if width >= 100 { ", " } else { "   " };
        right.push(plain(format!("{join}P90 {}", hm(chances.p90_end_ms))));
    }
    right.push(plain(" "));
    let Some(budget_ms) = clock.budget_ms else {
        pen.pair(0, y, width, &[plain(" RTO")], &right);
        return;
    };
    let name = format!(" RTO {} ", human_ms(budget_ms));
    let room = usize::from(width).saturating_sub(segs_width(&right) + name.len() + 4);
    let cells = u16::try_from(room).unwrap_or(0).min(width * 45 / 100);
    let mut line = vec![seg(name, Tone::Strong)];
    if cells >= 5 {
        line.push(seg(bar(clock.used_ms, budget_ms, cells), pace_tone(clock.pace)));
    }
    pen.pair(0, y, width, &line, &right);
}

/// `05:24Z`.
pub fn hm(at_ms: i64) -> String {
    let text = hms_utc(at_ms);
    format!("{}Z", text.get(..5).unwrap_or(&text))
}

fn rpo(pen: &mut Pen, snapshot: &Snapshot, y: u16, width: u16) {
    let mut line: Segs = Vec::new();
    match snapshot.rpo {
        None => line.push(quiet(" RPO none set")),
        Some(rpo) => {
            line.push(seg(format!(" RPO {} ", human_ms(rpo.budget_ms)), Tone::Strong));
            match rpo.actual_ms {
                None => line.push(quiet("not measured yet")),
                Some(actual_ms) => {
                    let pace = look::pace(actual_ms, rpo.budget_ms);
                    line.push(seg(bar(actual_ms, rpo.budget_ms, width * 12 / 100), pace_tone(pace)));
                    let text = match pace {
                        Pace::Over => format!(
                            " {} of data is lost, over by {}",
                            human_ms(actual_ms),
                            human_ms(actual_ms - rpo.budget_ms)
                        ),
                        Pace::Calm | Pace::Tight => format!(" {} of data would be lost", human_ms(actual_ms)),
                    };
                    line.push(seg(text, pace_tone(pace)));
                }
            }
        }
    }
    // Data lost outweighs a forecast.
    let mut right = forecast::words(snapshot, usize::from(width).saturating_sub(segs_width(&line) + 2));
    right.push(plain(" "));
    pen.pair(0, y, width, &line, &right);
}
