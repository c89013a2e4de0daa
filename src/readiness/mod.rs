//! Floor 3: whether a runbook could work here and now: the questions its steps raise, asked read-only
//! through the cloud port, and their answers judged.
//!
//! ```text
//! [Plan] ──derive──▶ [Question] ──ask──▶ answers ──judge──▶ [Finding]
//! ```
//! Must not know: which cloud answers, or how the table is shown.

mod ask;
mod derive;
mod judge;
mod question;
mod wants;

use serde::Serialize;

pub use ask::{Programs, ask};
pub use derive::questions;
pub use question::{Ask, Check, Question};

/// How one thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As the runbook needs it.
    Ok,
    /// Nothing can be asked before the run: its name comes out of an earlier step.
    Later,
    /// It could not be asked, or the answer does not say.
    Unknown,
    /// The runbook would stop here.
    Gap,
}

impl State {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Later => "later",
            Self::Unknown => "unknown",
            Self::Gap => "gap",
        }
    }

    #[must_use]
    pub const fn glyph(self) -> char {
        match self {
            Self::Ok => '✓',
            Self::Later => '·',
            Self::Unknown => '?',
            Self::Gap => '✗',
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The target's name; empty for the nameless default.
    pub target: String,
    pub region: Option<String>,
    /// `cluster shop-dr`.
    pub resource: String,
    /// What is asked of it, as a word for scripts.
    pub check: &'static str,
    /// The same for people.
    #[serde(skip)]
    pub label: &'static str,
    pub state: State,
    pub seen: String,
    /// What to do about it; there for everything that is not ok.
    pub help: Option<String>,
    /// Keys of the steps that need it.
    pub steps: Vec<String>,
    /// Whether no credentials were there to ask with.
    #[serde(skip)]
    pub no_credentials: bool,
}

/// A runbook is ready when nothing is missing and everything could be asked.
#[must_use]
pub fn is_ready(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| matches!(finding.state, State::Ok | State::Later))
}

/// Whether there are targets and not one of them has credentials that work.
#[must_use]
pub fn no_credentials_at_all(findings: &[Finding]) -> bool {
    let mut identities = findings.iter().filter(|finding| finding.check == Check::Account { account: None }.word());
    identities.clone().next().is_some() && identities.all(|finding| finding.no_credentials)
}

#[cfg(test)]
mod tests;
