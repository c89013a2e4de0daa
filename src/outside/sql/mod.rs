//! PostgreSQL: one statement in a transaction that cannot write, on a connection of its own.
//!
//! The server itself refuses what would write; and as the extended protocol takes one statement at a
//! time, nothing can be put behind the one that the runbook names.

mod errors;
mod params;
mod values;

use std::pin::pin;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde_json::json;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Row, Socket, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::password::{self, Sources};
use super::{invalid, tls};
use crate::model::action::database::{Place, SqlQuery, Tls};
use crate::model::outcome::CloudError;
use crate::model::{Object, Value};
use errors::Asked;
use params::Param;
use values::Cell;

/// Nobody waits longer for a connection.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// The server gives up so much earlier than we do, so that it is the one to say why.
const MARGIN: Duration = Duration::from_millis(250);
/// Saying goodbye is a courtesy.
const GOODBYE: Duration = Duration::from_millis(500);
/// Of rows, as much as fits into a record of the journal beside everything else.
const MOST_BYTES: usize = 24 * 1024;

/// Asks once.
pub(super) async fn query(call: &SqlQuery, timeout: Duration, sources: Sources<'_>) -> Result<Value, CloudError> {
    let place = call.place().map_err(|why| invalid("NoPlace", why))?;
    let asked = Asked { call, place: &place, timeout };
    let deadline = Instant::now() + timeout;
    let config = config(call, &place, timeout, sources)?;
    let answer = async {
        match place.tls {
            Tls::VerifyFull => {
                let tls = MakeRustlsConnect::new(tls::verifying(call.ca_file.as_deref())?);
                connect(&asked, &config, tls, deadline).await
            }
            Tls::Require => connect(&asked, &config, MakeRustlsConnect::new(tls::encrypting()?), deadline).await,
            Tls::Disable => connect(&asked, &config, NoTls, deadline).await,
        }
    };
    timeout_at(deadline, answer).await.unwrap_or_else(|_| Err(asked.too_late()))
}

fn config(call: &SqlQuery, place: &Place, timeout: Duration, sources: Sources<'_>) -> Result<Config, CloudError> {
    let mut config = Config::new();
    config.host(place.host.as_str()).port(place.port).dbname(place.database.as_str()).user(place.user.as_str());
    if let Some(address) = place.address {
        config.hostaddr(address);
    }
    config.application_name("lifeboat").connect_timeout(timeout.min(CONNECT_PATIENCE));
    config.ssl_mode(if place.tls == Tls::Disable { SslMode::Disable } else { SslMode::Require });
    if let Some(source) = &call.password_from {
        config.password(password::read(source, sources)?.expose_secret());
    }
    Ok(config)
}

async fn connect<T>(asked: &Asked<'_>, config: &Config, tls: T, deadline: Instant) -> Result<Value, CloudError>
where
    T: MakeTlsConnect<Socket>,
{
    let (mut client, connection) = config.connect(tls).await.map_err(|why| asked.not_connected(&why))?;
    let mut connection = pin!(connection);
    let answer = {
        let mut reading = pin!(read(asked, &mut client, deadline));
        tokio::select! {
            biased;
            answer = &mut reading => answer,
            // The connection knows best why it ended.
            Err(why) = &mut connection => Err(asked.refused(&why)),
        }
    };
    drop(client);
    let _ = tokio::time::timeout(GOODBYE, connection).await;
    answer
}

async fn read(asked: &Asked<'_>, client: &mut Client, deadline: Instant) -> Result<Value, CloudError> {
    let refused = |why: tokio_postgres::Error| asked.refused(&why);
    let transaction = client.build_transaction().read_only(true).start().await.map_err(refused)?;
    let left = deadline.saturating_duration_since(Instant::now()).saturating_sub(MARGIN);
    // A read settles that the transaction stays read-only: from then on the server takes no
    // `SET TRANSACTION READ WRITE`.
    let settle = format!(
        "SELECT set_config('statement_timeout', '{}', true), set_config('default_transaction_read_only', 'on', true)",
        left.as_millis().max(1)
    );
    transaction.batch_execute(&settle).await.map_err(refused)?;
    let statement = transaction.prepare(&asked.call.query).await.map_err(refused)?;
    check(asked, &statement)?;
    let params: Vec<Param<'_>> = asked.call.params.iter().flatten().map(Param).collect();
    let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| param as &(dyn ToSql + Sync)).collect();
    let portal = transaction.bind(&statement, &params).await.map_err(refused)?;
    let max_rows = asked.call.max_rows();
    // One more tells whether there are more.
    let one_more = i32::try_from(max_rows).unwrap_or(i32::MAX - 1) + 1;
    let rows = transaction.query_portal(&portal, one_more).await.map_err(refused)?;
    answer(asked, &rows, usize::try_from(max_rows).unwrap_or(usize::MAX))
    // The transaction is rolled back as it goes.
}

/// What can be said before the statement runs.
fn check(asked: &Asked<'_>, statement: &Statement) -> Result<(), CloudError> {
    let (wanted, given) = (statement.params().len(), asked.call.params.iter().flatten().count());
    if wanted != given {
        return Err(invalid("WrongParams", format!("the statement has {wanted} parameters, and `params` {given}")));
    }
    match statement.columns().iter().find(|column| !values::is_known(column.type_())) {
        Some(column) => {
            let (name, kind) = (column.name(), column.type_());
            let message = format!("column `{name}` is of type {kind}, which is not read: write `{name}::text`");
            Err(invalid("UnknownType", message))
        }
        None => Ok(()),
    }
}

fn answer(asked: &Asked<'_>, rows: &[Row], max_rows: usize) -> Result<Value, CloudError> {
    let mut truncated = rows.len() > max_rows;
    let (mut shown, mut bytes) = (Vec::new(), 0);
    for row in rows.iter().take(max_rows) {
        let row = members(row).map_err(|why| asked.refused(&why))?;
        bytes += row.to_string().len();
        if bytes > MOST_BYTES {
            truncated = true;
            break;
        }
        shown.push(row);
    }
    if shown.is_empty() && truncated {
        let message = format!("the first row alone has more than {MOST_BYTES} bytes: ask for fewer columns");
        return Err(invalid("TooLarge", message));
    }
    let row = shown.first().cloned().unwrap_or(Value::Null);
    let value = row.as_object().and_then(|row| row.values().next()).cloned().unwrap_or(Value::Null);
    Ok(json!({"count": shown.len(), "value": value, "row": row, "truncated": truncated, "rows": shown}))
}

fn members(row: &Row) -> Result<Value, tokio_postgres::Error> {
    let mut members = Object::new();
    for (ix, column) in row.columns().iter().enumerate() {
        let Cell(value) = row.try_get(ix)?;
        members.insert(column.name().to_owned(), value);
    }
    Ok(Value::Object(members))
}
