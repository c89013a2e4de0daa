//! Databases and services.

use serde_json::{Value, json};

use super::{cluster, service};
use crate::sim::testing::*;

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
            "members",
            "earliest_restorable_time",
            "latest_restorable_time",
            "backup_retention_period",
            "preferred_backup_window",
            "deletion_protection",
            "db_subnet_group",
            "vpc_security_group_ids",
            "pending_modified_values"
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

#[test]
fn an_instance_reboots_on_its_way() {
    let mut hand = Hand::failover();
    let instance = json!({"db_instance_identifier": "shop-replica"});
    let describe = "aws/rds.describe_db_instances";
    let before = hand.ok(describe, &instance);
    assert_eq!(
        members(&before),
        [
            "db_instance_identifier",
            "db_instance_arn",
            "db_instance_status",
            "engine",
            "endpoint",
            "port",
            "read_replica_source_db_instance_identifier",
            "db_cluster_identifier",
            "db_instance_class",
            "multi_az",
            "latest_restorable_time",
            "backup_retention_period",
            "preferred_backup_window",
            "deletion_protection",
            "db_subnet_group",
            "vpc_security_group_ids",
            "pending_modified_values"
        ]
    );
    hand.ok("aws/rds.promote_read_replica", &instance);
    let mut seen = vec!["available".to_owned()];
    for _ in 0..600 {
        hand.wait_s(1);
        let status = hand.ok(describe, &instance)["db_instance_status"].as_str().unwrap().to_owned();
        if seen.last() != Some(&status) {
            seen.push(status);
        }
    }
    assert_eq!(seen, ["available", "modifying", "rebooting", "available"]);
    assert!(hand.ok(describe, &instance)["read_replica_source_db_instance_identifier"].is_null());
    assert_eq!(hand.code("aws/rds.promote_read_replica", &instance), "InvalidDBInstanceState");
    assert_eq!(hand.code(describe, &json!({"db_instance_identifier": "x"})), "DBInstanceNotFound");
}

fn global_move(data_loss: bool) -> Value {
    json!({"global_cluster_identifier": GLOBAL, "target_db_cluster_identifier": GLOBAL_TARGET, "allow_data_loss": data_loss})
}

#[test]
fn a_global_failover_moves_the_writer() {
    let mut hand = Hand::failover();
    let describe = json!({"global_cluster_identifier": GLOBAL});
    let before = hand.ok("aws/rds.describe_global_clusters", &describe);
    assert_eq!(members(&before), ["global_cluster_identifier", "status", "failover_state", "writer", "members"]);
    assert_ne!(before["writer"], GLOBAL_TARGET);
    let answer = hand.ok("aws/rds.failover_global_cluster", &global_move(true));
    assert_eq!(answer["status"], "failing-over");
    assert_eq!(answer["failover_state"]["status"], "pending");
    assert_eq!(hand.code("aws/rds.failover_global_cluster", &global_move(true)), "InvalidGlobalClusterStateFault");
    hand.wait_s(300);
    let after = hand.ok("aws/rds.describe_global_clusters", &describe);
    assert!(after["failover_state"].is_null());
    assert_eq!(after["writer"], GLOBAL_TARGET);
    assert_eq!(hand.code("aws/rds.failover_global_cluster", &global_move(true)), "InvalidGlobalClusterStateFault");
}

#[test]
fn without_data_loss_a_dead_primary_cannot_be_left() {
    let lost = scenario(json!([{"kind": "region_lost", "region": "eu-central-1"}]));
    let mut hand = Hand::new(&failover(), &lost);
    assert_eq!(hand.code("aws/rds.failover_global_cluster", &global_move(false)), "InvalidGlobalClusterStateFault");
    assert!(hand.call("aws/rds.failover_global_cluster", &global_move(true)).is_ok());
    let mut hand = Hand::failover();
    let target = json!({"global_cluster_identifier": GLOBAL, "target_db_cluster_identifier": GLOBAL_TARGET});
    assert_eq!(hand.ok("aws/rds.switchover_global_cluster", &target)["status"], "switching-over");
    let nobody = json!({"global_cluster_identifier": GLOBAL, "target_db_cluster_identifier": "arn:x"});
    assert_eq!(hand.code("aws/rds.switchover_global_cluster", &nobody), "DBClusterNotFoundFault");
}

#[test]
fn tasks_start_one_after_another() {
    let mut hand = Hand::failover();
    let rest = hand.ok("aws/ecs.services_stable", &service());
    assert_eq!(members(&rest), ["stable", "desired_count", "running_count", "deployments", "rollout_state"]);
    assert_eq!((&rest["stable"], &rest["running_count"]), (&json!(true), &json!(0)));
    let mut call = service();
    call["desired_count"] = json!(3);
    let answer = hand.ok("aws/ecs.update_service", &call);
    assert_eq!(
        members(&answer),
        [
            "service_name",
            "status",
            "desired_count",
            "running_count",
            "pending_count",
            "task_definition",
            "launch_type",
            "deployments"
        ]
    );
    assert_eq!((&answer["desired_count"], &answer["pending_count"]), (&json!(3), &json!(1)));
    let mut seen = Vec::new();
    for _ in 0..130 {
        let now = hand.ok("aws/ecs.services_stable", &service());
        let running = now["running_count"].as_u64().unwrap();
        assert_eq!(now["stable"], json!(running == 3));
        if seen.last() != Some(&running) {
            seen.push(running);
        }
        hand.wait_s(1);
    }
    assert_eq!(seen, [0, 1, 2, 3]);
}

#[test]
fn a_later_update_overtakes_an_earlier_one() {
    let mut hand = Hand::failover();
    let mut call = service();
    call["desired_count"] = json!(5);
    hand.ok("aws/ecs.update_service", &call);
    hand.wait_s(90);
    call["desired_count"] = json!(1);
    hand.ok("aws/ecs.update_service", &call);
    hand.wait_s(300);
    let now = hand.ok("aws/ecs.services_stable", &service());
    assert_eq!((&now["stable"], &now["running_count"]), (&json!(true), &json!(1)));
}

#[test]
fn a_new_task_definition_rolls_out() {
    let mut hand = Hand::failover();
    let mut call = service();
    call["desired_count"] = json!(2);
    hand.ok("aws/ecs.update_service", &call);
    hand.wait_s(120);
    let answer = hand.ok(
        "aws/ecs.update_service",
        &json!({"cluster": CLUSTER, "service": SERVICE, "task_definition": "lecture-backend:99"}),
    );
    assert!(answer["task_definition"].as_str().unwrap().ends_with("task-definition/lecture-backend:99"));
    assert_eq!(answer["deployments"][0]["rollout_state"], "IN_PROGRESS");
    assert_eq!(answer["deployments"][1]["status"], "ACTIVE");
    assert_eq!(hand.ok("aws/ecs.services_stable", &service())["stable"], false);
    hand.wait_s(200);
    let now = hand.ok("aws/ecs.services_stable", &service());
    assert_eq!((&now["stable"], &now["rollout_state"]), (&json!(true), &json!("COMPLETED")));
    assert_eq!(now["running_count"], 2);
}

#[test]
fn missing_clusters_and_services_are_told_apart() {
    let mut hand = Hand::failover();
    assert_eq!(
        hand.code("aws/ecs.services_stable", &json!({"cluster": "x", "service": SERVICE})),
        "ClusterNotFoundException"
    );
    assert_eq!(
        hand.code("aws/ecs.update_service", &json!({"cluster": CLUSTER, "service": "x"})),
        "ServiceNotFoundException"
    );
    let both = hand.ok("aws/ecs.describe_services", &json!({"cluster": CLUSTER, "services": [SERVICE, "x"]}));
    assert_eq!(both["services"].as_array().unwrap().len(), 1);
    assert_eq!(both["failures"][0]["reason"], "MISSING");
}
