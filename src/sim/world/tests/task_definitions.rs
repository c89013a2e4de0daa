//! Task definitions: registered from the running one, rolled out, rolled back.

use serde_json::{Value, json};

use crate::model::action::examples::example_with;
use crate::model::scenario::Scenario;
use crate::sim::testing::*;

const REGISTER: &str = "aws/ecs.register_task_definition";
const DESCRIBE: &str = "aws/ecs.describe_task_definition";
const UPDATE: &str = "aws/ecs.update_service";

fn world() -> Hand {
    let roll_out =
        json!({"cluster": "shop", "service": "web", "task_definition": "${{ steps.register.outputs.made }}"});
    let steps = vec![
        step("look", "aws/ecs.services_stable", &json!({"cluster": "shop", "service": "web"})),
        step("register", REGISTER, &example_with(REGISTER).unwrap()),
        step("deploy", UPDATE, &roll_out),
    ];
    Hand::new(&plan(steps), &Scenario::default())
}

fn newest(hand: &mut Hand) -> Value {
    hand.ok(DESCRIBE, &example_with(DESCRIBE).unwrap())
}

fn running(hand: &mut Hand) -> Value {
    hand.ok("aws/ecs.describe_services", &json!({"cluster": "shop", "services": ["web"]}))["services"][0]
        ["task_definition"]
        .clone()
}

#[test]
fn the_running_one_is_registered_anew_rolled_out_and_back() {
    let mut hand = world();
    let before = newest(&mut hand);
    assert_eq!(before["task_definition_arn"], running(&mut hand));
    let variables = &before["container_definitions"][0]["environment"];
    assert_eq!(variables[0], json!({"name": "DATABASE_HOST", "value": "eu-central-1.before.example"}));
    assert_eq!(variables[1], json!({"name": "REGION", "value": null}), "nobody asked for it");

    let made = hand.ok(REGISTER, &example_with(REGISTER).unwrap());
    assert_eq!(made["revision"], json!(before["revision"].as_u64().unwrap() + 1));
    assert_eq!(made["container_definitions"][0]["environment"][0]["value"], "dr.shop.example");
    assert_eq!(made, newest(&mut hand));
    let register = act(REGISTER, &example_with(REGISTER).unwrap());
    assert_eq!(register.judge(Some(&before), &made), crate::model::outcome::ProbeAnswer::After);

    let arn = &made["task_definition_arn"];
    hand.ok(UPDATE, &json!({"cluster": "shop", "service": "web", "task_definition": arn}));
    assert_eq!(running(&mut hand), *arn);
    let previous = &before["task_definition_arn"];
    hand.ok(UPDATE, &json!({"cluster": "shop", "service": "web", "task_definition": previous}));
    assert_eq!(running(&mut hand), *previous);
    // The family alone is its newest revision.
    hand.ok(UPDATE, &json!({"cluster": "shop", "service": "web", "task_definition": "web"}));
    assert_eq!(running(&mut hand), *arn);
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut hand = world();
    let mut with = example_with(REGISTER).unwrap();
    with["container_definitions"][0]["name"] = json!("wbe");
    assert_eq!(hand.code(REGISTER, &with), "NoSuchContainer");
    let mut with = example_with(REGISTER).unwrap();
    with["family"] = json!("other");
    assert_eq!(hand.code(REGISTER, &with), "OtherFamily");
    assert_eq!(hand.code(DESCRIBE, &json!({"task_definition": "nobody"})), "ClientException");
}
