//! The departures from the runbook as written, each with its reason.

use std::collections::HashMap;

use super::document::Deviation;
use crate::model::event::{Event, Stamped};
use crate::model::text::safe;
use crate::report::words::{Words, words};

/// What is told of them as the records go by.
#[derive(Debug, Default)]
pub(super) struct Deviations {
    pub found: Vec<Deviation>,
    /// The last failure of each step: the reason of what nobody had to give one for.
    failures: HashMap<String, String>,
}

/// The departures of a run, in their order; safe to show.
#[must_use]
pub fn of(records: &[Stamped]) -> Vec<Deviation> {
    let mut deviations = Deviations::default();
    // Repeated observations are most of a journal, and none of them departs from anything.
    let told = records.iter().filter(|stamped| !stamped.event.may_be_buffered());
    told.for_each(|stamped| deviations.take(stamped, &words(stamped)));
    deviations.found
}

impl Deviations {
    pub fn take(&mut self, stamped: &Stamped, words: &Words) {
        if let Event::StepFailed { step, reason, .. } | Event::RollbackFailed { step, reason, .. } = &stamped.event {
            self.failures.insert(step.clone(), safe(&format!("after: {reason}")));
        }
        let Some(deviation) = &words.deviation else { return };
        let failure = || stamped.event.step().and_then(|step| self.failures.get(step)).cloned();
        let reason = match deviation.reason.as_str() {
            "" => failure().unwrap_or_else(|| "no reason given".to_owned()),
            reason => safe(reason),
        };
        self.found.push(Deviation {
            seq: stamped.seq,
            at_ms: stamped.at_ms,
            step: words.step.as_deref().map(safe),
            what: deviation.what,
            by: words.by.as_deref().map(safe),
            reason,
        });
    }
}
