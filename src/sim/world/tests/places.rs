//! Clusters, zones and tables as they are looked at.

use serde_json::json;

use crate::model::scenario::Scenario;
use crate::sim::testing::*;

#[test]
fn clusters_count_their_tasks_and_name_their_providers() {
    let mut hand = Hand::failover();
    let with = json!({"clusters": [CLUSTER, "nobody"]});
    let before = hand.ok("aws/ecs.describe_clusters", &with);
    assert_eq!(before["clusters"][0]["capacity_providers"], json!(["FARGATE", "FARGATE_SPOT"]));
    assert_eq!(before["clusters"][0]["running_tasks_count"], 0);
    assert_eq!(before["failures"][0]["reason"], "MISSING");
    hand.ok("aws/ecs.update_service", &json!({"cluster": CLUSTER, "service": SERVICE, "desired_count": 3}));
    assert_eq!(hand.ok("aws/ecs.describe_clusters", &with)["clusters"][0]["pending_tasks_count"], 1);
    hand.wait_s(600);
    assert_eq!(hand.ok("aws/ecs.describe_clusters", &with)["clusters"][0]["running_tasks_count"], 3);
}

#[test]
fn a_zone_says_its_name_and_a_scenario_may_take_it_away() {
    let mut hand = Hand::failover();
    let zone = hand.ok("aws/route53.get_hosted_zone", &json!({"id": format!("/hostedzone/{ZONE}")}));
    assert_eq!(zone["private_zone"], false);
    assert_eq!(zone["resource_record_set_count"], 3);
    assert!(format!("{HOST}.").ends_with(zone["name"].as_str().unwrap()), "{zone}");
    let world = json!({"name": "test", "world": {"hosted_zone": {ZONE: null}}});
    let gone: Scenario = serde_json::from_value(world).unwrap();
    assert_eq!(
        Hand::new(&failover(), &gone).code("aws/route53.get_hosted_zone", &json!({"id": ZONE})),
        "NoSuchHostedZone"
    );
}

#[test]
fn a_table_can_be_restored_within_its_window() {
    let with = json!({"table_name": "orders"});
    let look = || plan(vec![step("look", "aws/dynamodb.describe_continuous_backups", &with)]);
    let mut hand = Hand::new(&look(), &Scenario::default());
    let now = hand.ok("aws/dynamodb.describe_continuous_backups", &with);
    assert_eq!(now["point_in_time_recovery_status"], "ENABLED");
    assert_eq!(now["latest_restorable_date_time"], "2026-01-04T02:55:00.000Z");
    assert_eq!(now["earliest_restorable_date_time"], "2025-11-30T03:00:00.000Z");
    let off = json!({"name": "test", "world": {"table": {"orders": {"point_in_time_recovery": false}}}});
    let mut hand = Hand::new(&look(), &serde_json::from_value(off).unwrap());
    let now = hand.ok("aws/dynamodb.describe_continuous_backups", &with);
    assert_eq!(now["point_in_time_recovery_status"], "DISABLED");
    assert!(now["latest_restorable_date_time"].is_null());
    assert_eq!(
        hand.code("aws/dynamodb.describe_continuous_backups", &json!({"table_name": "x"})),
        "TableNotFoundException"
    );
}
