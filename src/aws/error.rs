//! The outcome table: what an answer, or the lack of one, proves about a call.
//!
//! The default is "unknown": only an error that AWS itself put into words, and not with a 5xx,
//! proves that nothing happened. Must not know: which service it was.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{DispatchFailure, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use hyper_util::client::legacy::Error as HttpError;

use super::reply;
use crate::model::outcome::{Class, CloudError, CloudErrorKind};

/// What matters about a call when its answer is judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub changes: bool,
    pub class: Class,
}

impl Manner {
    /// A look at the world, whatever it is for.
    pub const READ: Self = Self { changes: false, class: Class::A };

    /// The kind of an answer that proves nothing. A read may simply be asked again.
    pub const fn unproven(self) -> CloudErrorKind {
        if self.changes { CloudErrorKind::UnknownOutcome } else { CloudErrorKind::Unavailable }
    }
}

/// An error of ours: no service said it.
pub(super) fn ours(kind: CloudErrorKind, code: &str, message: impl Into<String>) -> CloudError {
    CloudError { kind, code: code.to_owned(), message: message.into(), request_id: None }
}

/// The request makes no sense, or the answer does not hold what it must.
pub(super) fn invalid(code: &str, message: impl Into<String>) -> CloudError {
    ours(CloudErrorKind::Invalid, code, message)
}

pub(super) fn not_found(code: &str, message: impl Into<String>) -> CloudError {
    ours(CloudErrorKind::NotFound, code, message)
}

/// No answer in time.
pub(super) fn timed_out(manner: Manner, timeout_ms: u64) -> CloudError {
    let message = format!("no answer within {}", crate::model::time::human_ms(timeout_ms));
    ours(manner.unproven(), "Timeout", message)
}

/// The login took the time that the call had; the call was not made.
pub(super) fn no_login_in_time(patience_ms: u64) -> CloudError {
    let patience = crate::model::time::human_ms(patience_ms);
    ours(CloudErrorKind::Unavailable, "LoginUnreachable", format!("no credentials within {patience}; nothing was sent"))
}

/// Reads off an SDK error what it proves.
pub(super) fn of_sdk<E>(error: &SdkError<E, HttpResponse>, manner: Manner) -> CloudError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error {
        SdkError::ConstructionFailure(_) => ours(CloudErrorKind::Unavailable, "RequestNotBuilt", because(error)),
        SdkError::DispatchFailure(failure) => of_dispatch(failure, manner),
        SdkError::TimeoutError(_) => ours(manner.unproven(), "Timeout", because(error)),
        SdkError::ResponseError(context) => {
            let status = context.raw().status().as_u16();
            let message = format!("the answer (HTTP {status}) makes no sense: {}", because(error));
            CloudError {
                request_id: reply::request_id(context.raw().headers()),
                ..ours(manner.unproven(), "UnreadableAnswer", message)
            }
        }
        SdkError::ServiceError(context) => {
            let status = context.raw().status().as_u16();
            let told = Told { status, code: context.err().code(), message: context.err().message() };
            CloudError { request_id: reply::request_id(context.raw().headers()), ..told.judge(manner) }
        }
        // A kind of error this SDK does not have yet.
        _ => ours(manner.unproven(), "UnknownFailure", because(error)),
    }
}

/// What a service said.
struct Told<'a> {
    status: u16,
    code: Option<&'a str>,
    message: Option<&'a str>,
}

impl Told<'_> {
    fn judge(&self, manner: Manner) -> CloudError {
        let code = self.code.map_or_else(|| format!("Http{}", self.status), str::to_owned);
        let message = self.message.map_or_else(|| format!("HTTP {}", self.status), str::to_owned);
        ours(self.kind(manner), &code, message)
    }

    fn kind(&self, manner: Manner) -> CloudErrorKind {
        match (self.status, self.code) {
            // A redirect of a read says that the region is wrong; asking again will not help.
            (300..400, _) if !manner.changes => CloudErrorKind::Invalid,
            (400..500, Some(code)) => of_code(code, manner),
            (400..500, None) if !manner.changes => of_status(self.status),
            // 5xx even with a known code, an error inside a 200, a redirect, a 4xx that no AWS
            // service worded (a proxy did).
            _ => manner.unproven(),
        }
    }
}

/// A refusal without a code: answers to HEAD have no body.
const fn of_status(status: u16) -> CloudErrorKind {
    match status {
        401 | 403 => CloudErrorKind::Denied,
        404 | 410 => CloudErrorKind::NotFound,
        408 => CloudErrorKind::Unavailable,
        429 => CloudErrorKind::Throttled,
        _ => CloudErrorKind::Invalid,
    }
}

const EXPIRED: [&str; 5] =
    ["ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired", "ExpiredTokenError"];

const DENIED: [&str; 16] = [
    "AuthFailure",
    "AuthorizationError",
    "AuthorizationErrorException",
    "AllAccessDisabled",
    "AccountProblem",
    "ForbiddenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSecurity",
    "MissingAuthenticationToken",
    "NotAuthorized",
    "OptInRequired",
    "SignatureDoesNotMatch",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
];

const THROTTLED: [&str; 8] = [
    "BandwidthLimitExceeded",
    "LimitExceededException.Throttling",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "SlowDown",
    "TooManyRequestsException",
    "RequestThrottled",
];

/// The meaning of an AWS error code that came with a 4xx.
fn of_code(code: &str, manner: Manner) -> CloudErrorKind {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| code.starts_with(prefix));
    if EXPIRED.contains(&code) {
        CloudErrorKind::Expired
    } else if starts(&["AccessDenied", "AuthorizationHeader", "Unauthorized", "NotAuthorized"])
        || DENIED.contains(&code)
    {
        CloudErrorKind::Denied
    } else if starts(&["Throttl", "RequestThrottl"]) || THROTTLED.contains(&code) {
        // Nothing guards such a call against a second send, so not even a throttle is believed.
        if manner.changes && manner.class == Class::D {
            CloudErrorKind::UnknownOutcome
        } else {
            CloudErrorKind::Throttled
        }
    } else if starts(&["RequestTimeout", "InternalFailure", "InternalError", "ServiceUnavailable"]) {
        manner.unproven()
    } else if code.contains("NotFound") || starts(&["NoSuch"]) {
        CloudErrorKind::NotFound
    } else {
        CloudErrorKind::Invalid
    }
}

/// What a service's code proves that came without its status, as a program tells it. Only words that
/// no failing service uses are believed.
pub(super) fn of_worded(code: &str, manner: Manner) -> CloudErrorKind {
    const REFUSED: [&str; 22] = [
        "AlreadyExists",
        "AlreadyInUse",
        "BadRequest",
        "ClientException",
        "Conflict",
        "Dependency",
        "Exists",
        "InUse",
        "Incorrect",
        "Invalid",
        "LimitExceeded",
        "Malformed",
        "Missing",
        "NotEmpty",
        "NotPermitted",
        "NotSupported",
        "ParamValidation",
        "QuotaExceeded",
        "Unsupported",
        "Validation",
        "NotAllowed",
        "PreconditionFailed",
    ];
    if let Ok(status) = code.parse::<u16>() {
        return if (400..500).contains(&status) && status != 408 { of_status(status) } else { manner.unproven() };
    }
    match of_code(code, manner) {
        CloudErrorKind::Invalid if !REFUSED.iter().any(|word| code.contains(word)) => manner.unproven(),
        kind => kind,
    }
}

/// A dispatch that failed. It counts as not sent only when no connection ever stood; a reset after
/// the request looks much the same.
fn of_dispatch(failure: &DispatchFailure, manner: Manner) -> CloudError {
    let Some(error) = failure.as_connector_error() else {
        return ours(manner.unproven(), "ConnectionLost", "the connection was lost");
    };
    let message = because(error);
    if never_connected(error) {
        return ours(CloudErrorKind::Unavailable, "NoConnection", message);
    }
    if error.is_user() {
        return ours(CloudErrorKind::Unavailable, "RequestNotBuilt", message);
    }
    let code = if error.is_timeout() { "Timeout" } else { "ConnectionLost" };
    ours(manner.unproven(), code, message)
}

/// An error and its causes in one line, without what repeats itself.
pub(super) fn because(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if parts.last().is_none_or(|last| !last.contains(&text)) {
            parts.push(text);
        }
        next = error.source();
    }
    parts.join(": ")
}

/// Whether the chain of causes shows that the connection could not even be made: no address, refused,
/// TLS failed, or the time for connecting ran out.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.downcast_ref::<HttpError>().is_some_and(HttpError::is_connect) {
            return true;
        }
        next = error.source();
    }
    false
}

#[cfg(test)]
mod tests;
