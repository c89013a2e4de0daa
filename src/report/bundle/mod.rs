//! A bundle: one tar file with everything that proves a run, for somebody on another machine.
//!
//! ```text
//! lifeboat-<RUN>/
//!   MANIFEST            SHA-256 of every other member, as `sha256sum -c` reads it
//!   README.md           how to check all this, by hand and with lifeboat
//!   bundle.json         which run, how many records, the head, who made it
//!   exports/…           the timeline in each format, and the summary
//!   journal.jsonl       the records, byte for byte
//!   out/…               what did not fit into a record; each is named by one, with its digest
//!   runbook/…           the runbook's files, as record 1 holds them
//!   signatures/…        signed heads: N.txt is what was signed at record N, N.<hex>.sig the signatures
//! ```
//! Nothing in it comes from a clock, a machine or a user's name: the same journal makes the same bytes. So a
//! bundle is checked by making it again: every byte of it, tar headers included, has one value that it may have.
//!
//! Knows: records, exports, the form of a tar. Must not know: files, faces, how signatures are made.

mod archive;
mod check;
mod contents;
mod manifest;
mod readme;
pub mod statement;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Serialize;

pub use archive::pack;
pub use check::{Checked, Exports, check, signature_faults};
pub use contents::{NotMade, Parts, Whole};

/// Larger bundles are neither made nor read.
pub const BUNDLE_MAX_BYTES: u64 = 512 * 1024 * 1024;

pub(super) const JOURNAL: &str = "journal.jsonl";
const MANIFEST: &str = "MANIFEST";
const README: &str = "README.md";
const FACTS: &str = "bundle.json";
const EXPORTS: &str = "exports/";
const SIDES: &str = "out/";
const RUNBOOK: &str = "runbook/";
/// Where signed heads lie, in a run's directory and in a bundle.
pub const SIGNATURES: &str = "signatures/";

/// What a bundle holds: bytes by path below its one directory, in the order in which they are packed.
pub type Members = BTreeMap<String, Vec<u8>>;

/// The one directory of a run's bundle.
#[must_use]
pub fn top_of(run: &str) -> String {
    format!("lifeboat-{run}")
}

/// What is wrong with a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The member that it is about; none: the file as a whole.
    pub member: Option<String>,
    pub detail: String,
}

impl Fault {
    fn of(member: &str, detail: impl Into<String>) -> Self {
        Self { member: Some(member.to_owned()), detail: detail.into() }
    }

    fn whole(detail: impl Into<String>) -> Self {
        Self { member: None, detail: detail.into() }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.member {
            Some(member) => write!(f, "`{member}`: {}", self.detail),
            None => f.write_str(&self.detail),
        }
    }
}
