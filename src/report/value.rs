//! A JSON value in a few words, for a row.

use crate::model::Value;
use crate::model::text::fit;

/// Cells a value may take in a row.
const CELLS_MAX: usize = 80;
/// Members of an object that are shown; the rest is counted.
const MEMBERS_MAX: usize = 4;

/// `status ok, n 5`: scalars by name, lists and objects by their size.
pub(super) fn brief(value: &Value) -> String {
    let text = match value {
        Value::Object(members) if members.is_empty() => "nothing".to_owned(),
        Value::Object(members) => {
            let mut parts: Vec<String> =
                members.iter().take(MEMBERS_MAX).map(|(key, value)| format!("{key} {}", scalar(value))).collect();
            if members.len() > MEMBERS_MAX {
                parts.push(format!("{} more", members.len() - MEMBERS_MAX));
            }
            parts.join(", ")
        }
        other => scalar(other),
    };
    fit(&text, CELLS_MAX)
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(yes) => yes.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => fit(text, CELLS_MAX),
        Value::Array(items) => format!("[{}]", items.len()),
        Value::Object(members) => format!("{{{}}}", members.len()),
    }
}
