//! Examples of databases and what brings them back: RDS, ElastiCache, AWS Backup.

use serde_json::json;

use super::CLUSTER;
use crate::model::Value;

const CLUSTER_ARN: &str = "arn:aws:rds:us-east-1:111122223333:cluster:shop-global-dr";

pub(super) fn rds(name: &str) -> Option<Value> {
    Some(match name {
        "aws/rds.promote_read_replica_db_cluster" | "aws/rds.describe_db_clusters" => {
            json!({"db_cluster_identifier": CLUSTER})
        }
        "aws/rds.promote_read_replica" => {
            json!({"db_instance_identifier": "shop-replica", "backup_retention_period": 7})
        }
        "aws/rds.describe_db_instances" => json!({"db_instance_identifier": "shop-replica"}),
        "aws/rds.failover_global_cluster" => json!({
            "global_cluster_identifier": "shop-global",
            "target_db_cluster_identifier": CLUSTER_ARN,
            "allow_data_loss": true,
        }),
        "aws/rds.switchover_global_cluster" => {
            json!({"global_cluster_identifier": "shop-global", "target_db_cluster_identifier": CLUSTER_ARN})
        }
        "aws/rds.describe_global_clusters" => json!({"global_cluster_identifier": "shop-global"}),
        _ => return rds_recovery(name),
    })
}

fn rds_recovery(name: &str) -> Option<Value> {
    let restored = "shop-restored";
    Some(match name {
        "aws/rds.remove_from_global_cluster" => {
            json!({"global_cluster_identifier": "shop-global", "db_cluster_identifier": CLUSTER_ARN})
        }
        "aws/rds.failover_db_cluster" => {
            json!({"db_cluster_identifier": CLUSTER, "target_db_instance_identifier": "shop-dr-2"})
        }
        "aws/rds.restore_db_cluster_to_point_in_time" => json!({
            "db_cluster_identifier": restored, "source_db_cluster_identifier": CLUSTER,
            "restore_to_time": "2026-01-04T02:30:00Z", "db_subnet_group_name": "shop",
            "vpc_security_group_ids": ["sg-0123456789abcdef0"],
        }),
        "aws/rds.restore_db_cluster_from_snapshot" => json!({
            "db_cluster_identifier": restored, "snapshot_identifier": "shop-before", "engine": "aurora-postgresql",
        }),
        "aws/rds.create_db_instance" => json!({
            "db_instance_identifier": "shop-restored-1", "db_instance_class": "db.r6g.large",
            "engine": "aurora-postgresql", "db_cluster_identifier": restored,
        }),
        "aws/rds.restore_db_instance_to_point_in_time" => json!({
            "source_db_instance_identifier": "shop-db", "target_db_instance_identifier": "shop-db-restored",
            "use_latest_restorable_time": true,
        }),
        "aws/rds.create_db_cluster_snapshot" => {
            json!({"db_cluster_snapshot_identifier": "shop-before", "db_cluster_identifier": CLUSTER})
        }
        "aws/rds.describe_db_cluster_snapshots" => json!({"db_cluster_identifier": CLUSTER}),
        "aws/rds.delete_db_cluster" => json!({"db_cluster_identifier": restored, "skip_final_snapshot": true}),
        "aws/rds.delete_db_instance" => {
            json!({"db_instance_identifier": "shop-restored-1", "skip_final_snapshot": true})
        }
        _ => return rds_instances(name),
    })
}

fn rds_instances(name: &str) -> Option<Value> {
    let (snapshot, restored) = ("shop-db-before", "shop-db-restored");
    Some(match name {
        "aws/rds.create_db_cluster" => json!({
            "db_cluster_identifier": "shop-replica-cluster", "engine": "aurora-postgresql",
            "replication_source_identifier": "arn:aws:rds:eu-central-1:111122223333:cluster:shop",
            "db_subnet_group_name": "shop", "vpc_security_group_ids": ["sg-0123456789abcdef0"],
        }),
        "aws/rds.modify_db_cluster" => json!({
            "db_cluster_identifier": CLUSTER, "backup_retention_period": 30, "deletion_protection": true,
            "apply_immediately": true,
        }),
        "aws/rds.modify_db_instance" => json!({
            "db_instance_identifier": "shop-db", "backup_retention_period": 30, "deletion_protection": true,
            "apply_immediately": true,
        }),
        "aws/rds.restore_db_instance_from_db_snapshot" => json!({
            "db_instance_identifier": restored, "db_snapshot_identifier": snapshot, "db_subnet_group_name": "shop",
            "vpc_security_group_ids": ["sg-0123456789abcdef0"], "publicly_accessible": false,
        }),
        "aws/rds.create_db_instance_read_replica" => json!({
            "db_instance_identifier": "shop-db-replica",
            "source_db_instance_identifier": "arn:aws:rds:eu-central-1:111122223333:db:shop-db",
        }),
        "aws/rds.create_db_snapshot" => {
            json!({"db_snapshot_identifier": snapshot, "db_instance_identifier": "shop-db"})
        }
        "aws/rds.describe_db_snapshots" => json!({"db_instance_identifier": "shop-db"}),
        "aws/rds.delete_db_snapshot" => json!({"db_snapshot_identifier": snapshot}),
        "aws/rds.start_export_task" => json!({
            "export_task_identifier": "shop-2026-01",
            "source_arn": "arn:aws:rds:us-east-1:111122223333:cluster-snapshot:shop-before",
            "s3_bucket_name": "shop-exports", "iam_role_arn": "arn:aws:iam::111122223333:role/rds-export",
            "kms_key_id": "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-1111-2222-3333-444455556666",
            "s3_prefix": "monthly",
        }),
        "aws/rds.describe_export_tasks" => json!({"export_task_identifier": "shop-2026-01"}),
        _ => return None,
    })
}

pub(super) fn elasticache(name: &str) -> Option<Value> {
    let id = "ldgnf-shop";
    Some(match name {
        "aws/elasticache.failover_global_replication_group" => json!({
            "global_replication_group_id": id, "primary_region": "us-east-1",
            "primary_replication_group_id": "shop-redis-dr",
        }),
        "aws/elasticache.describe_global_replication_groups" => json!({"global_replication_group_id": id}),
        "aws/elasticache.describe_replication_groups" | "aws/elasticache.describe_snapshots" => {
            json!({"replication_group_id": "shop-redis"})
        }
        "aws/elasticache.create_replication_group" => json!({
            "replication_group_id": "shop-redis-restored", "replication_group_description": "The shop, from a snapshot",
            "snapshot_name": "shop-redis-before", "cache_subnet_group_name": "shop",
            "security_group_ids": ["sg-0123456789abcdef0"],
        }),
        "aws/elasticache.delete_replication_group" => json!({"replication_group_id": "shop-redis-restored"}),
        "aws/elasticache.create_snapshot" => {
            json!({"snapshot_name": "shop-redis-before", "replication_group_id": "shop-redis"})
        }
        _ => return None,
    })
}

pub(super) fn backup(name: &str) -> Option<Value> {
    Some(match name {
        "aws/backup.start_restore_job" => json!({
            "recovery_point_arn": "arn:aws:backup:us-east-1:111122223333:recovery-point:0a1b2c3d-1111-2222-3333-444455556666",
            "metadata": {"DBInstanceIdentifier": "shop-from-backup"},
            "iam_role_arn": "arn:aws:iam::111122223333:role/backup", "idempotency_token": "example-1",
            "resource_type": "RDS",
        }),
        "aws/backup.describe_restore_job" => json!({"restore_job_id": "0A1B2C3D-1111-2222-3333-444455556666"}),
        "aws/backup.list_restore_jobs" => json!({"by_resource_type": "RDS"}),
        "aws/backup.list_recovery_points_by_backup_vault" => json!({"backup_vault_name": "shop-vault"}),
        "aws/backup.list_recovery_points_by_resource" => {
            json!({"resource_arn": "arn:aws:rds:us-east-1:111122223333:db:shop-db"})
        }
        "aws/backup.list_backup_jobs" => json!({"by_backup_vault_name": "shop-vault"}),
        _ => return None,
    })
}
