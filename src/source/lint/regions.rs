//! Steps that need what the disaster took away: the lost region, and the control planes in us-east-1.

use std::collections::BTreeSet;

use super::steps::all_uses;
use crate::model::action::messages::is_message;
use crate::model::runbook::{InputType, OnFailure, SourceFile};
use crate::source::actions;
use crate::source::diagnostic::Diagnostic;
use crate::source::lower::Lowered;
use crate::source::refs::locate;
use crate::source::sink::Sink;

/// Words for the region that is lost, in names of inputs and targets.
const LOST: &[&str] = &["primary", "primary_region", "lost", "lost_region", "source_region"];

pub(super) fn check(lowered: &Lowered, files: &[SourceFile], sink: &mut Sink) {
    lost_region(lowered, files, sink);
    control_planes(lowered, sink);
}

/// A step whose target is the lost region waits for what does not answer.
fn lost_region(lowered: &Lowered, files: &[SourceFile], sink: &mut Sink) {
    let runbook = &lowered.runbook;
    let inputs: Vec<String> = LOST
        .iter()
        .filter(|name| runbook.inputs.get(**name).is_some_and(|input| input.kind == InputType::Region))
        .map(|name| format!("inputs.{name}"))
        .collect();
    let mut lost: BTreeSet<&str> = BTreeSet::new();
    for (name, target) in &runbook.targets {
        let region = target.region.as_ref();
        let by_input = region.is_some_and(|region| region.references().iter().any(|path| inputs.contains(path)));
        if LOST.contains(&name.as_str()) || by_input {
            lost.insert(name);
        }
    }
    // The same region written out under another name is lost as well.
    let literals: Vec<&str> = lost
        .iter()
        .filter_map(|name| runbook.targets.get(*name)?.region.as_ref().filter(|region| region.is_literal()))
        .map(|region| region.source.as_str())
        .collect();
    for (name, target) in &runbook.targets {
        if target.region.as_ref().is_some_and(|region| literals.contains(&region.source.as_str())) {
            lost.insert(name);
        }
    }
    for (_, step) in runbook.steps() {
        // The author has thought of it: an answer is not waited for, or the step may not apply.
        let gives_up = step.on_failure == OnFailure::Continue && step.timeout_ms.is_some();
        if gives_up || step.when.is_some() {
            continue;
        }
        if let Some(target) = step.target.as_deref().filter(|target| lost.contains(target)) {
            let message = format!("`{}` acts in the region that is lost (target `{target}`)", step.id);
            let help = "it may never answer: give it a short `timeout` and `on_failure: continue`, or an `if`";
            sink.push(Diagnostic::warning("LB506", step.span, message).help(help));
        }
    }
    if inputs.is_empty() {
        return;
    }
    for (step, uses) in all_uses(runbook) {
        // The step's own target was looked at above; a text may name the region all the same.
        for text in uses.with.texts().iter().filter(|text| text.value.contains("${{")) {
            let template = crate::model::template::Template { source: text.value.to_owned(), span: text.span };
            let named = template.references().into_iter().find(|path| inputs.contains(path));
            let action = uses.action.value.as_str();
            let is_words = matches!(action, "manual" | "note") || is_message(action);
            if let (Some(path), false) = (named, is_words) {
                let message = format!("`{}` names the region that is lost", step.id);
                let finding = Diagnostic::warning("LB506", locate(files, text.span, &path), message);
                sink.push(
                    finding.help("after the loss nothing there answers: can it be done from the recovery region?"),
                );
            }
        }
    }
}

/// One warning a runbook: changes to Route 53 and CloudFront go through us-east-1, wherever one is.
fn control_planes(lowered: &Lowered, sink: &mut Sink) {
    let changing = |name: &str| actions::find(name).is_some_and(|known| known.spec.risk.changes());
    let steps = lowered.runbook.steps().map(|(_, step)| step);
    let mut depend = steps.filter(|step| {
        let name = step.uses.action.value.as_str();
        (name.starts_with("aws/route53.") || name.starts_with("aws/cloudfront.")) && changing(name)
    });
    let Some(first) = depend.next() else { return };
    let others = depend.count();
    let who = match others {
        0 => format!("`{}` changes", first.id),
        1 => format!("`{}` and 1 more step change", first.id),
        more => format!("`{}` and {more} more steps change", first.id),
    };
    let message = format!("{who} Route 53 or CloudFront, whose control planes are in us-east-1 alone");
    let help = "if us-east-1 is what is lost, such a change may not go through: prepare health-check failover or ARC routing controls, which need only the data plane";
    sink.push(Diagnostic::warning("LB507", first.uses.action.span, message).help(help));
}
