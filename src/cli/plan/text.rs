//! A plan for the terminal: one block a phase, one entry a step.

use std::fmt::Write as _;

use super::view::{CallView, CheckView, PlanView, StepView, members};
use crate::model::expr::plain;
use crate::model::text::safe;
use crate::model::time::human_ms;

/// The whole plan as lines of text.
#[must_use]
pub fn render(view: &PlanView) -> String {
    let mut text = String::new();
    head(&mut text, view);
    for phase in &view.phases {
        let budget = phase.budget_ms.map_or_else(String::new, |ms| format!("   budget {}", human_ms(ms)));
        let needs = if phase.needs.is_empty() { String::new() } else { format!("   after {}", phase.needs.join(", ")) };
        let critical = if phase.critical { "   on the critical path" } else { "" };
        line(&mut text, "");
        line(&mut text, &format!("{}   {}{budget}{needs}{critical}", phase.id.to_uppercase(), phase.title));
        for step in &phase.steps {
            entry(&mut text, step);
        }
    }
    text
}

fn line(text: &mut String, shown: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{}", safe(shown).trim_end());
}

fn head(text: &mut String, view: &PlanView) {
    line(text, &view.title);
    line(text, &format!("runbook   {}   {}", view.runbook, view.digest));
    let inputs: Vec<String> = view.inputs.iter().map(|(name, value)| format!("{name}={}", plain(value))).collect();
    if !inputs.is_empty() {
        line(text, &format!("inputs    {}", inputs.join("  ")));
    }
    for target in &view.targets {
        let part = |label: &str, value: &Option<String>| {
            value.as_ref().map_or_else(String::new, |value| format!("  {label} {value}"))
        };
        let (region, account) = (part("region", &target.region), part("account", &target.account));
        line(text, &format!("target    {}{region}{account}{}", target.name, part("profile", &target.profile)));
    }
    line(text, &format!("budgets   {}", arithmetic(view)));
    line(text, &format!("usually   {}, people not counted", human_ms(view.critical_path.usual_ms)));
    if let Some(forecast) = &view.forecast {
        line(text, &format!("forecast  {}", forecast.words()));
    }
    if let Some(rpo) = view.rpo_ms {
        line(text, &format!("RPO       {}", human_ms(rpo)));
    }
}

/// The critical path against the RTO, in words.
#[must_use]
pub fn arithmetic(view: &PlanView) -> String {
    let path = &view.critical_path;
    let parts: Vec<String> = view
        .phases
        .iter()
        .filter(|phase| phase.critical)
        .map(|phase| format!("{} {}", phase.id, human_ms(phase.budget_ms.unwrap_or(0))))
        .collect();
    let sum = format!("{} on the critical path ({})", human_ms(path.budget_ms), parts.join(" + "));
    match (view.rto_ms, path.spare_ms) {
        (Some(rto), Some(spare)) if spare < 0 => {
            format!("{sum}, {} over the RTO of {}", human_ms(spare.unsigned_abs()), human_ms(rto))
        }
        (Some(rto), Some(spare)) => {
            format!("{sum}, {} to spare of the RTO of {}", human_ms(spare.unsigned_abs()), human_ms(rto))
        }
        _ => format!("{sum}, no RTO is set"),
    }
}

fn entry(text: &mut String, step: &StepView) {
    let skipped = if step.applies { "" } else { "   (not in this mode)" };
    line(text, &format!("  {:>2}  {:<20} {}{skipped}", step.number, step.id, step.title));
    let field = |text: &mut String, label: &str, shown: &str| line(text, &format!("        {label:<8} {shown}"));
    field(text, "does", &call_words(&step.call, step.target.region.as_deref()));
    field(
        text,
        "risk",
        &format!("{}   usual {}   timeout {}", step.risk, human_ms(step.usual_ms), human_ms(step.timeout_ms)),
    );
    let needs = if step.needs.is_empty() { String::new() } else { format!(", after {}", step.needs.join(", ")) };
    field(text, "wave", &format!("{}{needs}", step.wave));
    if let Some(when) = &step.when {
        field(text, "if", when);
    }
    for check in &step.checks {
        field(text, "before", &check_words(check));
    }
    field(text, "who", &step.who.join(", "));
    if let Some(typed) = &step.type_text {
        field(text, "type", typed);
    }
    for command in &step.call.command_lines {
        field(text, "by hand", command);
    }
    for check in &step.verify {
        field(text, "after", &check_words(check));
    }
    for call in &step.rollback {
        field(text, "undo", &call_words(call, None));
    }
}

fn call_words(call: &CallView, region: Option<&str>) -> String {
    let request: Vec<String> =
        members(&call.request).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let place = region.map_or_else(String::new, |region| format!(" in {region}"));
    format!("{}{place}  {}", call.api, request.join("  "))
}

/// A check in one line.
fn check_words(check: &CheckView) -> String {
    format!("{}{}", check.expect, check_terms(check))
}

/// How a check is made, and who may overrule it.
#[must_use]
pub fn check_terms(check: &CheckView) -> String {
    let mut words = String::new();
    if let Some(call) = &check.call {
        let _ = write!(words, ", by {}", call.api);
    }
    if check.for_ms > 0 {
        let _ = write!(words, ", every {} for up to {}", human_ms(check.every_ms), human_ms(check.for_ms));
    }
    if check.consecutive > 1 {
        let _ = write!(words, ", {} times in a row", check.consecutive);
    }
    if let Some(role) = &check.override_role {
        let _ = write!(words, "; {role} may override it");
    }
    words
}
