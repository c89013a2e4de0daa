//! RDS and Aurora: promotions, moves of a global database's writer, and the reads beside them.

use aws_sdk_rds::types::{
    DbCluster, DbInstance, Endpoint, FailoverState, FailoverStatus, GlobalCluster,
    GlobalClusterMemberSynchronizationStatus as Synchronization, VpcSecurityGroupMembership,
};
use serde_json::json;

use super::calls::Calls;
use super::error::not_found;
use super::shape::{empty_answer, instant, some_text};
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::rds as input;
use crate::model::outcome::CloudError;

pub(super) async fn promote_read_replica_db_cluster(
    calls: &Calls<'_>,
    call: &input::PromoteReadReplicaDbCluster,
) -> Result<CloudReply, CloudError> {
    let request =
        calls.rds().promote_read_replica_db_cluster().db_cluster_identifier(&call.db_cluster_identifier).send();
    calls.try_answer(request, |output| output.db_cluster.as_ref().map(cluster).ok_or_else(no_cluster_said)).await
}

pub(super) async fn promote_read_replica(
    calls: &Calls<'_>,
    call: &input::PromoteReadReplica,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .promote_read_replica()
        .db_instance_identifier(&call.db_instance_identifier)
        .set_backup_retention_period(call.backup_retention_period.map(u32::cast_signed))
        .set_preferred_backup_window(call.preferred_backup_window.clone())
        .send();
    calls
        .try_answer(request, |output| output.db_instance.as_ref().map(instance).ok_or_else(|| empty_answer("instance")))
        .await
}

/// Without `allow_data_loss` AWS makes a switchover of it; that is what was asked for then.
pub(super) async fn failover_global_cluster(
    calls: &Calls<'_>,
    call: &input::FailoverGlobalCluster,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .failover_global_cluster()
        .global_cluster_identifier(&call.global_cluster_identifier)
        .target_db_cluster_identifier(&call.target_db_cluster_identifier)
        .set_allow_data_loss(call.allow_data_loss)
        .send();
    calls.try_answer(request, |output| output.global_cluster.as_ref().map(global).ok_or_else(no_global_said)).await
}

pub(super) async fn switchover_global_cluster(
    calls: &Calls<'_>,
    call: &input::SwitchoverGlobalCluster,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .rds()
        .switchover_global_cluster()
        .global_cluster_identifier(&call.global_cluster_identifier)
        .target_db_cluster_identifier(&call.target_db_cluster_identifier)
        .send();
    calls.try_answer(request, |output| output.global_cluster.as_ref().map(global).ok_or_else(no_global_said)).await
}

pub(super) async fn describe_db_clusters(
    calls: &Calls<'_>,
    call: &input::DescribeDbClusters,
) -> Result<CloudReply, CloudError> {
    let id = &call.db_cluster_identifier;
    let request = calls.rds().describe_db_clusters().db_cluster_identifier(id).send();
    let missing = || not_found("DBClusterNotFoundFault", format!("DBCluster {id} not found."));
    calls.try_answer(request, |output| output.db_clusters().first().map(cluster).ok_or_else(missing)).await
}

pub(super) async fn describe_db_instances(
    calls: &Calls<'_>,
    call: &input::DescribeDbInstances,
) -> Result<CloudReply, CloudError> {
    let id = &call.db_instance_identifier;
    let request = calls.rds().describe_db_instances().db_instance_identifier(id).send();
    let missing = || not_found("DBInstanceNotFound", format!("DBInstance {id} not found."));
    calls.try_answer(request, |output| output.db_instances().first().map(instance).ok_or_else(missing)).await
}

pub(super) async fn describe_global_clusters(
    calls: &Calls<'_>,
    call: &input::DescribeGlobalClusters,
) -> Result<CloudReply, CloudError> {
    let id = &call.global_cluster_identifier;
    let request = calls.rds().describe_global_clusters().global_cluster_identifier(id).send();
    let missing = || not_found("GlobalClusterNotFoundFault", format!("GlobalCluster {id} not found."));
    calls.try_answer(request, |output| output.global_clusters().first().map(global).ok_or_else(missing)).await
}

fn no_cluster_said() -> CloudError {
    empty_answer("cluster")
}

fn no_global_said() -> CloudError {
    empty_answer("global cluster")
}

/// A cluster, as `DescribeDbClusters` of the catalogue says.
pub(super) fn cluster(cluster: &DbCluster) -> Value {
    let members: Vec<Value> = cluster
        .db_cluster_members()
        .iter()
        .map(|member| {
            json!({
                "db_instance_identifier": member.db_instance_identifier(),
                "is_writer": member.is_cluster_writer() == Some(true),
            })
        })
        .collect();
    json!({
        "db_cluster_identifier": cluster.db_cluster_identifier(),
        "db_cluster_arn": cluster.db_cluster_arn(),
        "status": cluster.status(),
        "engine": cluster.engine(),
        "engine_version": cluster.engine_version(),
        "endpoint": some_text(cluster.endpoint()),
        "reader_endpoint": some_text(cluster.reader_endpoint()),
        "replication_source_identifier": some_text(cluster.replication_source_identifier()),
        "members": members,
        "backup_retention_period": cluster.backup_retention_period(),
        "preferred_backup_window": some_text(cluster.preferred_backup_window()),
        "earliest_restorable_time": instant(cluster.earliest_restorable_time()),
        "latest_restorable_time": instant(cluster.latest_restorable_time()),
        "deletion_protection": cluster.deletion_protection() == Some(true),
        "db_subnet_group": some_text(cluster.db_subnet_group()),
        "vpc_security_group_ids": group_ids(cluster.vpc_security_groups()),
        "pending_modified_values": cluster.pending_modified_values().and_then(|pending| {
            some_members(json!({
                "backup_retention_period": pending.backup_retention_period(),
                "engine_version": some_text(pending.engine_version()),
            }))
        }),
    })
}

fn group_ids(groups: &[VpcSecurityGroupMembership]) -> Vec<&str> {
    groups.iter().filter_map(|group| group.vpc_security_group_id()).collect()
}

/// The members that hold something; none where nothing does.
fn some_members(value: Value) -> Option<Value> {
    let Value::Object(mut members) = value else { return None };
    members.retain(|_, member| !member.is_null());
    (!members.is_empty()).then_some(Value::Object(members))
}

/// An instance, as `DescribeDbInstances` of the catalogue says.
pub(super) fn instance(instance: &DbInstance) -> Value {
    let endpoint = instance.endpoint();
    json!({
        "db_instance_identifier": instance.db_instance_identifier(),
        "db_instance_arn": instance.db_instance_arn(),
        "db_instance_status": instance.db_instance_status(),
        "engine": instance.engine(),
        "endpoint": some_text(endpoint.and_then(Endpoint::address)),
        "port": endpoint.and_then(Endpoint::port),
        "read_replica_source_db_instance_identifier":
            some_text(instance.read_replica_source_db_instance_identifier()),
        "db_cluster_identifier": some_text(instance.db_cluster_identifier()),
        "db_instance_class": some_text(instance.db_instance_class()),
        "multi_az": instance.multi_az() == Some(true),
        "backup_retention_period": instance.backup_retention_period(),
        "preferred_backup_window": some_text(instance.preferred_backup_window()),
        "latest_restorable_time": instant(instance.latest_restorable_time()),
        "deletion_protection": instance.deletion_protection() == Some(true),
        "db_subnet_group": instance.db_subnet_group().and_then(|group| some_text(group.db_subnet_group_name())),
        "vpc_security_group_ids": group_ids(instance.vpc_security_groups()),
        "pending_modified_values": instance.pending_modified_values().and_then(|pending| {
            some_members(json!({
                "db_instance_class": some_text(pending.db_instance_class()),
                "multi_az": pending.multi_az(),
                "backup_retention_period": pending.backup_retention_period(),
                "engine_version": some_text(pending.engine_version()),
            }))
        }),
    })
}

pub(super) fn global(global: &GlobalCluster) -> Value {
    let members: Vec<Value> = global
        .global_cluster_members()
        .iter()
        .map(|member| {
            json!({
                "db_cluster_arn": member.db_cluster_arn(),
                "is_writer": member.is_writer() == Some(true),
                "synchronization_status": member.synchronization_status().map(Synchronization::as_str),
            })
        })
        .collect();
    let writer = global.global_cluster_members().iter().find(|member| member.is_writer() == Some(true));
    json!({
        "global_cluster_identifier": global.global_cluster_identifier(),
        "status": global.status(),
        "failover_state": global.failover_state().and_then(failover),
        "writer": writer.and_then(|member| member.db_cluster_arn()),
        "members": members,
    })
}

/// A move of the writer that is under way. AWS also sends the element when none is, empty.
fn failover(state: &FailoverState) -> Option<Value> {
    let (from, to) = (some_text(state.from_db_cluster_arn()), some_text(state.to_db_cluster_arn()));
    if state.status().is_none() && from.is_none() && to.is_none() {
        return None;
    }
    Some(json!({
        "status": state.status().map(FailoverStatus::as_str),
        "from_db_cluster_arn": from,
        "to_db_cluster_arn": to,
        "is_data_loss_allowed": state.is_data_loss_allowed() == Some(true),
    }))
}
