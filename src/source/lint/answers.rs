//! Verifications that stand or fall with the answer of the call: when that is lost, nobody can ask them.
//!
//! Must not know how answers get lost.

use crate::model::action::Action;
use crate::model::expr;
use crate::model::outcome::Class;
use crate::model::runbook::{Check, Step};
use crate::model::template::Template;
use crate::source::diagnostic::Diagnostic;
use crate::source::lower::Lowered;
use crate::source::sink::Sink;

pub(super) fn check(lowered: &Lowered, sink: &mut Sink) {
    for ((_, step), extra) in lowered.runbook.steps().zip(&lowered.extras) {
        let name = step.uses.action.value.as_str();
        // B: sending it again with its token gives the same answer. D: a person looks anyway.
        let guarded = Action::spec_of(name).is_some_and(|spec| matches!(spec.class, Class::A | Class::C));
        let members = Action::only_in_answer(name);
        let needs = |check: &Check| paths(check).iter().any(|path| is_lost(path, check, step, members));
        if extra.risk.changes() && guarded && !step.verify.is_empty() && step.verify.iter().all(needs) {
            let message = format!("after a lost answer nothing of `{}` can be verified", step.id);
            let finding = Diagnostic::warning("LB519", step.verify[0].span, message);
            sink.push(finding.help(way_out(name)));
        }
    }
}

/// Another expression that says the same without the answer.
fn way_out(action: &str) -> &'static str {
    match action {
        "aws/route53.change_resource_record_sets" => {
            "add a look at the world: `aws/route53.test_dns_answer` or `dns/resolve` need no id of the change"
        }
        _ => "add a verification that reads the state itself, with names from `with:` or `inputs`",
    }
}

fn paths(check: &Check) -> Vec<String> {
    let mut paths: Vec<String> = check.expect.iter().flat_map(|expect| expr::references(&expect.source)).collect();
    for text in check.uses.iter().flat_map(|uses| uses.with.texts()).filter(|text| text.value.contains("${{")) {
        paths.extend(Template { source: text.value.to_owned(), span: text.span }.references());
    }
    paths
}

fn is_lost(path: &str, check: &Check, step: &Step, members: &[&str]) -> bool {
    let own = path.strip_prefix("steps.").and_then(|rest| rest.strip_prefix(step.id.as_str()));
    let of_answer = match own.and_then(|rest| rest.strip_prefix(".result")) {
        Some(rest) => Some(rest),
        None if check.uses.is_none() => path.strip_prefix("result"),
        None => None,
    };
    let member = of_answer.and_then(|rest| rest.strip_prefix('.')).and_then(|rest| rest.split('.').next());
    member.is_some_and(|member| members.contains(&member))
}
