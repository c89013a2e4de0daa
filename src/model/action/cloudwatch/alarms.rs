//! CloudWatch alarms: read, and set as a whole.

use std::collections::BTreeMap;

use serde_json::json;

use crate::model::Value;
use crate::model::action::Action;
use crate::model::action::command_line::aws_line;
use crate::model::action::operation::{Operation, Pages, inputs, is_set, part};
use crate::model::outcome::ProbeAnswer;
use crate::model::plan::ResolvedTarget;

inputs! {
    /// Result: `{metric_alarms: [{alarm_name, alarm_arn, state_value, state_reason, state_updated_timestamp, actions_enabled, namespace|null, metric_name|null, dimensions: {NAME: VALUE}, statistic|null, period|null, evaluation_periods, datapoints_to_alarm|null, threshold|null, comparison_operator, treat_missing_data|null, alarm_actions: [ARN], ok_actions: [ARN]}], is_truncated}`; a state is `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    DescribeAlarms {
        ;
        alarm_names: Vec<String>,
        alarm_name_prefix: String,
        /// Only those in this state.
        state_value: String,
        /// At most this many (default and maximum 100).
        max_records: u32,
    }

    /// Result: `{alarm_name}`. An alarm of that name is replaced as a whole: what is not given falls back to its default.
    PutMetricAlarm {
        alarm_name: String,
        namespace: String,
        metric_name: String,
        dimensions: BTreeMap<String, String>,
        /// `Average`, `Maximum`, `Minimum`, `Sum`, `SampleCount`.
        statistic: String,
        /// Seconds.
        period: u32,
        evaluation_periods: u32,
        threshold: f64,
        /// `GreaterThanThreshold`, `LessThanThreshold`, `GreaterThanOrEqualToThreshold` …
        comparison_operator: String;
        alarm_description: String,
        datapoints_to_alarm: u32,
        /// `breaching`, `notBreaching`, `ignore` or `missing`.
        treat_missing_data: String,
        actions_enabled: bool,
        /// ARNs of topics.
        alarm_actions: Vec<String>,
        ok_actions: Vec<String>,
    }
}

fn page(pages: &Pages<'_>, alarm: Option<&str>) -> String {
    let tail = alarm.map_or_else(String::new, |alarm| format!("alarm/{}", part(alarm)));
    pages.regional(&format!("cloudwatch/home?region={{region}}#alarmsV2:{tail}"))
}

impl Operation for DescribeAlarms {
    fn names(&self) -> Vec<&str> {
        self.alarm_names.iter().flatten().chain(&self.alarm_name_prefix).map(String::as_str).collect()
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, self.alarm_names.iter().flatten().next().map(String::as_str)))
    }
}

impl Operation for PutMetricAlarm {
    fn probe(&self) -> Option<Action> {
        Some(Action::DescribeAlarms(DescribeAlarms {
            alarm_names: Some(vec![self.alarm_name.clone()]),
            alarm_name_prefix: None,
            state_value: None,
            max_records: None,
        }))
    }

    fn judge(&self, _: Option<&Value>, now: &Value) -> ProbeAnswer {
        match &now["metric_alarms"][0] {
            // An empty list is an answer: there is no such alarm.
            Value::Null if now["metric_alarms"].is_array() => ProbeAnswer::Before,
            alarm => is_set(self, alarm, &["alarm_description"]),
        }
    }

    fn before_view(&self, answer: &Value) -> Value {
        answer["metric_alarms"][0].clone()
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.alarm_name]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, Some(&self.alarm_name)))
    }

    /// Dimensions are a list of pairs there.
    fn command_lines(&self, target: &ResolvedTarget) -> Option<Vec<Vec<String>>> {
        let Ok(Value::Object(mut members)) = serde_json::to_value(self) else { return None };
        let pairs: Vec<Value> =
            self.dimensions.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        members.insert("dimensions".to_owned(), Value::Array(pairs));
        members.retain(|_, value| value.as_array().is_none_or(|items| !items.is_empty()));
        Some(vec![aws_line("cloudwatch", "put-metric-alarm", &members, target)])
    }
}
