//! Load balancers: target groups and the health of what they send traffic to.

use super::Action;
use super::operation::{Operation, Pages, inputs, is_set, last, part};
use crate::model::Value;
use crate::model::outcome::ProbeAnswer;

inputs! {
    /// Result: `{healthy_count, unhealthy_count, target_health_descriptions: [{target: {id, port}, target_health: {state, reason|null, description|null}}]}`; a target that is draining counts as neither.
    DescribeTargetHealth {
        target_group_arn: String;
    }

    /// Result: `{target_groups: [{target_group_arn, target_group_name, protocol, port, health_check_enabled, health_check_protocol, health_check_port, health_check_path, health_check_interval_seconds, health_check_timeout_seconds, healthy_threshold_count, unhealthy_threshold_count, matcher: {http_code}, load_balancer_arns}]}`.
    DescribeTargetGroups {
        target_group_arns: Vec<String>;
    }

    /// Result: the target group, as one of `DescribeTargetGroups`.
    ModifyTargetGroup {
        target_group_arn: String;
        health_check_enabled: bool,
        /// `HTTP`, `HTTPS`, `TCP` …
        health_check_protocol: String,
        /// A port, or `traffic-port`.
        health_check_port: String,
        health_check_path: String,
        health_check_interval_seconds: u32,
        health_check_timeout_seconds: u32,
        healthy_threshold_count: u32,
        unhealthy_threshold_count: u32,
        matcher: Matcher,
    }

    /// Which answers count as healthy.
    Matcher {
        ;
        /// `200`, `200,202` or `200-299`.
        http_code: String,
    }
}

fn page(pages: &Pages<'_>, arn: &str) -> String {
    pages.regional(&format!("ec2/home?region={{region}}#TargetGroup:targetGroupArn={}", part(arn)))
}

/// `NAME` in `arn:…:targetgroup/NAME/ID`.
#[must_use]
pub fn group_name(arn: &str) -> &str {
    arn.rsplit('/').nth(1).unwrap_or_else(|| last(arn))
}

impl Operation for DescribeTargetHealth {
    fn names(&self) -> Vec<&str> {
        vec![&self.target_group_arn, group_name(&self.target_group_arn)]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.target_group_arn))
    }
}

impl Operation for DescribeTargetGroups {
    fn names(&self) -> Vec<&str> {
        self.target_group_arns.iter().flat_map(|arn| [arn.as_str(), group_name(arn)]).collect()
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        self.target_group_arns.first().map(|arn| page(pages, arn))
    }
}

impl Operation for ModifyTargetGroup {
    fn probe(&self) -> Option<Action> {
        let target_group_arns = vec![self.target_group_arn.clone()];
        Some(Action::DescribeTargetGroups(DescribeTargetGroups { target_group_arns }))
    }

    fn judge(&self, _: Option<&Value>, now: &Value) -> ProbeAnswer {
        is_set(self, &now["target_groups"][0], &["target_group_arn"])
    }

    fn before_view(&self, answer: &Value) -> Value {
        answer["target_groups"][0].clone()
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.target_group_arn, group_name(&self.target_group_arn)]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.target_group_arn))
    }
}
