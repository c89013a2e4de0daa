//! How things end: of a call, of a step, of a run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an action may do to the world (glossary).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Only looks.
    Read,
    /// Changes something that the opposite call puts back.
    Reversible,
    /// Changes something for good.
    Irreversible,
}

impl Risk {
    #[must_use]
    pub const fn changes(self) -> bool {
        !matches!(self, Self::Read)
    }

    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Reversible => "reversible",
            Self::Irreversible => "irreversible",
        }
    }
}

/// How an action behaves when it is sent twice (`safety.md`, "Calls").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Class {
    /// Absolute set: the same call twice leaves the same state.
    A,
    /// Carries an idempotency token derived from run, step and attempt.
    B,
    /// Guarded by a state or a name: the second call is refused.
    C,
    /// Unguarded: a second call does it a second time.
    D,
}

/// Why a call did not succeed. `UnknownOutcome` is the only one after which the change may have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloudErrorKind {
    /// The identity may not do this.
    Denied,
    /// The credentials have expired; nothing was done with them. A new login helps.
    Expired,
    /// Too many requests; refused before anything changed.
    Throttled,
    /// The thing named does not exist.
    NotFound,
    /// The request makes no sense to the service, or the state forbids it.
    Invalid,
    /// The service could not be reached; the request was not sent.
    Unavailable,
    /// The request may have been received; the answer is lost.
    UnknownOutcome,
}

impl CloudErrorKind {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Expired => "credentials expired",
            Self::Throttled => "throttled",
            Self::NotFound => "not found",
            Self::Invalid => "invalid",
            Self::Unavailable => "unavailable",
            Self::UnknownOutcome => "unknown outcome",
        }
    }
}

/// A call that did not succeed, as the cloud told it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct CloudError {
    pub kind: CloudErrorKind,
    /// The service's own code (`InvalidDBClusterStateFault`), or ours for transport faults.
    pub code: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// What a probe says of a change whose answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeAnswer {
    /// The world looks as it did before the call.
    Before,
    /// The change is under way.
    InProgress,
    /// The change has happened.
    After,
    /// The world does not say.
    CannotTell,
}

impl ProbeAnswer {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Before => "not done",
            Self::InProgress => "in progress",
            Self::After => "done",
            Self::CannotTell => "cannot tell",
        }
    }
}

/// Status of a step, as `status --json` prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    Pending,
    /// Something or somebody is awaited: a person at a gate, a decision after a failure.
    Waiting,
    Running,
    Succeeded,
    Failed,
    Skipped,
    DoneExternally,
    Unknown,
    RolledBack,
}

impl StepStatus {
    /// Whether later steps may go on.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Succeeded | Self::Skipped | Self::DoneExternally)
    }

    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Succeeded => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::DoneExternally => "done externally",
            Self::Unknown => "unknown",
            Self::RolledBack => "rolled back",
        }
    }
}

/// Status of a run, as `status --json` prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    Running,
    /// Nothing moves until a person acts.
    Waiting,
    Paused,
    Succeeded,
    Failed,
    Aborted,
}

impl RunStatus {
    /// As summaries, screens and exports name it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
        }
    }
}

/// Drill or real: part of the journal's seed, so that one can never be resumed as the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Drill,
    Real,
}

impl Mode {
    /// The word in row 1 of every screen and in every export.
    #[must_use]
    pub const fn banner(self) -> &'static str {
        match self {
            Self::Drill => "DRILL",
            Self::Real => "REAL",
        }
    }

    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Drill => "drill",
            Self::Real => "real",
        }
    }
}
