//! The torn tail: bytes that a crash left after the last newline. Kept aside, then cut.
//!
//! Nothing else is ever repaired. Those bytes were never acknowledged: no effect followed them.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::disk::{self, Disk, How};

/// How many crashes between keeping and cutting, at one and the same record, find a free name.
const NAMES_MAX: u32 = 100;

/// Copies the tail to `torn-<seq>` and cuts the journal to its whole lines, each step durable.
pub(super) fn cut(
    disk: &dyn Disk,
    run_dir: &Path,
    journal: &File,
    whole_bytes: u64,
    seq: u64,
    tail: &[u8],
) -> io::Result<()> {
    let (path, aside) = free_file(disk, run_dir, seq)?;
    disk.write(&path, &aside, tail)?;
    disk.sync(&path, &aside)?;
    disk.sync_dir(run_dir)?;
    let path = run_dir.join(disk::JOURNAL);
    disk.cut(&path, journal, whole_bytes)
}

fn free_file(disk: &dyn Disk, run_dir: &Path, seq: u64) -> io::Result<(PathBuf, File)> {
    for nth in 0..NAMES_MAX {
        let name = if nth == 0 { format!("torn-{seq}") } else { format!("torn-{seq}.{nth}") };
        let path = run_dir.join(name);
        match disk.open(&path, How::New) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (path, file)),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        format!("{NAMES_MAX} torn tails of record {seq} are kept already"),
    ))
}
