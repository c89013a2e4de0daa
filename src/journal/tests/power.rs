//! The power goes while several records wait for their sync: any of their bytes may be on the disk, and
//! whole pages in the middle may not. What was synced is never lost, and nothing is ever made up.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::super::{Clocks, Disk, FileJournal, JournalOpenError, read, verify};
use super::{RUN, bytes, put, write_run};
use crate::model::outcome::Mode;

fn newlines(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

/// Records that a sync has covered, and those behind them that none has.
const SYNCED: u64 = 3;
const WAITING: usize = 5;
/// Smaller than anything that reaches a disk as a whole: more ways to lose some.
const PAGE_BYTES: usize = 256;

/// A disk that is memory: thousands of recoveries, and nothing to wait for.
#[derive(Debug)]
struct Memory;

impl Disk for Memory {
    fn sync(&self, _path: &Path, _file: &File) -> io::Result<()> {
        Ok(())
    }

    fn cut(&self, _path: &Path, file: &File, bytes: u64) -> io::Result<()> {
        file.set_len(bytes)
    }

    fn allocate(&self, _path: &Path, _file: &File, _bytes: u64) -> io::Result<()> {
        Ok(())
    }

    fn sync_dir(&self, _dir: &Path) -> io::Result<()> {
        Ok(())
    }
}

struct Lost {
    base: tempfile::TempDir,
    whole: Vec<u8>,
    synced_bytes: usize,
}

impl Lost {
    fn new() -> Self {
        let base = tempfile::tempdir().unwrap();
        write_run(base.path(), Mode::Drill, SYNCED + WAITING as u64);
        let whole = bytes(base.path());
        let lines = whole.split_inclusive(|&byte| byte == b'\n').take(usize::try_from(SYNCED).unwrap());
        let synced_bytes = lines.map(<[u8]>::len).sum();
        Self { base, whole, synced_bytes }
    }

    /// What recovery makes of this file. Gives how many records it goes on with; `None` when it refuses.
    fn recover(&self, left: &[u8]) -> Option<usize> {
        put(self.base.path(), left);
        let seen = read(self.base.path()).unwrap();
        assert_eq!(seen.damage.is_some(), verify(self.base.path()).unwrap().damage.is_some());
        // Damaged or not: what was synced can be read, record by record.
        assert!(seen.records.len() as u64 >= SYNCED, "{} records are left", seen.records.len());
        match FileJournal::open_on(Arc::new(Memory), self.base.path(), "alice", Clocks::Virtual) {
            Ok((_, records)) => {
                self.forget_tails();
                assert!(seen.damage.is_none() && records.len() as u64 >= SYNCED);
                let now = bytes(self.base.path());
                assert!(now.starts_with(&self.whole[..self.synced_bytes]), "what was synced was changed");
                Some(records.len())
            }
            Err(JournalOpenError::Damaged(damage)) => {
                assert!(damage.record > SYNCED, "{damage}");
                assert_eq!(bytes(self.base.path()), left, "what is damaged was changed");
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Tails are kept under a name each; there are only so many.
    fn forget_tails(&self) {
        for entry in std::fs::read_dir(self.base.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with("torn-") {
                std::fs::remove_file(path).unwrap();
            }
        }
    }
}

#[test]
fn any_prefix_of_a_batch_goes_on_with_its_whole_records() {
    let lost = Lost::new();
    for length in lost.synced_bytes..=lost.whole.len() {
        let left = &lost.whole[..length];
        let lines = newlines(left);
        let is_torn = left.last() != Some(&b'\n');
        assert_eq!(lost.recover(left), Some(lines + usize::from(is_torn)), "cut at {length}");
    }
}

#[test]
fn pages_lost_in_the_middle_are_never_jumped_over() {
    let lost = Lost::new();
    let first = lost.synced_bytes / PAGE_BYTES;
    let pages = lost.whole.len().div_ceil(PAGE_BYTES) - first;
    assert!((4..16).contains(&pages), "{pages} pages");
    let (mut refused, mut gone_on) = (0, 0);
    for kept in 0_u32..1 << pages {
        let mut left = lost.whole.clone();
        for page in (0..pages).filter(|page| kept >> page & 1 == 0) {
            let start = ((first + page) * PAGE_BYTES).max(lost.synced_bytes);
            let end = ((first + page + 1) * PAGE_BYTES).min(left.len());
            left[start..end].fill(0);
        }
        match lost.recover(&left) {
            None => refused += 1,
            Some(records) => {
                gone_on += 1;
                // Only what stands in one piece behind the synced records is believed.
                let whole = left.iter().position(|&byte| byte == 0).unwrap_or(left.len());
                let lines = newlines(&left[..whole]);
                assert_eq!(records, lines + usize::from(whole < left.len()));
            }
        }
    }
    assert!(refused > 0 && gone_on > 0, "{refused} refused, {gone_on} gone on with");
}

/// The control: a reader that takes what it can parse would go on with a run in which something happened
/// that it does not know of.
#[test]
fn a_lax_reader_would_jump_over_a_lost_page() {
    let lost = Lost::new();
    let mut left = lost.whole.clone();
    let middle = lost.synced_bytes.next_multiple_of(PAGE_BYTES);
    left[middle..middle + PAGE_BYTES].fill(0);
    let parses = |line: &[u8]| serde_json::from_slice::<serde_json::Value>(line).is_ok_and(|line| line["run"] == RUN);
    let lax = left.split(|&byte| byte == b'\n').filter(|line| parses(line)).count();
    assert!(lax as u64 > SYNCED && lax < newlines(&lost.whole));
    assert_eq!(lost.recover(&left), None);
}
