//! Messages to people, sent once: one request, no redirect followed, nothing tried again.
//!
//! Addresses and tokens are filled in here and shown nowhere: what lets one in may be a part of an
//! address, so its parts are hidden as well. Must not know what a failure means for the run.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::http::{Clients, reason};
use super::{error, invalid, no_secret};
use crate::model::Value;
use crate::model::action::Action;
use crate::model::action::messages::{Letter, Service};
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::redact;
use crate::model::secret::Secrets;

/// Of an answer, this much is read.
const READ_MAX_BYTES: usize = 16 * 1024;
/// Of an answer, this much is kept.
const KEPT_CHARS: usize = 500;
/// A shorter part of an address is an ordinary word.
const PART_MIN_BYTES: usize = 8;

/// Sends the message of a call.
pub(super) async fn post(
    clients: &Clients,
    call: &Action,
    secrets: &Secrets,
    timeout: Duration,
) -> Result<Value, CloudError> {
    let letter = letter(call)?;
    let url = address(&letter, secrets)?;
    let headers = headers(&letter, secrets)?;
    let body = body(&letter, secrets)?;
    let client = clients.of(url.scheme())?;
    let request = client.post(url).headers(headers).body(body.expose_secret().to_owned());
    let sent = async {
        let response = request.send().await.map_err(|why| not_answered(&why.without_url()))?;
        Ok(judge(response, letter.service).await)
    };
    match tokio::time::timeout(timeout, sent).await {
        Ok(answered) => answered?,
        Err(_) => Err(unknown("Timeout", format!("no answer within {} s", timeout.as_secs_f32()))),
    }
}

fn letter(call: &Action) -> Result<Letter, CloudError> {
    match call {
        Action::SlackPost(call) => call.letter().map_err(|why| invalid("NotAMessage", why)),
        Action::TeamsPost(call) => Ok(call.letter()),
        Action::WebhookPost(call) => Ok(call.letter()),
        Action::ChangeEvent(call) => Ok(call.letter()),
        other => Err(invalid("NotAMessage", format!("`{}` is no message", other.name()))),
    }
}

/// The address, which is never shown: what is wrong with it is said without it.
fn address(letter: &Letter, secrets: &Secrets) -> Result<Url, CloudError> {
    let filled = secrets.fill(&letter.url).map_err(|why| no_secret(&why))?;
    let url = Url::parse(filled.expose_secret().trim())
        .map_err(|why| invalid("NotAnAddress", format!("what `{}` stands for is no address: {why}", letter.url)))?;
    let is_secret = filled.expose_secret() != letter.url;
    if is_secret {
        let parts = url.path_segments().into_iter().flatten().chain(url.query());
        parts.filter(|part| part.len() >= PART_MIN_BYTES).for_each(|part| redact::shared().learn(part));
    }
    let is_plain_here = url.scheme() == "http" && is_this_machine(&url);
    if url.scheme() == "https" || is_plain_here {
        return Ok(url);
    }
    let why = format!("`{}` is no https address; plain http goes only to this machine itself", letter.url);
    Err(invalid("NotHttps", why))
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn headers(letter: &Letter, secrets: &Secrets) -> Result<HeaderMap, CloudError> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    for (name, value) in &letter.headers {
        let wrong = || invalid("NotAHeader", format!("the header `{name}` cannot be sent"));
        let named = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let filled = secrets.fill(value).map_err(|why| no_secret(&why))?;
        let mut value = HeaderValue::from_str(filled.expose_secret()).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(named, value);
    }
    Ok(headers)
}

/// The bytes that go out. Only PagerDuty's key is a secret; every other text of a body is data, also one
/// that looks like a reference.
fn body(letter: &Letter, secrets: &Secrets) -> Result<SecretString, CloudError> {
    let mut body = letter.body.clone();
    if letter.service == Service::PagerDuty {
        let key = body["routing_key"].as_str().unwrap_or_default();
        let filled = secrets.fill(key).map_err(|why| no_secret(&why))?;
        body["routing_key"] = json!(filled.expose_secret());
    }
    Ok(SecretString::from(body.to_string()))
}

/// Refused before anything was written, or lost somewhere on its way.
fn not_answered(why: &reqwest::Error) -> CloudError {
    let words = redact::shared().text(&reason(why)).into_owned();
    if why.is_connect() {
        return error(CloudErrorKind::Unavailable, "NotConnected", format!("{words}; nothing was sent"));
    }
    if why.is_builder() {
        return invalid("NotARequest", words);
    }
    unknown("NoAnswer", words)
}

fn unknown(code: &str, message: String) -> CloudError {
    error(CloudErrorKind::UnknownOutcome, code, message)
}

/// What the answer proves.
async fn judge(mut response: Response, service: Service) -> Result<Value, CloudError> {
    let status = response.status();
    let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(kept);
    let mut bytes = Vec::new();
    // What is missing of an answer changes nothing of its status.
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = READ_MAX_BYTES - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if bytes.len() == READ_MAX_BYTES {
            break;
        }
    }
    let reply = kept(&String::from_utf8_lossy(&redact::shared().bytes(&bytes)));
    let code = format!("Http{}", status.as_u16());
    let told = if reply.is_empty() { status.to_string() } else { format!("{status}: {reply}") };
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(error(CloudErrorKind::Throttled, &code, throttled(wait)));
    }
    if status.is_success() {
        return match service {
            Service::Webhook | Service::PagerDuty => Ok(json!({"status": status.as_u16(), "reply": reply, "id": null})),
            Service::SlackApi => of_slack(status, &bytes, wait),
        };
    }
    let kind = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => CloudErrorKind::Denied,
        StatusCode::NOT_FOUND | StatusCode::GONE => CloudErrorKind::NotFound,
        StatusCode::REQUEST_TIMEOUT => CloudErrorKind::UnknownOutcome,
        _ if status.is_client_error() || status.is_redirection() => CloudErrorKind::Invalid,
        _ => CloudErrorKind::UnknownOutcome,
    };
    Err(error(kind, &code, told))
}

fn throttled(wait: Option<String>) -> String {
    let wait = wait.map(|wait| format!("; it asks to wait {wait} s")).unwrap_or_default();
    format!("too many messages{wait}")
}

/// Slack's methods answer 200 and say in the body whether they did it.
fn of_slack(status: StatusCode, bytes: &[u8], wait: Option<String>) -> Result<Value, CloudError> {
    let Ok(answer) = serde_json::from_slice::<Value>(bytes) else {
        return Err(unknown("UnreadableAnswer", "what Slack answered is no JSON".to_owned()));
    };
    if answer["ok"] == true {
        return Ok(json!({"status": status.as_u16(), "reply": "ok", "id": answer["ts"].as_str().map(kept)}));
    }
    let code = kept(answer["error"].as_str().unwrap_or("no reason given"));
    let kind = match code.as_str() {
        "ratelimited" | "rate_limited" => return Err(error(CloudErrorKind::Throttled, &code, throttled(wait))),
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive" | "missing_scope"
        | "not_in_channel" | "restricted_action" => CloudErrorKind::Denied,
        "channel_not_found" => CloudErrorKind::NotFound,
        // By Slack's own word a part of it may have been done.
        "internal_error" | "fatal_error" | "request_timeout" | "no reason given" => CloudErrorKind::UnknownOutcome,
        _ => CloudErrorKind::Invalid,
    };
    Err(error(kind, &code, "Slack says so".to_owned()))
}

fn kept(text: &str) -> String {
    redact::shared().text(text).trim().chars().take(KEPT_CHARS).collect()
}
