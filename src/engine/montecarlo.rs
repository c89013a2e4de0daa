//! When this will be over, in chances: the graph of steps played many times, each step as long as its
//! law gives it.
//!
//! - Steps and people are taken as independent of each other, and every step as one that succeeds.
//! - A step at work is taken as one that has lasted as long as it has: what is left, given that.
//! - Each step has a stream of its own, seeded by the run, so that the same events give the same
//!   chances, and an event at one step does not make the others' figures tremble.
//! - Bounded: [`DRAWS`] step durations a time, and nothing at all while nothing has changed.

use std::sync::Arc;

use super::Engine;
use super::forecast::people_ms;
use super::history::{History, Past, Spread, StepHistory};
use super::law::{ENOUGH, Law, Passed, lossy, told};
use super::meter::Awaits;
use super::snapshot::{Basis, Chances, Decide};
use super::state::Stage;
use crate::model::outcome::Mode;
use crate::model::plan::{PlanStep, StepIx};
use crate::model::time::elapsed_ms;

/// Step durations drawn at most.
const DRAWS: usize = 200_000;
/// Runs played, at least and at most.
const RUNS: (usize, usize) = (200, 1_000);
/// Without any event the chances hold this long, in milliseconds of the run's clock.
const HOLDS_MS: i64 = 15_000;
/// A law that nobody has seen does not go beyond its step's timeout and verifications; nor people
/// beyond this many times what is usual of them.
const PEOPLE_MOST: u64 = 20;

/// What the machine keeps for its chances: none of it comes from events or goes into any.
#[derive(Debug, Clone, Default)]
pub(super) struct Odds {
    history: Arc<History>,
    /// By step; empty without a history.
    past: Vec<Past>,
    laws: Vec<Laws>,
    /// The number of the last event, and the one of the chances below with their time (Unix ms).
    pub seq: u64,
    at: Option<(u64, i64)>,
    chances: Option<Chances>,
}

#[derive(Debug, Clone)]
struct Laws {
    work: Law,
    /// `None` where nobody is asked.
    people: Option<Law>,
    /// Runs behind the law of the work, and their kind.
    runs: Option<(Mode, u32)>,
}

/// What is left of a step.
enum Left<'a> {
    /// Nothing; it holds nothing up.
    Over,
    /// All of it, once what it needs is there.
    All(&'a Laws),
    /// A person, then work.
    People {
        people: Option<(&'a Law, Passed)>,
        work: (&'a Law, Passed),
    },
    Work(&'a Law, Passed),
    /// Until a known time from now, in milliseconds.
    Until(f32),
    /// By its own words, that long from now.
    Told(f32),
}

struct Node<'a> {
    left: Left<'a>,
    needs: Vec<usize>,
    lot: Lot,
}

/// The end of a step in one play, from now, in milliseconds.
#[derive(Clone, Copy)]
struct End {
    /// With people as quick as they usually are.
    usual: f32,
    /// By paths that pass no step which waits for a person now.
    free: f32,
    /// By the others, counted from the moment at which all of these are decided.
    decided: f32,
}

impl End {
    const NEVER: f32 = f32::NEG_INFINITY;
    const NOW: Self = Self { usual: 0.0, free: 0.0, decided: Self::NEVER };

    fn max(self, other: Self) -> Self {
        Self {
            usual: self.usual.max(other.usual),
            free: self.free.max(other.free),
            decided: self.decided.max(other.decided),
        }
    }

    fn plus(self, ms: f32) -> Self {
        Self { usual: self.usual + ms, free: self.free + ms, decided: self.decided + ms }
    }
}

/// A stream of numbers (`SplitMix64`).
#[derive(Clone, Copy)]
struct Lot(u64);

impl Lot {
    fn of(run: &str, ix: usize) -> Self {
        // FNV-1a: the name of the run, then the place of the step.
        let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(run.bytes().chain(ix.to_le_bytes()).fold(0xcbf2_9ce4_8422_2325, fold))
    }

    /// A number from 0 to below 1.
    fn share(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        #[expect(clippy::cast_precision_loss, reason = "24 bits fit")]
        let share = ((z ^ (z >> 31)) >> 40) as f32 / (1_u32 << 24) as f32;
        share
    }
}

impl Engine {
    /// Takes in what past runs tell; shown from the next [`Engine::foresee`] on.
    pub fn learn(&mut self, history: Arc<History>) {
        let of = |step: &PlanStep| history.steps.get(&step.key).map(StepHistory::past).unwrap_or_default();
        let past = self.plan.steps.iter().map(of).collect();
        self.odds = Odds { history, past, seq: self.odds.seq, ..Odds::default() };
    }

    /// Works the chances out again, if anything has happened since. For faces alone: to be asked no more
    /// than once a second, and never by whoever has nobody to show them to.
    pub fn foresee(&mut self, now_ms: i64) {
        let holds = self
            .odds
            .at
            .is_some_and(|(seq, at_ms)| seq == self.odds.seq && (at_ms..at_ms + HOLDS_MS).contains(&now_ms));
        if holds {
            return;
        }
        if self.odds.laws.is_empty() {
            self.odds.laws = (0..self.steps.len()).map(|ix| self.laws(ix)).collect();
        }
        self.odds.at = Some((self.odds.seq, now_ms));
        self.odds.chances = if self.run.finished.is_some() { None } else { self.play(now_ms) };
    }

    /// The chances as they were last worked out.
    pub(super) fn chances(&self, now_ms: i64) -> Option<Chances> {
        let chances = self.odds.chances.filter(|_| self.run.finished.is_none())?;
        let (p50_end_ms, p90_end_ms) = (chances.p50_end_ms.max(now_ms), chances.p90_end_ms.max(now_ms));
        Some(Chances { p50_end_ms, p90_end_ms, ..chances })
    }

    /// What past runs tell of a step.
    pub(super) fn past(&self, ix: StepIx) -> Past {
        self.odds.past.get(ix).copied().unwrap_or_default()
    }

    /// How long a step usually takes: as in the past, or as the runbook says.
    pub(super) fn usual_ms(&self, ix: StepIx) -> u64 {
        let past = self.past(ix).work(self.plan.mode);
        past.map_or(self.plan.steps[ix].usual_ms, |(_, spread)| spread.median_ms)
    }

    /// How long people usually take at a step's gate.
    pub(super) fn usual_people_ms(&self, ix: StepIx) -> u64 {
        let guess = people_ms(&self.plan.steps[ix]);
        if guess == 0 {
            return 0;
        }
        self.past(ix).people(self.plan.mode).map_or(guess, |(_, spread)| spread.median_ms)
    }

    fn laws(&self, ix: StepIx) -> Laws {
        let (step, mode) = (&self.plan.steps[ix], self.plan.mode);
        let (seen, past) = (self.odds.history.steps.get(&step.key), self.past(ix));
        let of = |kind: Mode| seen.map(|seen| if kind == Mode::Real { &seen.real } else { &seen.drill });
        let work = past.work(mode);
        let work_ms = work.and_then(|(kind, _)| of(kind)).map_or(&[][..], |times| &times.work_ms);
        let people = past.people(mode);
        let people_seen = people.and_then(|(kind, _)| of(kind)).map_or(&[][..], |times| &times.people_ms);
        // A first few real runs lean on the drills, where there were any.
        let usual = |guess: u64, drilled: Option<Spread>| match (mode, drilled) {
            (Mode::Real, Some(spread)) => spread.median_ms,
            (Mode::Real | Mode::Drill, _) => guess,
        };
        let guess = people_ms(step);
        Laws {
            work: Law::of(usual(step.usual_ms, past.drill), work_ms, most_ms(step)),
            people: (guess > 0)
                .then(|| Law::of(usual(guess, past.drill_people), people_seen, guess.saturating_mul(PEOPLE_MOST))),
            runs: work.map(|(kind, spread)| (kind, spread.runs)),
        }
    }

    fn left(&self, ix: StepIx, now_ms: i64) -> Left<'_> {
        let (step, state, laws) = (&self.plan.steps[ix], &self.steps[ix], &self.odds.laws[ix]);
        let is_out = !step.in_mode || self.is_given_up(ix);
        if self.is_settled(ix) || (is_out && matches!(self.awaits(ix), Awaits::Nobody | Awaits::People)) {
            return Left::Over;
        }
        if state.stage == Stage::Pending {
            return Left::All(laws);
        }
        let awaits = self.awaits(ix);
        let running = elapsed_ms(state.since_ms, now_ms);
        let worked = state.cloud_ms + if matches!(awaits, Awaits::Cloud | Awaits::Checks) { running } else { 0 };
        let work = (&laws.work, laws.work.passed(worked));
        let people = |ms: u64| laws.people.as_ref().map(|law| (law, law.passed(ms)));
        match state.stage {
            // Only after a decision it begins, and then from its start.
            Stage::Blocked | Stage::Failed | Stage::RolledBack => {
                Left::People { people: people(running), work: (&laws.work, laws.work.passed(0)) }
            }
            Stage::Checking => Left::People { people: people(state.people_ms), work },
            _ if awaits == Awaits::People => Left::People { people: people(state.people_ms + running), work },
            _ => {
                let told = self.work_of(ix).and_then(|work| work.ends_ms);
                match (state.wait_until_ms, told) {
                    (Some(until_ms), _) => Left::Until(lossy(elapsed_ms(now_ms, until_ms))),
                    // Once it should be over by its own words, these are worth no more than the law.
                    (None, Some(ends_ms)) if ends_ms > now_ms => Left::Told(lossy(elapsed_ms(now_ms, ends_ms))),
                    (None, _) => Left::Work(work.0, work.1),
                }
            }
        }
    }

    /// Plays the rest of the run many times.
    fn play(&self, now_ms: i64) -> Option<Chances> {
        let mut place: Vec<Option<usize>> = vec![None; self.steps.len()];
        let mut nodes: Vec<Node<'_>> = Vec::new();
        for &ix in &self.order {
            let left = self.left(ix, now_ms);
            if matches!(left, Left::Over) && self.is_settled(ix) {
                continue;
            }
            place[ix] = Some(nodes.len());
            let needs = self.plan.steps[ix].needs.iter().filter_map(|&need| place[need]).collect();
            nodes.push(Node { left, needs, lot: Lot::of(&self.run_id, ix) });
        }
        if nodes.is_empty() {
            return None;
        }
        let runs = (DRAWS / nodes.len()).clamp(RUNS.0, RUNS.1);
        let mut ends: Vec<End> = Vec::with_capacity(runs);
        let mut at = vec![End::NOW; nodes.len()];
        for _ in 0..runs {
            ends.push(play_once(&mut nodes, &mut at));
        }
        Some(self.judge(&ends, now_ms))
    }

    fn judge(&self, ends: &[End], now_ms: i64) -> Chances {
        let mut usual: Vec<f32> = ends.iter().map(|end| end.usual).collect();
        usual.sort_unstable_by(f32::total_cmp);
        let end_ms = |percent: usize| later(now_ms, usual[nth(usual.len(), percent)]);
        let (p50_end_ms, p90_end_ms) = (end_ms(50), end_ms(90));
        let limit_ms = self.plan.rto_ms.map(|rto| self.plan.clock_at_ms.saturating_add_unsigned(rto));
        let in_time = |limit: i64| usual.partition_point(|&ms| later(now_ms, ms) <= limit) * 100 / usual.len();
        Chances {
            p50_end_ms,
            p90_end_ms,
            in_time_percent: limit_ms.map(|limit| u8::try_from(in_time(limit)).unwrap_or(100)),
            decide: limit_ms.and_then(|limit| decide(ends, now_ms, limit)),
            basis: self.basis(),
        }
    }

    fn basis(&self) -> Basis {
        let mut basis = Basis { mode: self.plan.mode, ..Basis::default() };
        for ix in (0..self.steps.len()).filter(|&ix| self.plan.steps[ix].in_mode && !self.is_settled(ix)) {
            basis.steps += 1;
            match self.odds.laws[ix].runs {
                None => basis.unseen += 1,
                Some((Mode::Drill, runs)) => basis.drills = basis.drills.max(runs),
                Some((Mode::Real, runs)) => basis.real = basis.real.max(runs),
            }
        }
        basis.is_thin = basis.drills.max(basis.real) < u32::try_from(ENOUGH).unwrap_or(0);
        basis.damaged = self.odds.history.damaged;
        basis
    }
}

/// Beyond this no step is thought to go that nobody has seen: it would have timed out.
fn most_ms(step: &PlanStep) -> u64 {
    let verified: u64 = step.verify.iter().map(|check| check.for_ms).fold(0, u64::saturating_add);
    step.timeout_ms.saturating_add(verified)
}

fn play_once(nodes: &mut [Node<'_>], at: &mut [End]) -> End {
    let mut last = End::NOW;
    for ix in 0..nodes.len() {
        let node = &mut nodes[ix];
        // Two numbers each, whatever becomes of them: the stream of a step does not shift.
        let (one, two) = (node.lot.share(), node.lot.share());
        let from = node.needs.iter().fold(End::NOW, |end, &need| end.max(at[need]));
        at[ix] = match &node.left {
            Left::Over => from,
            Left::All(laws) => from.plus(laws.people.as_ref().map_or(0.0, |law| law.at(one)) + laws.work.at(two)),
            Left::People { people, work } => {
                let work_ms = work.0.rest(work.1, two);
                let people_ms = people.as_ref().map_or(0.0, |(law, passed)| law.rest(*passed, one));
                End { usual: people_ms + work_ms, free: End::NEVER, decided: work_ms }
            }
            Left::Work(law, passed) => End::NOW.plus(law.rest(*passed, two)),
            Left::Until(ms) => End::NOW.plus(*ms),
            Left::Told(ms) => End::NOW.plus(told(*ms, two)),
        };
        last = last.max(at[ix]);
    }
    last
}

/// Until when what waits for people now may be decided: such that nine in ten runs make it, or if that
/// is past already, every other one.
fn decide(ends: &[End], now_ms: i64, limit_ms: i64) -> Option<Decide> {
    if ends.iter().all(|end| !end.decided.is_finite()) {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a forecast is not told to the millisecond")]
    let room = limit_ms.saturating_sub(now_ms) as f32;
    // The latest moment for each play; none where something else is too late by itself.
    let latest = |end: &End| if end.free > room { End::NEVER } else { room - end.decided };
    let mut latest: Vec<f32> = ends.iter().map(latest).collect();
    latest.sort_unstable_by(f32::total_cmp);
    [90, 50].into_iter().find_map(|percent| {
        let ms = latest[latest.len() - 1 - nth(latest.len(), usize::from(percent))];
        (ms >= 0.0 && ms.is_finite()).then(|| Decide { by_ms: later(now_ms, ms), percent })
    })
}

/// The place in a sorted list of so many that so many of a hundred stay at or below.
const fn nth(count: usize, percent: usize) -> usize {
    (count * percent).div_ceil(100).saturating_sub(1)
}

fn later(now_ms: i64, ms: f32) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    let ms = ms.max(0.0) as i64;
    now_ms.saturating_add(ms)
}
