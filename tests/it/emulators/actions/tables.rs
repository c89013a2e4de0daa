//! DynamoDB tables brought back and set up again, and a message to those who must know.

use serde_json::{Value, json};

use super::{Case, World, changing, reading};

const TABLE: &str = "shop-orders";
const RESTORED: &str = "shop-orders-restored";

pub(super) fn cases() -> Vec<Case> {
    vec![
        changing("aws/dynamodb.restore_table_to_point_in_time", protected, tables),
        changing("aws/dynamodb.update_continuous_backups", restored, tables),
        changing("aws/dynamodb.update_time_to_live", restored, tables),
        changing("aws/dynamodb.update_table", restored, tables),
        changing("aws/dynamodb.delete_table", restored, tables),
        reading("aws/dynamodb.describe_table", restored),
        reading("aws/dynamodb.describe_time_to_live", restored),
        reading("aws/dynamodb.describe_continuous_backups", protected),
        changing("aws/sns.publish", topic, received),
    ]
}

fn table(world: &mut World<'_>, name: &str) {
    let params = json!({
        "TableName": name, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    });
    world.call("dynamodb", "create_table", params);
}

/// A table with something in it, that can be brought back to any second.
fn protected(world: &mut World<'_>) -> Value {
    table(world, TABLE);
    world.call("dynamodb", "put_item", json!({"TableName": TABLE, "Item": {"id": {"S": "1"}}}));
    let on = json!({"PointInTimeRecoveryEnabled": true});
    let params = json!({"TableName": TABLE, "PointInTimeRecoverySpecification": on});
    world.call("dynamodb", "update_continuous_backups", params);
    json!({})
}

fn restored(world: &mut World<'_>) -> Value {
    table(world, RESTORED);
    json!({})
}

/// Every table with what a restore leaves behind.
fn tables(world: &mut World<'_>) -> Value {
    let names = world.call("dynamodb", "list_tables", json!({}))["TableNames"].take();
    let mut found = Vec::new();
    for name in names.as_array().unwrap() {
        let one = json!({"TableName": name});
        for operation in ["describe_table", "describe_continuous_backups", "describe_time_to_live", "scan"] {
            found.push(world.call("dynamodb", operation, one.clone()));
        }
    }
    Value::from(found)
}

/// A topic that a queue listens to.
fn topic(world: &mut World<'_>) -> Value {
    let topic = world.call("sns", "create_topic", json!({"Name": "alerts"}))["TopicArn"].take();
    let queue = world.call("sqs", "create_queue", json!({"QueueName": "alerts"}))["QueueUrl"].take();
    let asked = json!({"QueueUrl": queue, "AttributeNames": ["QueueArn"]});
    let queue = world.call("sqs", "get_queue_attributes", asked)["Attributes"]["QueueArn"].take();
    world.call("sns", "subscribe", json!({"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue}));
    json!({"topic_arn": topic})
}

fn received(world: &mut World<'_>) -> Value {
    let queue = world.call("sqs", "get_queue_url", json!({"QueueName": "alerts"}))["QueueUrl"].take();
    let params = json!({"QueueUrl": queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0});
    let found = world.call("sqs", "receive_message", params);
    let bodies = found["Messages"].as_array().into_iter().flatten().map(|message| {
        let body: Value = serde_json::from_str(message["Body"].as_str().unwrap()).unwrap();
        json!([body["Type"], body["TopicArn"], body["Subject"], body["Message"]])
    });
    bodies.collect()
}
