//! DynamoDB tables: restored, set up again, taken away.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    BillingMode, ContinuousBackupsDescription, PointInTimeRecoveryDescription, PointInTimeRecoverySpecification,
    PointInTimeRecoveryStatus, ProvisionedThroughput, ProvisionedThroughputDescription, ReplicaStatus, RestoreSummary,
    StreamSpecification, StreamViewType, TableDescription, TableStatus, TimeToLiveSpecification, TimeToLiveStatus,
};
use serde_json::json;

use super::calls::Calls;
use super::error::{invalid, not_found};
use super::shape::{empty_answer, instant, point_in_time};
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::dynamodb as input;
use crate::model::outcome::CloudError;

fn not_built(error: &BuildError) -> CloudError {
    invalid("RequestNotBuilt", error.to_string())
}

fn no_table() -> CloudError {
    empty_answer("table")
}

pub(super) async fn restore_table_to_point_in_time(
    calls: &Calls<'_>,
    call: &input::RestoreTableToPointInTime,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .dynamodb()
        .restore_table_to_point_in_time()
        .source_table_name(&call.source_table_name)
        .target_table_name(&call.target_table_name)
        .set_restore_date_time(point_in_time(call.restore_date_time.as_deref())?)
        .set_use_latest_restorable_time(call.use_latest_restorable_time)
        .set_billing_mode_override(call.billing_mode_override.as_deref().map(BillingMode::from))
        .send();
    calls.try_answer(request, |output| output.table_description().map(table).ok_or_else(no_table)).await
}

pub(super) async fn describe_table(calls: &Calls<'_>, call: &input::DescribeTable) -> Result<CloudReply, CloudError> {
    let name = &call.table_name;
    let request = calls.dynamodb().describe_table().table_name(name).send();
    let missing = || not_found("ResourceNotFoundException", format!("no table {name}"));
    calls.try_answer(request, |output| output.table().map(table).ok_or_else(missing)).await
}

pub(super) async fn update_continuous_backups(
    calls: &Calls<'_>,
    call: &input::UpdateContinuousBackups,
) -> Result<CloudReply, CloudError> {
    let wanted = &call.point_in_time_recovery_specification;
    let specification = PointInTimeRecoverySpecification::builder()
        .point_in_time_recovery_enabled(wanted.point_in_time_recovery_enabled)
        .set_recovery_period_in_days(wanted.recovery_period_in_days.map(u32::cast_signed))
        .build()
        .map_err(|error| not_built(&error))?;
    let request = calls
        .dynamodb()
        .update_continuous_backups()
        .table_name(&call.table_name)
        .point_in_time_recovery_specification(specification)
        .send();
    calls.answer(request, |output| backups(output.continuous_backups_description())).await
}

pub(super) async fn describe_time_to_live(
    calls: &Calls<'_>,
    call: &input::DescribeTimeToLive,
) -> Result<CloudReply, CloudError> {
    let request = calls.dynamodb().describe_time_to_live().table_name(&call.table_name).send();
    calls
        .answer(request, |output| {
            let found = output.time_to_live_description();
            json!({
                "time_to_live_status": found.and_then(|found| found.time_to_live_status()).map(TimeToLiveStatus::as_str),
                "attribute_name": found.and_then(|found| found.attribute_name()),
            })
        })
        .await
}

pub(super) async fn update_time_to_live(
    calls: &Calls<'_>,
    call: &input::UpdateTimeToLive,
) -> Result<CloudReply, CloudError> {
    let wanted = &call.time_to_live_specification;
    let specification = TimeToLiveSpecification::builder()
        .enabled(wanted.enabled)
        .attribute_name(&wanted.attribute_name)
        .build()
        .map_err(|error| not_built(&error))?;
    let request = calls
        .dynamodb()
        .update_time_to_live()
        .table_name(&call.table_name)
        .time_to_live_specification(specification)
        .send();
    calls
        .answer(request, |output| {
            let set = output.time_to_live_specification();
            json!({"time_to_live_specification": {
                "enabled": set.map(TimeToLiveSpecification::enabled),
                "attribute_name": set.map(TimeToLiveSpecification::attribute_name),
            }})
        })
        .await
}

pub(super) async fn update_table(calls: &Calls<'_>, call: &input::UpdateTable) -> Result<CloudReply, CloudError> {
    let capacity = call.provisioned_throughput.as_ref().map(|capacity| {
        ProvisionedThroughput::builder()
            .read_capacity_units(i64::from(capacity.read_capacity_units))
            .write_capacity_units(i64::from(capacity.write_capacity_units))
            .build()
    });
    let stream = call.stream_specification.as_ref().map(|stream| {
        StreamSpecification::builder()
            .stream_enabled(stream.stream_enabled)
            .set_stream_view_type(stream.stream_view_type.as_deref().map(StreamViewType::from))
            .build()
    });
    let request = calls
        .dynamodb()
        .update_table()
        .table_name(&call.table_name)
        .set_billing_mode(call.billing_mode.as_deref().map(BillingMode::from))
        .set_provisioned_throughput(capacity.transpose().map_err(|error| not_built(&error))?)
        .set_stream_specification(stream.transpose().map_err(|error| not_built(&error))?)
        .set_deletion_protection_enabled(call.deletion_protection_enabled)
        .send();
    calls.try_answer(request, |output| output.table_description().map(table).ok_or_else(no_table)).await
}

pub(super) async fn delete_table(calls: &Calls<'_>, call: &input::DeleteTable) -> Result<CloudReply, CloudError> {
    let request = calls.dynamodb().delete_table().table_name(&call.table_name).send();
    calls.try_answer(request, |output| output.table_description().map(table).ok_or_else(no_table)).await
}

fn table(table: &TableDescription) -> Value {
    let replicas: Vec<Value> = table
        .replicas()
        .iter()
        .map(|replica| {
            json!({
                "region_name": replica.region_name(),
                "replica_status": replica.replica_status().map(ReplicaStatus::as_str),
            })
        })
        .collect();
    let (capacity, stream) = (table.provisioned_throughput(), table.stream_specification());
    // A table that was never switched says nothing of its mode.
    let mode = table.billing_mode_summary().and_then(|summary| summary.billing_mode());
    json!({
        "table_name": table.table_name(),
        "table_arn": table.table_arn(),
        "table_status": table.table_status().map(TableStatus::as_str),
        "restore_in_progress": table.restore_summary().is_some_and(RestoreSummary::restore_in_progress),
        "item_count": table.item_count(),
        "table_size_bytes": table.table_size_bytes(),
        "billing_mode": mode.map_or("PROVISIONED", |mode| mode.as_str()),
        "provisioned_throughput": {
            "read_capacity_units": capacity.and_then(ProvisionedThroughputDescription::read_capacity_units).unwrap_or(0),
            "write_capacity_units": capacity.and_then(ProvisionedThroughputDescription::write_capacity_units).unwrap_or(0),
        },
        "stream_specification": {
            "stream_enabled": stream.is_some_and(StreamSpecification::stream_enabled),
            "stream_view_type": stream.and_then(|stream| stream.stream_view_type()).map(StreamViewType::as_str),
        },
        "latest_stream_arn": table.latest_stream_arn(),
        "deletion_protection_enabled": table.deletion_protection_enabled() == Some(true),
        "replicas": replicas,
        "restore_summary": table.restore_summary().map(|summary| json!({
            "source_table_arn": summary.source_table_arn(),
            "restore_date_time": instant(Some(summary.restore_date_time())),
        })),
    })
}

/// Continuous backups, as `DescribeContinuousBackups` of the catalogue says.
pub(super) fn backups(backups: Option<&ContinuousBackupsDescription>) -> Value {
    let recovery = backups.and_then(|backups| backups.point_in_time_recovery_description());
    json!({
        "continuous_backups_status": backups.map(|backups| backups.continuous_backups_status().as_str()),
        "point_in_time_recovery_status":
            recovery.and_then(|recovery| recovery.point_in_time_recovery_status()).map(PointInTimeRecoveryStatus::as_str),
        "recovery_period_in_days": recovery.and_then(PointInTimeRecoveryDescription::recovery_period_in_days),
        "earliest_restorable_date_time":
            instant(recovery.and_then(|recovery| recovery.earliest_restorable_date_time())),
        "latest_restorable_date_time": instant(recovery.and_then(|recovery| recovery.latest_restorable_date_time())),
    })
}

#[cfg(test)]
mod tests {
    use super::super::wire::{self, Answer};
    use super::*;
    use crate::model::action::examples::{example, example_with};
    use crate::model::outcome::ProbeAnswer;

    async fn sent(operation: &str, answer: Value) -> (Value, Value, String) {
        let name = format!("aws/dynamodb.{operation}");
        let request = wire::send(&name, &example_with(&name).unwrap());
        let (reply, sent) = wire::ask(&request, [Answer::ok(&answer.to_string())]).await;
        assert_eq!(sent.len(), 1, "{name}");
        let target = sent[0].header("x-amz-target").unwrap().to_owned();
        (reply.unwrap().value, serde_json::from_str(&sent[0].body).unwrap(), target)
    }

    fn described(status: &str) -> Value {
        json!({"TableName": "shop-orders-restored", "TableStatus": status, "ItemCount": 7,
               "RestoreSummary": {"SourceTableArn": "arn:t", "RestoreDateTime": 1_767_495_600, "RestoreInProgress": true}})
    }

    #[tokio::test]
    async fn a_restore_makes_a_new_table_as_of_a_time() {
        let (value, body, target) =
            sent("restore_table_to_point_in_time", json!({"TableDescription": described("CREATING")})).await;
        assert_eq!(target, "DynamoDB_20120810.RestoreTableToPointInTime");
        assert_eq!(
            body,
            json!({"SourceTableName": "shop-orders", "TargetTableName": "shop-orders-restored",
                   "RestoreDateTime": 1_767_493_800})
        );
        assert_eq!((&value["table_status"], &value["restore_in_progress"]), (&json!("CREATING"), &json!(true)));
        assert_eq!(value["restore_summary"]["restore_date_time"], "2026-01-04T03:00:00.000Z");
        assert_eq!(value["stream_specification"], json!({"stream_enabled": false, "stream_view_type": null}));
    }

    #[tokio::test]
    async fn settings_are_sent_as_asked() {
        let (_, body, _) = sent("update_time_to_live", json!({})).await;
        assert_eq!(body["TimeToLiveSpecification"], json!({"Enabled": true, "AttributeName": "expires_at"}));
        let on = json!({"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"}}});
        let (value, body, _) = sent("update_continuous_backups", on).await;
        assert_eq!(body["PointInTimeRecoverySpecification"], json!({"PointInTimeRecoveryEnabled": true}));
        assert_eq!(value["point_in_time_recovery_status"], "ENABLED");
        let (_, body, _) = sent("update_table", json!({"TableDescription": described("UPDATING")})).await;
        assert_eq!(
            body,
            json!({"TableName": "shop-orders-restored",
                   "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"}})
        );
        let (value, _, target) = sent("delete_table", json!({"TableDescription": described("DELETING")})).await;
        assert_eq!(
            (value["table_status"].as_str(), target.as_str()),
            (Some("DELETING"), "DynamoDB_20120810.DeleteTable")
        );
    }

    #[tokio::test]
    async fn probes_know_what_was_done() {
        let now = async |probe: &crate::model::action::Action, body: Value| {
            let request = wire::read(probe.name(), &probe.with());
            wire::ask(&request, [Answer::ok(&body.to_string())]).await.0.unwrap().value
        };
        let restore = example("aws/dynamodb.restore_table_to_point_in_time").unwrap();
        let probe = restore.probe().unwrap();
        assert_eq!(restore.judge_absent(), ProbeAnswer::Before);
        for (status, answer) in [("CREATING", ProbeAnswer::InProgress), ("ACTIVE", ProbeAnswer::After)] {
            let table = now(&probe, json!({"Table": described(status)})).await;
            assert_eq!(restore.judge(None, &table), answer);
        }
        let update = example("aws/dynamodb.update_table").unwrap();
        let mut streaming = described("ACTIVE");
        let before = now(&update.probe().unwrap(), json!({"Table": streaming})).await;
        assert_eq!(update.judge(None, &before), ProbeAnswer::Before);
        streaming["StreamSpecification"] = json!({"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"});
        let after = now(&update.probe().unwrap(), json!({"Table": streaming})).await;
        assert_eq!(update.judge(None, &after), ProbeAnswer::After);
        let live = example("aws/dynamodb.update_time_to_live").unwrap();
        for (status, answer) in
            [("DISABLED", ProbeAnswer::Before), ("ENABLING", ProbeAnswer::InProgress), ("ENABLED", ProbeAnswer::After)]
        {
            let body = json!({"TimeToLiveDescription": {"TimeToLiveStatus": status, "AttributeName": "expires_at"}});
            assert_eq!(live.judge(None, &now(&live.probe().unwrap(), body).await), answer);
        }
    }
}
