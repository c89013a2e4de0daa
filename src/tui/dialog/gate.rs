//! The gate dialog: confirm, MFA and approvals of one attempt of one step, and of its rollback.
//!
//! Must not know whether a code is right: the driver says. What was typed leaves only inside a command.

use super::field::{Field, Whose};
use super::form::Reading;
use super::guard::Guard;
use super::{Button, Form, Kind, Row2, code_field, code_of};
use crate::driver::handle::View;
use crate::engine::command::{Command, Typed};
use crate::engine::snapshot::{Allowed, ApprovalsView, MfaView, StepView};
use crate::model::outcome::Risk;
use crate::model::text::{fit_middle, safe_lines, width};
use crate::model::time::human_ms;
use crate::tui::look;
use crate::tui::pen::{plain, quiet, seg, wrap};
use crate::tui::theme::Tone;

const RUN: char = 'R';
const APPROVE: char = 'A';

/// A name and its value share a line of the dialog; `d` shows the value whole.
const LINE_CELLS: usize = 66;

/// Cells for the value beside that name.
pub fn value_cells(name: &str) -> usize {
    LINE_CELLS.saturating_sub(width(name)).max(16)
}

pub fn open(kind: Kind, view: &View, key: &str, now_ms: u64) -> Option<Form> {
    let step = look::step(view, key)?;
    let (type_text, mfa) = asked(kind, step)?;
    let mut fields = Vec::new();
    fields.extend(type_text.map(Field::name));
    fields.extend(mfa.map(|mfa| Field::code(Whose::Person(mfa.person.clone()))));
    if kind == Kind::Gate {
        fields.extend(approval_fields(step));
    }
    let mut form = Form::new(kind, key, fields, Guard::new(now_ms));
    if kind == Kind::Gate {
        form.text = Reading::of(text_lines(step).len());
    }
    Some(form)
}

/// Cells of a text in the narrowest dialog, so that it has as many lines in each.
const TEXT_CELLS: usize = 44;

/// A message, line by line.
fn text_lines(step: &StepView) -> Vec<String> {
    let text = look::message(step).unwrap_or_default();
    let lines = safe_lines(&text);
    lines.iter().flat_map(|line| if line.is_empty() { vec![String::new()] } else { wrap(line, TEXT_CELLS) }).collect()
}

/// The part of the message that is shown just now, and where that is.
fn text_rows(form: &Form, step: &StepView) -> Vec<Row2> {
    let lines = text_lines(step);
    let shown = form.text.shown();
    let mut rows: Vec<Row2> = lines
        .get(shown.clone())
        .unwrap_or_default()
        .iter()
        .map(|line| Row2::left(vec![quiet("│ "), plain(line.clone())]))
        .collect();
    if form.text.is_longer() {
        let at = format!("  lines {} to {} of {}; PgDn reads on", shown.start + 1, shown.end, lines.len());
        rows.push(Row2::left(vec![quiet(at)]));
    }
    rows
}

fn asked(kind: Kind, step: &StepView) -> Option<(Option<&str>, Option<&MfaView>)> {
    if kind == Kind::RollBack {
        let rollback = step.rollback.as_ref()?;
        return Some((rollback.type_text.as_deref(), rollback.mfa.as_ref()));
    }
    let gate = step.gate.as_ref()?;
    let is_open = step.allowed.contains(&Allowed::Run) || step.allowed.contains(&Allowed::Approve);
    is_open.then_some((gate.type_text.as_deref(), gate.mfa.as_ref()))
}

/// In a simulated drill one person plays all parts; elsewhere colleagues come to this terminal, each with
/// a device of their own.
fn approval_fields(step: &StepView) -> Vec<Field> {
    let Some(approvals) = approvals(step).filter(|a| missing(a) > 0) else { return Vec::new() };
    let options: Vec<String> = open_approvers(approvals).cloned().collect();
    if options.is_empty() {
        return Vec::new();
    }
    vec![Field::Choice { label: "Approve as", options, at: 0 }, Field::code(Whose::Chosen)]
}

fn open_approvers(approvals: &ApprovalsView) -> impl Iterator<Item = &String> {
    approvals.eligible.iter().filter(|person| !approvals.granted.iter().any(|one| one.by == **person))
}

pub fn approvals(step: &StepView) -> Option<&ApprovalsView> {
    step.gate.as_ref()?.approvals.as_ref()
}

/// Approvals still wanted.
pub fn missing(approvals: &ApprovalsView) -> usize {
    (approvals.min as usize).saturating_sub(approvals.granted.len())
}

/// As much of a run's id as names it: its millisecond, and a little chance.
const RUN_CHARS: usize = 12;

/// What a colleague types at another terminal.
pub const ELSEWHERE: &str = "lifeboat approve ";

/// How somebody approves from another terminal of this machine, where that is possible just now.
pub fn elsewhere(view: &View, key: &str) -> Option<String> {
    let approvals = approvals(look::step(view, key)?).filter(|approvals| missing(approvals) > 0)?;
    let by = open_approvers(approvals).next().filter(|_| view.is_open)?;
    let run: String = view.snapshot.run.chars().take(RUN_CHARS).collect();
    Some(format!("or elsewhere: {ELSEWHERE}{run} {} --as {}", word(key), word(by)))
}

/// A word as a shell takes it.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
    if text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

pub fn seal(kind: Kind, view: &View, key: &str) -> Option<String> {
    let step = look::step(view, key)?;
    asked(kind, step)?;
    if kind == Kind::RollBack {
        return step.rollback.as_ref().map(|rollback| rollback.digest.clone());
    }
    step.gate.as_ref().map(|gate| format!("{} {}", gate.attempt, gate.digest))
}

/// An approval came or ran out: the fields for it follow, the rest stays as typed.
pub fn follow_approvals(form: &mut Form, view: &View) {
    let Some(step) = look::step(view, &form.step) else { return };
    let at = form.fields.iter().position(|field| matches!(field, Field::Choice { .. })).unwrap_or(form.fields.len());
    let wanted = approval_fields(step);
    let same = match (form.fields.get(at), wanted.first()) {
        (Some(Field::Choice { options: now, .. }), Some(Field::Choice { options: then, .. })) => now == then,
        (None, None) => true,
        _ => false,
    };
    if !same {
        form.fields.truncate(at);
        form.fields.extend(wanted);
        form.focus = form.focus.min(form.fields.len() + 1);
    }
}

pub fn buttons(form: &Form, view: &View) -> Vec<Button> {
    let Some(step) = look::step(view, &form.step) else { return Vec::new() };
    let mut locked = Vec::new();
    let mut approve = None;
    for (ix, field) in form.fields.iter().enumerate() {
        let number = ix + 1;
        match field {
            Field::Name { .. } if !field.is_complete() => locked.push(format!("{number} name")),
            Field::Code { whose: Whose::Person(_), .. } if !field.is_complete() => {
                locked.push(format!("{number} code"));
            }
            Field::Code { whose: Whose::Chosen, .. } => {
                let open =
                    if field.is_complete() { Vec::new() } else { vec![format!("{number} code of the approver")] };
                approve = Some(Button::new(APPROVE, format!("Approve as {}", chosen(form)), open));
            }
            _ => {}
        }
    }
    if !form.text.is_read() {
        locked.push("the rest of the text, PgDn".to_owned());
    }
    if form.kind == Kind::Gate {
        let open = approvals(step).map_or(0, missing);
        if open > 0 {
            locked.push(if open == 1 { "an approval".to_owned() } else { format!("{open} approvals") });
        }
        if !step.allowed.contains(&Allowed::Run) && locked.is_empty() {
            locked.push("not ready".to_owned());
        }
    }
    let verb = if form.kind == Kind::RollBack { "Roll back" } else { "Run" };
    let mut all = vec![Button::new(RUN, format!("{verb} {}", step.id), locked)];
    all.extend(approve);
    all
}

fn chosen(form: &Form) -> String {
    form.fields
        .iter()
        .find_map(|field| match field {
            Field::Choice { options, at, .. } => options.get(*at).cloned(),
            _ => None,
        })
        .unwrap_or_default()
}

pub fn command(form: &Form, view: &View, key: char) -> Option<Command> {
    let step = look::step(view, &form.step)?;
    let typed = form.fields.iter().find_map(|field| match field {
        Field::Name { have, .. } => Some(Typed::new(have)),
        _ => None,
    });
    let code = form
        .fields
        .iter()
        .position(|field| matches!(field, Field::Code { whose: Whose::Person(_), .. }))
        .and_then(|ix| code_of(form, ix));
    let name = form.step.clone();
    if form.kind == Kind::RollBack {
        let digest = step.rollback.as_ref()?.digest.clone();
        return Some(Command::RollBack { step: name, digest, typed, code });
    }
    let gate = step.gate.as_ref()?;
    let (attempt, digest) = (gate.attempt, gate.digest.clone());
    if key == APPROVE {
        let code = code_field(form, &Whose::Chosen).and_then(|ix| code_of(form, ix))?;
        let (by, code) = (chosen(form), Some(code));
        return Some(Command::Approve { step: name, attempt, digest, by, code, from: None });
    }
    Some(Command::Run { step: name, attempt, digest, typed, code })
}

pub fn intro(form: &Form, view: &View) -> (String, Vec<Row2>) {
    let Some(step) = look::step(view, &form.step) else { return (String::new(), Vec::new()) };
    let mut rows = Vec::new();
    if let Some(ask) = look::ask(step) {
        rows.extend(safe_lines(ask).into_iter().map(|line| Row2::left(vec![plain(line)])));
    } else {
        rows.push(Row2::left(vec![seg(look::api_name(&step.action), Tone::Strong), plain(place(step))]));
        rows.extend(account(step));
        let is_said = |name: &str| form.text.lines > 0 && look::MESSAGE_MEMBERS.contains(&name);
        for (name, value) in step.request.iter().filter(|(name, _)| !is_said(name)).take(4) {
            rows.push(Row2::left(vec![quiet(format!("  {name}  ")), plain(fit_middle(value, value_cells(name)))]));
        }
    }
    rows.extend(text_rows(form, step));
    if let Some(message) = step.gate.as_ref().and_then(|gate| gate.message.as_ref()) {
        rows.push(Row2::left(vec![plain(message.clone())]));
    }
    if look::ask(step).is_none() {
        rows.push(Row2::left(vec![risk(step), quiet(undo(step))]));
    }
    if let Some(age_ms) = step.gate.as_ref().and_then(|gate| gate.outdated_ms) {
        let text = format!("Checked {} ago: R asks again, and runs it only if all still holds.", human_ms(age_ms));
        rows.push(Row2::left(vec![seg(text, Tone::Wait)]));
    }
    (format!("CONFIRM {}", step.id), rows)
}

fn place(step: &StepView) -> String {
    let region = if step.region.is_empty() { String::new() } else { format!("  in {}", step.region) };
    if step.target.is_empty() { region } else { format!("{region}  {}", step.target) }
}

/// Where it acts is said in every dialog that changes something in a cloud.
fn account(step: &StepView) -> Option<Row2> {
    let is_cloud = !step.account.is_empty() && step.action.starts_with("aws/");
    let identity = step.identity.as_ref().map(|name| format!("  as {name}")).unwrap_or_default();
    is_cloud.then(|| Row2::left(vec![quiet("  account "), plain(step.account.clone()), plain(identity)]))
}

fn risk(step: &StepView) -> (String, Tone) {
    match step.risk {
        _ if look::is_message(step) => plain(look::MESSAGE_RISK),
        Risk::Read => quiet("Only looks."),
        Risk::Reversible => plain("Changes something that can be put back."),
        Risk::Irreversible => seg("This cannot be undone.", Tone::Bad),
    }
}

fn undo(step: &StepView) -> String {
    match &step.rollback {
        Some(rollback) if !rollback.calls.is_empty() => format!("  Undo: r  {}", rollback.calls.join(", ")),
        _ => String::new(),
    }
}

pub fn intro_rollback(form: &Form, view: &View) -> (String, Vec<Row2>) {
    let Some(step) = look::step(view, &form.step) else { return (String::new(), Vec::new()) };
    let calls = step.rollback.as_ref().map(|rollback| rollback.calls.as_slice()).unwrap_or_default();
    let mut rows = vec![Row2::left(vec![plain("Puts back what this step changed:"), plain(place(step))])];
    rows.extend(account(step));
    rows.extend(calls.iter().take(6).map(|call| Row2::left(vec![quiet("  "), seg(call.clone(), Tone::Strong)])));
    if let Some(extra) = calls.len().checked_sub(6).filter(|extra| *extra > 0) {
        rows.push(Row2::left(vec![quiet(format!("  and {extra} more"))]));
    }
    (format!("ROLL BACK {}", step.id), rows)
}
