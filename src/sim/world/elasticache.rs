//! ElastiCache: global datastores, and the move of the primary between their regions.

use serde_json::json;

use super::{Answer, Context, Due, Refusal, World};
use crate::model::Value;
use crate::model::action::elasticache as calls;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlobalDatastore {
    pub id: String,
    pub status: String,
    pub members: Vec<DatastoreMember>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatastoreMember {
    pub group: String,
    pub region: String,
    pub is_primary: bool,
}

const MOVED_MS: (u64, u64) = (60_000, 3 * 60_000);

impl GlobalDatastore {
    fn view(&self) -> Value {
        let members: Vec<Value> = self
            .members
            .iter()
            .map(|member| {
                json!({
                    "replication_group_id": member.group,
                    "replication_group_region": member.region,
                    "role": if member.is_primary { "PRIMARY" } else { "SECONDARY" },
                    "status": "associated",
                })
            })
            .collect();
        let primary = self.members.iter().find(|member| member.is_primary).map(|member| &member.region);
        json!({
            "global_replication_group_id": self.id,
            "status": self.status,
            "engine": "redis",
            "primary_region": primary,
            "members": members,
        })
    }
}

fn no_datastore(id: &str) -> Refusal {
    Refusal::not_found("GlobalReplicationGroupNotFoundFault", format!("Global replication group {id} not found."))
}

impl World {
    pub(super) fn describe_datastore(&self, call: &calls::DescribeGlobalReplicationGroups) -> Answer {
        let id = &call.global_replication_group_id;
        self.datastores.get(id).map(GlobalDatastore::view).ok_or_else(|| no_datastore(id))
    }

    pub(super) fn failover_datastore(
        &mut self,
        call: &calls::FailoverGlobalReplicationGroup,
        context: &mut Context<'_>,
    ) -> Answer {
        let id = &call.global_replication_group_id;
        let store = self.datastores.get_mut(id).ok_or_else(|| no_datastore(id))?;
        if store.status != "available" {
            let why = format!("Global replication group {id} is {}.", store.status);
            return Err(Refusal::invalid("InvalidGlobalReplicationGroupState", why));
        }
        let meant = |member: &&DatastoreMember| {
            member.group == call.primary_replication_group_id && member.region == call.primary_region
        };
        match store.members.iter().find(meant) {
            None => {
                let why =
                    format!("{} in {} is no member of {id}.", call.primary_replication_group_id, call.primary_region);
                return Err(Refusal::invalid("InvalidParameterValue", why));
            }
            Some(member) if member.is_primary => {
                let why = format!("{} is already the primary of {id}.", member.group);
                return Err(Refusal::invalid("InvalidParameterValue", why));
            }
            Some(_) => {}
        }
        "modifying".clone_into(&mut store.status);
        let view = store.view();
        let ms = context.dice.between(MOVED_MS.0, MOVED_MS.1) + context.fate.hang_ms;
        let due = Due::DatastoreMoved { id: id.clone(), region: call.primary_region.clone() };
        self.agenda.put(self.after(ms), due);
        Ok(view)
    }

    pub(super) fn datastore_moved(&mut self, id: &str, region: &str) {
        if let Some(store) = self.datastores.get_mut(id) {
            "available".clone_into(&mut store.status);
            store.members.iter_mut().for_each(|member| member.is_primary = member.region == region);
        }
    }
}
