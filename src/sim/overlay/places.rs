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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScalablePatch {
    min_capacity: Option<u32>,
    max_capacity: Option<u32>,
}

/// By its resource: `service/CLUSTER/SERVICE`. `null`: nothing is registered.
pub(super) fn scalable_target(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let known = world.scalables.keys().map(|(_, _, resource, _)| resource.clone()).collect();
    let before = world.scalables.len();
    if value.is_null() {
        world.scalables.retain(|(_, _, resource, _), _| resource != id);
        return Ok((world.scalables.len() < before, known));
    }
    let patch: ScalablePatch = members("scalable_target", id, value)?;
    let mut met = false;
    for (_, target) in world.scalables.iter_mut().filter(|((_, _, resource, _), _)| resource == id) {
        met = true;
        set(&mut target.min, patch.min_capacity);
        set(&mut target.max, patch.max_capacity);
    }
    Ok((met, known))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetGroupPatch {
    unhealthy: Option<u32>,
    health_check_enabled: Option<bool>,
    health_check_path: Option<String>,
}

/// By its ARN or its name.
pub(super) fn target_group(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    use crate::model::action::elbv2::group_name;
    let known = world.target_groups.keys().map(|(_, arn)| group_name(arn).to_owned()).collect();
    let is_meant = |arn: &str| arn == id || group_name(arn) == id;
    let before = world.target_groups.len();
    if value.is_null() {
        world.target_groups.retain(|(_, arn), _| !is_meant(arn));
        return Ok((world.target_groups.len() < before, known));
    }
    let patch: TargetGroupPatch = members("target_group", id, value)?;
    let mut met = false;
    for (_, group) in world.target_groups.iter_mut().filter(|((_, arn), _)| is_meant(arn)) {
        met = true;
        set(&mut group.unhealthy, patch.unhealthy);
        if let Some(is_on) = patch.health_check_enabled {
            group.settings.insert("health_check_enabled".to_owned(), Value::Bool(is_on));
        }
        if let Some(path) = &patch.health_check_path {
            group.settings.insert("health_check_path".to_owned(), Value::String(path.clone()));
        }
    }
    Ok((met, known))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HealthCheckPatch {
    inverted: Option<bool>,
    disabled: Option<bool>,
    region: Option<String>,
}

pub(super) fn health_check(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let known = world.health_checks.keys().cloned().collect();
    if value.is_null() {
        return Ok((world.health_checks.remove(id).is_some(), known));
    }
    let patch: HealthCheckPatch = members("health_check", id, value)?;
    let Some(check) = world.health_checks.get_mut(id) else { return Ok((false, known)) };
    set(&mut check.now.inverted, patch.inverted);
    set(&mut check.now.disabled, patch.disabled);
    set(&mut check.region, patch.region);
    check.was = check.now;
    Ok((true, known))
}
