//! Phases.

use super::{Context, Extra, gates, step};
use crate::model::runbook::Phase;
use crate::model::span::Span;
use crate::model::template::Tree;
use crate::source::diagnostic::Diagnostic;
use crate::source::keys::PHASE;
use crate::source::shape::{self, Shape};
use crate::source::sink::Sink;

pub(super) fn phase(tree: &Tree, context: &Context<'_>, extras: &mut Vec<Extra>, sink: &mut Sink) -> Option<Phase> {
    let id = tree.as_map().and_then(|members| members.get("id"));
    let what = match id.map(|(_, id)| &id.node) {
        Some(crate::model::template::Node::Text(id)) => format!("phase `{id}`"),
        _ => "a phase".to_owned(),
    };
    let shape = Shape::of(what.clone(), tree, PHASE, sink)?;
    let id = shape.require("id", sink).and_then(|tree| shape::text("`id` of a phase", tree, sink));
    if let Some(id) = &id {
        shape::check_id(&id.value, id.span, sink);
    }
    let span = id.as_ref().map_or(Span { len: 0, ..tree.span }, |id| id.span);
    let budget = shape.duration("budget", sink);
    let policy = context.policy.over(gates::policy(&shape, sink));
    let context = Context { policy, always: shape.boolean("always", sink).unwrap_or(false), ..*context };
    let mut steps = Vec::new();
    if let Some(list) = shape.require("steps", sink) {
        let items = shape::list(&format!("`steps` of {what}"), list, sink).unwrap_or_default();
        for item in items {
            if let Some((step, extra)) = step::step(item, &context, sink) {
                steps.push(step);
                extras.push(extra);
            }
        }
        if items.is_empty() {
            let finding = Diagnostic::error("LB109", list.span, format!("{what} has no steps"));
            sink.push(finding.help("give it a step, or take the phase out"));
        }
    }
    Some(Phase {
        id: id.map(|id| id.value).unwrap_or_default(),
        title: shape.template("title", sink),
        budget_ms: budget.as_ref().map(|budget| budget.value),
        budget_span: budget.map(|budget| budget.span).unwrap_or_default(),
        needs: shape.words("needs", sink),
        steps,
        span,
    })
}
