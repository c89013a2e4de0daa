//! Histories of made-up runs: what counts, what does not, and whether the chances made of them hold.

mod bench;
mod calibration;

use bench::{Bench, Laws, RUNBOOK, Speed};

use super::*;
use crate::model::event::{Event, Stamped};
use crate::model::plan::Intent;

fn folded(records: &[Stamped]) -> PastRun {
    let Event::RunStarted(header) = &records[0].event else { panic!("no header") };
    let mut folded = Folded::of(header, records[0].at_ms);
    records[1..].iter().for_each(|stamped| folded.take(stamped));
    folded.done()
}

fn step<'a>(run: &'a PastRun, key: &str) -> &'a PastStep {
    run.steps.iter().find(|step| step.key == key).expect("the step")
}

/// The fold knows nothing of the engine; that they agree is no matter of course.
#[test]
fn durations_are_those_that_the_engine_counts() {
    let bench = Bench::new(RUNBOOK, Speed::Human);
    for seed in 0..20 {
        let (records, engine) = bench.run(&mut Laws::new(seed));
        let run = folded(&records);
        let snapshot = engine.snapshot(engine.last_at_ms());
        assert_eq!(run.steps.len(), snapshot.steps.len());
        for view in &snapshot.steps {
            let past = step(&run, &view.key);
            assert_eq!((past.work_ms, past.people_ms), (Some(view.cloud_ms), Some(view.people_ms)), "{}", view.key);
        }
    }
}

#[test]
fn a_changed_step_has_no_past_and_a_changed_digest_is_none_of_its_business() {
    let old = Bench::new(RUNBOOK, Speed::Human);
    let runs: Vec<PastRun> = (0..4).map(|seed| folded(&old.run(&mut Laws::new(seed)).0)).collect();
    let text = RUNBOOK
        .replace(
            "{ id: b, needs: [a], uses: aws/sts.get_caller_identity }",
            "{ id: b, needs: [a], uses: manual, with: { ask: Ready? } }",
        )
        .replace("{ id: c, needs: [a],", "{ id: c, needs: [a], target: other,")
        .replace("targets: {", "targets: { other: { region: eu-west-1, account: '111122223333' }, ");
    let new = Bench::new(&text, Speed::Human);
    assert_ne!(new.header.digest, runs[0].digest);
    let found = history(new.engine.plan(), &runs, 0);
    assert_eq!((found.drills, found.real), (4, 0));
    let mut known: Vec<&str> = found.steps.keys().map(String::as_str).collect();
    known.sort_unstable();
    assert_eq!(known, ["a", "d", "e", "f", "g", "h"], "b is another action, c goes elsewhere");
    // Another runbook altogether.
    let other = Bench::new(&RUNBOOK.replace("name: t\n", "name: u\n"), Speed::Human);
    assert_eq!(history(other.engine.plan(), &runs, 0).steps.len(), 0);
}

#[test]
fn drills_and_real_runs_stay_apart() {
    let bench = Bench::new(RUNBOOK, Speed::Human);
    let mut runs: Vec<PastRun> = (0..5).map(|seed| folded(&bench.run(&mut Laws::new(seed)).0)).collect();
    runs[1].mode = Mode::Real;
    let found = history(bench.engine.plan(), &runs, 0);
    let past = found.steps["a"].past();
    assert_eq!((found.drills, found.real), (4, 1));
    assert_eq!((past.drill.map(|one| one.runs), past.real.map(|one| one.runs)), (Some(4), Some(1)));
    assert_eq!(past.real.map(|one| one.median_ms), step(&runs[1], "a").work_ms);
}

/// What had ended counts; what was cut off counts if it had lasted longer than usual; the rest tells nothing.
#[test]
fn an_aborted_run_tells_of_what_had_ended_in_it() {
    let bench = Bench::new(RUNBOOK, Speed::Human);
    let whole = |seed| bench.run(&mut Laws::new(seed)).0;
    let cut_after = |seed: u64, lasted_ms: i64| {
        let mut records = whole(seed);
        let at = records
            .iter()
            .position(|one| matches!(&one.event, Event::ActionRequested { ticket, .. } if ticket.step == "b"));
        records.truncate(at.expect("b is sent") + 1);
        let last = records.last().expect("records").clone();
        let event = Event::RunAborted { reason: "enough".to_owned() };
        records.push(Stamped { seq: last.seq + 1, at_ms: last.at_ms + lasted_ms, event, ..last });
        folded(&records)
    };
    let usual = folded(&whole(1));
    let (long, short) = (cut_after(2, 3_600_000), cut_after(3, 5_000));
    assert_eq!((step(&long, "b").work_ms, step(&long, "b").cut_ms), (None, Some(3_600_000)));
    assert!(long.steps.iter().all(|step| step.key != "d"), "d never began");
    let found = history(bench.engine.plan(), &[usual.clone(), long, short], 0);
    let mut b = found.steps["b"].drill.work_ms.clone();
    b.sort_unstable();
    assert_eq!(b, [step(&usual, "b").work_ms.expect("ended"), 3_600_000], "the short one tells nothing");
    assert_eq!(found.steps["a"].drill.work_ms.len(), 3, "a had ended in all of them");
}

#[test]
fn a_run_that_was_left_tells_nothing_of_what_nobody_watched() {
    let bench = Bench::new(RUNBOOK, Speed::Human);
    let (mut records, _) = bench.run(&mut Laws::new(1));
    let sent =
        |one: &Stamped, key: &str| matches!(&one.event, Event::ActionRequested { ticket, .. } if ticket.step == key);
    let at = records.iter().position(|one| sent(one, "a")).expect("a is sent") + 1;
    let before = records[at - 1].clone();
    let gap_ms = 7_200_000;
    records[at..].iter_mut().for_each(|one| one.at_ms += gap_ms);
    let left = Stamped { event: Event::RunLeft { reason: "home".to_owned() }, ..before.clone() };
    let resumed = Event::RunResumed { operator: "alice".to_owned(), version: String::new(), binary: String::new() };
    let resumed = Stamped { at_ms: before.at_ms + gap_ms, event: resumed, ..before };
    records.splice(at..at, [left, resumed]);
    let run = folded(&records);
    assert_eq!((step(&run, "a").work_ms, step(&run, "a").cut_ms), (None, None));
    assert!(step(&run, "b").work_ms.is_some_and(|ms| ms < 3_600_000), "the gap is no work of b");
}

#[test]
fn a_pause_is_no_time_that_people_take() {
    let bench = Bench::new(RUNBOOK, Speed::Human);
    let (mut records, _) = bench.run(&mut Laws::new(1));
    let people_ms = step(&folded(&records), "a").people_ms.expect("people sat");
    let at = records.iter().position(|one| matches!(one.event, Event::GateOpened { .. })).expect("a gate") + 1;
    let before = records[at - 1].clone();
    records[at..].iter_mut().for_each(|one| one.at_ms += 600_000);
    let paused = Stamped { event: Event::RunPaused { reason: "call".to_owned() }, ..before.clone() };
    let goes_on = Stamped { at_ms: before.at_ms + 600_000, event: Event::RunContinued, ..before };
    records.splice(at..at, [paused, goes_on]);
    assert_eq!(step(&folded(&records), "a").people_ms, Some(people_ms));
}

#[test]
fn nobody_sat_before_a_drill_as_fast_as_it_goes() {
    let (records, _) = Bench::new(RUNBOOK, Speed::Max).run(&mut Laws::new(1));
    let run = folded(&records);
    assert!(run.steps.iter().all(|step| step.people_ms.is_none() && step.work_ms.is_some()));
    // Nor where a gate was opened sooner than a dialog can be.
    let (records, _) = Bench::new(RUNBOOK, Speed::Human).run(&mut Laws { people: false, ..Laws::new(1) });
    assert!(folded(&records).steps.iter().all(|step| step.people_ms.is_none()));
}

#[test]
fn what_the_chances_rest_on_is_said() {
    let bench = Bench::new(RUNBOOK, Speed::Human);
    let said = |runs: u64, mode: Mode, damaged: u32| {
        let runs: Vec<PastRun> =
            (0..runs).map(|seed| PastRun { mode, ..folded(&bench.run(&mut Laws::new(seed)).0) }).collect();
        let mut engine = bench.begun();
        engine.learn(std::sync::Arc::new(history(engine.plan(), &runs, damaged)));
        engine.foresee(engine.last_at_ms());
        engine.snapshot(engine.last_at_ms()).forecast.chances.expect("chances").basis.words()
    };
    assert_eq!(said(0, Mode::Drill, 0), "no history: the runbook's own figures");
    assert_eq!(said(2, Mode::Drill, 1), "from two drills only; one damaged journal is left out");
    assert_eq!(said(12, Mode::Drill, 0), "from 12 drills");
    // Real runs tell nothing of virtual time.
    assert_eq!(said(12, Mode::Real, 0), "no history: the runbook's own figures");
    assert_eq!(bench.header.intent, Intent::Planned);
}
