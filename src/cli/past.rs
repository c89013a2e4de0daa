//! What the runs kept on this machine tell of a new one of the same runbook: read newest first, each
//! journal once and record by record, within bounds of number and time.
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
/// How long a command that waits for it may take over it; and one that does not.
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
    for entry in kept.iter().rev().filter(|entry| entry.id != but).take(LOOKED_AT) {
        if Instant::now() >= until {
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

fn read(dir: &Path, runbook: &str, until: Instant) -> Read {
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
        is_other |= stamped.seq % 64 == 0 && Instant::now() >= until;
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
