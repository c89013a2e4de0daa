//! How services say no: AWS's own codes and wording in our words.
//!
//! Knows: codes. Must not know: which state led to them.

use crate::model::action::Action;
use crate::model::outcome::{CloudError, CloudErrorKind};

/// A refusal on its way to becoming a [`CloudError`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    kind: CloudErrorKind,
    code: String,
    message: String,
}

impl Refusal {
    pub fn not_found(code: &str, message: impl Into<String>) -> Self {
        Self { kind: CloudErrorKind::NotFound, code: code.to_owned(), message: message.into() }
    }

    pub fn invalid(code: &str, message: impl Into<String>) -> Self {
        Self { kind: CloudErrorKind::Invalid, code: code.to_owned(), message: message.into() }
    }

    pub fn unavailable(code: &str, message: impl Into<String>) -> Self {
        Self { kind: CloudErrorKind::Unavailable, code: code.to_owned(), message: message.into() }
    }

    pub fn throttled(code: &str) -> Self {
        Self { kind: CloudErrorKind::Throttled, code: code.to_owned(), message: "rate exceeded".to_owned() }
    }

    /// What a scenario words by itself.
    pub fn worded(code: &str, message: &str) -> Self {
        let kind = if code.contains("NotFound") || code.starts_with("NoSuch") {
            CloudErrorKind::NotFound
        } else if code.starts_with("AccessDenied") {
            CloudErrorKind::Denied
        } else if code.starts_with("Throttl") {
            CloudErrorKind::Throttled
        } else {
            CloudErrorKind::Invalid
        };
        Self { kind, code: code.to_owned(), message: message.to_owned() }
    }

    pub fn denied(action: &Action, caller: &str) -> Self {
        let code = if action.spec().api.starts_with("s3:") || action.spec().api.starts_with("rds:") {
            "AccessDenied"
        } else {
            "AccessDeniedException"
        };
        let what = if action.spec().api.is_empty() { action.name() } else { action.spec().api };
        let message = format!("{caller} is not authorized to perform {what}");
        Self { kind: CloudErrorKind::Denied, code: code.to_owned(), message }
    }

    pub fn code(&self) -> &str {
        &self.code
    }

    pub fn into_error(self, request_id: Option<String>) -> CloudError {
        CloudError { kind: self.kind, code: self.code, message: self.message, request_id }
    }
}
