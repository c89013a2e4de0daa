//! Post-mortems: every shipped template over a run with every deviation; templates of one's own.

use serde_json::json;

use super::every::{START_MS, every_event, stamped};
use super::rows::HOSTILE;
use super::run::snapshot;
use crate::engine::snapshot::{MilestoneSource, MilestoneView};
use crate::model::event::{Event, Purpose, RunHeader, Ticket, UnknownDecision};
use crate::model::milestone::Milestone;
use crate::model::outcome::{CloudError, CloudErrorKind, Mode, RunStatus, StepStatus};
use crate::report::actions::{self, ActionItem};
use crate::report::postmortem::{Material, Shipped, TemplateError, VARIABLES, render};
use crate::report::summary::{JournalFacts, ObjectiveSummary, summary};
use crate::report::timeline::Document;

fn facts() -> JournalFacts {
    JournalFacts::live((139, "ab".repeat(32)), true)
}

fn roles() -> Vec<(String, Vec<String>)> {
    vec![
        ("commander".to_owned(), vec!["alice".to_owned(), "bob".to_owned()]),
        ("dba".to_owned(), vec!["carol".to_owned()]),
    ]
}

fn document(text: &str, events: Vec<Event>, mode: Mode) -> Document {
    let mut snapshot = snapshot(text, mode);
    for (milestone, at_ms) in [(Milestone::Impact, START_MS - 600_000), (Milestone::Recovered, START_MS + 5_347_000)] {
        let view = MilestoneView {
            milestone,
            at_ms,
            recorded_ms: None,
            seq: None,
            by: None,
            step: None,
            source: if milestone == Milestone::Impact { MilestoneSource::Clock } else { MilestoneSource::Run },
        };
        snapshot.milestones.push(view);
    }
    let mut skipped = snapshot.steps[0].clone();
    (skipped.key, skipped.status) = ("warm".to_owned(), StepStatus::Skipped);
    (skipped.confirmed_by, skipped.approvals) = (None, Vec::new());
    snapshot.steps.push(skipped);
    let sum = summary(&snapshot, facts());
    Document::of(&stamped(events, "alice"), &snapshot, &sum)
}

/// Every way in which a run departs from its runbook, with reasons as people give them.
fn departures() -> Vec<Event> {
    let (s, step) = (str::to_owned, || "promote".to_owned());
    let ticket = || Ticket { step: step(), attempt: 1, purpose: Purpose::Action };
    let error = CloudError {
        kind: CloudErrorKind::UnknownOutcome,
        code: s("Timeout"),
        message: s("no answer in 30s"),
        request_id: None,
    };
    vec![
        Event::RunStarted(Box::new(RunHeader { operator: s("alice"), ..super::every::header("regional_failover") })),
        Event::RunPaused { reason: s("vendor call") },
        Event::RunContinued,
        Event::CheckFailed { step: step(), attempt: 1, check: 0, expect: s("lag <= 3600"), message: s("lag is 2h") },
        Event::CheckOverridden {
            step: step(),
            attempt: 1,
            check: 0,
            by: s("bob"),
            reason: s("older data is acceptable | decided on the bridge"),
            proof: None,
        },
        Event::RetryScheduled {
            step: step(),
            attempt: 1,
            not_before_ms: START_MS + 20_000,
            after: CloudErrorKind::Throttled,
        },
        Event::ActionUnknown { ticket: ticket(), error },
        Event::UnknownResolved {
            step: step(),
            attempt: 1,
            by: s("alice"),
            decision: UnknownDecision::RecordDone,
            reason: s("the console shows a writer"),
            typed: true,
        },
        Event::VerificationInDoubt { step: step(), attempt: 1, verify: 0, message: s("needs the lost answer") },
        Event::StepFailed { step: step(), attempt: 1, reason: s("no writer after 20m") },
        Event::StepRetried { step: step(), attempt: 2, by: s("alice") },
        Event::RollbackStarted { step: step(), attempt: 2, by: s("alice"), digest: String::new(), from: 0 },
        Event::StepRolledBack { step: step(), attempt: 2 },
        Event::StepSkipped { step: s("warm"), by: Some(s("alice")), reason: s("the cache fills by itself") },
        Event::StepDoneExternally {
            step: s("cutover"),
            attempt: 1,
            by: s("carol"),
            evidence: s("changed in the console"),
        },
        Event::BudgetExceeded { phase: Some(s("database")), budget_ms: 3_600_000 },
        Event::MilestoneReached {
            milestone: Milestone::Detected,
            by: s("bob"),
            about_ms: Some(START_MS - 300_000),
            step: None,
            text: Some(s("the pager")),
        },
        Event::ActionItemAdded { item: 1, by: s("bob"), text: s("alarm on replica lag"), owner: Some(s("carol")) },
        Event::ActionItemAdded { item: 2, by: s("bob"), text: s("shorten the TTL"), owner: None },
        Event::ActionItemDone { item: 2, by: s("carol"), text: s("60s now") },
        Event::RunAborted { reason: s("the region is back") },
    ]
}

fn told(template: &str, document: &Document, actions: &[ActionItem]) -> Result<String, TemplateError> {
    render(Material { document, actions, roles: &roles() }, template)
}

/// A real run that had it all, and was aborted.
fn departed() -> (Document, Vec<ActionItem>) {
    let events = departures();
    let actions = actions::of(&stamped(events.clone(), "alice"));
    let mut document = document("regional_failover", events, Mode::Real);
    (document.title, document.operator) = ("Fail acme over".to_owned(), "alice".to_owned());
    (document.regions, document.account) = ("eu-central-1 → us-east-1".to_owned(), "111122223333".to_owned());
    (document.status, document.rta.verified_ms) = (RunStatus::Aborted, None);
    document.milestones.retain(|one| one.milestone != Milestone::Recovered);
    document.intervals.restore_ms = None;
    document.rto = document.rto.map(|rto| ObjectiveSummary { met: Some(false), ..rto });
    for phase in &mut document.phases {
        "database".clone_into(&mut phase.id);
    }
    let promote = &mut document.steps[0];
    (promote.id, promote.status, promote.attempts) = ("promote".to_owned(), StepStatus::RolledBack, 2);
    (promote.confirmed_by, promote.approvals) = (Some("alice".to_owned()), vec!["carol".to_owned()]);
    for step in &mut document.steps {
        "database".clone_into(&mut step.phase);
    }
    (document, actions)
}

#[test]
fn a_run_with_every_deviation_reads_well_in_every_order() {
    let (document, actions) = departed();
    for shipped in Shipped::ALL {
        let text = told(shipped.source(), &document, &actions).unwrap();
        insta::assert_snapshot!(format!("postmortem_{}", shipped.word()), text);
    }
}

#[test]
fn nobody_is_named_outside_the_participants_and_the_timeline() {
    let (document, actions) = departed();
    for shipped in [Shipped::Sre, Shipped::Coe, Shipped::Drill] {
        let text = told(shipped.source(), &document, &actions).unwrap();
        let sections = text.split("\n## ").filter(|part| {
            let named = ["Timeline", "Participants", "Action items", "Corrective actions"];
            !named.iter().any(|title| part.starts_with(title))
        });
        for part in sections {
            for name in ["alice", "bob", "carol"] {
                assert!(!part.contains(name), "{name} in {part}");
            }
        }
    }
}

#[test]
fn hostile_text_stays_text_in_every_order() {
    let of = |text: &str| {
        let events = every_event(text);
        let actions = actions::of(&stamped(events.clone(), text));
        (document(text, events, Mode::Drill), actions)
    };
    let ((friendly, few), (hostile, many)) = (of("x"), of(HOSTILE));
    for shipped in Shipped::ALL {
        let (plain, page) =
            (told(shipped.source(), &friendly, &few).unwrap(), told(shipped.source(), &hostile, &many).unwrap());
        assert_eq!(plain.lines().count(), page.lines().count());
        let cells = |line: &str| line.replace("\\\\", "").replace("\\|", "").matches('|').count();
        for (plain, line) in plain.lines().zip(page.lines()) {
            assert_eq!(cells(plain), cells(line), "{line}");
        }
        assert!(!page.contains("<b>") && !page.contains('\u{1b}') && !page.contains('\u{202e}'));
        assert!(!page.replace("\\`", "").contains('`'), "no code span begins");
    }
}

#[test]
fn what_is_not_known_stays_a_todo() {
    let mut bare = snapshot("x", Mode::Real);
    (bare.milestones, bare.rto, bare.rpo, bare.rta_end_ms, bare.last_call_ms) = (Vec::new(), None, None, None, None);
    let document = Document::of(&[], &bare, &summary(&bare, facts()));
    for shipped in Shipped::ALL {
        let text = told(shipped.source(), &document, &[]).unwrap();
        let text = text.replace("None: everything went as the runbook says.", "");
        assert!(text.contains("**TODO:**") && !text.contains("None") && !text.contains("undefined"), "{text}");
    }
}

#[test]
fn the_variables_are_those_that_are_documented() {
    let document = document("x", departures(), Mode::Drill);
    let known = crate::report::postmortem::names(Material { document: &document, actions: &[], roles: &roles() });
    let rows = VARIABLES.lines().filter(|line| line.starts_with("| `"));
    let mut documented: Vec<String> = rows
        .flat_map(|row| row.split('|').nth(1).unwrap_or_default().split(',').map(|name| name.trim().replace('`', "")))
        .collect();
    let mut known: Vec<String> = known;
    documented.sort();
    known.sort();
    assert_eq!(documented, known);
}

#[test]
fn a_template_of_ones_own_may_do_what_it_is_told_and_no_more() {
    let document = document("x|y", departures(), Mode::Drill);
    let of = |template: &str| told(template, &document, &[]);
    assert_eq!(of("{{ title }} {{ rto.budget_ms | human }}").unwrap(), "x\\|y 4h\n");
    assert_eq!(of("{{ title | safe }}").unwrap(), "x|y\n");
    assert_eq!(of("{{ milestones.closed | todo('when') }}").unwrap(), "**TODO:** when\n");
    let at = |template: &str| match of(template) {
        Err(TemplateError::At { line, message }) => (line, message),
        other => panic!("{template}: {other:?}"),
    };
    let (line, message) = at("one\ntwo {{ nobody }}\n");
    assert!(line == 2 && message.contains("nobody"), "{line} {message}");
    let (line, message) = at("one\n\n{% for x in rows %}");
    assert!(line == 3 && message.contains("syntax"), "{line} {message}");
    let (_, message) = at("{% for a in range(9000) %}{% for b in range(9000) %}{{ a }}{% endfor %}{% endfor %}");
    assert!(message.contains("more than a post-mortem needs"), "{message}");
    assert!(of("{{ 'x' * 100000000 }}{{ 'x' * 100000000 }}").is_err());
    assert!(of("{% include '/etc/passwd' %}").is_err());
    assert!(matches!(of(&"x".repeat(300_000)), Err(TemplateError::TooLong { bytes: 300_000 })));
    assert_eq!(json!(of("{% autoescape false %}{{ title }}{% endautoescape %}").unwrap()), json!("x|y\n"));
}
