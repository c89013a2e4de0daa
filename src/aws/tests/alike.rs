//! Drills and real runs must look alike to a runbook: the simulated world answers in the same shapes.

use serde_json::{Value, json};

use super::play;
use crate::model::action::examples::example_with;
use crate::sim::testing::{
    BUCKET, CLUSTER, DISTRIBUTION, GLOBAL, GLOBAL_TARGET, HOST, Hand, SERVICE, ZONE, lag_metric, plan, scenario, step,
};

/// Where two answers differ in shape. Null stands for anything that may be missing, an empty list for
/// any list.
fn differences(at: &str, drill: &Value, real: &Value) -> Vec<String> {
    match (drill, real) {
        (Value::Object(drill), Value::Object(real)) => {
            let alone = |one: &crate::model::Object, other: &crate::model::Object, which: &str| -> Vec<String> {
                let names = one.keys().filter(|name| !other.contains_key(*name));
                names.map(|name| format!("{at}.{name} only in the {which}")).collect()
            };
            let both = drill.iter().filter_map(|(name, value)| Some((name, value, real.get(name)?)));
            let mut found = alone(drill, real, "drill");
            found.extend(alone(real, drill, "real run"));
            found.extend(both.flat_map(|(name, drill, real)| differences(&format!("{at}.{name}"), drill, real)));
            found
        }
        (Value::Array(drill), Value::Array(real)) => match (drill.first(), real.first()) {
            (Some(drill), Some(real)) => differences(&format!("{at}[0]"), drill, real),
            _ => Vec::new(),
        },
        (Value::Null, _)
        | (_, Value::Null)
        | (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_)) => Vec::new(),
        _ => vec![format!("{at} is {drill} in the drill and {real} in the real run")],
    }
}

#[test]
fn differences_are_found() {
    let drill = json!({"a": 1, "b": [{"c": "x"}], "d": null, "e": []});
    assert_eq!(differences("r", &drill, &json!({"a": 2, "b": [{"c": "y"}], "d": {"z": 1}, "e": [1]})), [""; 0]);
    let real = json!({"a": "1", "b": [{}], "e": [], "f": 1});
    let wrong = [
        "r.d only in the drill",
        "r.f only in the real run",
        "r.a is 1 in the drill and \"1\" in the real run",
        "r.b[0].c only in the drill",
    ];
    assert_eq!(differences("r", &drill, &real), wrong);
}

#[tokio::test]
async fn the_simulated_world_answers_in_the_same_shapes() {
    let mut hand = Hand::failover();
    let cluster = json!({"db_cluster_identifier": CLUSTER});
    let instance = json!({"db_instance_identifier": "shop-replica"});
    let global = json!({"global_cluster_identifier": GLOBAL});
    let mut target = global.clone();
    target["target_db_cluster_identifier"] = json!(GLOBAL_TARGET);
    let services = json!({"cluster": CLUSTER, "services": [SERVICE, "x"]});
    let service = json!({"cluster": CLUSTER, "service": SERVICE});
    let set = json!({"name": HOST, "type": "CNAME", "ttl": 60, "resource_records": [{"value": "x.example"}]});
    let batch = json!({"changes": [{"action": "CREATE", "resource_record_set": set}]});
    let mut create = json!({"hosted_zone_id": ZONE, "change_batch": batch});
    create["change_batch"]["changes"][0]["resource_record_set"]["name"] = json!(format!("new.{HOST}"));
    let change = hand.ok("aws/route53.change_resource_record_sets", &create)["id"].clone();
    let invalidate = json!({"distribution_id": DISTRIBUTION, "paths": ["/*"]});
    let invalidation = hand.ok("aws/cloudfront.create_invalidation", &invalidate)["id"].clone();
    let bucket = json!({"bucket": BUCKET});
    let restore = json!({"bucket": BUCKET, "key": "uploads/file.pdf", "version_id": "v-good"});
    let calls = [
        ("aws/rds.describe_db_clusters", cluster.clone()),
        ("aws/rds.promote_read_replica_db_cluster", cluster),
        ("aws/rds.describe_db_instances", instance.clone()),
        ("aws/rds.promote_read_replica", instance),
        ("aws/rds.describe_global_clusters", global),
        ("aws/rds.switchover_global_cluster", target),
        ("aws/ecs.describe_services", services),
        ("aws/ecs.services_stable", service.clone()),
        ("aws/ecs.update_service", service),
        ("aws/route53.change_resource_record_sets", {
            create["change_batch"]["changes"][0]["resource_record_set"]["name"] = json!(format!("other.{HOST}"));
            create
        }),
        ("aws/route53.get_change", json!({"id": change})),
        ("aws/route53.list_resource_record_sets", json!({"hosted_zone_id": ZONE})),
        ("aws/cloudfront.get_distribution", json!({"id": DISTRIBUTION})),
        ("aws/cloudfront.update_origin", json!({"id": DISTRIBUTION, "domain_name": "x.example"})),
        ("aws/cloudfront.create_invalidation", invalidate),
        ("aws/cloudfront.get_invalidation", json!({"distribution_id": DISTRIBUTION, "id": invalidation})),
        ("aws/s3.head_bucket", bucket.clone()),
        ("aws/s3.get_bucket_versioning", bucket.clone()),
        ("aws/s3.get_bucket_replication", bucket.clone()),
        ("aws/s3.list_object_versions", bucket),
        ("aws/s3.restore_object_version", restore),
        ("aws/cloudwatch.get_metric", lag_metric()),
    ];
    for (name, with) in calls {
        let (drill, real) = (hand.ok(name, &with), play(name).await.0);
        assert_eq!(differences(name, &drill, &real), [""; 0]);
    }
    for name in ["aws/s3.compare_with_replica", "aws/s3.copy_from_replica"] {
        let with = example_with(name).unwrap();
        let mut hand = Hand::new(&plan(vec![step("bulk", name, &with)]), &scenario(json!([])));
        assert_eq!(differences(name, &hand.ok(name, &with), &play(name).await.0), [""; 0]);
    }
}
