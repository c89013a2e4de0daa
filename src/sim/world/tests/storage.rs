//! Buckets, metrics and identities.

use serde_json::json;

use super::cluster;
use crate::model::outcome::CloudErrorKind;
use crate::sim::testing::*;

#[test]
fn an_older_version_comes_back_as_the_newest() {
    let mut hand = Hand::failover();
    let list = json!({"bucket": BUCKET, "prefix": "uploads/"});
    let before = hand.ok("aws/s3.list_object_versions", &list);
    assert_eq!(members(&before), ["versions", "delete_markers", "is_truncated"]);
    assert_eq!(members(&before["versions"][0]), ["key", "version_id", "is_latest", "last_modified", "size", "etag"]);
    let good = before["versions"].as_array().unwrap().iter().find(|v| v["version_id"] == "v-good").unwrap().clone();
    let restore = json!({"bucket": BUCKET, "key": "uploads/file.pdf", "version_id": "v-good"});
    let answer = hand.ok("aws/s3.restore_object_version", &restore);
    assert_eq!(members(&answer), ["bucket", "key", "version_id", "copy_source_version_id", "etag"]);
    let after = hand.ok("aws/s3.list_object_versions", &list);
    assert_eq!(after["versions"][0]["etag"], good["etag"]);
    assert_eq!(after["versions"][0]["is_latest"], true);
    assert_eq!(after["versions"].as_array().unwrap().len(), before["versions"].as_array().unwrap().len() + 1);
    let code = |hand: &mut Hand, key: &str, version: &str| {
        hand.code("aws/s3.restore_object_version", &json!({"bucket": BUCKET, "key": key, "version_id": version}))
    };
    assert_eq!(code(&mut hand, "none", "v-good"), "NoSuchKey");
    assert_eq!(code(&mut hand, "uploads/file.pdf", "none"), "NoSuchVersion");
    assert_eq!(hand.ok("aws/s3.head_bucket", &json!({"bucket": BUCKET})), json!({"bucket": BUCKET, "region": DR}));
    assert_eq!(hand.ok("aws/s3.get_bucket_versioning", &json!({"bucket": BUCKET})), json!({"status": "Enabled"}));
    let replication = hand.ok("aws/s3.get_bucket_replication", &json!({"bucket": BUCKET}));
    assert_eq!(members(&replication["rules"][0]), ["id", "status", "prefix", "destination_bucket"]);
    assert_eq!(hand.call("aws/s3.head_bucket", &json!({"bucket": "x"})).unwrap_err().kind, CloudErrorKind::NotFound);
}

#[test]
fn lag_is_told_in_seconds_and_missing_once_replication_has_ended() {
    let mut hand = Hand::failover();
    let before = hand.ok("aws/cloudwatch.get_metric", &lag_metric());
    assert_eq!((&before["unit"], &before["raw_unit"]), (&json!("Seconds"), &json!("Seconds")));
    let lag = before["latest"].as_f64().unwrap();
    assert!((8.0..=50.0).contains(&lag), "{lag}");
    let mut in_ms = lag_metric();
    in_ms["metric_name"] = json!("AuroraReplicaLag");
    let ms = hand.ok("aws/cloudwatch.get_metric", &in_ms);
    assert_eq!((&ms["unit"], &ms["raw_unit"]), (&json!("Seconds"), &json!("Milliseconds")));
    assert!((ms["latest"].as_f64().unwrap() - lag).abs() < 1.0);
    assert!(ms["raw"].as_f64().unwrap() >= 8_000.0);
    hand.ok("aws/rds.promote_read_replica_db_cluster", &cluster());
    hand.wait_s(600);
    let after = hand.ok("aws/cloudwatch.get_metric", &lag_metric());
    assert_eq!(after["raw"], -1.0);
    assert_eq!(after.get("latest"), None);
    let after = hand.ok("aws/cloudwatch.get_metric", &in_ms);
    assert_eq!(members(&after), ["unit", "raw", "raw_unit", "timestamp", "age_seconds"]);
    assert!(after["raw"].is_null());
}

#[test]
fn a_metric_nobody_reports_has_no_datapoint() {
    let mut hand = Hand::failover();
    let unknown = json!({"namespace": "AWS/RDS", "metric_name": "CPUUtilization", "dimensions": {}});
    assert_eq!(hand.ok("aws/cloudwatch.get_metric", &unknown).get("latest"), None);
}

#[test]
fn with_its_source_gone_the_last_datapoint_grows_old_and_then_is_missing() {
    let lost = scenario(json!([{"kind": "region_lost", "region": "eu-central-1", "after": "1m"}]));
    let mut hand = Hand::new(&failover(), &lost);
    hand.wait_s(480);
    let old = hand.ok("aws/cloudwatch.get_metric", &lag_metric());
    assert!(old["latest"].is_number());
    assert_eq!(old["age_seconds"], 420);
    hand.wait_s(300);
    assert_eq!(hand.ok("aws/cloudwatch.get_metric", &lag_metric()).get("latest"), None);
}

#[test]
fn the_caller_is_who_the_target_says() {
    let mut hand = Hand::failover();
    let identity = hand.ok("aws/sts.get_caller_identity", &json!({}));
    assert_eq!(members(&identity), ["account", "arn", "user_id"]);
    assert_eq!(identity["account"], "111122223333");
    assert!(identity["arn"].as_str().unwrap().ends_with("/alice"));
}
