//! Whether a bundle is what it says: unpacked in memory, made again from its journal, and compared.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde_json::Value;

use super::archive::{Unpacked, unpack};
use super::contents::{Derived, NotMade, TOOL, Whole, differing, runbook};
use super::statement::{self, SIGNATURE_MAX_BYTES};
use super::{EXPORTS, FACTS, Fault, JOURNAL, MANIFEST, Members, README, RUNBOOK, SIDES, SIGNATURES, manifest, top_of};
use crate::journal::{self, Sides};
use crate::model::outcome::RunStatus;
use crate::report::fold::ReplayError;

/// A bundle that holds what it says.
#[derive(Debug)]
pub struct Checked {
    pub whole: Whole,
    pub members: usize,
    pub exports: Exports,
    /// Signed heads by the name of their file: statements that fit the journal, and signatures over them,
    /// which are still to be checked.
    pub signatures: Members,
}

/// What was found out about the exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exports {
    /// Made again, and the same to the last byte.
    Same { status: RunStatus },
    /// Another version made them: only their digests were checked.
    Other { tool: String },
}

type Found<'a> = BTreeMap<String, &'a [u8]>;

/// Side files that came with the journal.
struct Held(Members);

impl Sides for Held {
    fn read(&self, name: &str, max_bytes: u64) -> io::Result<Vec<u8>> {
        let bytes = self.0.get(name).ok_or(io::ErrorKind::NotFound)?;
        let upto = usize::try_from(max_bytes).unwrap_or(usize::MAX).min(bytes.len());
        Ok(bytes[..upto].to_vec())
    }
}

/// Checks a bundle, given as the bytes of its file.
///
/// # Errors
/// Everything that is wrong with it, as far as it could be looked at.
pub fn check(bytes: &[u8]) -> Result<Checked, Vec<Fault>> {
    let Unpacked { top, members } = unpack(bytes).map_err(|fault| vec![fault])?;
    let mut faults = manifest::faults(&members);
    match open(&top, &members) {
        Ok(whole) => {
            let exports = content_faults(&whole, &members, &mut faults);
            if let (Some(exports), true) = (exports, faults.is_empty()) {
                let signatures = below(&members, SIGNATURES);
                return Ok(Checked { whole, members: members.len(), exports, signatures });
            }
        }
        Err(fault) => faults.push(fault),
    }
    Err(faults)
}

/// The journal of the bundle, every link recomputed.
fn open(top: &str, members: &Found<'_>) -> Result<Whole, Fault> {
    let bytes = members.get(JOURNAL).ok_or_else(|| Fault::of(JOURNAL, "it is missing"))?;
    let sides = members.iter().filter(|(path, _)| path.starts_with(SIDES));
    let held = Held(sides.map(|(path, bytes)| (path.clone(), bytes.to_vec())).collect());
    let file = journal::read_bytes(bytes, Box::new(held)).map_err(|error| Fault::of(JOURNAL, error.to_string()))?;
    if let Some(damage) = &file.damage {
        let detail = format!("record {} is damaged ({}): {}", damage.record, damage.reason.word(), damage.detail);
        return Err(Fault::of(JOURNAL, detail));
    }
    if file.torn_bytes > 0 {
        return Err(Fault::of(JOURNAL, format!("{} bytes follow its last record", file.torn_bytes)));
    }
    let whole = Whole::of(file).map_err(|error| Fault::of(JOURNAL, error.to_string()))?;
    if top != top_of(whole.run()) {
        return Err(Fault::whole(format!("its folder is `{top}`, its journal belongs to run {}", whole.run())));
    }
    Ok(whole)
}

/// Compares everything with what the journal makes of it.
fn content_faults(whole: &Whole, members: &Found<'_>, faults: &mut Vec<Fault>) -> Option<Exports> {
    faults.extend(side_faults(members));
    let signed = below(members, SIGNATURES);
    faults.extend(signature_faults(whole, &signed));
    let known = |path: &str| {
        let folders = [EXPORTS, SIDES, RUNBOOK, SIGNATURES];
        [MANIFEST, README, FACTS, JOURNAL].contains(&path) || folders.iter().any(|folder| path.starts_with(folder))
    };
    let strangers = members.keys().filter(|path| !known(path));
    faults.extend(strangers.map(|path| Fault::of(path, "it does not belong into a bundle")));

    let Some(tool) = members
        .get(FACTS)
        .and_then(|facts| said(facts))
        .filter(|facts| fits(whole, facts))
        .and_then(|facts| tool_of(&facts))
    else {
        faults.push(Fault::of(FACTS, "it is missing, or is not about this journal"));
        return None;
    };
    let ours = |path: &str| path.starts_with(EXPORTS) || path.starts_with(RUNBOOK) || [README, FACTS].contains(&path);
    if tool != TOOL {
        let files = whole.header().map(runbook).unwrap_or_default();
        faults.extend(differing(members, &files, |path| path.starts_with(RUNBOOK)));
        return Some(Exports::Other { tool });
    }
    match whole.derived() {
        Ok(Derived { members: expected, status }) => {
            faults.extend(differing(members, &expected, ours));
            Some(Exports::Same { status })
        }
        Err(
            error @ (NotMade::Damaged
            | NotMade::NotFolded(ReplayError::NoHeader | ReplayError::Digest { .. } | ReplayError::Runbook(_))),
        ) => {
            faults.push(Fault::of(JOURNAL, error.to_string()));
            None
        }
    }
}

fn said(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes).ok()
}

fn tool_of(facts: &Value) -> Option<String> {
    facts["tool"].as_str().filter(|tool| tool.len() <= 64).map(crate::model::text::safe)
}

fn fits(whole: &Whole, facts: &Value) -> bool {
    let Ok(header) = whole.header() else { return false };
    let journal = whole.facts();
    facts["run"] == whole.run()
        && facts["mode"] == header.mode.word()
        && facts["digest"] == header.digest.as_str()
        && facts["records"] == journal.records
        && facts["head"] == journal.head.as_str()
}

/// Each file in `out/` must be named by a record; those that are missing the chain has found already.
fn side_faults(members: &Found<'_>) -> Vec<Fault> {
    let lines = members.get(JOURNAL).map(|journal| journal.split(|byte| *byte == b'\n')).into_iter().flatten();
    let named: BTreeSet<String> = lines.flat_map(journal::side_files).map(|(name, _)| name).collect();
    let extra = members.keys().filter(|path| path.starts_with(SIDES) && !named.contains(*path));
    extra.map(|path| Fault::of(path, "no record names it")).collect()
}

/// Each statement must fit the journal, and each signature must have its statement.
#[must_use]
pub fn signature_faults(whole: &Whole, signed: &Members) -> Vec<Fault> {
    let fault = |name: &String, detail: &str| Some(Fault::of(&format!("{SIGNATURES}{name}"), detail));
    let look = |(name, bytes): (&String, &Vec<u8>)| match statement::read_name(name) {
        None => fault(name, "it does not belong into a bundle"),
        Some((_, true)) if bytes.len() as u64 > SIGNATURE_MAX_BYTES => fault(name, "no signature is that long"),
        Some((records, true)) if !signed.contains_key(&statement::statement_name(records)) => {
            fault(name, "what it signs is missing")
        }
        Some((_, true)) => None,
        Some((records, false)) => {
            let expected = whole.head_at(Some(records)).map(|head| head.statement());
            let same = expected.is_some_and(|expected| expected.as_bytes() == bytes.as_slice());
            if same { None } else { fault(name, "what was signed does not fit this journal") }
        }
    };
    signed.iter().filter_map(look).collect()
}

/// The members below a folder, by their names in it.
fn below(members: &Found<'_>, folder: &str) -> Members {
    let inside = |(path, bytes): (&String, &&[u8])| Some((path.strip_prefix(folder)?.to_owned(), bytes.to_vec()));
    members.iter().filter_map(inside).collect()
}
