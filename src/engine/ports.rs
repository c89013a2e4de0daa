//! The ports: what the driver needs from the outside, as traits that adapters implement.

use futures_util::future::BoxFuture;

use super::effect::CallRequest;
use crate::model::Value;
use crate::model::event::{MfaProof, MfaRefusal, Stamped};
use crate::model::outcome::CloudError;

/// A successful answer.
#[derive(Debug, Clone, PartialEq)]
pub struct CloudReply {
    pub value: Value,
    pub request_id: Option<String>,
}

/// The cloud: real, or simulated.
pub trait Cloud: Send + Sync {
    /// Sends one call, once.
    ///
    /// # Errors
    /// As the outcome table of `CloudErrorKind` says; anything that does not prove an outcome is
    /// `UnknownOutcome`.
    fn call<'a>(&'a self, request: &'a CallRequest) -> BoxFuture<'a, Result<CloudReply, CloudError>>;
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

/// Proof that a person is present.
pub trait MfaDevices: Send + Sync {
    /// Checks a code of `person` at `now_ms`; `last_counter` is the last one that counted.
    ///
    /// # Errors
    /// Why the code does not count. It is never tried a second time.
    fn verify(&self, person: &str, code: &str, now_ms: i64, last_counter: Option<u64>) -> Result<MfaProof, MfaRefusal>;

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

    /// Sequence number of the last record and the head of the chain (64 hex digits).
    fn head(&self) -> (u64, String);
}

/// A journal that cannot be written.
#[derive(Debug, Clone, thiserror::Error)]
#[error("failed to write the journal: {0}")]
pub struct JournalError(pub String);
