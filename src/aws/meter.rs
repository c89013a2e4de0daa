//! How far the calls are that do many things one by one: counted where they are made, read by whoever
//! draws a screen. Must not know: what is counted.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::model::progress::Progress;

/// The counts of the calls in flight, by step.
#[derive(Debug, Default)]
pub(super) struct Meters(Mutex<HashMap<String, Arc<Meter>>>);

/// The count of one call.
#[derive(Debug)]
pub(super) struct Meter {
    begun: Instant,
    done: AtomicU64,
    total: AtomicU64,
    bytes: AtomicU64,
    is_complete: AtomicBool,
}

/// A count while its call lasts.
pub(super) struct Running<'a> {
    meters: &'a Meters,
    step: &'a str,
    pub meter: Arc<Meter>,
}

impl Meters {
    /// A call of this step begins, and takes the place of an earlier one.
    pub fn begin<'a>(&'a self, step: &'a str) -> Running<'a> {
        let meter = Arc::new(Meter::new());
        self.lock().insert(step.to_owned(), Arc::clone(&meter));
        Running { meters: self, step, meter }
    }

    /// Nothing where nothing was counted.
    pub fn of(&self, step: &str) -> Option<Progress> {
        let meter = self.lock().get(step).map(Arc::clone)?;
        let total = meter.total.load(Ordering::Relaxed);
        (total > 0).then(|| Progress {
            unit: "objects",
            done: meter.done.load(Ordering::Relaxed),
            total,
            is_counting: !meter.is_complete.load(Ordering::Relaxed),
            bytes: meter.bytes.load(Ordering::Relaxed),
            elapsed_ms: u64::try_from(meter.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Meter>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Meter {
    pub fn new() -> Self {
        Self {
            begun: Instant::now(),
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            is_complete: AtomicBool::new(false),
        }
    }

    /// One more that is to be done.
    pub fn found(&self) {
        self.total.fetch_add(1, Ordering::Relaxed);
    }

    /// No more will be found.
    pub fn all_found(&self) {
        self.is_complete.store(true, Ordering::Relaxed);
    }

    pub fn done(&self, bytes: u64) {
        self.done.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut meters = self.meters.lock();
        // A probe of the same step may have begun since.
        if meters.get(self.step).is_some_and(|meter| Arc::ptr_eq(meter, &self.meter)) {
            meters.remove(self.step);
        }
    }
}
