//! What an action knows of itself, beside its inputs: how to look whether it happened, what it
//! names, where it goes, and how a person does the same.
//!
//! Must not know: who sends it.

use serde::Serialize;

use super::Action;
use super::command_line::percent_encoded;
use super::ownership::Resource;
use crate::model::Value;
use crate::model::outcome::ProbeAnswer;
use crate::model::plan::ResolvedTarget;

/// One operation. Everything has an answer that suits a plain regional read.
pub trait Operation {
    /// The read that shows the state that this changes; see [`Action::probe`].
    fn probe(&self) -> Option<Action> {
        None
    }

    /// What a probe's answer proves; see [`Action::judge`].
    fn judge(&self, _before: Option<&Value>, _now: &Value) -> ProbeAnswer {
        ProbeAnswer::CannotTell
    }

    /// What it proves that the probe found nothing of that name: for what makes or takes away.
    fn judge_absent(&self) -> ProbeAnswer {
        ProbeAnswer::CannotTell
    }

    /// The state before as a runbook sees it; see [`Action::before_view`].
    fn before_view(&self, answer: &Value) -> Value {
        answer.clone()
    }

    /// See [`Action::settle_ms`].
    fn settle_ms(&self) -> u64 {
        15_000
    }

    /// Whether what carries it out keeps account of each send by itself. Then there is no state to compare:
    /// asked as a probe with the token of the send, it tells how that one stands.
    fn keeps_account(&self) -> bool {
        false
    }

    /// Why an answer means that it did not do its work, where the runbook verifies nothing.
    fn failure(&self, _answer: &Value) -> Option<String> {
        None
    }

    /// Whether it is worth waiting for as long as its step may take: one that counts and compares, or
    /// does many things one by one.
    fn may_take_long(&self) -> bool {
        false
    }

    /// What the caller must be allowed beside the operation itself and its probe's.
    fn rights(&self) -> &'static [&'static str] {
        &[]
    }

    /// What kind of endpoint it goes to.
    fn home(&self) -> Home<'_> {
        Home::Regional
    }

    /// The resources it is about, by name, id or ARN.
    fn names(&self) -> Vec<&str> {
        Vec::new()
    }

    /// What it makes under a name that nothing else has: the service refuses it where there is such a
    /// thing already, so an answer proves that it was made. Only that may be taken away again.
    fn creates(&self) -> Vec<Resource> {
        Vec::new()
    }

    /// Whether its answer only says that the making has begun, and the work's own end proves it.
    fn creates_later(&self) -> bool {
        false
    }

    /// What it takes away for good. An action that deletes and does not say so could name anything.
    fn deletes(&self) -> Vec<Resource> {
        Vec::new()
    }

    /// The console page of what it touches.
    fn console(&self, _pages: &Pages<'_>) -> Option<String> {
        None
    }

    /// The commands that do the same, where that is not one operation under its own name.
    fn command_lines(&self, _target: &ResolvedTarget) -> Option<Vec<Vec<String>>> {
        None
    }
}

/// What kind of endpoint a call goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home<'a> {
    /// The target's region.
    Regional,
    /// The region in which this bucket lies.
    Bucket(&'a str),
    /// A control plane that exists once.
    Global,
    /// Not AWS.
    Outside,
}

/// The console's pages in one region.
#[derive(Debug, Clone, Copy)]
pub struct Pages<'a> {
    pub region: &'a str,
    /// The console's host, without the region before it.
    pub host: &'a str,
}

impl Pages<'_> {
    /// A page of the region; `{region}` in it is the region.
    #[must_use]
    pub fn regional(&self, path: &str) -> String {
        format!("https://{}.{}/{}", self.region, self.host, path.replace("{region}", self.region))
    }

    /// A page of a service that exists once.
    #[must_use]
    pub fn global(&self, path: &str) -> String {
        format!("https://{}.{}/{path}", super::console::GLOBAL_REGION, self.host)
    }
}

/// A name as part of a link.
pub(super) fn part(text: &str) -> String {
    percent_encoded(text, false)
}

/// The name at the end of an ARN or path.
pub(super) fn last(id: &str) -> &str {
    id.rsplit(['/', ':']).next().unwrap_or(id)
}

/// Whether the world has every member that was asked for; members in `names` only say where.
pub(super) fn is_set<T: Serialize>(call: &T, now: &Value, names: &[&str]) -> ProbeAnswer {
    let Ok(Value::Object(wanted)) = serde_json::to_value(call) else { return ProbeAnswer::CannotTell };
    if now.is_null() {
        return ProbeAnswer::CannotTell;
    }
    let holds = |now: &Value, wanted: &Value| match (now, wanted) {
        (Value::Object(now), Value::Object(wanted)) => {
            wanted.iter().all(|(name, value)| now.get(name).unwrap_or(&Value::Null) == value)
        }
        _ => now == wanted,
    };
    let done =
        wanted.iter().filter(|(name, _)| !names.contains(&name.as_str())).all(|(name, value)| holds(&now[name], value));
    if done { ProbeAnswer::After } else { ProbeAnswer::Before }
}

/// For what makes something under a name: it is there now, and was not before. `status` is the state
/// it is in; the words of `making` say that it is still being made.
pub(super) fn made(before: Option<&Value>, status: &Value, making: &[&str]) -> ProbeAnswer {
    match status.as_str() {
        // Somebody else's, from before the call: it proves nothing about ours.
        _ if before.is_some() => ProbeAnswer::CannotTell,
        None => ProbeAnswer::CannotTell,
        Some(status) if making.contains(&status) => ProbeAnswer::InProgress,
        Some(_) => ProbeAnswer::After,
    }
}

/// For what takes something away: while it is there it is at best on its way.
pub(super) fn taken_away(status: &Value, leaving: &[&str]) -> ProbeAnswer {
    match status.as_str() {
        None => ProbeAnswer::CannotTell,
        Some(status) if leaving.contains(&status) => ProbeAnswer::InProgress,
        Some(_) => ProbeAnswer::Before,
    }
}

/// Inputs of actions: members before the `;` are required, those after it may be left out.
macro_rules! inputs {
    ($($(#[doc = $doc:literal])+ $name:ident {
        $($(#[doc = $about:literal])* $member:ident: $kind:ty),* $(,)? ;
        $($(#[doc = $hint:literal])* $more:ident: $other:ty),* $(,)?
    })+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[doc = $about])* pub $member: $kind,)*
            $($(#[doc = $hint])* #[serde(default, skip_serializing_if = "Option::is_none")] pub $more: Option<$other>,)*
        }
    )+};
}
pub(super) use inputs;

/// Operations whose knowledge stands in the tables of this folder (`probe.rs`, `console.rs` …).
macro_rules! in_the_tables {
    ($($params:ty),* $(,)?) => { $(impl Operation for $params {})* };
}

in_the_tables!(
    super::sts::GetCallerIdentity,
    super::rds::PromoteReadReplicaDbCluster,
    super::rds::PromoteReadReplica,
    super::rds::FailoverGlobalCluster,
    super::rds::SwitchoverGlobalCluster,
    super::rds::DescribeDbClusters,
    super::rds::DescribeDbInstances,
    super::rds::DescribeGlobalClusters,
    super::ecs::UpdateService,
    super::ecs::DescribeServices,
    super::ecs::DescribeClusters,
    super::ecs::ServicesStable,
    super::route53::ChangeResourceRecordSets,
    super::route53::GetChange,
    super::route53::ListResourceRecordSets,
    super::route53::GetHostedZone,
    super::cloudfront::UpdateOrigin,
    super::cloudfront::CreateInvalidation,
    super::cloudfront::GetDistribution,
    super::cloudfront::GetInvalidation,
    super::s3::HeadBucket,
    super::s3::GetBucketVersioning,
    super::s3::GetBucketReplication,
    super::s3::ListObjectVersions,
    super::s3::RestoreObjectVersion,
    super::dynamodb::DescribeContinuousBackups,
    super::cloudwatch::GetMetric,
    super::outside::HttpCheck,
    super::outside::DnsResolve,
    super::local::Manual,
    super::local::Note,
    super::local::Wait,
);
