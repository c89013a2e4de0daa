//! Line 1 alone is enough to go on.

use super::every::{START_MS, header, stamped};
use crate::model::event::{Event, RunHeader};
use crate::model::outcome::{RunStatus, StepStatus};
use crate::model::runbook::SourceFile;
use crate::report::fold::{ReplayError, replay};
use crate::report::summary::{JournalFacts, summary};
use crate::source;

const RUN: &str = "01K9ZZZZZZZZZZZZZZZZZZZZZZ";
const RUNBOOK: &str = "
version: 1
name: small
title: A small one
objectives: { rto: 1h }
phases:
  - id: only
    budget: 30m
    steps:
      - { id: look, uses: manual, with: { ask: Is it day? } }
      - { id: wait, uses: wait, with: { for: 1m } }
";

fn small() -> RunHeader {
    let files = vec![SourceFile { path: "small.yaml".to_owned(), text: RUNBOOK.to_owned() }];
    let digest = source::digest(&files);
    let inputs = crate::model::Object::new();
    RunHeader { files, digest, inputs, runbook: "small".to_owned(), drill: None, ..header("alice") }
}

fn started(header: RunHeader, then: Vec<Event>) -> Vec<crate::model::event::Stamped> {
    stamped([vec![Event::RunStarted(Box::new(header))], then].concat(), "alice")
}

#[test]
fn a_run_is_folded_from_its_own_line_1() {
    let skipped =
        Event::StepSkipped { step: "look".to_owned(), by: Some("alice".to_owned()), reason: "seen already".to_owned() };
    let ready = Event::StepReady { step: "look".to_owned(), attempt: 1 };
    let records = started(small(), vec![ready, skipped]);
    let replayed = replay(&records, RUN).unwrap();
    assert_eq!(replayed.plan().rto_ms, Some(3_600_000));
    let snapshot = replayed.engine.snapshot(START_MS + 60_000);
    let sum = summary(&snapshot, JournalFacts::live((3, String::new()), true));
    assert_eq!((sum.run.as_str(), sum.runbook.as_str(), sum.exit), (RUN, "small", 5));
    assert_eq!(sum.steps[0].status, StepStatus::Skipped);
    assert_eq!(sum.steps[1].status, StepStatus::Pending);
    assert_ne!(snapshot.status, RunStatus::Succeeded);
}

#[test]
fn another_text_than_the_digest_names_is_refused() {
    let mut header = small();
    header.files[0].text.push_str("# changed\n");
    assert!(matches!(replay(&started(header, vec![]), RUN), Err(ReplayError::Digest { .. })));
}

#[test]
fn a_runbook_that_is_refused_says_why() {
    let mut header = small();
    header.files[0].text = header.files[0].text.replace("uses: wait", "uses: wiat");
    header.digest = source::digest(&header.files);
    let error = replay(&started(header, vec![]), RUN).unwrap_err();
    assert!(error.to_string().contains("wiat"), "{error}");
}

#[test]
fn without_line_1_there_is_no_run() {
    let records = stamped(vec![Event::RunContinued], "alice");
    assert!(matches!(replay(&records, RUN), Err(ReplayError::NoHeader)));
    assert!(matches!(replay(&[], RUN), Err(ReplayError::NoHeader)));
}
