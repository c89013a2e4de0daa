//! The one place that writes to stdout and stderr. stdout is data, stderr is for people.
//!
//! Nothing leaves here with a secret in it. Everything goes through `SafeText`'s filter on its way to people; data goes out as it is made,
//! JSON-escaped or filtered by whoever made it.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::exit::{CliError, Exit};
use crate::model::redact;
use crate::model::runbook::SourceFile;
use crate::model::text::{ascii, ascii_char, safe};
use crate::source::render::Style;
use crate::source::{Diagnostic, render_diagnostics};

/// Findings are not drawn wider than this.
const DRAWN_WIDTH: usize = 110;

/// A stream is passed on in pieces of at least this size.
const STREAM_BYTES: usize = 64 * 1024;

/// Where this process's words go, and how they may look.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "four independent switches of the command line")]
pub struct Out {
    /// Colour on stdout and on stderr.
    pub color: bool,
    pub ascii: bool,
    pub quiet: bool,
    pub verbose: bool,
}

impl Out {
    /// A line for people, unless they asked for quiet.
    pub fn say(self, text: &str) {
        if !self.quiet {
            self.tell(text);
        }
    }

    /// What has to be read before something is decided, however quiet it is to be.
    pub fn show(self, text: &str) {
        self.tell(text);
    }

    /// A line for people who want to know more.
    pub fn detail(self, text: &str) {
        if self.verbose {
            self.tell(text);
        }
    }

    /// A question: the answer is typed behind it, so it is asked however quiet it is to be.
    pub fn ask(self, text: &str) {
        let _ = io::stderr().lock().write_all(format!("{} ", self.shown(text)).as_bytes());
    }

    /// An error and its way out.
    pub fn error(self, error: &CliError) {
        if error.message.is_empty() {
            return;
        }
        let (label, hint) =
            if self.color { ("\u{1b}[1;31merror:\u{1b}[0m", "\u{1b}[1mhint:\u{1b}[0m") } else { ("error:", "hint:") };
        let mut text = format!("{label} {}\n", self.shown(&error.message));
        if let Some(way_out) = &error.hint {
            for line in way_out.lines() {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "{hint} {}", self.shown(line));
            }
        }
        // Nobody is left to be told that stderr is gone.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Findings, drawn around the lines they are about.
    pub fn diagnostics(self, findings: &[Diagnostic], files: &[SourceFile]) {
        let text = self.drawn(findings, files);
        let text = redact::shared().text(&text);
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Findings as text, as they look best here.
    #[must_use]
    pub fn drawn(self, findings: &[Diagnostic], files: &[SourceFile]) -> String {
        let width =
            crossterm::terminal::size().map_or(DRAWN_WIDTH, |(columns, _)| usize::from(columns).min(DRAWN_WIDTH));
        let text = render_diagnostics(findings, files, Style { color: self.color, ascii: self.ascii, width });
        if self.ascii { self.glyphs(&text) } else { text }
    }

    fn tell(self, text: &str) {
        let lines: Vec<String> = text.lines().map(|line| self.shown(line)).collect();
        let _ = io::stderr().lock().write_all(format!("{}\n", lines.join("\n")).as_bytes());
    }

    /// A whole text, already safe, in the glyphs that may be used here.
    #[must_use]
    pub fn glyphs(self, text: &str) -> String {
        if !self.ascii {
            return text.to_owned();
        }
        text.chars().map(|c| if c == '\n' { c } else { ascii_char(c) }).collect()
    }

    /// Text as it may be shown to a person here.
    #[must_use]
    pub fn shown(self, text: &str) -> String {
        let text = safe(&redact::shared().text(text));
        if self.ascii { ascii(&text) } else { text }
    }
}

/// One line of data, with its line break.
///
/// # Errors
/// When stdout is closed or full; a closed one ends the process quietly.
pub fn line(text: &str) -> Result<(), CliError> {
    data(format!("{text}\n").as_bytes())
}

/// A document of data, ending in one line break.
///
/// # Errors
/// As [`line()`].
pub fn document(text: &str) -> Result<(), CliError> {
    data(format!("{}\n", text.trim_end_matches('\n')).as_bytes())
}

/// A value as pretty JSON.
///
/// # Errors
/// As [`line()`].
pub fn json(value: &serde_json::Value) -> Result<(), CliError> {
    line(&format!("{value:#}"))
}

/// # Errors
/// As [`line()`].
pub fn data(bytes: &[u8]) -> Result<(), CliError> {
    put(bytes).map_err(|error| unwritten(&error))
}

fn put(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(&redact::shared().bytes(bytes)).and_then(|()| stdout.flush())
}

/// Why stdout did not take something.
#[must_use]
pub fn unwritten(error: &io::Error) -> CliError {
    match error.kind() {
        // The reader has seen enough (`| head`): no word about it.
        io::ErrorKind::BrokenPipe => CliError::new(Exit::Signal(13), String::new()),
        _ => CliError::failed(format!("failed to write to stdout: {error}")),
    }
}

/// Data that goes out as it is made, some lines at a time: a secret never lies across two of them.
#[derive(Debug, Default)]
pub struct Stream {
    pending: Vec<u8>,
}

impl io::Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= STREAM_BYTES
            && let Some(end) = memchr::memrchr(b'\n', &self.pending)
        {
            put(&self.pending[..=end])?;
            self.pending.drain(..=end);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        put(&self.pending)?;
        self.pending.clear();
        Ok(())
    }
}

/// Says something, but waits only so long for whoever reads it.
pub fn within(patience: Duration, say: impl FnOnce() + Send + 'static) {
    let (over, done) = mpsc::channel::<()>();
    let begun = thread::Builder::new().name("words".to_owned()).spawn(move || {
        say();
        drop(over);
    });
    if begun.is_ok() {
        let _ = done.recv_timeout(patience);
    }
}

/// Whether a person sits at both ends.
#[must_use]
pub fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}
