//! Which rehearsals are due, by the schedules that runbooks state.

use serde::Serialize;

use super::{Names, RunFacts};
use crate::model::milestone::Schedule;
use crate::model::outcome::{Mode, RunStatus};
use crate::model::time::rfc3339;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A runbook whose schedule counts though it may never have been run here.
#[derive(Debug, Clone)]
pub struct Known {
    pub runbook: String,
    pub path: String,
    pub schedule: Schedule,
}

/// When a runbook is to be rehearsed next. A real run is no rehearsal, and neither is a drill that did
/// not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Due {
    pub runbook: String,
    pub schedule: Schedule,
    /// The last drill that came to its end.
    pub last_at: Option<String>,
    /// `null` where it was never rehearsed: it is due now.
    pub due_at: Option<String>,
    pub is_overdue: bool,
    pub overdue_days: u32,
}

/// The runbooks with a schedule, what is most overdue first.
pub(super) fn due(runs: &[&RunFacts], known: &[Known], names: &Names, now_ms: i64) -> Vec<Due> {
    let mut all: Vec<(String, Schedule, Option<i64>)> = Vec::new();
    let mut enter = |name: String, schedule: Option<Schedule>, rehearsed_ms: Option<i64>| {
        match all.iter_mut().find(|(known, ..)| *known == name) {
            Some((_, stated, last_ms)) => {
                // Runs come in their order: the newest runbook's word counts.
                *stated = schedule.unwrap_or(*stated);
                *last_ms = (*last_ms).max(rehearsed_ms);
            }
            None => all.extend(schedule.map(|schedule| (name, schedule, rehearsed_ms))),
        }
    };
    for run in runs {
        let rehearsed = run.summary.mode == Mode::Drill && run.summary.status == RunStatus::Succeeded;
        enter(names.of_run(run), run.schedule, rehearsed.then_some(run.begun_ms));
    }
    for one in known {
        enter(names.name(&one.runbook, &one.path), Some(one.schedule), None);
    }
    let mut due: Vec<(i64, Due)> = all
        .into_iter()
        .map(|(runbook, schedule, last_ms)| {
            let due_ms = last_ms.map(|last_ms| last_ms + schedule.days() * DAY_MS);
            let late_ms = due_ms.map_or(0, |due_ms| now_ms - due_ms);
            let one = Due {
                runbook,
                schedule,
                last_at: last_ms.map(rfc3339),
                due_at: due_ms.map(rfc3339),
                is_overdue: due_ms.is_none_or(|due_ms| due_ms < now_ms),
                overdue_days: u32::try_from(late_ms / DAY_MS).unwrap_or(0),
            };
            (due_ms.unwrap_or(i64::MIN), one)
        })
        .collect();
    due.sort_by(|(a_ms, a), (b_ms, b)| (a_ms, &a.runbook).cmp(&(b_ms, &b.runbook)));
    due.into_iter().map(|(_, one)| one).collect()
}
