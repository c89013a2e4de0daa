//! The world that a plan takes for granted, so that every runbook drills without set-up.
//!
//! Every step's inputs are rendered as far as they can be before a run; whatever they name is made,
//! in the state that the step expects to find: a replica to promote, a service at zero to scale up,
//! a record with its old value to change.
//!
//! Knows: plans, and what each action takes for granted. Must not know: scenarios but their faults.

mod backups;
mod beside;
mod data;
mod database;
mod programs;
mod recovery;
mod scaling;
mod storage;
mod tables;
mod task_definitions;
mod traffic;

use std::collections::BTreeMap;

use super::SimError;
use super::dice::Dice;
use super::fault::Faults;
use super::naming::bare;
use super::world::World;
use super::world::cloudwatch::{Metric, lag_unit};
use super::world::sts::DEFAULT_ACCOUNT;
use crate::model::plan::{Plan, PlanStep, ResolvedTarget};
use crate::model::runbook::ActionUse;
use crate::model::scenario::Scenario;
use crate::model::template::{Node, Template, Tree};
use crate::model::{Object, Value};

/// What one call of the plan names, as far as it can be known.
struct Wanted {
    action: String,
    /// Members that could be rendered.
    with: Value,
    region: String,
    account: String,
    /// A step's own change, in contrast to what only looks or takes back.
    changes: bool,
}

impl Wanted {
    /// The same call, of which other inputs are looked at.
    fn alike(&self) -> Self {
        Self {
            action: self.action.clone(),
            with: Value::Null,
            region: self.region.clone(),
            account: self.account.clone(),
            changes: self.changes,
        }
    }

    fn text(&self, member: &str) -> Option<&str> {
        self.with[member].as_str().filter(|text| !text.is_empty())
    }
}

const FALLBACK_PRIMARY: &str = "eu-central-1";
const OTHER_PRIMARY: &str = "eu-west-1";
const FALLBACK_REGION: &str = "us-east-1";

/// Makes the world.
///
/// # Errors
/// When the scenario's faults make no sense.
pub fn world(plan: &Plan, scenario: &Scenario, seed: u64) -> Result<World, SimError> {
    let start_ms = super::start_ms(scenario);
    let text = |name: &str| plan.inputs.get(name).and_then(Value::as_str).map(str::to_owned);
    let default_region = text("dr")
        .or_else(|| plan.targets.values().find_map(|target| target.region.clone()))
        .unwrap_or_else(|| FALLBACK_REGION.to_owned());
    let primary = text("primary").unwrap_or_else(|| {
        if default_region == FALLBACK_PRIMARY { OTHER_PRIMARY.to_owned() } else { FALLBACK_PRIMARY.to_owned() }
    });
    let mut world = World::new(seed, start_ms, Faults::new(scenario, seed, start_ms, &primary)?);
    world.primary = primary;
    world.default_region = default_region;
    world.operator.clone_from(&plan.operator);
    let wanted = collect(plan, &world);
    for wanted in &wanted {
        recovery::to_come(&mut world, wanted);
        tables::to_come(&mut world, wanted);
        beside::to_come(&mut world, wanted);
    }
    // What a step is going to change comes first: it knows best how things must be beforehand.
    for wanted in wanted.iter().filter(|wanted| wanted.changes).chain(wanted.iter().filter(|wanted| !wanted.changes)) {
        make(&mut world, wanted);
    }
    traffic::name_zones(&mut world);
    database::answers(&mut world, plan);
    Ok(world)
}

/// Every call of the plan, in order.
fn collect(plan: &Plan, world: &World) -> Vec<Wanted> {
    let base = plan.base_scope("");
    let mut found = Vec::new();
    for step in &plan.steps {
        let mut scope = base.clone();
        if let Some(each) = &step.each {
            scope.insert("each".to_owned(), each.clone());
        }
        let own = with_target(&step.uses, step.target.as_deref());
        let checks = step.checks.iter().chain(&step.verify).filter_map(|check| check.uses.as_ref());
        let looks = checks.map(|uses| (uses.clone(), uses.target.clone().or_else(|| own.1.clone()), false));
        let back =
            step.rollback.iter().map(|uses| (uses.clone(), uses.target.clone().or_else(|| own.1.clone()), false));
        for (uses, target, is_own) in std::iter::once((own.0.clone(), own.1.clone(), true)).chain(looks).chain(back) {
            found.push(wanted(plan, world, step, &uses, target.as_deref(), &scope, is_own));
        }
    }
    found
}

fn with_target(uses: &ActionUse, target: Option<&str>) -> (ActionUse, Option<String>) {
    (uses.clone(), uses.target.clone().or_else(|| target.map(str::to_owned)))
}

fn wanted(
    plan: &Plan,
    world: &World,
    step: &PlanStep,
    uses: &ActionUse,
    target: Option<&str>,
    scope: &Object,
    is_own: bool,
) -> Wanted {
    let target: ResolvedTarget = plan.target(target);
    // A verification without inputs of its own looks at what the step changed.
    let tree = if is_own { uses.with.clone() } else { uses.with.over(&step.uses.with) };
    Wanted {
        action: uses.action.value.clone(),
        with: partial(&tree, scope).unwrap_or(Value::Null),
        region: world.region_of(&target),
        account: target.account.unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned()),
        changes: is_own && step.risk.changes(),
    }
}

/// What can be rendered of a tree: members and items that cannot are left out.
fn partial(tree: &Tree, scope: &Object) -> Option<Value> {
    match &tree.node {
        Node::Scalar(value) => Some(value.clone()),
        Node::Text(source) => Template { source: source.clone(), span: tree.span }.render_value(scope).ok(),
        Node::List(items) => Some(Value::Array(items.iter().filter_map(|item| partial(item, scope)).collect())),
        Node::Map(members) => Some(Value::Object(
            members.iter().filter_map(|(key, (_, item))| Some((key.clone(), partial(item, scope)?))).collect(),
        )),
    }
}

/// Makes what one call takes for granted. Whatever is there already stays as it is.
#[expect(clippy::too_many_lines, reason = "one arm for each kind of thing, over the whole catalogue")]
fn make(world: &mut World, wanted: &Wanted) {
    match wanted.action.as_str() {
        "aws/rds.promote_read_replica_db_cluster" => data::cluster(world, wanted, true),
        "aws/rds.restore_db_cluster_to_point_in_time"
        | "aws/rds.restore_db_cluster_from_snapshot"
        | "aws/rds.restore_db_instance_to_point_in_time" => recovery::source(world, wanted),
        "aws/rds.create_db_cluster_snapshot" | "aws/rds.describe_db_cluster_snapshots" => {
            recovery::snapshots(world, wanted);
        }
        "aws/rds.delete_db_cluster" => recovery::doomed_cluster(world, wanted),
        "aws/elasticache.failover_global_replication_group" | "aws/elasticache.describe_global_replication_groups" => {
            recovery::datastore(world, wanted);
        }
        "aws/rds.restore_db_instance_from_db_snapshot"
        | "aws/rds.create_db_snapshot"
        | "aws/rds.describe_db_snapshots"
        | "aws/rds.delete_db_snapshot" => backups::snapshots(world, wanted),
        "aws/rds.create_db_cluster" | "aws/rds.create_db_instance_read_replica" => {
            backups::replica_source(world, wanted);
        }
        "aws/rds.start_export_task" | "aws/rds.describe_export_tasks" => backups::export(world, wanted),
        "aws/elasticache.describe_replication_groups"
        | "aws/elasticache.create_replication_group"
        | "aws/elasticache.delete_replication_group"
        | "aws/elasticache.create_snapshot"
        | "aws/elasticache.describe_snapshots" => backups::cache(world, wanted),
        "aws/backup.list_recovery_points_by_backup_vault"
        | "aws/backup.list_recovery_points_by_resource"
        | "aws/backup.list_backup_jobs" => recovery::vault(world, wanted),
        "aws/backup.start_restore_job" => recovery::recovery_point(world, wanted),
        "aws/rds.describe_db_clusters"
        | "aws/rds.modify_db_cluster"
        | "aws/rds.failover_db_cluster"
        | "aws/rds.create_db_instance" => {
            data::cluster(world, wanted, false);
        }
        "aws/rds.promote_read_replica" => data::instance(world, wanted, true),
        "aws/rds.delete_db_instance" => recovery::doomed_instance(world, wanted),
        "aws/rds.describe_db_instances" | "aws/rds.modify_db_instance" => data::instance(world, wanted, false),
        "aws/rds.failover_global_cluster"
        | "aws/rds.switchover_global_cluster"
        | "aws/rds.remove_from_global_cluster"
        | "aws/rds.describe_global_clusters" => {
            data::global(world, wanted);
        }
        "aws/ecs.update_service" | "aws/ecs.services_stable" => data::service(world, wanted),
        "aws/ecs.describe_task_definition" => task_definitions::read(world, wanted),
        "aws/ecs.register_task_definition" => task_definitions::to_register(world, wanted),
        "aws/route53.get_health_check_status" | "aws/route53.get_health_check" | "aws/route53.update_health_check" => {
            traffic::health_check(world, wanted);
        }
        "aws/application_autoscaling.register_scalable_target"
        | "aws/application_autoscaling.describe_scalable_targets" => scaling::scalable(world, wanted),
        "aws/elbv2.describe_target_health" | "aws/elbv2.describe_target_groups" | "aws/elbv2.modify_target_group" => {
            scaling::target_groups(world, wanted);
        }
        "aws/ecs.describe_clusters" => data::ecs_clusters(world, wanted),
        "aws/dynamodb.restore_table_to_point_in_time"
        | "aws/dynamodb.describe_table"
        | "aws/dynamodb.update_continuous_backups"
        | "aws/dynamodb.describe_time_to_live"
        | "aws/dynamodb.update_time_to_live"
        | "aws/dynamodb.update_table"
        | "aws/dynamodb.delete_table"
        | "aws/dynamodb.describe_continuous_backups" => tables::table(world, wanted),
        "aws/ecs.describe_services" => data::services(world, wanted),
        "aws/route53.change_resource_record_sets"
        | "aws/route53.list_resource_record_sets"
        | "aws/route53.get_hosted_zone"
        | "aws/route53.test_dns_answer" => {
            traffic::zone(world, wanted);
        }
        "aws/cloudfront.update_origin" | "aws/cloudfront.get_distribution" => traffic::distribution(world, wanted),
        "aws/cloudfront.create_invalidation" | "aws/cloudfront.get_invalidation" => {
            traffic::distribution(world, wanted);
        }
        "aws/s3.head_bucket"
        | "aws/s3.get_bucket_versioning"
        | "aws/s3.get_bucket_replication"
        | "aws/s3.get_bucket_lifecycle_configuration"
        | "aws/s3.put_bucket_versioning"
        | "aws/s3.list_object_versions"
        | "aws/s3.restore_object_version" => storage::bucket(world, wanted),
        "aws/s3.copy_from_replica" | "aws/s3.compare_with_replica" => storage::replicated(world, wanted),
        "aws/cloudwatch.describe_alarms" => beside::alarms(world, wanted),
        "aws/logs.describe_log_groups" => beside::log_groups(world, wanted),
        "aws/ssm.get_parameter" | "aws/ssm.get_parameters_by_path" => beside::parameters(world, wanted),
        "aws/cloudwatch.get_metric" => metric(world, wanted),
        "kube/set_env" | "kube/get_deployment" | "kube/rollout_status" => programs::deployment(world, wanted),
        "dns/resolve" => traffic::address(world, wanted),
        "http/check" => traffic::front(world, wanted),
        // Nothing has to be there for these.
        _ => {}
    }
}

fn metric(world: &mut World, wanted: &Wanted) {
    let (Some(namespace), Some(name)) = (wanted.text("namespace"), wanted.text("metric_name")) else { return };
    let Some(dimensions) = wanted.with["dimensions"].as_object() else { return };
    let dimensions: BTreeMap<String, String> =
        dimensions.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
    if lag_unit(name).is_some() {
        data::replica_of_metric(world, wanted, &dimensions);
        return;
    }
    let mut dice = Dice::named(world.seed, &format!("metric {namespace} {name}"));
    let (value, unit) = usual(name, &mut dice);
    let key = (wanted.region.clone(), namespace.to_owned(), name.to_owned(), dimensions);
    world.metrics.entry(key).or_insert(Metric { value, unit: unit.to_owned(), missing: false });
}

/// A figure that means "all is well" for a metric of that name.
fn usual(name: &str, dice: &mut Dice) -> (f64, &'static str) {
    let mut pick = |low, high| f64::from(u32::try_from(dice.between(low, high)).unwrap_or(0));
    match name {
        _ if name.contains("Unhealthy") || name.contains("UnHealthy") || name.contains("Error") => (0.0, "Count"),
        _ if name.contains("5XX") || name.contains("5xx") || name.contains("4XX") => (0.0, "Count"),
        _ if name.contains("CPU") || name.contains("Utilization") => (pick(12, 38), "Percent"),
        _ if name.contains("Latency") || name.contains("ResponseTime") => (pick(5, 40) / 100.0, "Seconds"),
        _ if name.contains("Lag") || name.contains("Delay") => (pick(2, 30), "Seconds"),
        _ if name.contains("Bytes") || name.contains("Memory") || name.contains("Storage") => {
            (pick(40, 400) * 1_073_741_824.0, "Bytes")
        }
        _ if name.contains("Healthy") => (pick(2, 4), "Count"),
        _ => (pick(10, 90), "Count"),
    }
}

/// A name on the primary side for one on the other: its region changed, or marked as primary.
fn counterpart(name: &str, region: &str, primary: &str) -> String {
    let name = bare(name);
    if name.contains(region) {
        name.replace(region, primary)
    } else if name.contains("-dr") {
        name.replacen("-dr", "", 1)
    } else if let Some(rest) = name.strip_prefix("dr-") {
        format!("primary-{rest}")
    } else if let Some(rest) = name.strip_prefix("dr.") {
        format!("primary.{rest}")
    } else {
        format!("primary-{name}")
    }
}

#[cfg(test)]
mod database_tests;
#[cfg(test)]
mod tests;
