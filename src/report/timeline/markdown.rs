//! The timeline as GitHub-flavoured Markdown, to be pasted into a post-mortem.
//!
//! Text from outside is escaped: it can neither end its table row nor become markup.

use std::fmt::Write as _;

use super::Document;
use super::document::{Deviation, Entry};
use crate::model::outcome::{Mode, RunStatus, StepStatus};
use crate::model::plan::Intent;
use crate::model::time::{clock_hms, human_ms, rfc3339};
use crate::report::summary::{ObjectiveSummary, StepSummary};

/// Renders a timeline.
#[must_use]
pub fn render(document: &Document) -> String {
    let mut out = Page(String::new());
    head(&mut out, document);
    objectives(&mut out, document);
    deviations(&mut out, document);
    steps(&mut out, document);
    timeline(&mut out, document);
    evidence(&mut out, document);
    out.0
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
}

fn head(out: &mut Page, document: &Document) {
    out.line(&format!("# {}: {}\n", document.banner, escape(&document.title)));
    out.line(match (document.mode, &document.drill) {
        (Mode::Drill, Some(_)) => "This was a drill on the simulated cloud. Nothing real was changed.\n",
        (Mode::Drill, None) => "This was a drill in accounts kept for drills.\n",
        (Mode::Real, _) => "This was a real run.\n",
    });
    out.table(&["", ""]);
    out.row(&["Run", &document.run]);
    out.row(&["Runbook", &document.runbook]);
    out.row(&["Digest", &document.digest]);
    out.row(&["Status", status_word(document.status)]);
    out.row(&["Operator", &document.operator]);
    out.row(&["Regions", &document.regions]);
    out.row(&["Account", &document.account]);
    for one in &document.identities {
        let region = one.region.as_deref().map(|region| format!(" in {region}")).unwrap_or_default();
        out.row(&[&format!("Acting in {}", one.target), &format!("{}, account {}{region}", one.arn, one.account)]);
    }
    if let Some(skew_ms) = document.skew_ms {
        let way = if skew_ms > 0 { "ahead of" } else { "behind" };
        let by = human_ms(skew_ms.unsigned_abs() / 1000 * 1000);
        out.row(&["Clock", &format!("this machine was {by} {way} AWS")]);
    }
    out.row(&["Clock started", &rfc3339(document.clock_at_ms)]);
    out.row(&["Started", &rfc3339(document.started_ms)]);
    out.row(&["Ended", &document.ended_ms.map_or_else(|| "not yet".to_owned(), rfc3339)]);
    if document.intent == Intent::Emergency {
        out.row(&["Mode", "emergency"]);
    }
    if let Some(drill) = &document.drill {
        let surprise = if drill.surprise { ", faults kept from the operator" } else { "" };
        let text = format!("scenario {}, seed {}, speed {}{surprise}", drill.scenario, drill.seed, drill.speed);
        out.row(&["Drill", &text]);
    }
    for (name, value) in &document.inputs {
        out.row(&[&format!("Input {name}"), value]);
    }
}

fn objectives(out: &mut Page, document: &Document) {
    out.section("Objectives");
    out.table(&["", "Budget", "Actual", "Result"]);
    for (name, objective) in [("RTO", document.rto), ("RPO", document.rpo)] {
        match objective {
            Some(ObjectiveSummary { budget_ms, actual_ms, met }) => {
                budget_row(out, name, Some(budget_ms), actual_ms, met);
            }
            None => out.row(&[name, "none", "", ""]),
        }
    }
    for phase in &document.phases {
        budget_row(out, &format!("Phase {}", phase.id), phase.budget_ms, Some(phase.actual_ms), phase.met);
    }
    out.section("Where the time went");
    let time = document.time;
    let total_ms = time.people_ms + time.cloud_ms + time.checks_ms + time.waiting_ms;
    out.table(&["", "Time", "Share"]);
    for (name, ms) in [
        ("People decide", time.people_ms),
        ("Cloud at work", time.cloud_ms),
        ("Checks", time.checks_ms),
        ("Not started, paused or idle", time.waiting_ms),
    ] {
        let share = (ms * 100 + total_ms / 2).checked_div(total_ms).unwrap_or(0);
        out.row(&[name, &clock_hms(ms), &format!("{share}%")]);
    }
}

fn budget_row(out: &mut Page, name: &str, budget_ms: Option<u64>, actual_ms: Option<u64>, met: Option<bool>) {
    let spare_ms = |actual_ms: u64| budget_ms.map_or(0, |budget_ms| budget_ms.abs_diff(actual_ms));
    let result = match (met, actual_ms) {
        (Some(true), Some(actual_ms)) => format!("met, {} to spare", human_ms(spare_ms(actual_ms))),
        (Some(false), Some(actual_ms)) => format!("MISSED by {}", human_ms(spare_ms(actual_ms))),
        (Some(true), None) => "met".to_owned(),
        (Some(false), None) => "MISSED".to_owned(),
        (None, _) => "open".to_owned(),
    };
    let actual = actual_ms.map_or_else(|| "not known".to_owned(), clock_hms);
    let budget = budget_ms.map_or_else(|| "none".to_owned(), clock_hms);
    out.row(&[name, &budget, &actual, if budget_ms.is_some() { &result } else { "" }]);
}

fn deviations(out: &mut Page, document: &Document) {
    out.section("Deviations");
    if document.deviations.is_empty() {
        out.line("None: everything went as the runbook says.");
        return;
    }
    out.table(&["Time (UTC)", "What", "Where", "Who", "Reason"]);
    for Deviation { seq: _, at_ms, step, what, by, reason } in &document.deviations {
        let step = step.as_deref().unwrap_or("run");
        out.row(&[&rfc3339(*at_ms), what, step, by.as_deref().unwrap_or_default(), reason]);
    }
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
    ]);
    for StepSummary { id, phase, status, attempts, risk, confirmed_by, mfa, approvals, started_at, ended_at } in
        &document.steps
    {
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
        ]);
    }
}

fn timeline(out: &mut Page, document: &Document) {
    out.section("Timeline");
    out.table(&["Time (UTC)", "Record", "Who", "Where", "What happened"]);
    for Entry { seq, at_ms, recorded_ms, who, step: _, subject, kind: _, text } in &document.rows {
        let text = match recorded_ms {
            Some(recorded_ms) => format!("{text} (noted {})", rfc3339(*recorded_ms)),
            None => text.clone(),
        };
        out.row(&[&rfc3339(*at_ms), &seq.to_string(), who.as_deref().unwrap_or_default(), subject, &text]);
    }
}

fn evidence(out: &mut Page, document: &Document) {
    out.section("Evidence");
    let journal = &document.journal;
    let state = if journal.intact { "whole" } else { "DAMAGED" };
    out.table(&["", ""]);
    out.row(&["Journal", &format!("{} records, chain {state}", journal.records)]);
    out.row(&["Head", &journal.head]);
    out.row(&["Verify", &document.verify]);
    out.row(&["Written by", &format!("{}, {}", document.tool, document.binary)]);
    let left_out = format!("{} records of repeated observations and timers", document.left_out);
    out.row(&["Only in the journal", &left_out]);
}

const fn status_word(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Running => "running",
        RunStatus::Waiting => "waiting",
        RunStatus::Paused => "paused",
        RunStatus::Succeeded => "succeeded",
        RunStatus::Failed => "failed",
        RunStatus::Aborted => "aborted",
    }
}

/// Text as text: no cell ends early, nothing becomes code, a link, HTML or emphasis.
fn escape(text: &str) -> String {
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
