//! The loop of the run screen: events, views and answers in; frames and requests out.
//!
//! Must not decide anything: `update` does. Draws only after an input: at most 30 times a second for
//! what the run does, sooner for what a person does.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{Event, EventStream};
use ratatui::layout::Rect;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep_until};

use super::Exit;
use super::jobs::{Job, Jobs, has_shell, is_in_front};
use super::look;
use super::model::{Model, Options};
use super::record::{self, Archive};
use super::term::{Term, events, hung_up, nothing_typed};
use super::update::{Input, Outgoing, UiEvent, update};
use super::view::render;
use crate::driver::handle::{Handle, Over, View};
use crate::engine::command::{Command, Refusal};

/// Least time between two frames.
const FRAME: Duration = Duration::from_millis(33);
/// Of a second screen: exports and past runs are the first one's, or the command line's.
const NO_ARCHIVE: &str = "not from this screen: lifeboat timeline and lifeboat runs do it";
/// The same when a person waits for the answer to a key.
const KEY_FRAME: Duration = Duration::from_millis(4);

/// Shows a run until it is over or left. Owns the terminal meanwhile.
///
/// # Errors
/// When the terminal cannot be claimed or written to. It is restored in every case.
pub async fn run(mut handle: Handle, options: Options, archive: Option<Arc<dyn Archive>>) -> io::Result<Exit> {
    let first = handle.view.borrow_and_update().clone();
    let mut app = App::new(&first, options, archive)?;
    let mut view = first;
    let mut events = events().await;
    let mut hangup = hung_up();
    // The least time to the frame that is due, if one is.
    let mut due = Some(FRAME);
    let mut is_last = false;
    if let Some(exit) = app.take(&handle, &view, UiEvent::View).await? {
        return Ok(exit);
    }
    loop {
        if !Term::is_ours() {
            return Ok(Exit::TerminalLost);
        }
        // Behind another program the terminal is not to be touched.
        if due.is_some_and(|least| app.may_draw(least)) && is_in_front() {
            app.fit(&handle, &view).await?;
            app.draw(&view)?;
            due = None;
        }
        let wake = app.wake_at(due);
        let event = tokio::select! {
            // Keys first: at a tick none waits to be read.
            biased;
            event = events.next() => match event {
                Some(Ok(event)) => ui_event(event),
                Some(Err(_)) | None => return Ok(Exit::TerminalLost),
            },
            changed = handle.view.changed(), if !is_last => match changed {
                Ok(()) => {
                    view = handle.view.borrow_and_update().clone();
                    Some(UiEvent::View)
                }
                // The driver has said its last word: a run that is over stays on the screen until
                // the person closes it.
                Err(_) if view.over.is_some() => {
                    is_last = true;
                    None
                }
                Err(_) => return Ok(exit_of(&view)),
            },
            Some((id, result)) = app.answers.next() => Some(UiEvent::Answer(id, result)),
            () = until(wake) => nothing_typed().await.then_some(UiEvent::Tick),
            job = app.jobs.next() => {
                match job {
                    Job::Stop => app.suspend(&handle).await?,
                    // Stopped by somebody who did not ask: who knows what the terminal looks like now.
                    Job::Continue if is_in_front() => app.term.take_back()?,
                    Job::Continue => {}
                }
                due = due.or(Some(FRAME));
                None
            }
            Ok(_) = hangup.wait_for(|gone| *gone) => return Ok(Exit::TerminalLost),
        };
        if let Some(event) = event {
            due = Some(least(&event, due));
            if let Some(exit) = app.take(&handle, &view, event).await? {
                return Ok(exit);
            }
        }
        if std::mem::take(&mut app.wants_history) {
            if !app.history(&mut events, &mut hangup).await? {
                return Ok(Exit::TerminalLost);
            }
            due = Some(KEY_FRAME);
        }
    }
}

struct App {
    term: Term,
    model: Model,
    started: Instant,
    last_frame: Option<Instant>,
    answers: FuturesUnordered<Answer>,
    jobs: Jobs,
    /// What is kept of runs; a second screen has none.
    archive: Option<Arc<dyn Archive>>,
    wants_history: bool,
}

type Answer = futures_util::future::BoxFuture<'static, (u64, Result<(), Refusal>)>;

impl App {
    fn new(first: &View, options: Options, archive: Option<Arc<dyn Archive>>) -> io::Result<Self> {
        let last_words = match first.watched {
            None => format!("the run can go on: lifeboat resume {}", first.snapshot.run),
            Some(_) => "the run itself is not touched by this".to_owned(),
        };
        Ok(Self {
            term: Term::claim(options.title, &last_words)?,
            model: Model::new(options, Term::size()?),
            started: Instant::now(),
            last_frame: None,
            answers: FuturesUnordered::new(),
            jobs: Jobs::new()?,
            archive,
            wants_history: false,
        })
    }

    /// Past runs, until they are closed. False: the terminal is gone.
    async fn history(&mut self, events: &mut EventStream, hangup: &mut watch::Receiver<bool>) -> io::Result<bool> {
        let Some(archive) = self.archive.clone() else { return Ok(true) };
        record::show(&mut self.term, events, hangup, archive.as_ref(), self.model.options).await
    }

    /// Hands an input to the screen and carries out what comes of it.
    async fn take(&mut self, handle: &Handle, view: &View, event: UiEvent) -> io::Result<Option<Exit>> {
        if matches!(event, UiEvent::Resize(..)) {
            self.term.forget();
        }
        let at_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        for outgoing in update(&mut self.model, view, Input { at_ms, event }) {
            match outgoing {
                Outgoing::Send(id, command) => self.send(handle, id, command).await,
                Outgoing::Copy(text) => self.term.copy(&text)?,
                Outgoing::Ring(message) => self.term.ring(&message)?,
                Outgoing::Suspend if has_shell() => self.suspend(handle).await?,
                Outgoing::Suspend => self.model.say("there is no shell to come back from: q leaves the run"),
                Outgoing::CopyTimeline(format) => {
                    let text = self.of_archive(|archive| archive.text(&view.snapshot.run, format));
                    let said = match text {
                        Ok(text) => {
                            self.term.copy(&text)?;
                            format!("copied the timeline: {}, {} letters", format.extension(), text.chars().count())
                        }
                        Err(why) => why,
                    };
                    self.model.say(said);
                }
                Outgoing::Write(paper, to) => {
                    let told = self.of_archive(|archive| archive.write(&view.snapshot.run, paper, to.as_deref()));
                    self.model.say(told.map_or_else(|why| why, |path| format!("written to {path}")));
                }
                Outgoing::History if self.archive.is_some() => self.wants_history = true,
                Outgoing::History => self.model.say(NO_ARCHIVE),
                Outgoing::Exit(exit) => return Ok(Some(exit)),
            }
        }
        Ok(None)
    }

    fn of_archive<T>(&self, ask: impl Fn(&dyn Archive) -> Result<T, String>) -> Result<T, String> {
        self.archive.as_ref().map_or_else(|| Err(NO_ARCHIVE.to_owned()), |archive| ask(archive.as_ref()))
    }

    /// Sleeps until the shell goes on with this job; the clock of the run never does. Nothing begins
    /// meanwhile, and while a call is in flight there is no sleep.
    async fn suspend(&mut self, handle: &Handle) -> io::Result<()> {
        let hold = |on| {
            let (tell, told) = oneshot::channel();
            let request = handle.requests.send((Command::Hold { on }, tell));
            async move { if request.await.is_ok() { told.await.unwrap_or(Ok(())) } else { Ok(()) } }
        };
        if let Err(refusal) = hold(true).await {
            self.model.say(refusal.message);
            return Ok(());
        }
        self.term.give_back();
        let slept = self.jobs.sleep().await;
        let taken = self.term.take_back();
        // A run that is over by now holds nothing.
        drop(hold(false).await);
        slept.and(taken)
    }

    async fn send(&mut self, handle: &Handle, id: u64, command: Command) {
        let (tell, told) = oneshot::channel();
        let is_sent = handle.requests.send((command, tell)).await.is_ok();
        self.answers.push(Box::pin(async move {
            let gone = || Refusal::new("the run has stopped");
            let answer = if is_sent { told.await.unwrap_or_else(|_| Err(gone())) } else { Err(gone()) };
            (id, answer)
        }));
    }

    /// Of many resizes in a moment the event of the last one may be lost, so each frame asks again.
    async fn fit(&mut self, handle: &Handle, view: &View) -> io::Result<()> {
        // A terminal that is gone has no size; that it is gone is noticed elsewhere.
        if let Ok((width, height)) = Term::size()
            && (width, height) != self.model.size
        {
            self.take(handle, view, UiEvent::Resize(width, height)).await?;
        }
        Ok(())
    }

    fn may_draw(&self, least: Duration) -> bool {
        self.last_frame.is_none_or(|last| last.elapsed() >= least)
    }

    /// When the loop must go round by itself: for a frame that waits, or a deadline of the model.
    fn wake_at(&self, due: Option<Duration>) -> Option<Instant> {
        let frame = due.and_then(|least| self.last_frame.map(|last| last + least));
        let deadline = self.model.deadline_ms().map(|at_ms| self.started + Duration::from_millis(at_ms));
        frame.into_iter().chain(deadline).min()
    }

    fn draw(&mut self, view: &View) -> io::Result<()> {
        let mut buf = Buffer::empty(Rect::new(0, 0, self.model.size.0, self.model.size.1));
        render(&self.model, view, &mut buf);
        self.term.show(buf)?;
        self.term.title(&look::window_title(view))?;
        self.last_frame = Some(Instant::now());
        Ok(())
    }
}

/// The least time to the frame that shows an event, when one is due already after `before`.
fn least(event: &UiEvent, before: Option<Duration>) -> Duration {
    match event {
        UiEvent::Key(_) | UiEvent::Paste(_) | UiEvent::Resize(..) => KEY_FRAME,
        // The view that shows what was done comes right behind its answer: a frame in between would
        // close the dialog over the state before.
        UiEvent::Answer(..) => FRAME,
        UiEvent::Focus(_) | UiEvent::View | UiEvent::Tick => before.unwrap_or(FRAME),
    }
}

async fn until(wake: Option<Instant>) {
    match wake {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn ui_event(event: Event) -> Option<UiEvent> {
    match event {
        Event::Key(key) => Some(UiEvent::Key(key)),
        Event::Paste(text) => Some(UiEvent::Paste(text)),
        Event::Resize(width, height) => Some(UiEvent::Resize(width, height)),
        Event::FocusGained => Some(UiEvent::Focus(true)),
        Event::FocusLost => Some(UiEvent::Focus(false)),
        Event::Mouse(_) => None,
    }
}

/// The driver is gone: what its last word was.
fn exit_of(view: &View) -> Exit {
    match &view.over {
        Some(Over::Finished) => Exit::Finished,
        Some(Over::Aborted) => Exit::Aborted,
        Some(Over::Broken { .. }) => Exit::Broken,
        Some(Over::Left { .. } | Over::Panicked { .. }) | None => Exit::Left,
    }
}
