//! ElastiCache: global datastores.

use aws_sdk_elasticache::types::GlobalReplicationGroup;
use serde_json::json;

use super::calls::Calls;
use super::error::not_found;
use super::shape::empty_answer;
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::elasticache as input;
use crate::model::outcome::CloudError;

pub(super) async fn failover_global_replication_group(
    calls: &Calls<'_>,
    call: &input::FailoverGlobalReplicationGroup,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .elasticache()
        .failover_global_replication_group()
        .global_replication_group_id(&call.global_replication_group_id)
        .primary_region(&call.primary_region)
        .primary_replication_group_id(&call.primary_replication_group_id)
        .send();
    let said = || empty_answer("global datastore");
    calls.try_answer(request, |output| output.global_replication_group().map(datastore).ok_or_else(said)).await
}

pub(super) async fn describe_global_replication_groups(
    calls: &Calls<'_>,
    call: &input::DescribeGlobalReplicationGroups,
) -> Result<CloudReply, CloudError> {
    let id = &call.global_replication_group_id;
    let request = calls
        .elasticache()
        .describe_global_replication_groups()
        .global_replication_group_id(id)
        .show_member_info(true)
        .send();
    let missing = || not_found("GlobalReplicationGroupNotFoundFault", format!("no global datastore {id}"));
    calls
        .try_answer(request, |output| output.global_replication_groups().first().map(datastore).ok_or_else(missing))
        .await
}

fn datastore(store: &GlobalReplicationGroup) -> Value {
    let is_primary = |role: Option<&str>| role.is_some_and(|role| role.eq_ignore_ascii_case("primary"));
    let members: Vec<Value> = store
        .members()
        .iter()
        .map(|member| {
            json!({
                "replication_group_id": member.replication_group_id(),
                "replication_group_region": member.replication_group_region(),
                // The service has been seen to write it in either case.
                "role": member.role().map(str::to_uppercase),
                "status": member.status(),
            })
        })
        .collect();
    let primary = store.members().iter().find(|member| is_primary(member.role()));
    json!({
        "global_replication_group_id": store.global_replication_group_id(),
        "status": store.status(),
        "engine": store.engine(),
        "primary_region": primary.and_then(|member| member.replication_group_region()),
        "members": members,
    })
}

#[cfg(test)]
mod tests {
    use super::super::wire::{self, Answer};
    use crate::model::action::examples::{example, example_with};
    use crate::model::outcome::{CloudErrorKind, ProbeAnswer};

    const NS: &str = "xmlns=\"http://elasticache.amazonaws.com/doc/2015-02-02/\"";
    const FAILOVER: &str = "aws/elasticache.failover_global_replication_group";

    fn group(status: &str, primary: &str) -> String {
        let member = |id: &str, region: &str| {
            let role = if id == primary { "primary" } else { "SECONDARY" };
            format!(
                "<GlobalReplicationGroupMember><ReplicationGroupId>{id}</ReplicationGroupId>\
                 <ReplicationGroupRegion>{region}</ReplicationGroupRegion><Role>{role}</Role>\
                 </GlobalReplicationGroupMember>"
            )
        };
        format!(
            "<GlobalReplicationGroupId>ldgnf-shop</GlobalReplicationGroupId><Status>{status}</Status><Engine>redis</Engine>\
             <Members>{}{}</Members>",
            member("shop-redis", "eu-central-1"),
            member("shop-redis-dr", "us-east-1")
        )
    }

    #[tokio::test]
    async fn the_failover_names_region_and_group_and_the_probe_follows_it() {
        let request = wire::send(FAILOVER, &example_with(FAILOVER).unwrap());
        let body = format!(
            "<FailoverGlobalReplicationGroupResponse {NS}><FailoverGlobalReplicationGroupResult><GlobalReplicationGroup>{}\
             </GlobalReplicationGroup></FailoverGlobalReplicationGroupResult></FailoverGlobalReplicationGroupResponse>",
            group("modifying", "shop-redis")
        );
        let (reply, sent) = wire::ask(&request, [Answer::ok(&body)]).await;
        assert_eq!(reply.unwrap().value["status"], "modifying");
        assert_eq!(sent.len(), 1);
        assert!(
            sent[0].body.contains("PrimaryRegion=us-east-1&PrimaryReplicationGroupId=shop-redis-dr"),
            "{}",
            sent[0].body
        );
        let failover = example(FAILOVER).unwrap();
        let probe = failover.probe().unwrap();
        for (status, primary, answer) in [
            ("available", "shop-redis", ProbeAnswer::Before),
            ("modifying", "shop-redis", ProbeAnswer::InProgress),
            ("available", "shop-redis-dr", ProbeAnswer::After),
        ] {
            let body = format!(
                "<DescribeGlobalReplicationGroupsResponse {NS}><DescribeGlobalReplicationGroupsResult>\
                 <GlobalReplicationGroups><GlobalReplicationGroup>{}</GlobalReplicationGroup></GlobalReplicationGroups>\
                 </DescribeGlobalReplicationGroupsResult></DescribeGlobalReplicationGroupsResponse>",
                group(status, primary)
            );
            let request = wire::read(probe.name(), &probe.with());
            let (now, sent) = wire::ask(&request, [Answer::ok(&body)]).await;
            let now = now.unwrap().value;
            assert!(sent[0].body.contains("ShowMemberInfo=true"), "{}", sent[0].body);
            assert_eq!(now["members"][1]["role"], if primary == "shop-redis" { "SECONDARY" } else { "PRIMARY" });
            assert_eq!(failover.judge(None, &now), answer);
        }
    }

    #[tokio::test]
    async fn a_datastore_that_is_not_there_is_not_found() {
        let name = "aws/elasticache.describe_global_replication_groups";
        let request = wire::read(name, &example_with(name).unwrap());
        let answer = Answer::xml_error(404, "GlobalReplicationGroupNotFoundFault", "none");
        assert_eq!(wire::ask(&request, [answer]).await.0.unwrap_err().kind, CloudErrorKind::NotFound);
    }
}
