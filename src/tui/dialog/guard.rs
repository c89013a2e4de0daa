//! What keeps a dialog shut against keys that were not meant for it.
//!
//! Must not know what the dialog asks. Time comes in with each key, so tests need no clock.

/// A dialog drops what is typed in its first moments: it was meant for the screen before.
const DISARMED_MS: u64 = 400;

/// After a dropped key there must be this much silence: a held key never arms a dialog.
const SILENCE_MS: u64 = 150;

/// The same key arriving faster than this is a key held down, on terminals that do not say so.
pub const REPEAT_GAP_MS: u64 = 35;

/// Whether a dialog listens yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    armed_at_ms: u64,
}

impl Guard {
    /// Shut for the first moments.
    #[must_use]
    pub const fn new(now_ms: u64) -> Self {
        Self { armed_at_ms: now_ms + DISARMED_MS }
    }

    /// Listens at once: for dialogs that can do no harm.
    #[must_use]
    pub const fn open() -> Self {
        Self { armed_at_ms: 0 }
    }

    #[must_use]
    pub const fn is_armed(self, now_ms: u64) -> bool {
        now_ms >= self.armed_at_ms
    }

    /// When it will listen, if it does not yet.
    #[must_use]
    pub const fn armed_at(self, now_ms: u64) -> Option<u64> {
        if self.is_armed(now_ms) { None } else { Some(self.armed_at_ms) }
    }

    /// A key came too early.
    pub fn dropped(&mut self, now_ms: u64) {
        self.armed_at_ms = self.armed_at_ms.max(now_ms + SILENCE_MS);
    }
}

/// Counts how often the same key came in a burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burst<K> {
    last: Option<(K, u64)>,
    length: u32,
}

impl<K> Default for Burst<K> {
    fn default() -> Self {
        Self { last: None, length: 0 }
    }
}

impl<K: PartialEq> Burst<K> {
    /// How many times in a row, this one included, the key has come faster than a finger can.
    pub fn count(&mut self, key: K, now_ms: u64) -> u32 {
        let is_burst = self
            .last
            .as_ref()
            .is_some_and(|(last, at_ms)| *last == key && now_ms.saturating_sub(*at_ms) < REPEAT_GAP_MS);
        self.length = if is_burst { self.length + 1 } else { 1 };
        self.last = Some((key, now_ms));
        self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_key_never_arms() {
        let mut guard = Guard::new(1_000);
        let mut now_ms = 1_000;
        while now_ms < 9_000 {
            assert!(!guard.is_armed(now_ms), "armed at {now_ms}");
            guard.dropped(now_ms);
            now_ms += 33;
        }
        assert!(guard.is_armed(9_200));
    }

    #[test]
    fn bursts_are_counted_by_key() {
        let mut burst = Burst::default();
        assert_eq!([0, 30, 60].map(|at_ms| burst.count('w', at_ms)), [1, 2, 3]);
        assert_eq!(burst.count('.', 61), 1);
        assert_eq!(burst.count('.', 200), 1);
    }
}
