//! What a plain (unquoted) YAML scalar means: YAML 1.2 core schema, so that `no` and `on` are text
//! and `0123` (an account id) keeps its zero.

use crate::model::Value;
use crate::model::template::Node;

/// The node of a plain scalar.
pub(super) fn plain(text: &str) -> Node {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Node::Scalar(Value::Null),
        "true" | "True" | "TRUE" => Node::Scalar(Value::Bool(true)),
        "false" | "False" | "FALSE" => Node::Scalar(Value::Bool(false)),
        _ => number(text).map_or_else(|| Node::Text(text.to_owned()), Node::Scalar),
    }
}

fn number(text: &str) -> Option<Value> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(rest) = digits.strip_prefix(prefix) {
            return u32::from_str_radix(rest, radix).ok().filter(|_| !negative && rest.is_ascii()).map(Value::from);
        }
    }
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        // A leading zero says "identifier", not "octal" and not "number".
        if digits.len() > 1 && digits.starts_with('0') {
            return None;
        }
        return match (negative, digits.parse::<u64>().ok()?) {
            (false, value) => Some(Value::from(value)),
            (true, value) => i64::try_from(value).ok().map(|value| Value::from(-value)),
        };
    }
    let is_float = digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
        && digits.bytes().any(|b| b.is_ascii_digit());
    let value = is_float.then(|| digits.parse::<f64>().ok()).flatten()?;
    serde_json::Number::from_f64(if negative { -value } else { value }).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_scalars() {
        let value = |text: &str| match plain(text) {
            Node::Scalar(value) => value,
            Node::Text(text) => json!({"text": text}),
            Node::List(_) | Node::Map(_) => Value::Null,
        };
        assert_eq!(value("~"), json!(null));
        assert_eq!(value("True"), json!(true));
        assert_eq!(value("no"), json!({"text": "no"}));
        assert_eq!(value("-12"), json!(-12));
        assert_eq!(value("0x1F"), json!(31));
        assert_eq!(value("1.5e3"), json!(1500.0));
        for text in ["012345678901", "1.2.3", "10.0.0.1", "30m", "-", "1-2", "e5", ".", "+x", "0x", "0xé"] {
            assert_eq!(value(text), json!({ "text": text }));
        }
    }
}
