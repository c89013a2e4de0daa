//! Which database writes: a failover within a cluster, and a member that leaves its global database.
//!
//! Must not know: failovers between regions (`global.rs`).

use super::rds::{Lag, no_cluster, no_instance, place};
use super::{Answer, Context, Due, Place, Refusal, World};
use crate::model::action::rds as calls;

const FAILED_OVER_MS: (u64, u64) = (20_000, 60_000);
const DETACHED_MS: (u64, u64) = (30_000, 90_000);

impl World {
    pub(super) fn failover_cluster(&mut self, call: &calls::FailoverDbCluster, context: &mut Context<'_>) -> Answer {
        let id = &call.db_cluster_identifier;
        let at = place(context, id);
        let now_ms = self.now_ms;
        let cluster = self.clusters.get_mut(&at).ok_or_else(|| no_cluster(id))?;
        let refuse = |why: String| Err(Refusal::invalid("InvalidDBClusterStateFault", why));
        if cluster.status != "available" {
            return refuse(format!("DBCluster {id} is {}.", cluster.status));
        }
        let reader = cluster.members.iter().find(|(_, is_writer)| !is_writer).map(|(member, _)| member.clone());
        let Some(to) = call.target_db_instance_identifier.clone().or(reader) else {
            return refuse(format!("DBCluster {id} has no instance to fail over to."));
        };
        match cluster.members.iter().find(|(member, _)| *member == to) {
            None => return Err(no_instance(&to)),
            Some((_, true)) => {
                let why = format!("DBInstance {to} is already the writer.");
                return Err(Refusal::invalid("InvalidDBInstanceState", why));
            }
            Some((_, false)) => {}
        }
        "failing-over".clone_into(&mut cluster.status);
        let view = cluster.view(now_ms);
        let ms = context.dice.between(FAILED_OVER_MS.0, FAILED_OVER_MS.1) + context.fate.hang_ms;
        self.agenda.put(self.after(ms), Due::ClusterFailedOver { place: at, to });
        Ok(view)
    }

    pub(super) fn cluster_failed_over(&mut self, at: &Place, to: &str) {
        if let Some(cluster) = self.clusters.get_mut(at) {
            "available".clone_into(&mut cluster.status);
            cluster.members.iter_mut().for_each(|(member, is_writer)| *is_writer = member == to);
        }
    }

    pub(super) fn remove_from_global(
        &mut self,
        call: &calls::RemoveFromGlobalCluster,
        context: &mut Context<'_>,
    ) -> Answer {
        let (id, arn) = (&call.global_cluster_identifier, &call.db_cluster_identifier);
        let no_global = || Refusal::not_found("GlobalClusterNotFoundFault", format!("GlobalCluster {id} not found."));
        let global = self.globals.get(id).ok_or_else(no_global)?;
        let refuse = |why: String| Err(Refusal::invalid("InvalidGlobalClusterStateFault", why));
        if global.failover.is_some() {
            return refuse(format!("Global cluster {id} has a failover or switchover in progress."));
        }
        let Some(member) = global.members.iter().find(|member| member.arn == *arn) else {
            let why = format!("DBCluster {arn} is not a member of global cluster {id}.");
            return Err(Refusal::not_found("DBClusterNotFoundFault", why));
        };
        if member.is_writer && global.members.len() > 1 {
            return refuse("The primary can be removed only when it is the last member.".to_owned());
        }
        let ms = context.dice.between(DETACHED_MS.0, DETACHED_MS.1) + context.fate.hang_ms;
        let view = global.view();
        self.agenda.put(self.after(ms), Due::GlobalLeft { id: id.clone(), arn: arn.clone() });
        if let Some(at) = self.clusters.iter().find(|(_, cluster)| cluster.arn == *arn).map(|(at, _)| at.clone()) {
            self.cluster_is(&at, "promoting");
        }
        Ok(view)
    }

    /// The cluster stands alone and writes.
    pub(super) fn global_left(&mut self, id: &str, arn: &str) {
        if let Some(global) = self.globals.get_mut(id) {
            global.members.retain(|member| member.arn != arn);
        }
        for cluster in self.clusters.values_mut().filter(|cluster| cluster.arn == arn) {
            "available".clone_into(&mut cluster.status);
            cluster.lag = Lag::Ended;
            if let Some((_, is_writer)) = cluster.members.first_mut() {
                *is_writer = true;
            }
        }
    }
}
