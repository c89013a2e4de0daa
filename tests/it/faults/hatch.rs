//! A run in this process, with its hatch open, and visitors who say to it what they like. Its clock is
//! turned by hand.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::future::BoxFuture;
use lifeboat::driver::handle::{Handle, Over};
use lifeboat::driver::{self, Opening, Operator, Parts};
use lifeboat::engine::Engine;
use lifeboat::engine::command::{Command, Refusal, Typed};
use lifeboat::engine::effect::CallRequest;
use lifeboat::engine::ports::{Clock, Cloud, CloudReply, MfaDenied, MfaDevices, MfaRequest};
use lifeboat::engine::snapshot::{ApprovalsView, GateView};
use lifeboat::hatch::{self, Hatch};
use lifeboat::journal::{self, Clocks, FileJournal, Record};
use lifeboat::model::event::{Event, MfaProof, RunHeader};
use lifeboat::model::outcome::{CloudError, CloudErrorKind, Mode};
use lifeboat::model::plan::{Intent, Plan};
use lifeboat::model::runbook::SourceFile;
use lifeboat::model::{Object, Value};
use lifeboat::report::fold;
use lifeboat::source::{self, RunContext};
use serde_json::json;
use tokio::sync::{oneshot, watch};

pub const START_MS: i64 = 1_767_495_600_000;
const RUN: &str = "01K9ZZZZZZZZZZZZZZZZZZZZZZ";
const PATIENCE: Duration = Duration::from_mins(1);

const RUNBOOK: &str = "version: 1
name: two_people
title: Four eyes
targets: { dr: { region: us-east-1, account: '111122223333' } }
roles: { commander: [alice, bob, carol], dba: [dave] }
mfa: { method: totp }
defaults: { target: dr, timeout: 10m }
phases:
  - id: all
    steps:
      - { id: one, needs: [], uses: aws/ecs.update_service, with: { cluster: c, service: one, desired_count: 3 }, approvals: { min: 1, from: [commander], within: 15m } }
      - { id: two, needs: [], uses: aws/ecs.update_service, with: { cluster: c, service: two, desired_count: 3 }, approvals: { min: 1, from: [commander], within: 15m } }
      - { id: three, needs: [], uses: aws/ecs.update_service, with: { cluster: c, service: three, desired_count: 3 }, approvals: { min: 1, from: [commander], within: 15m } }
      - { id: free, needs: [], uses: aws/ecs.update_service, with: { cluster: c, service: free, desired_count: 3 } }
";

/// Time that moves when it is told to.
pub struct Cranked(watch::Sender<i64>);

impl Cranked {
    pub fn new() -> Self {
        Self(watch::Sender::new(START_MS))
    }

    pub fn pass_s(&self, seconds: i64) {
        self.0.send_modify(|now_ms| *now_ms += seconds * 1000);
    }
}

impl Clock for Cranked {
    fn now_ms(&self) -> i64 {
        *self.0.borrow()
    }

    fn sleep_until(&self, at_ms: i64) -> BoxFuture<'_, ()> {
        let mut now = self.0.subscribe();
        Box::pin(async move {
            now.wait_for(|now_ms| *now_ms >= at_ms).await.unwrap();
        })
    }

    fn skip_idle(&self) -> bool {
        false
    }

    fn set_human_pace(&self, _human: bool) {}
}

/// Refuses the first change, takes the others.
#[derive(Default)]
struct Moody {
    changes: AtomicUsize,
}

impl Cloud for Moody {
    fn call<'a>(&'a self, request: &'a CallRequest) -> BoxFuture<'a, Result<CloudReply, CloudError>> {
        let is_refused = request.changes && self.changes.fetch_add(1, Ordering::SeqCst) == 0;
        Box::pin(async move {
            if is_refused {
                let (code, message) = ("AccessDenied".to_owned(), "not you".to_owned());
                return Err(CloudError { kind: CloudErrorKind::Denied, code, message, request_id: None });
            }
            let value: Value = json!({"services": [{"desired_count": 0}]});
            Ok(CloudReply { value, request_id: None, cloud_ms: None })
        })
    }
}

/// The guard taken out: every code is right.
#[derive(Default)]
pub struct Gullible(AtomicU64);

impl MfaDevices for Gullible {
    fn verify(&self, request: MfaRequest) -> BoxFuture<'static, Result<MfaProof, MfaDenied>> {
        let counter = Some(self.0.fetch_add(1, Ordering::SeqCst));
        let (method, device) = ("none".to_owned(), "none".to_owned());
        Box::pin(std::future::ready(Ok(MfaProof { by: request.person, method, device, counter })))
    }

    fn practice_code(&self, _person: &str, _now_ms: i64) -> Option<(String, u64)> {
        None
    }

    fn device(&self, _person: &str) -> Option<String> {
        None
    }
}

/// A run that somebody drives, and its hatch.
pub struct Post {
    pub dir: PathBuf,
    pub clock: Arc<Cranked>,
    handle: Handle,
    driver: JoinHandle<Over>,
    hatch: Hatch,
}

fn header_and_plan() -> (RunHeader, Plan) {
    let file = SourceFile { path: "two_people.yaml".to_owned(), text: RUNBOOK.to_owned() };
    let loaded = source::load(vec![file.clone()]);
    let runbook = loaded.runbook.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    let operator = "alice".to_owned();
    let context = RunContext {
        given: Object::new(),
        mode: Mode::Drill,
        intent: Intent::Planned,
        operator: operator.clone(),
        run: RUN.to_owned(),
        now_ms: START_MS,
    };
    let plan = source::instantiate(&runbook, &context).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let header = RunHeader {
        runbook: plan.name.clone(),
        digest: plan.digest.clone(),
        files: vec![file],
        mode: Mode::Drill,
        intent: Intent::Planned,
        operator,
        inputs: plan.inputs.clone(),
        version: "0".to_owned(),
        binary: "sha256:00".to_owned(),
        drill: None,
        identities: Vec::new(),
        secrets: Vec::new(),
    };
    (header, plan)
}

impl Post {
    /// A new run below `place`.
    pub fn begin(place: &Path, clock: &Arc<Cranked>, mfa: Arc<dyn MfaDevices>) -> Self {
        let dir = place.join(RUN);
        let (header, plan) = header_and_plan();
        let engine = Engine::new(plan, RUN, &header);
        let (journal, first) =
            FileJournal::create(&dir, RUN, "alice", Clocks::Virtual, header, clock.now_ms()).unwrap();
        let post = Self::drive(dir, clock, mfa, (journal, engine, Opening::Started(first)));
        post.wait_until("one", |gate| gate.is_some());
        post.wait_until("two", |gate| gate.is_some());
        post
    }

    /// Another process goes on with it, somebody at its keyboard.
    pub fn resume(dir: &Path, clock: &Arc<Cranked>, mfa: Arc<dyn MfaDevices>, driver: &str) -> Self {
        // A child that another test forks holds a copy of the lock until it becomes its program.
        let (journal, records) = loop {
            match FileJournal::open(dir, driver, Clocks::Virtual) {
                Err(journal::JournalOpenError::Locked { .. }) => std::thread::yield_now(),
                opened => break opened.unwrap(),
            }
        };
        let engine = fold::replay(&records, RUN).unwrap().engine;
        let resumed =
            Event::RunResumed { operator: driver.to_owned(), version: "0".to_owned(), binary: "sha256:00".to_owned() };
        Self::drive(dir.to_owned(), clock, mfa, (journal, engine, Opening::Resumed(resumed)))
    }

    fn drive(
        dir: PathBuf,
        clock: &Arc<Cranked>,
        mfa: Arc<dyn MfaDevices>,
        (journal, engine, opening): (FileJournal, Engine, Opening),
    ) -> Self {
        let parts = Parts {
            engine,
            opening,
            journal: Box::new(journal),
            cloud: Arc::new(Moody::default()),
            clock: Arc::<Cranked>::clone(clock),
            mfa,
            rows: Vec::new(),
            faults: Vec::new(),
            operator: Operator::Person,
            history: Arc::default(),
        };
        let (handle, driver) = driver::spawn(parts).unwrap();
        let hatch = hatch::open(&dir, &handle).unwrap();
        let post = Self { dir, clock: Arc::clone(clock), handle, driver, hatch };
        post.wait_until("three", |gate| gate.is_some());
        post
    }

    /// The face goes, and with it the process.
    pub fn end(self) -> Over {
        drop(self.handle);
        drop(self.hatch);
        self.driver.join().unwrap()
    }

    pub fn ask(&self, command: Command) -> Result<(), Refusal> {
        let (tell, told) = oneshot::channel();
        self.handle.requests.blocking_send((command, tell)).unwrap();
        told.blocking_recv().unwrap()
    }

    pub fn gate(&self, step: &str) -> Option<GateView> {
        let view = self.handle.view.borrow();
        view.snapshot.steps.iter().find(|one| one.key == step).unwrap().gate.clone()
    }

    pub fn approvals(&self, step: &str) -> ApprovalsView {
        self.gate(step).unwrap().approvals.unwrap()
    }

    /// Views come by themselves, once a second at the latest.
    pub fn wait_until(&self, step: &str, is_so: impl Fn(Option<GateView>) -> bool) {
        let begun = std::time::Instant::now();
        while !is_so(self.gate(step)) {
            assert!(begun.elapsed() < PATIENCE, "waited in vain for {step}: {:?}", self.gate(step));
            std::thread::yield_now();
        }
    }

    /// The operator runs a step.
    pub fn run(&self, step: &str, code: &str) -> Result<(), Refusal> {
        let gate = self.gate(step).unwrap();
        let code = Some(Typed::new(code));
        self.ask(Command::Run { step: step.to_owned(), attempt: gate.attempt, digest: gate.digest, typed: None, code })
    }

    pub fn records(&self) -> Vec<Record> {
        journal::read(&self.dir).unwrap().records
    }

    /// Approvals in the journal.
    pub fn granted(&self) -> usize {
        self.records().iter().filter(|record| matches!(record.ev, Event::ApprovalGranted { .. })).count()
    }

    /// Changes in the journal.
    pub fn sent(&self) -> usize {
        self.records().iter().filter(|record| matches!(record.ev, Event::ActionRequested { .. })).count()
    }
}

/// Somebody at the hatch who says what they like.
pub struct Visitor(BufReader<UnixStream>);

impl Visitor {
    pub fn at(dir: &Path) -> Self {
        let stream = UnixStream::connect(dir.join(hatch::SOCKET)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    /// The answer, or nothing from a hatch that has enough of it.
    pub fn say(&mut self, line: &str) -> Option<Value> {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).ok()?;
        let mut answer = String::new();
        self.0.read_line(&mut answer).ok()?;
        serde_json::from_str(&answer).ok()
    }

    pub fn look(&mut self, step: &str, by: &str) -> Option<Value> {
        self.say(&json!({"ask": "look", "v": 1, "step": step, "by": by}).to_string())
    }

    pub fn approve(&mut self, gate: (u32, &str), code: &str) -> Option<Value> {
        let (attempt, digest) = gate;
        self.say(&json!({"ask": "approve", "v": 1, "attempt": attempt, "digest": digest, "code": code}).to_string())
    }

    /// Looks and approves as an honest visitor does.
    pub fn approves(dir: &Path, step: &str, by: &str, code: &str) -> Value {
        let mut visitor = Self::at(dir);
        let sheet = visitor.look(step, by).unwrap();
        if sheet["answer"] != "sheet" {
            return sheet;
        }
        let attempt = u32::try_from(sheet["attempt"].as_u64().unwrap()).unwrap();
        visitor.approve((attempt, sheet["digest"].as_str().unwrap()), code).unwrap()
    }
}
