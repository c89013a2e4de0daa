//! Tables: restored bare, set up again, deleted.

use serde_json::{Value, json};

use crate::model::action::examples::example_with;
use crate::model::scenario::Scenario;
use crate::sim::testing::*;

const RESTORE: &str = "aws/dynamodb.restore_table_to_point_in_time";

fn with(action: &str) -> Value {
    example_with(action).unwrap()
}

/// The steps of a recovery, as the examples have them.
fn world() -> Hand {
    let names = [
        RESTORE,
        "aws/dynamodb.update_table",
        "aws/dynamodb.update_time_to_live",
        "aws/dynamodb.update_continuous_backups",
        "aws/dynamodb.delete_table",
    ];
    let steps = names.iter().map(|name| step(name, name, &with(name))).collect();
    Hand::new(&plan(steps), &Scenario::default())
}

fn table(hand: &mut Hand) -> Value {
    hand.ok("aws/dynamodb.describe_table", &json!({"table_name": "shop-orders-restored"}))
}

#[test]
fn a_restored_table_comes_bare_after_minutes() {
    let mut hand = world();
    let look = json!({"table_name": "shop-orders-restored"});
    assert_eq!(hand.code("aws/dynamodb.describe_table", &look), "ResourceNotFoundException");
    assert_eq!(hand.ok(RESTORE, &with(RESTORE))["table_status"], "CREATING");
    assert_eq!(hand.code(RESTORE, &with(RESTORE)), "TableAlreadyExistsException");
    let update = "aws/dynamodb.update_table";
    assert_eq!(hand.code(update, &with(update)), "ResourceInUseException");
    assert_eq!(table(&mut hand)["restore_in_progress"], true);
    hand.wait_s(20 * 60);
    let now = table(&mut hand);
    assert_eq!((&now["table_status"], &now["restore_in_progress"]), (&json!("ACTIVE"), &json!(false)));
    assert_eq!(now["restore_summary"]["restore_date_time"], "2026-01-04T02:30:00.000Z");
    assert_eq!(now["stream_specification"]["stream_enabled"], false);
    let backups = hand.ok("aws/dynamodb.describe_continuous_backups", &look);
    assert_eq!(backups["point_in_time_recovery_status"], "DISABLED");
    assert_eq!(hand.ok("aws/dynamodb.describe_time_to_live", &look)["time_to_live_status"], "DISABLED");
}

#[test]
fn its_settings_are_made_again_and_it_goes() {
    let mut hand = world();
    hand.ok(RESTORE, &with(RESTORE));
    hand.wait_s(20 * 60);
    let mut set = |action: &str| {
        let name = format!("aws/dynamodb.{action}");
        let answer = hand.ok(&name, &with(&name));
        hand.wait_s(90);
        answer
    };
    assert_eq!(set("update_table")["table_status"], "UPDATING");
    set("update_time_to_live");
    assert_eq!(set("update_continuous_backups")["point_in_time_recovery_status"], "ENABLED");
    assert_eq!(set("describe_time_to_live"), json!({"time_to_live_status": "ENABLED", "attribute_name": "expires_at"}));
    assert_eq!(set("describe_table")["stream_specification"]["stream_view_type"], "NEW_AND_OLD_IMAGES");
    let again = "aws/dynamodb.update_time_to_live";
    assert_eq!(hand.code(again, &with(again)), "ValidationException");
    let delete = "aws/dynamodb.delete_table";
    assert_eq!(hand.ok(delete, &with(delete))["table_status"], "DELETING");
    hand.wait_s(60);
    assert_eq!(
        hand.code("aws/dynamodb.describe_table", &with("aws/dynamodb.describe_table")),
        "ResourceNotFoundException"
    );
}

#[test]
fn a_restore_keeps_to_the_window() {
    let mut hand = world();
    let mut at = |time: Value, latest: Value| {
        let mut with = with(RESTORE);
        with["restore_date_time"] = time;
        with["use_latest_restorable_time"] = latest;
        hand.code(RESTORE, &with)
    };
    assert_eq!(at(json!("2026-01-04T02:59:00Z"), Value::Null), "InvalidRestoreTimeException");
    assert_eq!(at(json!("2025-01-01T00:00:00Z"), Value::Null), "InvalidRestoreTimeException");
    assert_eq!(at(Value::Null, Value::Null), "ValidationException");
    let off = json!({"name": "t", "world": {"table": {"shop-orders": {"point_in_time_recovery": false}}}});
    let steps = vec![step("restore", RESTORE, &with(RESTORE))];
    let mut hand = Hand::new(&plan(steps), &serde_json::from_value(off).unwrap());
    assert_eq!(hand.code(RESTORE, &with(RESTORE)), "PointInTimeRecoveryUnavailableException");
}
