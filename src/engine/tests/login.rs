//! Credentials that expire while something is looked at, and a clock that is wrong.

use serde_json::json;

use super::*;
use crate::model::event::TargetIdentity;

const PHASES: &str = "
phases:
  - id: database
    budget: 1h
    steps:
      - id: promote
        uses: aws/rds.promote_read_replica_db_cluster
        with: { db_cluster_identifier: c }
        timeout: 5m
        check: [{ uses: aws/sts.get_caller_identity, expect: result.account == targets.dr.account }]
        verify: [{ uses: aws/rds.describe_db_clusters, expect: \"result.status == 'available' and not result.replication_source_identifier\", every: 10s, for: 2m }]
";

fn verifying() -> Bench {
    let mut bench = Bench::start(PHASES);
    bench.answer("promote", cluster("available", Some("source")));
    bench.answer("promote", identity());
    bench.run("promote").unwrap();
    bench.answer("promote", json!({}));
    bench.answer("promote", cluster("promoting", Some("source")));
    bench
}

#[test]
fn polls_go_on_with_the_last_state_seen_until_there_is_a_new_login() {
    let mut bench = verifying();
    assert!(bench.snapshot().expired.is_empty());
    // Far longer than the verification may take: nobody looked, so nothing is too late.
    for _ in 0..60 {
        bench.fail("promote", CloudErrorKind::Expired);
    }
    let snapshot = bench.snapshot();
    let expired = &snapshot.expired[0];
    assert_eq!((expired.step.as_str(), expired.target.as_str()), ("promote", "dr"));
    assert_eq!(expired.way_out, "aws sso login");
    assert!(expired.last.as_ref().unwrap().contains("promoting"), "{expired:?}");
    assert!(bench.now_ms - expired.since_ms >= 500_000, "since the first of them");
    let step = bench.step("promote");
    assert_eq!(step.status, StepStatus::Running);
    assert!(step.activity.contains("promoting"), "the last state seen stays: {}", step.activity);

    bench.answer("promote", cluster("available", None));
    assert!(bench.snapshot().expired.is_empty());
    assert_eq!(bench.status("promote"), StepStatus::Succeeded);
    assert_eq!(bench.anomalies(), 0);
}

#[test]
fn what_comes_before_the_gate_waits_for_a_login_as_well() {
    let mut bench = Bench::start(PHASES);
    for _ in 0..20 {
        bench.fail("promote", CloudErrorKind::Expired);
        bench.fail("promote", CloudErrorKind::Expired);
    }
    assert_eq!(bench.snapshot().expired.len(), 1);
    assert!(bench.step("promote").gate.is_none());
    for _ in 0..2 {
        let call = bench.calls.iter().find(|call| call.ticket.step == "promote").unwrap();
        let result =
            if call.ticket.purpose == Purpose::Before { cluster("available", Some("source")) } else { identity() };
        bench.answer("promote", result);
    }
    assert!(bench.step("promote").gate.is_some());
}

#[test]
fn a_probe_that_nobody_lets_in_asks_again() {
    let mut bench = Bench::start(PROMOTE);
    bench.answer("promote", cluster("available", Some("source")));
    bench.run("promote").unwrap();
    bench.fail("promote", CloudErrorKind::UnknownOutcome);
    for _ in 0..20 {
        bench.fail("promote", CloudErrorKind::Expired);
    }
    let step = bench.step("promote");
    assert!(step.unknown.as_ref().is_some_and(|unknown| unknown.probing), "{step:?}");
    assert_eq!(bench.snapshot().expired.len(), 1);
    bench.answer("promote", cluster("promoting", None));
    assert!(bench.step("promote").unknown.unwrap().settled.is_some());
}

#[test]
fn a_send_that_was_refused_for_it_says_what_helps() {
    let mut bench = Bench::start(PROMOTE);
    bench.answer("promote", cluster("available", Some("source")));
    bench.run("promote").unwrap();
    bench.fail("promote", CloudErrorKind::Expired);
    let step = bench.step("promote");
    assert_eq!(step.status, StepStatus::Failed);
    assert!(step.reason.unwrap().ends_with("in another terminal `aws sso login`, then retry"));
    assert!(bench.snapshot().expired.is_empty(), "nothing is polled");
}

#[test]
fn a_clock_that_is_wrong_is_told() {
    let mut bench = Bench::start(PHASES);
    for (cloud_ms, told) in [(-4_000, None), (-90_000, Some(90_000)), (60_000, Some(-60_000)), (0, None)] {
        let ticket = bench.take("promote").ticket;
        let error =
            CloudError { kind: CloudErrorKind::Expired, code: "C".into(), message: "m".into(), request_id: None };
        let cloud_ms = Some(bench.now_ms + cloud_ms);
        bench.record(Event::Observed { ticket, result: Err(error), request_id: None, cloud_ms });
        assert_eq!(bench.snapshot().skew_ms, told);
    }
}

#[test]
fn who_acts_is_shown_as_aws_said_it() {
    let text = format!("{HEAD}{PHASES}");
    let (engine, mut header) = engine_of(&text);
    assert_eq!(engine.snapshot(START_MS).account, "111122223333");
    let arn = "arn:aws:sts::111122223333:assumed-role/dr-operator/alice".to_owned();
    let identity = TargetIdentity { target: "dr".to_owned(), account: "111122223333".to_owned(), arn, region: None };
    header.identities = vec![identity.clone(), TargetIdentity { target: "primary".to_owned(), ..identity }];
    let snapshot = Engine::new(engine.plan().clone(), "R", &header).snapshot(START_MS);
    assert_eq!(snapshot.account, "account 111122223333 as dr-operator");
    assert_eq!(snapshot.steps[0].identity.as_deref(), Some("dr-operator"));
}
