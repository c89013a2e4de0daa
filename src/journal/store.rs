//! The runs kept under a state directory, and their ids.

use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// Crockford's base 32: no letter that reads like a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 128 bits, five a character.
const ID_CHARS: usize = 26;
const RUNS: &str = "runs";

/// One run kept on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEntry {
    pub id: String,
    pub dir: PathBuf,
}

/// Why a run was not found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    #[error("no run is kept in `{}`", .0.display())]
    NoRuns(PathBuf),
    #[error("no run is called `{wanted}`")]
    Unknown { wanted: String },
    #[error("`{wanted}` may be any of {} runs: {}", .candidates.len(), .candidates.join(", "))]
    Ambiguous { wanted: String, candidates: Vec<String> },
    #[error("failed to list the runs: {0}")]
    Io(#[from] io::Error),
}

/// A new id: sortable by its time, unique without asking anybody.
#[must_use]
pub fn new_run_id() -> String {
    encode(Uuid::now_v7().as_u128())
}

fn encode(mut bits: u128) -> String {
    let mut id = [b'0'; ID_CHARS];
    for place in id.iter_mut().rev() {
        *place = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
    id.iter().map(|&byte| char::from(byte)).collect()
}

/// Whether a text has the form of a run's id.
#[must_use]
pub fn is_run_id(text: &str) -> bool {
    text.len() == ID_CHARS && text.bytes().all(|byte| ALPHABET.contains(&byte))
}

/// Where a run of this id lives under a state directory.
#[must_use]
pub fn run_dir(base: &Path, id: &str) -> PathBuf {
    base.join(RUNS).join(id)
}

/// Every run kept, the oldest first.
///
/// # Errors
/// When the directory cannot be read. One that does not exist holds no runs.
pub fn list(base: &Path) -> io::Result<Vec<RunEntry>> {
    let entries = match std::fs::read_dir(base.join(RUNS)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut runs = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        if let Some(id) = name.to_str().filter(|name| is_run_id(name))
            && entry.file_type()?.is_dir()
        {
            runs.push(RunEntry { id: id.to_owned(), dir: entry.path() });
        }
    }
    runs.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(runs)
}

/// A run by `last` (the newest), its id, or the beginning of it.
///
/// # Errors
/// When none or several fit.
pub fn find(base: &Path, wanted: &str) -> Result<RunEntry, FindError> {
    let mut runs = list(base)?;
    if wanted == "last" {
        return runs.pop().ok_or_else(|| FindError::NoRuns(base.to_owned()));
    }
    let prefix = wanted.to_ascii_uppercase();
    runs.retain(|run| !prefix.is_empty() && run.id.starts_with(&prefix));
    match (runs.len(), runs.pop()) {
        (1, Some(run)) => Ok(run),
        (_, None) => Err(FindError::Unknown { wanted: wanted.to_owned() }),
        (_, Some(last)) => {
            let candidates = runs.into_iter().map(|run| run.id).chain([last.id]).collect();
            Err(FindError::Ambiguous { wanted: wanted.to_owned(), candidates })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store_of(ids: &[&str]) -> tempfile::TempDir {
        let base = tempfile::tempdir().unwrap();
        for id in ids {
            std::fs::create_dir_all(run_dir(base.path(), id)).unwrap();
        }
        base
    }

    const OLD: &str = "01K9AAAAAAAAAAAAAAAAAAAAAA";
    const NEW: &str = "01K9AB00000000000000000000";

    #[test]
    fn ids_sort_by_time_and_read_back_as_ids() {
        assert_eq!(encode(0), "0".repeat(26));
        assert_eq!(encode(u128::MAX), format!("7{}", "Z".repeat(25)));
        let (early, late) = (encode(0x0190_0000_0000_7000 << 64), encode(0x0190_0000_0001_7000 << 64));
        assert!(early < late && is_run_id(&early));
        assert!(!is_run_id("01k9") && !is_run_id(&"U".repeat(26)));
        assert!(is_run_id(&new_run_id()));
    }

    #[test]
    fn a_run_is_found_by_last_id_and_unique_prefix() {
        let base = store_of(&[NEW, OLD, "not-a-run"]);
        assert_eq!(list(base.path()).unwrap().len(), 2);
        for (wanted, found) in [("last", NEW), (OLD, OLD), ("01K9AB", NEW), ("01k9aa", OLD)] {
            assert_eq!(find(base.path(), wanted).unwrap().id, found, "{wanted}");
        }
    }

    #[test]
    fn an_ambiguous_prefix_names_the_candidates() {
        let base = store_of(&[NEW, OLD]);
        let error = find(base.path(), "01K9").unwrap_err().to_string();
        assert!(error.contains(OLD) && error.contains(NEW), "{error}");
        assert!(matches!(find(base.path(), "02"), Err(FindError::Unknown { .. })));
        assert!(matches!(find(base.path(), ""), Err(FindError::Unknown { .. })));
    }

    #[test]
    fn no_runs_is_said_plainly() {
        let base = tempfile::tempdir().unwrap();
        assert!(matches!(find(base.path(), "last"), Err(FindError::NoRuns(_))));
    }
}
