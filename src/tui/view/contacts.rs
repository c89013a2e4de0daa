//! Whom to call, in the order of escalation: whose turn it is, and who is next and when.
//!
//! Times are those of the RTO clock. Must not know who was reached: that stands in notes.

use crate::driver::handle::View;
use crate::engine::snapshot::ContactView;
use crate::model::text::width;
use crate::model::time::{clock_hms, human_ms};
use crate::tui::dialog::Row2;
use crate::tui::look;
use crate::tui::pen::{Segs, plain, quiet, seg, wrap};
use crate::tui::theme::Tone;

/// Cells before a value.
const LABEL: usize = 10;

/// The page, with the cursor on the contact `at`.
pub fn rows(view: &View, at: usize, cells: u16) -> Vec<Row2> {
    let mut rows = with_cursor(view, Some(at), cells);
    if !view.snapshot.contacts.is_empty() {
        rows.push(Row2::left(vec![quiet("y copies the number, o the mail address")]));
    }
    rows
}

/// The same where nothing can be picked.
pub fn all(view: &View, cells: u16) -> Vec<Row2> {
    with_cursor(view, None, cells)
}

fn with_cursor(view: &View, at: Option<usize>, cells: u16) -> Vec<Row2> {
    let contacts = &view.snapshot.contacts;
    if contacts.is_empty() {
        return vec![Row2::left(vec![quiet("the runbook names no contacts")])];
    }
    let cells = usize::from(cells).max(LABEL + 8);
    let mut rows = head(view, cells);
    for (ix, contact) in contacts.iter().enumerate() {
        rows.extend(one(view, contact, Some(ix) == at, cells));
    }
    rows
}

/// The rows of one contact, first and last, for keeping it on the screen.
pub fn place(view: &View, at: usize, cells: u16) -> (usize, usize) {
    let cells = usize::from(cells).max(LABEL + 8);
    let contacts = view.snapshot.contacts.iter();
    let before: usize = contacts.take(at).map(|contact| one(view, contact, false, cells).len()).sum();
    let own = view.snapshot.contacts.get(at).map_or(0, |contact| one(view, contact, true, cells).len());
    let top = head(view, cells).len() + before;
    (top, top + own)
}

fn used_ms(view: &View) -> u64 {
    look::clock(&view.snapshot).used_ms
}

/// Whose turn it is, and who is next; nothing where the runbook gives no times.
fn head(view: &View, cells: usize) -> Vec<Row2> {
    let used_ms = used_ms(view);
    let chain: Vec<(&ContactView, u64)> =
        view.snapshot.contacts.iter().filter_map(|contact| Some((contact, contact.due_ms?))).collect();
    if chain.len() < 2 {
        return Vec::new();
    }
    let mut lines = Vec::new();
    if let Some((now, since_ms)) = chain.iter().rev().find(|(_, due_ms)| *due_ms <= used_ms) {
        lines.push(("now", format!("{}, since {} on the RTO clock", now.name, clock_hms(*since_ms)), Tone::Strong));
    }
    lines.push(match chain.iter().find(|(_, due_ms)| *due_ms > used_ms) {
        Some((next, due_ms)) => {
            let (left, at) = (human_ms(due_ms - used_ms), clock_hms(*due_ms));
            ("next", format!("{} in {left}, at {at} on the RTO clock", next.name), Tone::Wait)
        }
        None => ("next", "nobody: everybody in the chain has had their turn".to_owned(), Tone::Plain),
    });
    let mut rows: Vec<Row2> =
        lines.into_iter().flat_map(|(name, text, tone)| labelled(name, &text, cells, tone)).collect();
    rows.push(Row2::default());
    rows
}

fn one(view: &View, contact: &ContactView, is_here: bool, cells: usize) -> Vec<Row2> {
    let (mark, tone) = if is_here { ("▶ ", Tone::Strong) } else { ("  ", Tone::Plain) };
    let role = contact.role.as_ref().map(|role| format!("  {role}")).unwrap_or_default();
    let left: Segs = vec![seg(mark, tone), seg(contact.name.clone(), Tone::Strong), quiet(role)];
    let used_ms = used_ms(view);
    let turn = match contact.due_ms {
        None => String::new(),
        Some(0) => "from the start".to_owned(),
        Some(due_ms) if due_ms <= used_ms => format!("since {}", clock_hms(due_ms)),
        Some(due_ms) => format!("in {}", human_ms(due_ms - used_ms)),
    };
    let needed: usize = left.iter().map(|(text, _)| width(text)).sum::<usize>() + 2 + width(&turn);
    let mut rows = if needed <= cells {
        vec![Row2 { left, right: vec![quiet(turn)] }]
    } else {
        vec![Row2::left(left), Row2::left(vec![quiet(format!("    {turn}"))])]
    };
    let next = contact.escalate_after_ms.map(|ms| format!("the next one is called after {}", human_ms(ms)));
    for (name, value) in
        [("phone", &contact.phone), ("email", &contact.email), ("note", &contact.note), ("then", &next)]
    {
        if let Some(value) = value {
            rows.extend(labelled(name, value, cells, Tone::Plain));
        }
    }
    rows.push(Row2::default());
    rows
}

fn labelled(name: &str, value: &str, cells: usize, tone: Tone) -> Vec<Row2> {
    let mut head = format!("    {name:<5} ");
    let mut rows = Vec::new();
    for piece in wrap(value, cells - LABEL) {
        rows.push(Row2::left(vec![quiet(std::mem::replace(&mut head, " ".repeat(LABEL))), seg(piece, tone)]));
    }
    if rows.is_empty() {
        rows.push(Row2::left(vec![quiet(head), plain("")]));
    }
    rows
}
