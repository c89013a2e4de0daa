//! A small real run beside CloudTrail's account of it; then each of both is changed.

use serde_json::json;

use super::*;
use crate::model::Value;
use crate::model::event::{Event, Purpose, RunHeader, Stamped, TargetIdentity, Ticket};
use crate::model::outcome::{CloudError, CloudErrorKind, Mode};

const RUN: &str = "01K9AAAAAAAAAAAAAAAAAAAAAA";
const ACCOUNT: &str = "111122223333";
const OURS: &str = "arn:aws:sts::111122223333:assumed-role/dr-operator/alice";
/// 2026-11-21T03:00:00Z
const BEGIN_MS: i64 = 1_795_230_000_000;
const LATER_MS: i64 = BEGIN_MS + 24 * 3_600_000;

fn ticket(step: &str) -> Ticket {
    Ticket { step: step.to_owned(), attempt: 1, purpose: Purpose::Action }
}

fn header() -> Event {
    Event::RunStarted(Box::new(RunHeader {
        runbook: "x".to_owned(),
        digest: "sha256:0".to_owned(),
        files: Vec::new(),
        mode: Mode::Real,
        intent: crate::model::plan::Intent::default(),
        operator: "alice".to_owned(),
        inputs: crate::model::Object::new(),
        secrets: Vec::new(),
        version: "0".to_owned(),
        binary: "sha256:0".to_owned(),
        drill: None,
        identities: vec![TargetIdentity {
            target: "dr".to_owned(),
            account: ACCOUNT.to_owned(),
            arn: OURS.to_owned(),
            region: Some("us-west-2".to_owned()),
        }],
    }))
}

fn requested(step: &str, action: &str, request: Value) -> Event {
    Event::ActionRequested {
        ticket: ticket(step),
        action: action.to_owned(),
        request,
        digest: "sha256:1".to_owned(),
        token: "t".to_owned(),
        target: json!({"name": "dr", "region": "us-west-2", "account": ACCOUNT}),
    }
}

fn answered(step: &str, request_id: &str, at_s: i64) -> Event {
    Event::ActionSucceeded {
        ticket: ticket(step),
        result: json!({}),
        request_id: Some(request_id.to_owned()),
        cloud_ms: Some(BEGIN_MS + at_s * 1000),
    }
}

fn journal(events: Vec<(i64, Event)>) -> Vec<Stamped> {
    let stamp = |(ix, (at_s, event)): (usize, (i64, Event))| Stamped {
        seq: ix as u64 + 1,
        epoch: 1,
        at_ms: BEGIN_MS + at_s * 1000,
        who: "alice".to_owned(),
        event,
    };
    events.into_iter().enumerate().map(stamp).collect()
}

fn records() -> Vec<Stamped> {
    let records = json!({"hosted_zone_id": "Z1", "change_batch": {"changes": [{"action": "UPSERT", "resource_record_set":
        {"name": "api.example.com", "type": "CNAME", "ttl": 60, "resource_records": [{"value": "dr.example.com"}]}}]}});
    journal(vec![
        (0, header()),
        (
            10,
            requested(
                "promote",
                "aws/rds.promote_read_replica_db_cluster",
                json!({"db_cluster_identifier": "orders-dr"}),
            ),
        ),
        (12, answered("promote", "req-promote", 11)),
        (20, requested("read", "aws/rds.describe_db_clusters", json!({"db_cluster_identifier": "orders-dr"}))),
        (20, answered("read", "req-read", 20)),
        (
            60,
            requested(
                "bounds",
                "aws/application_autoscaling.register_scalable_target",
                json!({"resource_id": "service/dr/api", "min_capacity": 3, "max_capacity": 9}),
            ),
        ),
        (61, answered("bounds", "req-bounds", 61)),
        (70, requested("flip", "aws/route53.change_resource_record_sets", records)),
        (72, answered("flip", "req-flip", 71)),
        (
            80,
            requested("purge", "aws/cloudfront.create_invalidation", json!({"distribution_id": "E1", "paths": ["/*"]})),
        ),
        (81, answered("purge", "req-purge", 81)),
        (100, Event::RunContinued),
    ])
}

/// An event in the form that CloudTrail documents.
#[expect(clippy::needless_pass_by_value, reason = "it is made where it is given")]
fn event(source: &str, name: &str, at_s: i64, request_id: &str, parameters: Value) -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole", "principalId": "AROAEXAMPLE:alice", "arn": OURS, "accountId": ACCOUNT,
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/dr-operator"}},
        },
        "eventTime": crate::model::time::rfc3339(BEGIN_MS + at_s * 1000).replace(".000", ""),
        "eventSource": format!("{source}.amazonaws.com"),
        "eventName": name,
        "awsRegion": if matches!(source, "route53" | "cloudfront") { "us-east-1" } else { "us-west-2" },
        "sourceIPAddress": "192.0.2.1",
        "userAgent": "aws-sdk-rust/1.3",
        "requestParameters": parameters,
        "requestID": request_id,
        "eventID": format!("event-{request_id}"),
        "readOnly": name.starts_with("Describe"),
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    })
}

fn events() -> Vec<Value> {
    let set = |value: &str| json!({"name": "api.example.com.", "type": "CNAME", "tTL": 60, "resourceRecords": [{"value": value}]});
    vec![
        event("rds", "PromoteReadReplicaDBCluster", 11, "req-promote", json!({"dBClusterIdentifier": "orders-dr"})),
        event("rds", "DescribeDBClusters", 20, "req-read", json!({"dBClusterIdentifier": "orders-dr"})),
        event(
            "autoscaling",
            "RegisterScalableTarget",
            61,
            "req-bounds",
            json!({"serviceNamespace": "ecs", "resourceId": "service/dr/api", "minCapacity": 3, "maxCapacity": 9}),
        ),
        event(
            "route53",
            "ChangeResourceRecordSets",
            71,
            "req-flip",
            json!({"hostedZoneId": "/hostedzone/Z1", "changeBatch": {"changes": [
            {"action": "DELETE", "resourceRecordSet": set("home.example.com")},
            {"action": "CREATE", "resourceRecordSet": set("dr.example.com")}]}}),
        ),
        event(
            "cloudfront",
            "CreateInvalidation2020_05_31",
            81,
            "req-purge",
            json!({"distributionId": "E1", "invalidationBatch":
            {"callerReference": "x", "paths": {"quantity": 1, "items": ["/*"]}}}),
        ),
    ]
}

fn compare(records: &[Stamped], events: &[Value]) -> Reconciliation {
    compare_at(records, events, LATER_MS)
}

fn compare_at(records: &[Stamped], events: &[Value], now_ms: i64) -> Reconciliation {
    let events = parse(&json!({"Records": events}).to_string()).unwrap();
    reconcile(records, RUN, events, now_ms, false)
}

#[test]
fn both_accounts_are_the_same() {
    let found = compare(&records(), &events());
    assert!(found.holds(), "{found:#?}");
    assert_eq!((found.calls, found.matched.len()), (4, 4));
    assert_eq!((found.missing.len(), found.foreign.len(), found.by_services), (0, 0, 0));
}

#[test]
fn every_form_of_the_events_is_read() {
    let events = events();
    let looked_up = |event: &Value| {
        json!({"EventId": event["eventID"], "EventName": event["eventName"], "ReadOnly": "false", "EventTime": "2026-11-21T04:00:00+01:00",
               "Username": "alice", "Resources": [], "CloudTrailEvent": event.to_string()})
    };
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    let forms = [
        json!({"Records": events}).to_string(),
        format!("{:#}", json!({"Events": events.iter().map(looked_up).collect::<Vec<_>>()})),
        Value::from(events.clone()).to_string(),
        lines.join("\n") + "\n\n",
        format!("{}\n{}", json!({"Records": events[..2]}), json!({"Records": events[2..]})),
    ];
    let first = parse(&forms[0]).unwrap();
    assert_eq!(first.len(), events.len());
    for form in &forms {
        assert_eq!(parse(form).unwrap(), first, "{form}");
    }
    // The same events from several files are each counted once.
    let twice = [first.clone(), first].concat();
    assert!(reconcile(&records(), RUN, twice, LATER_MS, false).holds());
    for (text, why) in [
        ("hello", "line 1 is no JSON"),
        ("{\"eventName\": 3}", "no eventName"),
        (
            "{\"Records\": [{\"eventName\": \"X\", \"eventSource\": \"y\"}]}",
            "event 1 is not CloudTrail's: it has no eventTime",
        ),
        ("{\"CloudTrailEvent\": \"{\"}", "no JSON"),
        ("[1]", "no eventName"),
    ] {
        assert!(parse(text).unwrap_err().to_string().contains(why), "{text}: {:?}", parse(text));
    }
}

#[test]
fn a_call_without_an_event_is_named_with_the_likeliest_reason() {
    let all = events();
    for gone in [0, 2, 3, 4] {
        let mut fewer = all.clone();
        let lost = fewer.remove(gone);
        let found = compare(&records(), &fewer);
        assert!(!found.holds() && found.missing.len() == 1, "{found:#?}");
        assert_eq!(found.missing[0].name.request_id.as_deref(), lost["requestID"].as_str());
        assert!(matches!(found.missing[0].why, Why::Nothing | Why::FilesEnd), "{found:#?}");
    }
    let found = compare_at(&records(), &all[..1], BEGIN_MS + 120_000);
    assert!(found.missing.iter().all(|one| one.why == Why::TooNew) && found.missing.len() == 3, "{found:#?}");
    assert!(!found.holds());
    let found = compare(&records(), &all[..1]);
    assert!(found.missing.iter().any(|one| one.why == Why::FilesEnd), "{found:#?}");
}

#[test]
fn what_the_event_tells_otherwise_is_said() {
    let cases: [(&str, Value, &str); 9] = [
        (
            "/requestParameters/dBClusterIdentifier",
            json!("orders-home"),
            "db_cluster_identifier: the journal has orders-dr",
        ),
        ("/eventName", json!("DeleteDBCluster"), "what was called"),
        ("/eventSource", json!("neptune.amazonaws.com"), "what was called"),
        ("/awsRegion", json!("eu-central-1"), "region: the journal has us-west-2, CloudTrail eu-central-1"),
        ("/recipientAccountId", json!("999900001111"), "account"),
        ("/eventTime", json!("2026-11-21T04:30:00Z"), "time"),
        ("/errorCode", json!("InvalidDBClusterStateFault"), "outcome"),
        ("/userIdentity/arn", json!("arn:aws:iam::111122223333:user/mallory"), "who"),
        ("/requestParameters/dBClusterIdentifier", json!("\u{1b}[2Jx"), "db_cluster_identifier"),
    ];
    for (place, value, expected) in cases {
        let mut changed = events();
        let (parent, member) = place.rsplit_once('/').unwrap();
        changed[0].pointer_mut(parent).unwrap()[member] = value;
        let found = compare(&records(), &changed);
        let said = found.differing.iter().flat_map(|one| one.differences.clone()).collect::<Vec<_>>().join("; ");
        assert!(!found.holds() && said.contains(expected), "{place}: {said}");
        assert!(!said.contains('\u{1b}'));
    }
    // Deeper: the record was made to lead elsewhere, the paths were others.
    let mut changed = events();
    *changed[3]
        .pointer_mut("/requestParameters/changeBatch/changes/1/resourceRecordSet/resourceRecords/0/value")
        .unwrap() = json!("evil.example.com");
    assert!(compare(&records(), &changed).differing[0].differences[0].contains("change_batch.changes"));
    let mut changed = events();
    changed[2]["requestParameters"]["maxCapacity"] = json!(90);
    assert!(
        compare(&records(), &changed).differing[0].differences[0]
            .contains("max_capacity: the journal has 9, CloudTrail 90")
    );
    // What CloudTrail hides says nothing.
    let mut hidden = events();
    hidden[0]["requestParameters"]["dBClusterIdentifier"] = json!("HIDDEN_DUE_TO_SECURITY_REASONS");
    assert!(compare(&records(), &hidden).holds());
}

#[test]
fn a_deed_beside_the_tool_is_listed_with_who_what_and_when() {
    let beside = |arn: &str, name: &str, at_s: i64| {
        let mut event = event("rds", name, at_s, &format!("req-{name}-{at_s}"), json!({}));
        event["userIdentity"]["arn"] = json!(arn);
        event
    };
    let mut more = events();
    more.extend([
        beside(OURS, "DeleteDBCluster", 30),
        beside("arn:aws:sts::111122223333:assumed-role/dr-operator/bob", "ModifyDBCluster", 31),
        beside(&format!("arn:aws:sts::111122223333:assumed-role/elsewhere/{RUN}"), "RebootDBInstance", 32),
        // Not ours to explain: another role, another account, before and after the run, a read.
        beside("arn:aws:sts::111122223333:assumed-role/ci/build", "DeleteDBCluster", 33),
        beside("arn:aws:sts::444455556666:assumed-role/dr-operator/bob", "DeleteDBCluster", 34),
        beside(OURS, "DeleteDBCluster", -3600),
        beside(OURS, "DeleteDBCluster", 3600),
        beside(OURS, "DescribeDBInstances", 35),
    ]);
    let mut by_service = beside(OURS, "CreateGrant", 36);
    by_service["userIdentity"]["invokedBy"] = json!("rds.amazonaws.com");
    more.push(by_service);
    let found = compare(&records(), &more);
    assert!(!found.holds());
    let what: Vec<&str> = found.foreign.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(what, ["rds:DeleteDBCluster", "rds:ModifyDBCluster", "rds:RebootDBInstance"]);
    assert!(found.foreign[1].who.ends_with("/bob") && found.foreign[0].at_ms == BEGIN_MS + 30_000);
    assert_eq!((found.by_services, found.reads.len()), (1, 0));
    let events = parse(&Value::from(more).to_string()).unwrap();
    let with_reads = reconcile(&records(), RUN, events, LATER_MS, true);
    let reads: Vec<&str> = with_reads.reads.iter().map(|one| one.what.as_str()).collect();
    assert!(reads.contains(&"rds:DescribeDBInstances"), "{reads:?}");
}

#[test]
fn a_call_whose_answer_was_lost_is_found_by_name_and_time() {
    let error = |kind| CloudError { kind, code: "Timeout".to_owned(), message: "m".to_owned(), request_id: None };
    let ask = || {
        requested("promote", "aws/rds.promote_read_replica_db_cluster", json!({"db_cluster_identifier": "orders-dr"}))
    };
    let unknown = |kind| {
        journal(vec![
            (0, header()),
            (10, ask()),
            (70, Event::ActionUnknown { ticket: ticket("promote"), error: error(kind) }),
            (100, Event::RunContinued),
        ])
    };
    let lost = unknown(CloudErrorKind::UnknownOutcome);
    let found = compare(&lost, &events()[..1]);
    assert!(found.holds() && found.matched[0].by == MatchedBy::NameAndTime, "{found:#?}");
    assert_eq!(found.matched[0].name.outcome, Outcome::Unknown);
    // Without an event it may never have arrived; with one for another cluster it is not this one.
    let found = compare(&lost, &[]);
    assert!(found.holds() && found.missing[0].why == Why::NotArrived, "{found:#?}");
    let mut other = events()[..1].to_vec();
    other[0]["requestParameters"]["dBClusterIdentifier"] = json!("orders-home");
    let found = compare(&lost, &other);
    assert!(!found.holds() && found.foreign.len() == 1 && found.missing.len() == 1, "{found:#?}");

    // A refusal may be kept or not; what could not be sent is no call.
    let refused = |kind, request_id: Option<&str>| {
        journal(vec![
            (0, header()),
            (10, ask()),
            (
                12,
                Event::ActionRefused {
                    ticket: ticket("promote"),
                    error: CloudError { request_id: request_id.map(str::to_owned), ..error(kind) },
                },
            ),
        ])
    };
    let found = compare(&refused(CloudErrorKind::Invalid, Some("req-promote")), &[]);
    assert!(found.holds() && found.missing[0].why == Why::Refused);
    let found = compare(&refused(CloudErrorKind::Invalid, Some("req-promote")), &events()[..1]);
    assert!(!found.holds(), "CloudTrail says that it succeeded");
    assert_eq!(compare(&refused(CloudErrorKind::Unavailable, None), &[]).calls, 0);
}

#[test]
fn programs_and_the_aws_command_line_leave_traces_too() {
    let cli = json!({"service": "ecr", "operation": "put-image", "input": {"repositoryName": "api"}});
    let events = [
        event("ecr", "PutImage", 11, "req-x", json!({"repositoryName": "api"})),
        event("ec2", "RunInstances", 55, "req-y", json!({})),
        event("ec2", "TerminateInstances", 900, "req-z", json!({})),
    ];
    let end = |step: &str| Event::ActionSucceeded {
        ticket: ticket(step),
        result: json!({}),
        request_id: None,
        cloud_ms: None,
    };
    let records = journal(vec![
        (0, header()),
        (10, requested("push", "aws/cli", cli)),
        (12, end("push")),
        (50, requested("script", "exec", json!({"argv": ["./fence"]}))),
        (60, end("script")),
        (1000, Event::RunContinued),
    ]);
    let found = compare(&records, &events);
    assert_eq!(found.matched[0].by, MatchedBy::NameAndTime);
    assert_eq!(found.by_programs[0].during.as_deref(), Some("script"));
    assert_eq!(found.foreign.iter().map(|one| one.what.as_str()).collect::<Vec<_>>(), ["ec2:TerminateInstances"]);
}

#[test]
fn data_events_are_asked_for_only_of_trails_that_keep_them() {
    let restore = json!({"bucket": "b", "key": "k", "version_id": "v"});
    let records = journal(vec![
        (0, header()),
        (10, requested("restore", "aws/s3.restore_object_version", restore)),
        (12, answered("restore", "req-copy", 11)),
        (60, Event::RunContinued),
    ]);
    let mut other = event("s3", "GetObject", 20, "req-get", json!({"bucketName": "b", "key": "k"}));
    (other["eventCategory"], other["readOnly"]) = (json!("Data"), json!(true));
    let found = compare(&records, &[]);
    assert!(found.holds() && found.missing[0].why == Why::DataEvents, "{found:#?}");
    let later = event("rds", "DescribeDBClusters", 99, "req-late", json!({}));
    assert_eq!(compare(&records, &[other.clone(), later]).missing[0].why, Why::Nothing);
    let mut copy = event(
        "s3",
        "CopyObject",
        11,
        "req-copy",
        json!({"bucketName": "b", "key": "k", "x-amz-copy-source": "b/k?versionId=v"}),
    );
    copy["eventCategory"] = json!("Data");
    assert_eq!(compare(&records, &[other, copy]).matched.len(), 1);
}

#[test]
fn a_call_of_many_requests_accounts_for_all_of_its_copies() {
    let copy = |bucket: &str, at_s: i64| {
        let id = format!("req-{bucket}-{at_s}");
        let mut event = event("s3", "CopyObject", at_s, &id, json!({"bucketName": bucket, "key": format!("k{at_s}")}));
        event["eventCategory"] = json!("Data");
        event
    };
    let records = journal(vec![
        (0, header()),
        (10, requested("bulk", "aws/s3.copy_from_replica", json!({"bucket": "b", "replica": "b-replica"}))),
        (900, answered("bulk", "req-b-20", 900)),
        (1000, Event::RunContinued),
    ]);
    let found = compare(&records, &[copy("b", 20), copy("b", 400), copy("b", 880)]);
    assert!(found.holds() && found.matched.len() == 1, "{found:#?}");
    let found = compare(&records, &[copy("b", 20), copy("elsewhere", 400)]);
    assert_eq!(found.foreign.iter().map(|one| one.at_ms).collect::<Vec<_>>(), [BEGIN_MS + 400_000]);
    assert_eq!(compare(&records, &[copy("elsewhere", 400)]).missing[0].why, Why::Nothing);
}

/// The names that we expect are those that AWS documents: whoever adds an action is asked here.
#[test]
fn every_action_that_changes_something_has_a_name_in_cloudtrail() {
    for spec in crate::model::action::SPECS.iter().filter(|spec| spec.name.starts_with("aws/")) {
        if spec.risk == crate::model::outcome::Risk::Read || spec.name == "aws/cli" {
            continue;
        }
        let (service, operation) = spec.api.split_once(':').unwrap_or_default();
        assert!(!service.is_empty() && operation.starts_with(char::is_uppercase), "{}", spec.name);
    }
}
