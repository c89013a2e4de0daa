//! The timeline as GitHub-flavoured Markdown, to be pasted into a post-mortem.
//!
//! Text from outside is escaped: it can neither end its table row nor become markup.

use std::fmt::Write as _;
use std::io;

use super::document::{Deviation, Entry};
use super::figures::{self, Figure, Moment};
use super::{Document, Format, Options, Zone};
use crate::model::outcome::StepStatus;
use crate::model::time::{clock_hms, rfc3339};
use crate::report::summary::{PhaseSummary, StepSummary};

/// Renders a timeline.
#[must_use]
pub fn render(document: &Document, options: &Options) -> String {
    super::render(Format::Markdown, document, options)
}

/// Writes a timeline, with these rows.
///
/// # Errors
/// When `sink` fails.
pub fn write(
    document: &Document,
    rows: &mut dyn Iterator<Item = Entry>,
    options: &Options,
    sink: &mut dyn io::Write,
) -> io::Result<()> {
    let mut out = Page(String::new());
    head(&mut out, document);
    objectives(&mut out, document);
    deviations(&mut out, document, options);
    steps(&mut out, document);
    timeline_head(&mut out, options);
    for entry in rows {
        timeline_row(&mut out, entry, options);
        out.drain_to(sink)?;
    }
    evidence(&mut out, document);
    out.drain_to(sink)
}

/// Text under construction; every cell is escaped on its way in.
struct Page(String);

impl Page {
    fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn section(&mut self, title: &str) {
        let _ = writeln!(self.0, "\n## {title}\n");
    }

    fn table(&mut self, columns: &[&str]) {
        self.line(&format!("| {} |", columns.join(" | ")));
        self.line(&format!("|{}", "---|".repeat(columns.len())));
    }

    fn row(&mut self, cells: &[&str]) {
        self.0.push('|');
        for cell in cells {
            let _ = write!(self.0, " {} |", escape(cell));
        }
        self.0.push('\n');
    }

    fn drain_to(&mut self, sink: &mut dyn io::Write) -> io::Result<()> {
        sink.write_all(self.0.as_bytes())?;
        self.0.clear();
        Ok(())
    }
}

fn head(out: &mut Page, document: &Document) {
    out.line(&format!("# {}: {}\n", document.banner, escape(&document.title)));
    out.line(&format!("{}\n", figures::kind(document)));
    out.table(&["", ""]);
    for (name, value) in figures::facts(document) {
        out.row(&[&name, &value]);
    }
}

fn objectives(out: &mut Page, document: &Document) {
    out.section("Objectives");
    out.table(&["", "Budget", "Actual", "Result"]);
    for (name, figure) in figures::objectives(document) {
        match figure {
            Some(figure) => figure_row(out, &figure),
            None => out.row(&[name, "none", "", ""]),
        }
    }
    for figure in figures::phases(document) {
        figure_row(out, &figure);
    }
    for (name, time) in figures::recovery(document) {
        out.row(&[name, "", &time, ""]);
    }
    moments(out, document);
    out.section("Where the time went");
    time(out, document);
}

fn moments(out: &mut Page, document: &Document) {
    out.section("Milestones");
    out.table(&["", "Time (UTC)", "Known by", "Noted"]);
    for Moment { name, at, how, noted } in figures::moments(document) {
        out.row(&[name, &at, &how, &noted]);
    }
    out.line("");
    out.table(&["", "Time"]);
    for (name, time) in figures::intervals(document) {
        out.row(&[name, &time]);
    }
}

/// Whose the time was: a row a part, a column a phase.
fn time(out: &mut Page, document: &Document) {
    let names: Vec<String> = document.phases.iter().map(|phase| escape(&phase.id)).collect();
    let columns: Vec<&str> = ["", "Time", "Share"].into_iter().chain(names.iter().map(String::as_str)).collect();
    out.table(&columns);
    let of_phase = |phase: &PhaseSummary, name: &str| {
        let part = phase.time.parts().into_iter().find(|(part, _)| *part == name);
        clock_hms(part.map_or(0, |(_, ms)| ms))
    };
    let mut row = |name: &str, time: String, share: String, of: &dyn Fn(&PhaseSummary) -> String| {
        let phases: Vec<String> = document.phases.iter().map(of).collect();
        let cells = [name, &time, &share].into_iter().chain(phases.iter().map(String::as_str));
        out.row(&cells.collect::<Vec<_>>());
    };
    for share in figures::shares(document) {
        row(share.name, clock_hms(share.ms), format!("{}%", share.percent), &|phase| of_phase(phase, share.name));
    }
    if document.phases.iter().any(|phase| phase.time.elsewhere_ms > 0) {
        row("other phases", String::new(), String::new(), &|phase| clock_hms(phase.time.elsewhere_ms));
    }
    let whole = clock_hms(document.time.whole_ms());
    row("in all", whole, String::new(), &|phase| clock_hms(phase.time.whole_ms()));
}

fn figure_row(out: &mut Page, figure: &Figure) {
    out.row(&[&figure.name, &figure.budget, &figure.actual, &figure.result]);
}

fn deviations(out: &mut Page, document: &Document, options: &Options) {
    out.section("Deviations");
    if document.deviations.is_empty() {
        out.line("None: everything went as the runbook says.");
        return;
    }
    out.table(&columns(options, &["Record", "What", "Where", "Who", "Reason"]));
    for Deviation { seq, at_ms, step, what, by, reason } in &document.deviations {
        let step = step.as_deref().unwrap_or("run");
        timed_row(out, *at_ms, options, &[&seq.to_string(), what, step, by.as_deref().unwrap_or_default(), reason]);
    }
}

/// The second zone stands behind UTC.
fn columns<'a>(options: &'a Options, others: &[&'a str]) -> Vec<&'a str> {
    ["Time (UTC)"].into_iter().chain(options.zone.as_ref().map(Zone::name)).chain(others.iter().copied()).collect()
}

fn timed_row(out: &mut Page, at_ms: i64, options: &Options, others: &[&str]) {
    let (utc, local) = (rfc3339(at_ms), options.zone.as_ref().map(|zone| zone.shown(at_ms)));
    let cells: Vec<&str> = [utc.as_str()].into_iter().chain(local.as_deref()).chain(others.iter().copied()).collect();
    out.row(&cells);
}

fn steps(out: &mut Page, document: &Document) {
    out.section("Steps");
    out.table(&[
        "Step",
        "Phase",
        "Status",
        "Attempts",
        "Risk",
        "Confirmed by",
        "MFA",
        "Approved by",
        "Started",
        "Ended",
        "Records",
    ]);
    for (step, bar) in document.steps.iter().zip(&document.chart.steps) {
        let StepSummary { id, phase, status, attempts, risk, confirmed_by, mfa, approvals, started_at, ended_at } =
            step;
        out.row(&[
            id,
            phase,
            StepStatus::word(*status),
            &attempts.to_string(),
            risk.word(),
            confirmed_by.as_deref().unwrap_or_default(),
            if *mfa { "yes" } else { "" },
            &approvals.join(", "),
            started_at.as_deref().unwrap_or_default(),
            ended_at.as_deref().unwrap_or_default(),
            &figures::records(bar),
        ]);
    }
}

fn timeline_head(out: &mut Page, options: &Options) {
    out.section("Timeline");
    out.table(&columns(options, &["Record", "Who", "Where", "What happened"]));
}

fn timeline_row(out: &mut Page, entry: Entry, options: &Options) {
    let Entry { seq, at_ms, at_local: _, recorded_ms, who, step: _, subject, kind: _, text } = entry;
    let text = match recorded_ms {
        Some(recorded_ms) => format!("{text} (noted {})", rfc3339(recorded_ms)),
        None => text,
    };
    timed_row(out, at_ms, options, &[&seq.to_string(), who.as_deref().unwrap_or_default(), &subject, &text]);
}

fn evidence(out: &mut Page, document: &Document) {
    out.section("Evidence");
    out.table(&["", ""]);
    for (name, value) in figures::evidence(document) {
        out.row(&[name, &value]);
    }
}

/// Text as text: no cell ends early, nothing becomes code, a link, HTML or emphasis.
pub(in crate::report) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\r' | '\n' => out.push(' '),
            '\\' | '`' | '|' | '*' | '[' | ']' | '~' | '$' => out.extend(['\\', c]),
            // An address would become a link by itself.
            ':' if chars.peek() == Some(&'/') => out.push_str("\\:"),
            '.' if is_www(&out) => out.push_str("\\."),
            // Inside a word it means nothing, and names are full of it.
            '_' if !(before.is_alphanumeric() && chars.peek().is_some_and(|next| next.is_alphanumeric())) => {
                out.push_str("\\_");
            }
            c => out.push(c),
        }
        before = c;
    }
    out
}

/// Whether a text ends in a `www` of its own.
fn is_www(text: &str) -> bool {
    let before = text.len().checked_sub(3).filter(|at| text.is_char_boundary(*at));
    before.is_some_and(|at| text[at..].eq_ignore_ascii_case("www") && !text[..at].ends_with(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(escape("a|b"), "a\\|b");
        assert_eq!(escape("a\\|b"), "a\\\\\\|b");
        assert_eq!(escape("`x` *y* [z](u)"), "\\`x\\` \\*y\\* \\[z\\](u)");
        assert_eq!(escape("<img src=x> &amp;"), "&lt;img src=x&gt; &amp;amp;");
        assert_eq!(escape("one\r\ntwo"), "one  two");
        assert_eq!(escape("regional_failover _x_"), "regional_failover \\_x\\_");
        assert_eq!(
            escape("see https://evil.example, www.evil.example"),
            "see https\\://evil.example, www\\.evil.example"
        );
        assert_eq!(escape("at 12:30 on awww.x for $1$"), "at 12:30 on awww.x for \\$1\\$");
    }
}
