//! A person's command into facts, or a reason why not. Pure: looks, never changes.
//!
//! Proof of presence is checked outside (a device, STS): `admit` says whose code is needed, and
//! [`Admitted::sealed`] puts the proof where it belongs.

use super::Engine;
use super::command::{Command, Refusal, RefusalKind, Typed};
use super::effect::CallSession;
use super::ports::MfaPurpose;
use super::snapshot::{Allowed, CheckState};
use super::state::{CODE_PERIOD_MS, Stage};
use crate::model::event::{Event, MfaProof, Purpose};
use crate::model::plan::StepIx;
use crate::model::runbook::Confirm;

/// Facts that may be recorded, once the proof (if one is needed) is there.
#[derive(Debug, Clone)]
pub struct Admitted {
    pub(super) events: Vec<Event>,
    pub proof: Option<ProofNeed>,
}

/// Whose code has to be checked before anything is recorded.
#[derive(Debug, Clone)]
pub struct ProofNeed {
    pub step: String,
    pub person: String,
    pub code: Typed,
    /// The last RFC 6238 counter of this person that counted.
    pub last_counter: Option<u64>,
    pub purpose: MfaPurpose,
}

impl Admitted {
    pub(super) fn plain(events: Vec<Event>) -> Self {
        Self { events, proof: None }
    }

    /// The facts to record. `proof` must be given when one was asked for; without it, nothing is.
    #[must_use]
    pub fn sealed(self, proof: Option<&MfaProof>) -> Vec<Event> {
        if self.proof.is_some() && proof.is_none() {
            return Vec::new();
        }
        let mut events = self.events;
        if let Some(given) = proof {
            for event in &mut events {
                match event {
                    Event::MfaVerified { proof, .. } | Event::ApprovalGranted { proof, .. } => *proof = given.clone(),
                    Event::CheckOverridden { proof, .. } => *proof = Some(given.clone()),
                    _ => {}
                }
            }
        }
        events
    }
}

pub(super) fn blank_proof() -> MfaProof {
    MfaProof { by: String::new(), method: String::new(), device: String::new(), counter: None }
}

impl Engine {
    /// Whether a command may become facts at `at_ms`.
    ///
    /// # Errors
    /// The reason in words for the person who asked.
    pub fn admit(&self, at_ms: i64, command: &Command) -> Result<Admitted, Refusal> {
        if self.run.finished.is_some() && !matches!(command, Command::Note { .. } | Command::Milestone { .. }) {
            return Err(Refusal::new("the run is over").of(RefusalKind::Ended));
        }
        let by = || self.plan.operator.clone();
        match command {
            Command::Run { step, attempt, digest, typed, code } => {
                self.admit_run(at_ms, step, *attempt, digest, typed.as_ref(), code.as_ref())
            }
            Command::Approve { step, attempt, digest, by, code, from } => {
                let mut admitted = self.admit_approval(at_ms, (step, *attempt, digest), by, code.as_ref())?;
                for event in &mut admitted.events {
                    if let Event::ApprovalGranted { from: place, .. } = event {
                        place.clone_from(from);
                    }
                }
                Ok(admitted)
            }
            Command::RunReads { phase } => self.admit_reads(at_ms, phase),
            Command::Override { step, check, by, reason, code } => {
                self.admit_override(at_ms, step, *check, by, reason, code.as_ref())
            }
            Command::Skip { step, reason } => {
                self.allowed(step, Allowed::Skip)?;
                let reason = required(reason, "why is it skipped?")?;
                Ok(Admitted::plain(vec![Event::StepSkipped { step: step.clone(), by: Some(by()), reason }]))
            }
            Command::DoneExternally { step, evidence } => {
                let ix = self.allowed(step, Allowed::DoneExternally)?;
                let evidence = required(evidence, "who did it, and how do you know?")?;
                let attempt = self.steps[ix].attempt;
                Ok(Admitted::plain(vec![Event::StepDoneExternally { step: step.clone(), attempt, by: by(), evidence }]))
            }
            Command::Retry { step } => {
                let ix = self.allowed(step, Allowed::Retry)?;
                let attempt = self.steps[ix].attempt + 1;
                Ok(Admitted::plain(vec![Event::StepRetried { step: step.clone(), attempt, by: by() }]))
            }
            Command::RollBack { step, digest, typed, code } => {
                self.admit_rollback(at_ms, step, digest, typed.as_ref(), code.as_ref())
            }
            Command::ResolveUnknown { step, decision, reason, typed, code } => {
                self.admit_resolution(at_ms, step, (*decision, reason), typed.as_ref(), code.as_ref())
            }
            Command::ProbeAgain { step } => self.admit_probe_again(step),
            Command::Pause { reason } => match &self.run.paused {
                Some(_) => Err(Refusal::new("the run is paused already")),
                None => Ok(Admitted::plain(vec![Event::RunPaused { reason: reason.clone() }])),
            },
            Command::Continue => match &self.run.paused {
                Some(_) => Ok(Admitted::plain(vec![Event::RunContinued])),
                None => Err(Refusal::new("the run is not paused")),
            },
            Command::Note { text, about_ms, step } => {
                let text = required(text, "a note needs words")?;
                let note = Event::NoteAdded { by: by(), text, about_ms: *about_ms, step: step.clone() };
                Ok(Admitted::plain(vec![note]))
            }
            Command::Milestone { milestone, about_ms, text } => {
                let text = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
                let (milestone, about_ms) = (*milestone, *about_ms);
                let told = Event::MilestoneReached { milestone, by: by(), about_ms, step: None, text };
                Ok(Admitted::plain(vec![told]))
            }
            Command::Leave { reason } => Ok(Admitted::plain(vec![Event::RunLeft { reason: reason.clone() }])),
            Command::Abort { reason } => Ok(Admitted::plain(vec![Event::RunAborted { reason: reason.clone() }])),
            Command::Attention { .. } | Command::Visitors { .. } | Command::Hold { .. } => {
                Ok(Admitted::plain(Vec::new()))
            }
        }
    }

    fn find(&self, step: &str) -> Result<StepIx, Refusal> {
        self.by_key
            .get(step)
            .copied()
            .ok_or_else(|| Refusal::new(format!("there is no step `{step}`")).of(RefusalKind::Unknown))
    }

    /// What a person may do to a step in its present state.
    #[must_use]
    pub(super) fn allowances(&self, ix: StepIx) -> Vec<Allowed> {
        let (step, state) = (&self.plan.steps[ix], &self.steps[ix]);
        let mut may = Vec::new();
        if self.run.finished.is_some() {
            return may;
        }
        let quiet = state.inflight.iter().all(|purpose| !purpose.is_send());
        match state.stage {
            Stage::Gated => {
                may.push(Allowed::Run);
                if step.gates.approvals.is_some() {
                    may.push(Allowed::Approve);
                }
            }
            Stage::Blocked => {
                let failed = state.checks.iter().zip(&step.checks).filter(|(one, _)| one.state == CheckState::Failed);
                if failed.into_iter().all(|(_, check)| check.override_role.is_some()) {
                    may.push(Allowed::Override);
                }
                may.push(Allowed::Retry);
            }
            Stage::Failed if quiet && !self.is_given_up(ix) => may.push(Allowed::Retry),
            Stage::InDoubt => may.push(Allowed::ResolveUnknown),
            _ => {}
        }
        if matches!(state.stage, Stage::Pending | Stage::Gated | Stage::Blocked | Stage::Failed | Stage::RolledBack)
            && quiet
        {
            may.extend([Allowed::Skip, Allowed::DoneExternally]);
        }
        let acted = state.sent_ms.is_some() && matches!(state.stage, Stage::Succeeded | Stage::Failed);
        if acted && !step.rollback.is_empty() && quiet && self.rollback_refusal(ix).is_none() {
            may.push(Allowed::RollBack);
        }
        may
    }

    pub(super) fn allowed(&self, step: &str, what: Allowed) -> Result<StepIx, Refusal> {
        let ix = self.find(step)?;
        if self.allowances(ix).contains(&what) {
            Ok(ix)
        } else {
            let status = self.steps[ix].stage.status().word();
            Err(Refusal::new(format!("`{step}` is {status}: that is not possible now")))
        }
    }

    fn admit_run(
        &self,
        at: i64,
        step: &str,
        attempt: u32,
        digest: &str,
        typed: Option<&Typed>,
        code: Option<&Typed>,
    ) -> Result<Admitted, Refusal> {
        let ix = self.allowed(step, Allowed::Run)?;
        let state = &self.steps[ix];
        if self.run.paused.is_some() {
            return Err(Refusal::new("the run is paused").hint("continue it with P first"));
        }
        let shown = state.call.as_ref().is_some_and(|call| call.digest == digest) && state.attempt == attempt;
        if !shown {
            return Err(Refusal::new("the request has changed since it was shown").hint("look at it again"));
        }
        let typed = self.check_typed(state.type_text.as_deref(), typed)?;
        if !self.approved(ix, at) {
            return Err(Refusal::new("approvals are missing or have expired"));
        }
        let confirmed = Event::StepConfirmed {
            step: step.to_owned(),
            attempt,
            by: self.plan.operator.clone(),
            digest: digest.to_owned(),
            typed,
        };
        if !self.needs_mfa(ix, at) {
            return Ok(Admitted::plain(vec![confirmed]));
        }
        let mut need = self.proof_need(at, step, &self.plan.operator, code)?;
        need.purpose = self.sends_of(ix, [Purpose::Action]);
        let verified = Event::MfaVerified { step: step.to_owned(), attempt, proof: blank_proof() };
        Ok(Admitted { events: vec![confirmed, verified], proof: Some(need) })
    }

    /// Whether the exact text was typed; true when one was asked for.
    #[expect(clippy::unused_self, reason = "one of the admission's checks")]
    pub(super) fn check_typed(&self, wanted: Option<&str>, typed: Option<&Typed>) -> Result<bool, Refusal> {
        match (wanted, typed) {
            (None, _) => Ok(false),
            (Some(wanted), Some(typed)) if typed.expose() == wanted && !wanted.is_empty() => Ok(true),
            (Some(_), Some(_)) => Err(Refusal::new("the text typed is not the one asked for")),
            (Some(_), None) => Err(Refusal::new("the name has to be typed")),
        }
    }

    pub(super) fn proof_need(
        &self,
        at: i64,
        step: &str,
        person: &str,
        code: Option<&Typed>,
    ) -> Result<ProofNeed, Refusal> {
        if self.proofs.wrong_now(person, at) >= 3 {
            let left = (CODE_PERIOD_MS - at.rem_euclid(CODE_PERIOD_MS)) / 1000;
            let refusal = Refusal::new("three wrong codes").of(RefusalKind::Code);
            return Err(refusal.hint(format!("wait for the next one, in {left}s")));
        }
        let Some(code) = code else {
            return Err(Refusal::new(format!("a code of {person} is needed")).of(RefusalKind::NoCode));
        };
        Ok(ProofNeed {
            step: step.to_owned(),
            person: person.to_owned(),
            code: code.clone(),
            last_counter: self.last_counter(person),
            purpose: MfaPurpose::Presence,
        })
    }

    /// What the operator's code for a step opens: the rights for its sends.
    pub(super) fn sends_of(&self, ix: StepIx, sends: impl IntoIterator<Item = Purpose>) -> MfaPurpose {
        let mut session = CallSession::Base;
        let mut calls = Vec::new();
        for purpose in sends {
            if let Ok(call) = self.call_of(ix, purpose) {
                session = self.session_of(ix, purpose, call.action.spec().risk.changes());
                calls.push((call.action, self.target_for(ix, purpose)));
            }
        }
        MfaPurpose::Send { session, calls }
    }

    /// Whether somebody is the one who drives: who began the run, or who has resumed it.
    pub(super) fn drives(&self, person: &str) -> bool {
        person == self.plan.operator || self.run.driver.as_deref() == Some(person)
    }

    fn admit_approval(
        &self,
        at: i64,
        (step, attempt, digest): (&str, u32, &str),
        by: &str,
        code: Option<&Typed>,
    ) -> Result<Admitted, Refusal> {
        let ix = self.find(step)?;
        let Some(wanted) = &self.plan.steps[ix].gates.approvals else {
            return Err(Refusal::new(format!("`{step}` asks for no approval")).of(RefusalKind::Unknown));
        };
        let role = self.role_to_approve(&wanted.from, by)?;
        self.allowed(step, Allowed::Approve)?;
        let state = &self.steps[ix];
        let shown = state.call.as_ref().is_some_and(|call| call.digest == digest) && state.attempt == attempt;
        if !shown {
            return Err(Refusal::new("the request has changed since it was shown").hint("look at it again"));
        }
        let valid = state.approvals.iter().any(|one| one.by == by && one.expires_ms > at && one.digest == digest);
        if valid {
            return Err(Refusal::new(format!("{by} has approved already")));
        }
        let need = self.proof_need(at, step, by, code)?;
        let granted = Event::ApprovalGranted {
            step: step.to_owned(),
            attempt,
            by: by.to_owned(),
            role,
            digest: digest.to_owned(),
            expires_ms: at.saturating_add(i64::try_from(wanted.within_ms).unwrap_or(i64::MAX)),
            proof: blank_proof(),
            from: None,
        };
        Ok(Admitted { events: vec![granted], proof: Some(need) })
    }

    /// The role in which somebody may approve. Never the one who drives.
    fn role_to_approve(&self, from: &[String], by: &str) -> Result<String, Refusal> {
        if self.drives(by) {
            let may: Vec<String> = self.plan.holders(from).into_iter().filter(|one| !self.drives(one)).collect();
            return Err(Refusal::new("the operator cannot approve their own step")
                .of(RefusalKind::Person)
                .hint(format!("{} may", may.join(", "))));
        }
        let holds =
            |role: &&String| self.plan.roles.get(*role).is_some_and(|people| people.iter().any(|one| one == by));
        from.iter().find(holds).cloned().ok_or_else(|| {
            Refusal::new(format!("{by} holds none of the roles {}", from.join(", ")))
                .of(RefusalKind::Person)
                .hint(format!("they are held by {}", self.plan.holders(from).join(", ")))
        })
    }

    /// Ready read-only steps of a phase that wait for nothing but a press.
    pub(super) fn ready_reads(&self, phase: usize, at: i64) -> Vec<StepIx> {
        let quick = |&ix: &StepIx| {
            let step = &self.plan.steps[ix];
            self.steps[ix].stage == Stage::Gated
                && !step.risk.changes()
                && matches!(step.gates.confirm, Confirm::Press)
                && step.gates.approvals.is_none()
                && !self.needs_mfa(ix, at)
                && !self.steps[ix]
                    .call
                    .as_ref()
                    .is_some_and(|call| matches!(call.action, crate::model::action::Action::Manual(_)))
        };
        self.plan.phases.get(phase).map(|phase| phase.steps.iter().copied().filter(quick).collect()).unwrap_or_default()
    }

    fn admit_reads(&self, at: i64, phase: &str) -> Result<Admitted, Refusal> {
        if self.run.paused.is_some() {
            return Err(Refusal::new("the run is paused").hint("continue it with P first"));
        }
        let Some(phase_ix) = self.plan.phases.iter().position(|one| one.id == phase) else {
            return Err(Refusal::new(format!("there is no phase `{phase}`")));
        };
        let events: Vec<Event> = self
            .ready_reads(phase_ix, at)
            .into_iter()
            .filter_map(|ix| {
                let state = &self.steps[ix];
                Some(Event::StepConfirmed {
                    step: self.plan.steps[ix].key.clone(),
                    attempt: state.attempt,
                    by: self.plan.operator.clone(),
                    digest: state.call.as_ref()?.digest.clone(),
                    typed: false,
                })
            })
            .collect();
        if events.is_empty() {
            return Err(Refusal::new("no read-only step of this phase is ready"));
        }
        Ok(Admitted::plain(events))
    }

    fn admit_override(
        &self,
        at: i64,
        step: &str,
        check: u16,
        by: &str,
        reason: &str,
        code: Option<&Typed>,
    ) -> Result<Admitted, Refusal> {
        let ix = self.allowed(step, Allowed::Override)?;
        let n = usize::from(check);
        let failed = self.steps[ix].checks.get(n).is_some_and(|one| one.state == CheckState::Failed);
        let role = self.plan.steps[ix].checks.get(n).and_then(|one| one.override_role.as_ref());
        let Some(role) = role.filter(|_| failed) else {
            return Err(Refusal::new("this check cannot be overridden"));
        };
        if !self.plan.roles.get(role).is_some_and(|people| people.iter().any(|one| one == by)) {
            return Err(Refusal::new(format!("{by} does not hold the role {role}")));
        }
        let reason = required(reason, "an override needs a reason: it stands in the report")?;
        let attempt = self.steps[ix].attempt;
        let event =
            Event::CheckOverridden { step: step.to_owned(), attempt, check, by: by.to_owned(), reason, proof: None };
        let proof = if by == self.plan.operator { None } else { Some(self.proof_need(at, step, by, code)?) };
        Ok(Admitted { events: vec![event], proof })
    }

    fn admit_rollback(
        &self,
        at: i64,
        step: &str,
        digest: &str,
        typed: Option<&Typed>,
        code: Option<&Typed>,
    ) -> Result<Admitted, Refusal> {
        if let Some(refusal) = self.find(step).ok().and_then(|ix| self.rollback_refusal(ix)) {
            return Err(Refusal::new(refusal));
        }
        let ix = self.allowed(step, Allowed::RollBack)?;
        let view = self.rollback_view(ix, at).ok_or_else(|| Refusal::new("nothing can be rolled back"))?;
        if view.digest != digest {
            return Err(Refusal::new("the roll back has changed since it was shown").hint("look at it again"));
        }
        self.check_typed(view.type_text.as_deref(), typed)?;
        let attempt = self.steps[ix].attempt;
        let started = Event::RollbackStarted {
            step: step.to_owned(),
            attempt,
            by: self.plan.operator.clone(),
            digest: digest.to_owned(),
            from: 0,
        };
        if view.mfa.is_none() {
            return Ok(Admitted::plain(vec![started]));
        }
        let mut need = self.proof_need(at, step, &self.plan.operator, code)?;
        let steps = u16::try_from(self.plan.steps[ix].rollback.len()).unwrap_or(u16::MAX);
        need.purpose = self.sends_of(ix, (0..steps).map(Purpose::Rollback));
        let verified = Event::MfaVerified { step: step.to_owned(), attempt, proof: blank_proof() };
        Ok(Admitted { events: vec![verified, started], proof: Some(need) })
    }
}

pub(super) fn required(text: &str, question: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() { Err(Refusal::new(question)) } else { Ok(text.to_owned()) }
}
