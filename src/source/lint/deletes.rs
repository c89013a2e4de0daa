//! Deletes of what no step of the runbook makes: the run would refuse them, so they are told before.
//!
//! Compares names as they are written, with vars written out. What depends on another step's answer is
//! left to the run. Must not know what a run remembers.

use crate::model::Object;
use crate::model::Value;
use crate::model::action::Action;
use crate::model::action::ownership::{Kind, Resource, may_delete};
use crate::model::runbook::{ActionUse, Runbook, Step};
use crate::model::template::{Node, Tree};
use crate::source::actions;
use crate::source::diagnostic::Diagnostic;
use crate::source::graph::Graph;
use crate::source::lower::Lowered;
use crate::source::sink::Sink;

/// Vars inside vars are written out this deep.
const DEPTH: usize = 6;

/// What a step makes, by the names as written.
struct Maker<'a> {
    step: &'a str,
    names: Vec<Resource>,
}

pub(super) fn check(lowered: &Lowered, graph: &Graph, sink: &mut Sink) {
    let runbook = &lowered.runbook;
    let uses_of = |step: &Step| -> Vec<ActionUse> {
        let others = step.emergency.iter().chain(&step.rollback).map(|other| inherited(other, &step.uses));
        std::iter::once(step.uses.clone()).chain(others).collect()
    };
    let steps: Vec<(&Step, Vec<ActionUse>)> = runbook.steps().map(|(_, step)| (step, uses_of(step))).collect();
    if !steps.iter().flat_map(|(_, uses)| uses).any(|uses| may_delete(&uses.action.value)) {
        return;
    }
    let mut makers: Vec<Maker<'_>> = Vec::new();
    for (step, uses) in &steps {
        let actions = uses.iter().filter_map(|uses| as_written(uses, runbook));
        let names = actions.flat_map(|action| action.operation().creates()).collect();
        makers.push(Maker { step: &step.id, names });
    }
    for (ix, (step, uses)) in steps.iter().enumerate() {
        for one in uses.iter().filter(|uses| may_delete(&uses.action.value)) {
            let Some(action) = as_written(one, runbook) else { continue };
            for what in action.operation().deletes() {
                let comes_before = |maker: &&Maker<'_>| maker.step == step.id || graph.is_before(maker.step, ix);
                refuse(&what, one, makers.iter().filter(comes_before), sink);
            }
        }
    }
}

fn refuse<'a>(what: &Resource, uses: &ActionUse, makers: impl Iterator<Item = &'a Maker<'a>>, sink: &mut Sink) {
    let name = &what.name;
    let depends = ["steps.", "each", "result", "verified"].iter().any(|word| mentions(name, word));
    let is_named_after =
        what.kind == Kind::Object && mentions(name.split_once('/').map_or("", |(_, key)| key), "run.id");
    if (depends && what.kind != Kind::Unknown) || is_named_after {
        return;
    }
    let mut same_kind: Vec<&str> = Vec::new();
    for maker in makers {
        let of_kind: Vec<&Resource> = maker.names.iter().filter(|made| made.kind == what.kind).collect();
        // A name that depends on an answer may be this one.
        if of_kind
            .iter()
            .any(|made| made.name == *name || mentions(&made.name, "steps.") || mentions(&made.name, "each"))
        {
            return;
        }
        if !of_kind.is_empty() {
            same_kind.push(maker.step);
        }
    }
    let message = match &what.kind {
        Kind::Unknown => format!("`{name}` takes something away, and no run can know whether it has made that itself"),
        kind => format!("this deletes the {} `{name}`, which no step before it makes", kind.word()),
    };
    let help = match (&what.kind, same_kind[..].first()) {
        (Kind::Unknown, _) => {
            "make it a `manual` step with the command line in it, or use an action of the catalogue".to_owned()
        }
        (Kind::Object, _) => "give it a key with `${{ run.id }}` in it, or make it a `manual` step".to_owned(),
        (_, Some(step)) => {
            format!("name what `{step}` makes, in the same words; what is not this run's, people delete")
        }
        (_, None) => "a run deletes only what it has made: make it a `manual` step, which people do".to_owned(),
    };
    sink.push(Diagnostic::error("LB522", uses.action.span, message).help(help));
}

/// Whether a path stands inside the `${{ }}` of a text.
fn mentions(text: &str, path: &str) -> bool {
    let inside = text.split("${{").skip(1).filter_map(|rest| rest.split("}}").next());
    inside.into_iter().any(|inside| {
        inside.match_indices(path).any(|(at, _)| {
            !inside[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.')
                && (path.ends_with('.')
                    || !inside[at + path.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        })
    })
}

/// The action with its texts as they are written, vars written out. A member that is no text and holds
/// an expression is left out: none of them is a name.
fn as_written(uses: &ActionUse, runbook: &Runbook) -> Option<Action> {
    let known = actions::find(&uses.action.value)?;
    let mut members = Object::new();
    for (name, (_, tree)) in uses.with.as_map()? {
        let is_text = known.schema["properties"][name]["type"] == "string";
        let is_open = matches!(&tree.node, Node::Text(text) if text.contains("${{"));
        if is_text || !is_open {
            members.insert(name.clone(), raw(tree, runbook));
        }
    }
    Action::parse(&uses.action.value, &Value::Object(members)).ok()
}

fn raw(tree: &Tree, runbook: &Runbook) -> Value {
    match &tree.node {
        Node::Scalar(value) => value.clone(),
        Node::Text(text) => Value::from(written_out(text, runbook)),
        Node::List(items) => items.iter().map(|item| raw(item, runbook)).collect(),
        Node::Map(members) => {
            Value::Object(members.iter().map(|(name, (_, item))| (name.clone(), raw(item, runbook))).collect())
        }
    }
}

/// `${{ vars.copy }}` as the text of the var, and every expression without its outer blanks.
fn written_out(text: &str, runbook: &Runbook) -> String {
    let mut text = text.to_owned();
    for _ in 0..DEPTH {
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        let mut has_more = false;
        while let Some((before, after)) = rest.split_once("${{") {
            let Some((inside, behind)) = after.split_once("}}") else { break };
            out.push_str(before);
            let var = inside.trim().strip_prefix("vars.").and_then(|name| runbook.vars.get(name));
            if let Some(Node::Text(value)) = var.map(|tree| &tree.node) {
                out.push_str(value);
                has_more = true;
            } else {
                out.push_str("${{ ");
                out.push_str(inside.trim());
                out.push_str(" }}");
            }
            rest = behind;
        }
        out.push_str(rest);
        // Lists of vars that hold themselves are another finding; here they only may not grow for ever.
        if !has_more || out.len() > 4096 {
            return out;
        }
        text = out;
    }
    text
}

fn inherited(uses: &ActionUse, step: &ActionUse) -> ActionUse {
    let with = actions::find(&uses.action.value)
        .map_or_else(|| uses.with.clone(), |known| actions::inherit(&uses.with, known, &step.with));
    ActionUse { with, ..uses.clone() }
}
