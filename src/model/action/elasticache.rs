//! ElastiCache: global datastores and the replication groups in them.

mod groups;

use serde_json::json;

pub use groups::{
    CreateReplicationGroup, CreateSnapshot, DeleteReplicationGroup, DescribeReplicationGroups, DescribeSnapshots,
};

use super::Action;
use super::command_line::aws_line;
use super::operation::{Operation, Pages, inputs, part};
use crate::model::outcome::ProbeAnswer;
use crate::model::plan::ResolvedTarget;
use crate::model::{Object, Value};

inputs! {
    /// Result: the global datastore, as `DescribeGlobalReplicationGroups`. What had not been replicated is lost; there is no automatic failover between regions.
    FailoverGlobalReplicationGroup {
        global_replication_group_id: String,
        /// The region that becomes the primary.
        primary_region: String,
        /// The replication group there that becomes the primary.
        primary_replication_group_id: String;
    }

    /// Result: `{global_replication_group_id, status, engine, primary_region|null, members: [{replication_group_id, replication_group_region, role, status}]}`; a role is `PRIMARY` or `SECONDARY`.
    DescribeGlobalReplicationGroups {
        global_replication_group_id: String;
    }
}

fn page(pages: &Pages<'_>, id: &str) -> String {
    pages.regional(&format!("elasticache/home?region={{region}}#/global-datastores/{}", part(id)))
}

impl Operation for FailoverGlobalReplicationGroup {
    fn probe(&self) -> Option<Action> {
        let global_replication_group_id = self.global_replication_group_id.clone();
        Some(Action::DescribeGlobalReplicationGroups(DescribeGlobalReplicationGroups { global_replication_group_id }))
    }

    fn judge(&self, _: Option<&Value>, now: &Value) -> ProbeAnswer {
        let Some(members) = now["members"].as_array() else { return ProbeAnswer::CannotTell };
        let is_meant = |member: &Value| {
            member["replication_group_id"] == json!(self.primary_replication_group_id)
                && member["replication_group_region"] == json!(self.primary_region)
        };
        let is_primary =
            |member: &Value| member["role"].as_str().is_some_and(|role| role.eq_ignore_ascii_case("primary"));
        if now["status"] == json!("modifying") {
            ProbeAnswer::InProgress
        } else if members.iter().any(|member| is_meant(member) && is_primary(member)) {
            ProbeAnswer::After
        } else {
            ProbeAnswer::Before
        }
    }

    fn settle_ms(&self) -> u64 {
        60_000
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.global_replication_group_id, &self.primary_replication_group_id]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.global_replication_group_id))
    }
}

impl Operation for DescribeGlobalReplicationGroups {
    fn names(&self) -> Vec<&str> {
        vec![&self.global_replication_group_id]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.global_replication_group_id))
    }

    /// Without the flag the answer has no members, and so no roles.
    fn command_lines(&self, target: &ResolvedTarget) -> Option<Vec<Vec<String>>> {
        let mut members = Object::new();
        members.insert("global_replication_group_id".to_owned(), json!(self.global_replication_group_id));
        members.insert("show_member_info".to_owned(), json!(true));
        Some(vec![aws_line("elasticache", "describe-global-replication-groups", &members, target)])
    }
}
