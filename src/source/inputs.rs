//! Values of inputs: from the file, from the command line, from the journal of a resumed run.

use regex_lite::Regex;

use super::diagnostic::{Diagnostic, did_you_mean};
use crate::model::Value;
use crate::model::expr::plain;
use crate::model::runbook::{Input, InputType};
use crate::model::span::Span;
use crate::model::time::{parse_duration_ms, parse_rfc3339_ms, rfc3339};

/// Compiles a pattern so that it must match the whole value.
pub(super) fn pattern(source: &str) -> Result<Regex, String> {
    Regex::new(&format!("^(?:{source})$")).map_err(|error| error.to_string())
}

/// Whether a text has the form of an AWS region: `eu-central-1`, `us-gov-west-1`.
pub(super) fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [first, words @ .., number] = parts.as_slice() else { return false };
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    first.len() == 2
        && is_word(first)
        && !words.is_empty()
        && words.iter().all(|word| is_word(word))
        && (1..=2).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text has the form of an AWS account.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Checks a value as a person writes it and gives it its type; `now` stays a word.
pub(super) fn written(name: &str, input: &Input, value: &Value) -> Result<Value, Diagnostic> {
    let text = plain(value);
    let wrong = |expected: &str, help: &str| {
        let message = format!("input `{name}`: expected {expected}, found `{text}`");
        Err(Diagnostic::error("LB603", input.span, message).help(help))
    };
    match input.kind {
        InputType::String if value.is_string() => Ok(value.clone()),
        InputType::String => wrong("a text", "put it in quotes"),
        InputType::Integer => match text.parse::<i64>() {
            Ok(number) => Ok(Value::from(number)),
            Err(_) => wrong("a whole number", "write it like `3`"),
        },
        InputType::Number => match text.parse::<f64>().ok().filter(|number| number.is_finite()) {
            Some(number) => Ok(Value::from(number)),
            None => wrong("a number", "write it like `0.5`"),
        },
        InputType::Boolean => match text.as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => wrong("`true` or `false`", "write `true` or `false`"),
        },
        InputType::Timestamp if text == "now" => Ok(value.clone()),
        InputType::Timestamp => match parse_rfc3339_ms(&text) {
            Ok(at_ms) => Ok(Value::String(rfc3339(at_ms))),
            Err(_) => wrong("a time", "write it like `2026-11-22T03:41:07Z`, or `now`"),
        },
        InputType::Duration => match parse_duration_ms(&text) {
            Ok(ms) if value.is_string() => Ok(seconds(ms)),
            _ => wrong("a duration with a unit", "write it like `90s`, `30m` or `1h30m`"),
        },
        InputType::Region if is_region(&text) => Ok(value.clone()),
        InputType::Region => wrong("an AWS region", "write it like `eu-central-1`"),
    }
}

/// As [`written`], for a value that a run was started with; one that has its type already (a resume) is kept.
pub(super) fn given(name: &str, input: &Input, value: &Value) -> Result<Value, Diagnostic> {
    match (input.kind, value) {
        (InputType::Boolean, Value::Bool(_))
        | (InputType::Number | InputType::Integer | InputType::Duration, Value::Number(_)) => Ok(value.clone()),
        _ => written(name, input, value),
    }
}

/// Whole seconds as a whole number, so that they print without a fraction.
fn seconds(ms: u64) -> Value {
    if ms.is_multiple_of(1000) {
        Value::from(ms / 1000)
    } else {
        Value::from(std::time::Duration::from_millis(ms).as_secs_f64())
    }
}

/// Checks a typed value against the input's pattern and options.
pub(super) fn allowed(name: &str, input: &Input, value: &Value) -> Result<(), Diagnostic> {
    let text = plain(value);
    if let Some(source) = &input.pattern
        && !pattern(source).is_ok_and(|pattern| pattern.is_match(&text))
    {
        let message = format!("input `{name}`: `{text}` does not match the pattern `{source}`");
        let help = input.help.clone().unwrap_or_else(|| "the whole value must match".to_owned());
        return Err(Diagnostic::error("LB604", input.span, message).help(help));
    }
    if !input.options.is_empty() && !input.options.iter().any(|option| plain(option) == text) {
        let options: Vec<String> = input.options.iter().map(plain).collect();
        let near = did_you_mean(&text, options.iter().map(String::as_str));
        let list = format!("one of: {}", options.join(", "));
        let help = near.map_or(list.clone(), |near| format!("{near} ({list})"));
        return Err(Diagnostic::error("LB605", input.span, format!("input `{name}` cannot be `{text}`")).help(help));
    }
    Ok(())
}

/// A finding about an input that the file does not declare.
pub(super) fn unknown<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    let help = super::diagnostic::did_you_mean_or_list(name, known);
    Diagnostic::error("LB601", Span::default(), format!("the runbook has no input `{name}`")).maybe_help(help)
}
