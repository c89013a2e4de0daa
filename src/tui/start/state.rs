//! What the start screens remember, and what keys change in it. Pure.

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent};

use super::{RunbookLine, ScenarioChoice, Screen, StartChoice, StartModel, draw};
use crate::tui::keys::{Act, Context, Key, lookup, normal};
use crate::tui::model::Options;

/// Speeds to choose from.
const SPEEDS: [&str; 6] = ["1", "10", "60", "300", "600", "max"];

/// The longest path that can be typed.
const PATH_MAX_CHARS: usize = 300;

/// What a key comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    NotYet,
    Chosen,
    Quit,
    /// To past runs and back.
    History,
}

/// A row that the cursor can be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    Scenario(usize),
    File,
    Surprise,
    Speed,
    Seed,
}

pub struct Start {
    pub model: StartModel,
    pub at: usize,
    /// The scenario chosen; the number of scenarios means the file.
    pub chosen: usize,
    pub file: String,
    pub surprise: bool,
    pub speed: usize,
    pub seed: String,
    seed_touched: bool,
    pub message: Option<&'static str>,
}

impl Start {
    pub fn new(model: StartModel) -> Self {
        let speed = SPEEDS.iter().position(|one| *one == model.speed).unwrap_or(2);
        let proposed = model.seed.to_string();
        Self {
            model,
            at: 0,
            chosen: 0,
            file: String::new(),
            surprise: false,
            speed,
            seed: proposed,
            seed_touched: false,
            message: None,
        }
    }

    pub fn lines(&self) -> Vec<Line> {
        let mut lines: Vec<Line> = (0..self.model.scenarios.len()).map(Line::Scenario).collect();
        lines.extend([Line::File, Line::Surprise, Line::Speed, Line::Seed]);
        lines
    }

    pub fn line(&self) -> Line {
        self.lines().get(self.at).copied().unwrap_or(Line::File)
    }

    pub fn speed_text(&self) -> &'static str {
        SPEEDS.get(self.speed).copied().unwrap_or("60")
    }

    pub fn is_file(&self) -> bool {
        self.chosen >= self.model.scenarios.len()
    }

    /// What is chosen, if that is complete.
    pub fn choice(&self) -> Option<StartChoice> {
        let scenario = if self.is_file() {
            let path = self.file.trim();
            if path.is_empty() {
                return None;
            }
            ScenarioChoice::File(path.to_owned())
        } else {
            ScenarioChoice::Listed(self.chosen)
        };
        let seed = self.seed.parse().ok()?;
        Some(StartChoice { scenario, surprise: self.surprise, seed, speed: self.speed_text().to_owned() })
    }

    fn key(&mut self, event: &KeyEvent) -> Done {
        self.message = None;
        let last = self.lines().len() - 1;
        match lookup(Context::Start, event) {
            Some(Act::Leave) => return Done::Quit,
            Some(Act::History) => return Done::History,
            Some(Act::Accept) if self.choice().is_some() => return Done::Chosen,
            Some(Act::Accept) => {
                self.message =
                    Some(if self.is_file() { "type the scenario's file first" } else { "the seed is a number" });
            }
            Some(Act::Up) => self.go(self.at.saturating_sub(1)),
            Some(Act::Down) => self.go((self.at + 1).min(last)),
            Some(Act::NextField) => self.change(true),
            Some(Act::PrevField) => self.change(false),
            _ => self.letter(event),
        }
        Done::NotYet
    }

    fn go(&mut self, at: usize) {
        self.at = at;
        match self.line() {
            Line::Scenario(ix) => self.chosen = ix,
            Line::File => self.chosen = self.model.scenarios.len(),
            Line::Surprise | Line::Speed | Line::Seed => {}
        }
    }

    fn change(&mut self, up: bool) {
        match self.line() {
            Line::Surprise => self.surprise = !self.surprise,
            Line::Speed if up => self.speed = (self.speed + 1).min(SPEEDS.len() - 1),
            Line::Speed => self.speed = self.speed.saturating_sub(1),
            Line::Seed => {
                let seed: u64 = self.seed.parse().unwrap_or(0);
                self.seed = if up { seed.saturating_add(1) } else { seed.saturating_sub(1) }.to_string();
            }
            Line::Scenario(_) => self.go(if up { self.at + 1 } else { self.at.saturating_sub(1) }),
            Line::File => {}
        }
    }

    fn letter(&mut self, event: &KeyEvent) {
        match (normal(event), self.line()) {
            (Some(Key(KeyCode::Char(' '), false)), Line::Surprise | Line::Speed) => self.change(true),
            (Some(Key(KeyCode::Char(c), false)), Line::File) => self.type_file(&c.to_string()),
            (Some(Key(KeyCode::Char(c), false)), Line::Seed) if c.is_ascii_digit() => {
                if !self.seed_touched {
                    self.seed.clear();
                    self.seed_touched = true;
                }
                if self.seed.len() < 18 {
                    self.seed.push(c);
                }
            }
            (Some(Key(KeyCode::Backspace, false)), Line::File) => {
                self.file.pop();
            }
            (Some(Key(KeyCode::Backspace, false)), Line::Seed) => {
                self.seed_touched = true;
                self.seed.pop();
            }
            (Some(Key(KeyCode::Char('j'), false)), _) => self.go((self.at + 1).min(self.lines().len() - 1)),
            (Some(Key(KeyCode::Char('k'), false)), _) => self.go(self.at.saturating_sub(1)),
            // Only where no path is typed.
            _ => {}
        }
    }

    fn type_file(&mut self, text: &str) {
        let room = PATH_MAX_CHARS.saturating_sub(self.file.chars().count());
        self.file.extend(text.chars().filter(|c| !c.is_control()).take(room));
    }
}

impl Screen for Start {
    fn draw(&self, options: Options, buf: &mut Buffer) {
        draw::start(self, options, buf);
    }

    fn event(&mut self, event: &Event, _at_ms: u64) -> Done {
        match event {
            Event::Key(key) if self.is_quit(key) => Done::Quit,
            Event::Key(key) => self.key(key),
            Event::Paste(text) if self.line() == Line::File => {
                self.type_file(text);
                Done::NotYet
            }
            _ => Done::NotYet,
        }
    }
}

impl Start {
    /// `q` quits too, except where it is a letter of a path.
    fn is_quit(&self, key: &KeyEvent) -> bool {
        self.line() != Line::File && normal(key) == Some(Key(KeyCode::Char('q'), false))
    }
}

pub struct Picker {
    pub runbooks: Vec<RunbookLine>,
    pub at: usize,
}

impl Picker {
    pub const fn new(runbooks: Vec<RunbookLine>) -> Self {
        Self { runbooks, at: 0 }
    }
}

impl Screen for Picker {
    fn draw(&self, options: Options, buf: &mut Buffer) {
        draw::picker(self, options, buf);
    }

    fn event(&mut self, event: &Event, _at_ms: u64) -> Done {
        let Event::Key(key) = event else { return Done::NotYet };
        let last = self.runbooks.len().saturating_sub(1);
        match (lookup(Context::Start, key), normal(key)) {
            (Some(Act::Leave), _) | (_, Some(Key(KeyCode::Char('q'), false))) => return Done::Quit,
            (Some(Act::History), _) => return Done::History,
            (Some(Act::Accept), _) if !self.runbooks.is_empty() => return Done::Chosen,
            (Some(Act::Up), _) | (_, Some(Key(KeyCode::Char('k'), false))) => self.at = self.at.saturating_sub(1),
            (Some(Act::Down), _) | (_, Some(Key(KeyCode::Char('j'), false))) => self.at = (self.at + 1).min(last),
            _ => {}
        }
        Done::NotYet
    }
}
