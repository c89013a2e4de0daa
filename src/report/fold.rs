//! A journal folded through the same engine that wrote it: resume, watch and reports begin here.
//!
//! The runbook comes from line 1; the file that it was read from is never looked at again.

use crate::engine::Engine;
use crate::model::event::{Event, RunHeader, Stamped};
use crate::model::plan::Plan;
use crate::source::{self, Diagnostic, RunContext};

/// Why a journal could not be folded.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("failed to replay: the journal does not begin with the start of a run")]
    NoHeader,
    #[error("failed to replay: the runbook in the journal has the digest {found}, its header says {stated}")]
    Digest { stated: String, found: String },
    /// Another version of lifeboat accepted it.
    #[error("failed to replay: this version of lifeboat refuses the runbook in the journal: {}", first(.0))]
    Runbook(Vec<Diagnostic>),
}

fn first(findings: &[Diagnostic]) -> &str {
    let error = findings.iter().find(|finding| finding.severity == source::Severity::Error);
    error.map_or("no reason given", |finding| finding.message.as_str())
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

/// A fold under way: the records go by one after the other.
#[derive(Debug, Default)]
pub struct Folding {
    replayed: Option<Replayed>,
}

impl Folding {
    /// Takes the next record in; all effects are dropped.
    ///
    /// # Errors
    /// When the first record is no start of a run, or its runbook is not what it says.
    pub fn take(&mut self, stamped: &Stamped, run: &str) -> Result<(), ReplayError> {
        let replayed = if let Some(replayed) = &mut self.replayed {
            replayed
        } else {
            let (header, at_ms) = header(std::slice::from_ref(stamped))?;
            let engine = Engine::new(plan(header, run, at_ms)?, run, header);
            self.replayed.insert(Replayed { header: header.clone(), engine })
        };
        // What these once caused has long been done, or is asked for again by `RunResumed`.
        drop(replayed.engine.handle(stamped));
        Ok(())
    }

    /// # Errors
    /// When there was no record at all.
    pub fn end(self) -> Result<Replayed, ReplayError> {
        self.replayed.ok_or(ReplayError::NoHeader)
    }
}

/// Folds a run: makes its plan from line 1 and takes every record in; all effects are dropped.
///
/// # Errors
/// When the first record is no start of a run, or its runbook is not what it says.
pub fn replay(records: &[Stamped], run: &str) -> Result<Replayed, ReplayError> {
    let mut folding = Folding::default();
    for stamped in records {
        folding.take(stamped, run)?;
    }
    folding.end()
}

/// Line 1 of a journal, and when it was written (Unix ms).
///
/// # Errors
/// When the first record is none.
pub fn header(records: &[Stamped]) -> Result<(&RunHeader, i64), ReplayError> {
    let first = records.first().ok_or(ReplayError::NoHeader)?;
    if let Event::RunStarted(header) = &first.event { Ok((header, first.at_ms)) } else { Err(ReplayError::NoHeader) }
}

/// The plan of a run whose line 1 was written at that time: the same one at every resume.
///
/// # Errors
/// When the runbook in the header is not the one that its digest names, or is refused.
pub fn plan(header: &RunHeader, run: &str, started_at_ms: i64) -> Result<Plan, ReplayError> {
    let found = source::digest(&header.files);
    if found != header.digest {
        return Err(ReplayError::Digest { stated: header.digest.clone(), found });
    }
    let loaded = source::load(header.files.clone());
    let Some(runbook) = loaded.runbook else { return Err(ReplayError::Runbook(loaded.diagnostics)) };
    let context = RunContext {
        given: header.inputs.clone(),
        mode: header.mode,
        intent: header.intent,
        operator: header.operator.clone(),
        run: run.to_owned(),
        now_ms: started_at_ms,
    };
    source::instantiate(&runbook, &context).map_err(ReplayError::Runbook)
}
