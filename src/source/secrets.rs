//! Where a runbook refers to secrets: only where they can be kept, and only to those that it declares.
//!
//! Must not know values.

use super::diagnostic::{Diagnostic, did_you_mean_or_list};
use super::sink::Sink;
use crate::model::runbook::{ActionUse, Confirm, Runbook, Step};
use crate::model::secret::{is_place, references};
use crate::model::span::Span;
use crate::model::template::{Template, Tree};

pub(super) fn check(runbook: &Runbook, sink: &mut Sink) {
    for tree in runbook.vars.values() {
        tree.texts().iter().for_each(|text| elsewhere(runbook, text.value, text.span, sink));
    }
    let phases = runbook.phases.iter().filter_map(|phase| phase.title.as_ref());
    for template in std::iter::once(&runbook.title).chain(phases) {
        elsewhere(runbook, &template.source, template.span, sink);
    }
    for (_, step) in runbook.steps() {
        for template in templates(step) {
            elsewhere(runbook, &template.source, template.span, sink);
        }
        let checks = step.checks.iter().chain(&step.verify).filter_map(|check| check.uses.as_ref());
        for uses in std::iter::once(&step.uses).chain(&step.emergency).chain(checks).chain(&step.rollback) {
            action(runbook, uses, sink);
        }
    }
}

/// The texts of a step that people read.
fn templates(step: &Step) -> impl Iterator<Item = &Template> {
    let gates = std::iter::once(&step.gates).chain(&step.emergency_gates);
    let of_gates = gates.flat_map(|gates| {
        let typed = if let Confirm::Type(text) = &gates.confirm { Some(text) } else { None };
        gates.message.iter().chain(typed)
    });
    let messages = step.checks.iter().chain(&step.verify).filter_map(|check| check.message.as_ref());
    step.title.iter().chain(of_gates).chain(messages).chain(step.outputs.values())
}

fn action(runbook: &Runbook, uses: &ActionUse, sink: &mut Sink) {
    let Some(members) = uses.with.as_map() else { return };
    for (name, (_, member)) in members {
        for text in member.texts() {
            if is_place(&uses.action.value, name) {
                here(runbook, text.value, text.span, sink);
            } else {
                elsewhere(runbook, text.value, text.span, sink);
            }
        }
        names(runbook, member, sink);
    }
}

/// A name of a member is shown everywhere.
fn names(runbook: &Runbook, tree: &Tree, sink: &mut Sink) {
    for (name, (span, _)) in tree.as_map().into_iter().flatten() {
        elsewhere(runbook, name, *span, sink);
    }
}

/// A text that is kept from everybody.
fn here(runbook: &Runbook, text: &str, span: Span, sink: &mut Sink) {
    let named = references(text);
    if !named.is_empty() && text.contains("${{") {
        let finding = Diagnostic::error("LB314", span, "a text with a secret in it holds no expression");
        sink.push(finding.help("write the rest of the text as it is, or put the whole of it into the secret"));
    }
    for name in named.into_iter().filter(|name| !runbook.secrets.contains_key(*name)) {
        let finding = Diagnostic::error("LB313", span, format!("there is no secret `{name}`"));
        let help = did_you_mean_or_list(name, runbook.secrets.keys().map(String::as_str));
        sink.push(
            finding.help(help.unwrap_or_else(|| format!("declare it: `secrets: {{ {name}: {{ env: NAME }} }}`"))),
        );
    }
}

/// A text that is shown or sent as it is.
fn elsewhere(runbook: &Runbook, text: &str, span: Span, sink: &mut Sink) {
    if let Some(name) = references(text).into_iter().find(|name| runbook.secrets.contains_key(*name)) {
        let finding = Diagnostic::error("LB314", span, format!("the secret `{name}` cannot be kept here"));
        sink.push(finding.help("a secret goes into `env` of `exec`, `headers` of a request, `password_from` of a database or the address, token or key of a message, and nowhere else"));
    }
}

#[cfg(test)]
mod tests {
    use crate::source::diagnostic::Severity;
    use crate::source::tests::{load_text, plan_of};

    const HEAD: &str = "version: 1\nname: x\nsecrets: { token: { env: TOKEN }, hook: {} }\n";

    fn runbook(step: &str) -> String {
        format!("{HEAD}phases:\n  - id: p\n    steps:\n      - {step}\n")
    }

    fn found(text: &str) -> Vec<(&'static str, u32)> {
        let loaded = load_text(text);
        let errors = loaded.diagnostics.iter().filter(|one| one.severity == Severity::Error);
        errors.map(|one| (one.code, one.span.line)).collect()
    }

    #[test]
    fn secrets_stand_where_they_can_be_kept() {
        let exec = "{ id: s, uses: exec, reversible: true, with: { argv: [a], env: { T: 'secret:token' } } }";
        let plan = plan_of(&runbook(exec));
        assert_eq!(plan.secrets.keys().collect::<Vec<_>>(), ["token", "hook"]);
        let http = "{ id: s, uses: http/check, with: { url: 'https://x', headers: { Authorization: 'Bearer secret:token' } } }";
        assert_eq!(found(&runbook(http)), []);
        // An ARN, and a word that is no declared secret.
        assert_eq!(found(&runbook("{ id: s, uses: note, with: { text: 'arn:x:secret:token secret:other' } }")), []);
    }

    #[test]
    fn anywhere_else_they_are_refused() {
        for step in [
            "{ id: s, uses: exec, reversible: true, with: { argv: [a, 'secret:token'] } }",
            "{ id: s, uses: exec, reversible: true, with: { argv: [a], env: { 'secret:token': x } } }",
            "{ id: s, uses: http/check, with: { url: 'https://x/secret:token' } }",
            "{ id: s, uses: note, with: { text: 'secret:token' } }",
            "{ id: s, title: 'with secret:token', uses: note, with: { text: x } }",
            "{ id: s, uses: manual, with: { ask: x }, message: 'secret:token' }",
            "{ id: s, uses: exec, reversible: true, with: { argv: [a], env: { T: 'secret:token ${{ run.id }}' } } }",
        ] {
            assert_eq!(found(&runbook(step)), [("LB314", 7)], "{step}");
        }
        assert_eq!(
            found(&format!("{}vars: {{ a: 'secret:token' }}\n", runbook("{ id: s, uses: note, with: { text: x } }"))),
            [("LB314", 8)]
        );
    }

    #[test]
    fn an_unknown_secret_is_told_what_was_meant() {
        let step = "{ id: s, uses: exec, reversible: true, with: { argv: [a], env: { T: 'secret:tokn' } } }";
        let loaded = load_text(&runbook(step));
        assert_eq!(loaded.diagnostics[0].code, "LB313");
        assert_eq!(loaded.diagnostics[0].help.as_deref(), Some("did you mean `token`?"));
    }

    #[test]
    fn a_secret_has_one_place_to_come_from_and_no_value() {
        let of = |secret: &str| {
            let step = "phases: [{ id: p, steps: [{ id: s, uses: note, with: { text: x } }] }]";
            found(&format!("version: 1\nname: x\nsecrets: {{ t: {secret} }}\n{step}\n"))
        };
        for good in ["{}", "{ env: A_1 }", "{ file: /run/secrets/x }", "{ file: ~/x, help: The token }"] {
            assert_eq!(of(good), [], "{good}");
        }
        for bad in ["{ env: A, file: /x }", "{ env: 'p4ss word' }", "{ file: x }"] {
            assert_eq!(of(bad), [("LB114", 3)], "{bad}");
        }
        assert_eq!(of("{ value: hunter22 }"), [("LB101", 3)]);
    }
}
