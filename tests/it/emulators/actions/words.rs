//! Actions whose worlds nobody has built yet at the emulators.

use serde_json::{Value, json};

use super::{Case, World, in_words, reading};

pub(super) fn cases() -> Vec<Case> {
    [
        "aws/route53.test_dns_answer",
        "aws/route53.get_health_check_status",
        "aws/route53.update_health_check",
        "aws/application_autoscaling.register_scalable_target",
        "aws/application_autoscaling.describe_scalable_targets",
        "aws/elbv2.describe_target_health",
        "aws/elbv2.describe_target_groups",
        "aws/elbv2.modify_target_group",
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
    ]
    .map(in_words)
    .into_iter()
    .chain([reading("aws/route53.get_health_check", check)])
    .collect()
}

fn check(world: &mut World<'_>) -> Value {
    let config =
        json!({"Type": "HTTPS", "FullyQualifiedDomainName": "shop.example", "Port": 443, "FailureThreshold": 3});
    let params = json!({"CallerReference": "words", "HealthCheckConfig": config});
    let made = world.call("route53", "create_health_check", params);
    let id = world.name(&made["HealthCheck"]["Id"], "check");
    json!({"health_check_id": id})
}
