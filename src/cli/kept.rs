//! A run as it is kept: its journal read, and folded through the same engine that wrote it.
//!
//! Reads only; whoever goes on with a run or writes into it takes the lock.

use super::exit::{CliError, Exit};
use super::runs;
use super::settings::Settings;
use crate::engine::snapshot::Snapshot;
use crate::journal::{self, Damage};
use crate::model::event::{RunHeader, Stamped};
use crate::model::outcome::Mode;
use crate::model::plan::Plan;
use crate::report::fold::{self, Replayed};
use crate::report::summary::{JournalFacts, Summary, summary};
use crate::source::{self, RunContext};

/// A run, folded up to the first damage.
pub struct Kept {
    pub records: Vec<Stamped>,
    pub replayed: Replayed,
    pub facts: JournalFacts,
    pub damage: Option<Damage>,
}

/// The plan that a run was started with, made from its own line 1: no file on disk is read again.
///
/// # Errors
/// When this version understands the pinned runbook no longer.
pub fn plan_of(header: &RunHeader, run: &str, started_ms: i64) -> Result<Plan, CliError> {
    let context = RunContext {
        given: header.inputs.clone(),
        mode: header.mode,
        intent: header.intent,
        operator: header.operator.clone(),
        run: run.to_owned(),
        now_ms: started_ms,
    };
    let first = |findings: &[source::Diagnostic]| findings.first().map(|finding| finding.message.clone());
    let loaded = source::load(header.files.clone());
    let runbook = loaded.runbook.ok_or_else(|| first(&loaded.diagnostics));
    let plan = runbook.and_then(|runbook| source::instantiate(&runbook, &context).map_err(|found| first(&found)));
    plan.map_err(|why| {
        let why = why.unwrap_or_else(|| "no reason given".to_owned());
        CliError::failed(format!("failed to read the runbook that run {run} was started with: {why}"))
            .hint(format!("the run was started by lifeboat {}", header.version))
    })
}

/// Reads and folds the run that was meant.
///
/// # Errors
/// When there is none, or nothing of it is whole.
pub fn open(settings: &Settings, wanted: &str) -> Result<Kept, CliError> {
    let entry = runs::find(settings, wanted)?;
    let file = journal::read(&entry.dir).map_err(|error| CliError::failed(error.to_string()))?;
    let facts = JournalFacts::from(&file);
    let records: Vec<Stamped> = file.records.into_iter().map(journal::Record::into_stamped).collect();
    let header = fold::header(&records).map_err(|error| match &file.damage {
        Some(damage) => damaged(damage),
        None => CliError::new(Exit::Damaged, error.to_string()),
    })?;
    let plan = plan_of(header, &entry.id, records[0].at_ms)?;
    let replayed = fold::replay_plan(plan, &records, &entry.id)
        .map_err(|error| CliError::new(Exit::Damaged, error.to_string()))?;
    Ok(Kept { records, replayed, facts, damage: file.damage })
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
    /// The state of the run: of a drill when its clock last stood, of a real run now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let last_ms = self.replayed.engine.last_at_ms();
        let now_ms = match self.replayed.header.mode {
            Mode::Drill => last_ms,
            Mode::Real => super::doctor::now_ms().max(last_ms),
        };
        self.replayed.engine.snapshot(now_ms)
    }

    #[must_use]
    pub fn summary(&self, snapshot: &Snapshot) -> Summary {
        summary(snapshot, self.facts.clone())
    }

    /// Done, or the damage that was met on the way.
    pub fn verdict(&self) -> Result<Exit, CliError> {
        self.damage.as_ref().map_or(Ok(Exit::Done), |damage| Err(damaged(damage)))
    }
}
