//! ECS at ministack: a service with a task definition, scaled down to nothing.

use serde_json::{Value, json};

use super::{Case, World, changing, reading};

pub(super) fn cases() -> Vec<Case> {
    vec![
        changing("aws/ecs.update_service", service, services),
        reading("aws/ecs.describe_services", service),
        reading("aws/ecs.services_stable", service),
        reading("aws/ecs.describe_clusters", service),
        reading("aws/ecs.describe_task_definition", running),
        changing("aws/ecs.register_task_definition", running, newest),
    ]
}

fn service(world: &mut World<'_>) -> Value {
    world.call("ecs", "create_cluster", json!({"clusterName": "shop"}));
    let containers = json!([{"name": "web", "image": "web", "memory": 128}]);
    world.call("ecs", "register_task_definition", json!({"family": "web", "containerDefinitions": containers}));
    let service = json!({"cluster": "shop", "serviceName": "web", "taskDefinition": "web", "desiredCount": 0});
    world.call("ecs", "create_service", service);
    json!({})
}

/// A service that does not run the newest revision of its family, and whose definition has all kinds
/// of things that must stay as they are.
fn running(world: &mut World<'_>) -> Value {
    service(world);
    let container = json!({
        "name": "web", "image": "web:1", "memory": 128, "cpu": 10, "essential": true, "stopTimeout": 30,
        "portMappings": [{"containerPort": 80, "protocol": "tcp"}],
        "environment": [{"name": "DATABASE_HOST", "value": "home.shop.example"}, {"name": "MODE", "value": "live"}],
        "secrets": [{"name": "KEY", "valueFrom": "arn:aws:ssm:us-west-2:123456789012:parameter/key"}],
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "web"}},
    });
    let beside = json!({"name": "log", "image": "log:1", "memory": 64, "essential": false});
    let family = json!({
        "family": "web", "containerDefinitions": [container, beside], "networkMode": "awsvpc",
        "volumes": [{"name": "data"}], "cpu": "256", "memory": "512", "tags": [{"key": "team", "value": "shop"}],
        "taskRoleArn": "arn:aws:iam::123456789012:role/task",
    });
    let made = world.call("ecs", "register_task_definition", family);
    let runs = made["taskDefinition"]["taskDefinitionArn"].clone();
    let update = json!({"cluster": "shop", "service": "web", "taskDefinition": runs});
    world.call("ecs", "update_service", update);
    let newer = json!({"family": "web", "containerDefinitions": [{"name": "web", "image": "web:9", "memory": 128}]});
    world.call("ecs", "register_task_definition", newer);
    json!({})
}

fn newest(world: &mut World<'_>) -> Value {
    let look = json!({"taskDefinition": "web", "include": ["TAGS"]});
    let mut found = world.call("ecs", "describe_task_definition", look);
    super::super::shape::without(&mut found, &["registeredAt"]);
    found
}

fn services(world: &mut World<'_>) -> Value {
    let found = world.call("ecs", "describe_services", json!({"cluster": "shop", "services": ["web"]}));
    for deployment in found["services"][0]["deployments"].as_array().unwrap() {
        world.name(&deployment["id"], "deployment");
    }
    found
}
