//! AWS Backup: recovery points and restore jobs.

use aws_sdk_backup::operation::describe_restore_job::DescribeRestoreJobOutput;
use aws_sdk_backup::types::{
    BackupJob, BackupJobState, RecoveryPointByBackupVault, RecoveryPointByResource, RecoveryPointStatus,
    RestoreJobStatus, RestoreJobsListMember,
};
use aws_smithy_types::DateTime;
use serde_json::json;

use super::calls::Calls;
use super::shape::{instant, point_in_time, some_text};
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::backup as input;
use crate::model::outcome::CloudError;

/// The most that one page holds.
const PAGE: i32 = 1000;

/// The token makes it safe to send again: the same one starts no second job.
pub(super) async fn start_restore_job(
    calls: &Calls<'_>,
    call: &input::StartRestoreJob,
) -> Result<CloudReply, CloudError> {
    let metadata = call.metadata.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    let token = call.idempotency_token.as_deref().unwrap_or(calls.token);
    let request = calls
        .backup()
        .start_restore_job()
        .recovery_point_arn(&call.recovery_point_arn)
        .set_metadata(Some(metadata))
        .set_iam_role_arn(call.iam_role_arn.clone())
        .idempotency_token(token)
        .set_resource_type(call.resource_type.clone())
        .set_copy_source_tags_to_restored_resource(call.copy_source_tags_to_restored_resource);
    calls.answer(request.send(), |output| json!({"restore_job_id": output.restore_job_id()})).await
}

pub(super) async fn describe_restore_job(
    calls: &Calls<'_>,
    call: &input::DescribeRestoreJob,
) -> Result<CloudReply, CloudError> {
    let request = calls.backup().describe_restore_job().restore_job_id(&call.restore_job_id);
    calls.answer(request.send(), |job| described(&job)).await
}

pub(super) async fn list_restore_jobs(
    calls: &Calls<'_>,
    call: &input::ListRestoreJobs,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .backup()
        .list_restore_jobs()
        .set_by_resource_type(call.by_resource_type.clone())
        .set_by_status(call.by_status.as_deref().map(RestoreJobStatus::from))
        .max_results(PAGE);
    calls
        .answer(request.send(), |output| {
            let mut jobs: Vec<&RestoreJobsListMember> = output.restore_jobs().iter().collect();
            jobs.sort_by_key(|job| std::cmp::Reverse(job.creation_date().map(DateTime::secs)));
            json!({"restore_jobs": jobs.into_iter().map(listed).collect::<Vec<Value>>()})
        })
        .await
}

pub(super) async fn list_recovery_points_by_backup_vault(
    calls: &Calls<'_>,
    call: &input::ListRecoveryPointsByBackupVault,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .backup()
        .list_recovery_points_by_backup_vault()
        .backup_vault_name(&call.backup_vault_name)
        .set_by_resource_arn(call.by_resource_arn.clone())
        .set_by_resource_type(call.by_resource_type.clone())
        .max_results(PAGE);
    calls
        .answer(request.send(), |output| {
            let mut points: Vec<&RecoveryPointByBackupVault> = output.recovery_points().iter().collect();
            points.sort_by_key(|point| std::cmp::Reverse(point.creation_date().map(DateTime::secs)));
            json!({"recovery_points": points.into_iter().map(point).collect::<Vec<Value>>()})
        })
        .await
}

pub(super) async fn list_recovery_points_by_resource(
    calls: &Calls<'_>,
    call: &input::ListRecoveryPointsByResource,
) -> Result<CloudReply, CloudError> {
    let request = calls.backup().list_recovery_points_by_resource().resource_arn(&call.resource_arn).max_results(PAGE);
    calls
        .answer(request.send(), |output| {
            let mut points: Vec<&RecoveryPointByResource> = output.recovery_points().iter().collect();
            points.sort_by_key(|point| std::cmp::Reverse(point.creation_date().map(DateTime::secs)));
            let view = |point: &RecoveryPointByResource| {
                json!({
                    "recovery_point_arn": point.recovery_point_arn(),
                    "backup_vault_name": point.backup_vault_name(),
                    "status": point.status().map(RecoveryPointStatus::as_str),
                    "creation_date": instant(point.creation_date()),
                    "backup_size_in_bytes": point.backup_size_bytes(),
                })
            };
            json!({"recovery_points": points.into_iter().map(view).collect::<Vec<Value>>()})
        })
        .await
}

pub(super) async fn list_backup_jobs(
    calls: &Calls<'_>,
    call: &input::ListBackupJobs,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .backup()
        .list_backup_jobs()
        .set_by_backup_vault_name(call.by_backup_vault_name.clone())
        .set_by_resource_arn(call.by_resource_arn.clone())
        .set_by_resource_type(call.by_resource_type.clone())
        .set_by_state(call.by_state.as_deref().map(BackupJobState::from))
        .set_by_created_after(point_in_time(call.by_created_after.as_deref())?)
        .max_results(PAGE);
    calls
        .answer(request.send(), |output| {
            let mut jobs: Vec<&BackupJob> = output.backup_jobs().iter().collect();
            jobs.sort_by_key(|job| std::cmp::Reverse(job.creation_date().map(DateTime::secs)));
            json!({"backup_jobs": jobs.into_iter().map(backup_job).collect::<Vec<Value>>()})
        })
        .await
}

fn backup_job(job: &BackupJob) -> Value {
    json!({
        "backup_job_id": job.backup_job_id(),
        "state": job.state().map(BackupJobState::as_str),
        "status_message": some_text(job.status_message()),
        "percent_done": percent(job.percent_done()),
        "backup_vault_name": job.backup_vault_name(),
        "resource_arn": job.resource_arn(),
        "resource_type": job.resource_type(),
        "recovery_point_arn": some_text(job.recovery_point_arn()),
        "backup_size_in_bytes": job.backup_size_in_bytes(),
        "creation_date": instant(job.creation_date()),
        "completion_date": instant(job.completion_date()),
    })
}

/// `"33.50%"`, `"33.5"` → 33.5.
fn percent(text: Option<&str>) -> Option<f64> {
    text.and_then(|text| text.trim().trim_end_matches('%').parse().ok())
}

/// A restore job as we tell it. The SDK has the same members on two types of its own.
macro_rules! restore_job {
    ($job:expr) => {{
        let job = $job;
        json!({
            "restore_job_id": job.restore_job_id(),
            "status": job.status().map(RestoreJobStatus::as_str),
            "percent_done": percent(job.percent_done()),
            "expected_completion_time_minutes": job.expected_completion_time_minutes(),
            "created_resource_arn": some_text(job.created_resource_arn()),
            "status_message": some_text(job.status_message()),
            "recovery_point_arn": job.recovery_point_arn(),
            "resource_type": some_text(job.resource_type()),
            "creation_date": instant(job.creation_date()),
            "completion_date": instant(job.completion_date()),
        })
    }};
}

fn described(job: &DescribeRestoreJobOutput) -> Value {
    restore_job!(job)
}

fn listed(job: &RestoreJobsListMember) -> Value {
    restore_job!(job)
}

fn point(point: &RecoveryPointByBackupVault) -> Value {
    json!({
        "recovery_point_arn": point.recovery_point_arn(),
        "resource_arn": point.resource_arn(),
        "resource_type": point.resource_type(),
        "status": point.status().map(RecoveryPointStatus::as_str),
        "creation_date": instant(point.creation_date()),
        "backup_size_in_bytes": point.backup_size_in_bytes(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::wire::{self, Answer};
    use super::*;
    use crate::model::action::examples::{example, example_with};
    use crate::model::outcome::ProbeAnswer;

    const START: &str = "aws/backup.start_restore_job";

    #[tokio::test]
    async fn a_job_carries_the_token_of_its_attempt_and_the_metadata_as_written() {
        let mut with = example_with(START).unwrap();
        with.as_object_mut().unwrap().shift_remove("idempotency_token");
        let answer = || Answer::ok(r#"{"RestoreJobId":"J1"}"#);
        let (reply, sent) = wire::ask(&wire::send(START, &with), [answer()]).await;
        assert_eq!(reply.unwrap().value, json!({"restore_job_id": "J1"}));
        assert_eq!((sent.len(), sent[0].method.as_str()), (1, "PUT"));
        let body: Value = serde_json::from_str(&sent[0].body).unwrap();
        assert_eq!(body["IdempotencyToken"], "token-1");
        assert_eq!(body["Metadata"], json!({"DBInstanceIdentifier": "shop-from-backup"}));
        let (_, sent) = wire::ask(&wire::send(START, &example_with(START).unwrap()), [answer()]).await;
        assert!(sent[0].body.contains(r#""IdempotencyToken":"example-1""#), "{}", sent[0].body);
    }

    #[tokio::test]
    async fn a_job_says_how_far_it_is_and_how_long_it_will_take() {
        let request = wire::read("aws/backup.describe_restore_job", &json!({"restore_job_id": "J1"}));
        let body = json!({
            "RestoreJobId": "J1", "Status": "RUNNING", "PercentDone": "33.50%", "ExpectedCompletionTimeMinutes": 25,
            "RecoveryPointArn": "arn:p", "CreationDate": 1_767_495_600,
        });
        let value = wire::ask(&request, [Answer::ok(&body.to_string())]).await.0.unwrap().value;
        assert_eq!((&value["percent_done"], &value["expected_completion_time_minutes"]), (&json!(33.5), &json!(25)));
        assert_eq!((&value["status"], &value["created_resource_arn"]), (&json!("RUNNING"), &Value::Null));
    }

    #[tokio::test]
    async fn recovery_points_come_newest_first() {
        let name = "aws/backup.list_recovery_points_by_backup_vault";
        let body = json!({"RecoveryPoints": [
            {"RecoveryPointArn": "arn:old", "CreationDate": 1_767_000_000}, {"RecoveryPointArn": "arn:new", "CreationDate": 1_767_400_000}]});
        let request = wire::read(name, &example_with(name).unwrap());
        let (reply, sent) = wire::ask(&request, [Answer::ok(&body.to_string())]).await;
        assert_eq!(reply.unwrap().value["recovery_points"][0]["recovery_point_arn"], "arn:new");
        assert!(sent[0].uri.contains("/backup-vaults/shop-vault/recovery-points?"), "{}", sent[0].uri);
    }

    #[tokio::test]
    async fn a_resource_s_points_and_the_jobs_that_made_them_come_newest_first() {
        let name = "aws/backup.list_recovery_points_by_resource";
        let body = json!({"RecoveryPoints": [
            {"RecoveryPointArn": "arn:old", "CreationDate": 1_767_000_000},
            {"RecoveryPointArn": "arn:new", "CreationDate": 1_767_400_000, "BackupSizeBytes": 7}]});
        let request = wire::read(name, &example_with(name).unwrap());
        let (reply, sent) = wire::ask(&request, [Answer::ok(&body.to_string())]).await;
        let value = reply.unwrap().value;
        assert_eq!(value["recovery_points"][0]["recovery_point_arn"], "arn:new");
        assert_eq!(value["recovery_points"][0]["backup_size_in_bytes"], 7);
        assert!(sent[0].uri.contains("/resources/arn%3Aaws%3Ards"), "{}", sent[0].uri);

        let name = "aws/backup.list_backup_jobs";
        let with =
            json!({"by_backup_vault_name": "v", "by_state": "FAILED", "by_created_after": "2026-01-03T00:00:00Z"});
        let body = json!({"BackupJobs": [
            {"BackupJobId": "J1", "CreationDate": 1_767_000_000, "State": "COMPLETED"},
            {"BackupJobId": "J2", "CreationDate": 1_767_400_000, "State": "FAILED", "StatusMessage": "no rights"}]});
        let (reply, sent) = wire::ask(&wire::read(name, &with), [Answer::ok(&body.to_string())]).await;
        let value = reply.unwrap().value;
        let newest = &value["backup_jobs"][0];
        assert_eq!((&newest["state"], &newest["status_message"]), (&json!("FAILED"), &json!("no rights")));
        for part in ["state=FAILED", "backupVaultName=v", "createdAfter=2026-01-03"] {
            assert!(sent[0].uri.contains(part), "{}", sent[0].uri);
        }
    }

    #[tokio::test]
    async fn the_probe_knows_a_new_job_of_the_same_recovery_point() {
        let start = example(START).unwrap();
        let probe = start.probe().unwrap();
        let ask = async |ids: &[&str]| {
            let arn = &start.with()["recovery_point_arn"];
            let jobs: Vec<Value> = ids.iter().map(|id| json!({"RestoreJobId": id, "RecoveryPointArn": arn})).collect();
            let request = wire::read(probe.name(), &probe.with());
            let body = json!({"RestoreJobs": jobs}).to_string();
            wire::ask(&request, [Answer::ok(&body)]).await.0.unwrap().value
        };
        let (before, after) = (ask(&["J1"]).await, ask(&["J2", "J1"]).await);
        assert_eq!(start.judge(Some(&before), &after), ProbeAnswer::After);
        assert_eq!(start.judge(Some(&before), &before), ProbeAnswer::Before);
        assert_eq!(start.judge(None, &after), ProbeAnswer::CannotTell);
    }
}
