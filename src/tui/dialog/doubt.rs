//! The decision about a change in doubt: record as done, record as not done, send again; or look once
//! more. Each decision has a reason and a code; where nothing guards a second send, the step is typed.
//!
//! Must not know how the probe looks; it shows what the probe said. The facts in full are a page of
//! their own (`view::doubt`).

use super::field::{Field, Whose};
use super::guard::Guard;
use super::{Button, Form, Kind, Row2, code_of};
use crate::driver::handle::View;
use crate::engine::command::{Command, Typed};
use crate::engine::snapshot::{Allowed, UnknownView};
use crate::model::event::UnknownDecision;
use crate::model::time::{clock_ms, elapsed_ms, hms_utc};
use crate::tui::look;
use crate::tui::pen::{plain, quiet, seg};
use crate::tui::theme::Tone;

const DONE: char = 'D';
const NOT_DONE: char = 'N';
const AGAIN: char = 'S';
const PROBE: char = 'P';

pub fn open(view: &View, key: &str, now_ms: u64) -> Option<Form> {
    let step = look::step(view, key)?;
    let unknown = step.unknown.as_ref().filter(|_| step.allowed.contains(&Allowed::ResolveUnknown))?;
    let mut fields = vec![Field::text("Reason", 3, "for the journal: how do you know?")];
    fields.extend(unknown.type_text.as_deref().map(Field::name));
    fields.extend(unknown.mfa.as_ref().map(|mfa| Field::code(Whose::Person(mfa.person.clone()))));
    Some(Form::new(Kind::Doubt, key, fields, Guard::new(now_ms)))
}

pub fn seal(view: &View, key: &str) -> Option<String> {
    let step = look::step(view, key)?;
    let unknown = step.unknown.as_ref().filter(|_| step.allowed.contains(&Allowed::ResolveUnknown))?;
    Some(format!("{} {} {:?}", step.attempt, unknown.sent_ms, unknown.verification))
}

pub fn buttons(form: &Form, view: &View) -> Vec<Button> {
    let Some(step) = look::step(view, &form.step) else { return Vec::new() };
    let Some(unknown) = &step.unknown else { return Vec::new() };
    let mut locked = Vec::new();
    for (ix, field) in form.fields.iter().enumerate() {
        if !field.is_complete() {
            let what = match field {
                Field::Code { .. } => "code",
                Field::Name { .. } => "name",
                Field::Text { .. } | Field::Choice { .. } => "reason",
            };
            locked.push(format!("{} {what}", ix + 1));
        }
    }
    // What was sent may still take effect: till then only "done" can be known.
    let mut early = locked.clone();
    early.extend(unsettled_ms(unknown, view.snapshot.now_ms).map(|ms| format!("may take effect, {}", clock_ms(ms))));
    let mut all = Vec::new();
    if unknown.probe.is_some() && unknown.verification.is_none() {
        let looking = unknown.probing && unknown.next_ms.is_none();
        let probe_locked = if looking { vec!["looking already".to_owned()] } else { Vec::new() };
        all.push(Button::new(PROBE, "Probe again", probe_locked));
    }
    all.push(Button::new(DONE, "Record as done", locked));
    all.push(Button::new(NOT_DONE, "Record as not done", early.clone()));
    all.push(Button::new(AGAIN, "Send again", early));
    all
}

/// How long "not done" does not count yet.
pub fn unsettled_ms(unknown: &UnknownView, now_ms: i64) -> Option<u64> {
    let left_ms = elapsed_ms(now_ms, unknown.settled_from_ms);
    (left_ms > 0 && unknown.verification.is_none()).then_some(left_ms)
}

pub fn command(form: &Form, key: char) -> Option<Command> {
    let step = form.step.clone();
    let decision = match key {
        PROBE => return Some(Command::ProbeAgain { step }),
        DONE => UnknownDecision::RecordDone,
        NOT_DONE => UnknownDecision::RecordNotDone,
        AGAIN => UnknownDecision::SendAgain,
        _ => return None,
    };
    let typed = form.fields.iter().find_map(|field| match field {
        Field::Name { have, .. } => Some(Typed::new(have.as_str())),
        Field::Code { .. } | Field::Text { .. } | Field::Choice { .. } => None,
    });
    let code = form.fields.len().checked_sub(1).and_then(|last| code_of(form, last));
    Some(Command::ResolveUnknown { step, decision, reason: form.text(0), typed, code })
}

pub fn intro(form: &Form, view: &View) -> (String, Vec<Row2>) {
    let Some(step) = look::step(view, &form.step) else { return (String::new(), Vec::new()) };
    let Some(unknown) = &step.unknown else { return (String::new(), Vec::new()) };
    let ago = clock_ms(elapsed_ms(unknown.sent_ms, view.snapshot.now_ms));
    let place = if unknown.region.is_empty() { String::new() } else { format!("  in {}", unknown.region) };
    let mut rows = vec![Row2 {
        left: vec![quiet("Asked   "), seg(look::api_name(&unknown.action), Tone::Strong), plain(place)],
        right: vec![quiet(format!("sent {}, {ago} ago", hms_utc(unknown.sent_ms)))],
    }];
    let (word, tone) = probe_word(unknown);
    let mut probe = vec![quiet("Probe   "), seg(word, tone)];
    probe.extend(unknown.detail.as_ref().map(|detail| plain(format!("  {detail}"))));
    rows.push(Row2::left(probe));
    match &unknown.verification {
        Some(why) => {
            rows.push(Row2::left(vec![quiet("Check   "), seg(why.clone(), Tone::Bad)]));
            rows.push(Row2::left(vec![plain("Done: it is passed over, the other verifications are asked.")]));
        }
        None => rows.push(Row2::left(vec![plain(
            "Done: its verification still runs. Not done: the step has failed. Send again: a new attempt, \
             through its checks and its gate.",
        )])),
    }
    (format!("IN DOUBT {}", step.id), rows)
}

/// What the probe says, in a word.
pub fn probe_word(unknown: &UnknownView) -> (&'static str, Tone) {
    match unknown.answer {
        _ if unknown.probe.is_none() => ("nothing can be looked at", Tone::Strong),
        None if unknown.probing => ("looking now", Tone::Busy),
        None => ("no answer yet", Tone::Plain),
        Some(answer) => (answer.word(), Tone::Strong),
    }
}
