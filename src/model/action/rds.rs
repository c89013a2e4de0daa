//! RDS and Aurora.

mod exports;
mod instances;
mod recovery;
mod settings;
mod writers;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use exports::{DescribeExportTasks, StartExportTask};
pub use instances::{
    CreateDbInstanceReadReplica, CreateDbSnapshot, DeleteDbSnapshot, DescribeDbSnapshots,
    RestoreDbInstanceFromDbSnapshot,
};
pub use recovery::{
    CreateDbClusterSnapshot, CreateDbInstance, DeleteDbCluster, DeleteDbInstance, DescribeDbClusterSnapshots,
    RestoreDbClusterFromSnapshot, RestoreDbClusterToPointInTime, RestoreDbInstanceToPointInTime,
};
pub use settings::{CreateDbCluster, ModifyDbCluster, ModifyDbInstance};
pub use writers::{FailoverDbCluster, RemoveFromGlobalCluster};

/// Result: the cluster, as `DescribeDbClusters`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PromoteReadReplicaDbCluster {
    pub db_cluster_identifier: String,
}

/// Result: the instance, as `DescribeDbInstances`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PromoteReadReplica {
    pub db_instance_identifier: String,
    /// Days that automated backups are kept afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_retention_period: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_backup_window: Option<String>,
}

/// Result: the global cluster, as `DescribeGlobalClusters`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailoverGlobalCluster {
    pub global_cluster_identifier: String,
    /// ARN of the member that becomes the writer.
    pub target_db_cluster_identifier: String,
    /// Without it AWS does a switchover, which needs a healthy primary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_data_loss: Option<bool>,
}

/// Result: the global cluster, as `DescribeGlobalClusters`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SwitchoverGlobalCluster {
    pub global_cluster_identifier: String,
    /// ARN of the member that becomes the writer.
    pub target_db_cluster_identifier: String,
}

/// Result: `{db_cluster_identifier, db_cluster_arn, status, engine, engine_version, endpoint, reader_endpoint, replication_source_identifier|null, members: [{db_instance_identifier, is_writer}], backup_retention_period, preferred_backup_window, earliest_restorable_time|null, latest_restorable_time|null, deletion_protection, db_subnet_group|null, vpc_security_group_ids, pending_modified_values|null}`; the retention is in days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribeDbClusters {
    pub db_cluster_identifier: String,
}

/// Result: `{db_instance_identifier, db_instance_arn, db_instance_status, engine, endpoint, port, read_replica_source_db_instance_identifier|null, db_cluster_identifier|null, db_instance_class|null, multi_az, backup_retention_period, preferred_backup_window|null, latest_restorable_time|null, deletion_protection, db_subnet_group|null, vpc_security_group_ids, pending_modified_values|null}`; the retention is in days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribeDbInstances {
    pub db_instance_identifier: String,
}

/// Result: `{global_cluster_identifier, status, failover_state|null, writer, members: [{db_cluster_arn, is_writer, synchronization_status}]}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribeGlobalClusters {
    pub global_cluster_identifier: String,
}
