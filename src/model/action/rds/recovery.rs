//! RDS and Aurora: restores, the instances that they need, snapshots, and taking away what was made.

use super::{DescribeDbClusters, DescribeDbInstances};
use crate::model::Value;
use crate::model::action::Action;
use crate::model::action::operation::{Operation, Pages, inputs, made, part, taken_away};
use crate::model::action::ownership::{Kind, Resource};
use crate::model::outcome::ProbeAnswer;

inputs! {
    /// Result: the new cluster, as `DescribeDbClusters`. It has **no instances** and a new endpoint: `create_db_instance` comes next. Exactly one of `restore_to_time` and `use_latest_restorable_time` is needed.
    RestoreDbClusterToPointInTime {
        /// The new cluster's name.
        db_cluster_identifier: String,
        source_db_cluster_identifier: String;
        /// RFC 3339.
        restore_to_time: String,
        use_latest_restorable_time: bool,
        /// `full-copy` (default) or `copy-on-write`.
        restore_type: String,
        db_subnet_group_name: String,
        /// The default security group unless given.
        vpc_security_group_ids: Vec<String>,
        db_cluster_parameter_group_name: String,
        port: u32,
        kms_key_id: String,
        deletion_protection: bool,
    }

    /// Result: the new cluster, as `DescribeDbClusters`. It has **no instances** and a new endpoint: `create_db_instance` comes next.
    RestoreDbClusterFromSnapshot {
        /// The new cluster's name.
        db_cluster_identifier: String,
        snapshot_identifier: String,
        /// `aurora-postgresql`, `aurora-mysql` …
        engine: String;
        engine_version: String,
        db_subnet_group_name: String,
        /// The default security group unless given.
        vpc_security_group_ids: Vec<String>,
        db_cluster_parameter_group_name: String,
        port: u32,
        kms_key_id: String,
        deletion_protection: bool,
    }

    /// Result: the instance, as `DescribeDbInstances`.
    CreateDbInstance {
        db_instance_identifier: String,
        db_instance_class: String,
        engine: String;
        /// The Aurora cluster that it joins. Network, storage, master user and backups are then the cluster's.
        db_cluster_identifier: String,
        availability_zone: String,
        db_subnet_group_name: String,
        db_parameter_group_name: String,
        promotion_tier: u32,
        publicly_accessible: bool,
        engine_version: String,
        /// GiB; not for an Aurora cluster's, as all of the following.
        allocated_storage: u32,
        master_username: String,
        /// RDS makes the password and keeps it in Secrets Manager. A password of one's own cannot be given here.
        manage_master_user_password: bool,
        db_name: String,
        /// The default security group unless given.
        vpc_security_group_ids: Vec<String>,
        /// Days.
        backup_retention_period: u32,
        multi_az: bool,
        deletion_protection: bool,
    }

    /// Result: the new instance, as `DescribeDbInstances`, with a new endpoint. Exactly one of `restore_time` and `use_latest_restorable_time` is needed.
    RestoreDbInstanceToPointInTime {
        source_db_instance_identifier: String,
        /// The new instance's name.
        target_db_instance_identifier: String;
        /// RFC 3339.
        restore_time: String,
        use_latest_restorable_time: bool,
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

    /// Result: the snapshot: `{db_cluster_snapshot_identifier, db_cluster_snapshot_arn, db_cluster_identifier, status, percent_progress, snapshot_type, snapshot_create_time|null, engine}`.
    CreateDbClusterSnapshot {
        db_cluster_snapshot_identifier: String,
        db_cluster_identifier: String;
    }

    /// Result: `{db_cluster_snapshots: [as CreateDbClusterSnapshot]}`, the newest first, 100 at most.
    DescribeDbClusterSnapshots {
        ;
        db_cluster_identifier: String,
        db_cluster_snapshot_identifier: String,
        /// `automated`, `manual`, `shared`, `public` or `awsbackup`.
        snapshot_type: String,
    }

    /// Result: the cluster, as `DescribeDbClusters`. Its instances must have been deleted before.
    DeleteDbCluster {
        db_cluster_identifier: String;
        skip_final_snapshot: bool,
        /// Needed unless the final snapshot is skipped.
        final_db_snapshot_identifier: String,
    }

    /// Result: the instance, as `DescribeDbInstances`.
    DeleteDbInstance {
        db_instance_identifier: String;
        skip_final_snapshot: bool,
        /// Needed unless the final snapshot is skipped, or the instance belongs to an Aurora cluster.
        final_db_snapshot_identifier: String,
    }
}

pub(super) fn look_at_cluster(id: &str) -> Action {
    Action::DescribeDbClusters(DescribeDbClusters { db_cluster_identifier: id.to_owned() })
}

pub(super) fn look_at_instance(id: &str) -> Action {
    Action::DescribeDbInstances(DescribeDbInstances { db_instance_identifier: id.to_owned() })
}

pub(super) fn cluster_page(pages: &Pages<'_>, id: &str) -> String {
    pages.regional(&format!("rds/home?region={{region}}#database:id={};is-cluster=true", part(id)))
}

pub(super) fn instance_page(pages: &Pages<'_>, id: &str) -> String {
    pages.regional(&format!("rds/home?region={{region}}#database:id={};is-cluster=false", part(id)))
}

/// As the service words it while the thing is still being made.
pub(super) const MAKING: &[&str] = &["creating"];

impl Operation for RestoreDbClusterToPointInTime {
    fn probe(&self) -> Option<Action> {
        Some(look_at_cluster(&self.db_cluster_identifier))
    }

    fn judge(&self, before: Option<&Value>, now: &Value) -> ProbeAnswer {
        made(before, &now["status"], MAKING)
    }

    fn judge_absent(&self) -> ProbeAnswer {
        ProbeAnswer::Before
    }

    fn rights(&self) -> &'static [&'static str] {
        RESTORE_RIGHTS
    }

    fn creates(&self) -> Vec<Resource> {
        vec![Resource::new(Kind::DbCluster, &self.db_cluster_identifier)]
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.db_cluster_identifier, &self.source_db_cluster_identifier]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(cluster_page(pages, &self.db_cluster_identifier))
    }
}

impl Operation for RestoreDbClusterFromSnapshot {
    fn probe(&self) -> Option<Action> {
        Some(look_at_cluster(&self.db_cluster_identifier))
    }

    fn judge(&self, before: Option<&Value>, now: &Value) -> ProbeAnswer {
        made(before, &now["status"], MAKING)
    }

    fn judge_absent(&self) -> ProbeAnswer {
        ProbeAnswer::Before
    }

    fn rights(&self) -> &'static [&'static str] {
        RESTORE_RIGHTS
    }

    fn creates(&self) -> Vec<Resource> {
        vec![Resource::new(Kind::DbCluster, &self.db_cluster_identifier)]
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.db_cluster_identifier, &self.snapshot_identifier]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(cluster_page(pages, &self.db_cluster_identifier))
    }
}

/// A restore copies tags, and decrypts and encrypts with the caller's rights.
pub(super) const RESTORE_RIGHTS: &[&str] =
    &["rds:AddTagsToResource", "kms:CreateGrant", "kms:DescribeKey", "kms:Decrypt"];

impl Operation for CreateDbInstance {
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
        &["rds:AddTagsToResource", "iam:CreateServiceLinkedRole", "iam:PassRole"]
    }

    fn creates(&self) -> Vec<Resource> {
        vec![Resource::new(Kind::DbInstance, &self.db_instance_identifier)]
    }

    fn names(&self) -> Vec<&str> {
        std::iter::once(&self.db_instance_identifier).chain(&self.db_cluster_identifier).map(String::as_str).collect()
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(instance_page(pages, &self.db_instance_identifier))
    }
}

impl Operation for RestoreDbInstanceToPointInTime {
    fn probe(&self) -> Option<Action> {
        Some(look_at_instance(&self.target_db_instance_identifier))
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
        vec![Resource::new(Kind::DbInstance, &self.target_db_instance_identifier)]
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.target_db_instance_identifier, &self.source_db_instance_identifier]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(instance_page(pages, &self.target_db_instance_identifier))
    }
}

impl Operation for CreateDbClusterSnapshot {
    fn probe(&self) -> Option<Action> {
        Some(Action::DescribeDbClusterSnapshots(DescribeDbClusterSnapshots {
            db_cluster_identifier: None,
            db_cluster_snapshot_identifier: Some(self.db_cluster_snapshot_identifier.clone()),
            snapshot_type: None,
        }))
    }

    fn judge(&self, before: Option<&Value>, now: &Value) -> ProbeAnswer {
        let listed = |answer: &Value| answer["db_cluster_snapshots"].as_array().is_some_and(|list| !list.is_empty());
        match &now["db_cluster_snapshots"] {
            Value::Array(list) if list.is_empty() => ProbeAnswer::Before,
            list => made(before.filter(|before| listed(before)), &list[0]["status"], MAKING),
        }
    }

    fn judge_absent(&self) -> ProbeAnswer {
        ProbeAnswer::Before
    }

    fn rights(&self) -> &'static [&'static str] {
        &["rds:AddTagsToResource"]
    }

    fn creates(&self) -> Vec<Resource> {
        vec![Resource::new(Kind::DbClusterSnapshot, &self.db_cluster_snapshot_identifier)]
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.db_cluster_snapshot_identifier, &self.db_cluster_identifier]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(pages.regional("rds/home?region={region}#snapshots-list:tab=manual"))
    }
}

impl Operation for DescribeDbClusterSnapshots {
    fn names(&self) -> Vec<&str> {
        self.db_cluster_identifier.iter().chain(&self.db_cluster_snapshot_identifier).map(String::as_str).collect()
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(pages.regional("rds/home?region={region}#snapshots-list:"))
    }
}

impl Operation for DeleteDbCluster {
    fn probe(&self) -> Option<Action> {
        Some(look_at_cluster(&self.db_cluster_identifier))
    }

    fn judge(&self, _: Option<&Value>, now: &Value) -> ProbeAnswer {
        taken_away(&now["status"], &["deleting"])
    }

    fn judge_absent(&self) -> ProbeAnswer {
        ProbeAnswer::After
    }

    fn rights(&self) -> &'static [&'static str] {
        &["rds:CreateDBClusterSnapshot", "rds:AddTagsToResource"]
    }

    fn deletes(&self) -> Vec<Resource> {
        vec![Resource::new(Kind::DbCluster, &self.db_cluster_identifier)]
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.db_cluster_identifier]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(cluster_page(pages, &self.db_cluster_identifier))
    }
}

impl Operation for DeleteDbInstance {
    fn probe(&self) -> Option<Action> {
        Some(look_at_instance(&self.db_instance_identifier))
    }

    fn judge(&self, _: Option<&Value>, now: &Value) -> ProbeAnswer {
        taken_away(&now["db_instance_status"], &["deleting"])
    }

    fn judge_absent(&self) -> ProbeAnswer {
        ProbeAnswer::After
    }

    fn rights(&self) -> &'static [&'static str] {
        &["rds:CreateDBSnapshot", "rds:AddTagsToResource"]
    }

    fn deletes(&self) -> Vec<Resource> {
        vec![Resource::new(Kind::DbInstance, &self.db_instance_identifier)]
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.db_instance_identifier]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(instance_page(pages, &self.db_instance_identifier))
    }
}
