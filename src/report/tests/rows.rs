//! Words for every event.

use super::every::{EVENTS, every_event, number, stamped};
use crate::model::event::{Event, Purpose, Stamped, Ticket};
use crate::model::outcome::{CloudErrorKind, ProbeAnswer};
use crate::report::row::{Row, RowKind, row_of};

/// Steers a terminal, ends a table row, is a formula, a link, HTML.
pub(super) const HOSTILE: &str = "=1\u{1b}[2J|<b>\n\u{202e}`x`,\"";

fn row(event: Event) -> Row {
    row_of(&stamped(vec![event], "alice")[0])
}

#[test]
fn every_event_has_a_row_that_is_safe_to_show() {
    let records = stamped(every_event(HOSTILE), HOSTILE);
    let mut seen = [false; EVENTS];
    for record in &records {
        seen[number(&record.event)] = true;
        let row = row_of(record);
        assert!(!row.text.is_empty() && !row.subject.is_empty(), "{record:?}");
        let shown = format!("{}{}{}", row.subject, row.text, row.step.unwrap_or_default());
        assert!(!shown.chars().any(|c| c.is_control() || c == '\u{202e}'), "{shown:?}");
        assert_eq!((row.seq, row.at_ms), (record.seq, record.at_ms));
    }
    assert!(seen.iter().all(|&seen| seen), "an event is not made: {seen:?}");
}

#[test]
fn rows_read_well() {
    let text: Vec<String> = stamped(every_event("x"), "alice")
        .iter()
        .map(|record: &Stamped| {
            let row = row_of(record);
            format!("{:?} {}: {}", row.kind, row.subject, row.text)
        })
        .collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn a_call_is_named_as_iam_names_it() {
    let ticket = Ticket { step: "promote".to_owned(), attempt: 2, purpose: Purpose::Action };
    let request = |action: &str| {
        let (request, target) = (crate::model::Value::Null, crate::model::Value::Null);
        let (ticket, action) = (ticket.clone(), action.to_owned());
        row(Event::ActionRequested { ticket, action, request, digest: String::new(), token: String::new(), target })
    };
    let sent = request("aws/rds.promote_read_replica_db_cluster");
    assert_eq!((sent.text.as_str(), sent.kind), ("sent rds:PromoteReadReplicaDBCluster, attempt 2", RowKind::Sent));
    assert_eq!(request("aws/ecs.describe_services").text, "asked ecs:DescribeServices, attempt 2");
    assert_eq!(request("manual").text, "began manual, attempt 2");
}

#[test]
fn a_lost_answer_and_its_probe_are_told_plainly() {
    let ticket = Ticket { step: "promote".to_owned(), attempt: 1, purpose: Purpose::Action };
    let error = crate::model::outcome::CloudError {
        kind: CloudErrorKind::UnknownOutcome,
        code: "Reset".to_owned(),
        message: "connection reset".to_owned(),
        request_id: None,
    };
    let lost = row(Event::ActionUnknown { ticket, error });
    assert_eq!(lost.text, "answer lost: outcome unknown (Reset: connection reset)");
    assert_eq!(lost.kind, RowKind::Deviation);
    let (step, detail) = ("promote".to_owned(), String::new());
    let probe = row(Event::ProbeAnswered { step, attempt: 1, answer: ProbeAnswer::After, detail });
    assert_eq!(probe.text, "probe: the change happened");
}

#[test]
fn long_answers_are_cut_short() {
    let ticket = Ticket { step: "s".to_owned(), attempt: 1, purpose: Purpose::Verify(0) };
    let result = Ok(serde_json::json!({"log": "x".repeat(10_000), "b": [1, 2], "c": null, "d": {"e": 1}, "f": 2}));
    let row = row(Event::Observed { ticket, result, request_id: None, cloud_ms: None });
    assert!(row.text.chars().count() < 120, "{}", row.text);
    assert_eq!(row.kind, RowKind::Detail);
}
