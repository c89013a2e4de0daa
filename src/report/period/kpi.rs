//! The figures of a set of runs: how many, how many well, and the means. Of nothing there is no mean.

use serde::Serialize;

use super::{RunFacts, count};
use crate::model::outcome::RunStatus;
use crate::report::summary::ObjectiveSummary;

/// Means are whole milliseconds, rounded down; `null` where nothing was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Kpi {
    pub runs: u32,
    /// Those that came to an end, good or bad.
    pub ended: u32,
    pub succeeded: u32,
    /// Succeeded, with every objective met.
    pub passed: u32,
    /// Of those that ended, how many passed, in percent, rounded.
    pub success_percent: Option<u32>,
    pub rto: Against,
    pub rpo: Against,
    /// Means of impact → detected, detected → declared, and impact → recovered (MTTR).
    pub detect_mean_ms: Option<u64>,
    pub decide_mean_ms: Option<u64>,
    pub restore_mean_ms: Option<u64>,
    pub deviations: u32,
}

/// An objective over several runs; only runs that succeeded have reached anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Against {
    pub measured: u32,
    pub met: u32,
    pub mean_ms: Option<u64>,
    pub worst_ms: Option<u64>,
    /// Mean of the targets that they were measured against.
    pub target_mean_ms: Option<u64>,
}

impl Kpi {
    pub(super) fn of(runs: &[&RunFacts]) -> Self {
        let ended = runs.iter().filter(|run| run.has_ended()).count();
        let passed = runs.iter().filter(|run| run.has_passed()).count();
        let good = || runs.iter().filter(|run| run.summary.status == RunStatus::Succeeded);
        let interval = |of: fn(&RunFacts) -> Option<u64>| mean(runs.iter().filter_map(|run| of(run)));
        Self {
            runs: count(runs.len()),
            ended: count(ended),
            succeeded: count(good().count()),
            passed: count(passed),
            success_percent: percent(passed, ended),
            rto: Against::of(good().filter_map(|run| run.summary.rto)),
            rpo: Against::of(good().filter_map(|run| run.summary.rpo)),
            detect_mean_ms: interval(|run| run.summary.intervals.detect_ms),
            decide_mean_ms: interval(|run| run.summary.intervals.decide_ms),
            restore_mean_ms: interval(|run| run.summary.intervals.restore_ms),
            deviations: count(runs.iter().map(|run| run.summary.deviations.len()).sum()),
        }
    }
}

impl Against {
    fn of(objectives: impl Iterator<Item = ObjectiveSummary>) -> Self {
        let measured: Vec<(u64, ObjectiveSummary)> =
            objectives.filter_map(|one| one.actual_ms.map(|actual| (actual, one))).collect();
        Self {
            measured: count(measured.len()),
            met: count(measured.iter().filter(|(_, one)| one.met == Some(true)).count()),
            mean_ms: mean(measured.iter().map(|(actual, _)| *actual)),
            worst_ms: measured.iter().map(|(actual, _)| *actual).max(),
            target_mean_ms: mean(measured.iter().map(|(_, one)| one.budget_ms)),
        }
    }
}

fn mean(values: impl Iterator<Item = u64>) -> Option<u64> {
    let (sum, many) = values.fold((0_u128, 0_u128), |(sum, many), value| (sum + u128::from(value), many + 1));
    sum.checked_div(many).and_then(|mean| u64::try_from(mean).ok())
}

fn percent(part: usize, whole: usize) -> Option<u32> {
    (part * 100 + whole / 2).checked_div(whole).map(count)
}

/// Backups and restores that runs have carried out, of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Backups {
    pub kind: &'static str,
    pub steps: u32,
    pub succeeded: u32,
    pub success_percent: Option<u32>,
}

/// Whether an action makes a backup or restores one.
pub(super) fn is_backup(action: &str) -> bool {
    ["backup", "restore", "snapshot", "export"].iter().any(|word| action.contains(word))
        && !action.contains(".describe_")
        && !action.contains(".list_")
        && !action.contains(".delete_")
}

fn kind_of(action: &str) -> &'static str {
    let service = action.strip_prefix("aws/").and_then(|rest| rest.split('.').next()).unwrap_or_default();
    match service {
        "rds" | "dynamodb" | "elasticache" => "database",
        "s3" => "file storage",
        _ => "infrastructure",
    }
}

pub(super) fn backups(runs: &[&RunFacts]) -> Vec<Backups> {
    let of = |kind| {
        let its: Vec<bool> = runs
            .iter()
            .flat_map(|run| &run.backups)
            .filter(|(action, _)| kind_of(action) == kind)
            .map(|(_, good)| *good)
            .collect();
        let good = its.iter().filter(|good| **good).count();
        let (steps, succeeded) = (count(its.len()), count(good));
        Backups { kind, steps, succeeded, success_percent: percent(good, its.len()) }
    };
    ["database", "file storage", "infrastructure"].into_iter().map(of).collect()
}
