//! What is wrong with a journal, and at which record.

use serde::Serialize;

/// The first thing found wrong. Everything before that record is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("record {record} is damaged: {detail}")]
pub struct Damage {
    /// Line of the file, from 1.
    pub record: u64,
    pub reason: DamageKind,
    pub detail: String,
}

/// The kinds of damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DamageKind {
    /// The journal does not begin with a whole `RunStarted`.
    NoHeader,
    /// The line is not a record at all.
    BadJson,
    /// The line's content does not match its own hash, or the hash that the next line names.
    Changed,
    /// Records are missing before this one.
    Cut,
    /// This record was put in: its number was already taken.
    Inserted,
    /// Records stand in another order than they were written in.
    Reordered,
    WrongRun,
    /// The chain was begun for another mode (or another run).
    WrongMode,
    /// A file under `out/` that the record names is missing or changed.
    SideFile,
    /// Written by a newer version of lifeboat.
    Version,
}

impl DamageKind {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoHeader => "no header",
            Self::BadJson => "not a record",
            Self::Changed => "changed",
            Self::Cut => "cut",
            Self::Inserted => "inserted",
            Self::Reordered => "reordered",
            Self::WrongRun => "wrong run",
            Self::WrongMode => "wrong mode",
            Self::SideFile => "side file",
            Self::Version => "unknown version",
        }
    }
}

impl Damage {
    pub(super) fn new(record: u64, reason: DamageKind, detail: impl Into<String>) -> Self {
        Self { record, reason, detail: detail.into() }
    }
}
