//! Records, resolvers and distributions.

use serde_json::{Value, json};

use super::{CHANGE, batch, change};
use crate::model::scenario::Scenario;
use crate::sim::testing::*;

fn list(hand: &mut Hand) -> Vec<Value> {
    let answer = hand.ok("aws/route53.list_resource_record_sets", &json!({"hosted_zone_id": ZONE}));
    answer["resource_record_sets"].as_array().unwrap().clone()
}

#[test]
fn a_record_change_is_pending_then_in_sync() {
    let mut hand = Hand::failover();
    let old = list(&mut hand);
    assert_eq!(old[0]["name"], format!("{HOST}."));
    assert_ne!(old[0]["resource_records"][0]["value"], "alb.us-east-1.example");
    let answer = hand.ok(CHANGE, &batch(&[change("UPSERT", HOST, "alb.us-east-1.example")]));
    assert_eq!(members(&answer), ["id", "status", "submitted_at", "old_ttl"]);
    assert_eq!((&answer["status"], &answer["old_ttl"]), (&json!("PENDING"), &old[0]["ttl"]));
    let new = hand.ok(CHANGE, &batch(&[change("CREATE", &format!("n.{HOST}"), "x.example")]));
    assert_eq!(members(&new), ["id", "status", "submitted_at"]);
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
