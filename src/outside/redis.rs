//! Redis: one command of those that only read, on a connection of its own.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ErrorKind, IntoConnectionInfo as _, RedisConnectionInfo, RedisError,
    ServerErrorKind, TlsCertificates,
};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::password::{self, Sources};
use super::{error, invalid};
use crate::model::action::database::{RedisCommand, RedisPlace};
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::time::human_ms;
use crate::model::{Object, Value};

/// Nobody waits longer for a connection.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// Of an answer, as much as fits into a record of the journal beside everything else.
const MOST_BYTES: usize = 24 * 1024;

/// Asks once.
pub(super) async fn command(call: &RedisCommand, timeout: Duration, sources: Sources<'_>) -> Result<Value, CloudError> {
    let place = call.place().map_err(|why| invalid("NoPlace", why))?;
    let client = client(call, &place, sources)?;
    let asked = ask(&client, call, timeout);
    let answer = match tokio::time::timeout(timeout, asked).await {
        Ok(answer) => answer.map_err(|why| refused(&place, call, &why))?,
        Err(_) => return Err(too_late(&place, timeout)),
    };
    let value = shown(call, answer);
    let fields = value.as_str().filter(|_| named(call, "INFO")).map(fields);
    let answer = json!({"value": value, "fields": fields});
    if answer.to_string().len() > MOST_BYTES {
        let message = format!("{place}: the answer has more than {MOST_BYTES} bytes: ask for less of it");
        return Err(invalid("TooLarge", message));
    }
    Ok(answer)
}

fn client(call: &RedisCommand, place: &RedisPlace, sources: Sources<'_>) -> Result<Client, CloudError> {
    let mut about = RedisConnectionInfo::default().set_db(i64::from(place.database)).set_skip_set_lib_name();
    if let Some(user) = &place.user {
        about = about.set_username(user);
    }
    if let Some(source) = &call.password_from {
        place.check_password().map_err(|why| invalid("NoTls", why))?;
        about = about.set_password(password::read(source, sources)?.expose_secret());
    }
    let broken = |why: RedisError| invalid("NoClient", format!("{place}: {why}"));
    if !place.tls {
        let address = ConnectionAddr::Tcp(place.host.clone(), place.port);
        let address = address.into_connection_info().map_err(broken)?.set_redis_settings(about);
        return Client::open(address).map_err(broken);
    }
    // Whoever was first has chosen; then this one is not needed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let address =
        ConnectionAddr::TcpTls { host: place.host.clone(), port: place.port, insecure: false, tls_params: None };
    let address = address.into_connection_info().map_err(broken)?.set_redis_settings(about);
    let unreadable =
        |path: &str, why: io::Error| invalid("NoCaFile", format!("the certificates in `ca_file` {path}: {why}"));
    let root_cert =
        call.ca_file.as_deref().map(|path| std::fs::read(path).map_err(|why| unreadable(path, why))).transpose()?;
    Client::build_with_tls(address, TlsCertificates { client_tls: None, root_cert }).map_err(broken)
}

async fn ask(client: &Client, call: &RedisCommand, timeout: Duration) -> Result<redis::Value, RedisError> {
    let patience = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(timeout.min(CONNECT_PATIENCE)))
        .set_response_timeout(Some(timeout));
    let mut connection = client.get_multiplexed_async_connection_with_config(&patience).await?;
    let mut command = redis::Cmd::new();
    for word in &call.command {
        command.arg(word);
    }
    command.query_async(&mut connection).await
}

fn named(call: &RedisCommand, name: &str) -> bool {
    call.command.first().is_some_and(|first| first.eq_ignore_ascii_case(name))
}

/// The answer; what comes as a list of names and values is told as such.
fn shown(call: &RedisCommand, answer: redis::Value) -> Value {
    match json_of(answer) {
        Value::Array(items) if named(call, "HGETALL") || named(call, "CONFIG") => {
            let name = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Value::Object(items.chunks_exact(2).map(|pair| (name(&pair[0]), pair[1].clone())).collect())
        }
        other => other,
    }
}

fn json_of(answer: redis::Value) -> Value {
    match answer {
        redis::Value::Int(number) => number.into(),
        redis::Value::BulkString(bytes) => match String::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(no_text) => format!("\\x{}", hex::encode(no_text.as_bytes())).into(),
        },
        redis::Value::SimpleString(text) | redis::Value::VerbatimString { text, .. } => text.into(),
        redis::Value::Okay => "OK".into(),
        redis::Value::Double(number) => number.into(),
        redis::Value::Boolean(yes) => yes.into(),
        redis::Value::Array(items) | redis::Value::Set(items) => items.into_iter().map(json_of).collect(),
        redis::Value::Map(pairs) => Value::Object(
            pairs
                .into_iter()
                .map(|(name, value)| {
                    let name = json_of(name);
                    (name.as_str().map_or_else(|| name.to_string(), str::to_owned), json_of(value))
                })
                .collect(),
        ),
        redis::Value::Attribute { data, .. } => json_of(*data),
        // Errors within an answer, pushes and numbers beyond 64 bits: no command that is asked gives them.
        _ => Value::Null,
    }
}

/// `name:value` lines, numbers as numbers.
fn fields(info: &str) -> Object {
    let lines = info.lines().map(str::trim_end).filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once(':'));
    let number = |text: &str| text.parse::<i64>().map(Value::from).ok();
    pairs.map(|(name, value)| (name.to_owned(), number(value).unwrap_or_else(|| value.into()))).collect()
}

fn too_late(place: &RedisPlace, timeout: Duration) -> CloudError {
    let after = human_ms(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
    error(
        CloudErrorKind::Unavailable,
        "Timeout",
        format!("{place}: no answer within {after}; the step's `timeout` says how long"),
    )
}

/// Where, why, and the way out.
fn refused(place: &RedisPlace, call: &RedisCommand, why: &RedisError) -> CloudError {
    let text =
        why.detail().map_or_else(|| why.to_string(), |detail| format!("{}: {detail}", why.code().unwrap_or("error")));
    let source = call.password_from.as_deref();
    let (kind, code, way_out) = match (why.kind(), why.code()) {
        (ErrorKind::AuthenticationFailed, _) | (_, Some("WRONGPASS")) => (
            CloudErrorKind::Denied,
            "WRONGPASS",
            source.map(|source| format!("is what `{source}` holds the password of that user?")),
        ),
        (_, Some(code @ "NOAUTH")) => (
            CloudErrorKind::Denied,
            code,
            Some("say with `password_from: env:NAME` where the password is found".to_owned()),
        ),
        (_, Some(code @ "NOPERM")) => (CloudErrorKind::Denied, code, Some("grant this user that command".to_owned())),
        (ErrorKind::Server(ServerErrorKind::BusyLoading), _) => {
            (CloudErrorKind::Unavailable, "LOADING", Some("it still loads its data".to_owned()))
        }
        (_, Some(code @ ("MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN"))) => (CloudErrorKind::Unavailable, code, None),
        (_, Some(code @ ("MOVED" | "ASK"))) => (
            CloudErrorKind::Invalid,
            code,
            Some("the key lies on another node of the cluster: ask that one".to_owned()),
        ),
        (_, Some(code)) => (CloudErrorKind::Invalid, code, None),
        (_, None) => not_connected(why),
    };
    let way_out = way_out.map(|text| format!("; {text}")).unwrap_or_default();
    error(kind, code, format!("{place}: {text}{way_out}"))
}

fn not_connected(why: &RedisError) -> (CloudErrorKind, &'static str, Option<String>) {
    let mut cause = why.source();
    let mut text = why.to_string();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    if text.contains("certificate") {
        let way_out =
            "connect by the name in the certificate, and name its issuer with `ca_file` if the system does not know it";
        return (CloudErrorKind::Invalid, "Certificate", Some(way_out.to_owned()));
    }
    let way_out = if why.is_connection_refusal() {
        "is it up, and is that its port?"
    } else {
        "is it up, and does it talk TLS as the url says?"
    };
    (CloudErrorKind::Unavailable, "NoConnection", Some(way_out.to_owned()))
}
