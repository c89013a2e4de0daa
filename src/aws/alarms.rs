//! CloudWatch alarms.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{AlarmType, ComparisonOperator, Dimension, MetricAlarm, StateValue, Statistic};
use serde_json::json;

use super::calls::Calls;
use super::error::invalid;
use super::shape::{instant, some_text};
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::cloudwatch as input;
use crate::model::outcome::CloudError;

const DEFAULT_RECORDS: u32 = 100;

pub(super) async fn describe_alarms(calls: &Calls<'_>, call: &input::DescribeAlarms) -> Result<CloudReply, CloudError> {
    let request = calls
        .cloudwatch()
        .describe_alarms()
        .set_alarm_names(call.alarm_names.clone())
        .set_alarm_name_prefix(call.alarm_name_prefix.clone())
        .alarm_types(AlarmType::MetricAlarm)
        .set_state_value(call.state_value.as_deref().map(StateValue::from))
        .max_records(i32::try_from(call.max_records.unwrap_or(DEFAULT_RECORDS)).unwrap_or(i32::MAX));
    calls
        .answer(request.send(), |output| {
            let alarms: Vec<Value> = output.metric_alarms().iter().map(view).collect();
            json!({"metric_alarms": alarms, "is_truncated": some_text(output.next_token()).is_some()})
        })
        .await
}

pub(super) async fn put_metric_alarm(
    calls: &Calls<'_>,
    call: &input::PutMetricAlarm,
) -> Result<CloudReply, CloudError> {
    let statistic = Statistic::try_parse(&call.statistic).map_err(|_| unknown("statistic", &call.statistic))?;
    let operator = ComparisonOperator::try_parse(&call.comparison_operator)
        .map_err(|_| unknown("comparison operator", &call.comparison_operator))?;
    let dimensions = call.dimensions.iter().map(|(name, value)| Dimension::builder().name(name).value(value).build());
    let number = |given: u32| i32::try_from(given).unwrap_or(i32::MAX);
    let request = calls
        .cloudwatch()
        .put_metric_alarm()
        .alarm_name(&call.alarm_name)
        .set_alarm_description(call.alarm_description.clone())
        .namespace(&call.namespace)
        .metric_name(&call.metric_name)
        .set_dimensions(Some(dimensions.collect()))
        .statistic(statistic)
        .period(number(call.period))
        .evaluation_periods(number(call.evaluation_periods))
        .set_datapoints_to_alarm(call.datapoints_to_alarm.map(number))
        .threshold(call.threshold)
        .comparison_operator(operator)
        .set_treat_missing_data(call.treat_missing_data.clone())
        .set_actions_enabled(call.actions_enabled)
        .set_alarm_actions(call.alarm_actions.clone())
        .set_ok_actions(call.ok_actions.clone());
    Box::pin(calls.acknowledged(request.send(), |_| json!({"alarm_name": call.alarm_name}))).await
}

fn unknown(what: &str, given: &str) -> CloudError {
    invalid("InvalidParameterValue", format!("`{given}` is no {what}"))
}

fn view(alarm: &MetricAlarm) -> Value {
    let dimensions: BTreeMap<&str, &str> =
        alarm.dimensions().iter().filter_map(|dimension| Some((dimension.name()?, dimension.value()?))).collect();
    json!({
        "alarm_name": alarm.alarm_name(),
        "alarm_arn": alarm.alarm_arn(),
        "state_value": alarm.state_value().map(StateValue::as_str),
        "state_reason": some_text(alarm.state_reason()),
        "state_updated_timestamp": instant(alarm.state_updated_timestamp()),
        "actions_enabled": alarm.actions_enabled().unwrap_or(true),
        "namespace": some_text(alarm.namespace()),
        "metric_name": some_text(alarm.metric_name()),
        "dimensions": dimensions,
        "statistic": alarm.statistic().map(Statistic::as_str),
        "period": alarm.period(),
        "evaluation_periods": alarm.evaluation_periods(),
        "datapoints_to_alarm": alarm.datapoints_to_alarm(),
        "threshold": alarm.threshold(),
        "comparison_operator": alarm.comparison_operator().map(ComparisonOperator::as_str),
        "treat_missing_data": some_text(alarm.treat_missing_data()),
        "alarm_actions": alarm.alarm_actions(),
        "ok_actions": alarm.ok_actions(),
    })
}
