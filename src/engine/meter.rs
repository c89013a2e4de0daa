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

/// Whose the time is while nobody is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idle {
    NotStarted,
    /// A person paused the run, or left it.
    Paused,
    /// Of a phase: another one is at work.
    Elsewhere,
    Tool,
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
    pub fn advance(&mut self, at_ms: i64, idle: Idle) {
        self.split = self.at(at_ms, idle);
        if let Some(last) = self.last_ms {
            self.last_ms = Some(last.max(at_ms));
        }
    }

    /// The split as of `now_ms`.
    pub fn at(&self, now_ms: i64, idle: Idle) -> TimeSplit {
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
            split.waiting_ms += passed;
            match idle {
                Idle::NotStarted => &mut split.not_started_ms,
                Idle::Paused => &mut split.paused_ms,
                Idle::Elsewhere => &mut split.elsewhere_ms,
                Idle::Tool => &mut split.tool_ms,
            }
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

    /// Nobody is awaited.
    pub const fn is_idle(&self) -> bool {
        self.cloud == 0 && self.checks == 0 && self.people == 0
    }

    /// Only people are awaited: nothing goes on by itself.
    pub const fn only_people(&self) -> bool {
        self.cloud == 0 && self.checks == 0
    }
}

/// The books of one phase: from its first ready step to the last move of any of its steps.
#[derive(Debug, Clone, Default)]
pub struct PhaseMeter {
    meter: Meter,
    /// As of the last move: where the phase stands should that have been its end.
    ended: TimeSplit,
}

impl PhaseMeter {
    pub fn advance(&mut self, at_ms: i64, idle: Idle) {
        self.meter.advance(at_ms, idle);
    }

    /// A step of the phase moved; `ready_ms` once it is (or was) ready.
    pub fn moved(&mut self, (from, to): (Awaits, Awaits), ready_ms: Option<i64>) {
        if let (Some(at_ms), None) = (ready_ms, self.meter.last_ms) {
            self.meter.start(at_ms);
        }
        self.meter.moved(from, to);
        self.ended = self.meter.split;
    }

    pub fn at(&self, now_ms: i64, idle: Idle) -> TimeSplit {
        self.meter.at(now_ms, idle)
    }

    /// Up to the end of the phase, once it is over.
    pub const fn ended(&self) -> TimeSplit {
        self.ended
    }
}

impl TimeSplit {
    /// With the time before the phase began.
    #[must_use]
    pub const fn preceded_by(mut self, ms: u64) -> Self {
        self.not_started_ms += ms;
        self.waiting_ms += ms;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_add_up() {
        let mut meter = Meter::default();
        meter.start(0);
        meter.advance(10, Idle::NotStarted);
        meter.advance(13, Idle::Tool);
        meter.moved(Awaits::Nobody, Awaits::People);
        meter.advance(30, Idle::Tool);
        meter.moved(Awaits::Nobody, Awaits::Cloud);
        meter.advance(60, Idle::Paused);
        meter.moved(Awaits::Cloud, Awaits::Nobody);
        meter.advance(90, Idle::Paused);
        meter.moved(Awaits::People, Awaits::Nobody);
        let split = meter.at(100, Idle::Paused);
        let expected = TimeSplit {
            people_ms: 47,
            cloud_ms: 30,
            waiting_ms: 23,
            not_started_ms: 10,
            paused_ms: 10,
            tool_ms: 3,
            ..TimeSplit::default()
        };
        assert_eq!((split, split.whole_ms()), (expected, 100));
    }

    #[test]
    fn a_phase_ends_with_the_last_move_of_its_steps() {
        let mut phase = PhaseMeter::default();
        phase.advance(50, Idle::Elsewhere);
        phase.moved((Awaits::Nobody, Awaits::Checks), Some(50));
        phase.advance(60, Idle::Tool);
        phase.moved((Awaits::Checks, Awaits::Nobody), Some(60));
        phase.advance(75, Idle::Elsewhere);
        assert_eq!(phase.ended().whole_ms(), 10);
        assert_eq!(phase.at(80, Idle::Tool).elsewhere_ms, 15);
        assert_eq!(phase.ended().preceded_by(50).whole_ms(), 60);
    }
}
