//! Steps of a plan: instances of `foreach`, edges between indices, inherited inputs, and a first
//! look at every action input that can be rendered before the run.

use std::collections::{BTreeSet, HashMap};

use super::unrendered;
use crate::model::action::{Action, ActionError};
use crate::model::expr::plain;
use crate::model::outcome::Risk;
use crate::model::plan::{Intent, Plan, PlanStep, StepIx};
use crate::model::runbook::{ActionUse, Check, Runbook, Step};
use crate::model::template::{Template, Tree};
use crate::model::time::parse_duration_ms;
use crate::model::{Object, Value};
use crate::source::actions::{self, Known};
use crate::source::diagnostic::Diagnostic;
use crate::source::lower::{DEFAULT_TIMEOUT_MS, MAX_STEPS, overlay};
use crate::source::sink::Sink;

/// Roots that have their values before the first step.
const EARLY: &[&str] = &["inputs", "vars", "targets", "objectives", "run", "each"];

/// Fills the plan's steps and the phases' lists of them.
pub(super) fn unroll(runbook: &Runbook, plan: &mut Plan, scope: &Object, sink: &mut Sink) {
    let mut instances: HashMap<&str, Vec<StepIx>> = HashMap::new();
    for (phase, step) in runbook.steps() {
        let Some(known) = actions::find(&step.uses.action.value) else { continue };
        for (key, each) in keys(step, scope, sink) {
            if plan.steps.len() >= MAX_STEPS {
                let message = format!("with its `foreach` unrolled the plan has more than {MAX_STEPS} steps");
                sink.push(Diagnostic::error("LB110", step.span, message).help("shorten the lists"));
                return;
            }
            let ix = plan.steps.len();
            instances.entry(&step.id).or_default().push(ix);
            plan.phases[phase].steps.push(ix);
            let made = instance(step, phase, key, each, known, plan, scope, sink);
            plan.steps.push(made);
        }
    }
    edges(runbook, plan, &instances);
}

/// The keys and items of a step's instances; one without `foreach`.
fn keys(step: &Step, scope: &Object, sink: &mut Sink) -> Vec<(String, Option<Value>)> {
    let Some(foreach) = &step.foreach else { return vec![(step.id.clone(), None)] };
    let items = match foreach.render(scope) {
        Ok(Value::Array(items)) if !items.is_empty() => items,
        Ok(other) => {
            let finding =
                Diagnostic::error("LB607", foreach.span, format!("`foreach` of `{}` yields {other}", step.id));
            sink.push(finding.help("it needs a list with at least one item; `if:` leaves a step out"));
            return Vec::new();
        }
        Err(error) => {
            sink.push(unrendered(error));
            return Vec::new();
        }
    };
    let mut seen = BTreeSet::new();
    let mut found = Vec::with_capacity(items.len());
    for (ix, item) in items.into_iter().enumerate() {
        let label = match &item {
            Value::Object(_) | Value::Array(_) => ix.to_string(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => plain(&item),
        };
        let key = format!("{}[{label}]", step.id);
        if !seen.insert(key.clone()) {
            let finding =
                Diagnostic::error("LB607", foreach.span, format!("`foreach` of `{}` names `{label}` twice", step.id));
            sink.push(finding.help("each item makes one instance: list it once"));
            continue;
        }
        found.push((key, Some(item)));
    }
    found
}

#[expect(clippy::too_many_arguments, reason = "the parts of one step, put together in one place")]
fn instance(
    step: &Step,
    phase: usize,
    key: String,
    each: Option<Value>,
    known: &'static Known,
    plan: &Plan,
    scope: &Object,
    sink: &mut Sink,
) -> PlanStep {
    let (uses, gates, known) = variant(step, known, plan.intent);
    let mut scope = std::borrow::Cow::Borrowed(scope);
    if let Some(each) = &each {
        scope.to_mut().insert("each".to_owned(), each.clone());
    }
    let timeout_ms = step.timeout_ms.unwrap_or(DEFAULT_TIMEOUT_MS);
    let mut made = PlanStep {
        key,
        id: step.id.clone(),
        each,
        phase,
        title: step.title.clone(),
        needs: Vec::new(),
        when: step.when.clone(),
        always: step.always,
        target: uses.target.clone(),
        risk: risk(step, known),
        class: known.spec.class,
        gates,
        checks: step.checks.iter().map(|check| inherited(check, &uses.with)).collect(),
        verify: step.verify.iter().map(|check| inherited(check, &uses.with)).collect(),
        retry: step.retry.clone(),
        timeout_ms,
        usual_ms: step.usual_ms.unwrap_or(known.spec.usual_ms),
        on_failure: step.on_failure.clone(),
        rollback: step.rollback.iter().map(|other| inherited_use(other, &uses.with)).collect(),
        resume: step.resume,
        outputs: step.outputs.clone(),
        milestone: step.milestone,
        in_mode: step.modes.contains(&plan.mode),
        uses,
    };
    early_look(&made, &scope, sink);
    waiting(&mut made, step, &scope, sink);
    made
}

/// Action, gates and catalogue entry of the variant that this run takes.
fn variant(
    step: &Step,
    known: &'static Known,
    intent: Intent,
) -> (ActionUse, crate::model::runbook::Gates, &'static Known) {
    let emergency = step.emergency.as_ref().filter(|_| intent == Intent::Emergency);
    let Some(variant) = emergency else { return (step.uses.clone(), step.gates.clone(), known) };
    let other = actions::find(&variant.action.value).unwrap_or(known);
    let uses = ActionUse {
        action: variant.action.clone(),
        with: overlay(variant, &step.uses, other),
        target: variant.target.clone().or_else(|| step.uses.target.clone()),
    };
    (uses, step.emergency_gates.clone().unwrap_or_else(|| step.gates.clone()), other)
}

fn risk(step: &Step, known: &Known) -> Risk {
    match (step.reversible, known.spec.risk) {
        (Some(false), _) => Risk::Irreversible,
        (Some(true), Risk::Read) => Risk::Reversible,
        (_, risk) => risk,
    }
}

fn inherited(check: &Check, step_with: &Tree) -> Check {
    Check { uses: check.uses.as_ref().map(|uses| inherited_use(uses, step_with)), ..check.clone() }
}

fn inherited_use(uses: &ActionUse, step_with: &Tree) -> ActionUse {
    let with = actions::find(&uses.action.value)
        .map_or_else(|| uses.with.clone(), |known| actions::inherit(&uses.with, known, step_with));
    ActionUse { with, ..uses.clone() }
}

/// Renders and parses every action input that needs nothing from other steps.
fn early_look(step: &PlanStep, scope: &Object, sink: &mut Sink) {
    let reads = step.checks.iter().chain(&step.verify).filter_map(|check| check.uses.as_ref());
    for uses in std::iter::once(&step.uses).chain(reads).chain(&step.rollback) {
        if !is_early(&uses.with) {
            continue;
        }
        match uses.with.render(scope) {
            Err(error) => sink.push(unrendered(error)),
            Ok(with) => {
                if let Err(ActionError::InvalidInput { action, reason }) = Action::parse(&uses.action.value, &with) {
                    let message = format!("`{}`: the input of `{action}` does not fit: {reason}", step.key);
                    let finding = Diagnostic::error("LB207", uses.with.span, message);
                    sink.push(finding.help("look at the values that the inputs and vars in it have"));
                }
            }
        }
    }
}

fn is_early(with: &Tree) -> bool {
    with.texts().iter().all(|text| {
        !text.value.contains("${{")
            || Template { source: text.value.to_owned(), span: text.span }
                .references()
                .iter()
                .all(|path| EARLY.contains(&path.split('.').next().unwrap_or_default()))
    })
}

/// A `wait` takes as long as it says, and may.
fn waiting(made: &mut PlanStep, step: &Step, scope: &Object, sink: &mut Sink) {
    if made.uses.action.value != "wait" || !is_early(&made.uses.with) {
        return;
    }
    let Some((_, tree)) = made.uses.with.as_map().and_then(|members| members.get("for")) else { return };
    let Some(text) = tree.render(scope).ok().as_ref().map(plain) else { return };
    match parse_duration_ms(&text) {
        Ok(ms) => {
            made.usual_ms = step.usual_ms.unwrap_or(ms);
            made.timeout_ms = made.timeout_ms.max(ms.saturating_add(60_000));
        }
        Err(error) => sink.push(Diagnostic::error("LB105", tree.span, error).help("write it like `90s` or `5m`")),
    }
}

/// Direct predecessors. A step waits for what its phase waits for, and for the step above it or for
/// its own `needs`; a `foreach` step stands for all its instances, a phase for all its steps.
fn edges(runbook: &Runbook, plan: &mut Plan, instances: &HashMap<&str, Vec<StepIx>>) {
    let ids = runbook.phases.iter().map(|phase| phase.id.as_str());
    let phase_steps: HashMap<&str, Vec<StepIx>> =
        ids.zip(plan.phases.iter().map(|phase| phase.steps.clone())).collect();
    let named = |name: &str| -> Vec<StepIx> {
        instances.get(name).or_else(|| phase_steps.get(name)).cloned().unwrap_or_default()
    };
    for (phase_ix, phase) in runbook.phases.iter().enumerate() {
        let of_phase: Vec<StepIx> = match &phase.needs {
            None => phase_ix.checked_sub(1).map(|above| named(&runbook.phases[above].id)).unwrap_or_default(),
            Some(needs) => needs.iter().flat_map(|need| named(&need.value)).collect(),
        };
        for (ix, step) in phase.steps.iter().enumerate() {
            let own: Vec<StepIx> = match &step.needs {
                None => ix.checked_sub(1).map(|above| named(&phase.steps[above].id)).unwrap_or_default(),
                Some(needs) => needs.iter().flat_map(|need| named(&need.value)).collect(),
            };
            // Whoever waits for a step of this phase waits for the phase's needs through it.
            let through = own.iter().any(|need| plan.steps[*need].phase == phase_ix);
            let mut needs: BTreeSet<StepIx> = own.into_iter().collect();
            if !through {
                needs.extend(&of_phase);
            }
            for &made in instances.get(step.id.as_str()).map(Vec::as_slice).unwrap_or_default() {
                plan.steps[made].needs = needs.iter().copied().collect();
            }
        }
    }
}
