//! Fields of a dialog: what may be typed into them, and whether that is enough.
//!
//! Must not know commands. Nothing here can be printed by accident: there is no `Debug`.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind};
use zeroize::Zeroizing;

use super::guard::Burst;
use crate::tui::keys::{Key, normal};

/// Digits of a code.
pub const CODE_DIGITS: usize = 6;

/// A burst of one key longer than this in a name is a key held down; `www` is three.
const NAME_BURST_MAX: u32 = 3;

/// The longest text that a field takes.
const TEXT_MAX_CHARS: usize = 500;

/// Whose code a field asks for.
#[derive(Clone, PartialEq, Eq)]
pub enum Whose {
    Person(String),
    /// The one chosen in the field above.
    Chosen,
}

pub enum Field {
    /// A name to type exactly. Key repeats and pastes do not count.
    Name { want: String, have: Zeroizing<String>, burst: Burst<char> },
    /// A code of a device, shown as dots. May be pasted.
    Code { whose: Whose, digits: Zeroizing<String> },
    /// Free text, for the journal.
    Text { label: &'static str, have: String, min_chars: usize, help: &'static str },
    /// One of a few.
    Choice { label: &'static str, options: Vec<String>, at: usize },
}

impl Field {
    pub fn name(want: &str) -> Self {
        // Room for all that it may take: a text that grows leaves copies of itself behind.
        let room = (want.chars().count() + 1) * char::MAX.len_utf8();
        Self::Name { want: want.to_owned(), have: Zeroizing::new(String::with_capacity(room)), burst: Burst::default() }
    }

    pub fn code(whose: Whose) -> Self {
        Self::Code { whose, digits: Zeroizing::new(String::with_capacity(CODE_DIGITS)) }
    }

    pub fn text(label: &'static str, min_chars: usize, help: &'static str) -> Self {
        Self::Text { label, have: String::new(), min_chars, help }
    }

    /// Whether letters go into it.
    pub const fn takes_text(&self) -> bool {
        !matches!(self, Self::Choice { .. })
    }

    /// Whether it holds what is asked for.
    pub fn is_complete(&self) -> bool {
        match self {
            Self::Name { want, have, .. } => have.as_str() == want.as_str(),
            Self::Code { digits, .. } => digits.len() == CODE_DIGITS,
            Self::Text { have, min_chars, .. } => have.trim().chars().count() >= *min_chars,
            Self::Choice { options, at, .. } => *at < options.len(),
        }
    }

    /// Takes a key that moves or edits; false when it is none of the field's.
    pub fn key(&mut self, event: &KeyEvent, now_ms: u64) -> bool {
        let Some(key) = normal(event) else { return false };
        let is_repeat = event.kind == KeyEventKind::Repeat;
        match key {
            Key(KeyCode::Backspace, false) => self.erase(false),
            Key(KeyCode::Char('u' | 'w'), true) => self.erase(true),
            Key(KeyCode::Char(ch), false) => self.insert(ch, is_repeat, now_ms),
            Key(KeyCode::Up | KeyCode::Left, false) => self.choose(false),
            Key(KeyCode::Down | KeyCode::Right, false) => self.choose(true),
            _ => false,
        }
    }

    fn insert(&mut self, ch: char, is_repeat: bool, now_ms: u64) -> bool {
        match self {
            Self::Name { want, have, burst, .. } => {
                let is_held = is_repeat || burst.count(ch, now_ms) > NAME_BURST_MAX;
                if !is_held && !ch.is_control() && have.chars().count() <= want.chars().count() {
                    have.push(ch);
                }
            }
            Self::Code { digits, .. } => {
                if ch.is_ascii_digit() && !is_repeat && digits.len() < CODE_DIGITS {
                    digits.push(ch);
                }
            }
            Self::Text { have, .. } => {
                if !ch.is_control() && have.chars().count() < TEXT_MAX_CHARS {
                    have.push(ch);
                }
            }
            Self::Choice { .. } => return false,
        }
        true
    }

    fn erase(&mut self, all: bool) -> bool {
        let text: &mut String = match self {
            Self::Name { have, .. } => have,
            Self::Code { digits, .. } => digits,
            Self::Text { have, .. } => have,
            Self::Choice { .. } => return false,
        };
        if all {
            text.clear();
        } else {
            text.pop();
        }
        true
    }

    fn choose(&mut self, down: bool) -> bool {
        let Self::Choice { options, at, .. } = self else { return false };
        let count = options.len().max(1);
        *at = if down { (*at + 1) % count } else { (*at + count - 1) % count };
        true
    }

    /// Takes a whole line at once (`--plain`, where a terminal edits the line itself).
    pub fn fill(&mut self, line: &str) {
        match self {
            Self::Name { have, .. } => *have = Zeroizing::new(line.to_owned()),
            Self::Code { .. } => self.paste(line),
            Self::Text { have, .. } => {
                have.clear();
                self.paste(line);
            }
            Self::Choice { options, at, .. } => {
                let by_number = line.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                let by_name = options.iter().position(|option| option == line.trim());
                if let Some(chosen) = by_name.or(by_number).filter(|chosen| *chosen < options.len()) {
                    *at = chosen;
                }
            }
        }
    }

    /// Pasted text: into a code or free text, never into a name.
    pub fn paste(&mut self, text: &str) {
        match self {
            Self::Name { .. } | Self::Choice { .. } => {}
            Self::Code { digits, .. } => {
                let is_sign = |c: &char| !c.is_whitespace() && *c != '-';
                let signs = || text.chars().filter(is_sign);
                if signs().count() == CODE_DIGITS && signs().all(|c| c.is_ascii_digit()) {
                    digits.clear();
                    digits.extend(signs());
                }
            }
            Self::Text { have, .. } => {
                let room = TEXT_MAX_CHARS.saturating_sub(have.chars().count());
                have.extend(text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(room));
            }
        }
    }
}
