//! Compare and swap of records: what was shown at the gate is what gets replaced, or nothing is.
//!
//! Route 53 has no condition on a write, but a DELETE must name what is there, and a batch is done
//! as a whole or not at all: so DELETE of what was shown and CREATE of what is wanted stand in for
//! an UPSERT. The adapter sends this batch, and the command line shows it. Must not know: the SDK.

use super::route53::{Change, ChangeAction, ChangeBatch, ResourceRecordSet, zone_order};
use crate::model::Value;
use crate::model::outcome::{CloudError, CloudErrorKind};

/// What is really sent.
#[derive(Debug)]
pub struct Plan {
    pub changes: Vec<Change>,
    /// The longest TTL among the records that are replaced, seconds.
    pub old_ttl: Option<u32>,
    /// Whether the batch holds only while the records are as they were shown.
    guarded: bool,
}

/// Makes the batch that is sent of the one that was asked for.
///
/// # Errors
/// A record has members that the swap would lose.
pub fn plan(batch: &ChangeBatch, before: Option<&Value>) -> Result<Plan, CloudError> {
    let mut plan = Plan { changes: Vec::new(), old_ttl: None, guarded: false };
    let shown = before.and_then(Shown::of);
    for (ix, change) in batch.changes.iter().enumerate() {
        let wanted = &change.resource_record_set;
        let old = shown.as_ref().and_then(|shown| shown.at(wanted));
        plan.old_ttl = plan.old_ttl.max(match change.action {
            ChangeAction::Upsert => old.and_then(|(old, _)| old.ttl),
            ChangeAction::Delete => wanted.ttl,
            ChangeAction::Create => None,
        });
        // What the author spelt out change by change stays as it is.
        let others = batch
            .changes
            .iter()
            .enumerate()
            .any(|(other, change)| other != ix && change.resource_record_set.is_at(wanted));
        match (&shown, old) {
            (Some(shown), Some((old, more)))
                if change.action == ChangeAction::Upsert
                    && !others
                    && !old.says_the_same(wanted)
                    && !shown.is_of_the_zone(wanted) =>
            {
                if !more.is_empty() {
                    return Err(would_lose(old, more));
                }
                plan.guarded = true;
                plan.changes.push(Change { action: ChangeAction::Delete, resource_record_set: old.clone() });
                plan.changes.push(Change { action: ChangeAction::Create, resource_record_set: wanted.clone() });
            }
            (Some(shown), None)
                if change.action == ChangeAction::Upsert && !others && shown.shows_absence_of(wanted) =>
            {
                plan.guarded = true;
                plan.changes.push(Change { action: ChangeAction::Create, resource_record_set: wanted.clone() });
            }
            _ => plan.changes.push(change.clone()),
        }
    }
    Ok(plan)
}

fn would_lose(old: &ResourceRecordSet, more: &[String]) -> CloudError {
    CloudError {
        kind: CloudErrorKind::Invalid,
        code: "RecordHasMore".to_owned(),
        message: format!(
            "record {} {} has members that this action does not know ({}) and would lose; nothing was sent. Change it by hand",
            old.name,
            old.r#type,
            more.join(", ")
        ),
        request_id: None,
    }
}

impl Plan {
    /// AWS refused the batch. When that is because a record is no longer as it was shown, say so.
    #[must_use]
    pub fn refused(&self, error: CloudError) -> CloudError {
        let said = &error.message;
        let moved = ["was not found", "do not match", "does not match", "already exists"];
        if !self.guarded || !moved.iter().any(|words| said.contains(words)) {
            return error;
        }
        let message = format!("the record has changed since it was shown; look again. AWS: {said}");
        CloudError { message, ..error }
    }
}

/// The records as they were listed at the gate.
struct Shown {
    sets: Vec<(ResourceRecordSet, Vec<String>)>,
    /// More records follow, which nobody has seen.
    is_truncated: bool,
}

impl Shown {
    fn of(before: &Value) -> Option<Self> {
        let sets = before["resource_record_sets"].as_array()?.iter().filter_map(ResourceRecordSet::listed).collect();
        Some(Self { sets, is_truncated: before["is_truncated"] == true })
    }

    fn at(&self, wanted: &ResourceRecordSet) -> Option<&(ResourceRecordSet, Vec<String>)> {
        self.sets.iter().find(|(set, _)| set.is_at(wanted))
    }

    /// The listing begins with the first of the batch's records; whether it goes far enough to show
    /// that this one is not there.
    fn shows_absence_of(&self, wanted: &ResourceRecordSet) -> bool {
        let last = self.sets.last().map(|(set, _)| zone_order(set));
        !self.is_truncated || last.is_some_and(|last| zone_order(wanted) < last)
    }

    /// A zone's own SOA and NS records can be changed, but never deleted.
    fn is_of_the_zone(&self, wanted: &ResourceRecordSet) -> bool {
        let soa = ResourceRecordSet { r#type: "SOA".to_owned(), ..wanted.clone() };
        wanted.r#type == "SOA" || wanted.r#type == "NS" && self.at(&soa).is_some()
    }
}

#[cfg(test)]
mod tests;
