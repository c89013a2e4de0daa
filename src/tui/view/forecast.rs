//! What the forecast says against the RTO, in as many words as there is room for.

use crate::engine::snapshot::{Chances, Decide, Snapshot};
use crate::model::time::{elapsed_ms, human_ms};
use crate::tui::pen::{Segs, plain, quiet, seg, segs_width};
use crate::tui::theme::Tone;

/// Under this a decision is pressing, in milliseconds.
const PRESSING_MS: u64 = 5 * 60_000;

/// `P50 48m to spare, P90 21m to spare; decide within 18m; 6m over if every budget is used up`.
/// What matters less is left out where `cells` are few.
pub fn words(snapshot: &Snapshot, cells: usize) -> Segs {
    let Some(rto) = snapshot.rto else { return Vec::new() };
    let limit_ms = snapshot.clock_at_ms.saturating_add(rto.budget_ms.cast_signed());
    let Some(chances) = snapshot.forecast.chances else { return by_usual(snapshot, limit_ms, cells) };
    // Where they stand in the line, and how much they weigh.
    let mut parts: Vec<(usize, Segs)> = vec![(0, spare(&chances, limit_ms))];
    if let Some(decide) = chances.decide {
        parts.push((2, vec![plain("; "), decision(decide, snapshot.now_ms)]));
    }
    if chances.basis.is_thin {
        parts.push((1, vec![quiet(format!(" ({})", thin(&chances)))]));
    }
    parts.extend(
        snapshot.forecast.budget_end_ms.map(|end_ms| (3, vec![quiet(format!("; {}", budgets(end_ms, limit_ms)))])),
    );
    fitting(parts, cells)
}

fn by_usual(snapshot: &Snapshot, limit_ms: i64, cells: usize) -> Segs {
    let usual = snapshot.forecast.usual_end_ms.map(|end_ms| {
        let tone = if end_ms > limit_ms { Tone::Bad } else { Tone::Plain };
        (0, vec![seg(against(end_ms, limit_ms), tone)])
    });
    let join = if usual.is_some() { "; " } else { "" };
    let budgets =
        snapshot.forecast.budget_end_ms.map(|end_ms| (1, vec![quiet(format!("{join}{}", budgets(end_ms, limit_ms)))]));
    fitting(usual.into_iter().chain(budgets).collect(), cells)
}

/// The first whatever it takes, the others as they fit, each in its place.
fn fitting(parts: Vec<(usize, Segs)>, cells: usize) -> Segs {
    let (mut used, mut kept): (usize, Vec<(usize, Segs)>) = (0, Vec::new());
    for (place, segs) in parts {
        let wanted = segs_width(&segs);
        if kept.is_empty() || used + wanted <= cells {
            used += wanted;
            kept.push((place, segs));
        }
    }
    kept.sort_by_key(|(place, _)| *place);
    kept.into_iter().flat_map(|(_, segs)| segs).collect()
}

fn spare(chances: &Chances, limit_ms: i64) -> Segs {
    let tone = |end_ms: i64, over: Tone| if end_ms > limit_ms { over } else { Tone::Plain };
    let (likely, late) = (chances.p50_end_ms, chances.p90_end_ms);
    vec![
        seg(format!("P50 {}", against(likely, limit_ms)), tone(likely, Tone::Bad)),
        plain(", "),
        seg(format!("P90 {}", against(late, limit_ms)), tone(late, Tone::Wait)),
    ]
}

/// How long people may take over what waits for them, and what that is worth.
fn decision(decide: Decide, now_ms: i64) -> (String, Tone) {
    let left_ms = elapsed_ms(now_ms, decide.by_ms);
    let even = if decide.percent < 90 { " for an even chance" } else { "" };
    let tone = if left_ms < PRESSING_MS || decide.percent < 90 { Tone::Wait } else { Tone::Plain };
    seg(format!("decide within {}{even}", minutes(left_ms)), tone)
}

fn thin(chances: &Chances) -> String {
    let basis = &chances.basis;
    if basis.drills == 0 && basis.real == 0 { "no history".to_owned() } else { basis.kinds() + " only" }
}

fn budgets(end_ms: i64, limit_ms: i64) -> String {
    format!("{} if every budget is used up", against(end_ms, limit_ms))
}

fn against(end_ms: i64, limit_ms: i64) -> String {
    if end_ms > limit_ms {
        format!("{} over", minutes(elapsed_ms(limit_ms, end_ms)))
    } else {
        format!("{} to spare", minutes(elapsed_ms(end_ms, limit_ms)))
    }
}

/// Forecasts are not told to the second.
fn minutes(ms: u64) -> String {
    if ms < 60_000 { human_ms(ms / 1000 * 1000) } else { human_ms(ms / 60_000 * 60_000) }
}
