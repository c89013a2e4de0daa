//! Floor 1: the pure state machine. Events in, effects out.
//!
//! Knows: the plan and every fact so far. Must not know: IO, clocks, threads, faces. Time arrives
//! inside events; the same events always give the same state and the same effects.
//!
//! - `apply` turns a fact into state, `drive` turns a step's state into effects; a resume is a fold
//!   of the journal through `handle` with the effects dropped, and one `RunResumed` that asks every
//!   step again what it wants.
//! - `admit` turns a person's command into facts, or says why not.
//! - `history` is what past runs tell, `law` and `montecarlo` what follows from it for this one: for
//!   display alone, asked for by faces, and never by `handle`.
//! - `view` and `forecast` turn state into a [`snapshot::Snapshot`] for one instant.

mod admit;
mod always;
mod apply;
pub mod command;
mod doubt;
mod drive;
pub mod effect;
mod forecast;
pub mod history;
mod law;
mod login;
mod meter;
mod milestones;
mod montecarlo;
mod ownership;
pub mod ports;
mod progress;
mod recheck;
mod scope;
pub mod snapshot;
mod state;
mod verdict;
mod view;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

pub use admit::{Admitted, ProofNeed};

use crate::model::Object;
use crate::model::event::{Event, RunHeader, Stamped};
use crate::model::outcome::{CloudErrorKind, RunStatus, StepStatus};
use crate::model::plan::{Plan, PlanPhase, StepIx};
use crate::model::runbook::OnFailure;

use effect::Effect;
use meter::{Awaits, Idle, Meter, PhaseMeter, push_stretch};
use snapshot::Stretch;
use state::{Proofs, RunState, Stage, StepState};

/// The state machine of one run.
#[derive(Debug, Clone)]
pub struct Engine {
    plan: Arc<Plan>,
    run_id: String,
    drill: Option<crate::model::event::DrillHeader>,
    /// Who AWS said we are when the run began.
    identities: Vec<crate::model::event::TargetIdentity>,
    run: RunState,
    steps: Vec<StepState>,
    /// The request of each step as far as it is known before the step is ready.
    previews: Vec<view::Preview>,
    /// Every expectation of the plan as people read it.
    expectations: HashMap<String, String>,
    by_key: HashMap<String, StepIx>,
    by_id: HashMap<String, Vec<StepIx>>,
    followers: Vec<Vec<StepIx>>,
    /// A topological order of the steps, for the forecast.
    order: Vec<StepIx>,
    base: Object,
    meter: Meter,
    /// The same for each phase.
    phase_meters: Vec<PhaseMeter>,
    proofs: Proofs,
    /// For display alone.
    odds: montecarlo::Odds,
    /// How far calls in flight say that they are. For display alone.
    told: HashMap<StepIx, progress::Work>,
    /// What this run has made, and so may take away.
    ledger: ownership::Ledger,
}

impl Engine {
    /// A machine that has seen nothing yet; the first event it wants is `RunStarted`.
    #[must_use]
    pub fn new(plan: Plan, run: &str, header: &RunHeader) -> Self {
        let steps = plan.steps.iter().map(|step| StepState::new(step.checks.len(), step.verify.len())).collect();
        let by_key = plan.steps.iter().enumerate().map(|(ix, step)| (step.key.clone(), ix)).collect();
        let mut by_id: HashMap<String, Vec<StepIx>> = HashMap::new();
        let mut followers = vec![Vec::new(); plan.steps.len()];
        for (ix, step) in plan.steps.iter().enumerate() {
            by_id.entry(step.id.clone()).or_default().push(ix);
            for &need in &step.needs {
                followers[need].push(ix);
            }
        }
        let base = plan.base_scope(run);
        let order = plan.order();
        let phase_meters = vec![PhaseMeter::default(); plan.phases.len()];
        let mut engine = Self {
            plan: Arc::new(plan),
            run_id: run.to_owned(),
            drill: header.drill.clone(),
            identities: header.identities.clone(),
            run: RunState::default(),
            steps,
            previews: Vec::new(),
            expectations: HashMap::new(),
            by_key,
            by_id,
            followers,
            order,
            base,
            meter: Meter::default(),
            phase_meters,
            proofs: Proofs::default(),
            odds: montecarlo::Odds::default(),
            told: HashMap::new(),
            ledger: ownership::Ledger::default(),
        };
        let steps = engine.plan.steps.iter();
        let sources = steps.flat_map(|step| step.checks.iter().chain(&step.verify)).map(scope::expect_source);
        engine.expectations = sources.map(|source| (source.clone(), crate::model::expr::readable(&source))).collect();
        engine.previews = (0..engine.steps.len()).map(|ix| engine.preview(ix)).collect();
        engine
    }

    /// Takes one fact in and says what to do about it.
    pub fn handle(&mut self, stamped: &Stamped) -> Vec<Effect> {
        let mut out = Vec::new();
        self.pass(stamped.at_ms);
        self.run.last_at_ms = self.run.last_at_ms.max(stamped.at_ms);
        self.run.epoch = stamped.epoch;
        self.odds.seq = stamped.seq;
        self.apply(stamped, &mut out);
        out
    }

    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    #[must_use]
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// The latest instant it was told of (Unix ms).
    #[must_use]
    pub fn last_at_ms(&self) -> i64 {
        self.run.last_at_ms
    }

    /// How the run ended, once it has.
    #[must_use]
    pub fn finished(&self) -> Option<RunStatus> {
        self.run.finished
    }

    /// Nothing goes on by itself: only people are awaited.
    #[must_use]
    pub fn only_people_awaited(&self) -> bool {
        self.meter.only_people()
    }

    /// Status of the run for people and scripts.
    #[must_use]
    pub fn status(&self) -> RunStatus {
        match (&self.run.finished, &self.run.paused) {
            (Some(status), _) => *status,
            (None, Some(_)) => RunStatus::Paused,
            (None, None) if self.meter.only_people() => RunStatus::Waiting,
            (None, None) => RunStatus::Running,
        }
    }

    /// Whether a step no longer holds up those after it.
    fn is_settled(&self, ix: StepIx) -> bool {
        let stage = self.steps[ix].stage;
        stage.status().is_settled()
            || (stage == Stage::Failed && self.failure_is_settled(ix))
            || (stage == Stage::RolledBack && self.is_given_up(ix))
    }

    fn failure_is_settled(&self, ix: StepIx) -> bool {
        match self.plan.steps[ix].on_failure {
            OnFailure::Continue | OnFailure::Goto(_) => true,
            OnFailure::Abort => self.run.ended_by.is_some(),
            OnFailure::Pause | OnFailure::Rollback => self.is_given_up(ix),
        }
    }

    fn awaits(&self, ix: StepIx) -> Awaits {
        let state = &self.steps[ix];
        let for_person = state.doubt.as_ref().is_some_and(|doubt| doubt.for_person);
        meter::awaits(state.stage, self.plan.steps[ix].risk.changes(), for_person, self.failure_is_settled(ix))
    }

    /// Whose the time is while nobody is awaited.
    fn idle(&self) -> Idle {
        match self.run.started_ms {
            None => Idle::NotStarted,
            Some(_) if self.run.paused.is_some() || self.run.left => Idle::Paused,
            Some(_) => Idle::Tool,
        }
    }

    /// The same for a phase, for which others may be at work.
    fn idle_phase(&self) -> Idle {
        if self.meter.is_idle() { self.idle() } else { Idle::Elsewhere }
    }

    /// Time passes: it belongs to whoever was awaited.
    fn pass(&mut self, at_ms: i64) {
        let (idle, idle_phase) = (self.idle(), self.idle_phase());
        self.meter.advance(at_ms, idle);
        if self.run.finished.is_none() {
            self.phase_meters.iter_mut().for_each(|phase| phase.advance(at_ms, idle_phase));
        }
    }

    /// Changes a step and keeps the books: time per class, and since when it is where it is.
    fn mutate(&mut self, ix: StepIx, at_ms: i64, change: impl FnOnce(&mut StepState)) {
        let (from, before, attempt) = (self.awaits(ix), self.steps[ix].stage, self.steps[ix].attempt);
        change(&mut self.steps[ix]);
        let to = self.awaits(ix);
        if from == to && before == self.steps[ix].stage {
            return;
        }
        self.meter.moved(from, to);
        let is_ready = self.steps[ix].ready_ms.is_some();
        self.phase_meters[self.plan.steps[ix].phase].moved((from, to), is_ready.then_some(at_ms));
        let state = &mut self.steps[ix];
        let passed = crate::model::time::elapsed_ms(state.since_ms, at_ms);
        if let Some(on) = from.on() {
            push_stretch(&mut state.stretches, Stretch { on, attempt, from_ms: state.since_ms, to_ms: at_ms });
        }
        match from {
            Awaits::People => state.people_ms += passed,
            Awaits::Cloud | Awaits::Checks => state.cloud_ms += passed,
            Awaits::Nobody => {}
        }
        state.since_ms = at_ms;
        state.ended_ms = match state.stage {
            Stage::Succeeded | Stage::Failed | Stage::Skipped | Stage::DoneExternally | Stage::RolledBack => {
                Some(at_ms)
            }
            _ => None,
        };
    }

    /// When a phase began and, once all its steps are over, when it ended.
    fn phase_times(&self, phase: &PlanPhase) -> (Option<i64>, Option<i64>) {
        let started = phase.steps.iter().filter_map(|&ix| self.steps[ix].ready_ms).min();
        let settled = phase.steps.iter().all(|&ix| self.is_settled(ix));
        let ended = phase.steps.iter().filter_map(|&ix| self.steps[ix].ended_ms).max();
        (started, if settled { ended } else { None })
    }

    fn phase_status(&self, phase: &PlanPhase) -> StepStatus {
        let stages = || phase.steps.iter().map(|&ix| self.steps[ix].stage.status());
        if self.has_ended_the_run(phase) {
            return StepStatus::Failed;
        }
        // A failure that was passed over no longer speaks for its phase.
        let open = || phase.steps.iter().filter(|&&ix| !self.is_settled(ix)).map(|&ix| self.steps[ix].stage.status());
        if phase.steps.iter().all(|&ix| self.is_settled(ix)) {
            let skipped = !phase.steps.is_empty() && stages().all(|status| status == StepStatus::Skipped);
            return if skipped { StepStatus::Skipped } else { StepStatus::Succeeded };
        }
        for status in [StepStatus::Failed, StepStatus::Unknown, StepStatus::Running, StepStatus::Waiting] {
            if open().any(|one| one == status) {
                return status;
            }
        }
        let begun = phase.steps.iter().any(|&ix| self.steps[ix].ready_ms.is_some());
        if begun { StepStatus::Running } else { StepStatus::Pending }
    }

    /// The last RFC 6238 counter of a person that counted in this run; `None` before the first.
    #[must_use]
    pub fn last_counter(&self, person: &str) -> Option<u64> {
        self.proofs.counters.get(person).copied()
    }

    /// Whether a person has to show a code for this step now.
    fn needs_mfa(&self, ix: StepIx, at_ms: i64) -> bool {
        use crate::model::runbook::MfaRule;
        let phase = self.plan.steps[ix].phase;
        match self.plan.steps[ix].gates.mfa {
            MfaRule::Never => false,
            MfaRule::Fresh => true,
            MfaRule::Phase => !self.proofs.phases.contains(&phase),
            MfaRule::Within { ms } => {
                self.proofs.last.is_none_or(|(last, _)| crate::model::time::elapsed_ms(last, at_ms) > ms)
            }
        }
    }
}

/// Errors after which a read is simply asked again, a few times.
const fn is_passing(kind: CloudErrorKind) -> bool {
    matches!(kind, CloudErrorKind::Throttled | CloudErrorKind::Unavailable | CloudErrorKind::Expired)
}

/// A record that the engine wants written.
fn propose(out: &mut Vec<Effect>, event: Event) {
    out.push(Effect::Record(event));
}
