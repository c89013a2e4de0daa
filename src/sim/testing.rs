//! Plans, calls and worlds for the tests of this room.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::json;

use super::clock::{SimClock, Speed};
use super::world::{Arrival, World};
use super::{SimCloud, derive, overlay, start_ms};
use crate::engine::effect::{CallRequest, CallSession};
use crate::engine::ports::{Clock, Cloud};
use crate::model::action::Action;
use crate::model::event::{Purpose, Ticket};
use crate::model::outcome::{CloudError, Mode};
use crate::model::plan::{Intent, Plan, PlanStep, ResolvedTarget};
use crate::model::runbook::{ActionUse, Check, Confirm, Gates, MfaRule, OnFailure, ResumePolicy, Retry};
use crate::model::scenario::Scenario;
use crate::model::span::{Located, Span};
use crate::model::template::{Node, Tree};
use crate::model::{Object, Value};

pub const SEED: u64 = 7;
pub const DR: &str = "us-east-1";
pub const CLUSTER: &str = "lecture-acme-dr-cluster";
pub const SERVICE: &str = "lecture-backend-service";
pub const ZONE: &str = "Z0EXAMPLE";
pub const HOST: &str = "api.acme.lecture.example";
pub const DISTRIBUTION: &str = "E2EXAMPLE";
pub const BUCKET: &str = "content-acme-prod";
pub const GLOBAL: &str = "shop-global";
pub const GLOBAL_TARGET: &str = "arn:aws:rds:us-east-1:111122223333:cluster:shop-dr";

pub fn tree(value: &Value) -> Tree {
    let node = match value {
        Value::String(text) => Node::Text(text.clone()),
        Value::Array(items) => Node::List(items.iter().map(tree).collect()),
        Value::Object(members) => {
            Node::Map(members.iter().map(|(key, item)| (key.clone(), (Span::default(), tree(item)))).collect())
        }
        other => Node::Scalar(other.clone()),
    };
    Tree { node, span: Span::default() }
}

pub fn uses(action: &str, with: &Value) -> ActionUse {
    ActionUse { action: Located::new(action.to_owned(), Span::default()), with: tree(with), target: None }
}

pub fn step(id: &str, action: &str, with: &Value) -> PlanStep {
    let spec = Action::spec_of(action).unwrap();
    PlanStep {
        key: id.to_owned(),
        id: id.to_owned(),
        each: None,
        phase: 0,
        title: None,
        needs: Vec::new(),
        when: None,
        uses: uses(action, with),
        target: Some("dr".to_owned()),
        risk: spec.risk,
        class: spec.class,
        gates: Gates { confirm: Confirm::Press, message: None, mfa: MfaRule::Never, approvals: None },
        checks: Vec::new(),
        verify: Vec::new(),
        retry: Retry::default(),
        timeout_ms: 600_000,
        usual_ms: spec.usual_ms,
        on_failure: OnFailure::Pause,
        rollback: Vec::new(),
        resume: ResumePolicy::Probe,
        outputs: IndexMap::new(),
        milestone: None,
        in_mode: true,
        always: false,
    }
}

pub fn verify(action: &str, with: &Value) -> Check {
    Check {
        uses: Some(uses(action, with)),
        expect: None,
        message: None,
        override_role: None,
        every_ms: 10_000,
        for_ms: 0,
        consecutive: 1,
        span: Span::default(),
    }
}

pub fn plan(steps: Vec<PlanStep>) -> Plan {
    let object = |value: Value| value.as_object().cloned().unwrap_or_default();
    let target = ResolvedTarget {
        name: "dr".to_owned(),
        region: Some(DR.to_owned()),
        account: Some("111122223333".to_owned()),
        ..ResolvedTarget::default()
    };
    Plan {
        name: "regional_failover".to_owned(),
        title: "Regional failover".to_owned(),
        digest: "sha256:0".to_owned(),
        mode: Mode::Drill,
        intent: Intent::Planned,
        operator: "alice".to_owned(),
        rto_ms: Some(14_400_000),
        rpo_ms: Some(3_600_000),
        rpa: None,
        clock_at_ms: 0,
        knows_impact: false,
        started_at_ms: 0,
        inputs: object(json!({"customer": "acme", "primary": "eu-central-1", "dr": DR})),
        secrets: IndexMap::new(),
        vars: object(json!({"cluster": CLUSTER})),
        targets: IndexMap::from([("dr".to_owned(), target)]),
        roles: IndexMap::new(),
        contacts: IndexMap::new(),
        mfa: None,
        schedule: None,
        phases: Vec::new(),
        steps,
    }
}

/// The steps of a whole failover.
pub fn failover() -> Plan {
    let record =
        json!({"name": HOST, "type": "CNAME", "ttl": 60, "resource_records": [{"value": "alb.us-east-1.example"}]});
    let batch = json!({"changes": [{"action": "UPSERT", "resource_record_set": record}]});
    let mut promote = step(
        "promote",
        "aws/rds.promote_read_replica_db_cluster",
        &json!({"db_cluster_identifier": "${{ vars.cluster }}"}),
    );
    promote.verify = vec![verify("aws/rds.describe_db_clusters", &json!({"db_cluster_identifier": CLUSTER}))];
    let mut scale = step(
        "scale",
        "aws/ecs.update_service",
        &json!({"cluster": "${{ vars.cluster }}", "service": "lecture-${{ each }}-service", "desired_count": 3}),
    );
    scale.each = Some(json!("backend"));
    scale.verify = vec![verify("aws/ecs.services_stable", &json!({}))];
    let instance = json!({"db_instance_identifier": "shop-replica"});
    let global = json!({"global_cluster_identifier": GLOBAL, "target_db_cluster_identifier": GLOBAL_TARGET, "allow_data_loss": true});
    let object = json!({"bucket": BUCKET, "key": "uploads/file.pdf", "version_id": "v-good"});
    let origin = json!({"id": DISTRIBUTION, "domain_name": "${{ steps.promote.outputs.endpoint }}"});
    plan(vec![
        step("identity", "aws/sts.get_caller_identity", &json!({})),
        step("lag", "aws/cloudwatch.get_metric", &lag_metric()),
        promote,
        step("promote_instance", "aws/rds.promote_read_replica", &instance),
        step("global", "aws/rds.failover_global_cluster", &global),
        scale,
        step("dns", "aws/route53.change_resource_record_sets", &json!({"hosted_zone_id": ZONE, "change_batch": batch})),
        step("origin", "aws/cloudfront.update_origin", &origin),
        step("restore", "aws/s3.restore_object_version", &object),
        step("health", "http/check", &json!({"url": format!("https://{HOST}/health")})),
    ])
}

pub fn lag_metric() -> Value {
    let dimensions = json!({"DBClusterIdentifier": CLUSTER});
    json!({"namespace": "AWS/RDS", "metric_name": "AuroraBinlogReplicaLag", "dimensions": dimensions})
}

pub fn scenario(faults: impl Into<Value>) -> Scenario {
    let faults: Value = faults.into();
    serde_json::from_value(json!({"name": "test", "faults": faults})).unwrap()
}

pub fn act(name: &str, with: &Value) -> Action {
    Action::parse(name, with).unwrap()
}

pub fn target() -> ResolvedTarget {
    plan(Vec::new()).target(Some("dr"))
}

/// A world under the hand of a test: time passes and calls arrive as it says.
pub struct Hand {
    pub world: World,
    pub n: u64,
}

impl Hand {
    pub fn new(plan: &Plan, scenario: &Scenario) -> Self {
        let mut world = derive::world(plan, scenario, SEED).unwrap();
        overlay::lay(&mut world, scenario).unwrap();
        Self { world, n: 0 }
    }

    pub fn failover() -> Self {
        Self::new(&failover(), &Scenario::default())
    }

    pub fn call(&mut self, name: &str, with: &Value) -> Result<Value, CloudError> {
        self.n += 1;
        let action = act(name, with);
        let changes = action.spec().risk.changes();
        let target = target();
        let arrival = Arrival { n: self.n, action: &action, target: &target, token: "token", changes };
        let fate = self.world.fate(&arrival);
        self.world.receive(&arrival, &fate)
    }

    pub fn ok(&mut self, name: &str, with: &Value) -> Value {
        self.call(name, with).unwrap()
    }

    /// The code a call is refused with.
    pub fn code(&mut self, name: &str, with: &Value) -> String {
        self.call(name, with).unwrap_err().code
    }

    pub fn wait_s(&mut self, seconds: i64) {
        let until = self.world.now_ms + seconds * 1000;
        self.world.advance_to(until);
    }

    pub fn health(&mut self) -> Value {
        self.ok("http/check", &json!({"url": format!("https://{HOST}/health")}))
    }
}

/// A cloud, and the clock it lives by.
pub fn cloud(log: Option<&std::path::Path>, scenario: &Scenario) -> (SimCloud, Arc<SimClock>) {
    let clock = Arc::new(SimClock::new(start_ms(scenario), Speed::Max, false));
    (SimCloud::open(log, &failover(), scenario, SEED, clock.clone()).unwrap(), clock)
}

pub fn request(step: &str, attempt: u32, name: &str, with: &Value) -> CallRequest {
    let call = act(name, with);
    let changes = call.spec().risk.changes();
    let purpose = if changes { Purpose::Action } else { Purpose::Check(0) };
    CallRequest {
        ticket: Ticket { step: step.to_owned(), attempt, purpose },
        call,
        target: target(),
        token: format!("{step}-{attempt}"),
        not_before_ms: 0,
        timeout_ms: 30_000,
        changes,
        before: None,
        session: CallSession::Base,
    }
}

/// Sends a call and lets the clock jump until it is answered.
pub async fn send(cloud: &SimCloud, clock: &SimClock, request: &CallRequest) -> Result<Value, CloudError> {
    let mut call = cloud.call(request);
    loop {
        tokio::select! {
            biased;
            answer = &mut call => return answer.map(|reply| reply.value),
            () = std::future::ready(()) => assert!(clock.skip_idle(), "the call sleeps"),
        }
    }
}

pub async fn pass(clock: &SimClock, ms: i64) {
    let mut sleep = clock.sleep_until(clock.now_ms() + ms);
    loop {
        tokio::select! {
            biased;
            () = &mut sleep => return,
            () = std::future::ready(()) => assert!(clock.skip_idle(), "somebody sleeps"),
        }
    }
}

pub fn members(value: &Value) -> Vec<&str> {
    value.as_object().map(Object::keys).into_iter().flatten().map(String::as_str).collect()
}
