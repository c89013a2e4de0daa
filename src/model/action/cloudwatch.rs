//! CloudWatch metrics and alarms.

mod alarms;

pub use alarms::{DescribeAlarms, PutMetricAlarm};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Result: `{latest, unit, raw, raw_unit, timestamp, age_seconds}`; `latest` is in seconds for time metrics and **absent** when there is no datapoint or replication is not active (-1): then a comparison is an error, not a pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetMetric {
    pub namespace: String,
    pub metric_name: String,
    pub dimensions: std::collections::BTreeMap<String, String>,
    /// `Average` (default), `Maximum`, `Minimum`, `Sum`, `SampleCount`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistic: Option<String>,
    /// Default 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period_seconds: Option<u32>,
    /// How far back to look (default 600).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_seconds: Option<u32>,
}
