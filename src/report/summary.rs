//! The summary that scripts rely on: `status --json`, and the last line of `drill --json`.
//!
//! Version 1.0; minor versions only add. Durations are milliseconds, instants RFC 3339 in UTC.
//! ```json
//! {"type":"summary","version":"1.0","run":"01K9…","runbook":"regional_failover","digest":"sha256:…",
//!  "mode":"drill","status":"succeeded","exit":0,"operator":"alice","started_at":"…Z","ended_at":"…Z",
//!  "rto":{"budget_ms":14400000,"actual_ms":9123000,"met":true},"rpo":{…},
//!  "rta":{"verified_ms":9123000,"last_call_ms":8400000},
//!  "milestones":[{"milestone":"detected","at":"…Z","recorded_at":"…Z","by":"alice","step":null,"source":"told"}],
//!  "intervals":{"detect_ms":null,"decide_ms":null,"restore_ms":9123000},
//!  "time":{"people_ms":0,"cloud_ms":0,"checks_ms":0,"waiting_ms":0,
//!          "not_started_ms":0,"paused_ms":0,"elsewhere_ms":0,"tool_ms":0},
//!  "forecast":{"p50_at":"…Z","p90_at":"…Z","in_time_percent":97,"decide_by":"…Z","decide_percent":90,
//!              "drills":12,"real_runs":0,"unseen_steps":1,"is_thin":false,"basis":"from 12 drills; …"},
//!  "phases":[{"id":"database","budget_ms":3600000,"actual_ms":410000,"met":true,"time":{…}}],
//!  "steps":[{"id":"promote","phase":"database","status":"succeeded","attempts":1,"risk":"irreversible",
//!            "confirmed_by":"alice","mfa":true,"approvals":[],"started_at":"…Z","ended_at":"…Z"}],
//!  "deviations":[{"seq":87,"at":"…Z","what":"skipped","step":"warm","by":"bob","reason":"…"}],
//!  "journal":{"records":139,"head":"sha256:…","intact":true}}
//! ```
//! `null` stands for what is not known yet; `rto` and `rpo` are `null` where the runbook has none.
//! `rta` counts twice: until the verifications were green, which is what `rto.actual_ms` is, and until the
//! last call was answered. In `time` the first four add up to the whole, and the last four to `waiting_ms`.
//! `forecast` is `null` but in `status` of a run that goes on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::milestones::{Intervals, MilestoneSummary, Rta};
use super::timeline::deviations;
use super::timeline::document::Deviation;
use crate::engine::snapshot::{Chances, Objective, PhaseView, Snapshot, StepView, TimeSplit};
use crate::journal::{JournalFile, Link, Verdict};
use crate::model::event::Stamped;
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
    #[serde(default)]
    pub rta: Rta,
    #[serde(default)]
    pub milestones: Vec<MilestoneSummary>,
    #[serde(default)]
    pub intervals: Intervals,
    pub time: TimeSummary,
    /// Of a run that goes on, where somebody worked it out.
    #[serde(default)]
    pub forecast: Option<ForecastSummary>,
    pub phases: Vec<PhaseSummary>,
    pub steps: Vec<StepSummary>,
    #[serde(default)]
    pub deviations: Vec<DeviationSummary>,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct TimeSummary {
    pub people_ms: u64,
    pub cloud_ms: u64,
    pub checks_ms: u64,
    pub waiting_ms: u64,
    #[serde(default)]
    pub not_started_ms: u64,
    #[serde(default)]
    pub paused_ms: u64,
    /// Of a phase: while another one was at work.
    #[serde(default)]
    pub elsewhere_ms: u64,
    #[serde(default)]
    pub tool_ms: u64,
}

impl TimeSummary {
    /// All of it.
    #[must_use]
    pub const fn whole_ms(&self) -> u64 {
        self.people_ms + self.cloud_ms + self.checks_ms + self.waiting_ms
    }

    /// Whose time it was, as people are told; the parts add up to the whole. The pause and the time
    /// elsewhere are left out where there was none.
    #[must_use]
    pub fn parts(&self) -> Vec<(&'static str, u64)> {
        let all = [
            ("not started yet", self.not_started_ms, true),
            ("people decide", self.people_ms, true),
            ("AWS at work", self.cloud_ms, true),
            ("checks", self.checks_ms, true),
            ("paused", self.paused_ms, false),
            ("other phases", self.elsewhere_ms, false),
            ("this tool", self.tool_ms, true),
        ];
        all.into_iter().filter(|(_, ms, always)| *always || *ms > 0).map(|(name, ms, _)| (name, ms)).collect()
    }
}

/// A departure from the runbook as written, with the reason given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeviationSummary {
    pub seq: u64,
    pub at: String,
    pub what: String,
    pub step: Option<String>,
    pub by: Option<String>,
    pub reason: String,
}

/// When a run will be over, in chances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ForecastSummary {
    pub p50_at: String,
    pub p90_at: String,
    /// Runs of a hundred that keep the RTO; `null` without one.
    pub in_time_percent: Option<u8>,
    /// Decided by then, what waits for people now leaves so many of a hundred runs within the RTO.
    pub decide_by: Option<String>,
    pub decide_percent: Option<u8>,
    /// Past runs that it rests on, and open steps of which none tells.
    pub drills: u32,
    pub real_runs: u32,
    pub unseen_steps: u32,
    pub is_thin: bool,
    /// The same in words.
    pub basis: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseSummary {
    pub id: String,
    pub budget_ms: Option<u64>,
    pub actual_ms: u64,
    #[serde(default)]
    pub time: TimeSummary,
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

impl JournalFacts {
    /// Of a journal read from its first record on: how many were whole, and the head over them.
    #[must_use]
    pub fn read(records: u64, head: Option<Link>, intact: bool) -> Self {
        Self::live((records, head.map(Link::to_hex).unwrap_or_default()), intact)
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
        rta: Rta::of(snapshot),
        milestones: snapshot.milestones.iter().map(MilestoneSummary::from).collect(),
        intervals: Intervals::of(&snapshot.milestones),
        time: TimeSummary::from(snapshot.time),
        forecast: snapshot.forecast.chances.map(forecast),
        phases: snapshot.phases.iter().map(phase).collect(),
        steps: snapshot.steps.iter().map(|view| step(view, phase_of(view))).collect(),
        deviations: Vec::new(),
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

impl Summary {
    /// With what departed from the runbook, which only the records tell.
    #[must_use]
    pub fn with_deviations(mut self, records: &[Stamped]) -> Self {
        let told = |one: Deviation| DeviationSummary {
            seq: one.seq,
            at: rfc3339(one.at_ms),
            what: one.what.to_owned(),
            step: one.step,
            by: one.by,
            reason: one.reason,
        };
        self.deviations = deviations::of(records).into_iter().map(told).collect();
        self
    }
}

impl From<TimeSplit> for TimeSummary {
    fn from(from: TimeSplit) -> Self {
        let TimeSplit { people_ms, cloud_ms, checks_ms, waiting_ms, not_started_ms, paused_ms, elsewhere_ms, tool_ms } =
            from;
        Self { people_ms, cloud_ms, checks_ms, waiting_ms, not_started_ms, paused_ms, elsewhere_ms, tool_ms }
    }
}

fn forecast(from: Chances) -> ForecastSummary {
    ForecastSummary {
        p50_at: rfc3339(from.p50_end_ms),
        p90_at: rfc3339(from.p90_end_ms),
        in_time_percent: from.in_time_percent,
        decide_by: from.decide.map(|decide| rfc3339(decide.by_ms)),
        decide_percent: from.decide.map(|decide| decide.percent),
        drills: from.basis.drills,
        real_runs: from.basis.real,
        unseen_steps: from.basis.unseen,
        is_thin: from.basis.is_thin,
        basis: from.basis.words(),
    }
}

fn phase(view: &PhaseView) -> PhaseSummary {
    let met = view
        .budget_ms
        .and_then(|budget_ms| if view.actual_ms <= budget_ms { view.ended_ms.map(|_| true) } else { Some(false) });
    let (id, budget_ms, time) = (view.id.clone(), view.budget_ms, TimeSummary::from(view.time));
    PhaseSummary { id, budget_ms, actual_ms: view.actual_ms, time, met }
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
