//! Messages to people: one send a confirmed attempt, and no run waits for them.

use super::*;

const TELL: &str = "uses: slack/post, with: { webhook: 'secret:hook', text: moved }";

fn phases(gates: &str, more: &str) -> String {
    format!(
        "secrets: {{ hook: {{ env: HOOK }} }}\n{gates}\nphases:\n- id: a\n  steps:\n  - {{ id: tell, {TELL}{more} }}\n  - {{ id: next, uses: manual, with: {{ ask: on? }} }}\n"
    )
}

/// Sent, and waiting for its answer.
fn sent(more: &str) -> Bench {
    let mut bench = Bench::start(&phases("", more));
    bench.run("tell").unwrap();
    assert_eq!(bench.sends("tell"), 1);
    bench
}

fn went_on(bench: &Bench, sends: usize) {
    assert_eq!((bench.status("tell"), bench.status("next")), (StepStatus::Failed, StepStatus::Waiting));
    assert!(bench.step("next").gate.is_some());
    assert!(bench.step("tell").unknown.is_none(), "nobody is asked about it");
    assert_eq!((bench.sends("tell"), bench.anomalies()), (sends, 0));
}

#[test]
fn it_waits_for_a_person_and_asks_for_no_code() {
    let bench = Bench::start(&phases("", ""));
    let gate = bench.step("tell").gate.unwrap();
    assert!(gate.mfa.is_none() && gate.type_text.is_none());
    assert_eq!(bench.sends("tell"), 0);
    let every = Bench::start(&phases("gates: { mfa: every_step }", ""));
    assert!(every.step("tell").gate.unwrap().mfa.is_some());
    let changes = Bench::start(&phases("gates: { confirm: changes }", ""));
    assert_eq!(changes.sends("tell"), 0, "no policy takes the confirmation away from what people will read");
    assert!(changes.step("tell").gate.is_some());
}

#[test]
fn a_refused_message_is_noted_and_the_run_goes_on() {
    for kind in [CloudErrorKind::Denied, CloudErrorKind::Throttled, CloudErrorKind::Unavailable] {
        let mut bench = sent("");
        bench.fail("tell", kind);
        went_on(&bench, 1);
        assert!(bench.step("tell").reason.unwrap().contains("words"));
        bench.run("next").unwrap();
        assert_eq!(bench.snapshot().status, crate::model::outcome::RunStatus::Succeeded);
    }
}

#[test]
fn a_lost_answer_is_noted_and_never_sent_again() {
    let mut bench = sent(", retry: { max: 5 }");
    bench.fail("tell", CloudErrorKind::UnknownOutcome);
    went_on(&bench, 1);
    assert!(bench.step("tell").reason.unwrap().contains("it may have arrived"));
}

#[test]
fn a_process_that_ends_behind_the_send_leaves_it_noted() {
    let mut bench = sent("");
    bench.crash_and_resume();
    went_on(&bench, 1);
    bench.crash_and_resume();
    went_on(&bench, 1);
}

/// The record of what follows from a lost answer may itself be lost.
#[test]
fn nor_does_it_go_out_again_when_only_the_loss_was_recorded() {
    let mut bench = sent("");
    bench.fail("tell", CloudErrorKind::UnknownOutcome);
    let at = bench.events.iter().position(|event| matches!(event, Event::ActionUnknown { .. })).unwrap();
    bench.events.truncate(at + 1);
    bench.crash_and_resume();
    went_on(&bench, 1);
}

#[test]
fn it_is_tried_again_only_where_the_runbook_says_so() {
    let mut bench = sent(", retry: { max: 2, backoff: 10s }");
    bench.fail("tell", CloudErrorKind::Throttled);
    bench.pass_s(10);
    let (_, timer) = bench.timers.pop().unwrap();
    bench.record(Event::TimerFired { timer });
    assert_eq!(bench.sends("tell"), 2);
    bench.fail("tell", CloudErrorKind::Throttled);
    went_on(&bench, 2);
}

#[test]
fn whoever_wants_to_wait_for_it_says_so() {
    let mut bench = sent(", on_failure: pause");
    bench.fail("tell", CloudErrorKind::Denied);
    assert_eq!((bench.status("tell"), bench.status("next")), (StepStatus::Failed, StepStatus::Pending));
}

#[test]
fn a_message_of_a_roll_back_does_not_stop_it() {
    let put = "uses: aws/ecs.update_service, with: { cluster: c, service: w, desired_count: 1 }";
    let text = format!(
        "secrets: {{ hook: {{ env: HOOK }} }}\nphases:\n- id: a\n  steps:\n  - {{ id: s, {put}, rollback: [{{ {TELL} }}, {{ {put} }}] }}\n"
    );
    for kind in [CloudErrorKind::UnknownOutcome, CloudErrorKind::Denied] {
        let mut bench = Bench::start(&text);
        bench.answer("s", json!({"services": [{"desired_count": 0}]}));
        bench.run("s").unwrap();
        bench.fail("s", CloudErrorKind::Denied);
        let digest = bench.step("s").rollback.unwrap().digest;
        let code = Some(Typed::new("1"));
        bench.ask(&Command::RollBack { step: "s".to_owned(), digest, typed: None, code }).unwrap();
        bench.fail("s", kind);
        assert_eq!(bench.take("s").ticket.purpose, Purpose::Rollback(1), "{kind:?}");
        assert_eq!(bench.anomalies(), 0);
    }
}
