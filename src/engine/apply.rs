//! Facts into state. Every event has its arm; one that cannot have happened is an anomaly.

use super::effect::Effect;
use super::meter::Idle;
use super::state::{Approval, EndedBy, Stage};
use super::{Engine, propose};
use crate::model::Value;
use crate::model::event::{Event, MfaProof, MfaRefusal, Purpose, Stamped, Ticket, Timer};
use crate::model::outcome::RunStatus;
use crate::model::plan::StepIx;
use crate::model::runbook::OnFailure;

use super::snapshot::CheckState;

impl Engine {
    #[expect(clippy::too_many_lines, reason = "one arm an event: the closed list is the point")]
    pub(super) fn apply(&mut self, stamped: &Stamped, out: &mut Vec<Effect>) {
        let at = stamped.at_ms;
        let step = match stamped.event.step() {
            Some(key) => match self.by_key.get(key).copied() {
                Some(ix) => {
                    self.steps[ix].proposed = false;
                    ix
                }
                None => return self.anomaly(out, format!("no step `{key}`")),
            },
            // Run events: no arm below that uses a step takes one of them.
            None => 0,
        };
        match &stamped.event {
            Event::RunStarted(_) => self.on_started(at, out),
            Event::RunResumed { operator, .. } => {
                self.run.driver = Some(operator.clone());
                self.on_resumed(at, out);
            }
            Event::RunPaused { reason } => {
                self.run.paused = Some(reason.clone());
                self.unconfirm_rechecked();
            }
            Event::RunContinued => {
                self.run.paused = None;
                self.drive_all(at, out);
            }
            Event::RunLeft { .. } => self.run.left = true,
            Event::RunAborted { .. } if self.cleans_up() => {
                self.run.paused = None;
                self.end_by(EndedBy::Person, at, out);
            }
            Event::RunAborted { .. } => self.end(RunStatus::Aborted, at, out),
            Event::RunFinished { status, .. } => self.end(*status, at, out),
            Event::BudgetExceeded { phase, .. } => self.run.over_budget.push(phase.clone()),
            Event::NoteAdded { .. }
            | Event::ActionItemAdded { .. }
            | Event::ActionItemDone { .. }
            | Event::TornTailCut { .. } => {}
            Event::MilestoneReached { .. } => self.on_milestone(stamped),
            Event::Anomaly { .. } => self.run.anomalies += 1,
            Event::TimerFired { timer } => self.on_timer(timer, at, out),
            Event::StepReady { .. } => self.begin(step, at, out),
            Event::Observed { ticket, result, cloud_ms, .. } => {
                self.note_clock(*cloud_ms, at);
                // A late answer to a question nobody asks any more (skipped, retried) is only kept.
                if ticket.attempt == self.steps[step].attempt && self.steps[step].awaits(ticket.purpose) {
                    self.steps[step].answered(ticket.purpose);
                    self.note_login(step, ticket, result.as_ref().err(), at);
                    self.on_observed(step, ticket, result, at, out);
                }
            }
            Event::CheckPassed { check, detail, .. } => {
                if let Some(progress) = self.steps[step].checks.get_mut(usize::from(*check)) {
                    progress.last.clone_from(detail);
                    progress.passed_ms = Some(at);
                }
                self.set_check(step, *check, CheckState::Passed, at, out);
            }
            Event::CheckFailed { check, message, .. } => {
                // A confirmation given on an answer that no longer holds is none.
                self.steps[step].unconfirm();
                self.steps[step].reason = Some(message.clone());
                self.set_check(step, *check, CheckState::Failed, at, out);
            }
            Event::CheckOverridden { check, proof, .. } => {
                self.note_proof(proof.as_ref());
                self.set_check(step, *check, CheckState::Overridden, at, out);
            }
            Event::GateOpened { digest, .. } => self.on_gate_opened(step, digest, at, out),
            Event::StepConfirmed { attempt, by, digest, .. } => self.on_confirmed(step, *attempt, by, digest, at, out),
            Event::StepAutoConfirmed { .. } => {
                self.steps[step].auto_confirmed = true;
                self.drive(step, at, out);
            }
            Event::MfaVerified { proof, .. } => self.on_mfa(step, proof, at, out),
            Event::MfaRefused { by, why, .. } => match why {
                MfaRefusal::Wrong | MfaRefusal::Expired | MfaRefusal::AlreadyUsed | MfaRefusal::TooManyTries => {
                    self.proofs.note_wrong(by, at);
                }
                // Not the code's fault: trying another one is no guessing.
                MfaRefusal::DeviceLost
                | MfaRefusal::NoDevice
                | MfaRefusal::SessionExpired
                | MfaRefusal::RoleDenied
                | MfaRefusal::Unreachable => {}
            },
            Event::ApprovalGranted { attempt, by, digest, expires_ms, proof, from, .. } => {
                self.note_proof(Some(proof));
                let (by, digest, from) = (by.clone(), digest.clone(), from.clone());
                let approval = Approval { by, at_ms: at, expires_ms: *expires_ms, digest, attempt: *attempt, from };
                self.on_approved(step, approval, out);
            }
            Event::ActionRequested { ticket, .. } => self.on_requested(step, ticket, at, out),
            Event::ActionSucceeded { ticket, result, cloud_ms, .. } => {
                self.note_clock(*cloud_ms, at);
                self.note_login(step, ticket, None, at);
                self.note_call(step, ticket, at);
                self.on_succeeded(step, ticket, result, at, out);
            }
            Event::ActionRefused { ticket, error } => {
                if self.take_answer(step, ticket, out) {
                    self.note_login(step, ticket, Some(error), at);
                    self.steps[step].refused = Some(error.clone());
                    self.refused(step, at, out);
                }
            }
            Event::ActionUnknown { ticket, error } => self.on_unknown(step, ticket, error, at, out),
            Event::ProbeAnswered { answer, detail, .. } => self.on_probe_answer(step, *answer, detail, at, out),
            Event::ProbeRequested { .. } => self.probe_again(step, at, out),
            Event::VerificationInDoubt { verify, .. } => self.on_verification_in_doubt(step, *verify, at, out),
            Event::ChecksOutdated { age_ms, .. } => self.on_checks_outdated(step, *age_ms, at, out),
            Event::UnknownResolved { by, decision, reason, .. } => {
                self.on_resolved(step, *decision, (by, reason), at, out);
            }
            Event::RetryScheduled { attempt, not_before_ms, .. } => {
                self.mutate(step, at, |state| {
                    state.stage = Stage::Backoff;
                    state.attempt = *attempt;
                    state.retries += 1;
                    state.not_before_ms = *not_before_ms;
                    (state.intent, state.refused) = (None, None);
                });
                self.drive(step, at, out);
            }
            Event::StepSucceeded { outputs, .. } => {
                self.mutate(step, at, |state| {
                    state.outputs.clone_from(outputs);
                    state.stage = if state.external { Stage::DoneExternally } else { Stage::Succeeded };
                });
                self.note_rpa();
                self.reach(step, out);
                self.settled(step, at, out);
            }
            Event::StepFailed { reason, .. } => self.on_failed(step, reason, at, out),
            Event::StepSkipped { reason, .. } => {
                self.mutate(step, at, |state| {
                    state.stage = Stage::Skipped;
                    state.reason = Some(reason.clone());
                    // Nobody waits for what was being looked at.
                    state.inflight.retain(|purpose| purpose.is_send());
                });
                self.settled(step, at, out);
            }
            Event::StepDoneExternally { evidence, .. } => {
                self.mutate(step, at, |state| {
                    state.external = true;
                    state.ready_ms.get_or_insert(at);
                    state.reason = Some(evidence.clone());
                });
                self.enter_verifying(step, at, out);
            }
            Event::StepRetried { attempt, .. } => {
                let token_of = self.steps[step].doubt.as_ref().and_then(|doubt| doubt.sends_again);
                self.mutate(step, at, |state| state.renew(*attempt));
                self.steps[step].token_of = token_of;
                self.begin(step, at, out);
            }
            Event::RollbackStarted { digest, from, .. } => {
                self.withdraw(step);
                let known = self.rollback_calls(step).map(|(_, digest)| digest);
                if !digest.is_empty() && known.as_ref() != Ok(digest) {
                    let key = &self.plan.steps[step].key;
                    return self.anomaly(out, format!("the roll back of `{key}` is not the one confirmed"));
                }
                self.mutate(step, at, |state| {
                    state.stage = Stage::RollingBack;
                    state.wants_rollback = false;
                    (state.intent, state.refused) = (None, None);
                });
                self.rollback_next(step, *from, at, out);
            }
            Event::StepRolledBack { .. } => self.mutate(step, at, |state| state.stage = Stage::RolledBack),
            Event::RollbackFailed { reason, .. } => {
                self.mutate(step, at, |state| {
                    state.stage = Stage::Failed;
                    state.reason = Some(format!("roll back failed: {reason}"));
                });
                self.drive(step, at, out);
            }
        }
    }

    #[expect(clippy::unused_self, reason = "reads as a verb of the machine")]
    pub(super) fn anomaly(&self, out: &mut Vec<Effect>, detail: String) {
        propose(out, Event::Anomaly { detail });
    }

    fn on_started(&mut self, at: i64, out: &mut Vec<Effect>) {
        if self.run.started_ms.is_some() {
            self.anomaly(out, "the run started twice".to_owned());
            return;
        }
        self.run.started_ms = Some(at);
        // What passed between impact and start belongs to nobody: "not started yet".
        self.meter.start(self.plan.clock_at_ms.min(at));
        self.meter.advance(at, Idle::NotStarted);
        self.arm_run_timer(out);
        self.drive_all(at, out);
        self.finish_if_done(at, out);
    }

    fn on_resumed(&mut self, at: i64, out: &mut Vec<Effect>) {
        self.run.left = false;
        self.run.ending = false;
        if self.run.finished.is_some() {
            return;
        }
        self.arm_run_timer(out);
        for phase in 0..self.plan.phases.len() {
            self.arm_phase_timer(phase, out);
        }
        for ix in 0..self.steps.len() {
            self.steps[ix].proposed = false;
            self.steps[ix].inflight.clear();
            self.confirm_again(ix, at);
        }
        self.reach_again(out);
        self.drive_all(at, out);
        self.finish_if_done(at, out);
    }

    /// A confirmation belongs to the process that it was given to: what had not been sent by then
    /// waits for people again, checks included.
    fn confirm_again(&mut self, ix: StepIx, at: i64) {
        match self.steps[ix].stage {
            Stage::Gated | Stage::Checking => self.steps[ix].unconfirm(),
            Stage::InDoubt => self.look_anew(ix, at),
            Stage::Backoff => self.mutate(ix, at, |state| {
                state.renew(state.attempt);
                state.stage = Stage::Checking;
            }),
            _ => {}
        }
    }

    fn end(&mut self, status: RunStatus, at: i64, out: &mut Vec<Effect>) {
        if self.run.finished.is_some() {
            return;
        }
        self.run.finished = Some(status);
        self.run.ended_ms = Some(at);
        self.meter.stop();
        out.push(Effect::Finish);
    }

    fn on_timer(&mut self, timer: &Timer, at: i64, out: &mut Vec<Effect>) {
        match timer {
            Timer::RunBudget => {
                if let Some(budget_ms) = self.plan.rto_ms
                    && self.run.finished.is_none()
                    && !self.run.over_budget.contains(&None)
                    && self.rta_end_ms().is_none()
                {
                    propose(out, Event::BudgetExceeded { phase: None, budget_ms });
                }
            }
            Timer::PhaseBudget { phase } => {
                let Some(found) = self.plan.phases.iter().find(|one| one.id == *phase) else { return };
                let over = self.phase_times(found).1.is_some();
                let told = self.run.over_budget.iter().any(|id| id.as_ref() == Some(phase));
                if let (Some(budget_ms), false, false) = (found.budget_ms, over, told) {
                    propose(out, Event::BudgetExceeded { phase: Some(phase.clone()), budget_ms });
                }
            }
            Timer::Wait { step, attempt } => {
                let Some(&ix) = self.by_key.get(step) else { return };
                match self.steps[ix].stage {
                    _ if self.steps[ix].attempt != *attempt => {}
                    Stage::Waiting => self.enter_verifying(ix, at, out),
                    Stage::Backoff => self.drive(ix, at, out),
                    _ => {}
                }
            }
        }
    }

    fn on_succeeded(&mut self, ix: StepIx, ticket: &Ticket, result: &Value, at: i64, out: &mut Vec<Effect>) {
        if !self.take_answer(ix, ticket, out) {
            return;
        }
        self.note_made(ix, ticket.purpose, result);
        if let Purpose::Rollback(n) = ticket.purpose {
            return self.rolled_back(ix, n, Some(result), at, out);
        }
        self.steps[ix].result = Some(result.clone());
        self.note_progress(ix, ticket.purpose, result, at);
        self.note_finished(ix, ticket.purpose, result);
        self.enter_verifying(ix, at, out);
    }

    /// A call of a rollback was answered; its answer may still say that it did nothing.
    pub(super) fn rolled_back(&mut self, ix: StepIx, n: u16, answer: Option<&Value>, at: i64, out: &mut Vec<Effect>) {
        let call = self.call_of(ix, Purpose::Rollback(n)).ok();
        let failure = call.zip(answer).and_then(|(call, answer)| call.action.operation().failure(answer));
        match failure {
            None => self.rollback_next(ix, n + 1, at, out),
            Some(reason) => {
                let (step, attempt) = (self.plan.steps[ix].key.clone(), self.steps[ix].attempt);
                self.steps[ix].proposed = true;
                propose(out, Event::RollbackFailed { step, attempt, reason });
            }
        }
    }

    fn on_confirmed(&mut self, ix: StepIx, attempt: u32, by: &str, digest: &str, at: i64, out: &mut Vec<Effect>) {
        if self.gate_accepts(ix, attempt, digest) {
            self.steps[ix].confirmed = Some(by.to_owned());
            self.drive(ix, at, out);
        } else {
            if self.steps[ix].stage == Stage::Gated && self.steps[ix].attempt == attempt {
                self.steps[ix].worded_otherwise = Some(by.to_owned());
            }
            self.anomaly(out, format!("`{}` was confirmed while its gate was closed", self.plan.steps[ix].key));
        }
    }

    fn on_approved(&mut self, ix: StepIx, approval: Approval, out: &mut Vec<Effect>) {
        if !self.gate_accepts(ix, approval.attempt, &approval.digest) {
            return self.anomaly(out, format!("`{}` was approved while its gate was closed", self.plan.steps[ix].key));
        }
        let approvals = &mut self.steps[ix].approvals;
        approvals.retain(|one| one.by != approval.by);
        approvals.push(approval);
    }

    fn on_mfa(&mut self, ix: StepIx, proof: &MfaProof, at: i64, out: &mut Vec<Effect>) {
        self.note_proof(Some(proof));
        let phase = self.plan.steps[ix].phase;
        self.proofs.last = Some((at, phase));
        self.proofs.phases.push(phase);
        self.steps[ix].mfa = true;
        if self.steps[ix].stage == Stage::Gated {
            self.drive(ix, at, out);
        }
    }

    /// Whether an answer belongs to the call in flight.
    fn take_answer(&mut self, ix: StepIx, ticket: &Ticket, out: &mut Vec<Effect>) -> bool {
        if ticket.attempt == self.steps[ix].attempt && self.steps[ix].awaits(ticket.purpose) {
            self.steps[ix].answered(ticket.purpose);
            true
        } else {
            self.anomaly(out, format!("an answer for `{}` that no call waits for", ticket.step));
            false
        }
    }

    fn on_requested(&mut self, ix: StepIx, ticket: &Ticket, at: i64, out: &mut Vec<Effect>) {
        let stage = match ticket.purpose {
            Purpose::Action if matches!(self.steps[ix].stage, Stage::Gated | Stage::Backoff) => Stage::Sent,
            Purpose::Rollback(_) if self.steps[ix].stage == Stage::RollingBack => Stage::RollingBack,
            _ => return self.anomaly(out, format!("`{}` was sent from a state that cannot send", ticket.step)),
        };
        self.mutate(ix, at, |state| {
            state.stage = stage;
            state.intent = Some(ticket.purpose);
            state.refused = None;
            state.sent_ms = Some(at);
            state.read_tries = 0;
            state.recheck = None;
        });
        self.send(ix, ticket.purpose, at, out);
    }

    /// What follows from a refusal. Asked again after a resume, should the record of it be lost.
    pub(super) fn refused(&mut self, ix: StepIx, at: i64, out: &mut Vec<Effect>) {
        let (Some(error), Some(purpose)) = (self.steps[ix].refused.clone(), self.steps[ix].intent) else { return };
        let (step, attempt) = (self.plan.steps[ix].key.clone(), self.steps[ix].attempt);
        if let (Purpose::Rollback(n), true) = (purpose, self.is_message(ix, purpose)) {
            return self.rollback_next(ix, n + 1, at, out);
        }
        self.steps[ix].proposed = true;
        if let Purpose::Rollback(_) = purpose {
            let reason = self.refused_because(ix, purpose, &error);
            return propose(out, Event::RollbackFailed { step, attempt, reason });
        }
        let retry = &self.plan.steps[ix].retry;
        let state = &self.steps[ix];
        let read = !self.plan.steps[ix].risk.changes();
        let allowed = if read && super::is_passing(error.kind) { retry.max.max(3) } else { retry.max };
        let listed = retry.on.contains(&error.kind) || (read && super::is_passing(error.kind));
        if listed && state.retries + 1 < allowed {
            let wait = retry.backoff_ms.saturating_mul(1 << state.retries.min(6));
            let not_before_ms = at + i64::try_from(wait).unwrap_or(i64::MAX / 4);
            propose(out, Event::RetryScheduled { step, attempt: attempt + 1, not_before_ms, after: error.kind });
        } else {
            let reason = self.refused_because(ix, purpose, &error);
            propose(out, Event::StepFailed { step, attempt, reason });
        }
    }

    fn note_proof(&mut self, proof: Option<&MfaProof>) {
        if let Some(proof) = proof {
            self.proofs.note_right(&proof.by, proof.counter);
        }
    }

    /// Ready (again): render the call and start checking.
    fn begin(&mut self, ix: StepIx, at: i64, out: &mut Vec<Effect>) {
        self.mutate(ix, at, |state| {
            state.stage = Stage::Checking;
            state.ready_ms.get_or_insert(at);
        });
        self.arm_phase_timer(self.plan.steps[ix].phase, out);
        match self.render_own(ix) {
            Ok(call) => {
                self.steps[ix].call = Some(call);
                self.drive(ix, at, out);
            }
            Err(reason) if self.has_nothing_to_clean(ix) => {
                self.steps[ix].proposed = true;
                let step = self.plan.steps[ix].key.clone();
                propose(out, Event::StepSkipped { step, by: None, reason: format!("nothing to take away: {reason}") });
            }
            Err(reason) => self.propose_failure(ix, reason, out),
        }
    }

    pub(super) fn propose_failure(&mut self, ix: StepIx, reason: String, out: &mut Vec<Effect>) {
        self.steps[ix].proposed = true;
        let (step, attempt) = (self.plan.steps[ix].key.clone(), self.steps[ix].attempt);
        propose(out, Event::StepFailed { step, attempt, reason });
    }

    fn set_check(&mut self, ix: StepIx, check: u16, to: CheckState, at: i64, out: &mut Vec<Effect>) {
        let Some(progress) = self.steps[ix].checks.get_mut(usize::from(check)) else {
            return self.anomaly(out, format!("`{}` has no check {check}", self.plan.steps[ix].key));
        };
        progress.state = to;
        let states = || self.steps[ix].checks.iter().map(|check| check.state);
        let failed = states().any(|state| state == CheckState::Failed);
        let open = states().any(|state| matches!(state, CheckState::Open | CheckState::Asking));
        let stage = if failed && !open { Stage::Blocked } else { Stage::Checking };
        self.mutate(ix, at, |state| {
            if matches!(state.stage, Stage::Checking | Stage::Blocked) {
                state.stage = stage;
            }
            if !failed {
                state.reason = None;
            }
        });
        self.drive(ix, at, out);
    }

    fn on_gate_opened(&mut self, ix: StepIx, digest: &str, at: i64, out: &mut Vec<Effect>) {
        if self.steps[ix].call.as_ref().map(|call| call.digest.as_str()) != Some(digest) {
            return self.anomaly(out, format!("the gate of `{}` opened for another request", self.plan.steps[ix].key));
        }
        let plan = std::sync::Arc::clone(&self.plan);
        let gates = &plan.steps[ix].gates;
        let text = match &gates.confirm {
            crate::model::runbook::Confirm::Type(template) => self.render_text(ix, template).map(Some),
            crate::model::runbook::Confirm::Press | crate::model::runbook::Confirm::None => Ok(None),
        };
        let message = gates.message.as_ref().map(|template| self.render_text(ix, template)).transpose();
        match (text, message) {
            (Ok(text), Ok(message)) => {
                self.mutate(ix, at, |state| {
                    state.stage = Stage::Gated;
                    state.type_text = text;
                    state.message = message;
                });
                self.drive(ix, at, out);
            }
            (Err(error), _) | (_, Err(error)) => self.propose_failure(ix, error.to_string(), out),
        }
    }

    fn gate_accepts(&self, ix: StepIx, attempt: u32, digest: &str) -> bool {
        let state = &self.steps[ix];
        state.stage == Stage::Gated
            && state.attempt == attempt
            && state.call.as_ref().is_some_and(|call| call.digest == digest)
    }

    fn on_failed(&mut self, ix: StepIx, reason: &str, at: i64, out: &mut Vec<Effect>) {
        let plan = std::sync::Arc::clone(&self.plan);
        let sent = self.steps[ix].sent_ms.is_some();
        let on_failure = &plan.steps[ix].on_failure;
        let wants_rollback = *on_failure == OnFailure::Rollback && sent && !plan.steps[ix].rollback.is_empty();
        let refusal = self.rollback_refusal(ix).filter(|_| wants_rollback);
        self.mutate(ix, at, |state| {
            state.stage = Stage::Failed;
            state.wants_rollback = wants_rollback && refusal.is_none();
            state.reason = Some(match refusal {
                Some(refusal) => format!("{reason}; no roll back, {refusal}"),
                None => reason.to_owned(),
            });
        });
        match on_failure {
            _ if self.is_given_up(ix) => self.settled(ix, at, out),
            OnFailure::Abort if self.has_always() => self.end_by(EndedBy::Step(ix), at, out),
            OnFailure::Pause | OnFailure::Rollback => self.drive(ix, at, out),
            OnFailure::Continue => self.settled(ix, at, out),
            OnFailure::Abort => {
                let reason = format!("step `{}` failed: {reason}", plan.steps[ix].key);
                propose(out, Event::RunAborted { reason });
            }
            OnFailure::Goto(target) => self.jump(ix, target, at, out),
        }
    }
}
