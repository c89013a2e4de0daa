//! Changes to what `aws` and `kubectl` would find.

use serde::Deserialize;

use super::{Met, members, set};
use crate::model::Value;
use crate::sim::SimError;
use crate::sim::world::World;
use crate::sim::world::programs::{Declared, key};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CliPatch {
    answer: Option<Value>,
    error: Option<CliError>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CliError {
    code: String,
    #[serde(default)]
    message: String,
}

/// What a command through `aws` answers, by its beginning: `ecr describe-images`.
pub(super) fn aws_cli(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let patch: CliPatch = members("aws_cli", id, value)?;
    let declared = match (patch.answer, patch.error) {
        (Some(answer), None) => Declared::Answer(answer),
        (None, Some(CliError { code, message })) => Declared::Error { code, message },
        _ => return Err(SimError::Scenario(format!("`world.aws_cli.{id}` needs either `answer` or `error`"))),
    };
    world.aws_cli.insert(id.strip_prefix("aws ").unwrap_or(id).to_owned(), declared);
    Ok((true, Vec::new()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeploymentPatch {
    replicas: Option<u32>,
}

/// A Kubernetes deployment, as `NAMESPACE/NAME` or by its name in the default namespace.
pub(super) fn deployment(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let known = world.deployments.keys().map(|(namespace, name)| format!("{namespace}/{name}")).collect();
    let place = id.split_once('/').map_or_else(|| key(None, id), |(namespace, name)| key(Some(namespace), name));
    if value.is_null() {
        return Ok((world.deployments.remove(&place).is_some(), known));
    }
    let patch: DeploymentPatch = members("deployment", id, value)?;
    let Some(found) = world.deployments.get_mut(&place) else { return Ok((false, known)) };
    set(&mut found.replicas, patch.replicas);
    Ok((true, known))
}
