//! JSON Schemas (draft-07: editors read nothing newer) of runbooks and scenarios, made from the key
//! tables of the reader and from the catalogue of actions, so that they cannot drift apart.

use serde_json::{Map, json};

use super::actions::{Known, catalogue};
use super::keys::{CHECK, Key, Kind, SCENARIO, STEP, TOP, USE, VERIFY};
use crate::model::Value;

/// What a draft-07 schema names itself after.
const DRAFT: &str = "http://json-schema.org/draft-07/schema#";
const ID: &str = "^[a-z][a-z0-9_]{0,63}$";
const DURATION: &str = "^([0-9]+ *[a-zA-Z]+ *)+$";
/// Text that holds an expression may stand wherever an action wants another type.
const TEMPLATE: &str = r"\$\{\{";

/// The schema of a runbook.
#[must_use]
pub fn runbook_schema() -> Value {
    let mut schema = root("lifeboat runbook", "A disaster-recovery runbook for lifeboat", TOP);
    let mut definitions = Map::new();
    for known in catalogue() {
        definitions.insert(with_name(known, true), with_schema(known, true));
        definitions.insert(with_name(known, false), with_schema(known, false));
    }
    definitions.insert("inputs_of_a_step".to_owned(), inputs(true));
    definitions.insert("inputs_of_a_use".to_owned(), inputs(false));
    schema["definitions"] = Value::Object(definitions);
    schema
}

/// The schema of a scenario.
#[must_use]
pub fn scenario_schema() -> Value {
    root("lifeboat scenario", "A drill's starting world and what goes wrong in it", SCENARIO)
}

fn root(title: &str, description: &str, table: &[Key]) -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!(DRAFT));
    schema.insert("title".to_owned(), json!(title));
    schema.insert("description".to_owned(), json!(description));
    if let Value::Object(members) = object(table) {
        schema.extend(members);
    }
    Value::Object(schema)
}

fn object(table: &[Key]) -> Value {
    let properties: Map<String, Value> = table.iter().map(|key| (key.name.to_owned(), documented(key))).collect();
    let required: Vec<&str> = table.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "patternProperties": {"^x-": {}},
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if std::ptr::eq(table, STEP) {
        schema["allOf"] = json!([{"$ref": "#/definitions/inputs_of_a_step"}]);
    } else if [CHECK, VERIFY, USE].iter().any(|uses| std::ptr::eq(table, *uses)) {
        schema["allOf"] = json!([{"$ref": "#/definitions/inputs_of_a_use"}]);
    }
    schema
}

fn documented(key: &Key) -> Value {
    let mut schema = kind(key.kind);
    schema["description"] = json!(key.doc);
    schema
}

fn kind(kind: Kind) -> Value {
    match kind {
        Kind::Version => json!({"const": 1}),
        Kind::Text => json!({"type": "string"}),
        Kind::Id => json!({"type": "string", "pattern": ID}),
        Kind::Expr => json!({"type": ["string", "boolean", "number"]}),
        Kind::Duration => json!({"type": "string", "pattern": DURATION}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Count(least) => json!({"type": "integer", "minimum": least}),
        Kind::Number => json!({"type": "number"}),
        Kind::Word(words) => json!({"type": "string", "enum": words}),
        Kind::Words => json!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
        Kind::Any => json!({}),
        Kind::List => json!({"type": "array"}),
        Kind::With => json!({"type": "object"}),
        Kind::Object(table) => object(table),
        Kind::ListOf(table) => json!({"type": "array", "items": object(table)}),
        Kind::Named(table) => named(&object(table)),
        Kind::NamedAny => named(&json!({})),
        Kind::NamedText => named(&json!({"type": "string"})),
        Kind::NamedWords => named(&json!({"type": "array", "items": {"type": "string"}})),
        Kind::Either(kinds) => json!({"anyOf": kinds.iter().map(|one| self::kind(*one)).collect::<Vec<_>>()}),
        Kind::Uses => {
            let actions = catalogue().iter().map(|known| {
                let spec = known.spec;
                json!({"const": spec.name, "description": format!("{} ({})", spec.summary, spec.risk.word())})
            });
            json!({"type": "string", "oneOf": actions.collect::<Vec<_>>()})
        }
    }
}

/// A map with free keys that are ids.
fn named(value: &Value) -> Value {
    json!({"type": "object", "patternProperties": {ID: value, "^x-": {}}, "additionalProperties": false})
}

/// For each action, what its `with` may hold.
fn inputs(whole: bool) -> Value {
    let cases = catalogue().iter().map(|known| {
        let mut then = json!({"properties": {"with": {"$ref": format!("#/definitions/{}", with_name(known, whole))}}});
        if whole && known.schema["required"].as_array().is_some_and(|required| !required.is_empty()) {
            then["required"] = json!(["with"]);
        }
        json!({"if": {"properties": {"uses": {"const": known.spec.name}}, "required": ["uses"]}, "then": then})
    });
    json!({"allOf": cases.collect::<Vec<_>>()})
}

/// A name without the characters that a JSON pointer escapes.
fn with_name(known: &Known, whole: bool) -> String {
    let name = known.spec.name.replace(['/', '.'], "_");
    if whole { format!("with_{name}") } else { format!("some_with_{name}") }
}

/// The input of an action; where members are inherited from the step, none is required.
fn with_schema(known: &Known, whole: bool) -> Value {
    let mut schema = with_templates(&known.schema, true);
    schema["description"] = json!(format!("Input of {}: {}", known.spec.name, known.spec.summary));
    if schema.get("properties").is_none() {
        schema["additionalProperties"] = json!(false);
    }
    if let (false, Some(members)) = (whole, schema.as_object_mut()) {
        members.remove("required");
    }
    schema
}

/// The same schema, with text that holds an expression allowed in place of every value.
fn with_templates(schema: &Value, is_root: bool) -> Value {
    let Some(members) = schema.as_object() else { return schema.clone() };
    let mut out = Map::new();
    for (key, value) in members {
        let value = match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                let inner = properties.iter().map(|(name, inner)| (name.clone(), with_templates(inner, false)));
                Value::Object(inner.collect())
            }
            ("items" | "additionalProperties", Value::Object(_)) => with_templates(value, false),
            // The formats of Rust's number types mean nothing to an editor.
            ("format", _) => continue,
            _ => value.clone(),
        };
        out.insert(key.clone(), value);
    }
    let is_text = out.get("type") == Some(&json!("string")) || out.get("type") == Some(&json!(["string", "null"]));
    if is_root || (is_text && !out.contains_key("enum")) {
        return Value::Object(out);
    }
    let description = out.remove("description");
    let mut either = json!({"anyOf": [out, {"type": "string", "pattern": TEMPLATE}]});
    if let Some(description) = description {
        either["description"] = description;
    }
    either
}

#[cfg(test)]
mod tests;
