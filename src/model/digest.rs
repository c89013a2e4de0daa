//! Digests: SHA-256 over canonical JSON, for requests, runbooks and the witness of a drill.

use sha2::{Digest, Sha256};

use super::Value;

/// SHA-256 as 64 hex digits.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// `sha256:…` of a value's canonical JSON.
#[must_use]
pub fn digest_of(value: &Value) -> String {
    format!("sha256:{}", sha256_hex(canonical(value).as_bytes()))
}

/// JSON without spaces and with the members of every object in byte order, so that equal values
/// have equal digests.
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut keys: Vec<&String> = members.keys().collect();
            keys.sort();
            text.push('{');
            for (ix, key) in keys.into_iter().enumerate() {
                if ix > 0 {
                    text.push(',');
                }
                text.push_str(&Value::String(key.clone()).to_string());
                text.push(':');
                write_canonical(&members[key], text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (ix, item) in items.iter().enumerate() {
                if ix > 0 {
                    text.push(',');
                }
                write_canonical(item, text);
            }
            text.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => text.push_str(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn member_order_does_not_matter() {
        let (a, b) =
            (json!({"b": [1, {"d": 1, "c": null}], "a": "x"}), json!({"a": "x", "b": [1, {"c": null, "d": 1}]}));
        assert_eq!(digest_of(&a), digest_of(&b));
        assert_eq!(canonical(&a), r#"{"a":"x","b":[1,{"c":null,"d":1}]}"#);
        assert_ne!(digest_of(&a), digest_of(&json!({"a": "x"})));
    }
}
