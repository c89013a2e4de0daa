//! Questions to databases: one statement that reads, one command that reads. In a drill the
//! simulated world answers.
//!
//! Must not know: how a connection is made, or what a password is.

mod line;
mod place;
mod reads;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::operation::{Home, Operation};
use crate::model::Value;
use crate::model::plan::ResolvedTarget;

pub use place::{Place, RedisPlace, Tls};
pub use reads::refusal;

/// Rows of an answer where a step does not say how many.
pub const USUAL_ROWS: u32 = 100;
/// More rows than this are no check.
pub const MOST_ROWS: u32 = 1_000;

/// Result: `{rows: [{column: value}], row: the first|null, value: its first column|null, count, truncated}`,
/// read in a transaction that cannot write. Integers are numbers, `numeric` is a number where that
/// loses nothing and a text otherwise, times are RFC 3339, an interval is in seconds (a month counts
/// 30 days). `count` counts the rows of this answer, and `truncated` says that there are more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SqlQuery {
    /// One statement. `$1`, `$2` … stand for `params`.
    pub query: String,
    /// `postgresql://USER@HOST:PORT/DATABASE` in place of `host`, `port`, `database` and `user`; never with a password.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "without_password")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The address to connect to in place of looking `host` up, like the end of a tunnel; the certificate is still `host`'s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostaddr: Option<String>,
    /// Default 5432.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Where the password is found: `secret:NAME` as declared, `env:NAME`, or `file:PATH` of a file that only its owner can read.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "password_source")]
    pub password_from: Option<String>,
    /// `verify-full` (default) also makes sure who answers; `require` only encrypts; `disable` is for this machine alone.
    #[schemars(extend("enum" = ["verify-full", "require", "disable", null]))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "ssl_mode")]
    pub sslmode: Option<String>,
    /// Certificates (PEM) that are trusted in place of the system's, like the bundle of RDS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// Values of `$1`, `$2` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Vec<Value>>,
    /// How many rows are answered at most: default 100, at most 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_rows: Option<u32>,
}

/// Result: `{value, fields|null}`: the answer as it comes, nil as null; `fields` are the lines of an
/// `INFO`, numbers as numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RedisCommand {
    /// `rediss://USER@HOST:PORT/NUMBER`; without TLS `redis://`. Never with a password.
    #[serde(deserialize_with = "redis_url")]
    pub url: String,
    /// One command and its arguments, of those that only read.
    #[serde(deserialize_with = "reading_command")]
    pub command: Vec<String>,
    /// Where the password is found: `secret:NAME` as declared, `env:NAME`, or `file:PATH` of a file that only its owner can read.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "password_source")]
    pub password_from: Option<String>,
    /// Certificates (PEM) that are trusted in place of the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
}

impl SqlQuery {
    /// Where it is asked.
    ///
    /// # Errors
    /// What is missing or contradicts itself.
    pub fn place(&self) -> Result<Place, String> {
        place::of_query(self)
    }

    #[must_use]
    pub fn max_rows(&self) -> u32 {
        self.max_rows.unwrap_or(USUAL_ROWS).clamp(1, MOST_ROWS)
    }
}

impl RedisCommand {
    /// Where it is asked.
    ///
    /// # Errors
    /// What is missing or contradicts itself.
    pub fn place(&self) -> Result<RedisPlace, String> {
        place::of_redis(&self.url)
    }
}

impl Operation for SqlQuery {
    fn may_take_long(&self) -> bool {
        true
    }

    fn home(&self) -> Home<'_> {
        Home::Outside
    }

    fn names(&self) -> Vec<&str> {
        self.host.as_deref().or_else(|| self.url.as_deref().and_then(place::host_of)).into_iter().collect()
    }

    fn command_lines(&self, _target: &ResolvedTarget) -> Option<Vec<Vec<String>>> {
        Some(line::psql(self))
    }
}

impl Operation for RedisCommand {
    fn home(&self) -> Home<'_> {
        Home::Outside
    }

    fn names(&self) -> Vec<&str> {
        place::host_of(&self.url).into_iter().collect()
    }

    fn command_lines(&self, _target: &ResolvedTarget) -> Option<Vec<Vec<String>>> {
        Some(line::redis_cli(self))
    }
}

/// What is wrong with the input of one of these actions, as far as it is known: members that only a
/// run can tell are null. Each with its member.
#[must_use]
pub fn problems(action: &str, with: &Value) -> Vec<(&'static str, String)> {
    let text = |member: &str| with[member].as_str();
    let mut found = Vec::new();
    let mut look = |member: &'static str, outcome: Result<(), String>| {
        if let Err(why) = outcome {
            found.push((member, why));
        }
    };
    match action {
        "sql/query" => {
            look("url", text("url").map_or(Ok(()), place::check_sql_url));
            // The words of `sslmode` stand in the schema.
        }
        "redis/command" => {
            look("url", text("url").map_or(Ok(()), |url| place::of_redis(url).map(|_| ())));
            let words = with["command"].as_array().map_or(&[][..], Vec::as_slice);
            let known: Vec<&str> = words.iter().map_while(Value::as_str).collect();
            let is_whole = known.len() == words.len();
            look("command", refusal(&known, is_whole).map_or(Ok(()), Err));
        }
        _ => return found,
    }
    look("password_from", text("password_from").map_or(Ok(()), place::check_password_source));
    found
}

fn checked<'de, D: Deserializer<'de>>(
    deserializer: D,
    check: impl FnOnce(&str) -> Result<(), String>,
) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.as_deref().map_or(Ok(()), check).map_err(serde::de::Error::custom)?;
    Ok(text)
}

fn without_password<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    checked(deserializer, place::check_sql_url)
}

fn password_source<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    checked(deserializer, place::check_password_source)
}

fn ssl_mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    checked(deserializer, place::check_ssl_mode)
}

fn redis_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let url = String::deserialize(deserializer)?;
    place::of_redis(&url).map_err(serde::de::Error::custom)?;
    Ok(url)
}

fn reading_command<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let command = Vec::<String>::deserialize(deserializer)?;
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    refusal(&words, true).map_or(Ok(command), |why| Err(serde::de::Error::custom(why)))
}

#[cfg(test)]
mod tests;
