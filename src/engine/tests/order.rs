//! Order, parallel branches, foreach, conditions, time.

use serde_json::json;

use super::*;

#[test]
fn without_needs_steps_follow_one_another_and_phases_too() {
    let mut bench = Bench::start(
        "
phases:
  - id: one
    steps:
      - { id: a, uses: aws/sts.get_caller_identity }
      - { id: b, uses: aws/sts.get_caller_identity }
  - id: two
    steps:
      - { id: c, uses: aws/sts.get_caller_identity }
",
    );
    for step in ["a", "b", "c"] {
        bench.run(step).unwrap();
        bench.answer(step, identity());
        assert_eq!(bench.status(step), StepStatus::Succeeded);
    }
    assert_eq!(bench.snapshot().status, crate::model::outcome::RunStatus::Succeeded);
    assert_eq!(bench.anomalies(), 0);
}

#[test]
fn people_on_one_branch_do_not_block_another() {
    let mut bench = Bench::start(
        "
phases:
  - id: one
    steps:
      - { id: ask, uses: manual, needs: [], with: { ask: 'Really?' } }
      - { id: a, uses: aws/sts.get_caller_identity, needs: [] }
      - { id: b, uses: aws/sts.get_caller_identity, needs: [a] }
",
    );
    bench.run("a").unwrap();
    bench.answer("a", identity());
    bench.run("b").unwrap();
    bench.answer("b", identity());
    assert_eq!(bench.status("ask"), StepStatus::Waiting);
    assert_eq!(bench.status("b"), StepStatus::Succeeded);
}

#[test]
fn a_foreach_makes_an_instance_an_item_and_a_condition_skips() {
    let mut bench = Bench::start(
        "
phases:
  - id: one
    steps:
      - id: scale
        uses: aws/ecs.update_service
        foreach: [web, api]
        with: { cluster: k, service: '${{ each }}', desired_count: 3 }
        rollback: [{ uses: aws/ecs.update_service, with: { desired_count: '${{ steps.scale.before.desired_count }}' } }]
      - { id: never, uses: aws/sts.get_caller_identity, if: \"inputs.x == 'y'\", needs: [] }
inputs: { x: { type: string, default: n } }
",
    );
    assert_eq!(bench.status("never"), StepStatus::Skipped);
    bench.answer("scale[web]", json!({"services": [{"desired_count": 1}]}));
    let key = bench.snapshot().steps.iter().map(|step| step.key.clone()).collect::<Vec<_>>();
    assert_eq!(key, ["scale[web]", "scale[api]", "never"]);
    bench.run("scale[web]").unwrap();
    bench.answer("scale[web]", json!({"service_name": "web"}));
    assert_eq!(bench.status("scale[web]"), StepStatus::Succeeded);
    let rollback = bench.step("scale[web]").rollback.unwrap();
    assert!(rollback.calls[0].contains("\"desired_count\":1"), "{:?}", rollback.calls);
}

#[test]
fn the_split_of_time_adds_up_and_ends_with_the_run() {
    let mut bench =
        Bench::start("phases: [{ id: p, budget: 1m, steps: [{ id: a, uses: aws/sts.get_caller_identity }] }]\n");
    bench.pass_s(40);
    bench.run("a").unwrap();
    bench.pass_s(5);
    bench.answer("a", identity());
    bench.pass_s(1000);
    let snapshot = bench.snapshot();
    assert_eq!(snapshot.time.people_ms, 40_000);
    assert_eq!(snapshot.time.checks_ms, 5_000);
    assert_eq!(snapshot.rto.unwrap().actual_ms, Some(45_000));
    let split = snapshot.time;
    assert_eq!(split.people_ms + split.cloud_ms + split.checks_ms + split.waiting_ms, 45_000);
    assert_eq!(snapshot.rto.unwrap().met, Some(true));
}

#[test]
fn a_budget_that_runs_out_is_recorded_once() {
    let mut bench =
        Bench::start("phases: [{ id: p, budget: 1m, steps: [{ id: a, uses: aws/sts.get_caller_identity }] }]\n");
    let timer = bench.timers.iter().find(|(at, _)| *at == START_MS + 60_000).cloned().unwrap();
    bench.pass_s(60);
    bench.record(Event::TimerFired { timer: timer.1.clone() });
    bench.record(Event::TimerFired { timer: timer.1 });
    let told = bench.events.iter().filter(|event| matches!(event, Event::BudgetExceeded { .. })).count();
    assert_eq!(told, 1);
}

/// A database may count for longer than an API takes to answer.
#[test]
fn a_question_to_a_database_may_take_as_long_as_its_step() {
    let mut bench = Bench::start(
        "
phases:
  - id: one
    steps:
      - id: rows
        uses: sql/query
        with: { url: 'postgresql://reader@db.example/shop', query: select 1 }
        timeout: 5m
        verify: [{ uses: sql/query, with: { query: select 2 }, expect: result.value == 2 }]
      - { id: who, uses: aws/sts.get_caller_identity, timeout: 5m }
",
    );
    bench.run("rows").unwrap();
    assert_eq!(bench.calls[0].timeout_ms, 300_000);
    bench.answer("rows", json!({"value": 1}));
    assert_eq!(bench.calls[0].timeout_ms, 300_000);
    bench.answer("rows", json!({"value": 2}));
    assert_eq!(bench.status("rows"), StepStatus::Succeeded);
    bench.run("who").unwrap();
    assert_eq!(bench.calls[0].timeout_ms, 10_000);
}
