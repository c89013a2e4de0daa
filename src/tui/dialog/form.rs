//! A dialog with fields and buttons: focus, guard, and which key reaches what.
//!
//! Must not know what the buttons do; the kinds do (`gate`, `doubt`, `reason`, …).

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind};
use zeroize::Zeroizing;

use super::Kind;
use super::field::{Field, Whose};
use super::guard::{Burst, Guard};
use crate::tui::keys::{Act, Context, Key, lookup, normal};

pub struct Form {
    pub kind: Kind,
    /// The step it is about; empty for the run.
    pub step: String,
    /// What was shown when it opened (attempt and digest): when that changes, the form starts again.
    pub seal: String,
    pub fields: Vec<Field>,
    /// 0 is Cancel, then the fields, then the buttons.
    pub focus: usize,
    /// The person has moved in it.
    pub touched: bool,
    pub guard: Guard,
    burst: Burst<KeyCode>,
    /// The request under way.
    pub awaiting: Option<u64>,
    /// The answer was no.
    pub refusal: Option<String>,
    /// Enter in a field sends: only for what can do no harm.
    pub enter_sends: bool,
    /// The request under way leaves the dialog open when it is admitted (an approval, a probe).
    pub asked_again: bool,
    /// Who drives; only the override asks for it.
    pub operator: String,
    /// A text that has to be read to its end before it goes out.
    pub text: Reading,
}

/// Lines of a dialog shown at once, of a text that may be longer.
const READING_ROWS: usize = 8;

/// How far a text has been read.
#[derive(Debug, Clone)]
pub struct Reading {
    pub lines: usize,
    /// The first line shown, and the furthest one that was.
    pub top: usize,
    seen: usize,
    rows: usize,
}

impl Default for Reading {
    fn default() -> Self {
        Self { lines: 0, top: 0, seen: 0, rows: READING_ROWS }
    }
}

impl Reading {
    pub fn of(lines: usize) -> Self {
        Self { lines, ..Self::default() }
    }

    /// All of it is shown at once.
    pub const fn whole(&mut self) {
        self.rows = usize::MAX;
    }

    pub fn shown(&self) -> std::ops::Range<usize> {
        self.top..self.lines.min(self.top.saturating_add(self.rows))
    }

    pub const fn is_longer(&self) -> bool {
        self.lines > self.rows
    }

    pub fn is_read(&self) -> bool {
        self.seen.saturating_add(self.rows) >= self.lines
    }

    /// One line stays, so that the eye finds on.
    fn page(&mut self, down: bool) {
        let (by, last) = (self.rows.saturating_sub(1), self.lines.saturating_sub(self.rows));
        self.top = if down { self.top.saturating_add(by).min(last) } else { self.top.saturating_sub(by) };
        self.seen = self.seen.max(self.top);
    }
}

/// What a key in a form comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    Nothing,
    Close,
    Leave,
    /// A button's key, with the focus outside every text field.
    Button(char),
    /// Enter where Enter sends.
    Send,
    /// Enter where somebody may expect that it runs.
    EnterNeverRuns,
}

impl Form {
    pub fn new(kind: Kind, step: &str, fields: Vec<Field>, guard: Guard) -> Self {
        Self {
            kind,
            step: step.to_owned(),
            seal: String::new(),
            fields,
            focus: 0,
            touched: false,
            guard,
            burst: Burst::default(),
            awaiting: None,
            refusal: None,
            enter_sends: false,
            asked_again: false,
            operator: String::new(),
            text: Reading::default(),
        }
    }

    /// The field under the focus.
    pub fn focused(&self) -> Option<&Field> {
        self.focus.checked_sub(1).and_then(|ix| self.fields.get(ix))
    }

    pub fn on_buttons(&self) -> bool {
        self.focus > self.fields.len()
    }

    /// Whether letters are typed into a field just now.
    pub fn is_typing(&self) -> bool {
        self.focused().is_some_and(Field::takes_text)
    }

    pub fn is_complete(&self, ix: usize) -> bool {
        self.fields.get(ix).is_none_or(Field::is_complete)
    }

    /// The text of the n-th text field.
    pub fn text(&self, ix: usize) -> String {
        match self.fields.get(ix) {
            Some(Field::Text { have, .. }) => have.trim().to_owned(),
            _ => String::new(),
        }
    }

    pub fn key(&mut self, event: &KeyEvent, now_ms: u64) -> Reached {
        if event.kind == KeyEventKind::Release {
            return Reached::Nothing;
        }
        let act = lookup(Context::Form, event);
        match act {
            Some(Act::Back) => return Reached::Close,
            Some(Act::Leave) => return Reached::Leave,
            _ => {}
        }
        // What was sent is being looked at: nothing in here changes meanwhile.
        if self.awaiting.is_some() {
            return Reached::Nothing;
        }
        let Some(Key(code, is_ctrl)) = normal(event) else { return Reached::Nothing };
        let is_held = self.burst.count(code, now_ms) > 1 || event.kind == KeyEventKind::Repeat;
        if !self.guard.is_armed() {
            self.guard.dropped(now_ms);
            return Reached::Nothing;
        }
        self.refusal = None;
        if self.focus > 0 {
            let field = self.fields.get_mut(self.focus - 1);
            if !matches!(act, Some(Act::NextField | Act::PrevField | Act::Accept))
                && field.is_some_and(|field| field.key(event, now_ms))
            {
                return Reached::Nothing;
            }
        }
        match act {
            Some(Act::NextField | Act::Down) => self.step_focus(true),
            Some(Act::PrevField | Act::Up) => self.step_focus(false),
            Some(Act::PageDown) => self.text.page(true),
            Some(Act::PageUp) => self.text.page(false),
            Some(Act::Accept) if !is_held => return self.enter(),
            Some(_) => {}
            None => {
                if let KeyCode::Char(ch) = code
                    && !is_ctrl
                    && !is_held
                    && !self.is_typing()
                {
                    return Reached::Button(ch);
                }
            }
        }
        Reached::Nothing
    }

    fn step_focus(&mut self, forward: bool) {
        let count = self.fields.len() + 2;
        self.focus = if forward { (self.focus + 1) % count } else { (self.focus + count - 1) % count };
        self.touched = true;
    }

    fn enter(&mut self) -> Reached {
        if self.focus == 0 {
            // Untouched, this Enter is more likely the one that opened the dialog.
            return if self.touched { Reached::Close } else { Reached::Nothing };
        }
        if self.enter_sends {
            return Reached::Send;
        }
        if self.on_buttons() {
            return Reached::EnterNeverRuns;
        }
        self.step_focus(true);
        Reached::Nothing
    }

    pub fn paste(&mut self, text: &str, now_ms: u64) {
        if !self.guard.is_armed() {
            self.guard.dropped(now_ms);
            return;
        }
        if self.awaiting.is_some() {
            return;
        }
        if let Some(field) = self.focus.checked_sub(1).and_then(|ix| self.fields.get_mut(ix)) {
            field.paste(text);
        }
    }

    /// A code was sent with what is under way: it is checked by somebody else.
    pub fn is_checking_code(&self) -> bool {
        let has_code = |field: &Field| matches!(field, Field::Code { digits, .. } if !digits.is_empty());
        self.awaiting.is_some() && self.fields.iter().any(has_code)
    }

    /// Forgets the codes that were sent: each counts once. Of an approval that is the approver's.
    pub fn clear_codes(&mut self) {
        let has_both = self.kind == Kind::Gate;
        let of_approver = self.asked_again;
        for field in &mut self.fields {
            if let Field::Code { whose, digits } = field
                && (!has_both || (*whose == Whose::Chosen) == of_approver)
            {
                *digits = Zeroizing::default();
            }
        }
    }
}
