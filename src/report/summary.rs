//! The summary that scripts rely on: `status --json`, and the last line of `drill --json`.
//!
//! Version 1.0; minor versions only add. Durations are milliseconds, instants RFC 3339 in UTC.
//! ```json
//! {"type":"summary","version":"1.0","run":"01K9…","runbook":"regional_failover","digest":"sha256:…",
//!  "mode":"drill","status":"succeeded","exit":0,"operator":"alice","started_at":"…Z","ended_at":"…Z",
//!  "rto":{"budget_ms":14400000,"actual_ms":9123000,"met":true},"rpo":{…},
//!  "time":{"people_ms":0,"cloud_ms":0,"checks_ms":0,"waiting_ms":0},
//!  "phases":[{"id":"database","budget_ms":3600000,"actual_ms":410000,"met":true}],
//!  "steps":[{"id":"promote","phase":"database","status":"succeeded","attempts":1,"risk":"irreversible",
//!            "confirmed_by":"alice","mfa":true,"approvals":[],"started_at":"…Z","ended_at":"…Z"}],
//!  "journal":{"records":139,"head":"sha256:…","intact":true}}
//! ```
//! `null` stands for what is not known yet; `rto` and `rpo` are `null` where the runbook has none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::snapshot::{Objective, PhaseView, Snapshot, StepView, TimeSplit};
use crate::journal::{JournalFile, Link, Verdict};
use crate::model::outcome::{Mode, Risk, RunStatus, StepStatus};
use crate::model::time::rfc3339;

/// The version of this form and of the timeline's.
pub const VERSION: &str = "1.0";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    #[serde(rename = "type")]
    pub kind: SummaryKind,
    pub version: String,
    pub run: String,
    pub runbook: String,
    pub digest: String,
    pub mode: Mode,
    pub status: RunStatus,
    /// The exit code that the state of the run stands for.
    pub exit: u8,
    pub operator: String,
    pub started_at: String,
    pub ended_at: Option<String>,
    pub rto: Option<ObjectiveSummary>,
    pub rpo: Option<ObjectiveSummary>,
    pub time: TimeSummary,
    pub phases: Vec<PhaseSummary>,
    pub steps: Vec<StepSummary>,
    pub journal: JournalFacts,
}

/// Tells this line from the records above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SummaryKind {
    Summary,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ObjectiveSummary {
    pub budget_ms: u64,
    pub actual_ms: Option<u64>,
    pub met: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimeSummary {
    pub people_ms: u64,
    pub cloud_ms: u64,
    pub checks_ms: u64,
    pub waiting_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseSummary {
    pub id: String,
    pub budget_ms: Option<u64>,
    pub actual_ms: u64,
    /// `null` without a budget, or while it can still go either way.
    pub met: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepSummary {
    pub id: String,
    pub phase: String,
    pub status: StepStatus,
    pub attempts: u32,
    pub risk: Risk,
    pub confirmed_by: Option<String>,
    pub mfa: bool,
    pub approvals: Vec<String>,
    pub started_at: Option<String>,
    pub ended_at: Option<String>,
}

/// What is known of the journal behind a summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JournalFacts {
    pub records: u64,
    /// `sha256:…`
    pub head: String,
    pub intact: bool,
}

impl JournalFacts {
    /// Of a journal that is being written: its port's `head`.
    #[must_use]
    pub fn live((records, head): (u64, String), intact: bool) -> Self {
        Self { records, head: format!("sha256:{head}"), intact }
    }
}

impl From<&JournalFile> for JournalFacts {
    fn from(file: &JournalFile) -> Self {
        let head = file.head().map(Link::to_hex).unwrap_or_default();
        Self::live((file.records.len() as u64, head), file.damage.is_none())
    }
}

impl From<&Verdict> for JournalFacts {
    fn from(verdict: &Verdict) -> Self {
        let head = verdict.head.map(Link::to_hex).unwrap_or_default();
        Self::live((verdict.records, head), verdict.damage.is_none())
    }
}

/// Sums a run up.
#[must_use]
pub fn summary(snapshot: &Snapshot, journal: JournalFacts) -> Summary {
    let phase_of = |step: &StepView| snapshot.phases.get(step.phase).map(|phase| phase.id.clone()).unwrap_or_default();
    Summary {
        kind: SummaryKind::Summary,
        version: VERSION.to_owned(),
        run: snapshot.run.clone(),
        runbook: snapshot.runbook.clone(),
        digest: snapshot.digest.clone(),
        mode: snapshot.mode,
        status: snapshot.status,
        exit: exit_code(snapshot),
        operator: snapshot.operator.clone(),
        started_at: rfc3339(snapshot.started_ms),
        ended_at: snapshot.ended_ms.map(rfc3339),
        rto: snapshot.rto.map(objective),
        rpo: snapshot.rpo.map(objective),
        time: time(snapshot.time),
        phases: snapshot.phases.iter().map(phase).collect(),
        steps: snapshot.steps.iter().map(|view| step(view, phase_of(view))).collect(),
        journal,
    }
}

/// 0 done, objectives met · 1 failed · 3 done, RTO or RPO missed · 5 can be resumed · 6 aborted.
fn exit_code(snapshot: &Snapshot) -> u8 {
    let missed = [snapshot.rto, snapshot.rpo].into_iter().flatten().any(|objective| objective.met == Some(false));
    match snapshot.status {
        RunStatus::Succeeded if missed => 3,
        RunStatus::Succeeded => 0,
        RunStatus::Failed => 1,
        RunStatus::Aborted => 6,
        RunStatus::Running | RunStatus::Waiting | RunStatus::Paused => 5,
    }
}

const fn objective(from: Objective) -> ObjectiveSummary {
    ObjectiveSummary { budget_ms: from.budget_ms, actual_ms: from.actual_ms, met: from.met }
}

const fn time(from: TimeSplit) -> TimeSummary {
    let TimeSplit { people_ms, cloud_ms, checks_ms, waiting_ms } = from;
    TimeSummary { people_ms, cloud_ms, checks_ms, waiting_ms }
}

fn phase(view: &PhaseView) -> PhaseSummary {
    let met = view
        .budget_ms
        .and_then(|budget_ms| if view.actual_ms <= budget_ms { view.ended_ms.map(|_| true) } else { Some(false) });
    PhaseSummary { id: view.id.clone(), budget_ms: view.budget_ms, actual_ms: view.actual_ms, met }
}

fn step(view: &StepView, phase: String) -> StepSummary {
    StepSummary {
        id: view.key.clone(),
        phase,
        status: view.status,
        attempts: view.attempt,
        risk: view.risk,
        confirmed_by: view.confirmed_by.clone(),
        mfa: view.mfa,
        approvals: view.approvals.clone(),
        started_at: view.started_ms.map(rfc3339),
        ended_at: view.ended_ms.map(rfc3339),
    }
}
