//! The moments of an incident, and the times between them. What is not known stays unknown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::snapshot::{MilestoneSource, MilestoneView, Snapshot};
use crate::model::milestone::Milestone;
use crate::model::outcome::RunStatus;
use crate::model::text::safe;
use crate::model::time::{elapsed_ms, rfc3339};

/// A moment as scripts and documents have it: made safe to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MilestoneSummary {
    pub milestone: Milestone,
    pub at: String,
    /// When it was written down; `null` where the run itself says it.
    pub recorded_at: Option<String>,
    pub by: Option<String>,
    pub step: Option<String>,
    pub source: MilestoneSource,
}

impl From<&MilestoneView> for MilestoneSummary {
    fn from(view: &MilestoneView) -> Self {
        Self {
            milestone: view.milestone,
            at: rfc3339(view.at_ms),
            recorded_at: view.recorded_ms.map(rfc3339),
            by: view.by.as_deref().map(safe),
            step: view.step.as_deref().map(safe),
            source: view.source,
        }
    }
}

impl MilestoneSummary {
    /// How it is known, in words.
    #[must_use]
    pub fn how(&self) -> String {
        match (self.source, &self.step, &self.by) {
            (MilestoneSource::Step, Some(step), _) => format!("step {step}"),
            (MilestoneSource::Step, None, _) => "a step".to_owned(),
            (MilestoneSource::Told, _, Some(by)) => format!("told by {by}"),
            (MilestoneSource::Told, _, None) => "told".to_owned(),
            (MilestoneSource::Clock, ..) => "start of the RTO clock".to_owned(),
            (MilestoneSource::Run, ..) => "end of the run".to_owned(),
        }
    }
}

/// The times that means are made of, in milliseconds; `null` where one end is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Intervals {
    /// Impact → detected.
    pub detect_ms: Option<u64>,
    /// Detected → declared.
    pub decide_ms: Option<u64>,
    /// Impact → recovered.
    pub restore_ms: Option<u64>,
}

impl Intervals {
    #[must_use]
    pub fn of(known: &[MilestoneView]) -> Self {
        let at = |wanted| known.iter().find(|one| one.milestone == wanted).map(|one| one.at_ms);
        // Told the wrong way round, it says nothing.
        let between = |from, to| {
            let (from, to) = (at(from)?, at(to)?);
            (from <= to).then(|| elapsed_ms(from, to))
        };
        Self {
            detect_ms: between(Milestone::Impact, Milestone::Detected),
            decide_ms: between(Milestone::Detected, Milestone::Declared),
            restore_ms: between(Milestone::Impact, Milestone::Recovered),
        }
    }
}

/// How long the recovery took by the RTO's clock, counted in two ways. In milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Rta {
    /// Until the verifications were green; `null` without a recovery. This one counts.
    pub verified_ms: Option<u64>,
    /// Until the last call that changed something was answered.
    pub last_call_ms: Option<u64>,
}

impl Rta {
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let used = |at_ms: i64| elapsed_ms(snapshot.clock_at_ms, at_ms);
        let by_step =
            |one: &MilestoneView| one.milestone == Milestone::Recovered && one.source == MilestoneSource::Step;
        let recovered = snapshot.status == RunStatus::Succeeded || snapshot.milestones.iter().any(by_step);
        Self {
            verified_ms: snapshot.rta_end_ms.filter(|_| recovered).map(used),
            last_call_ms: snapshot.last_call_ms.map(used),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(milestone: Milestone, at_ms: i64) -> MilestoneView {
        let source = MilestoneSource::Told;
        MilestoneView { milestone, at_ms, recorded_ms: None, seq: None, by: None, step: None, source }
    }

    #[test]
    fn what_is_not_known_stays_unknown() {
        assert_eq!(Intervals::of(&[]), Intervals::default());
        let told = [view(Milestone::Impact, 1_000), view(Milestone::Detected, 5_000)];
        assert_eq!(Intervals::of(&told), Intervals { detect_ms: Some(4_000), ..Intervals::default() });
        let backwards = [view(Milestone::Impact, 9_000), view(Milestone::Detected, 5_000)];
        assert_eq!(Intervals::of(&backwards).detect_ms, None);
    }
}
