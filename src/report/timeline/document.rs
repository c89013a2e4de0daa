//! The content of a timeline, before any format.

use serde::Serialize;

use crate::engine::snapshot::Snapshot;
use crate::model::event::{Event, RunHeader, Stamped, TargetIdentity};
use crate::model::outcome::{Mode, RunStatus};
use crate::model::plan::Intent;
use crate::model::text::safe;
use crate::model::time::rfc3339;
use crate::report::row::{RowKind, row_of};
use crate::report::summary::{
    JournalFacts, ObjectiveSummary, PhaseSummary, StepSummary, Summary, TimeSummary, VERSION,
};
use crate::report::words::words;

/// A run as its readers want it. Instants are Unix ms here and RFC 3339 in JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    pub started_ms: i64,
    #[serde(rename = "ended_at", serialize_with = "maybe_utc")]
    pub ended_ms: Option<i64>,
    /// When the RTO clock started.
    #[serde(rename = "clock_at", serialize_with = "utc")]
    pub clock_at_ms: i64,
    pub rto: Option<ObjectiveSummary>,
    pub rpo: Option<ObjectiveSummary>,
    pub time: TimeSummary,
    pub phases: Vec<PhaseSummary>,
    pub steps: Vec<StepSummary>,
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

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DrillFacts {
    pub seed: u64,
    pub scenario: String,
    pub speed: String,
    pub surprise: bool,
}

/// One row of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub seq: u64,
    #[serde(rename = "at", serialize_with = "utc")]
    pub at_ms: i64,
    /// When it was written down, if that was later.
    #[serde(rename = "recorded_at", serialize_with = "maybe_utc")]
    pub recorded_ms: Option<i64>,
    /// The person whose deed it was.
    pub who: Option<String>,
    pub step: Option<String>,
    pub subject: String,
    pub kind: RowKind,
    pub text: String,
}

/// A departure from the runbook as written, with the reason given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deviation {
    pub seq: u64,
    #[serde(rename = "at", serialize_with = "utc")]
    pub at_ms: i64,
    pub step: Option<String>,
    pub what: &'static str,
    pub by: Option<String>,
    pub reason: String,
}

/// What somebody noted; the time it is about and the time it was written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    pub seq: u64,
    #[serde(rename = "about_at", serialize_with = "utc")]
    pub about_ms: i64,
    #[serde(rename = "recorded_at", serialize_with = "utc")]
    pub recorded_ms: i64,
    pub by: String,
    pub step: Option<String>,
    pub text: String,
}

impl Document {
    /// Folds a run into its timeline. `records` begin with line 1.
    #[must_use]
    pub fn of(records: &[Stamped], snapshot: &Snapshot, summary: &Summary) -> Self {
        let header = records.iter().find_map(header_of);
        let (rows, left_out) = entries(records);
        Self {
            banner: snapshot.mode.banner(),
            version: VERSION,
            run: safe(&summary.run),
            runbook: safe(&summary.runbook),
            title: safe(&snapshot.title),
            digest: safe(&summary.digest),
            mode: summary.mode,
            intent: header.map(|header| header.intent).unwrap_or_default(),
            status: summary.status,
            operator: safe(&summary.operator),
            regions: safe(&snapshot.regions),
            account: safe(&snapshot.account),
            tool: safe(&header.map(|header| format!("lifeboat {}", header.version)).unwrap_or_default()),
            binary: safe(header.map(|header| header.binary.as_str()).unwrap_or_default()),
            inputs: header.map(inputs).unwrap_or_default(),
            drill: snapshot.drill.as_ref().map(|drill| DrillFacts {
                seed: drill.seed,
                scenario: safe(&drill.scenario),
                speed: safe(&drill.speed),
                surprise: header.and_then(|header| header.drill.as_ref()).is_some_and(|drill| drill.surprise),
            }),
            identities: header.map(identities).unwrap_or_default(),
            skew_ms: snapshot.skew_ms,
            started_ms: snapshot.started_ms,
            ended_ms: snapshot.ended_ms,
            clock_at_ms: snapshot.clock_at_ms,
            rto: summary.rto,
            rpo: summary.rpo,
            time: summary.time,
            phases: summary.phases.iter().map(safe_phase).collect(),
            steps: summary.steps.iter().map(safe_step).collect(),
            deviations: records.iter().filter_map(deviation).collect(),
            notes: records.iter().filter_map(note).collect(),
            rows,
            left_out,
            journal: summary.journal.clone(),
            verify: format!("lifeboat verify {}", safe(&summary.run)),
        }
    }
}

fn header_of(stamped: &Stamped) -> Option<&RunHeader> {
    if let Event::RunStarted(header) = &stamped.event { Some(header) } else { None }
}

fn identities(header: &RunHeader) -> Vec<TargetIdentity> {
    let shown = |one: &TargetIdentity| TargetIdentity {
        target: safe(&one.target),
        account: safe(&one.account),
        arn: safe(&one.arn),
        region: one.region.as_deref().map(safe),
    };
    header.identities.iter().map(shown).collect()
}

fn inputs(header: &RunHeader) -> Vec<(String, String)> {
    let text = |value: &crate::model::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    header.inputs.iter().map(|(key, value)| (safe(key), safe(&text(value)))).collect()
}

fn entries(records: &[Stamped]) -> (Vec<Entry>, u64) {
    let mut rows: Vec<Entry> = records.iter().map(entry).collect();
    rows.retain(|row| row.kind != RowKind::Detail);
    let left_out = (records.len() - rows.len()) as u64;
    rows.sort_by_key(|row| (row.at_ms, row.seq));
    (rows, left_out)
}

fn entry(stamped: &Stamped) -> Entry {
    let (row, words) = (row_of(stamped), words(stamped));
    Entry {
        seq: row.seq,
        at_ms: words.about_ms.unwrap_or(row.at_ms),
        recorded_ms: words.about_ms.map(|_| row.at_ms),
        who: words.by.as_deref().map(safe),
        step: row.step,
        subject: row.subject,
        kind: row.kind,
        text: row.text,
    }
}

fn deviation(stamped: &Stamped) -> Option<Deviation> {
    let words = words(stamped);
    let deviation = words.deviation?;
    Some(Deviation {
        seq: stamped.seq,
        at_ms: stamped.at_ms,
        step: words.step.as_deref().map(safe),
        what: deviation.what,
        by: words.by.as_deref().map(safe),
        reason: safe(&deviation.reason),
    })
}

fn note(stamped: &Stamped) -> Option<Note> {
    let Event::NoteAdded { by, text, about_ms, step } = &stamped.event else { return None };
    Some(Note {
        seq: stamped.seq,
        about_ms: about_ms.unwrap_or(stamped.at_ms),
        recorded_ms: stamped.at_ms,
        by: safe(by),
        step: step.as_deref().map(safe),
        text: safe(text),
    })
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
fn utc<S: serde::Serializer>(at_ms: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*at_ms))
}

#[expect(clippy::ref_option, reason = "serde's signature")]
fn maybe_utc<S: serde::Serializer>(at_ms: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    match at_ms {
        Some(at_ms) => utc(at_ms, serializer),
        None => serializer.serialize_none(),
    }
}
