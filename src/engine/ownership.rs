//! What this run has made, and that it takes away nothing else.
//!
//! A ledger, folded from the journal like everything here: a name enters it when a send of this run is
//! known to have made it, and nobody can write it in by hand. A call that would delete any other name
//! is refused before its gate opens, again before its intent is written, and by no policy overridden.
//!
//! Must not know which service deletes what: that is `model::action::ownership`.

use super::Engine;
use super::state::Rendered;
use crate::model::Value;
use crate::model::action::ownership::{self, Finished, Kind, Resource};
use crate::model::event::Purpose;
use crate::model::outcome::{CloudError, CloudErrorKind, ProbeAnswer};
use crate::model::plan::{ResolvedTarget, StepIx};
use crate::model::runbook::ActionUse;

/// How far the service's clock and the run's may differ when it is asked whether a job began after its
/// send (milliseconds).
const CLOCKS_DIFFER_MS: i64 = 5_000;

/// What the run knows to have made.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    made: Vec<Made>,
    /// Work that was begun and may make something: it counts once it says that it has.
    begun: Vec<Begun>,
    /// The control of the tests: nothing is refused.
    is_off: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct Made {
    what: Resource,
    place: String,
    step: String,
}

#[derive(Debug, Clone)]
struct Begun {
    made: Made,
    source: String,
    /// The work's own name, where the answer with it was not lost.
    job: Option<String>,
    sent_ms: i64,
}

/// Region and account, or whatever else tells one account from another: the same name elsewhere is another
/// thing.
fn place(target: &ResolvedTarget) -> String {
    let region = target.region.as_deref().unwrap_or_default();
    match &target.account {
        Some(account) => format!("{region} of {account}"),
        None => format!(
            "{region} of profile {}, role {}",
            target.profile.as_deref().unwrap_or_default(),
            target.role.as_deref().unwrap_or_default()
        ),
    }
}

impl Engine {
    /// Takes the guard away, to see that it is missed: the control of the fault suites.
    #[doc(hidden)]
    #[must_use]
    pub fn without_the_guard_of_deletes(mut self) -> Self {
        self.ledger.is_off = true;
        self
    }

    /// Whether what a step is about to make was there before, as the read of that time says. `None`: that
    /// could not be read.
    pub(super) fn absent_before(&self, ix: StepIx, answer: &Result<Value, CloudError>) -> Option<bool> {
        match answer {
            Err(error) => (error.kind == CloudErrorKind::NotFound).then_some(true),
            Ok(seen) => {
                let call = self.steps[ix].call.as_ref()?;
                Some(call.action.judge(None, seen) == ProbeAnswer::Before)
            }
        }
    }

    /// A send was answered: the service takes no name twice, so what was asked for was made by it.
    pub(super) fn note_made(&mut self, ix: StepIx, purpose: Purpose, answer: &Value) {
        let was_there = purpose == Purpose::Action && self.steps[ix].absent_before == Some(false);
        let Ok(call) = self.call_of(ix, purpose) else { return };
        if call.action.operation().creates_later() {
            self.note_begun(ix, purpose, &call, answer["restore_job_id"].as_str());
        } else if !was_there {
            self.enter(ix, purpose, &call);
        }
    }

    /// A send whose answer was lost turned out to be done. That proves it only where the name is known to
    /// have been free before.
    pub(super) fn note_found_done(&mut self, ix: StepIx, purpose: Purpose) {
        if purpose != Purpose::Action {
            return;
        }
        let Ok(call) = self.call_of(ix, purpose) else { return };
        if call.action.operation().creates_later() {
            self.note_begun(ix, purpose, &call, None);
        } else if self.steps[ix].absent_before == Some(true) {
            self.enter(ix, purpose, &call);
        }
    }

    fn enter(&mut self, ix: StepIx, purpose: Purpose, call: &Rendered) {
        let place = place(&self.target_for(ix, purpose));
        for what in call.action.operation().creates() {
            let made = Made { what, place: place.clone(), step: self.plan.steps[ix].key.clone() };
            if !self.ledger.made.contains(&made) {
                self.ledger.made.push(made);
            }
        }
    }

    fn note_begun(&mut self, ix: StepIx, purpose: Purpose, call: &Rendered, job: Option<&str>) {
        let place = place(&self.target_for(ix, purpose));
        let source = call.with["recovery_point_arn"].as_str().unwrap_or_default().to_owned();
        let sent_ms = self.steps[ix].sent_ms.unwrap_or(i64::MAX);
        for what in call.action.operation().creates() {
            let made = Made { what, place: place.clone(), step: self.plan.steps[ix].key.clone() };
            self.ledger.begun.push(Begun { made, source: source.clone(), job: job.map(str::to_owned), sent_ms });
        }
    }

    /// An answer to a read came: work that this run has begun may say in it that it has made something.
    pub(super) fn note_finished(&mut self, ix: StepIx, purpose: Purpose, answer: &Value) {
        let step = &self.plan.steps[ix];
        let uses = match purpose {
            Purpose::Action => &step.uses,
            Purpose::Verify(n) => {
                step.verify.get(usize::from(n)).and_then(|check| check.uses.as_ref()).unwrap_or(&step.uses)
            }
            Purpose::Check(_) | Purpose::Before | Purpose::Probe | Purpose::Rollback(_) => return,
        };
        let here = place(&self.target_of(ix, uses));
        let skew_ms = self.run.skew_ms;
        for job in ownership::finished(&uses.action.value, answer) {
            let is_ours = |begun: &&Begun| {
                let is_it = match &begun.job {
                    Some(id) => *id == job.job,
                    None => began_after(&job, begun.sent_ms, skew_ms),
                };
                begun.made.place == here && begun.made.what == job.made && begun.source == job.source && is_it
            };
            let made = self.ledger.begun.iter().find(is_ours).map(|begun| begun.made.clone());
            self.ledger.made.extend(made);
        }
    }

    /// Why a call is not sent, whatever anybody confirms: it would take away what this run has not made.
    pub(super) fn not_ours(&self, call: &Rendered, target: &ResolvedTarget) -> Option<String> {
        if self.ledger.is_off {
            return None;
        }
        let here = place(target);
        let is_made = |what: &Resource| self.ledger.made.iter().any(|made| made.what == *what && made.place == here);
        let deletes = call.action.operation().deletes();
        let strange = deletes.iter().find(|what| !what.is_named_after(&self.run_id) && !is_made(what))?;
        let name = call.action.name();
        let way_out = "What this run did not make it never deletes: if it has to go, delete it by hand and record the \
                       step as done externally";
        if strange.kind == Kind::Unknown {
            return Some(format!(
                "refused: {name} would take something away by `{}`, and whether this run has made that cannot be \
                 known. {way_out}",
                strange.name
            ));
        }
        let made = self.ledger.made.iter().filter(|made| made.what.kind == strange.kind);
        let made: Vec<String> =
            made.map(|made| format!("`{}` in {} (step `{}`)", made.what.name, made.place, made.step)).collect();
        let whose = match (made.is_empty(), self.maker_of(strange)) {
            (_, Some(step)) => format!("step `{step}` should have made it, and is not known to have"),
            (true, None) => format!("no step of it has made a {}", strange.kind.word()),
            (false, None) => format!("it has made {}", made.join(", ")),
        };
        Some(format!(
            "refused: {name} would delete the {strange} in {here}, and this run has not made it: {whose}. {way_out}",
        ))
    }

    /// The step that was to make something, as far as that can be told.
    fn maker_of(&self, what: &Resource) -> Option<&str> {
        let makes = |ix: &usize| {
            let call = self.steps[*ix].call.clone();
            // One that was never reached is asked what it would have made.
            let call = call.or_else(|| self.render_call(*ix, &self.plan.steps[*ix].uses).ok());
            call.is_some_and(|call| call.action.operation().creates().contains(what))
        };
        (0..self.steps.len()).find(makes).map(|ix| self.plan.steps[ix].key.as_str())
    }

    /// A clean-up whose thing a step of this run was to make, and is not known to have made. It has nothing
    /// to do; whoever aims at anything else is refused.
    pub(super) fn has_nothing_to_clean(&self, ix: StepIx) -> bool {
        let step = &self.plan.steps[ix];
        let Ok(call) = self.render_call(ix, &step.uses) else { return false };
        let here = place(&self.target_of(ix, &step.uses));
        let is_made = |what: &Resource| self.ledger.made.iter().any(|made| made.what == *what && made.place == here);
        let deletes = call.action.operation().deletes();
        let mut strange = deletes.iter().filter(|what| !is_made(what) && !what.is_named_after(&self.run_id)).peekable();
        step.always && strange.peek().is_some() && strange.all(|what| self.maker_of(what).is_some())
    }

    /// A step's own call, rendered, unless it would take away what this run has not made.
    pub(super) fn render_own(&self, ix: StepIx) -> Result<Rendered, String> {
        let uses = &self.plan.steps[ix].uses;
        let call = self.render_call(ix, uses)?;
        match self.not_ours(&call, &self.target_of(ix, uses)) {
            Some(refusal) => Err(refusal),
            None => Ok(call),
        }
    }

    /// Why a roll back is not offered.
    pub(super) fn rollback_refusal(&self, ix: StepIx) -> Option<String> {
        let may_delete = |uses: &&ActionUse| ownership::may_delete(&uses.action.value);
        self.plan.steps[ix].rollback.iter().filter(may_delete).find_map(|uses| {
            let call = self.render_call(ix, uses).ok()?;
            self.not_ours(&call, &self.target_of(ix, uses))
        })
    }
}

fn began_after(job: &Finished, sent_ms: i64, skew_ms: i64) -> bool {
    job.created_ms.is_some_and(|created_ms| created_ms.saturating_add(skew_ms + CLOCKS_DIFFER_MS) >= sent_ms)
}
