//! Programs: who carries them out keeps account, so a lost answer is asked for and not guessed.

use super::*;
use crate::engine::snapshot::Activity;
use crate::model::action::outside::account;
use crate::model::outcome::ProbeAnswer;

const PROGRAM: &str = "
phases:
  - id: data
    steps:
      - id: fence
        uses: exec
        with: { argv: [./fence.sh] }
        reversible: true
        timeout: 10m
        rollback: [{ uses: exec, with: { argv: [./unfence.sh] } }]
";
const VERIFIED: &str = "
        verify: [{ expect: result.exit_code == 4 }]
";

fn lost(text: &str) -> Bench {
    let mut bench = Bench::start(text);
    bench.run("fence").unwrap();
    bench.crash_and_resume();
    bench
}

fn reason(bench: &Bench) -> String {
    bench.step("fence").reason.unwrap_or_default()
}

#[test]
fn nothing_is_looked_at_before_a_program_is_started() {
    let mut bench = Bench::start(PROGRAM);
    assert!(bench.calls.is_empty());
    bench.run("fence").unwrap();
    assert_eq!((bench.calls.len(), bench.calls[0].timeout_ms), (1, 600_000));
}

#[test]
fn an_exit_code_fails_a_step_that_verifies_nothing_and_the_runbook_judges_one_that_does() {
    let mut bench = Bench::start(PROGRAM);
    bench.run("fence").unwrap();
    bench.answer("fence", account::ended(4, "", "no"));
    assert_eq!(bench.status("fence"), StepStatus::Failed);
    assert_eq!(reason(&bench), "`./fence.sh` ended with exit code 4");
    let mut bench = Bench::start(&format!("{}{VERIFIED}", PROGRAM.trim_end()));
    bench.run("fence").unwrap();
    bench.answer("fence", account::ended(4, "", "no"));
    assert_eq!(bench.status("fence"), StepStatus::Succeeded);
}

#[test]
fn a_rollback_that_ended_with_an_error_has_not_rolled_back() {
    for (is_lost, code, wanted) in [
        (false, 1, StepStatus::Failed),
        (true, 1, StepStatus::Failed),
        (false, 0, StepStatus::RolledBack),
        (true, 0, StepStatus::RolledBack),
    ] {
        let mut bench = Bench::start(PROGRAM);
        bench.run("fence").unwrap();
        bench.answer("fence", account::ended(4, "", ""));
        let digest = bench.step("fence").rollback.unwrap().digest;
        let code_of = Some(Typed::new("1"));
        bench.ask(&Command::RollBack { step: "fence".to_owned(), digest, typed: None, code: code_of }).unwrap();
        if is_lost {
            bench.crash_and_resume();
            assert_eq!(bench.calls[0].ticket.purpose, Purpose::Probe);
        }
        bench.answer("fence", account::ended(code, "", ""));
        assert_eq!(bench.status("fence"), wanted, "lost {is_lost}, code {code}: {}", reason(&bench));
    }
}

#[test]
fn a_resume_asks_for_the_account_of_that_very_send() {
    let mut sent = Bench::start(PROGRAM);
    sent.run("fence").unwrap();
    let token = sent.calls[0].token.clone();
    let mut bench = lost(PROGRAM);
    let probe = &bench.calls[0];
    assert_eq!((probe.ticket.purpose, probe.changes, &probe.token), (Purpose::Probe, false, &token));
    assert_eq!(probe.call.name(), "exec");
    bench.answer("fence", account::ended(0, "done\n", ""));
    assert_eq!(bench.status("fence"), StepStatus::Succeeded);
    assert_eq!((bench.sends("fence"), bench.anomalies()), (1, 0));
}

#[test]
fn what_still_runs_is_watched_to_its_end_and_its_end_is_the_result() {
    let mut bench = lost(&format!("{}{VERIFIED}", PROGRAM.trim_end()));
    assert_eq!(bench.calls[0].timeout_ms, 10_000);
    bench.answer("fence", account::running(Some(7)));
    assert_eq!(bench.step("fence").activity_kind, Activity::Calling);
    for _ in 0..3 {
        assert_eq!(bench.calls[0].timeout_ms, 40_000);
        assert!(bench.calls[0].not_before_ms > bench.now_ms);
        bench.answer("fence", account::running(Some(7)));
    }
    bench.answer("fence", account::ended(4, "", ""));
    assert_eq!(bench.status("fence"), StepStatus::Succeeded);
    assert_eq!(bench.sends("fence"), 1);
}

#[test]
fn past_the_steps_time_a_person_decides_and_a_resume_looks_again() {
    let mut bench = lost(PROGRAM);
    bench.answer("fence", account::running(Some(7)));
    bench.pass_s(595);
    bench.answer("fence", account::running(Some(7)));
    assert!(bench.calls[0].timeout_ms < 40_000, "no look goes beyond the step's time");
    bench.pass_s(10);
    bench.answer("fence", account::running(Some(7)));
    assert!(bench.calls.is_empty());
    let unknown = bench.step("fence").unknown.unwrap();
    assert_eq!((unknown.probing, unknown.answer), (false, Some(ProbeAnswer::InProgress)));
    assert!(unknown.detail.unwrap().contains("process 7"));
    bench.crash_and_resume();
    bench.answer("fence", account::ended(0, "", ""));
    assert_eq!(bench.status("fence"), StepStatus::Succeeded);
}

#[test]
fn what_nobody_can_tell_is_for_a_person() {
    for (seen, answer) in [
        (account::lost("the machine was restarted"), ProbeAnswer::CannotTell),
        (account::not_started("it had not begun"), ProbeAnswer::Before),
        (json!({"state": "of mind"}), ProbeAnswer::CannotTell),
        (json!({}), ProbeAnswer::CannotTell),
    ] {
        let mut bench = lost(PROGRAM);
        bench.answer("fence", seen);
        let unknown = bench.step("fence").unknown.unwrap();
        assert_eq!((unknown.probing, unknown.answer), (false, Some(answer)));
        assert!(bench.calls.is_empty());
        assert_eq!((bench.status("fence"), bench.sends("fence")), (StepStatus::Unknown, 1));
    }
}
