//! The reducer, service by service, by virtual time.

use serde_json::json;

use crate::sim::testing::*;

fn cluster() -> serde_json::Value {
    json!({"db_cluster_identifier": CLUSTER})
}

#[test]
fn a_promotion_reads_available_first_then_promoting_then_stands_alone() {
    let mut hand = Hand::failover();
    let before = hand.ok("aws/rds.describe_db_clusters", &cluster());
    assert_eq!(
        members(&before),
        [
            "db_cluster_identifier",
            "db_cluster_arn",
            "status",
            "engine",
            "engine_version",
            "endpoint",
            "reader_endpoint",
            "replication_source_identifier",
            "members"
        ]
    );
    assert!(before["replication_source_identifier"].as_str().unwrap().starts_with("arn:aws:rds:eu-central-1:"));
    let answer = hand.ok("aws/rds.promote_read_replica_db_cluster", &cluster());
    assert_eq!(answer["status"], "available");
    hand.wait_s(1);
    assert_eq!(hand.ok("aws/rds.describe_db_clusters", &cluster())["status"], "available");
    hand.wait_s(9);
    assert_eq!(hand.ok("aws/rds.describe_db_clusters", &cluster())["status"], "promoting");
    hand.wait_s(220);
    assert_eq!(hand.ok("aws/rds.describe_db_clusters", &cluster())["status"], "promoting");
    hand.wait_s(260);
    let after = hand.ok("aws/rds.describe_db_clusters", &cluster());
    assert_eq!(after["status"], "available");
    assert!(after["replication_source_identifier"].is_null());
    assert_eq!(after["members"][0]["is_writer"], true);
}

#[test]
fn a_cluster_is_promoted_once() {
    let mut hand = Hand::failover();
    let promote = "aws/rds.promote_read_replica_db_cluster";
    hand.ok(promote, &cluster());
    assert_eq!(hand.code(promote, &cluster()), "InvalidDBClusterStateFault");
    hand.wait_s(600);
    let error = hand.call(promote, &cluster()).unwrap_err();
    assert_eq!(error.code, "InvalidDBClusterStateFault");
    assert!(error.request_id.is_some_and(|id| id.len() == 36));
    assert_eq!(hand.code(promote, &json!({"db_cluster_identifier": "nobody"})), "DBClusterNotFoundFault");
}
