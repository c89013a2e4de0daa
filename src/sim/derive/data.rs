//! Databases and services that a plan takes for granted.

use std::collections::BTreeMap;

use super::{Dice, Wanted, counterpart};
use crate::model::Value;
use crate::model::action::ecs::family_of;
use crate::sim::dice::{HOST, ID};
use crate::sim::naming::short;
use crate::sim::world::World;
use crate::sim::world::ecs::{Cluster as EcsCluster, Deployment, Service, deployment_id};
use crate::sim::world::global::{Global, Member};
use crate::sim::world::rds::{Cluster, Instance, Lag};
use crate::sim::world::recovery::USUAL_CLASS;
use crate::sim::world::settings::Settings;

const ENGINE: &str = "aurora-postgresql";
const ENGINE_VERSION: &str = "16.4";

fn lag(world: &World, name: &str) -> Lag {
    let mut dice = Dice::named(world.seed, &format!("usual lag {name}"));
    Lag::Active { ms: dice.between(8_000, 45_000), jitter_ms: 4_000, source_region: world.primary.clone() }
}

fn new_cluster(world: &World, region: &str, account: &str, id: &str) -> Cluster {
    let mut dice = Dice::named(world.seed, &format!("cluster {region} {id}"));
    let host = dice.text(HOST, 12);
    let domain = format!("{host}.{region}.rds.amazonaws.com");
    Cluster {
        id: id.to_owned(),
        arn: format!("arn:aws:rds:{region}:{account}:cluster:{id}"),
        status: "available".to_owned(),
        engine: ENGINE.to_owned(),
        engine_version: ENGINE_VERSION.to_owned(),
        endpoint: format!("{id}.cluster-{domain}"),
        reader_endpoint: format!("{id}.cluster-ro-{domain}"),
        source: None,
        members: vec![(format!("{id}-1"), true), (format!("{id}-2"), false)],
        lag: Lag::None,
        promoting: false,
        settings: Settings::of_production(),
    }
}

/// The cluster a call names, and the one it replicates from.
pub fn cluster(world: &mut World, wanted: &Wanted, is_replica: bool) {
    if let Some(id) = wanted.text("db_cluster_identifier").map(short) {
        put_cluster(world, &wanted.region, &wanted.account, id, is_replica);
    }
}

pub fn put_cluster(world: &mut World, region: &str, account: &str, id: &str, is_replica: bool) {
    let place = (region.to_owned(), id.to_owned());
    if world.clusters.contains_key(&place) || world.to_come.contains(&place) {
        return;
    }
    let mut cluster = new_cluster(world, region, account, id);
    if is_replica {
        let source_id = counterpart(id, region, &world.primary);
        let source = new_cluster(world, &world.primary, account, &source_id);
        cluster.source = Some(source.arn.clone());
        cluster.lag = lag(world, id);
        for (_, is_writer) in &mut cluster.members {
            *is_writer = false;
        }
        let place = (world.primary.clone(), source_id);
        world.clusters.entry(place).or_insert(source);
    }
    world.clusters.insert(place, cluster);
}

/// The instance a call names.
pub fn instance(world: &mut World, wanted: &Wanted, is_replica: bool) {
    if let Some(id) = wanted.text("db_instance_identifier").map(short) {
        put_instance(world, &wanted.region, &wanted.account, id, is_replica);
    }
}

pub fn put_instance(world: &mut World, region: &str, account: &str, id: &str, is_replica: bool) {
    let place = (region.to_owned(), id.to_owned());
    if world.instances.contains_key(&place) || world.to_come.contains(&place) {
        return;
    }
    let mut dice = Dice::named(world.seed, &format!("instance {region} {id}"));
    let host = dice.text(HOST, 12);
    let source = is_replica.then(|| {
        let source_id = counterpart(id, region, &world.primary);
        format!("arn:aws:rds:{}:{account}:db:{source_id}", world.primary)
    });
    let instance = Instance {
        id: id.to_owned(),
        arn: format!("arn:aws:rds:{region}:{account}:db:{id}"),
        status: "available".to_owned(),
        engine: "postgres".to_owned(),
        endpoint: format!("{id}.{host}.{region}.rds.amazonaws.com"),
        port: 5432,
        lag: if is_replica { lag(world, id) } else { Lag::None },
        source,
        promoting: false,
        cluster: None,
        class: USUAL_CLASS.to_owned(),
        multi_az: false,
        settings: Settings::of_production(),
    };
    world.instances.insert(place, instance);
}

/// The global database a call names, with a writer in the primary region and a member elsewhere.
pub fn global(world: &mut World, wanted: &Wanted) {
    let Some(id) = wanted.text("global_cluster_identifier") else { return };
    if world.globals.contains_key(id) {
        return;
    }
    let named = wanted.text("target_db_cluster_identifier").or_else(|| wanted.text("db_cluster_identifier"));
    let target = named.filter(|target| target.starts_with("arn:"));
    let (region, name) = match target {
        Some(arn) => (arn.split(':').nth(3).unwrap_or(&wanted.region).to_owned(), short(arn).to_owned()),
        None => (wanted.region.clone(), format!("{id}-dr")),
    };
    let writer_region = if region == world.primary { world.default_region.clone() } else { world.primary.clone() };
    let writer_name = format!("{id}-primary");
    put_cluster(world, &region, &wanted.account, &name, false);
    put_cluster(world, &writer_region, &wanted.account, &writer_name, false);
    let mut reader_lag = lag(world, &name);
    if let Lag::Active { ms, jitter_ms, source_region } = &mut reader_lag {
        // A global database replicates at storage level: well below a second.
        (*ms, *jitter_ms) = (*ms / 100, 40);
        source_region.clone_from(&writer_region);
    }
    let mut arn = target.map(str::to_owned).unwrap_or_default();
    if let Some(reader) = world.clusters.get_mut(&(region, name)) {
        reader.lag = reader_lag;
        if arn.is_empty() {
            arn.clone_from(&reader.arn);
        } else {
            reader.arn.clone_from(&arn);
        }
        reader.members.iter_mut().for_each(|(_, is_writer)| *is_writer = false);
    }
    let writer = world.clusters.get(&(writer_region, writer_name)).map(|cluster| cluster.arn.clone());
    let member = |arn: String, is_writer: bool| Member { arn, is_writer, synchronization: "connected".to_owned() };
    let members = writer.map(|arn| member(arn, true)).into_iter().chain(std::iter::once(member(arn, false))).collect();
    let global = Global { id: id.to_owned(), status: "available".to_owned(), failover: None, members };
    world.globals.insert(id.to_owned(), global);
}

/// The replica whose lag a metric tells.
pub fn replica_of_metric(world: &mut World, wanted: &Wanted, dimensions: &BTreeMap<String, String>) {
    if let Some(id) = dimensions.get("DBClusterIdentifier") {
        put_cluster(world, &wanted.region, &wanted.account, id, true);
    }
    let is_member =
        |id: &String| world.clusters.values().any(|cluster| cluster.members.iter().any(|(member, _)| member == id));
    if let Some(id) = dimensions.get("DBInstanceIdentifier")
        && !is_member(id)
    {
        put_instance(world, &wanted.region, &wanted.account, id, true);
    }
}

/// The service a call names: at rest where the plan scales it up, running where it does not.
pub fn service(world: &mut World, wanted: &Wanted) {
    if let (Some(cluster), Some(service)) = (wanted.text("cluster"), wanted.text("service")) {
        put_service(world, wanted, short(cluster), short(service));
    }
}

/// The services a call names in a list.
pub fn services(world: &mut World, wanted: &Wanted) {
    let Some(cluster) = wanted.text("cluster") else { return };
    for service in wanted.with["services"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        put_service(world, wanted, short(cluster), short(service));
    }
}

/// The clusters a call names in a list.
pub fn ecs_clusters(world: &mut World, wanted: &Wanted) {
    for name in wanted.with["clusters"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        put_ecs_cluster(world, wanted, short(name));
    }
}

fn put_ecs_cluster(world: &mut World, wanted: &Wanted, name: &str) {
    let cluster = EcsCluster {
        name: name.to_owned(),
        arn: format!("arn:aws:ecs:{}:{}:cluster/{name}", wanted.region, wanted.account),
        status: "ACTIVE".to_owned(),
        capacity_providers: vec!["FARGATE".to_owned(), "FARGATE_SPOT".to_owned()],
    };
    world.ecs_clusters.entry((wanted.region.clone(), name.to_owned())).or_insert(cluster);
}

/// A service that is named without saying what becomes of it: it stays as the rest of the plan has
/// it, and a standby if the plan starts it.
pub fn service_named(world: &mut World, wanted: &Wanted, cluster: &str, service: &str) {
    let asked = wanted.with["min_capacity"].as_u64().filter(|_| wanted.changes);
    let with = asked.map_or(Value::Null, |asked| serde_json::json!({"desired_count": asked}));
    let named = Wanted {
        action: wanted.action.clone(),
        with,
        region: wanted.region.clone(),
        account: wanted.account.clone(),
        changes: wanted.changes,
    };
    put_service(world, &named, short(cluster), short(service));
}

fn put_service(world: &mut World, wanted: &Wanted, cluster: &str, service: &str) {
    let key = (wanted.region.clone(), cluster.to_owned(), service.to_owned());
    if world.services.contains_key(&key) {
        return;
    }
    put_ecs_cluster(world, wanted, cluster);
    let mut dice = Dice::named(world.seed, &format!("service {} {cluster} {service}", wanted.region));
    let asked = wanted.with["desired_count"].as_u64().filter(|_| wanted.changes);
    let running = match asked {
        Some(0) => 3,
        Some(_) => 0,
        None => 2,
    };
    if asked.is_some_and(|asked| asked > 0) {
        world.standby.insert(key.clone());
    }
    let revision = dice.between(5, 60);
    let before = match wanted.text("task_definition") {
        None => format!("{service}:{revision}"),
        // `family:revision`: the revision before it.
        Some(next) => {
            let revision = short(next).parse::<u64>().map_or(revision, |next| next.saturating_sub(1).max(1));
            format!("{}:{revision}", family_of(next))
        }
    };
    let deployment = Deployment {
        id: deployment_id(&mut dice),
        status: "PRIMARY".to_owned(),
        rollout: "COMPLETED".to_owned(),
        desired: running,
        running,
    };
    let account = wanted.account.clone();
    let service = Service {
        name: service.to_owned(),
        status: "ACTIVE".to_owned(),
        task_definition: format!("arn:aws:ecs:{}:{account}:task-definition/{before}", wanted.region),
        account,
        deployments: vec![deployment],
        generation: 0,
        dice,
        started_ms: i64::MIN / 2,
    };
    let mut put = |definition: &str| {
        super::task_definitions::of_service(world, &wanted.region, &wanted.account, definition);
    };
    put(&before);
    // What the plan is going to roll out has been registered already.
    if let Some(next) = wanted.text("task_definition") {
        put(&if next.contains(':') { next.to_owned() } else { format!("{next}:{}", revision + 1) });
    }
    world.services.insert(key, service);
}

/// A role as replication uses it.
pub fn replication_role(world: &World, account: &str) -> String {
    let mut dice = Dice::named(world.seed, &format!("role {account}"));
    format!("arn:aws:iam::{account}:role/s3-replication-{}", dice.text(ID, 6).to_lowercase())
}
