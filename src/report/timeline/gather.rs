//! What a timeline takes out of each record as it goes by, so that no record need be kept.
//!
//! Must not know: formats, files, and the state of the run, which the engine tells better.

use std::collections::HashMap;

use super::deviations::Deviations;
use super::document::{Entry, Note};
use crate::model::Value;
use crate::model::event::{Event, Purpose, RunHeader, Stamped, TargetIdentity, Ticket};
use crate::model::outcome::CloudError;
use crate::model::plan::Intent;
use crate::model::text::safe;
use crate::report::row::{RowKind, row_with};
use crate::report::words::{Words, words};

/// The sum of the records so far.
#[derive(Debug, Default)]
pub struct Gathered {
    pub(super) head: Option<Head>,
    pub(super) deviations: Deviations,
    pub(super) notes: Vec<Note>,
    pub(super) left_out: u64,
    pub(super) marks: HashMap<String, Mark>,
}

/// Of line 1.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub intent: Intent,
    pub version: String,
    pub binary: String,
    pub inputs: Vec<(String, String)>,
    pub identities: Vec<TargetIdentity>,
    pub surprise: bool,
}

/// Of one step.
#[derive(Debug, Default)]
pub(super) struct Mark {
    /// The first and the last record about it.
    pub records: Option<(u64, u64)>,
    pub calls: Vec<Sent>,
}

/// A call that may change something, and its answer.
#[derive(Debug)]
pub(super) struct Sent {
    pub attempt: u32,
    pub purpose: Purpose,
    pub action: String,
    pub region: Option<String>,
    pub account: Option<String>,
    pub seq: u64,
    pub at_ms: i64,
    pub answer: Option<Answer>,
}

#[derive(Debug)]
pub(super) struct Answer {
    pub seq: u64,
    pub at_ms: i64,
    pub outcome: &'static str,
    pub request_id: Option<String>,
    pub error: Option<String>,
}

impl Gathered {
    /// Takes the next record in and gives its row back; details have none.
    pub fn take(&mut self, stamped: &Stamped) -> Option<Entry> {
        if let (Event::RunStarted(header), None) = (&stamped.event, &self.head) {
            self.head = Some(Head::of(header));
        }
        if let Some(step) = stamped.event.step() {
            self.mark(step, stamped);
        }
        let words = words(stamped);
        self.deviations.take(stamped, &words);
        self.notes.extend(note(stamped));
        let entry = (words.kind != RowKind::Detail).then(|| entry(stamped, &words));
        self.left_out += u64::from(entry.is_none());
        entry
    }

    /// The row of a record alone.
    #[must_use]
    pub fn row(stamped: &Stamped) -> Option<Entry> {
        let words = words(stamped);
        (words.kind != RowKind::Detail).then(|| entry(stamped, &words))
    }

    fn mark(&mut self, step: &str, stamped: &Stamped) {
        if !self.marks.contains_key(step) {
            self.marks.insert(step.to_owned(), Mark::default());
        }
        let Some(mark) = self.marks.get_mut(step) else { return };
        let first = mark.records.map_or(stamped.seq, |(first, _)| first);
        mark.records = Some((first, stamped.seq));
        let mut answered = |ticket: &Ticket, outcome, request_id: Option<&String>, error: Option<&CloudError>| {
            let open = |sent: &&mut Sent| {
                (sent.attempt, sent.purpose, true) == (ticket.attempt, ticket.purpose, sent.answer.is_none())
            };
            if let Some(sent) = mark.calls.iter_mut().rev().find(open) {
                let request_id = request_id.or_else(|| error.and_then(|error| error.request_id.as_ref()));
                sent.answer = Some(Answer {
                    seq: stamped.seq,
                    at_ms: stamped.at_ms,
                    outcome,
                    request_id: request_id.map(|id| safe(id)),
                    error: error.map(|error| safe(&error.to_string())),
                });
            }
        };
        match &stamped.event {
            Event::ActionSucceeded { ticket, request_id, .. } => {
                answered(ticket, "succeeded", request_id.as_ref(), None);
            }
            Event::ActionRefused { ticket, error } => answered(ticket, "refused", None, Some(error)),
            Event::ActionUnknown { ticket, error } => answered(ticket, "unknown", None, Some(error)),
            Event::ActionRequested { ticket, action, target, .. } => mark.calls.push(Sent {
                attempt: ticket.attempt,
                purpose: ticket.purpose,
                action: safe(action),
                region: member(target, "region"),
                account: member(target, "account"),
                seq: stamped.seq,
                at_ms: stamped.at_ms,
                answer: None,
            }),
            _ => {}
        }
    }
}

impl Head {
    fn of(header: &RunHeader) -> Self {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let shown = |one: &TargetIdentity| TargetIdentity {
            target: safe(&one.target),
            account: safe(&one.account),
            arn: safe(&one.arn),
            region: one.region.as_deref().map(safe),
        };
        Self {
            intent: header.intent,
            version: safe(&format!("lifeboat {}", header.version)),
            binary: safe(&header.binary),
            inputs: header.inputs.iter().map(|(key, value)| (safe(key), safe(&text(value)))).collect(),
            identities: header.identities.iter().map(shown).collect(),
            surprise: header.drill.as_ref().is_some_and(|drill| drill.surprise),
        }
    }
}

fn member(target: &Value, name: &str) -> Option<String> {
    target.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(safe)
}

fn entry(stamped: &Stamped, words: &Words) -> Entry {
    let row = row_with(stamped, words);
    Entry {
        seq: row.seq,
        at_ms: words.about_ms.unwrap_or(row.at_ms),
        at_local: None,
        recorded_ms: words.about_ms.map(|_| row.at_ms),
        who: words.by.as_deref().map(safe),
        step: row.step,
        subject: row.subject,
        kind: row.kind,
        text: row.text,
    }
}

fn note(stamped: &Stamped) -> Option<Note> {
    let Event::NoteAdded { by, text, about_ms, step } = &stamped.event else { return None };
    Some(Note {
        seq: stamped.seq,
        about_ms: about_ms.unwrap_or(stamped.at_ms),
        recorded_ms: stamped.at_ms,
        by: safe(by),
        step: step.as_deref().map(safe),
        text: safe(text),
    })
}
