//! A journal folded through the same engine that wrote it: resume, watch and reports begin here.

use crate::engine::Engine;
use crate::model::event::{Event, RunHeader, Stamped};
use crate::model::plan::Plan;

/// Why a journal could not be folded.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("failed to replay: the journal does not begin with the start of a run")]
    NoHeader,
}

/// A run as its journal left it.
#[derive(Debug, Clone)]
pub struct Replayed {
    pub header: RunHeader,
    pub engine: Engine,
}

impl Replayed {
    #[must_use]
    pub fn plan(&self) -> &Plan {
        self.engine.plan()
    }
}

/// Line 1 of a journal.
///
/// # Errors
/// When the first record is none.
pub fn header(records: &[Stamped]) -> Result<&RunHeader, ReplayError> {
    match records.first().map(|first| &first.event) {
        Some(Event::RunStarted(header)) => Ok(header),
        Some(_) | None => Err(ReplayError::NoHeader),
    }
}

/// Folds records through the engine of a plan made from their own line 1; every effect is dropped.
///
/// # Errors
/// When the first record does not start a run.
pub fn replay_plan(plan: Plan, records: &[Stamped], run: &str) -> Result<Replayed, ReplayError> {
    let header = header(records)?.clone();
    let mut engine = Engine::new(plan, run, &header);
    for stamped in records {
        // What these once caused has long been done, or is asked for again by `RunResumed`.
        drop(engine.handle(stamped));
    }
    Ok(Replayed { header, engine })
}
