//! Action items of a run: what is to be done afterwards, and what became of it.

use serde::Serialize;

use crate::model::event::{Event, Stamped};
use crate::model::text::safe;
use crate::model::time::rfc3339;

/// One item; its number counts from 1 in its run. Safe to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActionItem {
    pub item: u32,
    pub text: String,
    pub owner: Option<String>,
    pub by: String,
    pub added_at: String,
    pub done: Option<Done>,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Done {
    pub at: String,
    pub by: String,
    pub text: String,
}

/// The items of a run, in the order in which they were added.
#[must_use]
pub fn of(records: &[Stamped]) -> Vec<ActionItem> {
    let mut items: Vec<ActionItem> = Vec::new();
    for stamped in records {
        match &stamped.event {
            Event::ActionItemAdded { item, by, text, owner } => items.push(ActionItem {
                item: *item,
                text: safe(text),
                owner: owner.as_deref().map(safe),
                by: safe(by),
                added_at: rfc3339(stamped.at_ms),
                done: None,
            }),
            Event::ActionItemDone { item, by, text } => {
                if let Some(open) = items.iter_mut().find(|one| one.item == *item && one.done.is_none()) {
                    open.done = Some(Done { at: rfc3339(stamped.at_ms), by: safe(by), text: safe(text) });
                }
            }
            _ => {}
        }
    }
    items
}
