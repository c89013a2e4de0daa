//! What the catalogue's JSON Schemas say of an action's input, compiled once, and the checking of a
//! located `with` against it. Text with an expression in it is taken for anything until it is rendered.

use std::collections::HashMap;
use std::sync::OnceLock;

use indexmap::IndexMap;
use serde_json::json;

use super::diagnostic::{Diagnostic, did_you_mean, did_you_mean_or_list, nearest};
use super::shape::describe;
use super::sink::Sink;
use crate::model::Value;
use crate::model::action::{SPECS, Spec, database, messages};
use crate::model::span::Span;
use crate::model::template::{Node, Tree};

/// An action with the schema of its input, references resolved.
pub(super) struct Known {
    pub(super) spec: &'static Spec,
    pub(super) schema: Value,
}

impl Known {
    fn properties(&self) -> impl Iterator<Item = &str> {
        self.schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str())
    }
}

/// Every action, in the catalogue's order.
pub(super) fn catalogue() -> &'static [Known] {
    static CATALOGUE: OnceLock<Vec<Known>> = OnceLock::new();
    CATALOGUE.get_or_init(|| SPECS.iter().map(|spec| Known { spec, schema: inlined(spec) }).collect())
}

pub(super) fn find(name: &str) -> Option<&'static Known> {
    static INDEX: OnceLock<HashMap<&'static str, &'static Known>> = OnceLock::new();
    INDEX.get_or_init(|| catalogue().iter().map(|known| (known.spec.name, known)).collect()).get(name).copied()
}

/// Reports an action that is not in the catalogue.
pub(super) fn unknown(name: &str, span: Span, sink: &mut Sink) {
    let names = || catalogue().iter().map(|known| known.spec.name);
    // `promote_read_replica` and `aws/ecs.promote_read_replica` mean the action of that operation.
    let operation = name.rsplit(['.', '/']).next().unwrap_or(name);
    let same = names().find(|known| known.rsplit(['.', '/']).next() == Some(operation));
    let help = did_you_mean(name, names())
        .or_else(|| same.map(|same| format!("did you mean `{same}`?")))
        .unwrap_or_else(|| "`lifeboat schema` lists every action; `exec` runs any program".to_owned());
    sink.push(Diagnostic::error("LB201", span, format!("there is no action `{name}`")).help(help));
}

/// The schema of an action's input with every `$ref` replaced by what it names.
fn inlined(spec: &Spec) -> Value {
    let root = (spec.schema)().to_value();
    let definitions = root["$defs"].clone();
    let mut schema = replace_refs(root, &definitions, 0);
    if let Some(members) = schema.as_object_mut() {
        for noise in ["$schema", "$defs", "title", "description"] {
            members.remove(noise);
        }
    }
    schema
}

fn replace_refs(schema: Value, definitions: &Value, depth: usize) -> Value {
    match schema {
        Value::Object(members) => {
            let named = members.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/$defs/"));
            // No input of an action holds itself; the bound is for the day somebody adds one.
            if let (Some(name), true) = (named, depth < 16) {
                let mut target = replace_refs(definitions[name].clone(), definitions, depth + 1);
                if let (Some(target), Some(doc)) = (target.as_object_mut(), members.get("description")) {
                    target.insert("description".to_owned(), doc.clone());
                }
                return target;
            }
            Value::Object(members.into_iter().map(|(k, v)| (k, replace_refs(v, definitions, depth))).collect())
        }
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| replace_refs(item, definitions, depth)).collect())
        }
        other => other,
    }
}

/// A check's or rollback's input, with what the step's own input says as well.
pub(super) fn inherit(with: &Tree, known: &Known, step_with: &Tree) -> Tree {
    let (Some(own), Some(base)) = (with.as_map(), step_with.as_map()) else { return with.clone() };
    let mut merged = own.clone();
    for name in known.properties() {
        if let (false, Some(member)) = (own.contains_key(name), base.get(name)) {
            merged.insert(name.to_owned(), member.clone());
        }
    }
    Tree { node: Node::Map(merged), span: with.span }
}

/// Checks a located input. `place` is where a missing member is reported.
pub(super) fn check_with(known: &Known, with: &Tree, place: Span, sink: &mut Sink) {
    let Some(members) = with.as_map() else {
        let message = format!("`with` of {}: expected a map, found {}", known.spec.name, describe(with));
        sink.push(Diagnostic::error("LB204", with.span, message).help("write `with: { MEMBER: VALUE }`"));
        return;
    };
    let meant = unknown_members(known, members, sink);
    let required = known.schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    // One misspelt member is one mistake, not an unknown and a missing one.
    let missing: Vec<&str> =
        required.filter(|name| !members.contains_key(*name) && !meant.contains(&(*name).to_owned())).collect();
    if !missing.is_empty() {
        let list = missing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
        let message = format!("`{}` needs {list} in its `with`", known.spec.name);
        sink.push(Diagnostic::error("LB203", place, message).help(format!("add `with: {{ {}: … }}`", missing[0])));
    }
    for (key, (_, member)) in members {
        if let Some(schema) = known.schema["properties"].get(key) {
            check_value(&format!("`{key}`"), schema, member, sink);
        }
    }
    let (name, literal) = (known.spec.name, literal(with));
    for (member, why) in database::problems(name, &literal).into_iter().chain(messages::problems(name, &literal)) {
        let span = members.get(member).map_or(place, |(_, tree)| tree.span);
        sink.push(Diagnostic::error("LB204", span, format!("`{member}` of {}: {why}", known.spec.name)));
    }
}

/// What stands there without an expression; null in place of the rest.
fn literal(tree: &Tree) -> Value {
    match &tree.node {
        Node::Scalar(value) => value.clone(),
        Node::Text(text) if text.contains("${{") => Value::Null,
        Node::Text(text) => text.clone().into(),
        Node::List(items) => items.iter().map(literal).collect(),
        Node::Map(members) => members.iter().map(|(key, (_, member))| (key.clone(), literal(member))).collect(),
    }
}

/// Reports members that the action does not have, and says which ones were probably meant.
fn unknown_members(known: &Known, members: &IndexMap<String, (Span, Tree)>, sink: &mut Sink) -> Vec<String> {
    let mut meant = Vec::new();
    for (key, (span, _)) in members {
        if known.properties().any(|name| name == key) {
            continue;
        }
        meant.extend(nearest(key, known.properties()).map(str::to_owned));
        let help = match known.properties().next() {
            None => Some("it takes no input".to_owned()),
            Some(_) => did_you_mean_or_list(key, known.properties()),
        };
        let finding = Diagnostic::error("LB202", *span, format!("`{}` has no input `{key}`", known.spec.name));
        sink.push(finding.maybe_help(help));
    }
    meant
}

fn check_value(what: &str, schema: &Value, tree: &Tree, sink: &mut Sink) {
    if let Some(wrong) = mismatch(schema, tree) {
        let finding =
            Diagnostic::error("LB204", tree.span, format!("{what}: expected {wrong}, found {}", describe(tree)));
        let needs_quotes = wrong == "a text" && matches!(&tree.node, Node::Scalar(value) if !value.is_null());
        sink.push(finding.help(if needs_quotes {
            "put it in quotes".to_owned()
        } else {
            format!("write {wrong} here, or an expression in `${{{{ }}}}` that yields it")
        }));
        return;
    }
    match &tree.node {
        Node::List(items) => {
            for item in items {
                check_value(&format!("an item of {what}"), &schema["items"], item, sink);
            }
        }

        Node::Map(members) => check_members(what, schema, members, tree.span, sink),
        Node::Scalar(_) | Node::Text(_) => {}
    }
}

fn check_members(what: &str, schema: &Value, members: &IndexMap<String, (Span, Tree)>, span: Span, sink: &mut Sink) {
    let properties = schema["properties"].as_object();
    for (key, (key_span, member)) in members {
        let inner = properties.and_then(|known| known.get(key));
        match inner.or_else(|| schema.get("additionalProperties").filter(|more| more.is_object())) {
            Some(inner) => check_value(&format!("`{key}`"), inner, member, sink),
            None if schema["additionalProperties"] == json!(false) => {
                let known = properties.into_iter().flatten().map(|(name, _)| name.as_str());
                let finding = Diagnostic::error("LB202", *key_span, format!("{what} has no member `{key}`"));
                sink.push(finding.maybe_help(did_you_mean_or_list(key, known)));
            }
            None => {}
        }
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !members.contains_key(name) {
            sink.push(
                Diagnostic::error("LB203", span, format!("{what} needs `{name}`")).help(format!("add `{name}:`")),
            );
        }
    }
}

/// What the schema wants, when the node is something else.
fn mismatch(schema: &Value, tree: &Tree) -> Option<String> {
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if let Node::Text(text) = &tree.node {
        if text.contains("${{") {
            return None;
        }
        if let Some(options) = schema["enum"].as_array().filter(|options| !options.contains(&json!(text))) {
            return Some(options.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "));
        }
    }
    let fits = types.is_empty()
        || types.iter().any(|kind| match (&tree.node, *kind) {
            (Node::Text(_), "string") | (Node::List(_), "array") | (Node::Map(_), "object") => true,
            (Node::Scalar(value), "null") => value.is_null(),
            (Node::Scalar(value), "boolean") => value.is_boolean(),
            (Node::Scalar(value), "number") => value.is_number(),
            (Node::Scalar(value), "integer") => {
                value.as_u64().is_some()
                    || (value.is_i64() && schema["minimum"].as_f64().is_none_or(|least| least < 0.0))
            }
            _ => false,
        });
    let words = |kind: &&str| {
        match *kind {
            "string" => "a text",
            "array" => "a list",
            "object" => "a map",
            "boolean" => "`true` or `false`",
            "integer" => "a whole number",
            "number" => "a number",
            other => other,
        }
        .to_owned()
    };
    (!fits).then(|| types.iter().filter(|kind| **kind != "null").map(words).collect::<Vec<_>>().join(" or "))
}
