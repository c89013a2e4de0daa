//! The report as sections, before any format. The order is that of a monthly report: summary, figures,
//! backups, tests, trends, what is due, actions, recommendations.

use super::kpi::{Against, Kpi};
use super::{Report, RunLine};
use crate::model::outcome::RunStatus;
use crate::model::time::{clock_hms, human_ms};

pub(super) struct Section {
    pub title: &'static str,
    pub blocks: Vec<Block>,
}

pub(super) enum Block {
    Line(String),
    List(Vec<String>),
    /// What only the author knows.
    Todo(&'static str),
    Table {
        columns: Vec<&'static str>,
        rows: Vec<Vec<Cell>>,
    },
}

/// Text, not yet escaped; or a trend, which each format draws in its own way.
pub(super) enum Cell {
    Text(String),
    Trend { blocks: String, svg: String },
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

pub(super) fn title(report: &Report) -> String {
    format!("Disaster recovery report, {} to {}", day(&report.since), day(&report.until))
}

pub(super) fn sections(report: &Report) -> Vec<Section> {
    vec![
        summary(report),
        indicators(report),
        backups(report),
        tests(report),
        trends(report),
        due(report),
        actions(report),
        recommendations(report),
    ]
}

/// `2026-11-22`.
fn day(at: &str) -> String {
    at.chars().take(10).collect()
}

fn told(ms: Option<u64>) -> String {
    ms.map_or_else(|| "not measured".to_owned(), clock_hms)
}

fn percent(percent: Option<u32>) -> String {
    percent.map_or_else(|| "none".to_owned(), |percent| format!("{percent}%"))
}

/// `3:02:10 (target 4h)`.
fn against(against: &Against) -> String {
    let target = against.target_mean_ms.map(|ms| format!(" (target {})", human_ms(ms))).unwrap_or_default();
    format!("{}{target}", told(against.mean_ms))
}

fn summary(report: &Report) -> Section {
    let affected = if report.affected.is_empty() { "none".to_owned() } else { report.affected.join("; ") };
    let mut lines = vec![
        format!("Total incidents: {}", report.incidents.runs),
        format!("Services affected: {affected}"),
        format!(
            "Drills: {}, passed {} of {} that ended",
            report.drills.runs, report.drills.passed, report.drills.ended
        ),
    ];
    for (name, kpi) in [("incidents", &report.incidents), ("drills", &report.drills)] {
        if kpi.runs > 0 {
            lines.push(format!("Average RTO in {name}: {}", against(&kpi.rto)));
            lines.push(format!("Average RPO in {name}: {}", against(&kpi.rpo)));
        }
    }
    Section { title: "Executive summary", blocks: vec![Block::List(lines)] }
}

fn indicators(report: &Report) -> Section {
    let row = |name: &'static str, of: &dyn Fn(&Kpi) -> String| -> Vec<Cell> {
        vec![name.into(), of(&report.drills).into(), of(&report.incidents).into()]
    };
    let met = |one: &Against| format!("{} of {}", one.met, one.measured);
    let rows = vec![
        row("Runs", &|kpi| kpi.runs.to_string()),
        row("Succeeded", &|kpi| format!("{} of {}", kpi.succeeded, kpi.ended)),
        row("Passed, objectives met", &|kpi| format!("{} of {}", kpi.passed, kpi.ended)),
        row("Success rate", &|kpi| percent(kpi.success_percent)),
        row("RTO met", &|kpi| met(&kpi.rto)),
        row("RTO, mean", &|kpi| against(&kpi.rto)),
        row("RTO, longest", &|kpi| told(kpi.rto.worst_ms)),
        row("RPO met", &|kpi| met(&kpi.rpo)),
        row("RPO, mean", &|kpi| against(&kpi.rpo)),
        row("RPO, longest", &|kpi| told(kpi.rpo.worst_ms)),
        row("Mean time to detect", &|kpi| told(kpi.detect_mean_ms)),
        row("Mean time to decide", &|kpi| told(kpi.decide_mean_ms)),
        row("Mean time to recovery (MTTR)", &|kpi| told(kpi.restore_mean_ms)),
        row("Deviations", &|kpi| kpi.deviations.to_string()),
    ];
    let of_runbook = |one: &super::OfRunbook| -> Vec<Cell> {
        let target = |ms: Option<u64>| ms.map_or_else(|| "none".to_owned(), human_ms);
        vec![
            one.runbook.clone().into(),
            one.kpi.runs.to_string().into(),
            format!("{} of {}", one.kpi.passed, one.kpi.ended).into(),
            target(one.rto_ms).into(),
            told(one.kpi.rto.mean_ms).into(),
            told(one.kpi.rto.worst_ms).into(),
            target(one.rpo_ms).into(),
            told(one.kpi.rpo.mean_ms).into(),
            told(one.kpi.rpo.worst_ms).into(),
        ]
    };
    Section {
        title: "Key performance indicators",
        blocks: vec![
            Block::Table { columns: vec!["", "Drills", "Incidents"], rows },
            Block::Table {
                columns: vec!["Runbook", "Runs", "Passed", "RTO", "Mean", "Longest", "RPO", "Mean", "Longest"],
                rows: report.runbooks.iter().map(of_runbook).collect(),
            },
        ],
    }
}

fn backups(report: &Report) -> Section {
    let row = |one: &super::Backups| -> Vec<Cell> {
        vec![one.kind.into(), format!("{} of {}", one.succeeded, one.steps).into(), percent(one.success_percent).into()]
    };
    Section {
        title: "Backup status",
        blocks: vec![
            Block::Line("Backups made and restored by the runs of this period:".to_owned()),
            Block::Table {
                columns: vec!["Kind", "Succeeded", "Success rate"],
                rows: report.backups.iter().map(row).collect(),
            },
            Block::Todo("the success rate of the automated backups themselves, which no run sees"),
        ],
    }
}

fn tests(report: &Report) -> Section {
    let lines = vec![
        format!("Tests conducted: {}", report.drills.runs),
        format!("Tests passed: {}", report.drills.passed),
        format!("Issues identified: {}", report.issues),
        format!("Improvements implemented: {}", report.improvements),
    ];
    let row = |one: &RunLine| -> Vec<Cell> {
        let status = match (one.status, one.passed) {
            (RunStatus::Succeeded, true) => "passed",
            (RunStatus::Succeeded, false) => "objective missed",
            (RunStatus::Failed, _) => "failed",
            (RunStatus::Aborted, _) => "aborted",
            (RunStatus::Running | RunStatus::Waiting | RunStatus::Paused, _) => "not ended",
        };
        vec![
            one.run.clone().into(),
            day(&one.begun_at).into(),
            one.banner.into(),
            one.runbook.clone().into(),
            status.into(),
            told(one.rto_actual_ms).into(),
            told(one.rpo_actual_ms).into(),
            one.deviations.to_string().into(),
        ]
    };
    let columns = vec!["Run", "Begun", "", "Runbook", "Result", "RTO", "RPO", "Deviations"];
    let table = Block::Table { columns, rows: report.runs.iter().map(row).collect() };
    Section { title: "Testing activities", blocks: vec![Block::List(lines), table] }
}

fn trends(report: &Report) -> Section {
    let row = |one: &super::Trend| -> Vec<Cell> {
        vec![
            one.runbook.clone().into(),
            one.phase.clone().into(),
            Cell::Trend { blocks: one.sparkline(), svg: one.svg() },
            one.points.len().to_string().into(),
            clock_hms(one.mean_ms).into(),
            clock_hms(one.last_ms).into(),
            one.budget_ms.map_or_else(|| "none".to_owned(), human_ms).into(),
            one.over.to_string().into(),
        ]
    };
    let columns = vec!["Runbook", "Phase", "Trend", "Runs", "Mean", "Last", "Budget", "Over"];
    let table = Block::Table { columns, rows: report.trends.iter().map(row).collect() };
    Section { title: "Trend of each phase", blocks: vec![table] }
}

fn due(report: &Report) -> Section {
    let row = |one: &super::Due| -> Vec<Cell> {
        let state = match (&one.due_at, one.is_overdue) {
            (None, _) => "never rehearsed".to_owned(),
            (Some(_), true) => format!("overdue by {} days", one.overdue_days),
            (Some(_), false) => String::new(),
        };
        vec![
            one.runbook.clone().into(),
            one.schedule.word().into(),
            one.last_at.as_deref().map_or_else(|| "never".to_owned(), day).into(),
            one.due_at.as_deref().map_or_else(|| "now".to_owned(), day).into(),
            state.into(),
        ]
    };
    let columns = vec!["Runbook", "Schedule", "Last", "Due", ""];
    let table = Block::Table { columns, rows: report.due.iter().map(row).collect() };
    let none = Block::Line("No runbook that was run here states a schedule.".to_owned());
    Section { title: "Rehearsals due", blocks: vec![if report.due.is_empty() { none } else { table }] }
}

fn actions(report: &Report) -> Section {
    let row = |one: &super::OpenAction| -> Vec<Cell> {
        vec![
            one.id.clone().into(),
            one.text.clone().into(),
            one.owner.as_deref().unwrap_or("nobody").into(),
            day(&one.begun_at).into(),
            if one.carried { "carried" } else { "new" }.into(),
        ]
    };
    let columns = vec!["Item", "What", "Owner", "Since", ""];
    let table = Block::Table { columns, rows: report.open_actions.iter().map(row).collect() };
    let none = Block::Line("None is open.".to_owned());
    Section { title: "Action items", blocks: vec![if report.open_actions.is_empty() { none } else { table }] }
}

fn recommendations(report: &Report) -> Section {
    let mut blocks = Vec::new();
    if !report.recommendations.is_empty() {
        blocks.push(Block::List(report.recommendations.clone()));
    }
    blocks.push(Block::Todo("what follows from it"));
    Section { title: "Recommendations", blocks }
}
