//! RDS: exports of snapshots and clusters to S3.

use aws_sdk_rds::operation::start_export_task::StartExportTaskOutput;
use aws_sdk_rds::types::ExportTask;
use aws_smithy_types::DateTime;
use serde_json::json;

use super::calls::Calls;
use super::shape::{instant, some_text};
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::rds as input;
use crate::model::outcome::CloudError;

pub(super) async fn start_export_task(
    calls: &Calls<'_>,
    call: &input::StartExportTask,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .start_export_task()
        .export_task_identifier(&call.export_task_identifier)
        .source_arn(&call.source_arn)
        .s3_bucket_name(&call.s3_bucket_name)
        .iam_role_arn(&call.iam_role_arn)
        .kms_key_id(&call.kms_key_id)
        .set_s3_prefix(call.s3_prefix.clone())
        .set_export_only(call.export_only.clone())
        .send();
    calls.answer(request, |task| started(&task)).await
}

pub(super) async fn describe_export_tasks(
    calls: &Calls<'_>,
    call: &input::DescribeExportTasks,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .describe_export_tasks()
        .set_export_task_identifier(call.export_task_identifier.clone())
        .set_source_arn(call.source_arn.clone())
        .send();
    calls
        .answer(request, |output| {
            let mut found: Vec<&ExportTask> = output.export_tasks().iter().collect();
            // A task that has not started yet is the newest of all.
            let newest =
                |task: &&ExportTask| std::cmp::Reverse(task.task_start_time().map_or(i64::MAX, DateTime::secs));
            found.sort_by_key(newest);
            json!({"export_tasks": found.into_iter().map(listed).collect::<Vec<Value>>()})
        })
        .await
}

/// A task as we tell it. The SDK has the same members on two types of its own.
macro_rules! export {
    ($task:expr) => {{
        let task = $task;
        json!({
            "export_task_identifier": task.export_task_identifier(),
            "source_arn": task.source_arn(),
            "status": task.status(),
            "percent_progress": task.percent_progress(),
            "total_extracted_data_in_gb": task.total_extracted_data_in_gb(),
            "s3_bucket": task.s3_bucket(),
            "s3_prefix": some_text(task.s3_prefix()),
            "failure_cause": some_text(task.failure_cause()),
            "warning_message": some_text(task.warning_message()),
            "snapshot_time": instant(task.snapshot_time()),
            "task_start_time": instant(task.task_start_time()),
            "task_end_time": instant(task.task_end_time()),
        })
    }};
}

fn started(task: &StartExportTaskOutput) -> Value {
    export!(task)
}

fn listed(task: &ExportTask) -> Value {
    export!(task)
}

#[cfg(test)]
mod tests {
    use super::super::wire::{self, Answer};
    use super::*;
    use crate::model::action::examples::{example, example_with};
    use crate::model::outcome::ProbeAnswer;

    #[tokio::test]
    async fn an_export_says_from_where_to_where_and_with_which_key() {
        let name = "aws/rds.start_export_task";
        let body = "<ExportTaskIdentifier>shop-2026-01</ExportTaskIdentifier><Status>STARTING</Status>\
                    <PercentProgress>0</PercentProgress><S3Bucket>shop-exports</S3Bucket>";
        let request = wire::send(name, &example_with(name).unwrap());
        let (reply, sent) = wire::ask(&request, [Answer::rds("StartExportTask", body)]).await;
        let value = reply.unwrap().value;
        assert_eq!((&value["status"], &value["failure_cause"]), (&json!("STARTING"), &Value::Null));
        assert_eq!(sent.len(), 1);
        for part in [
            "SourceArn=arn",
            "cluster-snapshot%3Ashop-before",
            "S3BucketName=shop-exports",
            "KmsKeyId=arn",
            "S3Prefix=monthly",
        ] {
            assert!(sent[0].body.contains(part), "{part} in {}", sent[0].body);
        }
        assert!(!sent[0].body.contains("ExportOnly"), "{}", sent[0].body);
    }

    #[tokio::test]
    async fn how_far_exports_are_the_newest_first() {
        let one = |id: &str, started: &str| {
            format!(
                "<ExportTask><ExportTaskIdentifier>{id}</ExportTaskIdentifier><Status>IN_PROGRESS</Status>\
                 <PercentProgress>63</PercentProgress>{started}</ExportTask>"
            )
        };
        let list = one("old", "<TaskStartTime>2026-01-02T03:00:00Z</TaskStartTime>") + &one("new", "");
        let name = "aws/rds.describe_export_tasks";
        let request = wire::read(name, &example_with(name).unwrap());
        let list = format!("<ExportTasks>{list}</ExportTasks>");
        let value = wire::ask(&request, [Answer::rds("DescribeExportTasks", &list)]).await.0.unwrap().value;
        assert_eq!(value["export_tasks"][0]["export_task_identifier"], "new");
        assert_eq!(value["export_tasks"][1]["percent_progress"], 63);
        let start = example("aws/rds.start_export_task").unwrap();
        assert_eq!(start.judge(None, &value), ProbeAnswer::After);
        assert_eq!(start.judge(None, &json!({"export_tasks": []})), ProbeAnswer::Before);
        // A name that had been used before.
        assert_eq!(start.judge(Some(&value), &value), ProbeAnswer::CannotTell);
    }
}
