//! `timeline`: a run's story as a document.

use super::args::{Timeline, TimelineFormat};
use super::exit::{CliError, Exit, Outcome};
use super::kept;
use super::out;
use super::settings::Settings;
use crate::report::timeline::{self, Document, Format, Options, Zone};

pub fn timeline(settings: &Settings, wanted: &Timeline) -> Outcome {
    let options = Options { zone: wanted.zone.as_deref().map(zone).transpose()? };
    let kept = kept::open(settings, &wanted.run)?;
    let snapshot = kept.snapshot();
    let document = Document::of(&kept.records, &snapshot, &kept.summary(&snapshot));
    let format = if settings.json { Format::Json } else { format(wanted.format) };
    let text = timeline::render(format, &document, &options);
    match &wanted.output {
        None => out::document(&text)?,
        Some(path) => {
            std::fs::write(path, &text)
                .map_err(|error| CliError::failed(format!("failed to write `{}`: {error}", path.display())))?;
            settings.out.say(&format!("written to {}", path.display()));
        }
    }
    kept.verdict()
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
