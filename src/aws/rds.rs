//! Aurora and RDS: promote, fail over, describe.

use super::calls::Calls;
use super::error::invalid;
use crate::engine::ports::CloudReply;
use crate::model::action::rds as input;
use crate::model::outcome::CloudError;

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn promote_read_replica_db_cluster(
    _: &Calls<'_>,
    _: &input::PromoteReadReplicaDbCluster,
) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn promote_read_replica(
    _: &Calls<'_>,
    _: &input::PromoteReadReplica,
) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn failover_global_cluster(
    _: &Calls<'_>,
    _: &input::FailoverGlobalCluster,
) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn switchover_global_cluster(
    _: &Calls<'_>,
    _: &input::SwitchoverGlobalCluster,
) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn describe_db_clusters(
    _: &Calls<'_>,
    _: &input::DescribeDbClusters,
) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn describe_db_instances(
    _: &Calls<'_>,
    _: &input::DescribeDbInstances,
) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn describe_global_clusters(
    _: &Calls<'_>,
    _: &input::DescribeGlobalClusters,
) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}
