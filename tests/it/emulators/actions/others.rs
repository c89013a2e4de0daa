//! Services with one action or two.

use serde_json::{Value, json};

use super::{Case, World, reading};

pub(super) fn cases() -> Vec<Case> {
    vec![reading("aws/sts.get_caller_identity", |_| json!({})), reading("aws/cloudwatch.get_metric", lag)]
}

fn lag(world: &mut World<'_>) -> Value {
    let dimensions = json!([{"Name": "DBClusterIdentifier", "Value": "shop-dr"}]);
    let at = (chrono::Utc::now() - chrono::TimeDelta::minutes(2)).to_rfc3339();
    let datum = json!({
        "MetricName": "AuroraBinlogReplicaLag", "Dimensions": dimensions, "Value": 7.0, "Unit": "Seconds",
        "Timestamp": at,
    });
    world.call("cloudwatch", "put_metric_data", json!({"Namespace": "AWS/RDS", "MetricData": [datum]}));
    json!({})
}
