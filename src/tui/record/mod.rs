//! The record on the screen: past runs, one of them, two beside each other; and what is written of one.
//!
//! Must not know files: an [`Archive`] reads and writes them.

mod draw;
mod pages;
mod state;
#[cfg(test)]
pub mod tests;

use std::io;

use futures_util::StreamExt as _;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{Event, EventStream, KeyEventKind};
use ratatui::layout::Rect;
use tokio::sync::watch;

use super::model::Options;
use super::term::Term;
use crate::report::diff::Diff;
use crate::report::postmortem::Shipped;
use crate::report::timeline::{Document, Format};
use state::{History, Wish};

/// One run of this state directory.
#[derive(Debug, Clone, Default)]
pub struct PastRun {
    pub id: String,
    /// `2026-10-12 03:00`.
    pub when: String,
    pub runbook: String,
    /// `DRILL` or `REAL`.
    pub banner: &'static str,
    pub result: String,
    /// What was used, what was allowed, and whether that was met.
    pub rto: Option<(Option<u64>, u64, Option<bool>)>,
    pub slowest: String,
    pub seed: String,
}

/// What can be written of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paper {
    Timeline(Format),
    /// From one of the shipped templates.
    PostMortem(Shipped),
    /// Everything that proves it, in one file.
    Bundle,
}

impl Paper {
    /// Every one of them.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let timelines = Format::ALL.into_iter().map(Self::Timeline);
        timelines.chain(Shipped::ALL.into_iter().map(Self::PostMortem)).chain([Self::Bundle]).collect()
    }

    /// The name of its file.
    #[must_use]
    pub fn file_name(self) -> String {
        match self {
            Self::Timeline(format) => format!("timeline.{}", format.extension()),
            Self::PostMortem(template) => format!("post-mortem.{}.md", template.word()),
            Self::Bundle => "bundle.tar".to_owned(),
        }
    }
}

/// Reads and writes what is kept of runs. Errors are words for people.
pub trait Archive: Send + Sync {
    /// The newest first.
    ///
    /// # Errors
    /// When the state directory cannot be read.
    fn runs(&self) -> Result<Vec<PastRun>, String>;

    /// # Errors
    /// When the run cannot be read or folded.
    fn document(&self, run: &str) -> Result<Document, String>;

    /// # Errors
    /// As [`Archive::document`].
    fn text(&self, run: &str, format: Format) -> Result<String, String>;

    /// Writes it to a path, or into the run's own directory; tells where.
    ///
    /// # Errors
    /// When the run cannot be read or the file cannot be written.
    fn write(&self, run: &str, paper: Paper, to: Option<&str>) -> Result<String, String>;
}

/// Shows past runs until they are closed. The terminal is the caller's, before and after. False: it is gone.
///
/// # Errors
/// When the terminal cannot be written to.
pub async fn show(
    term: &mut Term,
    events: &mut EventStream,
    hangup: &mut watch::Receiver<bool>,
    archive: &dyn Archive,
    options: Options,
) -> io::Result<bool> {
    let mut history = History::new(archive.runs(), Term::size()?);
    term.forget();
    term.title("lifeboat: past runs")?;
    loop {
        if !Term::is_ours() {
            return Ok(false);
        }
        let mut buf = Buffer::empty(Rect::new(0, 0, history.size.0, history.size.1));
        draw::history(&history, options, &mut buf);
        term.show(buf)?;
        let event = tokio::select! {
            event = events.next() => match event {
                Some(event) => event?,
                None => return Ok(false),
            },
            Ok(_) = hangup.wait_for(|gone| *gone) => return Ok(false),
        };
        let wish = match event {
            Event::Key(key) if key.kind == KeyEventKind::Release => Wish::Nothing,
            Event::Key(key) => history.key(&key),
            Event::Resize(width, height) => {
                history.size = (width, height);
                term.forget();
                Wish::Nothing
            }
            _ => Wish::Nothing,
        };
        if !fulfil(&mut history, wish, archive, term)? {
            term.forget();
            return Ok(true);
        }
    }
}

/// False once it is closed.
fn fulfil(history: &mut History, wish: Wish, archive: &dyn Archive, term: &mut Term) -> io::Result<bool> {
    match wish {
        Wish::Nothing => {}
        Wish::Close => return Ok(false),
        Wish::Open(run) => history.opened(archive.document(&run)),
        Wish::Compare(a, b) => {
            let both = archive.document(&a).and_then(|a| Ok(Diff::of(&a, &archive.document(&b)?)));
            history.compared(both);
        }
        Wish::Copy(run) => match archive.text(&run, Format::Markdown) {
            Ok(text) => {
                term.copy(&text)?;
                history.message = Some(format!("copied the Markdown of {run}"));
            }
            Err(why) => history.message = Some(why),
        },
        Wish::Write(run, paper) => {
            let told = archive.write(&run, paper, None);
            history.message = Some(told.map_or_else(|why| why, |path| format!("written to {path}")));
        }
    }
    Ok(true)
}
