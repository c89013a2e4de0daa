//! The runbook's sections beside its phases: inputs, secrets, vars, targets, roles, contacts, objectives, mfa, defaults.

use indexmap::IndexMap;

use super::{Defaults, Names, step};
use crate::model::Value;
use crate::model::runbook::{Contact, Input, InputType, Mfa, MfaMethod, Objectives, Runbook, Target};
use crate::model::secret::{SecretDeclaration, SecretSource};
use crate::model::span::Span;
use crate::model::template::{Node, Template, Tree};
use crate::source::diagnostic::{Diagnostic, did_you_mean_or_list};
use crate::source::inputs;
use crate::source::keys::{CONTACT, DEFAULTS, INPUT, MFA, OBJECTIVES, SECRET, TARGET};
use crate::source::shape::{self, Shape};
use crate::source::sink::Sink;

/// Names in one section of a file.
const MAX_NAMES: usize = 500;

/// Reads the sections that includes may add to.
pub(super) fn all(shapes: &[Shape<'_>], runbook: &mut Runbook, sink: &mut Sink) {
    // One section over all files at a time, so that a name in two files is found.
    let mut first: std::collections::HashMap<(&str, String), Span> = std::collections::HashMap::new();
    for (ix, shape) in shapes.iter().enumerate() {
        for section in ["inputs", "secrets", "vars", "targets", "roles", "contacts"] {
            let members = shape.named(section, sink);
            if members.len() > MAX_NAMES {
                let message = format!("`{section}` has {} names; {MAX_NAMES} are allowed", members.len());
                sink.push(
                    Diagnostic::error("LB110", members[0].1, message)
                        .help("put what belongs together into one map or list"),
                );
            }
            for (name, span, tree) in members.into_iter().take(MAX_NAMES) {
                if let Some(earlier) = first.insert((section, name.to_owned()), span)
                    && earlier.file != span.file
                {
                    let message = format!("`{name}` is in `{section}` of two files");
                    sink.push(Diagnostic::error("LB112", span, message).help("keep one of them, or rename this one"));
                }
                one(section, name, span, tree, runbook, sink);
            }
        }
        if ix == 0 {
            shape.words("include", sink);
        }
    }
    let roles: Vec<String> = runbook.roles.keys().cloned().collect();
    for shape in shapes {
        for (name, _, tree) in shape.named("contacts", &mut Sink::new()) {
            contact_role(name, tree, &roles, sink);
        }
    }
}

fn one(section: &str, name: &str, span: Span, tree: &Tree, runbook: &mut Runbook, sink: &mut Sink) {
    let name = name.to_owned();
    match section {
        "inputs" => {
            runbook.inputs.insert(name.clone(), input(&name, span, tree, sink));
        }
        "secrets" => {
            runbook.secrets.insert(name.clone(), secret(&name, span, tree, sink));
        }
        "vars" => {
            runbook.vars.insert(name, tree.clone());
        }
        "targets" => {
            if let Some(shape) = Shape::of(format!("target `{name}`"), tree, TARGET, sink) {
                let target = Target {
                    region: shape.template("region", sink),
                    account: shape.template("account", sink),
                    profile: shape.template("profile", sink),
                    role: shape.template("role", sink),
                    drill: shape.boolean("drill", sink).unwrap_or(false),
                    span,
                };
                target_form(&name, &target, sink);
                runbook.targets.insert(name, target);
            }
        }
        "roles" => {
            let what = format!("role `{name}`");
            let people = shape::list(&what, tree, sink).unwrap_or_default();
            let people = people.iter().filter_map(|person| shape::text(&format!("a person in {what}"), person, sink));
            let people: Vec<String> = people.map(|person| person.value).collect();
            runbook.roles.insert(name, people);
        }
        _ => {
            if let Some(shape) = Shape::of(format!("contact `{name}`"), tree, CONTACT, sink) {
                shape.require("name", sink);
                let contact = Contact {
                    name: shape.plain_text("name", sink).unwrap_or_default(),
                    phone: shape.plain_text("phone", sink),
                    email: shape.plain_text("email", sink),
                    role: shape.plain_text("role", sink),
                    note: shape.plain_text("note", sink),
                    escalate_after_ms: shape.duration("escalate_after", sink).map(|after| after.value),
                };
                runbook.contacts.insert(name, contact);
            }
        }
    }
}

/// What is written out can be looked at now; what is an input's is looked at when it is given.
fn target_form(name: &str, target: &Target, sink: &mut Sink) {
    let written_out = |template: &Option<Template>| template.clone().filter(Template::is_literal);
    let region = written_out(&target.region).filter(|region| !inputs::is_region(&region.source));
    let account = written_out(&target.account).filter(|account| !inputs::is_account(&account.source));
    for (what, template, help) in [
        ("region", region, "write it like `eu-central-1`"),
        ("account", account, "an account has 12 digits; write them in quotes"),
    ] {
        if let Some(template) = template {
            let message = format!("target `{name}`: `{}` is no AWS {what}", template.source);
            sink.push(Diagnostic::error("LB113", template.span, message).help(help));
        }
    }
}

fn contact_role(name: &str, tree: &Tree, roles: &[String], sink: &mut Sink) {
    let role = Shape::of(name, tree, CONTACT, &mut Sink::new()).and_then(|shape| shape.text("role", &mut Sink::new()));
    if let Some(role) = role
        && !roles.contains(&role.value)
    {
        let finding = Diagnostic::error("LB308", role.span, format!("there is no role `{}`", role.value));
        sink.push(finding.maybe_help(did_you_mean_or_list(&role.value, roles.iter().map(String::as_str))));
    }
}

fn secret(name: &str, span: Span, tree: &Tree, sink: &mut Sink) -> SecretDeclaration {
    let mut secret = SecretDeclaration { source: SecretSource::Ask, help: None, span };
    let Some(shape) = Shape::of(format!("secret `{name}`"), tree, SECRET, sink) else { return secret };
    secret.help = shape.plain_text("help", sink);
    let (env, file) = (shape.text("env", sink), shape.text("file", sink));
    let mut wrong = |span: Span, message: String, help: &str| {
        sink.push(Diagnostic::error("LB114", span, message).help(help));
    };
    match (env, file) {
        (Some(env), Some(_)) => {
            wrong(env.span, format!("the secret `{name}` comes from two places"), "keep `env` or `file`");
        }
        (Some(env), None) if is_variable(&env.value) => secret.source = SecretSource::Env(env.value),
        (Some(env), None) => {
            let help = "write the name alone, like PAGER_TOKEN: the value never stands in a runbook";
            wrong(env.span, format!("the secret `{name}` names no variable in `env`"), help);
        }
        (None, Some(file)) if file.value.starts_with('/') || file.value.starts_with("~/") => {
            secret.source = SecretSource::File(file.value);
        }
        (None, Some(file)) => {
            let help = "write an absolute path, or one that begins with `~/`: a run is resumed from anywhere";
            wrong(file.span, format!("the file of the secret `{name}` depends on where lifeboat is started"), help);
        }
        (None, None) => {}
    }
    secret
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

const TYPES: &[(&str, InputType)] = &[
    ("string", InputType::String),
    ("integer", InputType::Integer),
    ("number", InputType::Number),
    ("boolean", InputType::Boolean),
    ("timestamp", InputType::Timestamp),
    ("duration", InputType::Duration),
    ("region", InputType::Region),
];

fn input(name: &str, span: Span, tree: &Tree, sink: &mut Sink) -> Input {
    let mut input =
        Input { kind: InputType::String, pattern: None, options: Vec::new(), default: None, help: None, span };
    let Some(shape) = Shape::of(format!("input `{name}`"), tree, INPUT, sink) else { return input };
    input.kind = shape.word("type", TYPES, sink).unwrap_or(InputType::String);
    input.help = shape.plain_text("help", sink);
    if let Some(pattern) = shape.text("pattern", sink) {
        match inputs::pattern(&pattern.value) {
            Ok(_) => input.pattern = Some(pattern.value),
            Err(error) => {
                let message = format!("the pattern of input `{name}` is no regular expression: {error}");
                sink.push(Diagnostic::error("LB111", pattern.span, message).help("quote it with single quotes"));
            }
        }
    }
    for item in shape.list("options", sink).unwrap_or_default() {
        input.options.extend(literal(&input, name, item, sink));
    }
    if let Some(tree) = shape.get("default") {
        let value = literal(&input, name, tree, sink);
        if let Some(value) = &value
            && let Err(finding) = inputs::allowed(name, &input, value)
        {
            sink.push(Diagnostic { span: tree.span, ..finding });
        }
        input.default = value;
    }
    input
}

/// A value of an input as written in the file; `now` stays a word until the run.
fn literal(input: &Input, name: &str, tree: &Tree, sink: &mut Sink) -> Option<Value> {
    let written = match &tree.node {
        Node::Text(text) => Value::String(text.clone()),
        Node::Scalar(value) if !value.is_null() => value.clone(),
        Node::Scalar(_) | Node::List(_) | Node::Map(_) => {
            shape::wrong_type(&format!("a value of input `{name}`"), "a single value", tree, sink);
            return None;
        }
    };
    match inputs::written(name, input, &written) {
        Ok(_) => Some(written),
        Err(finding) => {
            sink.push(Diagnostic { span: tree.span, ..finding });
            None
        }
    }
}

pub(super) fn objectives(top: &Shape<'_>, inputs: &IndexMap<String, Input>, sink: &mut Sink) -> Objectives {
    let Some(tree) = top.get("objectives") else { return Objectives::default() };
    let Some(shape) = Shape::of("objectives", tree, OBJECTIVES, sink) else { return Objectives::default() };
    let (rto, rpo) = (shape.duration("rto", sink), shape.duration("rpo", sink));
    let clock = shape.text("clock", sink);
    if let Some(clock) = &clock
        && inputs.get(&clock.value).is_none_or(|input| input.kind != InputType::Timestamp)
    {
        let message = format!("the RTO clock needs a timestamp input, and `{}` is none", clock.value);
        let stamps =
            inputs.iter().filter(|(_, input)| input.kind == InputType::Timestamp).map(|(name, _)| name.as_str());
        let help = did_you_mean_or_list(&clock.value, stamps);
        let help =
            help.unwrap_or_else(|| format!("add `{}: {{ type: timestamp, default: now }}` to `inputs:`", clock.value));
        sink.push(Diagnostic::error("LB312", clock.span, message).help(help));
    }
    Objectives {
        rto_ms: rto.as_ref().map(|d| d.value),
        rpo_ms: rpo.as_ref().map(|d| d.value),
        clock,
        rpa: shape.expr("rpa", sink),
        rto_span: rto.map(|d| d.span).unwrap_or_default(),
        rpo_span: rpo.map(|d| d.span).unwrap_or_default(),
    }
}

pub(super) fn mfa(top: &Shape<'_>, sink: &mut Sink) -> Option<Mfa> {
    let shape = Shape::of("mfa", top.get("mfa")?, MFA, sink)?;
    shape.require("method", sink)?;
    let method = shape.word("method", &[("sts", MfaMethod::Sts), ("totp", MfaMethod::Totp)], sink)?;
    Some(Mfa { method, serial: shape.template("serial", sink), role: shape.template("role", sink) })
}

pub(super) fn defaults(top: &Shape<'_>, names: &Names, sink: &mut Sink) -> Defaults {
    let mut defaults = Defaults::default();
    // With a single target there is nothing to choose.
    if let [only] = names.targets.as_slice() {
        defaults.target = Some(only.clone());
    }
    let Some(shape) = top.get("defaults").and_then(|tree| Shape::of("defaults", tree, DEFAULTS, sink)) else {
        return defaults;
    };
    let target = shape.text("target", sink);
    names.check_target(target.as_ref(), sink);
    defaults.target = target.map(|target| target.value).or(defaults.target);
    defaults.timeout_ms = shape.duration("timeout", sink).map(|d| d.value);
    if let Some(retry) = step::retry(&shape, sink) {
        defaults.retry = retry;
    }
    if let Some(on_failure) = step::on_failure(&shape, names, sink) {
        defaults.on_failure = on_failure;
    }
    if let Some(every) = shape.duration("every", sink) {
        defaults.every_ms = every.value.max(1_000);
    }
    defaults
}
