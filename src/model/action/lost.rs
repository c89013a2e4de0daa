//! What of a lost answer can be had again from the world: what was found by looking stands in for what
//! was not heard.
//!
//! Must not know how it was lost.

use serde_json::json;

use super::Action;
use crate::model::Value;

impl Action {
    /// The answer that this call would have given, as far as the probe's answer holds it. `before` is the
    /// same look before the call.
    #[must_use]
    pub fn answer_seen(&self, before: Option<&Value>, now: &Value) -> Option<Value> {
        match self {
            Self::UpdateService(_) => now["services"].get(0).cloned(),
            Self::CreateDbClusterSnapshot(_) => now["db_cluster_snapshots"].get(0).cloned(),
            Self::CreateDbSnapshot(_) => now["db_snapshots"].get(0).cloned(),
            Self::StartExportTask(_) => now["export_tasks"].get(0).cloned(),
            Self::CreateSnapshot(_) => now["snapshots"].get(0).cloned(),
            Self::ModifyTargetGroup(_) => now["target_groups"].get(0).cloned(),
            // The answer says no more than the name that was given.
            Self::PutMetricAlarm(call) => Some(json!({"alarm_name": call.alarm_name})),
            Self::CreateLogGroup(call) => Some(json!({"log_group_name": call.log_group_name})),
            Self::UpdateOrigin(call) => {
                let wanted = json!(call.domain_name);
                let origins = now["origins"].as_array()?;
                let origin = origins.iter().find(|origin| origin["domain_name"] == wanted)?;
                Some(json!({
                    "id": now["id"], "status": now["status"], "etag": now["etag"],
                    "origin_id": origin["id"], "domain_name": origin["domain_name"],
                }))
            }
            Self::RestoreObjectVersion(call) => {
                let of_key = |one: &&Value| one["key"] == json!(call.key) && one["is_latest"] == json!(true);
                let newest = now["versions"].as_array()?.iter().find(of_key)?;
                Some(json!({
                    "bucket": call.bucket, "key": call.key, "version_id": newest["version_id"],
                    "copy_source_version_id": call.version_id, "etag": newest["etag"],
                }))
            }
            Self::CopyFromReplica(call) => call.answer_between(before?, now),
            Self::StartRestoreJob(call) => {
                let of_ours = |job: &&Value| job["recovery_point_arn"] == json!(call.recovery_point_arn);
                let ids = |answer: &Value| -> Vec<Value> {
                    let jobs = answer["restore_jobs"].as_array().into_iter().flatten();
                    jobs.filter(of_ours).map(|job| job["restore_job_id"].clone()).collect()
                };
                let known = ids(before?);
                let new: Vec<Value> = ids(now).into_iter().filter(|id| !known.contains(id)).collect();
                // Two new ones: nobody can say which of them is ours.
                let [id] = &new[..] else { return None };
                Some(json!({"restore_job_id": id}))
            }
            Self::UpdateTimeToLive(call) => serde_json::to_value(call)
                .ok()
                .map(|call| json!({"time_to_live_specification": call["time_to_live_specification"]})),
            Self::ChangeResourceRecordSets(_)
            | Self::CreateInvalidation(_)
            | Self::RegisterScalableTarget(_)
            | Self::Publish(_)
            | Self::SlackPost(_)
            | Self::TeamsPost(_)
            | Self::WebhookPost(_)
            | Self::ChangeEvent(_) => None,
            // The look has the shape of the answer.
            _ => Some(now.clone()),
        }
    }

    /// Members of an action's answer that no look gives back: a verification that names one cannot be
    /// asked once the answer was lost.
    #[must_use]
    pub fn only_in_answer(name: &str) -> &'static [&'static str] {
        match name {
            "aws/route53.change_resource_record_sets" => &["id", "status", "submitted_at", "old_ttl"],
            "aws/cloudfront.create_invalidation" => &["id", "status", "distribution_id", "paths"],
            "aws/cloudfront.update_origin" => &["previous_domain_name"],
            "aws/application_autoscaling.register_scalable_target" => &["scalable_target_arn"],
            "aws/sns.publish" => &["message_id"],
            _ => &[],
        }
    }
}
