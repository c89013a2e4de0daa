//! CloudWatch Logs: groups that logs go to.

use serde_json::json;

use super::Action;
use super::operation::{Operation, Pages, inputs, part};
use super::ownership::{Kind, Resource};
use crate::model::Value;
use crate::model::outcome::ProbeAnswer;

inputs! {
    /// Result: `{log_groups: [{log_group_name, arn, retention_in_days|null, stored_bytes|null, creation_time}]}`, at most 50.
    DescribeLogGroups {
        ;
        log_group_name_prefix: String,
        /// At most 50, the default.
        limit: u32,
    }

    /// Result: `{log_group_name}`. Refused when there is one of that name.
    CreateLogGroup {
        log_group_name: String;
        kms_key_id: String,
        /// `STANDARD` or `INFREQUENT_ACCESS`.
        log_group_class: String,
    }
}

fn page(pages: &Pages<'_>, group: Option<&str>) -> String {
    // The console encodes twice.
    let tail = group.map_or_else(String::new, |group| format!("/log-group/{}", part(&part(group)).replace('%', "$")));
    pages.regional(&format!("cloudwatch/home?region={{region}}#logsV2:log-groups{tail}"))
}

impl Operation for DescribeLogGroups {
    fn names(&self) -> Vec<&str> {
        self.log_group_name_prefix.iter().map(String::as_str).collect()
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, None))
    }
}

impl CreateLogGroup {
    fn is_in(&self, answer: &Value) -> Option<bool> {
        let groups = answer["log_groups"].as_array()?;
        Some(groups.iter().any(|group| group["log_group_name"] == json!(self.log_group_name)))
    }
}

impl Operation for CreateLogGroup {
    fn probe(&self) -> Option<Action> {
        let log_group_name_prefix = Some(self.log_group_name.clone());
        Some(Action::DescribeLogGroups(DescribeLogGroups { log_group_name_prefix, limit: None }))
    }

    fn judge(&self, before: Option<&Value>, now: &Value) -> ProbeAnswer {
        match (before.and_then(|before| self.is_in(before)), self.is_in(now)) {
            (_, Some(false)) => ProbeAnswer::Before,
            (Some(false), Some(true)) => ProbeAnswer::After,
            // It may have been there before the call.
            _ => ProbeAnswer::CannotTell,
        }
    }

    /// Whether it was there.
    fn before_view(&self, answer: &Value) -> Value {
        json!({"exists": self.is_in(answer)})
    }

    fn rights(&self) -> &'static [&'static str] {
        &["kms:DescribeKey"]
    }

    fn creates(&self) -> Vec<Resource> {
        vec![Resource::new(Kind::LogGroup, &self.log_group_name)]
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.log_group_name]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, Some(&self.log_group_name)))
    }
}
