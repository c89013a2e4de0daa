//! The timeline as blocks of Slack's Block Kit, to be posted by a webhook or pasted into its builder.
//!
//! Text stands in `plain_text` and `rich_text` elements, in which nothing is markup: no mention, link or
//! command can come out of a title. Slack takes 50 blocks, 3,000 characters in a block, 150 in a
//! header, and refuses messages far above 12,000 in all: what does not fit is counted, and the
//! command that shows it is named.

use std::io;

use serde_json::{Value, json};

use super::document::Deviation;
use super::figures::{self, Figure};
use super::{Document, Entry, Format, Options};
use crate::model::text::fit;
use crate::model::time::{clock_hms, rfc3339};
use crate::report::row::RowKind;

const HEADER_CHARS: usize = 150;
const BLOCK_CHARS: usize = 2_800;
/// For rows and deviations together, what stands around them left out.
const ROWS_CHARS: usize = 9_000;
const DEVIATIONS_CHARS: usize = 3_000;
/// One row is never longer.
const ROW_CELLS: usize = 300;

/// Renders a timeline.
#[must_use]
pub fn render(document: &Document, options: &Options) -> String {
    super::render(Format::Slack, document, options)
}

/// Writes a timeline, with these rows or as many of them as fit.
///
/// # Errors
/// When `out` fails.
pub fn write(
    document: &Document,
    rows: &mut dyn Iterator<Item = Entry>,
    options: &Options,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let title = format!("{}: {}", document.banner, document.title);
    let mut blocks = vec![
        json!({"type": "header", "text": plain(&cut(&title, HEADER_CHARS))}),
        rich(&summary(document, options)),
        json!({"type": "divider"}),
    ];
    if !document.deviations.is_empty() {
        let deviations = document.deviations.iter().map(|one| deviation(one, options));
        blocks.extend(listed("Deviations", Fitting::of(deviations, DEVIATIONS_CHARS), document));
    }
    blocks.extend(listed("Timeline (UTC)", fitting_rows(rows, options), document));
    blocks.push(json!({"type": "divider"}));
    let evidence = figures::evidence(document).into_iter().map(|(name, value)| format!("{name}: {value}"));
    let evidence = cut(&evidence.collect::<Vec<_>>().join("\n"), BLOCK_CHARS);
    blocks.push(json!({"type": "context", "elements": [plain(&evidence)]}));
    let status = document.status.word();
    let message = json!({"text": escape(&cut(&format!("{title}: {status}"), BLOCK_CHARS)), "blocks": blocks});
    serde_json::to_writer_pretty(&mut *out, &message)?;
    out.write_all(b"\n")
}

/// A piece of a line; the first of a pair is strong.
struct Line {
    strong: String,
    plain: String,
}

impl Line {
    fn new(strong: impl Into<String>, plain: impl Into<String>) -> Self {
        Self { strong: strong.into(), plain: plain.into() }
    }

    fn chars(&self) -> usize {
        self.strong.chars().count() + self.plain.chars().count() + 2
    }
}

/// The lines that fit, and how many do not.
#[derive(Default)]
struct Fitting {
    lines: Vec<Line>,
    chars: usize,
    left_out: u64,
}

impl Fitting {
    fn of(lines: impl Iterator<Item = Line>, chars_max: usize) -> Self {
        let mut fitting = Self::default();
        lines.for_each(|line| fitting.push(line, chars_max));
        fitting
    }

    /// Once one did not fit none after it does: a timeline with holes would mislead.
    fn push(&mut self, line: Line, chars_max: usize) {
        if self.left_out > 0 || self.chars + line.chars() > chars_max {
            self.left_out += 1;
        } else {
            self.chars += line.chars();
            self.lines.push(line);
        }
    }
}

/// All rows if they fit; else those that a reader would miss most.
fn fitting_rows(rows: &mut dyn Iterator<Item = Entry>, options: &Options) -> Fitting {
    let (mut all, mut main, mut passed_over) = (Fitting::default(), Fitting::default(), 0);
    for row in rows {
        all.push(row_line(&row, options), ROWS_CHARS);
        match row.kind {
            RowKind::Check | RowKind::Sent | RowKind::Answer | RowKind::Detail => passed_over += 1,
            RowKind::Run | RowKind::People | RowKind::Ended | RowKind::Deviation | RowKind::Failure | RowKind::Note => {
                main.push(row_line(&row, options), ROWS_CHARS);
            }
        }
    }
    if all.left_out == 0 {
        return all;
    }
    main.left_out += passed_over;
    main
}

fn summary(document: &Document, options: &Options) -> Vec<Line> {
    let mut lines = vec![Line::new("", figures::kind(document))];
    let mut line = |name: &str, value: String| lines.push(Line::new(format!("{name} "), fit(&value, ROW_CELLS)));
    line("Status", document.status.word().to_owned());
    line("Operator", document.operator.clone());
    let at = |at_ms: i64| match &options.zone {
        Some(zone) => format!("{} ({})", rfc3339(at_ms), zone.shown(at_ms)),
        None => rfc3339(at_ms),
    };
    line("Started", at(document.started_ms));
    line("Ended", document.ended_ms.map_or_else(|| "not yet".to_owned(), at));
    for (name, figure) in figures::objectives(document) {
        line(name, figure.map_or_else(|| "none".to_owned(), |figure| figure_words(&figure)));
    }
    let over = figures::phases(document).filter(|figure| figure.met == Some(false));
    let over: Vec<Line> = over.map(|figure| Line::new(format!("{} ", figure.name), figure_words(&figure))).collect();
    let shares: Vec<String> = figures::shares(document)
        .into_iter()
        .map(|share| format!("{} {} ({}%)", share.name, clock_hms(share.ms), share.percent))
        .collect();
    lines.extend(over);
    lines.push(Line::new("Time ", shares.join(", ")));
    lines
}

fn figure_words(figure: &Figure) -> String {
    format!("{} of {}: {}", figure.actual, figure.budget, figure.result)
}

fn deviation(one: &Deviation, options: &Options) -> Line {
    let Deviation { seq, at_ms, step, what, by, reason } = one;
    let by = by.as_deref().map(|by| format!(", {by}")).unwrap_or_default();
    let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    let place = step.as_deref().unwrap_or("run");
    Line::new(format!("{place} {what} "), fit(&format!("{}{by}{reason} (#{seq})", when(*at_ms, options)), ROW_CELLS))
}

fn row_line(row: &Entry, options: &Options) -> Line {
    Line::new(
        format!("{} {} ", when(row.at_ms, options), row.subject),
        fit(&format!("{} (#{})", row.text, row.seq), ROW_CELLS),
    )
}

/// `2026-01-04 03:00:01`, and the second zone's.
fn when(at_ms: i64, options: &Options) -> String {
    let utc = rfc3339(at_ms);
    let utc = utc.get(..19).unwrap_or(&utc).replace('T', " ");
    options.zone.as_ref().map_or_else(|| utc.clone(), |zone| format!("{utc} ({})", zone.shown(at_ms)))
}

/// A heading and its lines, in as many blocks as they take.
fn listed(heading: &str, fitting: Fitting, document: &Document) -> Vec<Value> {
    let Fitting { mut lines, chars: _, left_out } = fitting;
    lines.insert(0, Line::new(heading, ""));
    if left_out > 0 {
        let all = format!("{left_out} more: lifeboat timeline {}", document.run);
        lines.push(Line::new("", all));
    }
    let (mut blocks, mut block, mut chars) = (Vec::new(), Vec::new(), 0);
    for line in lines {
        if chars + line.chars() > BLOCK_CHARS {
            blocks.push(rich(&block));
            (block, chars) = (Vec::new(), 0);
        }
        chars += line.chars();
        block.push(line);
    }
    blocks.push(rich(&block));
    blocks
}

/// Lines in which nothing is markup.
fn rich(lines: &[Line]) -> Value {
    let mut elements = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let end = if n + 1 < lines.len() { "\n" } else { "" };
        let plain = format!("{}{end}", line.plain);
        if !line.strong.is_empty() {
            elements.push(json!({"type": "text", "text": line.strong, "style": {"bold": true}}));
        }
        if !plain.is_empty() {
            elements.push(json!({"type": "text", "text": plain}));
        }
    }
    json!({"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]})
}

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text, "emoji": false})
}

fn cut(text: &str, chars: usize) -> String {
    if text.chars().count() <= chars {
        return text.to_owned();
    }
    text.chars().take(chars.saturating_sub(1)).chain(['…']).collect()
}

/// The text that a notification shows is the only one that Slack reads as markup: a mention or a link
/// begins with `<`.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
