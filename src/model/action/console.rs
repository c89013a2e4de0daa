//! Links into the AWS console, so that a person can look with their own eyes.
//!
//! Must not know: accounts' sign-in; whoever follows a link signs in by themselves.

use super::Action;
use super::command_line::percent_encoded;
use super::operation::Pages;
use crate::model::plan::ResolvedTarget;

/// Home of the control planes of the global services.
pub(super) const GLOBAL_REGION: &str = "us-east-1";

impl Action {
    /// The console page of what this action touches, if there is one.
    #[must_use]
    pub fn console_link(&self, target: &ResolvedTarget) -> Option<String> {
        let region = target.region.as_deref().unwrap_or(GLOBAL_REGION);
        let regional = |path: &str| format!("https://{region}.{}/{path}", console_host(region));
        let global = |path: &str| format!("https://{GLOBAL_REGION}.{}/{path}", console_host(GLOBAL_REGION));
        let database =
            |id: &str, kind: &str| regional(&format!("rds/home?region={region}#database:id={};{kind}", part(id)));
        let service = |cluster: &str, service: &str| {
            let (cluster, service) = (part(last(cluster)), part(last(service)));
            regional(&format!("ecs/v2/clusters/{cluster}/services/{service}/health?region={region}"))
        };
        let distribution =
            |id: &str, tab: &str| global(&format!("cloudfront/v4/home#/distributions/{}{tab}", part(id)));
        let zone = |id: &str| global(&format!("route53/v2/hostedzones#ListRecordSets/{}", part(last(id))));
        let bucket = |name: &str, tab: &str| regional(&format!("s3/buckets/{}?region={region}&tab={tab}", part(name)));
        Some(match self {
            Self::PromoteReadReplicaDbCluster(call) => database(&call.db_cluster_identifier, "is-cluster=true"),
            Self::DescribeDbClusters(call) => database(&call.db_cluster_identifier, "is-cluster=true"),
            Self::PromoteReadReplica(call) => database(&call.db_instance_identifier, "is-cluster=false"),
            Self::DescribeDbInstances(call) => database(&call.db_instance_identifier, "is-cluster=false"),
            Self::FailoverGlobalCluster(_) | Self::SwitchoverGlobalCluster(_) | Self::DescribeGlobalClusters(_) => {
                regional(&format!("rds/home?region={region}#databases:"))
            }
            Self::UpdateService(call) => service(&call.cluster, &call.service),
            Self::ServicesStable(call) => service(&call.cluster, &call.service),
            Self::DescribeServices(call) => {
                regional(&format!("ecs/v2/clusters/{}/services?region={region}", part(last(&call.cluster))))
            }
            Self::DescribeClusters(_) => regional(&format!("ecs/v2/clusters?region={region}")),
            Self::DescribeContinuousBackups(call) => regional(&format!(
                "dynamodbv2/home?region={region}#table?name={}&tab=backups",
                part(last(&call.table_name))
            )),
            Self::GetHostedZone(call) => zone(&call.id),
            Self::ChangeResourceRecordSets(call) => zone(&call.hosted_zone_id),
            Self::ListResourceRecordSets(call) => zone(&call.hosted_zone_id),
            Self::UpdateOrigin(call) => distribution(&call.id, "/origins"),
            Self::GetDistribution(call) => distribution(&call.id, ""),
            Self::CreateInvalidation(call) => distribution(&call.distribution_id, "/invalidations"),
            Self::GetInvalidation(call) => distribution(&call.distribution_id, "/invalidations"),
            Self::HeadBucket(call) => bucket(&call.bucket, "objects"),
            Self::GetBucketVersioning(call) => bucket(&call.bucket, "properties"),
            Self::GetBucketReplication(call) => bucket(&call.bucket, "management"),
            Self::ListObjectVersions(call) => bucket(&call.bucket, "objects"),
            Self::RestoreObjectVersion(call) => {
                let key = percent_encoded(&call.key, false);
                regional(&format!("s3/object/{}?region={region}&prefix={key}&tab=versions", part(&call.bucket)))
            }
            Self::GetMetric(_) => regional(&format!("cloudwatch/home?region={region}#metricsV2:")),
            other => return other.operation().console(&Pages { region, host: console_host(region) }),
        })
    }
}

/// China and the US government have consoles of their own.
fn console_host(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "console.amazonaws.cn"
    } else if region.starts_with("us-gov-") {
        "console.amazonaws-us-gov.com"
    } else {
        "console.aws.amazon.com"
    }
}

fn part(text: &str) -> String {
    percent_encoded(text, false)
}

/// The name at the end of an ARN or path.
fn last(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn link(action: &str, with: &serde_json::Value, region: &str) -> Option<String> {
        let target = ResolvedTarget { region: Some(region.into()), ..Default::default() };
        Action::parse(action, with).unwrap().console_link(&target)
    }

    #[test]
    fn links_name_the_region_and_the_thing() {
        assert_eq!(
            link("aws/rds.describe_db_clusters", &json!({"db_cluster_identifier": "c"}), "eu-central-1").unwrap(),
            "https://eu-central-1.console.aws.amazon.com/rds/home?region=eu-central-1#database:id=c;is-cluster=true"
        );
        let zone =
            link("aws/route53.list_resource_record_sets", &json!({"hosted_zone_id": "/hostedzone/Z1"}), "eu-west-1");
        assert!(zone.unwrap().ends_with("ListRecordSets/Z1"));
        let gov = link("aws/s3.head_bucket", &json!({"bucket": "b"}), "us-gov-west-1").unwrap();
        assert!(gov.starts_with("https://us-gov-west-1.console.amazonaws-us-gov.com/"), "{gov}");
    }

    #[test]
    fn what_came_from_outside_cannot_break_out_of_the_link() {
        let link = link("aws/s3.head_bucket", &json!({"bucket": "a&b#\u{1b}c"}), "eu-west-1").unwrap();
        assert!(link.contains("a%26b%23%1Bc"), "{link}");
    }

    #[test]
    fn people_have_no_console() {
        assert_eq!(link("manual", &json!({"ask": "?"}), "eu-west-1"), None);
    }
}
