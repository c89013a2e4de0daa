//! Steps.

use indexmap::IndexMap;

use super::{Context, Extra, Names, checks, gates, words};
use crate::model::action::messages::is_message;
use crate::model::milestone::Milestone;
use crate::model::outcome::{CloudErrorKind, Mode, Risk};
use crate::model::runbook::{ActionUse, OnFailure, ResumePolicy, Retry, Step};
use crate::model::span::{Located, Span};
use crate::model::template::{Node, Template, Tree};
use crate::source::actions::{self, Known};
use crate::source::diagnostic::{Diagnostic, did_you_mean_or_list};
use crate::source::keys::{GOTO, RETRY, STEP, USE};
use crate::source::shape::{self, Shape};
use crate::source::sink::Sink;

pub(super) fn step(tree: &Tree, context: &Context<'_>, sink: &mut Sink) -> Option<(Step, Extra)> {
    let id = tree.as_map().and_then(|members| members.get("id"));
    let what = match id.map(|(_, id)| &id.node) {
        Some(Node::Text(id)) => format!("step `{id}`"),
        _ => "a step".to_owned(),
    };
    let shape = Shape::of(what, tree, STEP, sink)?;
    let id = shape.require("id", sink).and_then(|tree| shape::text("`id` of a step", tree, sink));
    if let Some(id) = &id {
        shape::check_id(&id.value, id.span, sink);
    }
    let span = id.as_ref().map_or(Span { len: 0, ..tree.span }, |id| id.span);
    shape.require("uses", sink);
    let (uses, known) = action_use(&shape, None, context, sink);
    let reversible = shape.boolean("reversible", sink);
    let risk = known.map_or(Risk::Read, |known| risk(known, reversible, &shape, sink));
    if let Some(known) = known {
        actions::check_with(known, &uses.with, uses.action.span, sink);
    }
    let asked = gates::asked(&shape, span, context, sink);
    let gates = gates::gates(&asked, &uses.action.value, risk, &uses.with, sink);
    let (emergency, emergency_gates) = emergency(&shape, &uses, reversible, &asked, context, sink);
    let timeout = shape.duration("timeout", sink);
    let explicit_timeout = timeout.is_some();
    let timeout_ms = timeout.map(|d| d.value).or(context.defaults.timeout_ms);
    let owner = checks::Owner { uses: &uses, known, timeout_ms, context };
    let step = Step {
        title: shape.template("title", sink).or_else(|| shape.template("name", sink)),
        target: uses.target.clone(),
        needs: shape.words("needs", sink),
        when: shape.expr("if", sink),
        always: shape.boolean("always", sink).unwrap_or(context.always),
        foreach: foreach(&shape, sink),
        modes: modes(&shape, sink),
        reversible,
        gates,
        emergency_gates,
        checks: checks::checks(&shape, &owner, sink),
        verify: checks::verify(&shape, &owner, sink),
        retry: retry(&shape, sink).unwrap_or_else(|| context.defaults.retry.clone()),
        timeout_ms,
        usual_ms: shape.duration("usual", sink).map(|d| d.value),
        on_failure: on_failure(&shape, context.names, sink).unwrap_or_else(|| {
            // A message that does not get through is noted, and the run goes on.
            let is_message = is_message(&uses.action.value);
            if is_message { OnFailure::Continue } else { context.defaults.on_failure.clone() }
        }),
        rollback: rollback(&shape, &owner, sink),
        resume: resume(&shape, risk, sink),
        outputs: outputs(&shape, sink),
        milestone: shape.word("milestone", &words(Milestone::WORDS, Milestone::ALL), sink),
        id: id.map(|id| id.value).unwrap_or_default(),
        uses,
        emergency,
        span,
    };
    Some((step, Extra { explicit_timeout, risk }))
}

/// Reads `uses`, `with` and `target`. Without `uses` the action is the one given.
pub(super) fn action_use(
    shape: &Shape<'_>,
    other: Option<&Located<String>>,
    context: &Context<'_>,
    sink: &mut Sink,
) -> (ActionUse, Option<&'static Known>) {
    let action = shape.text("uses", sink).or_else(|| other.cloned());
    let known = action.as_ref().and_then(|action| actions::find(&action.value));
    if let (Some(action), None, true) = (&action, known, shape.get("uses").is_some()) {
        actions::unknown(&action.value, action.span, sink);
    }
    let with = shape.get("with").cloned().unwrap_or_else(|| Tree::empty_map(Span { len: 0, ..shape.span }));
    let target = shape.text("target", sink);
    context.names.check_target(target.as_ref(), sink);
    let needs_target = action.as_ref().is_some_and(|action| action.value.starts_with("aws/"));
    // A program gets its target's profile and region: without them it would act wherever the operator's shell points.
    let takes_target = needs_target || action.as_ref().is_some_and(|action| action.value == "exec");
    let target = target.map(|t| t.value).or_else(|| context.defaults.target.clone().filter(|_| takes_target));
    if let (Some(action), None, true) = (&action, &target, needs_target && context.names.targets.len() > 1) {
        let list = context.names.targets.join(", ");
        let finding = Diagnostic::error("LB307", action.span, "this action needs a target, and there are several");
        sink.push(finding.help(format!("add `target:` here or to `defaults:`, one of {list}")));
    }
    (ActionUse { action: action.unwrap_or_default(), with, target }, known)
}

/// The action's own risk; the author's word counts where the catalogue cannot know, and may always make it graver.
fn risk(known: &Known, reversible: Option<bool>, shape: &Shape<'_>, sink: &mut Sink) -> Risk {
    let by_author = matches!(known.spec.name, "exec" | "manual");
    match (known.spec.risk, reversible) {
        (risk, None) => risk,
        (Risk::Irreversible, Some(true)) => {
            let span = shape.get("reversible").map(|tree| tree.span).unwrap_or_default();
            let message = format!("`{}` cannot be taken back, whatever is written here", known.spec.name);
            sink.push(Diagnostic::error("LB208", span, message).help("take `reversible: true` out"));
            Risk::Irreversible
        }
        (Risk::Read, Some(_)) if !by_author => {
            let span = shape.get("reversible").map(|tree| tree.span).unwrap_or_default();
            let message = format!("`{}` only reads: there is nothing to take back", known.spec.name);
            sink.push(Diagnostic::error("LB208", span, message).help("take `reversible` out"));
            Risk::Read
        }
        (_, Some(true)) => Risk::Reversible,
        (_, Some(false)) => Risk::Irreversible,
    }
}

fn emergency(
    shape: &Shape<'_>,
    uses: &ActionUse,
    reversible: Option<bool>,
    asked: &gates::Asked,
    context: &Context<'_>,
    sink: &mut Sink,
) -> (Option<ActionUse>, Option<crate::model::runbook::Gates>) {
    let Some(own) = shape.get("emergency").and_then(|tree| Shape::of("emergency", tree, USE, sink)) else {
        return (None, None);
    };
    let (variant, known) = action_use(&own, Some(&uses.action), context, sink);
    let Some(known) = known else { return (Some(variant), None) };
    let with = overlay(&variant, uses, known);
    actions::check_with(known, &with, variant.with.span, sink);
    let graver = if reversible == Some(false) { Risk::Irreversible } else { known.spec.risk };
    let gates = gates::gates(asked, &variant.action.value, graver, &with, sink);
    (Some(variant), Some(gates))
}

/// The input of an emergency variant: its members over the step's; of another action only those that it knows.
pub(in crate::source) fn overlay(variant: &ActionUse, uses: &ActionUse, known: &Known) -> Tree {
    if variant.action.value == uses.action.value {
        variant.with.over(&uses.with)
    } else {
        actions::inherit(&variant.with, known, &uses.with)
    }
}

fn foreach(shape: &Shape<'_>, sink: &mut Sink) -> Option<Tree> {
    let tree = shape.get("foreach")?;
    match &tree.node {
        Node::List(_) => Some(tree.clone()),
        Node::Text(_) => {
            let expr = shape::expr("`foreach`", tree, sink)?;
            Some(Tree { node: Node::Text(format!("${{{{ {} }}}}", expr.source)), span: tree.span })
        }
        Node::Scalar(_) | Node::Map(_) => {
            shape::wrong_type("`foreach`", "a list, or an expression that yields one", tree, sink);
            None
        }
    }
}

fn modes(shape: &Shape<'_>, sink: &mut Sink) -> Vec<Mode> {
    let Some(words) = shape.words("modes", sink) else { return vec![Mode::Drill, Mode::Real] };
    let known = [("drill", Mode::Drill), ("real", Mode::Real)];
    words.iter().filter_map(|text| shape::word("a mode", text, &known, sink)).collect()
}

const ERROR_KINDS: &[(&str, CloudErrorKind)] = &[
    ("throttled", CloudErrorKind::Throttled),
    ("unavailable", CloudErrorKind::Unavailable),
    ("not_found", CloudErrorKind::NotFound),
    ("denied", CloudErrorKind::Denied),
    ("invalid", CloudErrorKind::Invalid),
];

pub(super) fn retry(owner: &Shape<'_>, sink: &mut Sink) -> Option<Retry> {
    let shape = Shape::of("retry", owner.get("retry")?, RETRY, sink)?;
    let mut retry = Retry::default();
    retry.max = shape.count("max", 1, sink).unwrap_or(retry.max).min(20);
    retry.backoff_ms = shape.duration("backoff", sink).map_or(retry.backoff_ms, |d| d.value);
    if let Some(words) = shape.words("on", sink) {
        let named = |text: &Located<String>, sink: &mut Sink| {
            if text.value == "unknown_outcome" {
                let finding = Diagnostic::error("LB106", text.span, "an unknown outcome is never sent again by itself");
                sink.push(finding.help("a probe or a person decides; take it out"));
                return None;
            }
            shape::word("an error to retry on", text, ERROR_KINDS, sink)
        };
        retry.on = words.iter().filter_map(|text| named(text, sink)).collect();
    }
    Some(retry)
}

pub(super) fn on_failure(owner: &Shape<'_>, names: &Names, sink: &mut Sink) -> Option<OnFailure> {
    let tree = owner.get("on_failure")?;
    if matches!(tree.node, Node::Text(_)) {
        let text = shape::text("`on_failure`", tree, sink)?;
        let words = [("pause", 0), ("continue", 1), ("rollback", 2), ("abort", 3)];
        return Some(match shape::word("`on_failure`, where no `goto: ID` stands,", &text, &words, sink)? {
            1 => OnFailure::Continue,
            2 => OnFailure::Rollback,
            3 => OnFailure::Abort,
            _ => OnFailure::Pause,
        });
    }
    let shape = Shape::of("on_failure", tree, GOTO, sink)?;
    shape.require("goto", sink);
    let goto = shape.text("goto", sink)?;
    if !names.steps.contains_key(&goto.value) {
        let finding = Diagnostic::error("LB310", goto.span, format!("there is no step `{}` to go on with", goto.value));
        sink.push(finding.maybe_help(did_you_mean_or_list(&goto.value, names.steps.keys().map(String::as_str))));
    }
    Some(OnFailure::Goto(goto.value))
}

fn rollback(shape: &Shape<'_>, owner: &checks::Owner<'_>, sink: &mut Sink) -> Vec<ActionUse> {
    let items = shape.list("rollback", sink).unwrap_or_default();
    let mut found = Vec::with_capacity(items.len());
    for item in items {
        let Some(own) = Shape::of("an item of `rollback`", item, USE, sink) else { continue };
        let (mut uses, known) = action_use(&own, Some(&owner.uses.action), owner.context, sink);
        uses.target = own.get("target").and(uses.target).or_else(|| owner.uses.target.clone());
        if let Some(known) = known {
            let with = actions::inherit(&uses.with, known, &owner.uses.with);
            actions::check_with(known, &with, item.span, sink);
        }
        found.push(uses);
    }
    found
}

fn resume(shape: &Shape<'_>, risk: Risk, sink: &mut Sink) -> ResumePolicy {
    let words = [("probe", ResumePolicy::Probe), ("ask", ResumePolicy::Ask), ("rerun", ResumePolicy::Rerun)];
    let policy = shape.word("resume", &words, sink).unwrap_or_default();
    if let (ResumePolicy::Rerun, true, Some(tree)) = (policy, risk.changes(), shape.get("resume")) {
        let message = format!("a step that is {} is never run again by itself after a crash", risk.word());
        sink.push(Diagnostic::error("LB106", tree.span, message).help("`probe` looks first, `ask` asks a person"));
    }
    policy
}

fn outputs(shape: &Shape<'_>, sink: &mut Sink) -> IndexMap<String, Template> {
    let mut found = IndexMap::new();
    for (name, _, tree) in shape.named("outputs", sink) {
        if let Some(text) = shape::text(&format!("output `{name}`"), tree, sink) {
            found.insert(name.to_owned(), Template { source: text.value, span: text.span });
        }
    }
    found
}
