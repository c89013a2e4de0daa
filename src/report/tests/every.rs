//! One of every event, each text of which is the one given.

use serde_json::json;

use crate::model::event::{
    DrillHeader, Event, MfaProof, MfaRefusal, Origin, Purpose, RunHeader, Stamped, Ticket, Timer, UnknownDecision,
};
use crate::model::milestone::Milestone;
use crate::model::outcome::{CloudError, CloudErrorKind, Mode, ProbeAnswer, RunStatus};
use crate::model::plan::Intent;

pub(super) const START_MS: i64 = 1_767_495_600_000;

pub(super) fn header(text: &str) -> RunHeader {
    RunHeader {
        runbook: text.to_owned(),
        digest: "sha256:d1".to_owned(),
        files: Vec::new(),
        mode: Mode::Drill,
        intent: Intent::Planned,
        operator: text.to_owned(),
        inputs: json!({ "region": text }).as_object().cloned().unwrap_or_default(),
        secrets: Vec::new(),
        version: "0.1.0".to_owned(),
        binary: "sha256:b1".to_owned(),
        drill: Some(DrillHeader { seed: 7, scenario: json!({"name": text}), speed: "max".to_owned(), surprise: true }),
        identities: Vec::new(),
    }
}

/// Which event it is. No wildcard: a new one does not compile until it stands here, and fails the
/// test until it is made below.
pub(super) const fn number(event: &Event) -> usize {
    match event {
        Event::RunStarted(_) => 0,
        Event::RunResumed { .. } => 1,
        Event::RunPaused { .. } => 2,
        Event::RunContinued => 3,
        Event::RunLeft { .. } => 4,
        Event::RunAborted { .. } => 5,
        Event::RunFinished { .. } => 6,
        Event::BudgetExceeded { .. } => 7,
        Event::NoteAdded { .. } => 8,
        Event::TornTailCut { .. } => 9,
        Event::Anomaly { .. } => 10,
        Event::StepReady { .. } => 11,
        Event::Observed { .. } => 12,
        Event::CheckPassed { .. } => 13,
        Event::CheckFailed { .. } => 14,
        Event::CheckOverridden { .. } => 15,
        Event::GateOpened { .. } => 16,
        Event::StepConfirmed { .. } => 17,
        Event::StepAutoConfirmed { .. } => 18,
        Event::MfaVerified { .. } => 19,
        Event::MfaRefused { .. } => 20,
        Event::ApprovalGranted { .. } => 21,
        Event::ActionRequested { .. } => 22,
        Event::ActionSucceeded { .. } => 23,
        Event::ActionRefused { .. } => 24,
        Event::ActionUnknown { .. } => 25,
        Event::ProbeAnswered { .. } => 26,
        Event::ProbeRequested { .. } => 27,
        Event::UnknownResolved { .. } => 28,
        Event::RetryScheduled { .. } => 29,
        Event::StepSucceeded { .. } => 30,
        Event::StepFailed { .. } => 31,
        Event::StepSkipped { .. } => 32,
        Event::StepDoneExternally { .. } => 33,
        Event::StepRetried { .. } => 34,
        Event::RollbackStarted { .. } => 35,
        Event::StepRolledBack { .. } => 36,
        Event::RollbackFailed { .. } => 37,
        Event::TimerFired { .. } => 38,
        Event::VerificationInDoubt { .. } => 39,
        Event::ChecksOutdated { .. } => 40,
        Event::MilestoneReached { .. } => 41,
        Event::ActionItemAdded { .. } => 42,
        Event::ActionItemDone { .. } => 43,
    }
}
pub(super) const EVENTS: usize = 44;

pub(super) fn every_event(text: &str) -> Vec<Event> {
    [run_events(text), gate_events(text), call_events(text), end_events(text)].concat()
}

/// The events as a journal would hold them, a second apart.
pub(super) fn stamped(events: Vec<Event>, who: &str) -> Vec<Stamped> {
    (1..)
        .zip(events)
        .map(|(seq, event)| {
            let at_ms = START_MS + i64::try_from(seq).unwrap() * 1000;
            Stamped { seq, epoch: 1, at_ms, who: who.to_owned(), event }
        })
        .collect()
}

fn run_events(text: &str) -> Vec<Event> {
    let s = || text.to_owned();
    vec![
        Event::RunStarted(Box::new(header(text))),
        Event::RunResumed { operator: s(), version: s(), binary: s() },
        Event::RunPaused { reason: s() },
        Event::RunContinued,
        Event::RunLeft { reason: s() },
        Event::RunAborted { reason: s() },
        Event::RunFinished { status: RunStatus::Succeeded, rto_ms: 5_347_000, rpa_ms: Some(41_000) },
        Event::BudgetExceeded { phase: Some(s()), budget_ms: 3_600_000 },
        Event::BudgetExceeded { phase: None, budget_ms: 14_400_000 },
        Event::NoteAdded { by: s(), text: s(), about_ms: None, step: None },
        Event::NoteAdded { by: s(), text: s(), about_ms: Some(START_MS), step: Some(s()) },
        Event::MilestoneReached {
            milestone: Milestone::Detected,
            by: s(),
            about_ms: Some(START_MS),
            step: None,
            text: Some(s()),
        },
        Event::MilestoneReached {
            milestone: Milestone::Declared,
            by: s(),
            about_ms: None,
            step: Some(s()),
            text: None,
        },
        Event::ActionItemAdded { item: 1, by: s(), text: s(), owner: Some(s()) },
        Event::ActionItemDone { item: 1, by: s(), text: s() },
        Event::TornTailCut { bytes: 10 },
        Event::Anomaly { detail: s() },
    ]
}

fn proof(text: &str) -> MfaProof {
    MfaProof { by: text.to_owned(), method: text.to_owned(), device: text.to_owned(), counter: Some(1) }
}

fn gate_events(text: &str) -> Vec<Event> {
    let s = || text.to_owned();
    let ticket = Ticket { step: s(), attempt: 1, purpose: Purpose::Check(0) };
    vec![
        Event::StepReady { step: s(), attempt: 1 },
        Event::Observed { ticket: ticket.clone(), result: Ok(json!({ text: text })), request_id: None, cloud_ms: None },
        Event::Observed { ticket, result: Err(error(text)), request_id: Some(s()), cloud_ms: None },
        Event::CheckPassed { step: s(), attempt: 1, check: 0, expect: s(), detail: Some(s()) },
        Event::CheckFailed { step: s(), attempt: 1, check: 0, expect: s(), message: s() },
        Event::CheckOverridden { step: s(), attempt: 1, check: 0, by: s(), reason: s(), proof: Some(proof(text)) },
        Event::GateOpened { step: s(), attempt: 1, request: json!({ text: text }), digest: s() },
        Event::StepConfirmed { step: s(), attempt: 1, by: s(), digest: s(), typed: true },
        Event::StepAutoConfirmed { step: s(), attempt: 1, digest: s() },
        Event::MfaVerified { step: s(), attempt: 1, proof: proof(text) },
        Event::MfaRefused { step: s(), by: s(), why: MfaRefusal::AlreadyUsed, detail: Some(s()) },
        Event::ApprovalGranted {
            step: s(),
            attempt: 1,
            by: s(),
            role: s(),
            digest: s(),
            expires_ms: START_MS,
            proof: proof(text),
            from: Some(Origin { login: s(), uid: 7, session: Some(s()), host: s(), terminal: Some(s()) }),
        },
    ]
}

fn error(text: &str) -> CloudError {
    let kind = CloudErrorKind::UnknownOutcome;
    CloudError { kind, code: text.to_owned(), message: text.to_owned(), request_id: None }
}

fn call_events(text: &str) -> Vec<Event> {
    let s = || text.to_owned();
    let ticket = || Ticket { step: s(), attempt: 1, purpose: Purpose::Action };
    let request = |ticket, action: &str| Event::ActionRequested {
        ticket,
        action: action.to_owned(),
        request: json!(text),
        digest: s(),
        token: s(),
        target: json!(text),
    };
    vec![
        request(ticket(), "aws/rds.promote_read_replica_db_cluster"),
        request(Ticket { purpose: Purpose::Rollback(0), ..ticket() }, text),
        Event::ActionSucceeded {
            ticket: ticket(),
            result: json!({ text: [text] }),
            request_id: Some(s()),
            cloud_ms: Some(1),
        },
        Event::ActionRefused { ticket: ticket(), error: error(text) },
        Event::ActionUnknown { ticket: ticket(), error: error(text) },
        Event::ProbeAnswered { step: s(), attempt: 1, answer: ProbeAnswer::After, detail: s() },
        Event::ProbeRequested { step: s(), attempt: 1, by: s() },
        Event::UnknownResolved {
            step: s(),
            attempt: 1,
            by: s(),
            decision: UnknownDecision::RecordDone,
            reason: s(),
            typed: true,
        },
        Event::VerificationInDoubt { step: s(), attempt: 1, verify: 0, message: s() },
        Event::ChecksOutdated { step: s(), attempt: 1, age_ms: 240_000 },
        Event::RetryScheduled { step: s(), attempt: 1, not_before_ms: START_MS, after: CloudErrorKind::Throttled },
    ]
}

fn end_events(text: &str) -> Vec<Event> {
    let s = || text.to_owned();
    vec![
        Event::StepSucceeded { step: s(), attempt: 1, outputs: crate::model::Object::new() },
        Event::StepFailed { step: s(), attempt: 2, reason: s() },
        Event::StepSkipped { step: s(), by: Some(s()), reason: s() },
        Event::StepSkipped { step: s(), by: None, reason: s() },
        Event::StepDoneExternally { step: s(), attempt: 1, by: s(), evidence: s() },
        Event::StepRetried { step: s(), attempt: 2, by: s() },
        Event::RollbackStarted { step: s(), attempt: 1, by: s(), digest: s(), from: 1 },
        Event::StepRolledBack { step: s(), attempt: 1 },
        Event::RollbackFailed { step: s(), attempt: 1, reason: s() },
        Event::TimerFired { timer: Timer::PhaseBudget { phase: s() } },
        Event::TimerFired { timer: Timer::RunBudget },
        Event::TimerFired { timer: Timer::Wait { step: s(), attempt: 1 } },
    ]
}
