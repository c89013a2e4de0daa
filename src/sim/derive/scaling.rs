//! Bounds of capacities and target groups that a plan takes for granted, as they are before it.

use serde_json::json;

use super::{Dice, Wanted, data};
use crate::model::{Object, Value};
use crate::sim::world::World;
use crate::sim::world::elbv2::TargetGroup;
use crate::sim::world::scaling::{Scalable, scalable_arn};

/// The bounds a call names: low on a standby that the plan is about to raise.
pub fn scalable(world: &mut World, wanted: &Wanted) {
    let Some(namespace) = wanted.text("service_namespace") else { return };
    let dimension = wanted.text("scalable_dimension").unwrap_or("ecs:service:DesiredCount");
    let listed = wanted.with["resource_ids"].as_array().into_iter().flatten().filter_map(Value::as_str);
    for resource in wanted.text("resource_id").into_iter().chain(listed) {
        let mut dice = Dice::named(world.seed, &format!("scalable {} {resource}", wanted.region));
        let arn = scalable_arn(&mut dice, &wanted.region, &wanted.account);
        let raised = wanted.with["max_capacity"].as_u64().or_else(|| wanted.with["min_capacity"].as_u64());
        let raised = raised.filter(|_| wanted.changes);
        let (min, max) = match raised {
            // It is about to be shut down.
            Some(0) => (2, 6),
            // A standby at rest: what is asked for does not fit yet.
            Some(_) => (0, 1),
            None => (1, 10),
        };
        let key = (wanted.region.clone(), namespace.to_owned(), resource.to_owned(), dimension.to_owned());
        world.scalables.entry(key).or_insert(Scalable { arn, min, max, suspended: None });
        let mut parts = resource.split('/').skip(1);
        if let ("ecs", Some(cluster), Some(service)) = (namespace, parts.next(), parts.next()) {
            data::service_named(world, wanted, cluster, service);
        }
    }
}

/// The target groups a call names; their health checks are off where the plan switches them on.
pub fn target_groups(world: &mut World, wanted: &Wanted) {
    let listed = wanted.with["target_group_arns"].as_array().into_iter().flatten().filter_map(Value::as_str);
    for arn in wanted.text("target_group_arn").into_iter().chain(listed) {
        let switched_on = wanted.changes && wanted.with["health_check_enabled"] == json!(true);
        let settings = json!({
            "health_check_enabled": !switched_on,
            "health_check_protocol": "HTTP",
            "health_check_port": "traffic-port",
            "health_check_path": "/",
            "health_check_interval_seconds": 30,
            "health_check_timeout_seconds": 5,
            "healthy_threshold_count": 5,
            "unhealthy_threshold_count": 2,
            "matcher": {"http_code": "200"},
        });
        let settings = settings.as_object().cloned().unwrap_or_else(Object::new);
        let group = TargetGroup { arn: arn.to_owned(), port: 8080, settings, unhealthy: 0 };
        world.target_groups.entry((wanted.region.clone(), arn.to_owned())).or_insert(group);
    }
}
