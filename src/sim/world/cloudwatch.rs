//! CloudWatch: the latest datapoint of a metric, the lag of replicas above all.

use std::collections::BTreeMap;

use serde_json::json;

use super::rds::Lag;
use super::{Context, Dice, World};
use crate::model::Value;
use crate::model::action::cloudwatch::GetMetric;
use crate::model::time::rfc3339;

/// Region, namespace, name, dimensions.
pub type MetricKey = (String, String, String, BTreeMap<String, String>);

/// A metric that is not derived from a replica.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    pub value: f64,
    pub unit: String,
    /// No datapoint at all.
    pub missing: bool,
}

/// The unit a lag metric is reported in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LagUnit {
    Milliseconds,
    Seconds,
}

/// The unit of a lag metric; `None` for every other metric.
#[must_use]
pub fn lag_unit(metric: &str) -> Option<LagUnit> {
    match metric {
        "AuroraReplicaLag" | "AuroraGlobalDBReplicationLag" | "AuroraGlobalDBRPOLag" => Some(LagUnit::Milliseconds),
        "ReplicaLag" | "AuroraBinlogReplicaLag" => Some(LagUnit::Seconds),
        _ => None,
    }
}

/// A datapoint as the service has it.
struct Datapoint {
    raw: f64,
    unit: String,
    /// When the source stopped, if it has: nothing newer exists.
    last_ms: Option<i64>,
}

const DEFAULT_PERIOD_S: u32 = 60;
const DEFAULT_WINDOW_S: u32 = 600;

impl World {
    pub(super) fn get_metric(&self, call: &GetMetric, context: &Context<'_>) -> Value {
        let none = json!({"unit": null, "raw": null, "raw_unit": null, "timestamp": null, "age_seconds": null});
        let found = match lag_unit(&call.metric_name) {
            Some(unit) => self.lag_point(call, context, unit),
            None => self.plain_point(call, context),
        };
        let Some(point) = found else { return none };
        let period_ms = i64::from(call.period_seconds.unwrap_or(DEFAULT_PERIOD_S).max(1)) * 1000;
        let window_ms = i64::from(call.window_seconds.unwrap_or(DEFAULT_WINDOW_S)) * 1000;
        // A period is reported once it is over.
        let newest = self.now_ms.div_euclid(period_ms) * period_ms - period_ms;
        let stamp = point.last_ms.map_or(newest, |last_ms| newest.min(last_ms.div_euclid(period_ms) * period_ms));
        if self.now_ms - stamp > window_ms.max(2 * period_ms) {
            return none;
        }
        let (unit, scale) = match point.unit.as_str() {
            "Milliseconds" => ("Seconds".to_owned(), 1000.0),
            "Microseconds" => ("Seconds".to_owned(), 1_000_000.0),
            _ => (point.unit.clone(), 1.0),
        };
        let mut answer = json!({
            "unit": unit,
            "raw": point.raw,
            "raw_unit": point.unit,
            "timestamp": rfc3339(stamp),
            "age_seconds": (self.now_ms - stamp) / 1000,
        });
        // -1 says that replication is not active: that is no lag of minus one second.
        if point.raw >= 0.0 || lag_unit(&call.metric_name).is_none() {
            answer["latest"] = json!(point.raw / scale);
        }
        answer
    }

    fn plain_point(&self, call: &GetMetric, context: &Context<'_>) -> Option<Datapoint> {
        let key = (context.region.clone(), call.namespace.clone(), call.metric_name.clone(), call.dimensions.clone());
        let metric = self.metrics.get(&key).filter(|metric| !metric.missing)?;
        Some(Datapoint { raw: metric.value, unit: metric.unit.clone(), last_ms: None })
    }

    fn lag_point(&self, call: &GetMetric, context: &Context<'_>, unit: LagUnit) -> Option<Datapoint> {
        let in_unit = |ms: u64| {
            #[expect(clippy::cast_precision_loss, reason = "a lag is far below 2^53 ms")]
            let ms = ms as f64;
            match unit {
                LagUnit::Milliseconds => ms,
                LagUnit::Seconds => (ms / 1000.0).round(),
            }
        };
        let unit_name = match unit {
            LagUnit::Milliseconds => "Milliseconds",
            LagUnit::Seconds => "Seconds",
        };
        let point = |raw: f64, last_ms: Option<i64>| Some(Datapoint { raw, unit: unit_name.to_owned(), last_ms });
        match (self.lag_of(call, &context.region)?, unit) {
            (Lag::Active { ms, jitter_ms, source_region }, _) => {
                let last_ms = self.faults.region_lost_since(source_region, self.now_ms);
                let minute = last_ms.unwrap_or(self.now_ms) / 60_000;
                let name = format!("lag {} {minute}", call.dimensions.values().map(String::as_str).collect::<String>());
                let moved = ms + Dice::named(self.seed, &name).between(0, *jitter_ms);
                point(in_unit(context.fate.lag_ms.unwrap_or(moved)), last_ms)
            }
            (Lag::Ended, LagUnit::Seconds) => point(-1.0, None),
            (Lag::Ended, LagUnit::Milliseconds) | (Lag::None, _) => None,
        }
    }

    /// The replica that a metric's dimensions name.
    fn lag_of(&self, call: &GetMetric, region: &str) -> Option<&Lag> {
        let place = |id: &String| (region.to_owned(), id.clone());
        let instance = call.dimensions.get("DBInstanceIdentifier");
        let of_cluster = call.dimensions.get("DBClusterIdentifier").and_then(|id| self.clusters.get(&place(id)));
        let of_instance = instance.and_then(|id| self.instances.get(&place(id)));
        let of_member = instance.and_then(|id| {
            let mut here = self.clusters.iter().filter(|((there, _), _)| there == region);
            here.find(|(_, cluster)| cluster.members.iter().any(|(member, _)| member == id)).map(|(_, cluster)| cluster)
        });
        of_instance
            .map(|instance| &instance.lag)
            .or_else(|| of_cluster.map(|cluster| &cluster.lag))
            .or_else(|| of_member.map(|cluster| &cluster.lag))
    }
}
