//! Backups, and what is restored from them: the source is there, what the plan makes is not yet.

use super::{Dice, Wanted, data};

use crate::sim::naming::short;
use crate::sim::world::World;
use crate::sim::world::backup::RecoveryPoint;
use crate::sim::world::elasticache::{DatastoreMember, GlobalDatastore};
use crate::sim::world::recovery::Snapshot;

const HOUR_MS: i64 = 3_600_000;

/// The names that a call will make: looks at them before must not bring them about.
pub fn to_come(world: &mut World, wanted: &Wanted) {
    let member = match wanted.action.as_str() {
        "aws/rds.restore_db_cluster_to_point_in_time"
        | "aws/rds.restore_db_cluster_from_snapshot"
        | "aws/rds.create_db_cluster" => "db_cluster_identifier",
        "aws/rds.create_db_instance"
        | "aws/rds.restore_db_instance_from_db_snapshot"
        | "aws/rds.create_db_instance_read_replica" => "db_instance_identifier",
        "aws/elasticache.create_replication_group" => "replication_group_id",
        "aws/rds.create_db_snapshot" => return snapshot_to_come(world, wanted, "db_snapshot_identifier"),
        "aws/elasticache.create_snapshot" => return snapshot_to_come(world, wanted, "snapshot_name"),
        "aws/rds.restore_db_instance_to_point_in_time" => "target_db_instance_identifier",
        "aws/backup.start_restore_job" => {
            let metadata = wanted.with["metadata"].as_object().into_iter().flatten();
            let names = metadata.filter(|(key, _)| key.ends_with("Identifier")).filter_map(|(_, name)| name.as_str());
            world.to_come.extend(names.map(|name| (wanted.region.clone(), name.to_owned())));
            return;
        }
        _ => return,
    };
    if let Some(name) = wanted.text(member).filter(|_| wanted.changes) {
        world.to_come.insert((wanted.region.clone(), name.to_owned()));
    }
}

fn snapshot_to_come(world: &mut World, wanted: &Wanted, member: &str) {
    if let Some(name) = wanted.text(member).filter(|_| wanted.changes) {
        world.to_come.insert((wanted.region.clone(), super::backups::snapshot_to_come(name)));
    }
}

/// The source of a restore.
pub fn source(world: &mut World, wanted: &Wanted) {
    if let Some(id) = wanted.text("source_db_cluster_identifier").map(short) {
        data::put_cluster(world, &wanted.region, &wanted.account, id, false);
    }
    if let Some(id) = wanted.text("source_db_instance_identifier").map(short) {
        data::put_instance(world, &wanted.region, &wanted.account, id, false);
    }
    if let Some(id) = wanted.text("snapshot_identifier") {
        let engine = wanted.text("engine").unwrap_or("aurora-postgresql");
        let id = id.split_once(":cluster-snapshot:").map_or(id, |(_, id)| id);
        put_snapshot(world, wanted, id, "source", engine, 9);
    }
}

/// Snapshots of the last nights of a cluster, and the one a call names.
pub fn snapshots(world: &mut World, wanted: &Wanted) {
    let cluster = wanted.text("db_cluster_identifier").map(short);
    if let Some(cluster) = cluster {
        data::put_cluster(world, &wanted.region, &wanted.account, cluster, false);
        for night in 0..3 {
            let day = crate::model::time::rfc3339(world.start_ms - night * 24 * HOUR_MS);
            let id = format!("rds:{cluster}-{}-00-07", &day[..10]);
            put_snapshot(world, wanted, &id, cluster, "aurora-postgresql", 3 + 24 * night);
        }
    }
    if let Some(id) = wanted.text("db_cluster_snapshot_identifier").filter(|_| !wanted.changes) {
        put_snapshot(world, wanted, id, cluster.unwrap_or("source"), "aurora-postgresql", 9);
    }
}

pub(super) fn put_snapshot(world: &mut World, wanted: &Wanted, id: &str, cluster: &str, engine: &str, hours: i64) {
    let created_ms = world.start_ms - hours * HOUR_MS;
    let snapshot = Snapshot {
        id: id.to_owned(),
        arn: format!("arn:aws:rds:{}:{}:cluster-snapshot:{id}", wanted.region, wanted.account),
        cluster: cluster.to_owned(),
        kind: if id.starts_with("rds:") { "automated" } else { "manual" }.to_owned(),
        engine: engine.to_owned(),
        created_ms,
        ready_ms: created_ms + 240_000,
    };
    world.snapshots.entry((wanted.region.clone(), id.to_owned())).or_insert(snapshot);
}

/// The cluster that a call deletes: its instances are gone, or the plan deletes them first.
pub fn doomed_cluster(world: &mut World, wanted: &Wanted) {
    let Some(id) = wanted.text("db_cluster_identifier").map(short) else { return };
    let place = (wanted.region.clone(), id.to_owned());
    if !world.clusters.contains_key(&place) {
        data::put_cluster(world, &wanted.region, &wanted.account, id, false);
        if let Some(cluster) = world.clusters.get_mut(&place) {
            cluster.members.clear();
            cluster.settings.is_protected = false;
        }
    }
}

/// The instance that a call deletes.
pub fn doomed_instance(world: &mut World, wanted: &Wanted) {
    let Some(id) = wanted.text("db_instance_identifier").map(short) else { return };
    let place = (wanted.region.clone(), id.to_owned());
    if !world.instances.contains_key(&place) {
        data::put_instance(world, &wanted.region, &wanted.account, id, false);
        if let Some(instance) = world.instances.get_mut(&place) {
            instance.settings.is_protected = false;
        }
    }
}

/// The global datastore a call names: the primary where the failover leads away from.
pub fn datastore(world: &mut World, wanted: &Wanted) {
    let Some(id) = wanted.text("global_replication_group_id") else { return };
    let region = wanted.text("primary_region").unwrap_or(&wanted.region).to_owned();
    let group = wanted.text("primary_replication_group_id").map_or_else(|| format!("{id}-dr"), str::to_owned);
    let home = if region == world.primary { world.default_region.clone() } else { world.primary.clone() };
    let store = GlobalDatastore {
        id: id.to_owned(),
        status: "available".to_owned(),
        members: vec![
            DatastoreMember { group: format!("{id}-primary"), region: home, is_primary: true },
            DatastoreMember { group, region, is_primary: false },
        ],
    };
    world.datastores.entry(id.to_owned()).or_insert(store);
}

/// A vault with a week of nightly recovery points, of the resource asked for.
pub fn vault(world: &mut World, wanted: &Wanted) {
    let named = wanted.text("backup_vault_name").or_else(|| wanted.text("by_backup_vault_name"));
    let vault = named.unwrap_or("Default");
    let of_type = wanted.text("by_resource_type");
    let usual = format!("arn:aws:rds:{}:{}:db:production", wanted.region, wanted.account);
    let resource = wanted.text("by_resource_arn").or_else(|| wanted.text("resource_arn")).unwrap_or(&usual).to_owned();
    // Wherever else they are kept, they are there already.
    if named.is_none() && world.vaults.values().flatten().any(|point| point.resource_arn == resource) {
        return;
    }
    let place = (wanted.region.clone(), vault.to_owned());
    let known = world.vaults.entry(place.clone()).or_default();
    if known.iter().any(|point| point.resource_arn == resource) {
        return;
    }
    let points =
        (0..7).map(|night| point(world, wanted, vault, &resource, of_type, 5 + 24 * night)).collect::<Vec<_>>();
    world.vaults.entry(place).or_default().extend(points);
}

/// The recovery point that a job names outright.
pub fn recovery_point(world: &mut World, wanted: &Wanted) {
    let Some(arn) = wanted.text("recovery_point_arn") else { return };
    let usual = format!("arn:aws:rds:{}:{}:db:production", wanted.region, wanted.account);
    let mut point = point(world, wanted, "Default", &usual, wanted.text("resource_type"), 5);
    arn.clone_into(&mut point.arn);
    let points = world.vaults.entry((wanted.region.clone(), "Default".to_owned())).or_default();
    if !points.iter().any(|known| known.arn == arn) {
        points.push(point);
    }
}

fn point(
    world: &World,
    wanted: &Wanted,
    vault: &str,
    resource: &str,
    of_type: Option<&str>,
    hours: i64,
) -> RecoveryPoint {
    let mut dice = Dice::named(world.seed, &format!("recovery point {vault} {resource} {hours}"));
    let by_arn = match resource.split(':').nth(2) {
        Some("dynamodb") => "DynamoDB",
        Some("s3") => "S3",
        _ if resource.contains(":cluster:") => "Aurora",
        _ => "RDS",
    };
    RecoveryPoint {
        arn: format!("arn:aws:backup:{}:{}:recovery-point:{}", wanted.region, wanted.account, dice.uuid()),
        vault: vault.to_owned(),
        resource_arn: resource.to_owned(),
        resource_type: of_type.unwrap_or(by_arn).to_owned(),
        created_ms: world.start_ms - hours * HOUR_MS,
        size_bytes: dice.between(20, 200) * 1_073_741_824,
        is_missing: false,
    }
}
