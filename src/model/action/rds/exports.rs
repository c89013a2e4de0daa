//! Exports of RDS snapshots and clusters to S3.

use serde_json::json;

use crate::model::Value;
use crate::model::action::Action;
use crate::model::action::operation::{Operation, Pages, inputs, last, part};
use crate::model::outcome::ProbeAnswer;

inputs! {
    /// Result: the task: `{export_task_identifier, source_arn, status, percent_progress, total_extracted_data_in_gb, s3_bucket, s3_prefix|null, failure_cause|null, warning_message|null, snapshot_time|null, task_start_time|null, task_end_time|null}`; a status is `STARTING`, `IN_PROGRESS`, `COMPLETE`, `FAILED`, `CANCELING` or `CANCELED`. Parquet files, encrypted with the key.
    StartExportTask {
        /// The task's own name: used once and never again, also by a task that failed.
        export_task_identifier: String,
        /// ARN of a snapshot or an Aurora cluster.
        source_arn: String,
        s3_bucket_name: String,
        /// The role that RDS writes with.
        iam_role_arn: String,
        /// The key must stay enabled until the export is complete.
        kms_key_id: String;
        s3_prefix: String,
        /// `database`, `database.schema` or `database.schema.table`; everything unless given.
        export_only: Vec<String>,
    }

    /// Result: `{export_tasks: [as StartExportTask]}`, the newest first, 100 at most.
    DescribeExportTasks {
        ;
        export_task_identifier: String,
        source_arn: String,
    }
}

impl Operation for StartExportTask {
    fn probe(&self) -> Option<Action> {
        Some(Action::DescribeExportTasks(DescribeExportTasks {
            export_task_identifier: Some(self.export_task_identifier.clone()),
            source_arn: None,
        }))
    }

    fn judge(&self, before: Option<&Value>, now: &Value) -> ProbeAnswer {
        let known = |answer: &Value| answer["export_tasks"].as_array().is_some_and(|tasks| !tasks.is_empty());
        match &now["export_tasks"] {
            // The name had been used: what stands there is not ours.
            _ if before.is_some_and(known) => ProbeAnswer::CannotTell,
            Value::Array(tasks) if tasks.is_empty() => ProbeAnswer::Before,
            Value::Array(_) => ProbeAnswer::After,
            _ => ProbeAnswer::CannotTell,
        }
    }

    fn judge_absent(&self) -> ProbeAnswer {
        ProbeAnswer::Before
    }

    /// The names of earlier exports are of no use to a runbook.
    fn before_view(&self, _: &Value) -> Value {
        json!({})
    }

    fn rights(&self) -> &'static [&'static str] {
        &["iam:PassRole", "kms:CreateGrant", "kms:DescribeKey"]
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.export_task_identifier, last(&self.source_arn), &self.s3_bucket_name]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        let task = part(&self.export_task_identifier);
        Some(pages.regional(&format!("rds/home?region={{region}}#export-to-s3-task:id={task}")))
    }
}

impl Operation for DescribeExportTasks {
    fn names(&self) -> Vec<&str> {
        self.export_task_identifier.iter().chain(&self.source_arn).map(String::as_str).collect()
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(pages.regional("rds/home?region={region}#exports-in-s3:"))
    }
}
