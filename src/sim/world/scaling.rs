//! Application Auto Scaling: bounds, and the hand that moves a capacity back into them.
//!
//! A new pair of bounds is enforced within a minute. A capacity that somebody else sets outside of
//! them stays for minutes, until the scaling looks again and undoes it.

use serde_json::json;

use super::ecs::ServiceKey;
use super::{Answer, Context, Due, Refusal, World};
use crate::model::Value;
use crate::model::action::application_autoscaling as calls;
use crate::sim::dice::HEX;

/// Region, namespace, resource, dimension.
pub type ScalableKey = (String, String, String, String);

#[derive(Debug, Clone, PartialEq)]
pub struct Scalable {
    pub arn: String,
    pub min: u32,
    pub max: u32,
    pub suspended: Option<calls::SuspendedState>,
}

const ENFORCED_MS: (u64, u64) = (20_000, 60_000);
const LOOKS_AGAIN_MS: (u64, u64) = (2 * 60_000, 5 * 60_000);

/// The ARN of a scalable target.
pub fn scalable_arn(dice: &mut super::Dice, region: &str, account: &str) -> String {
    format!("arn:aws:application-autoscaling:{region}:{account}:scalable-target/{}", dice.text(HEX, 28))
}

impl Scalable {
    fn is_held(&self, grows: bool) -> bool {
        let state = self.suspended.as_ref();
        let held =
            state.and_then(|s| if grows { s.dynamic_scaling_out_suspended } else { s.dynamic_scaling_in_suspended });
        held == Some(true)
    }
}

fn refuse(message: &str) -> Refusal {
    Refusal::invalid("ValidationException", message)
}

impl World {
    pub(super) fn register_scalable_target(
        &mut self,
        call: &calls::RegisterScalableTarget,
        context: &mut Context<'_>,
    ) -> Answer {
        let key = (
            context.region.clone(),
            call.service_namespace.clone(),
            call.resource_id.clone(),
            call.scalable_dimension.clone(),
        );
        let service = service_of(&key);
        if let Some(service) = &service
            && !self.services.contains_key(service)
        {
            return Err(refuse(&format!("ECS service doesn't exist: {}", call.resource_id)));
        }
        let there = self.scalables.get(&key);
        let (Some(min), Some(max)) =
            (call.min_capacity.or(there.map(|t| t.min)), call.max_capacity.or(there.map(|t| t.max)))
        else {
            return Err(refuse("Minimum and maximum capacity are needed to register a new scalable target"));
        };
        if min > max {
            return Err(refuse("Maximum capacity cannot be less than minimum capacity"));
        }
        let arn = match there {
            Some(there) => there.arn.clone(),
            None => scalable_arn(&mut context.dice, &context.region, Self::account_of(context.target)),
        };
        let suspended = call.suspended_state.clone().or_else(|| there.and_then(|t| t.suspended.clone()));
        self.scalables.insert(key, Scalable { arn: arn.clone(), min, max, suspended });
        if let Some(service) = service {
            let ms = context.dice.between(ENFORCED_MS.0, ENFORCED_MS.1) + context.fate.hang_ms;
            self.agenda.put(self.after(ms), Due::ScalingLooks(service));
        }
        Ok(json!({"scalable_target_arn": arn}))
    }

    pub(super) fn describe_scalable_targets(
        &self,
        call: &calls::DescribeScalableTargets,
        context: &Context<'_>,
    ) -> Value {
        let wanted = |resource: &String| call.resource_ids.as_ref().is_none_or(|ids| ids.contains(resource));
        let found: Vec<Value> = self
            .scalables
            .iter()
            .filter(|((region, namespace, resource, dimension), _)| {
                *region == context.region
                    && *namespace == call.service_namespace
                    && wanted(resource)
                    && call.scalable_dimension.as_ref().is_none_or(|wanted| wanted == dimension)
            })
            .map(|((_, namespace, resource, dimension), target)| {
                let held = target.suspended.clone().unwrap_or(calls::SuspendedState {
                    dynamic_scaling_in_suspended: None,
                    dynamic_scaling_out_suspended: None,
                    scheduled_scaling_suspended: None,
                });
                json!({
                    "service_namespace": namespace,
                    "resource_id": resource,
                    "scalable_dimension": dimension,
                    "min_capacity": target.min,
                    "max_capacity": target.max,
                    "suspended_state": {
                        "dynamic_scaling_in_suspended": held.dynamic_scaling_in_suspended == Some(true),
                        "dynamic_scaling_out_suspended": held.dynamic_scaling_out_suspended == Some(true),
                        "scheduled_scaling_suspended": held.scheduled_scaling_suspended == Some(true),
                    },
                })
            })
            .collect();
        json!({"scalable_targets": found})
    }

    /// Somebody set a service's capacity by hand: the scaling will look at it by and by.
    pub(super) fn scaling_will_look(&mut self, service: &ServiceKey, dice: &mut super::Dice) {
        if self.bounds_of(service).is_some() {
            let ms = dice.between(LOOKS_AGAIN_MS.0, LOOKS_AGAIN_MS.1);
            self.agenda.put(self.after(ms), Due::ScalingLooks(service.clone()));
        }
    }

    fn bounds_of(&self, service: &ServiceKey) -> Option<&Scalable> {
        self.scalables.iter().find(|(key, _)| service_of(key).as_ref() == Some(service)).map(|(_, target)| target)
    }

    pub(super) fn scaling_looks(&mut self, key: &ServiceKey) {
        let (Some(bounds), Some(service)) = (self.bounds_of(key), self.services.get(key)) else { return };
        let now = service.desired();
        let wanted = now.clamp(bounds.min, bounds.max);
        if wanted != now && !bounds.is_held(wanted > now) {
            self.set_desired(key, wanted);
        }
    }
}

/// The ECS service that a scalable target is about.
fn service_of((region, namespace, resource, dimension): &ScalableKey) -> Option<ServiceKey> {
    let mut parts = resource.split('/');
    match (namespace.as_str(), dimension.as_str(), parts.next(), parts.next(), parts.next()) {
        ("ecs", "ecs:service:DesiredCount", Some("service"), Some(cluster), Some(service)) => {
            Some((region.clone(), cluster.to_owned(), service.to_owned()))
        }
        _ => None,
    }
}
