//! The journal held against AWS's own account of the same time: CloudTrail.
//!
//! Both ways: each recorded call that changed something must have its event, and each such event of our sessions
//! must have its record. Calls and events are matched by the request's id, which AWS gives out and both keep.
//!
//! Knows: records, events as CloudTrail documents them. Must not know: files, AWS, the wall clock.

mod calls;
mod event;
mod matching;
mod parameters;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub use event::{TrailError, TrailEvent, parse};
pub use matching::reconcile;

/// Events are there at most this long after the call, by AWS's word; mostly after five minutes.
pub const LAG_MS: i64 = 15 * 60 * 1000;

/// What came out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reconciliation {
    /// Different events that were looked at.
    pub events: usize,
    /// Recorded calls that may have changed something.
    pub calls: usize,
    /// Calls whose event says the same.
    pub matched: Vec<Match>,
    /// Calls whose event says something else.
    pub differing: Vec<Match>,
    pub missing: Vec<Missing>,
    /// Changes by our identity or another session of its role that the journal does not know.
    pub foreign: Vec<Foreign>,
    /// The same while a program that a step started was running: it may have made them.
    pub by_programs: Vec<Foreign>,
    /// Changes that a service of AWS made in our name: mostly what our own calls caused.
    pub by_services: usize,
    /// Reads that the journal does not know, if they were asked for. The tool's own looks before a step are among
    /// them.
    pub reads: Vec<Foreign>,
}

impl Reconciliation {
    /// Whether both accounts are the same, as far as they can be.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.differing.is_empty() && self.foreign.is_empty() && self.missing.iter().all(|one| !one.why.counts())
    }
}

/// A recorded call, as far as it has to be named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallName {
    /// The record of the intent.
    pub seq: u64,
    pub step: String,
    pub attempt: u32,
    pub action: String,
    pub outcome: Outcome,
    pub request_id: Option<String>,
}

/// How the call ended, by the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Succeeded,
    Refused,
    /// Sent, and the answer was lost.
    Unknown,
    /// No answer is recorded yet.
    Open,
}

/// A call and its event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Match {
    #[serde(rename = "call")]
    pub name: CallName,
    pub event_id: Option<String>,
    #[serde(rename = "at", serialize_with = "utc")]
    pub at_ms: i64,
    pub by: MatchedBy,
    /// What the event says otherwise.
    pub differences: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    RequestId,
    /// The journal holds no id: what was asked, who asked and when are the same.
    NameAndTime,
}

/// A call without an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    #[serde(rename = "call")]
    pub name: CallName,
    pub why: Why,
}

/// Why there may be no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Nothing explains it.
    Nothing,
    /// It was made less than 15 minutes ago.
    TooNew,
    /// It was made after the last event in the files.
    FilesEnd,
    /// Data events of this service are kept only where a trail was told to, and none is in the files.
    DataEvents,
    /// Its answer was lost: it may never have arrived.
    NotArrived,
    /// It was refused, and CloudTrail does not keep every refusal.
    Refused,
}

impl Why {
    /// Whether a call without an event speaks against the journal, or cannot be told yet.
    #[must_use]
    pub const fn counts(self) -> bool {
        match self {
            Self::Nothing | Self::TooNew | Self::FilesEnd => true,
            Self::DataEvents | Self::NotArrived | Self::Refused => false,
        }
    }

    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Nothing => "CloudTrail has no such call",
            Self::TooNew => "too new: CloudTrail may be 15 minutes behind; ask again",
            Self::FilesEnd => "made after the last event in these files; fetch later ones",
            Self::DataEvents => "a data event: kept only where a trail was told to, and these files hold none",
            Self::NotArrived => "its answer was lost, and no event shows that it arrived",
            Self::Refused => "it was refused, and CloudTrail does not keep every refusal",
        }
    }
}

/// An event that no record knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Foreign {
    pub who: String,
    pub what: String,
    #[serde(rename = "at", serialize_with = "utc")]
    pub at_ms: i64,
    pub account: Option<String>,
    pub region: Option<String>,
    pub request_id: Option<String>,
    pub event_id: Option<String>,
    /// The refusal it met.
    pub error: Option<String>,
    /// The step whose program was running.
    pub during: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn utc<S: serde::Serializer>(at_ms: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&crate::model::time::rfc3339(*at_ms))
}
