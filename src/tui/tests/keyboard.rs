//! A keyboard for tests: presses keys at times it sets itself, and keeps what came out.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyEventState, KeyModifiers};

use super::{model, screen};
use crate::driver::handle::View;
use crate::engine::command::{Command, Refusal};
use crate::tui::Exit;
use crate::tui::act;
use crate::tui::dialog::Kind;
use crate::tui::model::{Model, Spot};
use crate::tui::update::{Input, Outgoing, UiEvent, update};

/// A finger needs about this long for a key.
const FINGER_MS: u64 = 90;

pub struct Keyboard {
    pub model: Model,
    pub view: View,
    pub now_ms: u64,
    pub out: Vec<Outgoing>,
}

impl Keyboard {
    pub fn new(view: View, size: (u16, u16)) -> Self {
        let mut keyboard = Self { model: model(size), view, now_ms: 10_000, out: Vec::new() };
        keyboard.feed(UiEvent::View);
        // A person reads before they press.
        keyboard.now_ms += 1_000;
        keyboard
    }

    pub fn feed(&mut self, event: UiEvent) {
        let out = update(&mut self.model, &self.view, Input { at_ms: self.now_ms, event });
        self.out.extend(out);
    }

    pub fn wait(&mut self, ms: u64) {
        self.now_ms += ms;
        self.tick();
        self.feed(UiEvent::Tick);
    }

    /// A key as a person presses it.
    pub fn press(&mut self, name: &str) {
        self.now_ms += FINGER_MS;
        self.key(key(name), KeyEventKind::Press);
    }

    /// A key at this very moment; until then none waited to be read.
    pub fn key(&mut self, code: KeyEvent, kind: KeyEventKind) {
        self.tick();
        self.late(code, kind);
    }

    /// What the screen wanted to be woken for until now.
    fn tick(&mut self) {
        while let Some(at_ms) = self.model.deadline_ms().filter(|at_ms| *at_ms < self.now_ms) {
            let out = update(&mut self.model, &self.view, Input { at_ms, event: UiEvent::Tick });
            self.out.extend(out);
        }
    }

    /// A key that is read now and was typed who knows when.
    pub fn late(&mut self, code: KeyEvent, kind: KeyEventKind) {
        self.feed(UiEvent::Key(KeyEvent { kind, ..code }));
    }

    pub fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.press(&c.to_string());
        }
    }

    /// Opens the gate of what waits and lets it arm.
    pub fn open_gate(&mut self) {
        self.press("Enter");
        self.wait(1_000);
    }

    pub fn open(&mut self, kind: Kind, step: &str) {
        self.model.spot = Some(Spot::Step(step.to_owned()));
        act::open(&mut self.model, &self.view, kind, step);
        self.wait(1_000);
    }

    pub fn screen(&self) -> String {
        screen(&self.model, &self.view)
    }

    /// The driver publishes another view.
    pub fn publish(&mut self, view: View) {
        self.view = view;
        self.feed(UiEvent::View);
    }

    /// The driver answers the last request.
    pub fn answer(&mut self, result: Result<(), Refusal>) {
        let id = self.out.iter().rev().find_map(|out| match out {
            Outgoing::Send(id, _) if *id != 0 => Some(*id),
            _ => None,
        });
        self.feed(UiEvent::Answer(id.expect("nothing was asked"), result));
    }

    /// The commands sent, but for attention.
    pub fn commands(&self) -> Vec<&Command> {
        self.out
            .iter()
            .filter_map(|out| match out {
                Outgoing::Send(_, Command::Attention { .. }) => None,
                Outgoing::Send(_, command) => Some(command),
                _ => None,
            })
            .collect()
    }

    pub fn runs(&self) -> usize {
        self.commands().iter().filter(|command| matches!(command, Command::Run { .. })).count()
    }

    pub fn exit(&self) -> Option<Exit> {
        self.out.iter().find_map(|out| match out {
            Outgoing::Exit(exit) => Some(*exit),
            _ => None,
        })
    }
}

/// A key by its name in the key table.
pub fn key(name: &str) -> KeyEvent {
    let (code, modifiers) = match name {
        "Tab" => (KeyCode::Tab, KeyModifiers::NONE),
        "Shift+Tab" => (KeyCode::BackTab, KeyModifiers::SHIFT),
        "Enter" => (KeyCode::Enter, KeyModifiers::NONE),
        "Esc" => (KeyCode::Esc, KeyModifiers::NONE),
        "Up" => (KeyCode::Up, KeyModifiers::NONE),
        "Down" => (KeyCode::Down, KeyModifiers::NONE),
        "PgDn" => (KeyCode::PageDown, KeyModifiers::NONE),
        "PgUp" => (KeyCode::PageUp, KeyModifiers::NONE),
        "Backspace" => (KeyCode::Backspace, KeyModifiers::NONE),
        name if name.starts_with("Ctrl+") => {
            let letter = name.chars().last().unwrap_or(' ').to_ascii_lowercase();
            (KeyCode::Char(letter), KeyModifiers::CONTROL)
        }
        name => {
            let letter = name.chars().next().unwrap_or(' ');
            let shift = if letter.is_ascii_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
            (KeyCode::Char(letter), shift)
        }
    };
    KeyEvent { code, modifiers, kind: KeyEventKind::Press, state: KeyEventState::NONE }
}
