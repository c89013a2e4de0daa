//! `timeline`: a run's story as a document.
//!
//! The journal is read twice, and never held: once for the state that it ends in, once for its rows.

use std::fs::File;
use std::io::{self, BufWriter};

use super::args::{Timeline, TimelineFormat};
use super::exit::{CliError, Exit, Outcome};
use super::postmortem;
use super::settings::Settings;
use super::{kept, out, runs};
use crate::journal::{self, Record};
use crate::report::timeline::rows::Late;
use crate::report::timeline::{self, Document, Format, Gathered, Options, Zone};

pub fn timeline(settings: &Settings, wanted: &Timeline) -> Outcome {
    let options = Options { zone: wanted.zone.as_deref().map(zone).transpose()? };
    if let Some(template) = &wanted.template {
        let kept = kept::open(settings, &wanted.run)?;
        let snapshot = kept.snapshot();
        let document = Document::of(&kept.records, &snapshot, &kept.summary(&snapshot));
        return postmortem::write(settings, wanted, (template, &kept, &document));
    }
    let format = if settings.json { Format::Json } else { format(wanted.format) };
    let entry = runs::find(settings, &wanted.run)?;
    let (mut gathered, mut late) = (Gathered::default(), Late::default());
    let kept = kept::passed(&entry, |stamped| {
        if let Some(row) = gathered.take(&stamped) {
            late.take(row);
        }
    })?;
    let snapshot = kept.snapshot();
    let document = gathered.document(&snapshot, &kept.summary(&snapshot));
    // What is written meanwhile belongs to the next timeline.
    let count = usize::try_from(kept.facts.records).unwrap_or(usize::MAX);
    let again = journal::pass(&entry.dir).map_err(|error| CliError::failed(error.to_string()))?;
    let mut rows = late.among(again.take(count).map(Record::into_stamped));
    let mut write = |sink: &mut dyn io::Write| {
        timeline::write(format, &document, &mut rows, &options, sink).and_then(|()| sink.flush())
    };
    match &wanted.output {
        None => write(&mut out::Stream::default()).map_err(|error| out::unwritten(&error))?,
        Some(path) => {
            File::create(path)
                .and_then(|file| write(&mut BufWriter::new(file)))
                .map_err(|error| CliError::failed(format!("failed to write `{}`: {error}", path.display())))?;
            settings.out.say(&format!("written to {}", path.display()));
        }
    }
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
        TimelineFormat::Otlp => Format::Otlp,
        TimelineFormat::Slack => Format::Slack,
    }
}
