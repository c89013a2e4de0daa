//! ECS task definitions: read, and registered anew from the one that runs.

use aws_sdk_ecs::types::{
    ContainerDefinition, KeyValuePair, NetworkMode, Secret, TaskDefinition, TaskDefinitionField, TaskDefinitionStatus,
};
use serde_json::json;

use super::calls::Calls;
use super::error::{invalid, not_found};
use super::shape::{empty_answer, some_text};
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::ecs as input;
use crate::model::outcome::CloudError;

pub(super) async fn describe_task_definition(
    calls: &Calls<'_>,
    call: &input::DescribeTaskDefinition,
) -> Result<CloudReply, CloudError> {
    let request = calls.ecs().describe_task_definition().task_definition(&call.task_definition).send();
    let shown = call.show.as_deref().unwrap_or_default();
    calls
        .try_answer(request, |output| {
            let missing = || not_found("ClientException", format!("no task definition `{}`", call.task_definition));
            output.task_definition().map(|found| view(found, shown)).ok_or_else(missing)
        })
        .await
}

/// Two reads before the one send; what they find changes nothing by itself.
pub(super) async fn register_task_definition(
    calls: &Calls<'_>,
    call: &input::RegisterTaskDefinition,
) -> Result<CloudReply, CloudError> {
    let from = match (&call.cluster, &call.service) {
        (Some(cluster), Some(service)) => running(calls, cluster, service).await?,
        (None, None) => call.family.clone(),
        _ => return Err(invalid("InvalidParameterException", "`cluster` and `service` go together")),
    };
    let look = calls.ecs().describe_task_definition().task_definition(&from).include(TaskDefinitionField::Tags).send();
    let found = calls.look(look).await?;
    let missing = || not_found("ClientException", format!("no task definition `{from}`"));
    let old = found.task_definition().ok_or_else(missing)?;
    if old.family() != Some(call.family.as_str()) {
        let family = old.family().unwrap_or_default();
        let why = format!("the service runs `{family}`, not `{}`: nothing was registered", call.family);
        return Err(invalid("OtherFamily", why));
    }
    let containers = changed(old.container_definitions(), &call.container_definitions)?;
    // Those that begin with aws: are AWS's own and may not be given.
    let own = |tag: &&aws_sdk_ecs::types::Tag| !tag.key().is_some_and(|key| key.starts_with("aws:"));
    let tags: Vec<_> = found.tags().iter().filter(own).cloned().collect();
    let request = calls
        .ecs()
        .register_task_definition()
        .family(&call.family)
        .set_container_definitions(Some(containers))
        .set_task_role_arn(old.task_role_arn.clone())
        .set_execution_role_arn(old.execution_role_arn.clone())
        .set_network_mode(old.network_mode.clone())
        .set_volumes(old.volumes.clone())
        .set_placement_constraints(old.placement_constraints.clone())
        .set_requires_compatibilities(old.requires_compatibilities.clone())
        .set_cpu(old.cpu.clone())
        .set_memory(old.memory.clone())
        .set_tags((!tags.is_empty()).then_some(tags))
        .set_pid_mode(old.pid_mode.clone())
        .set_ipc_mode(old.ipc_mode.clone())
        .set_proxy_configuration(old.proxy_configuration.clone())
        .set_ephemeral_storage(old.ephemeral_storage.clone())
        .set_runtime_platform(old.runtime_platform.clone())
        .set_enable_fault_injection(old.enable_fault_injection)
        .send();
    let shown = call.variables();
    let revision = |made: &TaskDefinition| view(made, &shown);
    let none = || empty_answer("task definition");
    calls.try_answer(request, |output| output.task_definition().map(revision).ok_or_else(none)).await
}

/// The definition that a service runs now.
async fn running(calls: &Calls<'_>, cluster: &str, service: &str) -> Result<String, CloudError> {
    let found = calls.look(calls.ecs().describe_services().cluster(cluster).services(service).send()).await?;
    let definition = found.services().first().and_then(|service| service.task_definition());
    definition.map(str::to_owned).ok_or_else(|| {
        let why = found.failures().first().and_then(|failure| failure.reason()).unwrap_or("MISSING");
        not_found("ServiceNotFoundException", format!("Service {service} not found: {why}."))
    })
}

/// The containers with the changes in them; all others as they are.
fn changed(
    old: &[ContainerDefinition],
    changes: &[input::ContainerChange],
) -> Result<Vec<ContainerDefinition>, CloudError> {
    let mut containers = old.to_vec();
    for change in changes {
        let container = containers.iter_mut().find(|container| container.name() == Some(change.name.as_str()));
        let container = container.ok_or_else(|| {
            let known: Vec<&str> = old.iter().filter_map(ContainerDefinition::name).collect();
            invalid("NoSuchContainer", format!("no container `{}`: there are {}", change.name, known.join(", ")))
        })?;
        change_container(container, change);
    }
    Ok(containers)
}

/// A name is either a variable or a secret: setting it as one takes the other away.
fn change_container(container: &mut ContainerDefinition, change: &input::ContainerChange) {
    if let Some(image) = &change.image {
        container.image = Some(image.clone());
    }
    let names: Vec<&str> = change
        .environment
        .iter()
        .flatten()
        .map(|set| set.name.as_str())
        .chain(change.secrets.iter().flatten().map(|set| set.name.as_str()))
        .collect();
    let stays = |name: Option<&str>| !name.is_some_and(|name| names.contains(&name));
    if let Some(variables) = &mut container.environment {
        variables.retain(|variable| stays(variable.name()));
    }
    if let Some(secrets) = &mut container.secrets {
        secrets.retain(|secret| stays(Some(secret.name())));
    }
    if let Some(set) = &change.environment {
        let new = set.iter().map(|set| KeyValuePair::builder().name(&set.name).value(&set.value).build());
        container.environment.get_or_insert_default().extend(new);
    }
    if let Some(set) = &change.secrets {
        let new = set.iter().map(|set| Secret::builder().name(&set.name).value_from(&set.value_from).build());
        container.secrets.get_or_insert_default().extend(new.filter_map(Result::ok));
    }
}

fn view(found: &TaskDefinition, shown: &[String]) -> Value {
    let containers: Vec<Value> = found.container_definitions().iter().map(|one| container(one, shown)).collect();
    json!({
        "task_definition_arn": found.task_definition_arn(),
        "family": found.family(),
        "revision": found.revision(),
        "status": found.status().map(TaskDefinitionStatus::as_str),
        "cpu": some_text(found.cpu()),
        "memory": some_text(found.memory()),
        "network_mode": found.network_mode().map(NetworkMode::as_str),
        "task_role_arn": some_text(found.task_role_arn()),
        "execution_role_arn": some_text(found.execution_role_arn()),
        "container_definitions": containers,
    })
}

/// People put passwords into variables, so no value is passed on that nobody asked for.
fn container(found: &ContainerDefinition, shown: &[String]) -> Value {
    let value = |variable: &KeyValuePair| {
        let may = variable.name().is_some_and(|name| shown.iter().any(|shown| shown == name));
        variable.value().filter(|_| may).map(str::to_owned)
    };
    let variables: Vec<Value> =
        found.environment().iter().map(|variable| json!({"name": variable.name(), "value": value(variable)})).collect();
    let secrets: Vec<Value> = found
        .secrets()
        .iter()
        .map(|secret| json!({"name": secret.name(), "value_from": secret.value_from()}))
        .collect();
    json!({
        "name": found.name(),
        "image": found.image(),
        "essential": found.essential().unwrap_or(true),
        "environment": variables,
        "secrets": secrets,
    })
}

#[cfg(test)]
mod tests {
    use super::super::wire::{self, Answer};
    use super::*;
    use crate::model::action::examples::example_with;
    use crate::model::outcome::CloudErrorKind;

    const REGISTER: &str = "aws/ecs.register_task_definition";
    const ARN: &str = "arn:aws:ecs:us-east-1:111122223333:task-definition/web:7";

    fn services() -> Answer {
        Answer::ok(&json!({"services": [{"serviceName": "web", "taskDefinition": ARN}]}).to_string())
    }

    fn definition(family: &str, host: &str) -> Value {
        json!({
            "taskDefinitionArn": ARN, "family": family, "revision": 7, "status": "ACTIVE", "cpu": "256",
            "networkMode": "awsvpc", "registeredBy": "arn:x", "requiresAttributes": [{"name": "a"}],
            "volumes": [{"name": "data"}],
            "containerDefinitions": [
                {"name": "web", "image": "web:1", "cpu": 0, "stopTimeout": 30,
                 "environment": [{"name": "DATABASE_HOST", "value": host}, {"name": "PASSWORD", "value": "hunter2"}],
                 "secrets": [{"name": "KEY", "valueFrom": "arn:key"}]},
                {"name": "log", "image": "log:1", "cpu": 0},
            ],
        })
    }

    fn described(family: &str) -> Answer {
        let tags = json!([{"key": "team", "value": "shop"}, {"key": "aws:made-by", "value": "x"}]);
        let found = definition(family, "home.shop.example");
        Answer::ok(&json!({"taskDefinition": found, "tags": tags}).to_string())
    }

    async fn register(with: &Value, answers: Vec<Answer>) -> (Result<Value, CloudError>, Vec<wire::Sent>) {
        let (reply, sent) = wire::ask(&wire::send(REGISTER, with), answers).await;
        (reply.map(|reply| reply.value), sent)
    }

    #[tokio::test]
    async fn the_running_definition_is_registered_again_with_the_change_and_nothing_else() {
        let made = Answer::ok(&json!({"taskDefinition": definition("web", "dr.shop.example")}).to_string());
        let with = example_with(REGISTER).unwrap();
        let (answer, sent) = register(&with, vec![services(), described("web"), made]).await;
        let answer = answer.unwrap();
        assert_eq!(answer["task_definition_arn"], ARN);
        let variables = json!([
            {"name": "DATABASE_HOST", "value": "dr.shop.example"}, {"name": "PASSWORD", "value": null},
        ]);
        assert_eq!(answer["container_definitions"][0]["environment"], variables);
        assert!(!answer.to_string().contains("hunter2"));
        assert_eq!(sent.len(), 3);
        let asked: Value = serde_json::from_str(&sent[1].body).unwrap();
        assert_eq!(asked["taskDefinition"], ARN);
        let body: Value = serde_json::from_str(&sent[2].body).unwrap();
        let mut expected = definition("web", "home.shop.example");
        let members = expected.as_object_mut().unwrap();
        for added in ["taskDefinitionArn", "revision", "status", "registeredBy", "requiresAttributes"] {
            members.remove(added);
        }
        members.insert("tags".to_owned(), json!([{"key": "team", "value": "shop"}]));
        expected["containerDefinitions"][0]["environment"] =
            json!([{"name": "PASSWORD", "value": "hunter2"}, {"name": "DATABASE_HOST", "value": "dr.shop.example"}]);
        assert_eq!(body, expected);
    }

    #[tokio::test]
    async fn a_variable_that_becomes_a_secret_is_no_variable_any_more() {
        let secret = json!({"name": "PASSWORD", "value_from": "arn:password"});
        let with =
            json!({"family": "web", "container_definitions": [{"name": "web", "image": "web:2", "secrets": [secret]}]});
        let made = Answer::ok(&json!({"taskDefinition": definition("web", "x")}).to_string());
        let (answer, sent) = register(&with, vec![described("web"), made]).await;
        answer.unwrap();
        let body: Value = serde_json::from_str(&sent[1].body).unwrap();
        let web = &body["containerDefinitions"][0];
        assert_eq!(web["image"], "web:2");
        assert_eq!(web["environment"], json!([{"name": "DATABASE_HOST", "value": "home.shop.example"}]));
        let secrets =
            json!([{"name": "KEY", "valueFrom": "arn:key"}, {"name": "PASSWORD", "valueFrom": "arn:password"}]);
        assert_eq!(web["secrets"], secrets);
    }

    #[tokio::test]
    async fn what_does_not_fit_is_refused_before_anything_is_sent() {
        let with = example_with(REGISTER).unwrap();
        let code = async |with: &Value, answers: Vec<Answer>, asked: usize| {
            let (answer, sent) = register(with, answers).await;
            assert_eq!(sent.len(), asked);
            let error = answer.unwrap_err();
            (error.kind, error.code)
        };
        let other = code(&with, vec![services(), described("other")], 2).await;
        assert_eq!(other, (CloudErrorKind::Invalid, "OtherFamily".to_owned()));
        let gone = Answer::ok(&json!({"services": [], "failures": [{"reason": "MISSING"}]}).to_string());
        assert_eq!(code(&with, vec![gone], 1).await.0, CloudErrorKind::NotFound);
        let mut typo = with.clone();
        typo["container_definitions"][0]["name"] = json!("wbe");
        let code = code(&typo, vec![services(), described("web")], 2).await;
        assert_eq!(code, (CloudErrorKind::Invalid, "NoSuchContainer".to_owned()));
    }
}
