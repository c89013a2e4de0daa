//! Record sets, between the catalogue's shape and the SDK's.

use aws_sdk_route53::error::BuildError;
use aws_sdk_route53::types::{
    AliasTarget, Change, ChangeAction, CidrRoutingConfig, GeoLocation, GeoProximityLocation, ResourceRecord,
    ResourceRecordSet, ResourceRecordSetFailover, ResourceRecordSetRegion, RrType,
};
use serde_json::json;

use crate::model::action::route53 as input;
use crate::model::{Object, Value};

pub(super) fn change(change: &input::Change) -> Result<Change, BuildError> {
    let action = match change.action {
        input::ChangeAction::Create => ChangeAction::Create,
        input::ChangeAction::Delete => ChangeAction::Delete,
        input::ChangeAction::Upsert => ChangeAction::Upsert,
    };
    Change::builder().action(action).resource_record_set(set(&change.resource_record_set)?).build()
}

fn set(set: &input::ResourceRecordSet) -> Result<ResourceRecordSet, BuildError> {
    let record = |record: &input::ResourceRecord| ResourceRecord::builder().value(&record.value).build();
    let records = set.resource_records.as_ref().map(|records| records.iter().map(record).collect()).transpose()?;
    let alias = |alias: &input::AliasTarget| {
        AliasTarget::builder()
            .hosted_zone_id(&alias.hosted_zone_id)
            .dns_name(&alias.dns_name)
            .evaluate_target_health(alias.evaluate_target_health)
            .build()
    };
    ResourceRecordSet::builder()
        .name(&set.name)
        .r#type(RrType::from(set.r#type.as_str()))
        .set_ttl(set.ttl.map(i64::from))
        .set_resource_records(records)
        .set_alias_target(set.alias_target.as_ref().map(alias).transpose()?)
        .set_set_identifier(set.set_identifier.clone())
        .set_weight(set.weight.map(i64::from))
        .set_failover(set.failover.as_deref().map(ResourceRecordSetFailover::from))
        .set_region(set.region.as_deref().map(ResourceRecordSetRegion::from))
        .set_health_check_id(set.health_check_id.clone())
        .build()
}

/// A record set as listed: absent members are left out, as in a change; those that a change cannot
/// have stand beside the others.
pub(super) fn view(set: &ResourceRecordSet) -> Value {
    let mut view = Object::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            view.insert(name.to_owned(), value);
        }
    };
    let records = || set.resource_records().iter().map(|record| json!({"value": record.value()})).collect();
    put("name", Some(json!(set.name())));
    put("type", Some(json!(set.r#type().as_str())));
    put("ttl", set.ttl().map(Value::from));
    put("resource_records", (!set.resource_records().is_empty()).then(records));
    put("alias_target", set.alias_target().map(alias));
    put("set_identifier", set.set_identifier().map(Value::from));
    put("weight", set.weight().map(Value::from));
    put("failover", set.failover().map(|role| json!(role.as_str())));
    put("region", set.region().map(|region| json!(region.as_str())));
    put("health_check_id", set.health_check_id().map(Value::from));
    put("geo_location", set.geo_location().map(geo_location));
    put("multi_value_answer", set.multi_value_answer().map(Value::from));
    put("cidr_routing_config", set.cidr_routing_config().map(cidr));
    put("geo_proximity_location", set.geo_proximity_location().map(geo_proximity));
    put("traffic_policy_instance_id", set.traffic_policy_instance_id().map(Value::from));
    Value::Object(view)
}

fn alias(alias: &AliasTarget) -> Value {
    json!({
        "hosted_zone_id": alias.hosted_zone_id(),
        "dns_name": alias.dns_name(),
        "evaluate_target_health": alias.evaluate_target_health(),
    })
}

fn geo_location(at: &GeoLocation) -> Value {
    json!({
        "continent_code": at.continent_code(),
        "country_code": at.country_code(),
        "subdivision_code": at.subdivision_code(),
    })
}

fn cidr(cidr: &CidrRoutingConfig) -> Value {
    json!({"collection_id": cidr.collection_id(), "location_name": cidr.location_name()})
}

fn geo_proximity(at: &GeoProximityLocation) -> Value {
    let coordinates = at.coordinates().map(|at| json!({"latitude": at.latitude(), "longitude": at.longitude()}));
    json!({
        "aws_region": at.aws_region(),
        "local_zone_group": at.local_zone_group(),
        "coordinates": coordinates,
        "bias": at.bias(),
    })
}
