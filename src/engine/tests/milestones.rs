//! Moments of the incident, where the RTO's clock stops, and the books of the time.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::engine::snapshot::{MilestoneSource, MilestoneView};
use crate::model::milestone::Milestone;
use crate::model::time::elapsed_ms;

const DECLARED_THEN_RECOVERED: &str = "
phases:
  - id: one
    steps:
      - { id: declare, uses: manual, with: { ask: 'Declare?' }, milestone: declared }
      - id: scale
        uses: aws/ecs.update_service
        with: { cluster: k, service: web, desired_count: 3 }
        verify: [{ uses: aws/ecs.services_stable, expect: result.stable, every: 10s, for: 20m }]
        rollback: [{ uses: aws/ecs.update_service, with: { desired_count: 0 } }]
        milestone: recovered
      - { id: tidy, uses: manual, with: { ask: 'Tidied up?' } }
";

fn known(bench: &Bench, milestone: Milestone) -> Option<MilestoneView> {
    bench.snapshot().milestones.into_iter().find(|one| one.milestone == milestone)
}

/// Up to the recovery: 60 s of people, 5 s of the call, 30 s until it was stable.
fn recovered() -> Bench {
    let mut bench = Bench::start(DECLARED_THEN_RECOVERED);
    bench.pass_s(60);
    bench.run("declare").unwrap();
    bench.answer("scale", json!({"services": [{"desired_count": 1}]}));
    bench.run("scale").unwrap();
    bench.pass_s(5);
    bench.answer("scale", json!({"service_name": "web"}));
    bench.pass_s(30);
    bench.answer("scale", json!({"stable": true}));
    bench
}

#[test]
fn a_step_brings_its_milestone_about_and_the_recovery_stops_the_clock() {
    let mut bench = recovered();
    bench.pass_s(600);
    bench.run("tidy").unwrap();
    let snapshot = bench.snapshot();
    assert_eq!(snapshot.status, crate::model::outcome::RunStatus::Succeeded);
    let declared = known(&bench, Milestone::Declared).unwrap();
    assert_eq!((declared.at_ms, declared.source), (START_MS + 60_000, MilestoneSource::Step));
    assert_eq!(declared.step.as_deref(), Some("declare"));
    assert_eq!(known(&bench, Milestone::Recovered).unwrap().at_ms, START_MS + 95_000);
    assert_eq!(known(&bench, Milestone::Detected), None);
    // Green checks stop it, neither the answer of the call nor what was tidied up afterwards.
    assert_eq!(snapshot.rto.unwrap().actual_ms, Some(95_000));
    assert_eq!(snapshot.last_call_ms, Some(START_MS + 65_000));
    assert_eq!(snapshot.time.whole_ms(), 695_000);
    let finished = bench.events.iter().find_map(|event| match event {
        Event::RunFinished { rto_ms, .. } => Some(*rto_ms),
        _ => None,
    });
    assert_eq!(finished, Some(95_000));
    assert_eq!(bench.anomalies(), 0);
}

#[test]
fn what_is_rolled_back_is_not_recovered() {
    let mut bench = recovered();
    assert!(known(&bench, Milestone::Recovered).is_some());
    let view = bench.step("scale").rollback.unwrap();
    let (typed, code) = (view.type_text.as_deref().map(Typed::new), view.mfa.map(|_| Typed::new("123456")));
    bench.ask(&Command::RollBack { step: "scale".to_owned(), digest: view.digest, typed, code }).unwrap();
    assert_eq!(known(&bench, Milestone::Recovered), None);
    bench.pass_s(7);
    assert_eq!(bench.snapshot().rto.unwrap().actual_ms, Some(102_000));
}

#[test]
fn what_a_person_tells_has_both_times_and_the_last_word_counts() {
    let mut bench = Bench::start(DECLARED_THEN_RECOVERED);
    bench.pass_s(600);
    let told = |about_ms| Command::Milestone { milestone: Milestone::Detected, about_ms, text: " pager ".to_owned() };
    bench.ask(&told(Some(START_MS - 60_000))).unwrap();
    bench.pass_s(10);
    bench.ask(&told(Some(START_MS - 90_000))).unwrap();
    let detected = known(&bench, Milestone::Detected).unwrap();
    assert_eq!((detected.at_ms, detected.recorded_ms), (START_MS - 90_000, Some(START_MS + 610_000)));
    assert_eq!(detected.source, MilestoneSource::Told);
    // Nobody's word moves the clock.
    let recovered = Command::Milestone { milestone: Milestone::Recovered, about_ms: None, text: String::new() };
    bench.ask(&recovered).unwrap();
    bench.pass_s(10);
    assert_eq!(bench.snapshot().rto.unwrap().actual_ms, Some(620_000));
}

#[test]
fn a_moment_whose_record_was_lost_in_a_crash_is_recorded_after_the_resume() {
    let mut bench = Bench::start(DECLARED_THEN_RECOVERED);
    bench.run("declare").unwrap();
    let cut = bench.events.iter().position(|event| matches!(event, Event::MilestoneReached { .. })).unwrap();
    bench.events.truncate(cut);
    bench.crash_and_resume();
    assert!(known(&bench, Milestone::Declared).is_some());
    bench.crash_and_resume();
    let told = bench.events.iter().filter(|event| matches!(event, Event::MilestoneReached { .. })).count();
    assert_eq!((told, bench.anomalies()), (1, 0));
}

const TWO_PHASES: &str = "
phases:
  - id: one
    steps:
      - { id: a, uses: aws/sts.get_caller_identity }
      - id: b
        uses: aws/ecs.update_service
        needs: []
        with: { cluster: k, service: web, desired_count: 3 }
        retry: { max: 3, backoff: 20s, on: [throttled] }
        verify: [{ uses: aws/ecs.services_stable, expect: result.stable, every: 10s, for: 20m }]
  - id: two
    needs: []
    steps:
      - { id: c, uses: aws/sts.get_caller_identity, on_failure: continue }
      - { id: d, uses: aws/sts.get_caller_identity, needs: [b, c] }
      - { id: e, uses: manual, with: { ask: 'Well?' } }
";
const STEPS: [&str; 5] = ["a", "b", "c", "d", "e"];

#[derive(Debug, Clone)]
enum Deed {
    Pass(i64),
    Confirm(usize),
    Answer(usize, bool),
    Fail(usize),
    Skip(usize),
    Retry(usize),
    Pause(bool),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        3 => (1..400_i64).prop_map(Deed::Pass),
        4 => (0..5_usize).prop_map(Deed::Confirm),
        4 => ((0..5_usize), any::<bool>()).prop_map(|(step, good)| Deed::Answer(step, good)),
        1 => (0..5_usize).prop_map(Deed::Fail),
        1 => (0..5_usize).prop_map(Deed::Skip),
        1 => (0..5_usize).prop_map(Deed::Retry),
        1 => any::<bool>().prop_map(Deed::Pause),
    ]
}

/// Does what can be done; a deed that the state does not admit is none.
fn act(bench: &mut Bench, deed: &Deed) {
    let flies = |bench: &Bench, step: &str| bench.calls.iter().any(|call| call.ticket.step == step);
    match deed {
        Deed::Pass(seconds) => bench.pass_s(*seconds),
        Deed::Confirm(step) if bench.step(STEPS[*step]).gate.is_some() => drop(bench.run(STEPS[*step])),
        Deed::Answer(step, good) if flies(bench, STEPS[*step]) => {
            let answer = json!({"account": "1", "stable": good, "services": [{"desired_count": 1}]});
            bench.answer(STEPS[*step], answer);
        }
        Deed::Fail(step) if flies(bench, STEPS[*step]) => bench.fail(STEPS[*step], CloudErrorKind::Throttled),
        Deed::Skip(step) => {
            drop(bench.ask(&Command::Skip { step: STEPS[*step].to_owned(), reason: "no need".to_owned() }));
        }
        Deed::Retry(step) => drop(bench.ask(&Command::Retry { step: STEPS[*step].to_owned() })),
        Deed::Pause(true) => drop(bench.ask(&Command::Pause { reason: "call".to_owned() })),
        Deed::Pause(false) => drop(bench.ask(&Command::Continue)),
        Deed::Confirm(_) | Deed::Answer(..) | Deed::Fail(_) => {}
    }
}

proptest! {
    #[test]
    fn the_parts_of_the_time_add_up_to_the_whole(deeds in prop::collection::vec(deed(), 1..80)) {
        let mut bench = Bench::start(TWO_PHASES);
        for deed in &deeds {
            act(&mut bench, deed);
            let snapshot = bench.snapshot();
            let end_ms = snapshot.ended_ms.unwrap_or(bench.now_ms);
            let time = snapshot.time;
            prop_assert_eq!(time.whole_ms(), elapsed_ms(snapshot.clock_at_ms, end_ms));
            let idle = time.not_started_ms + time.paused_ms + time.elsewhere_ms + time.tool_ms;
            prop_assert_eq!((idle, time.elsewhere_ms), (time.waiting_ms, 0));
            for phase in &snapshot.phases {
                let whole = phase.time.not_started_ms + phase.actual_ms;
                prop_assert_eq!(phase.time.whole_ms(), whole, "{}: {:?}", phase.id, phase.time);
            }
        }
    }
}
