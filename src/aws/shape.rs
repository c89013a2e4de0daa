//! Small pieces that the services' answers are made of. Must not know: any service.

use aws_smithy_types::DateTime;

use super::error::ours;
use crate::model::Value;
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::time::rfc3339;

/// An instant as the results have it, or null.
pub(super) fn instant(at: Option<&DateTime>) -> Value {
    at.and_then(|at| at.to_millis().ok()).map_or(Value::Null, |ms| Value::from(rfc3339(ms)))
}

/// An instant as a runbook writes it.
pub(super) fn point_in_time(text: Option<&str>) -> Result<Option<DateTime>, CloudError> {
    let read = |text: &str| crate::model::time::parse_rfc3339_ms(text).map(DateTime::from_millis);
    text.map(read).transpose().map_err(|why| super::error::invalid("InvalidTime", why))
}

/// Text that AWS leaves out or leaves empty, as it likes: null for both.
pub(super) fn some_text(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// A send was answered with success, but without what the answer must hold: that proves nothing.
pub(super) fn empty_answer(what: &str) -> CloudError {
    let message = format!("AWS answered with success, but without the {what}");
    ours(CloudErrorKind::UnknownOutcome, "UnreadableAnswer", message)
}

/// A count of the SDK as the catalogue's.
pub(super) fn count(n: i32) -> u32 {
    u32::try_from(n).unwrap_or(0)
}
