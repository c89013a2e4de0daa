//! The content of a timeline, before any format.

use schemars::JsonSchema;
use serde::Serialize;

use super::chart::Chart;
use super::gather::{Gathered, Head};
use crate::engine::snapshot::Snapshot;
use crate::model::event::{Stamped, TargetIdentity};
use crate::model::outcome::{Mode, RunStatus};
use crate::model::plan::Intent;
use crate::model::text::safe;
use crate::model::time::rfc3339;
use crate::report::milestones::{Intervals, MilestoneSummary, Rta};
use crate::report::row::RowKind;
use crate::report::summary::{
    JournalFacts, ObjectiveSummary, PhaseSummary, StepSummary, Summary, TimeSummary, VERSION,
};

/// A run as its readers want it. Instants are Unix ms here and RFC 3339 in JSON.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Document {
    /// `DRILL` or `REAL`; first in every format.
    pub banner: &'static str,
    pub version: &'static str,
    pub run: String,
    pub runbook: String,
    pub title: String,
    pub digest: String,
    pub mode: Mode,
    pub intent: Intent,
    pub status: RunStatus,
    pub operator: String,
    pub regions: String,
    pub account: String,
    /// The program that wrote line 1, and the digest of its executable.
    pub tool: String,
    pub binary: String,
    pub inputs: Vec<(String, String)>,
    pub drill: Option<DrillFacts>,
    /// Who AWS said we are when the run began, a line a target.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<TargetIdentity>,
    /// How far this machine's clock was ahead of AWS, where that was worth a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skew_ms: Option<i64>,
    #[serde(rename = "started_at", serialize_with = "utc")]
    #[schemars(with = "String")]
    pub started_ms: i64,
    #[serde(rename = "ended_at", serialize_with = "maybe_utc")]
    #[schemars(with = "Option<String>")]
    pub ended_ms: Option<i64>,
    /// When the RTO clock started.
    #[serde(rename = "clock_at", serialize_with = "utc")]
    #[schemars(with = "String")]
    pub clock_at_ms: i64,
    pub rto: Option<ObjectiveSummary>,
    pub rpo: Option<ObjectiveSummary>,
    pub rta: Rta,
    pub milestones: Vec<MilestoneSummary>,
    pub intervals: Intervals,
    pub time: TimeSummary,
    pub phases: Vec<PhaseSummary>,
    pub steps: Vec<StepSummary>,
    /// The same phases and steps as bars over time: whom each waited for, and what was called.
    pub chart: Chart,
    pub deviations: Vec<Deviation>,
    pub notes: Vec<Note>,
    /// In the order in which things happened: a back-dated note stands at its own time.
    pub rows: Vec<Entry>,
    /// Repeated observations and other details that only the journal holds.
    pub left_out: u64,
    pub journal: JournalFacts,
    /// How to check that nobody edited it.
    pub verify: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DrillFacts {
    pub seed: u64,
    pub scenario: String,
    pub speed: String,
    pub surprise: bool,
}

/// One row of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Entry {
    pub seq: u64,
    #[serde(rename = "at", serialize_with = "utc")]
    #[schemars(with = "String")]
    pub at_ms: i64,
    /// The same in the second zone, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_local: Option<String>,
    /// When it was written down, if that was later.
    #[serde(rename = "recorded_at", serialize_with = "maybe_utc")]
    #[schemars(with = "Option<String>")]
    pub recorded_ms: Option<i64>,
    /// The person whose deed it was.
    pub who: Option<String>,
    pub step: Option<String>,
    pub subject: String,
    pub kind: RowKind,
    pub text: String,
}

impl Entry {
    /// Where it stands among the others.
    #[must_use]
    pub const fn place(&self) -> (i64, u64) {
        (self.at_ms, self.seq)
    }
}

/// A departure from the runbook as written, with the reason given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Deviation {
    pub seq: u64,
    #[serde(rename = "at", serialize_with = "utc")]
    #[schemars(with = "String")]
    pub at_ms: i64,
    pub step: Option<String>,
    pub what: &'static str,
    pub by: Option<String>,
    pub reason: String,
}

/// What somebody noted; the time it is about and the time it was written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Note {
    pub seq: u64,
    #[serde(rename = "about_at", serialize_with = "utc")]
    #[schemars(with = "String")]
    pub about_ms: i64,
    #[serde(rename = "recorded_at", serialize_with = "utc")]
    #[schemars(with = "String")]
    pub recorded_ms: i64,
    pub by: String,
    pub step: Option<String>,
    pub text: String,
}

impl Document {
    /// Folds a run into its timeline. `records` begin with line 1.
    #[must_use]
    pub fn of(records: &[Stamped], snapshot: &Snapshot, summary: &Summary) -> Self {
        let mut gathered = Gathered::default();
        let mut rows: Vec<Entry> = records.iter().filter_map(|stamped| gathered.take(stamped)).collect();
        rows.sort_by_key(Entry::place);
        Self { rows, ..gathered.document(snapshot, summary) }
    }
}

impl Gathered {
    /// What was gathered, beside the state that the run was left in. Its rows stay empty: they go by.
    #[must_use]
    pub fn document(self, snapshot: &Snapshot, summary: &Summary) -> Document {
        let chart = Chart::of(snapshot, summary, &self.marks);
        let Head { intent, version, binary, inputs, identities, surprise } = self.head.unwrap_or_default();
        Document {
            banner: snapshot.mode.banner(),
            version: VERSION,
            run: safe(&summary.run),
            runbook: safe(&summary.runbook),
            title: safe(&snapshot.title),
            digest: safe(&summary.digest),
            mode: summary.mode,
            intent,
            status: summary.status,
            operator: safe(&summary.operator),
            regions: safe(&snapshot.regions),
            account: safe(&snapshot.account),
            tool: version,
            binary,
            inputs,
            drill: snapshot.drill.as_ref().map(|drill| DrillFacts {
                seed: drill.seed,
                scenario: safe(&drill.scenario),
                speed: safe(&drill.speed),
                surprise,
            }),
            identities,
            skew_ms: snapshot.skew_ms,
            started_ms: snapshot.started_ms,
            ended_ms: snapshot.ended_ms,
            clock_at_ms: snapshot.clock_at_ms,
            rto: summary.rto,
            rpo: summary.rpo,
            rta: summary.rta,
            milestones: summary.milestones.clone(),
            intervals: summary.intervals,
            time: summary.time,
            phases: summary.phases.iter().map(safe_phase).collect(),
            steps: summary.steps.iter().map(safe_step).collect(),
            chart,
            deviations: self.deviations.found,
            notes: self.notes,
            rows: Vec::new(),
            left_out: self.left_out,
            journal: summary.journal.clone(),
            verify: format!("lifeboat verify {}", safe(&summary.run)),
        }
    }
}

fn safe_phase(phase: &PhaseSummary) -> PhaseSummary {
    PhaseSummary { id: safe(&phase.id), ..*phase }
}

fn safe_step(step: &StepSummary) -> StepSummary {
    StepSummary {
        id: safe(&step.id),
        phase: safe(&step.phase),
        confirmed_by: step.confirmed_by.as_deref().map(safe),
        approvals: step.approvals.iter().map(|person| safe(person)).collect(),
        started_at: step.started_at.clone(),
        ended_at: step.ended_at.clone(),
        ..*step
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
pub(super) fn utc<S: serde::Serializer>(at_ms: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*at_ms))
}

#[expect(clippy::ref_option, reason = "serde's signature")]
pub(super) fn maybe_utc<S: serde::Serializer>(at_ms: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    match at_ms {
        Some(at_ms) => utc(at_ms, serializer),
        None => serializer.serialize_none(),
    }
}
