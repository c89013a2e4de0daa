//! The export dialog: which form, and where to.
//!
//! Must not know how any of it is written.

use super::field::Field;
use super::guard::Guard;
use super::{Button, Form, Kind, Row2};
use crate::tui::pen::plain;
use crate::tui::record::Paper;

pub fn open() -> Form {
    let options = Paper::all().into_iter().map(Paper::file_name).collect();
    let fields = vec![
        Field::Choice { label: "What", options, at: 0 },
        Field::text("Where", 0, "empty for the run's own directory"),
    ];
    let mut form = Form::new(Kind::Export, "", fields, Guard::open());
    form.focus = 1;
    form
}

pub fn buttons() -> Vec<Button> {
    vec![Button::new('W', "Write the file", Vec::new())]
}

/// What was chosen, and the path, if one was given.
pub fn chosen(form: &Form) -> Option<(Paper, Option<String>)> {
    let Some(Field::Choice { at, .. }) = form.fields.first() else { return None };
    let paper = Paper::all().get(*at).copied()?;
    let path = form.text(1);
    Some((paper, (!path.is_empty()).then_some(path)))
}

pub fn intro() -> (String, Vec<Row2>) {
    ("EXPORT".to_owned(), vec![Row2::left(vec![plain("Up and Down choose, Tab goes on, W writes.")])])
}
