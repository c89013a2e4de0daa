//! The summary of a run for people: how it ended, against which objectives, where the time went.

use std::fmt::Write as _;

use crate::model::outcome::StepStatus;
use crate::model::text::safe;
use crate::model::time::{clock_hms, human_ms};
use crate::report::summary::{ObjectiveSummary, StepSummary, Summary};

/// Several lines of text, each safe to show.
#[must_use]
pub fn render(summary: &Summary) -> String {
    let mut text = String::new();
    let mut line = |shown: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", safe(shown).trim_end());
    };
    line(&format!("{}   {}   {}", summary.status.word().to_uppercase(), summary.runbook, summary.mode.banner()));
    line(&format!("run       {}", summary.run));
    line(&format!("operator  {}", summary.operator));
    let ended = summary.ended_at.as_ref().map_or_else(|| "goes on".to_owned(), |at| format!("to {at}"));
    line(&format!("time      {} {ended}", summary.started_at));
    for (name, objective) in [("RTO", &summary.rto), ("RPO", &summary.rpo)] {
        if let Some(objective) = objective {
            line(&format!("{name:<9} {}", objective_words(objective)));
        }
    }
    if let Some(forecast) = &summary.forecast {
        line(&format!("forecast  P50 {}, P90 {} ({})", forecast.p50_at, forecast.p90_at, forecast.basis));
        if let (Some(by), Some(percent)) = (&forecast.decide_by, forecast.decide_percent) {
            line(&format!("decide    by {by}, and {percent} of 100 runs still make the RTO"));
        }
    }
    if let Some(last_ms) = summary.rta.last_call_ms {
        line(&format!("calls     the last one that changes something returned at {}", clock_hms(last_ms)));
    }
    for one in &summary.milestones {
        line(&format!("{:<9} {}, {}", one.milestone.word(), one.at, one.how()));
    }
    let parts = summary.time.parts().into_iter().map(|(name, ms)| format!("{name} {}", human_ms(ms)));
    line(&format!("spent     {}", parts.collect::<Vec<_>>().join(", ")));
    for phase in &summary.phases {
        let budget = phase.budget_ms.map_or_else(String::new, |ms| format!(" of {}", clock_hms(ms)));
        let over = if phase.met == Some(false) { "  over its budget" } else { "" };
        line(&format!("phase     {:<20} {}{budget}{over}", phase.id, clock_hms(phase.actual_ms)));
    }
    for step in summary.steps.iter().filter(|step| step.status != StepStatus::Succeeded) {
        line(&format!("step      {:<20} {}{}", step.id, step.status.word(), attempts(step)));
    }
    for one in &summary.deviations {
        let step = one.step.as_deref().unwrap_or("run");
        line(&format!("deviation {step}: {}, {}", one.what, one.reason));
    }
    let intact = if summary.journal.intact { "chain whole" } else { "DAMAGED" };
    line(&format!("journal   {} records, {intact}, head {}", summary.journal.records, summary.journal.head));
    text
}

fn attempts(step: &StepSummary) -> String {
    if step.attempts > 1 { format!(", {} attempts", step.attempts) } else { String::new() }
}

fn objective_words(objective: &ObjectiveSummary) -> String {
    let budget = human_ms(objective.budget_ms);
    let Some(actual) = objective.actual_ms else { return format!("{budget}, not known yet") };
    let against = match objective.met {
        Some(true) => format!("met, {} to spare", human_ms(objective.budget_ms.saturating_sub(actual))),
        Some(false) => format!("MISSED, over by {}", human_ms(actual.saturating_sub(objective.budget_ms))),
        None => "still open".to_owned(),
    };
    format!("{budget}, {}: {against}", clock_hms(actual))
}
