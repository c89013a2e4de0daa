//! Every judge with an answer that is fine, one that is not and none at all.

use serde_json::json;

use super::*;

fn judged(check: Check, answer: Answer) -> Option<(State, String)> {
    let target = ResolvedTarget { region: Some("us-east-1".to_owned()), ..ResolvedTarget::default() };
    let look = Action::parse("aws/sts.get_caller_identity", &json!({})).unwrap();
    let asks = vec![Ask { target: target.clone(), action: look }];
    let question = Question { target, resource: "x".to_owned(), check, asks, steps: Vec::new() };
    let found = judge::finding(&question, &[answer], |_, _| true)?;
    assert_eq!(found.state == State::Ok, found.help.is_none(), "{found:?}");
    Some((found.state, found.seen))
}

fn lag() -> Check {
    Check::Lag { rpo_ms: Some(60_000) }
}

fn record() -> Check {
    Check::Record { name: "A.example".to_owned(), kind: "A".to_owned(), set_identifier: Some("blue".to_owned()) }
}

fn member() -> Check {
    Check::Global { member: Some("m".to_owned()) }
}

fn holds(cases: impl IntoIterator<Item = (Check, Value, State)>) {
    for (check, answer, state) in cases {
        let got = judged(check.clone(), Ok(answer.clone())).unwrap();
        assert_eq!(got.0, state, "{check:?} {answer} gives {got:?}");
    }
}

#[test]
fn databases_and_metrics_are_fine_or_a_gap() {
    let global = |state: Value, writer: bool| {
        json!({"status": "available", "failover_state": state, "writer": "w",
            "members": [{"db_cluster_arn": "m", "is_writer": writer}]})
    };
    holds([
        (Check::ReplicaCluster, json!({"status": "available", "replication_source_identifier": "s"}), State::Ok),
        (Check::ReplicaCluster, json!({"status": "backing-up", "replication_source_identifier": "s"}), State::Gap),
        (Check::ReplicaCluster, json!({"status": "available", "replication_source_identifier": ""}), State::Gap),
        (
            Check::ReplicaInstance,
            json!({"db_instance_status": "available", "read_replica_source_db_instance_identifier": "s"}),
            State::Ok,
        ),
        (
            Check::ReplicaInstance,
            json!({"db_instance_status": "available", "read_replica_source_db_instance_identifier": null}),
            State::Gap,
        ),
        (Check::Cluster, json!({"status": "available"}), State::Ok),
        (member(), global(Value::Null, false), State::Ok),
        (member(), global(Value::Null, true), State::Gap),
        (member(), global(json!({"status": "failing-over"}), false), State::Gap),
        (member(), json!({"status": "available", "members": []}), State::Gap),
        (member(), json!({"status": "modifying", "members": []}), State::Gap),
        (Check::Global { member: None }, global(Value::Null, true), State::Ok),
        (lag(), json!({"latest": 60.0}), State::Ok),
        (lag(), json!({"latest": 60.5}), State::Gap),
        (lag(), json!({"raw": -1.0}), State::Gap),
        (lag(), json!({"raw": null}), State::Unknown),
        (Check::Metric, json!({"latest": 0.0, "unit": "Count"}), State::Ok),
        (Check::Metric, json!({}), State::Unknown),
    ]);
}

#[test]
fn services_and_traffic_are_fine_or_a_gap() {
    let edits = |origin_id: Option<&str>| Check::Distribution { edits: true, origin_id: origin_id.map(str::to_owned) };
    let two = json!({"status": "Deployed", "origins": [{"id": "a"}, {"id": "b"}]});
    let set = json!({"name": "a.example.", "type": "A", "set_identifier": "blue"});
    holds([
        (
            Check::Service,
            json!({"services": [{"status": "ACTIVE", "running_count": 0, "desired_count": 0}]}),
            State::Ok,
        ),
        (Check::Service, json!({"services": [{"status": "DRAINING"}]}), State::Gap),
        (Check::Service, json!({"services": []}), State::Gap),
        (
            Check::ServiceCluster { starts: true },
            json!({"clusters": [{"status": "ACTIVE", "capacity_providers": ["FARGATE"]}]}),
            State::Ok,
        ),
        (
            Check::ServiceCluster { starts: true },
            json!({"clusters": [{"status": "ACTIVE", "registered_container_instances_count": 2}]}),
            State::Ok,
        ),
        (
            Check::ServiceCluster { starts: true },
            json!({"clusters": [{"status": "ACTIVE", "capacity_providers": []}]}),
            State::Gap,
        ),
        (
            Check::ServiceCluster { starts: false },
            json!({"clusters": [{"status": "ACTIVE", "capacity_providers": []}]}),
            State::Ok,
        ),
        (Check::ServiceCluster { starts: false }, json!({"clusters": [{"status": "INACTIVE"}]}), State::Gap),
        (Check::ServiceCluster { starts: false }, json!({"clusters": []}), State::Gap),
        (Check::Zone, json!({"name": "z."}), State::Ok),
        (Check::Zone, json!({"name": "z.", "linked_service": "servicediscovery.amazonaws.com"}), State::Gap),
        (Check::There { makes: false }, json!({"target_groups": [{}]}), State::Ok),
        (Check::There { makes: false }, json!({"status": "ACTIVE", "tags": []}), State::Ok),
        (Check::There { makes: false }, json!({"healthy": true}), State::Ok),
        (Check::There { makes: false }, json!({"target_groups": []}), State::Gap),
        (Check::There { makes: true }, json!({"tables": []}), State::Ok),
        (Check::There { makes: true }, json!({"status": "ACTIVE"}), State::Gap),
        (Check::PointInTime, json!({"point_in_time_recovery_status": "ENABLED"}), State::Ok),
        (Check::PointInTime, json!({"point_in_time_recovery_status": "DISABLED"}), State::Gap),
        (record(), json!({"resource_record_sets": [set]}), State::Ok),
        (record(), json!({"resource_record_sets": [{"name": "a.example.", "type": "A"}]}), State::Gap),
        (
            record(),
            json!({"resource_record_sets": [{"name": "a.example.", "type": "A", "set_identifier": "blue",
                "traffic_policy_instance_id": "t"}]}),
            State::Gap,
        ),
        (edits(None), json!({"status": "Deployed", "origins": [{"id": "a"}]}), State::Ok),
        (edits(None), two.clone(), State::Gap),
        (edits(Some("b")), two.clone(), State::Ok),
        (edits(Some("c")), two.clone(), State::Gap),
        (Check::Distribution { edits: false, origin_id: None }, two, State::Ok),
        (edits(None), json!({"status": "InProgress", "origins": [{"id": "a"}]}), State::Gap),
        (edits(None), json!({"status": "Deployed", "enabled": false, "origins": [{"id": "a"}]}), State::Gap),
    ]);
}

#[test]
fn storage_endpoints_and_identities_are_fine_or_a_gap() {
    holds([
        (Check::Bucket, json!({"region": "us-east-1"}), State::Ok),
        (Check::Bucket, json!({"region": "eu-central-1"}), State::Gap),
        (Check::Versioning, json!({"status": "Enabled"}), State::Ok),
        (Check::Versioning, json!({"status": "Suspended"}), State::Gap),
        (Check::Versioning, json!({"status": null}), State::Gap),
        (Check::Replication, json!({"rules": [{"status": "Enabled", "destination_bucket": "b"}]}), State::Ok),
        (Check::Replication, json!({"rules": [{"status": "Disabled"}]}), State::Gap),
        (Check::Endpoint, json!({"ok": true, "status": 200}), State::Ok),
        (Check::Endpoint, json!({"ok": false, "status": 500}), State::Gap),
        (Check::Endpoint, json!({"ok": false, "status": null}), State::Gap),
        (Check::Account { account: Some("1".to_owned()) }, json!({"account": "1"}), State::Ok),
        (Check::Account { account: Some("1".to_owned()) }, json!({"account": "2"}), State::Gap),
    ]);
}

#[test]
fn no_answer_is_never_ok() {
    let checks = [
        Check::ReplicaCluster,
        Check::Instance,
        member(),
        lag(),
        Check::Service,
        Check::Zone,
        record(),
        Check::Distribution { edits: true, origin_id: None },
        Check::Bucket,
        Check::Versioning,
        Check::Replication,
        Check::Endpoint,
        Check::Account { account: None },
    ];
    let silent = |kind| Err(Silence::Error(error(kind, "Code")));
    for check in checks {
        for kind in [
            CloudErrorKind::Denied,
            CloudErrorKind::Expired,
            CloudErrorKind::Throttled,
            CloudErrorKind::Invalid,
            CloudErrorKind::Unavailable,
            CloudErrorKind::UnknownOutcome,
        ] {
            let (state, seen) = judged(check.clone(), silent(kind)).unwrap();
            assert_eq!((state, seen.as_str()), (State::Unknown, "Code: because"), "{check:?} {kind:?}");
        }
        let missing = judged(check.clone(), silent(CloudErrorKind::NotFound));
        assert_ne!(missing.map(|(state, _)| state), Some(State::Ok), "{check:?}");
    }
    let gone = silent(CloudErrorKind::NotFound);
    assert_eq!(judged(Check::There { makes: false }, gone.clone()).unwrap().0, State::Gap);
    assert_eq!(judged(Check::There { makes: true }, gone).unwrap().0, State::Ok);
    let no_rule = Err(Silence::Error(error(CloudErrorKind::NotFound, "ReplicationConfigurationNotFoundError")));
    assert_eq!(judged(Check::Replication, no_rule).unwrap().0, State::Gap);
}
