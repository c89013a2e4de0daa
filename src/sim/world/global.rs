//! Aurora global databases: members in several regions, one of them the writer.

use serde_json::json;

use super::rds::Lag;
use super::{Answer, Context, Due, Refusal, World};
use crate::model::Value;
use crate::model::action::rds as calls;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Global {
    pub id: String,
    pub status: String,
    pub failover: Option<Failover>,
    pub members: Vec<Member>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub arn: String,
    pub is_writer: bool,
    pub synchronization: String,
}

/// A move of the writer that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failover {
    pub status: String,
    pub from: Option<String>,
    pub to: String,
    pub data_loss: bool,
}

const FAILOVER_MS: (u64, u64) = (90_000, 4 * 60_000);
const SWITCHOVER_MS: (u64, u64) = (2 * 60_000, 5 * 60_000);

/// The region in an ARN.
fn region_in(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap_or_default()
}

impl Global {
    pub(super) fn view(&self) -> Value {
        let members: Vec<Value> = self
            .members
            .iter()
            .map(|member| {
                json!({
                    "db_cluster_arn": member.arn,
                    "is_writer": member.is_writer,
                    "synchronization_status": member.synchronization,
                })
            })
            .collect();
        let failover = self.failover.as_ref().map(|failover| {
            json!({
                "status": failover.status,
                "from_db_cluster_arn": failover.from,
                "to_db_cluster_arn": failover.to,
                "is_data_loss_allowed": failover.data_loss,
            })
        });
        json!({
            "global_cluster_identifier": self.id,
            "status": self.status,
            "failover_state": failover,
            "writer": self.writer(),
            "members": members,
        })
    }

    fn writer(&self) -> Option<&str> {
        self.members.iter().find(|member| member.is_writer).map(|member| member.arn.as_str())
    }
}

impl World {
    pub(super) fn describe_global(&self, call: &calls::DescribeGlobalClusters) -> Answer {
        self.globals
            .get(&call.global_cluster_identifier)
            .map(Global::view)
            .ok_or_else(|| no_global(&call.global_cluster_identifier))
    }

    pub(super) fn failover_global(&mut self, call: &calls::FailoverGlobalCluster, context: &mut Context<'_>) -> Answer {
        let data_loss = call.allow_data_loss == Some(true);
        self.move_writer(&call.global_cluster_identifier, &call.target_db_cluster_identifier, data_loss, context)
    }

    pub(super) fn switchover_global(
        &mut self,
        call: &calls::SwitchoverGlobalCluster,
        context: &mut Context<'_>,
    ) -> Answer {
        self.move_writer(&call.global_cluster_identifier, &call.target_db_cluster_identifier, false, context)
    }

    /// Without data loss it is a switchover, and that needs a primary that answers.
    fn move_writer(&mut self, id: &str, target: &str, data_loss: bool, context: &mut Context<'_>) -> Answer {
        let global = self.globals.get(id).ok_or_else(|| no_global(id))?;
        let refuse = |why: String| Err(Refusal::invalid("InvalidGlobalClusterStateFault", why));
        let Some(member) = global.members.iter().find(|member| member.arn == target) else {
            return Err(Refusal::not_found(
                "DBClusterNotFoundFault",
                format!("DBCluster {target} is not a member of global cluster {id}."),
            ));
        };
        if global.failover.is_some() {
            return refuse(format!("Global cluster {id} has a failover or switchover in progress."));
        }
        if member.is_writer {
            return refuse(format!("DBCluster {target} is already the primary of global cluster {id}."));
        }
        let from = global.writer().map(str::to_owned);
        let healthy = from.as_deref().is_some_and(|arn| !self.is_lost(region_in(arn)));
        if !data_loss && !healthy {
            return refuse(format!("The primary of global cluster {id} is not healthy: a switchover needs it."));
        }
        let (status, word, range) = if data_loss {
            ("failing-over", "pending", FAILOVER_MS)
        } else {
            ("switching-over", "pending", SWITCHOVER_MS)
        };
        let takes_ms = context.dice.between(range.0, range.1) + context.fate.hang_ms;
        self.agenda.put(self.after(takes_ms), Due::GlobalMoved { id: id.to_owned(), to: target.to_owned() });
        let global = self.globals.get_mut(id).ok_or_else(|| no_global(id))?;
        status.clone_into(&mut global.status);
        global.failover = Some(Failover { status: word.to_owned(), from, to: target.to_owned(), data_loss });
        Ok(global.view())
    }

    pub(super) fn global_moved(&mut self, id: &str, to: &str) {
        let Some(global) = self.globals.get_mut(id) else { return };
        let Some(failover) = global.failover.take() else { return };
        "available".clone_into(&mut global.status);
        for member in &mut global.members {
            member.is_writer = member.arn == to;
            // After a forced failover the old primary must be filled again before it counts.
            if failover.data_loss && failover.from.as_deref() == Some(&member.arn) {
                "pending-resync".clone_into(&mut member.synchronization);
            }
        }
        for cluster in self.clusters.values_mut() {
            if cluster.arn == to {
                cluster.lag = Lag::Ended;
                if let Some((_, is_writer)) = cluster.members.first_mut() {
                    *is_writer = true;
                }
            }
        }
    }
}

fn no_global(id: &str) -> Refusal {
    Refusal::not_found("GlobalClusterNotFoundFault", format!("GlobalCluster {id} not found."))
}
