//! The fault suites: everything that could break the promise, tried many times, and for each suite a
//! control that breaks it on purpose and has to be caught.
//!
//! The long forms are ignored by an ordinary test run; `.ci/faults` runs them and prints their table.
//! A short form of each runs with the other tests.

#![expect(clippy::unwrap_used, reason = "a suite whose surroundings fail has failed")]
#![expect(clippy::print_stderr, reason = "a suite that cannot run here says why; a seed is shown in full on demand")]
#![expect(
    clippy::format_collect,
    clippy::format_push_string,
    clippy::manual_is_multiple_of,
    clippy::verbose_bit_mask,
    reason = "dice and hostile texts read best as they are written"
)]

mod approvals;
#[cfg(feature = "aws")]
mod canaries;
mod cases;
mod check;
mod codes;
mod disk;
mod ends;
mod hatch;
mod hostile;
mod io_errors;
mod keys;
mod kills;
mod life;
mod machine;
mod person;
#[cfg(feature = "aws")]
mod programs;
mod second;
mod simulation;

use std::io::Write as _;

/// What a suite found out, as one line of the table that `.ci/faults` prints.
pub struct Tally {
    suite: &'static str,
    unit: &'static str,
    pub cases: u64,
    pub violations: Vec<String>,
    /// Negative controls: what was taken away, and whether somebody noticed.
    pub controls: Vec<(&'static str, bool)>,
}

/// Violations told in full before the rest is only counted.
const TOLD: usize = 30;

impl Tally {
    pub const fn of(suite: &'static str, unit: &'static str) -> Self {
        Self { suite, unit, cases: 0, violations: Vec::new(), controls: Vec::new() }
    }

    pub fn control(&mut self, taken_away: &'static str, is_caught: bool) {
        self.controls.push((taken_away, is_caught));
    }

    /// Prints the line, and fails where a violation was found or a control was not caught.
    pub fn close(self) {
        let caught = self.controls.iter().filter(|(_, is_caught)| *is_caught).count();
        let line = format!(
            "FAULTS\t{}\t{} {}\t{}\t{caught} of {}\n",
            self.suite,
            self.cases,
            self.unit,
            self.violations.len(),
            self.controls.len()
        );
        // Past the harness's capture, so that the table is there whatever is captured.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
        let missed: Vec<_> = self.controls.iter().filter(|(_, is_caught)| !is_caught).map(|(what, _)| *what).collect();
        let told = self.violations.iter().take(TOLD).map(String::as_str).collect::<Vec<_>>().join("\n");
        assert!(self.violations.is_empty(), "{} violations in {}:\n{told}", self.violations.len(), self.suite);
        assert!(missed.is_empty(), "{}: nobody noticed that this was taken away: {missed:?}", self.suite);
        assert!(self.cases > 0 && !self.controls.is_empty(), "{}: nothing was tried", self.suite);
    }
}

/// Numbers that follow from a seed and from what they are for, in any order of asking.
pub fn dice(parts: &[u64]) -> u64 {
    let mut sum: u64 = 0x9e37_79b9_7f4a_7c15;
    for part in parts {
        sum = (sum ^ part).wrapping_mul(0xff51_afd7_ed55_8ccd);
        sum ^= sum >> 32;
        sum = sum.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        sum ^= sum >> 29;
    }
    sum
}
