//! How far a call is that takes a while: for the screen alone, never for the journal or a decision.
//!
//! Must not know: who counts, or who shows it.

use std::fmt::Write as _;

use super::time::human_ms;

/// Things done of things to do, so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// What is counted: `objects`.
    pub unit: &'static str,
    pub done: u64,
    pub total: u64,
    /// More may be found still.
    pub is_counting: bool,
    pub bytes: u64,
    pub elapsed_ms: u64,
}

impl Progress {
    /// `4,021 of 10,000 objects, 1.2 GiB, 812/s, 7s left`.
    #[must_use]
    pub fn words(&self) -> String {
        let more = if self.is_counting { "+" } else { "" };
        let mut words = format!("{} of {}{more} {}", grouped(self.done), grouped(self.total), self.unit);
        if self.done == 0 {
            return words;
        }
        if self.bytes > 0 {
            words.push_str(", ");
            words.push_str(&bytes(self.bytes));
        }
        // In the first second it says nothing.
        if self.elapsed_ms >= 1_000 {
            let per_s = self.done.saturating_mul(1_000) / self.elapsed_ms;
            let _ = write!(words, ", {}/s", grouped(per_s));
            let left = self.total.saturating_sub(self.done);
            if !self.is_counting && left > 0 {
                let left_ms = left.saturating_mul(self.elapsed_ms) / self.done;
                let _ = write!(words, ", {} left", human_ms(left_ms.max(1_000) / 1_000 * 1_000));
            }
        }
        words
    }
}

/// 12345 → `12,345`.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (ix, digit) in digits.chars().enumerate() {
        if ix > 0 && (digits.len() - ix).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes with one digit behind the point.
#[must_use]
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    let (mut tenths, mut unit) = (n.saturating_mul(10) / 1024, 0);
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_is_known() {
        let mut progress = Progress { unit: "objects", total: 1_000, is_counting: true, ..Progress::default() };
        assert_eq!(progress.words(), "0 of 1,000+ objects");
        progress = Progress { done: 4_021, total: 10_000, bytes: 1_288_490_188, elapsed_ms: 5_000, ..progress };
        assert_eq!(progress.words(), "4,021 of 10,000+ objects, 1.1 GiB, 804/s");
        progress.is_counting = false;
        assert_eq!(progress.words(), "4,021 of 10,000 objects, 1.1 GiB, 804/s, 7s left");
        progress = Progress { done: 10_000, elapsed_ms: 400, bytes: 900, ..progress };
        assert_eq!(progress.words(), "10,000 of 10,000 objects, 900 B");
    }

    #[test]
    fn bytes_are_told_in_the_unit_that_fits() {
        assert_eq!([bytes(0), bytes(1023), bytes(1024), bytes(1_536)], ["0 B", "1023 B", "1.0 KiB", "1.5 KiB"]);
        assert_eq!([bytes(1 << 20), bytes(5 << 30), bytes(u64::MAX / 16)], ["1.0 MiB", "5.0 GiB", "1023.9 PiB"]);
    }
}
