//! Changes to snapshots, vaults and caches.

use serde::Deserialize;

use super::{Met, members, set};
use crate::model::Value;
use crate::sim::SimError;
use crate::sim::world::World;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SnapshotPatch {
    engine: Option<String>,
}

/// A snapshot of a cluster or an instance, by name. `null`: it is gone.
pub(super) fn db_snapshot(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let of_clusters = world.snapshots.keys().map(|(_, name)| name.clone());
    let known: Vec<String> = of_clusters.chain(world.instance_snapshots.keys().map(|(_, name)| name.clone())).collect();
    let met = known.iter().any(|name| name == id);
    if value.is_null() {
        world.snapshots.retain(|(_, name), _| name != id);
        world.instance_snapshots.retain(|(_, name), _| name != id);
        return Ok((met, known));
    }
    let patch: SnapshotPatch = members("db_snapshot", id, value)?;
    for (_, snapshot) in world.snapshots.iter_mut().filter(|((_, name), _)| name == id) {
        set(&mut snapshot.engine, patch.engine.clone());
    }
    for (_, snapshot) in world.instance_snapshots.iter_mut().filter(|((_, name), _)| name == id) {
        set(&mut snapshot.engine, patch.engine.clone());
    }
    Ok((met, known))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VaultPatch {
    /// So many of the newest backups failed.
    failed_nights: Option<usize>,
}

/// A backup vault, by name. `null`: it is gone with all its recovery points.
pub(super) fn backup_vault(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let known = world.vaults.keys().map(|(_, name)| name.clone()).collect();
    let before = world.vaults.len();
    if value.is_null() {
        world.vaults.retain(|(_, name), _| name != id);
        return Ok((world.vaults.len() < before, known));
    }
    let patch: VaultPatch = members("backup_vault", id, value)?;
    let mut met = false;
    for (_, points) in world.vaults.iter_mut().filter(|((_, name), _)| name == id) {
        met = true;
        let mut times: Vec<i64> = points.iter().map(|point| point.created_ms).collect();
        times.sort_unstable_by(|one, other| other.cmp(one));
        times.dedup();
        let failed = &times[..patch.failed_nights.unwrap_or(0).min(times.len())];
        for point in points.iter_mut() {
            point.is_missing = failed.contains(&point.created_ms);
        }
    }
    Ok((met, known))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupPatch {
    status: Option<String>,
    snapshot_retention_limit: Option<u32>,
    nodes: Option<u32>,
}

pub(super) fn replication_group(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let known = world.replication_groups.keys().map(|(_, name)| name.clone()).collect();
    let before = world.replication_groups.len();
    if value.is_null() {
        world.replication_groups.retain(|(_, name), _| name != id);
        return Ok((world.replication_groups.len() < before, known));
    }
    let patch: GroupPatch = members("replication_group", id, value)?;
    let mut met = false;
    for (_, group) in world.replication_groups.iter_mut().filter(|((_, name), _)| name == id) {
        met = true;
        set(&mut group.status, patch.status.clone());
        set(&mut group.retention_days, patch.snapshot_retention_limit);
        set(&mut group.nodes, patch.nodes);
    }
    Ok((met, known))
}

/// A snapshot of a cache, by name. It can only be taken away.
pub(super) fn cache_snapshot(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let known = world.cache_snapshots.keys().map(|(_, name)| name.clone()).collect();
    if !value.is_null() {
        return Err(SimError::Scenario(format!("`world.cache_snapshot.{id}` can only be null: it is gone")));
    }
    let before = world.cache_snapshots.len();
    world.cache_snapshots.retain(|(_, name), _| name != id);
    Ok((world.cache_snapshots.len() < before, known))
}
