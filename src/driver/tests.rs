//! The loop with scripted parts: what is sent when the disk fails, when the face goes, when told to leave.

mod panics;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use serde_json::json;

use super::*;
use crate::engine::command::{Command, Typed};
use crate::engine::effect::CallRequest;
use crate::engine::ports::{CloudReply, JournalError, MfaDenied, MfaRequest};
use crate::model::event::{MfaProof, MfaRefusal, RunHeader};
use crate::model::outcome::{CloudError, Mode};
use crate::model::plan::Intent;
use crate::model::runbook::SourceFile;
use crate::model::{Object, Value};
use crate::sim::clock::{SimClock, Speed};
use crate::source;

const RUNBOOK: &str = "
version: 1
name: t
title: T
objectives: { rto: 4h }
targets: { dr: { region: us-east-1 } }
defaults: { target: dr, timeout: 10m }
phases:
  - id: p
    steps:
      - { id: who, uses: aws/sts.get_caller_identity }
      - { id: scale, uses: aws/ecs.update_service, with: { cluster: k, service: s, desired_count: 3 } }
      - { id: scale_again, uses: aws/ecs.update_service, with: { cluster: k, service: s2, desired_count: 3 } }
";
const START_MS: i64 = 1_767_495_600_000;

/// Counts what reached it; answers everything.
#[derive(Default)]
struct CountingCloud {
    changes: AtomicUsize,
}

impl Cloud for CountingCloud {
    fn call<'a>(&'a self, request: &'a CallRequest) -> BoxFuture<'a, Result<CloudReply, CloudError>> {
        if request.changes {
            self.changes.fetch_add(1, Ordering::SeqCst);
        }
        let value: Value = json!({"services": [{"desired_count": 0}], "account": "1"});
        Box::pin(async move { Ok(CloudReply { value, request_id: None, cloud_ms: None }) })
    }
}

/// Keeps records in memory; its n-th sync fails, or (the control) only should have.
struct MemoryJournal {
    records: Arc<Mutex<Vec<Stamped>>>,
    syncs: usize,
    fail_at: usize,
    swallow: bool,
    broken: bool,
}

impl Journal for MemoryJournal {
    fn append(&mut self, at_ms: i64, event: Event) -> Result<Stamped, JournalError> {
        if self.broken {
            return Err(JournalError("poisoned".to_owned()));
        }
        let mut records = self.records.lock().unwrap();
        let seq = records.len() as u64 + 2;
        let stamped = Stamped { seq, epoch: 1, at_ms, who: "alice".to_owned(), event };
        records.push(stamped.clone());
        Ok(stamped)
    }

    fn sync(&mut self) -> Result<(), JournalError> {
        self.syncs += 1;
        if self.syncs >= self.fail_at && !self.swallow {
            self.broken = true;
            return Err(JournalError("no space left on device".to_owned()));
        }
        Ok(())
    }

    fn head(&self) -> (u64, String) {
        (0, "0".repeat(64))
    }
}

/// Takes every code; shows one.
struct EasyMfa;

impl MfaDevices for EasyMfa {
    fn verify(&self, request: MfaRequest) -> BoxFuture<'static, Result<MfaProof, MfaDenied>> {
        let counter = u64::try_from(request.now_ms / 30_000).unwrap_or(0);
        let used = request.last_counter.is_some_and(|last| counter <= last);
        let proof =
            MfaProof { by: request.person, method: "test".to_owned(), device: "d".to_owned(), counter: Some(counter) };
        Box::pin(std::future::ready(if used { Err(MfaRefusal::AlreadyUsed.into()) } else { Ok(proof) }))
    }

    fn practice_code(&self, _person: &str, _now_ms: i64) -> Option<(String, u64)> {
        Some(("123456".to_owned(), 1_000))
    }

    fn device(&self, _person: &str) -> Option<String> {
        None
    }
}

type Records = Arc<Mutex<Vec<Stamped>>>;

fn parts(fail_at: usize, swallow: bool, operator: Operator) -> (Parts, Arc<CountingCloud>, Records) {
    parts_of(RUNBOOK, fail_at, swallow, operator)
}

fn parts_of(text: &str, fail_at: usize, swallow: bool, operator: Operator) -> (Parts, Arc<CountingCloud>, Records) {
    let files = vec![SourceFile { path: "t.yaml".to_owned(), text: text.to_owned() }];
    let loaded = source::load(files.clone());
    let runbook = loaded.runbook.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    let context = source::RunContext {
        given: Object::new(),
        mode: Mode::Drill,
        intent: Intent::Planned,
        operator: "alice".to_owned(),
        run: "R".to_owned(),
        now_ms: START_MS,
    };
    let plan = source::instantiate(&runbook, &context).unwrap_or_else(|errors| panic!("{errors:?}"));
    let header = RunHeader {
        runbook: "t".to_owned(),
        digest: String::new(),
        files,
        mode: Mode::Drill,
        intent: Intent::Planned,
        operator: "alice".to_owned(),
        inputs: Object::new(),
        secrets: Vec::new(),
        version: String::new(),
        binary: String::new(),
        drill: None,
        identities: Vec::new(),
    };
    let engine = Engine::new(plan, "R", &header);
    let event = Event::RunStarted(Box::new(header));
    let started = Stamped { seq: 1, epoch: 1, at_ms: START_MS, who: "alice".to_owned(), event };
    let records = Records::default();
    let cloud = Arc::new(CountingCloud::default());
    let journal = MemoryJournal { records: Arc::clone(&records), syncs: 0, fail_at, swallow, broken: false };
    let parts = Parts {
        engine,
        opening: Opening::Started(started),
        journal: Box::new(journal),
        cloud: Arc::clone(&cloud) as Arc<dyn Cloud>,
        clock: Arc::new(SimClock::new(START_MS, Speed::Max, false)),
        mfa: Arc::new(EasyMfa),
        rows: Vec::new(),
        faults: Vec::new(),
        operator,
        history: Arc::default(),
    };
    (parts, cloud, records)
}

/// Intents that a sync has covered, in a run whose n-th sync fails.
fn intents(records: &Records) -> usize {
    let records = records.lock().unwrap();
    let changes = |one: &&Stamped| matches!(&one.event, Event::ActionRequested { action, .. } if action.contains("update_service"));
    records.iter().filter(changes).count()
}

#[test]
fn a_whole_headless_run_sends_each_change_once() {
    let (parts, cloud, records) = parts(usize::MAX, false, Operator::Auto);
    let (over, _) = run_headless(parts).unwrap();
    assert_eq!(over, Over::Finished);
    assert_eq!((cloud.changes.load(Ordering::SeqCst), intents(&records)), (2, 2));
}

/// The same colleague approves twice in a row: their code counts once, so the next one is awaited.
#[test]
fn an_approver_waits_for_their_next_code_too() {
    let approved = "approvals: { min: 1, from: [lead], within: 15m } }";
    let steps = |id: &str| format!("      - {{ id: {id}, uses: manual, with: {{ ask: Well? }}, {approved}\n");
    let text = format!(
        "version: 1\nname: t\ntitle: T\nobjectives: {{ rto: 4h }}\nroles: {{ lead: [carol] }}\nphases:\n  - id: p\n    steps:\n{}{}",
        steps("first"),
        steps("second")
    );
    let (parts, _, records) = parts_of(&text, usize::MAX, false, Operator::Auto);
    let (over, _) = run_headless(parts).unwrap();
    assert_eq!(over, Over::Finished);
    let counters: Vec<_> = records
        .lock()
        .unwrap()
        .iter()
        .filter_map(|one| match &one.event {
            Event::ApprovalGranted { proof, .. } => Some(proof.counter),
            _ => None,
        })
        .collect();
    assert!(counters.len() == 2 && counters[0] < counters[1], "{counters:?}");
}

#[test]
fn nothing_is_sent_after_a_failed_sync_whichever_it_is() {
    let mut broken_runs = 0;
    let mut control_caught = 0;
    for fail_at in 1..40 {
        let (run, cloud, records) = parts(fail_at, false, Operator::Auto);
        let (over, view) = run_headless(run).unwrap();
        let sent = cloud.changes.load(Ordering::SeqCst);
        if let Over::Broken { reason } = &over {
            broken_runs += 1;
            assert!(reason.contains("no space"), "{reason}");
            assert!(view.snapshot.journal_broken.is_some());
            // The intent whose sync failed stands in the file and was not acted on.
            assert!(sent <= intents(&records), "sync {fail_at}");
            // The control: had the failure been swallowed, more would have gone out.
            let (run, cloud, _) = parts(fail_at, true, Operator::Auto);
            run_headless(run).unwrap();
            control_caught += usize::from(cloud.changes.load(Ordering::SeqCst) > sent);
        }
    }
    assert!(broken_runs >= 5, "{broken_runs}");
    assert!(control_caught >= 3, "{control_caught}");
}

/// Asks until the view satisfies `ready`.
async fn wait_for(handle: &mut Handle, ready: impl Fn(&View) -> bool) -> Arc<View> {
    handle.view.wait_for(|view| ready(view)).await.unwrap().clone()
}

async fn ask(handle: &Handle, command: Command) -> Result<(), crate::engine::command::Refusal> {
    let (reply, answer) = tokio::sync::oneshot::channel();
    handle.requests.send((command, reply)).await.unwrap();
    answer.await.unwrap()
}

fn gate_of(view: &View, key: &str) -> Option<crate::engine::snapshot::GateView> {
    view.snapshot.steps.iter().find(|step| step.key == key).and_then(|step| step.gate.clone())
}

#[tokio::test]
async fn a_face_that_goes_away_leaves_the_run_resumable() {
    let (parts, cloud, records) = parts(usize::MAX, false, Operator::Person);
    let (mut handle, thread) = spawn(parts).unwrap();
    wait_for(&mut handle, |view| gate_of(view, "who").is_some()).await;
    drop(handle);
    assert_eq!(thread.join().unwrap(), Over::Left { reason: "the terminal is gone".to_owned() });
    let last = records.lock().unwrap().last().cloned().unwrap();
    assert!(matches!(last.event, Event::RunLeft { .. }), "{last:?}");
    assert_eq!(cloud.changes.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_person_runs_a_step_and_leaves() {
    let (parts, cloud, _) = parts(usize::MAX, false, Operator::Person);
    let (mut handle, thread) = spawn(parts).unwrap();
    let view = wait_for(&mut handle, |view| gate_of(view, "who").is_some()).await;
    let gate = gate_of(&view, "who").unwrap();
    let run = |digest: String| Command::Run {
        step: "who".to_owned(),
        attempt: gate.attempt,
        digest,
        typed: None,
        code: Some(Typed::new("123456")),
    };
    assert!(ask(&handle, run("sha256:00".to_owned())).await.is_err());
    ask(&handle, run(gate.digest.clone())).await.unwrap();
    assert!(ask(&handle, run(gate.digest.clone())).await.is_err(), "a second press of the same gate");
    wait_for(&mut handle, |view| gate_of(view, "scale").is_some()).await;
    ask(&handle, Command::Leave { reason: "tea".to_owned() }).await.unwrap();
    let view = wait_for(&mut handle, |view| view.over.is_some()).await;
    assert_eq!(view.over, Some(Over::Left { reason: "tea".to_owned() }));
    assert_eq!(thread.join().unwrap(), Over::Left { reason: "tea".to_owned() });
    assert_eq!(cloud.changes.load(Ordering::SeqCst), 0);
}

/// Answers a code only once it is told to, as AWS does after seconds.
struct SlowMfa(Arc<tokio::sync::Semaphore>);

impl MfaDevices for SlowMfa {
    fn verify(&self, request: MfaRequest) -> BoxFuture<'static, Result<MfaProof, MfaDenied>> {
        let (told, answer) = (Arc::clone(&self.0), EasyMfa.verify(request));
        Box::pin(async move {
            told.acquire().await.unwrap().forget();
            answer.await
        })
    }

    fn practice_code(&self, _person: &str, _now_ms: i64) -> Option<(String, u64)> {
        None
    }

    fn device(&self, _person: &str) -> Option<String> {
        None
    }
}

/// A run in front of `scale`'s gate, whose codes are slow; and its command.
async fn before_a_slow_code() -> (Handle, JoinHandle<Over>, Arc<CountingCloud>, Arc<tokio::sync::Semaphore>, Command) {
    let told = Arc::new(tokio::sync::Semaphore::new(0));
    let (mut parts, cloud, _) = parts(usize::MAX, false, Operator::Person);
    parts.mfa = Arc::new(SlowMfa(Arc::clone(&told)));
    let (mut handle, thread) = spawn(parts).unwrap();
    let run = |view: &View, step: &str| {
        let gate = gate_of(view, step).unwrap();
        let code = gate.mfa.map(|_| Typed::new("123456"));
        Command::Run { step: step.to_owned(), attempt: gate.attempt, digest: gate.digest, typed: None, code }
    };
    let view = wait_for(&mut handle, |view| gate_of(view, "who").is_some()).await;
    ask(&handle, run(&view, "who")).await.unwrap();
    let view = wait_for(&mut handle, |view| gate_of(view, "scale").is_some()).await;
    let command = run(&view, "scale");
    (handle, thread, cloud, told, command)
}

#[tokio::test]
async fn while_a_code_is_checked_the_run_goes_on_and_no_other_code_is_taken() {
    let (mut handle, thread, cloud, told, command) = before_a_slow_code().await;
    let (reply, answer) = tokio::sync::oneshot::channel();
    handle.requests.send((command.clone(), reply)).await.unwrap();
    let refused = ask(&handle, command).await.unwrap_err();
    assert_eq!(refused.message, "a code for this step is being checked");
    let note = Command::Note { text: "still here".to_owned(), about_ms: None, step: None };
    ask(&handle, note).await.unwrap();
    assert_eq!(cloud.changes.load(Ordering::SeqCst), 0, "sent before the code was right");
    told.add_permits(1);
    answer.await.unwrap().unwrap();
    wait_for(&mut handle, |view| gate_of(view, "scale_again").is_some()).await;
    assert_eq!(cloud.changes.load(Ordering::SeqCst), 1);
    drop(handle);
    thread.join().unwrap();
}

#[tokio::test]
async fn a_code_that_turns_out_right_after_everybody_left_runs_nothing() {
    let (handle, thread, cloud, told, command) = before_a_slow_code().await;
    let (reply, _answer) = tokio::sync::oneshot::channel();
    handle.requests.send((command, reply)).await.unwrap();
    ask(&handle, Command::Leave { reason: "tea".to_owned() }).await.unwrap();
    told.add_permits(1);
    assert_eq!(thread.join().unwrap(), Over::Left { reason: "tea".to_owned() });
    assert_eq!(cloud.changes.load(Ordering::SeqCst), 0);
}
