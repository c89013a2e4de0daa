//! The torn tail: bytes that a crash left after the last newline. Kept aside, then cut.
//!
//! Nothing else is ever repaired. Those bytes were never acknowledged: no effect followed them.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::disk;

/// How many crashes between keeping and cutting, at one and the same record, find a free name.
const NAMES_MAX: u32 = 100;

/// Copies the tail to `torn-<seq>` and cuts the journal to its whole lines, each step durable.
pub(super) fn cut(run_dir: &Path, journal: &File, whole_bytes: u64, seq: u64, tail: &[u8]) -> io::Result<()> {
    let mut aside = free_file(run_dir, seq)?;
    aside.write_all(tail)?;
    aside.sync_all()?;
    disk::sync_dir(run_dir)?;
    journal.set_len(whole_bytes)?;
    journal.sync_all()
}

fn free_file(run_dir: &Path, seq: u64) -> io::Result<File> {
    for nth in 0..NAMES_MAX {
        let name = if nth == 0 { format!("torn-{seq}") } else { format!("torn-{seq}.{nth}") };
        match disk::careful().write(true).create_new(true).open(run_dir.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened,
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        format!("{NAMES_MAX} torn tails of record {seq} are kept already"),
    ))
}
