//! A change was sent and its answer is lost: it is looked for, never sent again without a person.
//!
//! Knows the call in doubt, its probe, and what a person may decide. Must not know how a send is
//! made, nor how any of it is shown.

use super::admit::{Admitted, blank_proof, required};
use super::command::{Refusal, Typed};
use super::effect::Effect;
use super::scope::{expect_source, tree_references};
use super::snapshot::{Allowed, CheckState, UnknownView};
use super::state::{Doubt, Stage};
use super::verdict::short_state;
use super::view::account;
use super::{Engine, propose};
use crate::model::Value;
use crate::model::action::Action;
use crate::model::action::messages::is_message;
use crate::model::event::{Event, Purpose, Ticket, UnknownDecision};
use crate::model::expr::{self, plain};
use crate::model::outcome::{Class, CloudError, CloudErrorKind, ProbeAnswer, Risk};
use crate::model::plan::StepIx;
use crate::model::runbook::{Check, ResumePolicy};
use crate::model::time::{elapsed_ms, human_ms};

/// How often a change in doubt is looked at again, in milliseconds.
const PROBE_EVERY_MS: i64 = 10_000;
/// The least time between two looks at a program that runs, in milliseconds.
const WATCH_EVERY_MS: i64 = 1_000;

impl Engine {
    pub(super) fn can_probe(&self, ix: StepIx, purpose: Purpose) -> bool {
        self.plan.steps[ix].resume != ResumePolicy::Ask
            && self.call_of(ix, purpose).is_ok_and(|call| probe_of(&call.action).is_some())
    }

    /// Whether what carried out a send keeps account of it; see `Operation::keeps_account`.
    pub(super) fn keeps_account(&self, ix: StepIx, purpose: Purpose) -> bool {
        self.call_of(ix, purpose).is_ok_and(|call| call.action.operation().keeps_account())
    }

    /// Whether a send is a message to people, for which no run waits.
    pub(super) fn is_message(&self, ix: StepIx, purpose: Purpose) -> bool {
        self.call_of(ix, purpose).is_ok_and(|call| is_message(call.action.name()))
    }

    /// Until when the end of a send is awaited (Unix ms): longer than that only a person's patience lasts.
    pub(super) fn awaited_until_ms(&self, ix: StepIx) -> i64 {
        let timeout_ms = i64::try_from(self.plan.steps[ix].timeout_ms).unwrap_or(i64::MAX / 4);
        self.steps[ix].sent_ms.unwrap_or(0).saturating_add(timeout_ms)
    }

    /// When a change that is under way is looked at again (Unix ms).
    fn next_look_ms(&self, ix: StepIx, purpose: Purpose, at: i64) -> i64 {
        at + if self.keeps_account(ix, purpose) { WATCH_EVERY_MS } else { PROBE_EVERY_MS }
    }

    /// From when on "still as before" is believed (Unix ms).
    fn settled_after_ms(&self, ix: StepIx) -> i64 {
        let state = &self.steps[ix];
        let purpose = state.doubt.as_ref().map_or(Purpose::Action, |doubt| doubt.purpose);
        let settle = self.call_of(ix, purpose).map_or(0, |call| call.action.settle_ms());
        state.sent_ms.unwrap_or(0) + i64::try_from(settle).unwrap_or(i64::MAX / 4)
    }

    pub(super) fn on_unknown(
        &mut self,
        ix: StepIx,
        ticket: &Ticket,
        error: &CloudError,
        at: i64,
        out: &mut Vec<Effect>,
    ) {
        self.steps[ix].answered(ticket.purpose);
        if self.is_message(ix, ticket.purpose) {
            // Nobody can look whether it was read, and nobody should wait for that: noted, and not sent again.
            self.steps[ix].refused = Some(CloudError {
                message: format!("{}; it may have arrived, and is not sent again by itself", error.message),
                ..error.clone()
            });
            return self.refused(ix, at, out);
        }
        let for_person = !self.can_probe(ix, ticket.purpose);
        let doubt = Doubt::new(ticket.purpose, error.to_string(), for_person, self.run.epoch);
        self.mutate(ix, at, |state| {
            state.stage = Stage::InDoubt;
            state.doubt = Some(doubt);
            state.not_before_ms = at;
        });
        self.drive(ix, at, out);
    }

    pub(super) fn drive_doubt(&mut self, ix: StepIx, out: &mut Vec<Effect>) {
        let Some(doubt) = &self.steps[ix].doubt else { return };
        let (purpose, for_person) = (doubt.purpose, doubt.for_person);
        if for_person {
            return self.ask(ix, out);
        }
        let probe = self.call_of(ix, purpose).ok().and_then(|call| probe_of(&call.action));
        if let Some(probe) = probe {
            let (target, not_before) = (self.target_for(ix, purpose), self.steps[ix].not_before_ms);
            self.read(ix, Purpose::Probe, probe, target, not_before, out);
        }
    }

    /// After a resume: whatever was known is old, and a decision that was not acted on is asked for again.
    pub(super) fn look_anew(&mut self, ix: StepIx, at: i64) {
        let Some((purpose, verify)) = self.steps[ix].doubt.as_ref().map(|doubt| (doubt.purpose, doubt.verify)) else {
            return;
        };
        let for_person = verify.is_some() || !self.can_probe(ix, purpose);
        let epoch = self.run.epoch;
        self.mutate(ix, at, |state| {
            state.not_before_ms = at;
            if let Some(doubt) = &mut state.doubt {
                (doubt.for_person, doubt.settled, doubt.sends_again) = (for_person, None, None);
                doubt.epoch = epoch;
            }
        });
    }

    pub(super) fn probe_again(&mut self, ix: StepIx, at: i64, out: &mut Vec<Effect>) {
        self.mutate(ix, at, |state| {
            state.not_before_ms = at;
            if let Some(doubt) = &mut state.doubt {
                doubt.for_person = false;
            }
        });
        self.drive(ix, at, out);
    }

    pub(super) fn on_probe(&mut self, ix: StepIx, result: &Result<Value, CloudError>, out: &mut Vec<Effect>) {
        // Somebody has decided while it was asked.
        if self.steps[ix].stage != Stage::InDoubt {
            return;
        }
        let Some(purpose) = self.steps[ix].doubt.as_ref().map(|doubt| doubt.purpose) else { return };
        let Ok(call) = self.call_of(ix, purpose) else { return };
        let (answer, detail) = match result {
            Ok(value) => {
                let answer = call.action.judge(self.steps[ix].before.as_ref(), value);
                if let Some(doubt) = &mut self.steps[ix].doubt {
                    doubt.seen = Some(value.clone());
                }
                (answer, short_state(value))
            }
            // That nothing of the name is there is an answer too, where the call makes or takes it away.
            Err(error) if error.kind == CloudErrorKind::NotFound => (call.action.judge_absent(), error.to_string()),
            Err(error) => (ProbeAnswer::CannotTell, error.to_string()),
        };
        self.steps[ix].proposed = true;
        let (step, attempt) = (self.plan.steps[ix].key.clone(), self.steps[ix].attempt);
        propose(out, Event::ProbeAnswered { step, attempt, answer, detail });
    }

    pub(super) fn on_probe_answer(
        &mut self,
        ix: StepIx,
        answer: ProbeAnswer,
        detail: &str,
        at: i64,
        out: &mut Vec<Effect>,
    ) {
        if self.steps[ix].stage != Stage::InDoubt {
            return self.anomaly(out, "a probe answered for a step that is not in doubt".to_owned());
        }
        let settled_at = self.settled_after_ms(ix);
        let Some(purpose) = self.steps[ix].doubt.as_ref().map(|doubt| doubt.purpose) else { return };
        // What still runs has no result yet that anything could be verified by.
        let keeps_account = self.keeps_account(ix, purpose);
        let watched = purpose == Purpose::Action && !self.plan.steps[ix].verify.is_empty() && !keeps_account;
        let next_look_ms = self.next_look_ms(ix, purpose, at);
        let is_overdue = keeps_account && answer == ProbeAnswer::InProgress && at >= self.awaited_until_ms(ix);
        let settled = match answer {
            ProbeAnswer::After => Some("the probe found it done".to_owned()),
            ProbeAnswer::InProgress if watched => {
                Some("the probe found it under way: its verification sees to the rest".to_owned())
            }
            ProbeAnswer::Before | ProbeAnswer::InProgress | ProbeAnswer::CannotTell => None,
        };
        let is_settled = settled.is_some();
        if matches!(answer, ProbeAnswer::After | ProbeAnswer::InProgress) {
            self.note_found_done(ix, purpose);
        }
        self.mutate(ix, at, |state| {
            let Some(doubt) = &mut state.doubt else { return };
            doubt.answer = Some(answer);
            doubt.detail = Some(detail.to_owned());
            doubt.answered_ms = Some(at);
            doubt.answers += 1;
            doubt.settled = settled;
            let early = answer == ProbeAnswer::Before && at < settled_at;
            let is_open = answer == ProbeAnswer::Before || answer == ProbeAnswer::CannotTell;
            doubt.for_person = !early && (is_open || is_overdue);
            if early {
                state.not_before_ms = settled_at;
            } else if answer == ProbeAnswer::InProgress && !is_settled {
                state.not_before_ms = next_look_ms;
            }
        });
        match purpose {
            Purpose::Rollback(n) if is_settled => {
                let seen = self.steps[ix].doubt.as_ref().and_then(|doubt| doubt.seen.clone());
                self.rolled_back(ix, n, seen.as_ref(), at, out);
            }
            _ if is_settled => self.take_as_done(ix, at, out),
            _ => self.drive(ix, at, out),
        }
    }

    /// It happened. What the probe saw stands in for the answer, as far as that is in it.
    fn take_as_done(&mut self, ix: StepIx, at: i64, out: &mut Vec<Effect>) {
        let state = &self.steps[ix];
        // An account of something that has not ended holds no answer.
        let is_answer =
            |doubt: &&Doubt| doubt.answer == Some(ProbeAnswer::After) || !self.keeps_account(ix, doubt.purpose);
        let seen = state.doubt.as_ref().filter(is_answer).and_then(|doubt| doubt.seen.as_ref());
        let result = match (&state.call, seen) {
            (Some(call), Some(seen)) => call.action.answer_seen(state.before.as_ref(), seen),
            _ => None,
        };
        self.steps[ix].result = result;
        self.enter_verifying(ix, at, out);
    }

    pub(super) fn on_resolved(
        &mut self,
        ix: StepIx,
        decision: UnknownDecision,
        (by, reason): (&str, &str),
        at: i64,
        out: &mut Vec<Effect>,
    ) {
        let attempt = self.steps[ix].attempt;
        let token_of = self.steps[ix].token_of.unwrap_or(attempt);
        let Some(doubt) = &mut self.steps[ix].doubt else {
            return self.anomaly(out, "nothing was in doubt".to_owned());
        };
        doubt.settled = Some(format!("{} by {by}: {reason}", decision.word()));
        doubt.by_person = decision == UnknownDecision::RecordDone;
        let (purpose, verify) = (doubt.purpose, doubt.verify);
        if decision == UnknownDecision::SendAgain && purpose == Purpose::Action {
            doubt.sends_again = Some(token_of);
        }
        if decision == UnknownDecision::RecordDone && verify.is_none() {
            self.note_found_done(ix, purpose);
        }
        let step = self.plan.steps[ix].key.clone();
        let failed = || format!("recorded as not done: {reason}");
        match (decision, purpose, verify) {
            (UnknownDecision::RecordDone, Purpose::Rollback(n), _) => self.rollback_next(ix, n + 1, at, out),
            (UnknownDecision::RecordDone, _, Some(n)) => self.pass_over(ix, n, at, out),
            (UnknownDecision::RecordDone, _, None) => self.take_as_done(ix, at, out),
            (UnknownDecision::RecordNotDone, Purpose::Rollback(_), _) => {
                self.steps[ix].proposed = true;
                propose(out, Event::RollbackFailed { step, attempt, reason: failed() });
            }
            (UnknownDecision::RecordNotDone, _, _) => {
                self.steps[ix].proposed = true;
                propose(out, Event::StepFailed { step, attempt, reason: failed() });
            }
            (UnknownDecision::SendAgain, Purpose::Rollback(from), _) => match self.rollback_calls(ix) {
                Ok((_, digest)) => {
                    self.steps[ix].proposed = true;
                    propose(out, Event::RollbackStarted { step, attempt, by: by.to_owned(), digest, from });
                }
                Err(reason) => propose(out, Event::RollbackFailed { step, attempt, reason }),
            },
            (UnknownDecision::SendAgain, _, _) => {
                self.steps[ix].proposed = true;
                propose(out, Event::StepRetried { step, attempt: attempt + 1, by: by.to_owned() });
            }
        }
    }

    /// A verification that nobody can ask is passed over; those after it are asked.
    fn pass_over(&mut self, ix: StepIx, n: u16, at: i64, out: &mut Vec<Effect>) {
        self.mutate(ix, at, |state| {
            state.stage = Stage::Verifying;
            if let Some(progress) = state.verify.get_mut(usize::from(n)) {
                progress.state = CheckState::Overridden;
            }
        });
        self.drive(ix, at, out);
    }

    /// What a verification names of the lost answer that no probe gives back.
    pub(super) fn lacks_answer(&self, ix: StepIx, check: &Check) -> Option<String> {
        let state = &self.steps[ix];
        if !state.has_lost_answer() {
            return None;
        }
        let own = format!("steps.{}.result", self.plan.steps[ix].id);
        let mut paths = expr::references(&expect_source(check));
        paths.extend(check.uses.iter().flat_map(|uses| tree_references(&uses.with)));
        let extra: Vec<(&str, &Value)> = match &state.result {
            Some(result) if check.uses.is_none() => vec![("result", result)],
            _ => Vec::new(),
        };
        let scope = self.scope(Some(ix), &paths, &extra);
        let is_of =
            |path: &str, root: &str| path.strip_prefix(root).is_some_and(|r| r.is_empty() || r.starts_with('.'));
        let needs = |path: &&String| is_of(path, &own) || (check.uses.is_none() && is_of(path, "result"));
        let missing = paths.iter().filter(needs).find(|path| expr::lookup(&scope, path).is_none())?;
        let what = check.uses.as_ref().map_or("a look at the answer", |uses| uses.action.value.as_str());
        Some(format!("{what} needs {missing}, which only the lost answer had"))
    }

    pub(super) fn on_verification_in_doubt(&mut self, ix: StepIx, verify: u16, at: i64, out: &mut Vec<Effect>) {
        if self.steps[ix].stage != Stage::Verifying || self.steps[ix].doubt.is_none() {
            return self.anomaly(out, "a verification is in doubt without a lost answer".to_owned());
        }
        let epoch = self.run.epoch;
        self.mutate(ix, at, |state| {
            state.stage = Stage::InDoubt;
            if let Some(doubt) = &mut state.doubt {
                doubt.epoch = epoch;
                (doubt.verify, doubt.for_person, doubt.settled) = (Some(verify), true, None);
            }
        });
        self.drive(ix, at, out);
    }

    pub(super) fn admit_resolution(
        &self,
        at: i64,
        step: &str,
        (decision, reason): (UnknownDecision, &str),
        typed: Option<&Typed>,
        code: Option<&Typed>,
    ) -> Result<Admitted, Refusal> {
        let ix = self.allowed(step, Allowed::ResolveUnknown)?;
        let reason = required(reason, "how do you know? It stands in the report")?;
        let doubt = self.steps[ix].doubt.as_ref().ok_or_else(|| Refusal::new("nothing is in doubt"))?;
        let purpose = doubt.purpose;
        let settled_from_ms = self.settled_after_ms(ix);
        if decision != UnknownDecision::RecordDone && doubt.verify.is_none() && at < settled_from_ms {
            let left = human_ms(elapsed_ms(at, settled_from_ms));
            return Err(Refusal::new("what was sent may still take effect").hint(format!("decide that in {left}")));
        }
        let typed = self.check_typed(self.doubt_type_text(ix, purpose).as_deref(), typed)?;
        let attempt = self.steps[ix].attempt;
        let by = self.plan.operator.clone();
        let mut need = self.proof_need(at, step, &by, code)?;
        if let (UnknownDecision::SendAgain, Purpose::Rollback(from)) = (decision, purpose) {
            let calls = u16::try_from(self.plan.steps[ix].rollback.len()).unwrap_or(u16::MAX);
            need.purpose = self.sends_of(ix, (from..calls).map(Purpose::Rollback));
        }
        let verified = Event::MfaVerified { step: step.to_owned(), attempt, proof: blank_proof() };
        let resolved = Event::UnknownResolved { step: step.to_owned(), attempt, by, decision, reason, typed };
        Ok(Admitted { events: vec![verified, resolved], proof: Some(need) })
    }

    pub(super) fn admit_probe_again(&self, step: &str) -> Result<Admitted, Refusal> {
        let ix = self.allowed(step, Allowed::ResolveUnknown)?;
        let doubt = self.steps[ix].doubt.as_ref();
        if !doubt.is_some_and(|doubt| doubt.verify.is_none() && self.can_probe(ix, doubt.purpose)) {
            return Err(Refusal::new("there is nothing to probe: look by hand"));
        }
        let (attempt, by) = (self.steps[ix].attempt, self.plan.operator.clone());
        Ok(Admitted::plain(vec![Event::ProbeRequested { step: step.to_owned(), attempt, by }]))
    }

    /// What has to be typed before anything is decided: where nothing guards a second send, and where a
    /// roll back cannot be undone.
    fn doubt_type_text(&self, ix: StepIx, purpose: Purpose) -> Option<String> {
        let step = &self.plan.steps[ix];
        let (class, risk) = self.call_of(ix, purpose).map_or((step.class, step.risk), |call| {
            let spec = call.action.spec();
            (spec.class, spec.risk)
        });
        let is_hard = matches!(purpose, Purpose::Rollback(_)) && risk == Risk::Irreversible;
        (class == Class::D || is_hard).then(|| step.key.clone())
    }

    /// The doubt in a few words.
    pub(super) fn doubt_text(&self, ix: StepIx) -> &'static str {
        match &self.steps[ix].doubt {
            Some(doubt) if doubt.verify.is_some() => "cannot be checked",
            Some(doubt) if !doubt.for_person => "in doubt, looking",
            _ => "outcome unknown",
        }
    }

    /// What is said where nobody can decide: what is in doubt, and where it is decided.
    pub(super) fn doubt_for_nobody(&self, ix: StepIx) -> Option<String> {
        let state = &self.steps[ix];
        let doubt = state.doubt.as_ref().filter(|_| state.stage == Stage::InDoubt)?;
        let known = match (doubt.verify, doubt.answer) {
            (Some(n), _) => {
                let check = self.plan.steps[ix].verify.get(usize::from(n));
                check.and_then(|check| self.lacks_answer(ix, check)).unwrap_or_default()
            }
            (None, Some(answer)) => format!("the probe says: {}", answer.word()),
            (None, None) => "nothing can be probed".to_owned(),
        };
        let then = "look by hand, then decide it on the in-doubt screen of a terminal";
        Some(format!("its outcome is unknown ({}); {known}; {then}", doubt.error))
    }

    pub(super) fn unknown_view(&self, ix: StepIx, now_ms: i64) -> Option<UnknownView> {
        let (step, state) = (&self.plan.steps[ix], &self.steps[ix]);
        let doubt = state.doubt.as_ref()?;
        let (purpose, target) = (doubt.purpose, self.target_for(ix, doubt.purpose));
        let call = self.call_of(ix, purpose).ok();
        let open = state.stage == Stage::InDoubt;
        let members = call.as_ref().and_then(|call| call.with.as_object()).into_iter().flatten();
        let probing = open && !doubt.for_person;
        let check = doubt.verify.and_then(|n| step.verify.get(usize::from(n)));
        Some(UnknownView {
            what: match purpose {
                Purpose::Rollback(n) => format!("roll back, call {} of {}", n + 1, step.rollback.len()),
                _ => "action".to_owned(),
            },
            attempt: state.attempt,
            action: call.as_ref().map_or(step.uses.action.value.clone(), |call| call.action.name().to_owned()),
            class: call.as_ref().map_or(step.class, |call| call.action.spec().class),
            request: members.map(|(name, value)| (name.clone(), plain(value))).collect(),
            region: target.region.clone().unwrap_or_default(),
            account: account(&target).unwrap_or_default(),
            digest: call.as_ref().map(|call| call.digest.clone()).unwrap_or_default(),
            token: self.token(ix, purpose),
            confirmed_by: state.confirmed.clone(),
            sent_ms: state.sent_ms.unwrap_or(0),
            error: doubt.error.clone(),
            settled_from_ms: self.settled_after_ms(ix),
            probe: call
                .filter(|_| self.can_probe(ix, purpose))
                .and_then(|call| probe_of(&call.action))
                .map(|probe| probe.name().to_owned()),
            answer: doubt.answer,
            detail: doubt.detail.clone(),
            answered_ms: doubt.answered_ms,
            answers: doubt.answers,
            next_ms: Some(state.not_before_ms).filter(|next_ms| probing && *next_ms > now_ms),
            probing,
            verification: check.filter(|_| open).and_then(|check| self.lacks_answer(ix, check)),
            settled: doubt.settled.clone().filter(|_| !open),
            is_of_now: doubt.epoch == self.run.epoch,
            type_text: self.doubt_type_text(ix, purpose),
            mfa: Some(self.mfa_view(&self.plan.operator, now_ms)),
        })
    }
}

/// What is asked when the answer to a send was lost: the state that it changes, or its own account.
fn probe_of(action: &Action) -> Option<Action> {
    action.probe().or_else(|| action.operation().keeps_account().then(|| action.clone()))
}
