//! Probes: the read that tells whether a change happened, and how to judge its answer.

use serde_json::json;

use super::{Action, ecs, rds};
use crate::model::Value;
use crate::model::outcome::ProbeAnswer;

impl Action {
    /// The read that shows the state this action changes: made before the gate opens (for the
    /// dialog and the rollback), and again as a probe when an answer was lost. `None` where there
    /// is nothing to look at: reads, local steps, class D.
    #[must_use]
    pub fn probe(&self) -> Option<Self> {
        match self {
            Self::PromoteReadReplicaDbCluster(call) => Some(Self::DescribeDbClusters(rds::DescribeDbClusters {
                db_cluster_identifier: call.db_cluster_identifier.clone(),
            })),
            Self::PromoteReadReplica(call) => Some(Self::DescribeDbInstances(rds::DescribeDbInstances {
                db_instance_identifier: call.db_instance_identifier.clone(),
            })),
            Self::FailoverGlobalCluster(call) => Some(Self::DescribeGlobalClusters(rds::DescribeGlobalClusters {
                global_cluster_identifier: call.global_cluster_identifier.clone(),
            })),
            Self::SwitchoverGlobalCluster(call) => Some(Self::DescribeGlobalClusters(rds::DescribeGlobalClusters {
                global_cluster_identifier: call.global_cluster_identifier.clone(),
            })),
            Self::UpdateService(call) => Some(Self::DescribeServices(ecs::DescribeServices {
                cluster: call.cluster.clone(),
                services: vec![call.service.clone()],
            })),
            Self::ChangeResourceRecordSets(call) => {
                let first = call.change_batch.first_in_zone();
                Some(Self::ListResourceRecordSets(super::route53::ListResourceRecordSets {
                    hosted_zone_id: call.hosted_zone_id.clone(),
                    start_record_name: first.map(|(name, _)| name.to_owned()),
                    start_record_type: first.and_then(|(_, kind)| kind).map(str::to_owned),
                    max_items: Some(100),
                }))
            }
            Self::UpdateOrigin(call) => {
                Some(Self::GetDistribution(super::cloudfront::GetDistribution { id: call.id.clone() }))
            }
            // CallerReference makes a second send harmless, but no read finds an invalidation by it.
            Self::CreateInvalidation(call) => {
                Some(Self::GetDistribution(super::cloudfront::GetDistribution { id: call.distribution_id.clone() }))
            }
            Self::RestoreObjectVersion(call) => Some(Self::ListObjectVersions(super::s3::ListObjectVersions {
                bucket: call.bucket.clone(),
                prefix: Some(call.key.clone()),
                max_keys: Some(100),
            })),
            other => other.operation().probe(),
        }
    }

    /// The state before a change as `steps.<id>.before` shows it, from the probe's answer.
    #[must_use]
    pub fn before_view(&self, answer: &Value) -> Value {
        match self {
            Self::UpdateService(_) => answer["services"][0].clone(),
            Self::UpdateOrigin(call) => {
                let origin = origin_of(answer, call.origin_id.as_deref());
                json!({"domain_name": origin["domain_name"], "origin_id": origin["id"], "etag": answer["etag"]})
            }
            other => other.operation().before_view(answer),
        }
    }

    /// How long after the call "still as before" becomes believable, in milliseconds.
    #[must_use]
    pub fn settle_ms(&self) -> u64 {
        match self {
            // Right after the call the status may still read `available`.
            Self::PromoteReadReplicaDbCluster(_)
            | Self::PromoteReadReplica(_)
            | Self::FailoverGlobalCluster(_)
            | Self::SwitchoverGlobalCluster(_) => 60_000,
            other => other.operation().settle_ms(),
        }
    }

    /// Judges a probe's answer. `before` is the same read made before the call, when there is one.
    #[must_use]
    pub fn judge(&self, before: Option<&Value>, now: &Value) -> ProbeAnswer {
        match self {
            Self::PromoteReadReplicaDbCluster(_) => promoted(now, "status", "replication_source_identifier"),
            Self::PromoteReadReplica(_) => {
                promoted(now, "db_instance_status", "read_replica_source_db_instance_identifier")
            }
            Self::FailoverGlobalCluster(call) => global_writer(now, &call.target_db_cluster_identifier),
            Self::SwitchoverGlobalCluster(call) => global_writer(now, &call.target_db_cluster_identifier),
            Self::UpdateService(call) => {
                let service = &now["services"][0];
                if call.force_new_deployment == Some(true) {
                    return match before {
                        Some(before) if before["services"][0]["deployments"] != service["deployments"] => {
                            ProbeAnswer::After
                        }
                        Some(_) => ProbeAnswer::Before,
                        None => ProbeAnswer::CannotTell,
                    };
                }
                let count = call.desired_count.is_none_or(|count| service["desired_count"] == json!(count));
                let was = before.map(|before| &before["services"][0]["task_definition"]);
                let definition = call
                    .task_definition
                    .as_deref()
                    .map_or(Some(true), |wanted| runs(&service["task_definition"], was, wanted));
                match definition {
                    _ if service.is_null() => ProbeAnswer::CannotTell,
                    Some(true) if count => ProbeAnswer::After,
                    None if count => ProbeAnswer::CannotTell,
                    Some(_) | None => ProbeAnswer::Before,
                }
            }
            Self::ChangeResourceRecordSets(call) => {
                let sets = now["resource_record_sets"].as_array().map_or(&[][..], Vec::as_slice);
                let done = call.change_batch.changes.iter().all(|change| record_is(sets, change));
                if done { ProbeAnswer::After } else { ProbeAnswer::Before }
            }
            Self::UpdateOrigin(call) => {
                let origin = origin_of(now, call.origin_id.as_deref());
                if origin.is_null() {
                    ProbeAnswer::CannotTell
                } else if origin["domain_name"] == json!(call.domain_name) {
                    ProbeAnswer::After
                } else {
                    ProbeAnswer::Before
                }
            }
            Self::RestoreObjectVersion(call) => restored(before, now, &call.key, &call.version_id),
            other => other.operation().judge(before, now),
        }
    }

    /// What it proves that a probe found nothing of that name.
    #[must_use]
    pub fn judge_absent(&self) -> ProbeAnswer {
        self.operation().judge_absent()
    }
}

/// Whether a service runs the definition that it was to be given: an ARN, `family:revision`, or a
/// family's newest revision, which no look at the service can tell: then what it ran before counts.
fn runs(now: &Value, was: Option<&Value>, wanted: &str) -> Option<bool> {
    let now = now.as_str()?;
    let named = now.rsplit('/').next().unwrap_or(now);
    if wanted.contains(':') {
        return Some(now == wanted || named == wanted);
    }
    if ecs::family_of(named) != wanted {
        return Some(false);
    }
    was.map(|was| was != now)
}

fn promoted(now: &Value, status: &str, source: &str) -> ProbeAnswer {
    match now[status].as_str() {
        None => ProbeAnswer::CannotTell,
        Some("promoting" | "rebooting" | "modifying") => ProbeAnswer::InProgress,
        Some(_) if now[source].is_null() || now[source] == json!("") => ProbeAnswer::After,
        Some(_) => ProbeAnswer::Before,
    }
}

fn global_writer(now: &Value, target: &str) -> ProbeAnswer {
    let Some(members) = now["members"].as_array() else { return ProbeAnswer::CannotTell };
    let is_writer =
        members.iter().any(|member| member["db_cluster_arn"] == json!(target) && member["is_writer"] == json!(true));
    if !now["failover_state"].is_null() {
        ProbeAnswer::InProgress
    } else if is_writer {
        ProbeAnswer::After
    } else {
        ProbeAnswer::Before
    }
}

/// The origin named, or the only one.
fn origin_of<'a>(distribution: &'a Value, id: Option<&str>) -> &'a Value {
    let origins = distribution["origins"].as_array().map_or(&[][..], Vec::as_slice);
    match id {
        Some(id) => origins.iter().find(|origin| origin["id"] == json!(id)),
        None => origins.first(),
    }
    .unwrap_or(&Value::Null)
}

fn record_is(sets: &[Value], change: &super::route53::Change) -> bool {
    use super::route53::{ChangeAction, ResourceRecordSet};
    let wanted = &change.resource_record_set;
    let mut listed = sets.iter().filter_map(ResourceRecordSet::listed).map(|(set, _)| set);
    let equal = listed.find(|set| set.is_at(wanted)).is_some_and(|set| set.says_the_same(wanted));
    match change.action {
        ChangeAction::Delete => !equal,
        ChangeAction::Create | ChangeAction::Upsert => equal,
    }
}

fn restored(before: Option<&Value>, now: &Value, key: &str, version: &str) -> ProbeAnswer {
    let versions = |answer: &Value| -> Vec<Value> {
        answer["versions"].as_array().into_iter().flatten().filter(|v| v["key"] == json!(key)).cloned().collect()
    };
    let now = versions(now);
    let wanted = now.iter().find(|v| v["version_id"] == json!(version));
    let latest = now.iter().find(|v| v["is_latest"] == json!(true));
    let (Some(wanted), Some(latest)) = (wanted, latest) else { return ProbeAnswer::CannotTell };
    let grew = before.is_some_and(|before| versions(before).len() < now.len());
    match (latest["etag"] == wanted["etag"], grew) {
        (true, _) => ProbeAnswer::After,
        (false, false) => ProbeAnswer::Before,
        (false, true) => ProbeAnswer::CannotTell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A service as its probe shows it.
    fn service(definition: &str, desired: u32) -> Value {
        let arn = format!("arn:aws:ecs:us-east-1:111122223333:task-definition/{definition}");
        json!({"services": [{"task_definition": arn, "desired_count": desired}]})
    }

    #[test]
    fn a_definition_is_running_when_it_is_the_one_that_was_named() {
        let judge = |wanted: &str, before: Option<&Value>, now: &Value| {
            let with = json!({"cluster": "shop", "service": "web", "task_definition": wanted, "desired_count": 3});
            Action::parse("aws/ecs.update_service", &with).unwrap().judge(before, now)
        };
        let (old, new) = (service("web:7", 3), service("web:8", 3));
        assert_eq!(judge("web:8", Some(&old), &new), ProbeAnswer::After);
        assert_eq!(judge("web:8", None, &old), ProbeAnswer::Before);
        // The end of another family's name proves nothing.
        assert_eq!(judge("web:8", None, &service("other-web:8", 3)), ProbeAnswer::Before);
        let arn = new["services"][0]["task_definition"].as_str().unwrap();
        assert_eq!(judge(arn, None, &new), ProbeAnswer::After);
        // A family alone: it runs what it did not run before.
        assert_eq!(judge("web", Some(&old), &new), ProbeAnswer::After);
        assert_eq!(judge("web", Some(&old), &old), ProbeAnswer::Before);
        assert_eq!(judge("web", Some(&old), &service("web:8", 0)), ProbeAnswer::Before);
        assert_eq!(judge("web", None, &new), ProbeAnswer::CannotTell);
        assert_eq!(judge("web", Some(&old), &service("else:8", 3)), ProbeAnswer::Before);
    }
}
