//! What a code's session may do: the calls it was given for, as an IAM policy document.
//!
//! A policy only ever narrows what the role may do anyway. It names actions, not resources: a
//! resource written wrongly here would refuse a failover that the role allows. Must not know: STS.

use serde_json::json;

use crate::model::Value;
use crate::model::action::Action;

/// Nothing but saying who one is: for a code that only proves presence.
pub(super) fn presence() -> String {
    document(vec!["sts:GetCallerIdentity"])
}

/// The policy for these calls.
pub(super) fn for_calls<'a>(calls: impl IntoIterator<Item = &'a Action>) -> String {
    let mut actions = vec!["sts:GetCallerIdentity"];
    for call in calls {
        for action in needs(call) {
            if !actions.contains(&action) {
                actions.push(action);
            }
        }
    }
    document(actions)
}

fn document(actions: Vec<&str>) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": Value::from(actions), "Resource": "*"}]}).to_string()
}

/// What a call asks of IAM, what AWS does in the caller's name included: a service that is handed a
/// role asks `iam:PassRole`, an encrypted object asks its key.
fn needs(call: &Action) -> Vec<&'static str> {
    let listed: &[&str] = match call {
        Action::PromoteReadReplicaDbCluster(_) => &["rds:PromoteReadReplicaDBCluster", "rds:DescribeDBClusters"],
        Action::PromoteReadReplica(_) => &["rds:PromoteReadReplica", "rds:DescribeDBInstances"],
        Action::FailoverGlobalCluster(_) => &["rds:FailoverGlobalCluster", "rds:DescribeGlobalClusters"],
        // One permission stands for both operations in older policies.
        Action::SwitchoverGlobalCluster(_) => {
            &["rds:SwitchoverGlobalCluster", "rds:FailoverGlobalCluster", "rds:DescribeGlobalClusters"]
        }
        Action::DescribeDbClusters(_) => &["rds:DescribeDBClusters"],
        Action::DescribeDbInstances(_) => &["rds:DescribeDBInstances"],
        Action::DescribeGlobalClusters(_) => &["rds:DescribeGlobalClusters"],

        Action::UpdateService(_) => &["ecs:UpdateService", "ecs:DescribeServices", "iam:PassRole"],
        Action::DescribeServices(_) | Action::ServicesStable(_) => &["ecs:DescribeServices"],
        Action::DescribeClusters(_) => &["ecs:DescribeClusters"],
        Action::DescribeContinuousBackups(_) => &["dynamodb:DescribeContinuousBackups"],

        Action::ChangeResourceRecordSets(_) => {
            &["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets", "route53:GetChange"]
        }
        Action::GetChange(_) => &["route53:GetChange"],
        Action::GetHostedZone(_) => &["route53:GetHostedZone"],
        Action::ListResourceRecordSets(_) => &["route53:ListResourceRecordSets"],

        // The whole configuration is written back, so whatever it refers to may be asked for.
        Action::UpdateOrigin(_) => &[
            "cloudfront:Get*",
            "cloudfront:UpdateDistribution",
            "cloudfront:AssociateAlias",
            "acm:DescribeCertificate",
            "acm:ListCertificates",
            "iam:GetServerCertificate",
            "iam:ListServerCertificates",
            "lambda:GetFunction",
            "lambda:EnableReplication*",
            "s3:GetBucketAcl",
            "s3:PutBucketAcl",
            "waf:GetWebACL",
            "wafv2:GetWebACL",
        ],
        Action::CreateInvalidation(_) => {
            &["cloudfront:CreateInvalidation", "cloudfront:GetInvalidation", "cloudfront:GetDistribution"]
        }
        Action::GetDistribution(_) => &["cloudfront:GetDistribution"],
        Action::GetInvalidation(_) => &["cloudfront:GetInvalidation"],

        Action::HeadBucket(_) => &["s3:ListBucket"],
        Action::GetBucketVersioning(_) => &["s3:GetBucketVersioning"],
        Action::GetBucketReplication(_) => &["s3:GetReplicationConfiguration"],
        Action::ListObjectVersions(_) => &["s3:ListBucketVersions"],
        Action::RestoreObjectVersion(_) => &[
            "s3:GetObject*",
            "s3:PutObject*",
            "s3:ListBucket*",
            "s3:AbortMultipartUpload",
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey*",
        ],

        Action::GetMetric(_) => &["cloudwatch:GetMetricStatistics", "cloudwatch:GetMetricData"],
        other if asks_nothing(other) => &[],
        other => return of_itself(other),
    };
    listed.to_vec()
}

/// Whether the call needs no permission of AWS: it goes elsewhere, or is open to everybody.
const fn asks_nothing(call: &Action) -> bool {
    matches!(
        call,
        Action::GetCallerIdentity(_)
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
            | Action::Wait(_)
    )
}

/// The call's own operation, its probe's, and what it says it needs besides.
fn of_itself(call: &Action) -> Vec<&'static str> {
    let probe = call.probe().map(|probe| probe.spec().api);
    let own = std::iter::once(call.spec().api).chain(probe);
    let all = own.chain(call.operation().rights().iter().copied());
    all.filter(|action| !action.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::action::SPECS;
    use crate::model::action::examples::example;

    fn actions_of(policy: &str) -> Vec<String> {
        let policy: Value = serde_json::from_str(policy).unwrap();
        assert_eq!(policy["Statement"][0]["Effect"], "Allow");
        policy["Statement"][0]["Action"].as_array().unwrap().iter().map(|a| a.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_policy_names_the_calls_and_no_others() {
        let promote =
            Action::parse("aws/rds.promote_read_replica_db_cluster", &json!({"db_cluster_identifier": "orders"}))
                .unwrap();
        assert_eq!(
            actions_of(&for_calls([&promote])),
            ["sts:GetCallerIdentity", "rds:PromoteReadReplicaDBCluster", "rds:DescribeDBClusters"]
        );
        assert_eq!(actions_of(&presence()), ["sts:GetCallerIdentity"]);
    }

    /// What the catalogue says an action asks of IAM is among what its session gets.
    #[test]
    fn no_policy_refuses_the_call_it_is_for() {
        for spec in SPECS.iter().filter(|spec| spec.risk.changes() && !spec.api.is_empty()) {
            let action = example(spec.name).unwrap();
            let granted = for_calls([&action]);
            let allows = actions_of(&granted).iter().any(|granted| match granted.strip_suffix('*') {
                Some(prefix) => spec.api.starts_with(prefix),
                None => granted == spec.api,
            });
            assert!(allows, "{}: {} is not in {granted}", spec.name, spec.api);
            // What nothing tells afterwards has no probe.
            let Some(probe) = action.probe().map(|probe| probe.spec().api) else { continue };
            let allows = actions_of(&granted).iter().any(|granted| match granted.strip_suffix('*') {
                Some(prefix) => probe.starts_with(prefix),
                None => granted == probe,
            });
            assert!(allows, "{}: its probe's {probe} is not in {granted}", spec.name);
            assert!(granted.len() <= 2_048, "{}: STS takes no longer policy", spec.name);
        }
    }
}
