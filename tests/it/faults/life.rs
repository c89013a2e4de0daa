//! One run from its first record to its end, through as many processes as it takes: each begins from
//! what the disk holds, and each may end at any operation. All in one thread.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use lifeboat::driver::handle::Over;
use lifeboat::driver::{self, Opening, Operator, Parts};
use lifeboat::engine::Engine;
use lifeboat::engine::effect::CallRequest;
use lifeboat::engine::ports::{Clock, Cloud, CloudReply, Journal, JournalError, MfaDenied, MfaDevices, MfaRequest};
use lifeboat::engine::snapshot::Snapshot;
use lifeboat::journal::{Clocks, Disk, FileJournal, JournalOpenError};
use lifeboat::model::event::{DrillHeader, Event, MfaProof, MfaRefusal, RunHeader, Stamped, Ticket};
use lifeboat::model::outcome::{CloudError, CloudErrorKind, Mode};
use lifeboat::model::plan::{Intent, Plan};
use lifeboat::model::runbook::SourceFile;
use lifeboat::model::scenario::Scenario;
use lifeboat::model::{Object, Value};
use lifeboat::report::fold;
use lifeboat::sim::clock::{SimClock, Speed};
use lifeboat::sim::{SimCloud, start_ms};
use lifeboat::source::{self, RunContext};

use super::dice;
use super::disk::FaultyDisk;
use super::person;

pub const RUN: &str = "01K9ZZZZZZZZZZZZZZZZZZZZZZ";

/// A change that reached the cloud, as the wire saw it.
#[derive(Debug, Clone)]
pub struct Sent {
    pub ticket: Ticket,
    pub with: Value,
    /// How much of the journal was durable when it left.
    pub durable_bytes: u64,
}

/// A step seen as done on a screen, and how much of the journal was durable then.
#[derive(Debug, Clone)]
pub struct Shown {
    pub step: String,
    pub durable_bytes: u64,
}

/// Which guard is taken away, to see that it is missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Without {
    Nothing,
    /// The intent is not written before the call.
    Intent,
    /// A process that starts again does not look at open intents.
    Probe,
    /// Nothing is ever synced.
    Sync,
    /// A person's confirmation is not written.
    Confirmation,
    /// A lost journal does not stop the run.
    Poison,
    /// A step may delete what the run has not made.
    Guard,
}

/// The wire: notes each change that leaves, and may end the process before or behind one.
struct Wire {
    cloud: SimCloud,
    disk: Arc<FaultyDisk>,
    journal: PathBuf,
    sent: Arc<Mutex<Vec<Sent>>>,
    /// The process ends just before, or just after, its n-th change is received.
    ends_at: Option<(u64, bool)>,
    count: AtomicU64,
}

impl Cloud for Wire {
    fn call<'a>(&'a self, request: &'a CallRequest) -> BoxFuture<'a, Result<CloudReply, CloudError>> {
        Box::pin(async move {
            if !request.changes {
                return self.cloud.call(request).await;
            }
            let nth = self.count.fetch_add(1, Ordering::SeqCst) + 1;
            if self.ends_at == Some((nth, false)) {
                self.disk.die();
            }
            if self.disk.is_dead() {
                return Err(nobody_asked());
            }
            self.disk.sends();
            self.sent.lock().unwrap().push(Sent {
                ticket: request.ticket.clone(),
                with: request.call.with(),
                durable_bytes: self.disk.durable_bytes(&self.journal),
            });
            let answer = self.cloud.call(request).await;
            if self.ends_at == Some((nth, true)) {
                self.disk.die();
            }
            answer
        })
    }
}

/// What a process that is gone hears: nothing that could still be written down.
fn nobody_asked() -> CloudError {
    CloudError {
        kind: CloudErrorKind::UnknownOutcome,
        code: "Gone".to_owned(),
        message: "the process is gone".to_owned(),
        request_id: None,
    }
}

/// Time that stands still until whoever plays the person lets it go on.
pub struct HandCranked(pub Arc<SimClock>);

impl Clock for HandCranked {
    fn now_ms(&self) -> i64 {
        self.0.now_ms()
    }

    fn sleep_until(&self, at_ms: i64) -> BoxFuture<'_, ()> {
        self.0.sleep_until(at_ms)
    }

    fn skip_idle(&self) -> bool {
        false
    }

    fn set_human_pace(&self, _human: bool) {}
}

/// Devices that count: the n-th code is right once, and takes a while to be checked. Like real ones they
/// remember what was given to two steps at the same time.
struct Counting(Arc<SimClock>, Arc<Mutex<HashSet<(String, u64)>>>);

impl MfaDevices for Counting {
    fn verify(&self, request: MfaRequest) -> BoxFuture<'static, Result<MfaProof, MfaDenied>> {
        let (clock, spent) = (Arc::clone(&self.0), Arc::clone(&self.1));
        Box::pin(async move {
            clock.sleep_until(request.now_ms + 400).await;
            let counter: u64 = request.code.expose().parse().map_err(|_| MfaRefusal::Wrong)?;
            if request.last_counter.is_some_and(|last| counter <= last) {
                return Err(MfaRefusal::AlreadyUsed.into());
            }
            if !spent.lock().unwrap().insert((request.person.clone(), counter)) {
                return Err(MfaRefusal::AlreadyUsed.into());
            }
            let (by, device) = (request.person, "counter".to_owned());
            Ok(MfaProof { by, method: "test".to_owned(), device, counter: Some(counter) })
        })
    }

    fn practice_code(&self, _person: &str, _now_ms: i64) -> Option<(String, u64)> {
        None
    }

    fn device(&self, _person: &str) -> Option<String> {
        Some("counter".to_owned())
    }
}

/// The journal with one guard taken away.
struct Lamed {
    inner: FileJournal,
    without: Without,
}

impl Journal for Lamed {
    fn append(&mut self, at_ms: i64, event: Event) -> Result<Stamped, JournalError> {
        let is_dropped = match self.without {
            Without::Intent => matches!(event, Event::ActionRequested { .. }),
            Without::Confirmation => matches!(event, Event::StepConfirmed { .. }),
            Without::Nothing | Without::Probe | Without::Sync | Without::Poison | Without::Guard => false,
        };
        let stamped =
            |event: &Event| Stamped { seq: 0, epoch: 1, at_ms, who: "alice".to_owned(), event: event.clone() };
        if is_dropped {
            return Ok(stamped(&event));
        }
        let kept = stamped(&event);
        match self.inner.append(at_ms, event) {
            Err(_) if self.without == Without::Poison => Ok(kept),
            appended => appended,
        }
    }

    fn sync(&mut self) -> Result<(), JournalError> {
        match self.inner.sync() {
            Err(_) if self.without == Without::Poison => Ok(()),
            synced => synced,
        }
    }

    fn has_room(&mut self) -> bool {
        self.inner.has_room()
    }

    fn head(&self) -> (u64, String) {
        self.inner.head()
    }
}

/// A run under test.
pub struct Life {
    pub seed: u64,
    /// The folder of its journal.
    pub dir: PathBuf,
    world: PathBuf,
    scenario: Scenario,
    plan: Plan,
    header: RunHeader,
    without: Without,
    pub epoch: u64,
    pub sent: Arc<Mutex<Vec<Sent>>>,
    pub shown: Vec<Shown>,
    /// The longest beginning of the journal that a sync was reported for.
    pub acknowledged: Vec<u8>,
    /// The next code that nobody has used.
    pub codes: Arc<AtomicU64>,
}

/// How one process went.
pub struct Ended {
    pub over: Over,
    pub last: Snapshot,
}

impl Life {
    pub fn new(seed: u64, place: &Path, (name, text): (&str, &str), scenario: Scenario, without: Without) -> Self {
        let file = SourceFile { path: name.to_owned(), text: text.to_owned() };
        let loaded = source::load(vec![file.clone()]);
        let runbook = loaded.runbook.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
        let now_ms = start_ms(&scenario);
        let context = RunContext {
            given: Object::new(),
            mode: Mode::Drill,
            intent: Intent::Planned,
            operator: "alice".to_owned(),
            run: RUN.to_owned(),
            now_ms,
        };
        let plan = source::instantiate(&runbook, &context).unwrap_or_else(|errors| panic!("{errors:#?}"));
        let header = RunHeader {
            runbook: plan.name.clone(),
            digest: plan.digest.clone(),
            files: vec![file],
            mode: Mode::Drill,
            intent: Intent::Planned,
            operator: "alice".to_owned(),
            inputs: plan.inputs.clone(),
            secrets: Vec::new(),
            version: "0".to_owned(),
            binary: "sha256:00".to_owned(),
            drill: Some(DrillHeader {
                seed,
                scenario: serde_json::to_value(&scenario).unwrap(),
                speed: "max".to_owned(),
                surprise: false,
            }),
            identities: Vec::new(),
        };
        Self {
            seed,
            dir: place.join(RUN),
            world: place.join("world.jsonl"),
            scenario,
            plan,
            header,
            without,
            epoch: 0,
            sent: Arc::default(),
            shown: Vec::new(),
            acknowledged: Vec::new(),
            codes: Arc::new(AtomicU64::new(1)),
        }
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub fn journal_path(&self) -> PathBuf {
        self.dir.join("journal.jsonl")
    }

    pub fn journal(&self) -> Vec<u8> {
        std::fs::read(self.journal_path()).unwrap_or_default()
    }

    /// Whether line 1 is there: before that, nothing has begun.
    fn is_begun(&self) -> bool {
        self.journal().contains(&b'\n')
    }

    /// One process, from its start to its end. `Err` when it could not even open the run.
    pub fn process(
        &mut self,
        disk: &Arc<FaultyDisk>,
        operator: Operator,
        ends_at: Option<(u64, bool)>,
    ) -> Result<Ended, JournalOpenError> {
        self.epoch += 1;
        let ended = self.live(disk, operator, ends_at);
        self.acknowledge(disk);
        ended
    }

    /// Remembers what the process was told is durable.
    fn acknowledge(&mut self, disk: &FaultyDisk) {
        let journal = self.journal();
        let durable = usize::try_from(disk.durable_bytes(&self.journal_path())).unwrap().min(journal.len());
        if durable > self.acknowledged.len() {
            self.acknowledged = journal[..durable].to_vec();
        }
    }

    fn live(
        &mut self,
        disk: &Arc<FaultyDisk>,
        operator: Operator,
        ends_at: Option<(u64, bool)>,
    ) -> Result<Ended, JournalOpenError> {
        let (parts, clock) = self.parts(disk, operator, ends_at)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (handle, driven) = driver::drive(parts);
        let last = handle.view.clone();
        let over = if operator == Operator::Auto {
            runtime.block_on(driven)
        } else {
            let seat = person::Seat { seed: self.seed, epoch: self.epoch, codes: Arc::clone(&self.codes), clock };
            let (journal, wire) = (self.journal_path(), Arc::clone(disk));
            let shown = &mut self.shown;
            runtime.block_on(async move {
                let mut driven = pin!(driven);
                let mut person = pin!(person::sit(seat, handle, |step| {
                    shown.push(Shown { step: step.to_owned(), durable_bytes: wire.durable_bytes(&journal) });
                }));
                tokio::select! {
                    biased;
                    over = &mut driven => over,
                    () = &mut person => driven.await,
                }
            })
        };
        let last = last.borrow().snapshot.clone();
        for step in last.steps.iter().filter(|step| step.status == lifeboat::model::outcome::StepStatus::Succeeded) {
            let durable_bytes = disk.durable_bytes(&self.journal_path());
            self.shown.push(Shown { step: step.key.clone(), durable_bytes });
        }
        Ok(Ended { over, last })
    }

    fn parts(
        &self,
        disk: &Arc<FaultyDisk>,
        operator: Operator,
        ends_at: Option<(u64, bool)>,
    ) -> Result<(Parts, Arc<SimClock>), JournalOpenError> {
        let port = Arc::clone(disk) as Arc<dyn Disk>;
        let begins_ms = start_ms(&self.scenario);
        let (journal, engine, opening) = if self.is_begun() {
            let (journal, records) = FileJournal::open_on(port, &self.dir, "alice", Clocks::Virtual)?;
            let records = if self.without == Without::Probe { forget_open_intents(records) } else { records };
            let engine = fold::replay(&records, RUN).map_err(std::io::Error::other)?.engine;
            let resumed = Event::RunResumed {
                operator: "alice".to_owned(),
                version: "0".to_owned(),
                binary: "sha256:00".to_owned(),
            };
            (journal, engine, Opening::Resumed(resumed))
        } else {
            // What a process left that ended before line 1 was whole; no run was ever there.
            let _ = std::fs::remove_file(self.journal_path());
            let engine = Engine::new(self.plan.clone(), RUN, &self.header);
            let (journal, first) =
                FileJournal::create_on(port, &self.dir, RUN, "alice", Clocks::Virtual, self.header.clone(), begins_ms)?;
            (journal, engine, Opening::Started(first))
        };
        let engine = if self.without == Without::Guard { engine.without_the_guard_of_deletes() } else { engine };
        let clock = Arc::new(SimClock::new(engine.last_at_ms().max(begins_ms), Speed::Max, false));
        let cloud = SimCloud::open(Some(&self.world), &self.plan, &self.scenario, self.seed, Arc::clone(&clock))
            .unwrap_or_else(|error| panic!("seed {}: {error}", self.seed));
        let wire = Wire {
            cloud,
            disk: Arc::clone(disk),
            journal: self.journal_path(),
            sent: Arc::clone(&self.sent),
            ends_at,
            count: AtomicU64::new(0),
        };
        let people = operator == Operator::Person;
        let run_clock: Arc<dyn Clock> =
            if people { Arc::new(HandCranked(Arc::clone(&clock))) } else { Arc::clone(&clock) as Arc<dyn Clock> };
        let mfa: Arc<dyn MfaDevices> = if people {
            Arc::new(Counting(Arc::clone(&clock), Arc::default()))
        } else {
            Arc::new(lifeboat::mfa::DrillAuthenticator::new(self.seed, Vec::new()))
        };
        let parts = Parts {
            engine,
            opening,
            journal: Box::new(Lamed { inner: journal, without: self.without }),
            cloud: Arc::new(wire),
            clock: run_clock,
            mfa,
            rows: Vec::new(),
            faults: Vec::new(),
            operator,
            history: Arc::default(),
        };
        Ok((parts, clock))
    }

    /// The state of the run as its journal alone tells it.
    pub fn folded(&self, now_ms: i64) -> Snapshot {
        let file = lifeboat::journal::read(&self.dir).unwrap();
        let records: Vec<Stamped> = file.records.iter().map(lifeboat::journal::Record::stamped).collect();
        fold::replay(&records, RUN).unwrap().engine.snapshot(now_ms)
    }
}

/// The control without a probe: an intent that has no outcome counts as never written.
fn forget_open_intents(records: Vec<Stamped>) -> Vec<Stamped> {
    let answered = |ticket: &Ticket| {
        records.iter().any(|record| match &record.event {
            Event::ActionSucceeded { ticket: of, .. }
            | Event::ActionRefused { ticket: of, .. }
            | Event::ActionUnknown { ticket: of, .. } => of == ticket,
            _ => false,
        })
    };
    let open: Vec<u64> = records
        .iter()
        .filter(|record| matches!(&record.event, Event::ActionRequested { ticket, .. } if !answered(ticket)))
        .map(|record| record.seq)
        .collect();
    records.into_iter().filter(|record| !open.contains(&record.seq)).collect()
}

/// A place for many short runs: memory where there is some to be had.
pub fn place() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()) } else { tempfile::tempdir() }
        .unwrap()
}

/// How the processes of a run end, by seed: killed at an operation, around a send, by a failing disk.
pub fn blow_of(seed: u64, epoch: u64) -> (super::disk::Blow, Option<(u64, bool)>) {
    use super::disk::{Blow, Failure};
    let pick = dice(&[seed, epoch, 21]);
    let at = 1 + (pick >> 8) % 160;
    match pick % 10 {
        0..=3 => (Blow::Die(at), None),
        4 => (Blow::Fail(at, Failure::NoSpace), None),
        5 => (Blow::Fail(at, Failure::Io), None),
        6 => (Blow::Fail(at, Failure::Short), None),
        7 => (Blow::Never, Some((1 + (pick >> 16) % 4, pick >> 24 & 1 == 0))),
        _ => (Blow::Never, None),
    }
}
