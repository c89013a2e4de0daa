//! The clocks stamped into each record besides the run's own time.

use std::sync::Arc;

/// Which clocks a journal reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clocks {
    /// This machine's time since boot, and which boot it was.
    Real,
    /// None: everything follows from the run's virtual time, so that a seed reproduces the bytes.
    Virtual,
}

impl Clocks {
    /// Nanoseconds since boot, sleep included where the system can tell.
    pub(super) fn boot_ns(self, at_ms: i64) -> u64 {
        match self {
            Self::Virtual => u64::try_from(at_ms).unwrap_or(0).saturating_mul(1_000_000),
            Self::Real => real_boot_ns(),
        }
    }

    pub(super) fn boot_id(self) -> Arc<str> {
        match self {
            Self::Virtual => Arc::from("virtual"),
            Self::Real => real_boot_id(),
        }
    }

    /// The time to stamp recovery with, which happens before anybody says what time it is.
    pub(super) fn recovery_at_ms(self, last_ms: i64) -> i64 {
        match self {
            Self::Virtual => last_ms,
            Self::Real => chrono::Utc::now().timestamp_millis().max(last_ms),
        }
    }
}

fn real_boot_ns() -> u64 {
    #[cfg(target_os = "linux")]
    let clock = rustix::time::ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = rustix::time::ClockId::Monotonic;
    let now = rustix::time::clock_gettime(clock);
    let (s, ns) = (u64::try_from(now.tv_sec).unwrap_or(0), u64::try_from(now.tv_nsec).unwrap_or(0));
    s.saturating_mul(1_000_000_000).saturating_add(ns)
}

/// Linux names each boot; elsewhere the id is unknown and times of two processes do not compare.
fn real_boot_id() -> Arc<str> {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map_or_else(|_| Arc::from("unknown"), |id| id.trim().into())
}
