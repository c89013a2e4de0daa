//! What the loop makes of answers, and whom it may ask. Pure.

use crate::engine::Engine;
use crate::engine::command::{Refusal, RefusalKind};
use crate::engine::effect::CallRequest;
use crate::engine::ports::CloudReply;
use crate::model::event::{Event, Purpose, Ticket};
use crate::model::outcome::{CloudError, CloudErrorKind};

/// The operator, then everybody who holds a role.
pub(super) fn people(engine: &Engine) -> Vec<String> {
    let plan = engine.plan();
    let mut people = vec![plan.operator.clone()];
    for person in plan.roles.values().flatten() {
        if !people.contains(person) {
            people.push(person.clone());
        }
    }
    people
}

pub(super) fn being_left() -> Refusal {
    Refusal::new("the run is being left").of(RefusalKind::Left)
}

/// A send whose end is told to whoever comes later.
pub(super) fn is_kept(request: &CallRequest) -> bool {
    request.changes && request.call.operation().keeps_account()
}

pub(super) fn no_answer(timeout_ms: u64) -> CloudError {
    CloudError {
        kind: CloudErrorKind::UnknownOutcome,
        code: "NoAnswer".to_owned(),
        message: format!("no answer within {}", crate::model::time::human_ms(timeout_ms)),
        request_id: None,
    }
}

/// An answer as a fact. A read with no answer changed nothing: it is refused, not unknown.
pub(super) fn answered(request: CallRequest, answer: Result<CloudReply, CloudError>) -> Event {
    let ticket: Ticket = request.ticket;
    match (ticket.purpose, answer) {
        (Purpose::Action | Purpose::Rollback(_), Ok(reply)) => Event::ActionSucceeded {
            ticket,
            result: reply.value,
            request_id: reply.request_id,
            cloud_ms: reply.cloud_ms,
        },
        (Purpose::Action | Purpose::Rollback(_), Err(error)) => {
            if request.changes && error.kind == CloudErrorKind::UnknownOutcome {
                Event::ActionUnknown { ticket, error }
            } else {
                Event::ActionRefused { ticket, error }
            }
        }
        (Purpose::Before | Purpose::Check(_) | Purpose::Verify(_) | Purpose::Probe, Ok(reply)) => {
            Event::Observed { ticket, result: Ok(reply.value), request_id: reply.request_id, cloud_ms: reply.cloud_ms }
        }
        (Purpose::Before | Purpose::Check(_) | Purpose::Verify(_) | Purpose::Probe, Err(error)) => {
            let request_id = error.request_id.clone();
            Event::Observed { ticket, result: Err(error), request_id, cloud_ms: None }
        }
    }
}
