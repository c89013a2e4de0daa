//! The reducer, service by service, by virtual time.

use serde_json::{Value, json};

use crate::model::outcome::CloudErrorKind;
use crate::model::scenario::Scenario;
use crate::sim::testing::*;

fn cluster() -> Value {
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
            "read_replica_source_db_instance_identifier"
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

fn service() -> Value {
    json!({"cluster": CLUSTER, "service": SERVICE})
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
        ["service_name", "status", "desired_count", "running_count", "pending_count", "task_definition", "deployments"]
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

fn change(action: &str, name: &str, value: &str) -> Value {
    let record = json!({"name": name, "type": "CNAME", "ttl": 60, "resource_records": [{"value": value}]});
    json!({"action": action, "resource_record_set": record})
}

fn batch(changes: &[Value]) -> Value {
    json!({"hosted_zone_id": ZONE, "change_batch": {"changes": changes}})
}

fn list(hand: &mut Hand) -> Vec<Value> {
    let answer = hand.ok("aws/route53.list_resource_record_sets", &json!({"hosted_zone_id": ZONE}));
    answer["resource_record_sets"].as_array().unwrap().clone()
}

const CHANGE: &str = "aws/route53.change_resource_record_sets";

#[test]
fn a_record_change_is_pending_then_in_sync() {
    let mut hand = Hand::failover();
    let old = list(&mut hand);
    assert_eq!(old[0]["name"], format!("{HOST}."));
    assert_ne!(old[0]["resource_records"][0]["value"], "alb.us-east-1.example");
    let answer = hand.ok(CHANGE, &batch(&[change("UPSERT", HOST, "alb.us-east-1.example")]));
    assert_eq!(members(&answer), ["id", "status", "submitted_at"]);
    assert_eq!(answer["status"], "PENDING");
    assert_eq!(list(&mut hand)[0]["resource_records"][0]["value"], "alb.us-east-1.example");
    let id = answer["id"].as_str().unwrap().to_owned();
    hand.wait_s(20);
    assert_eq!(hand.ok("aws/route53.get_change", &json!({"id": id}))["status"], "PENDING");
    hand.wait_s(45);
    assert_eq!(hand.ok("aws/route53.get_change", &json!({"id": id}))["status"], "INSYNC");
    let bare_id = id.trim_start_matches("/change/");
    assert_eq!(hand.ok("aws/route53.get_change", &json!({"id": bare_id}))["status"], "INSYNC");
    assert_eq!(hand.code("aws/route53.get_change", &json!({"id": "C0"})), "NoSuchChange");
}

#[test]
fn a_batch_is_refused_as_a_whole() {
    let mut hand = Hand::failover();
    let before = list(&mut hand);
    let other = format!("new.{HOST}");
    let wrong = [
        change("CREATE", HOST, "x.example"),
        change("DELETE", HOST, "x.example"),
        change("DELETE", &other, "x.example"),
        change("UPSERT", "www.elsewhere.test", "x.example"),
    ];
    for wrong in wrong {
        let fine = change("CREATE", &format!("fine.{HOST}"), "x.example");
        assert_eq!(hand.code(CHANGE, &batch(&[fine, wrong.clone()])), "InvalidChangeBatch", "{wrong}");
        assert_eq!(list(&mut hand), before);
    }
    assert_eq!(
        hand.code(CHANGE, &json!({"hosted_zone_id": "Z0", "change_batch": {"changes": []}})),
        "NoSuchHostedZone"
    );
}

#[test]
fn delete_and_create_in_one_batch_swap_a_record() {
    let mut hand = Hand::failover();
    let mut gone = list(&mut hand)[0].clone();
    gone["name"] = json!(HOST.to_uppercase());
    let delete = json!({"action": "DELETE", "resource_record_set": gone});
    hand.ok(CHANGE, &batch(&[delete, change("CREATE", HOST, "new.example")]));
    assert_eq!(list(&mut hand)[0]["resource_records"][0]["value"], "new.example");
}

#[test]
fn lists_start_and_stop_where_asked() {
    let mut hand = Hand::failover();
    let other = format!("b.{HOST}");
    hand.ok(
        CHANGE,
        &batch(&[change("CREATE", &other, "x.example"), change("CREATE", &format!("a.{HOST}"), "x.example")]),
    );
    let page = json!({"hosted_zone_id": ZONE, "start_record_name": format!("a.{HOST}"), "max_items": 1});
    let answer = hand.ok("aws/route53.list_resource_record_sets", &page);
    assert_eq!(answer["resource_record_sets"][0]["name"], format!("a.{HOST}."));
    assert_eq!(answer["is_truncated"], true);
    assert_eq!(list(&mut hand).len(), 3);
}

#[test]
fn resolvers_change_one_by_one_within_the_old_ttl() {
    let mut hand = Hand::failover();
    let ask = json!({"name": HOST, "type": "CNAME", "expect": "alb.us-east-1.example"});
    let before = hand.ok("dns/resolve", &ask);
    assert_eq!(members(&before), ["answers", "agree", "ttl", "resolvers"]);
    assert_eq!(before["resolvers"].as_array().unwrap().len(), 3);
    assert_eq!(before["agree"], false);
    let old_ttl = i64::from(u32::try_from(before["ttl"].as_u64().unwrap()).unwrap());
    hand.ok(CHANGE, &batch(&[change("UPSERT", HOST, "alb.us-east-1.example")]));
    let mut partly = false;
    for _ in 0..(60 + old_ttl) {
        hand.wait_s(1);
        let now = hand.ok("dns/resolve", &ask);
        let new =
            now["resolvers"].as_array().unwrap().iter().filter(|one| one["answers"][0] == "alb.us-east-1.example");
        let count = new.count();
        partly |= count == 1 || count == 2;
        assert_eq!(now["agree"], json!(count == 3));
    }
    assert!(partly, "the resolvers changed all at once");
    assert_eq!(hand.ok("dns/resolve", &ask)["agree"], true);
}

#[test]
fn an_address_is_asked_through_the_alias() {
    let alias = json!({"hosted_zone_id": "Z1", "dns_name": "alb.us-east-1.example", "evaluate_target_health": true});
    let record = json!({"name": "www.shop.example", "type": "A", "alias_target": alias});
    let changes = json!({"changes": [{"action": "UPSERT", "resource_record_set": record}]});
    let with = json!({"hosted_zone_id": "Z9", "change_batch": changes});
    let mut hand = Hand::new(&plan(vec![step("dns", CHANGE, &with)]), &Scenario::default());
    let ask = json!({"name": "www.shop.example"});
    let before = hand.ok("dns/resolve", &ask);
    assert!(before["answers"][0].as_str().unwrap().starts_with("198.51.100."), "{before}");
    hand.ok(CHANGE, &with);
    hand.wait_s(300);
    let after = hand.ok("dns/resolve", &ask);
    assert!(after["answers"][0].as_str().unwrap().starts_with("203.0.113."), "{after}");
    assert_eq!(after["agree"], true);
}

#[test]
fn a_distribution_deploys_and_its_etag_changes() {
    let mut hand = Hand::failover();
    let get = json!({"id": DISTRIBUTION});
    let before = hand.ok("aws/cloudfront.get_distribution", &get);
    assert_eq!(members(&before), ["id", "status", "enabled", "domain_name", "etag", "aliases", "origins"]);
    let update = json!({"id": DISTRIBUTION, "domain_name": "alb.us-east-1.example"});
    let answer = hand.ok("aws/cloudfront.update_origin", &update);
    assert_eq!(members(&answer), ["id", "status", "etag", "origin_id", "domain_name", "previous_domain_name"]);
    assert_eq!(answer["previous_domain_name"], before["origins"][0]["domain_name"]);
    // Another write within the time of reading and writing finds the config changed under it.
    assert_eq!(hand.code("aws/cloudfront.update_origin", &update), "PreconditionFailed");
    hand.wait_s(170);
    let now = hand.ok("aws/cloudfront.get_distribution", &get);
    assert_eq!(now["status"], "InProgress");
    assert_ne!(now["etag"], before["etag"]);
    assert_eq!(now["origins"][0]["domain_name"], "alb.us-east-1.example");
    hand.wait_s(200);
    assert_eq!(hand.ok("aws/cloudfront.get_distribution", &get)["status"], "Deployed");
    assert_eq!(hand.code("aws/cloudfront.get_distribution", &json!({"id": "E0"})), "NoSuchDistribution");
    let other = json!({"id": DISTRIBUTION, "origin_id": "nobody", "domain_name": "x"});
    assert_eq!(hand.code("aws/cloudfront.update_origin", &other), "NoSuchOrigin");
}

#[test]
fn only_the_last_write_ends_the_deployment() {
    let mut hand = Hand::failover();
    let update = |domain: &str| json!({"id": DISTRIBUTION, "domain_name": domain});
    hand.ok("aws/cloudfront.update_origin", &update("a.example"));
    hand.wait_s(175);
    hand.ok("aws/cloudfront.update_origin", &update("b.example"));
    hand.wait_s(179);
    // The first write was due to be deployed at 360 s at the latest, the second no earlier than at 355 s.
    let now = hand.ok("aws/cloudfront.get_distribution", &json!({"id": DISTRIBUTION}));
    assert_eq!(now["status"], "InProgress");
    hand.wait_s(200);
    let now = hand.ok("aws/cloudfront.get_distribution", &json!({"id": DISTRIBUTION}));
    assert_eq!((&now["status"], &now["origins"][0]["domain_name"]), (&json!("Deployed"), &json!("b.example")));
}

#[test]
fn a_caller_reference_makes_one_invalidation() {
    let mut hand = Hand::failover();
    let call = json!({"distribution_id": DISTRIBUTION, "paths": ["/*"]});
    let first = hand.ok("aws/cloudfront.create_invalidation", &call);
    assert_eq!(members(&first), ["id", "status", "distribution_id", "paths"]);
    // The token stands in for the reference, and both calls carry the same.
    assert_eq!(hand.ok("aws/cloudfront.create_invalidation", &call)["id"], first["id"]);
    let other = json!({"distribution_id": DISTRIBUTION, "paths": ["/x"]});
    assert_eq!(hand.code("aws/cloudfront.create_invalidation", &other), "InvalidArgument");
    let get = json!({"distribution_id": DISTRIBUTION, "id": first["id"]});
    assert_eq!(hand.ok("aws/cloudfront.get_invalidation", &get)["status"], "InProgress");
    hand.wait_s(91);
    assert_eq!(hand.ok("aws/cloudfront.get_invalidation", &get)["status"], "Completed");
    let nobody = json!({"distribution_id": DISTRIBUTION, "id": "I0"});
    assert_eq!(hand.code("aws/cloudfront.get_invalidation", &nobody), "NoSuchInvalidation");
}

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

#[test]
fn a_host_is_well_once_traffic_and_services_have_moved() {
    let lost = scenario(json!([{"kind": "region_lost", "region": "eu-central-1"}]));
    let mut hand = Hand::new(&failover(), &lost);
    let silent = hand.health();
    assert_eq!(members(&silent), ["ok", "status", "body", "latency_ms", "tls_days_left"]);
    assert_eq!((&silent["ok"], &silent["status"]), (&json!(false), &json!(0)));
    hand.ok(CHANGE, &batch(&[change("UPSERT", HOST, "alb.us-east-1.example")]));
    hand.wait_s(400);
    assert_eq!(hand.health()["status"], 503);
    let mut call = service();
    call["desired_count"] = json!(3);
    hand.ok("aws/ecs.update_service", &call);
    hand.wait_s(130);
    assert_eq!(hand.health()["ok"], true);
    // The name the record points at answers by the same services.
    let direct = hand.ok("http/check", &json!({"url": "http://alb.us-east-1.example/", "expect_status": 204}));
    assert_eq!((&direct["ok"], &direct["status"], &direct["tls_days_left"]), (&json!(true), &json!(204), &Value::Null));
}

#[test]
fn while_the_primary_lives_its_hosts_are_well() {
    let mut hand = Hand::failover();
    assert_eq!(hand.health()["ok"], true);
    let elsewhere = hand.ok("http/check", &json!({"url": "https://status.example/"}));
    assert_eq!(elsewhere["ok"], true);
    assert!(elsewhere["tls_days_left"].is_number());
    let standby = hand.ok("http/check", &json!({"url": "https://alb.us-east-1.example/"}));
    assert_eq!(standby["status"], 503);
}

#[test]
fn programs_succeed_unless_a_scenario_says_otherwise() {
    let mut hand = Hand::failover();
    let run = json!({"argv": ["/usr/bin/kubectl", "get", "pods"]});
    let output = hand.ok("exec", &run);
    assert_eq!(members(&output), ["exit_code", "stdout", "stderr"]);
    assert_eq!(output["exit_code"], 0);
    let mut other = Scenario::default();
    let exec = json!({"kubectl": {"exit_code": 1, "stderr": "no context"}, "kubectl get": {"exit_code": 2}});
    other.world.insert("exec".to_owned(), exec);
    let mut hand = Hand::new(&failover(), &other);
    assert_eq!(hand.ok("exec", &run)["exit_code"], 2);
    assert_eq!(hand.ok("exec", &json!({"argv": ["kubectl", "getter"]}))["exit_code"], 1);
    assert_eq!(hand.ok("exec", &json!({"argv": ["psql"]}))["exit_code"], 0);
}
