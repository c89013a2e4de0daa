//! ElastiCache within one region: replication groups and their snapshots.
//!
//! Must not know: global datastores (`elasticache.rs`).

use serde_json::json;

use super::{Answer, Context, Due, Place, Refusal, World};
use crate::model::Value;
use crate::model::action::elasticache as calls;
use crate::model::time::rfc3339;
use crate::sim::dice::HOST;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicationGroup {
    pub id: String,
    pub arn: String,
    pub status: String,
    pub description: String,
    pub engine: String,
    pub node_type: String,
    /// The part of its addresses that AWS makes up.
    pub host: String,
    pub region: String,
    /// Primary and replicas.
    pub nodes: u32,
    pub port: u32,
    pub retention_days: u32,
    pub global: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheSnapshot {
    pub name: String,
    pub group: String,
    pub source: String,
    pub engine: String,
    pub node_type: String,
    pub created_ms: i64,
    pub ready_ms: i64,
    pub retention_days: u32,
}

const CREATED_MS: (u64, u64) = (7 * 60_000, 12 * 60_000);
const DELETED_MS: (u64, u64) = (3 * 60_000, 6 * 60_000);
const SNAPSHOT_MS: (u64, u64) = (60_000, 4 * 60_000);
const ENGINE_VERSION: &str = "7.1";

impl ReplicationGroup {
    fn view(&self) -> Value {
        let node = |n: u32| format!("{}-{n:03}", self.id);
        // No address before there are nodes.
        let is_made = self.status != "creating";
        let address = |kind: &str| {
            is_made.then(|| format!("{}{kind}.{}.ng.0001.{}.cache.amazonaws.com", self.id, self.host, self.region))
        };
        let members: Vec<Value> = (1..=self.nodes)
            .map(|n| {
                let zone = char::from(b'a' + u8::try_from((n - 1) % 3).unwrap_or(0));
                json!({
                    "cache_cluster_id": node(n),
                    "availability_zone": format!("{}{zone}", self.region),
                    "current_role": if n == 1 { "primary" } else { "replica" },
                })
            })
            .collect();
        let shard = json!({"node_group_id": "0001", "status": self.status, "members": members});
        json!({
            "replication_group_id": self.id,
            "arn": self.arn,
            "status": self.status,
            "description": self.description,
            "engine": self.engine,
            "cache_node_type": self.node_type,
            "primary_endpoint": address(""),
            "reader_endpoint": address("-ro"),
            "configuration_endpoint": null,
            "port": is_made.then_some(self.port),
            "member_clusters": (1..=self.nodes).map(node).collect::<Vec<String>>(),
            "node_groups": if is_made { vec![shard] } else { Vec::new() },
            "automatic_failover": if self.nodes > 1 { "enabled" } else { "disabled" },
            "multi_az": if self.nodes > 1 { "enabled" } else { "disabled" },
            "global_replication_group_id": self.global,
            "snapshot_retention_limit": self.retention_days,
            "snapshot_window": "03:00-04:00",
        })
    }
}

impl CacheSnapshot {
    fn view(&self, now_ms: i64) -> Value {
        let is_ready = now_ms >= self.ready_ms;
        json!({
            "snapshot_name": self.name,
            "replication_group_id": self.group,
            "cache_cluster_id": null,
            "snapshot_status": if is_ready { "available" } else { "creating" },
            "snapshot_source": self.source,
            "snapshot_create_time": is_ready.then(|| rfc3339(self.created_ms)),
            "engine": self.engine,
            "engine_version": ENGINE_VERSION,
            "cache_node_type": self.node_type,
            "num_node_groups": 1,
            "snapshot_retention_limit": self.retention_days,
        })
    }
}

fn no_group(id: &str) -> Refusal {
    Refusal::not_found("ReplicationGroupNotFoundFault", format!("ReplicationGroup {id} not found."))
}

fn no_snapshot(name: &str) -> Refusal {
    Refusal::not_found("SnapshotNotFoundFault", format!("{name} is either not present or not available."))
}

fn place(context: &Context<'_>, id: &str) -> Place {
    (context.region.clone(), id.to_owned())
}

impl World {
    pub(super) fn describe_group(&self, call: &calls::DescribeReplicationGroups, context: &Context<'_>) -> Answer {
        let id = &call.replication_group_id;
        self.replication_groups.get(&place(context, id)).map(ReplicationGroup::view).ok_or_else(|| no_group(id))
    }

    pub(super) fn create_group(&mut self, call: &calls::CreateReplicationGroup, context: &mut Context<'_>) -> Answer {
        let id = &call.replication_group_id;
        let at = place(context, id);
        if self.replication_groups.contains_key(&at) {
            let why = format!("Replication group with id {id} already exists");
            return Err(Refusal::invalid("ReplicationGroupAlreadyExists", why));
        }
        let snapshot = match &call.snapshot_name {
            None => None,
            Some(name) => Some(self.ready_snapshot(name, context)?),
        };
        let of_snapshot = |member: fn(&CacheSnapshot) -> &String| snapshot.as_ref().map(|from| member(from).clone());
        let group = ReplicationGroup {
            id: id.clone(),
            arn: format!(
                "arn:aws:elasticache:{}:{}:replicationgroup:{id}",
                context.region,
                Self::account_of(context.target)
            ),
            status: "creating".to_owned(),
            description: call.replication_group_description.clone(),
            engine: call.engine.clone().or(of_snapshot(|from| &from.engine)).unwrap_or_else(|| "redis".to_owned()),
            node_type: call
                .cache_node_type
                .clone()
                .or(of_snapshot(|from| &from.node_type))
                .unwrap_or_else(|| "cache.r7g.large".to_owned()),
            host: context.dice.text(HOST, 6),
            region: context.region.clone(),
            nodes: call.num_cache_clusters.or(call.replicas_per_node_group.map(|n| n + 1)).unwrap_or(1).clamp(1, 6),
            port: call.port.unwrap_or(6379),
            retention_days: call.snapshot_retention_limit.unwrap_or(0),
            global: call.global_replication_group_id.clone(),
        };
        let view = group.view();
        let ms = context.dice.between(CREATED_MS.0, CREATED_MS.1) + context.fate.hang_ms;
        self.agenda.put(self.after(ms), Due::GroupAvailable(at.clone()));
        self.replication_groups.insert(at, group);
        Ok(view)
    }

    fn ready_snapshot(&self, name: &str, context: &Context<'_>) -> Result<CacheSnapshot, Refusal> {
        let snapshot = self.cache_snapshots.get(&place(context, name)).ok_or_else(|| no_snapshot(name))?;
        if self.now_ms < snapshot.ready_ms {
            let why = format!("Snapshot {name} is still being created.");
            return Err(Refusal::invalid("InvalidParameterValue", why));
        }
        Ok(snapshot.clone())
    }

    pub(super) fn group_available(&mut self, at: &Place) {
        if let Some(group) = self.replication_groups.get_mut(at).filter(|group| group.status == "creating") {
            "available".clone_into(&mut group.status);
        }
    }

    pub(super) fn delete_group(&mut self, call: &calls::DeleteReplicationGroup, context: &mut Context<'_>) -> Answer {
        let id = &call.replication_group_id;
        let at = place(context, id);
        let group = self.replication_groups.get_mut(&at).ok_or_else(|| no_group(id))?;
        let refuse = |why: String| Err(Refusal::invalid("InvalidReplicationGroupState", why));
        if group.status != "available" {
            return refuse(format!("Replication group {id} is {}.", group.status));
        }
        if let Some(global) = &group.global {
            return refuse(format!("Replication group {id} is a member of the global datastore {global}."));
        }
        "deleting".clone_into(&mut group.status);
        let view = group.view();
        let ms = context.dice.between(DELETED_MS.0, DELETED_MS.1) + context.fate.hang_ms;
        self.agenda.put(self.after(ms), Due::GroupGone(at));
        Ok(view)
    }

    pub(super) fn snapshot_group(&mut self, call: &calls::CreateSnapshot, context: &mut Context<'_>) -> Answer {
        let at = place(context, &call.snapshot_name);
        if self.cache_snapshots.contains_key(&at) {
            let why = format!("Snapshot {} already exists.", call.snapshot_name);
            return Err(Refusal::invalid("SnapshotAlreadyExistsFault", why));
        }
        let id = match (&call.replication_group_id, &call.cache_cluster_id) {
            (Some(group), None) => group.clone(),
            // A node is called after its group.
            (None, Some(node)) => node.rsplit_once('-').map_or(node.clone(), |(group, _)| group.to_owned()),
            _ => {
                let why = "Exactly one of ReplicationGroupId and CacheClusterId is needed.";
                return Err(Refusal::invalid("InvalidParameterCombination", why));
            }
        };
        let group = self.replication_groups.get(&place(context, &id)).ok_or_else(|| no_group(&id))?;
        if group.status != "available" {
            let why = format!("Replication group {id} is {}.", group.status);
            return Err(Refusal::invalid("InvalidReplicationGroupState", why));
        }
        let ms = context.dice.between(SNAPSHOT_MS.0, SNAPSHOT_MS.1) + context.fate.hang_ms;
        let snapshot = CacheSnapshot {
            name: call.snapshot_name.clone(),
            group: id,
            source: "manual".to_owned(),
            engine: group.engine.clone(),
            node_type: group.node_type.clone(),
            created_ms: self.now_ms,
            ready_ms: self.after(ms),
            retention_days: 0,
        };
        let view = snapshot.view(self.now_ms);
        self.cache_snapshots.insert(at, snapshot);
        Ok(view)
    }

    pub(super) fn describe_cache_snapshots(&self, call: &calls::DescribeSnapshots, context: &Context<'_>) -> Answer {
        let wanted = call.snapshot_name.as_deref();
        let source =
            call.snapshot_source.as_deref().map(|source| if source == "system" { "automated" } else { "manual" });
        let mut found: Vec<&CacheSnapshot> = self
            .cache_snapshots
            .iter()
            .filter(|((region, name), snapshot)| {
                *region == context.region
                    && wanted.is_none_or(|wanted| wanted == name)
                    && call.replication_group_id.as_ref().is_none_or(|group| *group == snapshot.group)
                    && source.is_none_or(|source| source == snapshot.source)
            })
            .map(|(_, snapshot)| snapshot)
            .collect();
        if let (Some(name), true) = (wanted, found.is_empty()) {
            return Err(no_snapshot(name));
        }
        found.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.created_ms));
        let views: Vec<Value> = found.into_iter().map(|snapshot| snapshot.view(self.now_ms)).collect();
        Ok(json!({"snapshots": views}))
    }
}
