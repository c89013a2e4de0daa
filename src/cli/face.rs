//! A run in front of people, or of nobody: driven until it is over, left, or ended by a terminal that is
//! gone, a signal, or a panic.
//!
//! The driver has a thread of its own, and so has the screen: a terminal that takes no output stops the
//! screen alone. This thread waits for both, and for signals, and never writes to the terminal meanwhile.

use std::io;
use std::path::Path;
use std::sync::{Arc, mpsc as channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use super::drill::{ended, verdict};
use super::exit::{CliError, Exit, Outcome};
use super::office::Office;
use super::out::{self, Out};
use super::past;
use super::session::Session;
use super::settings::Settings;
use super::signals::{HANGUP, PIPE, SIZE, Signals};
use super::summary;
use crate::driver::handle::{Handle, Over, Request, View};
use crate::driver::{self, Parts};
use crate::engine::command::Command;
use crate::engine::ports::Journal;
use crate::hatch;
use crate::tui::jobs::{Job, Jobs};
use crate::tui::{self, ColorMode, Options};

/// How long a screen that was told to let go may take; longer, and its terminal takes no output.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often such a terminal is asked to forget what nobody reads.
const NUDGE: Duration = Duration::from_millis(50);
/// A call in flight for longer than this is worth a word.
const WORTH_A_WORD: Duration = Duration::from_millis(300);

/// What the system says of a terminal that has gone.
const EIO: i32 = rustix::io::Errno::IO.raw_os_error();
const ENXIO: i32 = rustix::io::Errno::NXIO.raw_os_error();

/// Why the face let go of the run.
#[derive(Debug)]
enum Let {
    Screen(tui::Exit),
    /// The terminal cannot be shown anything.
    Unshown(io::Error),
    Signal(u8),
    Panicked,
}

impl Let {
    /// What the journal is told, where the driver has to be told at all.
    fn reason(&self) -> Option<String> {
        match self {
            Self::Screen(tui::Exit::TerminalLost) => Some("the terminal is gone".to_owned()),
            Self::Screen(_) => None,
            Self::Unshown(_) => Some("the screen cannot be shown".to_owned()),
            Self::Signal(PIPE) => Some("nobody reads the output any more".to_owned()),
            Self::Signal(number) => Some(format!("ended by signal {number}")),
            Self::Panicked => Some("lifeboat has panicked in its screen".to_owned()),
        }
    }
}

pub fn drive(settings: &Settings, session: Session) -> Outcome {
    let mut signals = Signals::listen();
    let (run, dir) = (session.run.clone(), session.dir.clone());
    let history = past::begin(settings, session.rest.engine.plan(), &run);
    let parts = session.parts(history, |journal| Ok(Box::new(journal) as Box<dyn Journal>))?;
    let (handle, driver) = driver::spawn(parts).map_err(|error| failed("the driver", &error))?;
    let (view, requests) = (handle.view.clone(), handle.requests.clone());
    let hatch = hatch::open(&dir, &handle);
    if let Err(error) = &hatch {
        settings.out.say(&format!("no approvals from other terminals: failed to make the socket: {error}"));
    }
    let screen = Screen::start(handle, options(settings), settings.plain, Arc::new(Office::new(settings)))
        .map_err(|error| failed("the screen", &error))?;
    let let_go = block_on(attend(screen, &mut signals, requests, view.clone(), settings.out))
        .map_err(|error| failed("the screen", &error).hint(go_on(&run)))?;
    drop(hatch);
    // Only now, with the screen gone, the driver may be the last to speak: it has finished the call in
    // flight, synced, and lets go of the lock.
    let over = joined(driver, &run)?;
    let summary = ended(&dir, &view.borrow())?;
    if let Over::Panicked { .. } = over {
        return verdict(&run, &over, &summary);
    }
    match let_go {
        Let::Panicked => Err(panicked("lifeboat has panicked in its screen", &run)),
        Let::Signal(number) => by_signal(&run, &dir, number, &format!("ended by signal {number}"), &over),
        Let::Screen(tui::Exit::TerminalLost) => by_signal(&run, &dir, HANGUP, "the terminal is gone", &over),
        Let::Unshown(error) => Err(CliError::failed(format!("failed to show the run: {error}")).hint(go_on(&run))),
        Let::Screen(tui::Exit::Finished | tui::Exit::Left | tui::Exit::Aborted | tui::Exit::Broken) => {
            if matches!(over, Over::Finished | Over::Aborted) {
                let text = settings.out.glyphs(&summary::render(&summary));
                unless_ended(&signals, move || out::document(&text))?;
            }
            size_limit(&signals, &over, verdict(&run, &over, &summary))
        }
    }
}

fn go_on(run: &str) -> String {
    format!("go on with: lifeboat resume {run}")
}

/// How the process ends after a panic.
pub fn panicked(what: &str, run: &str) -> CliError {
    CliError::new(Exit::Panicked, format!("{what}: this is a bug; calls in flight were awaited")).hint(go_on(run))
}

/// How the process ends after a signal, or what stands for one.
pub fn by_signal(run: &str, dir: &Path, number: u8, why: &str, over: &Over) -> Outcome {
    let stopped = CliError::new(Exit::Signal(number), format!("{why}; the journal is in {}", dir.display()));
    Err(stopped.hint(match over {
        Over::Finished | Over::Aborted => format!("the run is over: lifeboat timeline {run} tells its story"),
        Over::Left { .. } | Over::Broken { .. } | Over::Panicked { .. } => go_on(run),
    }))
}

/// A run that stopped because a file may not grow any more says so by that signal's number.
pub fn size_limit(signals: &Signals, over: &Over, outcome: Outcome) -> Outcome {
    let is_stopped = matches!(over, Over::Left { .. } | Over::Broken { .. });
    outcome.map_err(|error| match error.exit {
        Exit::Stopped if is_stopped && signals.met_size_limit() => CliError { exit: Exit::Signal(SIZE), ..error },
        _ => error,
    })
}

/// What is needed to wait for a run without a screen.
pub struct Unwatched {
    pub parts: Parts,
    pub out: Out,
    /// Turns true once nobody reads the output any more.
    pub unread: watch::Receiver<bool>,
}

/// Drives with nobody at the keyboard. A signal lets the call in flight end, and nothing begin. Gives
/// the last view, and the signal.
pub fn headless(
    unwatched: Unwatched,
    signals: &mut Signals,
    run: &str,
) -> Result<(Over, Arc<View>, Option<u8>), CliError> {
    let Unwatched { parts, out, mut unread } = unwatched;
    let (handle, driver) = driver::spawn(parts).map_err(|error| failed("the driver", &error))?;
    let mut over = handle.view.clone();
    let caught = block_on(async {
        let mut jobs = Jobs::new()?;
        let number = loop {
            tokio::select! {
                biased;
                number = signals.ended() => break Some(number),
                Ok(_) = unread.wait_for(|unread| *unread) => break Some(PIPE),
                job = jobs.next() => if job == Job::Stop {
                    sleep(&handle, &mut jobs, out).await?;
                },
                () = until_over(&mut over) => break None,
            }
        };
        if let Some(number) = number {
            tell(&Let::Signal(number), &handle.requests).await;
            wind_up(&mut over, out).await;
        }
        Ok(number)
    });
    let caught = caught.map_err(|error| failed("the driver", &error))?;
    let last = handle.view.clone();
    drop(handle);
    let over = joined(driver, run)?;
    let last = last.borrow().clone();
    Ok((over, last, caught))
}

/// Sleeps as the shell wants, unless a call is in flight.
async fn sleep(handle: &Handle, jobs: &mut Jobs, out: Out) -> io::Result<()> {
    let (tell, told) = oneshot::channel();
    if handle.requests.send((Command::Hold { on: true }, tell)).await.is_ok()
        && let Ok(Err(refusal)) = told.await
    {
        out.say(&refusal.message);
        return Ok(());
    }
    let slept = jobs.sleep().await;
    let (tell, _told) = oneshot::channel();
    // A run that is over by now holds nothing.
    drop(handle.requests.send((Command::Hold { on: false }, tell)).await);
    slept
}

/// Returns once the driver has said its last word.
async fn until_over(view: &mut watch::Receiver<Arc<View>>) {
    // A driver that is gone without a word is over as well.
    let _ = view.wait_for(|view| view.over.is_some()).await;
}

/// From here on nothing begins, where the driver has to be told so.
async fn tell(why: &Let, requests: &mpsc::Sender<Request>) {
    if let Some(reason) = why.reason() {
        let (reply, _answer) = oneshot::channel();
        // A driver that is over takes no requests.
        drop(requests.send((Command::Leave { reason }, reply)).await);
    }
}

/// Lets the call in flight end; says so where that takes a while.
async fn wind_up(view: &mut watch::Receiver<Arc<View>>, out: Out) {
    if timeout(WORTH_A_WORD, until_over(view)).await.is_err() {
        // Nobody may be reading, so nobody waits for these words.
        let words = thread::Builder::new().name("words".to_owned());
        drop(words.spawn(move || out.say("a call is in flight: its outcome is awaited")));
        until_over(view).await;
    }
}

/// The screen on a thread of its own.
struct Screen {
    shown: oneshot::Receiver<io::Result<tui::Exit>>,
    let_go: oneshot::Sender<()>,
    plain: bool,
}

impl Screen {
    fn start(handle: Handle, options: Options, plain: bool, archive: Arc<Office>) -> io::Result<Self> {
        let (tell, shown) = oneshot::channel();
        let (let_go, told) = oneshot::channel();
        thread::Builder::new().name("screen".to_owned()).spawn(move || {
            let exit = block_on(async move {
                // One face alone may touch the terminal: the other must not even be made, as the plain
                // one reads its lines from the first moment on.
                let face = async move {
                    if plain {
                        tui::plain::run(handle, tui::plain::stdin(), io::stdout()).await
                    } else {
                        tui::run(handle, options, Some(archive)).await
                    }
                };
                // With the screen dropped, the terminal is restored, and the handle let go of.
                tokio::select! {
                    exit = face => exit,
                    _ = told => Ok(tui::Exit::Left),
                }
            });
            drop(tell.send(exit));
        })?;
        Ok(Self { shown, let_go, plain })
    }
}

/// Waits until something lets go of the run, and then for the driver's last word.
async fn attend(
    screen: Screen,
    signals: &mut Signals,
    requests: mpsc::Sender<Request>,
    mut view: watch::Receiver<Arc<View>>,
    out: Out,
) -> io::Result<Let> {
    let Screen { mut shown, let_go, plain } = screen;
    let mut hung_up = (!plain).then(tui::hung_up);
    let lost = async move {
        if let Some(hung_up) = &mut hung_up
            && hung_up.wait_for(|gone| *gone).await.is_ok()
        {
            return;
        }
        std::future::pending::<()>().await;
    };
    let mut is_there = true;
    let why = tokio::select! {
        biased;
        number = signals.ended() => Let::Signal(number),
        exit = &mut shown => {
            is_there = false;
            of_screen(exit)
        }
        () = lost => Let::Screen(tui::Exit::TerminalLost),
    };
    // The driver first: from here on nothing begins, whatever the terminal is up to.
    tell(&why, &requests).await;
    drop(requests);
    // A screen that is gone needs no telling.
    let _ = let_go.send(());
    if is_there && !has_gone(&mut shown).await {
        tui::abandon();
    }
    wind_up(&mut view, out).await;
    Ok(why)
}

/// Waits for the screen to let go of its terminal. False when that takes no output at all.
async fn has_gone(shown: &mut oneshot::Receiver<io::Result<tui::Exit>>) -> bool {
    let until = Instant::now() + PATIENCE;
    loop {
        match timeout(NUDGE, &mut *shown).await {
            Ok(_) => return true,
            Err(_) if Instant::now() < until => tui::unblock(),
            Err(_) => return false,
        }
    }
}

/// What the end of the screen means.
fn of_screen(exit: Result<io::Result<tui::Exit>, oneshot::error::RecvError>) -> Let {
    match exit {
        Ok(Ok(exit)) => Let::Screen(exit),
        Ok(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => Let::Signal(PIPE),
        // What a terminal says that has gone.
        Ok(Err(error)) if matches!(error.raw_os_error(), Some(EIO | ENXIO)) => Let::Screen(tui::Exit::TerminalLost),
        Ok(Err(error)) => Let::Unshown(error),
        Err(_) => Let::Panicked,
    }
}

/// Does what may have to wait for a reader, unless a signal comes first.
///
/// # Errors
/// As the work says, or the signal.
pub fn unless_ended(
    signals: &Signals,
    work: impl FnOnce() -> Result<(), CliError> + Send + 'static,
) -> Result<(), CliError> {
    let (tell, told) = channel::channel();
    let begun = thread::Builder::new().name("words".to_owned()).spawn(move || {
        drop(tell.send(work()));
    });
    begun.map_err(|error| CliError::failed(format!("failed to write to stdout: {error}")))?;
    loop {
        match told.recv_timeout(NUDGE) {
            Ok(done) => return done,
            Err(channel::RecvTimeoutError::Disconnected) => return Ok(()),
            Err(channel::RecvTimeoutError::Timeout) => {
                if let Some(number) = signals.has_ended() {
                    return Err(CliError::new(Exit::Signal(number), format!("ended by signal {number}")));
                }
            }
        }
    }
}

/// A screen before a run: nothing is in flight, so a signal ends it at once, and the process.
///
/// # Errors
/// As the screen says, or the signal.
pub fn ask<T>(screen: impl Future<Output = io::Result<T>>) -> Result<T, CliError> {
    let mut signals = Signals::listen();
    let asked = block_on(async move {
        tokio::select! {
            biased;
            number = signals.ended() => Ok(Err(number)),
            answer = screen => answer.map(Ok),
        }
    });
    match asked {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(number)) => {
            Err(CliError::new(Exit::Signal(number), format!("ended by signal {number} before anything was begun")))
        }
        Err(error) => Err(CliError::failed(format!("failed to show the start screen: {error}"))),
    }
}

fn failed(what: &str, error: &io::Error) -> CliError {
    CliError::failed(format!("failed to start {what}: {error}"))
}

/// Waits for something that needs a runtime.
///
/// # Errors
/// When the runtime cannot be made, and as the future says.
pub fn block_on<T>(future: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

/// How screens look here.
#[must_use]
pub fn options(settings: &Settings) -> Options {
    let deep = |name: &str, word: &str| std::env::var(name).is_ok_and(|value| value.contains(word));
    let color = if !settings.out.color {
        ColorMode::None
    } else if deep("TERM", "256") || deep("COLORTERM", "truecolor") || deep("COLORTERM", "24bit") {
        ColorMode::Full
    } else {
        ColorMode::Ansi16
    };
    Options { ascii: settings.out.ascii, color, ..Options::default() }
}

fn joined(driver: JoinHandle<Over>, run: &str) -> Result<Over, CliError> {
    driver.join().map_err(|_| panicked("lifeboat has panicked in its driver", run))
}
