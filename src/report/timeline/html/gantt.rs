//! The run as bars over time. Places are percentages of the width, so that the drawing follows the
//! page, and its text stays text.

use serde::Serialize;

use crate::engine::snapshot::WaitsOn;
use crate::model::outcome::StepStatus;
use crate::model::time::{clock_ms, elapsed_ms, rfc3339};
use crate::report::timeline::Document;
use crate::report::timeline::chart::{PhaseBar, StepBar};

/// More labels than these run into each other on a telephone.
const TICKS_MAX: i64 = 5;
const STEPS_S: [i64; 21] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
    2_592_000,
];

#[derive(Serialize)]
pub struct Gantt {
    ticks: Vec<Tick>,
    phases: Vec<Phase>,
    /// Where the RTO runs out, if that lies within.
    deadline: Option<String>,
}

#[derive(Serialize)]
struct Tick {
    x: String,
    label: String,
    /// `start`, `middle` or `end`: a label stays inside the drawing.
    anchor: &'static str,
}

#[derive(Serialize)]
struct Phase {
    id: String,
    title: String,
    critical: bool,
    words: String,
    over: bool,
    bar: Option<Bar>,
    /// The room that its budget gives it.
    budget: Option<Bar>,
    /// What lies beyond the budget.
    excess: Option<Bar>,
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    id: String,
    title: String,
    critical: bool,
    status: &'static str,
    /// How the status is shown, where it is not what was hoped for.
    chip: &'static str,
    words: String,
    /// In words, for those who cannot see the bar.
    spoken: String,
    parts: Vec<Bar>,
}

#[derive(Serialize)]
struct Bar {
    x: String,
    width: String,
    class: &'static str,
    /// Shown when the pointer rests on it.
    title: String,
}

/// `12.34%`
pub fn percent(part: u64, whole: u64) -> String {
    let hundredths = u128::from(part) * 10_000 / u128::from(whole.max(1));
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

struct Scale {
    from_ms: i64,
    width_ms: u64,
}

impl Scale {
    fn x(&self, at_ms: i64) -> String {
        percent(elapsed_ms(self.from_ms, at_ms), self.width_ms)
    }

    fn bar(&self, class: &'static str, from_ms: i64, to_ms: i64, title: String) -> Bar {
        // A moment is seen too.
        let least_ms = self.width_ms / 400;
        let width = percent(elapsed_ms(from_ms, to_ms).max(least_ms), self.width_ms);
        Bar { x: self.x(from_ms), width, class, title }
    }
}

pub fn of(document: &Document) -> Gantt {
    let chart = &document.chart;
    let scale = Scale { from_ms: chart.from_ms, width_ms: elapsed_ms(chart.from_ms, chart.to_ms).max(1) };
    let deadline_ms = document.rto.and_then(|rto| document.clock_at_ms.checked_add_unsigned(rto.budget_ms));
    let phase =
        |one: &PhaseBar| phase(one, chart.steps.iter().filter(|step| step.phase == one.id), &scale, chart.to_ms);
    Gantt {
        ticks: ticks(&scale),
        phases: chart.phases.iter().map(phase).collect(),
        deadline: deadline_ms.filter(|&at_ms| at_ms <= chart.to_ms).map(|at_ms| scale.x(at_ms)),
    }
}

fn ticks(scale: &Scale) -> Vec<Tick> {
    let width_ms = i64::try_from(scale.width_ms).unwrap_or(i64::MAX);
    let step_ms = STEPS_S.map(|s| s * 1000).into_iter().find(|step_ms| width_ms / step_ms < TICKS_MAX);
    let Some(step_ms) = step_ms else { return Vec::new() };
    let first_ms = (scale.from_ms + step_ms - 1).div_euclid(step_ms) * step_ms;
    let days = width_ms >= 86_400_000;
    let label = |at_ms: i64| {
        let utc = rfc3339(at_ms);
        let part = if days {
            5..16
        } else if step_ms < 60_000 {
            11..19
        } else {
            11..16
        };
        utc.get(part).unwrap_or_default().replace('T', " ")
    };
    let anchor = |at_ms: i64| match elapsed_ms(scale.from_ms, at_ms) * 100 / scale.width_ms {
        0..6 => "start",
        6..94 => "middle",
        _ => "end",
    };
    let at = |n: i64| first_ms + n * step_ms;
    (0..=TICKS_MAX)
        .map(at)
        .take_while(|at_ms| at_ms - scale.from_ms <= width_ms)
        .map(|at_ms| Tick { x: scale.x(at_ms), label: label(at_ms), anchor: anchor(at_ms) })
        .collect()
}

fn phase<'a>(one: &PhaseBar, steps: impl Iterator<Item = &'a StepBar>, scale: &Scale, now_ms: i64) -> Phase {
    let over = one.budget_ms.is_some_and(|budget_ms| one.actual_ms > budget_ms);
    let words = match (one.started_ms, one.budget_ms) {
        (None, Some(budget_ms)) => format!("not begun, {} allowed", clock_ms(budget_ms)),
        (None, None) => "not begun".to_owned(),
        (Some(_), Some(budget_ms)) => format!("{} of {}", clock_ms(one.actual_ms), clock_ms(budget_ms)),
        (Some(_), None) => clock_ms(one.actual_ms),
    };
    let end_ms = one.ended_ms.unwrap_or(now_ms);
    let limit_ms = one.started_ms.zip(one.budget_ms).and_then(|(from, budget_ms)| from.checked_add_unsigned(budget_ms));
    let bar = |class, from_ms, to_ms| scale.bar(class, from_ms, to_ms, words.clone());
    Phase {
        id: one.id.clone(),
        title: if one.title == one.id { String::new() } else { one.title.clone() },
        critical: one.critical,
        over,
        bar: one.started_ms.map(|from_ms| bar("phase", from_ms, end_ms)),
        budget: one.started_ms.zip(limit_ms).map(|(from_ms, to_ms)| bar("budget", from_ms, to_ms)),
        excess: limit_ms.filter(|&limit_ms| limit_ms < end_ms).map(|limit_ms| bar("excess", limit_ms, end_ms)),
        steps: steps.map(|one| step(one, scale)).collect(),
        words,
    }
}

fn step(one: &StepBar, scale: &Scale) -> Step {
    let word = |on| match on {
        WaitsOn::People => ("people", "people decide"),
        WaitsOn::Checks => ("checks", "checks"),
        WaitsOn::Cloud => ("cloud", "cloud at work"),
    };
    let total = |on| -> u64 {
        one.stretches.iter().filter(|part| part.on == on).map(|part| elapsed_ms(part.from_ms, part.to_ms)).sum()
    };
    let spoken: Vec<String> = [WaitsOn::People, WaitsOn::Checks, WaitsOn::Cloud]
        .into_iter()
        .filter(|&on| total(on) > 0)
        .map(|on| format!("{} {}", word(on).1, clock_ms(total(on))))
        .collect();
    let mut parts: Vec<Bar> = one
        .stretches
        .iter()
        .map(|part| {
            let (class, words) = word(part.on);
            let took = clock_ms(elapsed_ms(part.from_ms, part.to_ms));
            let nth = if one.attempts > 1 { format!(", attempt {}", part.attempt) } else { String::new() };
            scale.bar(class, part.from_ms, part.to_ms, format!("{words} {took}{nth}"))
        })
        .collect();
    let took = one.started_ms.zip(one.ended_ms).map(|(from_ms, to_ms)| elapsed_ms(from_ms, to_ms));
    if let (true, Some(at_ms)) = (parts.is_empty(), one.started_ms.or(one.ended_ms)) {
        parts.push(scale.bar("moment", at_ms, at_ms, one.status.word().to_owned()));
    }
    Step {
        id: one.id.clone(),
        title: if one.title == one.id { String::new() } else { one.title.clone() },
        critical: one.critical,
        status: one.status.word(),
        chip: match one.status {
            StepStatus::Succeeded => "",
            StepStatus::Pending | StepStatus::Waiting | StepStatus::Running => "chip quiet",
            StepStatus::Failed
            | StepStatus::Skipped
            | StepStatus::DoneExternally
            | StepStatus::Unknown
            | StepStatus::RolledBack => "chip",
        },
        words: took.map(clock_ms).unwrap_or_default(),
        spoken: spoken.join(", "),
        parts,
    }
}
