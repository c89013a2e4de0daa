//! When this will be over: the critical path over usual durations, and over budgets.

use super::Engine;
use super::snapshot::Forecast;
use super::state::Stage;
use crate::model::plan::{PlanStep, StepIx};
use crate::model::runbook::Confirm;
use crate::model::time::elapsed_ms;

/// How long a person usually takes at a gate, in milliseconds, when no history says better.
const PERSON_MS: u64 = 30_000;
/// The same for each approval by somebody else.
const APPROVAL_MS: u64 = 90_000;

/// The forecast with the path that decides it.
pub(super) struct Outlook {
    pub forecast: Forecast,
    /// Start and end of each step (Unix ms): actual where known.
    pub spans: Vec<(i64, i64)>,
    pub critical: Vec<bool>,
}

/// What a person at this step's gate usually takes, in milliseconds.
pub(super) fn people_ms(step: &PlanStep) -> u64 {
    let press = if matches!(step.gates.confirm, Confirm::None) { 0 } else { PERSON_MS };
    let approvals = step.gates.approvals.as_ref().map_or(0, |wanted| u64::from(wanted.min) * APPROVAL_MS);
    press + approvals
}

impl Engine {
    pub(super) fn outlook(&self, now_ms: i64) -> Outlook {
        let count = self.steps.len();
        let mut spans = vec![(now_ms, now_ms); count];
        let mut decisive: Vec<Option<StepIx>> = vec![None; count];
        for ix in self.order.iter().copied() {
            let step = &self.plan.steps[ix];
            let last = step.needs.iter().copied().max_by_key(|&need| spans[need].1);
            decisive[ix] = last;
            let free_at = last.map_or(now_ms, |need| spans[need].1);
            spans[ix] = self.span_of(ix, free_at, now_ms);
        }
        let end = (0..count).max_by_key(|&ix| spans[ix].1);
        let mut critical = vec![false; count];
        let mut at = end;
        while let Some(ix) = at {
            critical[ix] = true;
            at = decisive[ix];
        }
        let over = self.run.finished.is_some();
        let forecast = Forecast {
            usual_end_ms: if over { None } else { end.map(|ix| spans[ix].1) },
            budget_end_ms: if over { None } else { self.budget_end_ms(now_ms) },
            chances: self.chances(now_ms),
        };
        Outlook { forecast, spans, critical }
    }

    fn span_of(&self, ix: StepIx, free_at: i64, now_ms: i64) -> (i64, i64) {
        let (step, state) = (&self.plan.steps[ix], &self.steps[ix]);
        let plus = |at: i64, ms: u64| at.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX / 4));
        match state.stage {
            Stage::Pending if !step.in_mode || self.is_given_up(ix) => (free_at, free_at),
            Stage::Pending => {
                let start = free_at.max(now_ms);
                (start, plus(start, self.usual_people_ms(ix) + self.usual_ms(ix)))
            }
            Stage::Succeeded | Stage::Skipped | Stage::DoneExternally => {
                let end = state.ended_ms.unwrap_or(now_ms);
                (state.ready_ms.unwrap_or(end), end)
            }
            Stage::Checking | Stage::Blocked | Stage::Gated | Stage::Failed | Stage::RolledBack => {
                let start = state.ready_ms.unwrap_or(now_ms);
                let people = self.usual_people_ms(ix).saturating_sub(elapsed_ms(start, now_ms));
                (start, plus(now_ms, people + self.usual_ms(ix)))
            }
            Stage::Backoff | Stage::Sent | Stage::InDoubt | Stage::Verifying | Stage::Waiting | Stage::RollingBack => {
                let start = state.ready_ms.unwrap_or(now_ms);
                let sent = state.sent_ms.unwrap_or(start);
                let left = self.usual_ms(ix).saturating_sub(elapsed_ms(sent, now_ms));
                // What the work says of itself is worth more than what is usual.
                let told = self.work_of(ix).and_then(|work| work.ends_ms);
                let end = state.wait_until_ms.or(told).unwrap_or_else(|| plus(now_ms, left));
                (start, end.max(now_ms))
            }
        }
    }

    /// When the run ends if every phase uses up its whole budget.
    fn budget_end_ms(&self, now_ms: i64) -> Option<i64> {
        let mut ends: Vec<Option<i64>> = vec![None; self.plan.phases.len()];
        // Phases are few and their `needs` acyclic: as many passes as phases settle every end.
        for _ in 0..self.plan.phases.len() {
            for (ix, phase) in self.plan.phases.iter().enumerate() {
                let (started, ended) = self.phase_times(phase);
                let free = phase.needs.iter().map(|&need| ends[need]).try_fold(i64::MIN, |at, end| Some(at.max(end?)));
                let Some(free) = free else { continue };
                let start = started.unwrap_or(free.max(now_ms));
                let budget = i64::try_from(phase.budget_ms.unwrap_or(0)).unwrap_or(i64::MAX / 4);
                ends[ix] = Some(ended.unwrap_or_else(|| start.saturating_add(budget).max(now_ms)));
            }
            if ends.iter().all(Option::is_some) {
                break;
            }
        }
        ends.into_iter().flatten().max()
    }
}
