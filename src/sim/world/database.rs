//! Databases, as a drill answers for them: what was expected when the world was made, or what a
//! scenario has set. Nothing is connected to.
//!
//! Knows: questions and answers. Must not know: SQL.

use serde_json::json;

use super::hosts::Health;
use super::{Answer, Refusal, World};
use crate::model::Value;
use crate::model::action::Action;
use crate::model::action::database::{RedisCommand, SqlQuery};

/// What a statement gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Rows {
    Given(Vec<Value>),
    /// Code and message of an error.
    Refused(String, String),
}

impl World {
    pub(super) fn sql_query(&self, call: &SqlQuery) -> Answer {
        let place = call.place().map_err(|why| Refusal::invalid("NoPlace", why))?;
        if self.health_of(&place.host) == Health::Silent {
            let message = format!("{place}: nothing answers there");
            return Err(Refusal::unavailable("NoConnection", message));
        }
        let asked = asked(call);
        let set = self.sql_set.iter().filter(|(part, _)| asked.contains(part.as_str()));
        let rows = set.max_by_key(|(part, _)| part.len()).map(|(_, rows)| rows);
        let rows = rows.or_else(|| self.sql_derived.get(&asked)).cloned();
        match rows.unwrap_or_else(|| Rows::Given(vec![json!({"value": 1})])) {
            Rows::Given(rows) => Ok(table(rows, call.max_rows())),
            Rows::Refused(code, message) => {
                let message = format!("{place}: {message} (SQLSTATE {code})");
                Err(Refusal::invalid(&code, message))
            }
        }
    }

    /// How much longer than usual a call takes.
    pub fn takes_ms(&self, action: &Action) -> u64 {
        let Action::SqlQuery(call) = action else { return 0 };
        let asked = asked(call);
        let set = self.sql_takes_ms.iter().filter(|(part, _)| asked.contains(part.as_str()));
        set.max_by_key(|(part, _)| part.len()).map_or(0, |(_, ms)| *ms)
    }

    pub(super) fn redis_command(&self, call: &RedisCommand) -> Answer {
        let place = call.place().map_err(|why| Refusal::invalid("NoPlace", why))?;
        if self.health_of(&place.host) == Health::Silent {
            return Err(Refusal::unavailable("NoConnection", format!("{place}: nothing answers there")));
        }
        let line = command_line(&call.command);
        let starts =
            |start: &str| line.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        let set = self.redis_set.iter().filter(|(start, _)| starts(start)).max_by_key(|(start, _)| start.len());
        let answer = set.map(|(_, answer)| answer).or_else(|| self.redis_derived.get(&line));
        Ok(answer.cloned().unwrap_or_else(|| json!({"value": 1, "fields": null})))
    }
}

/// Rows as `sql/query` answers them.
pub fn table(mut rows: Vec<Value>, max_rows: u32) -> Value {
    let max_rows = usize::try_from(max_rows).unwrap_or(usize::MAX);
    let truncated = rows.len() > max_rows;
    rows.truncate(max_rows);
    let row = rows.first().cloned().unwrap_or(Value::Null);
    let value = row.as_object().and_then(|row| row.values().next()).cloned().unwrap_or(Value::Null);
    json!({"count": rows.len(), "value": value, "row": row, "truncated": truncated, "rows": rows})
}

/// A statement as it is recognised: in one line of small letters, its parameters behind it.
pub fn asked(call: &SqlQuery) -> String {
    let params =
        call.params.iter().flatten().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    plain(&std::iter::once(call.query.clone()).chain(params).collect::<Vec<_>>().join(" "))
}

/// In one line of small letters.
pub fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// A command as it is recognised: its name in capitals.
pub fn command_line(words: &[String]) -> String {
    let name = words.first().map(|name| name.to_ascii_uppercase());
    name.into_iter().chain(words.iter().skip(1).cloned()).collect::<Vec<_>>().join(" ")
}
