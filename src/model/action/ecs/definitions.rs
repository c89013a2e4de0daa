//! ECS task definitions: read, and registered anew with what a failover changes in them.

use serde_json::json;

use crate::model::Value;
use crate::model::action::Action;
use crate::model::action::command_line::{aws_line, quoted, script, shell_line};
use crate::model::action::operation::{Operation, Pages, inputs, part};
use crate::model::outcome::ProbeAnswer;
use crate::model::plan::ResolvedTarget;

inputs! {
    /// Result: the new revision, as `DescribeTaskDefinition`, with the values of the variables that it sets. Made from the definition that the service runs, or from the newest of the family where no service is given; whatever is not named here stays as it is there, tags included. Nothing guards it: a second call makes a second revision.
    RegisterTaskDefinition {
        family: String,
        /// The containers to change, by name.
        container_definitions: Vec<ContainerChange>;
        /// With `service`: start from what this service runs.
        cluster: String,
        service: String,
    }

    /// What becomes different in one container.
    ContainerChange {
        name: String;
        image: String,
        /// Variables to set; those that are not named stay.
        environment: Vec<KeyValuePair>,
        /// Secrets to set, by reference; those that are not named stay.
        secrets: Vec<Secret>,
    }

    /// A variable. It is shown and recorded: what must not be seen belongs into `secrets`.
    KeyValuePair {
        name: String,
        value: String;
    }

    /// A variable whose value lies with Secrets Manager or SSM.
    Secret {
        name: String,
        /// ARN of the secret or parameter.
        value_from: String;
    }

    /// Result: `{task_definition_arn, family, revision, status, cpu|null, memory|null, network_mode|null, task_role_arn|null, execution_role_arn|null, container_definitions: [{name, image, essential, environment: [{name, value|null}], secrets: [{name, value_from}]}]}`. The values of variables are null but for those in `show`, as they may be secrets.
    DescribeTaskDefinition {
        /// `family` (its newest revision), `family:revision` or an ARN.
        task_definition: String;
        /// Variables whose values may be shown and recorded.
        show: Vec<String>,
    }
}

/// The family in `family`, `family:revision` or an ARN.
#[must_use]
pub fn family_of(definition: &str) -> &str {
    let last = definition.rsplit('/').next().unwrap_or(definition);
    last.split(':').next().unwrap_or(last)
}

fn page(pages: &Pages<'_>, family: &str) -> String {
    pages.regional(&format!("ecs/v2/task-definitions/{}?region={{region}}", part(family)))
}

impl ContainerChange {
    /// Whether a container, as `DescribeTaskDefinition` shows it, is as this wants it.
    fn is_in(&self, container: &Value) -> bool {
        let listed = |list: &str, name: &str, member: &str| -> Value {
            let items = container[list].as_array().into_iter().flatten();
            items.clone().find(|item| item["name"] == json!(name)).map_or(Value::Null, |item| item[member].clone())
        };
        self.image.as_ref().is_none_or(|image| container["image"] == json!(image))
            && self
                .environment
                .iter()
                .flatten()
                .all(|set| listed("environment", &set.name, "value") == json!(set.value))
            && self
                .secrets
                .iter()
                .flatten()
                .all(|set| listed("secrets", &set.name, "value_from") == json!(set.value_from))
    }
}

impl RegisterTaskDefinition {
    fn is_carried_by(&self, definition: &Value) -> bool {
        self.container_definitions.iter().all(|change| {
            let containers = definition["container_definitions"].as_array().into_iter().flatten();
            containers.clone().any(|container| container["name"] == json!(change.name) && change.is_in(container))
        })
    }

    /// The variables that it sets: the runbook itself says their values.
    #[must_use]
    pub fn variables(&self) -> Vec<String> {
        let set = self.container_definitions.iter().flat_map(|change| change.environment.iter().flatten());
        set.map(|variable| variable.name.clone()).collect()
    }
}

impl Operation for RegisterTaskDefinition {
    /// The newest revision of the family, whoever has registered it.
    fn probe(&self) -> Option<Action> {
        let (task_definition, show) = (self.family.clone(), Some(self.variables()));
        Some(Action::DescribeTaskDefinition(DescribeTaskDefinition { task_definition, show }))
    }

    fn judge(&self, before: Option<&Value>, now: &Value) -> ProbeAnswer {
        let Some(newest) = now["revision"].as_u64() else { return ProbeAnswer::CannotTell };
        match before.and_then(|before| before["revision"].as_u64()) {
            Some(before) if newest <= before => ProbeAnswer::Before,
            _ if self.is_carried_by(now) => ProbeAnswer::After,
            // Somebody has registered another one meanwhile, perhaps on top of ours.
            _ => ProbeAnswer::CannotTell,
        }
    }

    fn rights(&self) -> &'static [&'static str] {
        &["ecs:DescribeServices", "ecs:TagResource", "iam:PassRole"]
    }

    fn names(&self) -> Vec<&str> {
        std::iter::once(&self.family).chain(&self.service).chain(&self.cluster).map(String::as_str).collect()
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.family))
    }

    fn command_lines(&self, target: &ResolvedTarget) -> Option<Vec<Vec<String>>> {
        Some(register_lines(self, target))
    }
}

impl Operation for DescribeTaskDefinition {
    fn names(&self) -> Vec<&str> {
        vec![&self.task_definition, family_of(&self.task_definition)]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, family_of(&self.task_definition)))
    }

    fn command_lines(&self, target: &ResolvedTarget) -> Option<Vec<Vec<String>>> {
        let members = object(json!({"task_definition": self.task_definition}));
        Some(vec![aws_line("ecs", "describe-task-definition", &members, target)])
    }
}

/// Makes the input of a registration out of a description: without what AWS adds to it, and with the
/// changes of the third argument.
const EDIT: &str = "import json,sys; old,new,family,changes=sys.argv[1:]; found=json.load(open(old)); \
    made=found[\"taskDefinition\"]; made[\"family\"]==family or sys.exit(\"another family: \"+made[\"family\"]); \
    [made.pop(k,0) for k in (\"taskDefinitionArn\",\"revision\",\"status\",\"requiresAttributes\",\"compatibilities\",\
    \"registeredAt\",\"registeredBy\",\"deregisteredAt\",\"deleteRequestedAt\")]; \
    tags=[t for t in found.get(\"tags\",[]) if not t[\"key\"].startswith(\"aws:\")]; tags and made.update(tags=tags); \
    by={c[\"name\"]:c for c in made[\"containerDefinitions\"]}; \
    [by[c[\"name\"]].update({k:v} if k==\"image\" else {l:[x for x in by[c[\"name\"]].get(l,[]) \
    if x[\"name\"] not in [y[\"name\"] for y in v]]+(v if l==k else []) for l in (\"environment\",\"secrets\") \
    if l==k or l in by[c[\"name\"]]}) for c in json.loads(changes) for k,v in c.items() if k!=\"name\"]; \
    json.dump(made,open(new,\"w\"))";

/// Read, edit, register. Python edits, as whoever has the `aws` command line has it as well.
fn register_lines(call: &RegisterTaskDefinition, target: &ResolvedTarget) -> Vec<Vec<String>> {
    let (old, new) = (format!("{}.json", call.family), format!("{}-new.json", call.family));
    let mut members = object(json!({"include": ["TAGS"], "output": "json"}));
    let mut from = String::new();
    if let (Some(cluster), Some(service)) = (&call.cluster, &call.service) {
        let query = "services[0].taskDefinition";
        let look = json!({"cluster": cluster, "services": [service], "query": query, "output": "text"});
        let look = shell_line(&aws_line("ecs", "describe-services", &object(look), target));
        from = format!(" --task-definition \"$({look})\"");
    } else {
        members.insert("task_definition".to_owned(), json!(call.family));
    }
    let read = shell_line(&aws_line("ecs", "describe-task-definition", &members, target));
    let changes = wire_changes(call).to_string();
    let edit = ["python3", "-c", EDIT, &old, &new, &call.family, &changes].map(str::to_owned).to_vec();
    let write = object(json!({"cli_input_json": format!("file://{new}")}));
    vec![
        script(format!("{read}{from} > {}", quoted(&old))),
        edit,
        aws_line("ecs", "register-task-definition", &write, target),
    ]
}

/// The changes with their members named as on ECS's wire.
fn wire_changes(call: &RegisterTaskDefinition) -> Value {
    let mut changes = json!(call.container_definitions);
    for change in changes.as_array_mut().into_iter().flatten() {
        let secrets = change.get_mut("secrets").and_then(Value::as_array_mut);
        for secret in secrets.into_iter().flatten() {
            if let Some(secret) = secret.as_object_mut() {
                let from = secret.shift_remove("value_from").unwrap_or(Value::Null);
                secret.insert("valueFrom".to_owned(), from);
            }
        }
    }
    changes
}

fn object(value: Value) -> crate::model::Object {
    match value {
        Value::Object(members) => members,
        _ => crate::model::Object::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::action::examples::example;

    const REGISTER: &str = "aws/ecs.register_task_definition";

    fn revision(revision: u32, host: &str) -> Value {
        let variables = json!([{"name": "DATABASE_HOST", "value": host}, {"name": "MODE", "value": null}]);
        let container = json!({"name": "web", "image": "web:1", "environment": variables, "secrets": []});
        json!({"family": "web", "revision": revision, "container_definitions": [container]})
    }

    #[test]
    fn a_newer_revision_that_carries_the_change_is_ours() {
        let register = example(REGISTER).unwrap();
        let before = revision(7, "home.shop.example");
        let judge = |now: &Value| register.judge(Some(&before), now);
        assert_eq!(judge(&before), ProbeAnswer::Before);
        assert_eq!(judge(&revision(8, "dr.shop.example")), ProbeAnswer::After);
        assert_eq!(judge(&revision(8, "else.shop.example")), ProbeAnswer::CannotTell);
        // It said so already, so only a newer revision proves anything.
        let same = revision(7, "dr.shop.example");
        assert_eq!(register.judge(Some(&same), &same), ProbeAnswer::Before);
        assert_eq!(register.judge(None, &revision(8, "else.shop.example")), ProbeAnswer::CannotTell);
        assert_eq!(register.judge(None, &json!({})), ProbeAnswer::CannotTell);
    }

    #[test]
    fn the_probe_shows_no_values_but_those_that_are_set() {
        let probe = example(REGISTER).unwrap().probe().unwrap();
        assert_eq!(probe.with(), json!({"task_definition": "web", "show": ["DATABASE_HOST"]}));
    }

    #[test]
    fn without_a_service_the_newest_of_the_family_is_read() {
        let with = json!({"family": "web", "container_definitions": [{"name": "web", "image": "web:2"}]});
        let lines = Action::parse(REGISTER, &with).unwrap().command_lines(&ResolvedTarget::default());
        assert_eq!(lines.len(), 3);
        let read = "aws ecs describe-task-definition --include TAGS --output json --task-definition web > web.json";
        assert_eq!(lines[0][2], read);
        assert_eq!(lines[2].join(" "), "aws ecs register-task-definition --cli-input-json file://web-new.json");
    }
}
