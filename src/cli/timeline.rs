//! `timeline`: a run's story as a document.

use super::args::{Timeline, TimelineFormat};
use super::exit::{CliError, Outcome};
use super::kept;
use super::out;
use super::settings::Settings;
use crate::report::timeline::{Document, csv, json, markdown};

pub fn timeline(settings: &Settings, wanted: &Timeline) -> Outcome {
    let kept = kept::open(settings, &wanted.run)?;
    let snapshot = kept.snapshot();
    let document = Document::of(&kept.records, &snapshot, &kept.summary(&snapshot));
    let format = if settings.json { TimelineFormat::Json } else { wanted.format };
    let text = match format {
        TimelineFormat::Md => markdown::render(&document),
        TimelineFormat::Json => json::render(&document),
        TimelineFormat::Csv => csv::render(&document),
    };
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
