//! CloudWatch: the latest datapoint of a metric, times in seconds.

use aws_sdk_cloudwatch::types::{Datapoint, Dimension, Statistic};
use aws_smithy_types::DateTime;
use serde_json::json;

use super::calls::Calls;
use super::error::invalid;
use super::shape::instant;
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::cloudwatch as input;
use crate::model::outcome::CloudError;

const DEFAULT_PERIOD_S: u32 = 60;
const DEFAULT_WINDOW_S: u32 = 600;

pub(super) async fn get_metric(calls: &Calls<'_>, call: &input::GetMetric) -> Result<CloudReply, CloudError> {
    let statistic = statistic(call.statistic.as_deref())?;
    let client = calls.cloudwatch();
    // The time that the request is signed with: far off, and AWS would refuse the signature anyway.
    let now = client.config().time_source().unwrap_or_default().now();
    let (from, to) = window(DateTime::from(now).secs(), call);
    let dimensions = call.dimensions.iter().map(|(name, value)| Dimension::builder().name(name).value(value).build());
    let request = client
        .get_metric_statistics()
        .namespace(&call.namespace)
        .metric_name(&call.metric_name)
        .set_dimensions(Some(dimensions.collect()))
        .start_time(DateTime::from_secs(from))
        .end_time(DateTime::from_secs(to))
        .period(i32::try_from(call.period_seconds.unwrap_or(DEFAULT_PERIOD_S)).unwrap_or(i32::MAX))
        .statistics(statistic.clone())
        .send();
    let mut latest: Option<DateTime> = None;
    let mut reply = calls
        .answer(request, |output| {
            let newest = output.datapoints().iter().max_by_key(|point| point.timestamp().map(DateTime::secs));
            latest = newest.and_then(|point| point.timestamp().copied());
            view(call, newest, &statistic)
        })
        .await?;
    if let (Some(latest), Value::Object(view)) = (latest.and_then(|at| at.to_millis().ok()), &mut reply.value) {
        // By the cloud's own clock: ours may be wrong, and then the lag would be as well.
        let now_ms = reply.cloud_ms.or_else(|| DateTime::from(now).to_millis().ok()).unwrap_or(latest);
        view.insert("age_seconds".to_owned(), json!((now_ms - latest).max(0) / 1000));
    }
    Ok(reply)
}

fn statistic(name: Option<&str>) -> Result<Statistic, CloudError> {
    Statistic::try_parse(name.unwrap_or("Average")).map_err(|_| {
        let known = Statistic::values().join(", ");
        invalid("InvalidParameterValue", format!("`{}` is no statistic: there are {known}", name.unwrap_or_default()))
    })
}

/// From when to when to look, Unix seconds: whole periods that are over.
fn window(now_s: i64, call: &input::GetMetric) -> (i64, i64) {
    let period = i64::from(call.period_seconds.unwrap_or(DEFAULT_PERIOD_S).max(1));
    let window = i64::from(call.window_seconds.unwrap_or(DEFAULT_WINDOW_S)).max(2 * period);
    let whole = |at: i64| at.div_euclid(period) * period;
    (whole(now_s - window), whole(now_s))
}

fn view(call: &input::GetMetric, point: Option<&Datapoint>, statistic: &Statistic) -> Value {
    let raw = point.and_then(|point| match statistic {
        Statistic::Maximum => point.maximum(),
        Statistic::Minimum => point.minimum(),
        Statistic::Sum => point.sum(),
        Statistic::SampleCount => point.sample_count(),
        _ => point.average(),
    });
    let (Some(point), Some(raw)) = (point, raw) else {
        return json!({"unit": null, "raw": null, "raw_unit": null, "timestamp": null, "age_seconds": null});
    };
    let raw_unit = point.unit().map_or("None", |unit| unit.as_str());
    // A number of samples is no time, whatever the samples measure.
    let counts = *statistic == Statistic::SampleCount;
    let (unit, scale) = match raw_unit {
        _ if counts => ("Count", 1.0),
        "Milliseconds" => ("Seconds", 1_000.0),
        "Microseconds" => ("Seconds", 1_000_000.0),
        // Some engines report their lag without a unit.
        "None" => lag_scale(&call.metric_name).map_or(("None", 1.0), |scale| ("Seconds", scale)),
        other => (other, 1.0),
    };
    let mut view = json!({
        "unit": unit,
        "raw": raw,
        "raw_unit": raw_unit,
        "timestamp": instant(point.timestamp()),
        "age_seconds": null,
    });
    // -1 says that replication is not active: that is no lag of minus one second.
    if counts || raw >= 0.0 || lag_scale(&call.metric_name).is_none() {
        view["latest"] = json!(raw / scale);
    }
    view
}

/// How many of a lag metric's unit make a second; `None` for every other metric.
fn lag_scale(metric: &str) -> Option<f64> {
    match metric {
        "AuroraReplicaLag" | "AuroraGlobalDBReplicationLag" | "AuroraGlobalDBRPOLag" => Some(1_000.0),
        "ReplicaLag" | "AuroraBinlogReplicaLag" => Some(1.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_periods_that_are_over_are_looked_at() {
        let call = |period: Option<u32>, window: Option<u32>| input::GetMetric {
            namespace: String::new(),
            metric_name: String::new(),
            dimensions: std::collections::BTreeMap::new(),
            statistic: None,
            period_seconds: period,
            window_seconds: window,
        };
        assert_eq!(window(10_030, &call(None, None)), (9_420, 10_020));
        assert_eq!(window(10_030, &call(Some(300), None)), (9_300, 9_900));
        // Never less than two periods: the last one may not be reported yet.
        assert_eq!(window(10_030, &call(Some(300), Some(60))), (9_300, 9_900));
    }
}
