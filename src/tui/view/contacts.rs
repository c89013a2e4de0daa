//! Whom to call.

use crate::driver::handle::View;
use crate::tui::dialog::Row2;
use crate::tui::pen::{plain, quiet, seg};
use crate::tui::theme::Tone;

pub fn rows(view: &View) -> Vec<Row2> {
    let mut rows = Vec::new();
    for contact in &view.snapshot.contacts {
        let role = contact.role.as_ref().map(|role| format!("  {role}")).unwrap_or_default();
        rows.push(Row2::left(vec![seg(contact.name.clone(), Tone::Strong), quiet(role)]));
        for (name, value) in [("phone", &contact.phone), ("email", &contact.email), ("note", &contact.note)] {
            if let Some(value) = value {
                rows.push(Row2::left(vec![quiet(format!("  {name:<6} ")), plain(value.clone())]));
            }
        }
        rows.push(Row2::default());
    }
    if rows.is_empty() {
        rows.push(Row2::left(vec![quiet("the runbook names no contacts")]));
    }
    rows
}
