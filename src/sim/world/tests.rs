//! The reducer, service by service, by virtual time.

mod beside;
mod data;
mod databases;
mod hosts;
mod lost;
mod places;
mod programs;
mod recovery;
mod scaling;
mod storage;
mod tables;
mod task_definitions;
mod traffic;

use serde_json::{Value, json};

use crate::sim::testing::*;

const CHANGE: &str = "aws/route53.change_resource_record_sets";

fn cluster() -> Value {
    json!({"db_cluster_identifier": CLUSTER})
}

fn service() -> Value {
    json!({"cluster": CLUSTER, "service": SERVICE})
}

fn change(action: &str, name: &str, value: &str) -> Value {
    let record = json!({"name": name, "type": "CNAME", "ttl": 60, "resource_records": [{"value": value}]});
    json!({"action": action, "resource_record_set": record})
}

fn batch(changes: &[Value]) -> Value {
    json!({"hosted_zone_id": ZONE, "change_batch": {"changes": changes}})
}
