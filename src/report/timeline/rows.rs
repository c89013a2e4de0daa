//! The rows of a long journal in the order in which things happened, with almost none of them held.
//!
//! Records are written in the order of time, but for notes about something earlier and for a clock
//! that was set back. A first pass keeps the few that came late; a second lets the rest go by and
//! puts those in at their places.

use super::document::Entry;
use super::gather::Gathered;
use crate::model::event::Stamped;

/// The first pass: which rows stand elsewhere than where they were written.
#[derive(Debug, Default)]
pub struct Late {
    rows: Vec<Entry>,
    newest_ms: Option<i64>,
}

impl Late {
    pub fn take(&mut self, row: Entry) {
        if is_in_place(&mut self.newest_ms, &row) {
            return;
        }
        self.rows.push(row);
    }

    /// The second pass, over the same records.
    #[must_use]
    pub fn among<I: Iterator<Item = Stamped>>(mut self, records: I) -> InOrder<I> {
        self.rows.sort_by_key(Entry::place);
        let late = self.rows.into_iter().peekable();
        InOrder { records, late, next: None, newest_ms: None }
    }
}

/// Rows in the order in which things happened.
pub struct InOrder<I> {
    records: I,
    late: std::iter::Peekable<std::vec::IntoIter<Entry>>,
    next: Option<Entry>,
    newest_ms: Option<i64>,
}

impl<I: Iterator<Item = Stamped>> Iterator for InOrder<I> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        while self.next.is_none() {
            let Some(stamped) = self.records.next() else { break };
            self.next = Gathered::row(&stamped).filter(|row| is_in_place(&mut self.newest_ms, row));
        }
        match (&self.next, self.late.peek()) {
            (Some(next), Some(late)) if late.place() < next.place() => self.late.next(),
            (None, _) => self.late.next(),
            (Some(_), _) => self.next.take(),
        }
    }
}

fn is_in_place(newest_ms: &mut Option<i64>, row: &Entry) -> bool {
    let in_place = newest_ms.is_none_or(|newest_ms| row.at_ms >= newest_ms);
    if in_place {
        *newest_ms = Some(row.at_ms);
    }
    in_place
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::event::Event;

    proptest! {
        /// Two passes give what sorting gives, however notes are dated and clocks are set.
        #[test]
        fn the_order_is_that_of_a_sort(times in prop::collection::vec((0_i64..50, prop::option::of(0_i64..50)), 0..40)) {
            let records: Vec<Stamped> = (1..)
                .zip(times)
                .map(|(seq, (at_ms, about_ms))| {
                    let event = if about_ms == Some(7) {
                        Event::StepReady { step: "x".to_owned(), attempt: 1 }
                    } else {
                        Event::NoteAdded { by: "a".to_owned(), text: "t".to_owned(), about_ms, step: None }
                    };
                    Stamped { seq, epoch: 1, at_ms, who: "a".to_owned(), event }
                })
                .collect();
            let mut sorted: Vec<Entry> = records.iter().filter_map(Gathered::row).collect();
            sorted.sort_by_key(Entry::place);
            let mut late = Late::default();
            records.iter().filter_map(Gathered::row).for_each(|row| late.take(row));
            let streamed: Vec<Entry> = late.among(records.into_iter()).collect();
            prop_assert_eq!(streamed, sorted);
        }
    }
}
