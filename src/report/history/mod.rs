//! What past runs of a runbook tell of a new one: a fold of many journals, one record at a time.
//!
//! - A run counts when its runbook has the same name; its digest may be another. A step counts when its
//!   key, its action and its target (name and region) are those of the plan.
//! - It is the step that counts, not the run: what ended in a run that was aborted later took as long as
//!   it took. A step that was cut off (the run was aborted, left, or its verification ran out) counts as
//!   having lasted that long, if that is longer than usual; else it tells nothing and is left out.
//! - A step that was skipped, done externally, rolled back or settled by a person tells nothing; nor does
//!   the work of one that nobody watched for a while.
//! - People count only where people sat: a drill as fast as it goes has none, and a gate that was opened
//!   sooner than a dialog can be was opened by nobody.
//!
//! Must not know: files, clocks, how many runs are kept.

mod fold;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

pub use fold::{Folded, PastRun, PastStep};

use crate::engine::history::{History, Spread, StepHistory, Times};
use crate::model::outcome::Mode;
use crate::model::plan::{Plan, PlanStep};

/// What these runs, the newest first, tell of the steps of a plan.
#[must_use]
pub fn history(plan: &Plan, runs: &[PastRun], damaged: u32) -> History {
    let steps: HashMap<&str, &PlanStep> = plan.steps.iter().map(|step| (step.key.as_str(), step)).collect();
    let mut found: HashMap<String, (Kept, Kept)> = HashMap::new();
    let mut history = History { damaged, ..History::default() };
    for run in runs.iter().filter(|run| run.runbook == plan.name) {
        match run.mode {
            Mode::Drill => history.drills += 1,
            Mode::Real => history.real += 1,
        }
        for past in &run.steps {
            let Some(step) = steps.get(past.key.as_str()).filter(|step| is_same(plan, step, past)) else { continue };
            let (drill, real) = found.entry(step.key.clone()).or_default();
            let kept = if run.mode == Mode::Real { real } else { drill };
            kept.ended_ms.extend(past.work_ms);
            kept.cut_ms.extend(past.cut_ms);
            kept.people_ms.extend(past.people_ms);
        }
    }
    let steps = found.into_iter().map(|(key, (drill, real))| {
        let history = StepHistory { drill: drill.times(), real: real.times() };
        (key, history)
    });
    history.steps = steps.collect();
    history
}

/// Durations of one step as they were found.
#[derive(Default)]
#[expect(clippy::struct_field_names, reason = "units stand in names")]
struct Kept {
    ended_ms: Vec<u64>,
    cut_ms: Vec<u64>,
    people_ms: Vec<u64>,
}

impl Kept {
    fn times(mut self) -> Times {
        // At least that long it would have taken: left out, the slow ones would be missing.
        let usual = Spread::of(&self.ended_ms).map_or(u64::MAX, |spread| spread.median_ms);
        self.ended_ms.extend(self.cut_ms.into_iter().filter(|&ms| ms > usual));
        Times { work_ms: self.ended_ms, people_ms: self.people_ms }
    }
}

/// Whether a step of the past did what this one does. What is sent nowhere is told by its key alone.
fn is_same(plan: &Plan, step: &PlanStep, past: &PastStep) -> bool {
    let name = step.uses.action.value.as_str();
    let Some(sent) = &past.sent else { return matches!(name, "manual" | "note" | "wait") };
    let target = plan.target(step.uses.target.as_deref().or(step.target.as_deref()));
    sent.action == name && sent.target == target.name && sent.region == target.region
}
