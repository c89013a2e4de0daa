//! HTTP and HTTPS endpoints on the loopback.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustls::pki_types::PrivatePkcs8KeyDer;

use super::servers::{Http, page};
use super::*;
use crate::model::action::outside::HttpCheck;
use crate::outside::http::Clients;

fn get(url: &str) -> HttpCheck {
    HttpCheck {
        url: url.to_owned(),
        method: None,
        expect_status: None,
        expect_body: None,
        expect_json: None,
        min_tls_days: None,
        headers: None,
    }
}

async fn check(call: HttpCheck) -> Value {
    ask(&outside(), Action::HttpCheck(call), AMPLE_MS).await.unwrap()
}

#[tokio::test]
async fn a_good_answer_has_the_shape_that_runbooks_know() {
    let server = Http::answering("200 OK", "all is well");
    let mut answer = check(HttpCheck { expect_body: Some("is well".to_owned()), ..get(&server.url()) }).await;
    assert!(answer["latency_ms"].as_u64().is_some());
    answer["latency_ms"] = 0.into();
    let expected =
        serde_json::json!({"ok": true, "status": 200, "body": "all is well", "latency_ms": 0, "tls_days_left": null});
    assert_eq!(answer, expected);
    let head = server.heads.lock().unwrap()[0].clone();
    assert!(head.starts_with("GET /health HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("user-agent: lifeboat/"), "{head}");
}

#[tokio::test]
async fn another_status_or_a_missing_text_is_not_well() {
    let server = Http::answering("503 Service Unavailable", "down");
    assert_eq!(check(get(&server.url())).await["ok"], false);
    assert_eq!(check(HttpCheck { expect_status: Some(503), ..get(&server.url()) }).await["ok"], true);
    let wanted = HttpCheck { expect_status: Some(503), expect_body: Some("up".to_owned()), ..get(&server.url()) };
    assert_eq!(check(wanted).await["ok"], false);
}

#[tokio::test]
async fn members_of_a_body_and_days_of_a_certificate_may_be_expected() {
    let server = Http::answering("200 OK", r#"{"status": "ok", "checks": {"db": "up", "queue": 3}}"#);
    for (wanted, ok) in [
        (serde_json::json!({"status": "ok"}), true),
        (serde_json::json!({"checks": {"db": "up"}}), true),
        (serde_json::json!({"checks": {"db": "down"}}), false),
        (serde_json::json!({"version": 2}), false),
    ] {
        let call = HttpCheck { expect_json: wanted.as_object().cloned(), ..get(&server.url()) };
        assert_eq!(check(call).await["ok"], ok, "{wanted}");
    }
    let no_json = Http::answering("200 OK", "ok");
    let call = HttpCheck { expect_json: Some(serde_json::Map::new()), ..get(&no_json.url()) };
    assert_eq!(check(call).await["ok"], false);
    // Without TLS nothing is good for any day.
    let call = HttpCheck { min_tls_days: Some(0), ..get(&server.url()) };
    assert_eq!(check(call).await["ok"], false);
}

#[tokio::test]
async fn no_redirect_is_followed_and_each_question_has_its_own_connection() {
    let server = Http::new(Some(page("301 Moved", "Location: /health\r\n", "")), None);
    let (outside, call) = (outside(), HttpCheck { expect_status: Some(301), ..get(&server.url()) });
    for _ in 0..3 {
        assert_eq!(ask(&outside, Action::HttpCheck(call.clone()), AMPLE_MS).await.unwrap()["ok"], true);
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 3);
    assert_eq!(server.heads.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_long_body_is_cut_but_searched_behind_the_cut() {
    let server = Http::answering("200 OK", &format!("x{}needle", "é".repeat(16 * 1024)));
    let answer = check(HttpCheck { expect_body: Some("needle".to_owned()), ..get(&server.url()) }).await;
    assert_eq!(answer["ok"], true);
    let body = answer["body"].as_str().unwrap();
    assert_eq!(body.len(), 16 * 1024 - 1);
    assert!(body.ends_with('é'));
    let endless = Http::answering("200 OK", &"x".repeat(2 * 1024 * 1024));
    assert_eq!(check(get(&endless.url())).await["ok"], true);
}

#[tokio::test]
async fn nobody_there_and_silence_are_answers_with_status_0() {
    // A port that was free a moment ago may be another test's by now; this one is nobody's.
    let answer = check(get("http://127.0.0.1:1/")).await;
    assert_eq!((&answer["ok"], &answer["status"], &answer["body"]), (&false.into(), &0.into(), &"".into()));
    assert!(answer["error"].as_str().unwrap().contains("refused"), "{answer}");

    let server = Http::new(None, None);
    let answer = ask(&outside(), Action::HttpCheck(get(&server.url())), 50).await.unwrap();
    assert_eq!((&answer["ok"], &answer["status"]), (&false.into(), &0.into()));
    assert_eq!(answer["error"], "no complete answer within 0.05 s");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_well() {
    let server = Http::new(Some("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_owned()), None);
    let answer = check(get(&server.url())).await;
    assert_eq!((&answer["ok"], &answer["status"], &answer["body"]), (&false.into(), &200.into(), &"half".into()));
    assert!(answer["error"].is_string());
}

#[tokio::test]
async fn methods_are_as_the_step_says() {
    let server = Http::answering("200 OK", "");
    let call = HttpCheck { method: Some("head".to_owned()), ..get(&server.url()) };
    assert_eq!(check(call).await["ok"], true);
    assert!(server.heads.lock().unwrap()[0].starts_with("HEAD /health"));
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let cases = [
        (get("no address"), "NotAnAddress"),
        (get("file:///etc/passwd"), "NotAnAddress"),
        (HttpCheck { method: Some("G T".to_owned()), ..get("http://127.0.0.1/") }, "NotAMethod"),
    ];
    for (call, code) in cases {
        let refused = ask(&outside(), Action::HttpCheck(call), AMPLE_MS).await.unwrap_err();
        assert_eq!((refused.kind, refused.code.as_str()), (CloudErrorKind::Invalid, code));
    }
}

#[tokio::test]
async fn the_days_left_of_a_certificate_are_told_and_a_strange_one_is_not_trusted() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut wanted = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    wanted.not_after = rcgen::date_time_ymd(4000, 1, 1);
    let certificate = wanted.self_signed(&key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .unwrap();
    let server = Http::new(Some(page("200 OK", "", "well")), Some(Arc::new(tls)));
    let url = format!("https://localhost:{}/", server.address.port());

    let trusting = Outside { options: OutsideOptions::default(), http: Clients::direct(&[certificate.der()]) };
    for (min_tls_days, ok) in [(Some(30), true), (Some(3_000_000), false)] {
        let call = HttpCheck { min_tls_days, ..get(&url) };
        assert_eq!(ask(&trusting, Action::HttpCheck(call), AMPLE_MS).await.unwrap()["ok"], ok);
    }
    let answer = ask(&trusting, Action::HttpCheck(get(&url)), AMPLE_MS).await.unwrap();
    assert_eq!(answer["ok"], true, "{answer}");
    assert!(answer["tls_days_left"].as_i64().unwrap() > 365 * 1000, "{answer}");

    let answer = check(get(&url)).await;
    assert_eq!((&answer["ok"], &answer["status"]), (&false.into(), &0.into()), "{answer}");
    assert!(answer["error"].as_str().unwrap().contains("certificate"), "{answer}");
}

#[tokio::test]
async fn headers_are_sent_with_their_secrets_and_never_told() {
    let mut outside = outside();
    outside.options.secrets.insert("token", secrecy::SecretString::from("hunter22"));
    outside.options.secrets.insert("lines", secrecy::SecretString::from("hunter22\nx: y"));
    let server = Http::answering("200 OK", "fine");
    let with = |value: &str| HttpCheck {
        headers: Some([("Authorization".to_owned(), value.to_owned())].into()),
        ..get(&server.url())
    };
    let answer = ask(&outside, Action::HttpCheck(with("Bearer secret:token")), AMPLE_MS).await.unwrap();
    assert_eq!(answer["ok"], true, "{answer}");
    assert!(server.heads.lock().unwrap()[0].contains("authorization: Bearer hunter22\r\n"));
    for (value, code, message) in [
        ("secret:other", "NoSecret", "the secret `other` is not at hand, so nothing was sent"),
        ("secret:lines", "NotAHeader", "the value of the header `Authorization` cannot be sent"),
    ] {
        let refused = ask(&outside, Action::HttpCheck(with(value)), AMPLE_MS).await.unwrap_err();
        assert_eq!((refused.code.as_str(), refused.message.as_str()), (code, message));
    }
    assert_eq!(server.heads.lock().unwrap().len(), 1);
}
