//! Hosts and programs.

use serde_json::{Value, json};

use super::{CHANGE, batch, change, service};
use crate::model::scenario::Scenario;
use crate::sim::testing::*;

#[test]
fn a_host_is_well_once_traffic_and_services_have_moved() {
    let lost = scenario(json!([{"kind": "region_lost", "region": "eu-central-1"}]));
    let mut hand = Hand::new(&failover(), &lost);
    let silent = hand.health();
    assert_eq!(members(&silent), ["ok", "status", "body", "latency_ms", "tls_days_left"]);
    assert_eq!((&silent["ok"], &silent["status"]), (&json!(false), &json!(0)));
    hand.ok(CHANGE, &batch(&[change("UPSERT", HOST, "alb.us-east-1.example")]));
    hand.wait_s(400);
    assert_eq!(hand.health()["status"], 503);
    let mut call = service();
    call["desired_count"] = json!(3);
    hand.ok("aws/ecs.update_service", &call);
    hand.wait_s(130);
    assert_eq!(hand.health()["ok"], true);
    // The name the record points at answers by the same services.
    let direct = hand.ok("http/check", &json!({"url": "http://alb.us-east-1.example/", "expect_status": 204}));
    assert_eq!((&direct["ok"], &direct["status"], &direct["tls_days_left"]), (&json!(true), &json!(204), &Value::Null));
}

#[test]
fn while_the_primary_lives_its_hosts_are_well() {
    let mut hand = Hand::failover();
    assert_eq!(hand.health()["ok"], true);
    let elsewhere = hand.ok("http/check", &json!({"url": "https://status.example/"}));
    assert_eq!(elsewhere["ok"], true);
    assert!(elsewhere["tls_days_left"].is_number());
    let standby = hand.ok("http/check", &json!({"url": "https://alb.us-east-1.example/"}));
    assert_eq!(standby["status"], 503);
}

#[test]
fn programs_succeed_unless_a_scenario_says_otherwise() {
    let mut hand = Hand::failover();
    let run = json!({"argv": ["/usr/bin/kubectl", "get", "pods"]});
    let output = hand.ok("exec", &run);
    assert_eq!(members(&output), ["exit_code", "stdout", "stderr"]);
    assert_eq!(output["exit_code"], 0);
    let mut other = Scenario::default();
    let exec = json!({"kubectl": {"exit_code": 1, "stderr": "no context"}, "kubectl get": {"exit_code": 2}});
    other.world.insert("exec".to_owned(), exec);
    let mut hand = Hand::new(&failover(), &other);
    assert_eq!(hand.ok("exec", &run)["exit_code"], 2);
    assert_eq!(hand.ok("exec", &json!({"argv": ["kubectl", "getter"]}))["exit_code"], 1);
    assert_eq!(hand.ok("exec", &json!({"argv": ["psql"]}))["exit_code"], 0);
}
