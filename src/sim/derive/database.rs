//! Databases answer as the runbook expects, so that it drills without a scenario: of a handful of
//! plausible answers the first that makes all its expectations of a question true.
//!
//! Must not know: SQL beyond the names of columns.

use serde_json::json;

use super::partial;
use crate::model::action::Action;
use crate::model::plan::{Plan, PlanStep};
use crate::model::runbook::ActionUse;
use crate::model::template::{Expr, Tree};
use crate::model::time::rfc3339;
use crate::model::{Object, Value};
use crate::sim::world::World;
use crate::sim::world::database::{Rows, asked, command_line, table};

/// Answers that are tried for one question.
const MOST_TRIES: usize = 2_000;

/// Makes an answer for every question of the plan.
pub fn answers(world: &mut World, plan: &Plan) {
    let base = plan.base_scope("");
    for step in &plan.steps {
        let mut scope = base.clone();
        if let Some(each) = &step.each {
            scope.insert("each".to_owned(), each.clone());
        }
        for (uses, with, expected) in questions(step) {
            let Some(action) = known(uses, &with, &scope) else { continue };
            match action {
                Action::SqlQuery(call) => {
                    let rows = rows(&call.query, call.max_rows(), &expected, &scope, world.start_ms);
                    world.sql_derived.entry(asked(&call)).or_insert(Rows::Given(rows));
                }
                Action::RedisCommand(call) => {
                    let answer = reply(&call.command, &expected, &scope);
                    world.redis_derived.entry(command_line(&call.command)).or_insert(answer);
                }
                _ => {}
            }
        }
    }
}

/// The reads of a step: what is asked with which inputs, and what is expected of the answer.
fn questions(step: &PlanStep) -> Vec<(&ActionUse, Tree, Vec<&Expr>)> {
    let checks = || step.checks.iter().chain(&step.verify);
    let of_own = step.verify.iter().filter(|check| check.uses.is_none()).filter_map(|check| check.expect.as_ref());
    let own = (&step.uses, step.uses.with.clone(), of_own.collect());
    let looks = checks().filter_map(|check| {
        let uses = check.uses.as_ref()?;
        Some((uses, uses.with.over(&step.uses.with), check.expect.iter().collect()))
    });
    std::iter::once(own).chain(looks).collect()
}

/// The question itself, whoever it is asked: the host is often known only to the run.
fn known(uses: &ActionUse, tree: &Tree, scope: &Object) -> Option<Action> {
    let with = partial(tree, scope)?;
    let mut kept = Object::new();
    match uses.action.value.as_str() {
        "sql/query" => {
            for member in ["query", "params", "max_rows"] {
                kept.extend(with.get(member).map(|value| (member.to_owned(), value.clone())));
            }
        }
        "redis/command" => {
            kept.insert("command".to_owned(), with["command"].clone());
            kept.insert("url".to_owned(), "rediss://anywhere".into());
        }
        _ => return None,
    }
    Action::parse(&uses.action.value, &Value::Object(kept)).ok()
}

fn holds(answer: Value, expected: &[&Expr], scope: &Object) -> bool {
    let mut scope = scope.clone();
    scope.insert("result".to_owned(), answer);
    expected.iter().all(|expr| expr.eval_bool(&scope).unwrap_or(false))
}

/// One row whose columns are all tried, then none at all: a list of what is wrong is empty.
fn rows(query: &str, max_rows: u32, expected: &[&Expr], scope: &Object, now_ms: i64) -> Vec<Value> {
    let values = [json!(1), json!(1_000_000), json!(0), json!(rfc3339(now_ms)), json!(true), json!(false), json!("ok")];
    let columns = columns(query);
    let row = |picks: &[usize]| {
        let members = columns.iter().zip(picks).map(|(name, pick)| (name.clone(), values[*pick].clone()));
        Value::Object(members.collect())
    };
    let fits = |rows: &[Value]| holds(table(rows.to_vec(), max_rows), expected, scope);
    let mut picks = vec![0; columns.len()];
    for _ in 0..MOST_TRIES {
        let tried = vec![row(&picks)];
        if fits(&tried) {
            return tried;
        }
        // Like a counter, the first column the fastest.
        let Some(next) = picks.iter().position(|pick| pick + 1 < values.len()) else { break };
        picks[next] += 1;
        picks[..next].fill(0);
    }
    if fits(&[]) {
        return Vec::new();
    }
    vec![row(&vec![0; columns.len()])]
}

/// The names that a statement gives its columns, as far as it says `AS`.
fn columns(query: &str) -> Vec<String> {
    let words: Vec<&str> =
        query.split(|c: char| c.is_whitespace() || "(),;".contains(c)).filter(|w| !w.is_empty()).collect();
    let is_name = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let mut names: Vec<String> = Vec::new();
    for pair in words.windows(2).filter(|pair| pair[0].eq_ignore_ascii_case("as")) {
        let name = pair[1].trim_matches('"').to_owned();
        let is_new = !names.contains(&name) && is_name(&name) && !name.eq_ignore_ascii_case("materialized");
        names.extend(is_new.then_some(name));
    }
    if names.is_empty() {
        names.push("value".to_owned());
    }
    names
}

/// What a healthy primary says.
fn reply(command: &[String], expected: &[&Expr], scope: &Object) -> Value {
    let info = json!({
        "role": "master", "connected_slaves": 1, "loading": 0, "master_link_status": "up", "used_memory": 104_857_600,
        "connected_clients": 12, "rdb_last_bgsave_status": "ok", "evicted_keys": 0,
    });
    let name = command.first().map(|name| name.to_ascii_uppercase()).unwrap_or_default();
    let first = match name.as_str() {
        "PING" => json!("PONG"),
        "TYPE" => json!("string"),
        "GET" | "HGET" | "LINDEX" | "GETRANGE" | "RANDOMKEY" => json!("value"),
        "HGETALL" => json!({"field": "value"}),
        "ROLE" => json!(["master", 1_000, []]),
        "SCAN" => json!(["0", ["key"]]),
        _ => json!(1),
    };
    let answer = |value: &Value| match name.as_str() {
        "INFO" => json!({"value": "# simulated", "fields": info}),
        _ => json!({"value": value, "fields": null}),
    };
    let tried = [first, json!(1), json!(1_000_000), json!(0), json!("ok"), json!([]), Value::Null];
    let found = tried.iter().map(answer).find(|answer| holds(answer.clone(), expected, scope));
    found.unwrap_or_else(|| answer(&tried[0]))
}
