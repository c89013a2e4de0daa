//! ECS services, clusters and task definitions.

mod definitions;

pub use definitions::{
    ContainerChange, DescribeTaskDefinition, KeyValuePair, RegisterTaskDefinition, Secret, family_of,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Result: the service: `{service_name, status, desired_count, running_count, pending_count, task_definition, launch_type|null, deployments: [{id, status, rollout_state, desired_count, running_count}]}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateService {
    pub cluster: String,
    pub service: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired_count: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force_new_deployment: Option<bool>,
}

/// Result: `{services: [service, as UpdateService], failures: [{arn, reason}]}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribeServices {
    pub cluster: String,
    pub services: Vec<String>,
}

/// Result: `{stable, desired_count, running_count, deployments, rollout_state}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServicesStable {
    pub cluster: String,
    pub service: String,
}

/// Result: `{clusters: [{cluster_name, cluster_arn, status, capacity_providers, registered_container_instances_count, running_tasks_count, pending_tasks_count, active_services_count}], failures: [{arn, reason}]}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribeClusters {
    /// Names or ARNs, at most 100.
    pub clusters: Vec<String>,
}
