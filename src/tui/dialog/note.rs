//! The note dialog: a sentence for the journal, also about an earlier moment.

use super::field::Field;
use super::guard::Guard;
use super::{Button, Form, Kind, Row2};
use crate::engine::command::Command;
use crate::model::milestone::Milestone;
use crate::model::time::{parse_duration_ms, parse_rfc3339_ms};
use crate::tui::pen::{plain, quiet};

pub fn open(step: &str) -> Form {
    let fields = vec![
        Field::text("Note", 1, ""),
        Field::text("About", 0, "empty for now; -5m for five minutes ago, or a time in UTC"),
        Field::text("Moment", 0, "or: impact detected declared mitigated recovered closed"),
    ];
    let mut form = Form::new(Kind::Note, step, fields, Guard::open());
    form.focus = 1;
    form.enter_sends = true;
    form
}

/// The moment a note is about: `-5m`, or RFC 3339.
///
/// # Errors
/// What is wrong with the text, in words.
pub fn about_ms(text: &str, now_ms: i64) -> Result<Option<i64>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Some(ago) = text.strip_prefix('-') {
        let ago_ms = i64::try_from(parse_duration_ms(ago)?).map_err(|_| "too long ago".to_owned())?;
        return Ok(Some(now_ms.saturating_sub(ago_ms)));
    }
    let at_ms = parse_rfc3339_ms(text).map_err(|_| "write -5m, or a time like 2026-11-22T03:41:07Z".to_owned())?;
    if at_ms > now_ms { Err("that is in the future".to_owned()) } else { Ok(Some(at_ms)) }
}

/// The moment of the incident that it tells, if it is one.
fn milestone(text: &str) -> Result<Option<Milestone>, String> {
    let word = text.trim().to_lowercase();
    if word.is_empty() {
        return Ok(None);
    }
    Milestone::parse(&word).map(Some).ok_or_else(|| "is no moment".to_owned())
}

pub fn buttons(form: &Form) -> Vec<Button> {
    let mut locked = Vec::new();
    if !form.is_complete(0) {
        locked.push("1 note".to_owned());
    }
    if let Err(why) = about_ms(&form.text(1), i64::MAX) {
        locked.push(format!("2 {why}"));
    }
    if let Err(why) = milestone(&form.text(2)) {
        locked.push(format!("3 {why}"));
    }
    vec![Button::new('W', "Write the note", locked)]
}

pub fn command(form: &Form, now_ms: i64) -> Option<Command> {
    let about_ms = about_ms(&form.text(1), now_ms).ok()?;
    if let Some(milestone) = milestone(&form.text(2)).ok()? {
        return Some(Command::Milestone { milestone, about_ms, text: form.text(0) });
    }
    let step = (!form.step.is_empty()).then(|| form.step.clone());
    Some(Command::Note { text: form.text(0), about_ms, step })
}

pub fn intro(form: &Form) -> (String, Vec<Row2>) {
    let about = if form.step.is_empty() { "about the run".to_owned() } else { format!("about {}", form.step) };
    (
        "NOTE".to_owned(),
        vec![Row2 { left: vec![plain("Goes into the journal and the timeline.")], right: vec![quiet(about)] }],
    )
}

#[cfg(test)]
mod tests {
    use super::about_ms;

    #[test]
    fn a_note_may_be_about_an_earlier_moment() {
        assert_eq!(about_ms("", 1_000_000), Ok(None));
        assert_eq!(about_ms("-5m", 1_000_000), Ok(Some(700_000)));
        assert_eq!(about_ms("1970-01-01T00:00:01Z", 1_000_000), Ok(Some(1_000)));
        assert!(about_ms("1990-01-01T00:00:01Z", 1_000_000).is_err());
        assert!(about_ms("-5", 1_000_000).is_err());
        assert!(about_ms("soon", 1_000_000).is_err());
    }
}
