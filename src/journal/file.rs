//! The journal port, answered by a local file with its lock.
//!
//! A failed write or sync poisons it: nothing is retried, and every later append is refused, as
//! nobody can know what reached the disk. One failure is no riddle: a full disk takes a part of a
//! line and says so. That part is cut off, the ballast is let go of, and the line is written again.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::ballast::{Ballast, RESERVE_BYTES};
use super::chain::Chain;
use super::clocks::Clocks;
use super::damage::{Damage, DamageKind};
use super::disk::{self, Disk, How, LocalDisk};
use super::lock::{self, Held, Holder, LockError};
use super::record::{self, Body, LINE_MAX_BYTES, Link};
use super::scan::{Fault, ReadError, Scan};
use super::{recover, side, store};
use crate::engine::ports::{Journal, JournalError};
use crate::model::event::{Event, RunHeader, Stamped};
use crate::model::redact::{self, Redactor};

/// Why a journal could not be opened for writing.
#[derive(Debug, thiserror::Error)]
pub enum JournalOpenError {
    #[error("the run is held by process {} of {} on {}", .holder.pid, .holder.operator, .holder.host)]
    Locked { holder: Holder },
    #[error(transparent)]
    Damaged(Damage),
    #[error("no journal in `{}`", .0.display())]
    NotFound(PathBuf),
    #[error("failed to open the journal: {0}")]
    Io(#[from] io::Error),
}

impl From<LockError> for JournalOpenError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Held(holder) => Self::Locked { holder },
            LockError::Io(error) => Self::Io(error),
        }
    }
}

impl From<ReadError> for JournalOpenError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotFound(dir) => Self::NotFound(dir),
            ReadError::Io(error) => Self::Io(error),
        }
    }
}

impl From<Fault> for JournalOpenError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Damage(damage) => Self::Damaged(damage),
            Fault::Io(error) => Self::Io(error),
        }
    }
}

/// A run's journal, held by this process.
#[derive(Debug)]
pub struct FileJournal {
    run_dir: PathBuf,
    disk: Arc<dyn Disk>,
    path: PathBuf,
    pub(super) file: File,
    /// Held, never read.
    _lock: Held,
    run: String,
    who: String,
    epoch: u32,
    clocks: Clocks,
    boot_id: Arc<str>,
    seq: u64,
    head: Link,
    /// Length of the file's whole lines.
    bytes: u64,
    ballast: Ballast,
    /// Something was written since the last sync.
    unsynced: bool,
    poison: Option<String>,
    redactor: Redactor,
    /// One buffer, used for every line.
    line: Vec<u8>,
}

impl FileJournal {
    /// Begins a run: its directory, the lock, line 1; all durable on return.
    ///
    /// # Errors
    /// When the run exists already, or the disk refuses.
    pub fn create(
        run_dir: &Path,
        run: &str,
        who: &str,
        clocks: Clocks,
        header: RunHeader,
        at_ms: i64,
    ) -> Result<(Self, Stamped), JournalOpenError> {
        Self::create_on(Arc::new(LocalDisk), run_dir, run, who, clocks, header, at_ms)
    }

    /// As [`FileJournal::create`], on a disk that may be another than this machine's.
    ///
    /// # Errors
    /// As [`FileJournal::create`].
    pub fn create_on(
        disk: Arc<dyn Disk>,
        run_dir: &Path,
        run: &str,
        who: &str,
        clocks: Clocks,
        header: RunHeader,
        at_ms: i64,
    ) -> Result<(Self, Stamped), JournalOpenError> {
        disk.make_dir(run_dir)?;
        let lock = lock::take(run_dir, who)?;
        let path = run_dir.join(disk::JOURNAL);
        let file = disk.open(&path, How::AppendNew)?;
        let ballast = Ballast::take(disk.as_ref(), run_dir);
        let mut journal = Self {
            run_dir: run_dir.to_owned(),
            disk,
            path,
            file,
            _lock: lock,
            run: run.to_owned(),
            who: who.to_owned(),
            epoch: 1,
            clocks,
            boot_id: clocks.boot_id(),
            seq: 0,
            head: Link::seed(run, header.mode),
            bytes: 0,
            ballast,
            unsynced: false,
            poison: None,
            redactor: redact::shared().clone(),
            line: Vec::new(),
        };
        let first = journal.append(at_ms, Event::RunStarted(Box::new(header))).map_err(io::Error::other)?;
        journal.sync().map_err(io::Error::other)?;
        journal.disk.sync_dir(run_dir)?;
        if let Some(parent) = run_dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            journal.disk.sync_dir(parent)?;
        }
        Ok((journal, first))
    }

    /// Opens a run to go on with it: takes the lock, verifies every record, cuts a torn tail.
    ///
    /// # Errors
    /// When another process holds the run, the journal is damaged or missing, or the disk refuses.
    pub fn open(run_dir: &Path, who: &str, clocks: Clocks) -> Result<(Self, Vec<Stamped>), JournalOpenError> {
        Self::open_on(Arc::new(LocalDisk), run_dir, who, clocks)
    }

    /// As [`FileJournal::open`], on a disk that may be another than this machine's.
    ///
    /// # Errors
    /// As [`FileJournal::open`].
    pub fn open_on(
        disk: Arc<dyn Disk>,
        run_dir: &Path,
        who: &str,
        clocks: Clocks,
    ) -> Result<(Self, Vec<Stamped>), JournalOpenError> {
        if !run_dir.join(disk::JOURNAL).exists() {
            return Err(JournalOpenError::NotFound(run_dir.to_owned()));
        }
        let lock = lock::take(run_dir, who)?;
        let mut scan = Scan::open(run_dir)?;
        let mut records = Vec::new();
        while let Some(record) = scan.next()? {
            records.push(record.into_stamped());
        }
        let Some(chain) = scan.chain.take() else {
            return Err(JournalOpenError::NotFound(run_dir.to_owned()));
        };
        same_run(run_dir, &chain)?;
        let path = run_dir.join(disk::JOURNAL);
        let file = disk.open(&path, How::Append)?;
        let ballast = Ballast::take(disk.as_ref(), run_dir);
        let mut journal = Self {
            run_dir: run_dir.to_owned(),
            disk,
            path,
            file,
            _lock: lock,
            run: chain.run.as_ref().to_owned(),
            who: who.to_owned(),
            epoch: chain.epoch + 1,
            clocks,
            boot_id: clocks.boot_id(),
            seq: chain.seq,
            head: chain.head,
            bytes: scan.whole_bytes(),
            ballast,
            unsynced: false,
            poison: None,
            redactor: redact::shared().clone(),
            line: Vec::new(),
        };
        let tail = scan.torn();
        if !tail.is_empty() {
            let disk = journal.disk.as_ref();
            recover::cut(disk, run_dir, &journal.file, scan.whole_bytes(), chain.seq + 1, tail)?;
            let at_ms = clocks.recovery_at_ms(records.last().map_or(0, |record| record.at_ms));
            let bytes = tail.len() as u64;
            records.push(journal.append(at_ms, Event::TornTailCut { bytes }).map_err(io::Error::other)?);
            journal.sync().map_err(io::Error::other)?;
        }
        Ok((journal, records))
    }

    /// Hides these secrets in place of those of the process.
    #[must_use]
    pub fn hiding(mut self, redactor: Redactor) -> Self {
        self.redactor = redactor;
        self
    }

    /// The run's id, as line 1 has it.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Why nothing can be written any more.
    #[must_use]
    pub fn poison(&self) -> Option<&str> {
        self.poison.as_deref()
    }

    /// Builds the line of the next record into the buffer. Returns its hash.
    fn build<E: Serialize>(&mut self, at_ms: i64, ev: &E) -> serde_json::Result<Link> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        let body = Body {
            v: record::VERSION,
            seq: self.seq + 1,
            run: &self.run,
            epoch: self.epoch,
            wall_ms: at_ms,
            boot_ns: self.clocks.boot_ns(at_ms),
            boot_id: &self.boot_id,
            who: &self.who,
            ev,
            prev: self.head,
        };
        let mut writer = serde_json::Serializer::with_formatter(&mut line, record::Visible);
        let written = body.serialize(&mut writer).map(|()| record::seal(&mut line));
        self.line = line;
        written
    }

    /// As `build`, for an event that is too long for a line, or that holds what looks like a reference.
    fn build_with_sides(&mut self, at_ms: i64, event: &Event) -> io::Result<Link> {
        let mut ev = serde_json::to_value(event)?;
        let event_bytes = serde_json::to_vec(&ev)?.len();
        let around_bytes = self.line.len().saturating_sub(event_bytes);
        let room_bytes = LINE_MAX_BYTES.saturating_sub(around_bytes);
        let files = side::move_out(&mut ev, self.seq + 1, room_bytes)?;
        side::write(self.disk.as_ref(), &self.run_dir, &files)?;
        let head = self.build(at_ms, &ev)?;
        if self.line.len() > LINE_MAX_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the record is longer than 64 KiB"));
        }
        Ok(head)
    }

    fn write(&mut self, at_ms: i64, event: &Event) -> io::Result<Link> {
        let mut head = self.build(at_ms, event)?;
        if self.line.len() > LINE_MAX_BYTES || side::is_marked(&self.line) {
            head = self.build_with_sides(at_ms, event)?;
        }
        self.disk.write(&self.path, &self.file, &self.line)?;
        Ok(head)
    }

    /// As [`FileJournal::write`]; where there is no room, into that of the ballast.
    fn write_somehow(&mut self, at_ms: i64, event: &Event) -> io::Result<Link> {
        match self.write(at_ms, event) {
            Err(error) if disk::is_full(&error) => {
                self.disk.cut(&self.path, &self.file, self.bytes)?;
                if !self.ballast.free(self.disk.as_ref()) {
                    return Err(error);
                }
                self.write(at_ms, event)
            }
            written => written,
        }
    }

    fn refuse_if_poisoned(&self) -> Result<(), JournalError> {
        self.poison.as_ref().map_or(Ok(()), |why| Err(JournalError(why.clone())))
    }

    fn poisoned_by(&mut self, error: &io::Error) -> JournalError {
        let why = error.to_string();
        self.poison = Some(why.clone());
        JournalError(why)
    }
}

impl Journal for FileJournal {
    fn append(&mut self, at_ms: i64, mut event: Event) -> Result<Stamped, JournalError> {
        self.refuse_if_poisoned()?;
        // Here, so that whoever folds or shows what comes back never sees more than the file.
        self.redactor.hide_in_event(&mut event);
        let head = self.write_somehow(at_ms, &event).map_err(|error| self.poisoned_by(&error))?;
        self.bytes += self.line.len() as u64;
        self.seq += 1;
        self.head = head;
        self.unsynced = true;
        Ok(Stamped { seq: self.seq, epoch: self.epoch, at_ms, who: self.who.clone(), event })
    }

    fn sync(&mut self) -> Result<(), JournalError> {
        self.refuse_if_poisoned()?;
        if self.unsynced {
            self.disk.sync(&self.path, &self.file).map_err(|error| self.poisoned_by(&error))?;
            self.unsynced = false;
        }
        Ok(())
    }

    fn head(&self) -> (u64, String) {
        (self.seq, self.head.to_hex())
    }

    /// The ballast is held, and beside it there is room for more than one call can say.
    fn has_room(&mut self) -> bool {
        self.poison.is_none()
            && self.disk.room_bytes(&self.file).is_ok_and(|bytes| bytes >= RESERVE_BYTES)
            && self.ballast.retake(self.disk.as_ref())
    }
}

impl Drop for FileJournal {
    fn drop(&mut self) {
        self.ballast.free(self.disk.as_ref());
    }
}

/// A directory that carries a run's id must hold that run: going on with a copy would do things twice.
fn same_run(run_dir: &Path, chain: &Chain) -> Result<(), JournalOpenError> {
    let name = run_dir.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !store::is_run_id(name) || name == &*chain.run {
        return Ok(());
    }
    let detail = format!("the directory is that of run {name}, the journal that of {}", chain.run);
    Err(JournalOpenError::Damaged(Damage::new(1, DamageKind::WrongRun, detail)))
}
