//! Where the time goes: each moment of a run belongs to people, to the cloud, to checks, or to nobody.
//!
//! When several things go on at once, the cloud counts before checks and checks before people: what
//! is left for people is the time in which nothing but a person was awaited.

use super::snapshot::{Stretch, TimeSplit, WaitsOn};
use super::state::Stage;

/// Who is being waited for by one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaits {
    Nobody,
    People,
    Checks,
    Cloud,
}

impl Awaits {
    pub const fn on(self) -> Option<WaitsOn> {
        match self {
            Self::Nobody => None,
            Self::People => Some(WaitsOn::People),
            Self::Checks => Some(WaitsOn::Checks),
            Self::Cloud => Some(WaitsOn::Cloud),
        }
    }
}

/// Adds a stretch that is over; one that goes on where the last one ended makes it longer.
pub fn push_stretch(stretches: &mut Vec<Stretch>, new: Stretch) {
    if new.to_ms <= new.from_ms {
        return;
    }
    match stretches.last_mut() {
        Some(last) if (last.on, last.attempt, last.to_ms) == (new.on, new.attempt, new.from_ms) => {
            last.to_ms = new.to_ms;
        }
        _ => stretches.push(new),
    }
}

/// Classes of a step's stage. `changes`: the step's action changes something.
pub const fn awaits(stage: Stage, changes: bool, doubt_for_person: bool, settled_failure: bool) -> Awaits {
    match stage {
        Stage::Pending | Stage::Succeeded | Stage::Skipped | Stage::DoneExternally | Stage::RolledBack => {
            Awaits::Nobody
        }
        Stage::Failed if settled_failure => Awaits::Nobody,
        Stage::Blocked | Stage::Gated | Stage::Failed => Awaits::People,
        Stage::InDoubt if doubt_for_person => Awaits::People,
        Stage::InDoubt | Stage::Backoff | Stage::RollingBack | Stage::Waiting => Awaits::Cloud,
        Stage::Checking => Awaits::Checks,
        Stage::Sent | Stage::Verifying => {
            if changes {
                Awaits::Cloud
            } else {
                Awaits::Checks
            }
        }
    }
}

/// Counts the steps in each class and adds up the time between events.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    people: usize,
    checks: usize,
    cloud: usize,
    last_ms: Option<i64>,
    split: TimeSplit,
}

impl Meter {
    /// Time starts to count here (Unix ms).
    pub fn start(&mut self, at_ms: i64) {
        self.last_ms = Some(at_ms);
    }

    /// Attributes the time since the last event to whoever was awaited.
    pub fn advance(&mut self, at_ms: i64) {
        self.split = self.at(at_ms);
        if let Some(last) = self.last_ms {
            self.last_ms = Some(last.max(at_ms));
        }
    }

    /// The split as of `now_ms`.
    pub fn at(&self, now_ms: i64) -> TimeSplit {
        let mut split = self.split;
        let Some(last) = self.last_ms else { return split };
        let passed = crate::model::time::elapsed_ms(last, now_ms);
        let part = if self.cloud > 0 {
            &mut split.cloud_ms
        } else if self.checks > 0 {
            &mut split.checks_ms
        } else if self.people > 0 {
            &mut split.people_ms
        } else {
            &mut split.waiting_ms
        };
        *part += passed;
        split
    }

    pub fn moved(&mut self, from: Awaits, to: Awaits) {
        if let Some(count) = self.class(from) {
            *count = count.saturating_sub(1);
        }
        if let Some(count) = self.class(to) {
            *count += 1;
        }
    }

    fn class(&mut self, class: Awaits) -> Option<&mut usize> {
        match class {
            Awaits::Nobody => None,
            Awaits::People => Some(&mut self.people),
            Awaits::Checks => Some(&mut self.checks),
            Awaits::Cloud => Some(&mut self.cloud),
        }
    }

    /// Stops the clock: nothing is added after this.
    pub fn stop(&mut self) {
        self.last_ms = None;
    }

    /// Only people are awaited: nothing goes on by itself.
    pub const fn only_people(&self) -> bool {
        self.cloud == 0 && self.checks == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_parts_add_up() {
        let mut meter = Meter::default();
        meter.start(0);
        meter.advance(10);
        meter.moved(Awaits::Nobody, Awaits::People);
        meter.advance(30);
        meter.moved(Awaits::Nobody, Awaits::Cloud);
        meter.advance(60);
        meter.moved(Awaits::Cloud, Awaits::Nobody);
        let split = meter.at(100);
        assert_eq!(split, TimeSplit { people_ms: 60, cloud_ms: 30, checks_ms: 0, waiting_ms: 10 });
        assert_eq!(split.people_ms + split.cloud_ms + split.checks_ms + split.waiting_ms, 100);
    }
}
