//! Two runs beside each other.

use super::every::{START_MS, stamped};
use super::run::snapshot;
use crate::engine::snapshot::Snapshot;
use crate::model::event::Event;
use crate::model::outcome::{Mode, StepStatus};
use crate::report::diff::{Diff, StepSide};
use crate::report::summary::{JournalFacts, summary};
use crate::report::timeline::Document;

fn document(snapshot: &Snapshot, events: Vec<Event>) -> Document {
    let sum = summary(snapshot, JournalFacts::live((2, String::new()), true));
    Document::of(&stamped(events, "alice"), snapshot, &sum)
}

fn skipped(step: &str) -> Event {
    Event::StepSkipped { step: step.to_owned(), by: Some("bob".to_owned()), reason: "no need".to_owned() }
}

#[test]
fn what_is_different_is_told_and_what_got_slower_comes_first() {
    let mut a = snapshot("alice", Mode::Drill);
    let mut faster = a.steps[0].clone();
    (faster.key, faster.ended_ms) = ("warm".to_owned(), Some(START_MS + 90_000));
    a.steps.push(faster);
    let mut b = a.clone();
    b.runbook = "other".to_owned();
    (b.steps[0].ended_ms, b.steps[0].attempt) = (Some(START_MS + 400_000), 2);
    b.steps[1].ended_ms = Some(START_MS + 150_000);
    let mut late = b.steps[0].clone();
    (late.key, late.status, late.started_ms) = ("late".to_owned(), StepStatus::Skipped, None);
    b.steps.push(late);
    let diff = Diff::of(
        &document(&a, vec![skipped("x"), skipped("x")]),
        &document(&b, vec![skipped("x"), skipped("y"), skipped("x")]),
    );
    let facts: Vec<_> = diff.facts.iter().map(|one| (one.what.as_str(), one.a.as_str(), one.b.as_str())).collect();
    assert_eq!(facts, [("runbook", "alice", "other")]);
    let steps: Vec<_> = diff.steps.iter().map(|one| (one.step.as_str(), one.time.delta_ms)).collect();
    assert_eq!(steps, [("warm", Some(60_000)), ("late", None), ("alice", Some(-10_000))]);
    let side = |status, attempts| Some(StepSide { status, attempts });
    let alice = &diff.steps[2];
    assert_eq!((alice.a, alice.b), (side(StepStatus::Succeeded, 1), side(StepStatus::Succeeded, 2)));
    assert!(alice.ended_otherwise() && !diff.steps[0].ended_otherwise());
    assert_eq!((diff.steps[1].a, diff.steps[1].b), (None, side(StepStatus::Skipped, 2)));
    assert!(diff.only_a.is_empty());
    let [only] = diff.only_b.as_slice() else { panic!("{:?}", diff.only_b) };
    assert_eq!((only.step.as_deref(), only.what, only.reason.as_str()), (Some("y"), "skipped", "no need"));
    assert_eq!(diff.phases[0].delta_ms, Some(0));
}

#[test]
fn a_run_is_not_different_from_itself() {
    let document = document(&snapshot("alice", Mode::Drill), vec![skipped("x")]);
    let diff = Diff::of(&document, &document);
    assert!(diff.facts.is_empty() && diff.only_a.is_empty() && diff.only_b.is_empty());
    assert!(diff.steps.iter().all(|step| step.time.delta_ms == Some(0) && !step.ended_otherwise()));
    assert!(diff.times.iter().all(|one| one.delta_ms.unwrap_or(0) == 0));
}
