//! Application Auto Scaling: the bounds of a capacity.

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScalableTarget, ServiceNamespace, SuspendedState};
use serde_json::json;

use super::calls::Calls;
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::application_autoscaling as input;
use crate::model::outcome::CloudError;

pub(super) async fn register_scalable_target(
    calls: &Calls<'_>,
    call: &input::RegisterScalableTarget,
) -> Result<CloudReply, CloudError> {
    let held = call.suspended_state.as_ref().map(|held| {
        SuspendedState::builder()
            .set_dynamic_scaling_in_suspended(held.dynamic_scaling_in_suspended)
            .set_dynamic_scaling_out_suspended(held.dynamic_scaling_out_suspended)
            .set_scheduled_scaling_suspended(held.scheduled_scaling_suspended)
            .build()
    });
    let request = calls
        .autoscaling()
        .register_scalable_target()
        .service_namespace(ServiceNamespace::from(call.service_namespace.as_str()))
        .resource_id(&call.resource_id)
        .scalable_dimension(ScalableDimension::from(call.scalable_dimension.as_str()))
        .set_min_capacity(call.min_capacity.map(u32::cast_signed))
        .set_max_capacity(call.max_capacity.map(u32::cast_signed))
        .set_suspended_state(held);
    calls.answer(request.send(), |output| json!({"scalable_target_arn": output.scalable_target_arn()})).await
}

pub(super) async fn describe_scalable_targets(
    calls: &Calls<'_>,
    call: &input::DescribeScalableTargets,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .autoscaling()
        .describe_scalable_targets()
        .service_namespace(ServiceNamespace::from(call.service_namespace.as_str()))
        .set_resource_ids(call.resource_ids.clone())
        .set_scalable_dimension(call.scalable_dimension.as_deref().map(ScalableDimension::from));
    calls
        .answer(request.send(), |output| {
            let targets: Vec<Value> = output.scalable_targets().iter().map(target).collect();
            json!({"scalable_targets": targets})
        })
        .await
}

fn target(target: &ScalableTarget) -> Value {
    let held = target.suspended_state();
    let is_held = |flag: fn(&SuspendedState) -> Option<bool>| held.and_then(flag) == Some(true);
    json!({
        "service_namespace": target.service_namespace().as_str(),
        "resource_id": target.resource_id(),
        "scalable_dimension": target.scalable_dimension().as_str(),
        "min_capacity": target.min_capacity(),
        "max_capacity": target.max_capacity(),
        "suspended_state": {
            "dynamic_scaling_in_suspended": is_held(SuspendedState::dynamic_scaling_in_suspended),
            "dynamic_scaling_out_suspended": is_held(SuspendedState::dynamic_scaling_out_suspended),
            "scheduled_scaling_suspended": is_held(SuspendedState::scheduled_scaling_suspended),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::wire::{self, Answer};
    use super::*;
    use crate::model::action::examples::{example, example_with};
    use crate::model::outcome::ProbeAnswer;

    const REGISTER: &str = "aws/application_autoscaling.register_scalable_target";

    #[tokio::test]
    async fn bounds_are_set_in_one_request() {
        let request = wire::send(REGISTER, &example_with(REGISTER).unwrap());
        let answer = Answer::ok(r#"{"ScalableTargetARN":"arn:t"}"#);
        let (reply, sent) = wire::ask(&request, [answer]).await;
        assert_eq!(reply.unwrap().value, json!({"scalable_target_arn": "arn:t"}));
        assert_eq!(sent.len(), 1);
        let body: Value = serde_json::from_str(&sent[0].body).unwrap();
        assert_eq!(
            body,
            json!({"ServiceNamespace": "ecs", "ResourceId": "service/shop/web",
                   "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 3, "MaxCapacity": 6})
        );
        assert_eq!(sent[0].signed_for().as_deref(), Some("eu-central-1/application-autoscaling"));
    }

    #[tokio::test]
    async fn the_probe_reads_the_bounds_and_knows_them_again() {
        let register = example(REGISTER).unwrap();
        let probe = register.probe().unwrap();
        let ask = async |min: u32| {
            let body = json!({"ScalableTargets": [{
                "ServiceNamespace": "ecs", "ResourceId": "service/shop/web",
                "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": min, "MaxCapacity": 6,
                "RoleARN": "arn:r", "CreationTime": 1_767_495_600,
                "SuspendedState": {"DynamicScalingInSuspended": true}}]});
            let request = wire::read(probe.name(), &probe.with());
            wire::ask(&request, [Answer::ok(&body.to_string())]).await.0.unwrap().value
        };
        let set = ask(3).await;
        assert_eq!(set["scalable_targets"][0]["suspended_state"]["dynamic_scaling_in_suspended"], true);
        assert_eq!(register.judge(None, &set), ProbeAnswer::After);
        assert_eq!(register.judge(None, &ask(0).await), ProbeAnswer::Before);
        assert_eq!(register.judge(None, &json!({"scalable_targets": []})), ProbeAnswer::Before);
        assert_eq!(register.before_view(&set)["min_capacity"], 3);
    }
}
