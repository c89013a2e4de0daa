//! AWS Backup: recovery points and the jobs that restore them.

use std::collections::BTreeMap;

use serde_json::json;

use super::Action;
use super::command_line::aws_line;
use super::operation::{Operation, Pages, inputs, last, part};
use super::ownership::{Resource, restored};
use crate::model::Value;
use crate::model::outcome::ProbeAnswer;
use crate::model::plan::ResolvedTarget;

inputs! {
    /// Result: `{restore_job_id}`. The same token starts one job only.
    StartRestoreJob {
        recovery_point_arn: String,
        /// What the resource type wants to know (`DBInstanceIdentifier`, `targetTableName` …); keys as AWS Backup spells them.
        metadata: BTreeMap<String, String>;
        /// The role that AWS Backup restores with.
        iam_role_arn: String,
        /// Idempotency key; derived from run, step and attempt when left out.
        idempotency_token: String,
        /// `RDS`, `Aurora`, `DynamoDB` …
        resource_type: String,
        copy_source_tags_to_restored_resource: bool,
    }

    /// Result: `{restore_job_id, status, percent_done|null, expected_completion_time_minutes|null, created_resource_arn|null, status_message|null, recovery_point_arn, resource_type|null, creation_date|null, completion_date|null}`; `percent_done` is a number, a status is `PENDING`, `RUNNING`, `COMPLETED`, `ABORTED` or `FAILED`.
    DescribeRestoreJob {
        restore_job_id: String;
    }

    /// Result: `{restore_jobs: [as DescribeRestoreJob]}`, the newest first.
    ListRestoreJobs {
        ;
        by_resource_type: String,
        by_status: String,
    }

    /// Result: `{recovery_points: [{recovery_point_arn, resource_arn, resource_type, status, creation_date, backup_size_in_bytes|null}]}`, the newest first.
    ListRecoveryPointsByBackupVault {
        backup_vault_name: String;
        by_resource_arn: String,
        by_resource_type: String,
    }

    /// Result: `{recovery_points: [{recovery_point_arn, backup_vault_name, status, creation_date, backup_size_in_bytes|null}]}`, of every vault of the region, the newest first.
    ListRecoveryPointsByResource {
        resource_arn: String;
    }

    /// Result: `{backup_jobs: [{backup_job_id, state, status_message|null, percent_done|null, backup_vault_name, resource_arn, resource_type, recovery_point_arn|null, backup_size_in_bytes|null, creation_date, completion_date|null}]}`, of the last 30 days, the newest first; a state is `CREATED`, `PENDING`, `RUNNING`, `COMPLETED`, `PARTIAL`, `ABORTED`, `FAILED` or `EXPIRED`.
    ListBackupJobs {
        ;
        by_backup_vault_name: String,
        by_resource_arn: String,
        by_resource_type: String,
        by_state: String,
        /// RFC 3339.
        by_created_after: String,
    }
}

impl Operation for StartRestoreJob {
    /// The token makes a second send harmless; this tells whether there is need for one.
    fn probe(&self) -> Option<Action> {
        let by_resource_type = self.resource_type.clone();
        Some(Action::ListRestoreJobs(ListRestoreJobs { by_resource_type, by_status: None }))
    }

    fn judge(&self, before: Option<&Value>, now: &Value) -> ProbeAnswer {
        let jobs = |answer: &Value| -> Option<Vec<Value>> {
            let of_ours = |job: &&Value| job["recovery_point_arn"] == json!(self.recovery_point_arn);
            Some(
                answer["restore_jobs"]
                    .as_array()?
                    .iter()
                    .filter(of_ours)
                    .map(|job| job["restore_job_id"].clone())
                    .collect(),
            )
        };
        let (Some(now), Some(before)) = (jobs(now), before.and_then(jobs)) else { return ProbeAnswer::CannotTell };
        if now.iter().any(|job| !before.contains(job)) { ProbeAnswer::After } else { ProbeAnswer::Before }
    }

    /// How many jobs there have been is of no use to a runbook.
    fn before_view(&self, _: &Value) -> Value {
        json!({})
    }

    fn rights(&self) -> &'static [&'static str] {
        &["iam:PassRole"]
    }

    fn creates(&self) -> Vec<Resource> {
        restored(&self.metadata)
    }

    /// A job begins whatever its metadata names, and fails later where that is taken.
    fn creates_later(&self) -> bool {
        true
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.recovery_point_arn, last(&self.recovery_point_arn)]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(pages.regional("backup/home?region={region}#/jobs/restore"))
    }

    /// The keys of the metadata are the caller's, not members of ours.
    fn command_lines(&self, target: &ResolvedTarget) -> Option<Vec<Vec<String>>> {
        let Ok(Value::Object(mut members)) = serde_json::to_value(self) else { return None };
        members.insert("metadata".to_owned(), json!(json!(self.metadata).to_string()));
        Some(vec![aws_line("backup", "start-restore-job", &members, target)])
    }
}

impl Operation for DescribeRestoreJob {
    fn names(&self) -> Vec<&str> {
        vec![&self.restore_job_id]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(
            pages.regional(&format!(
                "backup/home?region={{region}}#/jobs/restore/details/{}",
                part(&self.restore_job_id)
            )),
        )
    }
}

impl Operation for ListRestoreJobs {
    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(pages.regional("backup/home?region={region}#/jobs/restore"))
    }
}

impl Operation for ListRecoveryPointsByBackupVault {
    fn names(&self) -> Vec<&str> {
        std::iter::once(&self.backup_vault_name).chain(&self.by_resource_arn).map(String::as_str).collect()
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(pages.regional(&format!(
            "backup/home?region={{region}}#/backupvaults/details/{}",
            part(&self.backup_vault_name)
        )))
    }
}

impl Operation for ListRecoveryPointsByResource {
    fn names(&self) -> Vec<&str> {
        vec![&self.resource_arn, last(&self.resource_arn)]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(pages.regional(&format!("backup/home?region={{region}}#/resources/{}", part(&self.resource_arn))))
    }
}

impl Operation for ListBackupJobs {
    fn names(&self) -> Vec<&str> {
        self.by_backup_vault_name.iter().chain(&self.by_resource_arn).map(String::as_str).collect()
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(pages.regional("backup/home?region={region}#/jobs/backup"))
    }
}
