//! The ports: what the driver needs from the outside, as traits that adapters implement.

use futures_util::future::BoxFuture;

use super::command::Typed;
use super::effect::{CallRequest, CallSession};
use crate::model::Value;
use crate::model::action::Action;
use crate::model::event::{MfaProof, MfaRefusal, Stamped};
use crate::model::outcome::CloudError;
use crate::model::plan::ResolvedTarget;
use crate::model::progress::Progress;

/// A successful answer.
#[derive(Debug, Clone, PartialEq)]
pub struct CloudReply {
    pub value: Value,
    pub request_id: Option<String>,
    /// The cloud's own clock when it answered (the `Date` header), Unix ms.
    pub cloud_ms: Option<i64>,
}

/// The cloud: real, or simulated.
pub trait Cloud: Send + Sync {
    /// Sends one call, once.
    ///
    /// # Errors
    /// As the outcome table of `CloudErrorKind` says; anything that does not prove an outcome is
    /// `UnknownOutcome`.
    fn call<'a>(&'a self, request: &'a CallRequest) -> BoxFuture<'a, Result<CloudReply, CloudError>>;

    /// How far the call of a step is that is in flight now, where it does many things one by one. For
    /// the screen: it may be out of date, and nothing is decided by it.
    fn progress(&self, _step: &str) -> Option<Progress> {
        None
    }
}

/// Time. In a drill it is virtual and may run fast.
pub trait Clock: Send + Sync {
    /// The run's wall clock, Unix ms. Never goes back.
    fn now_ms(&self) -> i64;

    /// Returns once `now_ms()` has reached `at_ms`.
    fn sleep_until(&self, at_ms: i64) -> BoxFuture<'_, ()>;

    /// Told by the driver whenever it has nothing to do but wait for sleepers. A clock that may
    /// jump moves to its earliest sleeper and returns true; any other returns false.
    fn skip_idle(&self) -> bool;

    /// Told by the driver: people are being waited for, so time should pass at human pace.
    fn set_human_pace(&self, human: bool);
}

/// One code to be checked, once.
#[derive(Debug, Clone)]
pub struct MfaRequest {
    pub step: String,
    /// Whose code it is.
    pub person: String,
    pub code: Typed,
    /// The run's wall clock, Unix ms.
    pub now_ms: i64,
    /// The last RFC 6238 counter of this person that counted in this run.
    pub last_counter: Option<u64>,
    pub purpose: MfaPurpose,
}

/// What a code is given for. A session made from it may do that and no more.
#[derive(Debug, Clone, PartialEq)]
pub enum MfaPurpose {
    /// The sends that follow: the step's own, or those of its rollback.
    Send { session: CallSession, calls: Vec<(Action, ResolvedTarget)> },
    /// Presence alone: an approval, an override, a decision about an unknown outcome.
    Presence,
}

/// Why a code did not count, and what the other side said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MfaDenied {
    pub why: MfaRefusal,
    pub detail: Option<String>,
}

impl From<MfaRefusal> for MfaDenied {
    fn from(why: MfaRefusal) -> Self {
        Self { why, detail: None }
    }
}

/// Proof that a person is present.
pub trait MfaDevices: Send + Sync {
    /// Checks a code, once: it is never tried a second time, whatever comes of it.
    ///
    /// # Errors
    /// Why the code does not count.
    fn verify(&self, request: MfaRequest) -> BoxFuture<'static, Result<MfaProof, MfaDenied>>;

    /// The code now shown by the practice authenticator and the milliseconds it stays valid;
    /// `None` for real devices, which only their owner can see.
    fn practice_code(&self, person: &str, now_ms: i64) -> Option<(String, u64)>;

    /// A short name of the person's device, for the dialog.
    fn device(&self, person: &str) -> Option<String>;
}

/// Where records go. *Append this record; if it cannot be made durable, nothing may be executed.*
pub trait Journal: Send {
    /// Writes one event at the next sequence number. It is durable only after [`Journal::sync`].
    ///
    /// # Errors
    /// A message for the operator. From then on the journal is poisoned and refuses everything.
    fn append(&mut self, at_ms: i64, event: crate::model::event::Event) -> Result<Stamped, JournalError>;

    /// Makes everything appended so far durable; one disk sync for the whole batch. The driver
    /// calls it before it performs any effect or shows anything that the batch caused.
    ///
    /// # Errors
    /// As [`Journal::append`]: a failed sync is never retried.
    fn sync(&mut self) -> Result<(), JournalError>;

    /// Whether one more call may go out: there is room for its intent, and room is kept for the
    /// outcomes of those in flight. Asked before each intent is written.
    fn has_room(&mut self) -> bool {
        true
    }

    /// Sequence number of the last record and the head of the chain (64 hex digits).
    fn head(&self) -> (u64, String);
}

/// A journal that cannot be written.
#[derive(Debug, Clone, thiserror::Error)]
#[error("failed to write the journal: {0}")]
pub struct JournalError(pub String);

/// A program of this machine that a call is made through, with what it is given beside the usual
/// environment. Keys may be among that, so it is never shown.
#[derive(Clone)]
pub struct Program {
    pub argv: Vec<String>,
    pub env: std::collections::BTreeMap<String, String>,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("argv", &self.argv).finish_non_exhaustive()
    }
}

/// The programs of this machine, for an adapter whose calls go through one of them. An exit code
/// other than 0 is an answer.
pub trait Programs: Send + Sync {
    /// Runs a program that only looks; ended when it takes longer than the call may.
    ///
    /// # Errors
    /// It could not be started, took too long, or printed more than an answer holds: whatever of it.
    fn look<'a>(
        &'a self,
        program: Program,
        request: &'a CallRequest,
    ) -> BoxFuture<'a, Result<ProgramAnswer, CloudError>>;

    /// Runs a program that may change something: once, and never ended by us.
    ///
    /// # Errors
    /// As for `exec`.
    fn run<'a>(
        &'a self,
        program: Program,
        request: &'a CallRequest,
    ) -> BoxFuture<'a, Result<ProgramAnswer, CloudError>>;

    /// How the program of an earlier send stands, by the ticket and token of `request`: as
    /// `model::action::outside::account` tells it.
    ///
    /// # Errors
    /// What is known of it cannot be read.
    fn account<'a>(&'a self, request: &'a CallRequest) -> BoxFuture<'a, Result<Value, CloudError>>;
}

/// How a program ended, and what it printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramAnswer {
    pub exit_code: i64,
    pub stdout: String,
    pub stderr: String,
}
