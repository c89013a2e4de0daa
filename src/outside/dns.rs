//! Resolvers, each asked by itself and without any cache of ours: what matters after a change of
//! DNS is what each of them still believes.
//!
//! A resolver that does not answer does not agree, and says why.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use serde_json::json;

use super::invalid;
use crate::model::Value;
use crate::model::action::outside::DnsResolve;
use crate::model::action::route53::plain_name;
use crate::model::outcome::CloudError;

/// Asked where neither the step nor the operator names any.
const PUBLIC: [&str; 3] = ["1.1.1.1", "8.8.8.8", "9.9.9.9"];
const PORT: u16 = 53;
/// Nobody waits longer for a name.
const PATIENCE: Duration = Duration::from_secs(5);
/// Within that, a lost question is asked once more.
const TRIES: u32 = 2;
const TYPES: [(&str, RecordType); 10] = [
    ("A", RecordType::A),
    ("AAAA", RecordType::AAAA),
    ("CAA", RecordType::CAA),
    ("CNAME", RecordType::CNAME),
    ("MX", RecordType::MX),
    ("NS", RecordType::NS),
    ("PTR", RecordType::PTR),
    ("SOA", RecordType::SOA),
    ("SRV", RecordType::SRV),
    ("TXT", RecordType::TXT),
];

/// What one resolver said.
#[derive(Debug, Default)]
struct View {
    answers: Vec<String>,
    ttl_s: Option<u32>,
    error: Option<String>,
}

/// Reads a list as operators write it: `10.0.0.2, 10.0.0.3:5353`.
///
/// # Errors
/// What is no resolver's address.
pub fn read_resolvers(text: &str) -> Result<Vec<String>, String> {
    let named: Vec<String> = text.split(',').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect();
    match named.iter().find(|one| address(one).is_none()) {
        Some(wrong) => {
            Err(format!("`{wrong}` is not a resolver: write its address, as in `10.0.0.2` or `10.0.0.2:5353`"))
        }
        None => Ok(named),
    }
}

/// `1.1.1.1`, `1.1.1.1:5353`, `2606::1111` or `[2606::1111]:5353`.
fn address(text: &str) -> Option<SocketAddr> {
    let alone = text.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, PORT));
    alone.or_else(|| text.parse().ok())
}

/// Asks all resolvers at once.
pub(super) async fn resolve(
    call: &DnsResolve,
    usual: Option<&[String]>,
    timeout: Duration,
) -> Result<Value, CloudError> {
    let kind = call.r#type.as_deref().unwrap_or("A");
    let Some((_, kind)) = TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(kind)) else {
        let known = TYPES.map(|(name, _)| name).join(", ");
        return Err(invalid("NotARecordType", format!("`{kind}` is not among {known}")));
    };
    let mut name = Name::from_utf8(&call.name)
        .map_err(|why| invalid("NotAName", format!("`{}` is not a name: {why}", call.name)))?;
    // No search list: the name is meant as it stands.
    name.set_fqdn(true);
    let named: Vec<&str> = match call.resolvers.as_deref().or(usual) {
        Some(named) if !named.is_empty() => named.iter().map(String::as_str).collect(),
        _ => PUBLIC.to_vec(),
    };
    let mut asked = Vec::new();
    for resolver in &named {
        let Some(address) = address(resolver) else {
            return Err(invalid("NotAResolver", format!("`{resolver}` is not a resolver's address")));
        };
        asked.push(ask(address, name.clone(), *kind, timeout.min(PATIENCE)));
    }
    Ok(compare(call.expect.as_deref(), &named, &join_all(asked).await))
}

async fn ask(address: SocketAddr, name: Name, kind: RecordType, patience: Duration) -> View {
    let looked = match tokio::time::timeout(patience, look_up(address, name, kind, patience / TRIES)).await {
        Ok(looked) => looked,
        Err(_) => Err(NetError::Timeout),
    };
    match looked {
        Ok(found) => view(&found, kind),
        // "There is no such record" is an answer.
        Err(NetError::Dns(DnsError::NoRecordsFound(none))) => View { ttl_s: none.negative_ttl, ..View::default() },
        Err(NetError::Timeout) => {
            View { error: Some(format!("no answer within {} s", patience.as_secs_f32())), ..View::default() }
        }
        Err(why) => View { error: Some(why.to_string()), ..View::default() },
    }
}

async fn look_up(address: SocketAddr, name: Name, kind: RecordType, a_try: Duration) -> Result<Lookup, NetError> {
    let mut ways = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
    for way in &mut ways {
        way.port = address.port();
    }
    let server = NameServerConfig::new(address.ip(), true, ways);
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
    let mut options = ResolverOpts::default();
    options.timeout = a_try;
    options.attempts = TRIES as usize - 1;
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
    // The names on the way are answers as well: a record that points elsewhere is what was changed.
    options.preserve_intermediates = true;
    let provider = TokioRuntimeProvider::default();
    let resolver = TokioResolver::builder_with_config(config, provider).with_options(options).build()?;
    resolver.lookup(name, kind).await
}

fn view(found: &Lookup, kind: RecordType) -> View {
    let of_interest = |of: RecordType| of == kind || of == RecordType::CNAME;
    let records = || found.answers().iter().filter(|record| of_interest(record.record_type()));
    View {
        answers: records().map(|record| text(&record.data)).collect(),
        ttl_s: records().map(|record| record.ttl).min(),
        error: None,
    }
}

/// A record's value as Route 53 writes it.
fn text(data: &RData) -> String {
    match data {
        RData::TXT(txt) => {
            let quoted = |part: &[u8]| format!("\"{}\"", String::from_utf8_lossy(part));
            txt.txt_data.iter().map(|part| quoted(part)).collect::<Vec<_>>().join(" ")
        }
        other => {
            let text = other.to_string();
            text.strip_suffix('.').unwrap_or(&text).to_owned()
        }
    }
}

/// As answers are compared: addresses by their value, names without capitals and last dots, texts
/// without quotes.
fn plain(answer: &str) -> String {
    let answer = answer.trim();
    if let Ok(address) = answer.parse::<IpAddr>() {
        return address.to_string();
    }
    if answer.starts_with('"') {
        return answer.trim_matches('"').replace("\" \"", "");
    }
    plain_name(answer)
}

fn compare(expected: Option<&str>, named: &[&str], views: &[View]) -> Value {
    let plainly = |view: &View| view.answers.iter().map(|answer| plain(answer)).collect::<BTreeSet<_>>();
    let answered = !views.is_empty() && views.iter().all(|view| view.error.is_none());
    let agree = answered
        && match expected.map(plain) {
            Some(wanted) => views.iter().all(|view| plainly(view).contains(&wanted)),
            None => views.windows(2).all(|two| plainly(&two[0]) == plainly(&two[1])),
        };
    let mut answers: Vec<&str> = Vec::new();
    for answer in views.iter().flat_map(|view| &view.answers) {
        if !answers.contains(&answer.as_str()) {
            answers.push(answer);
        }
    }
    let each: Vec<Value> = named.iter().zip(views).map(|(resolver, view)| shown(resolver, view)).collect();
    let ttl = views.iter().filter_map(|view| view.ttl_s).min();
    json!({"answers": answers, "agree": agree, "ttl": ttl, "resolvers": each})
}

fn shown(resolver: &str, view: &View) -> Value {
    let mut shown = json!({"resolver": resolver, "answers": view.answers, "ttl": view.ttl_s});
    if let (Some(why), Some(members)) = (&view.error, shown.as_object_mut()) {
        members.insert("error".to_owned(), why.clone().into());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(answers: &[&str]) -> View {
        View { answers: answers.iter().map(|one| (*one).to_owned()).collect(), ttl_s: Some(60), error: None }
    }

    fn agree(expected: Option<&str>, views: &[View]) -> bool {
        compare(expected, &vec!["r"; views.len()], views)["agree"].as_bool().unwrap()
    }

    #[test]
    fn names_compare_as_dns_compares_them() {
        assert!(agree(
            Some("DR.example.com."),
            &[said(&["dr.Example.com"]), said(&["x.example.com", "dr.example.com"])]
        ));
        assert!(!agree(Some("dr.example.com"), &[said(&["dr.example.com"]), said(&["old.example.com"])]));
        assert!(agree(Some("2001:DB8:0::1"), &[said(&["2001:db8::1"])]));
        assert!(agree(Some("v=spf1 -all"), &[said(&["\"v=spf1 \" \"-all\""])]));
        assert!(agree(Some("\"v=spf1 -all\""), &[said(&["\"v=spf1 -all\""])]));
    }

    #[test]
    fn without_an_expectation_all_must_say_the_same_in_any_order() {
        assert!(agree(None, &[said(&["192.0.2.1", "192.0.2.2"]), said(&["192.0.2.2", "192.0.2.1"])]));
        assert!(!agree(None, &[said(&["192.0.2.1"]), said(&["192.0.2.1", "192.0.2.2"])]));
        assert!(!agree(None, &[]));
    }

    #[test]
    fn a_resolver_that_does_not_answer_does_not_agree() {
        let silent = || View { error: Some("no answer within 5 s".to_owned()), ..View::default() };
        let answer = compare(Some("192.0.2.1"), &["1.1.1.1", "8.8.8.8"], &[said(&["192.0.2.1"]), silent()]);
        let expected = json!({
            "answers": ["192.0.2.1"], "agree": false, "ttl": 60, "resolvers": [
                {"resolver": "1.1.1.1", "answers": ["192.0.2.1"], "ttl": 60},
                {"resolver": "8.8.8.8", "answers": [], "ttl": null, "error": "no answer within 5 s"},
            ],
        });
        assert_eq!(answer, expected);
        assert!(!agree(None, &[silent(), silent()]));
    }

    #[test]
    fn resolvers_are_addresses_with_or_without_a_port() {
        assert_eq!(
            read_resolvers(" 10.0.0.2, [2001:db8::1]:5353,::1 ,").unwrap(),
            ["10.0.0.2", "[2001:db8::1]:5353", "::1"]
        );
        assert_eq!(address("10.0.0.2").unwrap(), "10.0.0.2:53".parse().unwrap());
        assert_eq!(address("2001:db8::1").unwrap(), "[2001:db8::1]:53".parse().unwrap());
        assert!(read_resolvers("dns.example.com").unwrap_err().contains("is not a resolver"));
        assert!(read_resolvers("").unwrap().is_empty());
    }
}
