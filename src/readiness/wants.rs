//! One call → what it takes for granted. The closed list of what can be asked beforehand.
//!
//! Must not know: the rest of the plan, but which steps come before (an endpoint may wait for them).

use serde_json::{Value, json};

use super::derive::{before, known, target_of};
use super::question::{Ask, Check, Question};
use crate::model::Object;
use crate::model::action::Action;
use crate::model::outcome::ProbeAnswer;
use crate::model::plan::{Plan, ResolvedTarget, StepIx};
use crate::model::template::Tree;

/// One call of the plan, as far as it is known.
pub(super) struct Wanted<'a> {
    pub plan: &'a Plan,
    pub ix: StepIx,
    pub action: &'a str,
    pub tree: &'a Tree,
    /// Its inputs, null where only the run can tell.
    pub with: Value,
    pub target: ResolvedTarget,
    /// The step's own call, in contrast to what only looks or takes back.
    pub is_own: bool,
}

const CLUSTER: &str = "db_cluster_identifier";
const INSTANCE: &str = "db_instance_identifier";

/// The questions that a call raises. None where no read could tell beforehand; a test holds the list of these.
pub(super) fn of(wanted: &Wanted<'_>) -> Vec<Question> {
    match wanted.action {
        "aws/rds.promote_read_replica_db_cluster" => cluster(wanted, CLUSTER, Check::ReplicaCluster),
        "aws/rds.describe_db_clusters" => cluster(wanted, CLUSTER, Check::Cluster),
        "aws/rds.promote_read_replica" => instance(wanted, INSTANCE, Check::ReplicaInstance),
        "aws/rds.describe_db_instances" => instance(wanted, INSTANCE, Check::Instance),
        "aws/rds.restore_db_cluster_to_point_in_time" => {
            [cluster(wanted, "source_db_cluster_identifier", Check::Cluster), anything(wanted)].concat()
        }
        "aws/rds.restore_db_instance_to_point_in_time" => {
            [instance(wanted, "source_db_instance_identifier", Check::Instance), anything(wanted)].concat()
        }
        "aws/rds.create_db_cluster_snapshot" | "aws/rds.create_db_instance" => {
            [cluster(wanted, CLUSTER, Check::Cluster), anything(wanted)].concat()
        }
        "aws/rds.failover_global_cluster"
        | "aws/rds.switchover_global_cluster"
        | "aws/rds.describe_global_clusters" => global(wanted),
        "aws/ecs.update_service" | "aws/ecs.services_stable" => {
            wanted.name("service", |service| service_of(wanted, service))
        }
        "aws/ecs.register_task_definition" => {
            [wanted.name("service", |service| service_of(wanted, service)), anything(wanted)].concat()
        }
        "aws/ecs.describe_clusters" => {
            let names = wanted.with["clusters"].as_array().into_iter().flatten().filter_map(Value::as_str);
            names.map(|name| service_cluster(wanted, name, false)).collect()
        }
        "aws/ecs.describe_services" => services(wanted),
        "aws/route53.change_resource_record_sets" => records(wanted),
        "aws/route53.list_resource_record_sets" => wanted.name("hosted_zone_id", |id| zone(wanted, id)),
        "aws/route53.get_hosted_zone" => wanted.name("id", |id| zone(wanted, id)),
        "aws/cloudfront.update_origin" | "aws/cloudfront.get_distribution" => distribution(wanted, "id"),
        "aws/cloudfront.create_invalidation" => distribution(wanted, "distribution_id"),
        "aws/s3.head_bucket" => bucket(wanted, &[]),
        "aws/s3.copy_from_replica" | "aws/s3.compare_with_replica" => two_buckets(wanted),
        "aws/s3.get_bucket_versioning" | "aws/s3.list_object_versions" | "aws/s3.restore_object_version" => {
            bucket(wanted, &[(Check::Versioning, "aws/s3.get_bucket_versioning")])
        }
        "aws/s3.get_bucket_replication" => bucket(wanted, &[(Check::Replication, "aws/s3.get_bucket_replication")]),
        "aws/route53.test_dns_answer" => wanted.name("hosted_zone_id", |id| zone(wanted, id)),
        "aws/application_autoscaling.register_scalable_target" => scaled(wanted),
        "aws/dynamodb.describe_continuous_backups" => wanted.name("table_name", |table| point_in_time(wanted, table)),
        // It turns on what the row of other steps looks for.
        "aws/dynamodb.update_continuous_backups" => wanted.name("table_name", |table| {
            let (look, with) = ("aws/dynamodb.describe_continuous_backups", json!({"table_name": table}));
            wanted.one(format!("table {table}"), Check::There { makes: false }, look, &with)
        }),
        "aws/dynamodb.restore_table_to_point_in_time" => {
            [wanted.name("source_table_name", |table| point_in_time(wanted, table)), anything(wanted)].concat()
        }
        "aws/cloudwatch.get_metric" => metric(wanted),
        "http/check" => endpoint(wanted),
        "exec" => program(wanted),
        "aws/cli" | "aws/cli_read" => installed(wanted, "aws"),
        "kube/set_env" | "kube/get_deployment" | "kube/rollout_status" => installed(wanted, "kubectl"),
        // What only an earlier answer names does not exist yet; the identity is asked of each target;
        // there may well have been no restore job so far.
        "aws/sts.get_caller_identity"
        | "aws/route53.get_change"
        | "aws/cloudfront.get_invalidation"
        | "aws/backup.start_restore_job"
        // Nor a group of that name; an alarm is made, or set anew.
        | "aws/logs.create_log_group"
        | "aws/cloudwatch.put_metric_alarm"
        | "aws/backup.list_restore_jobs" => Vec::new(),
        other if other.starts_with("aws/") => anything(wanted),
        // Resolvers answer for the side that is left until traffic moves; people and the engine are asked later.
        _ => Vec::new(),
    }
}

/// The bucket that is put right, and the replica that it is put right from.
fn two_buckets(wanted: &Wanted<'_>) -> Vec<Question> {
    let replica = wanted.name("replica_bucket", |name| {
        let with = json!({"bucket": name});
        wanted.one(format!("bucket {name}"), Check::There { makes: false }, "aws/s3.head_bucket", &with)
    });
    [bucket(wanted, &[(Check::Versioning, "aws/s3.get_bucket_versioning")]), replica].concat()
}

/// The read that shows what a call is going to make; such a thing is not there before.
pub(super) fn makes(wanted: &Wanted<'_>) -> Option<Ask> {
    let action = Action::parse(wanted.action, &wanted.with).ok()?;
    let is_new = wanted.is_own && action.judge_absent() == ProbeAnswer::Before;
    action.probe().filter(|_| is_new).map(|action| Ask { target: wanted.target.clone(), action })
}

/// Any other action of AWS: what it reads, or what it changes, has to be there (and what it makes not).
fn anything(wanted: &Wanted<'_>) -> Vec<Question> {
    let Ok(action) = Action::parse(wanted.action, &wanted.with) else {
        let unknown = wanted.tree.texts().into_iter().find(|text| text.value.contains("${{ steps."));
        let from = unknown.map(|text| text.value.trim().to_owned()).filter(|_| wanted.is_own);
        let later = |from| wanted.question(format!("inputs of {}", wanted.key()), Check::Later { from }, Vec::new());
        return from.map(later).into_iter().collect();
    };
    let makes = makes(wanted).is_some();
    let look = if action.spec().risk.changes() { action.probe() } else { Some(action) };
    // Where the read has questions of its own, they are the ones.
    if let Some(look) = look.as_ref().filter(|look| !makes && look.name() != wanted.action) {
        let (action, with, target) = (look.name(), look.with(), wanted.target.clone());
        return of(&Wanted { action, with, target, is_own: false, ..*wanted });
    }
    let ask = look.map(|action| Ask { target: wanted.target.clone(), action });
    let question = |ask: Ask| wanted.question(called(&ask.action), Check::There { makes }, vec![ask]);
    ask.map(question).into_iter().collect()
}

/// `target group web`, of what a read looks at.
fn called(look: &Action) -> String {
    let operation = look.name().rsplit('.').next().unwrap_or_default();
    let noun = operation.split_once('_').map_or(operation, |(_, noun)| noun).replace('_', " ");
    let noun = noun.strip_suffix('s').filter(|noun| !noun.ends_with('u')).unwrap_or(&noun);
    let with = look.with();
    let first = || with.as_object().into_iter().flatten().find_map(|(_, value)| value.as_str());
    let name = look.operation().names().into_iter().min_by_key(|name| name.len()).or_else(first).unwrap_or_default();
    format!("{noun} {name}").trim_end().to_owned()
}

/// Auto scaling of an ECS service takes the service for granted, and makes its own bounds.
fn scaled(wanted: &Wanted<'_>) -> Vec<Question> {
    let parts: Vec<&str> = wanted.text("resource_id").unwrap_or_default().split('/').collect();
    match parts[..] {
        ["service", cluster, service] => service_in(wanted, cluster, service, false),
        _ => Vec::new(),
    }
}

impl Wanted<'_> {
    fn text(&self, member: &str) -> Option<&str> {
        self.with[member].as_str().filter(|text| !text.is_empty())
    }

    /// The questions about the resource that a member names; if only the run can name it, that is said.
    fn name(&self, member: &str, questions: impl FnOnce(&str) -> Vec<Question>) -> Vec<Question> {
        if let Some(name) = self.text(member) {
            return questions(name);
        }
        let template = self.tree.as_map().and_then(|members| members.get(member));
        let source = template.and_then(|(_, tree)| tree.texts().first().map(|text| text.value.trim().to_owned()));
        match source {
            Some(from) if self.is_own => {
                vec![self.question(format!("{member} of {}", self.key()), Check::Later { from }, Vec::new())]
            }
            _ => Vec::new(),
        }
    }

    fn key(&self) -> &str {
        &self.plan.steps[self.ix].key
    }

    fn question(&self, resource: String, check: Check, asks: Vec<Ask>) -> Question {
        Question { target: self.target.clone(), resource, check, asks, steps: vec![self.key().to_owned()] }
    }

    fn ask(&self, action: &str, with: &Value) -> Vec<Ask> {
        // What the table above makes is always an action; a test makes every one of them.
        let made = Action::parse(action, with).ok().map(|action| Ask { target: self.target.clone(), action });
        made.into_iter().collect()
    }

    /// A question that one read answers.
    fn one(&self, resource: String, check: Check, action: &str, with: &Value) -> Vec<Question> {
        vec![self.question(resource, check, self.ask(action, with))]
    }
}

fn cluster(wanted: &Wanted<'_>, member: &str, check: Check) -> Vec<Question> {
    wanted.name(member, |id| {
        let with = json!({"db_cluster_identifier": id});
        wanted.one(format!("cluster {id}"), check, "aws/rds.describe_db_clusters", &with)
    })
}

fn instance(wanted: &Wanted<'_>, member: &str, check: Check) -> Vec<Question> {
    wanted.name(member, |id| {
        let with = json!({"db_instance_identifier": id});
        wanted.one(format!("instance {id}"), check, "aws/rds.describe_db_instances", &with)
    })
}

fn global(wanted: &Wanted<'_>) -> Vec<Question> {
    wanted.name("global_cluster_identifier", |id| {
        let member = wanted.text("target_db_cluster_identifier").map(str::to_owned);
        let with = json!({"global_cluster_identifier": id});
        wanted.one(format!("global database {id}"), Check::Global { member }, "aws/rds.describe_global_clusters", &with)
    })
}

/// A service and the cluster it runs in. A service that is started needs something to run on, and knows
/// whether that is Fargate.
fn service_of(wanted: &Wanted<'_>, service: &str) -> Vec<Question> {
    let Some(cluster) = wanted.text("cluster") else { return Vec::new() };
    let starts = wanted.is_own
        && wanted.action == "aws/ecs.update_service"
        && wanted.with["desired_count"].as_u64().is_none_or(|count| count > 0);
    service_in(wanted, cluster, service, starts)
}

fn service_in(wanted: &Wanted<'_>, cluster: &str, service: &str, starts: bool) -> Vec<Question> {
    let with = json!({"cluster": cluster, "services": [service]});
    let look = wanted.ask("aws/ecs.describe_services", &with);
    let mut home = service_cluster(wanted, cluster, starts);
    if starts {
        home.asks.extend(look.clone());
    }
    vec![home, wanted.question(format!("service {cluster}/{service}"), Check::Service, look)]
}

fn service_cluster(wanted: &Wanted<'_>, cluster: &str, starts: bool) -> Question {
    let asks = wanted.ask("aws/ecs.describe_clusters", &json!({"clusters": [cluster]}));
    wanted.question(format!("ecs cluster {cluster}"), Check::ServiceCluster { starts }, asks)
}

fn services(wanted: &Wanted<'_>) -> Vec<Question> {
    let names = wanted.with["services"].as_array().into_iter().flatten().filter_map(Value::as_str);
    names.flat_map(|name| service_of(wanted, name)).collect()
}

fn zone(wanted: &Wanted<'_>, id: &str) -> Vec<Question> {
    wanted.one(format!("zone {id}"), Check::Zone, "aws/route53.get_hosted_zone", &json!({"id": id}))
}

fn records(wanted: &Wanted<'_>) -> Vec<Question> {
    wanted.name("hosted_zone_id", |id| {
        let mut found = zone(wanted, id);
        let changes = wanted.with["change_batch"]["changes"].as_array().cloned().unwrap_or_default();
        for change in &changes {
            // A record that is made new need not be there; one that is put back was changed before.
            let replaces = matches!(change["action"].as_str(), Some("UPSERT" | "DELETE")) && wanted.is_own;
            let set = &change["resource_record_set"];
            let (Some(name), Some(kind)) = (set["name"].as_str(), set["type"].as_str()) else { continue };
            if !replaces {
                continue;
            }
            let set_identifier = set["set_identifier"].as_str().map(str::to_owned);
            let label = set_identifier.as_ref().map_or_else(String::new, |id| format!(" {id}"));
            let check = Check::Record { name: name.to_owned(), kind: kind.to_owned(), set_identifier };
            let with = json!({"hosted_zone_id": id, "start_record_name": name, "start_record_type": kind,
                "max_items": 100});
            let action = "aws/route53.list_resource_record_sets";
            found.extend(wanted.one(format!("record {name} {kind}{label}"), check, action, &with));
        }
        found
    })
}

fn distribution(wanted: &Wanted<'_>, member: &str) -> Vec<Question> {
    wanted.name(member, |id| {
        let edits = wanted.action == "aws/cloudfront.update_origin" && wanted.is_own;
        let origin_id = wanted.text("origin_id").filter(|_| edits).map(str::to_owned);
        let check = Check::Distribution { edits, origin_id };
        wanted.one(format!("distribution {id}"), check, "aws/cloudfront.get_distribution", &json!({"id": id}))
    })
}

/// The bucket itself, and what a step relies on beside that.
fn bucket(wanted: &Wanted<'_>, more: &[(Check, &str)]) -> Vec<Question> {
    wanted.name("bucket", |name| {
        let (resource, with) = (format!("bucket {name}"), json!({"bucket": name}));
        let mut found = wanted.one(resource.clone(), Check::Bucket, "aws/s3.head_bucket", &with);
        for (check, action) in more {
            found.extend(wanted.one(resource.clone(), check.clone(), action, &with));
        }
        found
    })
}

fn point_in_time(wanted: &Wanted<'_>, table: &str) -> Vec<Question> {
    let action = "aws/dynamodb.describe_continuous_backups";
    wanted.one(format!("table {table}"), Check::PointInTime, action, &json!({"table_name": table}))
}

fn metric(wanted: &Wanted<'_>) -> Vec<Question> {
    wanted.name("metric_name", |name| {
        let is_lag = name.contains("Lag") || name == "ReplicationLatency";
        let check = if is_lag { Check::Lag { rpo_ms: wanted.plan.rpo_ms } } else { Check::Metric };
        let of: Vec<&str> = wanted.with["dimensions"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(_, value)| value.as_str())
            .collect();
        let of = if of.is_empty() { String::new() } else { format!(" of {}", of.join(" ")) };
        wanted.one(format!("metric {name}{of}"), check, wanted.action, &wanted.with)
    })
}

/// An endpoint of the standby side has to answer now. One that is asked after traffic has moved shows the
/// side that is left until then, so it tells nothing. Services that the runbook starts before it asks
/// are looked at as well: without a task nothing can answer.
fn endpoint(wanted: &Wanted<'_>) -> Vec<Question> {
    const MOVES_TRAFFIC: [&str; 2] = ["aws/route53.change_resource_record_sets", "aws/cloudfront.update_origin"];
    let plan = wanted.plan;
    let earlier = before(plan, wanted.ix);
    let mut uses = earlier.iter().map(|&ix| plan.steps[ix].uses.action.value.as_str());
    if uses.any(|action| MOVES_TRAFFIC.contains(&action))
        || !wanted.is_own && moves_traffic_itself(wanted, &MOVES_TRAFFIC)
    {
        return Vec::new();
    }
    wanted.name("url", |url| {
        let mut asks = wanted.ask("http/check", &wanted.with);
        for &ix in &earlier {
            asks.extend(started_service(plan, ix));
        }
        vec![wanted.question(url.to_owned(), Check::Endpoint, asks)]
    })
}

/// Whether the step whose check this is moves traffic by itself.
fn moves_traffic_itself(wanted: &Wanted<'_>, moves: &[&str]) -> bool {
    moves.contains(&wanted.plan.steps[wanted.ix].uses.action.value.as_str())
}

/// The look at a service that a step starts.
fn started_service(plan: &Plan, ix: StepIx) -> Option<Ask> {
    let step = &plan.steps[ix];
    if step.uses.action.value != "aws/ecs.update_service" {
        return None;
    }
    let mut scope: Object = plan.base_scope("");
    if let Some(each) = &step.each {
        scope.insert("each".to_owned(), each.clone());
    }
    let with = known(&step.uses.with, &scope);
    let starts = with["desired_count"].as_u64().is_none_or(|count| count > 0);
    let look = json!({"cluster": with["cluster"], "services": [with["service"]]});
    let action = Action::parse("aws/ecs.describe_services", &look).ok()?;
    starts.then(|| Ask { target: target_of(plan, step, &step.uses), action })
}

/// A program of the user's that calls go through.
fn installed(wanted: &Wanted<'_>, name: &str) -> Vec<Question> {
    let check = Check::Program { name: name.to_owned(), dir: None };
    vec![wanted.question(format!("program {name}"), check, Vec::new())]
}

fn program(wanted: &Wanted<'_>) -> Vec<Question> {
    let dir = wanted.text("cwd").map(str::to_owned);
    let name = if wanted.with["shell"] == json!(true) { Some("sh") } else { wanted.with["argv"][0].as_str() };
    match name {
        Some(name) if !name.is_empty() => {
            let check = Check::Program { name: name.to_owned(), dir };
            vec![wanted.question(format!("program {name}"), check, Vec::new())]
        }
        _ => Vec::new(),
    }
}
