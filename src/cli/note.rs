//! `note`: a word into a run's journal, also back-dated; both times are kept.

use super::args::Note;
use super::doctor::now_ms;
use super::exit::{CliError, Exit, Outcome};
use super::kept;
use super::runs;
use super::secrets;
use super::settings::Settings;
use crate::engine::ports::Journal as _;
use crate::journal::{Clocks, FileJournal, JournalOpenError};
use crate::model::event::{Event, Stamped};
use crate::model::time::{parse_duration_ms, parse_rfc3339_ms};
use crate::report::{actions, fold};
use crate::source;

/// Longer than this is a document and belongs elsewhere.
const MAX_NOTE_CHARS: usize = 4_000;

pub fn note(settings: &Settings, wanted: &Note) -> Outcome {
    let entry = runs::find(settings, &wanted.run)?;
    let text = wanted.action.as_deref().or(wanted.text.as_deref()).unwrap_or_default().trim();
    let may_be_empty = wanted.milestone.is_some() || wanted.done.is_some();
    if (text.is_empty() && !may_be_empty) || text.chars().count() > MAX_NOTE_CHARS {
        return Err(CliError::usage(format!("a note has 1 to {MAX_NOTE_CHARS} characters")));
    }
    let by = settings.operator();
    // A note is written with the clock of the run: of a drill, where it stands.
    let before = crate::journal::header(&entry.dir).map_err(|error| CliError::failed(error.to_string()))?;
    let clocks = super::session::clocks_of(before.as_ref());
    let (mut journal, records) = FileJournal::open(&entry.dir, &by, clocks).map_err(not_opened)?;
    let header = fold::header(&records).map_err(|error| kept::not_replayed(&error))?;
    // Whoever writes into a journal hides what it may not hold.
    if let Some(runbook) = source::load(header.0.files.clone()).runbook {
        drop(secrets::at_hand_for(&runbook.secrets));
    }
    let last_ms = records.last().map_or(0, |record| record.at_ms);
    let at_ms = match clocks {
        Clocks::Virtual => last_ms,
        Clocks::Real => now_ms().max(last_ms),
    };
    let about_ms = wanted.at.as_deref().map(|at| moment(at, at_ms)).transpose()?;
    let added = event(wanted, &records, (by, text), about_ms)?;
    let what = said(&added);
    let stamped = journal.append(at_ms, added).and_then(|stamped| journal.sync().map(|()| stamped));
    let stamped = stamped.map_err(|error| CliError::failed(error.to_string()))?;
    settings.out.say(&format!("{what} in run {}, record {}", entry.id, stamped.seq));
    Ok(Exit::Done)
}

/// What goes into the journal.
fn event(wanted: &Note, records: &[Stamped], said: (String, &str), about_ms: Option<i64>) -> Result<Event, CliError> {
    let (by, text) = (said.0, said.1.to_owned());
    if let Some(milestone) = wanted.milestone {
        let text = Some(text).filter(|text| !text.is_empty());
        return Ok(Event::MilestoneReached { milestone, by, about_ms, step: None, text });
    }
    let items = actions::of(records);
    if wanted.action.is_some() {
        let item = u32::try_from(items.len()).unwrap_or(u32::MAX).saturating_add(1);
        return Ok(Event::ActionItemAdded { item, by, text, owner: wanted.owner.clone() });
    }
    let Some(item) = wanted.done else { return Ok(Event::NoteAdded { by, text, about_ms, step: None }) };
    match items.iter().find(|one| one.item == item) {
        None => Err(CliError::usage(format!("the run has no action item {item}"))
            .hint("lifeboat report lists the open ones, as RUN/N")),
        Some(one) if one.done.is_some() => Err(CliError::usage(format!("action item {item} is done already"))),
        Some(_) => Ok(Event::ActionItemDone { item, by, text }),
    }
}

/// What was done, for the person who asked.
fn said(event: &Event) -> String {
    match event {
        Event::MilestoneReached { milestone, .. } => format!("milestone {} noted", milestone.word()),
        Event::ActionItemAdded { item, .. } => format!("action item {item} added"),
        Event::ActionItemDone { item, .. } => format!("action item {item} closed"),
        _ => "noted".to_owned(),
    }
}

/// Why a run's journal could not be taken, and what to do.
#[must_use]
pub fn not_opened(error: JournalOpenError) -> CliError {
    match error {
        JournalOpenError::Locked { .. } => CliError::new(Exit::Locked, error.to_string())
            .hint("in its screen, n adds a note and q leaves the run so that it can be resumed here"),
        JournalOpenError::Damaged(damage) => kept::damaged(&damage),
        JournalOpenError::NotFound(_) | JournalOpenError::Io(_) => CliError::failed(error.to_string()),
    }
}

/// `-5m` before now, or an instant.
fn moment(text: &str, now_ms: i64) -> Result<i64, CliError> {
    let wrong = |why: String| CliError::usage(why).hint("write --at -5m, or --at 2026-11-22T03:41:07Z");
    let at_ms = match text.strip_prefix('-') {
        Some(ago) => now_ms - i64::try_from(parse_duration_ms(ago).map_err(wrong)?).unwrap_or(i64::MAX / 2),
        None => parse_rfc3339_ms(text).map_err(wrong)?,
    };
    if at_ms > now_ms {
        return Err(wrong(format!("`{text}` has not happened yet")));
    }
    Ok(at_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_may_be_about_the_past_only() {
        assert_eq!(moment("-5m", 1_000_000).unwrap(), 700_000);
        assert_eq!(moment("1970-01-01T00:00:01Z", 1_000_000).unwrap(), 1_000);
        assert!(moment("2970-01-01T00:00:01Z", 1_000_000).is_err());
        assert!(moment("-5", 1_000_000).unwrap_err().message.contains("no unit"));
        assert!(moment("5m", 1_000_000).is_err());
    }
}
