//! `verify --cloudtrail`: reads files of CloudTrail events and tells what came of the comparison.

use std::io::Read as _;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::cli::args::Verify;
use crate::cli::doctor::now_ms;
use crate::cli::evidence;
use crate::cli::exit::{CliError, Exit};
use crate::model::time::rfc3339;
use crate::report::bundle::Whole;
use crate::report::cloudtrail::{
    Foreign, Match, MatchedBy, Missing, Outcome, Reconciliation, TrailEvent, parse, reconcile,
};

/// More than this is asked of no file, unpacked.
const FILE_MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Compares a journal with the files that were named; none, when none were.
///
/// # Errors
/// When a file is no CloudTrail, or the run was never near AWS.
pub fn compared(whole: &Whole, wanted: &Verify) -> Result<Option<Reconciliation>, CliError> {
    if wanted.cloudtrail.is_empty() {
        return Ok(None);
    }
    let header = whole.header().map_err(|error| evidence::not_made(&error))?;
    if header.is_simulated() {
        return Err(CliError::usage("this was a drill on the simulated cloud: it has sent nothing to AWS")
            .hint("CloudTrail knows of runs, and of drills with --cloud aws"));
    }
    let mut events = Vec::new();
    for path in &wanted.cloudtrail {
        events.extend(read(path)?);
    }
    Ok(Some(reconcile(whole.records(), whole.run(), events, now_ms(), wanted.reads)))
}

fn read(path: &Path) -> Result<Vec<TrailEvent>, CliError> {
    let failed = |why: String| CliError::usage(format!("failed to read `{}`: {why}", path.display()));
    let text = text(path).map_err(|error| failed(error.to_string()))?;
    parse(&text).map_err(|error| {
        failed(error.to_string())
            .hint("give files as CloudTrail puts them into S3, or what `aws cloudtrail lookup-events` prints")
    })
}

/// Files lie in S3 packed with gzip.
fn text(path: &Path) -> std::io::Result<String> {
    let bytes = evidence::bounded(path, FILE_MAX_BYTES)?;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return String::from_utf8(bytes).map_err(std::io::Error::other);
    }
    let mut text = String::new();
    MultiGzDecoder::new(bytes.as_slice()).take(FILE_MAX_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > FILE_MAX_BYTES {
        return Err(std::io::Error::other(format!("unpacked it is larger than {FILE_MAX_BYTES} bytes")));
    }
    Ok(text)
}

/// # Errors
/// When the two accounts are not the same.
pub fn verdict(found: &Reconciliation) -> Result<Exit, CliError> {
    if found.holds() {
        return Ok(Exit::Done);
    }
    let missing = found.missing.iter().filter(|one| one.why.counts()).count();
    let parts = [
        (missing, "without an event"),
        (found.differing.len(), "told otherwise"),
        (found.foreign.len(), "unknown to the journal"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    Err(CliError::failed(format!("journal and CloudTrail differ: {}", parts.join(", "))))
}

/// The comparison for people, a line each.
#[must_use]
pub fn lines(found: &Reconciliation) -> Vec<String> {
    let Reconciliation { events, calls, matched, differing, missing, foreign, by_programs, by_services, reads } = found;
    let mut lines = vec![format!(
        "CloudTrail: {} of {calls} recorded calls have an event that says the same ({events} events looked at)",
        matched.len()
    )];
    lines.extend(matched.iter().filter(|one| one.by == MatchedBy::NameAndTime).map(by_name));
    for one in differing {
        lines.extend(one.differences.iter().map(|what| format!("differs  {}  {what}", name(one))));
    }
    for Missing { name, why } in missing {
        lines.push(format!("missing  record {} {} ({}): {}", name.seq, name.step, name.action, why.words()));
    }
    lines.extend(foreign.iter().map(|one| format!("unknown  {}", stranger(one))));
    lines.extend(by_programs.iter().map(|one| {
        format!("program  {}, while step {} ran its program", stranger(one), one.during.as_deref().unwrap_or_default())
    }));
    lines.extend(reads.iter().map(|one| format!("read     {}", stranger(one))));
    if *by_services > 0 {
        lines.push(format!("{by_services} further changes were made by services of AWS in our name"));
    }
    lines
}

fn name(one: &Match) -> String {
    format!("record {} {} ({})", one.name.seq, one.name.step, one.name.action)
}

fn by_name(one: &Match) -> String {
    let why = match one.name.outcome {
        Outcome::Unknown | Outcome::Open => "its answer was lost, but it arrived",
        Outcome::Succeeded | Outcome::Refused => "the journal holds no request id for it",
    };
    format!("by name  {}, event of {}: {why}", name(one), rfc3339(one.at_ms))
}

fn stranger(one: &Foreign) -> String {
    let Foreign { who, what, at_ms, account, region, request_id, error, .. } = one;
    let place: Vec<&str> = [account, region].into_iter().flatten().map(String::as_str).collect();
    let refused = error.as_ref().map(|error| format!(", refused: {error}")).unwrap_or_default();
    let id = request_id.as_deref().unwrap_or("none");
    format!("{}  {what} by {who} in {}{refused}, request {id}", rfc3339(*at_ms), place.join(" "))
}
