//! Alarms, log groups and parameters: what a recovery looks at or sets beside the systems themselves.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Answer, Context, Refusal, World};
use crate::model::Value;
use crate::model::action::{cloudwatch, logs, ssm};
use crate::model::time::rfc3339;

/// An alarm: what was put, and the state it is in.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    pub arn: String,
    pub state: String,
    pub since_ms: i64,
    pub settings: cloudwatch::PutMetricAlarm,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGroup {
    pub arn: String,
    pub retention_days: Option<u32>,
    pub made_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub arn: String,
    /// `String`, `StringList` or `SecureString`.
    pub kind: String,
    pub value: String,
    pub version: u64,
    pub modified_ms: i64,
}

const DEFAULT_RECORDS: u32 = 100;
const DEFAULT_GROUPS: u32 = 50;
const LONGEST_LIST: usize = 200;

impl Alarm {
    fn view(&self) -> Value {
        let set = &self.settings;
        json!({
            "alarm_name": set.alarm_name,
            "alarm_arn": self.arn,
            "state_value": self.state,
            "state_reason": null,
            "state_updated_timestamp": rfc3339(self.since_ms),
            "actions_enabled": set.actions_enabled.unwrap_or(true),
            "namespace": set.namespace,
            "metric_name": set.metric_name,
            "dimensions": set.dimensions,
            "statistic": set.statistic,
            "period": set.period,
            "evaluation_periods": set.evaluation_periods,
            "datapoints_to_alarm": set.datapoints_to_alarm,
            "threshold": set.threshold,
            "comparison_operator": set.comparison_operator,
            "treat_missing_data": set.treat_missing_data,
            "alarm_actions": set.alarm_actions.clone().unwrap_or_default(),
            "ok_actions": set.ok_actions.clone().unwrap_or_default(),
        })
    }
}

impl World {
    pub(super) fn describe_alarms(&self, call: &cloudwatch::DescribeAlarms, context: &Context<'_>) -> Value {
        let limit = usize::try_from(call.max_records.unwrap_or(DEFAULT_RECORDS)).unwrap_or(usize::MAX);
        let mut found = self
            .alarms
            .iter()
            .filter(|((region, _), _)| *region == context.region)
            .filter(|((_, name), _)| call.alarm_names.as_ref().is_none_or(|names| names.contains(name)))
            .filter(|((_, name), _)| call.alarm_name_prefix.as_ref().is_none_or(|prefix| name.starts_with(prefix)))
            .filter(|(_, alarm)| call.state_value.as_ref().is_none_or(|state| alarm.state == *state));
        let alarms: Vec<Value> = found.by_ref().take(limit).map(|(_, alarm)| alarm.view()).collect();
        json!({"metric_alarms": alarms, "is_truncated": found.next().is_some()})
    }

    pub(super) fn put_metric_alarm(&mut self, call: &cloudwatch::PutMetricAlarm, context: &Context<'_>) -> Value {
        let account = Self::account_of(context.target);
        let arn = format!("arn:aws:cloudwatch:{}:{account}:alarm:{}", context.region, call.alarm_name);
        let (state, since_ms) = ("INSUFFICIENT_DATA".to_owned(), self.now_ms);
        let place = (context.region.clone(), call.alarm_name.clone());
        let old = self.alarms.get(&place).map(|old| (old.state.clone(), old.since_ms));
        let (state, since_ms) = old.unwrap_or((state, since_ms));
        self.alarms.insert(place, Alarm { arn, state, since_ms, settings: call.clone() });
        json!({"alarm_name": call.alarm_name})
    }

    pub(super) fn describe_log_groups(&self, call: &logs::DescribeLogGroups, context: &Context<'_>) -> Value {
        let limit = usize::try_from(call.limit.unwrap_or(DEFAULT_GROUPS)).unwrap_or(usize::MAX);
        let prefix = call.log_group_name_prefix.as_deref().unwrap_or_default();
        let found = self
            .log_groups
            .iter()
            .filter(|((region, name), _)| *region == context.region && name.starts_with(prefix))
            .take(limit);
        let groups: Vec<Value> = found
            .map(|((_, name), group)| {
                json!({
                    "log_group_name": name,
                    "arn": group.arn,
                    "retention_in_days": group.retention_days,
                    "stored_bytes": 0,
                    "creation_time": rfc3339(group.made_ms),
                })
            })
            .collect();
        json!({"log_groups": groups})
    }

    pub(super) fn create_log_group(&mut self, call: &logs::CreateLogGroup, context: &Context<'_>) -> Answer {
        let place = (context.region.clone(), call.log_group_name.clone());
        if self.log_groups.contains_key(&place) {
            let why = "The specified log group already exists";
            return Err(Refusal::invalid("ResourceAlreadyExistsException", why));
        }
        let account = Self::account_of(context.target);
        let arn = format!("arn:aws:logs:{}:{account}:log-group:{}:*", place.0, place.1);
        self.log_groups.insert(place, LogGroup { arn, retention_days: None, made_ms: self.now_ms });
        Ok(json!({"log_group_name": call.log_group_name}))
    }

    fn parameter_view(name: &str, parameter: &Parameter) -> Value {
        let value = (parameter.kind != "SecureString").then_some(&parameter.value);
        json!({
            "name": name,
            "type": parameter.kind,
            "value": value,
            "version": parameter.version,
            "last_modified_date": rfc3339(parameter.modified_ms),
            "arn": parameter.arn,
        })
    }

    pub(super) fn get_parameter(&self, call: &ssm::GetParameter, context: &Context<'_>) -> Answer {
        let name = call.name.split(':').next().unwrap_or_default();
        let missing = || Refusal::not_found("ParameterNotFound", format!("no parameter `{}`", call.name));
        let found = self.parameters.get(&(context.region.clone(), name.to_owned())).ok_or_else(missing)?;
        Ok(Self::parameter_view(name, found))
    }

    pub(super) fn get_parameters_by_path(&self, call: &ssm::GetParametersByPath, context: &Context<'_>) -> Value {
        let path = format!("{}/", call.path.trim_end_matches('/'));
        let deep = call.recursive == Some(true);
        let mut found = self.parameters.iter().filter(|((region, name), _)| {
            let rest = name.strip_prefix(&path);
            *region == context.region && rest.is_some_and(|rest| deep || !rest.contains('/'))
        });
        let some = found.by_ref().take(LONGEST_LIST);
        let parameters: Vec<Value> = some.map(|((_, name), parameter)| Self::parameter_view(name, parameter)).collect();
        json!({"parameters": parameters, "is_truncated": found.next().is_some()})
    }
}

/// An alarm that nobody has told more of than its name.
#[must_use]
pub fn usual_alarm(name: &str) -> cloudwatch::PutMetricAlarm {
    cloudwatch::PutMetricAlarm {
        alarm_name: name.to_owned(),
        namespace: "AWS/ApplicationELB".to_owned(),
        metric_name: "HTTPCode_Target_5XX_Count".to_owned(),
        dimensions: BTreeMap::new(),
        statistic: "Sum".to_owned(),
        period: 60,
        evaluation_periods: 3,
        threshold: 10.0,
        comparison_operator: "GreaterThanThreshold".to_owned(),
        alarm_description: None,
        datapoints_to_alarm: None,
        treat_missing_data: Some("notBreaching".to_owned()),
        actions_enabled: None,
        alarm_actions: None,
        ok_actions: None,
    }
}
