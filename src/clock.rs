//! Floor 2: real time, for real runs. Drills in the simulated cloud have a clock of their own.
//!
//! The wall clock is read once; from then on time is what has passed since boot, sleep of the
//! machine included, so the run's time never goes back and no correction of the wall clock bends an
//! RTO. The journal stamps each record with the same time since boot.
//!
//! Must not know: what is timed with it.

use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;

use crate::engine::ports::Clock;

/// A timer of the runtime stands still while the machine is suspended, so no single one is longer
/// than this: after waking up the clock is looked at again within it.
const LONGEST_NAP: Duration = Duration::from_secs(1);

/// Time passed since some fixed moment.
type Elapsed = Box<dyn Fn() -> Duration + Send + Sync>;

/// The clock of a real run.
pub struct SystemClock {
    start_ms: i64,
    /// Nothing is earlier than this: a resumed run cannot be earlier than its last record.
    floor_ms: i64,
    started: Duration,
    since_boot: Elapsed,
    longest_nap: Duration,
}

impl SystemClock {
    /// The machine's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::of(wall_ms(), Box::new(since_boot))
    }

    /// A run that is resumed cannot be earlier than the last thing its journal saw: if the machine's
    /// clock was set back in between, time stands still until it has caught up.
    #[must_use]
    pub const fn not_before(mut self, at_ms: i64) -> Self {
        self.floor_ms = at_ms;
        self
    }

    fn of(start_ms: i64, since_boot: Elapsed) -> Self {
        let started = since_boot();
        Self { start_ms, floor_ms: i64::MIN, started, since_boot, longest_nap: LONGEST_NAP }
    }

    fn time_ms(&self) -> i64 {
        let passed = (self.since_boot)().saturating_sub(self.started);
        self.start_ms.saturating_add(i64::try_from(passed.as_millis()).unwrap_or(i64::MAX)).max(self.floor_ms)
    }

    /// How long to sleep before the clock is looked at again; `None` when the time has come.
    fn nap(&self, at_ms: i64) -> Option<Duration> {
        let left_ms = u64::try_from(at_ms.saturating_sub(self.time_ms())).ok().filter(|left| *left > 0)?;
        Some(Duration::from_millis(left_ms).min(self.longest_nap))
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for SystemClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SystemClock").field("now_ms", &self.time_ms()).finish_non_exhaustive()
    }
}

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        self.time_ms()
    }

    fn sleep_until(&self, at_ms: i64) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            while let Some(nap) = self.nap(at_ms) {
                tokio::time::sleep(nap).await;
            }
        })
    }

    /// Real time cannot be skipped.
    fn skip_idle(&self) -> bool {
        false
    }

    /// Real time has one pace.
    fn set_human_pace(&self, _human: bool) {}
}

/// The wall clock of this machine, Unix ms.
#[must_use]
pub fn wall_ms() -> i64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Time since boot; elsewhere than on Linux the monotonic clock is the one that counts sleep.
fn since_boot() -> Duration {
    #[cfg(target_os = "linux")]
    let clock = rustix::time::ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = rustix::time::ClockId::Monotonic;
    let now = rustix::time::clock_gettime(clock);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    const NOW_MS: i64 = 1_767_495_600_000;

    /// A machine whose time since boot is set by hand.
    fn machine(boot_ms: u64) -> (Arc<AtomicU64>, SystemClock) {
        let boot = Arc::new(AtomicU64::new(boot_ms));
        let read = Arc::clone(&boot);
        let clock = SystemClock::of(NOW_MS, Box::new(move || Duration::from_millis(read.load(Ordering::Relaxed))));
        (boot, clock)
    }

    #[test]
    fn time_is_the_wall_at_the_start_and_what_has_passed_since() {
        let (boot, clock) = machine(5_000);
        assert_eq!(clock.now_ms(), NOW_MS);
        boot.store(65_000, Ordering::Relaxed);
        assert_eq!(clock.now_ms(), NOW_MS + 60_000);
        assert!(!clock.skip_idle());
    }

    #[test]
    fn a_resumed_run_is_never_earlier_than_its_last_record() {
        let (boot, clock) = machine(0);
        let clock = clock.not_before(NOW_MS + 2_000);
        assert_eq!(clock.now_ms(), NOW_MS + 2_000);
        boot.store(1_000, Ordering::Relaxed);
        assert_eq!(clock.now_ms(), NOW_MS + 2_000);
        boot.store(2_500, Ordering::Relaxed);
        assert_eq!(clock.now_ms(), NOW_MS + 2_500);
    }

    #[test]
    fn a_nap_is_never_longer_than_what_is_left_nor_than_a_suspended_machine_may_oversleep() {
        let (boot, clock) = machine(0);
        assert_eq!(clock.nap(NOW_MS), None);
        assert_eq!(clock.nap(NOW_MS - 1), None);
        assert_eq!(clock.nap(NOW_MS + 250), Some(Duration::from_millis(250)));
        assert_eq!(clock.nap(NOW_MS + 3_600_000), Some(LONGEST_NAP));
        // Suspended for an hour: the next look finds that the time has come.
        boot.store(3_600_000, Ordering::Relaxed);
        assert_eq!(clock.nap(NOW_MS + 3_600_000), None);
    }

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_machine_does_and_not_when_its_timer_would_have_rung() {
        let looks = AtomicU64::new(0);
        // Asleep from the third look on: two hours pass at once.
        let since_boot = move || match looks.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => Duration::ZERO,
            _ => Duration::from_hours(2),
        };
        let mut clock = SystemClock::of(NOW_MS, Box::new(since_boot));
        clock.longest_nap = Duration::from_millis(1);
        clock.sleep_until(NOW_MS + 7_200_000).await;
        assert!(clock.now_ms() >= NOW_MS + 7_200_000);
    }

    #[test]
    fn the_machines_own_clock_is_near_its_wall_and_does_not_go_back() {
        let clock = SystemClock::new();
        let mut last_ms = clock.now_ms();
        assert!((last_ms - wall_ms()).abs() < 60_000);
        for _ in 0..1_000 {
            let now_ms = clock.now_ms();
            assert!(now_ms >= last_ms);
            last_ms = now_ms;
        }
    }
}
