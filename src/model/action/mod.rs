//! The catalogue of actions: a closed enum of typed operations, one variant an action.
//!
//! An action is named after its AWS API operation and its inputs are the API's own members in
//! `snake_case`. Each says its risk, its class (`safety.md`), the read that probes it and how long
//! it usually takes. Adapters match on [`Action`]; nobody else may invent a call.

pub mod application_autoscaling;
pub mod backup;
pub mod cli;
pub mod cloudfront;
pub mod cloudwatch;
pub mod command_line;
pub mod console;
pub mod database;
pub mod dynamodb;
pub mod ecs;
pub mod elasticache;
pub mod elbv2;
#[doc(hidden)]
pub mod examples;
pub mod kube;
pub mod local;
pub mod logs;
mod lost;
pub mod messages;
pub mod operation;
pub mod outside;
pub mod ownership;
pub mod probe;
pub mod progress;
pub mod rds;
pub mod route53;
pub mod s3;
pub mod sns;
pub mod ssm;
pub mod sts;
pub mod swap;

use schemars::{JsonSchema, Schema, schema_for};
use serde::Serialize;

use super::Value;
use super::outcome::{Class, Risk};

/// What the catalogue knows of an action without an instance of it.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    pub name: &'static str,
    /// What it does, one line, for `explain`, the schema and the plan.
    pub summary: &'static str,
    /// The API operation as IAM spells it (`rds:PromoteReadReplicaDBCluster`); empty for our own.
    pub api: &'static str,
    pub risk: Risk,
    pub class: Class,
    /// How long call and usual verification take together, when no history says better.
    pub usual_ms: u64,
    /// The expectation of a check or verification that states none.
    pub default_expect: Option<&'static str>,
    /// JSON Schema of `with`.
    pub schema: fn() -> Schema,
}

/// Why rendered inputs do not make an action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    #[error("unknown action `{0}`")]
    UnknownAction(String),
    #[error("invalid input of `{action}`: {reason}")]
    InvalidInput { action: &'static str, reason: String },
}

fn schema_of<T: JsonSchema>() -> Schema {
    schema_for!(T)
}

macro_rules! catalogue {
    ($($variant:ident($params:ty) = $name:literal, $summary:literal, $api:literal, $risk:ident, $class:ident, $usual_s:literal s $(, expect $expect:literal)?;)*) => {
        /// A typed, fully rendered operation.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Action { $(#[doc = $summary] $variant($params),)* }

        /// Every action there is.
        pub static SPECS: &[Spec] = &[$(Spec {
            name: $name,
            summary: $summary,
            api: $api,
            risk: Risk::$risk,
            class: Class::$class,
            usual_ms: $usual_s * 1000,
            default_expect: { #[allow(unused_mut, unused_assignments)] { let mut expect: Option<&'static str> = None; $(expect = Some($expect);)? expect } },
            schema: schema_of::<$params>,
        },)*];

        impl Action {
            /// Makes an action from its name and rendered inputs.
            ///
            /// # Errors
            /// When the name is unknown or an input is missing, unknown or of another type.
            pub fn parse(name: &str, with: &Value) -> Result<Self, ActionError> {
                match name {
                    $($name => serde_json::from_value::<$params>(with.clone())
                        .map(Self::$variant)
                        .map_err(|error| ActionError::InvalidInput { action: $name, reason: error.to_string() }),)*
                    other => Err(ActionError::UnknownAction(other.to_owned())),
                }
            }

            /// Its name, as in the runbook.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)* }
            }

            /// What it knows of itself.
            #[must_use]
            pub fn operation(&self) -> &dyn operation::Operation {
                match self { $(Self::$variant(call) => call,)* }
            }
        }
    };
}

catalogue! {
    GetCallerIdentity(sts::GetCallerIdentity) = "aws/sts.get_caller_identity", "Says which account and identity the calls are made with", "sts:GetCallerIdentity", Read, A, 2 s;

    PromoteReadReplicaDbCluster(rds::PromoteReadReplicaDbCluster) = "aws/rds.promote_read_replica_db_cluster", "Makes an Aurora read replica cluster stand alone; replication ends for good", "rds:PromoteReadReplicaDBCluster", Irreversible, C, 370 s;
    PromoteReadReplica(rds::PromoteReadReplica) = "aws/rds.promote_read_replica", "Makes an RDS read replica instance stand alone; it reboots and replication ends for good", "rds:PromoteReadReplica", Irreversible, C, 420 s;
    FailoverGlobalCluster(rds::FailoverGlobalCluster) = "aws/rds.failover_global_cluster", "Moves an Aurora global database's writer to another region in an outage", "rds:FailoverGlobalCluster", Irreversible, C, 300 s;
    SwitchoverGlobalCluster(rds::SwitchoverGlobalCluster) = "aws/rds.switchover_global_cluster", "Moves a healthy Aurora global database's writer to another region without data loss", "rds:SwitchoverGlobalCluster", Reversible, C, 300 s;
    DescribeDbClusters(rds::DescribeDbClusters) = "aws/rds.describe_db_clusters", "Reads one Aurora cluster", "rds:DescribeDBClusters", Read, A, 2 s;
    DescribeDbInstances(rds::DescribeDbInstances) = "aws/rds.describe_db_instances", "Reads one RDS instance", "rds:DescribeDBInstances", Read, A, 2 s;
    DescribeGlobalClusters(rds::DescribeGlobalClusters) = "aws/rds.describe_global_clusters", "Reads one Aurora global database and its members", "rds:DescribeGlobalClusters", Read, A, 2 s;
    RemoveFromGlobalCluster(rds::RemoveFromGlobalCluster) = "aws/rds.remove_from_global_cluster", "Detaches a member of an Aurora global database: it stands alone and takes writes; the other side still does too", "rds:RemoveFromGlobalCluster", Irreversible, C, 180 s;
    FailoverDbCluster(rds::FailoverDbCluster) = "aws/rds.failover_db_cluster", "Makes another instance of an Aurora cluster the writer", "rds:FailoverDBCluster", Reversible, C, 60 s;
    RestoreDbClusterToPointInTime(rds::RestoreDbClusterToPointInTime) = "aws/rds.restore_db_cluster_to_point_in_time", "Makes a new Aurora cluster, without instances, as another one was at a time", "rds:RestoreDBClusterToPointInTime", Reversible, C, 600 s;
    RestoreDbClusterFromSnapshot(rds::RestoreDbClusterFromSnapshot) = "aws/rds.restore_db_cluster_from_snapshot", "Makes a new Aurora cluster, without instances, from a snapshot", "rds:RestoreDBClusterFromSnapshot", Reversible, C, 600 s;
    CreateDbInstance(rds::CreateDbInstance) = "aws/rds.create_db_instance", "Makes a database instance, mostly one of an Aurora cluster", "rds:CreateDBInstance", Reversible, C, 400 s;
    RestoreDbInstanceToPointInTime(rds::RestoreDbInstanceToPointInTime) = "aws/rds.restore_db_instance_to_point_in_time", "Makes a new RDS instance as another one was at a time", "rds:RestoreDBInstanceToPointInTime", Reversible, C, 1500 s;
    CreateDbClusterSnapshot(rds::CreateDbClusterSnapshot) = "aws/rds.create_db_cluster_snapshot", "Takes a snapshot of an Aurora cluster", "rds:CreateDBClusterSnapshot", Reversible, C, 180 s;
    DescribeDbClusterSnapshots(rds::DescribeDbClusterSnapshots) = "aws/rds.describe_db_cluster_snapshots", "Reads snapshots of Aurora clusters, the newest first", "rds:DescribeDBClusterSnapshots", Read, A, 2 s;
    DeleteDbCluster(rds::DeleteDbCluster) = "aws/rds.delete_db_cluster", "Deletes an Aurora cluster for good", "rds:DeleteDBCluster", Irreversible, C, 240 s;
    DeleteDbInstance(rds::DeleteDbInstance) = "aws/rds.delete_db_instance", "Deletes a database instance for good", "rds:DeleteDBInstance", Irreversible, C, 240 s;

    CreateDbCluster(rds::CreateDbCluster) = "aws/rds.create_db_cluster", "Makes an Aurora cluster without instances, mostly a read replica of one in another region", "rds:CreateDBCluster", Reversible, C, 600 s;
    ModifyDbCluster(rds::ModifyDbCluster) = "aws/rds.modify_db_cluster", "Changes settings of an Aurora cluster", "rds:ModifyDBCluster", Reversible, A, 30 s;
    ModifyDbInstance(rds::ModifyDbInstance) = "aws/rds.modify_db_instance", "Changes settings of a database instance", "rds:ModifyDBInstance", Reversible, A, 60 s;
    RestoreDbInstanceFromDbSnapshot(rds::RestoreDbInstanceFromDbSnapshot) = "aws/rds.restore_db_instance_from_db_snapshot", "Makes a new RDS instance from a snapshot", "rds:RestoreDBInstanceFromDBSnapshot", Reversible, C, 1500 s;
    CreateDbInstanceReadReplica(rds::CreateDbInstanceReadReplica) = "aws/rds.create_db_instance_read_replica", "Makes a read replica of an RDS instance, in the same region or another", "rds:CreateDBInstanceReadReplica", Reversible, C, 1500 s;
    CreateDbSnapshot(rds::CreateDbSnapshot) = "aws/rds.create_db_snapshot", "Takes a snapshot of an RDS instance", "rds:CreateDBSnapshot", Reversible, C, 180 s;
    DescribeDbSnapshots(rds::DescribeDbSnapshots) = "aws/rds.describe_db_snapshots", "Reads snapshots of RDS instances, the newest first", "rds:DescribeDBSnapshots", Read, A, 2 s;
    DeleteDbSnapshot(rds::DeleteDbSnapshot) = "aws/rds.delete_db_snapshot", "Deletes a snapshot of an RDS instance for good", "rds:DeleteDBSnapshot", Irreversible, C, 30 s;
    StartExportTask(rds::StartExportTask) = "aws/rds.start_export_task", "Starts exporting a snapshot or a cluster to S3", "rds:StartExportTask", Reversible, C, 1800 s;
    DescribeExportTasks(rds::DescribeExportTasks) = "aws/rds.describe_export_tasks", "Reads how far exports to S3 are, the newest first", "rds:DescribeExportTasks", Read, A, 2 s;

    UpdateService(ecs::UpdateService) = "aws/ecs.update_service", "Sets an ECS service's desired count or task definition", "ecs:UpdateService", Reversible, A, 240 s;
    DescribeServices(ecs::DescribeServices) = "aws/ecs.describe_services", "Reads ECS services", "ecs:DescribeServices", Read, A, 2 s;
    DescribeClusters(ecs::DescribeClusters) = "aws/ecs.describe_clusters", "Reads ECS clusters and their capacity providers", "ecs:DescribeClusters", Read, A, 2 s;
    ServicesStable(ecs::ServicesStable) = "aws/ecs.services_stable", "Reads whether an ECS service has one deployment and all its tasks running (`describe_services`)", "ecs:DescribeServices", Read, A, 2 s, expect "result.stable";

    DescribeTaskDefinition(ecs::DescribeTaskDefinition) = "aws/ecs.describe_task_definition", "Reads one ECS task definition; values of variables only where asked for", "ecs:DescribeTaskDefinition", Read, A, 2 s;
    RegisterTaskDefinition(ecs::RegisterTaskDefinition) = "aws/ecs.register_task_definition", "Registers a new revision of a task definition from the one that a service runs, with another image, variables or secrets: reads it, edits, registers", "ecs:RegisterTaskDefinition", Reversible, D, 5 s;

    ChangeResourceRecordSets(route53::ChangeResourceRecordSets) = "aws/route53.change_resource_record_sets", "Changes DNS records in one atomic batch", "route53:ChangeResourceRecordSets", Reversible, C, 90 s;
    GetChange(route53::GetChange) = "aws/route53.get_change", "Reads whether a DNS change has reached every name server", "route53:GetChange", Read, A, 2 s, expect "result.status == 'INSYNC'";
    ListResourceRecordSets(route53::ListResourceRecordSets) = "aws/route53.list_resource_record_sets", "Reads the records of a hosted zone", "route53:ListResourceRecordSets", Read, A, 2 s;
    GetHostedZone(route53::GetHostedZone) = "aws/route53.get_hosted_zone", "Reads one hosted zone", "route53:GetHostedZone", Read, A, 2 s;
    TestDnsAnswer(route53::TestDnsAnswer) = "aws/route53.test_dns_answer", "Reads what Route 53's name servers answer, past every cache", "route53:TestDNSAnswer", Read, A, 2 s, expect "result.response_code == 'NOERROR'";
    GetHealthCheckStatus(route53::GetHealthCheckStatus) = "aws/route53.get_health_check_status", "Reads what the health checkers see", "route53:GetHealthCheckStatus", Read, A, 2 s, expect "result.healthy";
    GetHealthCheck(route53::GetHealthCheck) = "aws/route53.get_health_check", "Reads one health check's settings", "route53:GetHealthCheck", Read, A, 2 s;
    UpdateHealthCheck(route53::UpdateHealthCheck) = "aws/route53.update_health_check", "Changes a health check; inverted, it fails traffic over", "route53:UpdateHealthCheck", Reversible, A, 60 s;

    RegisterScalableTarget(application_autoscaling::RegisterScalableTarget) = "aws/application_autoscaling.register_scalable_target", "Sets between which bounds a capacity may scale by itself", "application-autoscaling:RegisterScalableTarget", Reversible, A, 60 s;
    DescribeScalableTargets(application_autoscaling::DescribeScalableTargets) = "aws/application_autoscaling.describe_scalable_targets", "Reads between which bounds a capacity may scale", "application-autoscaling:DescribeScalableTargets", Read, A, 2 s;

    DescribeTargetHealth(elbv2::DescribeTargetHealth) = "aws/elbv2.describe_target_health", "Reads which targets of a group are healthy", "elasticloadbalancing:DescribeTargetHealth", Read, A, 2 s, expect "result.healthy_count > 0 and result.unhealthy_count == 0";
    DescribeTargetGroups(elbv2::DescribeTargetGroups) = "aws/elbv2.describe_target_groups", "Reads target groups and their health checks", "elasticloadbalancing:DescribeTargetGroups", Read, A, 2 s;
    ModifyTargetGroup(elbv2::ModifyTargetGroup) = "aws/elbv2.modify_target_group", "Changes a target group's health checks", "elasticloadbalancing:ModifyTargetGroup", Reversible, A, 30 s;

    UpdateOrigin(cloudfront::UpdateOrigin) = "aws/cloudfront.update_origin", "Points a distribution's origin at another domain: reads config and ETag, edits, writes with If-Match", "cloudfront:UpdateDistribution", Reversible, C, 300 s;
    CreateInvalidation(cloudfront::CreateInvalidation) = "aws/cloudfront.create_invalidation", "Drops cached paths from every edge", "cloudfront:CreateInvalidation", Reversible, B, 60 s;
    GetDistribution(cloudfront::GetDistribution) = "aws/cloudfront.get_distribution", "Reads one distribution", "cloudfront:GetDistribution", Read, A, 2 s, expect "result.status == 'Deployed'";
    GetInvalidation(cloudfront::GetInvalidation) = "aws/cloudfront.get_invalidation", "Reads one invalidation", "cloudfront:GetInvalidation", Read, A, 2 s, expect "result.status == 'Completed'";

    HeadBucket(s3::HeadBucket) = "aws/s3.head_bucket", "Reads whether a bucket exists and answers", "s3:ListBucket", Read, A, 2 s;
    GetBucketVersioning(s3::GetBucketVersioning) = "aws/s3.get_bucket_versioning", "Reads whether a bucket keeps versions", "s3:GetBucketVersioning", Read, A, 2 s;
    GetBucketReplication(s3::GetBucketReplication) = "aws/s3.get_bucket_replication", "Reads a bucket's replication rules", "s3:GetReplicationConfiguration", Read, A, 2 s;
    ListObjectVersions(s3::ListObjectVersions) = "aws/s3.list_object_versions", "Reads the versions of objects under a prefix", "s3:ListBucketVersions", Read, A, 5 s;
    RestoreObjectVersion(s3::RestoreObjectVersion) = "aws/s3.restore_object_version", "Copies an older version of an object over the newest (`copy_object`)", "s3:PutObject", Reversible, A, 10 s;

    CopyFromReplica(s3::CopyFromReplica) = "aws/s3.copy_from_replica", "Copies whatever a bucket lacks against its replica, many objects at a time: lists both, copies what is missing or different", "s3:PutObject", Reversible, C, 300 s;
    CompareWithReplica(s3::CompareWithReplica) = "aws/s3.compare_with_replica", "Counts what a bucket lacks against its replica: lists both", "s3:ListBucketVersions", Read, A, 10 s, expect "result.to_copy == 0";

    GetBucketLifecycleConfiguration(s3::GetBucketLifecycleConfiguration) = "aws/s3.get_bucket_lifecycle_configuration", "Reads for how long a bucket keeps objects", "s3:GetLifecycleConfiguration", Read, A, 2 s;
    PutBucketVersioning(s3::PutBucketVersioning) = "aws/s3.put_bucket_versioning", "Lets a bucket keep versions, or no more", "s3:PutBucketVersioning", Reversible, A, 5 s;

    DescribeContinuousBackups(dynamodb::DescribeContinuousBackups) = "aws/dynamodb.describe_continuous_backups", "Reads whether a table can be restored to a point in time, and to which", "dynamodb:DescribeContinuousBackups", Read, A, 2 s;

    RestoreTableToPointInTime(dynamodb::RestoreTableToPointInTime) = "aws/dynamodb.restore_table_to_point_in_time", "Makes a new table as another one was at a time; settings do not come along", "dynamodb:RestoreTableToPointInTime", Reversible, C, 900 s;
    DescribeTable(dynamodb::DescribeTable) = "aws/dynamodb.describe_table", "Reads one table, its replicas and what it was restored from", "dynamodb:DescribeTable", Read, A, 2 s, expect "result.table_status == 'ACTIVE' and not result.restore_in_progress";
    UpdateContinuousBackups(dynamodb::UpdateContinuousBackups) = "aws/dynamodb.update_continuous_backups", "Switches point-in-time recovery of a table on or off", "dynamodb:UpdateContinuousBackups", Reversible, A, 10 s;
    DescribeTimeToLive(dynamodb::DescribeTimeToLive) = "aws/dynamodb.describe_time_to_live", "Reads which attribute ends a table's items", "dynamodb:DescribeTimeToLive", Read, A, 2 s;
    UpdateTimeToLive(dynamodb::UpdateTimeToLive) = "aws/dynamodb.update_time_to_live", "Sets which attribute ends a table's items", "dynamodb:UpdateTimeToLive", Reversible, C, 60 s;
    UpdateTable(dynamodb::UpdateTable) = "aws/dynamodb.update_table", "Changes a table's capacity, stream or protection", "dynamodb:UpdateTable", Reversible, C, 60 s;
    DeleteTable(dynamodb::DeleteTable) = "aws/dynamodb.delete_table", "Deletes a table for good", "dynamodb:DeleteTable", Irreversible, C, 30 s;

    Publish(sns::Publish) = "aws/sns.publish", "Sends a message to a topic", "sns:Publish", Reversible, D, 2 s;

    FailoverGlobalReplicationGroup(elasticache::FailoverGlobalReplicationGroup) = "aws/elasticache.failover_global_replication_group", "Makes another region the primary of a global datastore; what was not replicated is lost", "elasticache:FailoverGlobalReplicationGroup", Irreversible, C, 150 s;
    DescribeGlobalReplicationGroups(elasticache::DescribeGlobalReplicationGroups) = "aws/elasticache.describe_global_replication_groups", "Reads a global datastore and its members' roles", "elasticache:DescribeGlobalReplicationGroups", Read, A, 2 s;

    DescribeReplicationGroups(elasticache::DescribeReplicationGroups) = "aws/elasticache.describe_replication_groups", "Reads one replication group, its nodes and endpoints", "elasticache:DescribeReplicationGroups", Read, A, 2 s;
    CreateReplicationGroup(elasticache::CreateReplicationGroup) = "aws/elasticache.create_replication_group", "Makes a replication group, empty or from a snapshot", "elasticache:CreateReplicationGroup", Reversible, C, 600 s;
    DeleteReplicationGroup(elasticache::DeleteReplicationGroup) = "aws/elasticache.delete_replication_group", "Deletes a replication group and its nodes for good", "elasticache:DeleteReplicationGroup", Irreversible, C, 300 s;
    CreateSnapshot(elasticache::CreateSnapshot) = "aws/elasticache.create_snapshot", "Takes a snapshot of a replication group", "elasticache:CreateSnapshot", Reversible, C, 180 s;
    DescribeSnapshots(elasticache::DescribeSnapshots) = "aws/elasticache.describe_snapshots", "Reads snapshots of caches, the newest first", "elasticache:DescribeSnapshots", Read, A, 2 s;

    StartRestoreJob(backup::StartRestoreJob) = "aws/backup.start_restore_job", "Starts restoring a recovery point of AWS Backup", "backup:StartRestoreJob", Reversible, B, 1500 s;
    DescribeRestoreJob(backup::DescribeRestoreJob) = "aws/backup.describe_restore_job", "Reads how far a restore job is", "backup:DescribeRestoreJob", Read, A, 2 s, expect "result.status == 'COMPLETED'";
    ListRestoreJobs(backup::ListRestoreJobs) = "aws/backup.list_restore_jobs", "Reads restore jobs, the newest first", "backup:ListRestoreJobs", Read, A, 2 s;
    ListRecoveryPointsByBackupVault(backup::ListRecoveryPointsByBackupVault) = "aws/backup.list_recovery_points_by_backup_vault", "Reads the recovery points of a vault, the newest first", "backup:ListRecoveryPointsByBackupVault", Read, A, 2 s;
    ListRecoveryPointsByResource(backup::ListRecoveryPointsByResource) = "aws/backup.list_recovery_points_by_resource", "Reads the recovery points of a resource in all vaults, the newest first", "backup:ListRecoveryPointsByResource", Read, A, 2 s;
    ListBackupJobs(backup::ListBackupJobs) = "aws/backup.list_backup_jobs", "Reads backup jobs and how they ended, the newest first", "backup:ListBackupJobs", Read, A, 2 s;

    GetMetric(cloudwatch::GetMetric) = "aws/cloudwatch.get_metric", "Reads a metric's latest datapoint; time metrics in seconds (`get_metric_statistics`)", "cloudwatch:GetMetricStatistics", Read, A, 3 s;

    DescribeAlarms(cloudwatch::DescribeAlarms) = "aws/cloudwatch.describe_alarms", "Reads alarms and the states they are in", "cloudwatch:DescribeAlarms", Read, A, 2 s;
    PutMetricAlarm(cloudwatch::PutMetricAlarm) = "aws/cloudwatch.put_metric_alarm", "Makes an alarm, or sets one as a whole", "cloudwatch:PutMetricAlarm", Reversible, A, 5 s;

    DescribeLogGroups(logs::DescribeLogGroups) = "aws/logs.describe_log_groups", "Reads the log groups whose names begin alike", "logs:DescribeLogGroups", Read, A, 2 s;
    CreateLogGroup(logs::CreateLogGroup) = "aws/logs.create_log_group", "Makes a log group", "logs:CreateLogGroup", Reversible, C, 5 s;

    GetParameter(ssm::GetParameter) = "aws/ssm.get_parameter", "Reads one SSM parameter; a secret one's value is not read", "ssm:GetParameter", Read, A, 2 s;
    GetParametersByPath(ssm::GetParametersByPath) = "aws/ssm.get_parameters_by_path", "Reads the SSM parameters below a path; secret ones' values are not read", "ssm:GetParametersByPath", Read, A, 3 s;

    Cli(cli::Cli) = "aws/cli", "Any operation of AWS that may change something, through the user's own `aws` program", "", Reversible, D, 10 s;
    CliRead(cli::CliRead) = "aws/cli_read", "Any operation of AWS that only reads, through the user's own `aws` program", "", Read, A, 5 s;

    SetEnv(kube::SetEnv) = "kube/set_env", "Sets variables of a Kubernetes deployment through `kubectl`; its pods are replaced", "", Reversible, A, 120 s;
    GetDeployment(kube::GetDeployment) = "kube/get_deployment", "Reads a Kubernetes deployment; values of variables only where asked for", "", Read, A, 2 s;
    RolloutStatus(kube::RolloutStatus) = "kube/rollout_status", "Reads whether every pod of a deployment is new and ready", "", Read, A, 2 s, expect "result.complete";

    Exec(outside::Exec) = "exec", "Runs a program: argv, no shell unless asked for", "", Reversible, D, 30 s;
    HttpCheck(outside::HttpCheck) = "http/check", "Asks an HTTP endpoint", "", Read, A, 2 s, expect "result.ok";
    DnsResolve(outside::DnsResolve) = "dns/resolve", "Asks several resolvers for a name", "", Read, A, 2 s, expect "result.agree";
    SqlQuery(database::SqlQuery) = "sql/query", "Asks PostgreSQL, in a transaction that cannot write", "", Read, A, 5 s;
    RedisCommand(database::RedisCommand) = "redis/command", "Asks Redis, with a command that only reads", "", Read, A, 2 s;

    SlackPost(messages::SlackPost) = "slack/post", "Posts a message to Slack; never blocks the run", "", Reversible, D, 2 s;
    TeamsPost(messages::TeamsPost) = "teams/post", "Posts a message to Microsoft Teams; never blocks the run", "", Reversible, D, 2 s;
    WebhookPost(messages::WebhookPost) = "webhook/post", "Posts JSON to a webhook, to tell people; never blocks the run", "", Reversible, D, 2 s;
    ChangeEvent(messages::ChangeEvent) = "pagerduty/change_event", "Tells PagerDuty of a change; pages nobody and never blocks the run", "", Reversible, D, 2 s;

    Manual(local::Manual) = "manual", "Asks a person to do or decide something", "", Read, A, 0 s;
    Note(local::Note) = "note", "Writes a note into the timeline", "", Read, A, 0 s;
    Wait(local::Wait) = "wait", "Waits for a time", "", Read, A, 0 s;
}

impl Action {
    /// The catalogue's entry of an action's name.
    #[must_use]
    pub fn spec_of(name: &str) -> Option<&'static Spec> {
        SPECS.iter().find(|spec| spec.name == name)
    }

    /// The catalogue's entry of this action.
    ///
    /// # Panics
    /// Never: every variant has an entry, made by the same macro.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the table and the enum come from one macro")]
    pub fn spec(&self) -> &'static Spec {
        Self::spec_of(self.name()).expect("every action has a spec")
    }

    /// Its rendered inputs.
    #[must_use]
    pub fn with(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }

    /// Whether the engine answers it by itself, without any call.
    #[must_use]
    pub const fn is_local(&self) -> bool {
        matches!(self, Self::Manual(_) | Self::Note(_) | Self::Wait(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for (ix, spec) in SPECS.iter().enumerate() {
            assert!(SPECS[..ix].iter().all(|earlier| earlier.name != spec.name), "{}", spec.name);
            assert_eq!(Action::spec_of(spec.name).map(|s| s.name), Some(spec.name));
        }
    }

    #[test]
    fn unknown_members_are_refused() {
        let with = serde_json::json!({"db_cluster_identifier": "x", "force": true});
        assert!(Action::parse("aws/rds.promote_read_replica_db_cluster", &with).is_err());
    }
}
