//! What the loop shows: the snapshot, what is counted in flight, devices and practice codes.
//!
//! Must not decide or record anything.

use std::sync::Arc;

use super::Driver;
use crate::driver::Operator;
use crate::driver::answers::people;
use crate::driver::handle::{Over, PracticeCode, View};
use crate::engine::snapshot::{Activity, Snapshot};

impl Driver {
    /// What the faces see from now on, if anything has changed.
    pub(super) fn publish(&mut self, over: Option<Over>) {
        if !std::mem::take(&mut self.dirty) && over.is_none() {
            return;
        }
        let now_ms = self.parts.clock.now_ms();
        for step in self.parts.engine.calling() {
            let progress = self.parts.cloud.progress(&step);
            self.parts.engine.hear_progress(&step, progress.as_ref(), now_ms);
        }
        if self.parts.operator == Operator::Person {
            self.foresight.look(&mut self.parts.engine, now_ms);
        }
        let mut snapshot = self.parts.engine.snapshot(now_ms);
        let (seq, head) = self.parts.journal.head();
        snapshot.journal_seq = seq;
        snapshot.journal_head = head.chars().take(8).collect();
        if let Some(drill) = &mut snapshot.drill {
            drill.faults.clone_from(&self.parts.faults);
        }
        for step in snapshot.steps.iter_mut().filter(|step| step.activity_kind == Activity::Calling) {
            if let Some(progress) = self.parts.cloud.progress(&step.key) {
                step.activity = progress.words();
            }
        }
        let practice = self.practice(&mut snapshot, now_ms);
        let (rows, is_open) = (Arc::clone(&self.rows), self.is_open);
        self.view.send_replace(Arc::new(View { snapshot, rows, practice, is_open, watched: None, over }));
    }

    /// Codes of the drill authenticator for everybody a gate may ask, and the devices' names.
    fn practice(&self, snapshot: &mut Snapshot, now_ms: i64) -> Vec<PracticeCode> {
        let mfa = &self.parts.mfa;
        for step in &mut snapshot.steps {
            let views = [
                step.gate.as_mut().and_then(|gate| gate.mfa.as_mut()),
                step.rollback.as_mut().and_then(|rollback| rollback.mfa.as_mut()),
                step.unknown.as_mut().and_then(|unknown| unknown.mfa.as_mut()),
            ];
            for view in views.into_iter().flatten() {
                view.device = mfa.device(&view.person).unwrap_or_default();
            }
        }
        people(&self.parts.engine)
            .into_iter()
            .filter_map(|person| {
                let (code, left_ms) = mfa.practice_code(&person, now_ms)?;
                Some(PracticeCode { person, code, left_ms })
            })
            .collect()
    }
}
