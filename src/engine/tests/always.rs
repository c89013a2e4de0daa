//! Clean-up that runs also when a step has ended the run, and what ends with it.

use super::*;
use crate::engine::snapshot::Allowed;
use crate::model::outcome::RunStatus;

/// A copy is made, looked into on two branches, and taken away whatever happens.
const CLEAN: &str = "
phases:
  - id: before
    steps:
      - id: make
        uses: aws/dynamodb.restore_table_to_point_in_time
        with: { source_table_name: shop, target_table_name: copy, use_latest_restorable_time: true }
        on_failure: abort
        retry: { max: 2, backoff: 20s, on: [throttled] }
  - id: look
    steps:
      - { id: who, uses: aws/sts.get_caller_identity, on_failure: abort, verify: [{ expect: \"result.account == '111122223333'\" }] }
      - { id: scale, needs: [], uses: aws/ecs.update_service, with: { cluster: c, service: s, desired_count: 1 } }
      - { id: then, needs: [who, scale], uses: note, with: { text: well } }
  - id: tidy
    always: true
    steps:
      - { id: discard, uses: aws/dynamodb.delete_table, with: { table_name: copy }, confirm: { type: copy }, timeout: 5m, on_failure: continue }
      - { id: word, uses: note, with: { text: over }, always: false }
";

fn table(status: &str) -> Value {
    json!({"table_name": "copy", "table_status": status})
}

fn made() -> Bench {
    let mut bench = Bench::start(CLEAN);
    bench.fail("make", CloudErrorKind::NotFound);
    bench.run("make").unwrap();
    bench.answer("make", table("ACTIVE"));
    bench
}

fn wrong() -> Value {
    json!({"account": "999999999999"})
}

fn ended(bench: &Bench) -> Option<RunStatus> {
    bench.engine.finished()
}

#[test]
fn without_a_failure_it_is_a_step_like_any_other() {
    let mut bench = made();
    bench.run("who").unwrap();
    bench.answer("who", identity());
    bench.answer("scale", json!({"services": [{"desired_count": 0}]}));
    bench.ask(&Command::Skip { step: "scale".to_owned(), reason: "no".to_owned() }).unwrap();
    bench.run("then").unwrap();
    bench.answer("discard", table("ACTIVE"));
    bench.run("discard").unwrap();
    bench.answer("discard", table("DELETING"));
    bench.run("word").unwrap();
    assert_eq!((ended(&bench), bench.anomalies()), (Some(RunStatus::Succeeded), 0));
}

#[test]
fn a_failure_that_ends_the_run_leaves_the_clean_up_behind_its_gate() {
    let mut bench = made();
    bench.run("who").unwrap();
    bench.answer("who", wrong());
    assert_eq!(bench.step("who").activity, "failed, ended the run");
    assert!(!bench.step("who").allowed.contains(&Allowed::Retry));
    // What had not been sent is passed over, also on the other branch; the clean-up is looked at.
    for step in ["scale", "then", "word"] {
        let view = bench.step(step);
        assert_eq!(view.status, StepStatus::Skipped, "{step}");
        assert!(view.reason.unwrap().contains("`who` has failed"));
    }
    assert_eq!((ended(&bench), bench.sends("discard")), (None, 0));
    assert!(bench.snapshot().ended_by.is_some());
    bench.answer("discard", table("ACTIVE"));
    assert!(bench.step("discard").gate.unwrap().type_text.is_some(), "its gate stands");
    bench.run("discard").unwrap();
    bench.answer("discard", table("DELETING"));
    assert_eq!((ended(&bench), bench.anomalies()), (Some(RunStatus::Failed), 0));
    let phases: Vec<StepStatus> = bench.snapshot().phases.iter().map(|phase| phase.status).collect();
    assert_eq!(phases, [StepStatus::Succeeded, StepStatus::Failed, StepStatus::Succeeded]);
}

#[test]
fn what_is_under_way_comes_to_its_end_before_the_clean_up() {
    let mut bench = made();
    bench.answer("scale", json!({"services": [{"desired_count": 0}]}));
    bench.run("scale").unwrap();
    bench.run("who").unwrap();
    let at = bench.calls.iter().position(|call| call.ticket.step == "who").unwrap();
    let call = bench.calls.remove(at).unwrap();
    bench.record(Event::ActionSucceeded { ticket: call.ticket, result: wrong(), request_id: None, cloud_ms: None });
    assert_eq!((bench.status("scale"), bench.status("discard")), (StepStatus::Running, StepStatus::Pending));
    bench.answer("scale", json!({"services": [{"desired_count": 1}]}));
    assert_eq!((bench.status("scale"), bench.status("discard")), (StepStatus::Succeeded, StepStatus::Running));
    // And across a crash.
    bench.crash_and_resume();
    bench.answer("discard", table("ACTIVE"));
    bench.run("discard").unwrap();
    bench.answer("discard", table("DELETING"));
    assert_eq!((ended(&bench), bench.anomalies()), (Some(RunStatus::Failed), 0));
}

#[test]
fn a_clean_up_that_has_nothing_to_clean_is_passed_over() {
    let mut bench = Bench::start(CLEAN);
    bench.fail("make", CloudErrorKind::NotFound);
    bench.run("make").unwrap();
    bench.fail("make", CloudErrorKind::Denied);
    let view = bench.step("discard");
    assert_eq!(view.status, StepStatus::Skipped);
    assert!(view.reason.unwrap().contains("nothing to take away"));
    assert_eq!((ended(&bench), bench.anomalies(), bench.sends("discard")), (Some(RunStatus::Failed), 0, 0));
}

#[test]
fn a_clean_up_that_fails_leaves_the_run_failed_and_no_worse() {
    let mut bench = made();
    bench.run("who").unwrap();
    bench.answer("who", wrong());
    bench.answer("discard", table("ACTIVE"));
    bench.run("discard").unwrap();
    bench.fail("discard", CloudErrorKind::Denied);
    assert_eq!((ended(&bench), bench.anomalies()), (Some(RunStatus::Failed), 0));
}

#[test]
fn a_jump_does_not_go_past_it() {
    let text = CLEAN.replace("on_failure: abort, verify", "on_failure: { goto: word }, verify");
    let mut bench = Bench::start(&text);
    bench.fail("make", CloudErrorKind::NotFound);
    bench.run("make").unwrap();
    bench.answer("make", table("ACTIVE"));
    bench.answer("scale", json!({"services": [{"desired_count": 0}]}));
    bench.ask(&Command::Skip { step: "scale".to_owned(), reason: "no".to_owned() }).unwrap();
    bench.run("who").unwrap();
    bench.answer("who", wrong());
    assert_eq!((bench.status("then"), bench.status("discard")), (StepStatus::Skipped, StepStatus::Running));
}

fn abort() -> Command {
    Command::Abort { reason: "enough".to_owned() }
}

#[test]
fn a_person_who_aborts_leaves_the_clean_up_and_ends_that_by_aborting_again() {
    let mut bench = made();
    assert!(bench.snapshot().cleans_up);
    bench.ask(&Command::Pause { reason: "tea".to_owned() }).unwrap();
    bench.ask(&abort()).unwrap();
    assert_eq!((ended(&bench), bench.status("who")), (None, StepStatus::Skipped));
    bench.answer("discard", table("ACTIVE"));
    let mut again = bench.engine.clone();
    bench.run("discard").unwrap();
    bench.answer("discard", table("DELETING"));
    assert_eq!((ended(&bench), bench.anomalies()), (Some(RunStatus::Aborted), 0));
    let event = Event::RunAborted { reason: "at once".to_owned() };
    let stamped = Stamped { seq: bench.seq + 1, epoch: 1, at_ms: bench.now_ms, who: "alice".to_owned(), event };
    assert!(!again.cleans_up());
    again.handle(&stamped);
    assert_eq!(again.finished(), Some(RunStatus::Aborted));
}

#[test]
fn an_abort_before_anything_was_made_ends_at_once() {
    let mut bench = Bench::start(CLEAN);
    bench.ask(&abort()).unwrap();
    assert_eq!(
        (ended(&bench), bench.status("discard"), bench.anomalies()),
        (Some(RunStatus::Aborted), StepStatus::Skipped, 0)
    );
}

#[test]
fn the_books_are_kept() {
    let mut bench = made();
    bench.run("who").unwrap();
    bench.answer("who", wrong());
    bench.answer("discard", table("ACTIVE"));
    assert!(bench.engine.only_people_awaited(), "the gate of the clean-up is all there is");
    let steps = bench.snapshot().steps;
    assert!(steps.iter().filter(|step| step.key != "discard").all(|step| step.gate.is_none()));
    assert_eq!(bench.engine.awaiting(bench.now_ms).len(), 1);
}
