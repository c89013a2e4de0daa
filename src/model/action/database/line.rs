//! The same question by hand: `psql` and `redis-cli` ask for the password themselves.

use super::place::Tls;
use super::{RedisCommand, SqlQuery};
use crate::model::Value;

/// What makes a session of psql read.
const READ_ONLY: &str = "PGOPTIONS=-c default_transaction_read_only=on";

pub(super) fn psql(call: &SqlQuery) -> Vec<Vec<String>> {
    let Ok(place) = call.place() else { return Vec::new() };
    let mode = match place.tls {
        Tls::VerifyFull => "verify-full",
        Tls::Require => "require",
        Tls::Disable => "disable",
    };
    let mut about = vec![
        ("host", place.host),
        ("port", place.port.to_string()),
        ("dbname", place.database),
        ("user", place.user),
        ("sslmode", mode.to_owned()),
    ];
    if let Some(address) = place.address {
        about.push(("hostaddr", address.to_string()));
    }
    if place.tls == Tls::VerifyFull {
        // psql has no other word for the system's own.
        about.push(("sslrootcert", call.ca_file.clone().unwrap_or_else(|| "system".to_owned())));
    }
    let about = about.iter().map(|(name, value)| format!("{name}={}", in_quotes(value))).collect::<Vec<_>>().join(" ");
    let mut line = ["env", READ_ONLY, "psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1"].map(str::to_owned).to_vec();
    line.push(format!("--dbname={about}"));
    let params = call.params.as_deref().unwrap_or_default();
    if params.is_empty() {
        line.push(format!("--command={}", call.query));
    } else {
        let values = params.iter().map(literal).collect::<Vec<_>>().join(", ");
        line.push(format!("--command=PREPARE asked AS {}", call.query));
        line.push(format!("--command=EXECUTE asked({values})"));
    }
    vec![line]
}

/// A value of a connection string.
fn in_quotes(value: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:".contains(&b);
    if !value.is_empty() && value.bytes().all(plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A value as SQL writes it.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Array(_) | Value::Object(_) => format!("'{}'", value.to_string().replace('\'', "''")),
    }
}

pub(super) fn redis_cli(call: &RedisCommand) -> Vec<Vec<String>> {
    let Ok(place) = call.place() else { return Vec::new() };
    let mut line = vec!["redis-cli".to_owned()];
    let mut option = |name: &str, value: String| line.extend([name.to_owned(), value]);
    option("-h", place.host);
    option("-p", place.port.to_string());
    if place.database != 0 {
        option("-n", place.database.to_string());
    }
    if let Some(user) = place.user {
        option("--user", user);
    }
    if let Some(file) = call.ca_file.as_ref().filter(|_| place.tls) {
        option("--cacert", file.clone());
    }
    if place.tls {
        line.push("--tls".to_owned());
    }
    if call.password_from.is_some() {
        line.push("--askpass".to_owned());
    }
    line.extend(call.command.iter().cloned());
    vec![line]
}
