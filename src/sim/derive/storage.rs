//! Buckets that a plan takes for granted, with a few versions of the objects it names.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Dice, Wanted, data};
use crate::model::time::parse_rfc3339_ms;
use crate::sim::world::World;
use crate::sim::world::s3::{Bucket, Replication, Rule, new_version};

const HOUR_MS: i64 = 3_600_000;

/// The bucket a call names, and the object, if it names one.
pub fn bucket(world: &mut World, wanted: &Wanted) {
    let Some(name) = wanted.text("bucket") else { return };
    let (seed, start_ms) = (world.seed, world.start_ms);
    let role = data::replication_role(world, &wanted.account);
    let set = wanted.with["versioning_configuration"]["status"].as_str().filter(|_| wanted.changes);
    let bucket = world.buckets.entry(name.to_owned()).or_insert_with(|| Bucket {
        name: name.to_owned(),
        region: wanted.region.clone(),
        // What the plan is going to set is not so yet; and what replicates cannot be suspended.
        versioning: (set != Some("Enabled")).then(|| "Enabled".to_owned()),
        replication: set.is_none().then(|| replication(role, name)),
        old_versions_days: Some(90),
        denied_prefix: None,
        copies_per_s: None,
        objects: BTreeMap::new(),
    });
    let key = match (wanted.text("key"), wanted.text("prefix")) {
        (Some(key), _) => key.to_owned(),
        (None, Some(prefix)) if prefix.ends_with('/') => format!("{prefix}report.pdf"),
        (None, Some(prefix)) => prefix.to_owned(),
        (None, None) => return,
    };
    let mut dice = Dice::named(seed, &format!("object {name} {key}"));
    let versions = bucket
        .objects
        .entry(key)
        .or_insert_with(|| (1..=3).map(|age| new_version(&mut dice, start_ms - age * 9 * HOUR_MS)).collect());
    if let Some(id) = wanted.text("version_id")
        && !versions.iter().any(|version| version.id == id)
    {
        let mut version = new_version(&mut dice, start_ms - 40 * HOUR_MS);
        id.clone_into(&mut version.id);
        versions.push(version);
    }
}

fn replication(role: String, bucket: &str) -> Replication {
    // A replica's own rule leads back.
    let destination = bucket.strip_suffix("-replica").map_or_else(|| format!("{bucket}-replica"), str::to_owned);
    let everything = Rule {
        id: "everything".to_owned(),
        status: "Enabled".to_owned(),
        prefix: String::new(),
        destination: format!("arn:aws:s3:::{destination}"),
    };
    Replication { role, rules: vec![everything] }
}

/// How many objects a replica has under the prefix of a call.
const REPLICATED: (u64, u64) = (900, 2_400);
const MINUTE_MS: i64 = 60_000;

/// A bucket that was damaged, and its replica, which is whole but for what was replicated: of ten objects
/// three were deleted, which the replica does not follow, and two overwritten, which it does.
pub fn replicated(world: &mut World, wanted: &Wanted) {
    let (Some(name), Some(replica)) = (wanted.text("bucket"), wanted.text("replica_bucket")) else { return };
    let (seed, start_ms) = (world.seed, world.start_ms);
    let prefix = wanted.text("prefix").unwrap_or_default();
    let as_of_ms = wanted.text("as_of").and_then(|as_of| parse_rfc3339_ms(as_of).ok());
    let damaged_ms = as_of_ms.map_or(start_ms - 10 * HOUR_MS, |as_of| as_of + 10 * MINUTE_MS);
    let region = wanted.text("replica_region").map_or_else(|| wanted.region.clone(), str::to_owned);
    bucket(world, &Wanted { with: json!({"bucket": name}), ..wanted.alike() });
    bucket(world, &Wanted { with: json!({"bucket": replica}), region, ..wanted.alike() });
    let begins = |bucket: &str| {
        world.buckets.get(bucket).is_some_and(|bucket| bucket.objects.keys().any(|key| key.starts_with(prefix)))
    };
    if begins(name) && begins(replica) {
        return;
    }
    let mut dice = Dice::named(seed, &format!("objects {name} {replica} {prefix}"));
    let (mut here, mut there) = (BTreeMap::new(), BTreeMap::new());
    for n in 1..=dice.between(REPLICATED.0, REPLICATED.1) {
        let key = format!("{prefix}{n:05}.pdf");
        let age = i64::try_from(dice.between(2, 400)).unwrap_or(2);
        let good = new_version(&mut dice, damaged_ms - age * HOUR_MS);
        let mut bad = new_version(&mut dice, damaged_ms + i64::try_from(n % 60).unwrap_or(0) * 1_000);
        match n % 10 {
            0 | 3 | 6 => {
                bad.is_delete_marker = true;
                there.insert(key.clone(), vec![good.clone()]);
                here.insert(key, vec![bad, good]);
            }
            1 | 5 => {
                there.insert(key.clone(), vec![bad.clone(), good.clone()]);
                here.insert(key, vec![bad, good]);
            }
            _ => {
                there.insert(key.clone(), vec![good.clone()]);
                here.insert(key, vec![good]);
            }
        }
    }
    for (bucket, objects) in [(name, here), (replica, there)] {
        if let Some(bucket) = world.buckets.get_mut(bucket) {
            for (key, versions) in objects {
                bucket.objects.entry(key).or_insert(versions);
            }
        }
    }
}
