//! DynamoDB tables: restored beside the old one, set up again as it was, taken away.

use serde_json::json;

use super::DescribeContinuousBackups;
use crate::model::Value;
use crate::model::action::Action;
use crate::model::action::operation::{Operation, Pages, inputs, is_set, last, made, part, taken_away};
use crate::model::action::ownership::{Kind, Resource};
use crate::model::outcome::ProbeAnswer;

inputs! {
    /// Result: the new table, as `DescribeTable`. It has none of the old one's scaling, alarms, tags, stream, TTL and point-in-time recovery: set them again. Exactly one of `restore_date_time` and `use_latest_restorable_time` is needed.
    RestoreTableToPointInTime {
        source_table_name: String,
        /// The new table's name.
        target_table_name: String;
        /// RFC 3339.
        restore_date_time: String,
        use_latest_restorable_time: bool,
        /// `PAY_PER_REQUEST` or `PROVISIONED`.
        billing_mode_override: String,
    }

    /// Result: `{table_name, table_arn, table_status, restore_in_progress, item_count, table_size_bytes, billing_mode, provisioned_throughput: {read_capacity_units, write_capacity_units}, stream_specification: {stream_enabled, stream_view_type|null}, latest_stream_arn|null, deletion_protection_enabled, replicas: [{region_name, replica_status}], restore_summary: {source_table_arn, restore_date_time}|null}`.
    DescribeTable {
        table_name: String;
    }

    /// Result: as `DescribeContinuousBackups`.
    UpdateContinuousBackups {
        table_name: String,
        point_in_time_recovery_specification: PointInTimeRecoverySpecification;
    }

    /// Whether a table can be restored to a point in time.
    PointInTimeRecoverySpecification {
        point_in_time_recovery_enabled: bool;
        /// 1 to 35.
        recovery_period_in_days: u32,
    }

    /// Result: `{time_to_live_status, attribute_name|null}`; a status is `ENABLING`, `ENABLED`, `DISABLING` or `DISABLED`.
    DescribeTimeToLive {
        table_name: String;
    }

    /// Result: `{time_to_live_specification: {enabled, attribute_name}}`.
    UpdateTimeToLive {
        table_name: String,
        time_to_live_specification: TimeToLiveSpecification;
    }

    /// Which attribute says when an item ends.
    TimeToLiveSpecification {
        enabled: bool,
        attribute_name: String;
    }

    /// Result: the table, as `DescribeTable`.
    UpdateTable {
        table_name: String;
        /// `PAY_PER_REQUEST` or `PROVISIONED`.
        billing_mode: String,
        provisioned_throughput: ProvisionedThroughput,
        stream_specification: StreamSpecification,
        deletion_protection_enabled: bool,
    }

    /// Capacity in units a second.
    ProvisionedThroughput {
        read_capacity_units: u32,
        write_capacity_units: u32;
    }

    /// Whether changes are streamed, and how much of them.
    StreamSpecification {
        stream_enabled: bool;
        /// `NEW_AND_OLD_IMAGES`, `NEW_IMAGE`, `OLD_IMAGE` or `KEYS_ONLY`.
        stream_view_type: String,
    }

    /// Result: the table, as `DescribeTable`.
    DeleteTable {
        table_name: String;
    }
}

fn page(pages: &Pages<'_>, name: &str, tab: &str) -> String {
    pages.regional(&format!("dynamodbv2/home?region={{region}}#table?name={}&tab={tab}", part(last(name))))
}

fn look(name: &str) -> Action {
    Action::DescribeTable(DescribeTable { table_name: name.to_owned() })
}

impl Operation for RestoreTableToPointInTime {
    fn probe(&self) -> Option<Action> {
        Some(look(&self.target_table_name))
    }

    fn judge(&self, before: Option<&Value>, now: &Value) -> ProbeAnswer {
        made(before, &now["table_status"], &["CREATING"])
    }

    fn judge_absent(&self) -> ProbeAnswer {
        ProbeAnswer::Before
    }

    /// A restore reads and writes the items with the caller's rights.
    fn rights(&self) -> &'static [&'static str] {
        &[
            "dynamodb:BatchWriteItem",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:Scan",
            "dynamodb:UpdateItem",
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:DescribeKey",
        ]
    }

    fn creates(&self) -> Vec<Resource> {
        vec![Resource::new(Kind::Table, &self.target_table_name)]
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.target_table_name, &self.source_table_name]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.target_table_name, "overview"))
    }
}

impl Operation for DescribeTable {
    fn names(&self) -> Vec<&str> {
        vec![&self.table_name]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.table_name, "overview"))
    }
}

impl Operation for UpdateContinuousBackups {
    fn probe(&self) -> Option<Action> {
        Some(Action::DescribeContinuousBackups(DescribeContinuousBackups { table_name: self.table_name.clone() }))
    }

    fn judge(&self, _: Option<&Value>, now: &Value) -> ProbeAnswer {
        let wanted = &self.point_in_time_recovery_specification;
        let Some(status) = now["point_in_time_recovery_status"].as_str() else { return ProbeAnswer::CannotTell };
        let days = wanted.recovery_period_in_days.is_none_or(|days| now["recovery_period_in_days"] == json!(days));
        if (status == "ENABLED") == wanted.point_in_time_recovery_enabled && days {
            ProbeAnswer::After
        } else {
            ProbeAnswer::Before
        }
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.table_name]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.table_name, "backups"))
    }
}

impl Operation for DescribeTimeToLive {
    fn names(&self) -> Vec<&str> {
        vec![&self.table_name]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.table_name, "settings"))
    }
}

impl Operation for UpdateTimeToLive {
    fn probe(&self) -> Option<Action> {
        Some(Action::DescribeTimeToLive(DescribeTimeToLive { table_name: self.table_name.clone() }))
    }

    fn judge(&self, _: Option<&Value>, now: &Value) -> ProbeAnswer {
        let wanted = &self.time_to_live_specification;
        let is_same = now["attribute_name"] == json!(wanted.attribute_name);
        match (now["time_to_live_status"].as_str(), wanted.enabled) {
            (None, _) => ProbeAnswer::CannotTell,
            (Some("ENABLING"), true) | (Some("DISABLING"), false) => ProbeAnswer::InProgress,
            (Some("ENABLED"), true) if is_same => ProbeAnswer::After,
            (Some("DISABLED"), false) => ProbeAnswer::After,
            (Some(_), _) => ProbeAnswer::Before,
        }
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.table_name]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.table_name, "settings"))
    }
}

impl Operation for UpdateTable {
    fn probe(&self) -> Option<Action> {
        Some(look(&self.table_name))
    }

    fn judge(&self, _: Option<&Value>, now: &Value) -> ProbeAnswer {
        if now["table_status"] == json!("UPDATING") {
            return ProbeAnswer::InProgress;
        }
        is_set(self, now, &["table_name"])
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.table_name]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.table_name, "settings"))
    }
}

impl Operation for DeleteTable {
    fn probe(&self) -> Option<Action> {
        Some(look(&self.table_name))
    }

    fn judge(&self, _: Option<&Value>, now: &Value) -> ProbeAnswer {
        taken_away(&now["table_status"], &["DELETING"])
    }

    fn judge_absent(&self) -> ProbeAnswer {
        ProbeAnswer::After
    }

    fn deletes(&self) -> Vec<Resource> {
        vec![Resource::new(Kind::Table, &self.table_name)]
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.table_name]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.table_name, "overview"))
    }
}
