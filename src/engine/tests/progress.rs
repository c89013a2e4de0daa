//! Work that says how far it is: the forecast follows its pace, or its own estimate, and never the past.

use super::*;

const RESTORE: &str = "
phases:
  - id: restore
    steps:
      - id: job
        uses: aws/backup.describe_restore_job
        with: { restore_job_id: j }
        usual: 25m
        timeout: 3h
        verify: [{ expect: result.status == 'COMPLETED', every: 1m, for: 2h }]
      - id: after
        uses: aws/sts.get_caller_identity
        usual: 1m
";

fn job(status: &str, percent: impl Into<Value>, minutes: Option<u64>) -> Value {
    let percent: Value = percent.into();
    let began = crate::model::time::rfc3339(START_MS);
    json!({"restore_job_id": "j", "status": status, "percent_done": percent, "expected_completion_time_minutes": minutes, "creation_date": began})
}

/// The job, looked at for the first time when the run is `minutes` old.
fn looked_at(minutes: i64, answer: Value) -> Bench {
    let mut bench = Bench::start(RESTORE);
    bench.pass_s(minutes * 60);
    bench.run("job").unwrap();
    bench.answer("job", answer);
    bench
}

fn ends_in_min(bench: &Bench) -> Option<i64> {
    bench.step("job").progress.unwrap().ends_ms.map(|ends_ms| (ends_ms - START_MS) / 60_000)
}

#[test]
fn at_a_pace_that_can_be_told_the_forecast_follows_it() {
    let mut bench = looked_at(30, job("RUNNING", 60.9, Some(20)));
    let view = bench.step("job");
    assert_eq!((view.activity.as_str(), view.progress.unwrap().percent), ("60%, status RUNNING", Some(60)));
    assert_eq!(ends_in_min(&bench), Some(49), "30 minutes for 60.9 percent");
    let forecast = |bench: &Bench| (bench.snapshot().forecast.usual_end_ms.unwrap() - START_MS) / 1000;
    // What comes after it, with its person, is on top.
    assert_eq!(forecast(&bench), 49 * 60 + 15 + 60 + 30);
    // It hardly moves: the end moves away.
    bench.pass_s(60 * 60);
    bench.answer("job", job("RUNNING", 61.0, Some(20)));
    assert_eq!(ends_in_min(&bench), Some(147));
}

#[test]
fn too_early_for_a_pace_the_services_own_estimate_counts() {
    let bench = looked_at(1, job("RUNNING", 2.0, Some(40)));
    assert_eq!(ends_in_min(&bench), Some(40));
    let silent = looked_at(1, job("PENDING", 0.0, None));
    assert_eq!(ends_in_min(&silent), None);
    let usual = (silent.snapshot().forecast.usual_end_ms.unwrap() - START_MS) / 60_000;
    assert!((26..29).contains(&usual), "without a word the usual time counts: {usual}");
}

#[test]
fn what_should_be_over_is_forecast_for_now() {
    let mut bench = looked_at(1, job("RUNNING", 1.0, Some(5)));
    bench.pass_s(20 * 60);
    let view = bench.step("job");
    assert_eq!(view.progress.unwrap().ends_ms, Some(bench.now_ms));
    bench.answer("job", job("COMPLETED", 100.0, Some(5)));
    let view = bench.step("job");
    assert_eq!((view.status, view.progress), (StepStatus::Succeeded, None));
}

#[test]
fn a_call_that_counts_what_it_does_is_forecast_by_its_pace_while_it_is_in_flight() {
    use crate::model::progress::Progress;
    let mut bench = Bench::start(
        "
phases:
  - id: p
    steps:
      - { id: copy, uses: aws/ecs.update_service, with: { cluster: c, service: s, desired_count: 1 }, usual: 1h, timeout: 2h }
",
    );
    bench.answer("copy", json!({"services": [{"desired_count": 0}]}));
    bench.run("copy").unwrap();
    assert_eq!(bench.engine.calling(), ["copy"]);
    bench.pass_s(60);
    let counted =
        Progress { unit: "objects", done: 2_500, total: 10_000, is_counting: true, bytes: 1, elapsed_ms: 60_000 };
    let hear = |bench: &mut Bench, counted: Option<Progress>| {
        bench.engine.hear_progress("copy", counted.as_ref(), bench.now_ms);
        let ends_ms = bench.snapshot().forecast.usual_end_ms.unwrap();
        (bench.step("copy").progress.and_then(|progress| progress.percent), (ends_ms - bench.now_ms) / 60_000)
    };
    assert_eq!(hear(&mut bench, Some(counted)), (None, 59), "while it still counts, the usual time holds");
    assert_eq!(hear(&mut bench, Some(Progress { is_counting: false, ..counted })), (Some(25), 3));
    assert_eq!(hear(&mut bench, None), (None, 59));
    hear(&mut bench, Some(Progress { is_counting: false, ..counted }));
    bench.answer("copy", json!({}));
    assert_eq!((bench.step("copy").progress, bench.engine.calling().len()), (None, 0));
}
