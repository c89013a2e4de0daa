//! A run made ready to be driven: run directory, journal, engine, and the parts that the driver is given.
//!
//! Must not know which face will drive it, nor which cloud (`simulated`, `real`).

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::exit::CliError;
use super::kept;
use super::note::not_opened;
use super::settings::Settings;
use crate::driver::{HistorySlot, Opening, Operator, Parts};
use crate::engine::Engine;
use crate::engine::ports::{Clock, Cloud, Journal, MfaDevices};
use crate::journal::{Clocks, FileJournal, store};
use crate::model::event::{RunHeader, Stamped};
use crate::report::fold;
use crate::report::row::Row;

/// A run that is ready to go.
pub struct Session {
    pub run: String,
    pub dir: PathBuf,
    pub journal: FileJournal,
    pub rest: Rest,
}

/// Everything but the journal, which a face may want to listen to.
pub struct Rest {
    pub engine: Engine,
    pub opening: Opening,
    pub cloud: Arc<dyn Cloud>,
    pub clock: Arc<dyn Clock>,
    pub mfa: Arc<dyn MfaDevices>,
    pub rows: Vec<Row>,
    pub faults: Vec<String>,
    pub operator: Operator,
}

impl Session {
    /// Gives the journal to a wrapper that lets others see what is written. Nobody waits for the history.
    ///
    /// # Errors
    /// As the wrapper says.
    pub fn parts(
        self,
        history: HistorySlot,
        wrap: impl FnOnce(FileJournal) -> io::Result<Box<dyn Journal>>,
    ) -> Result<Parts, CliError> {
        let journal = wrap(self.journal)
            .map_err(|error| CliError::failed(format!("failed to read the journal back: {error}")))?;
        let rest = self.rest;
        Ok(Parts {
            engine: rest.engine,
            opening: rest.opening,
            journal,
            cloud: rest.cloud,
            clock: rest.clock,
            mfa: rest.mfa,
            rows: rest.rows,
            faults: rest.faults,
            operator: rest.operator,
            history,
        })
    }
}

/// A new run's id and directory, before anything is written.
///
/// # Errors
/// When there is no place for it.
pub fn new_run(settings: &Settings) -> Result<(String, PathBuf), CliError> {
    let run = store::new_run_id();
    let dir = store::run_dir(&settings.state_dir()?, &run);
    Ok((run, dir))
}

/// Line 1 written and on the disk.
///
/// # Errors
/// When the directory or the journal cannot be made.
pub fn first_line(
    (run, dir): (&str, &Path),
    clocks: Clocks,
    header: RunHeader,
    at_ms: i64,
) -> Result<(FileJournal, Stamped), CliError> {
    let who = header.operator.clone();
    FileJournal::create(dir, run, &who, clocks, header, at_ms).map_err(|error| {
        CliError::failed(format!("failed to begin the run: {error}"))
            .hint("lifeboat doctor looks at the state directory")
    })
}

/// A stopped run taken up again.
pub struct Stopped {
    pub run: String,
    pub dir: PathBuf,
    pub journal: FileJournal,
    pub records: Vec<Stamped>,
    pub header: RunHeader,
    pub engine: Engine,
    pub operator: String,
}

/// Takes the lock and folds the journal; nothing is written yet.
///
/// # Errors
/// Locked, damaged, or not a run.
pub fn take_up(settings: &Settings, wanted: &str) -> Result<Stopped, CliError> {
    let entry = super::runs::find(settings, wanted)?;
    let operator = settings.operator.clone();
    let before = crate::journal::header(&entry.dir).map_err(|error| CliError::failed(error.to_string()))?;
    let clocks = clocks_of(before.as_ref());
    // A drill is the exercise of the person who began it, whoever is logged in.
    let driver = before.map(|header| header.operator).unwrap_or_default();
    let operator = operator.unwrap_or(driver);
    let (journal, records) = FileJournal::open(&entry.dir, &operator, clocks).map_err(not_opened)?;
    let replayed = fold::replay(&records, &entry.id).map_err(|error| kept::not_replayed(&error))?;
    Ok(Stopped {
        run: entry.id,
        dir: entry.dir,
        journal,
        records,
        header: replayed.header,
        engine: replayed.engine,
        operator,
    })
}

/// Which clocks a run's journal reads: only the simulated cloud has a time of its own.
#[must_use]
pub fn clocks_of(header: Option<&RunHeader>) -> Clocks {
    match header {
        Some(header) if !header.is_simulated() => Clocks::Real,
        Some(_) | None => Clocks::Virtual,
    }
}

/// The version that line 1 names.
#[must_use]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
