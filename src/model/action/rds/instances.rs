//! RDS instances: snapshots of them, what is restored from those, and read replicas.

use serde_json::json;

use super::recovery::{MAKING, RESTORE_RIGHTS, instance_page, look_at_instance};
use crate::model::Value;
use crate::model::action::Action;
use crate::model::action::operation::{Operation, Pages, inputs, made, taken_away};
use crate::model::action::ownership::{Kind, Resource};
use crate::model::outcome::ProbeAnswer;

inputs! {
    /// Result: the new instance, as `DescribeDbInstances`, with a new endpoint.
    RestoreDbInstanceFromDbSnapshot {
        /// The new instance's name.
        db_instance_identifier: String,
        /// Name, or ARN of a shared one.
        db_snapshot_identifier: String;
        db_instance_class: String,
        availability_zone: String,
        db_subnet_group_name: String,
        /// The default security group unless given.
        vpc_security_group_ids: Vec<String>,
        db_parameter_group_name: String,
        port: u32,
        multi_az: bool,
        publicly_accessible: bool,
        deletion_protection: bool,
    }

    /// Result: the new instance, as `DescribeDbInstances`. It is called in the region where the replica shall be.
    CreateDbInstanceReadReplica {
        /// The replica's name.
        db_instance_identifier: String,
        /// Name, or ARN when the source is in another region. Its automated backups must be on.
        source_db_instance_identifier: String;
        db_instance_class: String,
        availability_zone: String,
        db_subnet_group_name: String,
        /// The default security group unless given.
        vpc_security_group_ids: Vec<String>,
        db_parameter_group_name: String,
        /// Of the replica's own region; needed when the source is encrypted and in another region.
        kms_key_id: String,
        port: u32,
        multi_az: bool,
        publicly_accessible: bool,
        deletion_protection: bool,
    }

    /// Result: the snapshot: `{db_snapshot_identifier, db_snapshot_arn, db_instance_identifier, status, percent_progress, snapshot_type, snapshot_create_time|null, engine}`.
    CreateDbSnapshot {
        db_snapshot_identifier: String,
        db_instance_identifier: String;
    }

    /// Result: `{db_snapshots: [as CreateDbSnapshot]}`, the newest first, 100 at most.
    DescribeDbSnapshots {
        ;
        db_instance_identifier: String,
        db_snapshot_identifier: String,
        /// `automated`, `manual`, `shared`, `public` or `awsbackup`.
        snapshot_type: String,
    }

    /// Result: the snapshot, as `CreateDbSnapshot`. Only manual ones can be deleted.
    DeleteDbSnapshot {
        db_snapshot_identifier: String;
    }
}

fn look_at_snapshot(id: &str) -> Action {
    Action::DescribeDbSnapshots(DescribeDbSnapshots {
        db_instance_identifier: None,
        db_snapshot_identifier: Some(id.to_owned()),
        snapshot_type: None,
    })
}

fn snapshots_page(pages: &Pages<'_>) -> String {
    pages.regional("rds/home?region={region}#snapshots-list:")
}

/// The first snapshot of a look; null when none was found.
fn first(answer: &Value) -> &Value {
    &answer["db_snapshots"][0]
}

impl Operation for RestoreDbInstanceFromDbSnapshot {
    fn probe(&self) -> Option<Action> {
        Some(look_at_instance(&self.db_instance_identifier))
    }

    fn judge(&self, before: Option<&Value>, now: &Value) -> ProbeAnswer {
        made(before, &now["db_instance_status"], MAKING)
    }

    fn judge_absent(&self) -> ProbeAnswer {
        ProbeAnswer::Before
    }

    fn rights(&self) -> &'static [&'static str] {
        RESTORE_RIGHTS
    }

    fn creates(&self) -> Vec<Resource> {
        vec![Resource::new(Kind::DbInstance, &self.db_instance_identifier)]
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.db_instance_identifier, &self.db_snapshot_identifier]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(instance_page(pages, &self.db_instance_identifier))
    }
}

impl Operation for CreateDbInstanceReadReplica {
    fn probe(&self) -> Option<Action> {
        Some(look_at_instance(&self.db_instance_identifier))
    }

    fn judge(&self, before: Option<&Value>, now: &Value) -> ProbeAnswer {
        made(before, &now["db_instance_status"], MAKING)
    }

    fn judge_absent(&self) -> ProbeAnswer {
        ProbeAnswer::Before
    }

    fn rights(&self) -> &'static [&'static str] {
        RESTORE_RIGHTS
    }

    fn creates(&self) -> Vec<Resource> {
        vec![Resource::new(Kind::DbInstance, &self.db_instance_identifier)]
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.db_instance_identifier, &self.source_db_instance_identifier]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(instance_page(pages, &self.db_instance_identifier))
    }
}

impl Operation for CreateDbSnapshot {
    fn probe(&self) -> Option<Action> {
        Some(look_at_snapshot(&self.db_snapshot_identifier))
    }

    fn judge(&self, before: Option<&Value>, now: &Value) -> ProbeAnswer {
        if now["db_snapshots"] == json!([]) {
            return ProbeAnswer::Before;
        }
        made(before.map(first).filter(|snapshot| !snapshot.is_null()), &first(now)["status"], MAKING)
    }

    fn judge_absent(&self) -> ProbeAnswer {
        ProbeAnswer::Before
    }

    fn rights(&self) -> &'static [&'static str] {
        &["rds:AddTagsToResource"]
    }

    fn creates(&self) -> Vec<Resource> {
        vec![Resource::new(Kind::DbSnapshot, &self.db_snapshot_identifier)]
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.db_snapshot_identifier, &self.db_instance_identifier]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(snapshots_page(pages))
    }
}

impl Operation for DescribeDbSnapshots {
    fn names(&self) -> Vec<&str> {
        self.db_instance_identifier.iter().chain(&self.db_snapshot_identifier).map(String::as_str).collect()
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(snapshots_page(pages))
    }
}

impl Operation for DeleteDbSnapshot {
    fn probe(&self) -> Option<Action> {
        Some(look_at_snapshot(&self.db_snapshot_identifier))
    }

    fn judge(&self, _: Option<&Value>, now: &Value) -> ProbeAnswer {
        if now["db_snapshots"] == json!([]) {
            return ProbeAnswer::After;
        }
        taken_away(&first(now)["status"], &["deleting", "deleted"])
    }

    fn judge_absent(&self) -> ProbeAnswer {
        ProbeAnswer::After
    }

    fn deletes(&self) -> Vec<Resource> {
        vec![Resource::new(Kind::DbSnapshot, &self.db_snapshot_identifier)]
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.db_snapshot_identifier]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(snapshots_page(pages))
    }
}
