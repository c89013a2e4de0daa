//! What an approver is shown, from what the run shows.
//!
//! Pure; must not know sockets, nor whether anything may be approved: the engine says.

use super::protocol::Sheet;
use crate::driver::handle::View;
use crate::engine::snapshot::{CheckView, StepView};
use crate::model::action::Action;

/// The step, its gate and who asks; none while its gate is shut.
pub fn sheet(view: &View, step: &StepView, by: &str) -> Option<Sheet> {
    let snapshot = &view.snapshot;
    let gate = step.gate.as_ref()?;
    let approvals = gate.approvals.as_ref()?;
    let practice = view.practice.iter().find(|one| one.person == by).map(|one| (one.code.clone(), one.left_ms));
    let api = Action::spec_of(&step.action).map(|spec| spec.api).filter(|api| !api.is_empty());
    Some(Sheet {
        run: snapshot.run.clone(),
        runbook: snapshot.runbook.clone(),
        title: snapshot.title.clone(),
        mode: snapshot.mode,
        operator: snapshot.operator.clone(),
        step: step.key.clone(),
        step_title: step.title.clone(),
        attempt: gate.attempt,
        digest: gate.digest.clone(),
        action: api.unwrap_or(&step.action).to_owned(),
        request: step.request.clone(),
        region: step.region.clone(),
        account: step.account.clone(),
        target: step.target.clone(),
        identity: step.identity.clone(),
        command_line: step.command_line.clone(),
        risk: step.risk,
        message: gate.message.clone(),
        before: step.checks.iter().map(seen).collect(),
        after: step.verify.iter().map(|check| check.text.clone()).collect(),
        undo: step.rollback.as_ref().map(|rollback| rollback.calls.clone()).unwrap_or_default(),
        wanted: approvals.min,
        given: approvals.granted.iter().map(|one| (one.by.clone(), one.at_ms, one.from.clone())).collect(),
        within_ms: approvals.within_ms,
        now_ms: snapshot.now_ms,
        is_simulated: snapshot.drill.is_some(),
        practice,
    })
}

fn seen(check: &CheckView) -> String {
    match &check.last {
        Some(last) => format!("{}: {last}", check.text),
        None => check.text.clone(),
    }
}
