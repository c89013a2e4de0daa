//! Buckets that a plan takes for granted, with a few versions of the objects it names.

use super::{Dice, Wanted, data};
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
        objects: std::collections::BTreeMap::new(),
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
