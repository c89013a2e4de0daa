//! The last look before a run in the real world: which accounts, as whom, in which mode. Nothing
//! has begun yet; Enter begins it.
//!
//! Must not know how the identities were found. Opens as a dialog does: what was typed before it
//! could be read begins nothing, nor does a key held down.

use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{Event, KeyEvent, KeyEventKind};

use super::Screen;
use super::draw;
use super::state::Done;
use crate::model::outcome::Mode;
use crate::model::text::safe;
use crate::tui::dialog::guard::Guard;
use crate::tui::keys::{Act, Context, lookup};
use crate::tui::model::Options;

/// What is shown.
#[derive(Debug, Clone)]
pub struct BeginModel {
    pub mode: Mode,
    pub runbook: String,
    pub title: String,
    /// First 8 hex digits of the runbook's digest.
    pub digest8: String,
    pub run: String,
    /// The `emergency:` variant of each step applies.
    pub is_emergency: bool,
    /// Of a run that goes on: where it stands.
    pub resumes: Option<String>,
    pub operator: String,
    /// Where the name comes from.
    pub operator_from: String,
    pub targets: Vec<TargetLine>,
    /// How people prove to be there.
    pub mfa: String,
    /// Where the RTO clock stands.
    pub clock: String,
    pub inputs: Vec<(String, String)>,
    pub warnings: Vec<String>,
}

/// A target and what it said.
#[derive(Debug, Clone, Default)]
pub struct TargetLine {
    pub name: String,
    pub account: String,
    pub region: String,
    /// The identity's ARN, or why there is none.
    pub identity: String,
    pub is_known: bool,
}

/// How a line of it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineTone {
    Plain,
    Good,
    Bad,
}

/// One line: its label, its text, and whether it is good or bad news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeginLine {
    pub label: &'static str,
    pub text: String,
    pub tone: LineTone,
}

fn line(label: &'static str, text: impl Into<String>, tone: LineTone) -> BeginLine {
    BeginLine { label, text: text.into(), tone }
}

impl BeginModel {
    /// What it says, in the order of its weight.
    #[must_use]
    pub fn lines(&self) -> Vec<BeginLine> {
        use LineTone::{Bad, Good, Plain};
        let mut lines = Vec::new();
        let acts = match self.mode {
            Mode::Real => "this run changes AWS",
            Mode::Drill => "a drill that changes the accounts below",
        };
        lines.push(if self.is_emergency {
            line("Mode", format!("EMERGENCY: the emergency variant of each step applies; {acts}"), Bad)
        } else {
            line("Mode", format!("planned; {acts}"), Plain)
        });
        if let Some(resumes) = &self.resumes {
            lines.push(line("Goes on", resumes, Plain));
        }
        for (ix, target) in self.targets.iter().enumerate() {
            let label = if ix == 0 { "Targets" } else { "" };
            let (mark, tone) = if target.is_known { ("✓", Good) } else { ("?", Bad) };
            let place = format!("{mark} {}  account {}  {}", target.name, target.account, target.region);
            lines.push(line(label, place.trim_end(), tone));
            lines.push(line("", format!("    {}", target.identity), Plain));
        }
        if self.targets.is_empty() {
            lines.push(line("Targets", "none: no step of it calls AWS", Plain));
        }
        lines.push(line("Operator", format!("{}  ({})", self.operator, self.operator_from), Plain));
        lines.push(line("MFA", &self.mfa, Plain));
        lines.push(line("Clock", &self.clock, Plain));
        for (ix, warning) in self.warnings.iter().enumerate() {
            lines.push(line(if ix == 0 { "Mind" } else { "" }, format!("! {warning}"), Bad));
        }
        for (ix, (name, value)) in self.inputs.iter().enumerate() {
            lines.push(line(if ix == 0 { "Inputs" } else { "" }, format!("{name}  {value}"), Plain));
        }
        lines
    }
}

pub struct Begin {
    pub model: BeginModel,
    pub scrolled: usize,
    guard: Guard,
    size: (u16, u16),
    pub message: Option<&'static str>,
}

/// Smaller than this, it cannot be read what would begin.
const SMALLEST: (u16, u16) = (50, 10);

impl Begin {
    pub const fn new(model: BeginModel, size: (u16, u16)) -> Self {
        Self { model, scrolled: 0, guard: Guard::new(0), size, message: None }
    }

    pub const fn fits(&self) -> bool {
        self.size.0 >= SMALLEST.0 && self.size.1 >= SMALLEST.1
    }

    /// Whether Enter would be heard.
    pub const fn is_listening(&self) -> bool {
        self.guard.is_armed()
    }

    fn key(&mut self, event: &KeyEvent, at_ms: u64) -> Done {
        self.message = None;
        let found = lookup(Context::Begin, event);
        if found == Some(Act::Leave) {
            return Done::Quit;
        }
        if !self.is_listening() || event.kind == KeyEventKind::Repeat {
            self.guard.dropped(at_ms);
            return Done::NotYet;
        }
        match found {
            Some(Act::Accept) if self.fits() => return Done::Chosen,
            Some(Act::Accept) => self.message = Some("the terminal must be at least 50x10"),
            Some(Act::Up) => self.scrolled = self.scrolled.saturating_sub(1),
            Some(Act::Down) => self.scrolled = (self.scrolled + 1).min(self.model.lines().len().saturating_sub(1)),
            _ => {}
        }
        Done::NotYet
    }
}

impl Screen for Begin {
    fn draw(&self, options: Options, buf: &mut Buffer) {
        draw::begin(self, options, buf);
    }

    fn event(&mut self, event: &Event, at_ms: u64) -> Done {
        match event {
            Event::Key(key) => self.key(key, at_ms),
            Event::Resize(width, height) => {
                self.size = (*width, *height);
                Done::NotYet
            }
            // Pasted text begins nothing, and neither does what comes right behind it.
            Event::Paste(_) => {
                self.guard.dropped(at_ms);
                Done::NotYet
            }
            _ => Done::NotYet,
        }
    }

    fn deadline_ms(&self) -> Option<u64> {
        self.guard.armed_at()
    }

    fn tick(&mut self, at_ms: u64) {
        self.guard.tick(at_ms);
    }

    fn title(&self) -> String {
        format!("{} {}", self.model.mode.banner(), self.model.runbook)
    }
}

/// The word that begins a run without the full screen: a line that was typed ahead is none.
const WORD: &str = "begin";
const TOO_FAST: Duration = Duration::from_millis(400);

/// The same without a screen: lines, and a word to type.
///
/// # Errors
/// When the output cannot be written or the input cannot be read.
pub fn begin_plain(model: &BeginModel, mut input: impl BufRead, mut output: impl Write) -> std::io::Result<bool> {
    writeln!(output, "{} {}: {}", model.mode.banner(), safe(&model.runbook), safe(&model.title))?;
    for one in model.lines() {
        let label = if one.label.is_empty() { String::new() } else { format!("{}: ", one.label) };
        let text = one.text.replace('✓', "known:").replacen("? ", "unknown: ", usize::from(one.tone == LineTone::Bad));
        writeln!(output, "{}", safe(&format!("{label}{}", text.trim())))?;
    }
    write!(output, "type the word `{WORD}` to begin, anything else quits: ")?;
    output.flush()?;
    let asked = Instant::now();
    let mut answer = String::new();
    input.read_line(&mut answer)?;
    let outcome = judged(&answer, asked.elapsed());
    if let Err(why) = outcome {
        writeln!(output, "{why}")?;
    }
    Ok(outcome.is_ok())
}

/// Whether a line that came so long after the question begins it, or why not.
fn judged(answer: &str, after: Duration) -> Result<(), &'static str> {
    if answer.trim_end_matches(['\r', '\n']) != WORD {
        return Err("nothing has begun");
    }
    if after < TOO_FAST {
        return Err("that came before it could be read; nothing has begun");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
