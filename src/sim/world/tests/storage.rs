//! Buckets, metrics and identities.

use serde_json::{Value, json};

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

/// A plan whose bucket lacks things that its replica has.
fn damaged(as_of: Option<&str>) -> (Hand, Value) {
    let mut with =
        json!({"bucket": "docs", "replica_bucket": "docs-replica", "replica_region": "us-east-1", "prefix": "up/"});
    if let Some(as_of) = as_of {
        with["as_of"] = json!(as_of);
    }
    (Hand::new(&plan(vec![step("copy", COPY, &with)]), &scenario(json!([]))), with)
}

const COPY: &str = "aws/s3.copy_from_replica";
const COMPARE: &str = "aws/s3.compare_with_replica";

#[test]
fn what_a_bucket_lacks_is_copied_once() {
    let (mut hand, with) = damaged(Some("2026-01-03T17:00:00Z"));
    let before = hand.ok(COMPARE, &with);
    let names = ["objects", "same", "missing", "different", "left_newer", "to_copy", "bytes_to_copy", "sample"];
    assert_eq!(members(&before), names);
    let figure = |answer: &Value, name: &str| answer[name].as_u64().unwrap();
    let to_copy = figure(&before, "to_copy");
    assert!(figure(&before, "missing") > 200 && figure(&before, "different") > 150, "{before}");
    assert_eq!(figure(&before, "missing") + figure(&before, "different"), to_copy);
    let copied = hand.ok(COPY, &with);
    assert_eq!(members(&copied), ["objects", "copied", "already_there", "left_newer", "failed", "bytes", "failures"]);
    assert_eq!((figure(&copied, "copied"), figure(&copied, "bytes")), (to_copy, figure(&before, "bytes_to_copy")));
    assert_eq!(figure(&hand.ok(COMPARE, &with), "to_copy"), 0);
    assert_eq!(figure(&hand.ok(COPY, &with), "copied"), 0, "nothing is copied twice");
}

#[test]
fn without_a_time_what_was_written_since_is_left_alone() {
    let (mut hand, with) = damaged(Some("2026-01-03T17:00:00Z"));
    let by_time = hand.ok(COMPARE, &with);
    let newest =
        json!({"bucket": "docs", "replica_bucket": "docs-replica", "replica_region": "us-east-1", "prefix": "up/"});
    let now = hand.ok(COMPARE, &newest);
    // What was overwritten is overwritten in the replica as well.
    assert_eq!((&now["missing"], &now["different"]), (&by_time["missing"], &json!(0)));
    let own = json!({"bucket": "docs", "replica_bucket": "docs", "replica_region": "us-east-1"});
    assert_eq!(hand.code(COPY, &own), "InvalidRequest");
    let mut of_itself = own.clone();
    of_itself["as_of"] = with["as_of"].clone();
    let copied = hand.ok(COPY, &of_itself);
    assert_eq!(copied["copied"], by_time["to_copy"], "its own versions are as good");
}

#[test]
fn a_copy_that_breaks_off_leaves_a_part_and_goes_on() {
    let faults = json!([{"kind": "lost_answer", "action": COPY, "times": 1}]);
    let with = json!({"bucket": "docs", "replica_bucket": "docs-replica", "replica_region": "us-east-1"});
    let mut hand = Hand::new(&plan(vec![step("copy", COPY, &with)]), &scenario(faults));
    let to_copy = |hand: &mut Hand| hand.ok(COMPARE, &with)["to_copy"].as_u64().unwrap();
    let before = to_copy(&mut hand);
    let first = hand.call(COPY, &with);
    let left = to_copy(&mut hand);
    assert!(left > before / 5 && left < before * 4 / 5, "{left} of {before}: {first:?}");
    assert_eq!(hand.ok(COPY, &with)["copied"], left);
}

#[test]
fn objects_that_are_denied_do_not_keep_the_others() {
    let (mut hand, with) = damaged(None);
    hand.world.buckets.get_mut("docs").unwrap().denied_prefix = Some("up/0000".to_owned());
    let answer = hand.ok(COPY, &with);
    assert!(answer["failed"].as_u64().unwrap() > 0 && answer["copied"].as_u64().unwrap() > 100, "{answer}");
    assert_eq!(answer["failures"][0]["code"], "AccessDenied");
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
