//! Messages, as they arrive at a server on the loopback: one request an attempt, whatever comes back,
//! and no word of where they went.

use std::sync::atomic::Ordering;

use serde_json::json;

use super::servers::{Http, page};
use super::*;
use crate::model::secret::Secrets;

/// What lets one in: it may stand in no answer and no error.
const PATH: &str = "/services/T0CAFE/B0CAFE/qF7bWzPK4canary";
const TOKEN: &str = "xoxb-7781-canary-token";
const KEY: &str = "R0UT1NGcanaryKEY";

fn sender(url: &str) -> Outside {
    let mut secrets = Secrets::default();
    for (name, value) in [("hook", format!("{url}{PATH}")), ("token", TOKEN.to_owned()), ("key", KEY.to_owned())] {
        redact_as_the_command_line_does(&value);
        secrets.insert(name, value.into());
    }
    Outside { options: OutsideOptions { secrets, ..OutsideOptions::default() }, http: http_clients() }
}

fn http_clients() -> crate::outside::http::Clients {
    crate::outside::http::Clients::direct(&[])
}

fn redact_as_the_command_line_does(value: &str) {
    crate::model::redact::shared().learn(value);
}

/// One of each way to send a message.
fn each(url: &str) -> Vec<Action> {
    let all = [
        ("slack/post", json!({"webhook": "secret:hook", "text": "a <!channel>"})),
        ("slack/post", json!({"token": "secret:token", "channel": "#dr", "text": "a", "api": url})),
        ("teams/post", json!({"webhook": "secret:hook", "title": "t", "text": "a"})),
        ("webhook/post", json!({"url": "secret:hook", "body": {"a": 1}, "headers": {"X-Token": "secret:token"}})),
        ("pagerduty/change_event", json!({"routing_key": "secret:key", "summary": "a", "api": url})),
    ];
    all.iter().map(|(name, with)| Action::parse(name, with).unwrap()).collect()
}

fn base(server: &Http) -> String {
    format!("http://{}", server.address)
}

fn has_no_secret(told: &str) {
    for secret in [PATH, "qF7bWzPK4canary", TOKEN, KEY] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
}

#[tokio::test]
async fn every_message_arrives_once_and_whole() {
    let server = Http::answering("200 OK", r#"{"ok": true, "ts": "17.5"}"#);
    let outside = sender(&base(&server));
    for (ix, call) in each(&base(&server)).into_iter().enumerate() {
        let answer = ask(&outside, call.clone(), AMPLE_MS).await.unwrap();
        assert_eq!(answer["status"], 200, "{}", call.name());
        assert_eq!(server.connections.load(Ordering::SeqCst), ix + 1, "{}", call.name());
        has_no_secret(&answer.to_string());
    }
    let bodies: Vec<Value> =
        server.bodies.lock().unwrap().iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    let heads = server.heads.lock().unwrap().clone();
    assert_eq!(bodies[0]["text"], "a &lt;!channel&gt;");
    assert!(heads[0].starts_with(&format!("POST {PATH} HTTP/1.1")), "{}", heads[0]);
    assert!(heads[1].starts_with("POST /chat.postMessage ") && heads[1].contains(TOKEN), "{}", heads[1]);
    assert_eq!(bodies[1]["channel"], "#dr");
    assert_eq!(bodies[2]["attachments"][0]["contentType"], "application/vnd.microsoft.card.adaptive");
    assert_eq!((&bodies[3], heads[3].contains(TOKEN)), (&json!({"a": 1}), true));
    assert!(heads[4].starts_with("POST /v2/change/enqueue "), "{}", heads[4]);
    assert_eq!((&bodies[4]["routing_key"], &bodies[4]["payload"]["summary"]), (&json!(KEY), &json!("a")));
}

/// What a server says, and what that means; each by one request.
#[tokio::test]
async fn what_comes_back_is_told_by_its_kind() {
    let echo = format!("no such hook {PATH} {TOKEN} {KEY}");
    for (status, headers, kind) in [
        ("429 Too Many Requests", "Retry-After: 30\r\n", CloudErrorKind::Throttled),
        ("500 Internal Server Error", "", CloudErrorKind::UnknownOutcome),
        ("503 Service Unavailable", "", CloudErrorKind::UnknownOutcome),
        ("403 Forbidden", "", CloudErrorKind::Denied),
        ("404 Not Found", "", CloudErrorKind::NotFound),
        ("400 Bad Request", "", CloudErrorKind::Invalid),
        ("302 Found", "Location: http://127.0.0.1:1/\r\n", CloudErrorKind::Invalid),
    ] {
        let server = Http::new(Some(page(status, headers, &echo)), None);
        let outside = sender(&base(&server));
        for (ix, call) in each(&base(&server)).into_iter().enumerate() {
            let name = call.name();
            let refused = ask(&outside, call, AMPLE_MS).await.unwrap_err();
            assert_eq!((refused.kind, server.connections.load(Ordering::SeqCst)), (kind, ix + 1), "{name} {status}");
            assert_eq!(refused.message.contains("wait 30 s"), status.starts_with("429"), "{refused}");
            has_no_secret(&refused.to_string());
        }
    }
}

#[tokio::test]
async fn a_server_that_hangs_leaves_the_outcome_unknown() {
    let server = Http::new(None, None);
    let outside = sender(&base(&server));
    let calls = each(&base(&server));
    let asked = calls.len();
    // All at once, so that the time that each has to connect may be long.
    let all = futures_util::future::join_all(calls.into_iter().map(|call| ask(&outside, call, 5_000))).await;
    for lost in all.into_iter().map(Result::unwrap_err) {
        assert_eq!((lost.kind, lost.code.as_str()), (CloudErrorKind::UnknownOutcome, "Timeout"));
        has_no_secret(&lost.to_string());
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), asked, "each was sent once");
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    // A port that was free a moment ago may be another test's by now; this one is nobody's.
    let url = "http://127.0.0.1:1";
    let outside = sender(url);
    for call in each(url) {
        let refused = ask(&outside, call, AMPLE_MS).await.unwrap_err();
        assert_eq!(refused.kind, CloudErrorKind::Unavailable, "{refused}");
        has_no_secret(&refused.to_string());
    }
}

#[tokio::test]
async fn a_connection_that_ends_without_an_answer_leaves_it_unknown() {
    let server = Http::new(Some(String::new()), None);
    let outside = sender(&base(&server));
    for (ix, call) in each(&base(&server)).into_iter().enumerate() {
        let lost = ask(&outside, call, AMPLE_MS).await.unwrap_err();
        assert_eq!(lost.kind, CloudErrorKind::UnknownOutcome, "{lost}");
        assert_eq!(server.connections.load(Ordering::SeqCst), ix + 1);
        has_no_secret(&lost.to_string());
    }
}

#[tokio::test]
async fn slack_says_in_the_body_whether_it_did_it() {
    for (body, kind) in [
        (r#"{"ok": false, "error": "channel_not_found"}"#, CloudErrorKind::NotFound),
        (r#"{"ok": false, "error": "invalid_auth"}"#, CloudErrorKind::Denied),
        (r#"{"ok": false, "error": "ratelimited"}"#, CloudErrorKind::Throttled),
        (r#"{"ok": false, "error": "msg_too_long"}"#, CloudErrorKind::Invalid),
        (r#"{"ok": false, "error": "internal_error"}"#, CloudErrorKind::UnknownOutcome),
        ("<html>", CloudErrorKind::UnknownOutcome),
    ] {
        let server = Http::answering("200 OK", body);
        let call = each(&base(&server)).remove(1);
        assert_eq!(ask(&sender(&base(&server)), call, AMPLE_MS).await.unwrap_err().kind, kind, "{body}");
    }
}

#[tokio::test]
async fn a_text_that_looks_like_a_reference_is_not_filled_in() {
    let server = Http::answering("200 OK", "");
    let body = json!({"routing_key": "secret:key", "payload": {"text": "secret:token"}});
    let call = Action::parse("webhook/post", &json!({"url": "secret:hook", "body": body})).unwrap();
    ask(&sender(&base(&server)), call, AMPLE_MS).await.unwrap();
    let sent = server.bodies.lock().unwrap()[0].clone();
    assert_eq!(serde_json::from_str::<Value>(&sent).unwrap(), body);
}

#[tokio::test]
async fn elsewhere_it_goes_over_https_only() {
    for (url, kind) in [
        ("http://status.example/x", CloudErrorKind::Invalid),
        ("http://127.0.0.1.example/x", CloudErrorKind::Invalid),
        ("ftp://127.0.0.1/x", CloudErrorKind::Invalid),
    ] {
        let call = Action::WebhookPost(crate::model::action::messages::WebhookPost {
            url: url.to_owned(),
            body: serde_json::Map::new(),
            headers: None,
        });
        assert_eq!(ask(&outside(), call, AMPLE_MS).await.unwrap_err().kind, kind, "{url}");
    }
    let unknown = Action::parse("slack/post", &json!({"webhook": "secret:none", "text": "a"})).unwrap();
    assert_eq!(ask(&outside(), unknown, AMPLE_MS).await.unwrap_err().code, "NoSecret");
}
