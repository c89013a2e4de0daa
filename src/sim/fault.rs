//! Faults of a scenario: whom they hit, how often, and what becomes of a call.
//!
//! Knows: calls, time since the drill's start, how often each fault has struck. Must not know: the
//! state of any resource.

mod words;

use serde::Serialize;

use super::SimError;
use super::dice::Dice;
use super::naming;
use crate::model::Value;
use crate::model::action::Action;
use crate::model::scenario::{Fault, FaultKind, Scenario};
use crate::model::time::parse_duration_ms;

pub use words::describe_faults;

/// A fault with its times made instants, and how often it has struck.
#[derive(Debug, Clone, PartialEq)]
struct Live {
    fault: Fault,
    from_ms: i64,
    until_ms: Option<i64>,
    /// `value` as a duration.
    figure_ms: Option<u64>,
    struck: u32,
}

/// All faults of a drill.
#[derive(Debug, Clone, PartialEq)]
pub struct Faults {
    seed: u64,
    live: Vec<Live>,
    /// The region that a `region_lost` without a region means.
    primary: String,
}

/// A call as the faults see it.
#[derive(Debug, Clone, Copy)]
pub struct Aim<'a> {
    pub n: u64,
    pub now_ms: i64,
    pub action: &'a Action,
    /// The region whose service it goes to; `None` outside AWS.
    pub region: Option<&'a str>,
    pub changes: bool,
}

/// What becomes of a call on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    Answered,
    /// It takes effect; nobody hears of it.
    AnswerLost,
    /// It never arrives, and nobody hears of it.
    RequestLost,
    /// Nobody is there.
    RegionLost,
    Throttled,
    Denied,
}

impl Delivery {
    /// Whether the cloud saw the call at all.
    #[must_use]
    pub const fn received(self) -> bool {
        !matches!(self, Self::RequestLost | Self::RegionLost)
    }
}

/// A decided fate: how the call is delivered and which faults struck to make it so.
#[derive(Debug, Clone, PartialEq)]
pub struct Fate {
    pub delivery: Delivery,
    /// The code a throttled call is refused with.
    pub throttle_code: String,
    /// Added to whatever transition the call starts.
    pub hang_ms: u64,
    /// A fault's word on the lag, in milliseconds.
    pub lag_ms: Option<u64>,
    /// A resolver that still answers as of this instant.
    pub stale: Option<(Option<String>, i64)>,
    /// The health check fails this time.
    pub flap: bool,
    /// Indices of the faults that struck.
    pub struck: Vec<usize>,
    /// Whether any of them counts its strikes, so that they must be remembered.
    pub counted: bool,
}

const DEFAULT_HANG_MS: u64 = 20 * 60_000;
const DEFAULT_LAG_MS: u64 = 2 * 3_600_000;

impl Faults {
    /// # Errors
    /// What is wrong with the first fault that makes no sense.
    pub fn new(scenario: &Scenario, seed: u64, start_ms: i64, primary: &str) -> Result<Self, SimError> {
        let live = scenario.faults.iter().map(|fault| Live::new(fault, start_ms)).collect::<Result<_, _>>()?;
        Ok(Self { seed, live, primary: primary.to_owned() })
    }

    /// Decides what becomes of a call. Changes nothing: [`Faults::strike`] does, once the decision is durable.
    #[must_use]
    pub fn fate(&self, aim: &Aim<'_>) -> Fate {
        let mut fate = Fate {
            delivery: Delivery::Answered,
            throttle_code: String::new(),
            hang_ms: 0,
            lag_ms: None,
            stale: None,
            flap: false,
            struck: Vec::new(),
            counted: false,
        };
        let hits: Vec<usize> = (0..self.live.len()).filter(|&ix| self.hits(ix, aim)).collect();
        // What happens on the way comes first: a call that never arrives meets no other fault.
        let on_the_way = [
            (FaultKind::RegionLost, Delivery::RegionLost),
            (FaultKind::LostRequest, Delivery::RequestLost),
            (FaultKind::AccessDenied, Delivery::Denied),
            (FaultKind::Throttled, Delivery::Throttled),
        ];
        for (kind, delivery) in on_the_way {
            if let Some(&ix) = hits.iter().find(|&&ix| self.live[ix].fault.kind == kind) {
                fate.delivery = delivery;
                self.live[ix].code().clone_into(&mut fate.throttle_code);
                self.mark(&mut fate, ix);
                return fate;
            }
        }
        for ix in hits {
            self.lay(&mut fate, ix);
            self.mark(&mut fate, ix);
        }
        fate
    }

    fn lay(&self, fate: &mut Fate, ix: usize) {
        let live = &self.live[ix];
        match live.fault.kind {
            FaultKind::LostAnswer => fate.delivery = Delivery::AnswerLost,
            FaultKind::Hangs => fate.hang_ms += live.figure_ms.unwrap_or(DEFAULT_HANG_MS),
            FaultKind::Lag => fate.lag_ms = Some(live.figure_ms.unwrap_or(DEFAULT_LAG_MS)),
            FaultKind::StaleResolver => {
                let resolver = live.fault.value.as_ref().and_then(Value::as_str).map(str::to_owned);
                fate.stale = Some((resolver, live.from_ms));
            }
            // The first time fails, the second does not.
            FaultKind::HealthFlaps => fate.flap = live.struck.is_multiple_of(2),
            FaultKind::RegionLost
            | FaultKind::Throttled
            | FaultKind::AccessDenied
            | FaultKind::LostRequest
            | FaultKind::MfaDeviceLost => {}
        }
    }

    fn mark(&self, fate: &mut Fate, ix: usize) {
        fate.struck.push(ix);
        fate.counted |= !self.live[ix].is_steady();
    }

    /// Counts the strikes of a fate.
    pub fn strike(&mut self, struck: &[usize]) {
        for &ix in struck {
            if let Some(live) = self.live.get_mut(ix) {
                live.struck = live.struck.saturating_add(1);
            }
        }
    }

    fn hits(&self, ix: usize, aim: &Aim<'_>) -> bool {
        let live = &self.live[ix];
        let fault = &live.fault;
        live.is_on(aim.now_ms)
            && fault.times.is_none_or(|times| live.struck < times)
            && Self::concerns(fault, aim)
            && fault.action.as_deref().is_none_or(|action| action_means(action, aim.action.name()))
            && self.aims_at_region(fault, aim)
            && Self::aims_at_resource(fault, aim)
            && fault
                .chance
                .is_none_or(|chance| Dice::of_call(self.seed, aim.n, &format!("fault {ix}")).fraction() < chance)
    }

    fn aims_at_region(&self, fault: &Fault, aim: &Aim<'_>) -> bool {
        match (fault.kind, fault.region.as_deref()) {
            (FaultKind::RegionLost, region) => aim.region == Some(region.unwrap_or(&self.primary)),
            (_, None) => true,
            (_, region) => aim.region == region,
        }
    }

    fn aims_at_resource(fault: &Fault, aim: &Aim<'_>) -> bool {
        let Some(resource) = fault.resource.as_deref() else { return true };
        naming::resources(aim.action).iter().any(|name| naming::means(resource, name))
    }

    fn concerns(fault: &Fault, aim: &Aim<'_>) -> bool {
        let aws = naming::endpoint(aim.action) != naming::Endpoint::Outside;
        match fault.kind {
            FaultKind::RegionLost | FaultKind::Throttled | FaultKind::AccessDenied => aws,
            // Without an action it is the changes that go astray, not the looking.
            FaultKind::Hangs | FaultKind::LostAnswer | FaultKind::LostRequest => aim.changes || fault.action.is_some(),
            FaultKind::StaleResolver => matches!(aim.action, Action::DnsResolve(_)),
            FaultKind::HealthFlaps => matches!(aim.action, Action::HttpCheck(_)),
            FaultKind::Lag => matches!(aim.action, Action::GetMetric(call) if is_lag(&call.metric_name)),
            FaultKind::MfaDeviceLost => false,
        }
    }

    /// Since when a whole region is gone; `None` while it lives. A loss that only hits some calls
    /// leaves its workloads alone.
    #[must_use]
    pub fn region_lost_since(&self, region: &str, now_ms: i64) -> Option<i64> {
        self.live
            .iter()
            .filter(|live| live.fault.kind == FaultKind::RegionLost && live.is_steady() && live.is_on(now_ms))
            .filter(|live| live.fault.action.is_none() && live.fault.resource.is_none())
            .filter(|live| live.fault.region.as_deref().unwrap_or(&self.primary) == region)
            .map(|live| live.from_ms)
            .min()
    }

    /// Whose MFA device is gone, and from when.
    #[must_use]
    pub fn lost_devices(&self) -> Vec<(String, i64)> {
        self.live
            .iter()
            .filter(|live| live.fault.kind == FaultKind::MfaDeviceLost)
            .filter_map(|live| live.fault.resource.clone().map(|person| (person, live.from_ms)))
            .collect()
    }
}

impl Live {
    fn new(fault: &Fault, start_ms: i64) -> Result<Self, SimError> {
        let duration =
            |text: &Option<String>| text.as_deref().map(parse_duration_ms).transpose().map_err(SimError::Scenario);
        let instant = |ms: u64| start_ms.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX));
        let from = duration(&fault.after)?.unwrap_or(0);
        let until_ms = duration(&fault.lasts)?.map(|lasts| instant(from.saturating_add(lasts)));
        if let Some(action) = &fault.action {
            let known = crate::model::action::SPECS.iter().any(|spec| action_means(action, spec.name));
            if !known {
                return Err(SimError::Scenario(format!("a fault names the unknown action `{action}`")));
            }
        }
        if fault.chance.is_some_and(|chance| !(0.0..=1.0).contains(&chance)) {
            return Err(SimError::Scenario("the chance of a fault lies between 0 and 1".to_owned()));
        }
        if fault.kind == FaultKind::MfaDeviceLost && fault.resource.is_none() {
            return Err(SimError::Scenario("`mfa_device_lost` needs the person as its `resource`".to_owned()));
        }
        Ok(Self { figure_ms: figure_ms(fault)?, fault: fault.clone(), from_ms: instant(from), until_ms, struck: 0 })
    }

    fn is_on(&self, now_ms: i64) -> bool {
        now_ms >= self.from_ms && self.until_ms.is_none_or(|until_ms| now_ms < until_ms)
    }

    /// Whether it strikes whenever it can, so that its strikes need not be counted.
    fn is_steady(&self) -> bool {
        self.fault.times.is_none() && self.fault.chance.is_none() && self.fault.kind != FaultKind::HealthFlaps
    }

    /// The code of a refusal by throttling.
    fn code(&self) -> &str {
        self.fault.value.as_ref().and_then(Value::as_str).unwrap_or("Throttling")
    }
}

/// The duration in `value`, for the kinds that have one.
fn figure_ms(fault: &Fault) -> Result<Option<u64>, SimError> {
    match (fault.kind, &fault.value) {
        (FaultKind::Hangs | FaultKind::Lag, Some(Value::String(text))) => {
            parse_duration_ms(text).map(Some).map_err(SimError::Scenario)
        }
        (FaultKind::Hangs | FaultKind::Lag, Some(other)) => {
            Err(SimError::Scenario(format!("`{other}` is not a duration: write it like `6m`")))
        }
        _ => Ok(None),
    }
}

/// Whether a fault's `action` means an action: its name, or the start of it before a `*`.
fn action_means(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}

/// Whether a metric tells how far a replica is behind.
#[must_use]
pub fn is_lag(metric: &str) -> bool {
    super::world::cloudwatch::lag_unit(metric).is_some()
}

/// Whose MFA device a scenario takes away, and from when (Unix ms).
#[must_use]
pub fn lost_devices(scenario: &Scenario) -> Vec<(String, i64)> {
    Faults::new(scenario, 0, super::start_ms(scenario), "").map(|faults| faults.lost_devices()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
