//! Runbook + context → plan: inputs typed, vars and targets rendered, `foreach` unrolled, edges
//! resolved to indices, the emergency variant laid over, whatever can be rendered already checked.

mod steps;

use indexmap::IndexMap;

use super::diagnostic::Diagnostic;
use super::inputs;
use super::sink::Sink;
use crate::model::expr::ExprError;
use crate::model::outcome::Mode;
use crate::model::plan::{Intent, Plan, PlanPhase, ResolvedTarget};
use crate::model::runbook::{InputType, Runbook};
use crate::model::template::{Template, Tree};
use crate::model::time::{parse_rfc3339_ms, rfc3339};
use crate::model::{Object, Value};

/// What differs from run to run.
#[derive(Debug, Clone)]
pub struct RunContext {
    /// Inputs: texts as given with `-i`, or values that have their types already (a resume).
    pub given: Object,
    pub mode: Mode,
    pub intent: Intent,
    pub operator: String,
    /// Id of the run.
    pub run: String,
    /// Start of the run (Unix ms); on a resume, of the run's first start.
    pub now_ms: i64,
}

/// Makes the plan of one run.
///
/// # Errors
/// Every input, expression and action input that does not fit, each with its place.
pub fn instantiate(runbook: &Runbook, context: &RunContext) -> Result<Plan, Vec<Diagnostic>> {
    let mut sink = Sink::new();
    let mut plan = empty(runbook, context);
    plan.inputs = typed_inputs(runbook, context, &mut sink);
    if !sink.has_errors() {
        plan.clock_at_ms = clock(runbook, &plan.inputs, context.now_ms);
        plan.vars = vars(runbook, &plan, context, &mut sink);
        targets(runbook, &mut plan, context, &mut sink);
        let scope = plan.base_scope(&context.run);
        plan.title = render(&runbook.title, &scope, &mut sink);
        phases(runbook, &mut plan, &scope, &mut sink);
        steps::unroll(runbook, &mut plan, &scope, &mut sink);
    }
    if sink.has_errors() { Err(sink.into_sorted()) } else { Ok(plan) }
}

/// Makes the plan once with the inputs' defaults, where all have one, so that what only shows in a
/// rendered plan is found by a check and not at the start of a run.
pub(super) fn rehearse(runbook: &Runbook, sink: &mut Sink) {
    if runbook.inputs.values().any(|input| input.default.is_none()) {
        return;
    }
    let has_variants = runbook.steps().any(|(_, step)| step.emergency.is_some());
    for intent in [Some(Intent::Planned), has_variants.then_some(Intent::Emergency)].into_iter().flatten() {
        let context = RunContext {
            given: Object::new(),
            mode: Mode::Drill,
            intent,
            operator: "operator".to_owned(),
            run: "run".to_owned(),
            now_ms: 0,
        };
        if let Err(found) = instantiate(runbook, &context) {
            sink.extend(found);
        }
    }
}

fn empty(runbook: &Runbook, context: &RunContext) -> Plan {
    Plan {
        name: runbook.name.clone(),
        title: String::new(),
        digest: runbook.digest.clone(),
        mode: context.mode,
        intent: context.intent,
        operator: context.operator.clone(),
        rto_ms: runbook.objectives.rto_ms,
        rpo_ms: runbook.objectives.rpo_ms,
        rpa: runbook.objectives.rpa.clone(),
        clock_at_ms: context.now_ms,
        knows_impact: runbook.objectives.clock.is_some(),
        started_at_ms: context.now_ms,
        inputs: Object::new(),
        secrets: runbook.secrets.clone(),
        vars: Object::new(),
        targets: IndexMap::new(),
        roles: runbook.roles.clone(),
        contacts: runbook.contacts.clone(),
        mfa: runbook.mfa.clone(),
        schedule: runbook.schedule,
        phases: Vec::new(),
        steps: Vec::new(),
    }
}

/// A finding for an expression that has no value.
fn unrendered(error: ExprError) -> Diagnostic {
    let finding = Diagnostic::error("LB606", error.span, error.message);
    match error.missing {
        Some(path) => finding.help(format!("`{path}` must have a value before the run starts")),
        None => finding.help("look at the types of the values in it"),
    }
}

fn render(template: &Template, scope: &Object, sink: &mut Sink) -> String {
    template.render(scope).unwrap_or_else(|error| {
        sink.push(unrendered(error));
        String::new()
    })
}

fn typed_inputs(runbook: &Runbook, context: &RunContext, sink: &mut Sink) -> Object {
    for name in context.given.keys().filter(|name| !runbook.inputs.contains_key(*name)) {
        sink.push(inputs::unknown(name, runbook.inputs.keys().map(String::as_str)));
    }
    let mut typed = Object::new();
    for (name, input) in &runbook.inputs {
        let value = match (context.given.get(name), &input.default) {
            (Some(value), _) => inputs::given(name, input, value),
            (None, Some(default)) => inputs::written(name, input, default),
            (None, None) => {
                let finding = Diagnostic::error("LB602", input.span, format!("the input `{name}` has no value"));
                let help = input.help.as_ref().map_or(String::new(), |help| format!(" ({help})"));
                Err(finding.help(format!("give it with `-i {name}=VALUE`{help}")))
            }
        };
        let now = |value: Value| match (input.kind, value.as_str()) {
            (InputType::Timestamp, Some("now")) => Value::String(rfc3339(context.now_ms)),
            _ => value,
        };
        match value.map(now).and_then(|value| inputs::allowed(name, input, &value).map(|()| value)) {
            Ok(value) => {
                typed.insert(name.clone(), value);
            }
            Err(finding) => sink.push(finding),
        }
    }
    typed
}

fn clock(runbook: &Runbook, inputs: &Object, now_ms: i64) -> i64 {
    let input = runbook.objectives.clock.as_ref().and_then(|clock| inputs.get(&clock.value));
    input.and_then(Value::as_str).and_then(|text| parse_rfc3339_ms(text).ok()).unwrap_or(now_ms)
}

/// Renders the vars in the order in which they need each other; `load` has refused cycles.
fn vars(runbook: &Runbook, plan: &Plan, context: &RunContext, sink: &mut Sink) -> Object {
    let mut scope = plan.base_scope(&context.run);
    let mut open: Vec<(&String, &Tree)> = runbook.vars.iter().collect();
    let mut found = Object::new();
    while !open.is_empty() {
        let before = open.len();
        let mut errors = Vec::new();
        open.retain(|(name, tree)| match tree.render(&scope) {
            Ok(value) => {
                found.insert((*name).clone(), value);
                false
            }
            Err(error) => {
                errors.push(error);
                true
            }
        });
        scope.insert("vars".to_owned(), Value::Object(found.clone()));
        if open.len() == before {
            sink.extend(errors.into_iter().map(unrendered));
            break;
        }
    }
    // Document order, not the order in which they could be rendered.
    runbook.vars.keys().filter_map(|name| found.get(name).map(|value| (name.clone(), value.clone()))).collect()
}

fn targets(runbook: &Runbook, plan: &mut Plan, context: &RunContext, sink: &mut Sink) {
    let scope = plan.base_scope(&context.run);
    for (name, target) in &runbook.targets {
        let mut text = |template: &Option<Template>| template.as_ref().map(|template| render(template, &scope, sink));
        let resolved = ResolvedTarget {
            name: name.clone(),
            region: text(&target.region),
            account: text(&target.account),
            profile: text(&target.profile),
            role: text(&target.role),
            drill: target.drill,
        };
        plan.targets.insert(name.clone(), resolved);
    }
}

fn phases(runbook: &Runbook, plan: &mut Plan, scope: &Object, sink: &mut Sink) {
    let needs = super::budget::phase_needs(&runbook.phases);
    for (phase, needs) in runbook.phases.iter().zip(needs) {
        let title = phase.title.as_ref().map_or_else(|| phase.id.clone(), |title| render(title, scope, sink));
        plan.phases.push(PlanPhase {
            id: phase.id.clone(),
            title,
            budget_ms: phase.budget_ms,
            needs,
            steps: Vec::new(),
        });
    }
}

#[cfg(test)]
mod tests;
