//! Databases brought back: restores, snapshots, instances; and what is made for a while and deleted.

use serde_json::{Value, json};

use super::super::shape::without;
use super::rds::{MADE_UP, global_database, members};
use super::{Case, World, changing, in_words, neither, reading};

const CLUSTER: &str = "shop-dr";
const RESTORED: &str = "shop-restored";

/// At moto.
pub(super) fn databases() -> Vec<Case> {
    vec![
        changing("aws/rds.failover_db_cluster", two_instances, databases_there),
        changing("aws/rds.restore_db_cluster_to_point_in_time", restorable, databases_there),
        changing("aws/rds.restore_db_cluster_from_snapshot", snapshot, databases_there),
        changing("aws/rds.create_db_instance", |world| cluster(world, RESTORED), databases_there),
        changing("aws/rds.restore_db_instance_to_point_in_time", instance, databases_there),
        changing("aws/rds.create_db_cluster_snapshot", |world| cluster(world, CLUSTER), databases_there),
        reading("aws/rds.describe_db_cluster_snapshots", snapshot),
        changing("aws/rds.delete_db_cluster", |world| cluster(world, RESTORED), databases_there),
        changing("aws/rds.delete_db_instance", restored_instance, databases_there),
    ]
}

/// At ministack, or nowhere.
pub(super) fn elsewhere() -> Vec<Case> {
    vec![
        changing("aws/rds.remove_from_global_cluster", leaving, members),
        reading("aws/backup.list_restore_jobs", |_| json!({})),
        reading("aws/backup.list_recovery_points_by_backup_vault", |world| {
            world.call("backup", "create_backup_vault", json!({"BackupVaultName": "shop-vault"}));
            json!({})
        }),
        neither(
            "aws/backup.start_restore_job",
            "backup",
            "start_restore_job",
            || json!({"RecoveryPointArn": "arn:aws:backup:us-west-2:111122223333:recovery-point:1", "Metadata": {"a": "b"}}),
        ),
        // ministack answers that there is no such job, and nothing can start one.
        in_words("aws/backup.describe_restore_job"),
        neither(
            "aws/elasticache.describe_global_replication_groups",
            "elasticache",
            "describe_global_replication_groups",
            || json!({}),
        ),
        neither(
            "aws/elasticache.failover_global_replication_group",
            "elasticache",
            "failover_global_replication_group",
            || {
                json!({
                    "GlobalReplicationGroupId": "ldgnf-shop", "PrimaryRegion": "us-west-2",
                    "PrimaryReplicationGroupId": "shop-redis-dr",
                })
            },
        ),
    ]
}

pub(super) fn cluster(world: &mut World<'_>, name: &str) -> Value {
    let params = json!({
        "DBClusterIdentifier": name, "Engine": "aurora-postgresql",
        "MasterUsername": "admin", "MasterUserPassword": "not-a-secret",
    });
    world.call("rds", "create_db_cluster", params);
    // It is available from the second look on.
    world.call("rds", "describe_db_clusters", json!({}));
    json!({})
}

fn in_cluster(world: &mut World<'_>, cluster: &str, name: &str) {
    let params = json!({
        "DBInstanceIdentifier": name, "DBClusterIdentifier": cluster, "DBInstanceClass": "db.r6g.large",
        "Engine": "aurora-postgresql",
    });
    world.call("rds", "create_db_instance", params);
}

fn two_instances(world: &mut World<'_>) -> Value {
    cluster(world, CLUSTER);
    in_cluster(world, CLUSTER, "shop-dr-1");
    in_cluster(world, CLUSTER, "shop-dr-2");
    json!({})
}

/// A cluster, and the network that its copy is to be in.
pub(super) fn restorable(world: &mut World<'_>) -> Value {
    cluster(world, CLUSTER);
    let subnets = world.call("ec2", "describe_subnets", json!({}));
    let ids: Vec<&Value> = subnets["Subnets"].as_array().unwrap().iter().map(|subnet| &subnet["SubnetId"]).collect();
    let group = json!({"DBSubnetGroupName": "shop", "DBSubnetGroupDescription": "shop", "SubnetIds": ids});
    world.call("rds", "create_db_subnet_group", group);
    json!({})
}

pub(super) fn snapshot(world: &mut World<'_>) -> Value {
    cluster(world, CLUSTER);
    let params = json!({"DBClusterIdentifier": CLUSTER, "DBClusterSnapshotIdentifier": "shop-before"});
    world.call("rds", "create_db_cluster_snapshot", params);
    json!({})
}

pub(super) fn instance(world: &mut World<'_>) -> Value {
    let params = json!({
        "DBInstanceIdentifier": "shop-db", "DBInstanceClass": "db.t3.micro", "Engine": "mysql", "AllocatedStorage": 20,
        "MasterUsername": "admin", "MasterUserPassword": "not-a-secret", "BackupRetentionPeriod": 1,
    });
    world.call("rds", "create_db_instance", params);
    json!({})
}

fn restored_instance(world: &mut World<'_>) -> Value {
    cluster(world, RESTORED);
    in_cluster(world, RESTORED, "shop-restored-1");
    json!({})
}

fn leaving(world: &mut World<'_>) -> Value {
    json!({"db_cluster_identifier": global_database(world)["target_db_cluster_identifier"]})
}

fn databases_there(world: &mut World<'_>) -> Value {
    let clusters = world.call("rds", "describe_db_clusters", json!({}));
    let instances = world.call("rds", "describe_db_instances", json!({}));
    let snapshots = world.call("rds", "describe_db_cluster_snapshots", json!({}));
    let mut found = json!([clusters, instances, snapshots]);
    without(&mut found, &MADE_UP);
    found
}
