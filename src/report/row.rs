//! One line of the timeline: what happened, in words, as screens and exports show it.

use schemars::JsonSchema;
use serde::Serialize;

use super::words::{Subject, Words, words};
use crate::model::event::Stamped;
use crate::model::text::safe;

/// A row of the human-facing projection of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Sequence number of the record it comes from.
    pub seq: u64,
    pub at_ms: i64,
    /// The step it is about, by key.
    pub step: Option<String>,
    /// First column: the step, or `run`, `note`, `clock`.
    pub subject: String,
    pub text: String,
    pub kind: RowKind,
}

/// For filters, glyphs and colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    Run,
    Check,
    People,
    Sent,
    Answer,
    Ended,
    /// Skips, overrides, retries, done externally, unknown outcomes, pauses, budgets exceeded.
    Deviation,
    Failure,
    Note,
    /// Repeated observations: shown in a step's log, left out of the timeline.
    Detail,
}

impl RowKind {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Check => "check",
            Self::People => "people",
            Self::Sent => "sent",
            Self::Answer => "answer",
            Self::Ended => "ended",
            Self::Deviation => "deviation",
            Self::Failure => "failure",
            Self::Note => "note",
            Self::Detail => "detail",
        }
    }
}

/// The row of a record. Every event has one; its text is safe to show.
#[must_use]
pub fn row_of(stamped: &Stamped) -> Row {
    row_with(stamped, &words(stamped))
}

/// The same, of a record whose words are known already.
pub(super) fn row_with(stamped: &Stamped, words: &Words) -> Row {
    let step = words.step.as_deref().map(safe);
    let subject = match words.subject {
        Subject::Run => "run".to_owned(),
        Subject::Step => step.clone().unwrap_or_default(),
        Subject::Note => "note".to_owned(),
        Subject::Clock => "clock".to_owned(),
    };
    Row { seq: stamped.seq, at_ms: stamped.at_ms, step, subject, text: safe(&words.text), kind: words.kind }
}
