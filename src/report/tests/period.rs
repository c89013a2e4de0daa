//! The report of a period: what is due, what is carried, what is said of nothing.

use super::rows::HOSTILE;
use super::run::snapshot;
use crate::model::milestone::Schedule;
use crate::model::outcome::{Mode, RunStatus};
use crate::model::text::safe;
use crate::report::actions::{ActionItem, Done};
use crate::report::period::due::Known;
use crate::report::period::trend::{Point, Trend};
use crate::report::period::{Report, RunFacts, html, markdown, report};
use crate::report::summary::{JournalFacts, summary};

const DAY_MS: i64 = 86_400_000;
const NOW_MS: i64 = 1_767_495_600_000;

fn run(n: u32, days_ago: i64, mode: Mode) -> RunFacts {
    let sum = summary(&snapshot("failover", mode), JournalFacts::live((9, String::new()), true));
    RunFacts {
        begun_ms: NOW_MS - days_ago * DAY_MS,
        summary: crate::report::summary::Summary { run: format!("R{n}"), ..sum },
        title: "Fail over".to_owned(),
        path: "failover.yaml".to_owned(),
        schedule: Some(Schedule::Monthly),
        actions: Vec::new(),
        backups: vec![("aws/rds.restore_db_cluster_from_snapshot".to_owned(), n.is_multiple_of(2))],
    }
}

fn item(item: u32, done: bool) -> ActionItem {
    let done = done.then(|| Done { at: String::new(), by: String::new(), text: String::new() });
    ActionItem { item, text: "alarm".to_owned(), owner: None, by: "bob".to_owned(), added_at: String::new(), done }
}

fn of(runs: &[RunFacts], known: &[Known]) -> Report {
    report(runs, known, NOW_MS - 30 * DAY_MS, NOW_MS)
}

#[test]
fn a_rehearsal_is_due_a_schedule_after_the_last_one_that_came_to_its_end() {
    let mut failed = run(3, 2, Mode::Drill);
    failed.summary.status = RunStatus::Failed;
    let known = [Known { runbook: "restore".to_owned(), path: "restore.yaml".to_owned(), schedule: Schedule::Yearly }];
    // Neither the drill that failed nor the real run is a rehearsal.
    let report = of(&[run(1, 100, Mode::Drill), run(2, 40, Mode::Drill), failed, run(4, 1, Mode::Real)], &known);
    let due: Vec<_> = report.due.iter().map(|one| (one.runbook.as_str(), one.is_overdue, one.overdue_days)).collect();
    assert_eq!(due, [("restore", true, 0), ("failover", true, 9)]);
    assert_eq!(report.due[1].last_at.as_deref(), Some("2025-11-25T03:00:00.000Z"));
    let report = of(&[run(1, 30, Mode::Drill)], &[]);
    assert!(!report.due[0].is_overdue);
    assert_eq!(report.due[0].due_at.as_deref(), Some("2026-01-05T03:00:00.000Z"));
}

#[test]
fn open_items_are_carried_until_they_are_done() {
    let (mut old, mut new) = (run(1, 60, Mode::Drill), run(2, 5, Mode::Real));
    old.actions = vec![item(1, true), item(2, false)];
    new.actions = vec![item(1, false), item(2, true)];
    let report = of(&[new, old], &[]);
    let open: Vec<_> = report.open_actions.iter().map(|one| (one.id.as_str(), one.carried)).collect();
    assert_eq!(open, [("R1/2", true), ("R2/1", false)]);
    assert_eq!((report.improvements, report.drills.runs, report.incidents.runs), (1, 0, 1));
    assert!(report.recommendations.iter().any(|one| one.contains("2 open action items have no owner")));
}

#[test]
fn figures_are_those_of_the_period_and_of_nothing_there_is_no_mean() {
    let none = of(&[], &[]);
    assert_eq!((none.drills.rto.mean_ms, none.drills.success_percent), (None, None));
    let page = markdown::render(&none);
    assert!(page.contains("Total incidents: 0") && page.contains("None is open."), "{page}");
    let mut aborted = run(4, 1, Mode::Drill);
    (aborted.summary.status, aborted.summary.exit) = (RunStatus::Aborted, 6);
    let report = of(&[run(1, 90, Mode::Drill), run(2, 9, Mode::Drill), run(3, 5, Mode::Drill), aborted], &[]);
    let drills = report.drills;
    assert_eq!((drills.runs, drills.ended, drills.succeeded, drills.passed), (3, 3, 2, 0));
    assert_eq!((drills.rto.mean_ms, drills.rto.met, drills.rpo.met), (Some(5_347_000), 2, 0));
    assert_eq!(report.backups[0].success_percent, Some(67));
    assert_eq!(report.trends[0].points.len(), 3);
}

#[test]
fn a_sparkline_is_told_against_the_longest() {
    let point = |ms| Point { run: String::new(), ms };
    let trend = Trend {
        runbook: String::new(),
        phase: String::new(),
        budget_ms: Some(50),
        points: vec![point(0), point(10), point(50), point(100)],
        mean_ms: 40,
        last_ms: 100,
        over: 1,
    };
    assert_eq!(trend.sparkline(), "▁▂▅█");
    let svg = trend.svg();
    assert!(svg.contains("points=\"3.0,33.0 54.3,30.0 105.7,18.0 157.0,3.0\"") && svg.contains("budget"), "{svg}");
}

#[test]
fn hostile_text_stays_text() {
    let named = |text: &str| {
        let mut one = run(1, 3, Mode::Real);
        (one.title, one.path) = (safe(text), safe(text));
        one.actions = vec![ActionItem { text: safe(text), owner: Some(safe(text)), ..item(1, false) }];
        one
    };
    let (plain, hostile) = (of(&[named("x")], &[]), of(&[named(HOSTILE)], &[]));
    let (plain, page) = (markdown::render(&plain), markdown::render(&hostile));
    assert_eq!(plain.lines().count(), page.lines().count());
    assert!(!page.contains("<b>") && !page.replace("\\`", "").contains('`'), "{page}");
    let html = html::render(&hostile);
    assert!(!html.contains("<b>") && !html.contains("<script") && html.contains("&lt;"), "{html}");
}
