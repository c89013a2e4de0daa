//! A scenario's faults in words, for the screen before a drill starts.
//!
//! Knows: the faults as written. Must not know: whether they have struck.

use std::fmt::Write as _;

use crate::model::expr::plain;
use crate::model::scenario::{Fault, FaultKind, Scenario};
use crate::model::time::{human_ms, parse_duration_ms};

/// One line a fault.
#[must_use]
pub fn describe_faults(scenario: &Scenario) -> Vec<String> {
    scenario.faults.iter().map(describe).collect()
}

fn describe(fault: &Fault) -> String {
    let mut text = what(fault);
    if let Some(chance) = fault.chance {
        let _ = write!(text, ", {}% of calls", (chance * 100.0).round());
    }
    match fault.times {
        None => {}
        Some(1) => text.push_str(", once"),
        Some(times) => {
            let _ = write!(text, ", {times} times");
        }
    }
    if let Some(after) = &fault.after {
        let _ = write!(text, ", from {} on", tidy(after));
    }
    if let Some(lasts) = &fault.lasts {
        let _ = write!(text, ", for {}", tidy(lasts));
    }
    text
}

fn what(fault: &Fault) -> String {
    let resource = fault.resource.as_deref();
    let region = fault.region.as_deref();
    let call = fault.action.as_deref().or(resource);
    let of = |all: &str| call.map_or_else(|| all.to_owned(), |call| call.trim_start_matches("aws/").to_owned());
    let within = region.map(|region| format!(" in {region}")).unwrap_or_default();
    let figure = fault.value.as_ref().map(|value| tidy(&plain(value)));
    match fault.kind {
        FaultKind::RegionLost => format!("{} stops answering", region.unwrap_or("the primary region")),
        FaultKind::Throttled => format!("{} throttled{within}", of("every call")),
        FaultKind::AccessDenied => format!("{} denied{within}", of("every call")),
        FaultKind::Hangs => {
            let longer = figure.map_or_else(String::new, |figure| format!(" for {figure}"));
            format!("{} hangs{longer}{within}", of("every change"))
        }
        FaultKind::LostAnswer => format!("the answer to {} is lost{within}", of("every change")),
        FaultKind::LostRequest => format!("{} never arrives{within}", of("every change")),
        FaultKind::StaleResolver => {
            format!("{} keeps the old answer", figure.unwrap_or_else(|| "one resolver".to_owned()))
        }
        FaultKind::HealthFlaps => format!("health of {} fails every other time", resource.unwrap_or("every host")),
        FaultKind::Lag => {
            let behind = figure.unwrap_or_else(|| "far".to_owned());
            format!("{} is {behind} behind", resource.unwrap_or("the replica"))
        }
        FaultKind::MfaDeviceLost => format!("{} has lost the MFA device", resource.unwrap_or("somebody")),
    }
}

/// A duration in one spelling; anything else as it is.
fn tidy(text: &str) -> String {
    parse_duration_ms(text).map_or_else(|_| text.to_owned(), human_ms)
}
