//! Resolvers on the loopback.

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME, MX, NS, TXT};
use hickory_resolver::proto::rr::{Name, RData, RecordType};

use super::servers::{Held, refusing, resolver, silent, word};
use super::*;
use crate::model::action::outside::DnsResolve;

const API: &str = "api.example.com.";

fn call(kind: RecordType, resolvers: &[&str]) -> DnsResolve {
    DnsResolve {
        name: "api.example.com".to_owned(),
        r#type: Some(word(kind)),
        resolvers: Some(resolvers.iter().map(|&one| one.to_owned()).collect()),
        expect: None,
    }
}

async fn resolve(call: DnsResolve, timeout_ms: u64) -> Value {
    ask(&outside(), Action::DnsResolve(call), timeout_ms).await.unwrap()
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

fn points_at(target: &str, ttl_s: u32) -> Held {
    vec![(API, ttl_s, RData::CNAME(CNAME(name(target))))]
}

#[tokio::test]
async fn each_resolver_tells_what_it_believes() {
    let (new, old) = (resolver(points_at("dr.example.com.", 60)), resolver(points_at("Old.example.com.", 17)));
    let wanted = DnsResolve { expect: Some("DR.example.com.".to_owned()), ..call(RecordType::CNAME, &[&new, &old]) };
    let answer = resolve(wanted.clone(), AMPLE_MS).await;
    let expected = serde_json::json!({
        "answers": ["dr.example.com", "Old.example.com"], "agree": false, "ttl": 17, "resolvers": [
            {"resolver": new, "answers": ["dr.example.com"], "ttl": 60},
            {"resolver": old, "answers": ["Old.example.com"], "ttl": 17},
        ],
    });
    assert_eq!(answer, expected);
    let again = resolver(points_at("dr.example.com.", 42));
    let all = DnsResolve { resolvers: Some(vec![new, again]), ..wanted };
    let answer = resolve(all, AMPLE_MS).await;
    assert_eq!((&answer["agree"], &answer["ttl"]), (&true.into(), &42.into()));
}

#[tokio::test]
async fn the_names_on_the_way_to_an_address_are_answers_too() {
    let held = vec![
        (API, 300, RData::CNAME(CNAME(name("dr.example.com.")))),
        ("dr.example.com.", 30, RData::A(A::new(192, 0, 2, 7))),
    ];
    let server = resolver(held);
    for expect in ["dr.example.com", "192.0.2.7"] {
        let wanted = DnsResolve { expect: Some(expect.to_owned()), ..call(RecordType::A, &[&server]) };
        let answer = resolve(wanted, AMPLE_MS).await;
        assert_eq!(answer["answers"], serde_json::json!(["dr.example.com", "192.0.2.7"]));
        assert_eq!((&answer["agree"], &answer["ttl"]), (&true.into(), &30.into()));
    }
}

#[tokio::test]
async fn values_are_written_as_route_53_writes_them() {
    let long = vec!["v=spf1".to_owned(), "-all".to_owned()];
    let cases = [
        (RecordType::AAAA, RData::AAAA(AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)), "2001:db8::1"),
        (RecordType::MX, RData::MX(MX::new(10, name("mail.example.com."))), "10 mail.example.com"),
        (RecordType::NS, RData::NS(NS(name("ns.example.com."))), "ns.example.com"),
        (RecordType::TXT, RData::TXT(TXT::new(long)), "\"v=spf1\" \"-all\""),
    ];
    for (kind, data, expected) in cases {
        let server = resolver(vec![(API, 60, data)]);
        let answer = resolve(call(kind, &[&server]), AMPLE_MS).await;
        assert_eq!(answer["answers"], serde_json::json!([expected]));
        assert_eq!(answer["agree"], true);
    }
}

#[tokio::test]
async fn no_such_name_is_an_answer_and_a_refusal_or_silence_is_none() {
    let missing = refusing(ResponseCode::NXDomain);
    let answer = resolve(call(RecordType::A, &[&missing]), AMPLE_MS).await;
    assert_eq!(answer["resolvers"], serde_json::json!([{"resolver": missing, "answers": [], "ttl": null}]));

    let known = resolver(points_at("dr.example.com.", 60));
    let (refused, silent) = (refusing(ResponseCode::Refused), silent());
    let wanted = call(RecordType::CNAME, &[&known, &refused, &silent]);
    let answer = resolve(DnsResolve { expect: Some("dr.example.com".to_owned()), ..wanted }, AMPLE_MS).await;
    assert_eq!(answer["agree"], false);
    assert_eq!(answer["resolvers"][0].get("error"), None);
    assert!(answer["resolvers"][1]["error"].as_str().unwrap().contains("Refused"), "{answer}");
    assert_eq!(answer["resolvers"][2]["error"], "no answer within 5 s");
}

#[tokio::test]
async fn the_operators_resolvers_stand_in_for_the_public_ones_only() {
    let (mine, named) = (resolver(points_at("mine.example.com.", 60)), resolver(points_at("named.example.com.", 60)));
    let options = OutsideOptions { resolvers: Some(vec![mine]), ..OutsideOptions::default() };
    let outside = Outside::new(options);
    let usual = DnsResolve { resolvers: None, ..call(RecordType::CNAME, &[]) };
    let answer = ask(&outside, Action::DnsResolve(usual), AMPLE_MS).await.unwrap();
    assert_eq!(answer["answers"], serde_json::json!(["mine.example.com"]));
    let answer = ask(&outside, Action::DnsResolve(call(RecordType::CNAME, &[&named])), AMPLE_MS).await.unwrap();
    assert_eq!(answer["answers"], serde_json::json!(["named.example.com"]));
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let good = call(RecordType::A, &["127.0.0.1:1"]);
    let cases = [
        (DnsResolve { r#type: Some("WKS".to_owned()), ..good.clone() }, "NotARecordType"),
        (DnsResolve { name: "x".repeat(300), ..good.clone() }, "NotAName"),
        (DnsResolve { resolvers: Some(vec!["dns.example.com".to_owned()]), ..good }, "NotAResolver"),
    ];
    for (call, code) in cases {
        let refused = ask(&outside(), Action::DnsResolve(call), AMPLE_MS).await.unwrap_err();
        assert_eq!((refused.kind, refused.code.as_str()), (CloudErrorKind::Invalid, code));
    }
}
