//! What goes through a program of the user's, `aws` or `kubectl`: a drill starts neither, and answers
//! what the scenario declares or what the world is.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Answer, Context, Refusal, World};
use crate::model::action::{cli, kube};
use crate::model::{Object, Value};

/// What a scenario declares for a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Declared {
    Answer(Value),
    Error { code: String, message: String },
}

/// Namespace and name.
pub type DeploymentKey = (String, String);

/// A Kubernetes deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    pub generation: u64,
    pub replicas: u32,
    /// Variables by container.
    pub containers: BTreeMap<String, BTreeMap<String, String>>,
    /// When the last change is rolled out (Unix ms).
    pub settled_ms: i64,
    pub changed_ms: i64,
}

const ROLLED_OUT_MS: (u64, u64) = (40_000, 110_000);

/// The namespace that `kubectl` takes where none is given.
#[must_use]
pub fn key(namespace: Option<&str>, deployment: &str) -> DeploymentKey {
    (namespace.unwrap_or("default").to_owned(), deployment.to_owned())
}

impl World {
    /// What is declared for the longest beginning of the command, or nothing at all, and that it is so.
    pub(super) fn by_aws_cli(&self, command: &cli::Command<'_>) -> Answer {
        if let Some(why) = command.refusal() {
            return Err(Refusal::invalid("NotRun", why));
        }
        let words = [command.service, command.operation].into_iter().chain(command.args.iter().map(String::as_str));
        let line = words.collect::<Vec<_>>().join(" ");
        let begins =
            |start: &str| line.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        let declared = self.aws_cli.iter().filter(|(start, _)| begins(start)).max_by_key(|(start, _)| start.len());
        match declared.map(|(_, declared)| declared) {
            Some(Declared::Answer(answer)) => Ok(answer.clone()),
            Some(Declared::Error { code, message }) => Err(Refusal::worded(code, message)),
            None => {
                let mut none = Object::new();
                let name = format!("{} {}", command.service, command.operation);
                let told = format!("no answer is declared: `world: {{ aws_cli: {{ \"{name}\": {{ answer: … }} }} }}`");
                none.insert("simulated".to_owned(), Value::from(told));
                Ok(Value::Object(none))
            }
        }
    }

    /// As [`World::by_aws_cli`], for a send: how it ended can be asked for later.
    pub(super) fn sent_by_aws_cli(&mut self, command: &cli::Command<'_>, context: &Context<'_>) -> Answer {
        let answer = self.by_aws_cli(command);
        let account = match &answer {
            Ok(value) => value.clone(),
            Err(refusal) => cli::account::nothing_done(refusal.code()),
        };
        self.programs.insert(context.token.to_owned(), account);
        answer
    }

    pub(super) fn account_of_aws_cli(&self, context: &Context<'_>) -> Value {
        let known = self.programs.get(context.token).cloned();
        known.unwrap_or_else(|| cli::account::nothing_done("the simulated machine has not started it"))
    }

    fn deployment(&self, namespace: Option<&str>, name: &str) -> Result<&Deployment, Refusal> {
        let missing = || Refusal::not_found("NotFound", format!("deployments.apps \"{name}\" not found"));
        self.deployments.get(&key(namespace, name)).ok_or_else(missing)
    }

    fn deployment_view(name: &str, namespace: Option<&str>, found: &Deployment, shown: &[String]) -> Value {
        let containers: Vec<Value> = found
            .containers
            .iter()
            .map(|(container, variables)| {
                let variables: BTreeMap<&String, Option<&String>> =
                    variables.iter().map(|(name, value)| (name, shown.contains(name).then_some(value))).collect();
                json!({"name": container, "image": format!("{container}:1"), "env": variables})
            })
            .collect();
        json!({
            "name": name,
            "namespace": key(namespace, name).0,
            "generation": found.generation,
            "replicas": found.replicas,
            "containers": containers,
        })
    }

    pub(super) fn get_deployment(&self, call: &kube::GetDeployment) -> Answer {
        if let Some(why) = call.refusal() {
            return Err(Refusal::invalid("NotAName", why));
        }
        let found = self.deployment(call.namespace.as_deref(), &call.deployment)?;
        let shown = call.show.as_deref().unwrap_or_default();
        Ok(Self::deployment_view(&call.deployment, call.namespace.as_deref(), found, shown))
    }

    pub(super) fn set_env(&mut self, call: &kube::SetEnv, context: &mut Context<'_>) -> Answer {
        if let Some(why) = call.refusal() {
            return Err(Refusal::invalid("NotAName", why));
        }
        let namespace = call.namespace.as_deref();
        let mut found = self.deployment(namespace, &call.deployment)?.clone();
        let meant = |name: &String| call.container.as_ref().is_none_or(|container| container == name);
        if !found.containers.keys().any(meant) {
            return Err(Refusal::invalid("NotFound", "unable to find container"));
        }
        let before = found.containers.clone();
        for (_, variables) in found.containers.iter_mut().filter(|(name, _)| meant(name)) {
            variables.extend(call.env.clone());
        }
        if found.containers != before {
            found.generation += 1;
            found.changed_ms = self.now_ms;
            let ms = context.dice.between(ROLLED_OUT_MS.0, ROLLED_OUT_MS.1) + context.fate.hang_ms;
            found.settled_ms = self.after(ms);
        }
        let view = Self::deployment_view(&call.deployment, namespace, &found, &call.variables());
        self.deployments.insert(key(namespace, &call.deployment), found);
        Ok(view)
    }

    pub(super) fn rollout_status(&self, call: &kube::RolloutStatus) -> Answer {
        if let Some(why) = call.refusal() {
            return Err(Refusal::invalid("NotAName", why));
        }
        let found = self.deployment(call.namespace.as_deref(), &call.deployment)?;
        let updated = found.updated(self.now_ms);
        let complete = updated == found.replicas;
        Ok(json!({
            "complete": complete,
            "replicas": found.replicas,
            "updated": updated,
            "available": found.replicas,
            "unavailable": 0,
            "reason": (!complete).then_some("not all pods are new"),
        }))
    }
}

impl Deployment {
    /// How many pods are of the newest version: they are replaced one after another.
    fn updated(&self, now_ms: i64) -> u32 {
        if now_ms >= self.settled_ms {
            return self.replicas;
        }
        let length_ms = (self.settled_ms - self.changed_ms).max(1);
        let part = (now_ms - self.changed_ms).max(0) * i64::from(self.replicas) / length_ms;
        u32::try_from(part).unwrap_or(0).min(self.replicas.saturating_sub(1))
    }
}
