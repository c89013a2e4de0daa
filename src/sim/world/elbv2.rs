//! Load balancers: target groups, and the health of the tasks that they send traffic to.

use serde_json::json;

use super::ecs::Service;
use super::{Answer, Context, Refusal, World};
use crate::model::action::elbv2 as calls;
use crate::model::{Object, Value};

#[derive(Debug, Clone, PartialEq)]
pub struct TargetGroup {
    pub arn: String,
    pub port: u16,
    /// The members that a call may set, as they are.
    pub settings: Object,
    /// How many targets a scenario keeps unhealthy.
    pub unhealthy: u32,
}

/// How long a new target is `initial`.
const INITIAL_MS: i64 = 30_000;
/// Targets of a group that no service of the plan stands behind.
const NAMELESS_TARGETS: u32 = 2;

impl TargetGroup {
    fn view(&self) -> Value {
        let mut view = self.settings.clone();
        view.insert("target_group_arn".to_owned(), json!(self.arn));
        view.insert("target_group_name".to_owned(), json!(calls::group_name(&self.arn)));
        view.insert("protocol".to_owned(), json!("HTTP"));
        view.insert("port".to_owned(), json!(self.port));
        view.insert("load_balancer_arns".to_owned(), json!([self.arn.replace("targetgroup/", "loadbalancer/app/")]));
        Value::Object(view)
    }

    fn checks(&self) -> bool {
        self.settings.get("health_check_enabled") != Some(&json!(false))
    }
}

fn no_group() -> Refusal {
    Refusal::not_found("TargetGroupNotFound", "One or more target groups not found")
}

impl World {
    fn target_group(&self, arn: &str, context: &Context<'_>) -> Result<&TargetGroup, Refusal> {
        self.target_groups.get(&(context.region.clone(), arn.to_owned())).ok_or_else(no_group)
    }

    pub(super) fn describe_target_groups(&self, call: &calls::DescribeTargetGroups, context: &Context<'_>) -> Answer {
        let groups = call.target_group_arns.iter().map(|arn| self.target_group(arn, context).map(TargetGroup::view));
        Ok(json!({"target_groups": groups.collect::<Result<Vec<Value>, Refusal>>()?}))
    }

    pub(super) fn modify_target_group(&mut self, call: &calls::ModifyTargetGroup, context: &mut Context<'_>) -> Answer {
        let place = (context.region.clone(), call.target_group_arn.clone());
        let group = self.target_groups.get_mut(&place).ok_or_else(no_group)?;
        if let Ok(Value::Object(mut wanted)) = serde_json::to_value(call) {
            wanted.shift_remove("target_group_arn");
            group.settings.extend(wanted);
        }
        Ok(group.view())
    }

    pub(super) fn describe_target_health(&self, call: &calls::DescribeTargetHealth, context: &Context<'_>) -> Answer {
        let group = self.target_group(&call.target_group_arn, context)?;
        let mut behind = self.standby.iter().filter(|key| key.0 == context.region);
        let service = behind.next().and_then(|key| self.services.get(key));
        let total = service.map_or(NAMELESS_TARGETS, Service::running);
        let is_young = service.is_some_and(|service| self.now_ms - service.started_ms < INITIAL_MS);
        let (mut healthy, mut unhealthy) = (0_u32, 0_u32);
        let targets: Vec<Value> = (0..total)
            .map(|ix| {
                let (state, reason) = if !group.checks() {
                    ("unavailable", Some("Target.HealthCheckDisabled"))
                } else if ix < group.unhealthy {
                    ("unhealthy", Some("Target.FailedHealthChecks"))
                } else if is_young && ix + 1 == total {
                    ("initial", Some("Elb.RegistrationInProgress"))
                } else {
                    ("healthy", None)
                };
                *(if state == "healthy" { &mut healthy } else { &mut unhealthy }) += 1;
                json!({
                    "target": {"id": format!("10.20.{}.{}", ix % 3, 11 + ix), "port": group.port},
                    "target_health": {"state": state, "reason": reason, "description": null},
                })
            })
            .collect();
        Ok(json!({"healthy_count": healthy, "unhealthy_count": unhealthy, "target_health_descriptions": targets}))
    }
}
