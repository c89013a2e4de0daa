//! Load balancers: target groups and their targets' health.

use aws_sdk_elasticloadbalancingv2::types::{
    Matcher, ProtocolEnum, TargetDescription, TargetGroup, TargetHealthReasonEnum, TargetHealthStateEnum,
};
use serde_json::json;

use super::calls::Calls;
use super::shape::empty_answer;
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::elbv2 as input;
use crate::model::outcome::CloudError;

pub(super) async fn describe_target_health(
    calls: &Calls<'_>,
    call: &input::DescribeTargetHealth,
) -> Result<CloudReply, CloudError> {
    let request = calls.elbv2().describe_target_health().target_group_arn(&call.target_group_arn);
    calls
        .answer(request.send(), |output| {
            let (mut healthy, mut unhealthy) = (0_u32, 0_u32);
            let mut views: Vec<Value> = Vec::new();
            for described in output.target_health_descriptions() {
                let health = described.target_health();
                match health.and_then(|health| health.state()) {
                    Some(TargetHealthStateEnum::Healthy) => healthy += 1,
                    Some(TargetHealthStateEnum::Draining) => {}
                    _ => unhealthy += 1,
                }
                let target = described.target();
                views.push(json!({
                    "target": {"id": target.and_then(|target| target.id()), "port": target.and_then(TargetDescription::port)},
                    "target_health": {
                        "state": health.and_then(|health| health.state()).map(TargetHealthStateEnum::as_str),
                        "reason": health.and_then(|health| health.reason()).map(TargetHealthReasonEnum::as_str),
                        "description": health.and_then(|health| health.description()),
                    },
                }));
            }
            json!({"healthy_count": healthy, "unhealthy_count": unhealthy, "target_health_descriptions": views})
        })
        .await
}

pub(super) async fn describe_target_groups(
    calls: &Calls<'_>,
    call: &input::DescribeTargetGroups,
) -> Result<CloudReply, CloudError> {
    let request = calls.elbv2().describe_target_groups().set_target_group_arns(Some(call.target_group_arns.clone()));
    calls
        .answer(
            request.send(),
            |output| json!({"target_groups": output.target_groups().iter().map(group).collect::<Vec<Value>>()}),
        )
        .await
}

pub(super) async fn modify_target_group(
    calls: &Calls<'_>,
    call: &input::ModifyTargetGroup,
) -> Result<CloudReply, CloudError> {
    let matcher =
        call.matcher.as_ref().map(|matcher| Matcher::builder().set_http_code(matcher.http_code.clone()).build());
    let request = calls
        .elbv2()
        .modify_target_group()
        .target_group_arn(&call.target_group_arn)
        .set_health_check_enabled(call.health_check_enabled)
        .set_health_check_protocol(call.health_check_protocol.as_deref().map(ProtocolEnum::from))
        .set_health_check_port(call.health_check_port.clone())
        .set_health_check_path(call.health_check_path.clone())
        .set_health_check_interval_seconds(call.health_check_interval_seconds.map(u32::cast_signed))
        .set_health_check_timeout_seconds(call.health_check_timeout_seconds.map(u32::cast_signed))
        .set_healthy_threshold_count(call.healthy_threshold_count.map(u32::cast_signed))
        .set_unhealthy_threshold_count(call.unhealthy_threshold_count.map(u32::cast_signed))
        .set_matcher(matcher);
    calls
        .try_answer(request.send(), |output| {
            output.target_groups().first().map(group).ok_or_else(|| empty_answer("target group"))
        })
        .await
}

fn group(group: &TargetGroup) -> Value {
    json!({
        "target_group_arn": group.target_group_arn(),
        "target_group_name": group.target_group_name(),
        "protocol": group.protocol().map(ProtocolEnum::as_str),
        "port": group.port(),
        "health_check_enabled": group.health_check_enabled(),
        "health_check_protocol": group.health_check_protocol().map(ProtocolEnum::as_str),
        "health_check_port": group.health_check_port(),
        "health_check_path": group.health_check_path(),
        "health_check_interval_seconds": group.health_check_interval_seconds(),
        "health_check_timeout_seconds": group.health_check_timeout_seconds(),
        "healthy_threshold_count": group.healthy_threshold_count(),
        "unhealthy_threshold_count": group.unhealthy_threshold_count(),
        "matcher": {"http_code": group.matcher().and_then(|matcher| matcher.http_code())},
        "load_balancer_arns": group.load_balancer_arns(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::wire::{self, Answer};
    use super::*;
    use crate::model::action::examples::{example, example_with};
    use crate::model::outcome::ProbeAnswer;

    const MODIFY: &str = "aws/elbv2.modify_target_group";
    const NS: &str = "xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"";

    fn groups(operation: &str, path: &str) -> Answer {
        Answer::ok(&format!(
            "<{operation}Response {NS}><{operation}Result><TargetGroups><member>\
             <TargetGroupArn>arn:g</TargetGroupArn><HealthCheckEnabled>true</HealthCheckEnabled>\
             <HealthCheckPath>{path}</HealthCheckPath><Matcher><HttpCode>200</HttpCode></Matcher>\
             </member></TargetGroups></{operation}Result></{operation}Response>"
        ))
    }

    #[tokio::test]
    async fn health_is_counted_and_what_drains_is_neither() {
        let states = ["healthy", "healthy", "draining", "initial", "unhealthy"];
        let members = states
            .iter()
            .map(|state| {
                format!(
                    "<member><Target><Id>i</Id><Port>80</Port></Target><TargetHealth><State>{state}</State>\
                     </TargetHealth></member>"
                )
            })
            .collect::<Vec<String>>()
            .concat();
        let body = format!(
            "<DescribeTargetHealthResponse {NS}><DescribeTargetHealthResult><TargetHealthDescriptions>{members}\
             </TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>"
        );
        let request = wire::read("aws/elbv2.describe_target_health", &json!({"target_group_arn": "arn:g"}));
        let value = wire::ask(&request, [Answer::ok(&body)]).await.0.unwrap().value;
        assert_eq!((&value["healthy_count"], &value["unhealthy_count"]), (&json!(2), &json!(2)));
        assert_eq!(value["target_health_descriptions"][0]["target"], json!({"id": "i", "port": 80}));
        assert_eq!(value["target_health_descriptions"][3]["target_health"]["state"], "initial");
    }

    #[tokio::test]
    async fn a_change_sends_what_it_names_and_the_probe_knows_it_again() {
        let request = wire::send(MODIFY, &example_with(MODIFY).unwrap());
        let (reply, sent) = wire::ask(&request, [groups("ModifyTargetGroup", "/health")]).await;
        assert_eq!(reply.unwrap().value["health_check_path"], "/health");
        assert!(sent[0].body.contains("&HealthCheckPath=%2Fhealth&HealthCheckEnabled=true"), "{}", sent[0].body);
        assert!(!sent[0].body.contains("Matcher"), "{}", sent[0].body);
        let modify = example(MODIFY).unwrap();
        let probe = modify.probe().unwrap();
        for (path, answer) in [("/health", ProbeAnswer::After), ("/", ProbeAnswer::Before)] {
            let request = wire::read(probe.name(), &probe.with());
            let now = wire::ask(&request, [groups("DescribeTargetGroups", path)]).await.0.unwrap().value;
            assert_eq!(modify.judge(None, &now), answer);
            assert_eq!(modify.before_view(&now)["health_check_path"], path);
        }
    }

    #[tokio::test]
    async fn a_group_that_is_not_there_is_not_found() {
        let request = wire::read("aws/elbv2.describe_target_health", &json!({"target_group_arn": "arn:g"}));
        let (reply, _) = wire::ask(&request, [Answer::xml_error(400, "TargetGroupNotFound", "none")]).await;
        assert_eq!(reply.unwrap_err().kind, crate::model::outcome::CloudErrorKind::NotFound);
    }
}
