//! A plan as plain data: what would be done, in which order, by whom. Shown as text, paper or JSON.

use serde::Serialize;

use super::forecast::Forecast;
use crate::model::action::command_line::{command_lines_of, session_script, shell_line};
use crate::model::action::{Action, Spec};
use crate::model::expr::plain;
use crate::model::partial;
use crate::model::plan::{Plan, PlanStep, ResolvedTarget};
use crate::model::runbook::{ActionUse, Check, Confirm, Contact, Mfa, MfaMethod, MfaRule, OnFailure};
use crate::model::time::human_ms;
use crate::model::{Object, Value};
use crate::source::critical_path_of_plan;

#[derive(Debug, Clone, Serialize)]
pub struct PlanView {
    pub version: &'static str,
    pub runbook: String,
    pub title: String,
    pub digest: String,
    pub operator: String,
    pub inputs: Object,
    pub rto_ms: Option<u64>,
    pub rpo_ms: Option<u64>,
    pub critical_path: CriticalPath,
    /// The run played many times, people included.
    pub forecast: Option<Forecast>,
    pub targets: Vec<ResolvedTarget>,
    pub mfa: Option<MfaView>,
    pub roles: Vec<(String, Vec<String>)>,
    pub contacts: Vec<Contact>,
    pub phases: Vec<PhaseView>,
}

/// Whose code opens the session that changes are made in, where AWS checks it.
#[derive(Debug, Clone, Serialize)]
pub struct MfaView {
    pub serial: String,
    pub role: String,
    /// A script that opens such a session; the code stands as `‹code›`.
    pub session: String,
}

/// The longest chain of phases.
#[derive(Debug, Clone, Serialize)]
pub struct CriticalPath {
    pub budget_ms: u64,
    pub usual_ms: u64,
    /// The phases on it, in order.
    pub phases: Vec<String>,
    /// RTO minus budgets; negative when they do not fit.
    pub spare_ms: Option<i64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct PhaseView {
    pub id: String,
    pub title: String,
    pub budget_ms: Option<u64>,
    pub needs: Vec<String>,
    pub critical: bool,
    pub steps: Vec<StepView>,
}

#[derive(Debug, Clone, Serialize)]
pub struct StepView {
    /// From 1, in document order.
    pub number: usize,
    pub id: String,
    pub title: String,
    /// Steps of one wave may go at the same time; from 1.
    pub wave: usize,
    pub needs: Vec<String>,
    /// Only if this holds.
    pub when: Option<String>,
    pub action: String,
    pub summary: String,
    pub risk: &'static str,
    pub target: ResolvedTarget,
    pub who: Vec<String>,
    /// The exact text to type, if any.
    pub type_text: Option<String>,
    pub message: Option<String>,
    pub call: CallView,
    pub checks: Vec<CheckView>,
    pub verify: Vec<CheckView>,
    pub rollback: Vec<CallView>,
    pub usual_ms: u64,
    pub timeout_ms: u64,
    pub on_failure: String,
    /// It runs also after a failure that ends the run.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub always: bool,
    pub applies: bool,
    pub console_link: Option<String>,
}

/// One call and how to make it by hand.
#[derive(Debug, Clone, Serialize)]
pub struct CallView {
    /// The API operation as IAM spells it, or our own action's name.
    pub api: String,
    pub request: Object,
    pub command_lines: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct CheckView {
    pub call: Option<CallView>,
    pub expect: String,
    pub message: Option<String>,
    pub override_role: Option<String>,
    pub every_ms: u64,
    pub for_ms: u64,
    pub consecutive: u32,
}

impl PlanView {
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let scope = plan.base_scope("‹run›");
        let waves = waves(plan);
        let path = critical_path(plan);
        let phases = plan
            .phases
            .iter()
            .enumerate()
            .map(|(ix, phase)| PhaseView {
                id: phase.id.clone(),
                title: phase.title.clone(),
                budget_ms: phase.budget_ms,
                needs: phase.needs.iter().map(|&need| plan.phases[need].id.clone()).collect(),
                critical: path.phases.contains(&plan.phases[ix].id),
                steps: phase.steps.iter().map(|&step| StepView::new(plan, step, waves[step], &scope)).collect(),
            })
            .collect();
        Self {
            version: "1.0",
            runbook: plan.name.clone(),
            title: plan.title.clone(),
            digest: plan.digest.clone(),
            operator: plan.operator.clone(),
            inputs: plan.inputs.clone(),
            rto_ms: plan.rto_ms,
            rpo_ms: plan.rpo_ms,
            critical_path: path,
            forecast: None,
            targets: plan.targets.values().cloned().collect(),
            mfa: plan.mfa.as_ref().and_then(|mfa| MfaView::new(mfa, plan, &scope)),
            roles: plan.roles.iter().map(|(role, people)| (role.clone(), people.clone())).collect(),
            contacts: plan.contacts.values().cloned().collect(),
            phases,
        }
    }
}

impl MfaView {
    fn new(mfa: &Mfa, plan: &Plan, scope: &Object) -> Option<Self> {
        let (serial, role) = match (mfa.method, &mfa.serial, &mfa.role) {
            (MfaMethod::Sts, Some(serial), Some(role)) => (partial::text(serial, scope), partial::text(role, scope)),
            _ => return None,
        };
        let target = plan.targets.values().next().cloned().unwrap_or_default();
        let session = session_script(&role, Some((&serial, "‹code›")), &target);
        Some(Self { serial, role, session })
    }
}

impl StepView {
    fn new(plan: &Plan, ix: usize, wave: usize, base: &Object) -> Self {
        let step = &plan.steps[ix];
        let mut scope = base.clone();
        if let Some(each) = &step.each {
            scope.insert("each".to_owned(), each.clone());
        }
        let target = plan.target(step.uses.target.as_deref().or(step.target.as_deref()));
        let spec = Action::spec_of(&step.uses.action.value);
        let call = CallView::new(&step.uses, &scope, &target);
        let with = Value::Object(call.request.clone());
        let parsed = Action::parse(&step.uses.action.value, &with).ok();
        let check = |check: &Check| CheckView::new(check, plan, step, &scope);
        Self {
            number: ix + 1,
            id: step.key.clone(),
            title: step.title.as_ref().map_or_else(
                || spec.map_or_else(String::new, |spec| spec.summary.to_owned()),
                |title| partial::text(title, &scope),
            ),
            wave,
            needs: nearest(plan, &step.needs),
            when: step.when.as_ref().map(|when| when.source.clone()),
            action: step.uses.action.value.clone(),
            summary: spec.map_or_else(String::new, |spec| spec.summary.to_owned()),
            risk: step.risk.word(),
            who: who(plan, step),
            type_text: match &step.gates.confirm {
                Confirm::Type(text) => Some(partial::text(text, &scope)),
                Confirm::None | Confirm::Press => None,
            },
            message: step.gates.message.as_ref().map(|message| partial::text(message, &scope)),
            checks: step.checks.iter().map(check).collect(),
            verify: step.verify.iter().map(check).collect(),
            rollback: step
                .rollback
                .iter()
                .map(|uses| CallView::new(uses, &scope, &target_of(plan, step, uses)))
                .collect(),
            usual_ms: step.usual_ms,
            timeout_ms: step.timeout_ms,
            on_failure: on_failure(&step.on_failure),
            always: step.always,
            applies: step.in_mode,
            console_link: parsed.and_then(|action| action.console_link(&target)),
            call,
            target,
        }
    }
}

fn target_of(plan: &Plan, step: &PlanStep, uses: &ActionUse) -> ResolvedTarget {
    plan.target(uses.target.as_deref().or(step.target.as_deref()))
}

impl CallView {
    fn new(uses: &ActionUse, scope: &Object, target: &ResolvedTarget) -> Self {
        let name = &uses.action.value;
        let request = match partial::tree(&uses.with, scope) {
            Value::Object(members) => members,
            _ => Object::new(),
        };
        let api = Action::spec_of(name).map_or("", |spec: &Spec| spec.api);
        let command_lines = command_lines_of(name, &request, target).iter().map(|line| shell_line(line)).collect();
        Self { api: if api.is_empty() { name.clone() } else { api.to_owned() }, request, command_lines }
    }
}

impl CheckView {
    fn new(check: &Check, plan: &Plan, step: &PlanStep, scope: &Object) -> Self {
        let uses = check.uses.as_ref();
        let usual = uses.and_then(|uses| Action::spec_of(&uses.action.value)).and_then(|spec| spec.default_expect);
        Self {
            call: uses.map(|uses| CallView::new(uses, scope, &target_of(plan, step, uses))),
            expect: check
                .expect
                .as_ref()
                .map_or_else(|| usual.unwrap_or("it answers").to_owned(), |e| e.source.clone()),
            message: check.message.as_ref().map(|message| partial::text(message, scope)),
            override_role: check.override_role.clone(),
            every_ms: check.every_ms,
            for_ms: check.for_ms,
            consecutive: check.consecutive,
        }
    }
}

/// The predecessors without those that another of them waits for anyway.
fn nearest(plan: &Plan, needs: &[usize]) -> Vec<String> {
    let implied = |need: &usize| needs.iter().any(|other| plan.steps[*other].needs.contains(need));
    needs.iter().filter(|need| !implied(need)).map(|&need| plan.steps[need].key.clone()).collect()
}

/// What people do at a step, in order.
fn who(plan: &Plan, step: &PlanStep) -> Vec<String> {
    let mut who = Vec::new();
    if let Some(approvals) = &step.gates.approvals {
        let eligible: Vec<String> =
            plan.holders(&approvals.from).into_iter().filter(|person| *person != plan.operator).collect();
        who.push(format!(
            "{} of {} ({}) approve, valid {}",
            approvals.min,
            eligible.join(", "),
            approvals.from.join(", "),
            human_ms(approvals.within_ms)
        ));
    }
    match &step.gates.confirm {
        Confirm::None => {}
        Confirm::Press => who.push("the operator confirms".to_owned()),
        Confirm::Type(_) => who.push("the operator types the text".to_owned()),
    }
    match step.gates.mfa {
        MfaRule::Never => {}
        MfaRule::Fresh => who.push("with a fresh MFA code".to_owned()),
        MfaRule::Phase => who.push("with an MFA code of this phase".to_owned()),
        MfaRule::Within { ms } => who.push(format!("with an MFA code of the last {}", human_ms(ms))),
    }
    if who.is_empty() {
        who.push("nobody: it goes ahead by itself".to_owned());
    }
    who
}

fn on_failure(policy: &OnFailure) -> String {
    match policy {
        OnFailure::Pause => "pause".to_owned(),
        OnFailure::Continue => "continue".to_owned(),
        OnFailure::Rollback => "rollback".to_owned(),
        OnFailure::Abort => "abort".to_owned(),
        OnFailure::Goto(step) => format!("go to {step}"),
    }
}

/// For each step, the length of the longest chain that leads to it.
fn waves(plan: &Plan) -> Vec<usize> {
    let mut waves = vec![1; plan.steps.len()];
    for ix in plan.order() {
        waves[ix] = plan.steps[ix].needs.iter().map(|&need| waves[need] + 1).max().unwrap_or(1);
    }
    waves
}

/// The longest chain of phase budgets, and beside it the longest chain of usual durations of steps.
fn critical_path(plan: &Plan) -> CriticalPath {
    let budgets = critical_path_of_plan(plan);
    let mut usual = vec![0_u64; plan.steps.len()];
    for ix in plan.order() {
        let before = plan.steps[ix].needs.iter().map(|&need| usual[need]).max().unwrap_or(0);
        usual[ix] = before + if plan.steps[ix].in_mode { plan.steps[ix].usual_ms } else { 0 };
    }
    let signed = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
    CriticalPath {
        budget_ms: budgets.ms,
        usual_ms: usual.into_iter().max().unwrap_or(0),
        phases: budgets.phases,
        spare_ms: plan.rto_ms.map(|rto_ms| signed(rto_ms) - signed(budgets.ms)),
    }
}

/// A request's members as short text, nested ones as JSON.
#[must_use]
pub fn members(request: &Object) -> Vec<(String, String)> {
    request.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
}
