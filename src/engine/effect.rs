//! What the engine asks the driver to do.

use crate::model::Value;
use crate::model::action::Action;
use crate::model::event::{Event, Ticket, Timer};
use crate::model::plan::ResolvedTarget;

/// The closed set of requests to the driver. An effect is performed only after the event that
/// caused it is durable.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every effect is a record: it lives a moment, and a box each would cost more"
)]
pub enum Effect {
    /// Journal this fact, then hand it back to the engine.
    Record(Event),
    /// Call the cloud (or the world outside) and hand the answer back as an event.
    Call(Box<CallRequest>),
    StartTimer {
        timer: Timer,
        at_ms: i64,
    },
    /// A person is needed at this step: ring, and show it.
    AskOperator {
        step: String,
    },
    /// Nothing is left to do.
    Finish,
}

/// One call, fully rendered.
#[derive(Debug, Clone, PartialEq)]
pub struct CallRequest {
    pub ticket: Ticket,
    pub call: Action,
    pub target: ResolvedTarget,
    /// Idempotency token; the same for every send of one attempt.
    pub token: String,
    /// Do not send before this instant (Unix ms): poll intervals, backoff, settle time.
    pub not_before_ms: i64,
    /// Give up waiting for the answer after this long.
    pub timeout_ms: u64,
    /// Whether it may change the world: then it is sent once and never retried by the adapter.
    pub changes: bool,
    /// For a send: what the state it changes looked like when it was shown at the gate (the answer
    /// of the action's probe). Where AWS can compare and swap, the call succeeds only if that still holds.
    pub before: Option<Value>,
    pub session: CallSession,
}

/// Whose rights a call is made with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CallSession {
    /// The target's own profile or role: every read, and sends without MFA at AWS.
    #[default]
    Base,
    /// The session that this step's MFA code opened.
    Step,
    /// The session that a code opened for several steps: a phase's id (`mfa: phase`), or `run` (`mfa: 15m`).
    Shared(String),
}
