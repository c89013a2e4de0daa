//! Lets a failed pre-check pass: who decides, why, and their code when they are not the operator.
//!
//! Must not know what the check looks at.

use super::field::{Field, Whose};
use super::guard::Guard;
use super::{Button, Form, Kind, Row2, code_of};
use crate::driver::handle::View;
use crate::engine::command::Command;
use crate::engine::snapshot::{Allowed, CheckState, CheckView};
use crate::tui::look;
use crate::tui::pen::{plain, quiet, seg};
use crate::tui::theme::Tone;

const OVERRIDE: char = 'O';

fn check_of<'a>(view: &'a View, key: &str, check: u16) -> Option<&'a CheckView> {
    let step = look::step(view, key).filter(|step| step.allowed.contains(&Allowed::Override))?;
    step.checks.get(usize::from(check)).filter(|check| can_override(check))
}

/// Whether somebody may let this check pass.
pub fn can_override(check: &CheckView) -> bool {
    check.state == CheckState::Failed && check.override_role.is_some() && !check.overriders.is_empty()
}

pub fn open(view: &View, key: &str, check: u16, now_ms: u64) -> Option<Form> {
    let found = check_of(view, key, check)?;
    let operator = &view.snapshot.operator;
    let at = found.overriders.iter().position(|person| person == operator).unwrap_or(0);
    let mut fields = vec![
        Field::Choice { label: "Decided by", options: found.overriders.clone(), at },
        Field::text("Reason", 3, "for the journal and the post-mortem"),
    ];
    if found.overriders.iter().any(|person| person != operator) {
        fields.push(Field::code(Whose::Chosen));
    }
    let mut form = Form::new(Kind::Override(check), key, fields, Guard::new(now_ms));
    operator.clone_into(&mut form.operator);
    Some(form)
}

pub fn seal(view: &View, key: &str, check: u16) -> Option<String> {
    check_of(view, key, check)?;
    look::step(view, key).map(|step| step.attempt.to_string())
}

fn by(form: &Form) -> String {
    match form.fields.first() {
        Some(Field::Choice { options, at, .. }) => options.get(*at).cloned().unwrap_or_default(),
        _ => String::new(),
    }
}

pub fn buttons(form: &Form) -> Vec<Button> {
    let mut locked = Vec::new();
    if !form.is_complete(1) {
        locked.push("2 reason".to_owned());
    }
    if by(form) != form.operator && !form.is_complete(2) {
        locked.push(format!("3 code of {}", by(form)));
    }
    vec![Button::new(OVERRIDE, "Override the check", locked)]
}

pub fn command(form: &Form, check: u16) -> Option<Command> {
    let by = by(form);
    let code = if by == form.operator { None } else { Some(code_of(form, 2)?) };
    Some(Command::Override { step: form.step.clone(), check, by, reason: form.text(1), code })
}

pub fn intro(form: &Form, view: &View, check: u16) -> (String, Vec<Row2>) {
    let Some(step) = look::step(view, &form.step) else { return (String::new(), Vec::new()) };
    let mut rows = vec![Row2::left(vec![plain("A pre-check failed. Going on against it is recorded as a deviation.")])];
    if let Some(found) = step.checks.get(usize::from(check)) {
        rows.push(Row2::left(vec![seg("✗ ", Tone::Bad), plain(found.text.clone())]));
        if let Some(last) = &found.last {
            rows.push(Row2::left(vec![quiet("  last answer  "), plain(last.clone())]));
        }
        if let Some(role) = &found.override_role {
            rows.push(Row2::left(vec![quiet("  may be decided by  "), plain(role.clone())]));
        }
    }
    (format!("OVERRIDE a check of {}", step.id), rows)
}
