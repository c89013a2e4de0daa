//! Actions whose worlds nobody has built yet at the emulators.

use super::{Case, in_words};

const WAITING: [&str; 24] = [
    "aws/dynamodb.restore_table_to_point_in_time",
    "aws/dynamodb.describe_table",
    "aws/dynamodb.update_continuous_backups",
    "aws/dynamodb.describe_time_to_live",
    "aws/dynamodb.update_time_to_live",
    "aws/dynamodb.update_table",
    "aws/dynamodb.delete_table",
    "aws/sns.publish",
    "aws/rds.remove_from_global_cluster",
    "aws/rds.failover_db_cluster",
    "aws/rds.restore_db_cluster_to_point_in_time",
    "aws/rds.restore_db_cluster_from_snapshot",
    "aws/rds.create_db_instance",
    "aws/rds.restore_db_instance_to_point_in_time",
    "aws/rds.create_db_cluster_snapshot",
    "aws/rds.describe_db_cluster_snapshots",
    "aws/rds.delete_db_cluster",
    "aws/rds.delete_db_instance",
    "aws/elasticache.failover_global_replication_group",
    "aws/elasticache.describe_global_replication_groups",
    "aws/backup.start_restore_job",
    "aws/backup.describe_restore_job",
    "aws/backup.list_restore_jobs",
    "aws/backup.list_recovery_points_by_backup_vault",
];

pub(super) fn cases() -> Vec<Case> {
    WAITING.map(in_words).into()
}
