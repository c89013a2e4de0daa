//! Whole tables against a scripted cloud.

mod judges;

use std::sync::Mutex;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::json;

use super::judge::{Answer, Silence};
use super::*;
use crate::engine::effect::{CallRequest, CallSession};
use crate::engine::ports::{Cloud, CloudReply};
use crate::model::action::examples::{example, example_with};
use crate::model::action::{Action, SPECS};
use crate::model::outcome::{CloudError, CloudErrorKind, Mode};
use crate::model::plan::{Intent, Plan, ResolvedTarget};
use crate::model::runbook::SourceFile;
use crate::model::{Object, Value};
use crate::source;

const SHIPPED: &str = include_str!("../../../runbooks/regional_failover.yaml");

fn plan_as(text: &str, intent: Intent) -> Plan {
    let loaded = source::load(vec![SourceFile { path: "t.yaml".to_owned(), text: text.to_owned() }]);
    let runbook = loaded.runbook.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    let context = source::RunContext {
        given: Object::new(),
        mode: Mode::Real,
        intent,
        operator: "alice".to_owned(),
        run: "R".to_owned(),
        now_ms: 1_767_495_600_000,
    };
    source::instantiate(&runbook, &context).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn plan_of(text: &str) -> Plan {
    plan_as(text, Intent::Planned)
}

/// A runbook with one target and the given steps, one a line.
fn with_steps(steps: &[&str]) -> Plan {
    let lines: Vec<String> = steps.iter().map(|step| format!("      - {step}\n")).collect();
    plan_of(&format!(
        "version: 1\nname: t\nobjectives: {{ rto: 1h, rpo: 1h }}\n\
         targets: {{ dr: {{ region: us-east-1, account: '111122223333' }} }}\n\
         defaults: {{ target: dr }}\nphases:\n  - id: p\n    budget: 30m\n    steps:\n{}",
        lines.concat()
    ))
}

type Script = dyn Fn(&CallRequest) -> Result<Value, CloudError> + Send + Sync;

/// Answers from a script, and remembers what it was asked.
struct Scripted {
    script: Box<Script>,
    asked: Mutex<Vec<CallRequest>>,
}

impl Scripted {
    fn new(script: impl Fn(&CallRequest) -> Result<Value, CloudError> + Send + Sync + 'static) -> Self {
        Self { script: Box::new(script), asked: Mutex::new(Vec::new()) }
    }
}

impl Cloud for Scripted {
    fn call<'a>(&'a self, request: &'a CallRequest) -> BoxFuture<'a, Result<CloudReply, CloudError>> {
        self.asked.lock().unwrap().push(request.clone());
        let answer = (self.script)(request);
        async move { answer.map(|value| CloudReply { value, request_id: None, cloud_ms: None }) }.boxed()
    }
}

fn asked_of(cloud: &dyn Cloud, plan: Plan) -> Vec<Finding> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(ask(cloud, &questions(&[plan]), &|name, _| name == "kubectl"))
}

fn error(kind: CloudErrorKind, code: &str) -> CloudError {
    CloudError { kind, code: code.to_owned(), message: "because".to_owned(), request_id: None }
}

/// The cloud that the shipped runbook hopes for.
#[expect(clippy::unnecessary_wraps, reason = "a script like any other")]
fn good(request: &CallRequest) -> Result<Value, CloudError> {
    Ok(match &request.call {
        Action::GetCallerIdentity(_) => json!({"account": "111122223333", "arn": "arn:aws:iam::111122223333:role/dr"}),
        Action::DescribeDbClusters(_) => {
            json!({"status": "available", "replication_source_identifier": "arn:aws:rds:eu-central-1:1:cluster:c"})
        }
        Action::DescribeServices(call) => json!({"failures": [], "services": [
            {"service_name": call.services[0], "status": "ACTIVE", "desired_count": 1, "running_count": 1}]}),
        Action::DescribeClusters(call) => json!({"failures": [], "clusters": [{"cluster_name": call.clusters[0],
            "status": "ACTIVE", "capacity_providers": ["FARGATE"], "registered_container_instances_count": 0}]}),
        Action::GetHostedZone(call) => json!({"id": call.id, "name": "lecture-platform.com."}),
        Action::HeadBucket(call) => json!({"bucket": call.bucket, "region": request.target.region}),
        Action::GetMetric(_) => json!({"latest": 41.0}),
        Action::HttpCheck(_) => json!({"ok": true, "status": 200}),
        Action::ListResourceRecordSets(call) => json!({"resource_record_sets": [{"name":
            call.start_record_name.as_ref().map(|name| format!("{name}.")), "type": "CNAME", "ttl": 300,
            "resource_records": [{"value": "old.example"}]}]}),
        Action::GetDistribution(call) => json!({"id": call.id, "status": "Deployed", "enabled": true,
            "origins": [{"id": "o", "domain_name": "old.example"}]}),
        other => panic!("nobody needs {}", other.name()),
    })
}

fn rows(findings: &[Finding]) -> Vec<String> {
    let row = |finding: &Finding| {
        let Finding { target, resource, check, state, seen, .. } = finding;
        format!("{} {target} | {resource} | {check} | {seen}", state.glyph())
    };
    findings.iter().map(row).collect()
}

#[test]
fn a_world_that_is_ready_shows_no_gap() {
    let cloud = Scripted::new(good);
    let findings = asked_of(&cloud, plan_of(SHIPPED));
    assert_eq!(
        rows(&findings),
        [
            "✓ dr | identity | account | account 111122223333 as arn:aws:iam::111122223333:role/dr",
            "✓ primary | identity | account | account 111122223333 as arn:aws:iam::111122223333:role/dr",
            "✓ global | identity | account | account 111122223333 as arn:aws:iam::111122223333:role/dr",
            "✓ dr | cluster lecture-acme-dr-cluster | replica | available, replicates arn:aws:rds:eu-central-1:1:cluster:c",
            "✓ dr | metric AuroraBinlogReplicaLag of lecture-acme-dr-cluster | lag | 41s behind, RPO 1h",
            "✓ dr | ecs cluster lecture-acme-dr-cluster | capacity | ACTIVE, FARGATE",
            "✓ dr | service lecture-acme-dr-cluster/lecture-backend-service | service | ACTIVE, 1 of 1 tasks run",
            "✓ dr | service lecture-acme-dr-cluster/lecture-worker-service | service | ACTIVE, 1 of 1 tasks run",
            "✓ dr | bucket content-acme-prod-replica | bucket | in us-east-1",
            "✓ primary | ecs cluster lecture-acme-cluster | capacity | ACTIVE",
            "✓ primary | service lecture-acme-cluster/lecture-backend-service | service | ACTIVE, 1 of 1 tasks run",
            "✓ dr | program kubectl | program | found",
            "✓  | https://dr-api.acme.lecture-platform.com/health | endpoint | answers 200",
            "✓ global | zone Z0LECTUREPLATFORM | zone | lecture-platform.com.",
            "✓ global | record api.acme.lecture-platform.com CNAME | record | old.example, TTL 300s",
            "✓ global | distribution E2LECTUREWEBAPP | distribution | Deployed, origin old.example",
        ]
    );
    assert!(is_ready(&findings));
    let asked = cloud.asked.lock().unwrap();
    let keys: std::collections::BTreeSet<String> =
        asked.iter().map(|request| format!("{:?} {:?}", request.target.region, request.call)).collect();
    assert_eq!(keys.len(), asked.len(), "a read was sent twice");
    assert!(findings.iter().all(|finding| finding.check == "account" || !finding.steps.is_empty()));
}

#[test]
fn five_gaps_are_found_and_nothing_else() {
    let cloud = Scripted::new(|request| match &request.call {
        Action::DescribeDbClusters(_) => Ok(json!({"status": "available", "replication_source_identifier": null})),
        Action::DescribeServices(call) if call.services == ["lecture-worker-service"] => {
            Ok(json!({"services": [], "failures": [{"arn": "a", "reason": "MISSING"}]}))
        }
        Action::GetMetric(_) => Ok(json!({"latest": 5400.0})),
        Action::HeadBucket(_) => Err(error(CloudErrorKind::NotFound, "NotFound")),
        Action::ListResourceRecordSets(_) => Ok(json!({"resource_record_sets": [
            {"name": "api.acme.lecture-platform.com.", "type": "A"}]})),
        _ => good(request),
    });
    let findings = asked_of(&cloud, plan_of(SHIPPED));
    let wrong: Vec<Finding> = findings.iter().filter(|finding| finding.state != State::Ok).cloned().collect();
    assert_eq!(
        rows(&wrong),
        [
            "✗ dr | cluster lecture-acme-dr-cluster | replica | available, replicates from nobody",
            "✗ dr | metric AuroraBinlogReplicaLag of lecture-acme-dr-cluster | lag | 1h 30m behind, RPO 1h",
            "✗ dr | service lecture-acme-dr-cluster/lecture-worker-service | service | does not exist (MISSING)",
            "✗ dr | bucket content-acme-prod-replica | bucket | does not exist",
            "✗ global | record api.acme.lecture-platform.com CNAME | record | not in the zone",
        ]
    );
    assert!(wrong.iter().all(|finding| finding.help.is_some()), "a gap without a way out");
    assert!(!is_ready(&findings));
}

#[test]
fn what_could_not_be_asked_is_unknown_and_not_ready() {
    let cloud = Scripted::new(|request| match (&request.call, request.target.name.as_str()) {
        // The lost region answers nobody.
        (_, "primary") => Err(error(CloudErrorKind::Unavailable, "ConnectTimeout")),
        (Action::GetDistribution(_), _) => Err(error(CloudErrorKind::Denied, "AccessDenied")),
        (Action::GetMetric(_), _) => Ok(json!({"latest": null, "raw": null})),
        _ => good(request),
    });
    let findings = asked_of(&cloud, plan_of(SHIPPED));
    let open: Vec<Finding> = findings.iter().filter(|finding| finding.state != State::Ok).cloned().collect();
    assert_eq!(
        rows(&open),
        [
            "? primary | identity | account | ConnectTimeout: because",
            "? dr | metric AuroraBinlogReplicaLag of lecture-acme-dr-cluster | lag | no datapoint",
            "? primary | ecs cluster lecture-acme-cluster | capacity | ConnectTimeout: because",
            "? primary | service lecture-acme-cluster/lecture-backend-service | service | ConnectTimeout: because",
            "? global | distribution E2LECTUREWEBAPP | distribution | AccessDenied: because",
        ]
    );
    assert!(open[4].help.as_ref().unwrap().contains("cloudfront:GetDistribution"));
    assert!(!is_ready(&findings) && !no_credentials_at_all(&findings));
}

#[test]
fn an_identity_in_doubt_is_asked_nothing_more() {
    let cloud = Scripted::new(|request| match &request.call {
        Action::GetCallerIdentity(_) => Ok(json!({"account": "999999999999", "arn": "a"})),
        _ => good(request),
    });
    let findings = asked_of(&cloud, plan_of(SHIPPED));
    assert!(findings[..3].iter().all(|finding| finding.state == State::Gap), "{:#?}", rows(&findings));
    assert!(findings[0].help.as_ref().unwrap().contains("111122223333"));
    let asked = cloud.asked.lock().unwrap();
    let sent: Vec<&str> = asked.iter().map(|request| request.call.name()).collect();
    assert_eq!(sent.iter().filter(|name| name.starts_with("aws/")).count(), 2, "{sent:?}");
    assert!(sent.contains(&"http/check"), "what needs no identity is asked all the same: {sent:?}");
    drop(asked);
    let cloud = Scripted::new(|_| Err(error(CloudErrorKind::Denied, "NoCredentials")));
    assert!(no_credentials_at_all(&asked_of(&cloud, plan_of(SHIPPED))));
}

/// Actions before which nothing has to hold that a read could tell.
const NOTHING_TO_ASK: &[&str] = &[
    "aws/logs.create_log_group",
    "aws/cloudwatch.put_metric_alarm",
    "aws/sts.get_caller_identity",
    "aws/route53.get_change",
    "aws/cloudfront.get_invalidation",
    "aws/backup.start_restore_job",
    "aws/backup.list_restore_jobs",
    "aws/route53.test_dns_answer",
    "aws/route53.get_health_check_status",
    "aws/route53.get_health_check",
    "aws/route53.update_health_check",
    "aws/application_autoscaling.register_scalable_target",
    "aws/application_autoscaling.describe_scalable_targets",
    "aws/elbv2.describe_target_health",
    "aws/elbv2.describe_target_groups",
    "aws/elbv2.modify_target_group",
    "aws/dynamodb.restore_table_to_point_in_time",
    "aws/dynamodb.describe_table",
    "aws/dynamodb.update_continuous_backups",
    "aws/dynamodb.describe_time_to_live",
    "aws/dynamodb.update_time_to_live",
    "aws/dynamodb.update_table",
    "aws/dynamodb.delete_table",
    "aws/sns.publish",
    "aws/rds.remove_from_global_cluster",
    "aws/rds.failover_db_cluster",
    "aws/rds.restore_db_cluster_to_point_in_time",
    "aws/rds.restore_db_cluster_from_snapshot",
    "aws/rds.create_db_instance",
    "aws/rds.restore_db_instance_to_point_in_time",
    "aws/rds.create_db_cluster_snapshot",
    "aws/rds.describe_db_cluster_snapshots",
    "aws/rds.delete_db_cluster",
    "aws/rds.delete_db_instance",
    "aws/elasticache.failover_global_replication_group",
    "aws/elasticache.describe_global_replication_groups",
    "aws/backup.start_restore_job",
    "aws/backup.describe_restore_job",
    "aws/backup.list_restore_jobs",
    "aws/backup.list_recovery_points_by_backup_vault",
    "dns/resolve",
    "sql/query",
    "redis/command",
    "slack/post",
    "teams/post",
    "webhook/post",
    "pagerduty/change_event",
    "manual",
    "note",
    "wait",
];

/// The questions that a step with an action's example raises.
fn derived(action: &str) -> Vec<Question> {
    let with = example_with(action).unwrap();
    questions(&[with_steps(&[&format!("{{ id: s, uses: {action}, with: {with}, confirm: {{ type: x }} }}")])])
}

/// No question may ever change anything; and every action of the catalogue is either asked about or
/// known to raise no question.
#[test]
fn every_question_only_reads() {
    for spec in SPECS {
        // What a run deletes it has made itself: it is not there before, and alone it is refused.
        let deletes = !example(spec.name).unwrap().operation().deletes().is_empty();
        if NOTHING_TO_ASK.contains(&spec.name) || deletes {
            continue;
        }
        let questions = derived(spec.name);
        let can_be_asked = !spec.risk.changes() || example(spec.name).unwrap().probe().is_some();
        assert!(questions.len() > 1 || !can_be_asked, "{} raises no question but who asks", spec.name);
        for question in &questions {
            let here = matches!(question.check, Check::Program { .. } | Check::Later { .. });
            assert_eq!(question.asks.is_empty(), here, "{question:?}");
            for request in question.asks.iter().map(super::ask::request) {
                assert!(is_read(&request), "{request:?}");
            }
        }
    }
    // The same look at a request that does change something: or the test above proves nothing.
    let promote = Action::parse("aws/rds.promote_read_replica_db_cluster", &json!({"db_cluster_identifier": "c"}));
    let change = Ask { target: ResolvedTarget::default(), action: promote.unwrap() };
    assert!(!is_read(&super::ask::request(&change)));
}

fn is_read(request: &CallRequest) -> bool {
    !request.call.spec().risk.changes() && !request.changes && request.session == CallSession::Base
}

/// And should one be derived by mistake, it is not sent.
#[test]
fn a_question_that_would_change_something_is_not_sent() {
    let promote = Action::parse("aws/rds.promote_read_replica_db_cluster", &json!({"db_cluster_identifier": "c"}));
    let target = ResolvedTarget::default();
    let question = Question {
        target: target.clone(),
        resource: "cluster c".to_owned(),
        check: Check::Cluster,
        asks: vec![Ask { target, action: promote.unwrap() }],
        steps: Vec::new(),
    };
    let cloud = Scripted::new(|_| Ok(json!({})));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let findings = runtime.block_on(ask(&cloud, &[question], &|_, _| true));
    assert_eq!((findings[0].state, cloud.asked.lock().unwrap().len()), (State::Unknown, 0));
}

#[test]
fn names_that_only_the_run_can_tell_are_listed_as_such() {
    let plan = with_steps(&[
        "{ id: find, uses: exec, with: { argv: [./find.sh] }, outputs: { name: '${{ result.stdout }}' } }",
        "{ id: promote, uses: aws/rds.promote_read_replica_db_cluster, \
         with: { db_cluster_identifier: '${{ steps.find.outputs.name }}' }, confirm: { type: x }, \
         verify: [{ uses: aws/rds.describe_db_clusters, expect: \"result.status == 'available'\" }] }",
    ]);
    let findings = asked_of(&Scripted::new(good), plan);
    let later: Vec<&Finding> = findings.iter().filter(|finding| finding.state == State::Later).collect();
    assert_eq!(later.len(), 1, "{:#?}", rows(&findings));
    assert_eq!(later[0].resource, "db_cluster_identifier of promote");
    assert!(later[0].help.as_ref().unwrap().contains("steps.find.outputs.name"));
    let program: Vec<&Finding> = findings.iter().filter(|finding| finding.check == "program").collect();
    assert_eq!((program[0].state, program[0].seen.as_str()), (State::Gap, "not found"));
}

#[test]
fn what_a_step_makes_is_not_there_before() {
    let plan = || {
        with_steps(&[
            "{ id: restore, uses: aws/rds.restore_db_cluster_to_point_in_time, with: { db_cluster_identifier: new, \
             source_db_cluster_identifier: old, use_latest_restorable_time: true }, \
             verify: [{ uses: aws/rds.describe_db_clusters, expect: \"result.status == 'available'\" }] }",
            "{ id: writer, uses: aws/rds.create_db_instance, with: { db_instance_identifier: new-1, \
             db_instance_class: db.r6g.large, engine: aurora-mysql, db_cluster_identifier: new } }",
            "{ id: delete, uses: aws/rds.delete_db_cluster, confirm: { type: new }, \
             with: { db_cluster_identifier: new, skip_final_snapshot: true } }",
        ])
    };
    let table = |there: &'static [&'static str]| {
        let cloud = Scripted::new(move |request| match &request.call {
            Action::DescribeDbClusters(call) if there.contains(&call.db_cluster_identifier.as_str()) => good(request),
            Action::DescribeDbClusters(_) | Action::DescribeDbInstances(_) => {
                Err(error(CloudErrorKind::NotFound, "NotFound"))
            }
            _ => good(request),
        });
        let findings = asked_of(&cloud, plan());
        findings[1..]
            .iter()
            .map(|finding| format!("{} {}", finding.state.glyph(), finding.resource))
            .collect::<Vec<_>>()
    };
    let whole = ["✓ cluster old", "✓ db cluster new", "✓ db instance new-1"];
    assert_eq!(table(&["old"]), whole);
    let wrong = ["✗ cluster old", "✗ db cluster new", "✓ db instance new-1"];
    assert_eq!(table(&["new"]), wrong);
}

#[test]
fn what_is_set_again_on_a_restored_table_is_not_asked_before() {
    let plan = with_steps(&[
        "{ id: restore, uses: aws/dynamodb.restore_table_to_point_in_time, with: { source_table_name: orders, \
         target_table_name: orders-new, use_latest_restorable_time: true } }",
        "{ id: keep, uses: aws/dynamodb.update_continuous_backups, with: { table_name: orders-new, \
         point_in_time_recovery_specification: { point_in_time_recovery_enabled: true } } }",
    ]);
    let cloud = Scripted::new(|request| match &request.call {
        Action::DescribeContinuousBackups(call) if call.table_name == "orders" => {
            Ok(json!({"point_in_time_recovery_status": "DISABLED"}))
        }
        Action::DescribeTable(_) | Action::DescribeContinuousBackups(_) => {
            Err(error(CloudErrorKind::NotFound, "ResourceNotFoundException"))
        }
        _ => good(request),
    });
    let findings = asked_of(&cloud, plan);
    assert_eq!(
        rows(&findings[1..]),
        [
            "✗ dr | table orders | point_in_time | point-in-time recovery is off",
            "✓ dr | table orders-new | free | not there yet, the runbook makes it",
        ]
    );
}

#[test]
fn endpoints_are_asked_while_they_can_tell() {
    let step = |id: &str, host: &str| format!("{{ id: {id}, uses: http/check, with: {{ url: 'https://{host}/' }} }}");
    let plan = with_steps(&[
        "{ id: scale, uses: aws/ecs.update_service, with: { cluster: c, service: s, desired_count: 3 } }",
        &step("dr", "dr.example"),
        "{ id: flip, uses: aws/cloudfront.update_origin, with: { id: E1, domain_name: b.example } }",
        &step("customers", "www.example"),
    ]);
    let answers = |tasks: u64| {
        Scripted::new(move |request| match &request.call {
            Action::HttpCheck(_) => Ok(json!({"ok": false, "status": 503})),
            Action::DescribeServices(_) => Ok(json!({"services": [
                {"status": "ACTIVE", "desired_count": tasks, "running_count": tasks}]})),
            _ => good(request),
        })
    };
    let endpoints = |tasks: u64| {
        let findings = asked_of(&answers(tasks), plan.clone());
        findings.into_iter().filter(|finding| finding.check == "endpoint").collect::<Vec<_>>()
    };
    assert_eq!(
        rows(&endpoints(0)),
        ["✓  | https://dr.example/ | endpoint | answers 503; its tasks are started by the runbook"]
    );
    assert_eq!(rows(&endpoints(1)), ["✗  | https://dr.example/ | endpoint | answers 503"]);
}

#[test]
fn the_emergency_variant_is_asked_about_too() {
    let text = "version: 1\nname: t\nphases:\n  - id: p\n    budget: 30m\n    steps:\n      \
        - { id: move, uses: aws/rds.switchover_global_cluster, confirm: { type: g }, with: { global_cluster_identifier: g, \
        target_db_cluster_identifier: arn }, emergency: { uses: aws/rds.promote_read_replica_db_cluster, \
        with: { db_cluster_identifier: c } } }\n";
    let both = questions(&[plan_as(text, Intent::Planned), plan_as(text, Intent::Emergency)]);
    let resources: Vec<&str> = both.iter().map(|question| question.resource.as_str()).collect();
    assert_eq!(resources, ["identity", "global database g", "cluster c"]);
}
