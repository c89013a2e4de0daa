//! What a call names: the region whose service it reaches, and the resources it is about.
//!
//! Knows: the catalogue of actions. Must not know: the world's state.

use crate::model::action::Action;

pub use crate::model::action::operation::Home as Endpoint;

/// Where Route 53 and CloudFront are controlled from.
pub const GLOBAL_CONTROL_REGION: &str = "us-east-1";

/// Where a call goes.
#[must_use]
pub fn endpoint(action: &Action) -> Endpoint<'_> {
    match action {
        Action::ChangeResourceRecordSets(_)
        | Action::GetChange(_)
        | Action::ListResourceRecordSets(_)
        | Action::GetHostedZone(_)
        | Action::UpdateOrigin(_)
        | Action::CreateInvalidation(_)
        | Action::GetDistribution(_)
        | Action::GetInvalidation(_) => Endpoint::Global,
        Action::HeadBucket(call) => Endpoint::Bucket(&call.bucket),
        Action::GetBucketVersioning(call) => Endpoint::Bucket(&call.bucket),
        Action::GetBucketReplication(call) => Endpoint::Bucket(&call.bucket),
        Action::ListObjectVersions(call) => Endpoint::Bucket(&call.bucket),
        Action::RestoreObjectVersion(call) => Endpoint::Bucket(&call.bucket),
        Action::Exec(_)
        | Action::HttpCheck(_)
        | Action::DnsResolve(_)
        | Action::Manual(_)
        | Action::Note(_)
        | Action::Wait(_) => Endpoint::Outside,
        other => other.operation().home(),
    }
}

/// Every name in a call that a fault's `resource` may point at.
#[must_use]
pub fn resources(action: &Action) -> Vec<&str> {
    match action {
        Action::GetCallerIdentity(_) | Action::Manual(_) | Action::Note(_) | Action::Wait(_) => Vec::new(),
        Action::PromoteReadReplicaDbCluster(call) => vec![&call.db_cluster_identifier],
        Action::PromoteReadReplica(call) => vec![&call.db_instance_identifier],
        Action::FailoverGlobalCluster(call) => {
            vec![&call.global_cluster_identifier, &call.target_db_cluster_identifier]
        }
        Action::SwitchoverGlobalCluster(call) => {
            vec![&call.global_cluster_identifier, &call.target_db_cluster_identifier]
        }
        Action::DescribeDbClusters(call) => vec![&call.db_cluster_identifier],
        Action::DescribeDbInstances(call) => vec![&call.db_instance_identifier],
        Action::DescribeGlobalClusters(call) => vec![&call.global_cluster_identifier],
        Action::UpdateService(call) => vec![&call.service, &call.cluster],
        Action::DescribeServices(call) => {
            call.services.iter().chain(std::iter::once(&call.cluster)).map(String::as_str).collect()
        }
        Action::ServicesStable(call) => vec![&call.service, &call.cluster],
        Action::DescribeClusters(call) => call.clusters.iter().map(String::as_str).collect(),
        Action::DescribeContinuousBackups(call) => vec![&call.table_name],
        Action::GetHostedZone(call) => vec![&call.id],
        Action::ChangeResourceRecordSets(call) => std::iter::once(call.hosted_zone_id.as_str())
            .chain(call.change_batch.changes.iter().map(|change| change.resource_record_set.name.as_str()))
            .collect(),
        Action::GetChange(call) => vec![&call.id],
        Action::ListResourceRecordSets(call) => vec![&call.hosted_zone_id],
        Action::UpdateOrigin(call) => vec![&call.id, &call.domain_name],
        Action::CreateInvalidation(call) => vec![&call.distribution_id],
        Action::GetDistribution(call) => vec![&call.id],
        Action::GetInvalidation(call) => vec![&call.distribution_id, &call.id],
        Action::HeadBucket(call) => vec![&call.bucket],
        Action::GetBucketVersioning(call) => vec![&call.bucket],
        Action::GetBucketReplication(call) => vec![&call.bucket],
        Action::ListObjectVersions(call) => vec![&call.bucket],
        Action::RestoreObjectVersion(call) => vec![&call.bucket, &call.key],
        Action::GetMetric(call) => {
            call.dimensions.values().map(String::as_str).chain(std::iter::once(call.metric_name.as_str())).collect()
        }
        Action::Exec(call) => call.argv.first().map(|program| short(program)).into_iter().collect(),
        Action::HttpCheck(call) => host_of(&call.url).into_iter().chain(std::iter::once(call.url.as_str())).collect(),
        Action::DnsResolve(call) => vec![&call.name],
        other => other.operation().names(),
    }
}

/// Whether a fault's `resource` means a name: ARNs by their last part, hosts without the last dot.
#[must_use]
pub fn means(resource: &str, name: &str) -> bool {
    bare(resource) == bare(name) || bare(resource) == short(name)
}

/// The host of a URL.
#[must_use]
pub fn host_of(url: &str) -> Option<&str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    (!host.is_empty()).then_some(host)
}

/// A DNS name in small letters, without its last dot.
#[must_use]
pub fn bare(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// The last part of an ARN or a path; anything else is itself.
#[must_use]
pub fn short(id: &str) -> &str {
    id.rsplit(['/', ':']).next().unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_urls() {
        assert_eq!(host_of("https://api.example:8443/health?x=1"), Some("api.example"));
        assert_eq!(host_of("http://u:p@api.example/"), Some("api.example"));
        assert_eq!(host_of("api.example/health"), Some("api.example"));
        assert_eq!(host_of("https:///x"), None);
    }

    #[test]
    fn a_resource_is_meant_by_name_or_arn() {
        assert!(means("shop-dr", "arn:aws:rds:us-east-1:111122223333:cluster:shop-dr"));
        assert!(means("www.shop.example", "WWW.shop.example."));
        assert!(!means("shop", "shop-dr"));
    }
}
