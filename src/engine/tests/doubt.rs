//! Nothing runs twice by accident: an attempt whose outcome is unknown is probed, never re-sent.

use super::*;
use crate::model::event::UnknownDecision;

fn sent() -> Bench {
    let mut bench = Bench::start(PROMOTE);
    bench.answer("promote", cluster("available", Some("source")));
    bench.run("promote").unwrap();
    bench
}

fn resolve(decision: UnknownDecision) -> Command {
    Command::ResolveUnknown {
        step: "promote".to_owned(),
        decision,
        reason: "seen in the console".to_owned(),
        typed: None,
        code: Some(Typed::new("1")),
    }
}

#[test]
fn a_lost_answer_is_probed_and_goes_on_with_one_send() {
    let mut bench = sent();
    bench.fail("promote", CloudErrorKind::UnknownOutcome);
    assert_eq!(bench.status("promote"), StepStatus::Unknown);
    let probe = &bench.calls[0];
    assert_eq!((probe.ticket.purpose, probe.changes), (Purpose::Probe, false));
    bench.answer("promote", cluster("available", None));
    bench.answer("promote", cluster("available", None));
    assert_eq!(bench.status("promote"), StepStatus::Succeeded);
    assert_eq!((bench.sends("promote"), bench.anomalies()), (1, 0));
    assert_eq!(bench.snapshot().status, crate::model::outcome::RunStatus::Succeeded);
}

#[test]
fn still_as_before_is_believed_only_after_the_settle_time() {
    let mut bench = sent();
    let sent_ms = bench.now_ms;
    bench.fail("promote", CloudErrorKind::UnknownOutcome);
    bench.answer("promote", cluster("available", Some("source")));
    assert_eq!(bench.calls[0].not_before_ms, sent_ms + 60_000, "asked again once it has settled");
    assert!(bench.step("promote").unknown.unwrap().probing);
    bench.answer("promote", cluster("available", Some("source")));
    let unknown = bench.step("promote").unknown.unwrap();
    assert!(!unknown.probing, "now a person decides");
    assert!(bench.calls.is_empty());
    assert_eq!(bench.sends("promote"), 1);
    // Recorded as not done, a new attempt starts from its checks and asks for everything again.
    bench.ask(&resolve(UnknownDecision::RecordNotDone)).unwrap();
    assert_eq!(bench.status("promote"), StepStatus::Failed);
    bench.ask(&Command::Retry { step: "promote".to_owned() }).unwrap();
    bench.answer("promote", cluster("available", Some("source")));
    let gate = bench.step("promote").gate.unwrap();
    assert_eq!(gate.attempt, 2);
    assert_eq!(bench.sends("promote"), 1, "nothing went out by itself");
    bench.run("promote").unwrap();
    assert_eq!(bench.sends("promote"), 2);
}

#[test]
fn a_person_may_record_it_as_done_and_the_verification_still_runs() {
    let mut bench = sent();
    bench.fail("promote", CloudErrorKind::UnknownOutcome);
    bench.fail("promote", CloudErrorKind::Denied);
    assert!(!bench.step("promote").unknown.unwrap().probing);
    bench.ask(&resolve(UnknownDecision::RecordDone)).unwrap();
    assert_eq!(bench.calls[0].ticket.purpose, Purpose::Verify(0));
    bench.answer("promote", cluster("available", None));
    assert_eq!(bench.status("promote"), StepStatus::Succeeded);
    assert_eq!(bench.sends("promote"), 1);
}

#[test]
fn a_resume_asks_the_probe_anew() {
    let mut bench = sent();
    bench.fail("promote", CloudErrorKind::UnknownOutcome);
    bench.fail("promote", CloudErrorKind::Denied);
    assert!(!bench.step("promote").unknown.unwrap().probing, "nobody lets it look");
    bench.crash_and_resume();
    assert_eq!(bench.calls[0].ticket.purpose, Purpose::Probe);
    bench.answer("promote", cluster("available", None));
    bench.answer("promote", cluster("available", None));
    assert_eq!((bench.status("promote"), bench.sends("promote")), (StepStatus::Succeeded, 1));
}

#[test]
fn a_crash_in_the_middle_of_a_call_leaves_it_unknown() {
    let mut bench = sent();
    bench.crash_and_resume();
    assert_eq!(bench.status("promote"), StepStatus::Unknown);
    assert_eq!(bench.calls.len(), 1);
    assert_eq!(bench.calls[0].ticket.purpose, Purpose::Probe);
    bench.answer("promote", cluster("promoting", Some("source")));
    bench.answer("promote", cluster("available", None));
    assert_eq!(bench.status("promote"), StepStatus::Succeeded);
    assert_eq!((bench.sends("promote"), bench.anomalies()), (1, 0));
}

#[test]
fn a_crash_at_any_record_never_sends_twice_under_one_attempt() {
    let mut whole = sent();
    whole.answer("promote", cluster("available", None));
    whole.answer("promote", cluster("promoting", Some("source")));
    whole.answer("promote", cluster("available", None));
    assert_eq!(whole.status("promote"), StepStatus::Succeeded);
    let records = whole.events.clone();
    for cut in 1..records.len() {
        let mut bench = Bench::start(PROMOTE);
        bench.events = records[..cut].to_vec();
        bench.seq = cut as u64;
        bench.crash_and_resume();
        let sends = |bench: &Bench| {
            let mut attempts: Vec<u32> = bench
                .events
                .iter()
                .filter_map(|event| match event {
                    Event::ActionRequested { ticket, .. } => Some(ticket.attempt),
                    _ => None,
                })
                .collect();
            let all = attempts.len();
            attempts.dedup();
            (all, attempts.len())
        };
        for _ in 0..20 {
            if bench.step("promote").gate.is_some() {
                bench.run("promote").unwrap();
            } else if bench.calls.is_empty() {
                break;
            } else if bench.calls[0].changes || bench.calls[0].ticket.purpose == Purpose::Before {
                bench.answer("promote", cluster("available", Some("source")));
            } else {
                bench.answer("promote", cluster("available", None));
            }
        }
        let (all, distinct) = sends(&bench);
        assert_eq!(all, distinct, "cut after record {cut}");
        assert_eq!(bench.status("promote"), StepStatus::Succeeded, "cut after record {cut}");
        assert_eq!(bench.anomalies(), 0, "cut after record {cut}");
    }
}
