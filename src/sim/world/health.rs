//! Route 53 health checks, and what its own name servers answer.
//!
//! A change of a check is noticed by the name servers only after the checkers have counted to the
//! failure threshold.

use serde_json::json;

use super::{Answer, Context, Refusal, World};
use crate::model::Value;
use crate::model::action::route53 as calls;
use crate::model::time::rfc3339;
use crate::sim::naming::short;

#[derive(Debug, Clone, PartialEq)]
pub struct HealthCheck {
    pub id: String,
    pub version: u32,
    pub fqdn: String,
    pub port: u32,
    pub path: String,
    pub failure_threshold: u32,
    /// The region that the endpoint lies in.
    pub region: String,
    pub now: Turn,
    /// What it was before the last change, and when that is noticed.
    pub was: Turn,
    pub noticed_ms: i64,
}

/// How a check turns what the checkers see into an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Turn {
    pub inverted: bool,
    pub disabled: bool,
}

/// Between two looks of a checker.
const INTERVAL_MS: u64 = 30_000;
/// Where checkers stand, two in each.
const CHECKERS: [&str; 8] = [
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "sa-east-1",
];

impl HealthCheck {
    fn view(&self) -> Value {
        json!({
            "id": self.id,
            "health_check_version": self.version,
            "type": "HTTPS",
            "inverted": self.now.inverted,
            "disabled": self.now.disabled,
            "fully_qualified_domain_name": self.fqdn,
            "ip_address": null,
            "port": self.port,
            "resource_path": self.path,
            "failure_threshold": self.failure_threshold,
        })
    }
}

impl World {
    fn health_check(&self, id: &str) -> Result<&HealthCheck, Refusal> {
        let missing = || Refusal::not_found("NoSuchHealthCheck", format!("No health check exists with the ID {id}."));
        self.health_checks.get(id).ok_or_else(missing)
    }

    pub(super) fn get_health_check(&self, call: &calls::GetHealthCheck) -> Answer {
        self.health_check(&call.health_check_id).map(HealthCheck::view)
    }

    pub(super) fn get_health_check_status(&self, call: &calls::GetHealthCheckStatus, context: &Context<'_>) -> Answer {
        let check = self.health_check(&call.health_check_id)?;
        let is_up = !self.is_lost(&check.region) && !context.fate.flap;
        let status = if is_up {
            "Success: HTTP Status Code 200, OK"
        } else {
            "Failure: Connection timed out. The endpoint or the internet connection is down, or requests are being blocked by your firewall."
        };
        let observations: Vec<Value> = CHECKERS
            .iter()
            .flat_map(|region| [1, 2].map(|n| (region, n)))
            .enumerate()
            .map(|(ix, (region, n))| {
                json!({
                    "region": region,
                    "ip_address": format!("192.0.2.{}", 10 * (ix / 2) + n),
                    "status": status,
                    "checked_time": rfc3339(self.now_ms - 1_000 * i64::try_from(ix + 1).unwrap_or(1)),
                })
            })
            .collect();
        Ok(json!({
            "health_check_id": check.id,
            "healthy": is_up,
            "healthy_count": if is_up { observations.len() } else { 0 },
            "total_count": observations.len(),
            "observations": observations,
        }))
    }

    pub(super) fn update_health_check(&mut self, call: &calls::UpdateHealthCheck, context: &mut Context<'_>) -> Answer {
        let (now_ms, wait) = (self.now_ms, context.dice.between(5_000, INTERVAL_MS));
        let check = self.health_check(&call.health_check_id)?;
        if call.health_check_version.is_some_and(|version| version != check.version) {
            let why = "The value of HealthCheckVersion in the request doesn't match the value of HealthCheckVersion in the health check.";
            return Err(Refusal::invalid("HealthCheckVersionMismatch", why));
        }
        let noticed = self.after(wait + INTERVAL_MS * u64::from(check.failure_threshold) + context.fate.hang_ms);
        let mut check = check.clone();
        check.was = if now_ms < check.noticed_ms { check.was } else { check.now };
        check.noticed_ms = noticed;
        check.version += 1;
        check.now.inverted = call.inverted.unwrap_or(check.now.inverted);
        check.now.disabled = call.disabled.unwrap_or(check.now.disabled);
        check.port = call.port.unwrap_or(check.port);
        check.failure_threshold = call.failure_threshold.unwrap_or(check.failure_threshold);
        if let Some(path) = &call.resource_path {
            check.path.clone_from(path);
        }
        if let Some(name) = &call.fully_qualified_domain_name {
            check.fqdn.clone_from(name);
        }
        let view = check.view();
        self.health_checks.insert(check.id.clone(), check);
        Ok(view)
    }

    /// What the name servers take a check's endpoint for; a check that nobody knows is no objection.
    #[must_use]
    pub fn counts_as_healthy(&self, id: &str, at_ms: i64) -> bool {
        let Some(check) = self.health_checks.get(id) else { return true };
        let turn = if at_ms < check.noticed_ms { check.was } else { check.now };
        turn.disabled || (self.is_lost(&check.region) == turn.inverted)
    }

    pub(super) fn test_dns_answer(&self, call: &calls::TestDnsAnswer) -> Answer {
        let zone = self.zone(&call.hosted_zone_id)?;
        let kind = call.record_type.as_str();
        let found = self.authoritative(zone, &call.record_name, kind);
        let found = found.or_else(|| self.authoritative(zone, &call.record_name, "CNAME"));
        let (kind, data) = match found {
            None => (kind, Vec::new()),
            Some(record) => match &record.alias_target {
                Some(alias) => (kind, self.resolve("route53", &alias.dns_name, kind, self.now_ms).answers),
                None => (
                    record.r#type.as_str(),
                    record.resource_records.iter().flatten().map(|record| record.value.clone()).collect(),
                ),
            },
        };
        let known = zone.record_names().contains(&crate::sim::naming::bare(&call.record_name));
        Ok(json!({
            "nameserver": format!("ns-{}.awsdns-00.com", short(&call.hosted_zone_id).len() * 40),
            "record_name": call.record_name,
            "record_type": kind,
            "record_data": data,
            "response_code": if data.is_empty() && !known { "NXDOMAIN" } else { "NOERROR" },
            "protocol": "UDP",
        }))
    }
}
