//! Times and durations: milliseconds with the unit in the name, parsed and printed in one way.
//!
//! Instants are Unix milliseconds (`at_ms: i64`), durations are milliseconds (`…_ms: u64`).
//! Inside expressions a duration is a number of **seconds** (`objectives.rpo`, `steps.x.duration`,
//! a lag metric), so that `steps.lag.outputs.lag <= objectives.rpo` compares like with like.

use chrono::{DateTime, SecondsFormat, Utc};

/// Parses a duration with its unit: `90s`, `30m`, `1h30m`, `2d`, `500ms`.
///
/// # Errors
/// A fragment that says what is wrong and how to write it; a bare number asks for its unit.
pub fn parse_duration_ms(text: &str) -> Result<u64, String> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("the duration `{text}` has no unit: add one, like `{text}s` or `{text}m`"));
    }
    let parsed = humantime::parse_duration(text)
        .map_err(|_| format!("`{text}` is not a duration: write it like `90s`, `30m` or `1h30m`"))?;
    u64::try_from(parsed.as_millis()).map_err(|_| format!("the duration `{text}` is too long"))
}

/// Compact text of a duration: `41s`, `6m 10s`, `1h 30m`, `0s`; below a second `250ms`.
#[must_use]
pub fn human_ms(ms: u64) -> String {
    let total_s = ms / 1000;
    let (h, m, s) = (total_s / 3600, total_s / 60 % 60, total_s % 60);
    match (h, m, s) {
        (0, 0, 0) if ms > 0 => format!("{ms}ms"),
        (0, 0, s) => format!("{s}s"),
        (0, m, 0) => format!("{m}m"),
        (0, m, s) => format!("{m}m {s}s"),
        (h, 0, _) => format!("{h}h"),
        (h, m, _) => format!("{h}h {m}m"),
    }
}

/// Clock text of a duration: `0:07`, `12:08`, `1:29:07`.
#[must_use]
pub fn clock_ms(ms: u64) -> String {
    let s = ms / 1000;
    if s >= 3600 {
        format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
    } else {
        format!("{}:{:02}", s / 60, s % 60)
    }
}

/// Clock text with hours always: `0:12:08`, `4:00:00`.
#[must_use]
pub fn clock_hms(ms: u64) -> String {
    let s = ms / 1000;
    format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}

/// RFC 3339 in UTC with milliseconds: `2026-11-22T03:41:07.000Z`.
#[must_use]
pub fn rfc3339(at_ms: i64) -> String {
    DateTime::<Utc>::from_timestamp_millis(at_ms).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Time of day in UTC: `03:41:07Z`.
#[must_use]
pub fn hms_utc(at_ms: i64) -> String {
    DateTime::<Utc>::from_timestamp_millis(at_ms).unwrap_or_default().format("%H:%M:%SZ").to_string()
}

/// Parses an RFC 3339 instant into Unix milliseconds.
///
/// # Errors
/// A fragment that shows the form wanted.
pub fn parse_rfc3339_ms(text: &str) -> Result<i64, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|t| t.timestamp_millis())
        .map_err(|_| format!("`{text}` is not a time: write it like `2026-11-22T03:41:07Z`"))
}

/// Milliseconds from `from_ms` to `to_ms`, 0 when that would be negative.
#[must_use]
pub fn elapsed_ms(from_ms: i64, to_ms: i64) -> u64 {
    u64::try_from(to_ms - from_ms).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_asks_for_a_unit() {
        let error = parse_duration_ms("90").unwrap_err();
        assert!(error.contains("no unit") && error.contains("90s"), "{error}");
    }

    #[test]
    fn durations_read_and_print() {
        assert_eq!(parse_duration_ms("1h30m"), Ok(5_400_000));
        assert_eq!(human_ms(5_400_000), "1h 30m");
        assert_eq!(human_ms(370_000), "6m 10s");
        assert_eq!(human_ms(0), "0s");
        assert_eq!(clock_ms(5_347_000), "1:29:07");
        assert_eq!(clock_ms(48_000), "0:48");
        assert!(parse_duration_ms("soon").is_err());
    }
}
