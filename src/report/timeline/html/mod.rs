//! The timeline as one page: style and drawing inside, no script, nothing asked from anywhere.
//!
//! Text goes through the template engine, which escapes it; the style sheet is named in the page's
//! policy by its digest, so that no other style, and no script at all, would count.

mod gantt;

use std::io;

use minijinja::value::{Serde, Value};
use minijinja::{Environment, Error};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::figures::{self, Figure};
use super::{Document, Entry, Format, Options};
use crate::model::time::{clock_hms, rfc3339};

const PAGE: &str = include_str!("page.html");
const ROW: &str = include_str!("row.html");
const STYLE: &str = include_str!("style.css");
/// Where the rows of the timeline stand in the page.
const ROWS: &str = "<!-- rows -->\n";

/// Renders a timeline.
#[must_use]
pub fn render(document: &Document, options: &Options) -> String {
    super::render(Format::Html, document, options)
}

/// Writes a timeline, with these rows.
///
/// # Errors
/// When `out` fails.
pub fn write(
    document: &Document,
    rows: &mut dyn Iterator<Item = Entry>,
    options: &Options,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut environment = Environment::new();
    let (above, below) = PAGE.split_once(ROWS).unwrap_or((PAGE, ""));
    for (name, source) in [("above.html", above), ("below.html", below), ("row.html", ROW)] {
        environment.add_template(name, source).map_err(io::Error::other)?;
    }
    let whole = Value::from(Serde(Page::of(document, options)));
    let put = |name: &str, values: Value, out: &mut dyn io::Write| -> Result<(), Error> {
        environment.get_template(name)?.render_captured_to(values, out).map(drop)
    };
    put("above.html", whole.clone(), out).map_err(io::Error::other)?;
    for entry in rows {
        put("row.html", Value::from(Serde(Row::of(&entry, options))), out).map_err(io::Error::other)?;
    }
    put("below.html", whole, out).map_err(io::Error::other)
}

/// Nothing is loaded, nothing is run, nothing is sent; only the page's own style counts.
fn policy() -> String {
    let digest = base64(&Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - group.len()));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at)) as usize & 63];
            out.push(if at <= group.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

/// What the page shows around its rows.
#[derive(Serialize)]
struct Page<'a> {
    style: &'static str,
    policy: String,
    gantt: gantt::Gantt,
    banner: &'a str,
    title: &'a str,
    kind: &'static str,
    status: &'static str,
    good: bool,
    subtitle: String,
    zone: Option<&'a str>,
    figures: Vec<Shown>,
    phases: Vec<Shown>,
    shares: Vec<Share>,
    moments: Vec<figures::Moment>,
    intervals: Vec<(&'static str, String)>,
    facts: Vec<(String, String)>,
    deviations: Vec<Deviation<'a>>,
    steps: Vec<Step<'a>>,
    evidence: Vec<(&'static str, String)>,
    head: String,
}

#[derive(Serialize)]
struct Shown {
    name: String,
    budget: String,
    actual: String,
    result: String,
    /// `met`, `missed` or `open`.
    class: &'static str,
}

#[derive(Serialize)]
struct Share {
    name: &'static str,
    class: &'static str,
    time: String,
    percent: u64,
    /// Where its part of the bar begins, and how wide it is.
    x: String,
    width: String,
}

#[derive(Serialize)]
struct Deviation<'a> {
    seq: u64,
    time: Time,
    what: &'a str,
    place: &'a str,
    by: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Step<'a> {
    id: &'a str,
    title: &'a str,
    phase: &'a str,
    status: &'static str,
    risk: &'static str,
    attempts: u32,
    confirmed_by: &'a str,
    mfa: bool,
    approvals: String,
    took: String,
    records: String,
}

/// An instant for programs, for people, and in the second zone.
#[derive(Serialize)]
struct Time {
    utc: String,
    shown: String,
    local: Option<String>,
}

#[derive(Serialize)]
struct Row<'a> {
    seq: u64,
    time: Time,
    recorded: Option<String>,
    who: &'a str,
    subject: &'a str,
    kind: &'static str,
    text: &'a str,
}

impl Time {
    fn of(at_ms: i64, options: &Options) -> Self {
        let utc = rfc3339(at_ms);
        let shown = shown(&utc);
        Self { utc, shown, local: options.zone.as_ref().map(|zone| zone.shown(at_ms)) }
    }
}

/// `2026-01-04 03:00:01`: the zone stands above the column.
fn shown(utc: &str) -> String {
    utc.get(..19).unwrap_or(utc).replace('T', " ")
}

impl<'a> Row<'a> {
    fn of(entry: &'a Entry, options: &Options) -> Self {
        Self {
            seq: entry.seq,
            time: Time::of(entry.at_ms, options),
            recorded: entry.recorded_ms.map(|at_ms| shown(&rfc3339(at_ms))),
            who: entry.who.as_deref().unwrap_or_default(),
            subject: &entry.subject,
            kind: entry.kind.word(),
            text: &entry.text,
        }
    }
}

impl Shown {
    fn of(figure: Figure) -> Self {
        let class = match figure.met {
            Some(true) => "met",
            Some(false) => "missed",
            None => "open",
        };
        Self { name: figure.name, budget: figure.budget, actual: figure.actual, result: figure.result, class }
    }

    fn none(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            budget: "none".to_owned(),
            actual: "–".to_owned(),
            result: String::new(),
            class: "open",
        }
    }
}

impl<'a> Page<'a> {
    fn of(document: &'a Document, options: &'a Options) -> Self {
        let figures = figures::objectives(document).into_iter();
        Self {
            style: STYLE,
            policy: policy(),
            gantt: gantt::of(document),
            banner: document.banner,
            title: &document.title,
            kind: figures::kind(document),
            status: document.status.word(),
            good: is_good(document),
            subtitle: subtitle(document, options),
            zone: options.zone.as_ref().map(super::Zone::name),
            figures: figures.map(|(name, one)| one.map_or_else(|| Shown::none(name), Shown::of)).collect(),
            phases: figures::phases(document).map(Shown::of).collect(),
            shares: shares(document),
            moments: figures::moments(document),
            intervals: figures::intervals(document).into_iter().chain(figures::recovery(document)).collect(),
            facts: figures::facts(document),
            deviations: document.deviations.iter().map(|one| deviation(one, options)).collect(),
            steps: steps(document),
            evidence: figures::evidence(document),
            head: document.journal.head.trim_start_matches("sha256:").chars().take(8).collect(),
        }
    }
}

/// Ended well, with every objective met.
fn is_good(document: &Document) -> bool {
    let met = [document.rto, document.rpo].into_iter().flatten().all(|one| one.met != Some(false));
    met && document.status == crate::model::outcome::RunStatus::Succeeded
}

fn subtitle(document: &Document, options: &Options) -> String {
    let started = Time::of(document.started_ms, options);
    let local = started.local.map(|local| format!(" ({local})")).unwrap_or_default();
    format!("{}Z{local}, driven by {}", started.shown, document.operator)
}

fn shares(document: &Document) -> Vec<Share> {
    let shares = figures::shares(document);
    let total_ms: u64 = shares.iter().map(|share| share.ms).sum();
    let mut before_ms = 0;
    let shown = |share: figures::Share| {
        let x = gantt::percent(before_ms, total_ms);
        before_ms += share.ms;
        let width = gantt::percent(share.ms, total_ms);
        Share { name: share.name, class: share.class, time: clock_hms(share.ms), percent: share.percent, x, width }
    };
    shares.into_iter().map(shown).collect()
}

fn deviation<'a>(one: &'a super::document::Deviation, options: &Options) -> Deviation<'a> {
    Deviation {
        seq: one.seq,
        time: Time::of(one.at_ms, options),
        what: one.what,
        place: one.step.as_deref().unwrap_or("run"),
        by: one.by.as_deref().unwrap_or_default(),
        reason: &one.reason,
    }
}

fn steps(document: &Document) -> Vec<Step<'_>> {
    document.steps.iter().zip(&document.chart.steps).map(|(step, bar)| step_row(step, bar)).collect()
}

fn step_row<'a>(step: &'a crate::report::summary::StepSummary, bar: &'a super::chart::StepBar) -> Step<'a> {
    let took = bar.started_ms.zip(bar.ended_ms).map(|(from, to)| clock_hms(crate::model::time::elapsed_ms(from, to)));
    Step {
        id: &step.id,
        title: if bar.title == step.id { "" } else { &bar.title },
        phase: &step.phase,
        status: step.status.word(),
        risk: step.risk.word(),
        attempts: step.attempts,
        confirmed_by: step.confirmed_by.as_deref().unwrap_or_default(),
        mfa: step.mfa,
        approvals: step.approvals.join(", "),
        took: took.unwrap_or_default(),
        records: figures::records(bar),
    }
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let pairs =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")];
        for (plain, coded) in pairs {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
