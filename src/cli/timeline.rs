//! `timeline`: a run's story as a document.

use super::args::{Timeline, TimelineFormat};
use super::exit::{CliError, Exit, Outcome};
use super::kept;
use super::out;
use super::postmortem;
use super::settings::Settings;
use crate::report::timeline::{self, Document, Format, Options, Zone};

pub fn timeline(settings: &Settings, wanted: &Timeline) -> Outcome {
    let options = Options { zone: wanted.zone.as_deref().map(zone).transpose()? };
    let kept = kept::open(settings, &wanted.run)?;
    let snapshot = kept.snapshot();
    let document = Document::of(&kept.records, &snapshot, &kept.summary(&snapshot));
    if let Some(template) = &wanted.template {
        return postmortem::write(settings, wanted, (template, &kept, &document));
    }
    let format = if settings.json { Format::Json } else { format(wanted.format) };
    let text = timeline::render(format, &document, &options);
    put(settings, wanted, &text)?;
    kept.verdict()
}

/// To where it is wanted.
pub fn put(settings: &Settings, wanted: &Timeline, text: &str) -> Result<(), CliError> {
    let Some(path) = &wanted.output else { return out::document(text) };
    std::fs::write(path, text)
        .map_err(|error| CliError::failed(format!("failed to write `{}`: {error}", path.display())))?;
    settings.out.say(&format!("written to {}", path.display()));
    Ok(())
}

fn zone(name: &str) -> Result<Zone, CliError> {
    Zone::named(name).map_err(|error| {
        CliError::new(Exit::Usage, error).hint("a name of the IANA database, like Europe/Berlin or America/New_York")
    })
}

const fn format(wanted: TimelineFormat) -> Format {
    match wanted {
        TimelineFormat::Md => Format::Markdown,
        TimelineFormat::Html => Format::Html,
        TimelineFormat::Json => Format::Json,
        TimelineFormat::Jsonl => Format::Jsonl,
        TimelineFormat::Csv => Format::Csv,
        TimelineFormat::Slack => Format::Slack,
    }
}
