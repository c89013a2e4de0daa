//! The critical path of the phase budgets: the longest chain of phases that wait for each other.

use std::collections::HashMap;

use crate::model::plan::Plan;
use crate::model::runbook::{Phase, Runbook};

/// The longest chain of phases.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CriticalPath {
    pub ms: u64,
    /// Ids, first to last; phases without a budget count as nothing.
    pub phases: Vec<String>,
}

/// The critical path of a runbook's budgets.
#[must_use]
pub fn critical_path(runbook: &Runbook) -> CriticalPath {
    let needs = phase_needs(&runbook.phases);
    let budgets: Vec<u64> = runbook.phases.iter().map(|phase| phase.budget_ms.unwrap_or(0)).collect();
    named(longest(&budgets, &needs), |ix| runbook.phases[ix].id.clone())
}

/// The critical path of a plan's budgets.
#[must_use]
pub fn critical_path_of_plan(plan: &Plan) -> CriticalPath {
    let needs: Vec<Vec<usize>> = plan.phases.iter().map(|phase| phase.needs.clone()).collect();
    let budgets: Vec<u64> = plan.phases.iter().map(|phase| phase.budget_ms.unwrap_or(0)).collect();
    named(longest(&budgets, &needs), |ix| plan.phases[ix].id.clone())
}

fn named((ms, path): (u64, Vec<usize>), name: impl Fn(usize) -> String) -> CriticalPath {
    CriticalPath { ms, phases: path.into_iter().map(name).collect() }
}

/// For each phase the phases that it waits for, by index. A step in `needs` stands for its phase.
pub(super) fn phase_needs(phases: &[Phase]) -> Vec<Vec<usize>> {
    let mut owner: HashMap<&str, usize> = HashMap::new();
    for (ix, phase) in phases.iter().enumerate() {
        owner.entry(phase.id.as_str()).or_insert(ix);
        for step in &phase.steps {
            owner.entry(step.id.as_str()).or_insert(ix);
        }
    }
    let mut all = Vec::with_capacity(phases.len());
    for (ix, phase) in phases.iter().enumerate() {
        let mut needs: Vec<usize> = match &phase.needs {
            None => ix.checked_sub(1).into_iter().collect(),
            Some(needs) => needs.iter().filter_map(|need| owner.get(need.value.as_str()).copied()).collect(),
        };
        needs.retain(|need| *need != ix);
        needs.sort_unstable();
        needs.dedup();
        all.push(needs);
    }
    all
}

/// Length and members of the longest path; a cycle (reported elsewhere) yields nothing.
pub(super) fn longest(budgets: &[u64], needs: &[Vec<usize>]) -> (u64, Vec<usize>) {
    let mut end: Vec<Option<(u64, Option<usize>)>> = vec![None; budgets.len()];
    // At most as many rounds as phases: each settles at least one, or nothing more can be settled.
    loop {
        let mut moved = false;
        for ix in 0..budgets.len() {
            if end[ix].is_some() {
                continue;
            }
            let before: Option<Vec<(u64, usize)>> =
                needs[ix].iter().map(|&need| end[need].map(|(ms, _)| (ms, need))).collect();
            if let Some(before) = before {
                // The earliest of equals, so that the answer does not depend on the order of `needs`.
                let last = before.into_iter().max_by_key(|&(ms, need)| (ms, std::cmp::Reverse(need)));
                end[ix] = Some((last.map_or(0, |(ms, _)| ms).saturating_add(budgets[ix]), last.map(|(_, need)| need)));
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    let last = (0..end.len()).filter_map(|ix| end[ix].map(|(ms, _)| (ms, ix)));
    let Some((ms, mut at)) = last.max_by_key(|&(ms, ix)| (ms, std::cmp::Reverse(ix))) else { return (0, Vec::new()) };
    let mut path = vec![at];
    while let Some((_, Some(need))) = end[at] {
        path.push(need);
        at = need;
    }
    path.reverse();
    (ms, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_parallel_and_cyclic() {
        let minutes = [30, 60, 90, 60, 30];
        let serial = [vec![], vec![0], vec![1], vec![2], vec![3]];
        assert_eq!(longest(&minutes, &serial), (270, vec![0, 1, 2, 3, 4]));
        let beside = [vec![], vec![0], vec![0], vec![1, 2], vec![3]];
        assert_eq!(longest(&minutes, &beside), (210, vec![0, 2, 3, 4]));
        assert_eq!(longest(&[1, 1], &[vec![1], vec![0]]), (0, vec![]));
        assert_eq!(longest(&[], &[]), (0, vec![]));
    }
}
