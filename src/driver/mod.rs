//! Floor 3: the one async loop that stamps events, journals them, and performs effects.
//!
//! Knows the engine and the ports. Must not know: which cloud, which clock or which face it has.
//! *Journal, sync, then act*: nothing that a batch of events caused is performed or shown before the
//! batch is durable.

mod answers;
mod auto;
mod core;
mod foresight;
pub mod handle;
mod panics;
pub mod router;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, watch};

use crate::engine::Engine;
use crate::engine::ports::{Clock, Cloud, Journal, MfaDevices};
use crate::model::event::{Event, Stamped};
use crate::report::row::Row;

pub use foresight::HistorySlot;
use handle::{Handle, Over, Request, View};

/// Requests a face may have waiting.
const REQUESTS: usize = 64;

/// Everything a run needs.
pub struct Parts {
    /// Fresh, or folded from the records of the run so far.
    pub engine: Engine,
    pub opening: Opening,
    pub journal: Box<dyn Journal>,
    pub cloud: Arc<dyn Cloud>,
    pub clock: Arc<dyn Clock>,
    pub mfa: Arc<dyn MfaDevices>,
    /// Rows of the records so far, the opening not included.
    pub rows: Vec<Row>,
    /// Faults in words, for the drill's screens; empty under `--surprise`.
    pub faults: Vec<String>,
    pub operator: Operator,
    /// What past runs tell, once it was read; for the screen alone.
    pub history: HistorySlot,
}

/// How the driver begins.
pub enum Opening {
    /// Line 1 is written; the engine has not seen it yet.
    Started(Stamped),
    /// The engine has seen every record; this is the next one.
    Resumed(Event),
}

/// Who answers the gates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// People, through a [`Handle`].
    Person,
    /// Nobody: drills only, every gate is answered with practice codes, decisions stop the run.
    Auto,
}

/// A driver and a face's end of it, for whoever has a runtime of their own.
pub fn drive(parts: Parts) -> (Handle, impl Future<Output = Over> + Send + 'static) {
    let (requests, inbox) = mpsc::channel::<Request>(REQUESTS);
    let driver = core::Driver::new(parts, inbox);
    let view: watch::Receiver<Arc<View>> = driver.view();
    (Handle { view, requests }, driver.run())
}

/// Starts the driver on a thread of its own, so that a stalled or dead screen cannot stall it.
///
/// # Errors
/// When the thread or its runtime cannot be made.
pub fn spawn(parts: Parts) -> std::io::Result<(Handle, JoinHandle<Over>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (handle, driven) = drive(parts);
    let thread = std::thread::Builder::new().name("driver".to_owned()).spawn(move || runtime.block_on(driven))?;
    Ok((handle, thread))
}

/// Runs to the end on this thread with nobody at the keyboard.
///
/// # Errors
/// When the runtime cannot be made.
pub fn run_headless(parts: Parts) -> std::io::Result<(Over, Arc<View>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (handle, driven) = drive(parts);
    let over = runtime.block_on(driven);
    let last = handle.view.borrow().clone();
    Ok((over, last))
}
