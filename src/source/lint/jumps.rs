//! Jumps after a failure: what `goto` leads to, and what it leaves behind.
//!
//! Must not know the machine. There a jump only skips: what is settled never runs again, so none goes
//! round, and its target waits for whatever else it needs. What is left is what an author may not mean.

use crate::model::action::Action;
use crate::model::outcome::Risk;
use crate::model::runbook::{OnFailure, Step};
use crate::source::diagnostic::Diagnostic;
use crate::source::graph::Graph;
use crate::source::lower::Lowered;
use crate::source::sink::Sink;

pub(super) fn check(lowered: &Lowered, graph: &Graph, sink: &mut Sink) {
    let steps: Vec<&Step> = lowered.runbook.steps().map(|(_, step)| step).collect();
    let risk = |ix: usize| lowered.extras.get(ix).map_or(Risk::Read, |extra| extra.risk);
    for step in &steps {
        let OnFailure::Goto(target) = &step.on_failure else { continue };
        let Some(to) = steps.iter().position(|one| one.id == *target) else { continue };
        if !graph.is_before(&step.id, to) {
            let message = format!("`goto: {target}` leads nowhere: `{target}` does not come after `{}`", step.id);
            let finding = Diagnostic::warning("LB517", step.span, message);
            sink.push(finding.help("name a step after it; `on_failure: continue` goes on as this would"));
            continue;
        }
        let goes_on = |ix: usize| ix == to || graph.is_before(target, ix);
        let passed_over = |ix: &usize| graph.is_before(&step.id, *ix) && !goes_on(*ix);
        let looked = |ix: &usize| risk(*ix) == Risk::Read && looks(steps[*ix]);
        let changes = (0..steps.len()).any(|ix| goes_on(ix) && risk(ix).changes());
        let lost: Vec<&str> =
            (0..steps.len()).filter(passed_over).filter(looked).map(|ix| steps[ix].id.as_str()).collect();
        if !lost.is_empty() && changes && steps[to].checks.is_empty() {
            let message = format!(
                "when `{}` fails, `goto: {target}` passes over {}, and what follows changes something unseen",
                step.id,
                lost.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", "),
            );
            let finding = Diagnostic::warning("LB518", step.span, message);
            sink.push(finding.help(format!("go on with `{}`, or give `{target}` a `check:` of its own", lost[0])));
        }
    }
}

/// Whether a step asks the world something and expects an answer.
fn looks(step: &Step) -> bool {
    let is_local = matches!(step.uses.action.value.as_str(), "note" | "wait");
    let expects = Action::spec_of(&step.uses.action.value).is_some_and(|spec| spec.default_expect.is_some());
    !is_local && (expects || !step.verify.is_empty() || !step.checks.is_empty() || step.uses.action.value == "manual")
}
