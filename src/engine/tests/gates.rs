//! Nothing runs that was not confirmed.

use serde_json::json;

use super::*;
use crate::engine::command::RefusalKind;

const DECLARE: &str = "
phases:
  - id: assess
    steps:
      - id: declare
        uses: manual
        with: { ask: 'Declare the disaster?' }
        approvals: { min: 1, from: [commander, dba], within: 15m }
";

fn gated_promotion() -> Bench {
    let mut bench = Bench::start(PROMOTE);
    bench.answer("promote", cluster("available", Some("source")));
    assert_eq!(bench.status("promote"), StepStatus::Waiting);
    bench
}

#[test]
fn a_step_is_sent_once_after_its_confirmation_and_code() {
    let mut bench = gated_promotion();
    assert!(bench.calls.is_empty(), "nothing is sent before the gate opens");
    bench.run("promote").unwrap();
    let call = bench.take("promote");
    assert!(call.changes);
    let order: Vec<&str> = bench
        .events
        .iter()
        .filter_map(|event| match event {
            Event::StepConfirmed { .. } => Some("confirmed"),
            Event::MfaVerified { .. } => Some("mfa"),
            Event::ActionRequested { .. } => Some("intent"),
            _ => None,
        })
        .collect();
    assert_eq!(order, ["confirmed", "mfa", "intent"]);
    assert_eq!(bench.sends("promote"), 1);
    assert_eq!(bench.anomalies(), 0);
}

#[test]
fn wrong_words_stale_digests_and_missing_codes_are_refused() {
    let bench = gated_promotion();
    let Command::Run { step, attempt, digest, typed, code } = bench.run_command("promote") else { panic!() };
    let with = |typed: Option<&str>, code: Option<&str>, digest: &str, attempt: u32| {
        let command = Command::Run {
            step: step.clone(),
            attempt,
            digest: digest.to_owned(),
            typed: typed.map(Typed::new),
            code: code.map(Typed::new),
        };
        bench.engine.admit(bench.now_ms, &command)
    };
    assert_eq!(typed, Some(Typed::new("c")));
    assert!(code.is_some());
    for wrong in [None, Some(""), Some("C"), Some("c "), Some(" c"), Some("cc")] {
        assert!(with(wrong, Some("123456"), &digest, attempt).is_err(), "{wrong:?} opened the gate");
    }
    assert!(with(Some("c"), None, &digest, attempt).is_err(), "no code");
    assert!(with(Some("c"), Some("123456"), "sha256:00", attempt).is_err(), "another request");
    assert!(with(Some("c"), Some("123456"), &digest, attempt + 1).is_err(), "another attempt");
    // The control: the right text, code, request and attempt do open it.
    assert!(with(Some("c"), Some("123456"), &digest, attempt).is_ok());
}

#[test]
fn an_admitted_command_records_nothing_without_its_proof() {
    let bench = gated_promotion();
    let admitted = bench.engine.admit(bench.now_ms, &bench.run_command("promote")).unwrap();
    assert!(admitted.proof.is_some());
    assert!(admitted.sealed(None).is_empty());
}

#[test]
fn a_confirmation_out_of_the_blue_sends_nothing() {
    let mut bench = Bench::start(PROMOTE);
    let confirmed = |digest: &str| Event::StepConfirmed {
        step: "promote".to_owned(),
        attempt: 1,
        by: "mallory".to_owned(),
        digest: digest.to_owned(),
        typed: true,
    };
    bench.record(confirmed("sha256:00"));
    assert_eq!((bench.anomalies(), bench.sends("promote")), (1, 0));
    bench.answer("promote", cluster("available", Some("source")));
    bench.record(confirmed("sha256:00"));
    assert_eq!((bench.anomalies(), bench.sends("promote")), (2, 0));
    // Even the right digest sends nothing while the code is missing.
    let digest = bench.step("promote").gate.unwrap().digest;
    bench.record(confirmed(&digest));
    assert_eq!((bench.anomalies(), bench.sends("promote")), (2, 0));
}

#[test]
fn the_operator_cannot_approve_and_approvals_expire() {
    let mut bench = Bench::start(DECLARE);
    let gate = bench.step("declare").gate.unwrap();
    let approve = |by: &str| Command::Approve {
        step: "declare".to_owned(),
        attempt: gate.attempt,
        digest: gate.digest.clone(),
        by: by.to_owned(),
        code: Some(Typed::new("1")),
        from: None,
    };
    assert!(bench.run("declare").is_err(), "no approval yet");
    assert!(bench.ask(&approve("alice")).is_err(), "the operator");
    assert!(bench.ask(&approve("eve")).is_err(), "no role");
    bench.ask(&approve("carol")).unwrap();
    bench.pass_s(15 * 60);
    assert!(bench.run("declare").is_err(), "expired");
    bench.ask(&approve("carol")).unwrap();
    bench.pass_s(15 * 60 - 1);
    bench.run("declare").unwrap();
    assert_eq!(bench.status("declare"), StepStatus::Succeeded);
}

#[test]
fn an_approval_that_no_gate_asked_for_is_an_anomaly_and_counts_for_nothing() {
    let mut bench = Bench::start(DECLARE);
    let gate = bench.step("declare").gate.unwrap();
    let granted = |attempt: u32, digest: &str| Event::ApprovalGranted {
        step: "declare".to_owned(),
        attempt,
        by: "carol".to_owned(),
        role: "dba".to_owned(),
        digest: digest.to_owned(),
        expires_ms: i64::MAX,
        proof: MfaProof { by: "carol".to_owned(), method: "test".to_owned(), device: "d".to_owned(), counter: None },
        from: None,
    };
    bench.record(granted(gate.attempt + 1, &gate.digest));
    bench.record(granted(gate.attempt, "sha256:00"));
    assert_eq!(bench.anomalies(), 2);
    assert!(bench.run("declare").is_err(), "an approval of something else counted");
    // The control: that of this attempt of this request does.
    bench.record(granted(gate.attempt, &gate.digest));
    bench.run("declare").unwrap();
    assert_eq!(bench.anomalies(), 2);
}

#[test]
fn who_resumes_a_run_approves_nothing_in_it() {
    let mut bench = Bench::start(DECLARE);
    let gate = bench.step("declare").gate.unwrap();
    let approve = |by: &str| Command::Approve {
        step: "declare".to_owned(),
        attempt: gate.attempt,
        digest: gate.digest.clone(),
        by: by.to_owned(),
        code: Some(Typed::new("1")),
        from: None,
    };
    bench.ask(&approve("carol")).unwrap();
    let resumed =
        |by: &str| Event::RunResumed { operator: by.to_owned(), version: String::new(), binary: String::new() };
    bench.record(resumed("carol"));
    assert!(bench.run("declare").is_err(), "carol's own approval counted");
    let refusal = bench.ask(&approve("carol")).unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Person);
    let approvals = bench.step("declare").gate.unwrap().approvals.unwrap();
    assert_eq!((approvals.eligible, approvals.granted.len()), (vec!["bob".to_owned()], 0));
    assert_eq!(approvals.lapsed[0].why, "drives the run now");
    bench.ask(&approve("bob")).unwrap();
    bench.run("declare").unwrap();
}

#[test]
fn three_wrong_codes_wait_for_the_next_one() {
    let mut bench = gated_promotion();
    for _ in 0..3 {
        let refused = Event::MfaRefused {
            step: "promote".to_owned(),
            by: "alice".to_owned(),
            why: crate::model::event::MfaRefusal::Wrong,
            detail: None,
        };
        bench.record(refused);
    }
    let refusal = bench.run("promote").unwrap_err();
    assert!(refusal.message.contains("three wrong codes"), "{refusal:?}");
    bench.pass_s(30);
    bench.run("promote").unwrap();
}

#[test]
fn reads_of_a_phase_run_together_and_changes_do_not() {
    let mut bench = Bench::start(
        "
phases:
  - id: p
    steps:
      - { id: a, uses: aws/sts.get_caller_identity, needs: [] }
      - { id: b, uses: aws/sts.get_caller_identity, needs: [] }
      - { id: c, uses: aws/ecs.update_service, needs: [], with: { cluster: k, service: s, desired_count: 3 } }
",
    );
    bench.answer("c", json!({"services": [{"desired_count": 0}]}));
    assert_eq!(bench.snapshot().phases[0].ready_reads, 2);
    bench.ask(&Command::RunReads { phase: "p".to_owned() }).unwrap();
    let mut sent: Vec<String> = bench.calls.iter().map(|call| call.ticket.step.clone()).collect();
    sent.sort();
    assert_eq!(sent, ["a", "b"]);
    assert_eq!(bench.status("c"), StepStatus::Waiting);
}

#[test]
fn a_paused_run_starts_nothing() {
    let mut bench = gated_promotion();
    bench.ask(&Command::Pause { reason: "vendor call".to_owned() }).unwrap();
    assert!(bench.run("promote").is_err());
    bench.ask(&Command::Continue).unwrap();
    bench.run("promote").unwrap();
    assert_eq!(bench.sends("promote"), 1);
}

/// A journal of a version that words requests otherwise: what was sent stays confirmed by somebody, what
/// was not opens no gate.
#[test]
fn a_confirmation_of_another_wording_is_told_once_it_was_sent_and_opens_no_gate() {
    let mut bench = gated_promotion();
    bench.run("promote").unwrap();
    for event in &mut bench.events {
        if let Event::StepConfirmed { digest, .. } = event {
            "sha256:00".clone_into(digest);
        }
    }
    let whole = bench.events.clone();
    let intent = whole.iter().position(|event| matches!(event, Event::ActionRequested { .. })).unwrap();
    bench.events.truncate(intent);
    bench.crash_and_resume();
    assert_eq!((bench.step("promote").confirmed_by, bench.sends("promote")), (None, 0));
    bench.events = whole;
    bench.crash_and_resume();
    assert_eq!(bench.step("promote").confirmed_by.as_deref(), Some("alice"));
}
