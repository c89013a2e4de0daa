//! Changes to ECS clusters, tables and hosted zones.

use serde::Deserialize;

use super::{Met, members, set};
use crate::model::Value;
use crate::sim::SimError;
use crate::sim::naming::short;
use crate::sim::world::World;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EcsClusterPatch {
    status: Option<String>,
    capacity_providers: Option<Vec<String>>,
}

/// Taking a cluster away takes its services with it.
pub(super) fn ecs_cluster(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let known = world.ecs_clusters.keys().map(|(_, name)| name.clone()).collect();
    let before = world.ecs_clusters.len();
    if value.is_null() {
        world.ecs_clusters.retain(|(_, name), _| name != id);
        world.services.retain(|(_, cluster, _), _| cluster != id);
        return Ok((world.ecs_clusters.len() < before, known));
    }
    let patch: EcsClusterPatch = members("ecs_cluster", id, value)?;
    let mut met = false;
    for (_, cluster) in world.ecs_clusters.iter_mut().filter(|((_, name), _)| name == id) {
        met = true;
        set(&mut cluster.status, patch.status.clone());
        set(&mut cluster.capacity_providers, patch.capacity_providers.clone());
    }
    Ok((met, known))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TablePatch {
    status: Option<String>,
    point_in_time_recovery: Option<bool>,
}

pub(super) fn table(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let known = world.tables.keys().map(|(_, name)| name.clone()).collect();
    let before = world.tables.len();
    if value.is_null() {
        world.tables.retain(|(_, name), _| name != id);
        return Ok((world.tables.len() < before, known));
    }
    let patch: TablePatch = members("table", id, value)?;
    let mut met = false;
    let now_ms = world.now_ms;
    for (_, table) in world.tables.iter_mut().filter(|((_, name), _)| name == id) {
        met = true;
        set(&mut table.status, patch.status.clone());
        if let Some(is_on) = patch.point_in_time_recovery {
            table.recoverable_since_ms = is_on.then(|| table.recoverable_since_ms.unwrap_or(now_ms));
        }
    }
    Ok((met, known))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ZonePatch {
    name: Option<String>,
    private: Option<bool>,
}

pub(super) fn hosted_zone(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let known = world.zones.keys().cloned().collect();
    if value.is_null() {
        return Ok((world.zones.remove(short(id)).is_some(), known));
    }
    let patch: ZonePatch = members("hosted_zone", id, value)?;
    let Some(zone) = world.zones.get_mut(short(id)) else { return Ok((false, known)) };
    set(&mut zone.name, patch.name);
    set(&mut zone.is_private, patch.private);
    Ok((true, known))
}
