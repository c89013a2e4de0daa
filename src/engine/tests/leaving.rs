//! What a process that ends in the middle, or people who leave, must not set going. Each of these was
//! a bug once (`tests/bugs.md`).

use super::*;
use crate::model::event::UnknownDecision;
use crate::model::outcome::RunStatus;

const RETRIED: &str = "
phases:
  - id: p
    steps:
      - id: scale
        uses: aws/ecs.update_service
        with: { cluster: k, service: s, desired_count: 3 }
        retry: { max: 3, backoff: 20s, on: [throttled] }
        rollback:
          - { uses: aws/ecs.update_service, with: { desired_count: 1 } }
          - { uses: aws/ecs.update_service, with: { desired_count: 0 } }
      - { id: hold, uses: manual, with: { ask: 'Go on?' } }
";

fn service() -> Value {
    json!({"services": [{"desired_count": 0}]})
}

fn at_the_gate() -> Bench {
    let mut bench = Bench::start(RETRIED);
    bench.answer("scale", service());
    bench
}

fn leave(bench: &mut Bench) {
    bench.ask(&Command::Leave { reason: "tea".to_owned() }).unwrap();
}

fn succeeded(call: CallRequest) -> Event {
    Event::ActionSucceeded { ticket: call.ticket, result: json!({}), request_id: None, cloud_ms: None }
}

/// Ends the process with only the first records on the disk, and starts another.
fn tear_behind(bench: &mut Bench, is_last: impl Fn(&Event) -> bool) {
    let at = bench.events.iter().rposition(is_last).unwrap();
    bench.events.truncate(at + 1);
    bench.crash_and_resume();
}

#[test]
fn a_retry_that_waits_does_not_go_out_once_the_run_was_left() {
    let mut bench = at_the_gate();
    bench.run("scale").unwrap();
    bench.fail("scale", CloudErrorKind::Throttled);
    assert!(bench.calls.is_empty(), "the intent is written when its time has come");
    leave(&mut bench);
    bench.pass_s(30);
    for (_, timer) in std::mem::take(&mut bench.timers) {
        bench.record(Event::TimerFired { timer });
    }
    assert_eq!((bench.sends("scale"), bench.calls.len()), (1, 0));
    // The next process asks for everything again.
    bench.crash_and_resume();
    bench.answer("scale", service());
    assert_eq!((bench.sends("scale"), bench.status("scale")), (1, StepStatus::Waiting));
    bench.run("scale").unwrap();
    assert_eq!((bench.sends("scale"), bench.take("scale").ticket.attempt, bench.anomalies()), (2, 2, 0));
}

fn rolling_back() -> Bench {
    let mut bench = at_the_gate();
    bench.run("scale").unwrap();
    bench.answer("scale", json!({}));
    let digest = bench.step("scale").rollback.unwrap().digest;
    let back = Command::RollBack { step: "scale".to_owned(), digest, typed: None, code: Some(Typed::new("1")) };
    bench.ask(&back).unwrap();
    bench
}

#[test]
fn a_roll_back_stops_between_its_calls_when_the_run_is_left_or_aborted() {
    for command in [Command::Leave { reason: "tea".to_owned() }, Command::Abort { reason: "no".to_owned() }] {
        let mut bench = rolling_back();
        let first = bench.take("scale");
        bench.ask(&command).unwrap();
        bench.record(succeeded(first));
        assert!(bench.calls.is_empty(), "{command:?}: {:?}", bench.calls);
        if bench.snapshot().status == RunStatus::Aborted {
            continue;
        }
        bench.crash_and_resume();
        let second = bench.take("scale");
        assert_eq!(second.ticket.purpose, Purpose::Rollback(1), "it goes on where it was");
        bench.record(succeeded(second));
        assert_eq!((bench.status("scale"), bench.anomalies()), (StepStatus::RolledBack, 0));
    }
}

#[test]
fn a_roll_back_whose_last_record_is_lost_has_still_ended() {
    let mut bench = rolling_back();
    for _ in 0..2 {
        let call = bench.take("scale");
        bench.record(succeeded(call));
    }
    tear_behind(&mut bench, |event| matches!(event, Event::ActionSucceeded { .. }));
    assert_eq!(bench.status("scale"), StepStatus::RolledBack);
}

#[test]
fn a_refusal_on_the_disk_is_no_unknown_outcome() {
    let mut bench = at_the_gate();
    bench.run("scale").unwrap();
    bench.fail("scale", CloudErrorKind::Denied);
    tear_behind(&mut bench, |event| matches!(event, Event::ActionRefused { .. }));
    assert_eq!(bench.status("scale"), StepStatus::Failed);
    assert!(!bench.events.iter().any(|event| matches!(event, Event::ActionUnknown { .. })));
}

#[test]
fn what_a_jump_passed_over_stays_passed_over() {
    let mut bench = Bench::start(
        "
phases:
  - id: p
    steps:
      - { id: a, uses: aws/sts.get_caller_identity, on_failure: { goto: c } }
      - { id: b, uses: aws/sts.get_caller_identity }
      - { id: c, uses: aws/sts.get_caller_identity }
",
    );
    bench.run("a").unwrap();
    bench.fail("a", CloudErrorKind::Denied);
    tear_behind(&mut bench, |event| matches!(event, Event::StepFailed { .. }));
    assert_eq!((bench.status("b"), bench.status("c")), (StepStatus::Skipped, StepStatus::Waiting));
}

#[test]
fn a_confirmation_that_was_never_acted_on_is_asked_for_again() {
    let mut bench = at_the_gate();
    bench.run("scale").unwrap();
    tear_behind(&mut bench, |event| matches!(event, Event::MfaVerified { .. }));
    assert_eq!((bench.sends("scale"), bench.status("scale")), (0, StepStatus::Waiting));
    assert!(bench.calls.is_empty());
    bench.run("scale").unwrap();
    assert_eq!(bench.sends("scale"), 1);
}

#[test]
fn a_decision_while_the_probe_is_asked_is_no_anomaly() {
    let mut bench = Bench::start(PROMOTE);
    bench.answer("promote", cluster("available", Some("source")));
    bench.run("promote").unwrap();
    bench.fail("promote", CloudErrorKind::UnknownOutcome);
    let probe = bench.take("promote");
    let decided = Command::ResolveUnknown {
        step: "promote".to_owned(),
        decision: UnknownDecision::RecordNotDone,
        reason: "seen in the console".to_owned(),
        typed: None,
        code: Some(Typed::new("1")),
    };
    bench.pass_s(60);
    bench.ask(&decided).unwrap();
    let result = Ok(cluster("available", Some("source")));
    bench.record(Event::Observed { ticket: probe.ticket, result, request_id: None, cloud_ms: None });
    assert_eq!((bench.status("promote"), bench.anomalies()), (StepStatus::Failed, 0));
}
