//! The targets that a run acts in, and what a drill asks of them.
//!
//! Must not know any cloud.

use crate::cli::exit::CliError;
use crate::model::outcome::Mode;
use crate::model::plan::{Plan, PlanStep, ResolvedTarget};
use crate::model::runbook::ActionUse;

/// Every target that a step of this run may call, each once, in the order of the steps.
#[must_use]
pub fn used(plan: &Plan) -> Vec<ResolvedTarget> {
    let mut found: Vec<ResolvedTarget> = Vec::new();
    for step in plan.steps.iter().filter(|step| step.in_mode) {
        for uses in uses_of(step) {
            let named = uses.target.as_deref().or(step.target.as_deref());
            let target = plan.target(named);
            if acts_in(uses, named.is_some()) && !found.contains(&target) {
                found.push(target);
            }
        }
    }
    found
}

fn uses_of(step: &PlanStep) -> impl Iterator<Item = &ActionUse> {
    let checks = step.checks.iter().chain(&step.verify).filter_map(|check| check.uses.as_ref());
    std::iter::once(&step.uses).chain(checks).chain(&step.rollback)
}

/// A call to AWS, or a program that may make some with the rights of the target it names.
fn acts_in(uses: &ActionUse, is_named: bool) -> bool {
    let name = uses.action.value.as_str();
    name.starts_with("aws/") || ((name == "exec" || name.starts_with("kube/")) && is_named)
}

/// The target whose identity shows a code when no call is at hand: where most is changed, which is where
/// things are recovered to.
#[cfg(any(feature = "aws", test))]
#[must_use]
pub fn home(plan: &Plan) -> ResolvedTarget {
    let of_step = |step: &PlanStep| plan.target(step.uses.target.as_deref().or(step.target.as_deref()));
    let is_change =
        |step: &&PlanStep| step.in_mode && step.risk.changes() && step.uses.action.value.starts_with("aws/");
    let changed: Vec<ResolvedTarget> = plan.steps.iter().filter(is_change).map(of_step).collect();
    let times = |target: &ResolvedTarget| changed.iter().filter(|one| *one == target).count();
    // Of equals, the first.
    let most = changed.iter().rev().max_by_key(|target| times(target)).cloned();
    most.or_else(|| used(plan).into_iter().next()).unwrap_or_default()
}

/// How a target is called where people read it.
#[must_use]
pub fn name_of(target: &ResolvedTarget) -> &str {
    if target.name.is_empty() { "(default)" } else { &target.name }
}

/// A drill may act only where the runbook says that drills may.
///
/// # Errors
/// Exit 2, with every target that is not a drill's.
pub fn refuse_others_in_a_drill(mode: Mode, targets: &[ResolvedTarget]) -> Result<(), CliError> {
    if mode != Mode::Drill {
        return Ok(());
    }
    let unmarked: Vec<&str> = targets.iter().filter(|target| !target.drill).map(name_of).collect();
    if !unmarked.is_empty() {
        let message = format!("not a drill account: target {}", unmarked.join(", "));
        return Err(CliError::usage(message).hint(
            "a drill acts only in targets that say `drill: true`; without --cloud aws it acts in the simulated cloud",
        ));
    }
    let nameless: Vec<&str> = targets.iter().filter(|target| target.account.is_none()).map(name_of).collect();
    if !nameless.is_empty() {
        let message = format!("which account is the drill's? Target {} names none", nameless.join(", "));
        return Err(CliError::usage(message).hint("add `account:` to the target: a drill checks it before every call"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::real::testing::plan;

    #[test]
    fn the_targets_are_those_of_the_calls() {
        let names = |plan: &Plan| used(plan).iter().map(|target| target.name.clone()).collect::<Vec<_>>();
        let steps = "
      - { id: who, uses: aws/sts.get_caller_identity, target: dr }
      - { id: http, uses: http/check, target: spare, with: { url: 'http://x' } }
      - { id: program, uses: exec, target: tools, with: { argv: ['true'] } }
      - { id: ask, uses: manual, with: { ask: 'Go?' }, verify: [{ uses: aws/sts.get_caller_identity, target: far, expect: 'true' }] }
      - { id: rehearsed, uses: aws/sts.get_caller_identity, target: spare, modes: [drill] }
";
        assert_eq!(names(&plan(steps, Mode::Real)), ["dr", "tools", "far"]);
        assert_eq!(names(&plan(steps, Mode::Drill)), ["dr", "tools", "far", "spare"]);
    }

    #[test]
    fn home_is_where_most_is_changed() {
        let scale = |id: &str, target: &str| {
            format!(
                "      - {{ id: {id}, uses: aws/ecs.update_service, target: {target}, verify: [], \
                 with: {{ cluster: c, service: s, desired_count: 1 }} }}\n"
            )
        };
        let steps = format!("\n{}{}{}", scale("one", "spare"), scale("two", "dr"), scale("three", "dr"));
        assert_eq!(home(&plan(&steps, Mode::Real)).name, "dr");
        let steps = format!("\n{}{}", scale("one", "spare"), scale("two", "dr"));
        assert_eq!(home(&plan(&steps, Mode::Real)).name, "spare");
        let look = "\n      - { id: who, uses: aws/sts.get_caller_identity, target: far }\n";
        assert_eq!(home(&plan(look, Mode::Real)).name, "far");
    }

    #[test]
    fn a_drill_acts_in_drill_accounts_only() {
        let drill = plan("\n      - { id: who, uses: aws/sts.get_caller_identity, target: sandbox }\n", Mode::Drill);
        assert_eq!(refuse_others_in_a_drill(Mode::Drill, &used(&drill)), Ok(()));
        let mixed = plan(
            "
      - { id: who, uses: aws/sts.get_caller_identity, target: sandbox }
      - { id: other, uses: aws/sts.get_caller_identity, target: dr }
",
            Mode::Drill,
        );
        let refused = refuse_others_in_a_drill(Mode::Drill, &used(&mixed)).unwrap_err();
        assert_eq!((refused.exit.code(), refused.message.as_str()), (2, "not a drill account: target dr"));
        assert_eq!(refuse_others_in_a_drill(Mode::Real, &used(&mixed)), Ok(()));
        let nowhere = plan("\n      - { id: who, uses: aws/sts.get_caller_identity, target: unsaid }\n", Mode::Drill);
        let refused = refuse_others_in_a_drill(Mode::Drill, &used(&nowhere)).unwrap_err();
        assert!(refused.message.contains("unsaid names none"), "{}", refused.message);
    }
}
