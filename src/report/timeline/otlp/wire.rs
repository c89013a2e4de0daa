//! The few shapes of OTLP/JSON that a trace takes. Its instants are nanoseconds in text, its whole
//! numbers text as well, its ids hex (unlike what Protocol Buffers make of bytes in JSON).

use serde::Serialize;
use sha2::{Digest as _, Sha256};

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the protocol's names")]
pub struct Span {
    pub trace_id: String,
    pub span_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub parent_span_id: String,
    pub name: String,
    pub kind: u8,
    pub start_time_unix_nano: String,
    pub end_time_unix_nano: String,
    pub attributes: Vec<Attribute>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<SpanEvent>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    pub status: Status,
}

/// Something within this program.
pub const INTERNAL: u8 = 1;
/// A call of somebody else's.
pub const CLIENT: u8 = 3;

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SpanEvent {
    pub time_unix_nano: String,
    pub name: String,
    pub attributes: Vec<Attribute>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    pub trace_id: String,
    pub span_id: String,
    pub attributes: Vec<Attribute>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Status {
    /// 0 not said, 1 well, 2 an error.
    pub code: u8,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Attribute {
    pub key: &'static str,
    pub value: AnyValue,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::enum_variant_names, reason = "the protocol's names")]
pub enum AnyValue {
    StringValue(String),
    BoolValue(bool),
    IntValue(String),
}

impl From<&str> for AnyValue {
    fn from(text: &str) -> Self {
        Self::StringValue(text.to_owned())
    }
}

impl From<&String> for AnyValue {
    fn from(text: &String) -> Self {
        Self::StringValue(text.clone())
    }
}

impl From<bool> for AnyValue {
    fn from(yes: bool) -> Self {
        Self::BoolValue(yes)
    }
}

impl From<u64> for AnyValue {
    fn from(number: u64) -> Self {
        Self::IntValue(number.to_string())
    }
}

/// Attributes under construction: what is not known, or empty, is not there.
#[derive(Debug, Default)]
pub struct Attributes(pub Vec<Attribute>);

impl Attributes {
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<AnyValue>) -> Self {
        let value = value.into();
        if !matches!(&value, AnyValue::StringValue(text) if text.is_empty()) {
            self.0.push(Attribute { key, value });
        }
        self
    }

    #[must_use]
    pub fn maybe<T: Into<AnyValue>>(self, key: &'static str, value: Option<T>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }
}

pub fn nanos(at_ms: i64) -> String {
    (i128::from(at_ms.max(0)) * 1_000_000).to_string()
}

/// The 128 bits of the run's id; of another text's digest, where it is none.
pub fn trace_id(run: &str) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let digit = |byte: u8| DIGITS.iter().position(|&one| one == byte).map(|at| at as u128);
    let digits: Option<Vec<u128>> = run.bytes().map(digit).collect();
    let bits =
        digits.filter(|digits| digits.len() == 26).map(|digits| digits.into_iter().fold(0, |bits, at| bits << 5 | at));
    match bits {
        Some(bits) if bits != 0_u128 => format!("{bits:032x}"),
        _ => hex::encode(&Sha256::digest(run)[..16]),
    }
}

/// The same path in the same run is always the same span.
pub fn span_id(run: &str, path: &str) -> String {
    hex::encode(&Sha256::new().chain_update(run).chain_update([0]).chain_update(path).finalize()[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_from_the_run() {
        assert_eq!(trace_id("00000000000000000000000001"), "00000000000000000000000000000001");
        assert_eq!(trace_id("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"), "f".repeat(32));
        assert_eq!(trace_id("something else").len(), 32);
        assert_ne!(span_id("a", "step/x"), span_id("b", "step/x"));
        assert_eq!(span_id("a", "step/x").len(), 16);
    }
}
