//! Floor 2: the real AWS, through its SDK. One file a service.
//!
//! Sends once whatever changes something, reads again what only reads, and says of every answer what
//! it proves. Must not know: runbooks, gates, screens, journals.

mod alarms;
mod assume;
mod autoscaling;
mod backup;
mod calls;
mod cli;
mod clients;
mod cloudfront;
mod cloudwatch;
mod config;
mod dynamodb;
mod ecs;
mod ecs_clusters;
mod elasticache;
mod elbv2;
mod error;
mod exports;
mod health_checks;
mod hosted_zones;
mod instances;
mod keys;
mod line;
mod logs;
mod meter;
mod mfa;
mod options;
mod policy;
mod rds;
mod recovery;
mod replication_groups;
mod reply;
mod route53;
mod s3;
mod sessions;
mod shape;
mod sns;
mod ssm;
mod sts;
mod tables;
mod task_definitions;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wire;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::{Instant, timeout};

pub use self::mfa::StsDevices;
pub use self::options::AwsOptions;

use self::calls::Calls;
use self::config::Loader;
use self::sessions::{Session, Sessions};
use crate::engine::effect::CallRequest;
use crate::engine::ports::{Cloud, CloudReply, Programs};
use crate::model::action::Action;
use crate::model::event::{Purpose, TargetIdentity};
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::plan::ResolvedTarget;
use crate::model::progress::Progress;

/// AWS itself.
pub struct AwsCloud {
    sessions: Arc<Sessions>,
    /// Who starts the user's own `aws`; without it nothing is called through that.
    programs: Option<Arc<dyn Programs>>,
    meters: meter::Meters,
}

impl std::fmt::Debug for AwsCloud {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AwsCloud").field("sessions", &self.sessions).finish_non_exhaustive()
    }
}

impl AwsCloud {
    /// Asks nobody anything yet: files and network are touched by the first call.
    #[must_use]
    pub fn new(options: AwsOptions) -> Arc<Self> {
        Self::of(Loader::new(options, line::client()))
    }

    /// As [`AwsCloud::new`], with somebody who starts programs.
    #[must_use]
    pub fn with_programs(options: AwsOptions, programs: Arc<dyn Programs>) -> Arc<Self> {
        let sessions = Arc::new(Sessions::new(Loader::new(options, line::client())));
        Arc::new(Self { sessions, programs: Some(programs), meters: meter::Meters::default() })
    }

    fn of(loader: Loader) -> Arc<Self> {
        let sessions = Arc::new(Sessions::new(loader));
        Arc::new(Self { sessions, programs: None, meters: meter::Meters::default() })
    }

    /// A call through the user's own `aws`; `None` for all others.
    async fn by_program(&self, request: &CallRequest, session: &Session) -> Option<Result<CloudReply, CloudError>> {
        let command = match &request.call {
            Action::Cli(call) => call.command(),
            Action::CliRead(call) => call.command(),
            _ => return None,
        };
        let endpoint_url = self.sessions.endpoint_url();
        Some(cli::call(self.programs.as_deref(), &command, request, &session.clients(), endpoint_url).await)
    }

    /// Keys have to be at hand while there is still time to wait for the answer.
    async fn session(&self, request: &CallRequest) -> Result<Session, CloudError> {
        let patience = Duration::from_millis(request.timeout_ms / 3 * 2);
        let session = Box::pin(self.sessions.session(request));
        timeout(patience, session).await.unwrap_or_else(|_| Err(error::no_login_in_time(request.timeout_ms / 3 * 2)))
    }

    /// Who AWS says we are at a target.
    ///
    /// # Errors
    /// No credentials, expired ones, or those of another account than the target names.
    pub async fn identity(&self, target: &ResolvedTarget) -> Result<TargetIdentity, CloudError> {
        self.sessions.identity(target).await
    }
}

impl Cloud for AwsCloud {
    fn call<'a>(&'a self, request: &'a CallRequest) -> BoxFuture<'a, Result<CloudReply, CloudError>> {
        Box::pin(async move {
            let deadline = Instant::now() + Duration::from_millis(request.timeout_ms);
            if matches!(request.call, Action::Cli(_)) && request.ticket.purpose == Purpose::Probe {
                return cli::account_of(self.programs.as_deref(), request).await;
            }
            let session = self.session(request).await?;
            let running = self.meters.begin(&request.ticket.step);
            let calls = Calls::new(session.clients(), request, deadline, &running.meter);
            let answer = match Box::pin(self.by_program(request, &session)).await {
                Some(answer) => answer,
                None => dispatch(&calls, &request.call).await,
            };
            if answer.as_ref().is_err_and(|error| error.kind == CloudErrorKind::Expired) {
                self.sessions.forget(&session);
            }
            answer
        })
    }

    fn progress(&self, step: &str) -> Option<Progress> {
        self.meters.of(step)
    }
}

type Answer<'a> = BoxFuture<'a, Result<CloudReply, CloudError>>;

#[expect(clippy::too_many_lines, reason = "one line an action")]
fn dispatch<'a>(calls: &'a Calls<'a>, action: &'a Action) -> Answer<'a> {
    match action {
        Action::GetCallerIdentity(input) => boxed(calls, input, sts::get_caller_identity),

        Action::PromoteReadReplicaDbCluster(input) => boxed(calls, input, rds::promote_read_replica_db_cluster),
        Action::PromoteReadReplica(input) => boxed(calls, input, rds::promote_read_replica),
        Action::FailoverGlobalCluster(input) => boxed(calls, input, rds::failover_global_cluster),
        Action::SwitchoverGlobalCluster(input) => boxed(calls, input, rds::switchover_global_cluster),
        Action::DescribeDbClusters(input) => boxed(calls, input, rds::describe_db_clusters),
        Action::DescribeDbInstances(input) => boxed(calls, input, rds::describe_db_instances),
        Action::DescribeGlobalClusters(input) => boxed(calls, input, rds::describe_global_clusters),

        Action::UpdateService(input) => boxed(calls, input, ecs::update_service),
        Action::DescribeServices(input) => boxed(calls, input, ecs::describe_services),
        Action::DescribeClusters(input) => boxed(calls, input, ecs_clusters::describe_clusters),
        Action::DescribeTaskDefinition(input) => boxed(calls, input, task_definitions::describe_task_definition),
        Action::RegisterTaskDefinition(input) => boxed(calls, input, task_definitions::register_task_definition),
        Action::ServicesStable(input) => boxed(calls, input, ecs::services_stable),

        Action::ChangeResourceRecordSets(input) => boxed(calls, input, route53::change_resource_record_sets),
        Action::GetChange(input) => boxed(calls, input, route53::get_change),
        Action::ListResourceRecordSets(input) => boxed(calls, input, route53::list_resource_record_sets),
        Action::GetHostedZone(input) => boxed(calls, input, hosted_zones::get_hosted_zone),
        Action::TestDnsAnswer(input) => boxed(calls, input, health_checks::test_dns_answer),
        Action::GetHealthCheckStatus(input) => boxed(calls, input, health_checks::get_health_check_status),
        Action::GetHealthCheck(input) => boxed(calls, input, health_checks::get_health_check),
        Action::UpdateHealthCheck(input) => boxed(calls, input, health_checks::update_health_check),

        Action::RemoveFromGlobalCluster(input) => boxed(calls, input, recovery::remove_from_global_cluster),
        Action::FailoverDbCluster(input) => boxed(calls, input, recovery::failover_db_cluster),
        Action::RestoreDbClusterToPointInTime(input) => {
            boxed(calls, input, recovery::restore_db_cluster_to_point_in_time)
        }
        Action::RestoreDbClusterFromSnapshot(input) => boxed(calls, input, recovery::restore_db_cluster_from_snapshot),
        Action::CreateDbInstance(input) => boxed(calls, input, recovery::create_db_instance),
        Action::RestoreDbInstanceToPointInTime(input) => {
            boxed(calls, input, recovery::restore_db_instance_to_point_in_time)
        }
        Action::CreateDbClusterSnapshot(input) => boxed(calls, input, recovery::create_db_cluster_snapshot),
        Action::DescribeDbClusterSnapshots(input) => boxed(calls, input, recovery::describe_db_cluster_snapshots),
        Action::DeleteDbCluster(input) => boxed(calls, input, recovery::delete_db_cluster),
        Action::DeleteDbInstance(input) => boxed(calls, input, recovery::delete_db_instance),

        Action::CreateDbCluster(input) => boxed(calls, input, instances::create_db_cluster),
        Action::ModifyDbCluster(input) => boxed(calls, input, instances::modify_db_cluster),
        Action::ModifyDbInstance(input) => boxed(calls, input, instances::modify_db_instance),
        Action::RestoreDbInstanceFromDbSnapshot(input) => {
            boxed(calls, input, instances::restore_db_instance_from_db_snapshot)
        }
        Action::CreateDbInstanceReadReplica(input) => boxed(calls, input, instances::create_db_instance_read_replica),
        Action::CreateDbSnapshot(input) => boxed(calls, input, instances::create_db_snapshot),
        Action::DescribeDbSnapshots(input) => boxed(calls, input, instances::describe_db_snapshots),
        Action::DeleteDbSnapshot(input) => boxed(calls, input, instances::delete_db_snapshot),
        Action::StartExportTask(input) => boxed(calls, input, exports::start_export_task),
        Action::DescribeExportTasks(input) => boxed(calls, input, exports::describe_export_tasks),

        Action::DescribeReplicationGroups(input) => {
            boxed(calls, input, replication_groups::describe_replication_groups)
        }
        Action::CreateReplicationGroup(input) => boxed(calls, input, replication_groups::create_replication_group),
        Action::DeleteReplicationGroup(input) => boxed(calls, input, replication_groups::delete_replication_group),
        Action::CreateSnapshot(input) => boxed(calls, input, replication_groups::create_snapshot),
        Action::DescribeSnapshots(input) => boxed(calls, input, replication_groups::describe_snapshots),
        Action::FailoverGlobalReplicationGroup(input) => {
            boxed(calls, input, elasticache::failover_global_replication_group)
        }
        Action::DescribeGlobalReplicationGroups(input) => {
            boxed(calls, input, elasticache::describe_global_replication_groups)
        }

        Action::StartRestoreJob(input) => boxed(calls, input, backup::start_restore_job),
        Action::DescribeRestoreJob(input) => boxed(calls, input, backup::describe_restore_job),
        Action::ListRestoreJobs(input) => boxed(calls, input, backup::list_restore_jobs),
        Action::ListRecoveryPointsByBackupVault(input) => {
            boxed(calls, input, backup::list_recovery_points_by_backup_vault)
        }
        Action::ListRecoveryPointsByResource(input) => boxed(calls, input, backup::list_recovery_points_by_resource),
        Action::ListBackupJobs(input) => boxed(calls, input, backup::list_backup_jobs),

        Action::RestoreTableToPointInTime(input) => boxed(calls, input, tables::restore_table_to_point_in_time),
        Action::DescribeTable(input) => boxed(calls, input, tables::describe_table),
        Action::UpdateContinuousBackups(input) => boxed(calls, input, tables::update_continuous_backups),
        Action::DescribeTimeToLive(input) => boxed(calls, input, tables::describe_time_to_live),
        Action::UpdateTimeToLive(input) => boxed(calls, input, tables::update_time_to_live),
        Action::UpdateTable(input) => boxed(calls, input, tables::update_table),
        Action::DeleteTable(input) => boxed(calls, input, tables::delete_table),
        Action::Publish(input) => boxed(calls, input, sns::publish),

        Action::RegisterScalableTarget(input) => boxed(calls, input, autoscaling::register_scalable_target),
        Action::DescribeScalableTargets(input) => boxed(calls, input, autoscaling::describe_scalable_targets),

        Action::DescribeTargetHealth(input) => boxed(calls, input, elbv2::describe_target_health),
        Action::DescribeTargetGroups(input) => boxed(calls, input, elbv2::describe_target_groups),
        Action::ModifyTargetGroup(input) => boxed(calls, input, elbv2::modify_target_group),

        Action::DescribeContinuousBackups(input) => boxed(calls, input, dynamodb::describe_continuous_backups),

        Action::UpdateOrigin(input) => boxed(calls, input, cloudfront::update_origin),
        Action::CreateInvalidation(input) => boxed(calls, input, cloudfront::create_invalidation),
        Action::GetDistribution(input) => boxed(calls, input, cloudfront::get_distribution),
        Action::GetInvalidation(input) => boxed(calls, input, cloudfront::get_invalidation),

        Action::HeadBucket(input) => boxed(calls, input, s3::head_bucket),
        Action::GetBucketVersioning(input) => boxed(calls, input, s3::get_bucket_versioning),
        Action::GetBucketReplication(input) => boxed(calls, input, s3::get_bucket_replication),
        Action::ListObjectVersions(input) => boxed(calls, input, s3::list_object_versions),
        Action::RestoreObjectVersion(input) => boxed(calls, input, s3::restore_object_version),

        Action::CopyFromReplica(input) => boxed(calls, input, s3::copy_from_replica),
        Action::CompareWithReplica(input) => boxed(calls, input, s3::compare_with_replica),
        Action::GetBucketLifecycleConfiguration(input) => boxed(calls, input, s3::get_bucket_lifecycle_configuration),
        Action::PutBucketVersioning(input) => boxed(calls, input, s3::put_bucket_versioning),

        Action::GetMetric(input) => boxed(calls, input, cloudwatch::get_metric),
        Action::DescribeAlarms(input) => boxed(calls, input, alarms::describe_alarms),
        Action::PutMetricAlarm(input) => boxed(calls, input, alarms::put_metric_alarm),
        Action::DescribeLogGroups(input) => boxed(calls, input, logs::describe_log_groups),
        Action::CreateLogGroup(input) => boxed(calls, input, logs::create_log_group),
        Action::GetParameter(input) => boxed(calls, input, ssm::get_parameter),
        Action::GetParametersByPath(input) => boxed(calls, input, ssm::get_parameters_by_path),

        // Programs, checks, messages and people have adapters of their own: these never come here.
        Action::Cli(_)
        | Action::CliRead(_)
        | Action::SetEnv(_)
        | Action::GetDeployment(_)
        | Action::RolloutStatus(_)
        | Action::Exec(_)
        | Action::HttpCheck(_)
        | Action::DnsResolve(_)
        | Action::SlackPost(_)
        | Action::TeamsPost(_)
        | Action::WebhookPost(_)
        | Action::ChangeEvent(_)
        | Action::SqlQuery(_)
        | Action::RedisCommand(_)
        | Action::Manual(_)
        | Action::Note(_)
        | Action::Wait(_) => {
            let error = error::invalid("NotAws", format!("`{}` is no call to AWS", action.name()));
            Box::pin(std::future::ready(Err(error)))
        }
    }
}

/// Puts a call's future on the heap from a frame of its own: in one frame together, the futures of
/// all services would not fit on a thread's stack.
fn boxed<'a, I, F>(calls: &'a Calls<'a>, input: &'a I, call: impl FnOnce(&'a Calls<'a>, &'a I) -> F) -> Answer<'a>
where
    F: Future<Output = Result<CloudReply, CloudError>> + Send + 'a,
{
    Box::pin(call(calls, input))
}
