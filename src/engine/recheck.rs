//! Pre-checks that have grown old: a gate may wait for hours, and what was true when it opened need
//! not be true when somebody presses the run key. Then they are asked again before anything is sent.
//!
//! Must not know what a check asks.

use super::Engine;
use super::effect::Effect;
use super::snapshot::CheckState;
use super::state::{CheckProgress, Stage};
use crate::model::plan::StepIx;
use crate::model::time::elapsed_ms;

/// How long the answer to a pre-check may be acted on, in milliseconds of the run's clock. Longer than
/// reading the dialog, typing a name and a code takes; shorter than a code's worth of waiting for people.
pub(super) const CHECKS_HOLD_MS: u64 = 60_000;

impl Engine {
    /// How old the oldest answer to a pre-check of a change is, once that is too old.
    pub(super) fn outdated_ms(&self, ix: StepIx, at: i64) -> Option<u64> {
        let step = &self.plan.steps[ix];
        if !step.risk.changes() {
            return None;
        }
        let asked = step.checks.iter().zip(&self.steps[ix].checks).filter(|(check, _)| check.uses.is_some());
        let passed = asked.filter(|(_, one)| one.state == CheckState::Passed).filter_map(|(_, one)| one.passed_ms);
        passed.map(|ms| elapsed_ms(ms, at)).max().filter(|age_ms| *age_ms > CHECKS_HOLD_MS)
    }

    /// The confirmation stands while they are asked once more; one that fails takes it away. What
    /// somebody has overridden stays overridden.
    pub(super) fn on_checks_outdated(&mut self, ix: StepIx, age_ms: u64, at: i64, out: &mut Vec<Effect>) {
        if self.steps[ix].stage != Stage::Gated {
            return self.anomaly(out, format!("the checks of `{}` are not to be asked now", self.plan.steps[ix].key));
        }
        let plan = std::sync::Arc::clone(&self.plan);
        self.mutate(ix, at, |state| {
            state.stage = Stage::Checking;
            state.recheck = Some(age_ms);
            state.read_tries = 0;
            for (check, progress) in plan.steps[ix].checks.iter().zip(&mut state.checks) {
                if check.uses.is_some() && progress.state == CheckState::Passed {
                    let last = progress.last.take();
                    *progress = CheckProgress { last, next_ms: at, ..CheckProgress::default() };
                }
            }
        });
        self.drive(ix, at, out);
    }

    /// A pause starts no further step: what was confirmed and not yet sent is asked for again.
    pub(super) fn unconfirm_rechecked(&mut self) {
        for state in &mut self.steps {
            if state.recheck.is_some() && matches!(state.stage, Stage::Checking | Stage::Gated) {
                state.unconfirm();
            }
        }
    }
}
