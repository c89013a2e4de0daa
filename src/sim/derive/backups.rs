//! Snapshots of instances and caches, exports, replication groups: what is there before a plan begins.

use super::{Dice, Wanted, data};
use crate::sim::dice::HOST;
use crate::sim::naming::short;
use crate::sim::world::World;
use crate::sim::world::caches::{CacheSnapshot, ReplicationGroup};
use crate::sim::world::instances::InstanceSnapshot;

const HOUR_MS: i64 = 3_600_000;

/// How `World::to_come` calls a snapshot that the plan takes.
pub fn snapshot_to_come(name: &str) -> String {
    format!("snapshot {name}")
}

fn is_to_come(world: &World, wanted: &Wanted, name: &str) -> bool {
    world.to_come.contains(&(wanted.region.clone(), name.to_owned()))
}

/// Snapshots of the last nights of an instance, and the one a call names.
pub fn snapshots(world: &mut World, wanted: &Wanted) {
    let instance = wanted.text("db_instance_identifier").map(short).filter(|_| !wanted.action.contains("restore"));
    if let Some(instance) = instance {
        data::put_instance(world, &wanted.region, &wanted.account, instance, false);
        for night in 0..3 {
            let day = crate::model::time::rfc3339(world.start_ms - night * 24 * HOUR_MS);
            let id = format!("rds:{instance}-{}-00-07", &day[..10]);
            put_snapshot(world, wanted, &id, instance, 3 + 24 * night);
        }
    }
    if let Some(id) = wanted.text("db_snapshot_identifier").filter(|_| !wanted.action.contains("create")) {
        let id = id.split_once(":snapshot:").map_or(id, |(_, id)| id);
        put_snapshot(world, wanted, id, instance.unwrap_or("source"), 9);
    }
}

fn put_snapshot(world: &mut World, wanted: &Wanted, id: &str, instance: &str, hours: i64) {
    if is_to_come(world, wanted, &snapshot_to_come(id)) {
        return;
    }
    let created_ms = world.start_ms - hours * HOUR_MS;
    let snapshot = InstanceSnapshot {
        id: id.to_owned(),
        arn: format!("arn:aws:rds:{}:{}:snapshot:{id}", wanted.region, wanted.account),
        instance: instance.to_owned(),
        kind: if id.starts_with("rds:") { "automated" } else { "manual" }.to_owned(),
        engine: "postgres".to_owned(),
        created_ms,
        ready_ms: created_ms + 240_000,
    };
    world.instance_snapshots.entry((wanted.region.clone(), id.to_owned())).or_insert(snapshot);
}

/// What is exported.
pub fn export(world: &mut World, wanted: &Wanted) {
    let Some(arn) = wanted.text("source_arn") else { return };
    if let Some((_, id)) = arn.split_once(":cluster-snapshot:") {
        super::recovery::put_snapshot(world, wanted, id, "source", "aurora-postgresql", 9);
    } else if let Some((_, id)) = arn.split_once(":snapshot:") {
        put_snapshot(world, wanted, id, "source", 9);
    } else if arn.contains(":cluster:") {
        data::put_cluster(world, &wanted.region, &wanted.account, short(arn), false);
    }
}

/// The source of a replica, where its ARN says it is.
pub fn replica_source(world: &mut World, wanted: &Wanted) {
    let region = |arn: &str| arn.split(':').nth(3).map(str::to_owned);
    if let Some(arn) = wanted.text("replication_source_identifier") {
        let region = region(arn).unwrap_or_else(|| wanted.region.clone());
        data::put_cluster(world, &region, &wanted.account, short(arn), false);
    }
    if let Some(id) = wanted.text("source_db_instance_identifier") {
        let region = region(id).unwrap_or_else(|| wanted.region.clone());
        data::put_instance(world, &region, &wanted.account, short(id), false);
    }
}

/// The group a call names, with the snapshots of its last nights, and the snapshot it names.
pub fn cache(world: &mut World, wanted: &Wanted) {
    let is_new = wanted.action.ends_with(".create_replication_group");
    if let Some(group) = wanted.text("replication_group_id").filter(|_| !is_new) {
        put_group(world, wanted, group);
        if wanted.action.ends_with("snapshots") {
            for night in 0..3 {
                let day = crate::model::time::rfc3339(world.start_ms - night * 24 * HOUR_MS);
                let name = format!("automatic.{group}-{}-00-07", &day[..10]);
                put_cache_snapshot(world, wanted, &name, group, 3 + 24 * night);
            }
        }
    }
    if let Some(name) = wanted.text("snapshot_name").filter(|_| !wanted.action.ends_with(".create_snapshot")) {
        put_cache_snapshot(
            world,
            wanted,
            name,
            wanted.text("replication_group_id").filter(|_| !is_new).unwrap_or("source"),
            9,
        );
    }
}

fn put_group(world: &mut World, wanted: &Wanted, id: &str) {
    let place = (wanted.region.clone(), id.to_owned());
    if world.replication_groups.contains_key(&place) || world.to_come.contains(&place) {
        return;
    }
    let mut dice = Dice::named(world.seed, &format!("replication group {} {id}", wanted.region));
    let group = ReplicationGroup {
        id: id.to_owned(),
        arn: format!("arn:aws:elasticache:{}:{}:replicationgroup:{id}", wanted.region, wanted.account),
        status: "available".to_owned(),
        description: id.to_owned(),
        engine: "redis".to_owned(),
        node_type: "cache.r7g.large".to_owned(),
        host: dice.text(HOST, 6),
        region: wanted.region.clone(),
        nodes: 2,
        port: 6379,
        retention_days: 30,
        global: None,
    };
    world.replication_groups.insert(place, group);
}

fn put_cache_snapshot(world: &mut World, wanted: &Wanted, name: &str, group: &str, hours: i64) {
    if is_to_come(world, wanted, &snapshot_to_come(name)) {
        return;
    }
    let created_ms = world.start_ms - hours * HOUR_MS;
    let snapshot = CacheSnapshot {
        name: name.to_owned(),
        group: group.to_owned(),
        source: if name.starts_with("automatic.") { "automated" } else { "manual" }.to_owned(),
        engine: "redis".to_owned(),
        node_type: "cache.r7g.large".to_owned(),
        created_ms,
        ready_ms: created_ms + 120_000,
        retention_days: 30,
    };
    world.cache_snapshots.entry((wanted.region.clone(), name.to_owned())).or_insert(snapshot);
}
