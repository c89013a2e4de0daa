//! Route 53 health checks, and what its own name servers answer.

use aws_sdk_route53::types::{HealthCheck, HealthCheckConfig, HealthCheckRegion, RrType};
use serde_json::json;

use super::calls::Calls;
use super::error::not_found;
use super::shape::{empty_answer, instant, some_text};
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::route53 as input;
use crate::model::outcome::CloudError;

pub(super) async fn test_dns_answer(calls: &Calls<'_>, call: &input::TestDnsAnswer) -> Result<CloudReply, CloudError> {
    let request = calls
        .route53()
        .test_dns_answer()
        .hosted_zone_id(&call.hosted_zone_id)
        .record_name(&call.record_name)
        .record_type(RrType::from(call.record_type.as_str()))
        .set_resolver_ip(call.resolver_ip.clone());
    calls
        .answer(request.send(), |answer| {
            json!({
                "nameserver": answer.nameserver(),
                "record_name": answer.record_name(),
                "record_type": answer.record_type().as_str(),
                "record_data": answer.record_data(),
                "response_code": answer.response_code(),
                "protocol": answer.protocol(),
            })
        })
        .await
}

pub(super) async fn get_health_check_status(
    calls: &Calls<'_>,
    call: &input::GetHealthCheckStatus,
) -> Result<CloudReply, CloudError> {
    let request = calls.route53().get_health_check_status().health_check_id(&call.health_check_id);
    calls
        .answer(request.send(), |answer| {
            let mut healthy = 0_usize;
            let mut views: Vec<Value> = Vec::new();
            for observation in answer.health_check_observations() {
                let report = observation.status_report();
                let status = report.and_then(|report| report.status());
                healthy += usize::from(status.is_some_and(|status| status.starts_with("Success")));
                views.push(json!({
                    "region": observation.region().map(HealthCheckRegion::as_str),
                    "ip_address": observation.ip_address(),
                    "status": status,
                    "checked_time": instant(report.and_then(|report| report.checked_time())),
                }));
            }
            json!({
                "health_check_id": call.health_check_id,
                "healthy": healthy * 100 > views.len() * 18,
                "healthy_count": healthy,
                "total_count": views.len(),
                "observations": views,
            })
        })
        .await
}

pub(super) async fn get_health_check(
    calls: &Calls<'_>,
    call: &input::GetHealthCheck,
) -> Result<CloudReply, CloudError> {
    let id = &call.health_check_id;
    let request = calls.route53().get_health_check().health_check_id(id);
    let missing = || not_found("NoSuchHealthCheck", format!("no health check {id}"));
    calls.try_answer(request.send(), |output| output.health_check().map(check).ok_or_else(missing)).await
}

pub(super) async fn update_health_check(
    calls: &Calls<'_>,
    call: &input::UpdateHealthCheck,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .route53()
        .update_health_check()
        .health_check_id(&call.health_check_id)
        .set_health_check_version(call.health_check_version.map(i64::from))
        .set_inverted(call.inverted)
        .set_disabled(call.disabled)
        .set_fully_qualified_domain_name(call.fully_qualified_domain_name.clone())
        .set_ip_address(call.ip_address.clone())
        .set_port(call.port.map(u32::cast_signed))
        .set_resource_path(call.resource_path.clone())
        .set_failure_threshold(call.failure_threshold.map(u32::cast_signed));
    calls
        .try_answer(request.send(), |output| {
            output.health_check().map(check).ok_or_else(|| empty_answer("health check"))
        })
        .await
}

fn check(check: &HealthCheck) -> Value {
    let config = check.health_check_config();
    json!({
        "id": check.id(),
        "health_check_version": check.health_check_version(),
        "type": config.map(|config| config.r#type().as_str()),
        "inverted": config.and_then(HealthCheckConfig::inverted) == Some(true),
        "disabled": config.and_then(HealthCheckConfig::disabled) == Some(true),
        "fully_qualified_domain_name": some_text(config.and_then(|config| config.fully_qualified_domain_name())),
        "ip_address": some_text(config.and_then(|config| config.ip_address())),
        "port": config.and_then(HealthCheckConfig::port),
        "resource_path": some_text(config.and_then(|config| config.resource_path())),
        "failure_threshold": config.and_then(HealthCheckConfig::failure_threshold),
    })
}

#[cfg(test)]
mod tests {
    use super::super::wire::{self, Answer};
    use super::*;
    use crate::model::action::examples::{example, example_with};
    use crate::model::outcome::{CloudErrorKind, ProbeAnswer};

    const NS: &str = "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"";
    const UPDATE: &str = "aws/route53.update_health_check";

    fn checked(operation: &str, inverted: bool) -> Answer {
        Answer::ok(&format!(
            "<{operation}Response {NS}><HealthCheck><Id>h1</Id><CallerReference>r</CallerReference>\
             <HealthCheckConfig><Type>HTTPS</Type><Port>443</Port><Inverted>{inverted}</Inverted>\
             </HealthCheckConfig><HealthCheckVersion>4</HealthCheckVersion></HealthCheck></{operation}Response>"
        ))
    }

    #[tokio::test]
    async fn the_name_servers_own_answer_is_read() {
        let body = format!(
            "<TestDNSAnswerResponse {NS}><Nameserver>ns-1.awsdns-00.com</Nameserver>\
             <RecordName>www.shop.example</RecordName><RecordType>CNAME</RecordType>\
             <RecordData><RecordDataEntry>dr.shop.example</RecordDataEntry></RecordData>\
             <ResponseCode>NOERROR</ResponseCode><Protocol>UDP</Protocol></TestDNSAnswerResponse>"
        );
        let name = "aws/route53.test_dns_answer";
        let request = wire::read(name, &example_with(name).unwrap());
        let (reply, sent) = wire::ask(&request, [Answer::ok(&body)]).await;
        let value = reply.unwrap().value;
        assert_eq!(value["record_data"], json!(["dr.shop.example"]));
        assert_eq!(value["response_code"], "NOERROR");
        assert!(
            sent[0].uri.contains("/2013-04-01/testdnsanswer?hostedzoneid=Z0EXAMPLE&recordname=www.shop.example"),
            "{}",
            sent[0].uri
        );
    }

    #[tokio::test]
    async fn an_endpoint_is_healthy_while_enough_checkers_reach_it() {
        let seen = |good: usize, bad: usize| {
            let one = |status: &str| {
                format!(
                    "<HealthCheckObservation><Region>us-east-1</Region><IPAddress>192.0.2.1</IPAddress><StatusReport>\
                     <Status>{status}</Status><CheckedTime>2026-01-04T03:00:00Z</CheckedTime></StatusReport>\
                     </HealthCheckObservation>"
                )
            };
            let all = one("Success: HTTP Status Code 200, OK").repeat(good) + &one("Failure: timed out").repeat(bad);
            Answer::ok(&format!(
                "<GetHealthCheckStatusResponse {NS}><HealthCheckObservations>{all}</HealthCheckObservations>\
                 </GetHealthCheckStatusResponse>"
            ))
        };
        for (good, bad, healthy) in [(16, 0, true), (3, 13, true), (2, 14, false), (0, 0, false)] {
            let request = wire::read("aws/route53.get_health_check_status", &json!({"health_check_id": "h1"}));
            let value = wire::ask(&request, [seen(good, bad)]).await.0.unwrap().value;
            assert_eq!(value["healthy"], healthy, "{good} of {}", good + bad);
            assert_eq!(value["total_count"], good + bad);
        }
    }

    #[tokio::test]
    async fn an_inversion_is_one_request_and_the_probe_knows_it_again() {
        let request = wire::send(UPDATE, &example_with(UPDATE).unwrap());
        let (reply, sent) = wire::ask(&request, [checked("UpdateHealthCheck", true)]).await;
        assert_eq!(reply.unwrap().value["health_check_version"], 4);
        assert_eq!(sent.len(), 1);
        assert!(sent[0].body.contains("<Inverted>true</Inverted>"), "{}", sent[0].body);
        let update = example(UPDATE).unwrap();
        let probe = update.probe().unwrap();
        for (inverted, answer) in [(true, ProbeAnswer::After), (false, ProbeAnswer::Before)] {
            let request = wire::read(probe.name(), &probe.with());
            let now = wire::ask(&request, [checked("GetHealthCheck", inverted)]).await.0.unwrap().value;
            assert_eq!(update.judge(None, &now), answer);
        }
    }

    #[tokio::test]
    async fn another_version_is_refused() {
        let request = wire::send(UPDATE, &json!({"health_check_id": "h1", "health_check_version": 3}));
        let answer = Answer::xml_error(409, "HealthCheckVersionMismatch", "changed");
        assert_eq!(wire::ask(&request, [answer]).await.0.unwrap_err().kind, CloudErrorKind::Invalid);
    }
}
