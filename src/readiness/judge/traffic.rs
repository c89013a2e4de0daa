//! Services, records, distributions and endpoints: whether traffic could be moved, and would arrive.

use super::{Answer, Verdict, fine, gap, text, unknown};
use crate::model::Value;
use crate::model::action::route53::plain_name;

/// A service as `describe_services` shows it.
pub(super) fn service(answer: &Value) -> Verdict {
    let Some(service) = answer["services"].as_array().and_then(|services| services.first()) else {
        let reason = answer["failures"].as_array().and_then(|failures| failures.first());
        let reason = reason.map_or_else(String::new, |failure| format!(" ({})", text(failure, "reason")));
        return gap(
            format!("does not exist{reason}"),
            "deploy the service there: a failover can scale it, and not make it",
        );
    };
    let status = text(service, "status");
    if status != "ACTIVE" {
        return gap(format!("{status}, not ACTIVE"), "deploy the service again: in this state it cannot be scaled");
    }
    fine(format!("ACTIVE, {} of {} tasks run", service["running_count"], service["desired_count"]))
}

/// An ECS cluster. `services`: those that a step starts in it.
pub(super) fn service_cluster(answer: &Value, starts: bool, services: &[Answer]) -> Verdict {
    let Some(cluster) = answer["clusters"].as_array().and_then(|clusters| clusters.first()) else {
        return gap("does not exist", "build the cluster, or correct its name");
    };
    let status = text(cluster, "status");
    if status != "ACTIVE" {
        return gap(format!("{status}, not ACTIVE"), "build the cluster again: nothing can run in it");
    }
    let providers = cluster["capacity_providers"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let providers: Vec<&str> = providers.collect();
    let machines = cluster["registered_container_instances_count"].as_u64().unwrap_or(0);
    let on_fargate = |answer: &Answer| {
        answer.as_ref().is_ok_and(|answer| answer["services"][0]["launch_type"].as_str() == Some("FARGATE"))
    };
    match (providers.is_empty(), machines) {
        _ if !starts => fine("ACTIVE"),
        (false, _) => fine(format!("ACTIVE, {}", providers.join(" "))),
        (true, 1..) => fine(format!("ACTIVE, {machines} container instances")),
        (true, 0) if services.iter().any(on_fargate) => fine("ACTIVE, services on Fargate"),
        (true, 0) => gap(
            "no capacity provider and no container instance",
            "give the cluster a capacity provider: tasks that are started there find no place to run",
        ),
    }
}

/// A hosted zone.
pub(super) fn zone(answer: &Value) -> Verdict {
    match answer["linked_service"].as_str() {
        Some(service) => gap(
            format!("managed by {service}"),
            "Route 53 refuses changes from anybody else: change it where it is managed",
        ),
        None => fine(text(answer, "name")),
    }
}

/// A record among those that begin with its name.
pub(super) fn record(answer: &Value, name: &str, kind: &str, set_identifier: Option<&str>) -> Verdict {
    let sets = answer["resource_record_sets"].as_array().map_or(&[][..], Vec::as_slice);
    let found = sets.iter().find(|set| {
        set["name"].as_str().is_some_and(|got| plain_name(got) == plain_name(name))
            && set["type"].as_str() == Some(kind)
            && set["set_identifier"].as_str() == set_identifier
    });
    let Some(found) = found else {
        let help = "make the record now, with the address of today: a flip of a record that is not there moves nobody";
        return gap("not in the zone", help);
    };
    if let Some(policy) = found["traffic_policy_instance_id"].as_str() {
        let help = "change the policy, or take the record out of it: Route 53 refuses to edit it";
        return gap(format!("made by traffic policy instance {policy}"), help);
    }
    let values = found["resource_records"].as_array().into_iter().flatten().map(|record| text(record, "value"));
    let values: Vec<&str> = values.chain(found["alias_target"]["dns_name"].as_str()).collect();
    let ttl = found["ttl"].as_u64().map_or_else(String::new, |ttl| format!(", TTL {ttl}s"));
    fine(format!("{}{ttl}", values.join(" ")))
}

pub(super) fn distribution(answer: &Value, edits: bool, origin_id: Option<&str>) -> Verdict {
    let status = text(answer, "status");
    let origins = answer["origins"].as_array().map_or(&[][..], Vec::as_slice);
    if answer["enabled"].as_bool() == Some(false) {
        return gap("disabled", "enable the distribution: it serves nobody");
    }
    let ids: Vec<&str> = origins.iter().map(|origin| text(origin, "id")).collect();
    match origin_id {
        Some(id) if !ids.contains(&id) => {
            return gap(format!("no origin {id}"), format!("name one of its origins: {}", ids.join(", ")));
        }
        None if edits && origins.len() != 1 => {
            return gap(
                format!("{} origins", origins.len()),
                format!("say in the step which one is meant (`origin_id`): {}", ids.join(", ")),
            );
        }
        _ => {}
    }
    if status != "Deployed" {
        return gap(format!("{status}, not Deployed"), "wait: a change is still on its way to the edges");
    }
    let origin = origins.iter().find(|origin| origin_id.is_none_or(|id| text(origin, "id") == id));
    fine(
        origin.map_or_else(
            || "Deployed".to_owned(),
            |origin| format!("Deployed, origin {}", text(origin, "domain_name")),
        ),
    )
}

/// An endpoint of the standby. `services`: those that the runbook starts before it asks the endpoint.
pub(super) fn endpoint(answer: &Value, services: &[Answer]) -> Verdict {
    // Status 0, or none: nothing came, and `error` says why.
    let status = answer["status"].as_u64().filter(|status| *status > 0);
    let seen = status.map_or_else(|| text(answer, "error").to_owned(), |status| format!("answers {status}"));
    if answer["ok"].as_bool() == Some(true) {
        return fine(seen);
    }
    let is_idle = |answer: &Answer| {
        answer.as_ref().is_ok_and(|answer| answer["services"][0]["running_count"].as_u64() == Some(0))
    };
    match status {
        // Name, certificate and load balancer are there, and that is all there can be as yet.
        Some(_) if services.iter().any(is_idle) => fine(format!("{seen}; its tasks are started by the runbook")),
        Some(_) => gap(seen, "look at the standby's service: behind this answer no traffic can be served"),
        None => gap(
            if seen == "-" { "no answer".to_owned() } else { seen },
            "look at its name in the DNS, its certificate and its load balancer",
        ),
    }
}

/// The other side of a check of the outside cannot be reached at all.
pub(super) fn unreachable(seen: String) -> Verdict {
    unknown(seen, "try it by hand from here: the network of this machine, or the endpoint, is at fault")
}
