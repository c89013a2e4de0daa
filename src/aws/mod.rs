//! Floor 2: the real AWS, through its SDK. One file a service.
//!
//! Sends once whatever changes something, reads again what only reads, and says of every answer what
//! it proves. Must not know: runbooks, gates, screens, journals.

mod calls;
mod clients;
mod cloudfront;
mod cloudwatch;
mod config;
mod dynamodb;
mod ecs;
mod ecs_clusters;
mod error;
mod hosted_zones;
mod line;
mod options;
mod rds;
mod reply;
mod route53;
mod s3;
mod sessions;
mod shape;
mod sts;
#[cfg(test)]
mod wire;

use std::sync::Arc;

use futures_util::future::BoxFuture;

pub use self::options::AwsOptions;

use self::calls::Calls;
use self::config::Loader;
use self::sessions::Sessions;
use crate::engine::effect::CallRequest;
use crate::engine::ports::{Cloud, CloudReply};
use crate::model::action::Action;
use crate::model::event::TargetIdentity;
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::plan::ResolvedTarget;

/// AWS itself.
#[derive(Debug)]
pub struct AwsCloud {
    sessions: Arc<Sessions>,
}

impl AwsCloud {
    /// Asks nobody anything yet: files and network are touched by the first call.
    #[must_use]
    pub fn new(options: AwsOptions) -> Arc<Self> {
        Self::of(Loader::new(options, line::client()))
    }

    fn of(loader: Loader) -> Arc<Self> {
        Arc::new(Self { sessions: Arc::new(Sessions::new(loader)) })
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
            let session = self.sessions.session(request).await?;
            let calls = Calls::new(session.clients(), request);
            let answer = dispatch(&calls, &request.call).await;
            if answer.as_ref().is_err_and(|error| error.kind == CloudErrorKind::Expired) {
                self.sessions.forget(&session);
            }
            answer
        })
    }
}

async fn dispatch(calls: &Calls<'_>, action: &Action) -> Result<CloudReply, CloudError> {
    match action {
        Action::GetCallerIdentity(input) => sts::get_caller_identity(calls, input).await,

        Action::PromoteReadReplicaDbCluster(input) => rds::promote_read_replica_db_cluster(calls, input).await,
        Action::PromoteReadReplica(input) => rds::promote_read_replica(calls, input).await,
        Action::FailoverGlobalCluster(input) => rds::failover_global_cluster(calls, input).await,
        Action::SwitchoverGlobalCluster(input) => rds::switchover_global_cluster(calls, input).await,
        Action::DescribeDbClusters(input) => rds::describe_db_clusters(calls, input).await,
        Action::DescribeDbInstances(input) => rds::describe_db_instances(calls, input).await,
        Action::DescribeGlobalClusters(input) => rds::describe_global_clusters(calls, input).await,

        Action::UpdateService(input) => ecs::update_service(calls, input).await,
        Action::DescribeServices(input) => ecs::describe_services(calls, input).await,
        Action::DescribeClusters(input) => ecs_clusters::describe_clusters(calls, input).await,
        Action::ServicesStable(input) => ecs::services_stable(calls, input).await,

        Action::ChangeResourceRecordSets(input) => route53::change_resource_record_sets(calls, input).await,
        Action::GetChange(input) => route53::get_change(calls, input).await,
        Action::ListResourceRecordSets(input) => route53::list_resource_record_sets(calls, input).await,
        Action::GetHostedZone(input) => hosted_zones::get_hosted_zone(calls, input).await,

        Action::DescribeContinuousBackups(input) => dynamodb::describe_continuous_backups(calls, input).await,

        Action::UpdateOrigin(input) => cloudfront::update_origin(calls, input).await,
        Action::CreateInvalidation(input) => cloudfront::create_invalidation(calls, input).await,
        Action::GetDistribution(input) => cloudfront::get_distribution(calls, input).await,
        Action::GetInvalidation(input) => cloudfront::get_invalidation(calls, input).await,

        Action::HeadBucket(input) => s3::head_bucket(calls, input).await,
        Action::GetBucketVersioning(input) => s3::get_bucket_versioning(calls, input).await,
        Action::GetBucketReplication(input) => s3::get_bucket_replication(calls, input).await,
        Action::ListObjectVersions(input) => s3::list_object_versions(calls, input).await,
        Action::RestoreObjectVersion(input) => s3::restore_object_version(calls, input).await,

        Action::GetMetric(input) => cloudwatch::get_metric(calls, input).await,

        Action::Exec(_)
        | Action::HttpCheck(_)
        | Action::DnsResolve(_)
        | Action::Manual(_)
        | Action::Note(_)
        | Action::Wait(_) => Err(error::invalid("NotAws", format!("`{}` is no call to AWS", action.name()))),
    }
}
