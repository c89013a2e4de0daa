//! Route 53 records.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod health;

use crate::model::Value;

pub use health::{GetHealthCheck, GetHealthCheckStatus, TestDnsAnswer, UpdateHealthCheck};

/// Result: `{id, status, submitted_at, old_ttl}`; `status` is `PENDING` or `INSYNC`; `old_ttl` is how many seconds resolvers may keep what the batch replaced, **absent** when it replaced nothing that has a TTL. A record that the gate has shown is changed only if it still is as shown: DELETE and CREATE in one batch stand in for its UPSERT.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeResourceRecordSets {
    pub hosted_zone_id: String,
    pub change_batch: ChangeBatch,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeBatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    pub changes: Vec<Change>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub action: ChangeAction,
    pub resource_record_set: ResourceRecordSet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum ChangeAction {
    Create,
    Delete,
    Upsert,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceRecordSet {
    pub name: String,
    pub r#type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_records: Option<Vec<ResourceRecord>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias_target: Option<AliasTarget>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_identifier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// `PRIMARY` or `SECONDARY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failover: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check_id: Option<String>,
}

impl ResourceRecordSet {
    /// The members above, as a listing has them.
    const MEMBERS: [&str; 10] = [
        "name",
        "type",
        "ttl",
        "resource_records",
        "alias_target",
        "set_identifier",
        "weight",
        "failover",
        "region",
        "health_check_id",
    ];

    /// Reads one as `list_resource_record_sets` answers it, and the names of what it has beyond the
    /// members above (`geo_location`, …). `None` when it is no record set at all.
    #[must_use]
    pub fn listed(value: &Value) -> Option<(Self, Vec<String>)> {
        let (known, more): (crate::model::Object, crate::model::Object) =
            value.as_object()?.clone().into_iter().partition(|(name, _)| Self::MEMBERS.contains(&name.as_str()));
        let set = serde_json::from_value(Value::Object(known)).ok()?;
        Some((set, more.into_iter().map(|(name, _)| name).collect()))
    }

    /// Whether both mean the same place in a zone: name, type and set.
    #[must_use]
    pub fn is_at(&self, other: &Self) -> bool {
        self.r#type == other.r#type
            && self.set_identifier == other.set_identifier
            && plain_name(&self.name) == plain_name(&other.name)
    }

    /// Whether both say the same, however it is spelt: dots, capitals of names, order of values.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.plain() == other.plain()
    }

    fn plain(&self) -> Self {
        let mut set = self.clone();
        set.name = plain_name(&set.name);
        if let Some(records) = &mut set.resource_records {
            for record in records.iter_mut() {
                record.value.truncate(record.value.trim_end_matches('.').len());
            }
            records.sort_by(|a, b| a.value.cmp(&b.value));
        }
        if let Some(alias) = &mut set.alias_target {
            alias.dns_name = plain_name(&alias.dns_name);
        }
        set
    }
}

/// A name as DNS compares it: in small letters, without its last dot, and with what Route 53 lists
/// as an octal escape (`\052` for `*`) as it was meant.
#[must_use]
pub fn plain_name(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut rest = name.strip_suffix('.').unwrap_or(name);
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let escaped = rest.get(at + 1..at + 4).and_then(|octal| u8::from_str_radix(octal, 8).ok());
        if let Some(byte) = escaped.filter(u8::is_ascii_graphic) {
            plain.push(char::from(byte));
            rest = &rest[at + 4..];
        } else {
            plain.push('\\');
            rest = &rest[at + 1..];
        }
    }
    plain.push_str(rest);
    plain.make_ascii_lowercase();
    plain
}

/// Where a zone's listing has a record: by its labels from the right, then by type.
#[must_use]
pub fn zone_order(set: &ResourceRecordSet) -> (String, &str) {
    let name = plain_name(&set.name).rsplit('.').collect::<Vec<_>>().join(".");
    (name, &set.r#type)
}

impl ChangeBatch {
    /// Where a listing must begin to show every record of the batch: a name, and a type when the
    /// batch has just one of it there.
    #[must_use]
    pub fn first_in_zone(&self) -> Option<(&str, Option<&str>)> {
        let sets = || self.changes.iter().map(|change| &change.resource_record_set);
        let first = sets().min_by_key(|set| zone_order(set))?;
        let others = sets().any(|set| set.r#type != first.r#type && plain_name(&set.name) == plain_name(&first.name));
        Some((&first.name, (!others).then_some(&first.r#type)))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceRecord {
    pub value: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AliasTarget {
    pub hosted_zone_id: String,
    pub dns_name: String,
    pub evaluate_target_health: bool,
}

/// Result: `{id, status, submitted_at}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetChange {
    pub id: String,
}

/// Result: `{resource_record_sets: [as in a change], is_truncated}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListResourceRecordSets {
    pub hosted_zone_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_record_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_record_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_items: Option<u32>,
}

/// Result: `{id, name, private_zone, resource_record_set_count, name_servers, linked_service|null}`; a zone with a linked service is that service's to change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetHostedZone {
    pub id: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_compare_as_dns_compares_them() {
        assert_eq!(plain_name("\\052.Shop.Example."), "*.shop.example");
        assert_eq!(plain_name("a\\b.example"), "a\\b.example");
        assert_eq!(plain_name("ü\\05"), "ü\\05");
        assert_eq!(plain_name(""), "");
    }

    #[test]
    fn a_listing_begins_with_the_first_of_a_batch() {
        let batch = |sets: &[(&str, &str)]| {
            let change = |(name, kind): &(&str, &str)| json!({"action": "UPSERT", "resource_record_set": {"name": name, "type": kind}});
            let changes: Vec<Value> = sets.iter().map(change).collect();
            serde_json::from_value::<ChangeBatch>(json!({"changes": changes})).unwrap()
        };
        let first = |sets: &[(&str, &str)]| batch(sets).first_in_zone().map(|(name, kind)| format!("{name} {kind:?}"));
        assert_eq!(first(&[("b.x", "A"), ("a.x", "CNAME")]).unwrap(), "a.x Some(\"CNAME\")");
        assert_eq!(first(&[("z.a.x", "A"), ("b.x", "A"), ("A.x.", "AAAA")]).unwrap(), "A.x. Some(\"AAAA\")");
        // The order of types is the service's own affair.
        assert_eq!(first(&[("a.x", "AAAA"), ("a.x.", "A")]).unwrap(), "a.x. None");
        assert!(first(&[]).is_none());
    }

    #[test]
    fn a_listed_set_says_what_it_has_beyond_the_model() {
        let set = json!({"name": "x.", "type": "A", "ttl": 60, "geo_location": {"country_code": "DE"}});
        let (set, more) = ResourceRecordSet::listed(&set).unwrap();
        assert_eq!((set.ttl, more), (Some(60), vec!["geo_location".to_owned()]));
        assert!(ResourceRecordSet::listed(&json!({"name": "x"})).is_none());
    }
}
