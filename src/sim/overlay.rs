//! A scenario's changes to the derived world.
//!
//! Knows: which members of which kind may be set. Must not know: how the world came about.

mod databases;
mod outside;
mod places;
mod programs;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::SimError;
use super::naming::bare;
use super::world::World;
use super::world::rds::Lag;
use crate::model::Value;
use crate::model::action::route53::{AliasTarget, ResourceRecord};
use crate::model::scenario::Scenario;
use crate::model::time::parse_duration_ms;

/// Every kind of resource that a scenario may change.
const KINDS: &[&str] = &[
    "db_cluster",
    "db_instance",
    "db_snapshot",
    "global_cluster",
    "ecs_service",
    "ecs_cluster",
    "scalable_target",
    "target_group",
    "health_check",
    "record",
    "hosted_zone",
    "distribution",
    "bucket",
    "replication_group",
    "cache_snapshot",
    "backup_vault",
    "alarm",
    "table",
    "metric",
    "identity",
    "exec",
    "aws_cli",
    "deployment",
    "host",
    "sql",
    "redis",
];

/// Lays `scenario.world` over a world.
///
/// # Errors
/// What a change names that is not there, or cannot be set.
pub fn lay(world: &mut World, scenario: &Scenario) -> Result<(), SimError> {
    for (kind, changes) in &scenario.world {
        let Value::Object(changes) = changes else {
            return Err(SimError::Scenario(format!("`world.{kind}` maps identifiers to members")));
        };
        for (id, members) in changes {
            change(world, kind, id, members)?;
        }
    }
    Ok(())
}

fn change(world: &mut World, kind: &str, id: &str, members: &Value) -> Result<(), SimError> {
    let (met, known) = match kind {
        "db_cluster" => db_cluster(world, id, members)?,
        "db_instance" => db_instance(world, id, members)?,
        "db_snapshot" => databases::db_snapshot(world, id, members)?,
        "replication_group" => databases::replication_group(world, id, members)?,
        "cache_snapshot" => databases::cache_snapshot(world, id, members)?,
        "alarm" => outside::alarm(world, id, members)?,
        "backup_vault" => databases::backup_vault(world, id, members)?,
        "global_cluster" => global_cluster(world, id, members)?,
        "ecs_service" => ecs_service(world, id, members)?,
        "ecs_cluster" => places::ecs_cluster(world, id, members)?,
        "scalable_target" => places::scalable_target(world, id, members)?,
        "target_group" => places::target_group(world, id, members)?,
        "health_check" => places::health_check(world, id, members)?,
        "table" => places::table(world, id, members)?,
        "hosted_zone" => places::hosted_zone(world, id, members)?,
        "record" => record(world, id, members)?,
        "distribution" => distribution(world, id, members)?,
        "bucket" => bucket(world, id, members)?,
        "metric" => metric(world, id, members)?,
        "identity" => outside::identity(world, id, members)?,
        "aws_cli" => programs::aws_cli(world, id, members)?,
        "deployment" => programs::deployment(world, id, members)?,
        "exec" => outside::exec(world, id, members)?,
        "host" => outside::host(world, id, members)?,
        "sql" => outside::sql(world, id, members)?,
        "redis" => outside::redis(world, id, members)?,
        other => {
            let kinds = KINDS.join(", ");
            return Err(SimError::Scenario(format!("`world.{other}` is no kind of resource: there are {kinds}")));
        }
    };
    if met {
        return Ok(());
    }
    let known = if known.is_empty() { "it names none".to_owned() } else { format!("it names {}", known.join(", ")) };
    Err(SimError::Scenario(format!("`world.{kind}.{id}` is nothing that the runbook names: {known}")))
}

/// Whether the resource was met, and which ones there are.
type Met = (bool, Vec<String>);

fn members<T: DeserializeOwned>(kind: &str, id: &str, value: &Value) -> Result<T, SimError> {
    serde_json::from_value(value.clone()).map_err(|error| SimError::Scenario(format!("`world.{kind}.{id}`: {error}")))
}

fn set<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

/// A lag as written, exact.
fn lag(written: Option<&str>, primary: &str) -> Result<Option<Lag>, SimError> {
    let ms = written.map(parse_duration_ms).transpose().map_err(SimError::Scenario)?;
    Ok(ms.map(|ms| Lag::Active { ms, jitter_ms: 0, source_region: primary.to_owned() }))
}

/// Tells `member: null` apart from a member that is not there.
#[expect(clippy::option_option, reason = "null takes a source away, absence leaves it")]
fn nullable<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClusterPatch {
    status: Option<String>,
    engine_version: Option<String>,
    endpoint: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[expect(clippy::option_option, reason = "null takes a source away, absence leaves it")]
    replication_source_identifier: Option<Option<String>>,
    lag: Option<String>,
    backup_retention_period: Option<u32>,
    deletion_protection: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InstancePatch {
    status: Option<String>,
    endpoint: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[expect(clippy::option_option, reason = "null takes a source away, absence leaves it")]
    read_replica_source_db_instance_identifier: Option<Option<String>>,
    lag: Option<String>,
    backup_retention_period: Option<u32>,
    deletion_protection: Option<bool>,
}

fn db_cluster(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let known = world.clusters.keys().map(|(_, name)| name.clone()).collect();
    let before = world.clusters.len();
    if value.is_null() {
        world.clusters.retain(|(_, name), _| name != id);
        return Ok((world.clusters.len() < before, known));
    }
    let patch: ClusterPatch = members("db_cluster", id, value)?;
    let lag = lag(patch.lag.as_deref(), &world.primary)?;
    let mut met = false;
    for (_, cluster) in world.clusters.iter_mut().filter(|((_, name), _)| name == id) {
        met = true;
        set(&mut cluster.status, patch.status.clone());
        set(&mut cluster.engine_version, patch.engine_version.clone());
        set(&mut cluster.endpoint, patch.endpoint.clone());
        if let Some(source) = &patch.replication_source_identifier {
            cluster.source.clone_from(source);
            if source.is_none() {
                cluster.lag = Lag::Ended;
            }
        }
        set(&mut cluster.lag, lag.clone());
        set(&mut cluster.settings.retention_days, patch.backup_retention_period);
        set(&mut cluster.settings.is_protected, patch.deletion_protection);
    }
    Ok((met, known))
}

fn db_instance(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let known = world.instances.keys().map(|(_, name)| name.clone()).collect();
    let before = world.instances.len();
    if value.is_null() {
        world.instances.retain(|(_, name), _| name != id);
        return Ok((world.instances.len() < before, known));
    }
    let patch: InstancePatch = members("db_instance", id, value)?;
    let lag = lag(patch.lag.as_deref(), &world.primary)?;
    let mut met = false;
    for (_, instance) in world.instances.iter_mut().filter(|((_, name), _)| name == id) {
        met = true;
        set(&mut instance.status, patch.status.clone());
        set(&mut instance.endpoint, patch.endpoint.clone());
        if let Some(source) = &patch.read_replica_source_db_instance_identifier {
            instance.source.clone_from(source);
            if source.is_none() {
                instance.lag = Lag::Ended;
            }
        }
        set(&mut instance.lag, lag.clone());
        set(&mut instance.settings.retention_days, patch.backup_retention_period);
        set(&mut instance.settings.is_protected, patch.deletion_protection);
    }
    Ok((met, known))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GlobalPatch {
    status: Option<String>,
    writer: Option<String>,
}

fn global_cluster(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let known = world.globals.keys().cloned().collect();
    if value.is_null() {
        return Ok((world.globals.remove(id).is_some(), known));
    }
    let patch: GlobalPatch = members("global_cluster", id, value)?;
    let Some(global) = world.globals.get_mut(id) else { return Ok((false, known)) };
    set(&mut global.status, patch.status);
    if let Some(writer) = patch.writer {
        global.members.iter_mut().for_each(|member| member.is_writer = member.arn == writer);
    }
    Ok((true, known))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServicePatch {
    status: Option<String>,
    desired_count: Option<u32>,
    running_count: Option<u32>,
    task_definition: Option<String>,
}

fn ecs_service(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let name = |key: &super::world::ecs::ServiceKey| format!("{}/{}", key.1, key.2);
    let known: Vec<String> = world.services.keys().map(name).collect();
    let before = world.services.len();
    if value.is_null() {
        world.services.retain(|key, _| name(key) != id);
        return Ok((world.services.len() < before, known));
    }
    let patch: ServicePatch = members("ecs_service", id, value)?;
    let mut met = false;
    for (_, service) in world.services.iter_mut().filter(|(key, _)| name(key) == id) {
        met = true;
        set(&mut service.status, patch.status.clone());
        set(&mut service.task_definition, patch.task_definition.clone());
        if let Some(primary) = service.deployments.first_mut() {
            set(&mut primary.desired, patch.desired_count);
            set(&mut primary.running, patch.running_count.or(patch.desired_count));
        }
    }
    Ok((met, known))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordPatch {
    ttl: Option<u32>,
    values: Option<Vec<String>>,
    dns_name: Option<String>,
}

fn record(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let (name, kind) = id.split_once(' ').unwrap_or((id, "A"));
    let mut known = Vec::new();
    for zone in world.zones.values_mut() {
        known.extend(
            zone.records
                .values()
                .filter_map(|record| record.current.as_ref().map(|set| format!("{} {}", bare(&set.name), set.r#type))),
        );
        let Some(key) = zone.records.keys().find(|key| key.is_of(name, kind)).cloned() else { continue };
        if value.is_null() {
            zone.records.remove(&key);
            return Ok((true, known));
        }
        let patch: RecordPatch = members("record", id, value)?;
        let Some(mut set) = zone.records.get(&key).and_then(|record| record.current.clone()) else { continue };
        if patch.ttl.is_some() {
            set.ttl = patch.ttl;
        }
        if let Some(values) = patch.values {
            set.resource_records = Some(values.into_iter().map(|value| ResourceRecord { value }).collect());
            set.alias_target = None;
        }
        if let Some(dns_name) = patch.dns_name {
            let zone_id = set.alias_target.map_or_else(|| "Z2FDTNDATAQYW2".to_owned(), |alias| alias.hosted_zone_id);
            set.alias_target = Some(AliasTarget { hosted_zone_id: zone_id, dns_name, evaluate_target_health: false });
            set.resource_records = None;
        }
        zone.records.insert(key, super::world::route53::Record::settled(set));
        return Ok((true, known));
    }
    Ok((false, known))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DistributionPatch {
    status: Option<String>,
    enabled: Option<bool>,
    aliases: Option<Vec<String>>,
    origin: Option<String>,
}

fn distribution(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let known = world.distributions.keys().cloned().collect();
    if value.is_null() {
        return Ok((world.distributions.remove(id).is_some(), known));
    }
    let patch: DistributionPatch = members("distribution", id, value)?;
    let Some(distribution) = world.distributions.get_mut(id) else { return Ok((false, known)) };
    set(&mut distribution.status, patch.status);
    set(&mut distribution.enabled, patch.enabled);
    set(&mut distribution.aliases, patch.aliases);
    if let Some((_, domain)) = distribution.origins.first_mut() {
        set(domain, patch.origin);
    }
    Ok((true, known))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BucketPatch {
    region: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[expect(clippy::option_option, reason = "null means that versioning was never set")]
    versioning: Option<Option<String>>,
    /// After how many days old versions end.
    old_versions_days: Option<u32>,
    /// Keys that begin so may not be written.
    denied_prefix: Option<String>,
    copies_per_second: Option<u64>,
    /// `null` takes the rules away.
    #[serde(default, deserialize_with = "nullable")]
    #[expect(clippy::option_option, reason = "null takes the rules away")]
    replication_status: Option<Option<String>>,
}

fn bucket(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let known = world.buckets.keys().cloned().collect();
    if value.is_null() {
        return Ok((world.buckets.remove(id).is_some(), known));
    }
    let patch: BucketPatch = members("bucket", id, value)?;
    let Some(bucket) = world.buckets.get_mut(id) else { return Ok((false, known)) };
    set(&mut bucket.region, patch.region);
    set(&mut bucket.versioning, patch.versioning);
    set(&mut bucket.old_versions_days, patch.old_versions_days.map(Some));
    set(&mut bucket.denied_prefix, patch.denied_prefix.map(Some));
    set(&mut bucket.copies_per_s, patch.copies_per_second.map(|copies| Some(copies.max(1))));
    match patch.replication_status {
        Some(None) => bucket.replication = None,
        Some(Some(status)) => {
            let rules = bucket.replication.iter_mut().flat_map(|replication| &mut replication.rules);
            rules.for_each(|rule| rule.status.clone_from(&status));
        }
        None => {}
    }
    Ok((true, known))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MetricPatch {
    value: Option<f64>,
    unit: Option<String>,
    missing: Option<bool>,
}

fn metric(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let name = |key: &super::world::cloudwatch::MetricKey| format!("{} {}", key.1, key.2);
    let known = world.metrics.keys().map(name).collect();
    let before = world.metrics.len();
    if value.is_null() {
        world.metrics.retain(|key, _| name(key) != id);
        return Ok((world.metrics.len() < before, known));
    }
    let patch: MetricPatch = members("metric", id, value)?;
    let mut met = false;
    for (_, metric) in world.metrics.iter_mut().filter(|(key, _)| name(key) == id) {
        met = true;
        set(&mut metric.value, patch.value);
        set(&mut metric.unit, patch.unit.clone());
        set(&mut metric.missing, patch.missing);
    }
    Ok((met, known))
}
