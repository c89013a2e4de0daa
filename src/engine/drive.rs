//! State into effects: what each step wants next. Asked after every event that touched the step,
//! and for every step after a resume; asking twice gives nothing new while an answer is awaited.

use serde_json::json;

use super::effect::{CallRequest, CallSession, Effect};
use super::snapshot::CheckState;
use super::state::{EndedBy, Rendered, Stage};
use super::{Engine, propose};
use crate::model::action::Action;
use crate::model::digest::sha256_hex;
use crate::model::event::{Event, Purpose, Ticket, Timer};
use crate::model::outcome::{CloudError, CloudErrorKind, ProbeAnswer, RunStatus};
use crate::model::plan::StepIx;
use crate::model::runbook::{Check, Confirm, MfaMethod, MfaRule};
use crate::model::time::{elapsed_ms, parse_duration_ms};

/// How long the answer to a read is awaited, in milliseconds.
const READ_TIMEOUT_MS: u64 = 10_000;
/// How long one look at a program that still runs may wait for its end, beside the look itself.
const WATCH_MS: u64 = 30_000;
/// How long the answer to one AWS call that changes something is awaited, in milliseconds.
const SEND_TIMEOUT_MS: u64 = 30_000;

impl Engine {
    pub(super) fn drive_all(&mut self, at: i64, out: &mut Vec<Effect>) {
        for ix in 0..self.steps.len() {
            self.drive(ix, at, out);
        }
    }

    pub(super) fn drive(&mut self, ix: StepIx, at: i64, out: &mut Vec<Effect>) {
        if self.run.halted() || self.steps[ix].proposed {
            return;
        }
        if self.is_given_up(ix) && self.give_up(ix, out) {
            return;
        }
        match self.steps[ix].stage {
            Stage::Pending => self.drive_pending(ix, out),
            Stage::Checking if self.steps[ix].call.is_none() => self.rerender(ix, at, out),
            Stage::Checking => self.drive_checking(ix, at, out),
            Stage::Gated => self.drive_gated(ix, at, out),
            Stage::Blocked => self.ask(ix, out),
            Stage::Failed => {
                if !self.is_settled(ix) {
                    self.ask(ix, out);
                }
            }
            Stage::Backoff => {
                // The intent is written when the time has come, so that nothing goes out once people
                // have left.
                let at_ms = self.steps[ix].not_before_ms;
                if at < at_ms {
                    out.push(Effect::StartTimer { timer: self.wait_timer(ix), at_ms });
                } else {
                    self.request(ix, Purpose::Action, out);
                }
            }
            Stage::Sent => self.drive_sent(ix, Purpose::Action, at, out),
            Stage::InDoubt => self.drive_doubt(ix, out),
            Stage::Verifying => self.drive_verifying(ix, at, out),
            Stage::Waiting => {
                if let Some(at_ms) = self.steps[ix].wait_until_ms {
                    out.push(Effect::StartTimer { timer: self.wait_timer(ix), at_ms });
                }
            }
            Stage::RollingBack => self.drive_rollback(ix, at, out),
            Stage::Succeeded | Stage::Skipped | Stage::DoneExternally | Stage::RolledBack => {}
        }
    }

    fn wait_timer(&self, ix: StepIx) -> Timer {
        Timer::Wait { step: self.plan.steps[ix].key.clone(), attempt: self.steps[ix].attempt }
    }

    pub(super) fn ask(&self, ix: StepIx, out: &mut Vec<Effect>) {
        out.push(Effect::AskOperator { step: self.plan.steps[ix].key.clone() });
    }

    fn ticket(&self, ix: StepIx, purpose: Purpose) -> Ticket {
        Ticket { step: self.plan.steps[ix].key.clone(), attempt: self.steps[ix].attempt, purpose }
    }

    fn drive_pending(&mut self, ix: StepIx, out: &mut Vec<Effect>) {
        let plan = std::sync::Arc::clone(&self.plan);
        let step = &plan.steps[ix];
        let settled = step.needs.iter().all(|&need| self.is_settled(need));
        let is_passed_over = self.steps[ix].passed_over.is_some();
        if !is_passed_over && (!settled || self.run.paused.is_some()) {
            return;
        }
        self.steps[ix].proposed = true;
        let key = step.key.clone();
        let skip = |reason: &str| Event::StepSkipped { step: key.clone(), by: None, reason: reason.to_owned() };
        let event = if let Some(reason) = &self.steps[ix].passed_over {
            skip(reason)
        } else if !step.in_mode {
            skip(&format!("not part of a {} run", plan.mode.word()))
        } else if let Some(when) = &step.when {
            let scope = self.scope(Some(ix), &crate::model::expr::references(&when.source), &[]);
            match when.eval_bool(&scope) {
                Ok(true) => Event::StepReady { step: key, attempt: self.steps[ix].attempt },
                Ok(false) => skip(&format!("`{}` is false", when.source)),
                Err(error) => {
                    Event::StepFailed { step: key, attempt: 1, reason: format!("`if` cannot be decided: {error}") }
                }
            }
        } else {
            Event::StepReady { step: key, attempt: self.steps[ix].attempt }
        };
        propose(out, event);
    }

    /// After a resume between "ready" and a failed rendering: try again.
    fn rerender(&mut self, ix: StepIx, at: i64, out: &mut Vec<Effect>) {
        match self.render_own(ix) {
            Ok(call) => {
                self.steps[ix].call = Some(call);
                self.drive_checking(ix, at, out);
            }
            Err(reason) => self.propose_failure(ix, reason, out),
        }
    }

    fn drive_checking(&mut self, ix: StepIx, at: i64, out: &mut Vec<Effect>) {
        let plan = std::sync::Arc::clone(&self.plan);
        let step = &plan.steps[ix];
        let probe = self.steps[ix].call.as_ref().and_then(|call| call.action.probe());
        match probe {
            Some(probe) if step.risk.changes() && !self.steps[ix].before_known => {
                let target = self.target_of(ix, &step.uses);
                let not_before_ms = at.max(self.steps[ix].not_before_ms);
                self.read(ix, Purpose::Before, probe, target, not_before_ms, out);
            }
            _ => self.steps[ix].before_known = true,
        }
        for (n, check) in step.checks.iter().enumerate() {
            let purpose = Purpose::Check(u16::try_from(n).unwrap_or(u16::MAX));
            let open = matches!(self.steps[ix].checks[n].state, CheckState::Open | CheckState::Asking);
            if !open || self.steps[ix].awaits(purpose) {
                continue;
            }
            if check.uses.is_some() {
                self.ask_check(ix, check, purpose, out);
            } else {
                self.steps[ix].proposed = true;
                return propose(out, self.check_verdict(ix, check, n, None));
            }
        }
        let through = self.steps[ix]
            .checks
            .iter()
            .all(|check| matches!(check.state, CheckState::Passed | CheckState::Overridden));
        if through
            && self.steps[ix].before_known
            && let Some(call) = &self.steps[ix].call
        {
            let (request, digest) = (call.with.clone(), call.digest.clone());
            let (step, attempt) = (step.key.clone(), self.steps[ix].attempt);
            self.steps[ix].proposed = true;
            propose(out, Event::GateOpened { step, attempt, request, digest });
        }
    }

    pub(super) fn ask_check(&mut self, ix: StepIx, check: &Check, purpose: Purpose, out: &mut Vec<Effect>) {
        let Some(uses) = &check.uses else { return };
        match self.render_call(ix, uses) {
            Ok(call) => {
                let target = self.target_of(ix, uses);
                let next = self.progress(ix, purpose).map_or(0, |progress| progress.next_ms);
                if let Some(progress) = self.progress_mut(ix, purpose) {
                    progress.state = CheckState::Asking;
                }
                self.read(ix, purpose, call.action, target, next, out);
            }
            Err(reason) => self.propose_failure(ix, reason, out),
        }
    }

    pub(super) fn read(
        &mut self,
        ix: StepIx,
        purpose: Purpose,
        call: Action,
        target: crate::model::plan::ResolvedTarget,
        not_before_ms: i64,
        out: &mut Vec<Effect>,
    ) {
        if self.steps[ix].awaits(purpose) {
            return;
        }
        self.steps[ix].inflight.push(purpose);
        // A probe names the send that it is about.
        let doubt = self.steps[ix].doubt.as_ref().filter(|_| purpose == Purpose::Probe);
        let token = doubt.map_or_else(String::new, |doubt| self.token(ix, doubt.purpose));
        let usual_ms = self.read_timeout_ms(ix, purpose, not_before_ms);
        let timeout_ms = if call.operation().may_take_long() { self.plan.steps[ix].timeout_ms } else { usual_ms };
        out.push(Effect::Call(Box::new(CallRequest {
            ticket: self.ticket(ix, purpose),
            call,
            target,
            token,
            not_before_ms,
            timeout_ms,
            changes: false,
            before: None,
            session: CallSession::Base,
        })));
    }

    /// Whether everything the gate asks for is there.
    fn gate_is_open(&self, ix: StepIx, at: i64) -> bool {
        let state = &self.steps[ix];
        let confirmed = state.confirmed.is_some() || state.auto_confirmed;
        confirmed && (state.mfa || !self.needs_mfa(ix, at)) && self.approved(ix, at)
    }

    /// Whether enough approvals are there, for this very request and not expired.
    pub(super) fn approved(&self, ix: StepIx, at: i64) -> bool {
        let Some(wanted) = &self.plan.steps[ix].gates.approvals else { return true };
        let state = &self.steps[ix];
        let digest = state.call.as_ref().map(|call| call.digest.as_str());
        let valid = |one: &&super::state::Approval| {
            let is_for_this = Some(one.digest.as_str()) == digest && one.attempt == state.attempt;
            is_for_this && one.expires_ms > at && !self.drives(&one.by)
        };
        state.approvals.iter().filter(valid).count() >= wanted.min as usize
    }

    fn drive_gated(&mut self, ix: StepIx, at: i64, out: &mut Vec<Effect>) {
        let free = matches!(self.plan.steps[ix].gates.confirm, Confirm::None)
            && self.plan.steps[ix].gates.approvals.is_none()
            && !self.needs_mfa(ix, at);
        if free && !self.steps[ix].auto_confirmed && self.run.paused.is_none() {
            if let Some(call) = &self.steps[ix].call {
                let digest = call.digest.clone();
                let (step, attempt) = (self.plan.steps[ix].key.clone(), self.steps[ix].attempt);
                self.steps[ix].proposed = true;
                propose(out, Event::StepAutoConfirmed { step, attempt, digest });
            }
            return;
        }
        if !self.gate_is_open(ix, at) {
            return self.ask(ix, out);
        }
        if let Some(age_ms) = self.outdated_ms(ix, at).filter(|_| self.steps[ix].recheck.is_none()) {
            self.steps[ix].proposed = true;
            let (step, attempt) = (self.plan.steps[ix].key.clone(), self.steps[ix].attempt);
            return propose(out, Event::ChecksOutdated { step, attempt, age_ms });
        }
        let action = self.steps[ix].call.as_ref().map(|call| call.action.clone());
        match action {
            Some(Action::Manual(_)) => self.enter_verifying(ix, at, out),
            Some(Action::Note(note)) => {
                let by = self.steps[ix].confirmed.clone().unwrap_or_else(|| self.plan.operator.clone());
                let step = Some(self.plan.steps[ix].key.clone());
                propose(out, Event::NoteAdded { by, text: note.text, about_ms: None, step });
                self.enter_verifying(ix, at, out);
            }
            Some(Action::Wait(wait)) => match parse_duration_ms(&wait.r#for) {
                Ok(ms) => {
                    let until = at.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX));
                    self.mutate(ix, at, |state| {
                        state.stage = Stage::Waiting;
                        state.wait_until_ms = Some(until);
                    });
                    self.drive(ix, at, out);
                }
                Err(reason) => self.propose_failure(ix, reason, out),
            },
            _ => self.request(ix, Purpose::Action, out),
        }
    }

    /// Asks for the intent to be written; the call follows once it is durable.
    pub(super) fn request(&mut self, ix: StepIx, purpose: Purpose, out: &mut Vec<Effect>) {
        let target = self.target_for(ix, purpose);
        let ours = self.call_of(ix, purpose).and_then(|call| match self.not_ours(&call, &target) {
            Some(refusal) => Err(refusal),
            None => Ok(call),
        });
        match ours {
            Ok(call) => {
                let target = serde_json::to_value(target).unwrap_or_default();
                self.steps[ix].proposed = true;
                propose(
                    out,
                    Event::ActionRequested {
                        ticket: self.ticket(ix, purpose),
                        action: call.action.name().to_owned(),
                        request: call.with.clone(),
                        digest: call.digest.clone(),
                        token: self.token(ix, purpose),
                        target,
                    },
                );
            }
            Err(reason) if matches!(purpose, Purpose::Rollback(_)) => {
                self.steps[ix].proposed = true;
                let (step, attempt) = (self.plan.steps[ix].key.clone(), self.steps[ix].attempt);
                propose(out, Event::RollbackFailed { step, attempt, reason });
            }
            Err(reason) => self.propose_failure(ix, reason, out),
        }
    }

    /// Derived, not drawn: the same attempt of the same run always carries the same token, and a drill's
    /// is that of its seed, so that a seed reproduces its journal.
    pub(super) fn token(&self, ix: StepIx, purpose: Purpose) -> String {
        let (key, state) = (&self.plan.steps[ix].key, &self.steps[ix]);
        let attempt = state.token_of.filter(|_| purpose == Purpose::Action).unwrap_or(state.attempt);
        let run = self.drill.as_ref().map_or_else(|| self.run_id.clone(), |drill| format!("drill-{}", drill.seed));
        let seed = format!("{run}/{key}/{attempt}/{}", json!(purpose));
        sha256_hex(seed.as_bytes()).chars().take(32).collect()
    }

    /// The rendered call of a send: fixed at the gate for the action, rendered now for a rollback.
    pub(super) fn call_of(&self, ix: StepIx, purpose: Purpose) -> Result<Rendered, String> {
        match purpose {
            Purpose::Rollback(n) => match self.plan.steps[ix].rollback.get(usize::from(n)) {
                Some(uses) => self.render_call(ix, uses),
                None => Err("no such rollback".to_owned()),
            },
            _ => self.steps[ix].call.clone().ok_or_else(|| "the request was never rendered".to_owned()),
        }
    }

    pub(super) fn target_for(&self, ix: StepIx, purpose: Purpose) -> crate::model::plan::ResolvedTarget {
        let step = &self.plan.steps[ix];
        match purpose {
            Purpose::Rollback(n) => {
                step.rollback.get(usize::from(n)).map(|uses| self.target_of(ix, uses)).unwrap_or_default()
            }
            _ => self.target_of(ix, &step.uses),
        }
    }

    /// Whose rights a send is made with: where a code means a fresh AWS session, that session's.
    pub(super) fn session_of(&self, ix: StepIx, purpose: Purpose, changes: bool) -> CallSession {
        let at_aws = self.plan.mfa.as_ref().is_some_and(|mfa| mfa.method == MfaMethod::Sts);
        if !at_aws || !changes {
            return CallSession::Base;
        }
        let step = &self.plan.steps[ix];
        match (purpose, step.gates.mfa) {
            (Purpose::Rollback(_), _) | (_, MfaRule::Fresh) => CallSession::Step,
            (_, MfaRule::Phase) => CallSession::Shared(self.plan.phases[step.phase].id.clone()),
            (_, MfaRule::Within { .. }) => CallSession::Shared("run".to_owned()),
            (_, MfaRule::Never) => CallSession::Base,
        }
    }

    /// The call itself, after its intent.
    pub(super) fn send(&mut self, ix: StepIx, purpose: Purpose, at: i64, out: &mut Vec<Effect>) {
        let call = match self.call_of(ix, purpose) {
            Ok(call) => call.action,
            Err(reason) => return self.propose_failure(ix, reason, out),
        };
        let changes = call.spec().risk.changes();
        let timeout_ms = match (&call, changes) {
            (Action::Exec(_) | Action::Cli(_) | Action::SetEnv(_), _) => self.plan.steps[ix].timeout_ms,
            (_, _) if call.operation().may_take_long() => self.plan.steps[ix].timeout_ms,
            (_, true) => SEND_TIMEOUT_MS.min(self.plan.steps[ix].timeout_ms),
            (_, false) => READ_TIMEOUT_MS,
        };
        let request = CallRequest {
            ticket: self.ticket(ix, purpose),
            target: self.target_for(ix, purpose),
            token: self.token(ix, purpose),
            not_before_ms: at.max(self.steps[ix].not_before_ms),
            call,
            timeout_ms,
            changes,
            // A rollback undoes what this run did; the state before the step is no condition of it.
            before: self.steps[ix].before.clone().filter(|_| purpose == Purpose::Action),
            session: self.session_of(ix, purpose, changes),
        };
        self.steps[ix].inflight.push(purpose);
        out.push(Effect::Call(Box::new(request)));
    }

    /// In flight, and no call is known of it: the process that sent it is gone.
    fn drive_sent(&mut self, ix: StepIx, purpose: Purpose, at: i64, out: &mut Vec<Effect>) {
        if self.steps[ix].awaits(purpose) {
            return;
        }
        if self.steps[ix].refused.is_some() {
            return self.refused(ix, at, out);
        }
        let changes = self.call_of(ix, purpose).is_ok_and(|call| call.action.spec().risk.changes());
        if !changes {
            return self.send(ix, purpose, at, out);
        }
        self.steps[ix].proposed = true;
        let error = CloudError {
            kind: CloudErrorKind::UnknownOutcome,
            code: "ProcessEnded".to_owned(),
            message: "the process ended between sending and the answer".to_owned(),
            request_id: None,
        };
        propose(out, Event::ActionUnknown { ticket: self.ticket(ix, purpose), error });
    }

    /// How long a read may take. A look at a program that was seen running waits for its end.
    fn read_timeout_ms(&self, ix: StepIx, purpose: Purpose, not_before_ms: i64) -> u64 {
        let doubt = self.steps[ix].doubt.as_ref().filter(|_| purpose == Purpose::Probe);
        match doubt {
            Some(doubt) if doubt.answer == Some(ProbeAnswer::InProgress) && self.keeps_account(ix, doubt.purpose) => {
                READ_TIMEOUT_MS + WATCH_MS.min(elapsed_ms(not_before_ms, self.awaited_until_ms(ix)))
            }
            Some(_) | None => READ_TIMEOUT_MS,
        }
    }

    pub(super) fn rollback_next(&mut self, ix: StepIx, n: u16, at: i64, out: &mut Vec<Effect>) {
        self.mutate(ix, at, |state| {
            state.stage = Stage::RollingBack;
            state.rollback_at = n;
            state.not_before_ms = at;
        });
        self.drive(ix, at, out);
    }

    /// The next call of a rollback, or its end. Nothing goes out once people have left.
    fn drive_rollback(&mut self, ix: StepIx, at: i64, out: &mut Vec<Effect>) {
        let n = self.steps[ix].rollback_at;
        if usize::from(n) >= self.plan.steps[ix].rollback.len() {
            self.steps[ix].proposed = true;
            let (step, attempt) = (self.plan.steps[ix].key.clone(), self.steps[ix].attempt);
            propose(out, Event::StepRolledBack { step, attempt });
        } else if self.steps[ix].intent == Some(Purpose::Rollback(n)) {
            // In flight; or, after a resume, the answer is lost.
            self.drive_sent(ix, Purpose::Rollback(n), at, out);
        } else {
            self.request(ix, Purpose::Rollback(n), out);
        }
    }

    pub(super) fn arm_run_timer(&self, out: &mut Vec<Effect>) {
        if let Some(ms) = self.plan.rto_ms
            && !self.run.over_budget.contains(&None)
        {
            let at_ms = self.plan.clock_at_ms.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX));
            out.push(Effect::StartTimer { timer: Timer::RunBudget, at_ms });
        }
    }

    /// Armed when the phase's first step becomes ready, and after a resume.
    pub(super) fn arm_phase_timer(&self, phase: usize, out: &mut Vec<Effect>) {
        let phase = &self.plan.phases[phase];
        let begun = phase.steps.iter().filter(|&&ix| self.steps[ix].ready_ms.is_some()).count();
        let told = self.run.over_budget.iter().any(|id| id.as_ref() == Some(&phase.id));
        if let (Some(ms), (Some(from), None), false, true) =
            (phase.budget_ms, self.phase_times(phase), told, begun >= 1)
        {
            let at_ms = from.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX));
            out.push(Effect::StartTimer { timer: Timer::PhaseBudget { phase: phase.id.clone() }, at_ms });
        }
    }

    /// A step no longer holds anybody up.
    pub(super) fn settled(&mut self, ix: StepIx, at: i64, out: &mut Vec<Effect>) {
        for next in self.followers[ix].clone() {
            self.drive(next, at, out);
        }
        self.finish_if_done(at, out);
    }

    pub(super) fn finish_if_done(&mut self, at: i64, out: &mut Vec<Effect>) {
        let done = !self.run.halted() && !self.run.ending && (0..self.steps.len()).all(|ix| self.is_settled(ix));
        if done {
            self.run.ending = true;
            let rto_ms = elapsed_ms(self.plan.clock_at_ms, self.rta_end_ms().unwrap_or(at));
            let status = match self.run.ended_by {
                None => RunStatus::Succeeded,
                Some(EndedBy::Step(_)) => RunStatus::Failed,
                Some(EndedBy::Person) => RunStatus::Aborted,
            };
            propose(out, Event::RunFinished { status, rto_ms, rpa_ms: self.run.rpa_ms });
        }
    }

    /// `goto`: what hangs on the failed step and not on the target is skipped, and so the target is next. Its
    /// other needs are waited for, and what is settled does not run again: a jump cannot go round.
    pub(super) fn jump(&mut self, from: StepIx, target: &str, at: i64, out: &mut Vec<Effect>) {
        let targets = self.by_id.get(target).cloned().unwrap_or_default();
        let kept = self.downstream(&targets);
        for lost in self.downstream(&[from]) {
            let is_lost = lost != from && !kept.contains(&lost) && !self.plan.steps[lost].always;
            if is_lost && self.steps[lost].stage == Stage::Pending {
                let reason = format!("jumped to `{target}` after `{}` failed", self.plan.steps[from].key);
                self.steps[lost].passed_over = Some(reason);
                self.drive(lost, at, out);
            }
        }
        for ix in targets {
            self.drive(ix, at, out);
        }
        self.settled(from, at, out);
    }

    fn downstream(&self, from: &[StepIx]) -> Vec<StepIx> {
        let mut seen = vec![false; self.steps.len()];
        let mut open = from.to_vec();
        let mut found = Vec::new();
        while let Some(ix) = open.pop() {
            if !std::mem::replace(&mut seen[ix], true) {
                found.push(ix);
                open.extend(&self.followers[ix]);
            }
        }
        found
    }
}
