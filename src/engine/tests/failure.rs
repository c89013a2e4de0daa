//! What happens when something goes wrong, and what a person can do then.

use serde_json::json;

use super::*;
use crate::engine::snapshot::{Allowed, CheckState};

const LAG: &str = "
phases:
  - id: p
    steps:
      - id: lag
        uses: aws/cloudwatch.get_metric
        with: { namespace: AWS/RDS, metric_name: AuroraBinlogReplicaLag, dimensions: { DBClusterIdentifier: c } }
        outputs: { lag: '${{ result.latest }}' }
      - id: promote
        uses: aws/rds.promote_read_replica_db_cluster
        with: { db_cluster_identifier: c }
        timeout: 5m
        check: [{ expect: steps.lag.outputs.lag <= objectives.rpo, message: Replica lag is above the RPO, override: commander }]
        verify: [{ uses: aws/rds.describe_db_clusters, expect: \"result.status == 'available'\", for: 1m }]
";

fn with_lag(answer: Value) -> Bench {
    let mut bench = Bench::start(LAG);
    bench.run("lag").unwrap();
    bench.answer("lag", answer);
    bench.answer("promote", cluster("available", Some("source")));
    bench
}

#[test]
fn lag_within_the_rpo_opens_the_gate() {
    let bench = with_lag(json!({"latest": 41, "unit": "Seconds"}));
    assert!(bench.step("promote").gate.is_some());
}

#[test]
fn lag_above_the_rpo_and_missing_lag_both_block_until_a_reason_is_given() {
    for answer in [json!({"latest": 7200, "unit": "Seconds"}), json!({"unit": "Seconds"})] {
        let mut bench = with_lag(answer);
        let step = bench.step("promote");
        assert!(step.gate.is_none());
        assert_eq!(step.checks[0].state, CheckState::Failed);
        assert!(step.allowed.contains(&Allowed::Override));
        assert!(step.reason.unwrap().contains("Replica lag is above the RPO"));
        let over = |by: &str, reason: &str| Command::Override {
            step: "promote".to_owned(),
            check: 0,
            by: by.to_owned(),
            reason: reason.to_owned(),
            code: Some(Typed::new("1")),
        };
        assert!(bench.ask(&over("alice", " ")).is_err(), "no reason");
        assert!(bench.ask(&over("carol", "no role")).is_err(), "not a commander");
        bench.ask(&over("bob", "the primary is gone for good")).unwrap();
        assert!(bench.step("promote").gate.is_some());
        assert_eq!(bench.anomalies(), 0);
    }
}

#[test]
fn a_refused_call_under_retry_goes_out_as_a_new_attempt() {
    let mut bench = Bench::start(
        "
phases:
  - id: p
    steps:
      - id: scale
        uses: aws/ecs.update_service
        with: { cluster: k, service: s, desired_count: 3 }
        retry: { max: 2, backoff: 20s, on: [throttled] }
",
    );
    bench.answer("scale", json!({"services": [{"desired_count": 0}]}));
    bench.run("scale").unwrap();
    let first = bench.calls[0].clone();
    bench.fail("scale", CloudErrorKind::Throttled);
    let (at_ms, timer) = bench.timers.pop().unwrap();
    assert_eq!((at_ms, bench.calls.len()), (bench.now_ms + 20_000, 0), "it waits before it is written down");
    bench.pass_s(20);
    bench.record(Event::TimerFired { timer });
    let second = bench.calls[0].clone();
    assert_eq!((first.ticket.attempt, second.ticket.attempt), (1, 2));
    assert_ne!(first.token, second.token, "a token belongs to one attempt");
    bench.fail("scale", CloudErrorKind::Throttled);
    assert_eq!(bench.status("scale"), StepStatus::Failed, "two attempts were allowed");
    assert_eq!(bench.sends("scale"), 2);
}

#[test]
fn a_verification_that_never_comes_true_fails_the_step_with_what_was_seen() {
    let mut bench = with_lag(json!({"latest": 41, "unit": "Seconds"}));
    bench.run("promote").unwrap();
    bench.answer("promote", cluster("available", Some("source")));
    for _ in 0..30 {
        if bench.status("promote") == StepStatus::Failed {
            break;
        }
        bench.answer("promote", cluster("promoting", Some("source")));
    }
    let step = bench.step("promote");
    assert_eq!(step.status, StepStatus::Failed);
    let reason = step.reason.unwrap();
    assert!(reason.contains("promoting") && reason.contains("1m"), "{reason}");
    for allowed in [Allowed::Retry, Allowed::Skip, Allowed::DoneExternally] {
        assert!(step.allowed.contains(&allowed));
    }
}

#[test]
fn done_externally_runs_the_steps_own_verification() {
    let mut bench = Bench::start(PROMOTE);
    bench.answer("promote", cluster("available", Some("source")));
    let done = Command::DoneExternally { step: "promote".to_owned(), evidence: "carol, in the console".to_owned() };
    bench.ask(&done).unwrap();
    assert_eq!(bench.status("promote"), StepStatus::Running);
    bench.answer("promote", cluster("available", None));
    assert_eq!(bench.status("promote"), StepStatus::DoneExternally);
    assert_eq!(bench.sends("promote"), 0);
}

#[test]
fn on_failure_continue_abort_and_goto() {
    let phases = |policy: &str| {
        format!(
            "
phases:
  - id: p
    steps:
      - {{ id: a, uses: aws/sts.get_caller_identity, on_failure: {policy} }}
      - {{ id: b, uses: aws/sts.get_caller_identity }}
      - {{ id: c, uses: aws/sts.get_caller_identity }}
"
        )
    };
    let run = |policy: &str| {
        let mut bench = Bench::start(&phases(policy));
        bench.run("a").unwrap();
        bench.fail("a", CloudErrorKind::Denied);
        bench
    };
    let bench = run("continue");
    assert_eq!((bench.status("a"), bench.status("b")), (StepStatus::Failed, StepStatus::Waiting));
    let bench = run("abort");
    assert_eq!(bench.snapshot().status, crate::model::outcome::RunStatus::Aborted);
    let bench = run("{ goto: c }");
    assert_eq!((bench.status("b"), bench.status("c")), (StepStatus::Skipped, StepStatus::Waiting));
    let bench = run("pause");
    assert_eq!((bench.status("a"), bench.status("b")), (StepStatus::Failed, StepStatus::Pending));
}

/// A jump skips what it passes over; it does not wait for less than its target needs.
#[test]
fn a_goto_waits_for_what_else_its_target_needs() {
    let mut bench = Bench::start(
        "
phases:
  - id: p
    steps:
      - { id: a, uses: aws/sts.get_caller_identity, on_failure: { goto: c } }
      - { id: beside, needs: [], uses: aws/sts.get_caller_identity }
      - { id: b, needs: [a], uses: aws/sts.get_caller_identity }
      - { id: c, needs: [b, beside], uses: aws/sts.get_caller_identity }
",
    );
    bench.run("a").unwrap();
    bench.fail("a", CloudErrorKind::Denied);
    assert_eq!((bench.status("b"), bench.status("c")), (StepStatus::Skipped, StepStatus::Pending));
    bench.run("beside").unwrap();
    bench.answer("beside", identity());
    assert_eq!(bench.status("c"), StepStatus::Waiting);
}

/// A jump to what is over, or to itself, runs nothing a second time.
#[test]
fn a_goto_cannot_go_round() {
    for target in ["a", "before"] {
        let mut bench = Bench::start(&format!(
            "
phases:
  - id: p
    steps:
      - {{ id: before, uses: aws/sts.get_caller_identity }}
      - {{ id: a, uses: aws/sts.get_caller_identity, on_failure: {{ goto: {target} }} }}
      - {{ id: b, uses: aws/sts.get_caller_identity }}
"
        ));
        bench.run("before").unwrap();
        bench.answer("before", identity());
        bench.run("a").unwrap();
        bench.fail("a", CloudErrorKind::Denied);
        assert_eq!((bench.status("before"), bench.status("a")), (StepStatus::Succeeded, StepStatus::Failed));
        assert_eq!((bench.sends("before"), bench.sends("a"), bench.status("b")), (1, 1, StepStatus::Waiting));
    }
}

#[test]
fn a_skip_needs_a_reason_and_lets_the_next_step_go() {
    let mut bench = Bench::start(LAG);
    let skip = |reason: &str| Command::Skip { step: "lag".to_owned(), reason: reason.to_owned() };
    assert!(bench.ask(&skip("  ")).is_err());
    bench.ask(&skip("metrics are down")).unwrap();
    assert_eq!(bench.status("lag"), StepStatus::Skipped);
    assert_ne!(bench.status("promote"), StepStatus::Pending);
}

#[test]
fn a_roll_back_puts_back_what_was_there_after_its_own_code() {
    let mut bench = Bench::start(
        "
phases:
  - id: p
    steps:
      - id: scale
        uses: aws/ecs.update_service
        with: { cluster: k, service: s, desired_count: 3 }
        rollback: [{ uses: aws/ecs.update_service, with: { desired_count: '${{ steps.scale.before.desired_count }}' } }]
      - { id: hold, uses: manual, with: { ask: 'Go on?' } }
",
    );
    bench.answer("scale", json!({"services": [{"desired_count": 1}]}));
    bench.run("scale").unwrap();
    bench.answer("scale", json!({}));
    assert_eq!(bench.status("scale"), StepStatus::Succeeded);
    let view = bench.step("scale").rollback.unwrap();
    let back = |digest: &str, code: Option<&str>| Command::RollBack {
        step: "scale".to_owned(),
        digest: digest.to_owned(),
        typed: None,
        code: code.map(Typed::new),
    };
    assert!(bench.ask(&back(&view.digest, None)).is_err(), "no code");
    assert!(bench.ask(&back("sha256:00", Some("1"))).is_err(), "another roll back");
    bench.ask(&back(&view.digest, Some("1"))).unwrap();
    let call = bench.take("scale");
    assert_eq!(call.call.with()["desired_count"], json!(1));
    bench.record(Event::ActionSucceeded { ticket: call.ticket, result: json!({}), request_id: None, cloud_ms: None });
    assert_eq!(bench.status("scale"), StepStatus::RolledBack);
    assert_eq!(bench.anomalies(), 0);
}
