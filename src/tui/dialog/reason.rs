//! Dialogs that ask for a sentence: skip, done externally, pause.
//!
//! Must not know what follows from it.

use super::field::Field;
use super::guard::Guard;
use super::{Button, Form, Kind, Row2};
use crate::driver::handle::View;
use crate::engine::command::Command;
use crate::engine::snapshot::Allowed;
use crate::model::outcome::RunStatus;
use crate::tui::look;
use crate::tui::pen::{plain, quiet};

pub fn open(kind: Kind, view: &View, key: &str) -> Option<Form> {
    seal(kind, view, key)?;
    let field = match kind {
        Kind::External => Field::text("Evidence", 3, "who did it, where, and how you know"),
        Kind::Pause => Field::text("Reason", 0, "may stay empty"),
        _ => Field::text("Reason", 3, "for the journal and the post-mortem"),
    };
    let mut form = Form::new(kind, key, vec![field], Guard::open());
    form.focus = 1;
    form.enter_sends = kind == Kind::Pause;
    Some(form)
}

pub fn seal(kind: Kind, view: &View, key: &str) -> Option<String> {
    let wanted = match kind {
        Kind::Skip => Allowed::Skip,
        Kind::External => Allowed::DoneExternally,
        _ => {
            let can_pause = matches!(view.snapshot.status, RunStatus::Running | RunStatus::Waiting);
            return can_pause.then(String::new);
        }
    };
    let step = look::step(view, key)?;
    step.allowed.contains(&wanted).then(|| step.attempt.to_string())
}

pub fn buttons(form: &Form) -> Vec<Button> {
    let locked = |what: &str| if form.is_complete(0) { Vec::new() } else { vec![what.to_owned()] };
    match form.kind {
        Kind::External => vec![Button::new('X', format!("{} was done externally", form.step), locked("1 evidence"))],
        Kind::Pause => vec![Button::new('P', "Pause", Vec::new())],
        _ => vec![Button::new('S', format!("Skip {}", form.step), locked("1 reason"))],
    }
}

pub fn command(form: &Form) -> Option<Command> {
    let step = form.step.clone();
    match form.kind {
        Kind::Skip => Some(Command::Skip { step, reason: form.text(0) }),
        Kind::External => Some(Command::DoneExternally { step, evidence: form.text(0) }),
        Kind::Pause => {
            let reason = form.text(0);
            Some(Command::Pause { reason: if reason.is_empty() { "no reason given".to_owned() } else { reason } })
        }
        _ => None,
    }
}

pub fn intro(form: &Form, view: &View) -> (String, Vec<Row2>) {
    let title = look::step(view, &form.step).map(|step| step.title.clone()).unwrap_or_default();
    let (head, line) = match form.kind {
        Kind::External => {
            (format!("DONE EXTERNALLY {}", form.step), "lifeboat sends nothing; the step's own verification runs next.")
        }
        Kind::Pause => ("PAUSE".to_owned(), "Running steps go on; no further step starts until you continue."),
        _ => (format!("SKIP {}", form.step), "The step is not run; what needs it goes on without it."),
    };
    let mut rows = vec![Row2::left(vec![plain(line)])];
    if !title.is_empty() {
        rows.insert(0, Row2::left(vec![quiet(title)]));
    }
    (head, rows)
}
