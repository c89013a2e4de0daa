//! Chances for whoever looks at the screen: worked out no more than once a second, from a history that
//! may come late, and never for a run that nobody watches.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::Engine;
use crate::engine::history::History;

/// Where the history of the runbook will stand once it was read.
pub type HistorySlot = Arc<OnceLock<Arc<History>>>;

/// The least time between two times that the chances are worked out.
const EVERY: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Foresight {
    slot: HistorySlot,
    has_learnt: bool,
    last: Option<Instant>,
}

impl Foresight {
    pub fn new(slot: HistorySlot) -> Self {
        Self { slot, has_learnt: false, last: None }
    }

    pub fn look(&mut self, engine: &mut Engine, now_ms: i64) {
        if !self.has_learnt
            && let Some(history) = self.slot.get()
        {
            engine.learn(Arc::clone(history));
            (self.has_learnt, self.last) = (true, None);
        }
        if self.last.is_none_or(|last| last.elapsed() >= EVERY) {
            engine.foresee(now_ms);
            self.last = Some(Instant::now());
        }
    }
}
