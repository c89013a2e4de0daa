//! Floor 2: the append-only file of a run: hash chain, sync before act, lock, recovery.
//!
//! A run's directory (0700, files 0600):
//! ```text
//! journal.jsonl   one record a line: {"v":1,"seq":1,…,"ev":{…},"prev":"…","h":"…"}
//! lock            held by the one process that may write; names it
//! out/<seq>.json  what did not fit into a line of 64 KiB
//! ballast         room for the outcome of a call in flight; let go of when the disk is full
//! torn-<seq>      bytes that a crash left after the last newline, kept aside
//! ```
//! `h` is the SHA-256 of the line without its `h` member, which comes last: by hand,
//! `jq -cj 'del(.h)'` and `sha256sum`. `prev` is the `h` of the line above; line 1's is the
//! SHA-256 of `lifeboat/1`, the run's id and its mode, a newline after each of the first two. So a
//! drill's journal can never pass as a real run's.
//!
//! Must not know: the engine's state, the runbook, any face.

mod ballast;
mod chain;
mod clocks;
mod damage;
mod disk;
mod file;
mod follow;
mod lines;
mod lock;
mod record;
mod recover;
mod scan;
mod side;
pub mod store;
#[cfg(test)]
mod tests;

pub use clocks::Clocks;
pub use damage::{Damage, DamageKind};
pub use disk::{Disk, How, LocalDisk};
pub use file::{FileJournal, JournalOpenError};
pub use follow::Follower;
pub use lock::{Holder, holder};
pub use record::{Link, Record};
pub use scan::{JournalFile, Pass, ReadError, Verdict, each, header, pass, read, read_bytes, size, verify, verify_at};
pub use side::{Sides, side_files};
