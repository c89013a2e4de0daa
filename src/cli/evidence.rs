//! What proves a run, read from where it is kept: the journal's bytes, its side files, signed heads.
//!
//! Reads only. Must not know: what a bundle looks like, who may sign.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::exit::{CliError, Exit};
use super::kept;
use crate::journal::{self, Sides as _};
use crate::report::bundle::statement::{self, SIGNATURE_MAX_BYTES};
use crate::report::bundle::{BUNDLE_MAX_BYTES, Members, NotMade, Parts, SIGNATURES, Whole};

/// A journal without damage, and what belongs to it.
pub struct Evidence {
    pub whole: Whole,
    pub parts: Parts,
    /// Bytes after the last record, left out.
    pub torn_bytes: u64,
}

/// Reads a run's directory, or a journal's file with what lies beside it.
///
/// # Errors
/// When the journal is damaged, too large, or the disk fails.
pub fn read(path: &Path) -> Result<Evidence, CliError> {
    let is_dir = path.is_dir();
    let file = if is_dir { path.join("journal.jsonl") } else { path.to_owned() };
    let run_dir = if is_dir { path } else { path.parent().unwrap_or(path) };
    let failed = |error: io::Error| CliError::failed(format!("failed to read the journal: {error}"));
    let mut bytes = bounded(&file, BUNDLE_MAX_BYTES).map_err(failed)?;
    // Somebody may be writing: what is taken is what stood here in one moment, up to its last whole line.
    let whole_bytes = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let torn_bytes = (bytes.len() - whole_bytes) as u64;
    let file = journal::read_bytes(&bytes, Box::new(run_dir.to_owned())).map_err(failed)?;
    if let Some(damage) = &file.damage {
        return Err(kept::damaged(damage));
    }
    bytes.truncate(whole_bytes);
    let whole = Whole::of(file).map_err(|error| not_made(&error))?;
    let parts = Parts { sides: sides(run_dir, &bytes)?, signatures: signatures(run_dir)?, journal: bytes };
    Ok(Evidence { whole, parts, torn_bytes })
}

/// Why a journal makes no bundle.
#[must_use]
pub fn not_made(error: &NotMade) -> CliError {
    match error {
        NotMade::NotFolded(error) => kept::not_replayed(error),
        NotMade::Damaged => CliError::new(Exit::Damaged, error.to_string()),
    }
}

fn sides(run_dir: &Path, journal: &[u8]) -> Result<Members, CliError> {
    let mut found = Members::new();
    for (name, bytes) in journal.split(|byte| *byte == b'\n').flat_map(journal::side_files) {
        let bytes = run_dir
            .to_owned()
            .read(&name, bytes)
            .map_err(|error| CliError::failed(format!("failed to read `{name}`: {error}")))?;
        found.insert(name, bytes);
    }
    Ok(found)
}

/// The signed heads of a run by the name of their file; none where nobody has signed.
///
/// # Errors
/// When they are there and cannot be read.
pub fn signatures(run_dir: &Path) -> Result<Members, CliError> {
    let dir = run_dir.join(SIGNATURES);
    let failed = |error: io::Error| CliError::failed(format!("failed to read `{}`: {error}", dir.display()));
    let entries = match std::fs::read_dir(&dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Members::new()),
        entries => entries.map_err(failed)?,
    };
    let mut found = Members::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if let Some(name) = entry.file_name().to_str().filter(|name| statement::read_name(name).is_some()) {
            found.insert(name.to_owned(), bounded(&entry.path(), SIGNATURE_MAX_BYTES).map_err(failed)?);
        }
    }
    Ok(found)
}

/// A file's bytes, if there are not too many.
///
/// # Errors
/// When there are, or it cannot be read.
pub fn bounded(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(max_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {max_bytes} bytes")));
    }
    Ok(bytes)
}
