//! ElastiCache within one region: replication groups, and the snapshots that they come from and go to.

use serde_json::json;

use crate::model::Value;
use crate::model::action::Action;
use crate::model::action::operation::{Operation, Pages, inputs, made, part, taken_away};
use crate::model::action::ownership::{Kind, Resource};
use crate::model::outcome::ProbeAnswer;

inputs! {
    /// Result: `{replication_group_id, arn, status, description, engine|null, cache_node_type|null, primary_endpoint|null, reader_endpoint|null, configuration_endpoint|null, port|null, member_clusters, node_groups: [{node_group_id, status, members: [{cache_cluster_id, availability_zone|null, current_role|null}]}], automatic_failover, multi_az, global_replication_group_id|null, snapshot_retention_limit, snapshot_window|null}`. With cluster mode on there is a configuration endpoint in place of the primary's and the readers'.
    DescribeReplicationGroups {
        replication_group_id: String;
    }

    /// Result: the group, as `DescribeReplicationGroups`. From a snapshot, engine, node type and shards are the snapshot's unless given.
    CreateReplicationGroup {
        /// The new group's name.
        replication_group_id: String,
        replication_group_description: String;
        snapshot_name: String,
        /// ARNs of RDB files in S3, in place of a snapshot.
        snapshot_arns: Vec<String>,
        /// The global datastore that it joins as a secondary.
        global_replication_group_id: String,
        engine: String,
        engine_version: String,
        cache_node_type: String,
        /// Primary and replicas; without cluster mode.
        num_cache_clusters: u32,
        /// Shards; with cluster mode.
        num_node_groups: u32,
        replicas_per_node_group: u32,
        automatic_failover_enabled: bool,
        multi_az_enabled: bool,
        cache_subnet_group_name: String,
        cache_parameter_group_name: String,
        /// The default security group unless given.
        security_group_ids: Vec<String>,
        port: u32,
        /// Days that automatic snapshots are kept; 0 switches them off.
        snapshot_retention_limit: u32,
        at_rest_encryption_enabled: bool,
        transit_encryption_enabled: bool,
        kms_key_id: String,
        /// Who may log in. An AUTH token cannot be given here: set it afterwards, with a program of your own.
        user_group_ids: Vec<String>,
    }

    /// Result: the group, as `DescribeReplicationGroups`.
    DeleteReplicationGroup {
        replication_group_id: String;
        /// Takes a last snapshot under this name.
        final_snapshot_identifier: String,
        /// Keeps the primary as a cluster of its own.
        retain_primary_cluster: bool,
    }

    /// Result: the snapshot: `{snapshot_name, replication_group_id|null, cache_cluster_id|null, snapshot_status, snapshot_source, snapshot_create_time|null, engine, engine_version, cache_node_type, num_node_groups|null, snapshot_retention_limit}`; a status is `creating`, `available`, `restoring`, `copying` or `deleting`, a source `automated` or `manual`.
    CreateSnapshot {
        snapshot_name: String;
        /// Exactly one of the group and one of its nodes (cluster mode off) is needed.
        replication_group_id: String,
        cache_cluster_id: String,
    }

    /// Result: `{snapshots: [as CreateSnapshot]}`, the newest first, 50 at most.
    DescribeSnapshots {
        ;
        replication_group_id: String,
        cache_cluster_id: String,
        snapshot_name: String,
        /// `system` (automatic ones) or `user`.
        snapshot_source: String,
    }
}

fn look_at_group(id: &str) -> Action {
    Action::DescribeReplicationGroups(DescribeReplicationGroups { replication_group_id: id.to_owned() })
}

fn page(pages: &Pages<'_>, id: &str) -> String {
    pages.regional(&format!("elasticache/home?region={{region}}#/redis/{}", part(id)))
}

fn snapshots_page(pages: &Pages<'_>) -> String {
    pages.regional("elasticache/home?region={region}#/backups")
}

impl Operation for DescribeReplicationGroups {
    fn names(&self) -> Vec<&str> {
        vec![&self.replication_group_id]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.replication_group_id))
    }
}

impl Operation for CreateReplicationGroup {
    fn probe(&self) -> Option<Action> {
        Some(look_at_group(&self.replication_group_id))
    }

    fn judge(&self, before: Option<&Value>, now: &Value) -> ProbeAnswer {
        made(before, &now["status"], &["creating"])
    }

    fn judge_absent(&self) -> ProbeAnswer {
        ProbeAnswer::Before
    }

    fn rights(&self) -> &'static [&'static str] {
        &["elasticache:AddTagsToResource", "iam:CreateServiceLinkedRole"]
    }

    fn creates(&self) -> Vec<Resource> {
        vec![Resource::new(Kind::ReplicationGroup, &self.replication_group_id)]
    }

    fn names(&self) -> Vec<&str> {
        std::iter::once(&self.replication_group_id).chain(&self.snapshot_name).map(String::as_str).collect()
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.replication_group_id))
    }
}

impl Operation for DeleteReplicationGroup {
    fn probe(&self) -> Option<Action> {
        Some(look_at_group(&self.replication_group_id))
    }

    fn judge(&self, _: Option<&Value>, now: &Value) -> ProbeAnswer {
        taken_away(&now["status"], &["deleting"])
    }

    fn judge_absent(&self) -> ProbeAnswer {
        ProbeAnswer::After
    }

    fn rights(&self) -> &'static [&'static str] {
        &["elasticache:CreateSnapshot"]
    }

    fn deletes(&self) -> Vec<Resource> {
        vec![Resource::new(Kind::ReplicationGroup, &self.replication_group_id)]
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.replication_group_id]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.replication_group_id))
    }
}

impl Operation for CreateSnapshot {
    fn probe(&self) -> Option<Action> {
        Some(Action::DescribeSnapshots(DescribeSnapshots {
            replication_group_id: None,
            cache_cluster_id: None,
            snapshot_name: Some(self.snapshot_name.clone()),
            snapshot_source: None,
        }))
    }

    fn judge(&self, before: Option<&Value>, now: &Value) -> ProbeAnswer {
        if now["snapshots"] == json!([]) {
            return ProbeAnswer::Before;
        }
        let there = before.map(|before| &before["snapshots"][0]).filter(|snapshot| !snapshot.is_null());
        made(there, &now["snapshots"][0]["snapshot_status"], &["creating"])
    }

    fn judge_absent(&self) -> ProbeAnswer {
        ProbeAnswer::Before
    }

    fn rights(&self) -> &'static [&'static str] {
        &["elasticache:AddTagsToResource"]
    }

    fn creates(&self) -> Vec<Resource> {
        vec![Resource::new(Kind::CacheSnapshot, &self.snapshot_name)]
    }

    fn names(&self) -> Vec<&str> {
        std::iter::once(&self.snapshot_name)
            .chain(&self.replication_group_id)
            .chain(&self.cache_cluster_id)
            .map(String::as_str)
            .collect()
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(snapshots_page(pages))
    }
}

impl Operation for DescribeSnapshots {
    fn names(&self) -> Vec<&str> {
        self.replication_group_id
            .iter()
            .chain(&self.cache_cluster_id)
            .chain(&self.snapshot_name)
            .map(String::as_str)
            .collect()
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(snapshots_page(pages))
    }
}
