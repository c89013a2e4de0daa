//! CloudTrail's events, in each of the forms in which people get them.
//!
//! Must not know: the journal.

use crate::model::Value;
use crate::model::time::parse_rfc3339_ms;

/// One event, as far as it is compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrailEvent {
    pub id: Option<String>,
    pub request_id: Option<String>,
    pub at_ms: i64,
    /// Without its domain: `rds`.
    pub source: String,
    /// Without the date that some services put behind it.
    pub name: String,
    pub region: Option<String>,
    pub account: Option<String>,
    /// The ARN of the identity.
    pub who: Option<String>,
    /// A service of AWS that acted in the identity's name.
    pub invoked_by: Option<String>,
    pub is_read: bool,
    pub is_data: bool,
    pub error: Option<String>,
    pub parameters: Value,
}

/// Why a text holds no events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrailError {
    #[error("line {line} is no JSON: {why}")]
    Json { line: usize, why: String },
    #[error("event {number} is not CloudTrail's: {why}")]
    NotAnEvent { number: usize, why: &'static str },
}

/// Reads events: a file as it lies in S3 (`Records`), what `aws cloudtrail lookup-events` prints (`Events`), a
/// list of events, or a line of JSON each.
///
/// # Errors
/// At the first thing that is none.
pub fn parse(text: &str) -> Result<Vec<TrailEvent>, TrailError> {
    let mut found = Vec::new();
    if let Ok(whole) = serde_json::from_str(text) {
        take(&whole, &mut found)?;
        return Ok(found);
    }
    for (ix, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let value =
            serde_json::from_str(line).map_err(|error| TrailError::Json { line: ix + 1, why: error.to_string() })?;
        take(&value, &mut found)?;
    }
    Ok(found)
}

fn take(value: &Value, found: &mut Vec<TrailEvent>) -> Result<(), TrailError> {
    let list = match value {
        Value::Array(items) => Some(items),
        Value::Object(members) => ["Records", "Events"].iter().find_map(|name| members.get(*name)?.as_array()),
        _ => None,
    };
    match list {
        Some(items) => items.iter().try_for_each(|item| take_one(item, found)),
        None => take_one(value, found),
    }
}

fn take_one(value: &Value, found: &mut Vec<TrailEvent>) -> Result<(), TrailError> {
    let wrong = |why| TrailError::NotAnEvent { number: found.len() + 1, why };
    // What `lookup-events` prints holds the event itself as a text.
    let inner = value["CloudTrailEvent"].as_str().map(serde_json::from_str::<Value>).transpose();
    let inner = inner.map_err(|_| wrong("its CloudTrailEvent is no JSON"))?;
    let event = inner.as_ref().unwrap_or(value);
    let text = |name: &str| event[name].as_str().map(str::to_owned);
    let name = text("eventName").ok_or_else(|| wrong("it has no eventName"))?;
    let source = text("eventSource").ok_or_else(|| wrong("it has no eventSource"))?;
    let at = text("eventTime").ok_or_else(|| wrong("it has no eventTime"))?;
    let at_ms = parse_rfc3339_ms(&at).map_err(|_| wrong("its eventTime is no time"))?;
    let identity = &event["userIdentity"];
    let of_identity = |name: &str| identity[name].as_str().map(str::to_owned);
    let name = without_date(&name).to_owned();
    found.push(TrailEvent {
        id: text("eventID"),
        request_id: text("requestID").filter(|id| !id.is_empty()),
        at_ms,
        source: source.split('.').next().unwrap_or_default().to_owned(),
        is_read: event["readOnly"].as_bool().unwrap_or_else(|| reads(&name)),
        is_data: event["eventCategory"] == "Data" || event["managementEvent"] == false,
        name,
        region: text("awsRegion"),
        account: text("recipientAccountId").or_else(|| of_identity("accountId")),
        who: of_identity("arn"),
        invoked_by: of_identity("invokedBy"),
        error: text("errorCode"),
        parameters: event["requestParameters"].clone(),
    });
    Ok(())
}

/// `UpdateDistribution2020_05_31` → `UpdateDistribution`.
fn without_date(name: &str) -> &str {
    const DATE: usize = "2020_05_31".len();
    let Some((head, tail)) = name.len().checked_sub(DATE).and_then(|at| name.split_at_checked(at)) else { return name };
    let is_date = tail
        .bytes()
        .enumerate()
        .all(|(ix, byte)| if ix == 4 || ix == 7 { byte == b'_' } else { byte.is_ascii_digit() });
    if is_date && !head.is_empty() { head } else { name }
}

/// For events of an older form, which do not say it.
fn reads(name: &str) -> bool {
    const BEGIN: [&str; 7] = ["Get", "List", "Describe", "Head", "Lookup", "Search", "BatchGet"];
    BEGIN.iter().any(|begin| name.starts_with(begin)) || name == "AssumeRole"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_behind_a_name_is_none_of_it() {
        assert_eq!(without_date("UpdateDistribution2020_05_31"), "UpdateDistribution");
        assert_eq!(without_date("CreateInvalidation"), "CreateInvalidation");
        assert_eq!(without_date("2020_05_31"), "2020_05_31");
        assert_eq!(without_date("Ärger"), "Ärger");
    }
}
