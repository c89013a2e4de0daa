//! The calls that a journal says were sent to AWS, and by whom.

use super::{CallName, Outcome};
use crate::model::Value;
use crate::model::action::Action;
use crate::model::event::{Event, RunHeader, Stamped, Ticket};
use crate::model::outcome::{CloudErrorKind, Risk};

/// One call that may have changed something.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub name: CallName,
    /// Service and operation, lower case and without hyphens; what CloudTrail may call it.
    pub operations: Vec<(Option<String>, String)>,
    pub request: Value,
    pub account: Option<String>,
    /// Where it must have gone to; none for what exists once or lies where it lies.
    pub region: Option<String>,
    pub sent_ms: i64,
    /// When the answer was written down.
    pub ended_ms: Option<i64>,
    /// AWS's own clock in the answer.
    pub cloud_ms: Option<i64>,
    /// It sends a request for each of many objects, and the journal holds the id of one.
    pub is_many: bool,
}

/// A program of a step: what it called, the journal does not know.
#[derive(Debug, Clone)]
pub(super) struct Program {
    ticket: Ticket,
    pub sent_ms: i64,
    pub ended_ms: Option<i64>,
}

impl Program {
    pub fn step(&self) -> &str {
        &self.ticket.step
    }
}

/// Everything that a journal says about its dealings with AWS.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub calls: Vec<Call>,
    pub programs: Vec<Program>,
    /// Request ids of reads.
    pub reads: Vec<String>,
    pub who: Who,
    pub begin_ms: i64,
    pub end_ms: i64,
}

/// Our identities, as AWS named them when the run began.
#[derive(Debug, Default)]
pub(super) struct Who {
    run: String,
    arns: Vec<String>,
    /// Account and role.
    roles: Vec<(String, String)>,
}

impl Who {
    fn of(header: &RunHeader, run: &str) -> Self {
        let arns: Vec<String> = header.identities.iter().map(|one| one.arn.clone()).collect();
        let roles =
            arns.iter().filter_map(|arn| session(arn)).map(|(account, role, _)| (account.to_owned(), role.to_owned()));
        Self { run: run.to_owned(), roles: roles.collect(), arns }
    }

    /// Our own session: the identity at the start, or a role taken on for this run.
    pub fn is_own(&self, arn: &str) -> bool {
        self.arns.iter().any(|own| own == arn) || session(arn).is_some_and(|(_, _, name)| name == self.run)
    }

    /// Whether the journal says who we were.
    pub const fn is_known(&self) -> bool {
        !self.arns.is_empty()
    }

    /// Ours, or another session of a role of ours.
    pub fn is_near(&self, arn: &str) -> bool {
        let same_role = |(account, role, _): (&str, &str, &str)| {
            self.roles.iter().any(|(own_account, own_role)| own_account == account && own_role == role)
        };
        self.is_own(arn) || session(arn).is_some_and(same_role)
    }
}

/// `arn:aws:sts::1:assumed-role/dr/alice` → account, role, session.
fn session(arn: &str) -> Option<(&str, &str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let account = parts.nth(4)?;
    let (role, name) = parts.next()?.strip_prefix("assumed-role/")?.split_once('/')?;
    Some((account, role, name))
}

/// Folds a journal into its calls.
pub(super) fn told(records: &[Stamped], run: &str) -> Told {
    let mut told = Told::default();
    if let Some(first) = records.first() {
        told.begin_ms = first.at_ms;
        if let Event::RunStarted(header) = &first.event {
            told.who = Who::of(header, run);
        }
    }
    told.end_ms = records.last().map_or(0, |last| last.at_ms);
    for stamped in records {
        take(&mut told, stamped);
    }
    told
}

fn take(told: &mut Told, Stamped { seq, at_ms, event, .. }: &Stamped) {
    match event {
        Event::ActionRequested { ticket, action, request, target, .. } if action.starts_with("aws/") => {
            told.calls.extend(call(*seq, *at_ms, ticket, action, request, target));
        }
        Event::ActionRequested { ticket, action, .. } if action == "exec" || action.starts_with("kube/") => {
            told.programs.push(Program { ticket: ticket.clone(), sent_ms: *at_ms, ended_ms: None });
        }
        Event::ActionSucceeded { ticket, request_id, cloud_ms, .. } => {
            end(told, ticket, *at_ms, Outcome::Succeeded, request_id.as_deref(), *cloud_ms);
        }
        Event::ActionRefused { ticket, error } => {
            // What could not be sent at all leaves no trace and is no call.
            if error.kind == CloudErrorKind::Unavailable && error.request_id.is_none() {
                told.calls.retain(|call| !(is_open(call) && is_of(call, ticket)));
            }
            end(told, ticket, *at_ms, Outcome::Refused, error.request_id.as_deref(), None);
        }
        Event::ActionUnknown { ticket, error } => {
            end(told, ticket, *at_ms, Outcome::Unknown, error.request_id.as_deref(), None);
        }
        Event::Observed { request_id: Some(id), .. } => told.reads.push(id.clone()),
        // Everything else is about people, checks and the run.
        _ => {}
    }
}

fn is_open(call: &Call) -> bool {
    call.name.outcome == Outcome::Open
}

fn is_of(call: &Call, ticket: &Ticket) -> bool {
    call.name.step == ticket.step && call.name.attempt == ticket.attempt
}

fn end(
    told: &mut Told,
    ticket: &Ticket,
    at_ms: i64,
    outcome: Outcome,
    request_id: Option<&str>,
    cloud_ms: Option<i64>,
) {
    // Calls of one step follow one another: what is open is what has ended.
    if let Some(call) = told.calls.iter_mut().rev().find(|call| is_open(call) && is_of(call, ticket)) {
        call.name.outcome = outcome;
        call.name.request_id = request_id.map(str::to_owned);
        (call.ended_ms, call.cloud_ms) = (Some(at_ms), cloud_ms.filter(|_| !call.is_many));
        return;
    }
    if let Some(program) = told.programs.iter_mut().rev().find(|one| one.ended_ms.is_none() && one.ticket == *ticket) {
        program.ended_ms = Some(at_ms);
    }
}

fn call(seq: u64, at_ms: i64, ticket: &Ticket, action: &str, request: &Value, target: &Value) -> Option<Call> {
    let spec = Action::spec_of(action);
    if spec.is_some_and(|spec| spec.risk == Risk::Read) {
        return None;
    }
    let text = |name: &str| target[name].as_str().map(str::to_owned);
    let operations = operations(action, spec.map_or("", |spec| spec.api), request);
    let is_placed =
        !["aws/route53.", "aws/cloudfront.", "aws/s3.", "aws/cli"].iter().any(|begin| action.starts_with(begin));
    Some(Call {
        name: CallName {
            seq,
            step: ticket.step.clone(),
            attempt: ticket.attempt,
            action: action.to_owned(),
            outcome: Outcome::Open,
            request_id: None,
        },
        operations,
        request: if action == "aws/cli" { request["input"].clone() } else { request.clone() },
        account: text("account"),
        region: text("region").filter(|_| is_placed),
        sent_ms: at_ms,
        ended_ms: None,
        cloud_ms: None,
        is_many: action == "aws/s3.copy_from_replica",
    })
}

/// What CloudTrail calls an operation of ours; where its service's name is not known, any.
fn operations(action: &str, api: &str, request: &Value) -> Vec<(Option<String>, String)> {
    if action == "aws/cli" {
        let operation = request["operation"].as_str().unwrap_or_default();
        return vec![(None, plain(operation))];
    }
    let (service, operation) = api.split_once(':').unwrap_or(("", api));
    let named = |service: &str, operation: &str| (Some(service.to_owned()), plain(operation));
    match (action, service) {
        // A permission of another name than the operation.
        ("aws/s3.restore_object_version" | "aws/s3.copy_from_replica", _) => vec![named("s3", "CopyObject")],
        (_, "cloudwatch") => vec![named("monitoring", operation)],
        (_, "application-autoscaling") => vec![named("autoscaling", operation), named(service, operation)],
        _ => vec![named(service, operation)],
    }
}

/// Without hyphens and capitals: how programs and APIs spell the same.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|c| *c != '-' && *c != '_').map(|c| c.to_ascii_lowercase()).collect()
}
