//! What goes into a bundle: the journal as it is, and all that is made from it.

use serde_json::json;

use super::statement::Head;
use super::{EXPORTS, FACTS, Fault, JOURNAL, MANIFEST, Members, README, RUNBOOK, manifest, readme};
use crate::journal::{JournalFile, Link, Record};
use crate::model::event::{RunHeader, Stamped};
use crate::model::outcome::RunStatus;
use crate::report::fold::{self, ReplayError};
use crate::report::summary::{JournalFacts, summary};
use crate::report::timeline::{self, Document, Format, Options};

/// Longer names of runbook files are cut.
const NAME_MAX_BYTES: usize = 32;

/// The version that makes bundles here; another one may word its exports otherwise.
pub(super) const TOOL: &str = concat!("lifeboat ", env!("CARGO_PKG_VERSION"));

/// Why a bundle could not be made.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    #[error("the journal is damaged or empty")]
    Damaged,
    #[error(transparent)]
    NotFolded(#[from] ReplayError),
}

/// A journal without damage.
#[derive(Debug)]
pub struct Whole {
    run: String,
    records: Vec<Stamped>,
    heads: Vec<Link>,
    facts: JournalFacts,
}

/// What a bundle takes over as it is.
#[derive(Debug, Default)]
pub struct Parts {
    /// The journal's whole lines.
    pub journal: Vec<u8>,
    /// Side files by the path that records name, `out/…`.
    pub sides: Members,
    /// Signed heads by the name of their file.
    pub signatures: Members,
}

/// What is made from a journal alone.
pub(super) struct Derived {
    pub members: Members,
    pub status: RunStatus,
}

impl Whole {
    /// # Errors
    /// When the journal is damaged, or holds nothing.
    pub fn of(file: JournalFile) -> Result<Self, NotMade> {
        let facts = JournalFacts::from(&file);
        let first = file.records.first().filter(|_| facts.intact).ok_or(NotMade::Damaged)?;
        let run = first.run.to_string();
        let heads = file.records.iter().map(|record| record.h).collect();
        let records = file.records.into_iter().map(Record::into_stamped).collect();
        Ok(Self { run, records, heads, facts })
    }

    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    #[must_use]
    pub fn records(&self) -> &[Stamped] {
        &self.records
    }

    /// Line 1.
    ///
    /// # Errors
    /// Never, for a journal that was read as whole.
    pub fn header(&self) -> Result<&RunHeader, NotMade> {
        Ok(fold::header(&self.records)?.0)
    }

    /// The head at a record; at the last one for `None`.
    #[must_use]
    pub fn head_at(&self, records: Option<u64>) -> Option<Head> {
        let records = records.unwrap_or(self.heads.len() as u64);
        let link = self.heads.get(usize::try_from(records).ok()?.checked_sub(1)?)?;
        let header = self.header().ok()?;
        Some(Head {
            run: self.run.clone(),
            mode: header.mode,
            digest: header.digest.clone(),
            records,
            head: link.to_hex(),
        })
    }

    /// Every member of the bundle.
    ///
    /// # Errors
    /// When the journal cannot be folded.
    pub fn bundle(&self, parts: Parts) -> Result<Members, NotMade> {
        let mut members = self.derived()?.members;
        members.insert(JOURNAL.to_owned(), parts.journal);
        members.extend(parts.sides);
        members
            .extend(parts.signatures.into_iter().map(|(name, bytes)| (format!("{}{name}", super::SIGNATURES), bytes)));
        let list = manifest::render(members.iter().map(|(path, bytes)| (path, bytes.as_slice())));
        members.insert(MANIFEST.to_owned(), list.into_bytes());
        Ok(members)
    }

    /// Everything that the journal alone decides, as things stood at its last record.
    pub(super) fn derived(&self) -> Result<Derived, NotMade> {
        let replayed = fold::replay(&self.records, &self.run)?;
        let header = &replayed.header;
        let snapshot = replayed.engine.snapshot(replayed.engine.last_at_ms());
        let sums = summary(&snapshot, self.facts.clone());
        let document = Document::of(&self.records, &snapshot, &sums);
        let mut members = Members::new();
        for format in Format::ALL {
            let text = timeline::render(format, &document, &Options::default());
            members.insert(format!("{EXPORTS}timeline.{}", format.extension()), text.into_bytes());
        }
        let mut add = |name: &str, text: String| members.insert(name.to_owned(), text.into_bytes());
        add(&format!("{EXPORTS}summary.json"), format!("{:#}\n", json!(sums)));
        add(FACTS, self.facts_json(header));
        add(README, readme::render(self, header, sums.status));
        members.extend(runbook(header));
        Ok(Derived { members, status: sums.status })
    }

    pub(super) const fn facts(&self) -> &JournalFacts {
        &self.facts
    }

    fn facts_json(&self, header: &RunHeader) -> String {
        let facts = json!({
            "version": "1.0",
            "run": self.run,
            "mode": header.mode,
            "runbook": header.runbook,
            "digest": header.digest,
            "records": self.facts.records,
            "head": self.facts.head,
            "tool": TOOL,
        });
        format!("{facts:#}\n")
    }
}

/// The runbook's files under names that no path can hide in; record 1 says what they were called.
pub(super) fn runbook(header: &RunHeader) -> Members {
    let named = header.files.iter().enumerate().map(|(ix, file)| {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' };
        let name: String = name.chars().map(plain).take(NAME_MAX_BYTES).collect();
        (format!("{RUNBOOK}{}-{name}", ix + 1), file.text.clone().into_bytes())
    });
    named.collect()
}

/// The faults of members that are not what the journal makes of them, out of those that `counts` names.
pub(super) fn differing(
    members: &std::collections::BTreeMap<String, &[u8]>,
    expected: &Members,
    counts: impl Fn(&str) -> bool,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (path, bytes) in expected.iter().filter(|(path, _)| counts(path)) {
        match members.get(path) {
            None => faults.push(Fault::of(path, "it is missing")),
            Some(found) if *found != bytes.as_slice() => {
                faults.push(Fault::of(path, "it is not what the journal makes of it"));
            }
            Some(_) => {}
        }
    }
    let extra = members.keys().filter(|path| counts(path) && !expected.contains_key(*path));
    faults.extend(extra.map(|path| Fault::of(path, "it does not belong into this bundle")));
    faults
}
