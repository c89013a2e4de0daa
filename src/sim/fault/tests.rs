//! Who is hit by which fault, and how a scenario's faults read.

use serde_json::json;

use super::*;
use crate::sim::testing::{CLUSTER, act, scenario};

const START_MS: i64 = 1_000_000;

fn faults(list: Value) -> Faults {
    Faults::new(&scenario(list), 7, START_MS, "eu-central-1").unwrap()
}

fn fate(faults: &Faults, n: u64, after_ms: i64, action: &Action) -> Fate {
    let changes = action.spec().risk.changes();
    faults.fate(&Aim { n, now_ms: START_MS + after_ms, action, region: Some("us-east-1"), changes })
}

fn promote() -> Action {
    act("aws/rds.promote_read_replica_db_cluster", &json!({"db_cluster_identifier": CLUSTER}))
}

fn describe() -> Action {
    act("aws/rds.describe_db_clusters", &json!({"db_cluster_identifier": CLUSTER}))
}

#[test]
fn a_fault_has_its_time() {
    let faults = faults(json!([{"kind": "throttled", "after": "10s", "for": "20s"}]));
    let delivery = |after_ms| fate(&faults, 1, after_ms, &promote()).delivery;
    assert_eq!(delivery(9_999), Delivery::Answered);
    assert_eq!(delivery(10_000), Delivery::Throttled);
    assert_eq!(delivery(29_999), Delivery::Throttled);
    assert_eq!(delivery(30_000), Delivery::Answered);
}

#[test]
fn a_chance_is_kept_by_number_of_the_call() {
    let faults = faults(json!([{"kind": "throttled", "chance": 0.3}]));
    let hit = |n| fate(&faults, n, 0, &promote()).delivery == Delivery::Throttled;
    let count = (0..1000).filter(|n| hit(*n)).count();
    assert!((250..350).contains(&count), "{count}");
    assert!((0..1000).all(|n| hit(n) == hit(n)));
}

#[test]
fn without_an_action_only_changes_go_astray() {
    let faults = faults(json!([{"kind": "lost_answer"}]));
    assert_eq!(fate(&faults, 1, 0, &describe()).delivery, Delivery::Answered);
    assert_eq!(fate(&faults, 1, 0, &promote()).delivery, Delivery::AnswerLost);
}

#[test]
fn only_faults_that_strike_are_counted() {
    // The request is lost before the answer could be.
    let mut faults = faults(json!([{"kind": "lost_answer", "times": 1}, {"kind": "lost_request", "times": 1}]));
    let first = fate(&faults, 1, 0, &promote());
    assert_eq!((first.delivery, first.struck.as_slice()), (Delivery::RequestLost, &[1][..]));
    faults.strike(&first.struck);
    let second = fate(&faults, 2, 0, &promote());
    assert_eq!((second.delivery, second.struck.as_slice()), (Delivery::AnswerLost, &[0][..]));
    faults.strike(&second.struck);
    assert_eq!(fate(&faults, 3, 0, &promote()).delivery, Delivery::Answered);
}

#[test]
fn programs_are_neither_throttled_nor_denied() {
    let faults = faults(json!([{"kind": "throttled"}, {"kind": "access_denied"}]));
    let aim = act("exec", &json!({"argv": ["kubectl"]}));
    assert_eq!(fate(&faults, 1, 0, &aim).delivery, Delivery::Answered);
}

#[test]
fn a_region_lost_by_chance_keeps_its_workloads() {
    let faults = faults(json!([{"kind": "region_lost", "region": "us-east-1", "chance": 0.5}]));
    assert_eq!(faults.region_lost_since("us-east-1", START_MS), None);
    let fates: Vec<_> = (0..20).map(|n| fate(&faults, n, 0, &describe())).collect();
    assert!(fates.iter().any(|fate| fate.delivery == Delivery::RegionLost && fate.counted));
    assert!(fates.iter().any(|fate| fate.delivery == Delivery::Answered));
}

#[test]
fn nonsense_is_refused_when_the_drill_is_set_up() {
    let error = |list| Faults::new(&scenario(list), 7, START_MS, "").unwrap_err().to_string();
    assert!(error(json!([{"kind": "throttled", "action": "aws/rds.promote"}])).contains("unknown action"));
    assert!(error(json!([{"kind": "throttled", "after": "10"}])).contains("no unit"));
    assert!(error(json!([{"kind": "lag", "value": 7}])).contains("not a duration"));
    assert!(error(json!([{"kind": "throttled", "chance": 1.5}])).contains("between 0 and 1"));
    assert!(error(json!([{"kind": "mfa_device_lost"}])).contains("resource"));
}

#[test]
fn faults_read_as_sentences() {
    let list = json!([
        {"kind": "region_lost", "region": "eu-central-1"},
        {"kind": "throttled", "chance": 0.3, "for": "10m"},
        {"kind": "hangs", "action": "aws/rds.promote_read_replica_db_cluster", "value": "360s"},
        {"kind": "lost_answer", "action": "aws/rds.promote_read_replica_db_cluster", "times": 1},
        {"kind": "lag", "value": "2h"},
        {"kind": "stale_resolver"},
        {"kind": "health_flaps", "resource": "api.example", "after": "5m"},
        {"kind": "mfa_device_lost", "resource": "alice"},
    ]);
    assert_eq!(
        describe_faults(&scenario(list)),
        [
            "eu-central-1 stops answering",
            "every call throttled, 30% of calls, for 10m",
            "rds.promote_read_replica_db_cluster hangs for 6m",
            "the answer to rds.promote_read_replica_db_cluster is lost, once",
            "the replica is 2h behind",
            "one resolver keeps the old answer",
            "health of api.example fails every other time, from 5m on",
            "alice has lost the MFA device",
        ]
    );
}
