//! The in-doubt dialog: a change was sent and its answer is lost. Never sent again from here.
//!
//! Must not know how the probe looks; it shows what the probe said.

use super::field::{Field, Whose};
use super::guard::Guard;
use super::{Button, Form, Kind, Row2, code_of, gate};
use crate::driver::handle::View;
use crate::engine::command::Command;
use crate::engine::snapshot::Allowed;
use crate::model::event::UnknownDecision;
use crate::model::text::fit_middle;
use crate::model::time::{clock_ms, elapsed_ms, hms_utc};
use crate::tui::look;
use crate::tui::pen::{plain, quiet, seg};
use crate::tui::theme::Tone;

const DONE: char = 'D';
const NOT_DONE: char = 'N';
const PROBE: char = 'P';

pub fn open(view: &View, key: &str, now_ms: u64) -> Option<Form> {
    let unknown = look::step(view, key)?.unknown.as_ref()?;
    let mut fields = vec![Field::text("Reason", 3, "for the journal: how do you know?")];
    fields.extend(unknown.mfa.as_ref().map(|mfa| Field::code(Whose::Person(mfa.person.clone()))));
    Some(Form::new(Kind::Doubt, key, fields, Guard::new(now_ms)))
}

pub fn seal(view: &View, key: &str) -> Option<String> {
    let step = look::step(view, key)?;
    step.unknown.as_ref().map(|unknown| format!("{} {}", step.attempt, unknown.sent_ms))
}

pub fn buttons(form: &Form, view: &View) -> Vec<Button> {
    let Some(step) = look::step(view, &form.step) else { return Vec::new() };
    let mut locked = Vec::new();
    for (ix, field) in form.fields.iter().enumerate() {
        if !field.is_complete() {
            let what = if matches!(field, Field::Code { .. }) { "code" } else { "reason" };
            locked.push(format!("{} {what}", ix + 1));
        }
    }
    if !step.allowed.contains(&Allowed::ResolveUnknown) {
        locked.push("the probe is still looking".to_owned());
    }
    let probing = step.unknown.as_ref().is_some_and(|unknown| unknown.probing);
    let probe_locked = if probing { vec!["looking already".to_owned()] } else { Vec::new() };
    vec![
        Button::new(PROBE, "Probe again", probe_locked),
        Button::new(DONE, "Record as done", locked.clone()),
        Button::new(NOT_DONE, "Record as not done", locked),
    ]
}

pub fn command(form: &Form, key: char) -> Option<Command> {
    let step = form.step.clone();
    let decision = match key {
        PROBE => return Some(Command::ProbeAgain { step }),
        DONE => UnknownDecision::RecordDone,
        NOT_DONE => UnknownDecision::RecordNotDone,
        _ => return None,
    };
    Some(Command::ResolveUnknown { step, decision, reason: form.text(0), code: code_of(form, 1) })
}

pub fn intro(form: &Form, view: &View) -> (String, Vec<Row2>) {
    let Some(step) = look::step(view, &form.step) else { return (String::new(), Vec::new()) };
    let Some(unknown) = &step.unknown else { return (String::new(), Vec::new()) };
    let ago = clock_ms(elapsed_ms(unknown.sent_ms, view.snapshot.now_ms));
    let mut rows = vec![
        Row2::left(vec![plain("Sent, and the answer was lost: it may have happened or not. It is not sent again.")]),
        Row2 {
            left: vec![
                quiet("Asked   "),
                seg(look::api_name(&step.action), Tone::Strong),
                plain(format!("  in {}", step.region)),
            ],
            right: vec![quiet(format!("sent {}, {ago} ago", hms_utc(unknown.sent_ms)))],
        },
    ];
    for (name, value) in step.request.iter().take(3) {
        rows.push(Row2::left(vec![
            quiet(format!("          {name}  ")),
            plain(fit_middle(value, gate::value_cells(name).saturating_sub(8))),
        ]));
    }
    rows.push(Row2::left(vec![quiet("Error   "), plain(unknown.error.clone())]));
    let (word, tone) = match unknown.answer {
        None if unknown.probing => ("looking now", Tone::Busy),
        None => ("no answer yet", Tone::Plain),
        Some(answer) => (answer.word(), Tone::Strong),
    };
    let mut probe = vec![quiet("Probe   "), seg(word, tone)];
    probe.extend(unknown.detail.as_ref().map(|detail| plain(format!("  {detail}"))));
    rows.push(Row2::left(probe));
    (format!("IN DOUBT {}", step.id), rows)
}
