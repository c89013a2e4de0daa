//! Alarms, log groups, parameters, and what a bucket is set to.

use serde_json::json;

use crate::model::action::examples::example_with;
use crate::model::outcome::ProbeAnswer;
use crate::model::scenario::Scenario;
use crate::sim::testing::*;

fn world(actions: &[&str]) -> Hand {
    let steps = actions.iter().map(|name| step(name, name, &example_with(name).unwrap())).collect();
    Hand::new(&plan(steps), &Scenario::default())
}

/// Before the call the probe says "before", after it "after".
fn does_what_its_probe_sees(action: &str) {
    let mut hand = world(&[action]);
    let with = example_with(action).unwrap();
    let call = act(action, &with);
    let probe = call.probe().unwrap();
    let before = hand.ok(probe.name(), &probe.with());
    assert_eq!(call.judge(Some(&before), &before), ProbeAnswer::Before, "{action}: {before}");
    hand.ok(action, &with);
    let after = hand.ok(probe.name(), &probe.with());
    assert_eq!(call.judge(Some(&before), &after), ProbeAnswer::After, "{action}: {after}");
}

#[test]
fn what_is_set_is_there_afterwards() {
    does_what_its_probe_sees("aws/cloudwatch.put_metric_alarm");
    does_what_its_probe_sees("aws/logs.create_log_group");
    does_what_its_probe_sees("aws/s3.put_bucket_versioning");
}

#[test]
fn a_log_group_is_made_once() {
    let create = "aws/logs.create_log_group";
    let mut hand = world(&[create, "aws/logs.describe_log_groups"]);
    hand.ok(create, &example_with(create).unwrap());
    assert_eq!(hand.code(create, &example_with(create).unwrap()), "ResourceAlreadyExistsException");
}

#[test]
fn alarms_that_are_looked_for_are_quiet() {
    let look = "aws/cloudwatch.describe_alarms";
    let mut hand = world(&[look]);
    let found = hand.ok(look, &example_with(look).unwrap());
    assert_eq!(found["metric_alarms"][0]["state_value"], "OK");
    let loud = hand.ok(look, &json!({"state_value": "ALARM"}));
    assert_eq!(loud["metric_alarms"], json!([]));
}

#[test]
fn a_secret_parameter_shows_no_value() {
    let (one, all) = ("aws/ssm.get_parameter", "aws/ssm.get_parameters_by_path");
    let mut hand = world(&[one, all]);
    assert_eq!(hand.ok(one, &json!({"name": "/shop/endpoint"}))["value"], "value of /shop/endpoint");
    assert_eq!(hand.ok(one, &json!({"name": "/shop/password"}))["value"], json!(null));
    let below = hand.ok(all, &json!({"path": "/shop"}));
    assert_eq!(below["parameters"].as_array().unwrap().len(), 2);
    assert_eq!(hand.code(one, &json!({"name": "/nobody"})), "ParameterNotFound");
}

#[test]
fn a_bucket_without_rules_has_none_to_show() {
    let look = "aws/s3.get_bucket_lifecycle_configuration";
    let mut hand = world(&[look]);
    let rules = hand.ok(look, &example_with(look).unwrap());
    assert_eq!(rules["rules"][0]["noncurrent_version_expiration_days"], 90);
    hand.world.buckets.get_mut("shop-content").unwrap().old_versions_days = None;
    assert_eq!(hand.code(look, &example_with(look).unwrap()), "NoSuchLifecycleConfiguration");
    let suspend = json!({"bucket": "shop-content", "versioning_configuration": {"status": "Suspended"}});
    assert_eq!(hand.code("aws/s3.put_bucket_versioning", &suspend), "InvalidBucketState");
}
