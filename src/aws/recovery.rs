//! RDS and Aurora: restores, instances, snapshots, deletions; the detachment of a global member.

use aws_sdk_rds::types::DbClusterSnapshot;
use aws_smithy_types::DateTime;
use serde_json::json;

use super::calls::Calls;
use super::rds::{cluster, global, instance};
use super::shape::{empty_answer, instant, point_in_time};
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::rds as input;
use crate::model::outcome::CloudError;

pub(super) async fn remove_from_global_cluster(
    calls: &Calls<'_>,
    call: &input::RemoveFromGlobalCluster,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .remove_from_global_cluster()
        .global_cluster_identifier(&call.global_cluster_identifier)
        .db_cluster_identifier(&call.db_cluster_identifier)
        .send();
    let said = || empty_answer("global cluster");
    calls.try_answer(request, |output| output.global_cluster().map(global).ok_or_else(said)).await
}

pub(super) async fn failover_db_cluster(
    calls: &Calls<'_>,
    call: &input::FailoverDbCluster,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .failover_db_cluster()
        .db_cluster_identifier(&call.db_cluster_identifier)
        .set_target_db_instance_identifier(call.target_db_instance_identifier.clone())
        .send();
    calls.try_answer(request, |output| output.db_cluster().map(cluster).ok_or_else(|| empty_answer("cluster"))).await
}

pub(super) async fn restore_db_cluster_to_point_in_time(
    calls: &Calls<'_>,
    call: &input::RestoreDbClusterToPointInTime,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .restore_db_cluster_to_point_in_time()
        .db_cluster_identifier(&call.db_cluster_identifier)
        .source_db_cluster_identifier(&call.source_db_cluster_identifier)
        .set_restore_to_time(point_in_time(call.restore_to_time.as_deref())?)
        .set_use_latest_restorable_time(call.use_latest_restorable_time)
        .set_restore_type(call.restore_type.clone())
        .set_db_subnet_group_name(call.db_subnet_group_name.clone())
        .set_vpc_security_group_ids(call.vpc_security_group_ids.clone())
        .set_db_cluster_parameter_group_name(call.db_cluster_parameter_group_name.clone())
        .set_port(call.port.map(u32::cast_signed))
        .set_kms_key_id(call.kms_key_id.clone())
        .set_deletion_protection(call.deletion_protection)
        .send();
    calls.try_answer(request, |output| output.db_cluster().map(cluster).ok_or_else(|| empty_answer("cluster"))).await
}

pub(super) async fn restore_db_cluster_from_snapshot(
    calls: &Calls<'_>,
    call: &input::RestoreDbClusterFromSnapshot,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .restore_db_cluster_from_snapshot()
        .db_cluster_identifier(&call.db_cluster_identifier)
        .snapshot_identifier(&call.snapshot_identifier)
        .engine(&call.engine)
        .set_engine_version(call.engine_version.clone())
        .set_db_subnet_group_name(call.db_subnet_group_name.clone())
        .set_vpc_security_group_ids(call.vpc_security_group_ids.clone())
        .set_db_cluster_parameter_group_name(call.db_cluster_parameter_group_name.clone())
        .set_port(call.port.map(u32::cast_signed))
        .set_kms_key_id(call.kms_key_id.clone())
        .set_deletion_protection(call.deletion_protection)
        .send();
    calls.try_answer(request, |output| output.db_cluster().map(cluster).ok_or_else(|| empty_answer("cluster"))).await
}

pub(super) async fn create_db_instance(
    calls: &Calls<'_>,
    call: &input::CreateDbInstance,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .create_db_instance()
        .db_instance_identifier(&call.db_instance_identifier)
        .db_instance_class(&call.db_instance_class)
        .engine(&call.engine)
        .set_db_cluster_identifier(call.db_cluster_identifier.clone())
        .set_availability_zone(call.availability_zone.clone())
        .set_db_subnet_group_name(call.db_subnet_group_name.clone())
        .set_db_parameter_group_name(call.db_parameter_group_name.clone())
        .set_promotion_tier(call.promotion_tier.map(u32::cast_signed))
        .set_publicly_accessible(call.publicly_accessible)
        .set_engine_version(call.engine_version.clone())
        .set_allocated_storage(call.allocated_storage.map(u32::cast_signed))
        .set_master_username(call.master_username.clone())
        .set_manage_master_user_password(call.manage_master_user_password)
        .set_db_name(call.db_name.clone())
        .set_vpc_security_group_ids(call.vpc_security_group_ids.clone())
        .set_backup_retention_period(call.backup_retention_period.map(u32::cast_signed))
        .set_multi_az(call.multi_az)
        .set_deletion_protection(call.deletion_protection)
        .send();
    calls.try_answer(request, |output| output.db_instance().map(instance).ok_or_else(|| empty_answer("instance"))).await
}

pub(super) async fn restore_db_instance_to_point_in_time(
    calls: &Calls<'_>,
    call: &input::RestoreDbInstanceToPointInTime,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .restore_db_instance_to_point_in_time()
        .source_db_instance_identifier(&call.source_db_instance_identifier)
        .target_db_instance_identifier(&call.target_db_instance_identifier)
        .set_restore_time(point_in_time(call.restore_time.as_deref())?)
        .set_use_latest_restorable_time(call.use_latest_restorable_time)
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

pub(super) async fn create_db_cluster_snapshot(
    calls: &Calls<'_>,
    call: &input::CreateDbClusterSnapshot,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .create_db_cluster_snapshot()
        .db_cluster_snapshot_identifier(&call.db_cluster_snapshot_identifier)
        .db_cluster_identifier(&call.db_cluster_identifier)
        .send();
    let said = || empty_answer("snapshot");
    calls.try_answer(request, |output| output.db_cluster_snapshot().map(snapshot).ok_or_else(said)).await
}

pub(super) async fn describe_db_cluster_snapshots(
    calls: &Calls<'_>,
    call: &input::DescribeDbClusterSnapshots,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .describe_db_cluster_snapshots()
        .set_db_cluster_identifier(call.db_cluster_identifier.clone())
        .set_db_cluster_snapshot_identifier(call.db_cluster_snapshot_identifier.clone())
        .set_snapshot_type(call.snapshot_type.clone())
        .send();
    calls
        .answer(request, |output| {
            let mut found: Vec<&DbClusterSnapshot> = output.db_cluster_snapshots().iter().collect();
            found.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.snapshot_create_time().map(DateTime::secs)));
            json!({"db_cluster_snapshots": found.into_iter().map(snapshot).collect::<Vec<Value>>()})
        })
        .await
}

pub(super) async fn delete_db_cluster(
    calls: &Calls<'_>,
    call: &input::DeleteDbCluster,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .delete_db_cluster()
        .db_cluster_identifier(&call.db_cluster_identifier)
        .set_skip_final_snapshot(call.skip_final_snapshot)
        .set_final_db_snapshot_identifier(call.final_db_snapshot_identifier.clone())
        .send();
    calls.try_answer(request, |output| output.db_cluster().map(cluster).ok_or_else(|| empty_answer("cluster"))).await
}

pub(super) async fn delete_db_instance(
    calls: &Calls<'_>,
    call: &input::DeleteDbInstance,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .delete_db_instance()
        .db_instance_identifier(&call.db_instance_identifier)
        .set_skip_final_snapshot(call.skip_final_snapshot)
        .set_final_db_snapshot_identifier(call.final_db_snapshot_identifier.clone())
        .send();
    calls.try_answer(request, |output| output.db_instance().map(instance).ok_or_else(|| empty_answer("instance"))).await
}

fn snapshot(snapshot: &DbClusterSnapshot) -> Value {
    json!({
        "db_cluster_snapshot_identifier": snapshot.db_cluster_snapshot_identifier(),
        "db_cluster_snapshot_arn": snapshot.db_cluster_snapshot_arn(),
        "db_cluster_identifier": snapshot.db_cluster_identifier(),
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
    use crate::model::outcome::{CloudErrorKind, ProbeAnswer};

    const CLUSTER: &str = "<DBClusterIdentifier>shop-restored</DBClusterIdentifier><Status>creating</Status>";
    const INSTANCE: &str =
        "<DBInstanceIdentifier>i</DBInstanceIdentifier><DBInstanceStatus>creating</DBInstanceStatus>";

    fn answer(operation: &str, element: &str, body: &str) -> Answer {
        Answer::rds(operation, &format!("<{element}>{body}</{element}>"))
    }

    #[tokio::test]
    async fn a_restore_of_a_cluster_says_where_it_shall_stand_and_as_of_when() {
        let name = "aws/rds.restore_db_cluster_to_point_in_time";
        let (value, sent) = sent_once(name, answer("RestoreDBClusterToPointInTime", "DBCluster", CLUSTER)).await;
        assert_eq!((&value["status"], &value["members"]), (&json!("creating"), &json!([])));
        for part in [
            "Action=RestoreDBClusterToPointInTime",
            "DBClusterIdentifier=shop-restored",
            "SourceDBClusterIdentifier=shop-dr",
            "RestoreToTime=2026-01-04T02%3A30%3A00Z",
            "VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-0123456789abcdef0",
            "DBSubnetGroupName=shop",
        ] {
            assert!(sent.body.contains(part), "{part} in {}", sent.body);
        }
        assert!(!sent.body.contains("UseLatest"), "{}", sent.body);
    }

    #[tokio::test]
    async fn a_time_that_is_none_is_not_sent() {
        let with =
            json!({"db_cluster_identifier": "n", "source_db_cluster_identifier": "s", "restore_to_time": "soon"});
        let request = wire::send("aws/rds.restore_db_cluster_to_point_in_time", &with);
        let (reply, sent) = wire::ask(&request, []).await;
        assert_eq!(reply.unwrap_err().kind, CloudErrorKind::Invalid);
        assert!(sent.is_empty());
    }

    #[tokio::test]
    async fn every_other_change_is_one_request_with_its_names() {
        let cases = [
            (
                "restore_db_cluster_from_snapshot",
                "RestoreDBClusterFromSnapshot",
                "DBCluster",
                CLUSTER,
                "SnapshotIdentifier=shop-before",
            ),
            ("create_db_instance", "CreateDBInstance", "DBInstance", INSTANCE, "DBClusterIdentifier=shop-restored"),
            (
                "restore_db_instance_to_point_in_time",
                "RestoreDBInstanceToPointInTime",
                "DBInstance",
                INSTANCE,
                "UseLatestRestorableTime=true",
            ),
            (
                "create_db_cluster_snapshot",
                "CreateDBClusterSnapshot",
                "DBClusterSnapshot",
                "<Status>creating</Status>",
                "DBClusterSnapshotIdentifier=shop-before",
            ),
            ("delete_db_cluster", "DeleteDBCluster", "DBCluster", CLUSTER, "SkipFinalSnapshot=true"),
            ("delete_db_instance", "DeleteDBInstance", "DBInstance", INSTANCE, "SkipFinalSnapshot=true"),
            ("failover_db_cluster", "FailoverDBCluster", "DBCluster", CLUSTER, "TargetDBInstanceIdentifier=shop-dr-2"),
            (
                "remove_from_global_cluster",
                "RemoveFromGlobalCluster",
                "GlobalCluster",
                "<GlobalClusterIdentifier>shop-global</GlobalClusterIdentifier>",
                "GlobalClusterIdentifier=shop-global",
            ),
        ];
        for (name, operation, element, body, part) in cases {
            let (value, sent) = sent_once(&format!("aws/rds.{name}"), answer(operation, element, body)).await;
            assert!(value.is_object(), "{name}: {value}");
            assert!(sent.body.starts_with(&format!("Action={operation}&")), "{}", sent.body);
            assert!(sent.body.contains(part), "{part} in {}", sent.body);
        }
    }

    #[tokio::test]
    async fn snapshots_come_newest_first() {
        let one = |id: &str, at: &str| {
            format!(
                "<DBClusterSnapshot><DBClusterSnapshotIdentifier>{id}</DBClusterSnapshotIdentifier>\
                 <SnapshotCreateTime>{at}</SnapshotCreateTime></DBClusterSnapshot>"
            )
        };
        let list = one("old", "2026-01-02T03:00:00Z") + &one("new", "2026-01-03T03:00:00Z");
        let name = "aws/rds.describe_db_cluster_snapshots";
        let request = wire::read(name, &example_with(name).unwrap());
        let answer = answer("DescribeDBClusterSnapshots", "DBClusterSnapshots", &list);
        let value = wire::ask(&request, [answer]).await.0.unwrap().value;
        assert_eq!(value["db_cluster_snapshots"][0]["db_cluster_snapshot_identifier"], "new");
        assert_eq!(value["db_cluster_snapshots"][1]["snapshot_create_time"], "2026-01-02T03:00:00.000Z");
    }

    #[test]
    fn what_is_made_is_known_by_its_name_and_what_is_deleted_by_its_absence() {
        let restore = example("aws/rds.restore_db_cluster_to_point_in_time").unwrap();
        assert_eq!(restore.probe().unwrap().with(), json!({"db_cluster_identifier": "shop-restored"}));
        assert_eq!(restore.judge_absent(), ProbeAnswer::Before);
        let state = |status: &str| json!({"status": status});
        assert_eq!(restore.judge(None, &state("creating")), ProbeAnswer::InProgress);
        assert_eq!(restore.judge(None, &state("available")), ProbeAnswer::After);
        // It had been there before: somebody else's.
        assert_eq!(restore.judge(Some(&state("available")), &state("available")), ProbeAnswer::CannotTell);
        let delete = example("aws/rds.delete_db_cluster").unwrap();
        assert_eq!(delete.judge_absent(), ProbeAnswer::After);
        assert_eq!(delete.judge(Some(&state("available")), &state("available")), ProbeAnswer::Before);
        assert_eq!(delete.judge(None, &state("deleting")), ProbeAnswer::InProgress);
        let failover = example("aws/rds.failover_db_cluster").unwrap();
        let writer =
            |id: &str| json!({"status": "available", "members": [{"db_instance_identifier": id, "is_writer": true}]});
        assert_eq!(failover.judge(None, &writer("shop-dr-2")), ProbeAnswer::After);
        assert_eq!(failover.judge(None, &writer("shop-dr-1")), ProbeAnswer::Before);
        let detach = example("aws/rds.remove_from_global_cluster").unwrap();
        assert_eq!(detach.judge(None, &json!({"members": []})), ProbeAnswer::After);
        let member = json!({"members": [{"db_cluster_arn": detach.with()["db_cluster_identifier"]}]});
        assert_eq!(detach.judge(None, &member), ProbeAnswer::Before);
    }
}
