//! Databases answer as the runbook expects, unless a scenario says otherwise; nothing is connected to.

use serde_json::{Value, json};

use crate::model::plan::Plan;
use crate::model::runbook::SourceFile;
use crate::model::scenario::Scenario;
use crate::sim::testing::Hand;
use crate::sim::{SimError, overlay};
use crate::source::{self, RunContext};

/// A plan of steps of which each asks one question.
fn plan(steps: &[(&str, Value, &str)]) -> Plan {
    let steps: Vec<String> = steps
        .iter()
        .enumerate()
        .map(|(ix, (action, with, expect))| {
            format!("  - {{ id: s{ix}, uses: {action}, with: {with}, verify: [{{ expect: {} }}] }}\n", json!(expect))
        })
        .collect();
    let text = format!("version: 1\nname: ask\nphases:\n- id: all\n  steps:\n{}", steps.concat());
    let loaded = source::load(vec![SourceFile { path: "ask.yaml".to_owned(), text }]);
    let runbook = loaded.runbook.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    let context = RunContext {
        given: crate::model::Object::new(),
        mode: crate::model::outcome::Mode::Drill,
        intent: crate::model::plan::Intent::Planned,
        operator: "alice".to_owned(),
        run: "01test".to_owned(),
        now_ms: 1_767_495_600_000,
    };
    source::instantiate(&runbook, &context).unwrap_or_else(|found| panic!("{found:#?}"))
}

fn ask(query: &str) -> Value {
    json!({"url": "postgresql://reader@db.example/shop", "query": query})
}

fn redis(command: &[&str]) -> Value {
    json!({"url": "rediss://cache.example", "command": command})
}

#[test]
fn of_plausible_answers_the_first_that_meets_every_expectation() {
    for (query, expect) in [
        ("select count(*) from users", "result.value >= 95000"),
        ("select id from orphans", "result.count == 0"),
        (
            "select a as one, b as two, c as three from t",
            "result.row.one > 5 and result.row.two == 0 and result.row.three",
        ),
        ("select pg_is_in_recovery() as standby", "not result.value"),
        ("select max(at) as newest from t", "result.row.newest > '2025-12-31'"),
        ("select name from t", "result.value == 'ok' and not result.truncated"),
    ] {
        let mut hand = Hand::new(&plan(&[("sql/query", ask(query), expect)]), &Scenario::default());
        let answer = hand.ok("sql/query", &ask(query));
        let mut scope = crate::model::Object::new();
        scope.insert("result".to_owned(), answer.clone());
        let expr =
            crate::model::template::Expr { source: expect.to_owned(), span: crate::model::span::Span::default() };
        assert_eq!(expr.eval_bool(&scope), Ok(true), "{query}: {answer}");
    }
    for (command, expect) in [
        (&["PING"][..], "result.value == 'PONG'"),
        (&["INFO", "replication"], "result.fields.role == 'master' and result.fields.connected_slaves >= 1"),
        (&["DBSIZE"], "result.value > 1000"),
        (&["GET", "lock"], "result.value is none"),
    ] {
        let mut hand = Hand::new(&plan(&[("redis/command", redis(command), expect)]), &Scenario::default());
        let answer = hand.ok("redis/command", &redis(command));
        let mut scope = crate::model::Object::new();
        scope.insert("result".to_owned(), answer.clone());
        let expr =
            crate::model::template::Expr { source: expect.to_owned(), span: crate::model::span::Span::default() };
        assert_eq!(expr.eval_bool(&scope), Ok(true), "{command:?}: {answer}");
    }
}

#[test]
fn a_scenario_sets_what_is_answered_and_how_long_it_takes() {
    let plan = plan(&[
        ("sql/query", ask("select  count(*)\nFROM Users"), "result.value > 1"),
        ("sql/query", ask("select 1 from orders"), "result.value == 1"),
        ("redis/command", redis(&["GET", "session:1"]), "result.value == 'value'"),
    ]);
    let mut hand = Hand::new(&plan, &Scenario::default());
    let world = json!({
        "sql": {
            "count(*) from USERS": {"rows": [{"n": 3}, {"n": 4}], "takes": "5m"},
            "from orders": {"error": "42P01", "message": "relation \"orders\" does not exist"},
        },
        "redis": {"get session:1": {"value": null}},
    });
    let scenario = Scenario { world: world.as_object().unwrap().clone(), ..Scenario::default() };
    overlay::lay(&mut hand.world, &scenario).unwrap();
    let answer = hand.ok("sql/query", &ask("select count(*) from users"));
    assert_eq!((&answer["count"], &answer["value"]), (&json!(2), &json!(3)));
    let refused = hand.call("sql/query", &ask("select 1 from orders")).unwrap_err();
    assert!(refused.code == "42P01" && refused.message.contains("db.example:5432"), "{refused:?}");
    assert_eq!(hand.ok("redis/command", &redis(&["GET", "session:1"]))["value"], Value::Null);
    let call = crate::model::action::Action::parse("sql/query", &ask("select count(*) from users")).unwrap();
    assert_eq!(hand.world.takes_ms(&call), 300_000);

    for (wrong, part) in [
        (json!({"nothing of it": {"value": 1}}), "nothing that the runbook names"),
        (json!({"from orders": {}}), "it has `rows`"),
        (json!({"from orders": {"value": 1, "error": "42P01"}}), "it has `rows`"),
    ] {
        let scenario = Scenario { world: json!({"sql": wrong}).as_object().unwrap().clone(), ..Scenario::default() };
        let Err(SimError::Scenario(why)) = overlay::lay(&mut hand.world, &scenario) else { panic!("{scenario:?}") };
        assert!(why.contains(part), "{why}");
    }
}
