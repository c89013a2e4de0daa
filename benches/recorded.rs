//! A whole calm run of a made-up runbook, recorded event by event: what the benchmarks of the engine
//! and of the screens are fed with.

use std::collections::{HashMap, VecDeque};

use lifeboat::engine::Engine;
use lifeboat::engine::command::Command;
use lifeboat::engine::effect::Effect;
use lifeboat::model::Object;
use lifeboat::model::event::{Event, Purpose, RunHeader, Stamped};
use lifeboat::model::outcome::{Mode, RunStatus};
use lifeboat::model::plan::{Intent, Plan};
use lifeboat::model::runbook::SourceFile;
use lifeboat::source::{self, RunContext};
use serde_json::json;

use crate::texts;

const START_MS: i64 = 1_767_495_600_000;

/// A plan, and every event of a calm run of it.
pub struct Run {
    plan: Plan,
    pub header: RunHeader,
    pub events: Vec<Stamped>,
}

impl Run {
    /// Steps in two chains, so that two are always at work.
    pub fn record(steps: usize) -> Self {
        let needs = |ix: usize| if ix < 2 { "[]".to_owned() } else { format!("[s{:04}]", ix - 2) };
        let file = SourceFile { path: "made_up.yaml".to_owned(), text: texts::runbook(steps, needs) };
        let runbook = source::load(vec![file.clone()]).runbook.expect("the made-up runbook is accepted");
        let context = RunContext {
            given: Object::new(),
            mode: Mode::Drill,
            intent: Intent::Planned,
            operator: "alice".to_owned(),
            run: "bench".to_owned(),
            now_ms: START_MS,
        };
        let plan = source::instantiate(&runbook, &context).expect("the made-up runbook makes a plan");
        let header = RunHeader {
            runbook: plan.name.clone(),
            digest: plan.digest.clone(),
            files: vec![file],
            mode: Mode::Drill,
            intent: Intent::Planned,
            operator: "alice".to_owned(),
            inputs: Object::new(),
            secrets: Vec::new(),
            version: "0".to_owned(),
            binary: "sha256:00".to_owned(),
            drill: None,
            identities: Vec::new(),
        };
        let events = walk(Engine::new(plan.clone(), "bench", &header), &header);
        Self { plan, header, events }
    }

    /// A machine that has seen nothing yet.
    pub fn engine(&self) -> Engine {
        Engine::new(self.plan.clone(), "bench", &self.header)
    }
}

/// Drives a run to its end: every call is answered well, every gate is opened at once.
fn walk(mut engine: Engine, header: &RunHeader) -> Vec<Stamped> {
    let mut events = Vec::new();
    let mut digests: HashMap<String, (u32, String)> = HashMap::new();
    let mut queue = VecDeque::from([Event::RunStarted(Box::new(header.clone()))]);
    while let Some(event) = queue.pop_front() {
        if let Event::GateOpened { step, attempt, digest, .. } = &event {
            digests.insert(step.clone(), (*attempt, digest.clone()));
        }
        let seq = events.len() as u64 + 1;
        let at_ms = START_MS + i64::try_from(seq).expect("few events");
        let stamped = Stamped { seq, epoch: 1, at_ms, who: "alice".to_owned(), event };
        for effect in engine.handle(&stamped) {
            match effect {
                Effect::Record(event) => queue.push_back(event),
                Effect::Call(call) if call.ticket.purpose == Purpose::Action => {
                    let result = json!({"account": "111122223333", "arn": "arn:aws:iam::111122223333:user/alice"});
                    queue.push_back(Event::ActionSucceeded {
                        ticket: call.ticket,
                        result,
                        request_id: None,
                        cloud_ms: None,
                    });
                }
                Effect::Call(call) => {
                    queue.push_back(Event::Observed {
                        ticket: call.ticket,
                        result: Ok(json!({})),
                        request_id: None,
                        cloud_ms: None,
                    });
                }
                Effect::AskOperator { step } => {
                    let (attempt, digest) = digests.get(&step).cloned().expect("a gate was opened");
                    let command = Command::Run { step, attempt, digest, typed: None, code: None };
                    // Asked twice before the answer is in, the second answer is refused.
                    if let Ok(admitted) = engine.admit(at_ms, &command) {
                        queue.extend(admitted.sealed(None));
                    }
                }
                Effect::StartTimer { .. } | Effect::Finish => {}
            }
        }
        events.push(stamped);
    }
    assert_eq!(engine.finished(), Some(RunStatus::Succeeded), "the run does not end");
    events
}
