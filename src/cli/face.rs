//! A run in front of people: the screen, until it is over, left, or the terminal or a signal ends it.

use std::io;
use std::thread::JoinHandle;

use tokio::signal::unix::{SignalKind, signal};

use super::drill::{ended, verdict};
use super::exit::{CliError, Exit, Outcome};
use super::out;
use super::session::Session;
use super::settings::Settings;
use super::summary;
use crate::driver;
use crate::driver::handle::{Handle, Over};
use crate::engine::ports::Journal;
use crate::tui::{self, ColorMode, Options};

/// SIGHUP's number: what a terminal that is gone stands for.
const HANGUP: u8 = 1;

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
    let let_go = show(settings, handle);
    // Only now, with the screen gone, the driver may be the last to speak: it finishes the call in
    // flight, syncs, and lets go of the lock.
    let over = joined(driver)?;
    let summary = ended(&dir, &view.borrow())?;
    let resume = format!("go on with: lifeboat resume {run}");
    let by_signal = |number: u8, why: &str| {
        let stopped = CliError::new(Exit::Signal(number), format!("{why}; the journal is in {}", dir.display()));
        Err(stopped.hint(resume.clone()))
    };
    match let_go.map_err(|error| failed("the screen", &error).hint(resume.clone()))? {
        Let::Signal(number) => by_signal(number, &format!("ended by signal {number}")),
        Let::Screen(tui::Exit::TerminalLost) => by_signal(HANGUP, "the terminal is gone"),
        Let::Screen(tui::Exit::Finished | tui::Exit::Left | tui::Exit::Aborted | tui::Exit::Broken) => {
            if matches!(over, Over::Finished | Over::Aborted) {
                out::document(&settings.out.glyphs(&summary::render(&summary)))?;
            }
            verdict(&run, &over, &summary)
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
        let mut hangup = signal(SignalKind::hangup())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
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
            _ = hangup.recv() => Ok(Let::Signal(HANGUP)),
            _ = interrupt.recv() => Ok(Let::Signal(2)),
            _ = terminate.recv() => Ok(Let::Signal(15)),
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
