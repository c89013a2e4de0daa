//! What keeps a dialog shut against keys that were not meant for it.
//!
//! Must not know what the dialog asks. Time comes in with each key, so tests need no clock.

/// A dialog drops what is typed in its first moments: it was meant for the screen before.
const DISARMED_MS: u64 = 380;

/// And then no key must come for this long: one may have left the terminal and not be here yet.
const LOOK_MS: u64 = 20;

/// After a dropped key there must be this much silence: a held key never arms a dialog.
const SILENCE_MS: u64 = 150;

/// The same key arriving faster than this is a key held down, on terminals that do not say so.
pub const REPEAT_GAP_MS: u64 = 35;

/// Whether a dialog listens yet. It begins to at a tick, when no key waits to be read, and at the second one with
/// no key in between: a key does not say when it was typed, and after a stall of the machine it is read long after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    armed_at_ms: u64,
    has_looked: bool,
    is_armed: bool,
}

impl Guard {
    /// Shut for the first moments.
    #[must_use]
    pub const fn new(now_ms: u64) -> Self {
        Self { armed_at_ms: now_ms + DISARMED_MS, has_looked: false, is_armed: false }
    }

    /// Listens at once: for dialogs that can do no harm.
    #[must_use]
    pub const fn open() -> Self {
        Self { armed_at_ms: 0, has_looked: true, is_armed: true }
    }

    #[must_use]
    pub const fn is_armed(self) -> bool {
        self.is_armed
    }

    /// When it wants a tick, if it does not listen yet.
    #[must_use]
    pub const fn armed_at(self) -> Option<u64> {
        if self.is_armed { None } else { Some(self.armed_at_ms) }
    }

    /// No key waits to be read at this time.
    pub fn tick(&mut self, now_ms: u64) {
        if self.is_armed || now_ms < self.armed_at_ms {
            return;
        }
        if self.has_looked {
            self.is_armed = true;
        } else {
            (self.has_looked, self.armed_at_ms) = (true, now_ms + LOOK_MS);
        }
    }

    /// A key came too early.
    pub fn dropped(&mut self, now_ms: u64) {
        let armed_at_ms = self.armed_at_ms.max(now_ms + SILENCE_MS);
        *self = Self { armed_at_ms, has_looked: false, is_armed: false };
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
            guard.tick(now_ms);
            assert!(!guard.is_armed(), "armed at {now_ms}");
            guard.dropped(now_ms);
            now_ms += 33;
        }
        guard.tick(9_200);
        guard.tick(9_200 + LOOK_MS);
        assert!(guard.is_armed());
    }

    #[test]
    fn time_alone_arms_nothing() {
        let mut guard = Guard::new(1_000);
        assert_eq!((guard.is_armed(), guard.armed_at()), (false, Some(1_380)));
        guard.tick(1_379);
        assert_eq!(guard.armed_at(), Some(1_380));
        // The first look is late, and a key was on its way.
        guard.tick(5_000);
        assert_eq!((guard.is_armed(), guard.armed_at()), (false, Some(5_020)));
        guard.dropped(5_001);
        assert_eq!(guard.armed_at(), Some(5_151));
        guard.tick(5_151);
        guard.tick(5_170);
        assert!(!guard.is_armed());
        guard.tick(5_171);
        assert_eq!((guard.is_armed(), guard.armed_at()), (true, None));
    }

    #[test]
    fn bursts_are_counted_by_key() {
        let mut burst = Burst::default();
        assert_eq!([0, 30, 60].map(|at_ms| burst.count('w', at_ms)), [1, 2, 3]);
        assert_eq!(burst.count('.', 61), 1);
        assert_eq!(burst.count('.', 200), 1);
    }
}
