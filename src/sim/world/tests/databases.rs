//! Instances' snapshots and replicas, settings, exports, caches, backup jobs; a cluster in another region.

use serde_json::{Value, json};

use crate::model::action::examples::example_with;
use crate::model::scenario::Scenario;
use crate::sim::testing::*;

fn full(action: &str) -> String {
    format!("aws/{action}")
}

fn with(action: &str) -> Value {
    example_with(&full(action)).unwrap()
}

/// A world that is derived from the examples of these actions, in this order.
fn world(actions: &[&str]) -> Hand {
    world_with(actions, &json!({}))
}

fn world_with(actions: &[&str], changes: &Value) -> Hand {
    let steps = actions.iter().map(|action| step(action, &full(action), &with(action))).collect();
    let scenario: Scenario = serde_json::from_value(json!({"name": "test", "world": changes})).unwrap();
    Hand::new(&plan(steps), &scenario)
}

fn ok(hand: &mut Hand, action: &str) -> Value {
    hand.ok(&full(action), &with(action))
}

fn instance(hand: &mut Hand, id: &str) -> Value {
    hand.ok("aws/rds.describe_db_instances", &json!({"db_instance_identifier": id}))
}

#[test]
fn an_instance_is_snapshot_and_comes_back_into_the_network_that_is_given() {
    let restore = "rds.restore_db_instance_from_db_snapshot";
    let mut hand = world(&["rds.create_db_snapshot", restore]);
    assert_eq!(hand.code(&full(restore), &with(restore)), "DBSnapshotNotFound", "it is not there before it is taken");
    assert_eq!(ok(&mut hand, "rds.create_db_snapshot")["status"], "creating");
    assert_eq!(hand.code(&full(restore), &with(restore)), "InvalidDBSnapshotState");
    hand.wait_s(4 * 60);
    let made = ok(&mut hand, restore);
    assert_eq!((&made["db_instance_status"], &made["db_subnet_group"]), (&json!("creating"), &json!("shop")));
    assert_eq!(made["vpc_security_group_ids"], json!(["sg-0123456789abcdef0"]));
    hand.wait_s(26 * 60);
    assert_eq!(instance(&mut hand, "shop-db-restored")["db_instance_status"], "available");
    assert_eq!(ok(&mut hand, "rds.delete_db_snapshot")["status"], "deleted");
    assert_eq!(hand.code("aws/rds.delete_db_snapshot", &with("rds.delete_db_snapshot")), "DBSnapshotNotFound");
}

#[test]
fn automated_snapshots_are_listed_newest_first_and_cannot_be_deleted() {
    let mut hand = world(&["rds.describe_db_snapshots"]);
    let list = ok(&mut hand, "rds.describe_db_snapshots")["db_snapshots"].clone();
    assert_eq!((list.as_array().unwrap().len(), &list[0]["snapshot_type"]), (3, &json!("automated")));
    assert_eq!(list[0]["db_snapshot_identifier"], "rds:shop-db-2026-01-04-00-07");
    let newest = json!({"db_snapshot_identifier": list[0]["db_snapshot_identifier"]});
    assert_eq!(hand.code("aws/rds.delete_db_snapshot", &newest), "InvalidDBSnapshotState");
}

#[test]
fn a_replica_elsewhere_replicates_from_its_source_and_needs_its_backups() {
    let replica = "rds.create_db_instance_read_replica";
    let mut hand = world(&[replica]);
    let made = ok(&mut hand, replica);
    let source = with(replica)["source_db_instance_identifier"].clone();
    assert_eq!(made["read_replica_source_db_instance_identifier"], source);
    hand.wait_s(25 * 60);
    assert_eq!(instance(&mut hand, "shop-db-replica")["db_instance_status"], "available");
    let lag = json!({
        "namespace": "AWS/RDS", "metric_name": "ReplicaLag", "dimensions": {"DBInstanceIdentifier": "shop-db-replica"},
    });
    assert!(hand.ok("aws/cloudwatch.get_metric", &lag)["latest"].as_f64().unwrap() > 0.0);
    let off = json!({"db_instance": {"shop-db": {"backup_retention_period": 0}}});
    assert_eq!(world_with(&[replica], &off).code(&full(replica), &with(replica)), "InvalidDBInstanceState");
}

#[test]
fn a_cluster_elsewhere_is_a_replica_until_it_is_promoted() {
    let mut hand = world(&["rds.create_db_cluster"]);
    let made = ok(&mut hand, "rds.create_db_cluster");
    assert_eq!((&made["status"], &made["members"]), (&json!("creating"), &json!([])));
    assert_eq!(made["replication_source_identifier"], with("rds.create_db_cluster")["replication_source_identifier"]);
    hand.wait_s(12 * 60);
    let id = json!({"db_cluster_identifier": "shop-replica-cluster"});
    let member = json!({
        "db_instance_identifier": "shop-replica-1", "db_instance_class": "db.r6g.large", "engine": "aurora-postgresql",
        "db_cluster_identifier": "shop-replica-cluster",
    });
    assert_eq!(hand.ok("aws/rds.create_db_instance", &member)["db_cluster_identifier"], "shop-replica-cluster");
    let look = |hand: &mut Hand| hand.ok("aws/rds.describe_db_clusters", &id);
    assert_eq!(look(&mut hand)["members"][0]["is_writer"], false);
    hand.ok("aws/rds.promote_read_replica_db_cluster", &id);
    hand.wait_s(8 * 60);
    let promoted = look(&mut hand);
    assert_eq!(
        (&promoted["replication_source_identifier"], &promoted["members"][0]["is_writer"]),
        (&Value::Null, &json!(true))
    );
}

#[test]
fn settings_hold_what_was_asked_for_and_bound_the_points_in_time() {
    let mut hand = world(&["rds.modify_db_cluster", "rds.modify_db_instance"]);
    let id = json!({"db_cluster_identifier": "shop-dr"});
    let short = json!({"db_cluster_identifier": "shop-dr", "backup_retention_period": 7});
    let now = hand.ok("aws/rds.modify_db_cluster", &short);
    assert_eq!((&now["backup_retention_period"], &now["deletion_protection"]), (&json!(7), &json!(true)));
    assert_eq!(now["earliest_restorable_time"], "2025-12-28T03:00:00.000Z");
    assert_eq!(now["latest_restorable_time"], "2026-01-04T02:55:00.000Z");
    let old = json!({"db_cluster_identifier": "new", "source_db_cluster_identifier": "shop-dr", "restore_to_time": "2025-12-27T00:00:00Z"});
    assert_eq!(hand.code("aws/rds.restore_db_cluster_to_point_in_time", &old), "InvalidRestoreFault");
    let none = json!({"db_cluster_identifier": "shop-dr", "backup_retention_period": 0});
    assert_eq!(hand.code("aws/rds.modify_db_cluster", &none), "InvalidParameterValue", "a cluster always has backups");
    assert_eq!(ok(&mut hand, "rds.modify_db_cluster")["backup_retention_period"], 30);
    assert_eq!(hand.ok("aws/rds.describe_db_clusters", &id)["status"], "available");
    let modified = ok(&mut hand, "rds.modify_db_instance");
    assert_eq!(
        (&modified["db_instance_status"], &modified["backup_retention_period"]),
        (&json!("modifying"), &json!(30))
    );
    hand.wait_s(40);
    assert_eq!(instance(&mut hand, "shop-db")["db_instance_status"], "available");
}

#[test]
fn what_is_protected_is_not_deleted() {
    let mut hand = world(&["rds.describe_db_clusters", "rds.modify_db_instance"]);
    let cluster = json!({"db_cluster_identifier": "shop-dr", "skip_final_snapshot": true});
    assert_eq!(hand.code("aws/rds.delete_db_cluster", &cluster), "InvalidParameterCombination");
    let instance = json!({"db_instance_identifier": "shop-db", "skip_final_snapshot": true});
    assert_eq!(hand.code("aws/rds.delete_db_instance", &instance), "InvalidParameterCombination");
    hand.ok("aws/rds.modify_db_instance", &json!({"db_instance_identifier": "shop-db", "deletion_protection": false}));
    assert_eq!(hand.ok("aws/rds.delete_db_instance", &instance)["db_instance_status"], "deleting");
}

#[test]
fn an_export_says_how_far_it_is_and_its_name_is_used_once() {
    let mut hand = world(&["rds.start_export_task"]);
    assert_eq!(ok(&mut hand, "rds.describe_export_tasks")["export_tasks"], json!([]));
    assert_eq!(ok(&mut hand, "rds.start_export_task")["status"], "STARTING");
    assert_eq!(hand.code("aws/rds.start_export_task", &with("rds.start_export_task")), "ExportTaskAlreadyExists");
    hand.wait_s(15 * 60);
    let half = ok(&mut hand, "rds.describe_export_tasks")["export_tasks"][0].clone();
    let percent = half["percent_progress"].as_i64().unwrap();
    assert!(half["status"] == "IN_PROGRESS" && (1..100).contains(&percent), "{half}");
    hand.wait_s(40 * 60);
    let done = ok(&mut hand, "rds.describe_export_tasks")["export_tasks"][0].clone();
    assert_eq!((&done["status"], &done["percent_progress"]), (&json!("COMPLETE"), &json!(100)));
    let other = json!({"export_task_identifier": "o", "source_arn": "arn:aws:rds:us-east-1:1:snapshot:nobody",
        "s3_bucket_name": "b", "iam_role_arn": "r", "kms_key_id": "k"});
    assert_eq!(hand.code("aws/rds.start_export_task", &other), "ExportSourceNotFound");
}

#[test]
fn a_cache_is_snapshot_comes_back_and_goes() {
    let create = "elasticache.create_replication_group";
    let mut hand = world(&["elasticache.create_snapshot", create]);
    assert_eq!(hand.code(&full(create), &with(create)), "SnapshotNotFoundFault");
    assert_eq!(ok(&mut hand, "elasticache.create_snapshot")["snapshot_status"], "creating");
    assert_eq!(hand.code(&full(create), &with(create)), "InvalidParameterValue", "it is not complete");
    hand.wait_s(4 * 60);
    assert_eq!(ok(&mut hand, "elasticache.describe_snapshots")["snapshots"][0]["snapshot_status"], "available");
    let made = ok(&mut hand, create);
    assert_eq!((&made["status"], &made["primary_endpoint"]), (&json!("creating"), &Value::Null));
    assert_eq!(hand.code(&full(create), &with(create)), "ReplicationGroupAlreadyExists");
    hand.wait_s(12 * 60);
    let id = json!({"replication_group_id": "shop-redis-restored"});
    let now = hand.ok("aws/elasticache.describe_replication_groups", &id);
    assert!(now["status"] == "available" && now["primary_endpoint"].is_string(), "{now}");
    assert_eq!(ok(&mut hand, "elasticache.delete_replication_group")["status"], "deleting");
    hand.wait_s(6 * 60);
    assert_eq!(hand.code("aws/elasticache.describe_replication_groups", &id), "ReplicationGroupNotFoundFault");
}

#[test]
fn caches_have_snapshots_of_their_nights() {
    let gone = json!({"cache_snapshot": {"automatic.shop-redis-2026-01-04-00-07": null}});
    for (changes, newest) in [(json!({}), "2026-01-04"), (gone, "2026-01-03")] {
        let mut hand = world_with(&["elasticache.describe_snapshots"], &changes);
        let list = ok(&mut hand, "elasticache.describe_snapshots")["snapshots"].clone();
        assert_eq!(list[0]["snapshot_name"], format!("automatic.shop-redis-{newest}-00-07"));
        assert_eq!(list[0]["snapshot_source"], "automated");
    }
}

#[test]
fn a_night_that_failed_has_a_job_and_no_recovery_point() {
    let (jobs, points) = ("backup.list_backup_jobs", "backup.list_recovery_points_by_backup_vault");
    let mut calm = world(&[jobs]);
    assert_eq!(ok(&mut calm, jobs)["backup_jobs"][0]["state"], "COMPLETED");
    let mut hand = world_with(&[jobs], &json!({"backup_vault": {"shop-vault": {"failed_nights": 2}}}));
    let list = ok(&mut hand, jobs)["backup_jobs"].clone();
    assert_eq!((&list[1]["state"], &list[2]["state"]), (&json!("FAILED"), &json!("COMPLETED")));
    assert_eq!((&list[0]["recovery_point_arn"], list[0]["status_message"].is_string()), (&Value::Null, true));
    assert_eq!(ok(&mut hand, points)["recovery_points"].as_array().unwrap().len(), 5);
    let failed = json!({"by_state": "FAILED", "by_created_after": "2026-01-03T12:00:00Z"});
    assert_eq!(hand.ok("aws/backup.list_backup_jobs", &failed)["backup_jobs"].as_array().unwrap().len(), 1);
    let of_resource =
        ok(&mut world(&["backup.list_recovery_points_by_resource"]), "backup.list_recovery_points_by_resource");
    assert_eq!(of_resource["recovery_points"].as_array().unwrap().len(), 7);
}
