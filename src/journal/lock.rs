//! One process writes a run. The lock dies with its holder; the file's text only names it.
//!
//! A lock belongs to the open file, and every program that the holder starts has a copy of that until
//! it becomes the other program. So a holder gives the lock back by its own hand, not by closing the
//! file alone; and one that was killed at that moment is waited for a little.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::disk;

const LOCK: &str = "lock";
/// A lock file longer than this names nobody.
const HOLDER_MAX_BYTES: u64 = 4096;
/// How long a copy of the lock in a program that is just being started may take to go.
const PATIENCE: Duration = Duration::from_millis(250);
const NAP: Duration = Duration::from_millis(5);

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

/// The lock, held until this is dropped.
#[derive(Debug)]
pub(super) struct Held(File);

impl Drop for Held {
    fn drop(&mut self) {
        // Whoever has a copy of the open file no longer holds anything with it.
        let _ = self.0.unlock();
    }
}

/// Takes the lock or says who has it.
pub(super) fn take(run_dir: &Path, operator: &str) -> Result<Held, LockError> {
    take_within(PATIENCE, run_dir, operator)
}

fn take_within(patience: Duration, run_dir: &Path, operator: &str) -> Result<Held, LockError> {
    let mut file = disk::careful().read(true).write(true).create(true).truncate(false).open(run_dir.join(LOCK))?;
    let until = Instant::now() + patience;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if Instant::now() < until => thread::sleep(NAP),
            Err(TryLockError::WouldBlock) => return Err(LockError::Held(signed_by(&mut file))),
            Err(TryLockError::Error(error)) => return Err(LockError::Io(error)),
        }
    }
    let mut text = serde_json::to_vec(&Holder::me(operator)).map_err(io::Error::from)?;
    text.push(b'\n');
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&text)?;
    Ok(Held(file))
}

fn signed_by(file: &mut File) -> Holder {
    let mut text = String::new();
    let read = file.take(HOLDER_MAX_BYTES).read_to_string(&mut text);
    read.ok().and_then(|_| serde_json::from_str(&text).ok()).unwrap_or_else(Holder::unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a program that is being started has: a copy of the open file.
    fn copied(held: &Held) -> File {
        held.0.try_clone().unwrap()
    }

    #[test]
    fn a_copy_in_a_program_that_is_being_started_holds_nothing_once_it_was_given_back() {
        let dir = tempfile::tempdir().unwrap();
        let Ok(held) = take(dir.path(), "alice") else { panic!("a new lock is free") };
        let copy = copied(&held);
        assert!(matches!(take(dir.path(), "bob"), Err(LockError::Held(holder)) if holder.operator == "alice"));
        drop(held);
        assert!(take(dir.path(), "bob").is_ok());
        drop(copy);
    }

    #[test]
    fn a_lock_that_goes_in_a_moment_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let Ok(held) = take(dir.path(), "alice") else { panic!("a new lock is free") };
        let waiting = thread::spawn({
            let dir = dir.path().to_owned();
            // However long the other thread is kept from giving it back.
            move || take_within(Duration::from_mins(1), &dir, "bob").is_ok()
        });
        drop(held);
        assert!(waiting.join().unwrap());
    }
}
