//! The keeper of a program: a process of our own binary, one an attempt, that outlives lifeboat. It
//! starts the program, catches what it prints, waits for its end and writes down how that was.
//!
//! ```text
//! lifeboat ── order (pipe) ──▶ keeper ──▶ program
//!     │                          │ started.json: synced before the program starts
//!     │                          │ stdout, stderr: capped
//!     └───── looks at ◀────────  │ ended.json: written, synced, renamed
//!                                └ lock: held from before the keeper starts until ended.json is there
//! ```
//! Whoever comes later can tell from these files alone, see [`place::Place::look`].
//!
//! Must not know: runbooks, engine, journal.

mod order;
mod place;
mod process;
mod stream;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

pub(super) use order::Order;
pub(super) use place::{Ended, Found, How, NotStarted, Place, make_room};

/// The word by which our binary knows that it is to be a keeper. Between processes of one binary; no
/// verb for people.
pub(super) const WORD: &str = "__keep-program";
/// Of each stream this much of the beginning is kept, and a little of the end.
pub(super) const KEPT_BYTES: u64 = 16 * 1024 * 1024;
/// Of each stream this much of the end is kept, whatever comes before it.
pub(super) const END_BYTES: usize = 16 * 1024;

/// Becomes a keeper if the command line says so. Gives how the process ends.
#[must_use]
pub fn asked(mut arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let is_asked = arguments.nth(1).is_some_and(|word| word == WORD);
    let dir = arguments.next().filter(|_| is_asked)?;
    let done = process::keep(Path::new(&dir));
    Some(if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
