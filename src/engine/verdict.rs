//! Answers to reads: what a check, one poll of a verification or a probe means.

use super::effect::Effect;
use super::scope::expect_source;
use super::snapshot::CheckState;
use super::state::{CheckProgress, Stage};
use super::{Engine, is_passing, propose};
use crate::model::Value;
use crate::model::event::{Event, Purpose, Ticket};
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::plan::StepIx;
use crate::model::runbook::Check;
use crate::model::time::{elapsed_ms, human_ms};

/// How often a read that meets a passing error is asked again.
const READ_TRIES: u32 = 5;
/// How often it is looked whether there is a new login, in milliseconds.
const LOGIN_EVERY_MS: i64 = 10_000;

impl Engine {
    pub(super) fn progress(&self, ix: StepIx, purpose: Purpose) -> Option<&CheckProgress> {
        match purpose {
            Purpose::Check(n) => self.steps[ix].checks.get(usize::from(n)),
            Purpose::Verify(n) => self.steps[ix].verify.get(usize::from(n)),
            Purpose::Action | Purpose::Rollback(_) | Purpose::Before | Purpose::Probe => None,
        }
    }

    pub(super) fn progress_mut(&mut self, ix: StepIx, purpose: Purpose) -> Option<&mut CheckProgress> {
        match purpose {
            Purpose::Check(n) => self.steps[ix].checks.get_mut(usize::from(n)),
            Purpose::Verify(n) => self.steps[ix].verify.get_mut(usize::from(n)),
            Purpose::Action | Purpose::Rollback(_) | Purpose::Before | Purpose::Probe => None,
        }
    }

    pub(super) fn on_observed(
        &mut self,
        ix: StepIx,
        ticket: &Ticket,
        result: &Result<Value, CloudError>,
        at: i64,
        out: &mut Vec<Effect>,
    ) {
        match ticket.purpose {
            // Nobody looked: asked again, until there is a new login.
            Purpose::Before | Purpose::Probe if is_expired(result.as_ref()) => {
                self.steps[ix].not_before_ms = at + LOGIN_EVERY_MS;
                self.drive(ix, at, out);
            }
            Purpose::Before => {
                self.steps[ix].absent_before = self.absent_before(ix, result);
                // A state that cannot be read is no reason to stop: the probe then judges without it.
                self.steps[ix].before = result.as_ref().ok().cloned();
                self.steps[ix].before_known = true;
                self.drive(ix, at, out);
            }
            Purpose::Check(n) => self.on_check_answer(ix, n, result, at, out),
            Purpose::Verify(n) => self.on_verify_answer(ix, n, result, at, out),
            Purpose::Probe => self.on_probe(ix, result, out),
            Purpose::Action | Purpose::Rollback(_) => self.anomaly(out, "a send was recorded as a read".to_owned()),
        }
    }

    fn on_check_answer(
        &mut self,
        ix: StepIx,
        n: u16,
        result: &Result<Value, CloudError>,
        at: i64,
        out: &mut Vec<Effect>,
    ) {
        let plan = std::sync::Arc::clone(&self.plan);
        let Some(check) = plan.steps[ix].checks.get(usize::from(n)) else { return };
        let source = expect_source(check);
        let last = match result {
            Ok(value) => self.seen(ix, &source, Some(value)),
            Err(error) => error.to_string(),
        };
        let verdict = self.check_verdict(ix, check, usize::from(n), Some(result));
        let passed = matches!(verdict, Event::CheckPassed { .. });
        let (every, lasts) = (check.every_ms, check.for_ms);
        let tries = self.steps[ix].read_tries;
        let expired = is_expired(result.as_ref());
        let Some(progress) = self.progress_mut(ix, Purpose::Check(n)) else { return };
        progress.polls += 1;
        progress.see(last, expired);
        let first = *progress.first_ms.get_or_insert(at);
        let passing = result.as_ref().err().is_some_and(|error| is_passing(error.kind)) && tries < READ_TRIES;
        // Under a standing confirmation it is asked once: nothing runs long after somebody said so.
        let patient = self.steps[ix].recheck.is_none() && (elapsed_ms(first, at) < lasts || expired);
        let again = !passed && (patient || passing);
        if again {
            if let Some(progress) = self.progress_mut(ix, Purpose::Check(n)) {
                progress.state = CheckState::Open;
                progress.next_ms = at + i64::try_from(every.max(100)).unwrap_or(10_000);
            }
            self.steps[ix].read_tries += u32::from(passing && !expired);
            self.drive(ix, at, out);
        } else {
            propose(out, verdict);
        }
    }

    /// The verdict on a pre-check, as a fact to record.
    pub(super) fn check_verdict(
        &self,
        ix: StepIx,
        check: &Check,
        n: usize,
        answer: Option<&Result<Value, CloudError>>,
    ) -> Event {
        let (step, attempt) = (self.plan.steps[ix].key.clone(), self.steps[ix].attempt);
        let expect = expect_source(check);
        let n = u16::try_from(n).unwrap_or(u16::MAX);
        let (decided, result) = match answer {
            Some(Err(error)) => (Err(format!("no answer: {error}")), None),
            Some(Ok(value)) => (self.expectation(ix, check, Some(value)), Some(value)),
            None => (self.expectation(ix, check, self.steps[ix].result.as_ref()), self.steps[ix].result.as_ref()),
        };
        let seen = self.seen(ix, &expect, result);
        match decided {
            Ok(true) => Event::CheckPassed { step, attempt, check: n, expect, detail: Some(seen) },
            Ok(false) => {
                let message = format!("{} ({seen})", self.check_message(ix, check, &expect));
                Event::CheckFailed { step, attempt, check: n, expect, message }
            }
            Err(why) => {
                let message = format!("{}: cannot tell, {why}", self.check_message(ix, check, &expect));
                Event::CheckFailed { step, attempt, check: n, expect, message }
            }
        }
    }

    /// The author's message, or the expectation itself.
    pub(super) fn check_message(&self, ix: StepIx, check: &Check, expect: &str) -> String {
        match &check.message {
            Some(template) => self.render_text(ix, template).unwrap_or_else(|_| template.source.clone()),
            None => format!("expected {}", crate::model::expr::readable(expect)),
        }
    }

    /// The action is through: poll its verifications.
    pub(super) fn enter_verifying(&mut self, ix: StepIx, at: i64, out: &mut Vec<Effect>) {
        self.mutate(ix, at, |state| {
            state.stage = Stage::Verifying;
            for progress in &mut state.verify {
                *progress = CheckProgress { next_ms: at, ..CheckProgress::default() };
            }
        });
        self.drive(ix, at, out);
    }

    pub(super) fn drive_verifying(&mut self, ix: StepIx, at: i64, out: &mut Vec<Effect>) {
        let plan = std::sync::Arc::clone(&self.plan);
        let is_through = |one: &CheckProgress| matches!(one.state, CheckState::Passed | CheckState::Overridden);
        let open = self.steps[ix].verify.iter().position(|one| !is_through(one));
        let Some(n) = open else { return self.succeed(ix, out) };
        let Some(check) = plan.steps[ix].verify.get(n) else { return };
        let number = u16::try_from(n).unwrap_or(u16::MAX);
        let purpose = Purpose::Verify(number);
        if self.steps[ix].awaits(purpose) {
            return;
        }
        if let Some(message) = self.lacks_answer(ix, check) {
            // Whoever recorded it as done has answered for the answer itself.
            if check.uses.is_none() && self.steps[ix].doubt.as_ref().is_some_and(|doubt| doubt.by_person) {
                self.steps[ix].verify[n].state = CheckState::Overridden;
                return self.drive_verifying(ix, at, out);
            }
            self.steps[ix].proposed = true;
            let (step, attempt) = (plan.steps[ix].key.clone(), self.steps[ix].attempt);
            return propose(out, Event::VerificationInDoubt { step, attempt, verify: number, message });
        }
        let own = self.steps[ix].call.as_ref().map(|call| call.action.clone());
        match (&check.uses, own) {
            (Some(_), _) => self.ask_check(ix, check, purpose, out),
            // A read verifies its own result first, and is read again when that is not good enough.
            (None, Some(action)) if self.steps[ix].verify[n].polls > 0 && self.can_reread(ix) => {
                let target = self.target_of(ix, &plan.steps[ix].uses);
                let next = self.steps[ix].verify[n].next_ms;
                self.read(ix, purpose, action, target, next, out);
            }
            (None, _) => {
                let result = self.steps[ix].result.clone();
                if result.is_some() {
                    self.steps[ix].verified.clone_from(&result);
                }
                self.judge_poll(ix, n, Ok(&result.unwrap_or(Value::Null)), at, out);
            }
        }
    }

    fn can_reread(&self, ix: StepIx) -> bool {
        !self.plan.steps[ix].risk.changes() && self.steps[ix].call.as_ref().is_some_and(|call| !call.action.is_local())
    }

    fn on_verify_answer(
        &mut self,
        ix: StepIx,
        n: u16,
        result: &Result<Value, CloudError>,
        at: i64,
        out: &mut Vec<Effect>,
    ) {
        if self.steps[ix].stage != Stage::Verifying {
            return;
        }
        let plan = std::sync::Arc::clone(&self.plan);
        let own = plan.steps[ix].verify.get(usize::from(n)).is_some_and(|check| check.uses.is_none());
        if let Ok(value) = result {
            if own {
                self.steps[ix].result = Some(value.clone());
            }
            self.steps[ix].verified = Some(value.clone());
            self.note_progress(ix, Purpose::Verify(n), value, at);
            self.note_finished(ix, Purpose::Verify(n), value);
        }
        self.judge_poll(ix, usize::from(n), result.as_ref(), at, out);
    }

    /// One poll: passed, passed often enough, not yet, or too late.
    fn judge_poll(
        &mut self,
        ix: StepIx,
        n: usize,
        answer: Result<&Value, &CloudError>,
        at: i64,
        out: &mut Vec<Effect>,
    ) {
        let plan = std::sync::Arc::clone(&self.plan);
        let check = &plan.steps[ix].verify[n];
        let expect = expect_source(check);
        let (passed, last) = match answer {
            Ok(value) => {
                let decided = self.expectation(ix, check, Some(value));
                let seen = self.seen(ix, &expect, Some(value));
                match decided {
                    Ok(passed) => (passed, seen),
                    Err(why) => (false, format!("cannot tell, {why}")),
                }
            }
            Err(error) => (false, error.to_string()),
        };
        let again = check.uses.is_some() || self.can_reread(ix);
        let deadline_ms = self.verify_deadline_ms(ix, n, at);
        let progress = &mut self.steps[ix].verify[n];
        progress.polls += 1;
        progress.first_ms.get_or_insert(at);
        progress.see(last.clone(), is_expired(answer));
        progress.passes_in_row = if passed { progress.passes_in_row + 1 } else { 0 };
        progress.next_ms = at + i64::try_from(check.every_ms.max(100)).unwrap_or(10_000);
        if passed && (progress.passes_in_row >= check.consecutive.max(1) || !again) {
            progress.state = CheckState::Passed;
        } else if again && is_expired(answer) {
            // Nobody looked, so nothing is too late: the last state seen stays until a new login.
            progress.state = CheckState::Open;
        } else if at >= deadline_ms || !again {
            progress.state = CheckState::Failed;
            let waited = elapsed_ms(progress.first_ms.unwrap_or(at), at);
            let message = self.check_message(ix, check, &expect);
            let after = if waited > 0 { format!(" after {}", human_ms(waited)) } else { String::new() };
            let seen = if last.is_empty() { String::new() } else { format!(" ({last})") };
            return self.propose_failure(ix, format!("not verified{after}: {message}{seen}"), out);
        } else {
            progress.state = CheckState::Open;
        }
        self.drive(ix, at, out);
    }

    /// Until when a verification may go on (Unix ms): its own `for`, within the step's `timeout`.
    fn verify_deadline_ms(&self, ix: StepIx, n: usize, at: i64) -> i64 {
        let (step, state) = (&self.plan.steps[ix], &self.steps[ix]);
        let span = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX / 4);
        let own = state.verify[n].first_ms.unwrap_or(at).saturating_add(span(step.verify[n].for_ms));
        match state.sent_ms {
            Some(sent) => own.min(sent.saturating_add(span(step.timeout_ms))),
            None => own,
        }
    }

    fn succeed(&mut self, ix: StepIx, out: &mut Vec<Effect>) {
        if let Some(reason) = self.failure(ix) {
            return self.propose_failure(ix, reason, out);
        }
        match self.render_outputs(ix) {
            Ok(outputs) => {
                self.steps[ix].proposed = true;
                let (step, attempt) = (self.plan.steps[ix].key.clone(), self.steps[ix].attempt);
                propose(out, Event::StepSucceeded { step, attempt, outputs });
            }
            Err(reason) => self.propose_failure(ix, reason, out),
        }
    }

    /// Why the answer itself means a failure, where nothing is verified.
    fn failure(&self, ix: StepIx) -> Option<String> {
        let (state, step) = (&self.steps[ix], &self.plan.steps[ix]);
        let (Some(call), Some(answer)) = (&state.call, &state.result) else { return None };
        let is_own = step.verify.is_empty() && !state.external;
        if is_own { call.action.operation().failure(answer) } else { None }
    }

    /// The recovery point achieved, as soon as the runbook's expression for it has a value.
    pub(super) fn note_rpa(&mut self) {
        let plan = std::sync::Arc::clone(&self.plan);
        if self.run.rpa_ms.is_some() {
            return;
        }
        let Some(rpa) = &plan.rpa else { return };
        let scope = self.scope(None, &crate::model::expr::references(&rpa.source), &[]);
        if let Some(seconds) = rpa.eval(&scope).ok().and_then(|value| value.as_f64()) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
            let ms = (seconds.clamp(0.0, 1e12) * 1000.0) as u64;
            self.run.rpa_ms = Some(ms);
        }
    }
}

/// An answer that says only that nobody was let in.
pub(super) fn is_expired<T, E: std::borrow::Borrow<CloudError>>(answer: Result<T, E>) -> bool {
    answer.is_err_and(|error| error.borrow().kind == CloudErrorKind::Expired)
}

/// The scalar members of an answer, for one line on a screen.
pub(super) fn short_state(value: &Value) -> String {
    let Some(members) = value.as_object() else { return value.to_string().chars().take(120).collect() };
    let parts: Vec<String> = members
        .iter()
        .filter(|(_, value)| !value.is_array() && !value.is_object())
        .take(6)
        .map(|(name, value)| {
            format!("{name} {}", if value.is_null() { "none".to_owned() } else { crate::model::expr::plain(value) })
        })
        .collect();
    parts.join(", ").chars().take(200).collect()
}
