//! The few words that are spoken through the hatch: one JSON object a line, each way in turn.
//!
//! Versioned; must not know sockets.

use serde::{Deserialize, Serialize};

use crate::engine::command::{Refusal, RefusalKind};
use crate::model::outcome::{Mode, Risk};

/// Of these words.
pub const VERSION: u32 = 1;
/// The longest line of a visitor.
pub const ASK_MAX_BYTES: usize = 4 * 1024;
/// The longest line of the run.
pub const ANSWER_MAX_BYTES: usize = 256 * 1024;

/// What a visitor may ask. There is no `Debug`: an approval holds a code.
#[derive(Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub enum Ask {
    /// What is there to approve? Nothing is, before it was looked at.
    Look { v: u32, step: String, by: String },
    /// Approve what was shown last: this attempt of this very request.
    Approve { v: u32, attempt: u32, digest: String, code: String },
}

/// What the run answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    Sheet(Box<Sheet>),
    Granted {
        /// Approvals given, and wanted, now.
        given: u32,
        wanted: u32,
        /// Until when it counts (Unix ms, by the run's clock).
        until_ms: i64,
    },
    Refused {
        kind: RefusalKind,
        message: String,
        #[serde(default)]
        hint: Option<String>,
    },
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::Refused { kind: refusal.kind, message: refusal.message, hint: refusal.hint }
    }
}

/// Everything an approver reads before the code is typed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    pub run: String,
    pub runbook: String,
    pub title: String,
    pub mode: Mode,
    pub operator: String,
    pub step: String,
    pub step_title: String,
    pub attempt: u32,
    /// Of the request, which is what is approved.
    pub digest: String,
    /// As the cloud's own documents write it, and as the runbook does.
    pub action: String,
    pub request: Vec<(String, String)>,
    pub region: String,
    pub account: String,
    pub target: String,
    pub identity: Option<String>,
    pub command_line: Option<String>,
    pub risk: Risk,
    /// The author's words at the gate.
    pub message: Option<String>,
    /// What was seen before, and what is looked for afterwards.
    pub before: Vec<String>,
    pub after: Vec<String>,
    pub undo: Vec<String>,
    pub wanted: u32,
    /// Who has approved: name, when (Unix ms), from where.
    pub given: Vec<(String, i64, Option<String>)>,
    /// How long an approval counts.
    pub within_ms: u64,
    pub now_ms: i64,
    /// The simulated cloud: the device is a practice one, its code (and how long it lasts, ms) shown.
    pub is_simulated: bool,
    pub practice: Option<(String, u64)>,
}
