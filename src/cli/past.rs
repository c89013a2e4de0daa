//! What the runs kept on this machine tell of a new one of the same runbook: read newest first, each
//! journal once and record by record, within bounds of number and time. The newest few count always, so
//! that a machine that is slow just now forecasts from what it has.
//!
//! A courtesy: what cannot be read is left out and counted, and nobody waits for it to come.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::settings::Settings;
use crate::driver::HistorySlot;
use crate::engine::history::History;
use crate::journal::{self, store};
use crate::model::event::Event;
use crate::model::outcome::Mode;
use crate::model::plan::Plan;
use crate::report::history::{Folded, PastRun, history};

/// Runs of one kind that are taken into account, and kept runs of any runbook that are looked at.
const RUNS: usize = 30;
const LOOKED_AT: usize = 300;
/// So much of the newest journals is read however long that takes.
const ALWAYS_BYTES: u64 = 2 * 1024 * 1024;
/// How long a command that waits for the rest may take over it; and one that does not.
pub const AT_ONCE: Duration = Duration::from_millis(250);
const BESIDE: Duration = Duration::from_secs(5);

/// Begins to read beside everything else; the answer stands in the slot once it is there.
#[must_use]
pub fn begin(settings: &Settings, plan: &Plan, but: &str) -> HistorySlot {
    let slot = HistorySlot::default();
    let Ok(base) = settings.state_dir() else { return slot };
    let (its, plan, but) = (Arc::clone(&slot), plan.clone(), but.to_owned());
    let read = move || drop(its.set(Arc::new(recall_in(&base, &plan, &but, BESIDE))));
    // Without a thread there is no history, and the run goes on.
    drop(std::thread::Builder::new().name("history".to_owned()).spawn(read));
    slot
}

/// Reads it now, as far as that takes no longer than it may. `but`: the run that asks.
#[must_use]
pub fn recall(settings: &Settings, plan: &Plan, but: &str, within: Duration) -> Arc<History> {
    let base = settings.state_dir();
    Arc::new(base.map(|base| recall_in(&base, plan, but, within)).unwrap_or_default())
}

fn recall_in(base: &Path, plan: &Plan, but: &str, within: Duration) -> History {
    let until = Instant::now() + within;
    let kept = store::list(base).unwrap_or_default();
    let (mut runs, mut damaged): (Vec<PastRun>, u32) = (Vec::new(), 0);
    let mut bytes: u64 = 0;
    for entry in kept.iter().rev().filter(|entry| entry.id != but).take(LOOKED_AT) {
        bytes = bytes.saturating_add(journal::size(&entry.dir));
        let until = (bytes > ALWAYS_BYTES).then_some(until);
        if is_late(until) {
            break;
        }
        match read(&entry.dir, &plan.name, until) {
            Read::Run(run) => runs.push(run),
            Read::Other => {}
            Read::Damaged => damaged += 1,
        }
        let of = |mode: Mode| runs.iter().filter(|run| run.mode == mode).count();
        if of(plan.mode) >= RUNS {
            break;
        }
    }
    history(plan, &newest(runs), damaged)
}

/// The newest of each kind.
fn newest(runs: Vec<PastRun>) -> Vec<PastRun> {
    let mut room = [(Mode::Drill, RUNS), (Mode::Real, RUNS)];
    let mut keep = |run: &PastRun| {
        let left = room.iter_mut().find(|(mode, left)| *mode == run.mode && *left > 0);
        left.map(|(_, left)| *left -= 1).is_some()
    };
    runs.into_iter().filter(|run| keep(run)).collect()
}

enum Read {
    Run(PastRun),
    /// Of another runbook, or too long for the time that is left.
    Other,
    Damaged,
}

fn is_late(until: Option<Instant>) -> bool {
    until.is_some_and(|until| Instant::now() >= until)
}

fn read(dir: &Path, runbook: &str, until: Option<Instant>) -> Read {
    let (mut folded, mut is_other): (Option<Folded>, bool) = (None, false);
    let read = journal::each(dir, |record| {
        let stamped = record.into_stamped();
        match (&mut folded, &stamped.event) {
            (Some(folded), _) => folded.take(&stamped),
            (None, Event::RunStarted(header)) if header.runbook == runbook => {
                folded = Some(Folded::of(header, stamped.at_ms));
            }
            (None, _) => is_other = true,
        }
        is_other |= stamped.seq % 64 == 0 && is_late(until);
        if is_other { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    // Whose runbook it was, a damaged line 1 no longer tells.
    let Some(folded) = folded.filter(|_| !is_other) else { return Read::Other };
    match read {
        Ok(None) => Read::Run(folded.done()),
        Ok(Some(_)) | Err(_) => Read::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_journals_count_on_a_machine_that_has_no_time_for_them() {
        let base = tempfile::tempdir().unwrap();
        let run = "01M802FG42EYDAM4CS6A3HECP0";
        let dir = base.path().join("runs").join(run);
        std::fs::create_dir_all(&dir).unwrap();
        let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/journals/clean.jsonl");
        std::fs::copy(kept, dir.join("journal.jsonl")).unwrap();
        let records: Vec<_> =
            journal::read(&dir).unwrap().records.into_iter().map(journal::Record::into_stamped).collect();
        let engine = crate::report::fold::replay(&records, run).unwrap().engine;
        assert_eq!(recall_in(base.path(), engine.plan(), "another", Duration::ZERO).drills, 1);
        // The control: where the time counts, it has none.
        assert!(matches!(read(&dir, &engine.plan().name, Some(Instant::now())), Read::Other));
    }

    #[test]
    fn the_newest_of_each_kind_are_kept() {
        let run = |mode, digest: usize| PastRun {
            runbook: "r".to_owned(),
            digest: digest.to_string(),
            mode,
            steps: Vec::new(),
        };
        let runs = (0..80).map(|ix| run(if ix % 4 == 0 { Mode::Real } else { Mode::Drill }, ix)).collect();
        let kept = newest(runs);
        let of = |mode| kept.iter().filter(|run| run.mode == mode).map(|run| run.digest.as_str()).collect::<Vec<_>>();
        assert_eq!((of(Mode::Drill).len(), of(Mode::Real).len()), (RUNS, 20));
        assert_eq!(of(Mode::Drill)[0], "1");
        assert_eq!(of(Mode::Drill)[RUNS - 1], "39");
    }
}
