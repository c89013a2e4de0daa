//! Kubernetes, through the user's own `kubectl`: what a failover changes in a deployment.

use std::collections::BTreeMap;

use serde_json::json;

use super::Action;
use super::operation::{Home, Operation, inputs};
use crate::model::Value;
use crate::model::outcome::ProbeAnswer;
use crate::model::plan::ResolvedTarget;

inputs! {
    /// Result: as `GetDeployment`, with the values of the variables that were set. Its pods are replaced one after another: wait for `kube/rollout_status`.
    SetEnv {
        deployment: String,
        /// Variables to set; those that are not named stay. They are shown and recorded.
        env: BTreeMap<String, String>;
        /// Default: every container of the deployment.
        container: String,
        namespace: String,
        /// Default: the current one of the user's configuration.
        context: String,
    }

    /// Result: `{name, namespace, generation, replicas, containers: [{name, image, env: {NAME: value|null}}]}`; the values of variables are null but for those in `show`.
    GetDeployment {
        deployment: String;
        namespace: String,
        context: String,
        /// Variables whose values may be shown and recorded.
        show: Vec<String>,
    }

    /// Result: `{complete, replicas, updated, available, unavailable, reason|null}`: whether every pod is of the newest version and ready.
    RolloutStatus {
        deployment: String;
        namespace: String,
        context: String,
    }
}

/// `kubectl` with where it looks.
fn kubectl(context: Option<&String>, namespace: Option<&String>) -> Vec<String> {
    let mut line = vec!["kubectl".to_owned()];
    line.extend(context.map(|context| format!("--context={context}")));
    line.extend(namespace.map(|namespace| format!("--namespace={namespace}")));
    line
}

/// Why a name of a deployment, container or variable is not handed to a program.
fn not_a_name(what: &str, name: &str) -> Option<String> {
    let is_fine = !name.is_empty()
        && !name.starts_with('-')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    (!is_fine).then(|| format!("`{name}` is no name of a {what}"))
}

/// What the command line sees a deployment as.
fn read_line(deployment: &str, context: Option<&String>, namespace: Option<&String>) -> Vec<String> {
    let mut line = kubectl(context, namespace);
    line.extend(["get", "deployment", deployment, "--output=json"].map(str::to_owned));
    line
}

impl SetEnv {
    #[must_use]
    pub fn argv(&self) -> Vec<String> {
        let mut line = kubectl(self.context.as_ref(), self.namespace.as_ref());
        line.extend(["set", "env"].map(str::to_owned));
        line.push(format!("deployment/{}", self.deployment));
        line.extend(self.container.as_ref().map(|container| format!("--containers={container}")));
        line.extend(self.env.iter().map(|(name, value)| format!("{name}={value}")));
        line
    }

    /// What shows the deployment afterwards.
    #[must_use]
    pub fn look(&self) -> Vec<String> {
        read_line(&self.deployment, self.context.as_ref(), self.namespace.as_ref())
    }

    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        let container = self.container.iter().find_map(|name| not_a_name("container", name));
        let variable = self.env.keys().find_map(|name| not_a_name("variable", name));
        let none = self.env.is_empty().then(|| "`env` sets no variable".to_owned());
        not_a_name("deployment", &self.deployment).or(container).or(variable).or(none)
    }

    #[must_use]
    pub fn variables(&self) -> Vec<String> {
        self.env.keys().cloned().collect()
    }
}

impl GetDeployment {
    #[must_use]
    pub fn argv(&self) -> Vec<String> {
        read_line(&self.deployment, self.context.as_ref(), self.namespace.as_ref())
    }

    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        not_a_name("deployment", &self.deployment)
    }
}

impl RolloutStatus {
    #[must_use]
    pub fn argv(&self) -> Vec<String> {
        read_line(&self.deployment, self.context.as_ref(), self.namespace.as_ref())
    }

    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        not_a_name("deployment", &self.deployment)
    }
}

/// A deployment as `kubectl get -o json` prints it, in our words; `None` when it is something else.
#[must_use]
pub fn view(deployment: &Value, shown: &[String]) -> Option<Value> {
    let metadata = deployment["metadata"].as_object()?;
    let containers = deployment["spec"]["template"]["spec"]["containers"].as_array()?;
    let container = |container: &Value| {
        let variables = container["env"].as_array().into_iter().flatten().filter_map(|variable| {
            let name = variable["name"].as_str()?;
            let may = shown.iter().any(|shown| shown == name);
            Some((name.to_owned(), if may { variable["value"].clone() } else { Value::Null }))
        });
        let variables: serde_json::Map<String, Value> = variables.collect();
        json!({"name": container["name"], "image": container["image"], "env": variables})
    };
    let containers: Vec<Value> = containers.iter().map(container).collect();
    Some(json!({
        "name": metadata.get("name"),
        "namespace": metadata.get("namespace"),
        "generation": metadata.get("generation"),
        "replicas": deployment["spec"]["replicas"],
        "containers": containers,
    }))
}

/// How far a deployment's roll-out is, as `kubectl rollout status` judges it.
#[must_use]
pub fn rollout(deployment: &Value) -> Option<Value> {
    let generation = deployment["metadata"]["generation"].as_u64()?;
    let status = deployment["status"].as_object()?;
    let count = |name: &str| status.get(name).and_then(Value::as_u64).unwrap_or(0);
    let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
    let (updated, total, available) = (count("updatedReplicas"), count("replicas"), count("availableReplicas"));
    let conditions = status.get("conditions").and_then(Value::as_array);
    let overdue = conditions.into_iter().flatten().any(|condition| {
        condition["type"] == json!("Progressing") && condition["reason"] == json!("ProgressDeadlineExceeded")
    });
    let reason = if count("observedGeneration") < generation {
        Some("the change has not been seen yet")
    } else if overdue {
        Some("its progress deadline is over")
    } else if updated < wanted {
        Some("not all pods are new")
    } else if total > updated {
        Some("old pods are still there")
    } else if available < updated {
        Some("not all pods are ready")
    } else {
        None
    };
    Some(json!({
        "complete": reason.is_none(),
        "replicas": wanted,
        "updated": updated,
        "available": available,
        "unavailable": wanted.saturating_sub(available),
        "reason": reason,
    }))
}

impl Operation for SetEnv {
    fn probe(&self) -> Option<Action> {
        Some(Action::GetDeployment(GetDeployment {
            deployment: self.deployment.clone(),
            namespace: self.namespace.clone(),
            context: self.context.clone(),
            show: Some(self.variables()),
        }))
    }

    fn judge(&self, _: Option<&Value>, now: &Value) -> ProbeAnswer {
        let Some(containers) = now["containers"].as_array() else { return ProbeAnswer::CannotTell };
        let meant = |container: &&Value| self.container.as_ref().is_none_or(|name| container["name"] == json!(name));
        let mut meant = containers.iter().filter(meant).peekable();
        if meant.peek().is_none() {
            return ProbeAnswer::CannotTell;
        }
        let is_set = |container: &Value| self.env.iter().all(|(name, value)| container["env"][name] == json!(value));
        if meant.all(is_set) { ProbeAnswer::After } else { ProbeAnswer::Before }
    }

    fn home(&self) -> Home<'_> {
        Home::Outside
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.deployment]
    }

    fn command_lines(&self, _: &ResolvedTarget) -> Option<Vec<Vec<String>>> {
        Some(vec![self.argv()])
    }
}

impl Operation for GetDeployment {
    fn home(&self) -> Home<'_> {
        Home::Outside
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.deployment]
    }

    fn command_lines(&self, _: &ResolvedTarget) -> Option<Vec<Vec<String>>> {
        Some(vec![self.argv()])
    }
}

impl Operation for RolloutStatus {
    fn home(&self) -> Home<'_> {
        Home::Outside
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.deployment]
    }

    /// The program's own words for it; it waits where lifeboat looks again and again.
    fn command_lines(&self, _: &ResolvedTarget) -> Option<Vec<Vec<String>>> {
        let mut line = kubectl(self.context.as_ref(), self.namespace.as_ref());
        line.extend(["rollout", "status"].map(str::to_owned));
        line.push(format!("deployment/{}", self.deployment));
        Some(vec![line])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::action::examples::example;

    fn deployment(host: &str, status: &Value) -> Value {
        let variables = json!([
            {"name": "DATABASE_HOST", "value": host}, {"name": "PASSWORD", "value": "hunter2"},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        ]);
        json!({
            "metadata": {"name": "web", "namespace": "shop", "generation": 4},
            "spec": {"replicas": 3, "template": {"spec": {"containers": [
                {"name": "web", "image": "web:1", "env": variables}, {"name": "log", "image": "log:1"},
            ]}}},
            "status": status,
        })
    }

    #[test]
    fn a_deployment_shows_no_values_but_those_asked_for() {
        let shown = view(&deployment("home", &json!({})), &["DATABASE_HOST".to_owned()]).unwrap();
        assert_eq!(shown["containers"][0]["env"], json!({"DATABASE_HOST": "home", "PASSWORD": null, "KEY": null}));
        assert_eq!(shown["containers"][1]["env"], json!({}));
        assert_eq!(view(&json!({"kind": "Status"}), &[]), None);
    }

    #[test]
    fn the_probe_tells_whether_the_variables_are_set() {
        let set = example("kube/set_env").unwrap();
        let now = |host: &str| view(&deployment(host, &json!({})), &["DATABASE_HOST".to_owned()]).unwrap();
        assert_eq!(set.judge(None, &now("home.shop.example")), ProbeAnswer::Before);
        assert_eq!(set.judge(None, &now("dr.shop.example")), ProbeAnswer::After);
        assert_eq!(set.judge(None, &json!({})), ProbeAnswer::CannotTell);
        // Without a container every one is meant, and one has no such variable.
        let all =
            Action::parse("kube/set_env", &json!({"deployment": "web", "env": {"DATABASE_HOST": "dr.shop.example"}}));
        assert_eq!(all.unwrap().judge(None, &now("dr.shop.example")), ProbeAnswer::Before);
    }

    #[test]
    fn a_roll_out_is_complete_when_every_pod_is_new_and_ready() {
        let status = |observed: u32, updated: u32, total: u32, available: u32| {
            let counts = json!({"observedGeneration": observed, "updatedReplicas": updated, "replicas": total,
                                "availableReplicas": available});
            rollout(&deployment("x", &counts)).unwrap()
        };
        assert_eq!(status(4, 3, 3, 3)["complete"], true);
        assert_eq!(status(3, 3, 3, 3)["reason"], "the change has not been seen yet");
        assert_eq!(status(4, 2, 3, 3)["reason"], "not all pods are new");
        assert_eq!(status(4, 3, 4, 4)["reason"], "old pods are still there");
        assert_eq!(status(4, 3, 3, 2)["reason"], "not all pods are ready");
        assert_eq!(rollout(&json!({})), None);
    }

    #[test]
    fn no_name_is_an_option() {
        let with = json!({"deployment": "--all", "env": {"A": "1"}});
        let Action::SetEnv(set) = Action::parse("kube/set_env", &with).unwrap() else { panic!() };
        assert!(set.refusal().is_some());
        let with = json!({"deployment": "web", "env": {"--A": "1"}});
        let Action::SetEnv(set) = Action::parse("kube/set_env", &with).unwrap() else { panic!() };
        assert!(set.refusal().is_some());
    }
}
