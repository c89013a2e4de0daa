//! `runs diff A B`: two runs beside each other.

use std::fmt::Write as _;

use crate::cli::args::RunsDiff;
use crate::cli::exit::{Exit, Outcome};
use crate::cli::settings::Settings;
use crate::cli::{kept, out};
use crate::model::text::{fit, width};
use crate::model::time::{clock_hms, human_ms};
use crate::report::diff::{Changed, Departure, Diff, Side, StepDiff, StepSide, Timing};
use crate::report::summary::VERSION;
use crate::report::timeline::Document;

/// Cells of the first column.
const NAME: usize = 28;

pub fn diff(settings: &Settings, wanted: &RunsDiff) -> Outcome {
    let document = |run: &str| {
        let kept = kept::open(settings, run)?;
        let snapshot = kept.snapshot();
        let document = Document::of(&kept.records, &snapshot, &kept.summary(&snapshot));
        Ok::<_, crate::cli::exit::CliError>((document, kept))
    };
    let ((a, kept_a), (b, kept_b)) = (document(&wanted.a)?, document(&wanted.b)?);
    let diff = Diff::of(&a, &b);
    if settings.json {
        let mut value = serde_json::to_value(&diff).unwrap_or_default();
        value["version"] = VERSION.into();
        out::json(&value)?;
    } else {
        out::document(&settings.out.glyphs(&text(&diff)))?;
    }
    kept_a.verdict().and_then(|_| kept_b.verdict()).map(|_| Exit::Done)
}

/// The comparison for people: what is the same is left out.
fn text(diff: &Diff) -> String {
    let mut page = String::new();
    for (name, side) in [("A", &diff.a), ("B", &diff.b)] {
        line(&mut page, &head(name, side));
    }
    if !diff.facts.is_empty() {
        line(&mut page, "\nDIFFERENT");
        for Changed { what, a, b } in &diff.facts {
            let told = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
            line(&mut page, &format!("  {}{}  →  {}", cell(what, NAME), told(a), told(b)));
        }
    }
    section(&mut page, "TIME", &diff.times);
    section(&mut page, "PHASES", &diff.phases);
    line(&mut page, &format!("\n{}", header("STEPS")));
    for step in &diff.steps {
        line(&mut page, &format!("{}{}", timing(&step.time), otherwise(step)));
    }
    for (name, only) in [("A", &diff.only_a), ("B", &diff.only_b)] {
        if !only.is_empty() {
            line(&mut page, &format!("\nONLY IN {name}"));
        }
        for Departure { what, step, reason } in only {
            line(&mut page, &format!("  {}{what}: {reason}", cell(step.as_deref().unwrap_or("run"), NAME)));
        }
    }
    page
}

fn line(page: &mut String, text: &str) {
    let _ = writeln!(page, "{}", text.trim_end());
}

fn head(name: &str, side: &Side) -> String {
    let status = side.status.word();
    format!("{name}  {}  {:<5}  {}  {}  {status}", side.run, side.banner, side.started_at, side.runbook)
}

fn cell(text: &str, cells: usize) -> String {
    let text = fit(text, cells);
    let gap = " ".repeat(cells.saturating_sub(width(&text)));
    format!("{text}{gap}")
}

fn header(title: &str) -> String {
    format!("{}  {:>8}  {:>8}  {:>9}", cell(title, NAME + 2), "A", "B", "B - A")
}

fn section(page: &mut String, title: &str, rows: &[Timing]) {
    line(page, &format!("\n{}", header(title)));
    for row in rows {
        line(page, &timing(row));
    }
}

fn timing(row: &Timing) -> String {
    let told = |ms: Option<u64>| ms.map_or_else(|| "-".to_owned(), clock_hms);
    let delta = match row.delta_ms {
        None => String::new(),
        Some(0) => "same".to_owned(),
        Some(ms) => format!("{}{}", if ms > 0 { '+' } else { '-' }, human_ms(ms.unsigned_abs())),
    };
    format!("  {}  {:>8}  {:>8}  {delta:>9}", cell(&row.what, NAME), told(row.a_ms), told(row.b_ms))
}

/// What else is different about a step.
fn otherwise(step: &StepDiff) -> String {
    let told = |side: Option<StepSide>| match side {
        None => "not there".to_owned(),
        Some(StepSide { status, attempts: 0 | 1 }) => status.word().to_owned(),
        Some(StepSide { status, attempts }) => format!("{}, {attempts} attempts", status.word()),
    };
    if step.ended_otherwise() { format!("  {}  →  {}", told(step.a), told(step.b)) } else { String::new() }
}
