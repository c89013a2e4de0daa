//! What a person may ask for. A command becomes an event only if the state admits it.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::model::event::{Origin, UnknownDecision};
use crate::model::milestone::Milestone;

/// The closed set of requests from a face (TUI, plain, headless).
///
/// `Debug` never shows what was typed: texts and codes are wrapped.
#[derive(Debug, Clone)]
pub enum Command {
    /// Run a step: everything its gate asks for, at once. `digest` is that of the request shown.
    Run {
        step: String,
        attempt: u32,
        digest: String,
        typed: Option<Typed>,
        code: Option<Typed>,
    },
    /// Another person opens an approval gate with their own device. Without a code it is only asked
    /// whether nothing else is in the way.
    Approve {
        step: String,
        attempt: u32,
        digest: String,
        by: String,
        code: Option<Typed>,
        /// Where it was handed in, if not at the operator's terminal.
        from: Option<Origin>,
    },
    /// Run every ready read-only step of a phase.
    RunReads {
        phase: String,
    },
    /// Let a failed pre-check pass. `by` must hold the check's role; if not the operator, with a code.
    Override {
        step: String,
        check: u16,
        by: String,
        reason: String,
        code: Option<Typed>,
    },
    Skip {
        step: String,
        reason: String,
    },
    DoneExternally {
        step: String,
        evidence: String,
    },
    Retry {
        step: String,
    },
    /// Roll a step back; gated like the step itself. `digest` is that of the rollback shown.
    RollBack {
        step: String,
        digest: String,
        typed: Option<Typed>,
        code: Option<Typed>,
    },
    ResolveUnknown {
        step: String,
        decision: UnknownDecision,
        reason: String,
        /// The step's id, where the class of the call asks for it.
        typed: Option<Typed>,
        code: Option<Typed>,
    },
    /// Ask the probe again.
    ProbeAgain {
        step: String,
    },
    /// Start no further step; running ones go on.
    Pause {
        reason: String,
    },
    Continue,
    Note {
        text: String,
        about_ms: Option<i64>,
        step: Option<String>,
    },
    /// A moment of the incident, told by a person.
    Milestone {
        milestone: Milestone,
        about_ms: Option<i64>,
        text: String,
    },
    /// Stop here; calls in flight are awaited. The run can be resumed.
    Leave {
        reason: String,
    },
    Abort {
        reason: String,
    },
    /// A dialog is open: let virtual time pass at human pace.
    Attention {
        on: bool,
    },
    /// People at other terminals: whether they may hand something in, and how many are about to. They
    /// read and type at human pace too.
    Visitors {
        is_open: bool,
        here: u32,
    },
    /// The process is about to be put to sleep by its terminal: let nothing begin until it is back.
    /// Refused while a call is in flight.
    Hold {
        on: bool,
    },
}

/// Text a person typed at a gate: compared, never shown or logged, and wiped from memory when it is
/// over.
#[derive(Clone)]
pub struct Typed(SecretString);

impl Typed {
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(SecretString::from(text))
    }

    /// The text itself, for whoever compares it or hands it to a device.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for Typed {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Typed {}

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed(…)")
    }
}

/// What kind of no it is: for whoever has to act on it, a script for example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// Not in the present state.
    #[default]
    Now,
    /// There is no such thing.
    Unknown,
    /// Not this person.
    Person,
    /// The code does not count.
    Code,
    /// A code is all that is missing.
    NoCode,
    /// The run has ended.
    Ended,
    /// The run has stopped, or is about to; it can be resumed.
    Left,
}

/// Why a command was not admitted: for the dialog, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    pub kind: RefusalKind,
    pub message: String,
    /// What would help.
    pub hint: Option<String>,
}

impl Refusal {
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Now, message: message.into(), hint: None }
    }

    #[must_use]
    pub const fn of(mut self, kind: RefusalKind) -> Self {
        self.kind = kind;
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
