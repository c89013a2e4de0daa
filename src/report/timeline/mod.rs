//! The timeline: what happened, when (UTC), who; against which objectives; and the proof.
//!
//! [`Document`] is pure data, made safe to show; each renderer turns it into one format and says
//! DRILL or REAL first. The rows go by one at a time, so that a long journal need not be held: a
//! document may come without them, and [`write()`] takes them from elsewhere ([`rows::InOrder`]).

pub mod chart;
pub mod csv;
pub mod deviations;
pub mod document;
mod figures;
mod gather;
pub mod html;
pub mod json;
pub mod markdown;
pub mod options;
pub mod otlp;
pub mod rows;
pub mod slack;

use std::io;

pub use document::{Document, Entry};
pub use gather::Gathered;
pub use options::{Options, Zone};

/// The formats of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Markdown,
    Html,
    Json,
    Jsonl,
    Csv,
    Otlp,
    Slack,
}

impl Format {
    pub const ALL: [Self; 7] =
        [Self::Markdown, Self::Html, Self::Json, Self::Jsonl, Self::Csv, Self::Otlp, Self::Slack];

    /// The end of a file's name, as people give it.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Html => "html",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Otlp => "otlp.json",
            Self::Slack => "slack.json",
        }
    }
}

/// A whole timeline as text.
#[must_use]
pub fn render(format: Format, document: &Document, options: &Options) -> String {
    let mut out = Vec::new();
    // Writing to memory cannot fail.
    let _ = write(format, document, &mut document.rows.iter().cloned(), options, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// Writes a timeline; its rows come from `rows`, in the order in which things happened.
///
/// # Errors
/// When `out` fails.
pub fn write(
    format: Format,
    document: &Document,
    rows: &mut dyn Iterator<Item = Entry>,
    options: &Options,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match format {
        Format::Markdown => markdown::write(document, rows, options, out),
        Format::Html => html::write(document, rows, options, out),
        Format::Json => json::write(document, rows, options, out),
        Format::Jsonl => json::write_lines(document, rows, options, out),
        Format::Csv => csv::write(document, rows, options, out),
        Format::Otlp => otlp::write(document, rows, options, out),
        Format::Slack => slack::write(document, rows, options, out),
    }
}
