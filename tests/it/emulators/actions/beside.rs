//! Alarms, log groups, parameters and buckets' settings at ministack; and any operation through the
//! real AWS CLI, started by our adapter as well.

use serde_json::{Value, json};

use super::super::shape::without;
use super::{Case, REGION, World, changing, reading};

const BUCKET: &str = "shop-content";

pub(super) fn cases() -> Vec<Case> {
    vec![
        changing("aws/cloudwatch.put_metric_alarm", another_alarm, alarms),
        reading("aws/cloudwatch.describe_alarms", alarm),
        changing("aws/logs.create_log_group", log_group, log_groups),
        reading("aws/logs.describe_log_groups", log_group),
        changing("aws/cli", log_group, log_groups),
        reading("aws/cli_read", log_group),
        reading("aws/ssm.get_parameter", parameters),
        reading("aws/ssm.get_parameters_by_path", parameters),
        reading("aws/s3.get_bucket_lifecycle_configuration", bucket),
        changing("aws/s3.put_bucket_versioning", bucket, versioning),
    ]
}

fn put_alarm(world: &mut World<'_>, name: &str) {
    let alarm = json!({
        "AlarmName": name, "Namespace": "AWS/RDS", "MetricName": "CPUUtilization", "Statistic": "Average",
        "Period": 60, "EvaluationPeriods": 1, "Threshold": 90, "ComparisonOperator": "GreaterThanThreshold",
    });
    world.call("cloudwatch", "put_metric_alarm", alarm);
}

fn alarm(world: &mut World<'_>) -> Value {
    put_alarm(world, "shop-replica-lag");
    json!({})
}

fn another_alarm(world: &mut World<'_>) -> Value {
    put_alarm(world, "shop-cpu");
    json!({})
}

fn alarms(world: &mut World<'_>) -> Value {
    let mut found = world.call("cloudwatch", "describe_alarms", json!({}));
    without(&mut found, &["AlarmConfigurationUpdatedTimestamp", "StateUpdatedTimestamp"]);
    found
}

fn log_group(world: &mut World<'_>) -> Value {
    world.call("logs", "create_log_group", json!({"logGroupName": "/shop/web"}));
    json!({})
}

fn log_groups(world: &mut World<'_>) -> Value {
    let mut found = world.call("logs", "describe_log_groups", json!({}));
    without(&mut found, &["creationTime"]);
    found
}

fn parameters(world: &mut World<'_>) -> Value {
    for (name, kind) in [("/shop/endpoint", "String"), ("/shop/db/password", "SecureString")] {
        world.call("ssm", "put_parameter", json!({"Name": name, "Value": "hunter2", "Type": kind}));
    }
    json!({})
}

fn bucket(world: &mut World<'_>) -> Value {
    let place = json!({"LocationConstraint": REGION});
    world.call("s3", "create_bucket", json!({"Bucket": BUCKET, "CreateBucketConfiguration": place}));
    let rule = json!({
        "ID": "old", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 30},
        "Transitions": [{"Days": 10, "StorageClass": "STANDARD_IA"}],
    });
    let rules = json!({"Bucket": BUCKET, "LifecycleConfiguration": {"Rules": [rule]}});
    world.call("s3", "put_bucket_lifecycle_configuration", rules);
    json!({})
}

fn versioning(world: &mut World<'_>) -> Value {
    world.call("s3", "get_bucket_versioning", json!({"Bucket": BUCKET}))
}
