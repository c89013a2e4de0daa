//! The machine by event list: a tiny driver with a hand-cranked clock answers calls from a script.

mod always;
mod doubt;
mod failure;
mod gates;
mod leaving;
mod login;
mod lost;
mod messages;
mod milestones;
mod order;
mod ownership;
mod programs;
mod progress;
mod recheck;

use std::collections::VecDeque;

use serde_json::json;

use super::Engine;
use super::command::{Command, Refusal, Typed};
use super::effect::{CallRequest, Effect};
use super::snapshot::{Snapshot, StepView};
use crate::model::event::{Event, MfaProof, Purpose, RunHeader, Stamped};
use crate::model::outcome::{CloudError, CloudErrorKind, Mode, StepStatus};
use crate::model::plan::Intent;
use crate::model::runbook::SourceFile;
use crate::model::{Object, Value};
use crate::source;

const START_MS: i64 = 1_767_495_600_000;
const HEAD: &str = "
version: 1
name: t
title: T
objectives: { rto: 4h, rpo: 1h }
targets: { dr: { region: us-east-1, account: '111122223333' } }
roles: { commander: [alice, bob], dba: [carol] }
defaults: { target: dr, timeout: 10m }
";

/// A run under test.
struct Bench {
    engine: Engine,
    now_ms: i64,
    seq: u64,
    /// Everything recorded, in order.
    events: Vec<Event>,
    /// Calls asked for and not yet answered.
    calls: VecDeque<CallRequest>,
    timers: Vec<(i64, crate::model::event::Timer)>,
    counter: u64,
}

fn header(text: &str) -> RunHeader {
    RunHeader {
        runbook: "t".to_owned(),
        digest: String::new(),
        files: vec![SourceFile { path: "t.yaml".to_owned(), text: text.to_owned() }],
        mode: Mode::Drill,
        intent: Intent::Planned,
        operator: "alice".to_owned(),
        inputs: Object::new(),
        secrets: Vec::new(),
        version: String::new(),
        binary: String::new(),
        drill: None,
        identities: Vec::new(),
    }
}

fn engine_of(text: &str) -> (Engine, RunHeader) {
    let header = header(text);
    let loaded = source::load(header.files.clone());
    let runbook = loaded.runbook.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    let context = source::RunContext {
        given: Object::new(),
        mode: Mode::Drill,
        intent: Intent::Planned,
        operator: "alice".to_owned(),
        run: "R".to_owned(),
        now_ms: START_MS,
    };
    let plan = source::instantiate(&runbook, &context).unwrap_or_else(|errors| panic!("{errors:#?}"));
    (Engine::new(plan, "R", &header), header)
}

impl Bench {
    /// Starts a run of `HEAD` and the given phases.
    fn start(phases: &str) -> Self {
        Self::start_with(phases, |engine| engine)
    }

    /// The same, with something done to the machine before it sees anything.
    fn start_with(phases: &str, change: impl FnOnce(Engine) -> Engine) -> Self {
        let text = format!("{HEAD}{phases}");
        let (engine, header) = engine_of(&text);
        let engine = change(engine);
        let mut bench = Self {
            engine,
            now_ms: START_MS,
            seq: 0,
            events: Vec::new(),
            calls: VecDeque::new(),
            timers: Vec::new(),
            counter: 0,
        };
        bench.record(Event::RunStarted(Box::new(header)));
        bench
    }

    /// Records one fact and all that follow from it, as the driver does.
    fn record(&mut self, event: Event) {
        let mut queue = VecDeque::from([event]);
        while let Some(event) = queue.pop_front() {
            self.seq += 1;
            let stamped =
                Stamped { seq: self.seq, epoch: 1, at_ms: self.now_ms, who: "alice".to_owned(), event: event.clone() };
            self.events.push(event);
            for effect in self.engine.handle(&stamped) {
                match effect {
                    Effect::Record(event) => queue.push_back(event),
                    Effect::Call(call) => self.calls.push_back(*call),
                    Effect::StartTimer { timer, at_ms } => self.timers.push((at_ms, timer)),
                    Effect::AskOperator { .. } | Effect::Finish => {}
                }
            }
        }
    }

    fn ask(&mut self, command: &Command) -> Result<(), Refusal> {
        let admitted = self.engine.admit(self.now_ms, command)?;
        let proof = admitted.proof.clone().map(|need| {
            self.counter += 1;
            MfaProof { by: need.person, method: "test".to_owned(), device: "d".to_owned(), counter: Some(self.counter) }
        });
        for event in admitted.sealed(proof.as_ref()) {
            self.record(event);
        }
        Ok(())
    }

    /// Runs a step as a person who fills in everything the gate shows.
    fn run(&mut self, step: &str) -> Result<(), Refusal> {
        let command = self.run_command(step);
        self.ask(&command)
    }

    fn run_command(&self, step: &str) -> Command {
        let view = self.step(step);
        let gate = view.gate.unwrap_or_else(|| panic!("{step} has no open gate: {}", view.activity));
        Command::Run {
            step: step.to_owned(),
            attempt: gate.attempt,
            digest: gate.digest,
            typed: gate.type_text.as_deref().map(Typed::new),
            code: gate.mfa.map(|_| Typed::new("123456")),
        }
    }

    /// The oldest call of a step, taken out of flight.
    fn take(&mut self, step: &str) -> CallRequest {
        let at = self.calls.iter().position(|call| call.ticket.step == step);
        let at = at.unwrap_or_else(|| panic!("{step} has no call in flight: {:#?}", self.calls));
        let call = self.calls.remove(at).unwrap_or_else(|| unreachable!());
        self.now_ms = self.now_ms.max(call.not_before_ms);
        call
    }

    fn answer(&mut self, step: &str, result: Value) {
        let call = self.take(step);
        let ticket = call.ticket;
        self.record(if ticket.purpose.is_send() {
            Event::ActionSucceeded { ticket, result, request_id: None, cloud_ms: None }
        } else {
            Event::Observed { ticket, result: Ok(result), request_id: None, cloud_ms: None }
        });
    }

    fn fail(&mut self, step: &str, kind: CloudErrorKind) {
        let call = self.take(step);
        let ticket = call.ticket;
        let error = CloudError { kind, code: "Code".to_owned(), message: "words".to_owned(), request_id: None };
        self.record(match (ticket.purpose.is_send(), kind) {
            (false, _) => Event::Observed { ticket, result: Err(error), request_id: None, cloud_ms: None },
            (true, CloudErrorKind::UnknownOutcome) => Event::ActionUnknown { ticket, error },
            (true, _) => Event::ActionRefused { ticket, error },
        });
    }

    fn snapshot(&self) -> Snapshot {
        self.engine.snapshot(self.now_ms)
    }

    fn step(&self, key: &str) -> StepView {
        let found = self.snapshot().steps.into_iter().find(|step| step.key == key);
        found.unwrap_or_else(|| panic!("no step {key}"))
    }

    fn status(&self, key: &str) -> StepStatus {
        self.step(key).status
    }

    /// Sends so far: intents written for a step's own action.
    fn sends(&self, step: &str) -> usize {
        let sent = |event: &&Event| matches!(event, Event::ActionRequested { ticket, .. } if ticket.step == step && ticket.purpose == Purpose::Action);
        self.events.iter().filter(sent).count()
    }

    fn anomalies(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Anomaly { .. })).count()
    }

    fn pass_s(&mut self, seconds: i64) {
        self.now_ms += seconds * 1000;
    }

    /// A new process: the journal folded, effects dropped, `RunResumed` recorded.
    fn crash_and_resume(&mut self) {
        let text = match &self.events[0] {
            Event::RunStarted(header) => header.files[0].text.clone(),
            other => panic!("{other:?}"),
        };
        let (mut engine, _) = engine_of(&text);
        for (ix, event) in self.events.iter().enumerate() {
            let seq = ix as u64 + 1;
            let stamped = Stamped { seq, epoch: 1, at_ms: self.now_ms, who: "alice".to_owned(), event: event.clone() };
            engine.handle(&stamped);
        }
        self.engine = engine;
        self.calls.clear();
        self.timers.clear();
        let resumed = Event::RunResumed { operator: "alice".to_owned(), version: String::new(), binary: String::new() };
        self.record(resumed);
    }
}

/// An Aurora replica cluster as `describe_db_clusters` answers.
fn cluster(status: &str, source: Option<&str>) -> Value {
    json!({"db_cluster_identifier": "c", "status": status, "endpoint": "c.dr", "replication_source_identifier": source})
}

/// One phase with one promotion.
const PROMOTE: &str = "
phases:
  - id: database
    budget: 1h
    steps:
      - id: promote
        uses: aws/rds.promote_read_replica_db_cluster
        with: { db_cluster_identifier: c }
        timeout: 30m
        verify: [{ uses: aws/rds.describe_db_clusters, expect: \"result.status == 'available' and not result.replication_source_identifier\", every: 10s, for: 20m }]
        outputs: { endpoint: \"${{ verified.endpoint }}\" }
";

fn identity() -> Value {
    json!({"account": "111122223333", "arn": "arn:aws:iam::111122223333:user/alice", "user_id": "A"})
}
