//! Services with one action or two.

use serde_json::{Value, json};

use super::{Case, World, reading};

pub(super) fn cases() -> Vec<Case> {
    vec![
        reading("aws/sts.get_caller_identity", |_| json!({})),
        reading("aws/cloudwatch.get_metric", lag),
        reading("aws/dynamodb.describe_continuous_backups", table),
    ]
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

fn table(world: &mut World<'_>) -> Value {
    let params = json!({
        "TableName": "shop-orders", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    });
    world.call("dynamodb", "create_table", params);
    let on =
        json!({"TableName": "shop-orders", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true}});
    world.call("dynamodb", "update_continuous_backups", on);
    json!({})
}
