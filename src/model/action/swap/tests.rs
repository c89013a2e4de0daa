//! What is sent in place of what was asked for.

use serde_json::json;

use super::*;
use crate::model::outcome::CloudErrorKind;

fn batch(changes: &Value) -> ChangeBatch {
    serde_json::from_value(json!({"changes": changes})).unwrap()
}

fn record(name: &str, target: &str) -> Value {
    json!({"name": name, "type": "CNAME", "ttl": 60, "resource_records": [{"value": target}]})
}

fn upsert(set: &Value) -> Value {
    json!([{"action": "UPSERT", "resource_record_set": set}])
}

fn sent(batch: &ChangeBatch, before: Option<&Value>) -> Vec<(ChangeAction, ResourceRecordSet)> {
    let plan = plan(batch, before).unwrap();
    plan.changes.into_iter().map(|change| (change.action, change.resource_record_set)).collect()
}

fn actions(batch: &ChangeBatch, before: Option<&Value>) -> Vec<ChangeAction> {
    sent(batch, before).into_iter().map(|(action, _)| action).collect()
}

#[test]
fn what_was_shown_is_replaced_by_what_is_wanted() {
    let mut old = record("\\052.Shop.example.", "old.example.");
    old["ttl"] = json!(300);
    old["health_check_id"] = json!("hc-1");
    let before = json!({"resource_record_sets": [record("a.shop.example.", "a."), old], "is_truncated": false});
    let batch = batch(&upsert(&record("*.shop.example", "new.example")));
    let sent = sent(&batch, Some(&before));
    assert_eq!(sent[0], (ChangeAction::Delete, serde_json::from_value(old).unwrap()));
    assert_eq!(sent[1], (ChangeAction::Create, batch.changes[0].resource_record_set.clone()));
    assert_eq!(sent.len(), 2);
    assert_eq!(plan(&batch, Some(&before)).unwrap().old_ttl, Some(300));
}

#[test]
fn sets_of_one_name_are_told_apart() {
    let weighted = |id: &str, weight: u32| {
        let mut set = record("api.shop.example", "x.example");
        set["set_identifier"] = json!(id);
        set["weight"] = json!(weight);
        set
    };
    let before = json!({"resource_record_sets": [weighted("blue", 100), weighted("green", 0)], "is_truncated": false});
    let swapped = sent(&batch(&upsert(&weighted("green", 100))), Some(&before));
    assert_eq!(swapped.len(), 2);
    assert_eq!((swapped[0].1.set_identifier.as_deref(), swapped[0].1.weight), (Some("green"), Some(0)));
}

#[test]
fn a_record_that_is_as_wanted_is_left_to_the_upsert() {
    let before = json!({"resource_record_sets": [record("api.shop.example.", "x.example.")], "is_truncated": false});
    assert_eq!(
        actions(&batch(&upsert(&record("API.shop.example", "x.example"))), Some(&before)),
        [ChangeAction::Upsert]
    );
}

#[test]
fn a_record_that_was_not_there_is_created_if_it_could_have_been_seen() {
    let wanted = batch(&upsert(&record("m.shop.example", "x.example")));
    let listed = |name: &str, truncated: bool| json!({"resource_record_sets": [record(name, "y.example")], "is_truncated": truncated});
    let one = |before: &Value| actions(&wanted, Some(before))[0];
    assert_eq!(one(&json!({"resource_record_sets": [], "is_truncated": false})), ChangeAction::Create);
    assert_eq!(one(&listed("a.shop.example", false)), ChangeAction::Create);
    assert_eq!(one(&listed("n.shop.example", true)), ChangeAction::Create);
    // The listing ended before its place: nobody knows.
    assert_eq!(one(&listed("l.shop.example", true)), ChangeAction::Upsert);
    assert_eq!(one(&listed("z.shop.aaa", true)), ChangeAction::Upsert);
}

#[test]
fn without_a_look_the_batch_goes_as_it_was_given() {
    let batch = batch(&upsert(&record("api.shop.example", "x.example")));
    assert_eq!(actions(&batch, None), [ChangeAction::Upsert]);
    assert_eq!(actions(&batch, Some(&json!({"status": "something else"}))), [ChangeAction::Upsert]);
}

#[test]
fn what_the_author_spelt_out_stays() {
    let before = json!({"resource_record_sets": [record("api.shop.example.", "old.example")], "is_truncated": false});
    let both = json!([
        {"action": "DELETE", "resource_record_set": record("api.shop.example", "old.example")},
        {"action": "UPSERT", "resource_record_set": record("api.shop.example", "new.example")},
    ]);
    let batch = batch(&both);
    assert_eq!(actions(&batch, Some(&before)), [ChangeAction::Delete, ChangeAction::Upsert]);
    assert_eq!(plan(&batch, Some(&before)).unwrap().old_ttl, Some(60));
}

#[test]
fn a_record_that_would_lose_members_is_not_touched() {
    let mut old = record("api.shop.example.", "old.example");
    old["geo_location"] = json!({"country_code": "DE"});
    let before = json!({"resource_record_sets": [old], "is_truncated": false});
    let error = plan(&batch(&upsert(&record("api.shop.example", "new.example"))), Some(&before)).unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (CloudErrorKind::Invalid, "RecordHasMore"));
    assert!(error.message.contains("geo_location"), "{}", error.message);
}

#[test]
fn the_records_of_the_zone_itself_are_never_deleted() {
    let ns = |name: &str, server: &str| json!({"name": name, "type": "NS", "ttl": 60, "resource_records": [{"value": server}]});
    let soa = json!({"name": "shop.example.", "type": "SOA", "ttl": 900, "resource_records": [{"value": "x"}]});
    let before = json!({"resource_record_sets": [ns("shop.example.", "a"), soa, ns("eu.shop.example.", "a")], "is_truncated": false});
    assert_eq!(actions(&batch(&upsert(&ns("shop.example", "b"))), Some(&before)), [ChangeAction::Upsert]);
    let delegation = actions(&batch(&upsert(&ns("eu.shop.example", "b"))), Some(&before));
    assert_eq!(delegation, [ChangeAction::Delete, ChangeAction::Create]);
}

#[test]
fn a_refusal_says_that_the_record_has_changed() {
    let before = json!({"resource_record_sets": [record("api.shop.example.", "old.example")], "is_truncated": false});
    let guarded = plan(&batch(&upsert(&record("api.shop.example", "new.example"))), Some(&before)).unwrap();
    let refusal = |said: &str| CloudError {
        kind: CloudErrorKind::Invalid,
        code: "InvalidChangeBatch".to_owned(),
        message: said.to_owned(),
        request_id: None,
    };
    let aws = "[Tried to delete resource record set [name='api.shop.example.', type='CNAME'] but the values provided do not match the current values]";
    let changed = guarded.refused(refusal(aws)).message;
    assert!(changed.starts_with("the record has changed since it was shown; look again"), "{changed}");
    assert!(changed.ends_with(aws));
    assert_eq!(guarded.refused(refusal("Invalid TTL")).message, "Invalid TTL");
    let blind = plan(&batch(&upsert(&record("api.shop.example", "new.example"))), None).unwrap();
    assert_eq!(blind.refused(refusal(aws)).message, aws);
}
