//! RDS: replicas at moto, global databases at ministack.

use serde_json::{Value, json};

use super::super::shape::without;
use super::{Case, ELSEWHERE, World, changing, reading};

const PRIMARY: &str = "shop";
const STANDBY: &str = "shop-dr";
/// What the emulators roll dice for.
pub(super) const MADE_UP: [&str; 9] = [
    "VpcSecurityGroupId",
    "Endpoint",
    "ReaderEndpoint",
    "HostedZoneId",
    "DbClusterResourceId",
    "DbiResourceId",
    "GlobalClusterResourceId",
    "PreferredBackupWindow",
    "PreferredMaintenanceWindow",
];

pub(super) fn replicas() -> Vec<Case> {
    vec![
        changing("aws/rds.promote_read_replica_db_cluster", replica_cluster, clusters),
        changing("aws/rds.promote_read_replica", replica_instance, instances),
        reading("aws/rds.describe_db_clusters", replica_cluster),
        reading("aws/rds.describe_db_instances", replica_instance),
    ]
}

pub(super) fn global() -> Vec<Case> {
    vec![
        changing("aws/rds.failover_global_cluster", global_database, members),
        changing("aws/rds.switchover_global_cluster", global_database, members),
        reading("aws/rds.describe_global_clusters", |world| {
            global_database(world);
            json!({})
        }),
    ]
}

/// A cluster in the home region and its replica in the standby region.
fn replica_cluster(world: &mut World<'_>) -> Value {
    let master = json!({"MasterUsername": "admin", "MasterUserPassword": "not-a-secret"});
    let mut primary = json!({"DBClusterIdentifier": PRIMARY, "Engine": "aurora-mysql"});
    merge(&mut primary, &master);
    let source = world.call_in(ELSEWHERE, "rds", "create_db_cluster", primary)["DBCluster"]["DBClusterArn"].take();
    let mut standby =
        json!({"DBClusterIdentifier": STANDBY, "Engine": "aurora-mysql", "ReplicationSourceIdentifier": source});
    // moto wants these for a replica as well, AWS does not.
    merge(&mut standby, &master);
    world.call("rds", "create_db_cluster", standby);
    // The first look lets it become available.
    world.call("rds", "describe_db_clusters", json!({}));
    json!({})
}

fn merge(into: &mut Value, from: &Value) {
    for (name, value) in from.as_object().unwrap() {
        into[name] = value.clone();
    }
}

fn clusters(world: &mut World<'_>) -> Value {
    let mut found = world.call("rds", "describe_db_clusters", json!({"DBClusterIdentifier": STANDBY}));
    without(&mut found, &MADE_UP);
    found
}

fn replica_instance(world: &mut World<'_>) -> Value {
    let primary = json!({
        "DBInstanceIdentifier": PRIMARY, "DBInstanceClass": "db.t3.micro", "Engine": "mysql", "AllocatedStorage": 20,
        "MasterUsername": "admin", "MasterUserPassword": "not-a-secret", "BackupRetentionPeriod": 1,
    });
    let primary = world.call_in(ELSEWHERE, "rds", "create_db_instance", primary);
    let replica = json!({
        "DBInstanceIdentifier": "shop-replica",
        "SourceDBInstanceIdentifier": primary["DBInstance"]["DBInstanceArn"],
    });
    world.call("rds", "create_db_instance_read_replica", replica);
    json!({})
}

fn instances(world: &mut World<'_>) -> Value {
    let mut found = world.call("rds", "describe_db_instances", json!({"DBInstanceIdentifier": "shop-replica"}));
    without(&mut found, &MADE_UP);
    found
}

/// A writer in the home region, a secondary in the standby region.
pub(super) fn global_database(world: &mut World<'_>) -> Value {
    let engine = json!({"Engine": "aurora-postgresql", "GlobalClusterIdentifier": "shop-global"});
    world.call_in(ELSEWHERE, "rds", "create_global_cluster", engine.clone());
    let mut writer = json!({
        "DBClusterIdentifier": "shop-global-home", "MasterUsername": "admin", "MasterUserPassword": "not-a-secret",
    });
    merge(&mut writer, &engine);
    world.call_in(ELSEWHERE, "rds", "create_db_cluster", writer);
    let mut secondary = json!({"DBClusterIdentifier": "shop-global-dr"});
    merge(&mut secondary, &engine);
    let secondary = world.call("rds", "create_db_cluster", secondary);
    json!({"target_db_cluster_identifier": secondary["DBCluster"]["DBClusterArn"]})
}

pub(super) fn members(world: &mut World<'_>) -> Value {
    let mut found = world.call("rds", "describe_global_clusters", json!({"GlobalClusterIdentifier": "shop-global"}));
    without(&mut found, &MADE_UP);
    found
}
