//! DynamoDB tables and their backups.

mod tables;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use tables::{
    DeleteTable, DescribeTable, DescribeTimeToLive, PointInTimeRecoverySpecification, ProvisionedThroughput,
    RestoreTableToPointInTime, StreamSpecification, TimeToLiveSpecification, UpdateContinuousBackups, UpdateTable,
    UpdateTimeToLive,
};

/// Result: `{continuous_backups_status, point_in_time_recovery_status, recovery_period_in_days|null, earliest_restorable_date_time|null, latest_restorable_date_time|null}`; both statuses are `ENABLED` or `DISABLED`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribeContinuousBackups {
    pub table_name: String,
}
