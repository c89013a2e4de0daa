//! Answers → findings. Pure. A question that got no answer is unknown, never ok; that a thing does not
//! exist is an answer.
//!
//! Must not know: how questions are sent.

mod data;
mod traffic;

use serde_json::json;

use super::question::{Check, Question};
use super::{Finding, State};
use crate::model::Value;
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::text::safe;

/// Why there is no answer to one read.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Silence {
    /// The cloud said no, or nothing.
    Error(CloudError),
    /// Not sent: the target's credentials are no good.
    NotAsked,
}

pub(super) type Answer = Result<Value, Silence>;

/// What an answer means.
#[derive(Debug, Clone, PartialEq)]
struct Verdict {
    state: State,
    seen: String,
    help: Option<String>,
}

fn fine(seen: impl Into<String>) -> Verdict {
    Verdict { state: State::Ok, seen: seen.into(), help: None }
}

fn gap(seen: impl Into<String>, help: impl Into<String>) -> Verdict {
    Verdict { state: State::Gap, seen: seen.into(), help: Some(help.into()) }
}

fn unknown(seen: impl Into<String>, help: impl Into<String>) -> Verdict {
    Verdict { state: State::Unknown, seen: seen.into(), help: Some(help.into()) }
}

/// A text member, or a dash where there is none.
fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().filter(|text| !text.is_empty()).unwrap_or("-")
}

/// The finding of a question; none where another row says the same already (a bucket that is missing
/// keeps no versions either).
pub(super) fn finding(
    question: &Question,
    answers: &[Answer],
    has_program: impl Fn(&str, Option<&str>) -> bool,
) -> Option<Finding> {
    let verdict = match (&question.check, answers.first()) {
        (Check::Program { name, dir }, _) => program(name, dir.as_deref(), &has_program),
        (Check::Later { from }, _) => Verdict {
            state: State::Later,
            seen: "known only during the run".to_owned(),
            help: Some(format!("it comes from `{from}`")),
        },
        (_, None) => unknown("not asked", "this question has no read that could answer it"),
        (check, Some(Ok(answer))) => answered(check, question, answer, answers),
        (Check::There { makes }, Some(Err(Silence::Error(error)))) if error.kind == CloudErrorKind::NotFound => {
            there(&Value::Null, *makes)
        }
        (check, Some(Err(Silence::Error(error)))) if error.kind == CloudErrorKind::NotFound => {
            missing(check, question, error)?
        }
        (check, Some(Err(silence))) => silent(check, question, silence),
    };
    let no_credentials = matches!(&question.check, Check::Account { .. })
        && matches!(answers.first(), Some(Err(Silence::Error(error))) if is_about_credentials(error));
    Some(Finding {
        target: question.target.name.clone(),
        region: question.target.region.clone(),
        resource: safe(&question.resource),
        check: question.check.word(),
        label: question.check.label(),
        state: verdict.state,
        seen: safe(&verdict.seen),
        help: verdict.help.map(|help| safe(&help)),
        steps: question.steps.clone(),
        no_credentials,
    })
}

/// Whether an error says that the caller is nobody, or somebody else: then no other question makes sense.
pub(super) const fn is_about_credentials(error: &CloudError) -> bool {
    matches!(error.kind, CloudErrorKind::Denied | CloudErrorKind::Expired)
}

fn answered(check: &Check, question: &Question, answer: &Value, answers: &[Answer]) -> Verdict {
    match check {
        Check::Account { account } => identity(account.as_deref(), answer),
        Check::ReplicaCluster => data::replica(answer, "status", "replication_source_identifier"),
        Check::ReplicaInstance => {
            data::replica(answer, "db_instance_status", "read_replica_source_db_instance_identifier")
        }
        Check::Cluster => fine(text(answer, "status")),
        Check::Instance => fine(text(answer, "db_instance_status")),
        Check::Global { member } => data::global(answer, member.as_deref()),
        Check::Lag { rpo_ms } => data::lag(answer, *rpo_ms),
        Check::Metric => data::metric(answer),
        Check::Versioning => data::versioning(answer),
        Check::Replication => data::replication(answer),
        Check::Bucket => data::bucket(answer, question.target.region.as_deref()),
        Check::Service => traffic::service(answer),
        Check::ServiceCluster { starts } => traffic::service_cluster(answer, *starts, &answers[1..]),
        Check::PointInTime => data::point_in_time(answer),
        Check::There { makes } => there(answer, *makes),
        Check::Zone => traffic::zone(answer),
        Check::Record { name, kind, set_identifier } => traffic::record(answer, name, kind, set_identifier.as_deref()),
        Check::Distribution { edits, origin_id } => traffic::distribution(answer, *edits, origin_id.as_deref()),
        Check::Endpoint => traffic::endpoint(answer, &answers[1..]),
        Check::Program { .. } | Check::Later { .. } => unknown("-", "nothing is asked for this"),
    }
}

fn identity(account: Option<&str>, answer: &Value) -> Verdict {
    let (got, arn) = (text(answer, "account"), text(answer, "arn"));
    let seen = format!("account {got} as {arn}");
    match account {
        Some(wanted) if wanted != got => gap(
            seen,
            format!("the target names account {wanted}: change the profile or the role, or correct the target"),
        ),
        _ => fine(seen),
    }
}

/// Whatever was looked at; an answer that is an empty list shows that nothing goes by that name.
fn there(answer: &Value, makes: bool) -> Verdict {
    let is_list = |answer: &Value| answer.as_object().is_some_and(|members| members.values().all(Value::is_array));
    let is_empty = |answer: &Value| answer.as_object().into_iter().flatten().all(|(_, list)| *list == json!([]));
    let is_absent = answer.is_null() || is_list(answer) && is_empty(answer);
    match (is_absent, makes) {
        (false, false) => fine(answer["status"].as_str().unwrap_or("there")),
        (true, true) => fine("not there yet, the runbook makes it"),
        (true, false) => gap("does not exist", "make it, or correct its name in the runbook"),
        (false, true) => gap(
            "exists already",
            "choose another name, or take the old one away: what a step makes may not be there before",
        ),
    }
}

/// What it means that a thing does not exist.
fn missing(check: &Check, question: &Question, error: &CloudError) -> Option<Verdict> {
    let region = question.target.region.as_deref().unwrap_or("this region");
    let help = match check {
        Check::ReplicaCluster | Check::Cluster | Check::ReplicaInstance | Check::Instance => {
            format!("build it in {region}, or correct its name in the runbook")
        }
        Check::Global { .. } => "build the global database, or correct its name in the runbook".to_owned(),
        // The cluster's own row says it.
        Check::Service if error.code.starts_with("ClusterNotFound") => return None,
        Check::Service => format!("deploy the service in {region}: a failover can scale it, and not make it"),
        Check::ServiceCluster { .. } => format!("build the cluster in {region}, or correct its name"),
        Check::PointInTime => format!("make the table in {region}, or correct its name"),
        Check::Zone => "correct the zone's id in the runbook or with -i".to_owned(),
        Check::Distribution { .. } => "correct the distribution's id in the runbook or with -i".to_owned(),
        Check::Bucket => format!("make the bucket in {region}, or correct its name"),
        Check::Replication if error.code.contains("ReplicationConfiguration") => {
            return Some(gap("no replication rule", "set up replication: without it nothing reaches the other region"));
        }
        // The zone's and the bucket's own rows say it; what nobody is asked for is never missing.
        Check::Record { .. } | Check::Versioning | Check::Replication | Check::Program { .. } | Check::Later { .. } => {
            return None;
        }
        Check::Account { .. } | Check::Lag { .. } | Check::Metric | Check::Endpoint | Check::There { .. } => {
            return Some(unknown(said(error), "look at the name of what is asked"));
        }
    };
    Some(gap("does not exist", help))
}

fn silent(check: &Check, question: &Question, silence: &Silence) -> Verdict {
    let error = match silence {
        Silence::NotAsked => return unknown("not asked", "first see to the identity of this target"),
        Silence::Error(error) => error,
    };
    let region = question.target.region.as_deref().unwrap_or("the region");
    let api = question.asks.first().map_or("", |ask| ask.action.spec().api);
    let seen = said(error);
    match error.kind {
        CloudErrorKind::Denied if error.code == "WrongAccount" => {
            gap(seen, "change the profile or the role, or correct the target's account")
        }
        CloudErrorKind::Denied if matches!(check, Check::Account { .. }) => {
            unknown(seen, "give credentials: AWS_PROFILE, --profile, or `aws sso login`")
        }
        CloudErrorKind::Denied if api.is_empty() => unknown(seen, "try it by hand from here"),
        CloudErrorKind::Denied => {
            unknown(seen, format!("allow {api} to this identity: the run needs to see this as well"))
        }
        CloudErrorKind::Expired => unknown(seen, "log in again (`aws sso login`), then ask again"),
        CloudErrorKind::Throttled => unknown(seen, "ask again in a minute"),
        CloudErrorKind::Invalid => unknown(seen, "look at the values that the runbook and -i give"),
        CloudErrorKind::NotFound => unknown(seen, "look at the name of what is asked"),
        CloudErrorKind::Unavailable | CloudErrorKind::UnknownOutcome if api.is_empty() => traffic::unreachable(seen),
        CloudErrorKind::Unavailable | CloudErrorKind::UnknownOutcome => {
            unknown(seen, format!("{region} does not answer: is it the network here, or the region?"))
        }
    }
}

/// An error in one line.
fn said(error: &CloudError) -> String {
    if error.message.is_empty() { error.code.clone() } else { format!("{}: {}", error.code, error.message) }
}

fn program(name: &str, dir: Option<&str>, has_program: impl Fn(&str, Option<&str>) -> bool) -> Verdict {
    if has_program(name, dir) {
        fine("found")
    } else {
        gap("not found", format!("install {name} on the machine that runs the runbook, or put it into PATH"))
    }
}
