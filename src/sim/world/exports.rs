//! RDS: exports to S3, which run for a while and say how far they are.

use serde_json::json;

use super::{Answer, Context, Refusal, World};
use crate::model::Value;
use crate::model::action::rds as calls;
use crate::model::time::rfc3339;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    pub id: String,
    pub source_arn: String,
    pub bucket: String,
    pub prefix: Option<String>,
    pub snapshot_ms: i64,
    pub asked_ms: i64,
    pub ends_ms: i64,
    pub gigabytes: u64,
}

const STARTS_AFTER_MS: i64 = 4 * 60_000;
const TAKES_MS: (u64, u64) = (25 * 60_000, 50 * 60_000);

impl Export {
    fn view(&self, now_ms: i64) -> Value {
        let starts_ms = self.asked_ms + STARTS_AFTER_MS;
        let is_done = now_ms >= self.ends_ms;
        let status = match () {
            () if is_done => "COMPLETE",
            () if now_ms >= starts_ms => "IN_PROGRESS",
            () => "STARTING",
        };
        let percent = (now_ms - starts_ms).max(0) * 100 / (self.ends_ms - starts_ms).max(1);
        let percent = if is_done { 100 } else { percent.min(99) };
        json!({
            "export_task_identifier": self.id,
            "source_arn": self.source_arn,
            "status": status,
            "percent_progress": percent,
            "total_extracted_data_in_gb": u64::try_from(percent).unwrap_or(0) * self.gigabytes / 100,
            "s3_bucket": self.bucket,
            "s3_prefix": self.prefix,
            "failure_cause": null,
            "warning_message": null,
            "snapshot_time": rfc3339(self.snapshot_ms),
            "task_start_time": (now_ms >= starts_ms).then(|| rfc3339(starts_ms)),
            "task_end_time": is_done.then(|| rfc3339(self.ends_ms)),
        })
    }
}

impl World {
    pub(super) fn start_export(&mut self, call: &calls::StartExportTask, context: &mut Context<'_>) -> Answer {
        let id = &call.export_task_identifier;
        let at = (context.region.clone(), id.clone());
        if self.exports.contains_key(&at) {
            let why = format!("The export task {id} already exists.");
            return Err(Refusal::invalid("ExportTaskAlreadyExists", why));
        }
        let snapshot_ms = self.exported(&call.source_arn).ok_or_else(|| {
            Refusal::not_found("ExportSourceNotFound", format!("The source {} was not found.", call.source_arn))
        })?;
        if let Some(bucket) = self.buckets.get(&call.s3_bucket_name)
            && bucket.region != context.region
        {
            let why = format!("The bucket {} is not in this region.", call.s3_bucket_name);
            return Err(Refusal::invalid("InvalidS3BucketFault", why));
        }
        let ms = context.dice.between(TAKES_MS.0, TAKES_MS.1) + context.fate.hang_ms;
        let export = Export {
            id: id.clone(),
            source_arn: call.source_arn.clone(),
            bucket: call.s3_bucket_name.clone(),
            prefix: call.s3_prefix.clone(),
            snapshot_ms,
            asked_ms: self.now_ms,
            ends_ms: self.after(ms),
            gigabytes: context.dice.between(20, 200),
        };
        let view = export.view(self.now_ms);
        self.exports.insert(at, export);
        Ok(view)
    }

    /// When what is exported was taken: a snapshot's time, or now for a cluster.
    fn exported(&self, arn: &str) -> Option<i64> {
        let cluster = self.clusters.values().any(|cluster| cluster.arn == arn);
        let of_clusters = self.snapshots.values().find(|snapshot| snapshot.arn == arn);
        let of_instances = self.instance_snapshots.values().find(|snapshot| snapshot.arn == arn);
        of_clusters
            .map(|snapshot| snapshot.created_ms)
            .or(of_instances.map(|snapshot| snapshot.created_ms))
            .or(cluster.then_some(self.now_ms))
    }

    pub(super) fn describe_exports(&self, call: &calls::DescribeExportTasks, context: &Context<'_>) -> Value {
        let is = |wanted: &Option<String>, has: &String| wanted.as_ref().is_none_or(|wanted| wanted == has);
        let mut found: Vec<&Export> = self
            .exports
            .iter()
            .filter(|((region, _), _)| *region == context.region)
            .map(|(_, export)| export)
            .filter(|export| is(&call.export_task_identifier, &export.id) && is(&call.source_arn, &export.source_arn))
            .collect();
        found.sort_by_key(|export| std::cmp::Reverse(export.asked_ms));
        json!({"export_tasks": found.into_iter().map(|export| export.view(self.now_ms)).collect::<Vec<Value>>()})
    }
}
