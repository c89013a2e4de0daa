//! AWS Backup: recovery points, and restore jobs that say how far they are.

use serde_json::json;

use super::{Answer, Context, Due, Place, Refusal, World};
use crate::model::Value;
use crate::model::action::backup as calls;
use crate::model::time::{parse_rfc3339_ms, rfc3339};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryPoint {
    pub arn: String,
    pub vault: String,
    pub resource_arn: String,
    pub resource_type: String,
    pub created_ms: i64,
    pub size_bytes: u64,
    /// The job that should have made it failed, so there is nothing to restore.
    pub is_missing: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreJob {
    pub id: String,
    pub region: String,
    pub token: String,
    pub point: RecoveryPoint,
    pub created_ms: i64,
    pub ends_ms: i64,
    /// What it says it will take.
    pub expected_minutes: u64,
    /// Where what it makes will be.
    pub makes: Option<Place>,
    pub created_arn: String,
}

const STARTS_AFTER_MS: i64 = 20_000;
const TAKES_MS: (u64, u64) = (18 * 60_000, 32 * 60_000);

impl RestoreJob {
    fn view(&self, now_ms: i64) -> Value {
        let is_done = now_ms >= self.ends_ms;
        let runs_since = self.created_ms + STARTS_AFTER_MS;
        let status = match () {
            () if is_done => "COMPLETED",
            () if now_ms >= runs_since => "RUNNING",
            () => "PENDING",
        };
        let percent = (now_ms - runs_since).max(0) * 1000 / (self.ends_ms - runs_since).max(1);
        #[expect(clippy::cast_precision_loss, reason = "at most 1000")]
        let percent = if is_done { 100.0 } else { percent.min(999) as f64 / 10.0 };
        json!({
            "restore_job_id": self.id,
            "status": status,
            "percent_done": percent,
            "expected_completion_time_minutes": self.expected_minutes,
            "created_resource_arn": is_done.then_some(&self.created_arn),
            "status_message": null,
            "recovery_point_arn": self.point.arn,
            "resource_type": self.point.resource_type,
            "creation_date": rfc3339(self.created_ms),
            "completion_date": is_done.then(|| rfc3339(self.ends_ms)),
        })
    }
}

impl RecoveryPoint {
    fn view(&self) -> Value {
        json!({
            "recovery_point_arn": self.arn,
            "resource_arn": self.resource_arn,
            "resource_type": self.resource_type,
            "status": "COMPLETED",
            "creation_date": rfc3339(self.created_ms),
            "backup_size_in_bytes": self.size_bytes,
        })
    }
}

/// How long a nightly backup takes.
const BACKUP_TAKES_MS: i64 = 14 * 60_000;
/// AWS Backup remembers jobs for this long.
const JOBS_KEPT_MS: i64 = 30 * 86_400_000;

impl RecoveryPoint {
    /// The job that made it, or should have.
    fn job(&self) -> Value {
        let id = self.arn.rsplit(':').next().unwrap_or_default().to_uppercase();
        let failed = "Your backup job failed as the service role lacks a permission.";
        json!({
            "backup_job_id": id,
            "state": if self.is_missing { "FAILED" } else { "COMPLETED" },
            "status_message": self.is_missing.then_some(failed),
            "percent_done": if self.is_missing { 0.0 } else { 100.0 },
            "backup_vault_name": self.vault,
            "resource_arn": self.resource_arn,
            "resource_type": self.resource_type,
            "recovery_point_arn": (!self.is_missing).then_some(&self.arn),
            "backup_size_in_bytes": (!self.is_missing).then_some(self.size_bytes),
            "creation_date": rfc3339(self.created_ms),
            "completion_date": rfc3339(self.created_ms + BACKUP_TAKES_MS),
        })
    }
}

impl World {
    pub(super) fn list_points_of(&self, call: &calls::ListRecoveryPointsByResource, context: &Context<'_>) -> Value {
        let here = self.vaults.iter().filter(|((region, _), _)| *region == context.region);
        let mut found: Vec<&RecoveryPoint> = here
            .flat_map(|(_, points)| points)
            .filter(|point| point.resource_arn == call.resource_arn && !point.is_missing)
            .collect();
        found.sort_by_key(|point| std::cmp::Reverse(point.created_ms));
        let view = |point: &RecoveryPoint| {
            json!({
                "recovery_point_arn": point.arn,
                "backup_vault_name": point.vault,
                "status": "COMPLETED",
                "creation_date": rfc3339(point.created_ms),
                "backup_size_in_bytes": point.size_bytes,
            })
        };
        json!({"recovery_points": found.into_iter().map(view).collect::<Vec<Value>>()})
    }

    pub(super) fn list_backup_jobs(&self, call: &calls::ListBackupJobs, context: &Context<'_>) -> Answer {
        let after_ms = match &call.by_created_after {
            None => i64::MIN,
            Some(at) => parse_rfc3339_ms(at).map_err(|why| Refusal::invalid("InvalidParameterValueException", why))?,
        };
        let since_ms = after_ms.max(self.now_ms - JOBS_KEPT_MS);
        let is = |wanted: &Option<String>, has: &Value| wanted.as_ref().is_none_or(|wanted| has == wanted.as_str());
        let here = self.vaults.iter().filter(|((region, _), _)| *region == context.region);
        let mut points: Vec<&RecoveryPoint> =
            here.flat_map(|(_, points)| points).filter(|point| point.created_ms >= since_ms).collect();
        points.sort_by_key(|point| std::cmp::Reverse(point.created_ms));
        let jobs: Vec<Value> = points
            .into_iter()
            .map(RecoveryPoint::job)
            .filter(|job| {
                is(&call.by_backup_vault_name, &job["backup_vault_name"])
                    && is(&call.by_resource_arn, &job["resource_arn"])
                    && is(&call.by_resource_type, &job["resource_type"])
                    && is(&call.by_state, &job["state"])
            })
            .collect();
        Ok(json!({"backup_jobs": jobs}))
    }

    pub(super) fn list_recovery_points(
        &self,
        call: &calls::ListRecoveryPointsByBackupVault,
        context: &Context<'_>,
    ) -> Answer {
        let vault = &call.backup_vault_name;
        let missing = || Refusal::not_found("ResourceNotFoundException", format!("Backup vault {vault} not found"));
        let points = self.vaults.get(&(context.region.clone(), vault.clone())).ok_or_else(missing)?;
        let is = |wanted: &Option<String>, has: &String| wanted.as_ref().is_none_or(|wanted| wanted == has);
        let mut found: Vec<&RecoveryPoint> = points
            .iter()
            .filter(|point| !point.is_missing)
            .filter(|point| is(&call.by_resource_arn, &point.resource_arn))
            .filter(|point| is(&call.by_resource_type, &point.resource_type))
            .collect();
        found.sort_by_key(|point| std::cmp::Reverse(point.created_ms));
        Ok(json!({"recovery_points": found.into_iter().map(RecoveryPoint::view).collect::<Vec<Value>>()}))
    }

    pub(super) fn start_restore_job(&mut self, call: &calls::StartRestoreJob, context: &mut Context<'_>) -> Answer {
        let token = call.idempotency_token.clone().unwrap_or_else(|| context.token.to_owned());
        if let Some(job) = self.restore_jobs.values().find(|job| job.region == context.region && job.token == token) {
            return Ok(json!({"restore_job_id": job.id}));
        }
        let arn = &call.recovery_point_arn;
        let missing = || Refusal::not_found("ResourceNotFoundException", format!("Recovery point {arn} not found"));
        let here = self.vaults.iter().filter(|((region, _), _)| *region == context.region);
        let point = here
            .flat_map(|(_, points)| points)
            .find(|point| point.arn == *arn && !point.is_missing)
            .ok_or_else(missing)?
            .clone();
        let id = context.dice.uuid().to_uppercase();
        let said_ms = context.dice.between(TAKES_MS.0, TAKES_MS.1);
        let ends_ms = self.after(said_ms + context.fate.hang_ms);
        let name = ["DBInstanceIdentifier", "DBClusterIdentifier", "targetTableName"]
            .iter()
            .find_map(|key| call.metadata.get(*key))
            .cloned();
        let created = name.clone().unwrap_or_else(|| format!("restored-{}", &id[..8]));
        let created_arn = match point.resource_arn.rsplit_once([':', '/']) {
            Some((start, _)) => format!("{}{created}", &point.resource_arn[..=start.len()]),
            None => created,
        };
        let makes = name.filter(|_| point.resource_type == "RDS").map(|name| (context.region.clone(), name));
        if makes.as_ref().is_some_and(|at| self.instances.contains_key(at)) {
            let why = "The resource to be created already exists.";
            return Err(Refusal::invalid("InvalidParameterValueException", why));
        }
        let job = RestoreJob {
            id: id.clone(),
            region: context.region.clone(),
            token,
            point,
            created_ms: self.now_ms,
            ends_ms,
            expected_minutes: said_ms.div_ceil(60_000),
            makes,
            created_arn,
        };
        self.restore_jobs.insert(id.clone(), job);
        self.agenda.put(ends_ms, Due::RestoreJobEnds(id.clone()));
        Ok(json!({"restore_job_id": id}))
    }

    /// What the job was for is there.
    pub(super) fn restore_job_ends(&mut self, id: &str) {
        let Some(job) = self.restore_jobs.get(id).cloned() else { return };
        let Some(at) = job.makes else { return };
        let account = job.point.resource_arn.split(':').nth(4).unwrap_or_default().to_owned();
        let host = super::Dice::named(self.seed, &format!("restored {id}")).text(crate::sim::dice::HOST, 12);
        let instance = super::recovery::standing_alone(
            &at,
            &account,
            "postgres",
            &host,
            super::settings::Settings::new(self.now_ms),
        );
        self.instances.entry(at).or_insert(instance);
    }

    pub(super) fn describe_restore_job(&self, call: &calls::DescribeRestoreJob) -> Answer {
        let id = &call.restore_job_id;
        let missing = || Refusal::not_found("ResourceNotFoundException", format!("Restore job {id} not found"));
        self.restore_jobs.get(id).map(|job| job.view(self.now_ms)).ok_or_else(missing)
    }

    pub(super) fn list_restore_jobs(&self, call: &calls::ListRestoreJobs, context: &Context<'_>) -> Value {
        let is = |wanted: &Option<String>, has: &Value| wanted.as_ref().is_none_or(|wanted| has == wanted.as_str());
        let mut jobs: Vec<&RestoreJob> =
            self.restore_jobs.values().filter(|job| job.region == context.region).collect();
        jobs.sort_by_key(|job| std::cmp::Reverse(job.created_ms));
        let views: Vec<Value> = jobs
            .into_iter()
            .map(|job| job.view(self.now_ms))
            .filter(|job| is(&call.by_resource_type, &job["resource_type"]) && is(&call.by_status, &job["status"]))
            .collect();
        json!({"restore_jobs": views})
    }
}
