//! The paper fallback: a plan that a person can follow with a pen and the `aws` command line alone.

use std::fmt::Write as _;

use super::text::{arithmetic, check_terms};
use super::view::{CallView, CheckView, PhaseView, PlanView, StepView};
use crate::model::expr::plain;
use crate::model::text::safe;
use crate::model::time::human_ms;

/// The whole plan as Markdown.
#[must_use]
pub fn render(view: &PlanView) -> String {
    let mut text = String::new();
    head(&mut text, view);
    people(&mut text, view);
    for phase in &view.phases {
        phase_section(&mut text, phase);
    }
    push(&mut text, "## Afterwards\n");
    push(&mut text, "Recovered at ______ (UTC). Data lost: ______. Signed: ________________________\n");
    text
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// Text from the runbook that must not turn into markup.
fn words(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in safe(text).chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            '&' => escaped.push_str("&amp;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Text set as code, with a fence that nothing in it can close.
fn code(text: &str) -> String {
    let text = safe(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if text.starts_with('`') || text.ends_with('`') {
        format!("{fence} {text} {fence}")
    } else {
        format!("{fence}{text}{fence}")
    }
}

fn block(text: &mut String, indent: &str, lines: &[String]) {
    let longest = lines.iter().flat_map(|line| line.split(|c| c != '`')).map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    push(text, &format!("{indent}{fence}sh"));
    for line in lines {
        push(text, &format!("{indent}{}", safe(line)));
    }
    push(text, &format!("{indent}{fence}"));
}

fn head(text: &mut String, view: &PlanView) {
    push(text, &format!("# {}\n", words(&view.title)));
    push(
        text,
        "This is the paper form of a runbook. It needs no tool but the command lines printed here. Work from top",
    );
    push(
        text,
        "to bottom, tick what is done, write every time down in UTC. A value in ‹angle marks› is known only then:",
    );
    push(text, "put in what the step it names has shown.\n");
    push(text, &format!("- Runbook: {}, {}", code(&view.runbook), code(&view.digest)));
    if let Some(rto) = view.rto_ms {
        push(
            text,
            &format!(
                "- Recover within (RTO): **{}**. Impact began at ______ UTC, so the time is up at ______ UTC",
                human_ms(rto)
            ),
        );
    }
    if let Some(rpo) = view.rpo_ms {
        push(text, &format!("- Data that may be lost (RPO): **{}**", human_ms(rpo)));
    }
    push(text, &format!("- Budgets: {}", words(&arithmetic(view))));
    if let Some(forecast) = &view.forecast {
        push(text, &format!("- Forecast: {}", words(&forecast.words())));
    }
    for (name, value) in &view.inputs {
        push(text, &format!("- Input {}: {}", code(name), code(&plain(value))));
    }
    for target in &view.targets {
        let mut parts = vec![format!("- Target {}:", code(&target.name))];
        for (label, value) in [
            ("region", &target.region),
            ("account", &target.account),
            ("profile", &target.profile),
            ("role", &target.role),
        ] {
            parts.extend(value.as_ref().map(|value| format!("{label} {}", code(value))));
        }
        push(text, &parts.join(" "));
    }
    if let Some(mfa) = &view.mfa {
        let (role, serial) = (code(&mfa.role), code(&mfa.serial));
        push(
            text,
            &format!("- What changes something is done as {role}, with a code of {serial}. Open that session in the"),
        );
        push(text, "  terminal first, once in 15 minutes, and leave `--profile` out of the commands that use it:");
        block(text, "  ", std::slice::from_ref(&mfa.session));
    }
    push(text, "");
}

fn people(text: &mut String, view: &PlanView) {
    if view.contacts.is_empty() && view.roles.is_empty() {
        return;
    }
    push(text, "## People\n");
    for (role, people) in &view.roles {
        push(text, &format!("- {}: {}", words(role), words(&people.join(", "))));
    }
    if !view.contacts.is_empty() {
        push(text, "\n| name | role | phone | mail | the next after | note |");
        push(text, "|---|---|---|---|---|---|");
    }
    for contact in &view.contacts {
        let cell = |value: &Option<String>| value.as_deref().map_or_else(String::new, words);
        push(
            text,
            &format!(
                "| {} | {} | {} | {} | {} | {} |",
                words(&contact.name),
                cell(&contact.role),
                cell(&contact.phone),
                cell(&contact.email),
                contact.escalate_after_ms.map(human_ms).unwrap_or_default(),
                cell(&contact.note)
            ),
        );
    }
    push(text, "");
}

fn phase_section(text: &mut String, phase: &PhaseView) {
    push(text, &format!("## Phase {}: {}\n", words(&phase.id), words(&phase.title)));
    let mut facts = Vec::new();
    facts.extend(phase.budget_ms.map(|ms| format!("Budget {}.", human_ms(ms))));
    if phase.needs.is_empty() {
        facts.push("Begins at once.".to_owned());
    } else {
        facts.push(format!("Begins after {}.", words(&phase.needs.join(" and "))));
    }
    if phase.critical {
        facts.push("On the critical path.".to_owned());
    }
    facts.push("Began ______ ended ______".to_owned());
    push(text, &format!("{}\n", facts.join(" ")));
    for step in &phase.steps {
        step_entry(text, step);
    }
}

fn step_entry(text: &mut String, step: &StepView) {
    push(text, &format!("- [ ] **{}. {}**: {}", step.number, words(&step.id), words(&step.title)));
    let after =
        if step.needs.is_empty() { "at once".to_owned() } else { format!("after {}", words(&step.needs.join(", "))) };
    push(text, &format!("  - When: {after} (wave {}). Began ______ ended ______", step.wave));
    if !step.applies {
        push(text, "  - Not in this mode: leave it out");
    }
    if let Some(when) = &step.when {
        push(text, &format!("  - Only if {}", code(when)));
    }
    push(text, &format!("  - Who: {}", words(&step.who.join(", "))));
    let risk = match step.risk {
        "irreversible" => "**irreversible: this cannot be undone**",
        other => other,
    };
    push(
        text,
        &format!("  - Risk: {risk}. Usually {}, give up after {}", human_ms(step.usual_ms), human_ms(step.timeout_ms)),
    );
    if let Some(message) = &step.message {
        push(text, &format!("  - Mind: {}", words(message)));
    }
    if let Some(typed) = &step.type_text {
        push(text, &format!("  - Say aloud what is about to change: {}", code(typed)));
    }
    for check in &step.checks {
        check_entry(text, "Before, see that", check);
    }
    call_entry(text, "Do", &step.call);
    for check in &step.verify {
        check_entry(text, "Then see that", check);
    }
    if !step.verify.is_empty() || !step.call.command_lines.is_empty() {
        push(text, &format!("  - If it fails: {}", words(&step.on_failure)));
    }
    if step.always {
        push(text, "  - Always runs, also after a failure that ends the run");
    }
    for call in &step.rollback {
        call_entry(text, "To undo", call);
    }
    if let Some(link) = &step.console_link {
        push(text, &format!("  - Look: <{link}>"));
    }
    push(text, "");
}

fn call_entry(text: &mut String, label: &str, call: &CallView) {
    if !call.command_lines.is_empty() {
        push(text, &format!("  - {label} ({}):", words(&call.api)));
        block(text, "    ", &call.command_lines);
        return;
    }
    // People and the engine have no command line: the request itself says what to do.
    let what: Vec<String> = call.request.values().map(plain).collect();
    let _ = writeln!(text, "  - {label}: {}: {}", words(&call.api), words(&what.join(" ")));
}

fn check_entry(text: &mut String, label: &str, check: &CheckView) {
    push(text, &format!("  - [ ] {label} {}{}", code(&check.expect), words(&check_terms(check))));
    if let Some(message) = &check.message {
        push(text, &format!("    - otherwise: {}", words(message)));
    }
    if let Some(call) = check.call.as_ref().filter(|call| !call.command_lines.is_empty()) {
        block(text, "    ", &call.command_lines);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_the_runbook_is_no_markup() {
        assert_eq!(words("a|b <script> *x* [l](u) `c`"), r"a\|b \<script\> \*x\* \[l\](u) \`c\`");
        assert_eq!(words("one\ntwo"), "one␊two");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        let mut text = String::new();
        block(&mut text, "", &["echo ```".to_owned()]);
        assert_eq!(text, "````sh\necho ```\n````\n");
    }
}
