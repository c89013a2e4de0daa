//! What stands beside an answer: the request id and the cloud's own clock.
//!
//! The SDK's outputs carry neither for every service, so the line to AWS notes the headers of
//! whatever answers inside the task that asked. Must not know: services.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::http::Headers;

tokio::task_local! {
    static NOTED: Arc<Mutex<Noted>>;
}

/// The headers worth keeping of the last answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Noted {
    pub request_id: Option<String>,
    pub cloud_ms: Option<i64>,
}

/// Runs `work` and says what its last answer's headers held.
pub(super) async fn noting<T>(work: impl Future<Output = T>) -> (T, Noted) {
    let noted = Arc::new(Mutex::new(Noted::default()));
    let result = NOTED.scope(Arc::clone(&noted), work).await;
    let noted = noted.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (result, noted)
}

/// Called by the line for every answer; outside of [`noting`] nobody wants to know.
pub(super) fn note(headers: &Headers) {
    let read = Noted { request_id: request_id(headers), cloud_ms: cloud_ms(headers) };
    let _ = NOTED.try_with(|noted| *noted.lock().unwrap_or_else(PoisonError::into_inner) = read);
}

/// The request id, under each of the names that services give it.
pub(super) fn request_id(headers: &Headers) -> Option<String> {
    ["x-amzn-requestid", "x-amz-request-id", "x-amz-id-2"].iter().find_map(|name| headers.get(*name)).map(str::to_owned)
}

fn cloud_ms(headers: &Headers) -> Option<i64> {
    let date = headers.get("date")?;
    chrono::DateTime::parse_from_rfc2822(date).ok().map(|date| date.timestamp_millis())
}
