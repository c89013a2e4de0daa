//! Calls through `aws` and `kubectl`, which no drill starts.

use serde_json::{Value, json};

use crate::model::action::examples::example_with;
use crate::model::outcome::ProbeAnswer;
use crate::model::scenario::Scenario;
use crate::sim::testing::*;

fn world(actions: &[&str], changes: &Value) -> Hand {
    let steps = actions.iter().map(|name| step(name, name, &example_with(name).unwrap())).collect();
    let scenario: Scenario = serde_json::from_value(json!({"name": "t", "world": changes})).unwrap();
    Hand::new(&plan(steps), &scenario)
}

#[test]
fn a_command_answers_what_the_scenario_declares() {
    let declared = json!({"aws_cli": {
        "logs describe-log-groups": {"answer": ["/shop/web", "/shop/worker"]},
        "logs describe-log-groups --log-group-name-prefix gone":
            {"error": {"code": "ResourceNotFoundException", "message": "no"}},
    }});
    let mut hand = world(&["aws/cli_read"], &declared);
    let look = example_with("aws/cli_read").unwrap();
    assert_eq!(hand.ok("aws/cli_read", &look), json!(["/shop/web", "/shop/worker"]));
    let mut gone = look;
    gone["args"] = json!(["--log-group-name-prefix", "gone"]);
    assert_eq!(hand.code("aws/cli_read", &gone), "ResourceNotFoundException");
}

#[test]
fn a_command_that_nobody_declares_says_so() {
    let mut hand = world(&["aws/cli"], &json!({}));
    let answer = hand.ok("aws/cli", &example_with("aws/cli").unwrap());
    assert!(answer["simulated"].as_str().unwrap().starts_with("no answer is declared"), "{answer}");
    let secret = json!({"service": "secretsmanager", "operation": "get-secret-value"});
    assert_eq!(hand.code("aws/cli_read", &secret), "NotRun");
}

#[test]
fn variables_of_a_deployment_are_set_and_its_pods_replaced() {
    let mut hand = world(&["kube/set_env"], &json!({"deployment": {"shop/web": {"replicas": 4}}}));
    let with = example_with("kube/set_env").unwrap();
    let set = act("kube/set_env", &with);
    let probe = set.probe().unwrap();
    let before = hand.ok(probe.name(), &probe.with());
    assert_eq!(set.judge(None, &before), ProbeAnswer::Before);
    let status = json!({"deployment": "web", "namespace": "shop"});
    assert_eq!(hand.ok("kube/rollout_status", &status)["complete"], true);
    hand.ok("kube/set_env", &with);
    let after = hand.ok(probe.name(), &probe.with());
    assert_eq!(set.judge(Some(&before), &after), ProbeAnswer::After);
    let under_way = hand.ok("kube/rollout_status", &status);
    assert_eq!((&under_way["complete"], &under_way["replicas"]), (&json!(false), &json!(4)));
    hand.wait_s(120);
    assert_eq!(hand.ok("kube/rollout_status", &status)["complete"], true);
    assert_eq!(hand.code("kube/get_deployment", &json!({"deployment": "gone"})), "NotFound");
}
