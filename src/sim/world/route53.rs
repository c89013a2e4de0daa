//! Route 53: zones, records, and changes that take their time to reach every name server.
//!
//! Knows: records as the control plane holds them, and since when the name servers do. Must not
//! know: what resolvers have cached.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Answer, Context, Due, Refusal, World};
use crate::model::Value;
use crate::model::action::route53::{self as calls, ChangeAction, ResourceRecordSet};
use crate::model::time::rfc3339;
use crate::sim::naming::{bare, short};

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Zone {
    /// Without the last dot.
    pub name: String,
    pub records: BTreeMap<RecordKey, Record>,
    pub is_private: bool,
}

/// Records sort as the service lists them: by their labels from the right, then type, then set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordKey {
    reversed: String,
    pub kind: String,
    pub set: Option<String>,
}

/// One record: as asked for, and as the name servers have come to answer it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    pub current: Option<ResourceRecordSet>,
    /// Since when each state is answered; the first since ever.
    pub served: Vec<(i64, Option<ResourceRecordSet>)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub id: String,
    pub status: String,
    pub submitted_at: String,
}

const IN_SYNC_MS: (u64, u64) = (30_000, 60_000);
const DEFAULT_PAGE: u32 = 300;

impl RecordKey {
    #[must_use]
    pub fn new(name: &str, kind: &str, set: Option<&str>) -> Self {
        Self { reversed: reversed(name), kind: kind.to_owned(), set: set.map(str::to_owned) }
    }

    #[must_use]
    pub fn of(record: &ResourceRecordSet) -> Self {
        Self::new(&record.name, &record.r#type, record.set_identifier.as_deref())
    }

    #[must_use]
    pub fn is_of(&self, name: &str, kind: &str) -> bool {
        self.kind == kind && self.reversed == reversed(name)
    }
}

fn reversed(name: &str) -> String {
    bare(name).rsplit('.').collect::<Vec<_>>().join(".")
}

impl Record {
    /// A record that has never been there.
    fn absent() -> Self {
        Self { current: None, served: vec![(i64::MIN, None)] }
    }

    /// A record that has been there for ever.
    #[must_use]
    pub fn settled(record: ResourceRecordSet) -> Self {
        Self { current: Some(record.clone()), served: vec![(i64::MIN, Some(record))] }
    }
}

impl Zone {
    pub fn put(&mut self, record: ResourceRecordSet) {
        self.records.entry(RecordKey::of(&record)).or_insert_with(|| Record::settled(record));
    }

    /// Makes a name known without any record of it.
    pub fn mention(&mut self, key: RecordKey) {
        self.records.entry(key).or_insert_with(Record::absent);
    }

    /// The names of its records, each once.
    #[must_use]
    pub fn record_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.records.keys().map(|key| reversed(&key.reversed)).collect();
        names.dedup();
        names
    }

    fn current(&self, key: &RecordKey) -> Option<&ResourceRecordSet> {
        self.records.get(key).and_then(|record| record.current.as_ref())
    }

    /// The zone's records after a batch, or why the whole batch is refused.
    fn after(&self, batch: &calls::ChangeBatch) -> Result<BTreeMap<RecordKey, Option<ResourceRecordSet>>, Refusal> {
        let mut draft: BTreeMap<RecordKey, Option<ResourceRecordSet>> = BTreeMap::new();
        let refuse = |why: String| Err(Refusal::invalid("InvalidChangeBatch", why));
        for change in &batch.changes {
            let wanted = &change.resource_record_set;
            let label = format!("[name='{}.', type='{}']", bare(&wanted.name), wanted.r#type);
            if !self.holds(&wanted.name) {
                return refuse(format!(
                    "RRSet with DNS name {}. is not permitted in zone {}.",
                    bare(&wanted.name),
                    self.name
                ));
            }
            if wanted.resource_records.is_none() == wanted.alias_target.is_none() {
                return refuse(format!("Invalid request: {label} needs either records or an alias target"));
            }
            let key = RecordKey::of(wanted);
            let there = draft.get(&key).cloned().unwrap_or_else(|| self.current(&key).cloned());
            let next = match (change.action, there) {
                (ChangeAction::Create, Some(_)) => {
                    return refuse(format!("Tried to create resource record set {label} but it already exists"));
                }
                (ChangeAction::Delete, None) => {
                    return refuse(format!("Tried to delete resource record set {label} but it was not found"));
                }
                (ChangeAction::Delete, Some(there)) if !there.says_the_same(wanted) => {
                    let why = "but the values provided do not match the current values";
                    return refuse(format!("Tried to delete resource record set {label} {why}"));
                }
                (ChangeAction::Delete, Some(_)) => None,
                (ChangeAction::Create | ChangeAction::Upsert, _) => Some(wanted.clone()),
            };
            draft.insert(key, next);
        }
        Ok(draft)
    }

    /// The longest TTL among the records that a batch replaces.
    fn replaced_ttl(&self, draft: &BTreeMap<RecordKey, Option<ResourceRecordSet>>) -> Option<u32> {
        draft.keys().filter_map(|key| self.current(key)?.ttl).max()
    }

    fn holds(&self, name: &str) -> bool {
        let name = bare(name);
        name == self.name || name.strip_suffix(&self.name).is_some_and(|rest| rest.ends_with('.'))
    }
}

impl Change {
    fn view(&self) -> Value {
        json!({"id": self.id, "status": self.status, "submitted_at": self.submitted_at})
    }
}

impl World {
    pub(super) fn zone(&self, id: &str) -> Result<&Zone, Refusal> {
        let missing = || Refusal::not_found("NoSuchHostedZone", format!("No hosted zone found with ID: {id}"));
        self.zones.get(short(id)).ok_or_else(missing)
    }

    pub(super) fn change_records(
        &mut self,
        call: &calls::ChangeResourceRecordSets,
        context: &mut Context<'_>,
    ) -> Answer {
        let draft = self.zone(&call.hosted_zone_id)?.after(&call.change_batch)?;
        let old_ttl = self.zone(&call.hosted_zone_id)?.replaced_ttl(&draft);
        let id = format!("/change/C{}", context.dice.text(crate::sim::dice::ID, 20));
        let in_sync_at = self.after(context.dice.between(IN_SYNC_MS.0, IN_SYNC_MS.1) + context.fate.hang_ms);
        let change = Change { id: id.clone(), status: "PENDING".to_owned(), submitted_at: rfc3339(self.now_ms) };
        let mut view = change.view();
        if let Some(ttl) = old_ttl {
            view["old_ttl"] = json!(ttl);
        }
        if let Some(zone) = self.zones.get_mut(short(&call.hosted_zone_id)) {
            for (key, next) in draft {
                let record = zone.records.entry(key).or_insert_with(Record::absent);
                record.current.clone_from(&next);
                // A later change never reaches the name servers before an earlier one.
                let at_ms = record.served.last().map_or(in_sync_at, |(since, _)| in_sync_at.max(*since));
                record.served.push((at_ms, next));
            }
        }
        self.changes.insert(short(&id).to_owned(), change);
        self.agenda.put(in_sync_at, Due::ChangeInSync(short(&id).to_owned()));
        Ok(view)
    }

    pub(super) fn change_in_sync(&mut self, id: &str) {
        if let Some(change) = self.changes.get_mut(id) {
            "INSYNC".clone_into(&mut change.status);
        }
    }

    pub(super) fn get_change(&self, call: &calls::GetChange) -> Answer {
        let missing = || Refusal::not_found("NoSuchChange", format!("No change found with ID: {}", call.id));
        self.changes.get(short(&call.id)).map(Change::view).ok_or_else(missing)
    }

    pub(super) fn get_hosted_zone(&self, call: &calls::GetHostedZone) -> Answer {
        let zone = self.zone(&call.id)?;
        let count = zone.records.values().filter(|record| record.current.is_some()).count();
        let mut dice = super::Dice::named(self.seed, &format!("name servers {}", short(&call.id)));
        let servers: Vec<String> = [("com", 0), ("net", 512), ("org", 1024), ("co.uk", 1536)]
            .iter()
            .map(|(top, first)| format!("ns-{}.awsdns-{:02}.{top}", first + dice.between(0, 511), dice.between(0, 63)))
            .collect();
        Ok(json!({
            "id": format!("/hostedzone/{}", short(&call.id)),
            "name": format!("{}.", zone.name),
            "private_zone": zone.is_private,
            // The apex always has its SOA and NS records.
            "resource_record_set_count": count + 2,
            "name_servers": if zone.is_private { Vec::new() } else { servers },
            "linked_service": null,
        }))
    }

    pub(super) fn list_records(&self, call: &calls::ListResourceRecordSets) -> Answer {
        let zone = self.zone(&call.hosted_zone_id)?;
        let start = call
            .start_record_name
            .as_deref()
            .map(|name| (reversed(name), call.start_record_type.clone().unwrap_or_default()));
        let page = usize::try_from(call.max_items.unwrap_or(DEFAULT_PAGE)).unwrap_or(usize::MAX);
        let mut found = zone
            .records
            .iter()
            .filter(|(key, _)| start.as_ref().is_none_or(|(name, kind)| (&key.reversed, &key.kind) >= (name, kind)))
            .filter_map(|(_, record)| record.current.as_ref());
        let sets: Vec<Value> = found.by_ref().take(page).map(view_of).collect();
        Ok(json!({"resource_record_sets": sets, "is_truncated": found.next().is_some()}))
    }
}

/// A record as the service lists it: its name ends with a dot.
fn view_of(record: &ResourceRecordSet) -> Value {
    let mut view = serde_json::to_value(record).unwrap_or(Value::Null);
    view["name"] = json!(format!("{}.", bare(&record.name)));
    view
}
