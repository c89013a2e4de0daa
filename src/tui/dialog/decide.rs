//! Menus: what may be decided after a failure, and the shell of the palette.
//!
//! Must not know how an item is carried out; `update` does.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind};

use super::guard::{Burst, Guard};
use super::{Kind, Row2, override_check, palette};
use crate::driver::handle::View;
use crate::engine::snapshot::{Allowed, StepView};
use crate::tui::keys::{Act, Context, Key, lookup, normal};
use crate::tui::look;
use crate::tui::pen::{plain, quiet, seg};
use crate::tui::theme::Tone;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MenuKind {
    Decide,
    Palette { query: String },
}

pub struct Menu {
    pub kind: MenuKind,
    pub step: String,
    pub at: usize,
    pub guard: Guard,
    burst: Burst<KeyCode>,
    pub awaiting: Option<u64>,
    pub refusal: Option<String>,
}

/// Where an item leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    Act(Act),
    Open(Kind),
    Retry,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub label: String,
    pub detail: String,
    pub go: Go,
}

/// What a key in a menu comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picked {
    Nothing,
    Close,
    Leave,
    Go(Go),
}

impl Menu {
    pub fn decide(step: &str, now_ms: u64) -> Self {
        Self::new(MenuKind::Decide, step, Guard::new(now_ms))
    }

    pub fn palette(step: &str) -> Self {
        Self::new(MenuKind::Palette { query: String::new() }, step, Guard::open())
    }

    fn new(kind: MenuKind, step: &str, guard: Guard) -> Self {
        Self { kind, step: step.to_owned(), at: 0, guard, burst: Burst::default(), awaiting: None, refusal: None }
    }

    pub fn items(&self, view: &View) -> Vec<Item> {
        match &self.kind {
            MenuKind::Decide => look::step(view, &self.step).map(decisions).unwrap_or_default(),
            MenuKind::Palette { query } => palette::items(query),
        }
    }

    pub fn key(&mut self, event: &KeyEvent, view: &View, now_ms: u64) -> Picked {
        if event.kind == KeyEventKind::Release {
            return Picked::Nothing;
        }
        let act = lookup(Context::Menu, event);
        match act {
            Some(Act::Back) => return Picked::Close,
            Some(Act::Leave) => return Picked::Leave,
            _ => {}
        }
        let Some(Key(code, is_ctrl)) = normal(event) else { return Picked::Nothing };
        let is_held = self.burst.count(code, now_ms) > 1 || event.kind == KeyEventKind::Repeat;
        if !self.guard.is_armed() {
            self.guard.dropped(now_ms);
            return Picked::Nothing;
        }
        self.refusal = None;
        let items = self.items(view);
        self.at = self.at.min(items.len().saturating_sub(1));
        match (act, code) {
            (Some(Act::Up), _) => self.at = self.at.saturating_sub(1),
            (Some(Act::Down), _) => self.at = (self.at + 1).min(items.len().saturating_sub(1)),
            (Some(Act::Accept), _) if !is_held && self.awaiting.is_none() => {
                return items.get(self.at).map_or(Picked::Nothing, |item| Picked::Go(item.go));
            }
            (None, code) if !is_ctrl => self.letter(code, items.len()),
            _ => {}
        }
        Picked::Nothing
    }

    fn letter(&mut self, code: KeyCode, count: usize) {
        match (&mut self.kind, code) {
            (MenuKind::Palette { query }, KeyCode::Char(ch)) => {
                query.push(ch);
                self.at = 0;
            }
            (MenuKind::Palette { query }, KeyCode::Backspace) => {
                query.pop();
                self.at = 0;
            }
            (MenuKind::Decide, KeyCode::Char('j')) => self.at = (self.at + 1).min(count.saturating_sub(1)),
            (MenuKind::Decide, KeyCode::Char('k')) => self.at = self.at.saturating_sub(1),
            _ => {}
        }
    }

    pub fn intro(&self, view: &View) -> (String, Vec<Row2>) {
        match &self.kind {
            MenuKind::Palette { query } => {
                ("COMMAND".to_owned(), vec![Row2::left(vec![quiet(": "), plain(format!("{query}▏"))])])
            }
            MenuKind::Decide => {
                let Some(step) = look::step(view, &self.step) else { return (String::new(), Vec::new()) };
                let mut rows = Vec::new();
                if let Some(reason) = &step.reason {
                    rows.push(Row2::left(vec![seg("✗ ", Tone::Bad), plain(reason.clone())]));
                }
                rows.push(Row2::left(vec![quiet(format!("attempt {}; what now?", step.attempt))]));
                (format!("DECIDE {}", step.id), rows)
            }
        }
    }
}

/// What the state of a step allows, the mildest first.
fn decisions(step: &StepView) -> Vec<Item> {
    let mut items = Vec::new();
    let mut item = |label: String, detail: &str, go: Go| items.push(Item { label, detail: detail.to_owned(), go });
    for allowed in [
        Allowed::Retry,
        Allowed::Override,
        Allowed::ResolveUnknown,
        Allowed::Run,
        Allowed::DoneExternally,
        Allowed::Skip,
        Allowed::RollBack,
    ] {
        if !step.allowed.contains(&allowed) {
            continue;
        }
        match allowed {
            Allowed::Retry => item("Retry".into(), "a new attempt, through its checks and its gate", Go::Retry),
            Allowed::Override => {
                for (ix, check) in
                    step.checks.iter().enumerate().filter(|(_, check)| override_check::can_override(check))
                {
                    let go = Go::Open(Kind::Override(u16::try_from(ix).unwrap_or(u16::MAX)));
                    item(format!("Override: {}", check.text), "with a reason, by who may decide it", go);
                }
            }
            Allowed::ResolveUnknown => {
                item("Settle the doubt".into(), "record as done or not done", Go::Open(Kind::Doubt));
            }
            Allowed::Run | Allowed::Approve => item("Review and confirm".into(), "the gate", Go::Open(Kind::Gate)),
            Allowed::DoneExternally => {
                item(
                    "Done externally".into(),
                    "with evidence; then its own verification runs",
                    Go::Open(Kind::External),
                );
            }
            Allowed::Skip => item("Skip".into(), "with a reason", Go::Open(Kind::Skip)),
            Allowed::RollBack => item("Roll back".into(), "gated like the step itself", Go::Open(Kind::RollBack)),
        }
    }
    item("Leave or abort".into(), "asks first", Go::Open(Kind::Leave));
    items
}
