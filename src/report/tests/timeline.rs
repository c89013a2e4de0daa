//! Summary and timeline in every format.

use serde_json::json;

use super::every::{START_MS, every_event, stamped};
use super::rows::HOSTILE;
use super::run::snapshot;
use crate::model::event::Event;
use crate::model::outcome::{Mode, RunStatus};
use crate::report::summary::{JournalFacts, Summary, summary};
use crate::report::timeline::{Document, Options, csv, html, json, markdown, otlp, slack};

const UTC: Options = Options { zone: None };

fn facts() -> JournalFacts {
    JournalFacts::live((139, "ab".repeat(32)), true)
}

fn document(text: &str, mode: Mode) -> Document {
    let snapshot = snapshot(text, mode);
    Document::of(&stamped(every_event(text), text), &snapshot, &summary(&snapshot, facts()))
}

#[test]
fn the_summary_is_what_scripts_rely_on() {
    let sum = summary(&snapshot("alice", Mode::Drill), facts());
    let expected = json!({
        "type": "summary", "version": "1.0", "run": "01K9ZZZZZZZZZZZZZZZZZZZZZZ", "runbook": "alice",
        "digest": "sha256:d1", "mode": "drill", "status": "succeeded", "exit": 3, "operator": "alice",
        "started_at": "2026-01-04T03:00:00.000Z", "ended_at": "2026-01-04T04:29:07.000Z",
        "rto": {"budget_ms": 14_400_000, "actual_ms": 5_347_000, "met": true},
        "rpo": {"budget_ms": 3_600_000, "actual_ms": 3_700_000, "met": false},
        "rta": {"verified_ms": 5_347_000, "last_call_ms": 5_000_000},
        "milestones": [{"milestone": "detected", "at": "2026-01-04T03:01:00.000Z",
            "recorded_at": "2026-01-04T03:02:00.000Z", "by": "alice", "step": null, "source": "told"}],
        "intervals": {"detect_ms": null, "decide_ms": null, "restore_ms": null},
        "time": {"people_ms": 347_000, "cloud_ms": 4_000_000, "checks_ms": 500_000, "waiting_ms": 500_000,
            "not_started_ms": 200_000, "paused_ms": 250_000, "elsewhere_ms": 0, "tool_ms": 50_000},
        "phases": [{"id": "alice", "budget_ms": 3_600_000, "actual_ms": 410_000, "met": true,
            "time": {"people_ms": 10_000, "cloud_ms": 400_000, "checks_ms": 0, "waiting_ms": 0,
                "not_started_ms": 0, "paused_ms": 0, "elsewhere_ms": 0, "tool_ms": 0}}],
        "forecast": null,
        "deviations": [],
        "steps": [{"id": "alice", "phase": "alice", "status": "succeeded", "attempts": 1, "risk": "irreversible",
            "confirmed_by": "alice", "mfa": true, "approvals": ["alice"],
            "started_at": "2026-01-04T03:00:00.000Z", "ended_at": "2026-01-04T03:06:50.000Z"}],
        "journal": {"records": 139, "head": format!("sha256:{}", "ab".repeat(32)), "intact": true},
    });
    assert_eq!(serde_json::to_value(&sum).unwrap(), expected);
    assert_eq!(serde_json::from_value::<Summary>(expected).unwrap(), sum);
}

#[test]
fn the_exit_code_follows_from_the_state() {
    let exit = |status, rpo_met| {
        let mut snapshot = snapshot("x", Mode::Real);
        snapshot.status = status;
        if let Some(rpo) = &mut snapshot.rpo {
            rpo.met = rpo_met;
        }
        summary(&snapshot, facts()).exit
    };
    assert_eq!(exit(RunStatus::Succeeded, Some(true)), 0);
    assert_eq!(exit(RunStatus::Succeeded, None), 0);
    assert_eq!(exit(RunStatus::Succeeded, Some(false)), 3);
    assert_eq!(exit(RunStatus::Failed, Some(false)), 1);
    assert_eq!(exit(RunStatus::Aborted, Some(true)), 6);
    assert_eq!(exit(RunStatus::Waiting, Some(true)), 5);
}

#[test]
fn a_phase_is_met_only_once_it_is_over() {
    let met = |ended_ms, actual_ms| {
        let mut snapshot = snapshot("x", Mode::Real);
        (snapshot.phases[0].ended_ms, snapshot.phases[0].actual_ms) = (ended_ms, actual_ms);
        summary(&snapshot, facts()).phases[0].met
    };
    assert_eq!(met(None, 1), None);
    assert_eq!(met(Some(START_MS), 3_600_000), Some(true));
    assert_eq!(met(None, 3_600_001), Some(false));
}

#[test]
fn markdown_reads_well() {
    insta::assert_snapshot!(markdown::render(&document("alice", Mode::Drill), &UTC));
}

#[test]
fn each_format_says_drill_or_real_first() {
    for (mode, banner) in [(Mode::Drill, "DRILL"), (Mode::Real, "REAL")] {
        let document = document("x", mode);
        assert!(markdown::render(&document, &UTC).starts_with(&format!("# {banner}: ")));
        assert!(json::render(&document, &UTC).starts_with(&format!("{{\n  \"banner\": \"{banner}\"")));
        let csv = csv::render(&document, &UTC);
        assert!(csv.starts_with("mode,") && csv.lines().skip(1).all(|line| line.starts_with(banner)));
    }
}

#[test]
fn hostile_text_stays_inside_its_cell() {
    let (friendly, hostile) = (document("x", Mode::Drill), document(HOSTILE, Mode::Drill));
    let (plain, page) = (markdown::render(&friendly, &UTC), markdown::render(&hostile, &UTC));
    assert_eq!(plain.lines().count(), page.lines().count());
    for (plain, line) in plain.lines().zip(page.lines()) {
        assert_eq!(cells(plain), cells(line), "{line}");
    }
    assert!(!page.contains("<b>") && !page.contains('\u{1b}') && !page.contains('\u{202e}'));
    assert!(!page.replace("\\`", "").contains('`'), "no code span begins");
}

/// Cells of a table row, as GitHub counts them: an escaped bar is text.
fn cells(line: &str) -> usize {
    line.replace("\\\\", "").replace("\\|", "").matches('|').count()
}

#[test]
fn csv_keeps_its_columns_and_holds_no_formula() {
    let document = document(HOSTILE, Mode::Drill);
    let records = parse_csv(&csv::render(&document, &UTC));
    assert_eq!(records.len(), document.rows.len() + 1);
    for record in &records {
        assert_eq!(record.len(), 13, "{record:?}");
        assert!(!record.iter().any(|cell| cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{record:?}");
    }
    assert!(records.iter().any(|record| record[6].starts_with("'=1")), "the guard was needed");
}

/// RFC 4180, for the test only.
fn parse_csv(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quoted) {
            ('"', true) if chars.peek() == Some(&'"') => cell.extend(chars.next()),
            ('"', _) => quoted = !quoted,
            (',', false) => record.push(std::mem::take(&mut cell)),
            ('\r', false) => {
                assert_eq!(chars.next(), Some('\n'));
                record.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            (c, _) => cell.push(c),
        }
    }
    assert!(record.is_empty() && cell.is_empty(), "the last record ends");
    records
}

#[test]
fn a_back_dated_note_stands_at_its_own_time_with_both() {
    let document = document("x", Mode::Real);
    let first = &document.rows[0];
    assert_eq!((first.subject.as_str(), first.at_ms), ("note", START_MS));
    assert_eq!(first.recorded_ms, Some(START_MS + 11_000));
    assert!(markdown::render(&document, &UTC).contains("(noted 2026-01-04T03:00:11.000Z)"));
    let value: crate::model::Value = serde_json::from_str(&json::render(&document, &UTC)).unwrap();
    assert_eq!(value["rows"][0]["at"], "2026-01-04T03:00:00.000Z");
    assert_eq!(value["rows"][0]["recorded_at"], "2026-01-04T03:00:11.000Z");
    assert_eq!(value["notes"][1]["about_at"], "2026-01-04T03:00:00.000Z");
}

#[test]
fn deviations_carry_their_reasons() {
    let event =
        Event::StepSkipped { step: "warm".to_owned(), by: Some("bob".to_owned()), reason: "cache is warm".to_owned() };
    let snapshot = snapshot("x", Mode::Real);
    let document = Document::of(&stamped(vec![event], "alice"), &snapshot, &summary(&snapshot, facts()));
    let [skipped] = document.deviations.as_slice() else { panic!("{:?}", document.deviations) };
    assert_eq!(
        (skipped.what, skipped.by.as_deref(), skipped.reason.as_str()),
        ("skipped", Some("bob"), "cache is warm")
    );
    let none = Document::of(&[], &snapshot, &summary(&snapshot, facts()));
    assert!(markdown::render(&none, &UTC).contains("None: everything went as the runbook says."));
}

/// `UPDATE=1` writes it anew.
#[test]
fn assets_hold_the_schema_of_timelines() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/timeline.schema.json");
    let text = serde_json::to_string_pretty(&json::schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "{} is not what the code makes: run the test with UPDATE=1", path.display());
}

/// Whatever a runbook, a person or a cloud wrote: it is text in every format.
#[test]
fn hostile_text_is_text_on_a_page_and_in_a_message() {
    let document = document(HOSTILE, Mode::Drill);
    let page = html::render(&document, &UTC);
    assert!(!page.contains("<b>\u{202e}") && !page.contains("<b>\n") && !page.contains('\u{1b}'));
    assert!(page.contains("|&lt;b&gt;"));
    let message: crate::model::Value = serde_json::from_str(&slack::render(&document, &UTC)).unwrap();
    assert!(!message["text"].as_str().unwrap().contains('<'));
    let trace: crate::model::Value = serde_json::from_str(&otlp::render(&document, &UTC)).unwrap();
    assert_eq!(trace["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["traceId"].as_str().unwrap().len(), 32);
}

/// A very long run still makes a message that Slack takes, and says what it left out.
#[test]
fn a_long_timeline_is_cut_for_slack() {
    let note = |n: usize| Event::NoteAdded {
        by: "alice".to_owned(),
        text: format!("{n} {}", "word ".repeat(200)),
        about_ms: None,
        step: None,
    };
    let snapshot = snapshot("x", Mode::Real);
    let records = stamped((0..500).map(note).collect(), "alice");
    let document = Document::of(&records, &snapshot, &summary(&snapshot, facts()));
    let text = slack::render(&document, &UTC);
    let message: crate::model::Value = serde_json::from_str(&text).unwrap();
    assert!(message["blocks"].as_array().unwrap().len() <= 50);
    assert!(text.contains("more: lifeboat timeline 01K9ZZZZZZZZZZZZZZZZZZZZZZ"), "{text}");
}
