//! The names in a runbook that belong to its owner: accounts, resources, people. Finds them, and puts
//! others in their place without touching another character: comments and layout stay.
//!
//! Pure text work. Must not know who asks for the names, nor where the result is kept.

mod put;

use indexmap::IndexMap;

pub use put::{PutError, put_names};

use super::yaml;
use crate::model::template::{Node, Tree};

/// A text longer than this is prose or a query, and no name.
const MAX_NAME_CHARS: usize = 120;

/// One name, asked for once however often it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnersName {
    /// Where it is written first: `targets.home.account`, `steps.promote.with.cluster`.
    pub key: String,
    /// As the template has it.
    pub value: String,
    /// What it is, in the runbook's own words where it has some.
    pub help: String,
}

/// Every name of a runbook's text, in the order in which a person would give them; none when the text
/// is no YAML.
#[must_use]
pub fn owners_names(text: &str) -> Vec<OwnersName> {
    let (Some(tree), _) = yaml::parse(text, 0) else { return Vec::new() };
    let mut found = Found::default();
    let at = |key: &str| member(&tree, key);
    if let Some(name) = at("name") {
        found.take("name", name, "This runbook's own name");
    }
    for (target, settings) in members(at("targets")) {
        for (key, what) in
            [("account", "AWS account"), ("region", "AWS region"), ("profile", "AWS profile"), ("role", "IAM role")]
        {
            if let Some(tree) = member(settings, key) {
                found.take(&format!("targets.{target}.{key}"), tree, &format!("{what} of target {target}"));
            }
        }
    }
    if let Some(mfa) = at("mfa") {
        for (key, what) in [("serial", "MFA device of whoever drives"), ("role", "IAM role that a step's code opens")] {
            if let Some(tree) = member(mfa, key) {
                found.take(&format!("mfa.{key}"), tree, what);
            }
        }
    }
    inputs(at("inputs"), &mut found);
    for (name, tree) in members(at("vars")) {
        found.take(&format!("vars.{name}"), tree, "Used in the steps by this variable's name");
    }
    for step in steps(&tree) {
        step_names(step, &mut found);
    }
    for (role, people) in members(at("roles")) {
        for (ix, person) in items(people).enumerate() {
            found.take(&format!("roles.{role}[{ix}]"), person, &format!("Who can be {role}"));
        }
    }
    for (id, contact) in members(at("contacts")) {
        for key in ["name", "phone", "email"] {
            if let Some(tree) = member(contact, key) {
                found.contact(&format!("contacts.{id}.{key}"), tree, &format!("{key} of contact {id}"));
            }
        }
    }
    found.names.into_values().collect()
}

/// By value: the same text twice is the same thing twice.
#[derive(Default)]
struct Found {
    names: IndexMap<String, OwnersName>,
}

impl Found {
    fn take(&mut self, key: &str, tree: &Tree, help: &str) {
        if let Node::Text(text) = &tree.node
            && is_name(text)
        {
            self.add(text.clone(), key, text, help);
        }
    }

    /// A contact's lines are each their own: two that hold the same placeholder are two people.
    fn contact(&mut self, key: &str, tree: &Tree, help: &str) {
        if let Node::Text(text) = &tree.node
            && text.chars().count() <= MAX_NAME_CHARS
        {
            self.add(format!("{key}\0{text}"), key, text, help);
        }
    }

    fn add(&mut self, by: String, key: &str, value: &str, help: &str) {
        let name = || OwnersName { key: key.to_owned(), value: value.to_owned(), help: help.to_owned() };
        self.names.entry(by).or_insert_with(name);
    }
}

/// Whether a text names something: one word, not only an expression, and neither prose nor a query.
fn is_name(text: &str) -> bool {
    let literal = without_expressions(text);
    text.chars().count() <= MAX_NAME_CHARS
        && literal.chars().filter(|c| c.is_alphanumeric()).count() >= 2
        && !literal.contains(char::is_whitespace)
}

/// A text without its `${{ … }}`.
fn without_expressions(text: &str) -> String {
    let mut rest = text;
    let mut literal = String::new();
    while let Some((before, inside)) = rest.split_once("${{") {
        literal.push_str(before);
        rest = inside.split_once("}}").map_or("", |(_, after)| after);
    }
    literal + rest
}

/// What a drill or a run asks for has a default here; flags, numbers and moments are no names.
fn inputs(tree: Option<&Tree>, found: &mut Found) {
    for (name, input) in members(tree) {
        let kind = member(input, "type").and_then(text_of).unwrap_or("string");
        let Some(default) = member(input, "default") else { continue };
        // One of a closed list is chosen, not named.
        if !matches!(kind, "string" | "region") || member(input, "options").is_some() {
            continue;
        }
        let help = member(input, "help").and_then(text_of).unwrap_or("Asked for at the start of a run");
        found.take(&format!("inputs.{name}"), default, help);
    }
}

fn steps(tree: &Tree) -> impl Iterator<Item = &Tree> {
    let phases = member(tree, "phases").into_iter().flat_map(items);
    phases.filter_map(|phase| member(phase, "steps")).flat_map(items)
}

fn step_names(step: &Tree, found: &mut Found) {
    let id = member(step, "id").and_then(text_of).unwrap_or("step");
    let title = member(step, "title").and_then(text_of).unwrap_or(id);
    for (ix, item) in member(step, "foreach").into_iter().flat_map(items).enumerate() {
        found.take(&format!("steps.{id}.foreach[{ix}]"), item, &format!("Step {id}: {title}"));
    }
    let calls = std::iter::once(("", step)).chain(
        ["check", "verify", "rollback"]
            .into_iter()
            .flat_map(|part| member(step, part).into_iter().flat_map(items).map(move |call| (part, call))),
    );
    for (part, call) in calls {
        for (key, value) in members(member(call, "with")) {
            if !holds_a_name(key) {
                continue;
            }
            let part = if part.is_empty() { String::new() } else { format!("{part}.") };
            let path = format!("steps.{id}.{part}with.{key}");
            let help = format!("Step {id}: {title}");
            match &value.node {
                Node::Text(_) => found.literal(&path, value, &help),
                Node::List(list) => {
                    for (ix, item) in list.iter().enumerate() {
                        found.literal(&format!("{path}[{ix}]"), item, &help);
                    }
                }
                Node::Scalar(_) | Node::Map(_) => {}
            }
        }
    }
}

impl Found {
    /// In a step a template names nothing of its own: what it is made of is asked for where it stands.
    fn literal(&mut self, key: &str, tree: &Tree, help: &str) {
        if matches!(&tree.node, Node::Text(text) if !text.contains("${{")) {
            self.take(key, tree, help);
        }
    }
}

/// Members of AWS operations (and of ours) that name a thing, not a way of doing it.
fn holds_a_name(key: &str) -> bool {
    const WHOLE: &[&str] = &[
        "bucket",
        "cluster",
        "container",
        "context",
        "database",
        "deployment",
        "host",
        "key",
        "load_balancer",
        "name",
        "namespace",
        "path",
        "prefix",
        "service",
        "table",
        "url",
        "user",
    ];
    const ENDS: &[&str] = &["_arn", "_arns", "_bucket", "_id", "_identifier", "_ids", "_name", "_names"];
    WHOLE.contains(&key) || ENDS.iter().any(|end| key.ends_with(end))
}

fn member<'t>(tree: &'t Tree, key: &str) -> Option<&'t Tree> {
    tree.as_map()?.get(key).map(|(_, tree)| tree)
}

fn members(tree: Option<&Tree>) -> impl Iterator<Item = (&String, &Tree)> {
    tree.and_then(Tree::as_map).into_iter().flat_map(|map| map.iter().map(|(key, (_, tree))| (key, tree)))
}

fn items(tree: &Tree) -> std::slice::Iter<'_, Tree> {
    match &tree.node {
        Node::List(list) => list.iter(),
        Node::Scalar(_) | Node::Text(_) | Node::Map(_) => [].iter(),
    }
}

fn text_of(tree: &Tree) -> Option<&str> {
    match &tree.node {
        Node::Text(text) => Some(text),
        Node::Scalar(_) | Node::List(_) | Node::Map(_) => None,
    }
}

#[cfg(test)]
mod tests;
