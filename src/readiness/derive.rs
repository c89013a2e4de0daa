//! Plans → questions: every call of every step, as far as its inputs are known before the run, asks
//! for what it takes for granted; the same thing is asked once.
//!
//! Must not know: what each action takes for granted (`wants`).

use std::collections::BTreeSet;

use super::question::{Ask, Check, Question};
use super::wants::{self, Wanted};
use crate::model::action::{Action, sts};
use crate::model::plan::{Plan, PlanStep, ResolvedTarget, StepIx};
use crate::model::runbook::ActionUse;
use crate::model::template::{Node, Template, Tree};
use crate::model::{Object, Value};

/// The questions that the plans of one runbook raise (planned, and emergency where that differs), the
/// identities first, then in the order of the steps.
#[must_use]
pub fn questions(plans: &[Plan]) -> Vec<Question> {
    let mut found = Vec::new();
    for plan in plans {
        identities(plan, &mut found);
    }
    for plan in plans {
        let scope = plan.base_scope("");
        let steps = || plan.steps.iter().enumerate().filter(|(_, step)| step.in_mode);
        let calls: Vec<Wanted<'_>> = steps().flat_map(|(ix, step)| calls(plan, ix, step, &scope)).collect();
        let made: Vec<Ask> = calls.iter().filter_map(wants::makes).collect();
        for question in calls.iter().flat_map(wants::of) {
            // What a step makes has to be missing now, whoever looks at it later.
            let is_made = question.asks.first().is_some_and(|ask| made.iter().any(|made| is_same_thing(made, ask)));
            if !is_made || question.check == (Check::There { makes: true }) {
                add(&mut found, question);
            }
        }
    }
    found
}

/// Who the calls of each target are made as.
fn identities(plan: &Plan, found: &mut Vec<Question>) {
    let mut targets: Vec<(ResolvedTarget, Vec<String>)> =
        plan.targets.values().map(|target| (target.clone(), Vec::new())).collect();
    for step in plan.steps.iter().filter(|step| step.in_mode && step.uses.action.value.starts_with("aws/")) {
        let target = target_of(plan, step, &step.uses);
        match targets.iter_mut().find(|(known, _)| *known == target) {
            Some((_, steps)) => steps.push(step.key.clone()),
            None => targets.push((target, vec![step.key.clone()])),
        }
    }
    for (target, steps) in targets {
        let question = Question {
            resource: "identity".to_owned(),
            check: Check::Account { account: target.account.clone() },
            asks: vec![Ask { target: target.clone(), action: Action::GetCallerIdentity(sts::GetCallerIdentity {}) }],
            target,
            steps,
        };
        if !found.iter().any(|known| known.target == question.target && known.check == question.check) {
            found.push(question);
        }
    }
}

/// Every call of a step: its own, what it looks at, what takes it back.
fn calls<'a>(plan: &'a Plan, ix: StepIx, step: &'a PlanStep, base: &Object) -> Vec<Wanted<'a>> {
    let mut scope = base.clone();
    if let Some(each) = &step.each {
        scope.insert("each".to_owned(), each.clone());
    }
    let wanted = |uses: &'a ActionUse, is_own: bool| Wanted {
        plan,
        ix,
        action: &uses.action.value,
        tree: &uses.with,
        with: known(&uses.with, &scope),
        target: target_of(plan, step, uses),
        is_own,
    };
    let looks = step.checks.iter().chain(&step.verify).filter_map(|check| check.uses.as_ref());
    std::iter::once(wanted(&step.uses, true))
        .chain(looks.chain(&step.rollback).map(|uses| wanted(uses, false)))
        .collect()
}

pub(super) fn target_of(plan: &Plan, step: &PlanStep, uses: &ActionUse) -> ResolvedTarget {
    plan.target(uses.target.as_deref().or(step.target.as_deref()))
}

/// What is known of a tree before the run; null stands where only the run can tell.
pub(super) fn known(tree: &Tree, scope: &Object) -> Value {
    match &tree.node {
        Node::Scalar(value) => value.clone(),
        Node::Text(source) => {
            Template { source: source.clone(), span: tree.span }.render_value(scope).unwrap_or(Value::Null)
        }
        Node::List(items) => Value::Array(items.iter().map(|item| known(item, scope)).collect()),
        Node::Map(members) => {
            Value::Object(members.iter().map(|(key, (_, item))| (key.clone(), known(item, scope))).collect())
        }
    }
}

/// Steps that come before a step, however far.
pub(super) fn before(plan: &Plan, ix: StepIx) -> BTreeSet<StepIx> {
    let (mut found, mut open) = (BTreeSet::new(), vec![ix]);
    while let Some(next) = open.pop() {
        for &need in &plan.steps[next].needs {
            if found.insert(need) {
                open.push(need);
            }
        }
    }
    found
}

/// Adds a question unless it is there already, under whatever name of the same place.
fn add(found: &mut Vec<Question>, question: Question) {
    let same = |known: &Question| known.resource == question.resource && is_same_place(&known.target, &question.target);
    if let Some(known) = found.iter_mut().find(|known| same(known) && known.check.covers(&question.check)) {
        remember(&mut known.steps, question.steps);
        remember(&mut known.asks, question.asks);
    } else if let Some(known) = found.iter_mut().find(|known| same(known) && question.check.covers(&known.check)) {
        // The stricter question takes the place of the one that it covers.
        let (mut steps, earlier) = (std::mem::take(&mut known.steps), std::mem::take(&mut known.asks));
        let mut asks = question.asks;
        remember(&mut steps, question.steps);
        remember(&mut asks, earlier);
        *known = Question { steps, asks, check: question.check, resource: question.resource, target: question.target };
    } else {
        found.push(question);
    }
}

/// Whether a read looks at what a step makes, or at a side of it: the same service, and its name.
fn is_same_thing(made: &Ask, other: &Ask) -> bool {
    let service = |ask: &Ask| ask.action.name().split('.').next();
    let (names, others) = (names_of(&made.action), names_of(&other.action));
    service(made) == service(other)
        && names.iter().any(|name| others.contains(name))
        && is_same_place(&made.target, &other.target)
}

/// What a read names; where it does not say, every text of its input.
fn names_of(look: &Action) -> Vec<String> {
    let names: Vec<String> = look.operation().names().into_iter().map(str::to_owned).collect();
    if !names.is_empty() {
        return names;
    }
    let with = look.with();
    with.as_object().into_iter().flatten().filter_map(|(_, value)| value.as_str().map(str::to_owned)).collect()
}

fn remember<T: PartialEq>(known: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !known.contains(&one) {
            known.push(one);
        }
    }
}

fn is_same_place(one: &ResolvedTarget, other: &ResolvedTarget) -> bool {
    (&one.region, &one.account, &one.profile, &one.role) == (&other.region, &other.account, &other.profile, &other.role)
}
