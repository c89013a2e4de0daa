//! Reading a journal from its first byte to its last, without the lock: every hash, every link.

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::chain::{self, Chain};
use super::damage::{Damage, DamageKind};
use super::disk;
use super::lines::{Lines, Next};
use super::record::{self, Link, Record};
use super::side::Sides;
use crate::model::event::{Event, RunHeader};
use crate::model::outcome::Mode;

/// Why a journal could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("no journal in `{}`", .0.display())]
    NotFound(PathBuf),
    #[error("failed to read the journal: {0}")]
    Io(#[from] io::Error),
}

/// A journal as far as it is whole.
#[derive(Debug, Clone)]
pub struct JournalFile {
    pub records: Vec<Record>,
    /// What is wrong with the record after the last one.
    pub damage: Option<Damage>,
    /// Bytes after the last newline: a write that a crash cut short, or one under way right now.
    pub torn_bytes: u64,
}

impl JournalFile {
    /// Line 1.
    #[must_use]
    pub fn header(&self) -> Option<&RunHeader> {
        if let Event::RunStarted(header) = &self.records.first()?.ev { Some(header) } else { None }
    }

    #[must_use]
    pub fn head(&self) -> Option<Link> {
        self.records.last().map(|record| record.h)
    }
}

/// What `verify` finds.
#[derive(Debug, Clone)]
pub struct Verdict {
    pub run: Option<Arc<str>>,
    pub mode: Option<Mode>,
    /// Whole records, counted from the first.
    pub records: u64,
    /// The chain's head over those.
    pub head: Option<Link>,
    pub damage: Option<Damage>,
    pub torn_bytes: u64,
}

/// Reads a run's journal, up to its end or the first damage.
///
/// # Errors
/// When there is no file, or the disk fails. Damage is no error here.
pub fn read(run_dir: &Path) -> Result<JournalFile, ReadError> {
    let mut scan = Scan::open(run_dir)?;
    let mut records = Vec::new();
    let damage = scan.run_to_end(chain::take, |record| records.push(record))?;
    Ok(JournalFile { records, damage, torn_bytes: scan.torn().len() as u64 })
}

/// Gives each whole record to `take`, until it breaks off: memory does not grow with the journal. What
/// was found damaged is behind all of them.
///
/// # Errors
/// As [`read`].
pub fn each(run_dir: &Path, mut take: impl FnMut(Record) -> ControlFlow<()>) -> Result<Option<Damage>, ReadError> {
    let mut scan = Scan::open(run_dir)?;
    loop {
        match scan.next() {
            Ok(Some(record)) => {
                if take(record).is_break() {
                    return Ok(None);
                }
            }
            Ok(None) => return Ok(None),
            Err(Fault::Damage(damage)) => return Ok(Some(damage)),
            Err(Fault::Io(error)) => return Err(ReadError::Io(error)),
        }
    }
}

/// How long the journal of a run is; one that cannot be looked at has no length.
#[must_use]
pub fn size(run_dir: &Path) -> u64 {
    std::fs::metadata(run_dir.join(disk::JOURNAL)).map_or(0, |file| file.len())
}

/// Line 1 alone: which run this is, before its lock is taken. `None` if even that is damaged.
///
/// # Errors
/// As [`read`].
pub fn header(run_dir: &Path) -> Result<Option<RunHeader>, ReadError> {
    match Scan::open(run_dir)?.next() {
        Ok(Some(Record { ev: Event::RunStarted(header), .. })) => Ok(Some(*header)),
        Ok(_) | Err(Fault::Damage(_)) => Ok(None),
        Err(Fault::Io(error)) => Err(ReadError::Io(error)),
    }
}

/// As [`read`], but keeps no record: memory does not grow with the journal. An event is not looked
/// into beyond its JSON, so that one which only a newer version knows does not hide a whole chain.
///
/// # Errors
/// As [`read`].
pub fn verify(run_dir: &Path) -> Result<Verdict, ReadError> {
    verdict(&mut Scan::open(run_dir)?)
}

fn verdict(scan: &mut Scan) -> Result<Verdict, ReadError> {
    let damage = scan.run_to_end(chain::check, drop)?;
    let (run, mode, records, head) = match &scan.chain {
        Some(chain) => (Some(chain.run.clone()), Some(chain.mode), chain.seq, Some(chain.head)),
        None => (None, None, 0, None),
    };
    Ok(Verdict { run, mode, records, head, damage, torn_bytes: scan.torn().len() as u64 })
}

/// As [`verify`], of a journal's file under any name, or of a run's directory.
///
/// # Errors
/// As [`read`].
pub fn verify_at(path: &Path) -> Result<Verdict, ReadError> {
    if path.is_dir() {
        return verify(path);
    }
    let mut scan = Scan::open_file(path, &path.parent().map(Path::to_owned).unwrap_or_default())?;
    verdict(&mut scan)
}

/// As [`read`], of bytes that came from wherever, with their side files.
///
/// # Errors
/// Never, as nothing is read from a disk but side files, and a missing one is damage.
pub fn read_bytes(bytes: &[u8], sides: Box<dyn Sides>) -> io::Result<JournalFile> {
    let mut scan = Scan { sides, lines: Lines::new(bytes), chain: None };
    let mut records = Vec::new();
    let damage = scan.run_to_end(chain::take, |record| records.push(record))?;
    Ok(JournalFile { records, damage, torn_bytes: scan.torn().len() as u64 })
}

/// A run's journal record by record, up to its end or the first damage; none is kept.
pub struct Pass {
    scan: Scan,
    records: u64,
    head: Option<Link>,
    fault: Option<Fault>,
}

/// Begins to read a run's journal.
///
/// # Errors
/// As [`read`].
pub fn pass(run_dir: &Path) -> Result<Pass, ReadError> {
    Ok(Pass { scan: Scan::open(run_dir)?, records: 0, head: None, fault: None })
}

impl Pass {
    /// How many records were whole, the head over them, and what is wrong with the next one.
    ///
    /// # Errors
    /// When the disk failed.
    pub fn end(self) -> Result<(u64, Option<Link>, Option<Damage>), ReadError> {
        match self.fault {
            Some(Fault::Io(error)) => Err(ReadError::Io(error)),
            Some(Fault::Damage(damage)) => Ok((self.records, self.head, Some(damage))),
            None => Ok((self.records, self.head, None)),
        }
    }
}

impl Iterator for Pass {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        if self.fault.is_some() {
            return None;
        }
        match self.scan.next() {
            Ok(Some(record)) => {
                (self.records, self.head) = (record.seq, Some(record.h));
                Some(record)
            }
            Ok(None) => None,
            Err(fault) => {
                self.fault = Some(fault);
                None
            }
        }
    }
}

pub(super) enum Fault {
    Damage(Damage),
    Io(io::Error),
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Self {
        Self::Damage(damage)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What is made of each line: [`chain::take`] or [`chain::check`].
type Take<T> = fn(&mut Option<Chain>, &dyn Sides, u64, &[u8]) -> Result<T, Damage>;

/// A pass over a journal.
pub(super) struct Scan<R = File> {
    sides: Box<dyn Sides>,
    lines: Lines<R>,
    pub chain: Option<Chain>,
}

impl Scan {
    pub(super) fn open(run_dir: &Path) -> Result<Self, ReadError> {
        Self::open_file(&run_dir.join(disk::JOURNAL), run_dir)
    }

    fn open_file(path: &Path, run_dir: &Path) -> Result<Self, ReadError> {
        let file = disk::careful().read(true).open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ReadError::NotFound(run_dir.to_owned()),
            _ => ReadError::Io(error),
        })?;
        Ok(Self::behind(None, run_dir, file))
    }
}

impl<R: Read> Scan<R> {
    /// Goes on behind the records that made this chain.
    pub(super) fn behind(chain: Option<Chain>, run_dir: &Path, rest: R) -> Self {
        Self { sides: Box::new(run_dir.to_owned()), lines: Lines::new(rest), chain }
    }

    /// Bytes after the last newline; known once the end was reached.
    pub(super) fn torn(&self) -> &[u8] {
        self.lines.tail()
    }

    /// Length of the whole lines.
    pub(super) const fn whole_bytes(&self) -> u64 {
        self.lines.whole_bytes()
    }

    pub(super) fn run_to_end<T>(&mut self, take: Take<T>, mut keep: impl FnMut(T)) -> io::Result<Option<Damage>> {
        loop {
            match self.next_with(take) {
                Ok(Some(taken)) => keep(taken),
                Ok(None) => return Ok(None),
                Err(Fault::Damage(damage)) => return Ok(Some(damage)),
                Err(Fault::Io(error)) => return Err(error),
            }
        }
    }

    /// The next whole record; `None` at the end of them.
    pub(super) fn next(&mut self) -> Result<Option<Record>, Fault> {
        self.next_with(chain::take)
    }

    fn next_with<T>(&mut self, take: Take<T>) -> Result<Option<T>, Fault> {
        let number = self.chain.as_ref().map_or(0, |chain| chain.seq) + 1;
        let line = match self.lines.next()? {
            Next::Line(line) => line,
            Next::TooLong => {
                return Err(Damage::new(number, DamageKind::BadJson, "the line is longer than 64 KiB").into());
            }
            Next::End => return self.end(number),
        };
        match take(&mut self.chain, self.sides.as_ref(), number, line) {
            Ok(taken) => Ok(Some(taken)),
            Err(mut damage) => {
                if damage.reason == DamageKind::Cut && self.is_further_down(number)? {
                    damage.reason = DamageKind::Reordered;
                    damage.detail = format!("record {number} stands further down");
                }
                Err(damage.into())
            }
        }
    }

    /// A torn write leaves a beginning of a line. A whole record that only lost its newline to
    /// another byte was changed.
    fn end<T>(&self, number: u64) -> Result<Option<T>, Fault> {
        if let Some((_, line)) = self.torn().split_last()
            && record::read_seal(line).is_some_and(|seal| seal.stated == seal.actual)
        {
            return Err(Damage::new(number, DamageKind::Changed, "its line does not end with a newline").into());
        }
        if self.chain.is_none() {
            return Err(Damage::new(1, DamageKind::NoHeader, "the journal holds no whole record").into());
        }
        Ok(None)
    }

    fn is_further_down(&mut self, number: u64) -> io::Result<bool> {
        #[derive(Deserialize)]
        struct Numbered {
            seq: u64,
        }
        loop {
            match self.lines.next()? {
                Next::Line(line) => {
                    if serde_json::from_slice::<Numbered>(line).is_ok_and(|found| found.seq == number) {
                        return Ok(true);
                    }
                }
                Next::TooLong | Next::End => return Ok(false),
            }
        }
    }
}
