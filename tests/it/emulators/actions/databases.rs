//! Instances' snapshots, replicas and settings, exports, caches; and AWS Backup's lists.

use serde_json::{Value, json};

use super::super::shape::without;
use super::rds::MADE_UP;
use super::recovery::{cluster, instance, restorable, snapshot};
use super::{Case, ELSEWHERE, World, changing, reading};

/// At moto.
pub(super) fn instances() -> Vec<Case> {
    vec![
        changing("aws/rds.create_db_cluster", replica_to_be, databases_there),
        changing("aws/rds.modify_db_cluster", |world| cluster(world, "shop-dr"), databases_there),
        changing("aws/rds.modify_db_instance", instance, databases_there),
        changing("aws/rds.restore_db_instance_from_db_snapshot", of_an_instance, databases_there),
        changing("aws/rds.create_db_instance_read_replica", source_elsewhere, databases_there),
        changing("aws/rds.create_db_snapshot", instance, databases_there),
        reading("aws/rds.describe_db_snapshots", of_an_instance),
        changing("aws/rds.delete_db_snapshot", of_an_instance, databases_there),
        changing("aws/rds.start_export_task", exportable, exports),
        reading("aws/rds.describe_export_tasks", exported),
    ]
}

/// At moto, and AWS Backup at ministack.
pub(super) fn caches() -> Vec<Case> {
    vec![
        reading("aws/elasticache.describe_replication_groups", |world| group(world, "shop-redis")),
        changing("aws/elasticache.create_replication_group", cache_snapshot, caches_there),
        changing("aws/elasticache.delete_replication_group", |world| group(world, "shop-redis-restored"), caches_there),
        changing("aws/elasticache.create_snapshot", |world| group(world, "shop-redis"), caches_there),
        reading("aws/elasticache.describe_snapshots", cache_snapshot),
        reading("aws/backup.list_recovery_points_by_resource", |_| json!({})),
        reading("aws/backup.list_backup_jobs", |world| {
            world.call("backup", "create_backup_vault", json!({"BackupVaultName": "shop-vault"}));
            let params = json!({
                "BackupVaultName": "shop-vault", "IamRoleArn": "arn:aws:iam::111122223333:role/backup",
                "ResourceArn": "arn:aws:rds:us-west-2:111122223333:db:shop-db",
            });
            world.call("backup", "start_backup_job", params);
            json!({})
        }),
    ]
}

/// A cluster elsewhere that is replicated from, and the network for its replica. moto wants a master
/// user of a replica as well, AWS does not.
fn replica_to_be(world: &mut World<'_>) -> Value {
    restorable(world);
    let params = json!({
        "DBClusterIdentifier": "shop", "Engine": "aurora-postgresql",
        "MasterUsername": "admin", "MasterUserPassword": "not-a-secret",
    });
    let source = world.call_in(ELSEWHERE, "rds", "create_db_cluster", params);
    json!({
        "replication_source_identifier": source["DBCluster"]["DBClusterArn"],
        "master_username": "admin", "manage_master_user_password": true,
    })
}

fn of_an_instance(world: &mut World<'_>) -> Value {
    restorable(world);
    instance(world);
    let params = json!({"DBInstanceIdentifier": "shop-db", "DBSnapshotIdentifier": "shop-db-before"});
    world.call("rds", "create_db_snapshot", params);
    json!({})
}

fn source_elsewhere(world: &mut World<'_>) -> Value {
    let params = json!({
        "DBInstanceIdentifier": "shop-db", "DBInstanceClass": "db.t3.micro", "Engine": "mysql", "AllocatedStorage": 20,
        "MasterUsername": "admin", "MasterUserPassword": "not-a-secret", "BackupRetentionPeriod": 1,
    });
    let source = world.call_in(ELSEWHERE, "rds", "create_db_instance", params);
    json!({"source_db_instance_identifier": source["DBInstance"]["DBInstanceArn"]})
}

fn exportable(world: &mut World<'_>) -> Value {
    snapshot(world);
    let params = json!({"DBClusterSnapshotIdentifier": "shop-before"});
    let found = world.call("rds", "describe_db_cluster_snapshots", params);
    json!({"source_arn": found["DBClusterSnapshots"][0]["DBClusterSnapshotArn"]})
}

fn exported(world: &mut World<'_>) -> Value {
    let source = exportable(world)["source_arn"].take();
    let params = json!({
        "ExportTaskIdentifier": "shop-2026-01", "SourceArn": source, "S3BucketName": "shop-exports",
        "IamRoleArn": "arn:aws:iam::111122223333:role/rds-export", "KmsKeyId": "arn:aws:kms:us-west-2:111122223333:key/1",
    });
    world.call("rds", "start_export_task", params);
    json!({})
}

fn exports(world: &mut World<'_>) -> Value {
    world.call("rds", "describe_export_tasks", json!({}))
}

fn databases_there(world: &mut World<'_>) -> Value {
    let clusters = world.call("rds", "describe_db_clusters", json!({}));
    let instances = world.call("rds", "describe_db_instances", json!({}));
    let snapshots = world.call("rds", "describe_db_snapshots", json!({"SnapshotType": "manual"}));
    let mut found = json!([clusters, instances, snapshots]);
    // The name of a managed password's secret is made up as well.
    without(
        &mut found,
        &[&MADE_UP[..], &["MasterUserSecret", "CertificateDetails", "VpcId", "SubnetIdentifier"]].concat(),
    );
    found
}

fn group(world: &mut World<'_>, id: &str) -> Value {
    let params = json!({
        "ReplicationGroupId": id, "ReplicationGroupDescription": "The shop", "NumCacheClusters": 2,
        "CacheNodeType": "cache.t3.micro", "Engine": "redis",
    });
    world.call("elasticache", "create_replication_group", params);
    json!({})
}

fn cache_snapshot(world: &mut World<'_>) -> Value {
    group(world, "shop-redis");
    let params = json!({"ReplicationGroupId": "shop-redis", "SnapshotName": "shop-redis-before"});
    world.call("elasticache", "create_snapshot", params);
    let subnets = world.call("ec2", "describe_subnets", json!({}));
    let ids: Vec<&Value> = subnets["Subnets"].as_array().unwrap().iter().map(|subnet| &subnet["SubnetId"]).collect();
    let params = json!({"CacheSubnetGroupName": "shop", "CacheSubnetGroupDescription": "shop", "SubnetIds": ids});
    world.call("elasticache", "create_cache_subnet_group", params);
    json!({})
}

fn caches_there(world: &mut World<'_>) -> Value {
    let groups = world.call("elasticache", "describe_replication_groups", json!({}));
    let snapshots = world.call("elasticache", "describe_snapshots", json!({}));
    let mut found = json!([groups, snapshots]);
    without(&mut found, &["PrimaryEndpoint", "ReaderEndpoint", "ReadEndpoint", "Endpoint"]);
    found
}
