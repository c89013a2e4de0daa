//! What past runs of the same runbook tell of this one: how long each step took, and people at it.
//!
//! An input beside the journal, for display alone: nothing that a run does depends on it. Must not
//! know where it was read from.

use std::collections::HashMap;

use serde::Serialize;

use crate::model::outcome::Mode;

/// From so many runs on, the spread is that of the middle 80 of a hundred; below, all of them.
const MANY: usize = 10;

/// Past runs of one runbook, by step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// By the key of the step.
    pub steps: HashMap<String, StepHistory>,
    pub drills: u32,
    pub real: u32,
    /// Runs that are kept here and could not be read to their end.
    pub damaged: u32,
}

/// Drills and real runs apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepHistory {
    pub drill: Times,
    pub real: Times,
}

/// Durations of one step, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Times {
    /// The cloud and the checks, all attempts together.
    pub work_ms: Vec<u64>,
    /// At its gate and over its failures.
    pub people_ms: Vec<u64>,
}

/// Median and spread of past durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Spread {
    pub runs: u32,
    pub median_ms: u64,
    /// The shortest; of ten runs and more the one that a tenth stay below.
    pub low_ms: u64,
    /// The longest; of ten runs and more the one that a tenth go beyond.
    pub high_ms: u64,
}

/// What is known of a step from past runs, drills and real ones apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Past {
    pub drill: Option<Spread>,
    pub real: Option<Spread>,
    pub drill_people: Option<Spread>,
    pub real_people: Option<Spread>,
}

impl StepHistory {
    #[must_use]
    pub fn past(&self) -> Past {
        Past {
            drill: Spread::of(&self.drill.work_ms),
            real: Spread::of(&self.real.work_ms),
            drill_people: Spread::of(&self.drill.people_ms),
            real_people: Spread::of(&self.real.people_ms),
        }
    }
}

impl Past {
    /// The spread that a run of this mode goes by: its own kind where there is any, drills for a real
    /// run that is the first. A drill's time is its own, so that real runs tell nothing of it.
    #[must_use]
    pub const fn work(&self, mode: Mode) -> Option<(Mode, Spread)> {
        choose(mode, self.real, self.drill)
    }

    /// The same for people.
    #[must_use]
    pub const fn people(&self, mode: Mode) -> Option<(Mode, Spread)> {
        choose(mode, self.real_people, self.drill_people)
    }
}

const fn choose(mode: Mode, real: Option<Spread>, drill: Option<Spread>) -> Option<(Mode, Spread)> {
    match (mode, real, drill) {
        (Mode::Real, Some(spread), _) => Some((Mode::Real, spread)),
        (Mode::Real | Mode::Drill, _, Some(spread)) => Some((Mode::Drill, spread)),
        (Mode::Real | Mode::Drill, _, None) => None,
    }
}

impl Spread {
    /// Of durations in any order; `None` of none.
    #[must_use]
    pub fn of(durations_ms: &[u64]) -> Option<Self> {
        let mut sorted = durations_ms.to_vec();
        sorted.sort_unstable();
        let (first, last) = (*sorted.first()?, *sorted.last()?);
        let is_many = sorted.len() >= MANY;
        Some(Self {
            runs: u32::try_from(sorted.len()).unwrap_or(u32::MAX),
            median_ms: part(&sorted, 50),
            low_ms: if is_many { part(&sorted, 10) } else { first },
            high_ms: if is_many { part(&sorted, 90) } else { last },
        })
    }

    /// `last four drills 5m 12s to 7m 40s`, `12 drills, most 5m 12s to 7m 40s`, `one real run`.
    #[must_use]
    pub fn words(&self, mode: Mode) -> String {
        use crate::model::time::human_ms;
        let (low, high) = (human_ms(self.low_ms), human_ms(self.high_ms));
        let kind = runs_words(self.runs, mode);
        match self.runs {
            1 => kind,
            _ if low == high => format!("{kind}, each the same"),
            2..10 => format!("last {kind} {low} to {high}"),
            _ => format!("{kind}, most {low} to {high}"),
        }
    }
}

/// `one drill`, `four drills`, `12 real runs`.
#[must_use]
pub fn runs_words(runs: u32, mode: Mode) -> String {
    const NUMBERS: [&str; 10] = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    let count = NUMBERS.get(runs as usize).map_or_else(|| runs.to_string(), |&word| word.to_owned());
    let kind = match (mode, runs) {
        (Mode::Drill, 1) => "drill",
        (Mode::Drill, _) => "drills",
        (Mode::Real, 1) => "real run",
        (Mode::Real, _) => "real runs",
    };
    format!("{count} {kind}")
}

/// The value that so many of a hundred stay at or below, half way between the two nearest.
fn part(sorted: &[u64], percent: usize) -> u64 {
    let last = sorted.len() - 1;
    let (at, rest) = (last * percent / 100, last * percent % 100);
    let (low, high) = (sorted[at], sorted[(at + 1).min(last)]);
    low + (high - low) / 100 * rest as u64 + (high - low) % 100 * rest as u64 / 100
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The definition, without a word of how it is computed.
        #[test]
        fn the_median_and_the_spread_stand_where_they_should(mut all in prop::collection::vec(0_u64..100_000_000, 1..60)) {
            let spread = Spread::of(&all).expect("not empty");
            prop_assert!(spread.low_ms <= spread.median_ms && spread.median_ms <= spread.high_ms);
            let at_most = |ms: u64| all.iter().filter(|&&one| one <= ms).count();
            let at_least = |ms: u64| all.iter().filter(|&&one| one >= ms).count();
            prop_assert!(at_most(spread.median_ms) * 2 >= all.len() && at_least(spread.median_ms) * 2 >= all.len());
            prop_assert!(at_least(spread.low_ms) * 10 >= all.len() * 9 - 9);
            prop_assert!(at_most(spread.high_ms) * 10 >= all.len() * 9 - 9);
            if all.len() < MANY {
                prop_assert_eq!(Some(&spread.low_ms), all.iter().min());
                prop_assert_eq!(Some(&spread.high_ms), all.iter().max());
            }
            all.reverse();
            prop_assert_eq!(Spread::of(&all), Some(spread));
            let later: Vec<u64> = all.iter().map(|ms| ms + 5_000).collect();
            let later = Spread::of(&later).expect("not empty");
            prop_assert_eq!((later.median_ms, later.low_ms, later.high_ms),
                (spread.median_ms + 5_000, spread.low_ms + 5_000, spread.high_ms + 5_000));
        }
    }

    #[test]
    fn a_spread_is_said_as_people_say_it() {
        let words = |all: &[u64], mode| Spread::of(all).map(|spread| spread.words(mode)).unwrap_or_default();
        assert_eq!(words(&[460_000, 312_000, 360_000, 380_000], Mode::Drill), "last four drills 5m 12s to 7m 40s");
        assert_eq!(words(&[60_000], Mode::Real), "one real run");
        assert_eq!(words(&[60_000, 60_000], Mode::Real), "two real runs, each the same");
        let many: Vec<u64> = (0..21).map(|ix| 60_000 + ix * 1_000).collect();
        assert_eq!(words(&many, Mode::Drill), "21 drills, most 1m 2s to 1m 18s");
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn a_real_run_goes_by_drills_only_where_it_is_the_first() {
        let times = |ms: u64| Times { work_ms: vec![ms], people_ms: vec![ms] };
        let both = StepHistory { drill: times(1_000), real: times(2_000) }.past();
        assert_eq!(both.work(Mode::Real).map(|(mode, one)| (mode, one.median_ms)), Some((Mode::Real, 2_000)));
        assert_eq!(both.work(Mode::Drill).map(|(mode, one)| (mode, one.median_ms)), Some((Mode::Drill, 1_000)));
        let drilled = StepHistory { drill: times(1_000), real: Times::default() }.past();
        assert_eq!(drilled.people(Mode::Real).map(|(mode, _)| mode), Some(Mode::Drill));
        let real = StepHistory { drill: Times::default(), real: times(2_000) }.past();
        assert_eq!(real.work(Mode::Drill), None);
    }
}
