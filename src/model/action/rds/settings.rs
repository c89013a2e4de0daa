//! Settings of databases that exist: retention, networks, protection; and a cluster made anew.

use serde::Serialize;
use serde_json::json;

use super::recovery::{MAKING, RESTORE_RIGHTS, cluster_page, instance_page, look_at_cluster, look_at_instance};
use crate::model::Value;
use crate::model::action::Action;
use crate::model::action::operation::{Operation, Pages, inputs, is_set, made};
use crate::model::action::ownership::{Kind, Resource};
use crate::model::outcome::ProbeAnswer;

inputs! {
    /// Result: the new cluster, as `DescribeDbClusters`. It has **no instances**: `create_db_instance` comes next. With `replication_source_identifier` it is a read replica, and is called in the region where the replica shall be.
    CreateDbCluster {
        db_cluster_identifier: String,
        /// `aurora-postgresql`, `aurora-mysql` …
        engine: String;
        engine_version: String,
        /// ARN of the cluster that it replicates from; a cluster that replicates takes no master user.
        replication_source_identifier: String,
        /// The Aurora global database that it joins.
        global_cluster_identifier: String,
        master_username: String,
        /// RDS makes the password and keeps it in Secrets Manager. A password of one's own cannot be given here.
        manage_master_user_password: bool,
        db_subnet_group_name: String,
        /// The default security group unless given.
        vpc_security_group_ids: Vec<String>,
        db_cluster_parameter_group_name: String,
        /// Days.
        backup_retention_period: u32,
        preferred_backup_window: String,
        port: u32,
        storage_encrypted: bool,
        kms_key_id: String,
        deletion_protection: bool,
    }

    /// Result: the cluster, as `DescribeDbClusters`. What is not given stays as it is.
    ModifyDbCluster {
        db_cluster_identifier: String;
        /// Days, 1 to 35.
        backup_retention_period: u32,
        /// `03:00-03:30`, UTC.
        preferred_backup_window: String,
        vpc_security_group_ids: Vec<String>,
        deletion_protection: bool,
        /// Else some of it waits for the maintenance window.
        apply_immediately: bool,
    }

    /// Result: the instance, as `DescribeDbInstances`. What is not given stays as it is.
    ModifyDbInstance {
        db_instance_identifier: String;
        db_instance_class: String,
        multi_az: bool,
        /// Days, 0 to 35; 0 switches automated backups off.
        backup_retention_period: u32,
        /// `03:00-03:30`, UTC.
        preferred_backup_window: String,
        vpc_security_group_ids: Vec<String>,
        deletion_protection: bool,
        /// Else some of it waits for the maintenance window.
        apply_immediately: bool,
    }
}

/// What was asked for is in force, or waits for its window as it was asked to.
fn settings<T: Serialize>(call: &T, now: &Value, names: &[&str]) -> ProbeAnswer {
    if now["pending_modified_values"].is_null() {
        return is_set(call, now, names);
    }
    let mut with_pending = now.clone();
    if let (Value::Object(members), Value::Object(pending)) = (&mut with_pending, &now["pending_modified_values"]) {
        members.extend(pending.clone());
    }
    is_set(call, &with_pending, names)
}

impl Operation for CreateDbCluster {
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
        std::iter::once(&self.db_cluster_identifier)
            .chain(&self.replication_source_identifier)
            .chain(&self.global_cluster_identifier)
            .map(String::as_str)
            .collect()
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(cluster_page(pages, &self.db_cluster_identifier))
    }
}

impl Operation for ModifyDbCluster {
    fn probe(&self) -> Option<Action> {
        Some(look_at_cluster(&self.db_cluster_identifier))
    }

    fn judge(&self, _: Option<&Value>, now: &Value) -> ProbeAnswer {
        settings(self, now, &["db_cluster_identifier", "apply_immediately"])
    }

    fn before_view(&self, answer: &Value) -> Value {
        let of = |member: &str| answer[member].clone();
        json!({
            "backup_retention_period": of("backup_retention_period"),
            "preferred_backup_window": of("preferred_backup_window"),
            "vpc_security_group_ids": of("vpc_security_group_ids"),
            "deletion_protection": of("deletion_protection"),
        })
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.db_cluster_identifier]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(cluster_page(pages, &self.db_cluster_identifier))
    }
}

impl Operation for ModifyDbInstance {
    fn probe(&self) -> Option<Action> {
        Some(look_at_instance(&self.db_instance_identifier))
    }

    fn judge(&self, _: Option<&Value>, now: &Value) -> ProbeAnswer {
        settings(self, now, &["db_instance_identifier", "apply_immediately"])
    }

    fn before_view(&self, answer: &Value) -> Value {
        let of = |member: &str| answer[member].clone();
        json!({
            "db_instance_class": of("db_instance_class"),
            "multi_az": of("multi_az"),
            "backup_retention_period": of("backup_retention_period"),
            "preferred_backup_window": of("preferred_backup_window"),
            "vpc_security_group_ids": of("vpc_security_group_ids"),
            "deletion_protection": of("deletion_protection"),
        })
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.db_instance_identifier]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(instance_page(pages, &self.db_instance_identifier))
    }
}
