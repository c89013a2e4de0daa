//! Changes to alarms, to who calls, to programs and to hosts.

use serde::Deserialize;

use super::{Met, members, set};
use crate::model::Value;
use crate::model::time::parse_duration_ms;
use crate::sim::SimError;
use crate::sim::naming::{bare, short};
use crate::sim::world::World;
use crate::sim::world::database::{Rows, plain};
use crate::sim::world::hosts::Fixed;
use crate::sim::world::outside::Output;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityPatch {
    account: Option<String>,
    arn: Option<String>,
    user_id: Option<String>,
}

pub(super) fn identity(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let patch: IdentityPatch = members("identity", id, value)?;
    let target = crate::model::plan::ResolvedTarget { account: Some(id.to_owned()), ..Default::default() };
    let mut identity = world.identity(&target);
    if let Some(account) = &patch.account {
        identity.arn = identity.arn.replace(id, account);
    }
    set(&mut identity.account, patch.account);
    set(&mut identity.arn, patch.arn);
    set(&mut identity.user_id, patch.user_id);
    world.identities.insert(id.to_owned(), identity);
    Ok((true, Vec::new()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct OutputPatch {
    exit_code: i32,
    stdout: String,
    stderr: String,
}

pub(super) fn exec(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let patch: OutputPatch = members("exec", id, value)?;
    let output = Output { exit_code: patch.exit_code, stdout: patch.stdout, stderr: patch.stderr };
    let (program, rest) = id.split_once(' ').map_or((id, None), |(program, rest)| (program, Some(rest)));
    let start = rest.map_or_else(|| short(program).to_owned(), |rest| format!("{} {rest}", short(program)));
    world.exec.insert(start, output);
    Ok((true, Vec::new()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostPatch {
    status: u32,
    #[serde(default)]
    body: String,
}

pub(super) fn host(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let patch: HostPatch = members("host", id, value)?;
    world.hosts.insert(bare(id), Fixed { status: patch.status, body: patch.body });
    Ok((true, Vec::new()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatementPatch {
    rows: Option<Vec<crate::model::Object>>,
    value: Option<Value>,
    error: Option<String>,
    message: Option<String>,
    takes: Option<String>,
}

/// What statements answer that have `id` in them, whatever their spaces and capitals.
pub(super) fn sql(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let StatementPatch { rows, value, error, message, takes } = members("sql", id, value)?;
    let wrong = |why: &str| SimError::Scenario(format!("`world.sql.{id}`: {why}"));
    let takes_ms = takes.as_deref().map(parse_duration_ms).transpose().map_err(|why| wrong(&why))?;
    let rows = match (rows, value, error) {
        (Some(rows), None, None) => Some(Rows::Given(rows.into_iter().map(Value::Object).collect())),
        (None, Some(value), None) => Some(Rows::Given(vec![serde_json::json!({"value": value})])),
        (None, None, Some(code)) => Some(Rows::Refused(code, message.unwrap_or_else(|| "refused".to_owned()))),
        (None, None, None) if takes_ms.is_some() => None,
        _ => return Err(wrong("it has `rows`, or `value`, or `error` with a `message`, or `takes`")),
    };
    let part = plain(id);
    let met = world.sql_derived.keys().any(|asked| asked.contains(&part));
    let known = world.sql_derived.keys().cloned().collect();
    world.sql_takes_ms.extend(takes_ms.map(|ms| (part.clone(), ms)));
    world.sql_set.extend(rows.map(|rows| (part, rows)));
    Ok((met, known))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CommandPatch {
    #[serde(default)]
    value: Value,
    #[serde(default)]
    fields: Option<crate::model::Object>,
}

pub(super) fn redis(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let patch: CommandPatch = members("redis", id, value)?;
    let (name, rest) = id.split_once(' ').map_or((id, None), |(name, rest)| (name, Some(rest)));
    let name = name.to_ascii_uppercase();
    let start = rest.map_or_else(|| name.clone(), |rest| format!("{name} {rest}"));
    world.redis_set.insert(start, serde_json::json!({"value": patch.value, "fields": patch.fields}));
    Ok((true, Vec::new()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AlarmPatch {
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    state: Option<String>,
    /// Whether anybody is told.
    is_heard: Option<bool>,
}

/// By its name. `null`: there is none.
pub(super) fn alarm(world: &mut World, id: &str, value: &Value) -> Result<Met, SimError> {
    let known = world.alarms.keys().map(|(_, name)| name.clone()).collect();
    let before = world.alarms.len();
    if value.is_null() {
        world.alarms.retain(|(_, name), _| name != id);
        return Ok((world.alarms.len() < before, known));
    }
    let patch: AlarmPatch = members("alarm", id, value)?;
    let mut met = false;
    for (_, alarm) in world.alarms.iter_mut().filter(|((_, name), _)| name == id) {
        met = true;
        set(&mut alarm.state, patch.state.clone());
        if patch.is_heard == Some(false) {
            alarm.settings.alarm_actions = None;
        }
    }
    Ok((met, known))
}
