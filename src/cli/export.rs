//! `export`: a run's evidence as one file, checked before anybody is given it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::args::Export;
use super::evidence::{self, Evidence};
use super::exit::{CliError, Exit, Outcome};
use super::out;
use super::runs;
use super::secrets;
use super::settings::Settings;
use super::sign;
use crate::model::digest::sha256_hex;
use crate::model::outcome::RunStatus;
use crate::model::redact;
use crate::report::bundle::{self, BUNDLE_MAX_BYTES, Exports, Members, Whole};
use crate::source;

/// Packs the evidence of a run, tries it, and writes it.
///
/// # Errors
/// When it cannot be read, would not verify, holds a secret, or cannot be written.
pub fn bundle_to(dir: &Path, path: &Path) -> Result<(), CliError> {
    let Evidence { whole, parts, .. } = evidence::read(dir)?;
    let members = whole.bundle(parts).map_err(|error| evidence::not_made(&error))?;
    keep_secrets(&whole, &members)?;
    let packed = pack(whole.run(), &members)?;
    tried(&packed)?;
    write(path, &packed).map_err(|error| not_written(path, &error))
}

pub fn export(settings: &Settings, wanted: &Export) -> Outcome {
    let entry = runs::find(settings, &wanted.run)?;
    if let Some(key) = &wanted.sign {
        sign::sign_run(settings, &entry, key)?;
    }
    let Evidence { whole, parts, torn_bytes } = evidence::read(&entry.dir)?;
    let members = whole.bundle(parts).map_err(|error| evidence::not_made(&error))?;
    keep_secrets(&whole, &members)?;
    let packed = pack(whole.run(), &members)?;
    let status = tried(&packed)?;
    write(&wanted.bundle, &packed).map_err(|error| not_written(&wanted.bundle, &error))?;

    let head = whole.head_at(None).ok_or_else(|| CliError::failed("the journal is empty"))?;
    let shown = wanted.bundle.display();
    if settings.json {
        out::json(&json!({
            "version": "1.0",
            "bundle": shown.to_string(),
            "run": head.run,
            "records": head.records,
            "head": format!("sha256:{}", head.head),
            "members": members.len(),
            "bytes": packed.len(),
            "sha256": sha256_hex(&packed),
        }))?;
    } else {
        out::line(&format!("{}  {shown}", sha256_hex(&packed)))?;
    }
    let words = format!("{} files, {} records, head sha256:{}", members.len(), head.records, head.head);
    settings.out.say(&format!("{words}; lifeboat verify {shown}"));
    if status.is_some_and(|status| !is_over(status)) {
        settings.out.say("the run has not ended: this is its record so far");
    }
    if torn_bytes > 0 {
        settings
            .out
            .say(&format!("{torn_bytes} bytes after the last record are left out: a write under way, or cut short"));
    }
    Ok(Exit::Done)
}

const fn is_over(status: RunStatus) -> bool {
    matches!(status, RunStatus::Succeeded | RunStatus::Failed | RunStatus::Aborted)
}

/// The journal was written without secrets. One that stands in it all the same cannot be taken out of a chain,
/// so it is not handed on.
fn keep_secrets(whole: &Whole, members: &Members) -> Result<(), CliError> {
    let header = whole.header().map_err(|error| evidence::not_made(&error))?;
    if let Some(runbook) = source::load(header.files.clone()).runbook {
        drop(secrets::at_hand_for(&runbook.secrets));
    }
    let redactor = redact::shared();
    let told = members.iter().find(|(_, bytes)| matches!(redactor.bytes(bytes), std::borrow::Cow::Owned(_)));
    match told {
        None => Ok(()),
        Some((path, _)) => {
            Err(CliError::failed(format!("`{path}` holds a secret of this machine; nothing was written"))
                .hint("a chain cannot be redacted: change the secret first, then export without it at hand"))
        }
    }
}

fn pack(run: &str, members: &Members) -> Result<Vec<u8>, CliError> {
    let failed = |error: io::Error| CliError::failed(format!("failed to pack the bundle: {error}"));
    let all = members.iter().map(|(path, bytes)| (path, bytes.as_slice()));
    let packed = bundle::pack(&bundle::top_of(run), all, Vec::new()).map_err(failed)?;
    if packed.len() as u64 > BUNDLE_MAX_BYTES {
        return Err(CliError::failed(format!("the bundle would be larger than {BUNDLE_MAX_BYTES} bytes")));
    }
    Ok(packed)
}

/// No bundle leaves that would not verify.
fn tried(packed: &[u8]) -> Result<Option<RunStatus>, CliError> {
    match bundle::check(packed) {
        Ok(checked) => Ok(match checked.exports {
            Exports::Same { status } => Some(status),
            Exports::Other { .. } => None,
        }),
        Err(faults) => {
            let first = faults.first().map(ToString::to_string).unwrap_or_default();
            Err(CliError::new(Exit::Damaged, format!("the bundle would not verify: {first}")))
        }
    }
}

/// Under its name only once it is complete; for its owner alone, as the journal is.
fn write(path: &Path, packed: &[u8]) -> io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(format!(".{}", std::process::id()));
    let partial = PathBuf::from(partial);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial)?;
    let written = file.write_all(packed).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        // What is left of it helps nobody; that it stays is no worse than the error that is told.
        let _ = fs::remove_file(&partial);
    }
    written
}

fn not_written(path: &Path, error: &io::Error) -> CliError {
    CliError::failed(format!("failed to write `{}`: {error}", path.display()))
}
