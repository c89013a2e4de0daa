//! Follows a journal that somebody else writes, or a copy of one: what has been added since the last look.
//!
//! Takes no lock, keeps no file open, checks every hash and link. A line without its newline is one
//! that is being written.

use std::fs::Metadata;
use std::io::{Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::chain::{self, Chain};
use super::damage::{Damage, DamageKind};
use super::disk;
use super::record::{Link, Record};
use super::scan::{ReadError, Scan};

/// Where a reader of a growing journal stands.
pub struct Follower {
    file: PathBuf,
    run_dir: PathBuf,
    chain: Option<Chain>,
    /// Length of the records read so far.
    read_bytes: u64,
    /// The file as it was at the last look: which, how long.
    seen: Option<(u64, u64)>,
    damage: Option<Damage>,
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Follower")
            .field("file", &self.file)
            .field("read_bytes", &self.read_bytes)
            .finish_non_exhaustive()
    }
}

impl Follower {
    /// Stands before the first record of a run's journal, or of a file that is one.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let file = if path.is_dir() { path.join(disk::JOURNAL) } else { path.to_owned() };
        let run_dir = file.parent().map(Path::to_owned).unwrap_or_default();
        Self { file, run_dir, chain: None, read_bytes: 0, seen: None, damage: None }
    }

    /// The whole records that have been added; none once there was damage.
    ///
    /// # Errors
    /// When the file is not there, or the disk fails: the next look may be luckier.
    pub fn more(&mut self) -> Result<Vec<Record>, ReadError> {
        let now = std::fs::metadata(&self.file).map_err(|error| self.not_read(error))?;
        if self.damage.is_some() || self.seen == Some(stamp(&now)) {
            return Ok(Vec::new());
        }
        if now.len() < self.read_bytes {
            let record = self.records() + 1;
            self.damage = Some(Damage::new(record, DamageKind::Cut, "the journal has become shorter"));
            return Ok(Vec::new());
        }
        let mut file = disk::careful().read(true).open(&self.file).map_err(|error| self.not_read(error))?;
        file.seek(SeekFrom::Start(self.read_bytes))?;
        let is_first = self.chain.is_none();
        let mut scan = Scan::behind(self.chain.take(), &self.run_dir, file);
        let mut records = Vec::new();
        let damage = scan.run_to_end(chain::take, |record| records.push(record));
        self.read_bytes += scan.whole_bytes();
        self.chain = scan.chain;
        // A journal whose first line is being written holds nothing yet.
        let is_empty = is_first && self.chain.is_none();
        self.damage = damage?.filter(|damage| !(is_empty && damage.reason == DamageKind::NoHeader));
        self.seen = Some(stamp(&now));
        Ok(records)
    }

    /// What is wrong with the record after the last one.
    #[must_use]
    pub const fn damage(&self) -> Option<&Damage> {
        self.damage.as_ref()
    }

    /// Which run it is, once line 1 was read.
    #[must_use]
    pub fn run(&self) -> Option<&str> {
        self.chain.as_ref().map(|chain| &*chain.run)
    }

    /// Records read so far.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.chain.as_ref().map_or(0, |chain| chain.seq)
    }

    #[must_use]
    pub fn head(&self) -> Option<Link> {
        self.chain.as_ref().map(|chain| chain.head)
    }

    /// The directory of the run, or where the copy is.
    #[must_use]
    pub fn run_dir(&self) -> &Path {
        &self.run_dir
    }

    fn not_read(&self, error: std::io::Error) -> ReadError {
        match error.kind() {
            std::io::ErrorKind::NotFound => ReadError::NotFound(self.run_dir.clone()),
            _ => ReadError::Io(error),
        }
    }
}

fn stamp(file: &Metadata) -> (u64, u64) {
    (file.ino(), file.len())
}
