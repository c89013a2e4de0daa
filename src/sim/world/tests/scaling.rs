//! Bounds, target groups and health checks.

use serde_json::{Value, json};

use crate::model::scenario::Scenario;
use crate::sim::testing::*;

const REGISTER: &str = "aws/application_autoscaling.register_scalable_target";
const UPDATE: &str = "aws/ecs.update_service";
const GROUP: &str = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/web/1";

fn bounds(min: u32, max: u32) -> Value {
    json!({"service_namespace": "ecs", "resource_id": "service/shop/web", "scalable_dimension": "ecs:service:DesiredCount",
           "min_capacity": min, "max_capacity": max})
}

fn scale(count: u32) -> Value {
    json!({"cluster": "shop", "service": "web", "desired_count": count})
}

fn desired(hand: &mut Hand) -> u64 {
    let with = json!({"cluster": "shop", "services": ["web"]});
    hand.ok("aws/ecs.describe_services", &with)["services"][0]["desired_count"].as_u64().unwrap()
}

fn world() -> Hand {
    let steps = vec![step("bounds", REGISTER, &bounds(3, 6)), step("scale", UPDATE, &scale(3))];
    Hand::new(&plan(steps), &Scenario::default())
}

#[test]
fn a_capacity_set_outside_the_bounds_is_undone_within_minutes() {
    let mut hand = world();
    assert_eq!(desired(&mut hand), 0);
    hand.ok(UPDATE, &scale(3));
    hand.wait_s(60);
    assert_eq!(desired(&mut hand), 3, "not at once");
    hand.wait_s(300);
    assert_eq!(desired(&mut hand), 1, "the old maximum");
}

#[test]
fn bounds_first_and_the_capacity_stays() {
    let mut hand = world();
    hand.ok(REGISTER, &bounds(3, 6));
    hand.ok(UPDATE, &scale(4));
    hand.wait_s(900);
    assert_eq!(desired(&mut hand), 4);
    let look = json!({"service_namespace": "ecs", "resource_ids": ["service/shop/web"]});
    let targets = hand.ok("aws/application_autoscaling.describe_scalable_targets", &look);
    assert_eq!(targets["scalable_targets"][0]["min_capacity"], 3);
    // A new minimum is enforced without anybody setting the capacity.
    hand.ok(REGISTER, &bounds(5, 6));
    hand.wait_s(90);
    assert_eq!(desired(&mut hand), 5);
    assert_eq!(hand.code(REGISTER, &bounds(7, 6)), "ValidationException");
}

#[test]
fn targets_become_healthy_once_they_run_and_are_checked() {
    let group = json!({"target_group_arn": GROUP});
    let on = json!({"target_group_arn": GROUP, "health_check_enabled": true});
    let steps = vec![step("scale", UPDATE, &scale(2)), step("checks", "aws/elbv2.modify_target_group", &on)];
    let mut hand = Hand::new(&plan(steps), &Scenario::default());
    let health = |hand: &mut Hand| hand.ok("aws/elbv2.describe_target_health", &group);
    assert_eq!(health(&mut hand)["target_health_descriptions"], json!([]));
    hand.ok(UPDATE, &scale(2));
    hand.wait_s(300);
    let off = health(&mut hand);
    assert_eq!((&off["healthy_count"], &off["unhealthy_count"]), (&json!(0), &json!(2)), "not checked yet");
    hand.ok("aws/elbv2.modify_target_group", &on);
    assert_eq!(health(&mut hand)["healthy_count"], 2);
    hand.ok(UPDATE, &scale(3));
    let mut states = std::collections::BTreeSet::new();
    for _ in 0..30 {
        hand.wait_s(5);
        for target in health(&mut hand)["target_health_descriptions"].as_array().unwrap() {
            states.insert(target["target_health"]["state"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(states.into_iter().collect::<Vec<_>>(), ["healthy", "initial"]);
    assert_eq!(health(&mut hand)["healthy_count"], 3);
}

#[test]
fn an_inverted_health_check_fails_over_without_a_change_of_records() {
    let record = |set: &str, failover: &str, value: &str| {
        json!({"action": "CREATE", "resource_record_set": {"name": "www.shop.example", "type": "CNAME", "ttl": 60,
            "set_identifier": set, "failover": failover, "resource_records": [{"value": value}],
            "health_check_id": if failover == "PRIMARY" { "h1" } else { "h2" }}})
    };
    let changes = [record("a", "PRIMARY", "old.example"), record("b", "SECONDARY", "new.example")];
    let batch = json!({"hosted_zone_id": ZONE, "change_batch": {"changes": changes}});
    let invert = json!({"health_check_id": "h1", "inverted": true});
    let steps = vec![
        step("dns", "aws/route53.change_resource_record_sets", &batch),
        step("invert", "aws/route53.update_health_check", &invert),
    ];
    let mut hand = Hand::new(&plan(steps), &Scenario::default());
    let ask = json!({"hosted_zone_id": ZONE, "record_name": "www.shop.example", "record_type": "CNAME"});
    let data = |hand: &mut Hand| hand.ok("aws/route53.test_dns_answer", &ask)["record_data"].clone();
    hand.ok("aws/route53.change_resource_record_sets", &batch);
    assert_eq!(data(&mut hand), json!([]), "the change has not reached the name servers");
    hand.wait_s(120);
    assert_eq!(data(&mut hand), json!(["old.example"]));
    let check = json!({"health_check_id": "h1"});
    assert_eq!(hand.ok("aws/route53.get_health_check", &check)["inverted"], false);
    assert_eq!(hand.ok("aws/route53.update_health_check", &invert)["inverted"], true);
    assert_eq!(data(&mut hand), json!(["old.example"]), "the checkers count first");
    hand.wait_s(180);
    assert_eq!(data(&mut hand), json!(["new.example"]));
    assert_eq!(hand.ok("aws/route53.get_health_check_status", &check)["healthy"], true, "before any inversion");
    let stale = json!({"health_check_id": "h1", "health_check_version": 99, "inverted": false});
    assert_eq!(hand.code("aws/route53.update_health_check", &stale), "HealthCheckVersionMismatch");
}

#[test]
fn checkers_see_a_lost_region_and_the_secondary_answers() {
    let check = json!({"health_check_id": "h1"});
    let steps = vec![step("look", "aws/route53.get_health_check_status", &check)];
    let lost = scenario(json!([{"kind": "region_lost", "after": "5m"}]));
    let mut hand = Hand::new(&plan(steps), &lost);
    assert_eq!(hand.ok("aws/route53.get_health_check_status", &check)["healthy_count"], 16);
    hand.wait_s(301);
    let status = hand.ok("aws/route53.get_health_check_status", &check);
    assert_eq!((&status["healthy"], &status["total_count"]), (&json!(false), &json!(16)));
}
