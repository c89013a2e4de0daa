//! Before a drill: which runbook, which scenario, how fast. Before a run in the real world: where, and
//! as whom. Nothing here can reach a cloud.
//!
//! Must not know files: the caller lists what there is and opens what was chosen.

mod begin;
mod draw;
mod state;
#[cfg(test)]
mod tests;

use std::io;
use std::time::Duration;

use futures_util::StreamExt;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{Event, KeyEventKind};
use ratatui::layout::Rect;
use tokio::time::{Instant, sleep_until};

pub use begin::{BeginModel, TargetLine, begin_plain};

use super::model::Options;
use super::record::{self, Archive};
use super::term::{Term, events, hung_up, nothing_typed};
use begin::Begin;
use state::{Done, Picker, Start};

/// What the start screen shows.
#[derive(Debug, Clone, Default)]
pub struct StartModel {
    pub runbook: String,
    pub title: String,
    /// First 8 hex digits of the runbook's digest.
    pub digest8: String,
    pub scenarios: Vec<ScenarioLine>,
    /// The seed proposed.
    pub seed: u64,
    /// Virtual seconds a real second, or `max`: the one proposed.
    pub speed: String,
    /// When the virtual clock starts: `03:00Z on a Sunday`.
    pub starts_at: String,
    pub rto_ms: Option<u64>,
    /// Who, and in which roles.
    pub people: Vec<(String, String)>,
    /// The last drills of this runbook, newest first.
    pub history: Vec<HistoryLine>,
}

#[derive(Debug, Clone, Default)]
pub struct ScenarioLine {
    pub name: String,
    pub summary: String,
    /// In words.
    pub faults: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub struct HistoryLine {
    pub when: String,
    pub result: String,
    pub rto: String,
    pub slowest: String,
    pub seed: String,
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartChoice {
    pub scenario: ScenarioChoice,
    pub surprise: bool,
    pub seed: u64,
    pub speed: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScenarioChoice {
    /// Index into [`StartModel::scenarios`].
    Listed(usize),
    File(String),
}

/// One runbook to choose from.
#[derive(Debug, Clone, Default)]
pub struct RunbookLine {
    pub name: String,
    pub summary: String,
}

/// Asks how to drill. `None`: the person quit.
///
/// # Errors
/// When the terminal cannot be claimed or written to, or is gone.
pub async fn choose(model: StartModel, options: Options, archive: &dyn Archive) -> io::Result<Option<StartChoice>> {
    let mut start = Start::new(model);
    let done = ask(options, &mut start, Some(archive)).await?;
    Ok(if done { start.choice() } else { None })
}

/// Asks which runbook to drill; the index. `None`: the person quit.
///
/// # Errors
/// As [`choose`].
pub async fn pick(runbooks: Vec<RunbookLine>, options: Options, archive: &dyn Archive) -> io::Result<Option<usize>> {
    let mut picker = Picker::new(runbooks);
    let done = ask(options, &mut picker, Some(archive)).await?;
    Ok(done.then_some(picker.at))
}

/// The last look before a run in the real world. False: the person quit.
///
/// # Errors
/// As [`choose`].
pub async fn begin(model: BeginModel, options: Options) -> io::Result<bool> {
    ask(options, &mut Begin::new(model, Term::size()?), None).await
}

/// A screen that is asked once.
trait Screen {
    fn draw(&self, options: Options, buf: &mut Buffer);

    /// `at_ms`: since the screen was first shown.
    fn event(&mut self, event: &Event, at_ms: u64) -> Done;

    /// When it changes by itself, at the latest.
    fn deadline_ms(&self) -> Option<u64> {
        None
    }

    /// That moment has come.
    fn tick(&mut self, _at_ms: u64) {}

    fn title(&self) -> String {
        "DRILL lifeboat".to_owned()
    }
}

/// True when something was chosen, false when the person quit.
async fn ask(options: Options, screen: &mut impl Screen, archive: Option<&dyn Archive>) -> io::Result<bool> {
    let mut term = Term::claim(options.title, "")?;
    let mut size = Term::size()?;
    let mut events = events().await;
    let mut hangup = hung_up();
    term.title(&screen.title())?;
    let shown = Instant::now();
    loop {
        let mut buf = Buffer::empty(Rect::new(0, 0, size.0, size.1));
        screen.draw(options, &mut buf);
        term.show(buf)?;
        let deadline = screen.deadline_ms().map(|at_ms| shown + Duration::from_millis(at_ms));
        let event = tokio::select! {
            // A key that waits to be read was typed before that moment has come.
            biased;
            event = events.next() => event.unwrap_or_else(|| Err(lost()))?,
            Ok(_) = hangup.wait_for(|gone| *gone) => return Err(lost()),
            () = sleep_until(deadline.unwrap_or(shown)), if deadline.is_some() => {
                if nothing_typed().await {
                    screen.tick(elapsed_ms(shown));
                }
                continue;
            }
        };
        match event {
            Event::Key(key) if key.kind == KeyEventKind::Release => continue,
            Event::Resize(width, height) => {
                size = (width, height);
                term.forget();
            }
            _ => {}
        }
        match screen.event(&event, elapsed_ms(shown)) {
            Done::NotYet => {}
            Done::Chosen => return Ok(true),
            Done::Quit => return Ok(false),
            Done::History => {
                if let Some(archive) = archive {
                    if !record::show(&mut term, &mut events, &mut hangup, archive, options).await? {
                        return Err(lost());
                    }
                    size = Term::size()?;
                    term.title(&screen.title())?;
                }
            }
        }
    }
}

fn elapsed_ms(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn lost() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the terminal is gone")
}
