//! A run deletes what it has made, and nothing else: at the gate, in a roll back, after a crash.

use super::*;
use crate::engine::snapshot::Allowed;
use crate::model::event::UnknownDecision;

/// Makes a copy of production's table, and deletes NAME.
const COPY: &str = "
phases:
  - id: before
    steps:
      - id: make
        uses: aws/dynamodb.restore_table_to_point_in_time
        with: { source_table_name: shop, target_table_name: copy, use_latest_restorable_time: true }
        outputs: { source: shop, copy: copy }
        on_failure: continue
        rollback: [{ uses: aws/dynamodb.delete_table, with: { table_name: copy } }]
  - id: after
    steps:
      - id: discard
        uses: aws/dynamodb.delete_table
        with: { table_name: NAME }
        confirm: { type: x }
        timeout: 5m
";

fn of(name: &str) -> Bench {
    Bench::start(&COPY.replace("NAME", name))
}

fn table(status: &str) -> Value {
    json!({"table_name": "copy", "table_status": status})
}

/// The copy is made; what is deleted next has not been looked at.
fn made(name: &str) -> Bench {
    let mut bench = of(name);
    bench.fail("make", CloudErrorKind::NotFound);
    bench.run("make").unwrap();
    bench.answer("make", table("CREATING"));
    assert_eq!(bench.status("make"), StepStatus::Succeeded);
    bench
}

/// No gate has opened and nothing was asked of the cloud.
fn is_refused(bench: &Bench, reason: &str) {
    let view = bench.step("discard");
    assert_eq!((view.status, view.gate.is_none()), (StepStatus::Failed, true), "{}", view.activity);
    let told = view.reason.unwrap_or_default();
    assert!(told.starts_with("refused: ") && told.contains(reason) && told.contains("by hand"), "{told}");
    assert!(!view.allowed.contains(&Allowed::Run) && !view.allowed.contains(&Allowed::Override));
    let opened = |event: &&Event| matches!(event, Event::GateOpened { step, .. } if step == "discard");
    assert_eq!((bench.events.iter().filter(opened).count(), bench.sends("discard")), (0, 0));
    assert!(bench.calls.iter().all(|call| call.ticket.step != "discard"));
    assert_eq!(bench.anomalies(), 0);
}

#[test]
fn what_the_run_has_made_it_may_delete() {
    let mut bench = made("copy");
    bench.answer("discard", table("ACTIVE"));
    bench.run("discard").unwrap();
    assert_eq!((bench.sends("discard"), bench.anomalies()), (1, 0));
}

#[test]
fn productions_name_is_refused_before_the_gate_and_by_nothing_overridden() {
    let mut bench = made("\"${{ steps.make.outputs.source }}\"");
    is_refused(&bench, "the table `shop` in us-east-1 of 111122223333");
    is_refused(&bench, "it has made `copy`");
    let over = Command::Override {
        step: "discard".to_owned(),
        check: 0,
        by: "bob".to_owned(),
        reason: "I know".to_owned(),
        code: Some(Typed::new("1")),
    };
    assert!(bench.ask(&over).is_err());
    bench.ask(&Command::Retry { step: "discard".to_owned() }).unwrap();
    is_refused(&bench, "the table `shop`");
    bench.ask(&Command::Skip { step: "discard".to_owned(), reason: "deleted by hand".to_owned() }).unwrap();
    assert_eq!(bench.status("discard"), StepStatus::Skipped);
}

#[test]
fn without_the_guard_the_gate_opens_for_production() {
    let text = COPY.replace("NAME", "\"${{ steps.make.outputs.source }}\"");
    let mut bench = Bench::start_with(&text, Engine::without_the_guard_of_deletes);
    bench.fail("make", CloudErrorKind::NotFound);
    bench.run("make").unwrap();
    bench.answer("make", table("CREATING"));
    bench.answer("discard", table("ACTIVE"));
    bench.run("discard").unwrap();
    assert_eq!(bench.sends("discard"), 1);
}

#[test]
fn a_name_that_was_taken_is_not_the_runs_own() {
    // Refused as there is such a table already; the runbook goes on to its clean-up all the same.
    let mut bench = of("\"${{ 'copy' if steps.make.status == 'failed' else 'x' }}\"");
    bench.answer("make", table("ACTIVE"));
    bench.run("make").unwrap();
    bench.fail("make", CloudErrorKind::Invalid);
    is_refused(&bench, "step `make` should have made it");
    let rolled =
        bench.ask(&Command::RollBack { step: "make".to_owned(), digest: String::new(), typed: None, code: None });
    assert!(rolled.unwrap_err().message.contains("refused: "));
    assert!(!bench.step("make").allowed.contains(&Allowed::RollBack) && bench.step("make").rollback.is_none());
}

#[test]
fn a_roll_back_takes_away_what_the_step_made() {
    let bench = made("copy");
    assert!(bench.step("make").rollback.is_some());
}

/// The answer to the restore is lost, after a look that said whether the name was free.
fn lost(was_free: bool) -> Bench {
    let mut bench = of("copy");
    if was_free {
        bench.fail("make", CloudErrorKind::NotFound);
    } else {
        bench.fail("make", CloudErrorKind::Denied);
    }
    bench.run("make").unwrap();
    bench.fail("make", CloudErrorKind::UnknownOutcome);
    bench
}

#[test]
fn what_a_probe_finds_done_counts_where_the_name_was_free() {
    let mut bench = lost(true);
    bench.answer("make", table("ACTIVE"));
    assert_eq!(bench.status("make"), StepStatus::Succeeded);
    bench.answer("discard", table("ACTIVE"));
    assert!(bench.step("discard").gate.is_some());
    let mut bench = lost(false);
    bench.answer("make", table("ACTIVE"));
    assert_eq!(bench.status("make"), StepStatus::Succeeded);
    is_refused(&bench, "step `make` should have made it");
}

#[test]
fn what_a_person_records_as_done_counts_where_the_name_was_free() {
    for was_free in [true, false] {
        let mut bench = lost(was_free);
        bench.fail("make", CloudErrorKind::Denied);
        bench.pass_s(3600);
        bench
            .ask(&Command::ResolveUnknown {
                step: "make".to_owned(),
                decision: UnknownDecision::RecordDone,
                reason: "the console shows it".to_owned(),
                typed: None,
                code: Some(Typed::new("1")),
            })
            .unwrap();
        assert_eq!(bench.status("discard") != StepStatus::Failed, was_free);
    }
}

#[test]
fn the_ledger_is_in_the_journal() {
    let mut bench = made("copy");
    bench.answer("discard", table("ACTIVE"));
    bench.crash_and_resume();
    assert!(bench.step("discard").gate.is_some());
    bench.run("discard").unwrap();
    assert_eq!((bench.sends("discard"), bench.anomalies()), (1, 0));
    let mut bench = made("\"${{ steps.make.outputs.source }}\"");
    bench.crash_and_resume();
    is_refused(&bench, "the table `shop`");
}

#[test]
fn done_by_hand_is_not_made_by_the_run() {
    let mut bench = of("copy");
    bench.fail("make", CloudErrorKind::NotFound);
    let evidence = "made in the console".to_owned();
    bench.ask(&Command::DoneExternally { step: "make".to_owned(), evidence }).unwrap();
    is_refused(&bench, "step `make` should have made it");
}

/// A restore job of AWS Backup, and a delete of what it says that it has made.
const JOB: &str = "
phases:
  - id: p
    steps:
      - id: make
        uses: aws/backup.start_restore_job
        with: { recovery_point_arn: 'arn:aws:backup:us-east-1:111122223333:recovery-point:P', metadata: { DBInstanceIdentifier: NAME }, resource_type: RDS, iam_role_arn: 'arn:aws:iam::111122223333:role/b' }
      - id: wait
        uses: aws/backup.describe_restore_job
        with: { restore_job_id: '${{ steps.make.result.restore_job_id }}' }
        verify: [{ expect: \"result.status in ['COMPLETED', 'FAILED']\" }]
      - id: discard
        uses: aws/rds.delete_db_instance
        with: { db_instance_identifier: NAME, skip_final_snapshot: true }
        confirm: { type: x }
        timeout: 5m
";

#[test]
fn a_restore_job_counts_once_it_says_that_it_has_made_it() {
    let began = |id: &str, status: &str, began_ms: i64| {
        json!({
            "restore_job_id": id, "status": status, "recovery_point_arn": "arn:aws:backup:us-east-1:111122223333:recovery-point:P",
            "created_resource_arn": "arn:aws:rds:us-east-1:111122223333:db:shop",
            "creation_date": crate::model::time::rfc3339(began_ms),
        })
    };
    for (answer, is_ours) in [
        (began("J", "COMPLETED", START_MS), true),
        // It failed, as there is such an instance already; the ARN is that of the other.
        (began("J", "FAILED", START_MS), false),
        (began("OTHER", "COMPLETED", START_MS), false),
    ] {
        let mut bench = Bench::start(&JOB.replace("NAME", "shop"));
        bench.answer("make", json!({"restore_jobs": []}));
        bench.run("make").unwrap();
        bench.answer("make", json!({"restore_job_id": "J"}));
        bench.run("wait").unwrap();
        bench.answer("wait", answer);
        assert_eq!(bench.status("wait"), StepStatus::Succeeded);
        assert_eq!(bench.status("discard") != StepStatus::Failed, is_ours);
    }
}
