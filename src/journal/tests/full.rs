//! A full disk: no further call, and every outcome of those in flight.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::disk::{self, Disk};
use super::super::{Clocks, FileJournal, read};
use super::{RUN, START_MS, header};
use crate::engine::ports::Journal;
use crate::model::event::Event;
use crate::model::outcome::Mode;

const BALLAST_BYTES: u64 = 512 * 1024;

/// So many bytes fit, those of the ballast included; a write takes what there is, then fails.
#[derive(Debug)]
struct SmallDisk {
    room_bytes: AtomicU64,
}

impl SmallDisk {
    fn of(room_bytes: u64) -> Arc<Self> {
        Arc::new(Self { room_bytes: AtomicU64::new(room_bytes) })
    }

    fn take(&self, bytes: u64) -> Result<(), u64> {
        let room = self.room_bytes.load(Ordering::SeqCst);
        self.room_bytes.store(room.saturating_sub(bytes), Ordering::SeqCst);
        if bytes <= room { Ok(()) } else { Err(room) }
    }
}

fn full() -> io::Error {
    io::Error::from(io::ErrorKind::StorageFull)
}

impl Disk for SmallDisk {
    fn write(&self, _path: &Path, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        use std::io::Write as _;
        match self.take(bytes.len() as u64) {
            Ok(()) => file.write_all(bytes),
            Err(room) => {
                file.write_all(&bytes[..usize::try_from(room).unwrap()])?;
                Err(full())
            }
        }
    }

    fn cut(&self, _path: &Path, file: &File, bytes: u64) -> io::Result<()> {
        let before = file.metadata()?.len();
        self.room_bytes.fetch_add(before - bytes, Ordering::SeqCst);
        file.set_len(bytes)
    }

    fn allocate(&self, _path: &Path, file: &File, bytes: u64) -> io::Result<()> {
        if bytes > self.room_bytes.load(Ordering::SeqCst) {
            return Err(full());
        }
        self.room_bytes.fetch_sub(bytes, Ordering::SeqCst);
        file.set_len(bytes)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.room_bytes.fetch_add(std::fs::metadata(path)?.len(), Ordering::SeqCst);
        std::fs::remove_file(path)
    }

    fn room_bytes(&self, _file: &File) -> io::Result<u64> {
        Ok(self.room_bytes.load(Ordering::SeqCst))
    }
}

fn begin(disk: &Arc<SmallDisk>, dir: &Path) -> FileJournal {
    let disk = Arc::clone(disk) as Arc<dyn Disk>;
    FileJournal::create_on(disk, dir, RUN, "alice", Clocks::Virtual, header(Mode::Real), START_MS).unwrap().0
}

#[test]
fn no_call_goes_out_below_the_reserve() {
    let base = tempfile::tempdir().unwrap();
    let disk = SmallDisk::of(BALLAST_BYTES + 3 * 1024 * 1024);
    let mut journal = begin(&disk, base.path());
    assert!(journal.has_room());
    disk.room_bytes.store(1024 * 1024 - 1, Ordering::SeqCst);
    assert!(!journal.has_room());
    assert!(base.path().join("ballast").exists(), "it is for outcomes");
    drop(journal);
    assert!(!base.path().join("ballast").exists(), "a run that is over takes no room");
}

#[test]
fn the_ballast_makes_room_for_an_outcome() {
    let base = tempfile::tempdir().unwrap();
    let disk = SmallDisk::of(BALLAST_BYTES + 3 * 1024 * 1024);
    let mut journal = begin(&disk, base.path());
    // A part of a line still fits: it has to be cut off before the line is written again.
    disk.room_bytes.store(40, Ordering::SeqCst);
    for _ in 0..20 {
        journal.append(START_MS, Event::RunContinued).unwrap();
    }
    journal.sync().unwrap();
    assert!(!base.path().join("ballast").exists());
    let file = read(base.path()).unwrap();
    assert_eq!((file.records.len(), file.damage, file.torn_bytes), (21, None, 0));
    disk.room_bytes.store(4 * 1024 * 1024, Ordering::SeqCst);
    assert!(journal.has_room(), "somebody made room");
    assert!(base.path().join("ballast").exists());
}

#[test]
fn without_a_ballast_a_full_disk_poisons() {
    let base = tempfile::tempdir().unwrap();
    let disk = SmallDisk::of(20_000);
    let mut journal = begin(&disk, base.path());
    assert!(!journal.has_room());
    disk.room_bytes.store(10, Ordering::SeqCst);
    assert!(journal.append(START_MS, Event::RunContinued).is_err());
    disk.room_bytes.store(100_000, Ordering::SeqCst);
    assert!(journal.append(START_MS, Event::RunContinued).is_err());
    assert_eq!(read(base.path()).unwrap().torn_bytes, 0, "the part written is cut off again");
}

#[test]
fn only_want_of_room_is_got_over() {
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge] {
        assert!(disk::is_full(&io::Error::from(kind)));
    }
    assert!(!disk::is_full(&io::Error::other("input/output error")));
}
