//! The lines of the pages of past runs: the list, one run, two beside each other.

use super::PastRun;
use super::state::{History, Page};
use crate::model::text::{fit, width};
use crate::model::time::{clock_hms, hms_utc, human_ms};
use crate::report::diff::{Diff, Side, Timing};
use crate::report::row::RowKind;
use crate::report::summary::ObjectiveSummary;
use crate::report::timeline::Document;
use crate::tui::dialog::Row2;
use crate::tui::look;
use crate::tui::pen::{Segs, plain, quiet, seg, wrap};
use crate::tui::theme::Tone;

pub fn rows(history: &History) -> Vec<Row2> {
    let cells = usize::from(history.size.0.saturating_sub(2)).max(20);
    match &history.page {
        Page::List => list(history, cells),
        Page::One(document) => one(document, cells),
        Page::Two(diff) => two(diff, cells),
    }
}

/// A text in a column.
fn cell(text: &str, cells: usize) -> String {
    let text = fit(text, cells);
    let gap = " ".repeat(cells.saturating_sub(width(&text)));
    format!("{text}{gap}")
}

/// The columns that there is room for: what matters less goes first.
#[expect(clippy::struct_excessive_bools, reason = "each column is there or not, by itself")]
struct Columns {
    when: usize,
    runbook: usize,
    result: bool,
    rto: bool,
    target: bool,
    slowest: bool,
}

fn columns(cells: usize) -> Columns {
    let when = if cells >= 92 { 16 } else { 10 };
    let (result, rto, target, slowest) = (cells >= 50, cells >= 56, cells >= 76, cells >= 112);
    let others = [(result, 11), (rto, 12), (target, 12), (slowest, 36)];
    let used: usize =
        12 + when + others.iter().filter(|(is_there, _)| *is_there).map(|(_, cells)| cells).sum::<usize>();
    Columns { when, runbook: cells.saturating_sub(used).clamp(8, 30), result, rto, target, slowest }
}

fn list(history: &History, cells: usize) -> Vec<Row2> {
    let columns = columns(cells);
    if history.runs.is_empty() {
        return vec![Row2::left(vec![quiet("no run is kept in this state directory")])];
    }
    let rows = history.runs.iter().enumerate();
    rows.map(|(ix, run)| Row2::left(run_row(run, ix == history.at, mark(history, &run.id), &columns))).collect()
}

fn mark(history: &History, id: &str) -> char {
    if history.marked.iter().any(|marked| marked == id) { '•' } else { ' ' }
}

fn run_row(run: &PastRun, is_here: bool, mark: char, columns: &Columns) -> Segs {
    let tone = if is_here { Tone::Strong } else { Tone::Plain };
    let pointer = if is_here { "▶" } else { " " };
    let mut row: Segs = vec![
        seg(format!("{pointer}{mark} "), tone),
        quiet(cell(&run.when.chars().take(columns.when).collect::<String>(), columns.when)),
        seg(format!("  {}", cell(&run.runbook, columns.runbook)), tone),
        seg(format!("  {:<5}", run.banner), if run.banner == "REAL" { Tone::Bad } else { Tone::Plain }),
    ];
    if columns.result {
        row.push(plain(format!("  {}", cell(&run.result, 9))));
    }
    if columns.rto {
        row.extend(rto(run, columns.target));
    }
    if columns.slowest {
        row.push(plain(format!("  {}", cell(&run.slowest, 26))));
        row.push(quiet(format!("  {}", run.seed)));
    }
    row
}

fn rto(run: &PastRun, with_target: bool) -> Segs {
    let Some((actual_ms, budget_ms, met)) = run.rto else { return vec![plain(cell("", 10))] };
    let (mark, tone) = match met {
        Some(true) => ("✓", Tone::Good),
        Some(false) => ("✗", Tone::Bad),
        None => ("·", Tone::Quiet),
    };
    let actual = actual_ms.map_or_else(|| "-".to_owned(), clock_hms);
    let target = if with_target { format!(" of {:<8}", clock_hms(budget_ms)) } else { String::new() };
    vec![plain(format!("  {actual:>8}{target} ")), seg(mark, tone)]
}

/// One line of a heading above the list.
pub fn heading(cells: usize) -> String {
    let columns = columns(cells);
    let mut head = format!("   {}  {}  mode ", cell("when", columns.when), cell("runbook", columns.runbook));
    for (is_there, text) in [
        (columns.result, "  result   "),
        (columns.rto, "       RTO"),
        (columns.target, "    target  "),
        (columns.rto, "  "),
        (columns.slowest, "  slowest phase               seed"),
    ] {
        head.push_str(if is_there { text } else { "" });
    }
    head
}

fn one(document: &Document, cells: usize) -> Vec<Row2> {
    let mut rows = vec![Row2::left(vec![
        seg(document.status.word(), Tone::Strong),
        quiet(format!("  led by {}", document.operator)),
    ])];
    rows.extend(document.rto.map(|objective| self::objective("RTO", objective)));
    rows.extend(document.rpo.map(|objective| self::objective("RPO", objective)));
    heading_row(&mut rows, "WHERE THE TIME WENT");
    let whole = document.time.whole_ms();
    for (name, ms) in document.time.parts() {
        rows.push(Row2::left(vec![plain(format!(
            "  {name:<17}{:>8}  {:>3}%",
            clock_hms(ms),
            look::percent(ms, whole)
        ))]));
    }
    heading_row(&mut rows, "PHASES");
    for phase in &document.phases {
        let budget = phase.budget_ms.map_or_else(String::new, |ms| format!(" of {}", clock_hms(ms)));
        let mark = if phase.met == Some(false) { seg("  ✗", Tone::Bad) } else { plain("") };
        rows.push(Row2::left(vec![
            plain(format!("  {}{:>8}{budget}", cell(&phase.id, 20), clock_hms(phase.actual_ms))),
            mark,
        ]));
    }
    heading_row(&mut rows, "TIMELINE");
    for entry in &document.rows {
        let tone = match entry.kind {
            RowKind::Failure => Tone::Bad,
            RowKind::Deviation => Tone::Strong,
            _ => Tone::Plain,
        };
        let room = cells.saturating_sub(24).max(16);
        for (ix, piece) in wrap(&entry.text, room).into_iter().enumerate() {
            let head = if ix == 0 {
                format!("  {} {} ", hms_utc(entry.at_ms), cell(&entry.subject, 11))
            } else {
                " ".repeat(24)
            };
            rows.push(Row2::left(vec![quiet(head), seg(piece, tone)]));
        }
    }
    let head: String = document.journal.head.trim_start_matches("sha256:").chars().take(8).collect();
    heading_row(&mut rows, "EVIDENCE");
    let whole = if document.journal.intact { "chain whole" } else { "damaged" };
    rows.push(Row2::left(vec![plain(format!("  {} records, {whole}, head {head}", document.journal.records))]));
    rows.push(Row2::left(vec![quiet(format!("  {}", document.verify))]));
    rows
}

fn objective(name: &str, objective: ObjectiveSummary) -> Row2 {
    let actual = objective.actual_ms.map_or_else(|| "not measured".to_owned(), clock_hms);
    let (word, tone) = match objective.met {
        Some(true) => ("met", Tone::Good),
        Some(false) => ("missed", Tone::Bad),
        None => ("not decided", Tone::Quiet),
    };
    Row2::left(vec![plain(format!("{name}  {actual} of {}  ", human_ms(objective.budget_ms))), seg(word, tone)])
}

fn heading_row(rows: &mut Vec<Row2>, text: &str) {
    rows.push(Row2::default());
    rows.push(Row2::left(vec![quiet(text.to_owned())]));
}

fn two(diff: &Diff, cells: usize) -> Vec<Row2> {
    let mut rows = vec![side("A", &diff.a), side("B", &diff.b)];
    if !diff.facts.is_empty() {
        heading_row(&mut rows, "DIFFERENT");
    }
    for fact in &diff.facts {
        let told = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
        let text = format!("{}: {} → {}", fact.what, told(&fact.a), told(&fact.b));
        rows.extend(
            wrap(&text, cells.saturating_sub(4)).into_iter().map(|line| Row2::left(vec![plain(format!("  {line}"))])),
        );
    }
    let name = cells.saturating_sub(34).clamp(8, 28);
    for (title, timings) in [("TIME", &diff.times), ("PHASES", &diff.phases)] {
        times_head(&mut rows, title, name);
        rows.extend(timings.iter().map(|timing| timing_row(timing, name, None)));
    }
    times_head(&mut rows, "STEPS", name);
    for step in &diff.steps {
        let word = |side: Option<crate::report::diff::StepSide>| side.map_or("not there", |side| side.status.word());
        let otherwise = step.ended_otherwise().then(|| format!("{} → {}", word(step.a), word(step.b)));
        rows.push(timing_row(&step.time, name, otherwise));
    }
    for (title, only) in [("ONLY IN A", &diff.only_a), ("ONLY IN B", &diff.only_b)] {
        if only.is_empty() {
            continue;
        }
        heading_row(&mut rows, title);
        for departure in only {
            let step = departure.step.as_deref().unwrap_or("run");
            let text = format!("{step} {}: {}", departure.what, departure.reason);
            rows.extend(
                wrap(&text, cells.saturating_sub(4))
                    .into_iter()
                    .map(|line| Row2::left(vec![plain(format!("  {line}"))])),
            );
        }
    }
    rows
}

fn side(name: &str, side: &Side) -> Row2 {
    let when: String = side.started_at.chars().take(16).collect();
    Row2::left(vec![
        seg(format!("{name}  "), Tone::Strong),
        plain(format!("{}  {:<5}  {}  ", when.replace('T', " "), side.banner, side.runbook)),
        quiet(side.run.clone()),
    ])
}

fn times_head(rows: &mut Vec<Row2>, title: &str, name: usize) {
    rows.push(Row2::default());
    let head = format!("{}{:>9}{:>9}{:>10}", cell(title, name + 2), "A", "B", "B - A");
    rows.push(Row2::left(vec![quiet(head)]));
}

fn timing_row(timing: &Timing, name: usize, otherwise: Option<String>) -> Row2 {
    let told = |ms: Option<u64>| ms.map_or_else(|| "-".to_owned(), clock_hms);
    let (delta, tone) = match timing.delta_ms {
        None => (String::new(), Tone::Quiet),
        Some(0) => ("same".to_owned(), Tone::Quiet),
        Some(ms) if ms > 0 => (format!("+{}", human_ms(ms.unsigned_abs())), Tone::Bad),
        Some(ms) => (format!("-{}", human_ms(ms.unsigned_abs())), Tone::Good),
    };
    let mut left = vec![
        plain(format!("  {}{:>9}{:>9}", cell(&timing.what, name), told(timing.a_ms), told(timing.b_ms))),
        seg(format!("{delta:>10}"), tone),
    ];
    left.extend(otherwise.map(|text| quiet(format!("  {text}"))));
    Row2::left(left)
}
