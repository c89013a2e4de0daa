//! Databases, metrics and buckets: which state of theirs a step can work from.

use super::{Verdict, fine, gap, text, unknown};
use crate::model::Value;
use crate::model::expr::human;
use crate::model::time::human_ms;

/// A cluster or an instance that is going to be promoted.
pub(super) fn replica(answer: &Value, status: &str, source: &str) -> Verdict {
    let status = text(answer, status);
    match answer[source].as_str().filter(|source| !source.is_empty()) {
        None => gap(
            format!("{status}, replicates from nobody"),
            "there is nothing to promote: attach it as a replica of the primary, or correct its name",
        ),
        Some(source) if status == "available" => fine(format!("available, replicates {source}")),
        Some(_) => gap(
            format!("{status}, not available"),
            "a promotion is refused in this state: wait until it is available, and move what makes it busy",
        ),
    }
}

/// A global database; with the member that is to become its writer.
pub(super) fn global(answer: &Value, member: Option<&str>) -> Verdict {
    let status = text(answer, "status");
    let writer = text(answer, "writer");
    // A failover state is a text, or an object that says more.
    let failover = &answer["failover_state"];
    if !failover.is_null() && failover.as_str() != Some("") {
        let what = failover.as_str().map_or_else(|| text(failover, "status").to_owned(), str::to_owned);
        return gap(format!("{status}, a failover is under way: {what}"), "wait until it is through");
    }
    if status != "available" {
        return gap(
            format!("{status}, not available"),
            "wait until it is available; AWS refuses to move the writer now",
        );
    }
    let Some(member) = member else { return fine(format!("available, writer {writer}")) };
    let members = answer["members"].as_array().map_or(&[][..], Vec::as_slice);
    let known = members.iter().find(|known| known["db_cluster_arn"].as_str() == Some(member));
    match known {
        None => gap(
            format!("{member} is no member"),
            "attach the standby cluster to the global database, or correct the ARN",
        ),
        Some(known) if known["is_writer"].as_bool() == Some(true) => gap(
            format!("{member} is the writer already"),
            "there is nothing to move: has the failover been made, or are the regions swapped?",
        ),
        Some(_) => fine(format!("available, writer {writer}")),
    }
}

/// How far behind a replica is, in seconds, against the objective.
pub(super) fn lag(answer: &Value, rpo_ms: Option<u64>) -> Verdict {
    let Some(lag) = answer["latest"].as_f64() else {
        return match answer["raw"].as_f64() {
            Some(raw) if raw < 0.0 => {
                gap("replication is not active", "start replication again: nothing reaches the standby")
            }
            _ => unknown("no datapoint", "see that the replica is attached, and that the metric's name is right"),
        };
    };
    let behind = format!("{} behind", human(lag));
    match rpo_ms {
        Some(rpo_ms) if lag > std::time::Duration::from_millis(rpo_ms).as_secs_f64() => gap(
            format!("{behind}, RPO {}", human_ms(rpo_ms)),
            "a failover now would lose more than the objective allows: find what holds replication up",
        ),
        Some(rpo_ms) => fine(format!("{behind}, RPO {}", human_ms(rpo_ms))),
        None => fine(behind),
    }
}

pub(super) fn metric(answer: &Value) -> Verdict {
    match answer["latest"].as_f64().or_else(|| answer["raw"].as_f64()) {
        Some(value) => fine(format!("{value} {}", text(answer, "unit")).trim_end_matches(" -").to_owned()),
        None => unknown("no datapoint", "look at the metric's namespace, name and dimensions"),
    }
}

/// The region a bucket lives in against the target's.
pub(super) fn bucket(answer: &Value, region: Option<&str>) -> Verdict {
    match (answer["region"].as_str(), region) {
        (Some(got), Some(wanted)) if got != wanted => gap(
            format!("it is in {got}"),
            format!("the runbook expects it in {wanted}: a copy in the lost region is no copy"),
        ),
        (Some(got), _) => fine(format!("in {got}")),
        (None, _) => fine("there"),
    }
}

pub(super) fn versioning(answer: &Value) -> Verdict {
    match answer["status"].as_str() {
        Some("Enabled") => fine("versioning is on"),
        Some(other) => gap(
            format!("versioning is {}", other.to_lowercase()),
            "turn it on again: what is overwritten now cannot be brought back",
        ),
        None => gap("versioning was never on", "turn versioning on: what is overwritten now cannot be brought back"),
    }
}

/// Whether a table can be brought back as it was at any second.
pub(super) fn point_in_time(answer: &Value) -> Verdict {
    if answer["point_in_time_recovery_status"].as_str() != Some("ENABLED") {
        return gap("point-in-time recovery is off", "turn it on: only what happens from then on can be brought back");
    }
    match (answer["earliest_restorable_date_time"].as_str(), answer["latest_restorable_date_time"].as_str()) {
        (Some(from), Some(to)) => fine(format!("from {from} to {to}")),
        _ => fine("point-in-time recovery is on"),
    }
}

pub(super) fn replication(answer: &Value) -> Verdict {
    let rules = answer["rules"].as_array().map_or(&[][..], Vec::as_slice);
    let enabled: Vec<&Value> = rules.iter().filter(|rule| rule["status"].as_str() == Some("Enabled")).collect();
    match enabled.first() {
        Some(rule) => fine(format!("to {}", text(rule, "destination_bucket"))),
        None if rules.is_empty() => {
            gap("no replication rule", "set up replication: without it nothing reaches the other region")
        }
        None => {
            gap("every replication rule is off", "turn the rule on again: new objects do not reach the other region")
        }
    }
}
