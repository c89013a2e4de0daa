//! DynamoDB: tables and their continuous backups.

use serde_json::json;

use super::{Answer, Context, Place, Refusal, World};
use crate::model::action::dynamodb as calls;
use crate::model::time::rfc3339;
use crate::sim::naming::short;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    pub arn: String,
    pub status: String,
    /// Since when it can be restored to a point in time (Unix ms); `None` while it cannot.
    pub recoverable_since_ms: Option<i64>,
    pub items: u64,
    pub billing_mode: String,
    /// Units to read and to write.
    pub capacity: (u32, u32),
    /// How much of a change its stream holds; `None` without a stream.
    pub stream: Option<String>,
    /// The attribute that ends items, and when its last change is through.
    pub ttl: Option<String>,
    pub ttl_settled_ms: i64,
    pub is_protected: bool,
    /// Other regions that hold the same table.
    pub replicas: Vec<String>,
    /// ARN of the table it was restored from, and as of when.
    pub restored_from: Option<(String, i64)>,
}

/// Points in time are kept for 35 days, and the newest is about five minutes old.
const KEPT_MS: i64 = 35 * 86_400_000;
const NEWEST_AGE_MS: i64 = 5 * 60_000;

impl Table {
    /// The earliest and the latest point it can be restored to.
    #[must_use]
    pub fn recoverable(&self, now_ms: i64) -> Option<(i64, i64)> {
        let since_ms = self.recoverable_since_ms?;
        let latest = now_ms - NEWEST_AGE_MS;
        (since_ms <= latest).then(|| (since_ms.max(now_ms - KEPT_MS), latest))
    }
}

impl World {
    fn table(&self, name: &str, context: &Context<'_>) -> Result<&Table, Refusal> {
        let place: Place = (context.region.clone(), short(name).to_owned());
        let missing = || Refusal::not_found("TableNotFoundException", format!("Table not found: {}", place.1));
        self.tables.get(&place).ok_or_else(missing)
    }

    pub(super) fn describe_continuous_backups(
        &self,
        call: &calls::DescribeContinuousBackups,
        context: &Context<'_>,
    ) -> Answer {
        let table = self.table(&call.table_name, context)?;
        let is_on = table.recoverable_since_ms.is_some();
        let window = table.recoverable(self.now_ms);
        Ok(json!({
            "continuous_backups_status": "ENABLED",
            "point_in_time_recovery_status": if is_on { "ENABLED" } else { "DISABLED" },
            "recovery_period_in_days": is_on.then_some(35),
            "earliest_restorable_date_time": window.map(|(earliest, _)| rfc3339(earliest)),
            "latest_restorable_date_time": window.map(|(_, latest)| rfc3339(latest)),
        }))
    }
}
