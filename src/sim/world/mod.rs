//! The simulated world: one reducer. Calls and the passing of time go in, answers come out.
//!
//! Knows: every resource, and what is due when. Must not know: files, clocks, tasks. The same calls
//! at the same times always make the same world.

pub mod alarms;
mod answer;
pub mod backup;
pub mod caches;
pub mod cloudfront;
pub mod cloudwatch;
pub mod database;
mod due;
pub mod dynamodb;
pub mod ecs;
pub mod elasticache;
pub mod elbv2;
pub mod exports;
pub mod global;
pub mod health;
pub mod hosts;
pub mod instances;
pub mod outside;
pub mod programs;
pub mod rds;
pub mod recovery;
mod refusal;
pub mod resolver;
pub mod route53;
pub mod s3;
pub mod scaling;
pub mod settings;
pub mod sts;
mod tables;
pub mod task_definitions;
mod writers;

use std::collections::{BTreeMap, BTreeSet};

use super::dice::Dice;
use super::fault::{Aim, Delivery, Fate, Faults};
use super::naming::{self, Endpoint, GLOBAL_CONTROL_REGION};
use crate::model::Value;
use crate::model::action::Action;
use crate::model::outcome::CloudError;
use crate::model::plan::ResolvedTarget;

pub use due::{Agenda, Due};
pub use refusal::Refusal;

/// A regional resource: region, name.
pub type Place = (String, String);

/// What a handler answers.
pub type Answer = Result<Value, Refusal>;

/// Everything there is.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    pub seed: u64,
    pub start_ms: i64,
    pub now_ms: i64,
    /// The region that is failed away from.
    pub primary: String,
    /// Where calls without a region go.
    pub default_region: String,
    pub operator: String,
    pub faults: Faults,
    pub agenda: Agenda,
    pub clusters: BTreeMap<Place, rds::Cluster>,
    pub instances: BTreeMap<Place, rds::Instance>,
    pub globals: BTreeMap<String, global::Global>,
    pub services: BTreeMap<ecs::ServiceKey, ecs::Service>,
    pub ecs_clusters: BTreeMap<Place, ecs::Cluster>,
    /// Revisions of each family, the oldest first.
    pub task_definitions: BTreeMap<Place, Vec<task_definitions::TaskDefinition>>,
    pub snapshots: BTreeMap<Place, recovery::Snapshot>,
    pub instance_snapshots: BTreeMap<Place, instances::InstanceSnapshot>,
    pub exports: BTreeMap<Place, exports::Export>,
    pub replication_groups: BTreeMap<Place, caches::ReplicationGroup>,
    pub cache_snapshots: BTreeMap<Place, caches::CacheSnapshot>,
    pub datastores: BTreeMap<String, elasticache::GlobalDatastore>,
    /// Recovery points by vault.
    pub vaults: BTreeMap<Place, Vec<backup::RecoveryPoint>>,
    pub restore_jobs: BTreeMap<String, backup::RestoreJob>,
    /// Tables and databases that the plan makes: they are not there before it does.
    pub tables_to_come: BTreeSet<Place>,
    pub to_come: BTreeSet<Place>,
    pub scalables: BTreeMap<scaling::ScalableKey, scaling::Scalable>,
    pub target_groups: BTreeMap<Place, elbv2::TargetGroup>,
    pub health_checks: BTreeMap<String, health::HealthCheck>,
    pub tables: BTreeMap<Place, dynamodb::Table>,
    pub zones: BTreeMap<String, route53::Zone>,
    pub changes: BTreeMap<String, route53::Change>,
    pub distributions: BTreeMap<String, cloudfront::Distribution>,
    pub invalidations: BTreeMap<(String, String), cloudfront::Invalidation>,
    pub buckets: BTreeMap<String, s3::Bucket>,
    pub alarms: BTreeMap<Place, alarms::Alarm>,
    pub log_groups: BTreeMap<Place, alarms::LogGroup>,
    pub groups_to_come: BTreeSet<Place>,
    pub parameters: BTreeMap<Place, alarms::Parameter>,
    pub metrics: BTreeMap<cloudwatch::MetricKey, cloudwatch::Metric>,
    pub identities: BTreeMap<String, sts::Identity>,
    pub exec: BTreeMap<String, outside::Output>,
    /// How the programs that were started have ended, by the token of their send.
    pub programs: BTreeMap<String, Value>,
    /// What statements and commands answer: as the plan expects it, and as a scenario has set it (by a part
    /// of the statement, and by the start of the command).
    pub sql_derived: BTreeMap<String, database::Rows>,
    pub sql_set: BTreeMap<String, database::Rows>,
    /// How long statements run, by a part of them.
    pub sql_takes_ms: BTreeMap<String, u64>,
    pub redis_derived: BTreeMap<String, Value>,
    pub redis_set: BTreeMap<String, Value>,
    /// By the beginning of the command, without `aws`.
    pub aws_cli: BTreeMap<String, programs::Declared>,
    pub deployments: BTreeMap<programs::DeploymentKey, programs::Deployment>,
    /// Hosts whose health a scenario has fixed.
    pub hosts: BTreeMap<String, hosts::Fixed>,
    /// Names that lead to the primary side: records' and origins' values before the failover.
    pub primary_names: BTreeSet<String>,
    /// Names that lead to the other side: records' and origins' values after it.
    pub standby_names: BTreeSet<String>,
    /// Services that carry the load once it has moved.
    pub standby: BTreeSet<ecs::ServiceKey>,
    /// Addresses that names without records resolve to.
    pub addresses: BTreeMap<String, Vec<String>>,
}

/// A call at the moment the cloud receives it.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    pub n: u64,
    pub action: &'a Action,
    pub target: &'a ResolvedTarget,
    pub token: &'a str,
    pub changes: bool,
}

/// What a handler knows of its call.
pub struct Context<'a> {
    pub target: &'a ResolvedTarget,
    pub region: String,
    pub token: &'a str,
    pub changes: bool,
    pub fate: &'a Fate,
    pub dice: Dice,
}

impl World {
    /// An empty world.
    #[must_use]
    pub fn new(seed: u64, start_ms: i64, faults: Faults) -> Self {
        Self {
            seed,
            start_ms,
            now_ms: start_ms,
            primary: String::new(),
            default_region: String::new(),
            operator: String::new(),
            faults,
            agenda: Agenda::default(),
            clusters: BTreeMap::new(),
            instances: BTreeMap::new(),
            globals: BTreeMap::new(),
            services: BTreeMap::new(),
            ecs_clusters: BTreeMap::new(),
            task_definitions: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            instance_snapshots: BTreeMap::new(),
            exports: BTreeMap::new(),
            replication_groups: BTreeMap::new(),
            cache_snapshots: BTreeMap::new(),
            datastores: BTreeMap::new(),
            vaults: BTreeMap::new(),
            restore_jobs: BTreeMap::new(),
            tables_to_come: BTreeSet::new(),
            to_come: BTreeSet::new(),
            scalables: BTreeMap::new(),
            target_groups: BTreeMap::new(),
            health_checks: BTreeMap::new(),
            tables: BTreeMap::new(),
            zones: BTreeMap::new(),
            changes: BTreeMap::new(),
            distributions: BTreeMap::new(),
            invalidations: BTreeMap::new(),
            buckets: BTreeMap::new(),
            alarms: BTreeMap::new(),
            log_groups: BTreeMap::new(),
            groups_to_come: BTreeSet::new(),
            parameters: BTreeMap::new(),
            metrics: BTreeMap::new(),
            identities: BTreeMap::new(),
            exec: BTreeMap::new(),
            programs: BTreeMap::new(),
            sql_derived: BTreeMap::new(),
            sql_set: BTreeMap::new(),
            sql_takes_ms: BTreeMap::new(),
            redis_derived: BTreeMap::new(),
            redis_set: BTreeMap::new(),
            aws_cli: BTreeMap::new(),
            deployments: BTreeMap::new(),
            hosts: BTreeMap::new(),
            primary_names: BTreeSet::new(),
            standby_names: BTreeSet::new(),
            standby: BTreeSet::new(),
            addresses: BTreeMap::new(),
        }
    }

    /// Lets time pass: whatever was due until `now_ms` happens, in order. Never turns back.
    pub fn advance_to(&mut self, now_ms: i64) {
        while let Some((at_ms, due)) = self.agenda.next_until(now_ms) {
            self.now_ms = self.now_ms.max(at_ms);
            self.happen(due);
        }
        self.now_ms = self.now_ms.max(now_ms);
    }

    /// What would become of a call that is sent now. Changes nothing.
    #[must_use]
    pub fn fate(&self, call: &Arrival<'_>) -> Fate {
        let region = self.service_region(call.action, call.target);
        self.faults.fate(&Aim {
            n: call.n,
            now_ms: self.now_ms,
            action: call.action,
            region: region.as_deref(),
            changes: call.changes,
        })
    }

    /// A call arrives, with its fate decided. Its effect is in the world when this returns.
    ///
    /// # Errors
    /// What the service refuses it with.
    pub fn receive(&mut self, call: &Arrival<'_>, fate: &Fate) -> Result<Value, CloudError> {
        self.faults.strike(&fate.struck);
        let mut context = Context {
            target: call.target,
            region: self.region_of(call.target),
            token: call.token,
            changes: call.changes,
            fate,
            dice: Dice::of_call(self.seed, call.n, "effect"),
        };
        let request_id = self.request_id(call);
        let answer = match fate.delivery {
            Delivery::Throttled => Err(Refusal::throttled(&fate.throttle_code)),
            Delivery::Denied => Err(Refusal::denied(call.action, &self.caller_arn(call.target))),
            Delivery::Answered | Delivery::AnswerLost | Delivery::RequestLost | Delivery::RegionLost => {
                self.answer(call.action, &mut context)
            }
        };
        answer.map_err(|refusal| refusal.into_error(request_id))
    }

    /// The request id of a call's answer; none outside AWS.
    #[must_use]
    pub fn request_id(&self, call: &Arrival<'_>) -> Option<String> {
        let mut dice = Dice::of_call(self.seed, call.n, "request id");
        match naming::endpoint(call.action) {
            Endpoint::Regional | Endpoint::Global => Some(dice.uuid()),
            Endpoint::Bucket(_) => Some(dice.text(super::dice::ID, 16)),
            Endpoint::Outside => None,
        }
    }

    /// The region whose service a call needs; `None` outside AWS.
    fn service_region(&self, action: &Action, target: &ResolvedTarget) -> Option<String> {
        match naming::endpoint(action) {
            Endpoint::Regional => Some(self.region_of(target)),
            Endpoint::Bucket(bucket) => {
                Some(self.buckets.get(bucket).map_or_else(|| self.region_of(target), |bucket| bucket.region.clone()))
            }
            Endpoint::Global => Some(GLOBAL_CONTROL_REGION.to_owned()),
            Endpoint::Outside => None,
        }
    }

    /// The region of a target, or the one that nameless targets mean.
    #[must_use]
    pub fn region_of(&self, target: &ResolvedTarget) -> String {
        target.region.clone().unwrap_or_else(|| self.default_region.clone())
    }

    /// Whether a region's workloads are gone.
    #[must_use]
    pub fn is_lost(&self, region: &str) -> bool {
        self.faults.region_lost_since(region, self.now_ms).is_some()
    }

    /// An instant some milliseconds from now.
    #[must_use]
    pub fn after(&self, ms: u64) -> i64 {
        self.now_ms.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod chaos;
#[cfg(test)]
mod tests;
