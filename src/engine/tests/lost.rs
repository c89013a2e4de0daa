//! After a lost answer: every action of the catalogue, what a person may decide, and what can still
//! be verified.

use super::*;
use crate::model::action::{Action, SPECS, examples};
use crate::model::event::UnknownDecision;
use crate::model::outcome::{Class, ProbeAnswer};
use crate::model::plan::StepIx;

fn decide(step: &str, decision: UnknownDecision, typed: Option<&str>) -> Command {
    Command::ResolveUnknown {
        step: step.to_owned(),
        decision,
        reason: "seen in the console".to_owned(),
        typed: typed.map(Typed::new),
        code: Some(Typed::new("1")),
    }
}

/// A run of one step, its answer lost. The state before is `before`, if it is read at all.
fn lost(step: &str, before: &Value) -> Bench {
    lose(Bench::start(&format!("phases:\n- id: a\n  steps:\n  - {{ id: s, {step} }}\n")), before)
}

/// The same of an action that deletes what no step has made: by an output, and with the guard taken away.
fn lost_delete(name: &str, gone: &str) -> Bench {
    let step = yaml(name).replace(&format!("\"{gone}\""), "\"${{ steps.n.outputs.name }}\"");
    let note = format!("{{ id: n, needs: [], uses: note, with: {{ text: x }}, outputs: {{ name: '{gone}' }} }}");
    let text = format!("phases:\n- id: a\n  steps:\n  - {{ id: s, needs: [n], {step} }}\n  - {note}\n");
    let mut bench = Bench::start_with(&text, Engine::without_the_guard_of_deletes);
    bench.run("n").unwrap();
    lose(bench, &json!({}))
}

fn lose(mut bench: Bench, before: &Value) -> Bench {
    while bench.step("s").gate.is_none() {
        bench.answer("s", before.clone());
    }
    bench.run("s").unwrap();
    bench.fail("s", CloudErrorKind::UnknownOutcome);
    bench
}

fn yaml(action: &str) -> String {
    format!("uses: {action}, with: {}, confirm: {{ type: s }}", examples::example_with(action).unwrap())
}

impl Bench {
    /// The probe's answer, whatever it looked at.
    fn probed(&mut self, answer: ProbeAnswer) {
        let call = self.take("s");
        assert_eq!((call.ticket.purpose, call.changes), (Purpose::Probe, false));
        let ix: StepIx = 0;
        self.engine.steps[ix].answered(Purpose::Probe);
        let attempt = call.ticket.attempt;
        self.record(Event::ProbeAnswered { step: "s".to_owned(), attempt, answer, detail: String::new() });
    }
}

/// Every action that changes something and is not class D can be looked for, and is believed not to have
/// happened only once what was sent has had its time.
#[test]
fn every_action_of_class_a_to_c_is_probed_and_not_done_counts_only_after_its_settle_time() {
    let mut probed = 0;
    for spec in SPECS.iter().filter(|spec| spec.risk.changes()) {
        let action = examples::example(spec.name).unwrap();
        let probe = action.probe();
        assert!(probe.is_some() || spec.class == Class::D, "{}: nobody can look whether it happened", spec.name);
        let Some(probe) = probe.filter(|_| spec.class != Class::D) else { continue };
        assert!(!probe.spec().risk.changes(), "{}: a probe only looks", spec.name);
        assert!(action.settle_ms() >= 1_000, "{}: nothing settles at once", spec.name);

        let settle_ms = i64::try_from(action.settle_ms()).unwrap();
        let mut bench = match action.operation().deletes().first() {
            Some(gone) => lost_delete(spec.name, &gone.name),
            None => lost(&yaml(spec.name), &json!({})),
        };
        let sent_ms = bench.step("s").unknown.unwrap().sent_ms;
        bench.pass_s(settle_ms / 2000);
        bench.probed(ProbeAnswer::Before);
        let view = bench.step("s").unknown.unwrap();
        assert!(view.probing && view.settled_from_ms == sent_ms + settle_ms, "{}: {view:#?}", spec.name);
        assert_eq!(bench.calls[0].not_before_ms, sent_ms + settle_ms, "{}: asked again too early", spec.name);
        for early in [UnknownDecision::RecordNotDone, UnknownDecision::SendAgain] {
            let refusal = bench.ask(&decide("s", early, None)).unwrap_err();
            assert!(refusal.message.contains("may still take effect"), "{}: {refusal}", spec.name);
        }
        bench.probed(ProbeAnswer::Before);
        assert!(!bench.step("s").unknown.unwrap().probing, "{}: a person decides", spec.name);
        assert_eq!((bench.sends("s"), bench.anomalies()), (1, 0), "{}", spec.name);
        probed += 1;
    }
    assert!(probed >= 25, "{probed} actions probed");
}

/// The control: an answer after the settle time is believed at once, so it is the time that counts.
#[test]
fn an_answer_that_comes_after_the_settle_time_counts_at_once() {
    let mut bench = lost(&yaml("aws/ecs.update_service"), &json!({}));
    bench.pass_s(3_600);
    bench.probed(ProbeAnswer::Before);
    assert!(!bench.step("s").unknown.unwrap().probing);
}

#[test]
fn what_was_asked_and_what_is_known_stand_in_the_view() {
    let mut bench = lost(&yaml("aws/ecs.update_service"), &json!({}));
    let intent = bench.events.iter().find_map(|event| match event {
        Event::ActionRequested { digest, token, .. } => Some((digest.clone(), token.clone())),
        _ => None,
    });
    let view = bench.step("s").unknown.unwrap();
    assert_eq!((view.digest.clone(), view.token.clone()), intent.unwrap());
    assert_eq!((view.action.as_str(), view.what.as_str()), ("aws/ecs.update_service", "action"));
    assert_eq!((view.confirmed_by.as_deref(), view.attempt), (Some("alice"), 1));
    assert!(view.request.iter().any(|(name, _)| name == "service"));
    assert_eq!((view.answers, view.answered_ms, view.settled), (0, None, None));
    bench.pass_s(4);
    bench.probed(ProbeAnswer::After);
    let view = bench.step("s").unknown.unwrap();
    assert_eq!((view.answers, view.answered_ms), (1, Some(bench.now_ms)));
    assert_eq!(view.settled.as_deref(), Some("the probe found it done"));
}

#[test]
fn sending_again_is_a_new_attempt_through_its_gate_with_the_token_of_the_first() {
    let mut bench = lost(&yaml("aws/cloudfront.create_invalidation"), &json!({}));
    bench.probed(ProbeAnswer::CannotTell);
    bench.pass_s(60);
    bench.ask(&decide("s", UnknownDecision::SendAgain, None)).unwrap();
    assert_eq!(bench.sends("s"), 1, "nothing goes out by itself");
    bench.answer("s", json!({}));
    let view = bench.step("s");
    assert_eq!((view.gate.clone().unwrap().attempt, view.unknown), (2, None));
    bench.run("s").unwrap();
    let tokens = |bench: &Bench| -> Vec<String> {
        let token = |event: &Event| match event {
            Event::ActionRequested { token, .. } => Some(token.clone()),
            _ => None,
        };
        bench.events.iter().filter_map(token).collect()
    };
    assert_eq!(tokens(&bench).len(), 2);
    assert_eq!(tokens(&bench)[0], tokens(&bench)[1], "the cloud could not tell that it is the same call");
    assert_eq!(bench.take("s").token, tokens(&bench)[0]);
    // The control: an attempt after one that is known not to have happened has a token of its own.
    let mut bench = lost(&yaml("aws/cloudfront.create_invalidation"), &json!({}));
    bench.probed(ProbeAnswer::CannotTell);
    bench.pass_s(60);
    bench.ask(&decide("s", UnknownDecision::RecordNotDone, None)).unwrap();
    bench.ask(&Command::Retry { step: "s".to_owned() }).unwrap();
    bench.answer("s", json!({}));
    bench.run("s").unwrap();
    assert_ne!(tokens(&bench)[0], tokens(&bench)[1]);
}

/// Class D: no probe, and each decision wants the step's id.
#[test]
fn an_unguarded_call_goes_to_a_person_and_wants_its_id_typed() {
    for decision in UnknownDecision::ALL {
        let mut bench = lost(&yaml("aws/sns.publish"), &json!({}));
        let view = bench.step("s").unknown.unwrap();
        assert!(!view.probing && view.probe.is_none() && view.type_text.as_deref() == Some("s"), "{view:#?}");
        bench.pass_s(60);
        for wrong in [None, Some(""), Some("S"), Some("s ")] {
            bench.ask(&decide("s", decision, wrong)).unwrap_err();
        }
        let probe = bench.ask(&Command::ProbeAgain { step: "s".to_owned() }).unwrap_err();
        assert!(probe.message.contains("nothing to probe"), "{probe}");
        assert_eq!(bench.sends("s"), 1);
        bench.ask(&decide("s", decision, Some("s"))).unwrap();
        let typed = |event: &Event| matches!(event, Event::UnknownResolved { typed: true, .. });
        assert!(bench.events.iter().any(typed));
    }
}

const DNS: &str = "
phases:
  - id: dns
    steps:
      - id: cutover
        uses: aws/route53.change_resource_record_sets
        with:
          hosted_zone_id: Z1
          change_batch: { changes: [{ action: UPSERT, resource_record_set: { name: www.a.example, type: CNAME, ttl: 60, resource_records: [{ value: b.example }] } }] }
        confirm: { type: www }
        verify:
          - { uses: aws/route53.get_change, with: { id: \"${{ steps.cutover.result.id }}\" }, every: 10s, for: 5m }
          - { uses: dns/resolve, with: { name: www.a.example, expect: b.example }, every: 10s, for: 5m }
";

fn records(value: &str) -> Value {
    json!({"resource_record_sets": [
        {"name": "www.a.example.", "type": "CNAME", "ttl": 60, "resource_records": [{"value": value}]},
    ], "is_truncated": false})
}

/// The answer of the cutover is lost, the probe finds it done.
fn cutover() -> Bench {
    let mut bench = Bench::start(DNS);
    bench.answer("cutover", records("a.example"));
    bench.run("cutover").unwrap();
    bench.fail("cutover", CloudErrorKind::UnknownOutcome);
    bench.answer("cutover", records("b.example"));
    bench
}

#[test]
fn a_verification_that_needs_the_lost_answer_is_a_persons_decision_and_no_failure() {
    let mut bench = cutover();
    let view = bench.step("cutover");
    assert_eq!((view.status, view.activity.as_str()), (StepStatus::Unknown, "cannot be checked"));
    let why = view.unknown.clone().unwrap().verification.unwrap();
    assert!(why.contains("aws/route53.get_change") && why.contains("steps.cutover.result.id"), "{why}");
    assert!(bench.calls.is_empty(), "nothing is asked with half an input");
    // It survives a crash, and there is nothing to probe.
    bench.crash_and_resume();
    assert_eq!(bench.status("cutover"), StepStatus::Unknown);
    bench.ask(&Command::ProbeAgain { step: "cutover".to_owned() }).unwrap_err();
    // Passed over: the other verification is asked all the same, and decides.
    bench.ask(&decide("cutover", UnknownDecision::RecordDone, None)).unwrap();
    let call = bench.calls[0].clone();
    assert_eq!((call.ticket.purpose, call.call.name()), (Purpose::Verify(1), "dns/resolve"));
    bench.answer("cutover", json!({"agree": true, "answers": ["b.example"]}));
    assert_eq!(bench.status("cutover"), StepStatus::Succeeded);
    assert_eq!((bench.sends("cutover"), bench.anomalies()), (1, 0));
}

#[test]
fn a_verification_that_cannot_be_asked_may_also_end_the_step_or_send_it_again() {
    let mut bench = cutover();
    bench.ask(&decide("cutover", UnknownDecision::RecordNotDone, None)).unwrap();
    assert_eq!(bench.status("cutover"), StepStatus::Failed);
    let mut bench = cutover();
    bench.ask(&decide("cutover", UnknownDecision::SendAgain, None)).unwrap();
    bench.answer("cutover", records("b.example"));
    assert_eq!(bench.step("cutover").gate.unwrap().attempt, 2);
    assert_eq!((bench.sends("cutover"), bench.anomalies()), (1, 0));
}

/// The control: with its answer the same verification is asked like any other.
#[test]
fn with_an_answer_the_same_verification_is_simply_asked() {
    let mut bench = Bench::start(DNS);
    bench.answer("cutover", records("a.example"));
    bench.run("cutover").unwrap();
    bench.answer("cutover", json!({"id": "C1", "status": "PENDING"}));
    assert_eq!(bench.calls[0].call.with()["id"], "C1");
}

/// The look has the shape of the answer, or gives the part that a runbook names.
#[test]
fn what_the_probe_saw_stands_in_for_the_answer() {
    let mut bench = lost(
        "uses: aws/ecs.update_service, with: { cluster: c, service: web, desired_count: 3 }, \
         verify: [{ expect: result.desired_count == 3 }], outputs: { count: '${{ verified.desired_count }}' }",
        &json!({"services": [{"service_name": "web", "desired_count": 1}]}),
    );
    bench.answer("s", json!({"services": [{"service_name": "web", "desired_count": 3}]}));
    let view = bench.step("s");
    assert_eq!((view.status, bench.sends("s")), (StepStatus::Succeeded, 1));
    assert_eq!(view.outputs, [("count".to_owned(), "3".to_owned())]);
}

#[test]
fn who_records_it_as_done_answers_for_an_expectation_about_the_answer_alone() {
    let step = format!("{}, verify: [{{ expect: result.message_id == 'm1' }}]", yaml("aws/sns.publish"));
    let mut bench = lost(&step, &json!({}));
    bench.pass_s(60);
    bench.ask(&decide("s", UnknownDecision::RecordDone, Some("s"))).unwrap();
    assert_eq!((bench.status("s"), bench.sends("s")), (StepStatus::Succeeded, 1));
}

/// Outputs may be made of `verified` whether the verification held at once or after a while.
#[test]
fn verified_is_the_steps_own_result_when_that_holds_at_once() {
    let step = "uses: aws/sts.get_caller_identity, verify: [{ expect: result.account == '111122223333' }], \
                outputs: { who: '${{ verified.account }}' }";
    let mut bench = Bench::start(&format!("phases:\n- id: a\n  steps:\n  - {{ id: s, {step} }}\n"));
    bench.run("s").unwrap();
    bench.answer("s", identity());
    assert_eq!(bench.step("s").outputs, [("who".to_owned(), "111122223333".to_owned())]);
}

const ROLLED: &str = "
phases:
  - id: a
    steps:
      - id: s
        uses: aws/ecs.update_service
        with: { cluster: c, service: web, desired_count: 3 }
        rollback:
          - { uses: aws/ecs.update_service, with: { desired_count: 1 } }
          - { uses: aws/cloudfront.create_invalidation, with: { distribution_id: E1, paths: ['/*'] } }
      - { id: hold, uses: manual, with: { ask: 'Go on?' } }
";

fn roll_back(bench: &mut Bench) -> Result<(), Refusal> {
    let view = bench.step("s").rollback.unwrap();
    let command = Command::RollBack {
        step: "s".to_owned(),
        digest: view.digest,
        typed: view.type_text.as_deref().map(Typed::new),
        code: Some(Typed::new("1")),
    };
    bench.ask(&command)
}

/// Done, and its roll back begun.
fn rolling() -> Bench {
    let mut bench = Bench::start(ROLLED);
    bench.answer("s", json!({"services": [{"desired_count": 1}]}));
    bench.run("s").unwrap();
    bench.answer("s", json!({"service_name": "web"}));
    roll_back(&mut bench).unwrap();
    bench
}

#[test]
fn a_roll_back_in_doubt_has_the_same_screen_and_the_same_decisions() {
    for decision in UnknownDecision::ALL {
        let mut bench = rolling();
        bench.answer("s", json!({"service_name": "web"}));
        bench.fail("s", CloudErrorKind::UnknownOutcome);
        let view = bench.step("s").unknown.unwrap();
        assert_eq!(view.what, "roll back, call 2 of 2");
        assert_eq!(view.action, "aws/cloudfront.create_invalidation");
        let token = view.token;
        bench.probed(ProbeAnswer::CannotTell);
        bench.pass_s(60);
        bench.ask(&decide("s", decision, None)).unwrap();
        match decision {
            UnknownDecision::RecordDone => assert_eq!(bench.status("s"), StepStatus::RolledBack),
            UnknownDecision::RecordNotDone => assert_eq!(bench.status("s"), StepStatus::Failed),
            UnknownDecision::SendAgain => {
                // Only the call in doubt, not the ones before it.
                let call = bench.take("s");
                assert_eq!((call.ticket.purpose, call.token), (Purpose::Rollback(1), token));
                let again = |event: &Event| matches!(event, Event::RollbackStarted { from: 1, .. });
                assert!(bench.events.iter().any(again));
            }
        }
        assert_eq!(bench.anomalies(), 0, "{decision:?}");
    }
}

#[test]
fn the_roll_back_that_starts_is_the_one_that_was_shown() {
    let bench = rolling();
    let recorded = bench.events.iter().find_map(|event| match event {
        Event::RollbackStarted { digest, .. } => Some(digest.clone()),
        _ => None,
    });
    assert!(recorded.unwrap().starts_with("sha256:"));
    // The control: another digest starts nothing; none at all is a journal of before.
    for (digest, starts) in [("sha256:0", false), ("", true)] {
        let mut bench = Bench::start(ROLLED);
        bench.answer("s", json!({"services": [{"desired_count": 1}]}));
        bench.run("s").unwrap();
        bench.answer("s", json!({"service_name": "web"}));
        let (step, by) = ("s".to_owned(), "alice".to_owned());
        bench.record(Event::RollbackStarted { step, attempt: 1, by, digest: digest.to_owned(), from: 0 });
        assert_eq!((bench.calls.len(), bench.anomalies()), (usize::from(starts), usize::from(!starts)));
    }
    let old = json!({"type": "RollbackStarted", "step": "s", "attempt": 1, "by": "alice"});
    let event: Event = serde_json::from_value(old.clone()).unwrap();
    assert_eq!(serde_json::to_value(&event).unwrap(), old, "what is not known is not written");
}

/// What the static list says cannot be had again is what the look does not give.
#[test]
fn members_only_in_the_answer_are_those_no_look_gives_back() {
    for spec in SPECS.iter().filter(|spec| spec.risk.changes()) {
        let action = examples::example(spec.name).unwrap();
        let seen = action.answer_seen(None, &json!({}));
        for member in Action::only_in_answer(spec.name) {
            assert!(seen.as_ref().is_none_or(|seen| seen.get(*member).is_none()), "{} {member}", spec.name);
        }
    }
}
