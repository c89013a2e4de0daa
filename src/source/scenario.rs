//! Scenario files → `model::scenario`, with the same located findings as runbooks.

use super::actions;
use super::diagnostic::Diagnostic;
use super::keys::{EXPECTATION, FAULT, SCENARIO};
use super::shape::{self, Shape};
use super::sink::Sink;
use super::yaml;
use crate::model::Value;
use crate::model::scenario::{Expectation, Fault, FaultKind, Scenario};
use crate::model::template::{Node, Tree};
use crate::model::time::parse_rfc3339_ms;

const KINDS: &[(&str, FaultKind)] = &[
    ("region_lost", FaultKind::RegionLost),
    ("throttled", FaultKind::Throttled),
    ("access_denied", FaultKind::AccessDenied),
    ("hangs", FaultKind::Hangs),
    ("lost_answer", FaultKind::LostAnswer),
    ("lost_request", FaultKind::LostRequest),
    ("stale_resolver", FaultKind::StaleResolver),
    ("health_flaps", FaultKind::HealthFlaps),
    ("lag", FaultKind::Lag),
    ("mfa_device_lost", FaultKind::MfaDeviceLost),
];

/// Reads a scenario. `path` is not opened: it only gives the scenario a name when it states none.
///
/// # Errors
/// Every finding, in the order of the text.
pub fn parse_scenario(text: &str, path: &str) -> Result<Scenario, Vec<Diagnostic>> {
    let (tree, found) = yaml::parse(text, 0);
    let mut sink = Sink::new();
    sink.extend(found);
    let scenario = tree.and_then(|tree| scenario(&tree, path, &mut sink));
    match scenario {
        Some(scenario) if !sink.has_errors() => Ok(scenario),
        _ => Err(sink.into_sorted()),
    }
}

fn scenario(tree: &Tree, path: &str, sink: &mut Sink) -> Option<Scenario> {
    let shape = Shape::of("the scenario", tree, SCENARIO, sink)?;
    let stem = std::path::Path::new(path).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = shape.text("name", sink);
    if let Some(name) = &name {
        shape::check_id(&name.value, name.span, sink);
    }
    let starts_at = shape.text("starts_at", sink);
    if let Some(Err(error)) = starts_at.as_ref().map(|text| parse_rfc3339_ms(&text.value)) {
        let span = starts_at.as_ref().map(|text| text.span).unwrap_or_default();
        sink.push(Diagnostic::error("LB102", span, error).help("put it in quotes, in UTC with a `Z`"));
    }
    let world = shape.get("world").map(literal);
    let world = match world {
        None => crate::model::Object::new(),
        Some(Value::Object(members)) => members,
        Some(_) => {
            if let Some(tree) = shape.get("world") {
                shape::wrong_type("`world`", "a map", tree, sink);
            }
            crate::model::Object::new()
        }
    };
    let faults = shape.list("faults", sink).unwrap_or_default();
    Some(Scenario {
        name: name.map(|name| name.value).or(stem).unwrap_or_default(),
        summary: shape.plain_text("summary", sink).unwrap_or_default(),
        starts_at: starts_at.map(|text| text.value),
        expect: shape.get("expect").and_then(|tree| expectation(tree, sink)),
        world,
        faults: faults.iter().filter_map(|tree| fault(tree, sink)).collect(),
    })
}

fn expectation(tree: &Tree, sink: &mut Sink) -> Option<Expectation> {
    let shape = Shape::of("expect", tree, EXPECTATION, sink)?;
    shape.require("exit", sink);
    let exit = shape.count("exit", 0, sink).unwrap_or_default();
    let exit = u8::try_from(exit).ok();
    if let (None, Some(tree)) = (exit, shape.get("exit")) {
        shape::wrong_type("`exit`", "an exit code from 0 to 255", tree, sink);
    }
    Some(Expectation { exit: exit.unwrap_or_default(), stops_at: shape.plain_text("stops_at", sink) })
}

fn fault(tree: &Tree, sink: &mut Sink) -> Option<Fault> {
    let shape = Shape::of("a fault", tree, FAULT, sink)?;
    shape.require("kind", sink);
    let action = shape.text("action", sink);
    if let Some(action) = &action
        && actions::find(&action.value).is_none()
    {
        actions::unknown(&action.value, action.span, sink);
    }
    // Kept as written: the simulation reads them from the start of the drill.
    let duration = |key: &str, sink: &mut Sink| -> Option<String> {
        shape.duration(key, sink)?;
        shape.plain_text(key, sink)
    };
    let (after, lasts) = (duration("after", sink), duration("for", sink));
    let chance = shape.get("chance").and_then(|tree| chance(tree, sink));
    Some(Fault {
        kind: shape.word("kind", KINDS, sink)?,
        action: action.map(|action| action.value),
        region: shape.plain_text("region", sink),
        resource: shape.plain_text("resource", sink),
        after,
        lasts,
        times: shape.count("times", 1, sink),
        chance,
        value: shape.get("value").map(literal),
    })
}

fn chance(tree: &Tree, sink: &mut Sink) -> Option<f64> {
    let number = match &tree.node {
        Node::Scalar(value) => value.as_f64().filter(|chance| (0.0..=1.0).contains(chance)),
        Node::Text(_) | Node::List(_) | Node::Map(_) => None,
    };
    if number.is_none() {
        shape::wrong_type("`chance`", "a number from 0 to 1", tree, sink);
    }
    number
}

/// The tree as a plain value; expressions in it are text.
pub(super) fn literal(tree: &Tree) -> Value {
    match &tree.node {
        Node::Scalar(value) => value.clone(),
        Node::Text(text) => Value::String(text.clone()),
        Node::List(items) => Value::Array(items.iter().map(literal).collect()),
        Node::Map(members) => {
            Value::Object(members.iter().map(|(key, (_, member))| (key.clone(), literal(member))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_reads() {
        let text = "name: promote_hangs\nsummary: The promotion hangs\nexpect: {exit: 3}\nworld:\n  metric: {AuroraBinlogReplicaLag: {latest: 7200}}\nfaults:\n  - {kind: hangs, action: aws/rds.promote_read_replica_db_cluster, value: 6m, times: 1}\n";
        let scenario = parse_scenario(text, "x/promote_hangs.yaml").unwrap();
        assert_eq!(scenario.name, "promote_hangs");
        assert_eq!(scenario.faults[0].kind, FaultKind::Hangs);
        assert_eq!(scenario.faults[0].value, Some(Value::from("6m")));
        assert_eq!(scenario.world["metric"]["AuroraBinlogReplicaLag"]["latest"], 7200);
    }

    #[test]
    fn findings_are_located_and_complete() {
        let text =
            "nam: x\nfaults:\n  - {kind: hang, after: 5, chance: 2}\n  - {action: aws/rds.promote_read_replica}\n";
        let found = parse_scenario(text, "x.yaml").unwrap_err();
        let places: Vec<_> = found.iter().map(|f| (f.code, f.span.line, f.span.column)).collect();
        assert_eq!(places, [("LB101", 1, 1), ("LB106", 3, 12), ("LB105", 3, 25), ("LB102", 3, 36), ("LB103", 4, 5)]);
        assert!(found.iter().all(|f| f.help.is_some()));
    }
}
