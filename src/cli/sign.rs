//! `sign`: somebody vouches for a journal's head with an SSH key.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use serde_json::json;

use super::args::Sign;
use super::evidence;
use super::exit::{CliError, Exit, Outcome};
use super::out;
use super::runs;
use super::settings::Settings;
use super::ssh::{self, Signature};
use crate::journal::store::RunEntry;
use crate::report::bundle::SIGNATURES;
use crate::report::bundle::statement::{Head, signature_name, statement_name};

pub fn sign(settings: &Settings, wanted: &Sign) -> Outcome {
    let entry = runs::find(settings, &wanted.run)?;
    let (head, key) = sign_run(settings, &entry, &wanted.key)?;
    if settings.json {
        out::json(&json!({
            "version": "1.0",
            "run": head.run,
            "records": head.records,
            "head": format!("sha256:{}", head.head),
            "key": key,
        }))?;
    }
    Ok(Exit::Done)
}

/// Signs the head as it stands, and keeps the signature beside the journal.
///
/// # Errors
/// When the journal is damaged, nobody signs, or the disk fails.
pub fn sign_run(settings: &Settings, entry: &RunEntry, key: &Path) -> Result<(Head, String), CliError> {
    let whole = evidence::read(&entry.dir)?.whole;
    let head = whole.head_at(None).ok_or_else(|| CliError::failed("the journal is empty"))?;
    let statement = head.statement();
    let signature = ssh::sign(key, statement.as_bytes())?;
    let key = Signature::put(&signature)?
        .key(statement.as_bytes())?
        .map_err(|why| CliError::failed(format!("ssh-keygen does not accept its own signature: {why}")))?;
    let dir = entry.dir.join(SIGNATURES);
    let name = signature_name(head.records, &signature);
    keep(&dir, &statement_name(head.records), statement.as_bytes())
        .and_then(|()| keep(&dir, &name, &signature))
        .map_err(|error| CliError::failed(format!("failed to keep the signature in `{}`: {error}", dir.display())))?;
    settings
        .out
        .say(&format!("run {} signed at record {}, head sha256:{}, with {key}", head.run, head.records, head.head));
    Ok((head, key))
}

fn keep(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed()).open(dir.join(name))?;
    file.write_all(bytes)?;
    file.sync_all()
}
