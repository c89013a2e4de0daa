//! Zones, records and distributions that a plan takes for granted, as they are before it.

use super::{Dice, Wanted, counterpart};
use crate::model::Value;
use crate::model::action::route53::{AliasTarget, ResourceRecord, ResourceRecordSet};
use crate::sim::dice::HOST;
use crate::sim::naming::{bare, host_of, short};
use crate::sim::world::World;
use crate::sim::world::cloudfront::{Distribution, new_id};
use crate::sim::world::health::{HealthCheck, Turn};
use crate::sim::world::route53::{Record, RecordKey};

const OLD_TTL_S: [u32; 3] = [60, 120, 300];

/// The zone a call names, with the records it is going to change at their old values.
pub fn zone(world: &mut World, wanted: &Wanted) {
    let Some(id) = wanted.text("hosted_zone_id").or_else(|| wanted.text("id")).map(short) else { return };
    world.zones.entry(id.to_owned()).or_default();
    if let (Some(name), Some(kind)) = (wanted.text("record_name"), wanted.text("record_type"))
        && let Some(zone) = world.zones.get_mut(id)
    {
        zone.mention(RecordKey::new(name, kind, None));
    }
    let changes = wanted.with["change_batch"]["changes"].as_array().cloned().unwrap_or_default();
    for change in &changes {
        let set = &change["resource_record_set"];
        let (Some(name), Some(kind)) = (set["name"].as_str(), set["type"].as_str()) else { continue };
        if let Some(id) = set["health_check_id"].as_str().filter(|_| set["failover"] == "PRIMARY") {
            put_health_check(world, id, Turn::default());
        }
        // What a rollback puts back is no news about how things are now.
        let verb = change["action"].as_str().filter(|_| wanted.changes);
        let old = match verb {
            Some("DELETE") => serde_json::from_value::<ResourceRecordSet>(set.clone()).ok(),
            Some("UPSERT") if is_brought_back(world, id, name, kind, set) => {
                // Where the plan leaves it is where it leads now, and not the other side.
                for name in new_names(set) {
                    world.standby_names.remove(&name);
                }
                put_back(world, id, name, kind, set);
                continue;
            }
            Some("UPSERT") => Some(old_record(world, wanted, name, kind, set)),
            _ => None,
        };
        if wanted.changes {
            world.standby_names.extend(new_names(set));
        }
        let Some(old) = old else {
            if let Some(zone) = world.zones.get_mut(id) {
                zone.mention(RecordKey::new(name, kind, set["set_identifier"].as_str()));
            }
            continue;
        };
        // The same value before and after says nothing about sides: a weight is what changes.
        let leads_back = set["weight"].as_u64().is_none_or(|weight| weight == 0);
        if leads_back {
            let values = old.resource_records.iter().flatten().map(|record| bare(&record.value));
            world.primary_names.extend(values);
            world.primary_names.extend(old.alias_target.iter().map(|alias| bare(&alias.dns_name)));
        }
        if let Some(zone) = world.zones.get_mut(id) {
            zone.put(old);
        }
    }
}

/// Whether an earlier step of the plan has changed this record already: a test, there and back.
fn is_brought_back(world: &World, zone: &str, name: &str, kind: &str, set: &Value) -> bool {
    let key = RecordKey::new(name, kind, None);
    let earlier = world.zones.get(zone).and_then(|zone| zone.records.get(&key)?.current.as_ref());
    let is_plain = ["weight", "failover", "alias_target", "set_identifier"].iter().all(|member| set[member].is_null());
    is_plain && earlier.is_some_and(|earlier| earlier.alias_target.is_none())
}

/// The record as the plan leaves it, with the TTL that it has had.
fn put_back(world: &mut World, zone: &str, name: &str, kind: &str, set: &Value) {
    let Some(zone) = world.zones.get_mut(zone) else { return };
    let ttl = zone.records.get(&RecordKey::new(name, kind, None)).and_then(|record| record.current.as_ref()?.ttl);
    let Ok(left) = serde_json::from_value::<ResourceRecordSet>(set.clone()) else { return };
    world.primary_names.extend(left.resource_records.iter().flatten().map(|record| bare(&record.value)));
    let left = ResourceRecordSet { ttl, ..left };
    zone.records.insert(RecordKey::of(&left), Record::settled(left));
}

/// The health check a call names: of the primary's endpoint, and not as the plan is going to turn it.
pub fn health_check(world: &mut World, wanted: &Wanted) {
    if let Some(id) = wanted.text("health_check_id") {
        let flag = |name: &str| wanted.changes && wanted.with[name] == Value::Bool(false);
        put_health_check(world, id, Turn { inverted: flag("inverted"), disabled: flag("disabled") });
    }
}

fn put_health_check(world: &mut World, id: &str, turn: Turn) {
    let mut dice = Dice::named(world.seed, &format!("health check {id}"));
    let check = HealthCheck {
        id: id.to_owned(),
        version: u32::try_from(dice.between(1, 9)).unwrap_or(1),
        fqdn: format!("endpoint.{}.example", world.primary),
        port: 443,
        path: "/health".to_owned(),
        failure_threshold: 3,
        region: world.primary.clone(),
        now: turn,
        was: turn,
        noticed_ms: i64::MIN,
    };
    world.health_checks.entry(id.to_owned()).or_insert(check);
}

/// What a record is going to point at.
fn new_names(set: &Value) -> Vec<String> {
    let records = set["resource_records"].as_array().into_iter().flatten();
    let values = records.filter_map(|record| record["value"].as_str());
    values.chain(set["alias_target"]["dns_name"].as_str()).map(bare).collect()
}

/// A record as it is before an UPSERT.
fn old_record(world: &World, wanted: &Wanted, name: &str, kind: &str, set: &Value) -> ResourceRecordSet {
    let mut dice = Dice::named(world.seed, &format!("record {} {kind}", bare(name)));
    let ttl = OLD_TTL_S[usize::try_from(dice.between(0, 2)).unwrap_or(0)];
    let host = dice.between(1, 254);
    let weight = set["weight"].as_u64().map(|weight| if weight == 0 { 100 } else { 0 });
    let is_weighted = weight.is_some();
    let values = set["resource_records"].as_array().cloned().unwrap_or_default();
    let first = values.first().and_then(|record| record["value"].as_str());
    let old_name = |value: &str| {
        if is_weighted { value.to_owned() } else { counterpart(value, &wanted.region, &world.primary) }
    };
    let alias = set["alias_target"].as_object().map(|alias| AliasTarget {
        hosted_zone_id: alias.get("hosted_zone_id").and_then(Value::as_str).unwrap_or("Z2FDTNDATAQYW2").to_owned(),
        dns_name: old_name(alias.get("dns_name").and_then(Value::as_str).unwrap_or(name)),
        evaluate_target_health: alias.get("evaluate_target_health").and_then(Value::as_bool).unwrap_or(false),
    });
    let value = match (kind, first) {
        (_, Some(value)) if is_weighted => value.to_owned(),
        ("A", _) => format!("198.51.100.{host}"),
        ("AAAA", _) => format!("2001:db8:1::{host:x}"),
        ("TXT", _) => "\"before\"".to_owned(),
        (_, Some(value)) => old_name(value),
        (_, None) => counterpart(name, &wanted.region, &world.primary),
    };
    let text = |member: &str| set[member].as_str().map(str::to_owned);
    ResourceRecordSet {
        name: name.to_owned(),
        r#type: kind.to_owned(),
        ttl: alias.is_none().then_some(ttl),
        resource_records: alias.is_none().then(|| vec![ResourceRecord { value }]),
        alias_target: alias,
        set_identifier: text("set_identifier"),
        weight: weight.map(|weight| if weight == 0 { 0 } else { 100 }),
        failover: text("failover"),
        region: text("region"),
        health_check_id: text("health_check_id"),
    }
}

/// Gives each zone the longest name that all its records lie in.
pub fn name_zones(world: &mut World) {
    for (id, zone) in &mut world.zones {
        let names: Vec<Vec<String>> =
            zone.record_names().iter().map(|name| name.split('.').rev().map(str::to_owned).collect()).collect();
        let Some(first) = names.first() else {
            zone.name = format!("{}.example", id.to_ascii_lowercase());
            continue;
        };
        let shared = (0..first.len()).take_while(|&ix| names.iter().all(|name| name.get(ix) == first.get(ix))).count();
        // A record below the apex does not name the zone by itself.
        let labels = if shared == first.len() && shared > 2 { shared - 1 } else { shared };
        zone.name = first[..labels].iter().rev().cloned().collect::<Vec<_>>().join(".");
    }
}

/// The distribution a call names, its origin on the primary side.
pub fn distribution(world: &mut World, wanted: &Wanted) {
    let member = if wanted.action.ends_with("invalidation") { "distribution_id" } else { "id" };
    let Some(id) = wanted.text(member) else { return };
    let mut dice = Dice::named(world.seed, &format!("distribution {id}"));
    let (domain, etag) = (format!("d{}.cloudfront.net", dice.text(HOST, 13)), new_id(&mut dice, 'E'));
    let distribution = world.distributions.entry(id.to_owned()).or_insert_with(|| Distribution {
        id: id.to_owned(),
        status: "Deployed".to_owned(),
        enabled: true,
        domain_name: domain,
        etag,
        aliases: Vec::new(),
        origins: Vec::new(),
        written_ms: i64::MIN,
    });
    let is_known = |id: &str| distribution.origins.iter().any(|(origin, _)| origin == id);
    let origin_id = wanted.text("origin_id").filter(|_| wanted.changes);
    let missing = match origin_id {
        Some(id) => !is_known(id),
        None => distribution.origins.is_empty(),
    };
    world.standby_names.extend(wanted.text("domain_name").map(bare));
    if missing {
        let target = wanted.text("domain_name").unwrap_or("origin.example");
        let old = counterpart(target, &wanted.region, &world.primary);
        world.primary_names.insert(bare(&old));
        distribution.origins.push((origin_id.unwrap_or("primary-origin").to_owned(), old));
    }
}

/// The host of a check whose own name, marked for the standby, becomes a distribution's origin, is
/// served by that distribution.
pub fn front(world: &mut World, wanted: &Wanted) {
    let Some(host) = wanted.text("url").and_then(host_of).map(bare) else { return };
    let is_recorded = world.zones.values().any(|zone| zone.record_names().contains(&host));
    let behind = |origin: &str| origin.strip_prefix("primary-") == Some(&host);
    let served = world
        .distributions
        .values_mut()
        .find(|distribution| distribution.origins.iter().any(|(_, origin)| behind(origin)));
    if let Some(distribution) = served.filter(|_| !is_recorded)
        && !distribution.aliases.contains(&host)
    {
        distribution.aliases.push(host);
    }
}

/// A name that the plan asks resolvers for without ever changing it answers as the plan expects.
pub fn address(world: &mut World, wanted: &Wanted) {
    let (Some(name), Some(expected)) = (wanted.text("name"), wanted.text("expect")) else { return };
    let is_changed = world.zones.values().any(|zone| zone.record_names().contains(&bare(name)));
    if !is_changed {
        world.addresses.insert(bare(name), vec![expected.to_owned()]);
    }
}
