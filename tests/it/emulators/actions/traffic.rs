//! Load balancers and the bounds of auto scaling, at ministack and moto.

use serde_json::{Value, json};

use super::{Case, World, changing, reading};

pub(super) fn load_balancers() -> Vec<Case> {
    vec![
        changing("aws/elbv2.modify_target_group", target_group, groups),
        reading("aws/elbv2.describe_target_health", target_group),
        reading(
            "aws/elbv2.describe_target_groups",
            |world| json!({"target_group_arns": [target_group(world)["target_group_arn"]]}),
        ),
    ]
}

/// moto bounds services that are there, and ministack none.
pub(super) fn scaling() -> Vec<Case> {
    vec![
        changing("aws/application_autoscaling.register_scalable_target", bounds, targets),
        reading("aws/application_autoscaling.describe_scalable_targets", bounds),
    ]
}

fn target_group(world: &mut World<'_>) -> Value {
    let params = json!({
        "Name": "shop-web", "Protocol": "HTTP", "Port": 80, "TargetType": "ip", "VpcId": "vpc-00000001",
        "HealthCheckPath": "/",
    });
    let made = world.call("elbv2", "create_target_group", params);
    let arn = world.name(&made["TargetGroups"][0]["TargetGroupArn"], "group");
    json!({"target_group_arn": arn})
}

fn groups(world: &mut World<'_>) -> Value {
    let arn = world.named("group");
    world.call("elbv2", "describe_target_groups", json!({"TargetGroupArns": [arn]}))
}

fn bounds(world: &mut World<'_>) -> Value {
    world.call("ecs", "create_cluster", json!({"clusterName": "shop"}));
    let containers = json!([{"name": "web", "image": "web", "memory": 128}]);
    world.call("ecs", "register_task_definition", json!({"family": "web", "containerDefinitions": containers}));
    let service = json!({"cluster": "shop", "serviceName": "web", "taskDefinition": "web", "desiredCount": 0});
    world.call("ecs", "create_service", service);
    let params = json!({
        "ServiceNamespace": "ecs", "ResourceId": "service/shop/web", "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": 0, "MaxCapacity": 1,
    });
    world.call("application-autoscaling", "register_scalable_target", params);
    json!({})
}

fn targets(world: &mut World<'_>) -> Value {
    let found = world.call("application-autoscaling", "describe_scalable_targets", json!({"ServiceNamespace": "ecs"}));
    world.name(&found["ScalableTargets"][0]["ScalableTargetARN"], "target");
    found
}
