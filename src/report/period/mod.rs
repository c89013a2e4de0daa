//! What happened in a period: drills and incidents against their objectives, the trend of each phase,
//! rehearsals that are due, and what is still to be done.
//!
//! A pure fold over runs. Must not know: where they are kept, what time it is, command lines.

pub mod due;
pub mod html;
pub mod kpi;
pub mod markdown;
mod page;
pub mod trend;

use serde::Serialize;

use self::due::{Due, Known};
use self::kpi::{Backups, Kpi};
use self::trend::Trend;
use super::actions::{self, ActionItem};
use super::fold::Replayed;
use super::summary::{Summary, VERSION};
use crate::engine::snapshot::Snapshot;
use crate::model::event::Stamped;
use crate::model::milestone::Schedule;
use crate::model::outcome::{Mode, RunStatus, StepStatus};
use crate::model::text::safe;
use crate::model::time::rfc3339;

/// One run, as far as a report needs it. Safe to show.
#[derive(Debug, Clone)]
pub struct RunFacts {
    /// When it was begun by the clock on the wall (Unix ms): a drill's own time is virtual.
    pub begun_ms: i64,
    pub summary: Summary,
    pub title: String,
    /// The file that the runbook came from.
    pub path: String,
    pub schedule: Option<Schedule>,
    pub actions: Vec<ActionItem>,
    /// What was backed up or restored: action and whether it succeeded, for each such step that ended.
    pub backups: Vec<(String, bool)>,
}

impl RunFacts {
    #[must_use]
    pub fn of(replayed: &Replayed, snapshot: &Snapshot, summary: Summary, records: &[Stamped], begun_ms: i64) -> Self {
        let ended = |status| match status {
            StepStatus::Succeeded => Some(true),
            StepStatus::Failed => Some(false),
            _ => None,
        };
        let backups = snapshot.steps.iter().filter(|step| kpi::is_backup(&step.action));
        Self {
            begun_ms,
            title: safe(&snapshot.title),
            path: safe(replayed.header.files.first().map(|file| file.path.as_str()).unwrap_or_default()),
            schedule: replayed.plan().schedule,
            actions: actions::of(records),
            backups: backups.filter_map(|step| Some((step.action.clone(), ended(step.status)?))).collect(),
            summary,
        }
    }

    fn has_ended(&self) -> bool {
        matches!(self.summary.status, RunStatus::Succeeded | RunStatus::Failed | RunStatus::Aborted)
    }

    /// It came to its end, and every objective was met.
    fn has_passed(&self) -> bool {
        self.summary.exit == 0
    }
}

/// The report of a period. Instants are RFC 3339 in UTC.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub version: &'static str,
    pub since: String,
    pub until: String,
    pub drills: Kpi,
    pub incidents: Kpi,
    /// By runbook, drills and incidents together.
    pub runbooks: Vec<OfRunbook>,
    /// Titles of the runbooks that were run for real.
    pub affected: Vec<String>,
    pub backups: Vec<Backups>,
    /// Deviations, and objectives and budgets missed, in drills.
    pub issues: u32,
    /// Action items of the period's runs that are done.
    pub improvements: u32,
    pub runs: Vec<RunLine>,
    pub trends: Vec<Trend>,
    pub due: Vec<Due>,
    /// What is open from any run, the oldest first.
    pub open_actions: Vec<OpenAction>,
    pub recommendations: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct OfRunbook {
    pub runbook: String,
    pub rto_ms: Option<u64>,
    pub rpo_ms: Option<u64>,
    pub kpi: Kpi,
}

#[derive(Debug, Clone, Serialize)]
pub struct RunLine {
    pub run: String,
    pub begun_at: String,
    /// `DRILL` or `REAL`.
    pub banner: &'static str,
    pub runbook: String,
    pub status: RunStatus,
    pub passed: bool,
    pub rto_actual_ms: Option<u64>,
    pub rpo_actual_ms: Option<u64>,
    pub deviations: u32,
}

#[derive(Debug, Clone, Serialize)]
pub struct OpenAction {
    /// `RUN/N`, as `note RUN --done N` takes it.
    pub id: String,
    pub text: String,
    pub owner: Option<String>,
    pub begun_at: String,
    /// From before the period.
    pub carried: bool,
}

/// Makes the report of `[since_ms, until_ms]`. `runs` are all that are kept; `known` are further runbooks
/// whose schedules count.
#[must_use]
pub fn report(runs: &[RunFacts], known: &[Known], since_ms: i64, until_ms: i64) -> Report {
    let mut all: Vec<&RunFacts> = runs.iter().filter(|run| run.begun_ms <= until_ms).collect();
    all.sort_by_key(|run| (run.begun_ms, run.summary.run.clone()));
    let within: Vec<&RunFacts> = all.iter().copied().filter(|run| run.begun_ms >= since_ms).collect();
    let of = |mode| within.iter().copied().filter(|run| run.summary.mode == mode).collect::<Vec<_>>();
    let (drills, incidents) = (of(Mode::Drill), of(Mode::Real));
    let names = Names::of(&all);
    let due = due::due(&all, known, &names, until_ms);
    let trends = trend::trends(&within, &names);
    let open_actions = open_actions(&all, since_ms);
    let mut affected: Vec<String> = incidents.iter().map(|run| run.title.clone()).collect();
    affected.sort();
    affected.dedup();
    Report {
        version: VERSION,
        since: rfc3339(since_ms),
        until: rfc3339(until_ms),
        drills: Kpi::of(&drills),
        incidents: Kpi::of(&incidents),
        runbooks: runbooks(&within, &names),
        affected,
        backups: kpi::backups(&within),
        issues: drills.iter().map(|run| issues(run)).sum(),
        improvements: count(within.iter().flat_map(|run| &run.actions).filter(|item| item.done.is_some()).count()),
        runs: within.iter().map(|run| line(run, &names)).collect(),
        recommendations: recommendations(&within, &trends, &due, &open_actions),
        trends,
        due,
        open_actions,
    }
}

/// What runbooks are called: their names, with the file where one name stands for several.
pub struct Names(Vec<(String, String)>);

impl Names {
    fn of(runs: &[&RunFacts]) -> Self {
        let mut known: Vec<_> = runs.iter().map(|run| (run.summary.runbook.clone(), run.path.clone())).collect();
        known.sort();
        known.dedup();
        Self(known)
    }

    /// What the runbook of a run is called.
    #[must_use]
    pub fn name(&self, runbook: &str, path: &str) -> String {
        let others = self.0.iter().any(|(name, other)| name == runbook && other != path);
        let path = path.strip_suffix(".yaml").unwrap_or(path);
        if others { path.to_owned() } else { runbook.to_owned() }
    }

    fn of_run(&self, run: &RunFacts) -> String {
        self.name(&run.summary.runbook, &run.path)
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// What a run showed that was not as it should be.
fn issues(run: &RunFacts) -> u32 {
    let missed = [run.summary.rto, run.summary.rpo].into_iter().flatten().filter(|one| one.met == Some(false));
    let over = run.summary.phases.iter().filter(|phase| phase.met == Some(false));
    count(run.summary.deviations.len() + missed.count() + over.count())
}

fn runbooks(runs: &[&RunFacts], names: &Names) -> Vec<OfRunbook> {
    let mut known: Vec<String> = runs.iter().map(|run| names.of_run(run)).collect();
    known.sort();
    known.dedup();
    let of = |name: String| {
        let its: Vec<&RunFacts> = runs.iter().copied().filter(|run| names.of_run(run) == name).collect();
        let last = its.last();
        OfRunbook {
            rto_ms: last.and_then(|run| run.summary.rto).map(|rto| rto.budget_ms),
            rpo_ms: last.and_then(|run| run.summary.rpo).map(|rpo| rpo.budget_ms),
            kpi: Kpi::of(&its),
            runbook: name,
        }
    };
    known.into_iter().map(of).collect()
}

fn line(run: &RunFacts, names: &Names) -> RunLine {
    let actual = |objective: Option<super::summary::ObjectiveSummary>| objective.and_then(|one| one.actual_ms);
    RunLine {
        run: run.summary.run.clone(),
        begun_at: rfc3339(run.begun_ms),
        banner: run.summary.mode.banner(),
        runbook: names.of_run(run),
        status: run.summary.status,
        passed: run.has_passed(),
        rto_actual_ms: actual(run.summary.rto),
        rpo_actual_ms: actual(run.summary.rpo),
        deviations: count(run.summary.deviations.len()),
    }
}

fn open_actions(runs: &[&RunFacts], since_ms: i64) -> Vec<OpenAction> {
    let of_run = |run: &&RunFacts| {
        let (id, begun_ms) = (run.summary.run.clone(), run.begun_ms);
        let open = |item: &ActionItem| OpenAction {
            id: format!("{id}/{}", item.item),
            text: item.text.clone(),
            owner: item.owner.clone(),
            begun_at: rfc3339(begun_ms),
            carried: begun_ms < since_ms,
        };
        run.actions.iter().filter(|item| item.done.is_none()).map(open).collect::<Vec<_>>()
    };
    runs.iter().flat_map(of_run).collect()
}

/// What the figures themselves suggest; judgement is left to people.
fn recommendations(runs: &[&RunFacts], trends: &[Trend], due: &[Due], open: &[OpenAction]) -> Vec<String> {
    let mut found = Vec::new();
    for trend in trends.iter().filter(|trend| trend.over > 0) {
        let (runbook, phase, over, all) = (&trend.runbook, &trend.phase, trend.over, trend.points.len());
        found.push(format!("{runbook}: phase {phase} was over its budget in {over} of {all} runs"));
    }
    for one in due.iter().filter(|one| one.is_overdue) {
        let last = one.last_at.as_deref().map_or("never rehearsed", |_| "overdue");
        found.push(format!("{}: {} rehearsal is due ({last})", one.runbook, one.schedule.word()));
    }
    let ended = || runs.iter().filter(|run| run.has_ended());
    let unmeasured = ended().filter(|run| run.summary.rpo.is_some_and(|rpo| rpo.actual_ms.is_none())).count();
    if unmeasured > 0 {
        found.push(format!("the recovery point was not measured in {unmeasured} of {} runs", ended().count()));
    }
    let ownerless = open.iter().filter(|item| item.owner.is_none()).count();
    if ownerless > 0 {
        found.push(format!("{ownerless} open action items have no owner"));
    }
    found
}
