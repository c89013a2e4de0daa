//! Writes what `new` made: the runbook, and its scenarios where a drill looks for them. Never over
//! anything that is there.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::cli::exit::CliError;
use crate::cli::files;

/// What lies on the disk now.
#[derive(Debug)]
pub struct Kept {
    pub runbook: PathBuf,
    pub scenarios: Vec<PathBuf>,
}

/// Writes the runbook and its scenarios (name, text).
///
/// # Errors
/// When one of the files is there already (then nothing is written), or the disk refuses.
pub fn keep(path: &Path, runbook: &str, scenarios: &[(String, String)]) -> Result<Kept, CliError> {
    let folder = files::beside(path);
    let beside: Vec<PathBuf> = scenarios.iter().map(|(name, _)| folder.join(format!("{name}.yaml"))).collect();
    let all = std::iter::once(path).chain(beside.iter().map(PathBuf::as_path));
    if let Some(there) = all.into_iter().find(|path| path.symlink_metadata().is_ok()) {
        return Err(CliError::usage(format!("`{}` is there already, and stays as it is", there.display()))
            .hint("name another file with -o FILE"));
    }
    let failed =
        |path: &Path, error: &io::Error| CliError::failed(format!("failed to write `{}`: {error}", path.display()));
    write(path, runbook).map_err(|error| failed(path, &error))?;
    for (path, (_, text)) in beside.iter().zip(scenarios) {
        write(path, text).map_err(|error| failed(path, &error))?;
    }
    Ok(Kept { runbook: path.to_owned(), scenarios: beside })
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}
