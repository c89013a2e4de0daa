//! ECS at ministack: a service with a task definition, scaled down to nothing.

use serde_json::{Value, json};

use super::{Case, World, changing, reading};

pub(super) fn cases() -> Vec<Case> {
    vec![
        changing("aws/ecs.update_service", service, services),
        reading("aws/ecs.describe_services", service),
        reading("aws/ecs.services_stable", service),
        reading("aws/ecs.describe_clusters", service),
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

fn services(world: &mut World<'_>) -> Value {
    let found = world.call("ecs", "describe_services", json!({"cluster": "shop", "services": ["web"]}));
    for deployment in found["services"][0]["deployments"].as_array().unwrap() {
        world.name(&deployment["id"], "deployment");
    }
    found
}
