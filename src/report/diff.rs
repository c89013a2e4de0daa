//! Two runs beside each other: what was different, and which steps got slower.
//!
//! Knows: two timelines. Must not know: where they are kept, or how they are shown.

use serde::Serialize;

use super::summary::StepSummary;
use super::timeline::Document;
use super::timeline::document::Deviation;
use crate::model::outcome::{RunStatus, StepStatus};
use crate::model::time::{elapsed_ms, parse_rfc3339_ms, rfc3339};

/// The comparison of run A, usually the earlier one, with run B. All texts are safe to show.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diff {
    pub a: Side,
    pub b: Side,
    /// What was not the same before anything was done: runbook, scenario, seed, inputs, people.
    pub facts: Vec<Changed>,
    /// The whole, the objectives, and whose the time was.
    pub times: Vec<Timing>,
    pub phases: Vec<Timing>,
    /// Every step of either run: what got slower first, by how much.
    pub steps: Vec<StepDiff>,
    pub only_a: Vec<Departure>,
    pub only_b: Vec<Departure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    pub run: String,
    /// `DRILL` or `REAL`.
    pub banner: &'static str,
    pub runbook: String,
    pub started_at: String,
    pub status: RunStatus,
}

/// A fact that differs; empty on the side that has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    pub what: String,
    pub a: String,
    pub b: String,
}

/// How long something took in each run; `null` where it was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Timing {
    pub what: String,
    pub a_ms: Option<u64>,
    pub b_ms: Option<u64>,
    /// B less A: what is positive got slower.
    pub delta_ms: Option<i64>,
}

impl Timing {
    fn new(what: impl Into<String>, a_ms: Option<u64>, b_ms: Option<u64>) -> Self {
        let delta_ms = a_ms.zip(b_ms).map(|(a, b)| b.cast_signed() - a.cast_signed());
        Self { what: what.into(), a_ms, b_ms, delta_ms }
    }
}

/// One step in each run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepDiff {
    pub step: String,
    pub time: Timing,
    pub a: Option<StepSide>,
    pub b: Option<StepSide>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StepSide {
    pub status: StepStatus,
    pub attempts: u32,
}

impl StepDiff {
    /// Whether more than its time is different.
    #[must_use]
    pub fn ended_otherwise(&self) -> bool {
        self.a != self.b
    }
}

/// A departure from the runbook that the other run did not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Departure {
    pub what: &'static str,
    pub step: Option<String>,
    pub reason: String,
}

impl Diff {
    #[must_use]
    pub fn of(a: &Document, b: &Document) -> Self {
        Self {
            a: side(a),
            b: side(b),
            facts: facts(a, b),
            times: times(a, b),
            phases: phases(a, b),
            steps: steps(a, b),
            only_a: departures(&a.deviations, &b.deviations),
            only_b: departures(&b.deviations, &a.deviations),
        }
    }
}

fn side(document: &Document) -> Side {
    Side {
        run: document.run.clone(),
        banner: document.banner,
        runbook: document.runbook.clone(),
        started_at: rfc3339(document.started_ms),
        status: document.status,
    }
}

fn facts(a: &Document, b: &Document) -> Vec<Changed> {
    let drill = |one: &Document, of: fn(&super::timeline::document::DrillFacts) -> String| {
        one.drill.as_ref().map(of).unwrap_or_default()
    };
    let mut pairs: Vec<(String, String, String)> = [
        ("runbook", &a.runbook, &b.runbook),
        ("digest", &a.digest, &b.digest),
        ("operator", &a.operator, &b.operator),
        ("regions", &a.regions, &b.regions),
        ("account", &a.account, &b.account),
        ("tool", &a.tool, &b.tool),
        ("binary", &a.binary, &b.binary),
    ]
    .map(|(what, a, b)| (what.to_owned(), a.clone(), b.clone()))
    .to_vec();
    pairs.push(("mode".to_owned(), a.banner.to_owned(), b.banner.to_owned()));
    let intent = |one: &Document| format!("{:?}", one.intent).to_lowercase();
    pairs.push(("intent".to_owned(), intent(a), intent(b)));
    for (what, of) in [
        ("scenario", (|drill| drill.scenario.clone()) as fn(&super::timeline::document::DrillFacts) -> String),
        ("seed", |drill| drill.seed.to_string()),
        ("surprise", |drill| if drill.surprise { "yes" } else { "no" }.to_owned()),
    ] {
        pairs.push((what.to_owned(), drill(a, of), drill(b, of)));
    }
    let value = |one: &Document, name: &str| {
        one.inputs.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    for name in united(a.inputs.iter().map(|(name, _)| name), b.inputs.iter().map(|(name, _)| name)) {
        pairs.push((format!("input {name}"), value(a, &name), value(b, &name)));
    }
    pairs.retain(|(_, a, b)| a != b);
    pairs.into_iter().map(|(what, a, b)| Changed { what, a, b }).collect()
}

/// The names of both, in A's order and then B's.
fn united<'n>(a: impl Iterator<Item = &'n String>, b: impl Iterator<Item = &'n String>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in a.chain(b) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn times(a: &Document, b: &Document) -> Vec<Timing> {
    let (whole_a, whole_b) = (a.time.whole_ms(), b.time.whole_ms());
    let mut times = vec![
        Timing::new("in all", Some(whole_a), Some(whole_b)),
        Timing::new("recovery, checks green", a.rta.verified_ms, b.rta.verified_ms),
        Timing::new("recovery, last call returned", a.rta.last_call_ms, b.rta.last_call_ms),
        Timing::new("recovery point", a.rpo.and_then(|rpo| rpo.actual_ms), b.rpo.and_then(|rpo| rpo.actual_ms)),
    ];
    let parts = [
        ("not started yet", a.time.not_started_ms, b.time.not_started_ms),
        ("people decide", a.time.people_ms, b.time.people_ms),
        ("AWS at work", a.time.cloud_ms, b.time.cloud_ms),
        ("checks", a.time.checks_ms, b.time.checks_ms),
        ("paused", a.time.paused_ms, b.time.paused_ms),
        ("this tool", a.time.tool_ms, b.time.tool_ms),
    ];
    times.extend(parts.map(|(what, a, b)| Timing::new(what, Some(a), Some(b))));
    times.retain(|one| one.a_ms.unwrap_or(0) > 0 || one.b_ms.unwrap_or(0) > 0);
    times
}

fn phases(a: &Document, b: &Document) -> Vec<Timing> {
    let names = united(a.phases.iter().map(|one| &one.id), b.phases.iter().map(|one| &one.id));
    let of = |one: &Document, name: &str| one.phases.iter().find(|one| one.id == name).map(|one| one.actual_ms);
    names.into_iter().map(|name| Timing::new(name.clone(), of(a, &name), of(b, &name))).collect()
}

fn steps(a: &Document, b: &Document) -> Vec<StepDiff> {
    let names = united(a.steps.iter().map(|one| &one.id), b.steps.iter().map(|one| &one.id));
    let mut steps: Vec<StepDiff> = names
        .into_iter()
        .map(|name| {
            let of = |one: &Document| one.steps.iter().find(|one| one.id == name).cloned();
            let (a, b) = (of(a), of(b));
            let side = |one: &StepSummary| StepSide { status: one.status, attempts: one.attempts };
            let time = Timing::new(name.clone(), a.as_ref().and_then(took_ms), b.as_ref().and_then(took_ms));
            StepDiff { step: name, time, a: a.as_ref().map(side), b: b.as_ref().map(side) }
        })
        .collect();
    // What cannot be compared stands where nothing has changed; the sort keeps the runbook's order.
    steps.sort_by_key(|step| std::cmp::Reverse(step.time.delta_ms.unwrap_or(0)));
    steps
}

/// From ready to over, people included.
#[must_use]
pub fn took_ms(step: &StepSummary) -> Option<u64> {
    let at = |text: &Option<String>| text.as_deref().and_then(|text| parse_rfc3339_ms(text).ok());
    Some(elapsed_ms(at(&step.started_at)?, at(&step.ended_at)?))
}

/// The departures of one run that the other has no counterpart of.
fn departures(of: &[Deviation], other: &[Deviation]) -> Vec<Departure> {
    let mut counterparts: Vec<(&str, &Option<String>)> = other.iter().map(|one| (one.what, &one.step)).collect();
    let mut only = Vec::new();
    for one in of {
        match counterparts.iter().position(|known| *known == (one.what, &one.step)) {
            Some(at) => drop(counterparts.swap_remove(at)),
            None => only.push(Departure { what: one.what, step: one.step.clone(), reason: one.reason.clone() }),
        }
    }
    only
}
