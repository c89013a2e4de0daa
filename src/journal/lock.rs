//! One process writes a run. The lock dies with its holder; the file's text only names it.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::disk;

const LOCK: &str = "lock";
/// A lock file longer than this names nobody.
const HOLDER_MAX_BYTES: u64 = 4096;

/// Who holds the lock of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub pid: u32,
    pub host: String,
    pub operator: String,
}

impl Holder {
    fn me(operator: &str) -> Self {
        Self { pid: std::process::id(), host: this_host(), operator: operator.to_owned() }
    }

    /// The holder was just taking the lock and had not signed yet.
    fn unknown() -> Self {
        Self { pid: 0, host: "unknown".to_owned(), operator: "unknown".to_owned() }
    }
}

/// Who drives a run just now, as far as this machine can tell: the lock is not touched, so that nobody
/// who takes it in this moment is refused.
#[must_use]
pub fn holder(run_dir: &Path) -> Option<Holder> {
    let mut file = disk::careful().read(true).open(run_dir.join(LOCK)).ok()?;
    let holder = Some(signed_by(&mut file)).filter(|holder| holder.pid != 0 && holder.host == this_host())?;
    let process = rustix::process::Pid::from_raw(i32::try_from(holder.pid).ok()?)?;
    let is_alive = !matches!(rustix::process::test_kill_process(process), Err(rustix::io::Errno::SRCH));
    is_alive.then_some(holder)
}

fn this_host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

pub(super) enum LockError {
    Held(Holder),
    Io(io::Error),
}

impl From<io::Error> for LockError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Takes the lock or says who has it. Held until the returned file is dropped.
pub(super) fn take(run_dir: &Path, operator: &str) -> Result<File, LockError> {
    let mut file = disk::careful().read(true).write(true).create(true).truncate(false).open(run_dir.join(LOCK))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(LockError::Held(signed_by(&mut file))),
        Err(TryLockError::Error(error)) => return Err(LockError::Io(error)),
    }
    let mut text = serde_json::to_vec(&Holder::me(operator)).map_err(io::Error::from)?;
    text.push(b'\n');
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&text)?;
    Ok(file)
}

fn signed_by(file: &mut File) -> Holder {
    let mut text = String::new();
    let read = file.take(HOLDER_MAX_BYTES).read_to_string(&mut text);
    read.ok().and_then(|_| serde_json::from_str(&text).ok()).unwrap_or_else(Holder::unknown)
}
