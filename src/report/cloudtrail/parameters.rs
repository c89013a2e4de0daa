//! Whether a request as we recorded it and as CloudTrail tells it are one.
//!
//! CloudTrail leaves members out, hides some and spells others in its own way, so only what both name is compared.

use super::calls::plain;
use crate::model::Value;
use crate::model::time::parse_rfc3339_ms;

const HIDDEN: [&str; 3] = ["HIDDEN_DUE_TO_SECURITY_REASONS", "****", "***"];

/// What the event says otherwise, a line each.
pub(super) fn differences(ours: &Value, theirs: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", ours, theirs, &mut found);
    found
}

fn compare(at: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for (name, value) in ours {
                // S3's events call a bucket so.
                let spelt = |other: &str| plain(other) == plain(name) || name == "bucket" && other == "bucketName";
                let other = theirs.iter().find(|(other, _)| spelt(other)).map(|(_, value)| value);
                if let Some(other) = other {
                    let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                    compare(&path, value, other, found);
                }
            }
        }
        // Lists of some services lie in an object that counts them.
        (Value::Array(_), Value::Object(counted)) => {
            if let Some(items) = counted.get("items") {
                compare(at, ours, items, found);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            let partner =
                |one: &Value| theirs.iter().any(|other| differences(&wrapped(one), &wrapped(other)).is_empty());
            for lone in ours.iter().filter(|one| !partner(one)) {
                found.push(format!("{at}: CloudTrail does not have {}", short(lone)));
            }
        }
        (Value::Array(_) | Value::Object(_) | Value::Null, _)
        | (_, Value::Array(_) | Value::Object(_) | Value::Null) => {}
        (ours, theirs) => {
            if !is_same(ours, theirs) {
                found.push(format!("{at}: the journal has {}, CloudTrail {}", short(ours), short(theirs)));
            }
        }
    }
}

/// So that a bare text in a list is compared like a member.
fn wrapped(value: &Value) -> Value {
    if value.is_object() { value.clone() } else { serde_json::json!({ "item": value }) }
}

fn short(value: &Value) -> String {
    const CELLS_MAX: usize = 60;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    crate::model::text::fit(&crate::model::text::safe(&text), CELLS_MAX)
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_same(ours: &Value, theirs: &Value) -> bool {
    let (ours, theirs) = (text_of(ours), text_of(theirs));
    if ours == theirs || HIDDEN.contains(&theirs.as_str()) {
        return true;
    }
    if let (Ok(ours), theirs) = (parse_rfc3339_ms(&ours), parse_rfc3339_ms(&theirs)) {
        // Some services print times in words.
        return theirs.map_or(true, |theirs| ours == theirs);
    }
    // Records are swapped: what was to be set is made anew once the old one is gone.
    if ours == "UPSERT" && theirs == "CREATE" {
        return true;
    }
    let bare = |text: &str| text.trim_end_matches('.').trim_start_matches("/hostedzone/").to_ascii_lowercase();
    let (ours, theirs) = (bare(&ours), bare(&theirs));
    let names = |arn: &str, name: &str| {
        arn.starts_with("arn:")
            && !name.is_empty()
            && (arn.ends_with(&format!(":{name}")) || arn.ends_with(&format!("/{name}")))
    };
    ours == theirs || names(&ours, &theirs) || names(&theirs, &ours)
}
