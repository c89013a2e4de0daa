//! Runs through the real engine in virtual time, with durations drawn from known laws.

#![expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "durations drawn from laws")]

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use serde_json::json;

use crate::engine::Engine;
use crate::engine::command::Command;
use crate::engine::effect::Effect;
use crate::model::Object;
use crate::model::event::{DrillHeader, Event, RunHeader, Stamped, Ticket};
use crate::model::outcome::{Mode, RunStatus};
use crate::model::plan::Intent;
use crate::model::runbook::SourceFile;
use crate::source::{self, RunContext};

pub(super) const START_MS: i64 = 1_767_495_600_000;

/// Branches that meet, so that the end is not a mere sum.
pub(super) const RUNBOOK: &str = "
version: 1
name: t
title: T
objectives: { rto: 45m }
targets: { dr: { region: us-east-1, account: '111122223333' } }
defaults: { target: dr, timeout: 2h }
phases:
  - id: p
    budget: 40m
    steps:
      - { id: a, needs: [], uses: aws/sts.get_caller_identity }
      - { id: b, needs: [a], uses: aws/sts.get_caller_identity }
      - { id: c, needs: [a], uses: aws/sts.get_caller_identity }
      - { id: d, needs: [b], uses: aws/sts.get_caller_identity }
      - { id: e, needs: [b, c], uses: aws/sts.get_caller_identity }
      - { id: f, needs: [c], uses: aws/sts.get_caller_identity }
      - { id: g, needs: [d, e, f], uses: aws/sts.get_caller_identity }
      - { id: h, needs: [g], uses: aws/sts.get_caller_identity }
";

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Speed {
    Human,
    Max,
}

/// The true laws of the steps, and of people.
pub(super) struct Laws {
    pub state: u64,
    /// How much longer than by its law every step's work takes.
    pub factor: f64,
    pub people: bool,
    /// When the first gate is opened, where that does not depend on chance.
    pub first_at_ms: Option<i64>,
}

impl Laws {
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bd1_e995,
            factor: 1.0,
            people: true,
            first_at_ms: None,
        }
    }

    fn share(&mut self) -> f64 {
        // xorshift64*: another stream than the one under test.
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn lognormal(&mut self, median_s: f64, spread: f64) -> f64 {
        let (one, two) = (1.0 - self.share(), self.share());
        median_s * (spread * (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * two).cos()).exp()
    }

    fn work_ms(&mut self, step: &str) -> i64 {
        let seconds = match step {
            "a" => self.lognormal(60.0, 0.3),
            "b" => 120.0 + 240.0 * self.share(),
            "c" => self.lognormal(180.0, 0.5),
            "d" => 45.0,
            "e" => 20.0 - 60.0 * (1.0 - self.share()).ln(),
            "f" if self.share() < 0.2 => self.lognormal(480.0, 0.2),
            "f" => self.lognormal(60.0, 0.2),
            "g" => self.lognormal(300.0, 0.25),
            _ => 10.0 + 30.0 * self.share(),
        };
        (seconds * self.factor * 1000.0) as i64
    }

    fn people_ms(&mut self) -> i64 {
        if self.people { (self.lognormal(40.0, 0.5) * 1000.0) as i64 } else { 0 }
    }
}

/// What comes next, and when.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Answer(String, u32),
    Confirm(String),
}

pub(super) struct Bench {
    pub header: RunHeader,
    /// That has seen nothing.
    pub engine: Engine,
}

impl Bench {
    pub fn new(text: &str, speed: Speed) -> Self {
        let files = vec![SourceFile { path: "t.yaml".to_owned(), text: text.to_owned() }];
        let loaded = source::load(files.clone());
        let runbook = loaded.runbook.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
        let context = RunContext {
            given: Object::new(),
            mode: Mode::Drill,
            intent: Intent::Planned,
            operator: "alice".to_owned(),
            run: "R".to_owned(),
            now_ms: START_MS,
        };
        let plan = source::instantiate(&runbook, &context).unwrap_or_else(|errors| panic!("{errors:#?}"));
        let speed = if speed == Speed::Max { "max" } else { "60" };
        let header = RunHeader {
            runbook: plan.name.clone(),
            digest: source::digest(&files),
            files,
            mode: Mode::Drill,
            intent: Intent::Planned,
            operator: "alice".to_owned(),
            inputs: Object::new(),
            secrets: Vec::new(),
            version: String::new(),
            binary: String::new(),
            drill: Some(DrillHeader { seed: 7, scenario: json!({}), speed: speed.to_owned(), surprise: false }),
            identities: Vec::new(),
        };
        let engine = Engine::new(plan, "R", &header);
        Self { header, engine }
    }

    fn started(&self) -> Stamped {
        let event = Event::RunStarted(Box::new(self.header.clone()));
        Stamped { seq: 1, epoch: 1, at_ms: START_MS, who: "alice".to_owned(), event }
    }

    /// A run that has just begun.
    pub fn begun(&self) -> Engine {
        let mut engine = self.engine.clone();
        drop(engine.handle(&self.started()));
        engine
    }

    /// A whole run.
    pub fn run(&self, laws: &mut Laws) -> (Vec<Stamped>, Engine) {
        self.run_watched(laws, self.engine.clone(), |_, _| {})
    }

    /// The same with somebody who looks on after each instant.
    pub fn run_watched(
        &self,
        laws: &mut Laws,
        mut engine: Engine,
        mut look: impl FnMut(&mut Engine, i64),
    ) -> (Vec<Stamped>, Engine) {
        let (mut records, mut now_ms) = (Vec::new(), START_MS);
        let mut gates: HashMap<String, (u32, String)> = HashMap::new();
        let mut due: BinaryHeap<Reverse<(i64, Due)>> = BinaryHeap::new();
        let mut queue = VecDeque::from([self.started().event]);
        loop {
            while let Some(event) = queue.pop_front() {
                if let Event::GateOpened { step, attempt, digest, .. } = &event {
                    gates.insert(step.clone(), (*attempt, digest.clone()));
                }
                let seq = records.len() as u64 + 1;
                let stamped = Stamped { seq, epoch: 1, at_ms: now_ms, who: "alice".to_owned(), event };
                for effect in engine.handle(&stamped) {
                    match effect {
                        Effect::Record(event) => queue.push_back(event),
                        Effect::Call(call) => {
                            let at_ms = now_ms + laws.work_ms(&call.ticket.step);
                            due.push(Reverse((at_ms, Due::Answer(call.ticket.step, call.ticket.attempt))));
                        }
                        Effect::AskOperator { step } => {
                            let at_ms = now_ms + laws.people_ms();
                            let at_ms = laws.first_at_ms.filter(|_| step == "a").unwrap_or(at_ms);
                            due.push(Reverse((at_ms, Due::Confirm(step))));
                        }
                        Effect::StartTimer { .. } | Effect::Finish => {}
                    }
                }
                records.push(stamped);
            }
            look(&mut engine, now_ms);
            let Some(Reverse((at_ms, next))) = due.pop() else { break };
            now_ms = at_ms;
            match next {
                Due::Answer(step, attempt) => {
                    let ticket = Ticket { step, attempt, purpose: crate::model::event::Purpose::Action };
                    let result = json!({"account": "111122223333", "arn": "arn:aws:iam::111122223333:user/alice"});
                    queue.push_back(Event::ActionSucceeded { ticket, result, request_id: None, cloud_ms: None });
                }
                Due::Confirm(step) => {
                    let (attempt, digest) = gates.get(&step).cloned().expect("a gate was opened");
                    // Asked twice before the answer is in, the second answer is refused.
                    let command = Command::Run { step, attempt, digest, typed: None, code: None };
                    queue.extend(engine.admit(now_ms, &command).into_iter().flat_map(|admitted| admitted.sealed(None)));
                }
            }
        }
        assert_eq!(engine.finished(), Some(RunStatus::Succeeded), "the run does not end");
        (records, engine)
    }
}

/// When a run ended.
pub(super) fn end_ms(records: &[Stamped]) -> i64 {
    records.last().map_or(0, |last| last.at_ms)
}
