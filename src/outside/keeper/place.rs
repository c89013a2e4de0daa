//! The files of one attempt, and what they tell about its program.
//!
//! `ended.json` there: it ended like that. Lock held: its keeper lives. `started.json` there: it was
//! started, and its keeper is gone without a word. None of these: it never was, and will not be, as
//! the lock is held from before the keeper begins.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const LOCK: &str = "lock";
const STARTED: &str = "started.json";
const PROCESS: &str = "process.json";
const ENDED: &str = "ended.json";
/// What becomes `ended.json`. It has its full length from the start, so that a disk that fills up
/// meanwhile cannot keep the end from being told.
const RESERVED: &str = "ended.part";
const RESERVED_BYTES: usize = 4096;
/// Longer than anything that a keeper writes.
const FILE_MAX_BYTES: u64 = 64 * 1024;

/// The directory of one attempt.
#[derive(Debug, Clone)]
pub struct Place {
    dir: PathBuf,
}

/// When a keeper was about to start its program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Started {
    pub(super) at_ms: i64,
    /// Tells a keeper that was killed from a machine that was restarted.
    pub(super) boot: String,
}

/// How it ended, for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub program: String,
    pub from_ms: i64,
    pub until_ms: i64,
    pub how: How,
    pub stdout: Stream,
    pub stderr: Stream,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    Exit(i32),
    Signal(i32),
    /// The operating system did not start it: nothing was done.
    NotStarted {
        why: NotStarted,
        message: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotStarted {
    NotFound,
    NotExecutable,
    /// May go better the next time.
    Busy,
    Other,
}

/// One stream of output.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stream {
    pub bytes: u64,
    /// Of these, in the file.
    pub kept_bytes: u64,
    /// Of all bytes that were read.
    pub sha256: String,
    /// The program had ended, and somebody whom it left behind could still write.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left_open: bool,
}

/// What can be told of an attempt's program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// No directory of any attempt: nothing was ever kept here, or this is a copy of the run.
    NoRoom,
    Never,
    /// Its process, once there is one.
    Running(Option<u32>),
    Ended(Ended),
    /// It may have been started, and nobody saw its end.
    Lost(String),
}

impl Place {
    /// `programs` is the directory of all attempts of a run.
    pub fn new(programs: &Path, name: &str) -> Self {
        Self { dir: programs.join(name) }
    }

    pub(super) fn at(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    pub fn path(&self) -> &Path {
        &self.dir
    }

    pub fn stream(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Makes it, and takes the lock. Fails where it is there: an attempt is started once.
    pub fn create(&self) -> io::Result<File> {
        if let Some(programs) = self.dir.parent() {
            make_room(programs)?;
            DirBuilder::new().mode(0o700).create(&self.dir)?;
            sync_dir(programs)?;
        }
        let lock = self.open(LOCK, careful().read(true).write(true).create_new(true))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::from(io::ErrorKind::WouldBlock),
            TryLockError::Error(error) => error,
        })?;
        sync_dir(&self.dir)?;
        Ok(lock)
    }

    /// Whether this file is the lock of this place.
    pub(super) fn is_lock(&self, file: &impl std::os::fd::AsFd) -> io::Result<bool> {
        let (given, mine) = (rustix::fs::fstat(file)?, std::fs::symlink_metadata(self.dir.join(LOCK))?);
        Ok((given.st_dev, given.st_ino) == (mine.dev(), mine.ino()))
    }

    /// A new file for a stream.
    pub(super) fn new_file(&self, name: &str) -> io::Result<File> {
        self.open(name, careful().append(true).create_new(true))
    }

    /// Makes room for the end to be told.
    pub(super) fn reserve(&self) -> io::Result<()> {
        let mut file = self.open(RESERVED, careful().write(true).create_new(true))?;
        file.write_all(&[b' '; RESERVED_BYTES])?;
        file.sync_all()
    }

    /// From here on the program may have been started. Durable when this returns.
    pub(super) fn mark_started(&self, started: &Started) -> io::Result<()> {
        let mut file = self.open(STARTED, careful().write(true).create_new(true))?;
        file.write_all(&serde_json::to_vec(started)?)?;
        file.sync_all()?;
        sync_dir(&self.dir)
    }

    /// Only for people who look for it, so it may be lost.
    pub(super) fn note_process(&self, process: u32) -> io::Result<()> {
        let mut file = self.open(PROCESS, careful().write(true).create_new(true))?;
        file.write_all(process.to_string().as_bytes())
    }

    /// Says how it ended: whole and durable, or not at all.
    pub(super) fn mark_ended(&self, ended: &Ended) -> io::Result<()> {
        let mut text = serde_json::to_vec(ended)?;
        text.resize(text.len().max(RESERVED_BYTES), b' ');
        let mut file = self.open(RESERVED, careful().write(true).create(true))?;
        file.rewind()?;
        file.write_all(&text)?;
        file.set_len(text.len() as u64)?;
        file.sync_all()?;
        std::fs::rename(self.dir.join(RESERVED), self.dir.join(ENDED))?;
        sync_dir(&self.dir)
    }

    /// What is known of the program.
    pub fn look(&self) -> io::Result<Found> {
        if let Some(ended) = self.read(ENDED)? {
            return Ok(Found::Ended(ended));
        }
        let lock = match self.open(LOCK, careful().read(true).write(true)) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let is_kept = self.dir.parent().is_some_and(Path::is_dir);
                return Ok(if is_kept { Found::Never } else { Found::NoRoom });
            }
            Err(error) => return Err(error),
        };
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(Found::Running(self.read(PROCESS)?)),
            Err(TryLockError::Error(error)) => return Err(error),
            Ok(()) => {}
        }
        // It may have come to its end between the two looks.
        if let Some(ended) = self.read(ENDED)? {
            return Ok(Found::Ended(ended));
        }
        let Some(started) = self.read::<Started>(STARTED)? else {
            // Half a mark is one too: what stands there was written before anything began.
            let is_marked = self.dir.join(STARTED).symlink_metadata().is_ok();
            return Ok(if is_marked { self.lost(None)? } else { Found::Never });
        };
        self.lost(Some(&started))
    }

    fn lost(&self, started: Option<&Started>) -> io::Result<Found> {
        let why = match (started, self.read::<u32>(PROCESS)?) {
            (Some(started), _) if started.boot != boot() => {
                "the machine was restarted while it ran, or this is another machine".to_owned()
            }
            (_, Some(process)) => format!("what watched it was killed; it ran as process {process}"),
            (_, None) => "what watched it was killed when it was about to start".to_owned(),
        };
        Ok(Found::Lost(why))
    }

    fn open(&self, name: &str, options: &OpenOptions) -> io::Result<File> {
        options.open(self.dir.join(name))
    }

    /// `None` where there is no such file, or not all of it.
    fn read<T: DeserializeOwned>(&self, name: &str) -> io::Result<Option<T>> {
        let file = match self.open(name, careful().read(true)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut text = Vec::new();
        file.take(FILE_MAX_BYTES).read_to_end(&mut text)?;
        Ok(serde_json::from_slice(&text).ok())
    }
}

/// The directory of all attempts of a run.
pub fn make_room(programs: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(programs) {
        Ok(()) => programs.parent().map_or(Ok(()), sync_dir),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && programs.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Which start of the machine this is.
pub(super) fn boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

fn careful() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options
}

#[cfg(test)]
mod tests;
