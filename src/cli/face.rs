//! A run in front of people: the screen, until it is over, left, or the terminal or a signal ends it.

use std::io;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use super::drill::{ended, verdict};
use super::exit::{CliError, Exit, Outcome};
use super::out;
use super::session::Session;
use super::settings::Settings;
use super::summary;
use crate::driver::handle::{Handle, Over, View};
use crate::driver::{self, Parts};
use crate::engine::command::Command;
use crate::engine::ports::Journal;
use crate::hatch;
use crate::tui::{self, ColorMode, Options};

/// SIGHUP's number: what a terminal that is gone stands for.
pub(super) const HANGUP: u8 = 1;

/// Why the face let go of the run.
enum Let {
    Screen(tui::Exit),
    Signal(u8),
}

pub fn drive(settings: &Settings, session: Session) -> Outcome {
    let (run, dir) = (session.run.clone(), session.dir.clone());
    let parts = session.parts(|journal| Ok(Box::new(journal) as Box<dyn Journal>))?;
    let (handle, driver) = driver::spawn(parts).map_err(|error| failed("the driver", &error))?;
    let view = handle.view.clone();
    let hatch = hatch::open(&dir, &handle);
    if let Err(error) = &hatch {
        settings.out.say(&format!("no approvals from other terminals: failed to make the socket: {error}"));
    }
    let let_go = show(settings, handle);
    drop(hatch);
    // Only now, with the screen gone, the driver may be the last to speak: it finishes the call in
    // flight, syncs, and lets go of the lock.
    let over = joined(driver)?;
    let summary = ended(&dir, &view.borrow())?;
    match let_go.map_err(|error| failed("the screen", &error).hint(go_on(&run)))? {
        Let::Signal(number) => by_signal(&run, &dir, number, &format!("ended by signal {number}")),
        Let::Screen(tui::Exit::TerminalLost) => by_signal(&run, &dir, HANGUP, "the terminal is gone"),
        Let::Screen(tui::Exit::Finished | tui::Exit::Left | tui::Exit::Aborted | tui::Exit::Broken) => {
            if matches!(over, Over::Finished | Over::Aborted) {
                out::document(&settings.out.glyphs(&summary::render(&summary)))?;
            }
            verdict(&run, &over, &summary)
        }
    }
}

fn go_on(run: &str) -> String {
    format!("go on with: lifeboat resume {run}")
}

/// How the process ends after a signal, or what stands for one: the run can be gone on with.
pub fn by_signal(run: &str, dir: &Path, number: u8, why: &str) -> Outcome {
    let stopped = CliError::new(Exit::Signal(number), format!("{why}; the journal is in {}", dir.display()));
    Err(stopped.hint(go_on(run)))
}

/// Drives with nobody at the keyboard. A signal lets the call in flight end, and nothing begin.
pub fn headless(parts: Parts) -> io::Result<(Over, Arc<View>, Option<u8>)> {
    block_on(async move {
        let (handle, driven) = driver::drive(parts);
        let mut signals = Signals::new()?;
        let mut driven = pin!(driven);
        let mut caught = None;
        let over = tokio::select! {
            biased;
            number = signals.recv() => {
                caught = Some(number);
                let (reply, _answer) = oneshot::channel();
                let leave = Command::Leave { reason: format!("ended by signal {number}") };
                // A driver that is over takes no requests, and is awaited below all the same.
                drop(handle.requests.send((leave, reply)).await);
                driven.await
            }
            over = &mut driven => over,
        };
        let last = handle.view.borrow().clone();
        Ok((over, last, caught))
    })
}

/// A file that has reached the limit of its size is told as an error, not by a signal's death. The
/// handler stays for the life of the process.
pub fn outlive_size_signal() {
    let listens = block_on(async { signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop) });
    // Where it cannot be caught, the system's own way stays.
    drop(listens);
}

/// The signals that end a run.
pub(super) struct Signals {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The number of the next one.
    pub(super) async fn recv(&mut self) -> u8 {
        tokio::select! {
            _ = self.hangup.recv() => HANGUP,
            _ = self.interrupt.recv() => 2,
            _ = self.terminate.recv() => 15,
        }
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

/// The screen on a runtime of its own; the handle is dropped with it, which tells the driver.
fn show(settings: &Settings, handle: Handle) -> io::Result<Let> {
    let (options, plain) = (options(settings), settings.plain);
    block_on(async move {
        let mut signals = Signals::new()?;
        // One face alone may touch the terminal: the other must not even be made, as the plain one
        // reads its lines from the first moment on.
        let face = async move {
            if plain {
                tui::plain::run(handle, tui::plain::stdin(), io::stdout()).await
            } else {
                tui::run(handle, options).await
            }
        };
        // When a signal wins, the screen is dropped, and with that the terminal restored.
        tokio::select! {
            exit = face => exit.map(Let::Screen),
            number = signals.recv() => Ok(Let::Signal(number)),
        }
    })
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

fn joined(driver: JoinHandle<Over>) -> Result<Over, CliError> {
    driver.join().map_err(|_| CliError::failed("the driver has panicked; the journal is whole up to then"))
}
