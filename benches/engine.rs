//! The state machine's own cost: a whole run of 1,000 steps folded through it, event by event.
//! Beside it the floor: the same events put into a table of the last event of each step.

#![expect(clippy::expect_used, reason = "a benchmark of a run that does not end measures nothing")]

mod recorded;
mod texts;

use std::collections::HashMap;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use lifeboat::model::event::Event;
use recorded::Run;

const STEPS: usize = 1_000;

fn main() {
    divan::main();
}

#[divan::bench]
fn floor_table(bencher: Bencher) {
    let run = Run::record(STEPS);
    bencher.counter(ItemsCount::new(run.events.len())).bench(|| {
        let mut last: HashMap<&str, (&Event, i64)> = HashMap::new();
        for stamped in &run.events {
            last.insert(subject(&stamped.event), (&stamped.event, stamped.at_ms));
        }
        black_box(last.len())
    });
}

#[divan::bench]
fn events(bencher: Bencher) {
    let run = Run::record(STEPS);
    bencher.counter(ItemsCount::new(run.events.len())).with_inputs(|| run.engine()).bench_values(|mut engine| {
        for stamped in &run.events {
            black_box(engine.handle(stamped));
        }
        engine
    });
}

/// What a face asks for after each event.
#[divan::bench]
fn snapshot(bencher: Bencher) {
    let run = Run::record(STEPS);
    let mut engine = run.engine();
    for stamped in &run.events[..run.events.len() / 2] {
        engine.handle(stamped);
    }
    bencher.bench_local(|| engine.snapshot(black_box(engine.last_at_ms())));
}

/// The rest of the run played many times: what the driver does for a screen, at most once a second.
#[divan::bench]
fn foresee(bencher: Bencher) {
    let run = Run::record(STEPS);
    let mut engine = run.engine();
    for stamped in &run.events[..10] {
        engine.handle(stamped);
    }
    let at_ms = engine.last_at_ms();
    engine.foresee(at_ms);
    let mut later_ms = at_ms;
    bencher.bench_local(|| {
        // Further than any chances hold.
        later_ms += 20_000;
        engine.foresee(black_box(later_ms));
    });
}

fn subject(event: &Event) -> &str {
    match event {
        Event::StepReady { step, .. }
        | Event::GateOpened { step, .. }
        | Event::StepConfirmed { step, .. }
        | Event::StepSucceeded { step, .. } => step,
        Event::ActionRequested { ticket, .. } | Event::ActionSucceeded { ticket, .. } => &ticket.step,
        _ => "run",
    }
}
