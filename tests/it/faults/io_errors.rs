//! Every single operation of the disk that a run makes, failing or ending the process, one after another.

use std::sync::Arc;

use lifeboat::driver::Operator;
use lifeboat::driver::handle::Over;

use super::disk::{Blow, Failure, FaultyDisk};
use super::life::{Life, Without, place};
use super::{Tally, cases, check};

/// One run in which one operation goes wrong, and the process after it, which goes on.
struct Tried {
    violations: Vec<String>,
    is_struck: bool,
    /// Changes that left after a sync had failed.
    sent_after: usize,
}

fn attempt(blow: Blow, without: Without, power_is_cut: bool) -> Tried {
    let place = place();
    let mut life = Life::new(7, place.path(), cases::calm_runbook(), cases::calm(), without);
    let disk = FaultyDisk::new(7, blow);
    let disk = Arc::new(if without == Without::Sync { disk.lying() } else { disk });
    let first = life.process(&disk, Operator::Auto, None);
    let (is_struck, sent_after) = (disk.is_struck(), disk.sends_after_failure());
    let mut violations = Vec::new();
    let is_broken = first.as_ref().is_ok_and(|ended| matches!(ended.over, Over::Broken { .. } | Over::Left { .. }));
    if power_is_cut {
        disk.cut_power();
    }
    if is_broken || first.is_err() {
        let sound = Arc::new(FaultyDisk::new(8, Blow::Never));
        match life.process(&sound, Operator::Auto, None) {
            Ok(ended) if matches!(ended.over, Over::Finished | Over::Left { .. }) => {}
            Ok(ended) => violations.push(format!("{blow:?}: the next process ended with {:?}", ended.over)),
            Err(error) => violations.push(format!("{blow:?}: the run cannot be opened again: {error}")),
        }
    }
    violations.extend(check::violations(&life).into_iter().map(|violation| format!("{blow:?}: {violation}")));
    Tried { violations, is_struck, sent_after }
}

/// Operations that a whole run makes.
fn operations() -> u64 {
    let place = place();
    let mut life = Life::new(7, place.path(), cases::calm_runbook(), cases::calm(), Without::Nothing);
    let disk = Arc::new(FaultyDisk::new(7, Blow::Never));
    let ended = life.process(&disk, Operator::Auto, None).unwrap();
    assert!(matches!(ended.over, Over::Finished), "{:?}", ended.over);
    disk.ops()
}

fn failing(step: usize) -> Tally {
    let mut tally = Tally::of("n-th operation of the disk fails: ENOSPC, EIO, short", "failures");
    let operations = operations();
    for at in (1..=operations).step_by(step) {
        for failure in [Failure::NoSpace, Failure::Io, Failure::Short] {
            let tried = attempt(Blow::Fail(at, failure), Without::Nothing, at % 2 == 0);
            tally.cases += 1;
            tally.violations.extend(tried.violations);
            if tried.sent_after > 0 {
                tally
                    .violations
                    .push(format!("operation {at}, {failure:?}: {} sends after a failed sync", tried.sent_after));
            }
            assert!(tried.is_struck, "operation {at} never came");
        }
    }
    let control = (1..=operations).step_by(step.max(3)).any(|at| {
        let tried = attempt(Blow::Fail(at, Failure::Io), Without::Poison, true);
        tried.sent_after > 0 || !tried.violations.is_empty()
    });
    tally.control("poison", control);
    tally
}

fn dying(step: usize) -> Tally {
    let mut tally = Tally::of("the process ends at every operation of the disk", "ends");
    let operations = operations();
    for at in (1..=operations).step_by(step) {
        for power_is_cut in [false, true] {
            let tried = attempt(Blow::Die(at), Without::Nothing, power_is_cut);
            tally.cases += 1;
            tally.violations.extend(tried.violations);
            assert!(tried.is_struck, "operation {at} never came");
        }
    }
    for (name, without) in [("intent", Without::Intent), ("probe", Without::Probe), ("sync", Without::Sync)] {
        let caught = (1..=operations)
            .step_by(step.min(3))
            .any(|at| !attempt(Blow::Die(at), without, true).violations.is_empty());
        tally.control(name, caught);
    }
    tally
}

#[test]
fn some_operations_fail_and_some_end_the_process() {
    failing(29).close();
    dying(29).close();
}

#[test]
#[ignore = "long; .ci/faults runs it"]
fn suite_io_errors() {
    failing(1).close();
}

#[test]
#[ignore = "long; .ci/faults runs it"]
fn suite_ends() {
    dying(1).close();
}
