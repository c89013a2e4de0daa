//! The cloud as a whole: what it writes down, what a resume finds, what each fault does.

use serde_json::json;

use super::testing::*;
use super::*;

fn lines(path: &Path) -> Vec<serde_json::Value> {
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn promote(attempt: u32) -> CallRequest {
    let with = json!({"db_cluster_identifier": CLUSTER});
    request("promote", attempt, "aws/rds.promote_read_replica_db_cluster", &with)
}

#[tokio::test]
async fn every_call_is_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("world.jsonl");
    let (cloud, clock) = cloud(Some(&log), &Scenario::default());
    let describe = request("look", 1, "aws/rds.describe_db_clusters", &json!({"db_cluster_identifier": CLUSTER}));
    send(&cloud, &clock, &describe).await.unwrap();
    send(&cloud, &clock, &promote(1)).await.unwrap();
    let lines = lines(&log);
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["n"], &lines[0]["changes"]), (&json!(1), &json!(false)));
    assert_eq!(lines[0]["at"], "2026-01-04T03:00:00.000Z");
    assert_eq!((&lines[1]["n"], &lines[1]["changes"]), (&json!(2), &json!(true)));
    assert_eq!(lines[1]["action"], "aws/rds.promote_read_replica_db_cluster");
    assert!(lines[1]["request"].as_str().unwrap().starts_with("sha256:"));
}

fn look() -> CallRequest {
    request("look", 1, "aws/rds.describe_db_clusters", &json!({"db_cluster_identifier": CLUSTER}))
}

fn scale(count: u32) -> CallRequest {
    let with = json!({"cluster": CLUSTER, "service": SERVICE, "desired_count": count});
    request("scale", 1, "aws/ecs.update_service", &with)
}

fn world_of(cloud: &SimCloud) -> World {
    cloud.state.lock().unwrap().world.clone()
}

/// When the n-th call of a play is sent: every call before it has been answered or given up by then.
fn cue_ms(ix: usize) -> i64 {
    start_ms(&Scenario::default()) + 40_000 * i64::try_from(ix).unwrap()
}

/// Sends the calls from the n-th on, each on its cue.
async fn play(cloud: &SimCloud, clock: &SimClock, from: usize) -> Vec<String> {
    let mut answers = Vec::new();
    for (ix, call) in calls().iter().enumerate().skip(from) {
        pass(clock, cue_ms(ix) - clock.now_ms()).await;
        answers.push(match send(cloud, clock, call).await {
            Ok(value) => value.to_string(),
            Err(error) => error.to_string(),
        });
    }
    answers
}

fn calls() -> Vec<CallRequest> {
    let record =
        json!({"name": HOST, "type": "CNAME", "ttl": 60, "resource_records": [{"value": "alb.us-east-1.example"}]});
    let batch = json!({"changes": [{"action": "UPSERT", "resource_record_set": record}]});
    let dns = json!({"hosted_zone_id": ZONE, "change_batch": batch});
    let origin = json!({"id": DISTRIBUTION, "domain_name": "alb.us-east-1.example"});
    vec![
        look(),
        promote(1),
        scale(3),
        look(),
        request("dns", 1, "aws/route53.change_resource_record_sets", &dns),
        request("origin", 1, "aws/cloudfront.update_origin", &origin),
        promote(2),
        scale(1),
        look(),
    ]
}

#[tokio::test]
async fn the_same_seed_writes_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    let mut told = Vec::new();
    for log in [&a, &b] {
        let (cloud, clock) = cloud(Some(log), &Scenario::default());
        told.push(play(&cloud, &clock, 0).await);
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(std::fs::read(&a).unwrap(), std::fs::read(&b).unwrap());
    let clock = Arc::new(SimClock::new(start_ms(&Scenario::default()), clock::Speed::Max, false));
    let other = SimCloud::open(None, &failover(), &Scenario::default(), SEED + 1, clock.clone()).unwrap();
    assert_ne!(play(&other, &clock, 0).await, told[0]);
}

/// Faults that count their strikes, and calls that get lost on the way.
fn troubled() -> Scenario {
    scenario(json!([
        {"kind": "lost_request", "action": "aws/ecs.*", "times": 1},
        {"kind": "lost_answer", "action": "aws/rds.promote_read_replica_db_cluster", "times": 1},
        {"kind": "throttled", "chance": 0.5},
        {"kind": "hangs", "action": "aws/cloudfront.update_origin", "value": "6m", "times": 1},
    ]))
}

#[tokio::test]
async fn killed_anywhere_the_world_is_found_as_it_was_left() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    let (straight, clock) = cloud(Some(&whole), &troubled());
    let told = play(&straight, &clock, 0).await;
    assert!(told.iter().any(|answer| answer.starts_with("Throttling")), "{told:?}");
    assert_eq!(told.iter().filter(|answer| answer.starts_with("RequestTimeout")).count(), 2, "{told:?}");
    let bytes = std::fs::read(&whole).unwrap();
    for killed_at in 0..calls().len() {
        let log = folder.path().join(format!("killed-{killed_at}"));
        let (first, clock) = cloud(Some(&log), &troubled());
        for (ix, call) in calls()[..killed_at].iter().enumerate() {
            pass(&clock, cue_ms(ix) - clock.now_ms()).await;
            let _ = send(&first, &clock, call).await;
        }
        pass(&clock, cue_ms(killed_at) - clock.now_ms()).await;
        // The next call is received; the kill falls before its answer.
        assert!(futures_util::poll!(first.call(&calls()[killed_at])).is_pending());
        let left = world_of(&first);
        drop(first);
        let clock = Arc::new(SimClock::new(start_ms(&troubled()), clock::Speed::Max, false));
        let second = SimCloud::open(Some(&log), &failover(), &troubled(), SEED, clock.clone()).unwrap();
        assert_eq!(world_of(&second), left, "killed at call {killed_at}");
        assert_eq!(clock.now_ms(), cue_ms(killed_at), "the clock goes on where the world is");
        let rest = play(&second, &clock, killed_at + 1).await;
        assert_eq!(rest, told[killed_at + 1..], "killed at call {killed_at}");
        assert_eq!(std::fs::read(&log).unwrap(), bytes, "killed at call {killed_at}");
    }
}

#[tokio::test]
async fn a_torn_line_is_cut_and_anything_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("world.jsonl");
    let (first, clock) = cloud(Some(&log), &Scenario::default());
    send(&first, &clock, &promote(1)).await.unwrap();
    drop(first);
    let whole = std::fs::read(&log).unwrap();
    std::fs::write(&log, [&whole[..], b"{\"n\":2,\"at\""].concat()).unwrap();
    let (second, clock) = cloud(Some(&log), &Scenario::default());
    assert_eq!(std::fs::read(&log).unwrap(), whole);
    let refused = send(&second, &clock, &promote(2)).await.unwrap_err();
    assert_eq!(refused.code, "InvalidDBClusterStateFault");
    assert_eq!(lines(&log)[1]["n"], 2);
    std::fs::write(&log, b"{\"n\":1}\n").unwrap();
    let clock = Arc::new(SimClock::new(0, clock::Speed::Max, false));
    let error = SimCloud::open(Some(&log), &failover(), &Scenario::default(), SEED, clock).unwrap_err();
    assert!(matches!(error, SimError::Damaged { line: 1, .. }), "{error}");
}

#[test]
fn the_log_is_private_and_no_link() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("world.jsonl");
    drop(cloud(Some(&log), &Scenario::default()));
    assert_eq!(std::fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&log, &link).unwrap();
    let clock = Arc::new(SimClock::new(0, clock::Speed::Max, false));
    let error = SimCloud::open(Some(&link), &failover(), &Scenario::default(), SEED, clock).unwrap_err();
    assert!(matches!(error, SimError::Io { .. }), "{error}");
}

#[tokio::test]
async fn a_call_that_cannot_be_written_down_does_not_happen() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("world.jsonl");
    let (cloud, clock) = cloud(Some(&log), &Scenario::default());
    // A file that is open for reading only stands in for a full disk.
    cloud.state.lock().unwrap().witness = Some(Witness::read_only(&log));
    let before = world_of(&cloud);
    for attempt in 1..=2 {
        let error = send(&cloud, &clock, &promote(attempt)).await.unwrap_err();
        assert_eq!((error.kind, error.code.as_str()), (CloudErrorKind::Unavailable, "WorldLogUnwritable"));
    }
    assert_eq!(world_of(&cloud), before);
}

#[tokio::test]
async fn a_lost_answer_hides_a_change_that_happened() {
    let lost = json!([{"kind": "lost_answer", "action": "aws/rds.promote_read_replica_db_cluster", "times": 1}]);
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("world.jsonl");
    let (cloud, clock) = cloud(Some(&log), &scenario(lost));
    let sent_ms = clock.now_ms();
    let error = send(&cloud, &clock, &promote(1)).await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::UnknownOutcome);
    assert_eq!(clock.now_ms(), sent_ms + 30_000);
    assert_eq!(send(&cloud, &clock, &look()).await.unwrap()["status"], "promoting");
    let sends = lines(&log).into_iter().filter(|line| line["action"] == promote(1).call.name()).count();
    assert_eq!(sends, 1);
}

#[tokio::test]
async fn a_lost_request_changes_nothing_and_is_not_witnessed() {
    let lost = json!([{"kind": "lost_request", "action": "aws/rds.promote_read_replica_db_cluster", "times": 1}]);
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("world.jsonl");
    let (first, clock) = cloud(Some(&log), &scenario(lost.clone()));
    let error = send(&first, &clock, &promote(1)).await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::UnknownOutcome);
    let looked = send(&first, &clock, &look()).await.unwrap();
    assert!(looked["replication_source_identifier"].is_string());
    assert_eq!(lines(&log).iter().filter(|line| line["action"] == promote(1).call.name()).count(), 0);
    // Also a resumed drill knows that the fault has struck.
    drop(first);
    let (second, clock) = cloud(Some(&log), &scenario(lost));
    assert!(send(&second, &clock, &promote(2)).await.is_ok());
    let ns: Vec<_> = lines(&log).iter().map(|line| line["n"].as_u64().unwrap()).collect();
    assert_eq!(ns, [1, 2, 3]);
}

#[tokio::test]
async fn a_lost_region_answers_nobody() {
    let lost = scenario(json!([{"kind": "region_lost", "region": DR, "after": "10m", "for": "5m"}]));
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("world.jsonl");
    let (cloud, clock) = cloud(Some(&log), &lost);
    assert!(send(&cloud, &clock, &look()).await.is_ok());
    pass(&clock, 600_000).await;
    let read = send(&cloud, &clock, &look()).await.unwrap_err();
    assert_eq!(read.kind, CloudErrorKind::Unavailable);
    let sent = send(&cloud, &clock, &promote(1)).await.unwrap_err();
    assert_eq!(sent.kind, CloudErrorKind::UnknownOutcome);
    assert_eq!(lines(&log).len(), 1, "nobody received them");
    pass(&clock, 300_000).await;
    assert!(send(&cloud, &clock, &look()).await.is_ok());
}

#[tokio::test]
async fn the_primary_region_is_the_one_that_is_lost_by_default() {
    let (cloud, clock) = cloud(None, &scenario(json!([{"kind": "region_lost"}])));
    assert!(send(&cloud, &clock, &look()).await.is_ok());
    let mut primary = look();
    primary.target.region = Some("eu-central-1".to_owned());
    assert_eq!(send(&cloud, &clock, &primary).await.unwrap_err().code, "ConnectTimeout");
}

#[tokio::test]
async fn throttled_and_denied_calls_leave_the_world_alone() {
    let faults = json!([
        {"kind": "throttled", "action": "aws/rds.promote_read_replica_db_cluster", "times": 2},
        {"kind": "throttled", "action": "aws/ecs.*", "value": "PriorRequestNotComplete", "after": "1h"},
        {"kind": "access_denied", "resource": SERVICE, "for": "1h"},
    ]);
    let (cloud, clock) = cloud(None, &scenario(faults));
    for _ in 0..2 {
        let error = send(&cloud, &clock, &promote(1)).await.unwrap_err();
        assert_eq!((error.kind, error.code.as_str()), (CloudErrorKind::Throttled, "Throttling"));
    }
    assert!(send(&cloud, &clock, &promote(1)).await.is_ok());
    let denied = send(&cloud, &clock, &scale(3)).await.unwrap_err();
    assert_eq!((denied.kind, denied.code.as_str()), (CloudErrorKind::Denied, "AccessDeniedException"));
    assert!(denied.message.contains("ecs:UpdateService"), "{denied}");
    pass(&clock, 3_600_000).await;
    assert_eq!(send(&cloud, &clock, &scale(3)).await.unwrap_err().code, "PriorRequestNotComplete");
}

#[tokio::test]
async fn a_hang_makes_the_transition_longer() {
    let faults = json!([{"kind": "hangs", "action": "aws/rds.promote_read_replica_db_cluster", "value": "2h"}]);
    let (cloud, clock) = cloud(None, &scenario(faults));
    send(&cloud, &clock, &promote(1)).await.unwrap();
    pass(&clock, 2 * 3_600_000).await;
    assert_eq!(send(&cloud, &clock, &look()).await.unwrap()["status"], "promoting");
    pass(&clock, 10 * 60_000).await;
    assert!(send(&cloud, &clock, &look()).await.unwrap()["replication_source_identifier"].is_null());
}

#[tokio::test]
async fn the_lag_is_what_the_fault_says() {
    let faults = json!([{"kind": "lag", "value": "2h", "for": "1h"}]);
    let (cloud, clock) = cloud(None, &scenario(faults));
    let metric = request("lag", 1, "aws/cloudwatch.get_metric", &lag_metric());
    assert_eq!(send(&cloud, &clock, &metric).await.unwrap()["latest"], 7200.0);
    pass(&clock, 3_600_000).await;
    assert!(send(&cloud, &clock, &metric).await.unwrap()["latest"].as_f64().unwrap() < 60.0);
}

#[tokio::test]
async fn one_resolver_keeps_the_old_answer() {
    let faults = json!([{"kind": "stale_resolver", "resource": HOST, "for": "20m"}]);
    let (cloud, clock) = cloud(None, &scenario(faults));
    send(&cloud, &clock, &calls()[4]).await.unwrap();
    pass(&clock, 10 * 60_000).await;
    let ask = request("dns", 1, "dns/resolve", &json!({"name": HOST, "type": "CNAME"}));
    let stale = send(&cloud, &clock, &ask).await.unwrap();
    assert_eq!(stale["agree"], false);
    assert_eq!(stale["resolvers"][0]["answers"][0], "alb.us-east-1.example");
    assert_ne!(stale["resolvers"][2]["answers"][0], "alb.us-east-1.example");
    pass(&clock, 11 * 60_000).await;
    assert_eq!(send(&cloud, &clock, &ask).await.unwrap()["agree"], true);
}

#[tokio::test]
async fn health_flaps_every_other_time() {
    let (cloud, clock) = cloud(None, &scenario(json!([{"kind": "health_flaps", "resource": HOST}])));
    let check = request("health", 1, "http/check", &json!({"url": format!("https://{HOST}/health")}));
    let other = request("health", 1, "http/check", &json!({"url": "https://other.example/"}));
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(send(&cloud, &clock, &check).await.unwrap()["ok"].as_bool().unwrap());
        assert_eq!(send(&cloud, &clock, &other).await.unwrap()["ok"], true);
    }
    assert_eq!(seen, [false, true, false, true]);
}

#[tokio::test]
async fn an_answer_slower_than_the_callers_patience_is_not_heard() {
    let (cloud, clock) = cloud(None, &Scenario::default());
    let mut hasty = promote(1);
    hasty.timeout_ms = 10;
    let before = clock.now_ms();
    assert_eq!(send(&cloud, &clock, &hasty).await.unwrap_err().kind, CloudErrorKind::UnknownOutcome);
    assert_eq!(clock.now_ms(), before + 10);
    pass(&clock, 60_000).await;
    assert_eq!(send(&cloud, &clock, &look()).await.unwrap()["status"], "promoting");
}

#[test]
fn lost_devices_and_the_start_come_from_the_scenario() {
    let mut lost = scenario(json!([{"kind": "mfa_device_lost", "resource": "alice", "after": "5m"}]));
    assert_eq!(start_ms(&lost), DEFAULT_START_MS);
    assert_eq!(crate::model::time::rfc3339(DEFAULT_START_MS), "2026-01-04T03:00:00.000Z");
    lost.starts_at = Some("2026-11-22T03:00:00Z".to_owned());
    assert_eq!(lost_devices(&lost), [("alice".to_owned(), start_ms(&lost) + 300_000)]);
}

#[tokio::test]
async fn route_53_is_steered_from_one_region() {
    let (cloud, clock) = cloud(None, &scenario(json!([{"kind": "region_lost", "region": "us-east-1"}])));
    let mut dns = calls()[4].clone();
    dns.target.region = Some("eu-central-1".to_owned());
    assert_eq!(send(&cloud, &clock, &dns).await.unwrap_err().kind, CloudErrorKind::UnknownOutcome);
}

/// What a screen is told while many objects are copied: it grows with time, and ends with the call.
#[tokio::test]
async fn copies_under_way_are_counted() {
    let with = json!({"bucket": "docs", "replica_bucket": "docs-replica", "replica_region": "us-east-1"});
    let copy_step = step("copy", "aws/s3.copy_from_replica", &with);
    let clock = Arc::new(SimClock::new(start_ms(&Scenario::default()), clock::Speed::Max, false));
    let cloud = SimCloud::open(None, &plan(vec![copy_step]), &Scenario::default(), SEED, Arc::clone(&clock)).unwrap();
    let copy = CallRequest { timeout_ms: 600_000, ..request("copy", 1, "aws/s3.copy_from_replica", &with) };
    assert_eq!(cloud.progress("copy"), None);
    let mut call = cloud.call(&copy);
    assert!(futures_util::FutureExt::now_or_never(&mut call).is_none());
    let begun = cloud.progress("copy").unwrap();
    assert!(begun.done == 0 && begun.total > 200, "{begun:?}");
    // A second of the copies is as many as a second takes.
    pass(&clock, 1_000).await;
    let later = cloud.progress("copy").unwrap();
    assert!(later.done > 100 && later.done < later.total && later.bytes > 0, "{later:?}");
    assert_eq!((later.elapsed_ms, cloud.progress("other")), (1_000, None));
    drop(call);
    let copied = send(&cloud, &clock, &CallRequest { timeout_ms: 600_000, ..copy }).await.unwrap();
    assert_eq!(copied["copied"], 0, "the world has what was sent, whoever waits for it");
    assert_eq!(cloud.progress("copy"), None);
}
