//! Any calls in any order: nothing panics, time never turns back, and it does not matter in how
//! many steps it passes.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::model::action::SPECS;
use crate::sim::testing::*;

/// Inputs for an action: of the plan, of nobody, or of somebody else.
fn inputs(action: &str, pick: u8) -> Value {
    let some = |ours: &str| if pick.is_multiple_of(5) { "nobody".to_owned() } else { ours.to_owned() };
    let count = u32::from(pick % 6);
    let name = if pick.is_multiple_of(3) { format!("n{pick}.{HOST}") } else { HOST.to_owned() };
    let value = format!("v{}.example", pick % 4);
    let record = json!({"name": name, "type": "CNAME", "ttl": 60, "resource_records": [{"value": value}]});
    let verb = ["CREATE", "DELETE", "UPSERT"][usize::from(pick % 3)];
    match action {
        "aws/rds.promote_read_replica_db_cluster" | "aws/rds.describe_db_clusters" => {
            json!({"db_cluster_identifier": some(CLUSTER)})
        }
        "aws/rds.promote_read_replica" | "aws/rds.describe_db_instances" => {
            json!({"db_instance_identifier": some("shop-replica")})
        }
        "aws/rds.failover_global_cluster" | "aws/rds.switchover_global_cluster" => {
            json!({"global_cluster_identifier": some(GLOBAL), "target_db_cluster_identifier": GLOBAL_TARGET})
        }
        "aws/rds.describe_global_clusters" => json!({"global_cluster_identifier": some(GLOBAL)}),
        "aws/ecs.update_service" if pick.is_multiple_of(2) => {
            json!({"cluster": CLUSTER, "service": some(SERVICE), "desired_count": count})
        }
        "aws/ecs.update_service" => {
            json!({"cluster": some(CLUSTER), "service": SERVICE, "force_new_deployment": true})
        }
        "aws/ecs.describe_services" => json!({"cluster": some(CLUSTER), "services": [SERVICE, "x"]}),
        "aws/ecs.services_stable" => json!({"cluster": CLUSTER, "service": some(SERVICE)}),
        "aws/route53.change_resource_record_sets" => {
            json!({"hosted_zone_id": some(ZONE), "change_batch": {"changes": [{"action": verb, "resource_record_set": record}]}})
        }
        "aws/route53.get_change" => json!({"id": "C1"}),
        "aws/route53.list_resource_record_sets" => json!({"hosted_zone_id": some(ZONE), "max_items": count}),
        "aws/cloudfront.update_origin" => json!({"id": some(DISTRIBUTION), "domain_name": value}),
        "aws/cloudfront.create_invalidation" => {
            json!({"distribution_id": some(DISTRIBUTION), "paths": [value], "caller_reference": format!("r{count}")})
        }
        "aws/cloudfront.get_distribution" => json!({"id": some(DISTRIBUTION)}),
        "aws/cloudfront.get_invalidation" => json!({"distribution_id": DISTRIBUTION, "id": "I1"}),
        "aws/s3.restore_object_version" => {
            json!({"bucket": some(BUCKET), "key": "uploads/file.pdf", "version_id": some("v-good")})
        }
        "aws/s3.list_object_versions" => json!({"bucket": some(BUCKET), "max_keys": count}),
        "aws/s3.head_bucket" | "aws/s3.get_bucket_versioning" | "aws/s3.get_bucket_replication" => {
            json!({"bucket": some(BUCKET)})
        }
        "aws/cloudwatch.get_metric" => lag_metric(),
        "exec" => json!({"argv": ["kubectl", value]}),
        "http/check" => json!({"url": format!("https://{name}/")}),
        "dns/resolve" => json!({"name": name, "type": if pick.is_multiple_of(2) { "A" } else { "CNAME" }}),
        other => crate::model::action::examples::example_with(other).unwrap(),
    }
}

fn troubles() -> crate::model::scenario::Scenario {
    scenario(json!([
        {"kind": "throttled", "chance": 0.1},
        {"kind": "hangs", "value": "3m", "times": 3},
        {"kind": "region_lost", "after": "20m", "for": "10m"},
        {"kind": "health_flaps"},
        {"kind": "stale_resolver", "after": "5m", "for": "5m"},
    ]))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_calls_in_any_order(steps in prop::collection::vec((0..SPECS.len(), any::<u8>(), 0_i64..240), 1..60)) {
        let mut hand = Hand::new(&failover(), &troubles());
        let mut small = Hand::new(&failover(), &troubles());
        for (which, pick, wait_s) in steps {
            let action = SPECS[which].name;
            let with = inputs(action, pick);
            let before = hand.world.now_ms;
            prop_assert_eq!(hand.call(action, &with), small.call(action, &with));
            hand.wait_s(wait_s);
            for _ in 0..wait_s {
                small.wait_s(1);
            }
            prop_assert_eq!(hand.world.now_ms, before + wait_s * 1000);
            // Looking again, or at the past, changes nothing.
            let now_ms = hand.world.now_ms;
            hand.world.advance_to(now_ms);
            hand.world.advance_to(before);
            prop_assert_eq!(&hand.world, &small.world);
        }
    }
}
