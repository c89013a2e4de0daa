//! Restores, snapshots, deletions, detachments; global datastores; restore jobs.

use serde_json::{Value, json};

use crate::model::action::examples::example_with;
use crate::model::scenario::Scenario;
use crate::sim::testing::*;

/// A world that is derived from the examples of these actions, in this order.
fn world(actions: &[&str]) -> Hand {
    let steps = actions.iter().map(|action| step(action, &full(action), &with(action))).collect();
    Hand::new(&plan(steps), &Scenario::default())
}

fn full(action: &str) -> String {
    format!("aws/{action}")
}

fn with(action: &str) -> Value {
    example_with(&full(action)).unwrap()
}

fn ok(hand: &mut Hand, action: &str) -> Value {
    hand.ok(&full(action), &with(action))
}

const RESTORE: &str = "rds.restore_db_cluster_to_point_in_time";

fn restored(hand: &mut Hand) -> Result<Value, crate::model::outcome::CloudError> {
    hand.call("aws/rds.describe_db_clusters", &json!({"db_cluster_identifier": "shop-restored"}))
}

#[test]
fn a_restored_cluster_is_new_empty_and_takes_minutes() {
    // The look at the end names the cluster too: that does not bring it about.
    let look = json!({"db_cluster_identifier": "shop-restored"});
    let create = with("rds.create_db_instance");
    let steps = vec![
        step("restore", &full(RESTORE), &with(RESTORE)),
        step("instance", "aws/rds.create_db_instance", &create),
        step("look", "aws/rds.describe_db_clusters", &look),
    ];
    let mut hand = Hand::new(&plan(steps), &Scenario::default());
    assert_eq!(restored(&mut hand).unwrap_err().code, "DBClusterNotFoundFault");
    let made = ok(&mut hand, RESTORE);
    assert_eq!((&made["status"], &made["members"]), (&json!("creating"), &json!([])));
    assert_eq!(hand.code(&full(RESTORE), &with(RESTORE)), "DBClusterAlreadyExistsFault");
    hand.wait_s(12 * 60);
    assert_eq!(restored(&mut hand).unwrap()["status"], "available");
    assert_eq!(hand.ok("aws/rds.create_db_instance", &create)["db_instance_status"], "creating");
    assert_eq!(
        restored(&mut hand).unwrap()["members"],
        json!([{"db_instance_identifier": "shop-restored-1", "is_writer": true}])
    );
    hand.wait_s(8 * 60);
    let instance = json!({"db_instance_identifier": "shop-restored-1"});
    assert_eq!(hand.ok("aws/rds.describe_db_instances", &instance)["db_instance_status"], "available");
}

#[test]
fn a_restore_is_refused_outside_its_window() {
    let mut hand = world(&[RESTORE]);
    let mut at = |time: Value, latest: Value| {
        let mut with = with(RESTORE);
        with["restore_to_time"] = time;
        with["use_latest_restorable_time"] = latest;
        hand.code(&full(RESTORE), &with)
    };
    assert_eq!(at(json!("2026-01-04T02:58:00Z"), Value::Null), "InvalidRestoreFault", "not yet backed up");
    assert_eq!(at(json!("2025-11-01T00:00:00Z"), Value::Null), "InvalidRestoreFault", "no longer kept");
    assert_eq!(at(json!("2026-01-04T02:30:00Z"), json!(true)), "InvalidParameterCombination");
    assert_eq!(at(Value::Null, Value::Null), "InvalidParameterCombination");
}

#[test]
fn snapshots_are_listed_taken_and_restored_from() {
    let mut hand = world(&["rds.describe_db_cluster_snapshots", "rds.create_db_cluster_snapshot"]);
    let list = |hand: &mut Hand| ok(hand, "rds.describe_db_cluster_snapshots")["db_cluster_snapshots"].clone();
    assert_eq!(list(&mut hand).as_array().unwrap().len(), 3);
    assert_eq!(list(&mut hand)[0]["db_cluster_snapshot_identifier"], "rds:shop-dr-2026-01-04-00-07");
    assert_eq!(ok(&mut hand, "rds.create_db_cluster_snapshot")["status"], "creating");
    let from = "rds.restore_db_cluster_from_snapshot";
    assert_eq!(hand.code(&full(from), &with(from)), "InvalidDBClusterSnapshotStateFault");
    hand.wait_s(60);
    let percent = list(&mut hand)[0]["percent_progress"].as_i64().unwrap();
    assert!((1..100).contains(&percent), "{percent}");
    hand.wait_s(240);
    assert_eq!(list(&mut hand)[0]["status"], "available");
    assert_eq!(ok(&mut hand, from)["status"], "creating");
    let nobody = json!({"db_cluster_snapshot_identifier": "nobody"});
    assert_eq!(hand.code("aws/rds.describe_db_cluster_snapshots", &nobody), "DBClusterSnapshotNotFoundFault");
}

#[test]
fn a_cluster_goes_after_its_instances() {
    let mut hand = world(&[RESTORE, "rds.create_db_instance", "rds.delete_db_instance", "rds.delete_db_cluster"]);
    ok(&mut hand, RESTORE);
    hand.wait_s(12 * 60);
    ok(&mut hand, "rds.create_db_instance");
    hand.wait_s(8 * 60);
    let delete = "aws/rds.delete_db_cluster";
    assert_eq!(hand.code(delete, &with("rds.delete_db_cluster")), "InvalidDBClusterStateFault");
    let careless = json!({"db_cluster_identifier": "shop-restored"});
    assert_eq!(hand.code(delete, &careless), "InvalidParameterCombination", "no final snapshot");
    assert_eq!(ok(&mut hand, "rds.delete_db_instance")["db_instance_status"], "deleting");
    assert_eq!(ok(&mut hand, "rds.delete_db_cluster")["status"], "deleting");
    assert_eq!(restored(&mut hand).unwrap()["status"], "deleting");
    hand.wait_s(5 * 60);
    assert_eq!(restored(&mut hand).unwrap_err().code, "DBClusterNotFoundFault");
    let instance = json!({"db_instance_identifier": "shop-restored-1"});
    assert_eq!(hand.code("aws/rds.describe_db_instances", &instance), "DBInstanceNotFound");
}

#[test]
fn an_instance_is_restored_beside_its_source() {
    let restore = "rds.restore_db_instance_to_point_in_time";
    let mut hand = world(&[restore]);
    assert_eq!(ok(&mut hand, restore)["db_instance_status"], "creating");
    let look = json!({"db_instance_identifier": "shop-db-restored"});
    hand.wait_s(19 * 60);
    assert_ne!(hand.ok("aws/rds.describe_db_instances", &look)["db_instance_status"], "available");
    hand.wait_s(9 * 60);
    assert_eq!(hand.ok("aws/rds.describe_db_instances", &look)["db_instance_status"], "available");
    assert_eq!(hand.code(&full(restore), &with(restore)), "DBInstanceAlreadyExists");
}

#[test]
fn another_instance_becomes_the_writer() {
    let mut hand = world(&["rds.failover_db_cluster"]);
    assert_eq!(ok(&mut hand, "rds.failover_db_cluster")["status"], "failing-over");
    hand.wait_s(60);
    let now = hand.ok("aws/rds.describe_db_clusters", &json!({"db_cluster_identifier": "shop-dr"}));
    assert_eq!(now["members"][1], json!({"db_instance_identifier": "shop-dr-2", "is_writer": true}));
    assert_eq!(now["members"][0]["is_writer"], false);
    assert_eq!(hand.code("aws/rds.failover_db_cluster", &with("rds.failover_db_cluster")), "InvalidDBInstanceState");
}

#[test]
fn a_detached_member_stands_alone() {
    let mut hand = world(&["rds.remove_from_global_cluster"]);
    let global = json!({"global_cluster_identifier": "shop-global"});
    let members = |hand: &mut Hand| hand.ok("aws/rds.describe_global_clusters", &global)["members"].clone();
    assert_eq!(members(&mut hand).as_array().unwrap().len(), 2);
    ok(&mut hand, "rds.remove_from_global_cluster");
    assert_eq!(members(&mut hand).as_array().unwrap().len(), 2, "not at once");
    hand.wait_s(90);
    assert_eq!(members(&mut hand).as_array().unwrap().len(), 1);
    let cluster = hand.ok("aws/rds.describe_db_clusters", &json!({"db_cluster_identifier": "shop-global-dr"}));
    assert_eq!((&cluster["status"], &cluster["members"][0]["is_writer"]), (&json!("available"), &json!(true)));
}

#[test]
fn a_global_datastore_moves_its_primary() {
    let failover = "elasticache.failover_global_replication_group";
    let look = "elasticache.describe_global_replication_groups";
    let mut hand = world(&[failover]);
    assert_eq!(ok(&mut hand, look)["primary_region"], "eu-central-1");
    assert_eq!(ok(&mut hand, failover)["status"], "modifying");
    assert_eq!(hand.code(&full(failover), &with(failover)), "InvalidGlobalReplicationGroupState");
    hand.wait_s(180);
    let now = ok(&mut hand, look);
    assert_eq!((&now["status"], &now["primary_region"]), (&json!("available"), &json!("us-east-1")));
    assert_eq!(hand.code(&full(failover), &with(failover)), "InvalidParameterValue");
}

#[test]
fn a_restore_job_says_how_far_it_is_and_makes_one_instance() {
    let mut hand = world(&["backup.list_recovery_points_by_backup_vault", "backup.start_restore_job"]);
    let points = ok(&mut hand, "backup.list_recovery_points_by_backup_vault")["recovery_points"].clone();
    assert_eq!(points.as_array().unwrap().len(), 7);
    assert!(points[0]["creation_date"].as_str() > points[1]["creation_date"].as_str());
    let id = ok(&mut hand, "backup.start_restore_job")["restore_job_id"].clone();
    // The same token starts no second job.
    assert_eq!(ok(&mut hand, "backup.start_restore_job")["restore_job_id"], id);
    let job = |hand: &mut Hand| hand.ok("aws/backup.describe_restore_job", &json!({"restore_job_id": id}));
    assert_eq!(job(&mut hand)["status"], "PENDING");
    hand.wait_s(10 * 60);
    let half = job(&mut hand);
    assert_eq!(half["status"], "RUNNING");
    let (percent, minutes) =
        (half["percent_done"].as_f64().unwrap(), half["expected_completion_time_minutes"].as_u64());
    assert!(percent > 20.0 && percent < 70.0, "{percent}");
    assert!((18..=32).contains(&minutes.unwrap()));
    hand.wait_s(25 * 60);
    let done = job(&mut hand);
    assert_eq!((&done["status"], &done["percent_done"]), (&json!("COMPLETED"), &json!(100.0)));
    assert_eq!(done["created_resource_arn"], "arn:aws:rds:us-east-1:111122223333:db:shop-from-backup");
    let look = json!({"db_instance_identifier": "shop-from-backup"});
    assert_eq!(hand.ok("aws/rds.describe_db_instances", &look)["db_instance_status"], "available");
    assert_eq!(ok(&mut hand, "backup.list_restore_jobs")["restore_jobs"][0]["restore_job_id"], id);
}
