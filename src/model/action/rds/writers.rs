//! Which database writes: a failover within a cluster, and a member that leaves its global database.

use serde_json::json;

use super::DescribeGlobalClusters;
use super::recovery::{cluster_page, look_at_cluster};
use crate::model::Value;
use crate::model::action::Action;
use crate::model::action::operation::{Operation, Pages, inputs, last};
use crate::model::outcome::ProbeAnswer;

inputs! {
    /// Result: the global cluster, as `DescribeGlobalClusters`. The cluster then stands alone and takes writes: **both sides can**, so send writes to one of them only.
    RemoveFromGlobalCluster {
        global_cluster_identifier: String,
        /// ARN of the member that is detached.
        db_cluster_identifier: String;
    }

    /// Result: the cluster, as `DescribeDbClusters`.
    FailoverDbCluster {
        db_cluster_identifier: String;
        /// The instance that becomes the writer. Without it AWS picks one, and no look tells afterwards whether it was this call.
        target_db_instance_identifier: String,
    }
}

impl Operation for RemoveFromGlobalCluster {
    fn probe(&self) -> Option<Action> {
        let global_cluster_identifier = self.global_cluster_identifier.clone();
        Some(Action::DescribeGlobalClusters(DescribeGlobalClusters { global_cluster_identifier }))
    }

    fn judge(&self, _: Option<&Value>, now: &Value) -> ProbeAnswer {
        let Some(members) = now["members"].as_array() else { return ProbeAnswer::CannotTell };
        if members.iter().any(|member| member["db_cluster_arn"] == json!(self.db_cluster_identifier)) {
            ProbeAnswer::Before
        } else {
            ProbeAnswer::After
        }
    }

    fn settle_ms(&self) -> u64 {
        60_000
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.global_cluster_identifier, &self.db_cluster_identifier]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(cluster_page(pages, last(&self.db_cluster_identifier)))
    }
}

impl Operation for FailoverDbCluster {
    fn probe(&self) -> Option<Action> {
        Some(look_at_cluster(&self.db_cluster_identifier))
    }

    fn judge(&self, _: Option<&Value>, now: &Value) -> ProbeAnswer {
        let (Some(members), Some(target)) = (now["members"].as_array(), &self.target_db_instance_identifier) else {
            return ProbeAnswer::CannotTell;
        };
        let is_target = |member: &Value| member["db_instance_identifier"] == json!(target);
        if now["status"] == json!("failing-over") {
            ProbeAnswer::InProgress
        } else if members.iter().any(|member| is_target(member) && member["is_writer"] == json!(true)) {
            ProbeAnswer::After
        } else {
            ProbeAnswer::Before
        }
    }

    fn settle_ms(&self) -> u64 {
        60_000
    }

    fn names(&self) -> Vec<&str> {
        std::iter::once(&self.db_cluster_identifier)
            .chain(&self.target_db_instance_identifier)
            .map(String::as_str)
            .collect()
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(cluster_page(pages, &self.db_cluster_identifier))
    }
}
