//! A failure or a person that ends a run which has steps that always run: nothing else begins any more, what is under
//! way comes to its end, and then the clean-up has its turn, behind the same gates.
//!
//! Must not know what a clean-up is, nor how the end is told.

use super::Engine;
use super::effect::Effect;
use super::meter::Awaits;
use super::propose;
use super::state::{EndedBy, Stage};
use crate::model::event::Event;
use crate::model::plan::{PlanPhase, PlanStep, StepIx};
use crate::model::runbook::OnFailure;
use crate::model::time::elapsed_ms;

impl Engine {
    /// Whether any step of this run always runs.
    pub(super) fn has_always(&self) -> bool {
        self.plan.steps.iter().any(|step| step.always && step.in_mode)
    }

    /// Whether the run has ended for this step: it begins nothing, and nobody decides about it.
    pub(super) fn is_given_up(&self, ix: StepIx) -> bool {
        self.run.ended_by.is_some() && !self.plan.steps[ix].always
    }

    /// Whether an abort leaves something that always runs. Whoever aborts a second time ends that too.
    #[must_use]
    pub fn cleans_up(&self) -> bool {
        let steps = self.plan.steps.iter().enumerate();
        let left = |(ix, step): (StepIx, &PlanStep)| step.always && step.in_mode && !self.is_settled(ix);
        self.run.ended_by.is_none() && !self.run.halted() && steps.into_iter().any(left)
    }

    /// A step has failed for good, or a person wants no more of it.
    pub(super) fn end_by(&mut self, by: EndedBy, at: i64, out: &mut Vec<Effect>) {
        if self.run.ended_by.is_none() {
            let before: Vec<Awaits> = (0..self.steps.len()).map(|ix| self.awaits(ix)).collect();
            self.run.ended_by = Some(by);
            for (ix, from) in before.into_iter().enumerate() {
                self.recount(ix, from, at);
            }
        }
        self.drive_all(at, out);
        self.finish_if_done(at, out);
    }

    /// Who is awaited has changed without the step's own doing.
    fn recount(&mut self, ix: StepIx, from: Awaits, at: i64) {
        let to = self.awaits(ix);
        if from == to {
            return;
        }
        self.meter.moved(from, to);
        let state = &mut self.steps[ix];
        let passed = elapsed_ms(state.since_ms, at);
        match from {
            Awaits::People => state.people_ms += passed,
            Awaits::Cloud | Awaits::Checks => state.cloud_ms += passed,
            Awaits::Nobody => {}
        }
        state.since_ms = at;
    }

    /// What a step does that the run has given up. False: it is under way, and comes to its end first.
    pub(super) fn give_up(&mut self, ix: StepIx, out: &mut Vec<Effect>) -> bool {
        let step = self.plan.steps[ix].key.clone();
        let attempt = self.steps[ix].attempt;
        let why = self.ended_by_words().unwrap_or_default();
        match self.steps[ix].stage {
            Stage::Pending | Stage::Checking | Stage::Blocked | Stage::Gated => {
                self.steps[ix].proposed = true;
                propose(out, Event::StepSkipped { step, by: None, reason: format!("not run: {why}") });
                true
            }
            Stage::Backoff => {
                self.steps[ix].proposed = true;
                propose(out, Event::StepFailed { step, attempt, reason: format!("not tried again: {why}") });
                true
            }
            Stage::Failed | Stage::RolledBack => true,
            Stage::Sent
            | Stage::InDoubt
            | Stage::Verifying
            | Stage::Waiting
            | Stage::RollingBack
            | Stage::Succeeded
            | Stage::Skipped
            | Stage::DoneExternally => false,
        }
    }

    /// Why the run ends, for people.
    pub(super) fn ended_by_words(&self) -> Option<String> {
        let why = match self.run.ended_by? {
            EndedBy::Step(ix) => format!("step `{}` has failed", self.plan.steps[ix].key),
            EndedBy::Person => "the run was aborted".to_owned(),
        };
        Some(format!("{why}, so only what always runs is left"))
    }

    /// Whether a failure in this phase counts against the run, once the run has been ended by one.
    pub(super) fn has_ended_the_run(&self, phase: &PlanPhase) -> bool {
        let counts = |ix: StepIx| {
            let passed_over = matches!(self.plan.steps[ix].on_failure, OnFailure::Continue | OnFailure::Goto(_));
            self.steps[ix].stage == Stage::Failed && !passed_over
        };
        self.run.ended_by.is_some() && phase.steps.iter().any(|&ix| counts(ix))
    }
}
