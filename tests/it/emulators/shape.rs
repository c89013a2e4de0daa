//! Two states compared: what differs between any two worlds built in the same way is made equal.

use regex_lite::Regex;
use serde_json::Value;

/// A dump with names in place of the identifiers that were noted, and of times and UUIDs.
pub fn normalised(dump: &Value, names: &[(String, &'static str)]) -> Value {
    match dump {
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), normalised(value, names))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| normalised(item, names)).collect()),
        Value::String(text) => Value::String(words(text, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => dump.clone(),
    }
}

/// Without some members, wherever they are: those that the service makes up each time.
pub fn without(dump: &mut Value, made_up: &[&str]) {
    match dump {
        Value::Object(members) => {
            members.retain(|name, _| !made_up.contains(&name.as_str()));
            members.values_mut().for_each(|value| without(value, made_up));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| without(item, made_up)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Where two states differ: place, one, the other.
pub fn differences(one: &Value, other: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", one, other, &mut found);
    found
}

fn compare(place: &str, one: &Value, other: &Value, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(left), Value::Object(right)) => {
            let only_right = right.keys().filter(|name| !left.contains_key(*name));
            for name in left.keys().chain(only_right) {
                compare(&format!("{place}.{name}"), &one[name], &other[name], found);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (ix, (one, other)) in left.iter().zip(right).enumerate() {
                compare(&format!("{place}[{ix}]"), one, other, found);
            }
        }
        _ if one == other => {}
        _ => found.push(format!("{place}: {one} and {other}")),
    }
}

fn words(text: &str, names: &[(String, &'static str)]) -> String {
    let mut text = text.to_owned();
    for (found, name) in names {
        text = text.replace(found, &format!("({name})"));
    }
    let time = Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?").unwrap();
    let uuid = Regex::new(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").unwrap();
    let text = time.replace_all(&text, "(time)").into_owned();
    uuid.replace_all(&text, "(uuid)").into_owned()
}
