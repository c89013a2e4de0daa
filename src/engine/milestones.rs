//! When the moments of the incident were: told by people, brought about by steps, or known from the
//! run itself; and when the recovery ended, which is when its checks were green.

use super::effect::Effect;
use super::snapshot::{MilestoneSource, MilestoneView};
use super::{Engine, propose};
use crate::model::event::{Event, Purpose, Stamped, Ticket};
use crate::model::milestone::Milestone;
use crate::model::outcome::{RunStatus, StepStatus};
use crate::model::plan::StepIx;

impl Engine {
    /// Keeps what was reached. The last word on each counts.
    pub(super) fn on_milestone(&mut self, stamped: &Stamped) {
        let Event::MilestoneReached { milestone, by, about_ms, step, .. } = &stamped.event else { return };
        self.run.milestones.retain(|one| one.milestone != *milestone);
        self.run.milestones.push(MilestoneView {
            milestone: *milestone,
            at_ms: about_ms.unwrap_or(stamped.at_ms),
            recorded_ms: Some(stamped.at_ms),
            seq: Some(stamped.seq),
            by: Some(by.clone()),
            step: step.clone(),
            source: if step.is_some() { MilestoneSource::Step } else { MilestoneSource::Told },
        });
    }

    /// A step is done: the moment that it stands for is now. Of several for one moment, the last counts.
    pub(super) fn reach(&self, ix: StepIx, out: &mut Vec<Effect>) {
        let Some(milestone) = self.plan.steps[ix].milestone else { return };
        let mut others = self.plan.steps.iter().enumerate().filter(|(_, step)| step.milestone == Some(milestone));
        if others.any(|(other, _)| !self.is_settled(other)) {
            return;
        }
        let by = self.steps[ix].confirmed.clone().unwrap_or_else(|| self.plan.operator.clone());
        let step = Some(self.plan.steps[ix].key.clone());
        propose(out, Event::MilestoneReached { milestone, by, about_ms: None, step, text: None });
    }

    /// After a resume: the process may have ended between a step's success and the record of its moment.
    pub(super) fn reach_again(&self, out: &mut Vec<Effect>) {
        for (ix, step) in self.plan.steps.iter().enumerate() {
            let done = matches!(self.steps[ix].stage.status(), StepStatus::Succeeded | StepStatus::DoneExternally);
            let told = || self.run.milestones.iter().any(|one| Some(one.milestone) == step.milestone);
            if done && step.milestone.is_some() && !told() {
                self.reach(ix, out);
            }
        }
    }

    /// What is taken back is no longer reached.
    pub(super) fn withdraw(&mut self, ix: StepIx) {
        let key = &self.plan.steps[ix].key;
        self.run.milestones.retain(|one| one.step.as_ref() != Some(key));
    }

    /// An answer to a call that changes something.
    pub(super) fn note_call(&mut self, ix: StepIx, ticket: &Ticket, at: i64) {
        let changes = match ticket.purpose {
            Purpose::Action => self.plan.steps[ix].risk.changes(),
            Purpose::Rollback(_) => true,
            Purpose::Before | Purpose::Check(_) | Purpose::Verify(_) | Purpose::Probe => false,
        };
        if changes && self.recovered_ms().is_none() {
            self.run.last_call_ms = Some(at);
        }
    }

    /// When a step said that the service is back, with its verifications green. What people tell
    /// afterwards changes the story, never the clock.
    fn recovered_ms(&self) -> Option<i64> {
        let by_step =
            |one: &&MilestoneView| one.milestone == Milestone::Recovered && one.source == MilestoneSource::Step;
        self.run.milestones.iter().find(by_step).map(|one| one.at_ms)
    }

    /// When the clock of the RTO stopped: at the step that is the recovery, else at the end of the run.
    pub(super) fn rta_end_ms(&self) -> Option<i64> {
        self.recovered_ms().or(self.run.ended_ms)
    }

    /// Every moment that is known, in the order of [`Milestone::ALL`].
    pub(super) fn milestone_views(&self) -> Vec<MilestoneView> {
        let known = |milestone| self.run.milestones.iter().find(|one| one.milestone == milestone).cloned();
        Milestone::ALL.into_iter().filter_map(|one| known(one).or_else(|| self.implied(one))).collect()
    }

    /// What the run itself says where nobody did: the impact that the RTO clock was set to, and the
    /// recovery at the end of a run that has one for its objective.
    fn implied(&self, milestone: Milestone) -> Option<MilestoneView> {
        let view = |at_ms, source| MilestoneView {
            milestone,
            at_ms,
            recorded_ms: None,
            seq: None,
            by: None,
            step: None,
            source,
        };
        match milestone {
            Milestone::Impact if self.plan.knows_impact && self.run.started_ms.is_some() => {
                Some(view(self.plan.clock_at_ms, MilestoneSource::Clock))
            }
            Milestone::Recovered if self.plan.rto_ms.is_some() && self.run.finished == Some(RunStatus::Succeeded) => {
                self.run.ended_ms.map(|at_ms| view(at_ms, MilestoneSource::Run))
            }
            Milestone::Impact
            | Milestone::Detected
            | Milestone::Declared
            | Milestone::Mitigated
            | Milestone::Recovered
            | Milestone::Closed => None,
        }
    }
}
