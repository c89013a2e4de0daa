//! ECS task definitions: families of revisions, each made from another.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Answer, Context, Place, Refusal, World};
use crate::model::Value;
use crate::model::action::ecs as calls;
use crate::sim::naming::short;

/// One revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskDefinition {
    pub family: String,
    pub revision: u64,
    pub account: String,
    pub containers: Vec<Container>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    pub name: String,
    pub image: String,
    pub environment: BTreeMap<String, String>,
    /// Where each secret's value comes from.
    pub secrets: BTreeMap<String, String>,
}

impl TaskDefinition {
    fn arn(&self, region: &str) -> String {
        format!("arn:aws:ecs:{region}:{}:task-definition/{}:{}", self.account, self.family, self.revision)
    }

    fn view(&self, region: &str, shown: &[String]) -> Value {
        let containers: Vec<Value> = self.containers.iter().map(|container| container.view(shown)).collect();
        let role = |name: &str| format!("arn:aws:iam::{}:role/{}-{name}", self.account, self.family);
        json!({
            "task_definition_arn": self.arn(region),
            "family": self.family,
            "revision": self.revision,
            "status": "ACTIVE",
            "cpu": "512",
            "memory": "1024",
            "network_mode": "awsvpc",
            "task_role_arn": role("task"),
            "execution_role_arn": role("execution"),
            "container_definitions": containers,
        })
    }
}

impl Container {
    fn view(&self, shown: &[String]) -> Value {
        let variables: Vec<Value> = self
            .environment
            .iter()
            .map(|(name, value)| json!({"name": name, "value": shown.contains(name).then_some(value)}))
            .collect();
        let secrets: Vec<Value> =
            self.secrets.iter().map(|(name, from)| json!({"name": name, "value_from": from})).collect();
        json!({
            "name": self.name,
            "image": self.image,
            "essential": true,
            "environment": variables,
            "secrets": secrets,
        })
    }

    /// A name is either a variable or a secret: setting it as one takes the other away.
    fn change(&mut self, change: &calls::ContainerChange) {
        if let Some(image) = &change.image {
            self.image.clone_from(image);
        }
        for set in change.environment.iter().flatten() {
            self.secrets.remove(&set.name);
            self.environment.insert(set.name.clone(), set.value.clone());
        }
        for set in change.secrets.iter().flatten() {
            self.environment.remove(&set.name);
            self.secrets.insert(set.name.clone(), set.value_from.clone());
        }
    }
}

/// Family and revision in `family`, `family:revision` or an ARN.
pub fn parts(definition: &str) -> (&str, Option<u64>) {
    let last = definition.rsplit('/').next().unwrap_or(definition);
    last.split_once(':').map_or((last, None), |(family, revision)| (family, revision.parse().ok()))
}

fn unknown() -> Refusal {
    Refusal::invalid("ClientException", "Unable to describe task definition.")
}

impl World {
    /// The revisions of a family, the oldest first.
    fn family(&self, region: &str, family: &str) -> Option<&Vec<TaskDefinition>> {
        let place: Place = (region.to_owned(), family.to_owned());
        self.task_definitions.get(&place)
    }

    fn definition(&self, region: &str, wanted: &str) -> Option<&TaskDefinition> {
        let (family, revision) = parts(wanted);
        let revisions = self.family(region, family)?;
        match revision {
            None => revisions.last(),
            Some(revision) => revisions.iter().find(|definition| definition.revision == revision),
        }
    }

    /// The ARN of a family's newest revision.
    pub(super) fn newest_definition(&self, region: &str, family: &str) -> Option<String> {
        self.family(region, family)?.last().map(|definition| definition.arn(region))
    }

    pub(super) fn describe_task_definition(
        &self,
        call: &calls::DescribeTaskDefinition,
        context: &Context<'_>,
    ) -> Answer {
        let found = self.definition(&context.region, &call.task_definition).ok_or_else(unknown)?;
        Ok(found.view(&context.region, call.show.as_deref().unwrap_or_default()))
    }

    pub(super) fn register_task_definition(
        &mut self,
        call: &calls::RegisterTaskDefinition,
        context: &Context<'_>,
    ) -> Answer {
        let region = &context.region;
        let from = match (&call.cluster, &call.service) {
            (Some(cluster), Some(service)) => {
                let key = (region.clone(), short(cluster).to_owned(), short(service).to_owned());
                let no_service = || Refusal::not_found("ServiceNotFoundException", "Service not found.");
                self.services.get(&key).ok_or_else(no_service)?.task_definition.clone()
            }
            (None, None) => call.family.clone(),
            _ => {
                return Err(Refusal::invalid("InvalidParameterException", "`cluster` and `service` go together"));
            }
        };
        let family = parts(&from).0;
        if family != call.family {
            let why = format!("the service runs `{family}`, not `{}`: nothing was registered", call.family);
            return Err(Refusal::invalid("OtherFamily", why));
        }
        let mut made = self.definition(region, &from).ok_or_else(unknown)?.clone();
        for change in &call.container_definitions {
            let known: Vec<String> = made.containers.iter().map(|container| container.name.clone()).collect();
            let Some(container) = made.containers.iter_mut().find(|container| container.name == change.name) else {
                let why = format!("no container `{}`: there are {}", change.name, known.join(", "));
                return Err(Refusal::invalid("NoSuchContainer", why));
            };
            container.change(change);
        }
        let place = (region.clone(), call.family.clone());
        let revisions = self.task_definitions.entry(place).or_default();
        made.revision = revisions.last().map_or(0, |newest| newest.revision) + 1;
        let view = made.view(region, &call.variables());
        revisions.push(made);
        Ok(view)
    }
}
