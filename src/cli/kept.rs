//! A run as it is kept: its journal read, and folded through the same engine that wrote it.
//!
//! Reads only; whoever goes on with a run or writes into it takes the lock.

use super::exit::{CliError, Exit};
use super::past;
use super::runs;
use super::settings::Settings;
use crate::engine::snapshot::Snapshot;
use crate::journal::store::RunEntry;
use crate::journal::{self, Damage, ReadError};
use crate::model::event::Stamped;
use crate::report::fold::{Folding, ReplayError, Replayed};
use crate::report::summary::{JournalFacts, Summary, summary};

/// A run, folded up to the first damage.
pub struct Kept {
    /// Empty where they were handed on.
    pub records: Vec<Stamped>,
    pub replayed: Replayed,
    pub facts: JournalFacts,
    pub damage: Option<Damage>,
}

/// Reads and folds the run that was meant.
///
/// # Errors
/// When there is none, or nothing of it is whole.
pub fn open(settings: &Settings, wanted: &str) -> Result<Kept, CliError> {
    let mut records = Vec::new();
    let kept = passed(&runs::find(settings, wanted)?, |stamped| records.push(stamped))?;
    Ok(Kept { records, ..kept })
}

/// As [`open()`], but hands every record on in place of keeping it.
///
/// # Errors
/// As [`open()`].
pub fn passed(entry: &RunEntry, mut hand_on: impl FnMut(Stamped)) -> Result<Kept, CliError> {
    let unread = |error: ReadError| CliError::failed(error.to_string());
    let mut pass = journal::pass(&entry.dir).map_err(unread)?;
    let mut folding = Folding::default();
    for record in &mut pass {
        let stamped = record.into_stamped();
        folding.take(&stamped, &entry.id).map_err(|error| not_replayed(&error))?;
        hand_on(stamped);
    }
    let (count, head, damage) = pass.end().map_err(unread)?;
    let facts = JournalFacts::read(count, head, damage.is_none());
    match (folding.end(), &damage) {
        (Ok(replayed), _) => Ok(Kept { records: Vec::new(), replayed, facts, damage }),
        (Err(_), Some(damage)) => Err(damaged(damage)),
        (Err(error), None) => Err(not_replayed(&error)),
    }
}

/// Why a journal cannot be folded, and what that means.
#[must_use]
pub fn not_replayed(error: &ReplayError) -> CliError {
    match error {
        ReplayError::NoHeader | ReplayError::Digest { .. } => CliError::new(Exit::Damaged, error.to_string()),
        ReplayError::Runbook(_) => {
            CliError::failed(error.to_string()).hint("go on with the version of lifeboat that its first record names")
        }
    }
}

/// The error that names the damaged record.
#[must_use]
pub fn damaged(damage: &Damage) -> CliError {
    CliError::new(
        Exit::Damaged,
        format!("record {} is damaged ({}): {}", damage.record, damage.reason.word(), damage.detail),
    )
    .hint(format!("records before {} are whole; compare with a copy, by its head", damage.record))
}

impl Kept {
    /// The state of the run: in the simulated cloud when its clock last stood, in the real world now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let last_ms = self.replayed.engine.last_at_ms();
        let is_simulated = self.replayed.header.is_simulated();
        let now_ms = if is_simulated { last_ms } else { super::doctor::now_ms().max(last_ms) };
        self.replayed.engine.snapshot(now_ms)
    }

    /// The same with what past runs tell of its end.
    pub fn foreseen(&mut self, settings: &Settings) -> Snapshot {
        let now_ms = self.snapshot().now_ms;
        let engine = &mut self.replayed.engine;
        if engine.finished().is_none() {
            engine.learn(past::recall(settings, engine.plan(), engine.run_id(), past::AT_ONCE));
            engine.foresee(now_ms);
        }
        engine.snapshot(now_ms)
    }

    #[must_use]
    pub fn summary(&self, snapshot: &Snapshot) -> Summary {
        summary(snapshot, self.facts.clone()).with_deviations(&self.records)
    }

    /// Done, or the damage that was met on the way.
    pub fn verdict(&self) -> Result<Exit, CliError> {
        self.damage.as_ref().map_or(Ok(Exit::Done), |damage| Err(damaged(damage)))
    }
}
