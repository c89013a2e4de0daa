//! The sum of the budgets against the RTO, spelled out, and which phases could run side by side.

use crate::model::runbook::{Runbook, SourceFile};
use crate::model::span::Span;
use crate::model::time::human_ms;
use crate::source::budget::{longest, phase_needs};
use crate::source::diagnostic::Diagnostic;
use crate::source::sink::Sink;

/// Spare time below this share of the RTO is a warning.
const SPARE_PERCENT: u64 = 10;
/// Neighbours on the longest way that are tried side by side.
const MAX_PAIRS: usize = 24;

pub(super) fn check(runbook: &Runbook, files: &[SourceFile], sink: &mut Sink) {
    let Some(rto_ms) = runbook.objectives.rto_ms else { return };
    let budgets: Vec<u64> = runbook.phases.iter().map(|phase| phase.budget_ms.unwrap_or(0)).collect();
    let needs = phase_needs(&runbook.phases);
    let (total_ms, path) = longest(&budgets, &needs);
    for phase in runbook.phases.iter().filter(|phase| phase.budget_ms.is_none() && total_ms > 0) {
        let message = format!("the phase `{}` has no budget, so the sum against the RTO leaves it out", phase.id);
        sink.push(Diagnostic::warning("LB512", phase.span, message).help("add `budget:` with a unit, like `30m`"));
    }
    let span = runbook.objectives.rto_span;
    let written: Vec<String> =
        path.iter().filter(|&&ix| budgets[ix] > 0).map(|&ix| as_written(runbook, ix, files)).collect();
    let sum = match written.as_slice() {
        [only] => only.clone(),
        terms => format!("{} = {}", terms.join(" + "), human_ms(total_ms)),
    };
    let names = path.iter().map(|&ix| runbook.phases[ix].id.as_str()).collect::<Vec<_>>().join(" → ");
    let rto = human_ms(rto_ms);
    if total_ms > rto_ms {
        let over = human_ms(total_ms - rto_ms);
        let message = format!("{sum} is over the RTO of {rto} by {over}; the longest way is {names}");
        let help = side_by_side(runbook, &budgets, &needs, &path, rto_ms);
        sink.push(Diagnostic::error("LB501", span, message).help(help));
    } else if rto_ms - total_ms < rto_ms / 100 * SPARE_PERCENT {
        let spare = human_ms(rto_ms - total_ms);
        let message = format!(
            "{sum} leaves {spare} of the RTO of {rto}, less than {SPARE_PERCENT} percent; the longest way is {names}"
        );
        let help = "real failovers take longer than drills: shorten a phase, or run phases side by side";
        sink.push(Diagnostic::warning("LB502", span, message).help(help));
    }
}

/// The budget in the author's own words (`60m`), for a sum that can be followed.
fn as_written(runbook: &Runbook, ix: usize, files: &[SourceFile]) -> String {
    let Span { file, offset, len, .. } = runbook.phases[ix].budget_span;
    let raw = files.get(usize::from(file)).and_then(|file| file.text.get(offset..offset + len));
    let raw = raw.map(|raw| raw.trim_matches(['\'', '"', ' ']).to_owned()).filter(|raw| !raw.is_empty());
    raw.unwrap_or_else(|| human_ms(runbook.phases[ix].budget_ms.unwrap_or(0)))
}

/// The phase of the longest way that had best not wait for the one before it, and the sum then.
fn side_by_side(runbook: &Runbook, budgets: &[u64], needs: &[Vec<usize>], path: &[usize], rto_ms: u64) -> String {
    let mut best: Option<(u64, String)> = None;
    for pair in path.windows(2).take(MAX_PAIRS) {
        let (before, phase) = (pair[0], pair[1]);
        if depends(runbook, before, phase) {
            continue;
        }
        let mut other = needs.to_vec();
        other[phase].retain(|need| *need != before);
        other[phase].extend(&needs[before]);
        other[phase].sort_unstable();
        other[phase].dedup();
        // What came after this phase alone now has to wait for both.
        for (ix, needs) in other.iter_mut().enumerate() {
            if ix != phase && needs.contains(&phase) && !needs.contains(&before) {
                needs.push(before);
            }
        }
        let (ms, _) = longest(budgets, &other);
        if ms <= rto_ms && best.as_ref().is_none_or(|(least, _)| ms < *least) {
            let [phase_id, before_id] = [phase, before].map(|ix| runbook.phases[ix].id.as_str());
            let list = other[phase].iter().map(|&ix| runbook.phases[ix].id.as_str()).collect::<Vec<_>>().join(", ");
            let text = format!(
                "starting `{phase_id}` beside `{before_id}` (`needs: [{list}]`) makes it {}; what follows both must need both",
                human_ms(ms)
            );
            best = Some((ms, text));
        }
    }
    best.map_or_else(|| "shorten a budget, or let phases run side by side with `needs:`".to_owned(), |(_, text)| text)
}

/// Whether a step of the later phase needs, or refers to, one of the earlier.
fn depends(runbook: &Runbook, before: usize, phase: usize) -> bool {
    let earlier: std::collections::HashSet<&str> =
        runbook.phases[before].steps.iter().map(|step| step.id.as_str()).collect();
    runbook.phases[phase].steps.iter().any(|step| {
        let needs = step.needs.iter().flatten().any(|need| earlier.contains(need.value.as_str()));
        needs || super::steps::step_references(step).iter().any(|id| earlier.contains(id.as_str()))
    })
}
