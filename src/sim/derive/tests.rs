//! The derived world has what each step expects to find, whatever the rest of the plan says.

use serde_json::json;

use crate::model::Value;
use crate::model::scenario::Scenario;
use crate::sim::testing::*;
use crate::sim::{SimError, overlay};

const CHANGE: &str = "aws/route53.change_resource_record_sets";

#[test]
fn a_look_before_the_change_does_not_spoil_it() {
    let cluster = json!({"db_cluster_identifier": CLUSTER});
    let service = json!({"cluster": CLUSTER, "services": [SERVICE]});
    let scale = json!({"cluster": CLUSTER, "service": SERVICE, "desired_count": 3});
    let mut hand = Hand::new(
        &plan(vec![
            step("look", "aws/rds.describe_db_clusters", &cluster),
            step("services", "aws/ecs.describe_services", &service),
            step("promote", "aws/rds.promote_read_replica_db_cluster", &cluster),
            step("scale", "aws/ecs.update_service", &scale),
        ]),
        &Scenario::default(),
    );
    assert!(hand.ok("aws/rds.describe_db_clusters", &cluster)["replication_source_identifier"].is_string());
    assert_eq!(hand.ok("aws/ecs.describe_services", &service)["services"][0]["desired_count"], 0);
}

#[test]
fn services_that_are_only_looked_at_or_stopped_run() {
    let look = json!({"cluster": "c", "service": "seen"});
    let stop = json!({"cluster": "c", "service": "stopped", "desired_count": 0});
    let steps = vec![step("a", "aws/ecs.services_stable", &look), step("b", "aws/ecs.update_service", &stop)];
    let mut hand = Hand::new(&plan(steps), &Scenario::default());
    let both = hand.ok("aws/ecs.describe_services", &json!({"cluster": "c", "services": ["seen", "stopped"]}));
    for service in both["services"].as_array().unwrap() {
        assert!(service["running_count"].as_u64().unwrap() > 0);
        assert_eq!(service["running_count"], service["desired_count"]);
    }
}

#[test]
fn a_task_definition_starts_one_revision_earlier() {
    let roll = json!({"cluster": "c", "service": "s", "task_definition": "web:42"});
    let mut hand = Hand::new(&plan(vec![step("a", "aws/ecs.update_service", &roll)]), &Scenario::default());
    let now = hand.ok("aws/ecs.describe_services", &json!({"cluster": "c", "services": ["s"]}));
    assert!(now["services"][0]["task_definition"].as_str().unwrap().ends_with("/web:41"), "{now}");
}

fn records(changes: impl Into<Value>) -> Vec<Value> {
    let changes: Value = changes.into();
    let with = json!({"hosted_zone_id": ZONE, "change_batch": {"changes": changes}});
    let mut hand = Hand::new(&plan(vec![step("dns", CHANGE, &with)]), &Scenario::default());
    let answer = hand.ok("aws/route53.list_resource_record_sets", &json!({"hosted_zone_id": ZONE}));
    let records = answer["resource_record_sets"].as_array().unwrap().clone();
    // Whatever the plan wants to change, it can.
    hand.ok(CHANGE, &with);
    records
}

#[test]
fn every_change_of_a_plan_finds_the_records_it_needs() {
    let set = |name: &str, value: &str| json!({"name": name, "type": "CNAME", "ttl": 60, "resource_records": [{"value": value}]});
    let upsert = records(json!([{"action": "UPSERT", "resource_record_set": set("www.shop.example", "dr.example")}]));
    assert_eq!(upsert[0]["resource_records"][0]["value"], "primary.example");
    let old = set("www.shop.example", "old.example");
    let swap = records(json!([
        {"action": "DELETE", "resource_record_set": old},
        {"action": "CREATE", "resource_record_set": set("www.shop.example", "new.example")},
    ]));
    assert_eq!(swap[0]["resource_records"], old["resource_records"]);
    assert!(records(json!([{"action": "CREATE", "resource_record_set": old}])).is_empty());
    let weighted = |id: &str, weight: u32| {
        let record = json!({"name": "www.shop.example", "type": "CNAME", "ttl": 60, "set_identifier": id, "weight": weight,
            "resource_records": [{"value": format!("{id}.example")}]});
        json!({"action": "UPSERT", "resource_record_set": record})
    };
    let weights = records(json!([weighted("blue", 0), weighted("green", 100)]));
    assert_eq!((&weights[0]["weight"], &weights[1]["weight"]), (&json!(100), &json!(0)));
}

#[test]
fn what_cannot_be_rendered_yet_is_left_out() {
    let set = json!({"name": "www.shop.example", "type": "CNAME", "ttl": 60,
        "resource_records": [{"value": "${{ steps.promote.outputs.endpoint }}"}]});
    let with = json!({"hosted_zone_id": ZONE, "change_batch": {"changes": [{"action": "UPSERT", "resource_record_set": set}]}});
    let mut hand = Hand::new(&plan(vec![step("dns", CHANGE, &with)]), &Scenario::default());
    let answer = hand.ok("aws/route53.list_resource_record_sets", &json!({"hosted_zone_id": ZONE}));
    assert_eq!(answer["resource_record_sets"][0]["name"], "www.shop.example.");
}

#[test]
fn resolvers_give_what_the_plan_expects_of_names_it_does_not_change() {
    let ask = json!({"name": "ntp.example", "expect": "192.0.2.7"});
    let mut hand = Hand::new(&plan(vec![step("dns", "dns/resolve", &ask)]), &Scenario::default());
    assert_eq!(hand.ok("dns/resolve", &ask)["agree"], true);
}

#[test]
fn a_plan_without_targets_has_a_region_all_the_same() {
    let mut bare =
        plan(vec![step("promote", "aws/rds.promote_read_replica_db_cluster", &json!({"db_cluster_identifier": "x"}))]);
    bare.targets.clear();
    bare.inputs.clear();
    bare.steps[0].target = None;
    let world = Hand::new(&bare, &Scenario::default()).world;
    assert_eq!((world.default_region.as_str(), world.primary.as_str()), ("us-east-1", "eu-central-1"));
    assert!(world.clusters.contains_key(&("us-east-1".to_owned(), "x".to_owned())));
}

fn changed(kind: &str, id: &str, members: impl Into<Value>) -> Result<Hand, SimError> {
    let members: Value = members.into();
    let mut scenario = Scenario::default();
    scenario.world.insert(kind.to_owned(), json!({id: members}));
    let mut world = super::world(&failover(), &scenario, SEED)?;
    overlay::lay(&mut world, &scenario)?;
    Ok(Hand { world, n: 0 })
}

#[test]
fn a_scenario_changes_the_world() {
    let cluster = json!({"db_cluster_identifier": CLUSTER});
    let mut hand = changed("db_cluster", CLUSTER, json!({"status": "backing-up", "lag": "90m"})).unwrap();
    assert_eq!(hand.ok("aws/rds.describe_db_clusters", &cluster)["status"], "backing-up");
    assert_eq!(hand.ok("aws/cloudwatch.get_metric", &lag_metric())["latest"], 5400.0);
    assert_eq!(hand.code("aws/rds.promote_read_replica_db_cluster", &cluster), "InvalidDBClusterStateFault");
    let mut hand = changed("db_cluster", CLUSTER, json!({"replication_source_identifier": null})).unwrap();
    assert!(hand.ok("aws/rds.describe_db_clusters", &cluster)["replication_source_identifier"].is_null());
    let mut hand = changed("db_cluster", CLUSTER, Value::Null).unwrap();
    assert_eq!(hand.code("aws/rds.describe_db_clusters", &cluster), "DBClusterNotFoundFault");
    let mut hand = changed("identity", "111122223333", json!({"account": "999999999999"})).unwrap();
    assert_eq!(hand.ok("aws/sts.get_caller_identity", &json!({}))["account"], "999999999999");
    let mut hand = changed("host", HOST, json!({"status": 500, "body": "boom"})).unwrap();
    assert_eq!(hand.health()["status"], 500);
    let mut hand = changed("bucket", BUCKET, json!({"versioning": null, "replication_status": null})).unwrap();
    assert!(hand.ok("aws/s3.get_bucket_versioning", &json!({"bucket": BUCKET}))["status"].is_null());
    assert_eq!(
        hand.code("aws/s3.get_bucket_replication", &json!({"bucket": BUCKET})),
        "ReplicationConfigurationNotFoundError"
    );
    let id = format!("{HOST} CNAME");
    let mut hand = changed("record", &id, json!({"ttl": 5, "values": ["elsewhere.example"]})).unwrap();
    let answer = hand.ok("dns/resolve", &json!({"name": HOST, "type": "CNAME"}));
    assert_eq!((&answer["answers"], &answer["ttl"]), (&json!(["elsewhere.example"]), &json!(5)));
    let service = format!("{CLUSTER}/{SERVICE}");
    let mut hand = changed("ecs_service", &service, json!({"desired_count": 2, "running_count": 1})).unwrap();
    let stable = hand.ok("aws/ecs.services_stable", &json!({"cluster": CLUSTER, "service": SERVICE}));
    assert_eq!((&stable["stable"], &stable["running_count"]), (&json!(false), &json!(1)));
    let mut hand =
        changed("distribution", DISTRIBUTION, json!({"status": "InProgress", "origin": "x.example"})).unwrap();
    let now = hand.ok("aws/cloudfront.get_distribution", &json!({"id": DISTRIBUTION}));
    assert_eq!((&now["status"], &now["origins"][0]["domain_name"]), (&json!("InProgress"), &json!("x.example")));
}

#[test]
fn a_change_of_nothing_is_refused_with_what_there_is() {
    let error = |kind: &str, id: &str, members: Value| changed(kind, id, members).map(|_| ()).unwrap_err().to_string();
    assert!(error("db_cluster", "nobody", json!({})).contains(CLUSTER));
    assert!(error("db_cluster", CLUSTER, json!({"colour": "red"})).contains("colour"));
    assert!(error("db_cluster", CLUSTER, json!({"lag": "10"})).contains("no unit"));
    assert!(error("weather", "x", json!({})).contains("no kind of resource"));
}

#[test]
fn the_host_in_front_of_an_origin_is_served_by_its_distribution() {
    let origin = json!({"id": DISTRIBUTION, "domain_name": "dr-app.shop.example"});
    let check = json!({"url": "https://app.shop.example/status"});
    let scale = json!({"cluster": "c", "service": "s", "desired_count": 1});
    let steps = vec![
        step("origin", "aws/cloudfront.update_origin", &origin),
        step("scale", "aws/ecs.update_service", &scale),
        step("app", "http/check", &check),
    ];
    let lost = scenario(json!([{"kind": "region_lost"}]));
    let mut hand = Hand::new(&plan(steps), &lost);
    assert_eq!(hand.ok("http/check", &check)["ok"], false);
    hand.ok("aws/ecs.update_service", &scale);
    hand.wait_s(60);
    assert_eq!(hand.ok("http/check", &check)["ok"], false);
    hand.ok("aws/cloudfront.update_origin", &origin);
    assert_eq!(hand.ok("http/check", &check)["ok"], true);
}
