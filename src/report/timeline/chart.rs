//! Phases and steps as bars over time: for the Gantt of a page, and for the spans of a trace.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::document::{maybe_utc, utc};
use super::gather::{Mark, Sent};
use crate::engine::snapshot::{PhaseView, Snapshot, StepView, Stretch, WaitsOn};
use crate::model::action::Action;
use crate::model::event::Purpose;
use crate::model::outcome::{Risk, StepStatus};
use crate::model::text::safe;
use crate::report::summary::Summary;

/// The run drawn over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Chart {
    /// The start of the clock, or of the run if that came first.
    #[serde(rename = "from_at", serialize_with = "utc")]
    #[schemars(with = "String")]
    pub from_ms: i64,
    /// The end of the run, or now.
    #[serde(rename = "to_at", serialize_with = "utc")]
    #[schemars(with = "String")]
    pub to_ms: i64,
    pub phases: Vec<PhaseBar>,
    pub steps: Vec<StepBar>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PhaseBar {
    pub id: String,
    pub title: String,
    pub critical: bool,
    #[serde(rename = "started_at", serialize_with = "maybe_utc")]
    #[schemars(with = "Option<String>")]
    pub started_ms: Option<i64>,
    #[serde(rename = "ended_at", serialize_with = "maybe_utc")]
    #[schemars(with = "Option<String>")]
    pub ended_ms: Option<i64>,
    pub budget_ms: Option<u64>,
    pub actual_ms: u64,
    /// `null` without a budget, or while it can still go either way.
    pub met: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StepBar {
    pub id: String,
    pub title: String,
    pub phase: String,
    pub action: String,
    pub status: StepStatus,
    pub risk: Risk,
    pub attempts: u32,
    pub needs: Vec<String>,
    /// On the chain of steps that decided when the run ended.
    pub critical: bool,
    #[serde(rename = "started_at", serialize_with = "maybe_utc")]
    #[schemars(with = "Option<String>")]
    pub started_ms: Option<i64>,
    #[serde(rename = "ended_at", serialize_with = "maybe_utc")]
    #[schemars(with = "Option<String>")]
    pub ended_ms: Option<i64>,
    /// The numbers of the first and the last record about it.
    pub records: Option<(u64, u64)>,
    pub stretches: Vec<Part>,
    pub calls: Vec<Call>,
}

/// A time in which one kind of thing was awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Part {
    pub on: WaitsOn,
    pub attempt: u32,
    #[serde(rename = "from_at", serialize_with = "utc")]
    #[schemars(with = "String")]
    pub from_ms: i64,
    #[serde(rename = "to_at", serialize_with = "utc")]
    #[schemars(with = "String")]
    pub to_ms: i64,
}

/// A call that was sent under a confirmation, and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Call {
    /// `action`, or `rollback 1`.
    pub purpose: String,
    pub attempt: u32,
    pub action: String,
    /// As IAM spells it; null for what is no call of an API.
    pub api: Option<&'static str>,
    pub region: Option<String>,
    pub account: Option<String>,
    /// Number of the record of the intent.
    pub seq: u64,
    #[serde(rename = "sent_at", serialize_with = "utc")]
    #[schemars(with = "String")]
    pub sent_ms: i64,
    /// Number of the record of the answer.
    pub answer_seq: Option<u64>,
    #[serde(rename = "answered_at", serialize_with = "maybe_utc")]
    #[schemars(with = "Option<String>")]
    pub answered_ms: Option<i64>,
    /// `succeeded`, `refused` or `unknown`; null while it is open.
    pub outcome: Option<&'static str>,
    pub request_id: Option<String>,
    pub error: Option<String>,
}

impl Chart {
    pub(super) fn of(snapshot: &Snapshot, summary: &Summary, marks: &HashMap<String, Mark>) -> Self {
        let critical = critical_path(snapshot);
        let phases = snapshot.phases.iter().zip(&summary.phases);
        Self {
            from_ms: snapshot.clock_at_ms.min(snapshot.started_ms),
            to_ms: snapshot.now_ms.max(snapshot.started_ms),
            phases: phases
                .map(|(view, summed)| {
                    let critical = view.steps.iter().any(|&ix| critical.get(ix).copied().unwrap_or(false));
                    phase(view, summed.met, critical)
                })
                .collect(),
            steps: snapshot
                .steps
                .iter()
                .zip(critical)
                .map(|(view, critical)| step(snapshot, view, critical, marks.get(&view.key)))
                .collect(),
        }
    }
}

fn phase(view: &PhaseView, met: Option<bool>, critical: bool) -> PhaseBar {
    PhaseBar {
        id: safe(&view.id),
        title: safe(&view.title),
        critical,
        started_ms: view.started_ms,
        ended_ms: view.ended_ms,
        budget_ms: view.budget_ms,
        actual_ms: view.actual_ms,
        met,
    }
}

fn step(snapshot: &Snapshot, view: &StepView, critical: bool, mark: Option<&Mark>) -> StepBar {
    let part = |&Stretch { on, attempt, from_ms, to_ms }: &Stretch| Part { on, attempt, from_ms, to_ms };
    StepBar {
        id: safe(&view.key),
        title: safe(&view.title),
        phase: safe(snapshot.phases.get(view.phase).map_or("", |phase| &phase.id)),
        action: safe(&view.action),
        status: view.status,
        risk: view.risk,
        attempts: view.attempt,
        needs: view.needs.iter().map(|need| safe(need)).collect(),
        critical,
        started_ms: view.started_ms,
        ended_ms: view.ended_ms,
        records: mark.and_then(|mark| mark.records),
        stretches: view.stretches.iter().map(part).collect(),
        calls: mark.map(|mark| mark.calls.iter().map(call).collect()).unwrap_or_default(),
    }
}

fn call(sent: &Sent) -> Call {
    let answer = sent.answer.as_ref();
    Call {
        purpose: match sent.purpose {
            Purpose::Rollback(n) => format!("rollback {}", n + 1),
            Purpose::Action | Purpose::Before | Purpose::Check(_) | Purpose::Verify(_) | Purpose::Probe => {
                "action".to_owned()
            }
        },
        attempt: sent.attempt,
        action: sent.action.clone(),
        api: Action::spec_of(&sent.action).map(|spec| spec.api).filter(|api| !api.is_empty()),
        region: sent.region.clone(),
        account: sent.account.clone(),
        seq: sent.seq,
        sent_ms: sent.at_ms,
        answer_seq: answer.map(|answer| answer.seq),
        answered_ms: answer.map(|answer| answer.at_ms),
        outcome: answer.map(|answer| answer.outcome),
        request_id: answer.and_then(|answer| answer.request_id.clone()),
        error: answer.and_then(|answer| answer.error.clone()),
    }
}

/// Which steps decided when the run ended: from the last one back, always over the need that ended
/// last. While a run goes on it is the forecast that tells.
fn critical_path(snapshot: &Snapshot) -> Vec<bool> {
    if snapshot.ended_ms.is_none() {
        return snapshot.steps.iter().map(|step| step.critical).collect();
    }
    let by_key: HashMap<&str, usize> =
        snapshot.steps.iter().enumerate().map(|(ix, step)| (step.key.as_str(), ix)).collect();
    let ended = |ix: usize| snapshot.steps.get(ix).and_then(|step| step.ended_ms.filter(|_| step.started_ms.is_some()));
    let mut critical = vec![false; snapshot.steps.len()];
    let mut last = (0..snapshot.steps.len()).filter(|&ix| ended(ix).is_some()).max_by_key(|&ix| ended(ix));
    while let Some(ix) = last.filter(|&ix| !critical[ix]) {
        critical[ix] = true;
        let needs = snapshot.steps[ix].needs.iter().filter_map(|need| by_key.get(need.as_str()).copied());
        last = needs.filter(|&need| ended(need).is_some()).max_by_key(|&need| ended(need));
    }
    critical
}
