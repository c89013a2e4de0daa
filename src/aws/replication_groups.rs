//! ElastiCache within one region: replication groups and snapshots.

use aws_sdk_elasticache::types::{
    AutomaticFailoverStatus, Endpoint, MultiAzStatus, NodeGroup, ReplicationGroup, Snapshot,
};
use aws_smithy_types::DateTime;
use serde_json::json;

use super::calls::Calls;
use super::error::not_found;
use super::shape::{empty_answer, instant, some_text};
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::elasticache as input;
use crate::model::outcome::CloudError;

pub(super) async fn describe_replication_groups(
    calls: &Calls<'_>,
    call: &input::DescribeReplicationGroups,
) -> Result<CloudReply, CloudError> {
    let id = &call.replication_group_id;
    let request = calls.elasticache().describe_replication_groups().replication_group_id(id).send();
    let missing = || not_found("ReplicationGroupNotFoundFault", format!("ReplicationGroup {id} not found."));
    calls.try_answer(request, |output| output.replication_groups().first().map(group).ok_or_else(missing)).await
}

pub(super) async fn create_replication_group(
    calls: &Calls<'_>,
    call: &input::CreateReplicationGroup,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .elasticache()
        .create_replication_group()
        .replication_group_id(&call.replication_group_id)
        .replication_group_description(&call.replication_group_description)
        .set_snapshot_name(call.snapshot_name.clone())
        .set_snapshot_arns(call.snapshot_arns.clone())
        .set_global_replication_group_id(call.global_replication_group_id.clone())
        .set_engine(call.engine.clone())
        .set_engine_version(call.engine_version.clone())
        .set_cache_node_type(call.cache_node_type.clone())
        .set_num_cache_clusters(call.num_cache_clusters.map(u32::cast_signed))
        .set_num_node_groups(call.num_node_groups.map(u32::cast_signed))
        .set_replicas_per_node_group(call.replicas_per_node_group.map(u32::cast_signed))
        .set_automatic_failover_enabled(call.automatic_failover_enabled)
        .set_multi_az_enabled(call.multi_az_enabled)
        .set_cache_subnet_group_name(call.cache_subnet_group_name.clone())
        .set_cache_parameter_group_name(call.cache_parameter_group_name.clone())
        .set_security_group_ids(call.security_group_ids.clone())
        .set_port(call.port.map(u32::cast_signed))
        .set_snapshot_retention_limit(call.snapshot_retention_limit.map(u32::cast_signed))
        .set_at_rest_encryption_enabled(call.at_rest_encryption_enabled)
        .set_transit_encryption_enabled(call.transit_encryption_enabled)
        .set_kms_key_id(call.kms_key_id.clone())
        .set_user_group_ids(call.user_group_ids.clone())
        .send();
    let said = || empty_answer("replication group");
    calls.try_answer(request, |output| output.replication_group().map(group).ok_or_else(said)).await
}

pub(super) async fn delete_replication_group(
    calls: &Calls<'_>,
    call: &input::DeleteReplicationGroup,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .elasticache()
        .delete_replication_group()
        .replication_group_id(&call.replication_group_id)
        .set_final_snapshot_identifier(call.final_snapshot_identifier.clone())
        .set_retain_primary_cluster(call.retain_primary_cluster)
        .send();
    let said = || empty_answer("replication group");
    calls.try_answer(request, |output| output.replication_group().map(group).ok_or_else(said)).await
}

pub(super) async fn create_snapshot(calls: &Calls<'_>, call: &input::CreateSnapshot) -> Result<CloudReply, CloudError> {
    let request = calls
        .elasticache()
        .create_snapshot()
        .snapshot_name(&call.snapshot_name)
        .set_replication_group_id(call.replication_group_id.clone())
        .set_cache_cluster_id(call.cache_cluster_id.clone())
        .send();
    calls.try_answer(request, |output| output.snapshot().map(snapshot).ok_or_else(|| empty_answer("snapshot"))).await
}

pub(super) async fn describe_snapshots(
    calls: &Calls<'_>,
    call: &input::DescribeSnapshots,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .elasticache()
        .describe_snapshots()
        .set_replication_group_id(call.replication_group_id.clone())
        .set_cache_cluster_id(call.cache_cluster_id.clone())
        .set_snapshot_name(call.snapshot_name.clone())
        .set_snapshot_source(call.snapshot_source.clone())
        .send();
    calls
        .answer(request, |output| {
            let mut found: Vec<&Snapshot> = output.snapshots().iter().collect();
            // One that is still being taken has no time yet.
            let newest = |snapshot: &&Snapshot| std::cmp::Reverse(taken(snapshot).map_or(i64::MAX, DateTime::secs));
            found.sort_by_key(newest);
            json!({"snapshots": found.into_iter().map(snapshot).collect::<Vec<Value>>()})
        })
        .await
}

/// When the last of its nodes was written.
fn taken(snapshot: &Snapshot) -> Option<&DateTime> {
    snapshot.node_snapshots().iter().filter_map(|node| node.snapshot_create_time()).max_by_key(|at| at.secs())
}

fn snapshot(snapshot: &Snapshot) -> Value {
    json!({
        "snapshot_name": snapshot.snapshot_name(),
        "replication_group_id": some_text(snapshot.replication_group_id()),
        "cache_cluster_id": some_text(snapshot.cache_cluster_id()),
        "snapshot_status": snapshot.snapshot_status(),
        "snapshot_source": snapshot.snapshot_source(),
        "snapshot_create_time": instant(taken(snapshot)),
        "engine": snapshot.engine(),
        "engine_version": snapshot.engine_version(),
        "cache_node_type": snapshot.cache_node_type(),
        "num_node_groups": snapshot.num_node_groups(),
        "snapshot_retention_limit": snapshot.snapshot_retention_limit(),
    })
}

fn address(endpoint: Option<&Endpoint>) -> Option<&str> {
    some_text(endpoint.and_then(Endpoint::address))
}

fn group(group: &ReplicationGroup) -> Value {
    let first = group.node_groups().first();
    let primary = first.and_then(NodeGroup::primary_endpoint);
    let configuration = group.configuration_endpoint();
    let nodes: Vec<Value> = group.node_groups().iter().map(shard).collect();
    let global = group.global_replication_group_info().and_then(|info| info.global_replication_group_id());
    json!({
        "replication_group_id": group.replication_group_id(),
        "arn": group.arn(),
        "status": group.status(),
        "description": group.description(),
        "engine": some_text(group.engine()),
        "cache_node_type": some_text(group.cache_node_type()),
        "primary_endpoint": address(primary.filter(|_| configuration.is_none())),
        "reader_endpoint": address(first.and_then(NodeGroup::reader_endpoint).filter(|_| configuration.is_none())),
        "configuration_endpoint": address(configuration),
        "port": configuration.or(primary).and_then(Endpoint::port),
        "member_clusters": group.member_clusters(),
        "node_groups": nodes,
        "automatic_failover": group.automatic_failover().map(AutomaticFailoverStatus::as_str),
        "multi_az": group.multi_az().map(MultiAzStatus::as_str),
        "global_replication_group_id": some_text(global),
        "snapshot_retention_limit": group.snapshot_retention_limit(),
        "snapshot_window": some_text(group.snapshot_window()),
    })
}

fn shard(shard: &NodeGroup) -> Value {
    let members: Vec<Value> = shard
        .node_group_members()
        .iter()
        .map(|member| {
            json!({
                "cache_cluster_id": member.cache_cluster_id(),
                "availability_zone": some_text(member.preferred_availability_zone()),
                "current_role": some_text(member.current_role()),
            })
        })
        .collect();
    json!({"node_group_id": shard.node_group_id(), "status": shard.status(), "members": members})
}

#[cfg(test)]
mod tests {
    use super::super::wire::{self, Answer};
    use super::*;
    use crate::model::action::examples::{example, example_with};
    use crate::model::outcome::{CloudErrorKind, ProbeAnswer};

    const GROUP: &str = "<ReplicationGroupId>shop-redis</ReplicationGroupId><Status>available</Status>\
        <AutomaticFailover>enabled</AutomaticFailover><SnapshotRetentionLimit>30</SnapshotRetentionLimit>\
        <MemberClusters><ClusterId>shop-redis-001</ClusterId></MemberClusters>\
        <NodeGroups><NodeGroup><NodeGroupId>0001</NodeGroupId><Status>available</Status>\
        <PrimaryEndpoint><Address>shop-redis.x.cache.amazonaws.com</Address><Port>6379</Port></PrimaryEndpoint>\
        <ReaderEndpoint><Address>shop-redis-ro.x.cache.amazonaws.com</Address><Port>6379</Port></ReaderEndpoint>\
        <NodeGroupMembers><NodeGroupMember><CacheClusterId>shop-redis-001</CacheClusterId>\
        <PreferredAvailabilityZone>us-east-1a</PreferredAvailabilityZone><CurrentRole>primary</CurrentRole>\
        </NodeGroupMember></NodeGroupMembers></NodeGroup></NodeGroups>";

    fn answer(operation: &str, body: &str) -> Answer {
        Answer::ok(&format!(
            "<{operation}Response xmlns=\"http://elasticache.amazonaws.com/doc/2015-02-02/\"><{operation}Result>{body}\
             </{operation}Result></{operation}Response>"
        ))
    }

    #[tokio::test]
    async fn a_group_says_where_it_is_reached() {
        let name = "aws/elasticache.describe_replication_groups";
        let request = wire::read(name, &example_with(name).unwrap());
        let list = format!("<ReplicationGroups><ReplicationGroup>{GROUP}</ReplicationGroup></ReplicationGroups>");
        let value = wire::ask(&request, [answer("DescribeReplicationGroups", &list)]).await.0.unwrap().value;
        assert_eq!(value["primary_endpoint"], "shop-redis.x.cache.amazonaws.com");
        assert_eq!((&value["port"], &value["configuration_endpoint"]), (&json!(6379), &Value::Null));
        assert_eq!(value["node_groups"][0]["members"][0]["current_role"], "primary");
        let none = answer("DescribeReplicationGroups", "<ReplicationGroups/>");
        assert_eq!(wire::ask(&request, [none]).await.0.unwrap_err().kind, CloudErrorKind::NotFound);
    }

    #[tokio::test]
    async fn a_group_comes_out_of_a_snapshot_into_its_network() {
        let name = "aws/elasticache.create_replication_group";
        let body =
            "<ReplicationGroup><ReplicationGroupId>n</ReplicationGroupId><Status>creating</Status></ReplicationGroup>";
        let request = wire::send(name, &example_with(name).unwrap());
        let (reply, sent) = wire::ask(&request, [answer("CreateReplicationGroup", body)]).await;
        assert_eq!(reply.unwrap().value["status"], "creating");
        assert_eq!(sent.len(), 1);
        for part in
            ["SnapshotName=shop-redis-before", "CacheSubnetGroupName=shop", "SecurityGroupId.1=sg-0123456789abcdef0"]
        {
            assert!(sent[0].body.contains(part), "{part} in {}", sent[0].body);
        }
        let create = example(name).unwrap();
        assert_eq!(create.judge_absent(), ProbeAnswer::Before);
        assert_eq!(create.judge(None, &json!({"status": "creating"})), ProbeAnswer::InProgress);
        assert_eq!(create.judge(None, &json!({"status": "available"})), ProbeAnswer::After);
        let delete = example("aws/elasticache.delete_replication_group").unwrap();
        assert_eq!(delete.judge_absent(), ProbeAnswer::After);
        assert_eq!(delete.judge(None, &json!({"status": "available"})), ProbeAnswer::Before);
    }

    #[tokio::test]
    async fn snapshots_come_newest_first_and_one_in_the_making_before_all() {
        let one = |name: &str, at: &str| {
            let node = format!("<NodeSnapshot><SnapshotCreateTime>{at}</SnapshotCreateTime></NodeSnapshot>");
            let nodes = if at.is_empty() { String::new() } else { node };
            format!("<Snapshot><SnapshotName>{name}</SnapshotName><NodeSnapshots>{nodes}</NodeSnapshots></Snapshot>")
        };
        let list = one("old", "2026-01-02T03:00:00Z") + &one("new", "2026-01-03T03:00:00Z") + &one("now", "");
        let name = "aws/elasticache.describe_snapshots";
        let request = wire::read(name, &example_with(name).unwrap());
        let list = format!("<Snapshots>{list}</Snapshots>");
        let value = wire::ask(&request, [answer("DescribeSnapshots", &list)]).await.0.unwrap().value;
        let names: Vec<&Value> =
            value["snapshots"].as_array().unwrap().iter().map(|one| &one["snapshot_name"]).collect();
        assert_eq!(names, ["now", "new", "old"]);
        assert_eq!(value["snapshots"][1]["snapshot_create_time"], "2026-01-03T03:00:00.000Z");
    }

    #[tokio::test]
    async fn a_snapshot_is_taken_and_known_by_its_name() {
        let name = "aws/elasticache.create_snapshot";
        let body = "<Snapshot><SnapshotName>s</SnapshotName><SnapshotStatus>creating</SnapshotStatus></Snapshot>";
        let request = wire::send(name, &example_with(name).unwrap());
        let (reply, sent) = wire::ask(&request, [answer("CreateSnapshot", body)]).await;
        assert_eq!(reply.unwrap().value["snapshot_status"], "creating");
        assert!(sent[0].body.contains("ReplicationGroupId=shop-redis"), "{}", sent[0].body);
        let take = example(name).unwrap();
        assert_eq!(take.probe().unwrap().with(), json!({"snapshot_name": "shop-redis-before"}));
        let listed = |status: &str| json!({"snapshots": [{"snapshot_status": status}]});
        assert_eq!(take.judge(None, &json!({"snapshots": []})), ProbeAnswer::Before);
        assert_eq!(take.judge(None, &listed("creating")), ProbeAnswer::InProgress);
        assert_eq!(take.judge(Some(&json!({"snapshots": []})), &listed("available")), ProbeAnswer::After);
        assert_eq!(take.judge(Some(&listed("available")), &listed("available")), ProbeAnswer::CannotTell);
    }
}
