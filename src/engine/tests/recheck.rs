//! Pre-checks that have grown old are asked again before anything is sent.

use super::*;

const CHECKED: &str = "
phases:
  - id: a
    steps:
      - id: s
        uses: aws/ecs.update_service
        with: { cluster: c, service: web, desired_count: 3 }
        check:
          - { uses: aws/sts.get_caller_identity, expect: \"result.account == '111122223333'\" }
";

/// At the gate, its check passed.
fn gated() -> Bench {
    let mut bench = Bench::start(CHECKED);
    while bench.step("s").gate.is_none() {
        let call = bench.calls[0].clone();
        let is_check = matches!(call.ticket.purpose, Purpose::Check(_));
        bench.answer("s", if is_check { identity() } else { json!({"services": [{"desired_count": 1}]}) });
    }
    bench
}

fn wrong() -> Value {
    json!({"account": "999999999999"})
}

#[test]
fn a_fresh_answer_is_acted_on() {
    let mut bench = gated();
    bench.pass_s(60);
    assert_eq!(bench.step("s").gate.unwrap().outdated_ms, None);
    bench.run("s").unwrap();
    assert_eq!(bench.sends("s"), 1);
}

#[test]
fn an_old_answer_is_asked_for_again_before_the_send() {
    let mut bench = gated();
    bench.pass_s(240);
    assert_eq!(bench.step("s").gate.unwrap().outdated_ms, Some(240_000));
    bench.run("s").unwrap();
    assert_eq!(bench.sends("s"), 0, "sent on an answer of four minutes ago");
    assert_eq!(bench.step("s").activity, "checked 4m ago, asking again");
    bench.pass_s(1);
    bench.answer("s", identity());
    assert_eq!((bench.sends("s"), bench.anomalies()), (1, 0));
}

#[test]
fn an_answer_that_no_longer_holds_takes_the_confirmation_away_at_once() {
    let mut bench = gated();
    bench.pass_s(240);
    bench.run("s").unwrap();
    bench.answer("s", wrong());
    let view = bench.step("s");
    assert_eq!((view.status, view.activity.as_str()), (StepStatus::Waiting, "check failed"));
    assert!(view.confirmed_by.is_none() && bench.calls.is_empty(), "not polled for ten minutes: {view:#?}");
    // A new attempt is asked for everything again.
    bench.ask(&Command::Retry { step: "s".to_owned() }).unwrap();
    bench.answer("s", json!({"services": [{"desired_count": 1}]}));
    bench.answer("s", identity());
    assert!(bench.step("s").gate.is_some());
    assert_eq!((bench.sends("s"), bench.anomalies()), (0, 0));
}

/// A confirmation is good for its own process and its own moment.
#[test]
fn a_crash_or_a_pause_meanwhile_asks_people_again() {
    let mut bench = gated();
    bench.pass_s(240);
    bench.run("s").unwrap();
    bench.crash_and_resume();
    for _ in 0..3 {
        if let Some(call) = bench.calls.front().cloned() {
            let is_check = matches!(call.ticket.purpose, Purpose::Check(_));
            bench.answer("s", if is_check { identity() } else { json!({"services": [{"desired_count": 1}]}) });
        }
    }
    assert!(bench.step("s").gate.is_some() && bench.sends("s") == 0, "sent by a resume");

    let mut bench = gated();
    bench.pass_s(240);
    bench.run("s").unwrap();
    bench.ask(&Command::Pause { reason: "wait".to_owned() }).unwrap();
    bench.answer("s", identity());
    bench.ask(&Command::Continue).unwrap();
    assert!(bench.step("s").gate.is_some() && bench.sends("s") == 0, "a step started out of a pause");
    bench.run("s").unwrap();
    assert_eq!((bench.sends("s"), bench.anomalies()), (1, 0));
}

/// Asked once a confirmation: an answer that takes its time cannot hold the step up for ever.
#[test]
fn it_is_asked_again_once_for_each_confirmation() {
    let mut bench = gated();
    bench.pass_s(240);
    bench.run("s").unwrap();
    bench.fail("s", CloudErrorKind::Throttled);
    bench.pass_s(240);
    bench.answer("s", identity());
    assert_eq!((bench.sends("s"), bench.anomalies()), (1, 0));
}
