//! Objectives, shares and states in words: the same ones in every format.

use super::Document;
use super::chart::StepBar;
use crate::model::milestone::Milestone;
use crate::model::outcome::Mode;
use crate::model::plan::Intent;
use crate::model::time::{clock_hms, human_ms, rfc3339};

/// An objective or the budget of a phase, against what became of it.
pub(super) struct Figure {
    pub name: String,
    pub budget: String,
    pub actual: String,
    /// Empty where there is no budget.
    pub result: String,
    pub met: Option<bool>,
}

impl Figure {
    pub fn new(name: &str, budget_ms: Option<u64>, actual_ms: Option<u64>, met: Option<bool>) -> Self {
        let apart = |actual_ms: u64| human_ms(budget_ms.map_or(0, |budget_ms| budget_ms.abs_diff(actual_ms)));
        let result = match (met, actual_ms) {
            (Some(true), Some(actual_ms)) => format!("met, {} to spare", apart(actual_ms)),
            // The clock alone does not keep an objective: what was to be recovered has to be there.
            (Some(false), Some(actual_ms)) if budget_ms.is_some_and(|budget_ms| actual_ms <= budget_ms) => {
                "MISSED: the run did not get to its end".to_owned()
            }
            (Some(false), Some(actual_ms)) => format!("MISSED by {}", apart(actual_ms)),
            (Some(true), None) => "met".to_owned(),
            (Some(false), None) => "MISSED".to_owned(),
            (None, _) => "open".to_owned(),
        };
        Self {
            name: name.to_owned(),
            budget: budget_ms.map_or_else(|| "none".to_owned(), clock_hms),
            actual: actual_ms.map_or_else(|| "not known".to_owned(), clock_hms),
            result: if budget_ms.is_some() { result } else { String::new() },
            met: budget_ms.and(met),
        }
    }
}

/// RTO and RPO; without figures where the runbook states none.
pub(super) fn objectives(document: &Document) -> Vec<(&'static str, Option<Figure>)> {
    [("RTO", document.rto), ("RPO", document.rpo)]
        .into_iter()
        .map(|(name, objective)| {
            let figure = objective.map(|one| Figure::new(name, Some(one.budget_ms), one.actual_ms, one.met));
            (name, figure)
        })
        .collect()
}

pub(super) fn phases(document: &Document) -> impl Iterator<Item = Figure> {
    document
        .phases
        .iter()
        .map(|phase| Figure::new(&format!("Phase {}", phase.id), phase.budget_ms, Some(phase.actual_ms), phase.met))
}

/// One of the parts that the time since the clock started falls into.
pub(super) struct Share {
    pub name: &'static str,
    /// For a style sheet.
    pub class: &'static str,
    pub ms: u64,
    pub percent: u64,
}

pub(super) fn shares(document: &Document) -> Vec<Share> {
    let total_ms = document.time.whole_ms();
    let share = |(name, ms): (&'static str, u64)| {
        let percent = (ms * 100 + total_ms / 2).checked_div(total_ms).unwrap_or(0);
        let class = match name {
            "people decide" => "people",
            "AWS at work" => "cloud",
            "checks" => "checks",
            _ => "idle",
        };
        Share { name, class, ms, percent }
    };
    document.time.parts().into_iter().map(share).collect()
}

/// The recovery counted in both ways: name and time.
pub(super) fn recovery(document: &Document) -> [(&'static str, String); 2] {
    [
        ("Recovery, checks green", told(document.rta.verified_ms)),
        ("Recovery, last call returned", told(document.rta.last_call_ms)),
    ]
}

/// A moment of the incident.
#[derive(serde::Serialize)]
pub(super) struct Moment {
    pub name: &'static str,
    pub at: String,
    pub how: String,
    /// When it was written down, if that was later.
    pub noted: String,
}

/// Every moment, known or not.
pub(super) fn moments(document: &Document) -> Vec<Moment> {
    let moment = |wanted: Milestone| match document.milestones.iter().find(|one| one.milestone == wanted) {
        Some(one) => Moment {
            name: wanted.word(),
            at: one.at.clone(),
            how: one.how(),
            noted: one.recorded_at.clone().filter(|noted| *noted != one.at).unwrap_or_default(),
        },
        None => Moment { name: wanted.word(), at: "not known".to_owned(), how: String::new(), noted: String::new() },
    };
    Milestone::ALL.into_iter().map(moment).collect()
}

/// The times that means are made of: name and time.
pub(super) fn intervals(document: &Document) -> [(&'static str, String); 3] {
    [
        ("To detect (impact to detected)", told(document.intervals.detect_ms)),
        ("To decide (detected to declared)", told(document.intervals.decide_ms)),
        ("To restore (impact to recovered)", told(document.intervals.restore_ms)),
    ]
}

fn told(ms: Option<u64>) -> String {
    ms.map_or_else(|| "not known".to_owned(), clock_hms)
}

/// What kind of run this was, in a sentence.
pub(super) fn kind(document: &Document) -> &'static str {
    match (document.mode, &document.drill) {
        (Mode::Drill, Some(_)) => "This was a drill on the simulated cloud. Nothing real was changed.",
        (Mode::Drill, None) => "This was a drill in accounts kept for drills.",
        (Mode::Real, _) => "This was a real run.",
    }
}

/// The first and the last record about a step: `12–40`.
pub(super) fn records(bar: &StepBar) -> String {
    match bar.records {
        None => String::new(),
        Some((first, last)) if first == last => first.to_string(),
        Some((first, last)) => format!("{first}–{last}"),
    }
}

/// Where a run was, with what, by whom: name and value, in the order in which they are read.
pub(super) fn facts(document: &Document) -> Vec<(String, String)> {
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut fact = |name: &str, value: String| facts.push((name.to_owned(), value));
    fact("Run", document.run.clone());
    fact("Runbook", document.runbook.clone());
    fact("Digest", document.digest.clone());
    fact("Status", document.status.word().to_owned());
    fact("Operator", document.operator.clone());
    fact("Regions", document.regions.clone());
    fact("Account", document.account.clone());
    for one in &document.identities {
        let region = one.region.as_deref().map(|region| format!(" in {region}")).unwrap_or_default();
        fact(&format!("Acting in {}", one.target), format!("{}, account {}{region}", one.arn, one.account));
    }
    if let Some(skew_ms) = document.skew_ms {
        let way = if skew_ms > 0 { "ahead of" } else { "behind" };
        let by = human_ms(skew_ms.unsigned_abs() / 1000 * 1000);
        fact("Clock", format!("this machine was {by} {way} AWS"));
    }
    fact("Clock started", rfc3339(document.clock_at_ms));
    fact("Started", rfc3339(document.started_ms));
    fact("Ended", document.ended_ms.map_or_else(|| "not yet".to_owned(), rfc3339));
    if document.intent == Intent::Emergency {
        fact("Mode", "emergency".to_owned());
    }
    if let Some(drill) = &document.drill {
        let surprise = if drill.surprise { ", faults kept from the operator" } else { "" };
        fact("Drill", format!("scenario {}, seed {}, speed {}{surprise}", drill.scenario, drill.seed, drill.speed));
    }
    for (name, value) in &document.inputs {
        fact(&format!("Input {name}"), value.clone());
    }
    facts
}

/// What proves it, and how to look: name and value.
pub(super) fn evidence(document: &Document) -> Vec<(&'static str, String)> {
    let journal = &document.journal;
    let state = if journal.intact { "whole" } else { "DAMAGED" };
    vec![
        ("Journal", format!("{} records, chain {state}", journal.records)),
        ("Head", journal.head.clone()),
        ("Verify", document.verify.clone()),
        ("Written by", format!("{}, {}", document.tool, document.binary)),
        ("Only in the journal", format!("{} records of repeated observations and timers", document.left_out)),
    ]
}
