//! RDS: Aurora clusters and instances, and their promotion.

use serde_json::json;

use super::settings::Settings;
use super::{Answer, Context, Due, Place, Refusal, World};
use crate::model::Value;
use crate::model::action::rds as calls;
use crate::sim::naming::short;

#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    pub id: String,
    pub arn: String,
    pub status: String,
    pub engine: String,
    pub engine_version: String,
    pub endpoint: String,
    pub reader_endpoint: String,
    /// ARN of the cluster that is replicated from.
    pub source: Option<String>,
    /// Instances, and whether each is the writer.
    pub members: Vec<(String, bool)>,
    pub lag: Lag,
    /// A promotion was accepted, whatever the status says yet.
    pub promoting: bool,
    pub settings: Settings,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    pub id: String,
    pub arn: String,
    pub status: String,
    pub engine: String,
    pub endpoint: String,
    pub port: u16,
    /// Identifier or ARN of the instance that is replicated from.
    pub source: Option<String>,
    pub lag: Lag,
    pub promoting: bool,
    /// The Aurora cluster that it belongs to.
    pub cluster: Option<String>,
    pub class: String,
    pub multi_az: bool,
    pub settings: Settings,
}

/// How far behind its source a replica is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lag {
    /// Never was a replica.
    None,
    Active {
        ms: u64,
        /// It moves by as much from minute to minute.
        jitter_ms: u64,
        /// The region that is replicated from.
        source_region: String,
    },
    /// Was a replica; replication has ended.
    Ended,
}

const PROMOTING_AFTER_MS: (u64, u64) = (2_000, 8_000);
const PROMOTED_AFTER_MS: (u64, u64) = (4 * 60_000, 8 * 60_000);

impl Cluster {
    pub(super) fn view(&self, now_ms: i64) -> Value {
        let members: Vec<Value> = self
            .members
            .iter()
            .map(|(id, is_writer)| json!({"db_instance_identifier": id, "is_writer": is_writer}))
            .collect();
        let mut view = json!({
            "db_cluster_identifier": self.id,
            "db_cluster_arn": self.arn,
            "status": self.status,
            "engine": self.engine,
            "engine_version": self.engine_version,
            "endpoint": self.endpoint,
            "reader_endpoint": self.reader_endpoint,
            "replication_source_identifier": self.source,
            "members": members,
        });
        self.settings.show(&mut view, now_ms, true);
        view
    }
}

impl Instance {
    pub(super) fn view(&self, now_ms: i64) -> Value {
        let mut view = json!({
            "db_instance_identifier": self.id,
            "db_instance_arn": self.arn,
            "db_instance_status": self.status,
            "engine": self.engine,
            "endpoint": self.endpoint,
            "port": self.port,
            "read_replica_source_db_instance_identifier": self.source,
            "db_cluster_identifier": self.cluster,
            "db_instance_class": self.class,
            "multi_az": self.multi_az,
        });
        self.settings.show(&mut view, now_ms, false);
        view
    }
}

pub(super) fn place(context: &Context<'_>, id: &str) -> Place {
    (context.region.clone(), short(id).to_owned())
}

pub(super) fn no_cluster(id: &str) -> Refusal {
    Refusal::not_found("DBClusterNotFoundFault", format!("DBCluster {id} not found."))
}

pub(super) fn no_instance(id: &str) -> Refusal {
    Refusal::not_found("DBInstanceNotFound", format!("DBInstance {id} not found."))
}

impl World {
    pub(super) fn describe_cluster(&self, call: &calls::DescribeDbClusters, context: &Context<'_>) -> Answer {
        let id = &call.db_cluster_identifier;
        self.clusters.get(&place(context, id)).map(|cluster| cluster.view(self.now_ms)).ok_or_else(|| no_cluster(id))
    }

    pub(super) fn describe_instance(&self, call: &calls::DescribeDbInstances, context: &Context<'_>) -> Answer {
        let id = &call.db_instance_identifier;
        self.instances
            .get(&place(context, id))
            .map(|instance| instance.view(self.now_ms))
            .ok_or_else(|| no_instance(id))
    }

    pub(super) fn promote_cluster(
        &mut self,
        call: &calls::PromoteReadReplicaDbCluster,
        context: &mut Context<'_>,
    ) -> Answer {
        let id = &call.db_cluster_identifier;
        let place = place(context, id);
        let now_ms = self.now_ms;
        let cluster = self.clusters.get_mut(&place).ok_or_else(|| no_cluster(id))?;
        let refuse = |why: &str| Err(Refusal::invalid("InvalidDBClusterStateFault", format!("DBCluster {id} {why}.")));
        if cluster.source.is_none() {
            return refuse("is not a read replica");
        }
        if cluster.promoting || cluster.status != "available" {
            return refuse("is not in a state in which it can be promoted");
        }
        cluster.promoting = true;
        // As AWS does: the answer, and the first looks after it, still say `available`.
        let view = cluster.view(now_ms);
        let begins = context.dice.between(PROMOTING_AFTER_MS.0, PROMOTING_AFTER_MS.1);
        let ends = context.dice.between(PROMOTED_AFTER_MS.0, PROMOTED_AFTER_MS.1) + context.fate.hang_ms;
        self.agenda.put(self.after(begins), Due::ClusterPromoting(place.clone()));
        self.agenda.put(self.after(ends), Due::ClusterPromoted(place));
        Ok(view)
    }

    pub(super) fn cluster_promoting(&mut self, place: &Place) {
        if let Some(cluster) = self.clusters.get_mut(place) {
            "promoting".clone_into(&mut cluster.status);
        }
    }

    pub(super) fn cluster_promoted(&mut self, place: &Place) {
        if let Some(cluster) = self.clusters.get_mut(place) {
            "available".clone_into(&mut cluster.status);
            cluster.source = None;
            cluster.promoting = false;
            cluster.lag = Lag::Ended;
            if let Some((_, is_writer)) = cluster.members.first_mut() {
                *is_writer = true;
            }
        }
    }

    pub(super) fn promote_instance(&mut self, call: &calls::PromoteReadReplica, context: &mut Context<'_>) -> Answer {
        let id = &call.db_instance_identifier;
        let place = place(context, id);
        let now_ms = self.now_ms;
        let instance = self.instances.get_mut(&place).ok_or_else(|| no_instance(id))?;
        let refuse = |why: &str| Err(Refusal::invalid("InvalidDBInstanceState", format!("DBInstance {id} {why}.")));
        if instance.source.is_none() {
            return refuse("is not a read replica");
        }
        if instance.promoting || instance.status != "available" {
            return refuse(&format!("is {}", instance.status));
        }
        instance.promoting = true;
        let view = instance.view(now_ms);
        let begins = context.dice.between(PROMOTING_AFTER_MS.0, PROMOTING_AFTER_MS.1);
        let ends = context.dice.between(PROMOTED_AFTER_MS.0, PROMOTED_AFTER_MS.1) + context.fate.hang_ms;
        self.agenda.put(self.after(begins), Due::InstanceModifying(place.clone()));
        self.agenda.put(self.after(ends - 60_000), Due::InstanceRebooting(place.clone()));
        self.agenda.put(self.after(ends), Due::InstancePromoted(place));
        Ok(view)
    }

    pub(super) fn instance_is(&mut self, place: &Place, status: &str) {
        if let Some(instance) = self.instances.get_mut(place) {
            status.clone_into(&mut instance.status);
        }
    }

    pub(super) fn instance_promoted(&mut self, place: &Place) {
        if let Some(instance) = self.instances.get_mut(place) {
            "available".clone_into(&mut instance.status);
            instance.source = None;
            instance.promoting = false;
            instance.lag = Lag::Ended;
        }
    }
}
