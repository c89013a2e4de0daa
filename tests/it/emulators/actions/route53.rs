//! Route 53 at ministack: a zone whose record points home.

use serde_json::{Value, json};

use super::{Case, World, changing, neither, reading};

pub(super) fn cases() -> Vec<Case> {
    vec![
        changing("aws/route53.change_resource_record_sets", flip, records),
        reading("aws/route53.get_change", change),
        reading("aws/route53.list_resource_record_sets", zone),
        reading("aws/route53.get_hosted_zone", |world| json!({"id": zone(world)["hosted_zone_id"]})),
        neither(
            "aws/route53.test_dns_answer",
            "route53",
            "test_dns_answer",
            || json!({"HostedZoneId": "Z0EXAMPLE", "RecordName": "www.shop.example", "RecordType": "CNAME"}),
        ),
    ]
}

/// moto has the status of a check, and turns one around; ministack has neither.
pub(super) fn health_checks() -> Vec<Case> {
    vec![
        changing("aws/route53.update_health_check", health_check, look_at_check),
        reading("aws/route53.get_health_check", health_check),
        reading("aws/route53.get_health_check_status", health_check),
    ]
}

fn health_check(world: &mut World<'_>) -> Value {
    let config = json!({
        "IPAddress": "192.0.2.1", "Port": 443, "Type": "HTTPS", "ResourcePath": "/health", "RequestInterval": 30,
        "FailureThreshold": 3, "Inverted": false,
    });
    let made =
        world.call("route53", "create_health_check", json!({"CallerReference": "1", "HealthCheckConfig": config}));
    let id = world.name(&made["HealthCheck"]["Id"], "check");
    json!({"health_check_id": id})
}

fn look_at_check(world: &mut World<'_>) -> Value {
    let id = world.named("check");
    world.call("route53", "get_health_check", json!({"HealthCheckId": id}))
}

fn record(value: &str) -> Value {
    json!({"Name": "www.shop.example", "Type": "CNAME", "TTL": 30, "ResourceRecords": [{"Value": value}]})
}

fn zone(world: &mut World<'_>) -> Value {
    let zone = world.call("route53", "create_hosted_zone", json!({"Name": "shop.example", "CallerReference": "1"}));
    let id = zone["HostedZone"]["Id"].as_str().unwrap().trim_start_matches("/hostedzone/").to_owned();
    let id = world.name(&id.into(), "zone");
    let changes = json!([{"Action": "CREATE", "ResourceRecordSet": record("home.shop.example")}]);
    let batch = json!({"HostedZoneId": id, "ChangeBatch": {"Changes": changes}});
    world.call("route53", "change_resource_record_sets", batch);
    json!({"hosted_zone_id": id})
}

/// The example flips the record that is there.
fn flip(world: &mut World<'_>) -> Value {
    zone(world)
}

fn change(world: &mut World<'_>) -> Value {
    let zone = zone(world);
    let changes = json!([{"Action": "UPSERT", "ResourceRecordSet": record("dr.shop.example")}]);
    let batch = json!({"HostedZoneId": zone["hosted_zone_id"], "ChangeBatch": {"Changes": changes}});
    let change = world.call("route53", "change_resource_record_sets", batch);
    json!({"id": change["ChangeInfo"]["Id"].as_str().unwrap().trim_start_matches("/change/")})
}

fn records(world: &mut World<'_>) -> Value {
    let id = world.named("zone");
    world.call("route53", "list_resource_record_sets", json!({"HostedZoneId": id}))
}
