//! Whether nine in ten are nine in ten: fresh runs against the chances that were stated of them.

use std::sync::Arc;

use super::bench::{Bench, Laws, RUNBOOK, START_MS, Speed, end_ms};
use super::{PastRun, folded};
use crate::engine::Engine;
use crate::engine::snapshot::Chances;
use crate::report::history::history;

/// Past runs behind each statement: as many as are read.
const WINDOW: usize = 30;

/// Drills one after another, each with what the ones before tell of it.
struct Drills {
    bench: Bench,
    past: Vec<PastRun>,
}

impl Drills {
    fn new() -> Self {
        let bench = Bench::new(RUNBOOK, Speed::Human);
        let past = (0..WINDOW as u64).map(|seed| folded(&bench.run(&mut Laws::new(1_000_000 + seed)).0)).collect();
        Self { bench, past }
    }

    /// A machine that knows the last runs.
    fn taught(&self) -> Engine {
        let mut engine = self.bench.engine.clone();
        engine.learn(Arc::new(history(engine.plan(), &self.past[self.past.len() - WINDOW..], 0)));
        engine
    }

    /// A fresh run with the chances as they were stated once `look_ms` of it had passed.
    fn fresh(&self, laws: &mut Laws, look_ms: i64) -> (Chances, i64, PastRun) {
        let mut stated = None;
        let (records, _) = self.bench.run_watched(laws, self.taught(), |engine, now_ms| {
            if now_ms >= START_MS + look_ms && stated.is_none() {
                engine.foresee(now_ms);
                stated = engine.snapshot(now_ms).forecast.chances;
            }
        });
        (stated.expect("chances are stated"), end_ms(&records), folded(&records))
    }

    /// Of so many fresh runs, how many of a thousand are over by the stated P50 and P90.
    fn over_by(&mut self, runs: u64, factor: f64, look_ms: i64, learns: bool) -> (u64, u64) {
        let (mut half, mut most) = (0, 0);
        for seed in 0..runs {
            let (stated, end_ms, run) = self.fresh(&mut Laws { factor, ..Laws::new(seed) }, look_ms);
            half += u64::from(end_ms <= stated.p50_end_ms);
            most += u64::from(end_ms <= stated.p90_end_ms);
            if learns {
                self.past.push(run);
            }
        }
        (half * 1000 / runs, most * 1000 / runs)
    }
}

#[test]
fn nine_in_ten_of_a_thousand_drills_are_over_by_the_stated_p90() {
    let mut drills = Drills::new();
    let (half, most) = drills.over_by(1_000, 1.0, 0, true);
    assert!((880..=920).contains(&most), "{most} of 1,000 are over by P90");
    assert!((460..=540).contains(&half), "{half} of 1,000 are over by P50");
}

/// The test above could not fail if it did not see this.
#[test]
fn a_law_that_is_off_by_a_third_is_noticed() {
    let (_, slower) = Drills::new().over_by(200, 1.3, 0, false);
    let (_, faster) = Drills::new().over_by(200, 1.0 / 1.3, 0, false);
    assert!(slower < 860, "{slower} of 1,000 slower runs are over by P90");
    assert!(faster > 950, "{faster} of 1,000 faster runs are over by P90");
}

/// In the middle of a run what has passed is known, and only the rest is open.
#[test]
fn it_holds_in_the_middle_of_a_run_too() {
    let (half, most) = Drills::new().over_by(400, 1.0, 600_000, true);
    assert!((860..=940).contains(&most), "{most} of 1,000 are over by P90");
    assert!((430..=570).contains(&half), "{half} of 1,000 are over by P50");
}

/// Decided at the last moment that was named, nine in ten runs keep the RTO.
#[test]
fn decided_at_the_last_moment_nine_in_ten_still_make_it() {
    let mut drills = Drills::new();
    let mut made = 0;
    for seed in 0..400 {
        let limit_ms = START_MS + 45 * 60_000;
        let mut decide = None;
        let engine = drills.taught();
        let (_, _) = drills.bench.run_watched(&mut Laws::new(seed), engine, |engine, now_ms| {
            if decide.is_none() {
                engine.foresee(now_ms);
                decide = engine.snapshot(now_ms).forecast.chances.and_then(|chances| chances.decide);
            }
        });
        let decide = decide.expect("a gate waits at the start");
        assert_eq!(decide.percent, 90);
        assert!(decide.by_ms > START_MS + 120_000 && decide.by_ms < limit_ms, "{}", decide.by_ms - START_MS);
        let mut laws = Laws { first_at_ms: Some(decide.by_ms), ..Laws::new(50_000 + seed) };
        let (records, _) = drills.bench.run(&mut laws);
        made += u64::from(end_ms(&records) <= limit_ms);
        drills.past.push(folded(&drills.bench.run(&mut Laws::new(90_000 + seed)).0));
    }
    let made = made * 1000 / 400;
    assert!((860..=940).contains(&made), "{made} of 1,000 make it");
}

/// With few runs nobody can be as sure; it may err, but on the side of caution.
#[test]
fn a_thin_history_is_cautious() {
    let mut drills = Drills::new();
    let mut over = 0;
    for seed in 0..150 {
        let mut engine = drills.bench.engine.clone();
        engine.learn(Arc::new(history(engine.plan(), &drills.past[drills.past.len() - 5..], 0)));
        let mut stated = None;
        let (records, _) = drills.bench.run_watched(&mut Laws::new(seed), engine, |engine, now_ms| {
            if stated.is_none() {
                engine.foresee(now_ms);
                stated = engine.snapshot(now_ms).forecast.chances;
            }
        });
        over += u64::from(stated.is_some_and(|stated| end_ms(&records) <= stated.p90_end_ms));
        drills.past.push(folded(&records));
    }
    assert!(over * 1000 / 150 >= 860, "{over} of 150 are over by P90");
}
