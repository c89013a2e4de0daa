//! How far the work is that a verification waits for, and when it is over by what it says.
//!
//! At its own pace once that can be told, else by the service's own estimate. Must not know how it
//! is shown, nor which service says what.

use super::Engine;
use super::snapshot::ProgressView;
use super::state::Stage;
use crate::model::Value;
use crate::model::action::progress::{self, Progress};
use crate::model::event::Purpose;
use crate::model::plan::StepIx;
use crate::model::progress::Progress as Counted;
use crate::model::time::elapsed_ms;

/// Below this many percent a pace is a guess: most of the time went into getting started.
const TELLS_A_PACE: f64 = 5.0;

/// The last word of the work a step waits for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Work {
    pub percent: Option<f64>,
    /// When it will be over (Unix ms), as far as that can be told.
    pub ends_ms: Option<i64>,
}

/// When work that says `progress` at `at_ms` and has gone on since `began_ms` is over (Unix ms).
fn ends_ms(progress: &Progress, began_ms: i64, at_ms: i64) -> Option<i64> {
    let went_ms = elapsed_ms(began_ms, at_ms);
    let whole_ms = match progress.percent {
        Some(percent) if percent >= TELLS_A_PACE && went_ms > 0 => {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a span of time times 20 at most"
            )]
            let whole_ms = (went_ms as f64 * 100.0 / percent) as u64;
            whole_ms
        }
        _ => progress.expected_ms?,
    };
    Some(began_ms.saturating_add(i64::try_from(whole_ms).unwrap_or(i64::MAX / 4)).max(at_ms))
}

/// The same of what is counted one by one, once the counting of what there is has ended.
fn pace_of(counted: &Counted, at_ms: i64) -> Option<Work> {
    if counted.is_counting || counted.total == 0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a percentage")]
    let percent = counted.done.min(counted.total) as f64 * 100.0 / counted.total as f64;
    let began_ms = at_ms.saturating_sub(i64::try_from(counted.elapsed_ms).unwrap_or(i64::MAX / 4));
    let progress = Progress { percent: Some(percent), expected_ms: None, began_ms: None };
    Some(Work { percent: Some(percent), ends_ms: ends_ms(&progress, began_ms, at_ms) })
}

impl Engine {
    /// An answer for a step came: keeps what it says of work that goes on.
    pub(super) fn note_progress(&mut self, ix: StepIx, purpose: Purpose, answer: &Value, at: i64) {
        let step = &self.plan.steps[ix];
        let check = match purpose {
            Purpose::Verify(n) => step.verify.get(usize::from(n)),
            Purpose::Action => None,
            Purpose::Check(_) | Purpose::Before | Purpose::Probe | Purpose::Rollback(_) => return,
        };
        let uses = check.and_then(|check| check.uses.as_ref()).unwrap_or(&step.uses);
        let Some(progress) = progress::of(&uses.action.value, answer) else { return };
        let state = &self.steps[ix];
        // The service's clock is read as ours. Without its word the work began when we sent it.
        let told = progress.began_ms.map(|began_ms| began_ms.saturating_add(self.run.skew_ms));
        let began_ms = told.or(state.sent_ms).unwrap_or(at).min(at);
        self.steps[ix].work = Some(Work { percent: progress.percent, ends_ms: ends_ms(&progress, began_ms, at) });
    }

    /// The steps whose call is in flight: whoever carries it out may know how far it is.
    #[must_use]
    pub fn calling(&self) -> Vec<String> {
        let is_sent = |ix: &StepIx| self.steps[*ix].stage == Stage::Sent;
        (0..self.steps.len()).filter(is_sent).map(|ix| self.plan.steps[ix].key.clone()).collect()
    }

    /// How far a call in flight is that does many things one by one. For display alone: it stands in no
    /// journal, and nothing is decided by it.
    pub fn hear_progress(&mut self, step: &str, counted: Option<&Counted>, at_ms: i64) {
        let Some(&ix) = self.by_key.get(step) else { return };
        match counted.and_then(|counted| pace_of(counted, at_ms)) {
            Some(work) => self.told.insert(ix, work),
            None => self.told.remove(&ix),
        };
    }

    /// What the work says of itself that a step waits for now.
    pub(super) fn work_of(&self, ix: StepIx) -> Option<Work> {
        match self.steps[ix].stage {
            Stage::Verifying => self.steps[ix].work,
            Stage::Sent => self.told.get(&ix).copied(),
            _ => None,
        }
    }

    pub(super) fn progress_view(&self, ix: StepIx, now_ms: i64) -> Option<ProgressView> {
        let work = self.work_of(ix)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 100")]
        let percent = work.percent.map(|percent| percent as u8);
        Some(ProgressView { percent, ends_ms: work.ends_ms.map(|ends_ms| ends_ms.max(now_ms)) })
    }
}
