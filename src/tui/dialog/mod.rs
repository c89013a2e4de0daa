//! Dialogs: what lies over the run screen and may end in a command.
//!
//! A dialog sends nothing itself: it yields a [`Command`] and is told the answer.

pub mod decide;
pub mod doubt;
pub mod draw;
pub mod export;
pub mod field;
pub mod form;
pub mod gate;
pub mod guard;
pub mod leave;
pub mod note;
pub mod override_check;
pub mod palette;
pub mod reason;

pub use decide::Menu;
pub use form::Form;

use super::pen::Segs;
use crate::driver::handle::View;
use crate::engine::command::{Command, Typed};

pub enum Dialog {
    Form(Form),
    Menu(Menu),
}

/// What a form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Gate,
    RollBack,
    Doubt,
    Override(u16),
    Skip,
    External,
    Pause,
    Note,
    Leave,
    /// Of a run that is over: what is to be written, and where to.
    Export,
}

/// A button and why it is locked, if it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    pub key: char,
    pub label: String,
    pub locked: Vec<String>,
}

impl Button {
    pub fn new(key: char, label: impl Into<String>, locked: Vec<String>) -> Self {
        Self { key, label: label.into(), locked }
    }
}

/// A line of a dialog: left part, right part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row2 {
    pub left: Segs,
    pub right: Segs,
}

impl Row2 {
    pub fn left(left: Segs) -> Self {
        Self { left, right: Vec::new() }
    }
}

/// Opens a form, if it applies now.
pub fn open(kind: Kind, view: &View, step: &str, now_ms: u64) -> Option<Form> {
    let mut form = match kind {
        Kind::Gate | Kind::RollBack => gate::open(kind, view, step, now_ms)?,
        Kind::Doubt => doubt::open(view, step, now_ms)?,
        Kind::Override(check) => override_check::open(view, step, check, now_ms)?,
        Kind::Skip | Kind::External | Kind::Pause => reason::open(kind, view, step)?,
        Kind::Note => note::open(step),
        Kind::Leave => leave::open(),
        Kind::Export => export::open(),
    };
    form.seal = seal(kind, view, step)?;
    Some(form)
}

/// What the form is about, in a form that changes when it should start again; `None` when it no
/// longer applies.
pub fn seal(kind: Kind, view: &View, step: &str) -> Option<String> {
    match kind {
        Kind::Gate | Kind::RollBack => gate::seal(kind, view, step),
        Kind::Doubt => doubt::seal(view, step),
        Kind::Override(check) => override_check::seal(view, step, check),
        Kind::Skip | Kind::External | Kind::Pause => reason::seal(kind, view, step),
        Kind::Note | Kind::Leave => Some(String::new()),
        Kind::Export => view.over.as_ref().map(|_| String::new()),
    }
}

/// The buttons beside Cancel, each with the reasons that lock it.
pub fn buttons(form: &Form, view: &View) -> Vec<Button> {
    let mut buttons = match form.kind {
        Kind::Gate | Kind::RollBack => gate::buttons(form, view),
        Kind::Doubt => doubt::buttons(form, view),
        Kind::Override(_) => override_check::buttons(form),
        Kind::Skip | Kind::External | Kind::Pause => reason::buttons(form),
        Kind::Note => note::buttons(form),
        Kind::Leave => leave::buttons(form),
        Kind::Export => export::buttons(),
    };
    if let Some(reason) = &view.snapshot.journal_broken {
        for button in buttons.iter_mut().filter(|_| !matches!(form.kind, Kind::Leave | Kind::Export)) {
            button.locked = vec![format!("the journal cannot be written: {reason}")];
        }
    }
    if form.awaiting.is_some() {
        let why = if form.is_checking_code() { "a code is being checked" } else { "asking" };
        for button in &mut buttons {
            button.locked = vec![why.to_owned()];
        }
    }
    buttons
}

/// The command of a button that is not locked.
pub fn command(form: &Form, view: &View, key: char) -> Option<Command> {
    let button = buttons(form, view).into_iter().find(|button| button.key == key)?;
    if !button.locked.is_empty() {
        return None;
    }
    match form.kind {
        Kind::Gate | Kind::RollBack => gate::command(form, view, key),
        Kind::Doubt => doubt::command(form, key),
        Kind::Override(check) => override_check::command(form, check),
        Kind::Skip | Kind::External | Kind::Pause => reason::command(form),
        Kind::Note => note::command(form, view.snapshot.now_ms),
        Kind::Leave => leave::command(form, key),
        // Nothing of it is the run's: the screen sees to it.
        Kind::Export => None,
    }
}

/// Title and the lines above the fields.
pub fn intro(form: &Form, view: &View) -> (String, Vec<Row2>) {
    match form.kind {
        Kind::Gate => gate::intro(form, view),
        Kind::RollBack => gate::intro_rollback(form, view),
        Kind::Doubt => doubt::intro(form, view),
        Kind::Override(check) => override_check::intro(form, view, check),
        Kind::Skip | Kind::External | Kind::Pause => reason::intro(form, view),
        Kind::Note => note::intro(form),
        Kind::Leave => leave::intro(view),
        Kind::Export => export::intro(),
    }
}

/// The code typed into the n-th field, if that is a code field.
fn code_of(form: &Form, ix: usize) -> Option<Typed> {
    match form.fields.get(ix) {
        Some(field::Field::Code { digits, .. }) => Some(Typed::new(digits)),
        _ => None,
    }
}

/// The first code field and its place.
fn code_field(form: &Form, of: &field::Whose) -> Option<usize> {
    form.fields.iter().position(|field| matches!(field, field::Field::Code { whose, .. } if whose == of))
}
