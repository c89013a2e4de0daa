//! The texts of an event that come from outside or from people: what may hold a secret.
//!
//! Ids, names and digests stay as they are: they stand in the runbook, which is refused when a
//! secret stands in it.

use super::Redactor;
use crate::model::event::Event;

impl Redactor {
    /// Hides secrets in what a person wrote or a program, an endpoint or a cloud answered.
    pub fn hide_in_event(&self, event: &mut Event) {
        if self.is_empty() {
            return;
        }
        match event {
            Event::RunStarted(_)
            | Event::RunResumed { .. }
            | Event::RunContinued
            | Event::RunFinished { .. }
            | Event::BudgetExceeded { .. }
            | Event::TornTailCut { .. }
            | Event::StepReady { .. }
            | Event::GateOpened { .. }
            | Event::StepConfirmed { .. }
            | Event::StepAutoConfirmed { .. }
            | Event::MfaVerified { .. }
            | Event::ApprovalGranted { .. }
            | Event::ActionRequested { .. }
            | Event::ProbeRequested { .. }
            | Event::RetryScheduled { .. }
            | Event::ChecksOutdated { .. }
            | Event::StepRetried { .. }
            | Event::RollbackStarted { .. }
            | Event::StepRolledBack { .. }
            | Event::TimerFired { .. } => {}
            Event::RunPaused { reason: text }
            | Event::RunLeft { reason: text }
            | Event::RunAborted { reason: text }
            | Event::NoteAdded { text, .. }
            | Event::ActionItemAdded { text, .. }
            | Event::ActionItemDone { text, .. }
            | Event::Anomaly { detail: text }
            | Event::CheckFailed { message: text, .. }
            | Event::CheckOverridden { reason: text, .. }
            | Event::ProbeAnswered { detail: text, .. }
            | Event::UnknownResolved { reason: text, .. }
            | Event::VerificationInDoubt { message: text, .. }
            | Event::StepFailed { reason: text, .. }
            | Event::StepSkipped { reason: text, .. }
            | Event::StepDoneExternally { evidence: text, .. }
            | Event::RollbackFailed { reason: text, .. } => self.hide(text),
            Event::CheckPassed { detail, .. } | Event::MfaRefused { detail, .. } => {
                if let Some(text) = detail {
                    self.hide(text);
                }
            }
            Event::MilestoneReached { text, .. } => {
                if let Some(text) = text {
                    self.hide(text);
                }
            }
            Event::Observed { result, request_id, .. } => {
                match result {
                    Ok(value) => self.hide_in(value),
                    Err(error) => self.hide_in_error(error),
                }
                if let Some(id) = request_id {
                    self.hide(id);
                }
            }
            Event::ActionSucceeded { result, request_id, .. } => {
                self.hide_in(result);
                if let Some(id) = request_id {
                    self.hide(id);
                }
            }
            Event::ActionRefused { error, .. } | Event::ActionUnknown { error, .. } => self.hide_in_error(error),
            Event::StepSucceeded { outputs, .. } => {
                outputs.values_mut().for_each(|value| self.hide_in(value));
            }
        }
    }
}
