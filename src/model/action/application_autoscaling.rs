//! Application Auto Scaling: between which bounds a service's capacity may move by itself.

use serde_json::json;

use super::Action;
use super::operation::{Operation, Pages, inputs, is_set, last, part};
use crate::model::Value;
use crate::model::outcome::ProbeAnswer;

inputs! {
    /// Result: `{scalable_target_arn}`. A capacity outside the new bounds is moved into them soon after.
    RegisterScalableTarget {
        /// `ecs`, `dynamodb`, `rds` …
        service_namespace: String,
        /// `service/CLUSTER/SERVICE` for ECS.
        resource_id: String,
        /// `ecs:service:DesiredCount` for ECS.
        scalable_dimension: String;
        /// Needed when nothing is registered yet.
        min_capacity: u32,
        /// Needed when nothing is registered yet.
        max_capacity: u32,
        suspended_state: SuspendedState,
    }

    /// Which kinds of scaling are held back.
    SuspendedState {
        ;
        dynamic_scaling_in_suspended: bool,
        dynamic_scaling_out_suspended: bool,
        scheduled_scaling_suspended: bool,
    }

    /// Result: `{scalable_targets: [{service_namespace, resource_id, scalable_dimension, min_capacity, max_capacity, suspended_state: {…}}]}`.
    DescribeScalableTargets {
        service_namespace: String;
        resource_ids: Vec<String>,
        scalable_dimension: String,
    }
}

fn page(pages: &Pages<'_>, namespace: &str, resource: &str) -> Option<String> {
    let mut parts = resource.split('/');
    match (namespace, parts.next(), parts.next(), parts.next()) {
        ("ecs", Some("service"), Some(cluster), Some(service)) => Some(pages.regional(&format!(
            "ecs/v2/clusters/{}/services/{}/health?region={{region}}",
            part(cluster),
            part(service)
        ))),
        _ => None,
    }
}

impl Operation for RegisterScalableTarget {
    fn probe(&self) -> Option<Action> {
        Some(Action::DescribeScalableTargets(DescribeScalableTargets {
            service_namespace: self.service_namespace.clone(),
            resource_ids: Some(vec![self.resource_id.clone()]),
            scalable_dimension: Some(self.scalable_dimension.clone()),
        }))
    }

    fn judge(&self, _: Option<&Value>, now: &Value) -> ProbeAnswer {
        match &now["scalable_targets"][0] {
            // An empty list is an answer: nothing is registered.
            Value::Null if now["scalable_targets"].is_array() => ProbeAnswer::Before,
            target => is_set(self, target, &["service_namespace", "resource_id", "scalable_dimension"]),
        }
    }

    /// The bounds as they were; null where none were registered.
    fn before_view(&self, answer: &Value) -> Value {
        match &answer["scalable_targets"][0] {
            Value::Null => json!({"min_capacity": null, "max_capacity": null}),
            target => target.clone(),
        }
    }

    fn rights(&self) -> &'static [&'static str] {
        &["ecs:DescribeServices", "ecs:UpdateService", "iam:CreateServiceLinkedRole", "iam:PassRole"]
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.resource_id, last(&self.resource_id)]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        page(pages, &self.service_namespace, &self.resource_id)
    }
}

impl Operation for DescribeScalableTargets {
    fn names(&self) -> Vec<&str> {
        self.resource_ids.iter().flatten().flat_map(|id| [id.as_str(), last(id)]).collect()
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        page(pages, &self.service_namespace, self.resource_ids.as_ref()?.first()?)
    }
}
