//! The loop itself.

mod shown;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{mpsc, oneshot, watch};

use super::answers::{answered, being_left, is_kept, no_answer};
use super::auto::{self, Next};
use super::foresight::Foresight;
use super::handle::{Over, Request, View};
use super::panics::{self, caught};
use super::{Opening, Operator, Parts};
use crate::engine::ProofNeed;
use crate::engine::command::{Command, Refusal, RefusalKind};
use crate::engine::effect::{CallRequest, Effect};
use crate::engine::ports::{CloudReply, JournalError, MfaDenied, MfaRequest};
use crate::model::event::{Event, MfaProof, MfaRefusal, Stamped, Timer};
use crate::model::outcome::{CloudError, Mode, RunStatus};
use crate::report::row::Row;
use crate::report::row_of;

/// Rows kept for the screen.
const ROWS_KEPT: usize = 5_000;
/// Slack after a call's own timeout before the driver stops waiting, in milliseconds.
const GUARD_MS: u64 = 2_000;

/// Why no further call goes out.
const NO_ROOM: &str = "the disk is almost full: make room; what is left is kept for the outcomes of calls in flight";

/// Something that happened while the loop waited.
pub(super) enum Woke {
    Answer(Box<Answer>),
    Timer(Timer),
    /// The headless operator's next code is there.
    Operator,
    Request(Box<Request>),
    Proved(Box<Proved>),
    FaceGone,
    Tick,
}

/// What came of one call.
pub(super) struct Answer {
    pub request: CallRequest,
    pub result: Result<CloudReply, CloudError>,
    /// Whoever carried it out has panicked: what was sent, nobody knows.
    pub panicked: bool,
}

type Reply = oneshot::Sender<Result<(), Refusal>>;

/// What became of a command at first sight.
enum Asked {
    Admitted,
    /// It may go on once somebody's presence is proved.
    NeedsProof(Box<ProofNeed>),
}

/// A code that was checked, and the command that it was given for.
pub(super) struct Proved {
    need: Box<ProofNeed>,
    command: Command,
    /// Nobody waits for it in a headless drill.
    reply: Option<Reply>,
    answer: Result<MfaProof, MfaDenied>,
    /// Whoever checked it has panicked.
    panicked: bool,
}

#[expect(clippy::struct_excessive_bools, reason = "independent conditions of one loop")]
pub(super) struct Driver {
    pub(super) parts: Parts,
    inbox: mpsc::Receiver<Request>,
    pub(super) facts: VecDeque<Event>,
    pub(super) calls: FuturesUnordered<BoxFuture<'static, Woke>>,
    /// Calls in flight, and those among them that may change something.
    in_flight: usize,
    pub(super) sends: usize,
    /// Among these: what ends without us, and is found again by a resume.
    pub(super) kept: usize,
    /// Steps for which a code is being checked: one code at a time.
    proving: HashSet<String>,
    timers: FuturesUnordered<BoxFuture<'static, Woke>>,
    armed: HashSet<Timer>,
    waits: usize,
    rows: Arc<Vec<Arc<Row>>>,
    attention: bool,
    /// People at other terminals: whether they may hand something in, and how many are about to.
    is_open: bool,
    visitors: u32,
    pub(super) leaving: Option<Over>,
    operator_waits: bool,
    face_gone: bool,
    /// The process is about to be stopped, or has just been: nothing begins.
    held: bool,
    pub(super) view: watch::Sender<Arc<View>>,
    dirty: bool,
    foresight: Foresight,
}

impl Driver {
    pub(super) fn new(mut parts: Parts, inbox: mpsc::Receiver<Request>) -> Self {
        let rows = Arc::new(std::mem::take(&mut parts.rows).into_iter().map(Arc::new).collect::<Vec<_>>());
        let mut snapshot = parts.engine.snapshot(parts.clock.now_ms());
        if matches!(parts.opening, Opening::Resumed(_)) {
            // What is in doubt is told once this process has taken the run up.
            snapshot.steps.iter_mut().for_each(|step| step.unknown = None);
        }
        let rows_shown = Arc::clone(&rows);
        let first =
            View { snapshot, rows: rows_shown, practice: Vec::new(), is_open: false, watched: None, over: None };
        let foresight = Foresight::new(Arc::clone(&parts.history));
        Self {
            parts,
            inbox,
            facts: VecDeque::new(),
            calls: FuturesUnordered::new(),
            in_flight: 0,
            sends: 0,
            kept: 0,
            proving: HashSet::new(),
            timers: FuturesUnordered::new(),
            armed: HashSet::new(),
            waits: 0,
            rows,
            attention: false,
            is_open: false,
            visitors: 0,
            leaving: None,
            operator_waits: false,
            face_gone: false,
            held: false,
            view: watch::Sender::new(Arc::new(first)),
            dirty: true,
            foresight,
        }
    }

    pub(super) fn view(&self) -> watch::Receiver<Arc<View>> {
        self.view.subscribe()
    }

    pub(super) async fn run(mut self) -> Over {
        match caught(self.work()).await {
            Some(Ok(over)) => {
                self.publish(Some(over.clone()));
                over
            }
            Some(Err(error)) => self.broken(error.0),
            None => self.wind_up().await,
        }
    }

    /// What the last records caused is not shown: nobody knows whether they are on the disk.
    pub(super) fn broken(&mut self, reason: String) -> Over {
        let mut view = self.view.borrow().as_ref().clone();
        view.snapshot.journal_broken = Some(reason.clone());
        let over = Over::Broken { reason };
        view.over = Some(over.clone());
        self.view.send_replace(Arc::new(view));
        over
    }

    async fn work(&mut self) -> Result<Over, JournalError> {
        self.open()?;
        let person = self.parts.operator == Operator::Person;
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            self.settle()?;
            if let Some(over) = self.over() {
                return Ok(over);
            }
            if self.held {
                let woke = self.inbox.recv().await;
                self.take(woke.map_or(Woke::FaceGone, |request| Woke::Request(Box::new(request))))?;
                continue;
            }
            if self.take_ready()? {
                continue;
            }
            if !person && self.leaving.is_none() && self.operate()? {
                continue;
            }
            let busy = self.in_flight > 0 || !self.proving.is_empty() || self.waits > 0 || self.operator_waits;
            let at_keys = self.attention || self.visitors > 0;
            self.parts.clock.set_human_pace(at_keys || !busy);
            if busy && !at_keys && self.parts.clock.skip_idle() {
                if !person {
                    // Waiting costs nothing here; whoever listens for signals needs a turn as well.
                    tokio::task::yield_now().await;
                }
                continue;
            }
            if person {
                self.publish(None);
            }
            let woke = tokio::select! {
                biased;
                Some(woke) = self.calls.next(), if !self.calls.is_empty() => woke,
                Some(woke) = self.timers.next(), if !self.timers.is_empty() => woke,
                request = self.inbox.recv(), if !self.face_gone => {
                    request.map_or(Woke::FaceGone, |request| Woke::Request(Box::new(request)))
                }
                _ = tick.tick(), if person => Woke::Tick,
            };
            self.take(woke)?;
        }
    }

    fn open(&mut self) -> Result<(), JournalError> {
        let placeholder = Opening::Resumed(Event::RunContinued);
        match std::mem::replace(&mut self.parts.opening, placeholder) {
            Opening::Started(stamped) => {
                let effects = self.feed(&stamped);
                self.perform(effects);
            }
            Opening::Resumed(event) => self.facts.push_back(event),
        }
        self.settle()
    }

    /// One event into the engine; proposed records queue up behind it.
    fn feed(&mut self, stamped: &Stamped) -> Vec<Effect> {
        let rows = Arc::make_mut(&mut self.rows);
        if rows.len() >= ROWS_KEPT {
            rows.drain(..ROWS_KEPT / 10);
        }
        rows.push(Arc::new(row_of(stamped)));
        self.dirty = true;
        let mut effects = Vec::new();
        for effect in self.parts.engine.handle(stamped) {
            match effect {
                Effect::Record(event) => self.facts.push_back(event),
                Effect::Call(_) | Effect::StartTimer { .. } | Effect::AskOperator { .. } | Effect::Finish => {
                    effects.push(effect);
                }
            }
        }
        effects
    }

    /// Journals every waiting fact and what follows from it, syncs once, then acts.
    fn settle(&mut self) -> Result<(), JournalError> {
        let mut effects = Vec::new();
        let mut must_sync = false;
        while let Some(event) = self.facts.pop_front() {
            if matches!(event, Event::ActionRequested { .. }) && !self.parts.journal.has_room() {
                // Nothing was sent; the step asks again when the run goes on.
                self.leave(NO_ROOM);
                continue;
            }
            must_sync |= !event.may_be_buffered();
            let stamped = self.parts.journal.append(self.parts.clock.now_ms(), event)?;
            effects.extend(self.feed(&stamped));
        }
        if must_sync {
            self.parts.journal.sync()?;
        }
        self.perform(effects);
        Ok(())
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Call(request) => self.call(*request),
                Effect::StartTimer { timer, at_ms } => {
                    if self.armed.insert(timer.clone()) {
                        self.waits += usize::from(matches!(timer, Timer::Wait { .. }));
                        let clock = Arc::clone(&self.parts.clock);
                        self.timers.push(Box::pin(async move {
                            clock.sleep_until(at_ms).await;
                            Woke::Timer(timer)
                        }));
                    }
                }
                // The view says who is awaited; `Finish` shows in the engine's state.
                Effect::AskOperator { .. } | Effect::Finish | Effect::Record(_) => {}
            }
        }
    }

    fn call(&mut self, request: CallRequest) {
        self.in_flight += 1;
        self.sends += usize::from(request.changes);
        self.kept += usize::from(is_kept(&request));
        let (clock, cloud) = (Arc::clone(&self.parts.clock), Arc::clone(&self.parts.cloud));
        self.calls.push(Box::pin(async move {
            clock.sleep_until(request.not_before_ms).await;
            let wait = i64::try_from(request.timeout_ms + GUARD_MS).unwrap_or(i64::MAX / 4);
            let until = clock.now_ms().saturating_add(wait);
            let answered = caught(async {
                tokio::select! {
                    biased;
                    answer = cloud.call(&request) => answer,
                    () = clock.sleep_until(until) => Err(no_answer(request.timeout_ms)),
                }
            });
            let result = answered.await;
            let panicked = result.is_none();
            let result = result.unwrap_or_else(|| Err(panics::no_outcome()));
            Woke::Answer(Box::new(Answer { request, result, panicked }))
        }));
    }

    /// Takes whatever is ready without waiting.
    fn take_ready(&mut self) -> Result<bool, JournalError> {
        if let Some(Some(woke)) = self.calls.next().now_or_never() {
            self.take(woke)?;
            return Ok(true);
        }
        if let Some(Some(woke)) = self.timers.next().now_or_never() {
            self.take(woke)?;
            return Ok(true);
        }
        // A drill at full speed hardly ever waits, and still has to hear that it is to stop.
        if self.parts.operator == Operator::Auto
            && let Ok(request) = self.inbox.try_recv()
        {
            self.take(Woke::Request(Box::new(request)))?;
            return Ok(true);
        }
        Ok(false)
    }

    fn take(&mut self, woke: Woke) -> Result<(), JournalError> {
        match woke {
            Woke::Answer(answer) => {
                self.in_flight -= 1;
                self.sends -= usize::from(answer.request.changes);
                self.kept -= usize::from(is_kept(&answer.request));
                self.facts.push_back(answered(answer.request, answer.result));
                if answer.panicked {
                    self.stop(Over::Panicked { reason: panics::ADAPTER.to_owned() });
                }
            }
            Woke::Timer(timer) => {
                self.armed.remove(&timer);
                self.waits -= usize::from(matches!(timer, Timer::Wait { .. }));
                self.facts.push_back(Event::TimerFired { timer });
            }
            Woke::Operator => self.operator_waits = false,
            Woke::Proved(proved) => self.proved(*proved)?,
            Woke::Request(request) => {
                let (command, reply) = *request;
                self.serve(command, reply)?;
            }
            Woke::FaceGone => {
                self.face_gone = true;
                self.held = false;
                self.leave("the terminal is gone");
            }
            Woke::Tick => self.dirty = true,
        }
        Ok(())
    }

    fn serve(&mut self, command: Command, reply: Reply) -> Result<(), JournalError> {
        let outcome = self.ask(&command);
        // What was admitted is durable before the face hears of it.
        self.settle()?;
        match outcome {
            // A face that no longer listens has no use for the answer.
            Ok(Asked::Admitted) => drop(reply.send(Ok(()))),
            Ok(Asked::NeedsProof(need)) => self.prove(need, command, Some(reply)),
            Err(refusal) => drop(reply.send(Err(refusal))),
        }
        Ok(())
    }

    /// A person's command: recorded, waiting for a proof, or refused.
    fn ask(&mut self, command: &Command) -> Result<Asked, Refusal> {
        if let Command::Attention { on } = command {
            self.attention = *on;
            return Ok(Asked::Admitted);
        }
        if let Command::Visitors { is_open, here } = command {
            (self.is_open, self.visitors, self.dirty) = (*is_open, *here, true);
            return Ok(Asked::Admitted);
        }
        if let Command::Hold { on } = command {
            return self.hold(*on).map(|()| Asked::Admitted);
        }
        if self.leaving.is_some() {
            return Err(being_left());
        }
        if self.held && !matches!(command, Command::Leave { .. } | Command::Abort { .. }) {
            return Err(Refusal::new("the run is held until its terminal is back"));
        }
        let mut admitted = self.parts.engine.admit(self.parts.clock.now_ms(), command)?;
        if let Some(need) = admitted.proof.take() {
            if self.proving.contains(&need.step) {
                return Err(Refusal::new("a code for this step is being checked"));
            }
            return Ok(Asked::NeedsProof(Box::new(need)));
        }
        self.facts.extend(admitted.sealed(None));
        match command {
            // What always runs has its turn first.
            Command::Abort { .. } if self.parts.engine.cleans_up() => {}
            Command::Leave { reason } => self.leaving = Some(Over::Left { reason: reason.clone() }),
            Command::Abort { .. } => self.leaving = Some(Over::Aborted),
            _ => {}
        }
        Ok(Asked::Admitted)
    }

    /// Nothing begins until it is let go on; refused while something is out whose answer has to be
    /// listened to. All that waited is settled before a request is served, so nothing is on its way out.
    fn hold(&mut self, on: bool) -> Result<(), Refusal> {
        if on && self.sends > self.kept {
            return Err(Refusal::new("a call is in flight: its outcome is awaited first"));
        }
        if on && !self.proving.is_empty() {
            return Err(Refusal::new("a code is being checked: its answer is awaited first"));
        }
        self.held = on;
        self.dirty = true;
        Ok(())
    }

    /// Has a code checked, once. Real devices may take a while; the loop goes on meanwhile.
    fn prove(&mut self, need: Box<ProofNeed>, command: Command, reply: Option<Reply>) {
        let checked = self.parts.mfa.verify(MfaRequest {
            step: need.step.clone(),
            person: need.person.clone(),
            code: need.code.clone(),
            now_ms: self.parts.clock.now_ms(),
            last_counter: need.last_counter,
            purpose: need.purpose.clone(),
        });
        self.proving.insert(need.step.clone());
        self.calls.push(Box::pin(async move {
            let answer = caught(checked).await;
            let panicked = answer.is_none();
            // It may have been used up before.
            let answer = answer.unwrap_or_else(|| Err(MfaRefusal::Unreachable.into()));
            Woke::Proved(Box::new(Proved { need, command, reply, answer, panicked }))
        }));
    }

    /// The answer about a code is there. What was true when it was asked for has to be true still.
    fn proved(&mut self, proved: Proved) -> Result<(), JournalError> {
        let Proved { need, command, reply, answer, panicked } = proved;
        self.proving.remove(&need.step);
        let now_ms = self.parts.clock.now_ms();
        let outcome = match answer {
            Ok(_) if self.leaving.is_some() => Err(being_left()),
            Ok(proof) => self.parts.engine.admit(now_ms, &command).map(|admitted| {
                self.facts.extend(admitted.sealed(Some(&proof)));
            }),
            Err(MfaDenied { why, detail }) => {
                let words =
                    detail.as_ref().map_or_else(|| why.word().to_owned(), |said| format!("{}: {said}", why.word()));
                self.facts.push_back(Event::MfaRefused {
                    step: need.step.clone(),
                    by: need.person.clone(),
                    why,
                    detail,
                });
                let next_s = (30_000 - now_ms.rem_euclid(30_000)) / 1000;
                Err(Refusal::new(words).of(RefusalKind::Code).hint(format!("next code in {next_s}s")))
            }
        };
        if panicked {
            self.stop(Over::Panicked { reason: panics::DEVICE.to_owned() });
        }
        self.settle()?;
        match (reply, outcome) {
            (Some(reply), outcome) => drop(reply.send(outcome)),
            (None, Err(refusal)) => self.leave(&refusal.message),
            (None, Ok(())) => {}
        }
        Ok(())
    }

    fn leave(&mut self, reason: &str) {
        self.stop(Over::Left { reason: reason.to_owned() });
    }

    /// No further step begins; what is in flight is awaited.
    fn stop(&mut self, over: Over) {
        let (Over::Left { reason } | Over::Panicked { reason }) = &over else { return };
        if self.leaving.is_none() && self.parts.engine.finished().is_none() {
            self.facts.push_back(Event::RunLeft { reason: reason.clone() });
            self.leaving = Some(over);
        }
    }

    /// The headless operator's turn. True when something was done.
    fn operate(&mut self) -> Result<bool, JournalError> {
        if self.parts.engine.plan().mode != Mode::Drill {
            self.leave("a real run needs a person");
            return Ok(true);
        }
        if !self.proving.is_empty() {
            return Ok(false);
        }
        let now_ms = self.parts.clock.now_ms();
        let awaited = self.parts.engine.awaiting(now_ms);
        let engine = &self.parts.engine;
        match auto::next(&awaited, now_ms, self.parts.mfa.as_ref(), &|person| engine.last_counter(person)) {
            Next::Ask(command) => {
                match self.ask(&command) {
                    Ok(Asked::Admitted) => {}
                    Ok(Asked::NeedsProof(need)) => self.prove(need, *command, None),
                    Err(refusal) => {
                        self.settle()?;
                        self.leave(&refusal.message);
                    }
                }
                Ok(true)
            }
            Next::WaitUntil(at_ms) if !self.operator_waits => {
                self.operator_waits = true;
                let clock = Arc::clone(&self.parts.clock);
                self.timers.push(Box::pin(async move {
                    clock.sleep_until(at_ms).await;
                    Woke::Operator
                }));
                Ok(true)
            }
            Next::Stop(reason) if self.in_flight == 0 && self.waits == 0 => {
                self.leave(&reason);
                Ok(true)
            }
            Next::Nothing if self.in_flight == 0 && self.waits == 0 && self.parts.engine.finished().is_none() => {
                self.leave("nothing more can run");
                Ok(true)
            }
            Next::WaitUntil(_) | Next::Stop(_) | Next::Nothing => Ok(false),
        }
    }

    /// Whether the driver is done: a call that may change something is awaited, but for a program when the
    /// run is only left.
    fn over(&self) -> Option<Over> {
        let let_go = if matches!(self.leaving, Some(Over::Left { .. })) { self.kept } else { 0 };
        if self.sends > let_go {
            return None;
        }
        match (&self.leaving, self.parts.engine.finished()) {
            (_, Some(RunStatus::Aborted)) => Some(Over::Aborted),
            (_, Some(_)) => Some(Over::Finished),
            (Some(over), None) => Some(over.clone()),
            (None, None) => None,
        }
    }
}
