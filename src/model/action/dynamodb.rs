//! DynamoDB tables and their backups.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Result: `{continuous_backups_status, point_in_time_recovery_status, recovery_period_in_days|null, earliest_restorable_date_time|null, latest_restorable_date_time|null}`; both statuses are `ENABLED` or `DISABLED`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribeContinuousBackups {
    pub table_name: String,
}
