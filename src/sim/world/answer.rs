//! Who answers which call: every action of the catalogue, one line each.

use super::{Answer, Context, World};
use crate::model::Value;
use crate::model::action::Action;

impl World {
    #[expect(clippy::too_many_lines, reason = "one line an action")]
    pub(super) fn answer(&mut self, action: &Action, context: &mut Context<'_>) -> Answer {
        match action {
            Action::GetCallerIdentity(_) => Ok(self.get_caller_identity(context)),
            Action::PromoteReadReplicaDbCluster(call) => self.promote_cluster(call, context),
            Action::PromoteReadReplica(call) => self.promote_instance(call, context),
            Action::FailoverGlobalCluster(call) => self.failover_global(call, context),
            Action::SwitchoverGlobalCluster(call) => self.switchover_global(call, context),
            Action::DescribeDbClusters(call) => self.describe_cluster(call, context),
            Action::DescribeDbInstances(call) => self.describe_instance(call, context),
            Action::DescribeGlobalClusters(call) => self.describe_global(call),
            Action::UpdateService(call) => self.update_service(call, context),
            Action::DescribeServices(call) => self.describe_services(call, context),
            Action::DescribeClusters(call) => Ok(self.describe_ecs_clusters(call, context)),
            Action::ServicesStable(call) => self.services_stable(call, context),
            Action::ChangeResourceRecordSets(call) => self.change_records(call, context),
            Action::GetChange(call) => self.get_change(call),
            Action::ListResourceRecordSets(call) => self.list_records(call),
            Action::GetHostedZone(call) => self.get_hosted_zone(call),
            Action::TestDnsAnswer(call) => self.test_dns_answer(call),
            Action::GetHealthCheckStatus(call) => self.get_health_check_status(call, context),
            Action::GetHealthCheck(call) => self.get_health_check(call),
            Action::UpdateHealthCheck(call) => self.update_health_check(call, context),
            Action::RemoveFromGlobalCluster(call) => self.remove_from_global(call, context),
            Action::FailoverDbCluster(call) => self.failover_cluster(call, context),
            Action::RestoreDbClusterToPointInTime(call) => self.restore_cluster_to_point(call, context),
            Action::RestoreDbClusterFromSnapshot(call) => self.restore_cluster_from_snapshot(call, context),
            Action::CreateDbInstance(call) => self.create_instance(call, context),
            Action::RestoreDbInstanceToPointInTime(call) => self.restore_instance_to_point(call, context),
            Action::CreateDbClusterSnapshot(call) => self.create_cluster_snapshot(call, context),
            Action::DescribeDbClusterSnapshots(call) => self.describe_cluster_snapshots(call, context),
            Action::DeleteDbCluster(call) => self.delete_cluster(call, context),
            Action::DeleteDbInstance(call) => self.delete_instance(call, context),
            Action::FailoverGlobalReplicationGroup(call) => self.failover_datastore(call, context),
            Action::DescribeGlobalReplicationGroups(call) => self.describe_datastore(call),
            Action::StartRestoreJob(call) => self.start_restore_job(call, context),
            Action::DescribeRestoreJob(call) => self.describe_restore_job(call),
            Action::ListRestoreJobs(call) => Ok(self.list_restore_jobs(call, context)),
            Action::ListRecoveryPointsByBackupVault(call) => self.list_recovery_points(call, context),
            Action::RegisterScalableTarget(call) => self.register_scalable_target(call, context),
            Action::DescribeScalableTargets(call) => Ok(self.describe_scalable_targets(call, context)),
            Action::DescribeTargetHealth(call) => self.describe_target_health(call, context),
            Action::DescribeTargetGroups(call) => self.describe_target_groups(call, context),
            Action::ModifyTargetGroup(call) => self.modify_target_group(call, context),
            Action::DescribeContinuousBackups(call) => self.describe_continuous_backups(call, context),
            Action::UpdateOrigin(call) => self.update_origin(call, context),
            Action::CreateInvalidation(call) => self.create_invalidation(call, context),
            Action::GetDistribution(call) => self.get_distribution(call),
            Action::GetInvalidation(call) => self.get_invalidation(call),
            Action::HeadBucket(call) => self.head_bucket(call),
            Action::GetBucketVersioning(call) => self.get_bucket_versioning(call),
            Action::GetBucketReplication(call) => self.get_bucket_replication(call),
            Action::ListObjectVersions(call) => self.list_object_versions(call),
            Action::RestoreObjectVersion(call) => self.restore_object_version(call, context),
            Action::GetMetric(call) => Ok(self.get_metric(call, context)),
            Action::Exec(call) => Ok(self.exec(call)),
            Action::HttpCheck(call) => Ok(self.http_check(call, context)),
            Action::DnsResolve(call) => Ok(self.dns_resolve(call, context)),
            // The engine answers these by itself.
            Action::Manual(_) | Action::Note(_) | Action::Wait(_) => Ok(Value::Object(crate::model::Object::new())),
        }
    }
}
