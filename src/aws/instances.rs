//! RDS: snapshots of instances, what is restored from them, read replicas; settings of what exists.

use aws_sdk_rds::types::DbSnapshot;
use aws_smithy_types::DateTime;
use serde_json::json;

use super::calls::Calls;
use super::rds::{cluster, instance};
use super::shape::{empty_answer, instant};
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::rds as input;
use crate::model::outcome::CloudError;

pub(super) async fn restore_db_instance_from_db_snapshot(
    calls: &Calls<'_>,
    call: &input::RestoreDbInstanceFromDbSnapshot,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .restore_db_instance_from_db_snapshot()
        .db_instance_identifier(&call.db_instance_identifier)
        .db_snapshot_identifier(&call.db_snapshot_identifier)
        .set_db_instance_class(call.db_instance_class.clone())
        .set_availability_zone(call.availability_zone.clone())
        .set_db_subnet_group_name(call.db_subnet_group_name.clone())
        .set_vpc_security_group_ids(call.vpc_security_group_ids.clone())
        .set_db_parameter_group_name(call.db_parameter_group_name.clone())
        .set_port(call.port.map(u32::cast_signed))
        .set_multi_az(call.multi_az)
        .set_publicly_accessible(call.publicly_accessible)
        .set_deletion_protection(call.deletion_protection)
        .send();
    calls.try_answer(request, |output| output.db_instance().map(instance).ok_or_else(|| empty_answer("instance"))).await
}

pub(super) async fn create_db_instance_read_replica(
    calls: &Calls<'_>,
    call: &input::CreateDbInstanceReadReplica,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .create_db_instance_read_replica()
        .db_instance_identifier(&call.db_instance_identifier)
        .source_db_instance_identifier(&call.source_db_instance_identifier)
        .set_db_instance_class(call.db_instance_class.clone())
        .set_availability_zone(call.availability_zone.clone())
        .set_db_subnet_group_name(call.db_subnet_group_name.clone())
        .set_vpc_security_group_ids(call.vpc_security_group_ids.clone())
        .set_db_parameter_group_name(call.db_parameter_group_name.clone())
        .set_kms_key_id(call.kms_key_id.clone())
        .set_port(call.port.map(u32::cast_signed))
        .set_multi_az(call.multi_az)
        .set_publicly_accessible(call.publicly_accessible)
        .set_deletion_protection(call.deletion_protection)
        .send();
    calls.try_answer(request, |output| output.db_instance().map(instance).ok_or_else(|| empty_answer("instance"))).await
}

pub(super) async fn create_db_snapshot(
    calls: &Calls<'_>,
    call: &input::CreateDbSnapshot,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .create_db_snapshot()
        .db_snapshot_identifier(&call.db_snapshot_identifier)
        .db_instance_identifier(&call.db_instance_identifier)
        .send();
    calls.try_answer(request, |output| output.db_snapshot().map(snapshot).ok_or_else(|| empty_answer("snapshot"))).await
}

pub(super) async fn describe_db_snapshots(
    calls: &Calls<'_>,
    call: &input::DescribeDbSnapshots,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .describe_db_snapshots()
        .set_db_instance_identifier(call.db_instance_identifier.clone())
        .set_db_snapshot_identifier(call.db_snapshot_identifier.clone())
        .set_snapshot_type(call.snapshot_type.clone())
        .send();
    calls
        .answer(request, |output| {
            let mut found: Vec<&DbSnapshot> = output.db_snapshots().iter().collect();
            found.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.snapshot_create_time().map(DateTime::secs)));
            json!({"db_snapshots": found.into_iter().map(snapshot).collect::<Vec<Value>>()})
        })
        .await
}

pub(super) async fn delete_db_snapshot(
    calls: &Calls<'_>,
    call: &input::DeleteDbSnapshot,
) -> Result<CloudReply, CloudError> {
    let request = calls.rds().delete_db_snapshot().db_snapshot_identifier(&call.db_snapshot_identifier).send();
    calls.try_answer(request, |output| output.db_snapshot().map(snapshot).ok_or_else(|| empty_answer("snapshot"))).await
}

pub(super) async fn create_db_cluster(
    calls: &Calls<'_>,
    call: &input::CreateDbCluster,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .create_db_cluster()
        .db_cluster_identifier(&call.db_cluster_identifier)
        .engine(&call.engine)
        .set_engine_version(call.engine_version.clone())
        .set_replication_source_identifier(call.replication_source_identifier.clone())
        .set_global_cluster_identifier(call.global_cluster_identifier.clone())
        .set_master_username(call.master_username.clone())
        .set_manage_master_user_password(call.manage_master_user_password)
        .set_db_subnet_group_name(call.db_subnet_group_name.clone())
        .set_vpc_security_group_ids(call.vpc_security_group_ids.clone())
        .set_db_cluster_parameter_group_name(call.db_cluster_parameter_group_name.clone())
        .set_backup_retention_period(call.backup_retention_period.map(u32::cast_signed))
        .set_preferred_backup_window(call.preferred_backup_window.clone())
        .set_port(call.port.map(u32::cast_signed))
        .set_storage_encrypted(call.storage_encrypted)
        .set_kms_key_id(call.kms_key_id.clone())
        .set_deletion_protection(call.deletion_protection)
        .send();
    calls.try_answer(request, |output| output.db_cluster().map(cluster).ok_or_else(|| empty_answer("cluster"))).await
}

pub(super) async fn modify_db_cluster(
    calls: &Calls<'_>,
    call: &input::ModifyDbCluster,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .modify_db_cluster()
        .db_cluster_identifier(&call.db_cluster_identifier)
        .set_backup_retention_period(call.backup_retention_period.map(u32::cast_signed))
        .set_preferred_backup_window(call.preferred_backup_window.clone())
        .set_vpc_security_group_ids(call.vpc_security_group_ids.clone())
        .set_deletion_protection(call.deletion_protection)
        .set_apply_immediately(call.apply_immediately)
        .send();
    calls.try_answer(request, |output| output.db_cluster().map(cluster).ok_or_else(|| empty_answer("cluster"))).await
}

pub(super) async fn modify_db_instance(
    calls: &Calls<'_>,
    call: &input::ModifyDbInstance,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .modify_db_instance()
        .db_instance_identifier(&call.db_instance_identifier)
        .set_db_instance_class(call.db_instance_class.clone())
        .set_multi_az(call.multi_az)
        .set_backup_retention_period(call.backup_retention_period.map(u32::cast_signed))
        .set_preferred_backup_window(call.preferred_backup_window.clone())
        .set_vpc_security_group_ids(call.vpc_security_group_ids.clone())
        .set_deletion_protection(call.deletion_protection)
        .set_apply_immediately(call.apply_immediately)
        .send();
    calls.try_answer(request, |output| output.db_instance().map(instance).ok_or_else(|| empty_answer("instance"))).await
}

fn snapshot(snapshot: &DbSnapshot) -> Value {
    json!({
        "db_snapshot_identifier": snapshot.db_snapshot_identifier(),
        "db_snapshot_arn": snapshot.db_snapshot_arn(),
        "db_instance_identifier": snapshot.db_instance_identifier(),
        "status": snapshot.status(),
        "percent_progress": snapshot.percent_progress(),
        "snapshot_type": snapshot.snapshot_type(),
        "snapshot_create_time": instant(snapshot.snapshot_create_time()),
        "engine": snapshot.engine(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::wire::{self, Answer, sent_once};
    use super::*;
    use crate::model::action::examples::{example, example_with};
    use crate::model::outcome::ProbeAnswer;

    const CLUSTER: &str = "<DBClusterIdentifier>c</DBClusterIdentifier><Status>creating</Status>";
    const INSTANCE: &str =
        "<DBInstanceIdentifier>i</DBInstanceIdentifier><DBInstanceStatus>creating</DBInstanceStatus>";
    const SNAPSHOT: &str = "<DBSnapshotIdentifier>s</DBSnapshotIdentifier><Status>creating</Status>";

    fn answer(operation: &str, element: &str, body: &str) -> Answer {
        Answer::rds(operation, &format!("<{element}>{body}</{element}>"))
    }

    #[tokio::test]
    async fn every_change_is_one_request_with_its_names() {
        let replica_of = "arn%3Aaws%3Ards%3Aeu-central-1%3A111122223333%3A";
        let from = format!("SourceDBInstanceIdentifier={replica_of}db%3Ashop-db");
        let source = format!("ReplicationSourceIdentifier={replica_of}cluster%3Ashop");
        let cases = [
            (
                "restore_db_instance_from_db_snapshot",
                "RestoreDBInstanceFromDBSnapshot",
                "DBInstance",
                INSTANCE,
                "DBSnapshotIdentifier=shop-db-before",
            ),
            ("create_db_instance_read_replica", "CreateDBInstanceReadReplica", "DBInstance", INSTANCE, from.as_str()),
            ("create_db_snapshot", "CreateDBSnapshot", "DBSnapshot", SNAPSHOT, "DBInstanceIdentifier=shop-db"),
            ("delete_db_snapshot", "DeleteDBSnapshot", "DBSnapshot", SNAPSHOT, "DBSnapshotIdentifier=shop-db-before"),
            ("create_db_cluster", "CreateDBCluster", "DBCluster", CLUSTER, source.as_str()),
            ("modify_db_cluster", "ModifyDBCluster", "DBCluster", CLUSTER, "BackupRetentionPeriod=30"),
            ("modify_db_instance", "ModifyDBInstance", "DBInstance", INSTANCE, "ApplyImmediately=true"),
        ];
        for (name, operation, element, body, part) in cases {
            let (value, sent) = sent_once(&format!("aws/rds.{name}"), answer(operation, element, body)).await;
            assert!(value.is_object(), "{name}: {value}");
            assert!(sent.body.starts_with(&format!("Action={operation}&")), "{}", sent.body);
            assert!(sent.body.contains(part), "{part} in {}", sent.body);
        }
    }

    #[tokio::test]
    async fn what_is_not_given_is_not_sent() {
        let with = json!({"db_instance_identifier": "i", "multi_az": false});
        let request = wire::send("aws/rds.modify_db_instance", &with);
        let (_, sent) = wire::ask(&request, [answer("ModifyDBInstance", "DBInstance", INSTANCE)]).await;
        assert_eq!(sent[0].body, "Action=ModifyDBInstance&Version=2014-10-31&DBInstanceIdentifier=i&MultiAZ=false");
    }

    #[tokio::test]
    async fn snapshots_come_newest_first() {
        let one = |id: &str, at: &str| {
            format!(
                "<DBSnapshot><DBSnapshotIdentifier>{id}</DBSnapshotIdentifier><PercentProgress>40</PercentProgress>\
                 <SnapshotCreateTime>{at}</SnapshotCreateTime></DBSnapshot>"
            )
        };
        let list = one("old", "2026-01-02T03:00:00Z") + &one("new", "2026-01-03T03:00:00Z");
        let name = "aws/rds.describe_db_snapshots";
        let request = wire::read(name, &example_with(name).unwrap());
        let value = wire::ask(&request, [answer("DescribeDBSnapshots", "DBSnapshots", &list)]).await.0.unwrap().value;
        assert_eq!(value["db_snapshots"][0]["db_snapshot_identifier"], "new");
        assert_eq!(value["db_snapshots"][1]["snapshot_create_time"], "2026-01-02T03:00:00.000Z");
        assert_eq!(value["db_snapshots"][1]["percent_progress"], 40);
    }

    #[test]
    fn a_snapshot_is_known_by_its_name() {
        let take = example("aws/rds.create_db_snapshot").unwrap();
        assert_eq!(take.probe().unwrap().with(), json!({"db_snapshot_identifier": "shop-db-before"}));
        let listed = |status: &str| json!({"db_snapshots": [{"status": status}]});
        let none = json!({"db_snapshots": []});
        assert_eq!((take.judge_absent(), take.judge(None, &none)), (ProbeAnswer::Before, ProbeAnswer::Before));
        assert_eq!(take.judge(Some(&none), &listed("creating")), ProbeAnswer::InProgress);
        assert_eq!(take.judge(None, &listed("available")), ProbeAnswer::After);
        assert_eq!(take.judge(Some(&listed("available")), &listed("available")), ProbeAnswer::CannotTell);
        let delete = example("aws/rds.delete_db_snapshot").unwrap();
        assert_eq!((delete.judge_absent(), delete.judge(None, &none)), (ProbeAnswer::After, ProbeAnswer::After));
        assert_eq!(delete.judge(None, &listed("available")), ProbeAnswer::Before);
    }

    #[test]
    fn settings_are_judged_by_what_is_in_force_or_waits_for_its_window() {
        let modify = example("aws/rds.modify_db_instance").unwrap();
        let now = |days: u32, pending: Value| json!({"backup_retention_period": days, "deletion_protection": true, "pending_modified_values": pending});
        assert_eq!(modify.judge(None, &now(7, Value::Null)), ProbeAnswer::Before);
        assert_eq!(modify.judge(None, &now(30, Value::Null)), ProbeAnswer::After);
        assert_eq!(modify.judge(None, &now(7, json!({"backup_retention_period": 30}))), ProbeAnswer::After);
        assert_eq!(modify.judge(None, &Value::Null), ProbeAnswer::CannotTell);
        assert_eq!(modify.before_view(&now(7, Value::Null))["backup_retention_period"], 7);
    }
}
