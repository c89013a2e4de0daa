//! Route 53 health checks, and what its own name servers answer.

use crate::model::Value;
use crate::model::action::Action;
use crate::model::action::operation::{Home, Operation, Pages, inputs, is_set, part};
use crate::model::outcome::ProbeAnswer;

inputs! {
    /// Result: `{nameserver, record_name, record_type, record_data, response_code, protocol}`: what Route 53's own name servers answer, whatever resolvers have cached.
    TestDnsAnswer {
        hosted_zone_id: String,
        record_name: String,
        record_type: String;
        /// Answer as for a resolver at this address.
        resolver_ip: String,
    }

    /// Result: `{health_check_id, healthy, healthy_count, total_count, observations: [{region, ip_address, status, checked_time}]}`. `healthy` is what the checkers see (more than 18% of them reach the endpoint), **before** any inversion.
    GetHealthCheckStatus {
        health_check_id: String;
    }

    /// Result: `{id, health_check_version, type, inverted, disabled, fully_qualified_domain_name|null, ip_address|null, port|null, resource_path|null, failure_threshold|null}`.
    GetHealthCheck {
        health_check_id: String;
    }

    /// Result: the health check, as `GetHealthCheck`. `inverted: true` makes a healthy endpoint count as failed: failover by the data plane alone once it is set.
    UpdateHealthCheck {
        health_check_id: String;
        /// Refused when the check has another version by now.
        health_check_version: u32,
        inverted: bool,
        /// A disabled check always counts as healthy.
        disabled: bool,
        fully_qualified_domain_name: String,
        ip_address: String,
        port: u32,
        resource_path: String,
        failure_threshold: u32,
    }
}

fn page(pages: &Pages<'_>, id: &str) -> String {
    pages.global(&format!("route53/healthchecks/home#/details/{}", part(id)))
}

impl Operation for TestDnsAnswer {
    fn home(&self) -> Home<'_> {
        Home::Global
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.hosted_zone_id, &self.record_name]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        let zone = self.hosted_zone_id.rsplit('/').next().unwrap_or_default();
        Some(pages.global(&format!("route53/v2/hostedzones#ListRecordSets/{}", part(zone))))
    }
}

impl Operation for GetHealthCheckStatus {
    fn home(&self) -> Home<'_> {
        Home::Global
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.health_check_id]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.health_check_id))
    }
}

impl Operation for GetHealthCheck {
    fn home(&self) -> Home<'_> {
        Home::Global
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.health_check_id]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.health_check_id))
    }
}

impl Operation for UpdateHealthCheck {
    fn probe(&self) -> Option<Action> {
        Some(Action::GetHealthCheck(GetHealthCheck { health_check_id: self.health_check_id.clone() }))
    }

    fn judge(&self, _: Option<&Value>, now: &Value) -> ProbeAnswer {
        is_set(self, now, &["health_check_id", "health_check_version"])
    }

    fn home(&self) -> Home<'_> {
        Home::Global
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.health_check_id]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.health_check_id))
    }
}
