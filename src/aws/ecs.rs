//! ECS services.

use aws_sdk_ecs::types::{Deployment, DeploymentRolloutState, LaunchType, Service};
use serde_json::json;

use super::calls::Calls;
use super::error::not_found;
use super::shape::{count, empty_answer};
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::ecs as input;
use crate::model::outcome::CloudError;

pub(super) async fn update_service(calls: &Calls<'_>, call: &input::UpdateService) -> Result<CloudReply, CloudError> {
    let request = calls
        .ecs()
        .update_service()
        .cluster(&call.cluster)
        .service(&call.service)
        .set_desired_count(call.desired_count.map(u32::cast_signed))
        .set_task_definition(call.task_definition.clone())
        .set_force_new_deployment(call.force_new_deployment)
        .send();
    calls.try_answer(request, |output| output.service.as_ref().map(view).ok_or_else(|| empty_answer("service"))).await
}

pub(super) async fn describe_services(
    calls: &Calls<'_>,
    call: &input::DescribeServices,
) -> Result<CloudReply, CloudError> {
    let request =
        calls.ecs().describe_services().cluster(&call.cluster).set_services(Some(call.services.clone())).send();
    calls
        .answer(request, |output| {
            let services: Vec<Value> = output.services().iter().map(view).collect();
            let failures: Vec<Value> = output
                .failures()
                .iter()
                .map(|failure| json!({"arn": failure.arn(), "reason": failure.reason()}))
                .collect();
            json!({"services": services, "failures": failures})
        })
        .await
}

pub(super) async fn services_stable(calls: &Calls<'_>, call: &input::ServicesStable) -> Result<CloudReply, CloudError> {
    let request = calls.ecs().describe_services().cluster(&call.cluster).services(&call.service).send();
    calls
        .try_answer(request, |output| {
            let missing = || {
                let why = output.failures().first().and_then(|failure| failure.reason()).unwrap_or("MISSING");
                not_found("ServiceNotFoundException", format!("Service {} not found: {why}.", call.service))
            };
            output.services().first().map(stability).ok_or_else(missing)
        })
        .await
}

/// One deployment, and all its tasks run. A service that was deleted has no deployment.
fn stability(service: &Service) -> Value {
    let deployments = service.deployments();
    json!({
        "stable": deployments.len() == 1 && service.running_count == service.desired_count,
        "desired_count": count(service.desired_count),
        "running_count": count(service.running_count),
        "deployments": deployments.iter().map(deployment).collect::<Vec<_>>(),
        "rollout_state": primary(deployments).and_then(Deployment::rollout_state).map(DeploymentRolloutState::as_str),
    })
}

fn primary(deployments: &[Deployment]) -> Option<&Deployment> {
    deployments.iter().find(|deployment| deployment.status() == Some("PRIMARY")).or_else(|| deployments.first())
}

fn view(service: &Service) -> Value {
    json!({
        "service_name": service.service_name(),
        "status": service.status(),
        "desired_count": count(service.desired_count),
        "running_count": count(service.running_count),
        "pending_count": count(service.pending_count),
        "task_definition": service.task_definition(),
        "launch_type": service.launch_type().map(LaunchType::as_str),
        "deployments": service.deployments().iter().map(deployment).collect::<Vec<_>>(),
    })
}

fn deployment(deployment: &Deployment) -> Value {
    json!({
        "id": deployment.id(),
        "status": deployment.status(),
        "rollout_state": deployment.rollout_state().map(DeploymentRolloutState::as_str),
        "desired_count": count(deployment.desired_count),
        "running_count": count(deployment.running_count),
    })
}
