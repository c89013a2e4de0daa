//! What the screen remembers of its own: cursor, page, dialog, filter. Everything else is the view's.
//!
//! Must not know how it is drawn, nor what time it is but from the inputs.

use std::collections::BTreeSet;

use super::dialog::Dialog;
use super::dialog::guard::Burst;
use super::look;
use super::theme::ColorMode;
use crate::driver::handle::{Over, View};
use crate::engine::snapshot::StepView;
use ratatui::crossterm::event::KeyCode;

/// How the screens look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// No glyph outside ASCII.
    pub ascii: bool,
    /// Resolved by the caller.
    pub color: ColorMode,
    /// Set the terminal's title.
    pub title: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { ascii: false, color: ColorMode::Full, title: true }
    }
}

/// What is under the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    Phase(String),
    Step(String),
}

/// The panes of the main screen, in the order of Tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pane {
    #[default]
    Steps,
    Detail,
    Timeline,
    Journal,
}

impl Pane {
    pub const ALL: [Self; 4] = [Self::Steps, Self::Detail, Self::Timeline, Self::Journal];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Detail => "detail",
            Self::Timeline => "timeline",
            Self::Journal => "journal",
        }
    }
}

/// What fills the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Page {
    #[default]
    Main,
    Timeline,
    Log,
    Request,
    Contacts,
    Help,
}

/// Narrows the steps by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    pub text: String,
    /// Letters go into it.
    pub editing: bool,
}

pub struct Model {
    pub options: Options,
    pub size: (u16, u16),
    /// Time of the last input, on a clock that only goes forward.
    pub now_ms: u64,
    /// `None` follows what waits.
    pub spot: Option<Spot>,
    pub pane: Pane,
    pub page: Page,
    /// Lines scrolled: of the page, the detail, and up from the newest journal row.
    pub page_scroll: u16,
    pub detail_scroll: u16,
    pub journal_scroll: u16,
    pub filter: Filter,
    pub dialog: Option<Dialog>,
    /// A short message and when it goes.
    pub toast: Option<(String, u64)>,
    /// Whether the terminal has the focus; `None` when it never said.
    pub focused: Option<bool>,
    pub last_key_ms: u64,
    pub attention: bool,
    /// Steps for which was rung already.
    pub rung: BTreeSet<String>,
    pub burst: Burst<KeyCode>,
    next_id: u64,
}

/// How long a message stays.
const TOAST_MS: u64 = 5_000;

impl Model {
    pub fn new(options: Options, size: (u16, u16)) -> Self {
        Self {
            options,
            size,
            now_ms: 0,
            spot: None,
            pane: Pane::default(),
            page: Page::default(),
            page_scroll: 0,
            detail_scroll: 0,
            journal_scroll: 0,
            filter: Filter::default(),
            dialog: None,
            toast: None,
            focused: None,
            last_key_ms: 0,
            attention: false,
            rung: BTreeSet::new(),
            burst: Burst::default(),
            next_id: 0,
        }
    }

    /// A fresh number for a request.
    pub fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub fn say(&mut self, message: impl Into<String>) {
        self.toast = Some((message.into(), self.now_ms + TOAST_MS));
    }

    /// When the screen changes by itself: a dialog starts to listen, a message goes.
    pub fn deadline_ms(&self) -> Option<u64> {
        let guard = match &self.dialog {
            Some(Dialog::Form(form)) => form.guard.armed_at(self.now_ms),
            Some(Dialog::Menu(menu)) => menu.guard.armed_at(self.now_ms),
            None => None,
        };
        guard.into_iter().chain(self.toast.as_ref().map(|(_, until_ms)| *until_ms)).min()
    }

    /// Where the cursor is, whether chosen or not.
    pub fn spot_now(&self, view: &View) -> Option<Spot> {
        let is_there = |spot: &&Spot| match spot {
            Spot::Phase(id) => view.snapshot.phases.iter().any(|phase| phase.id == *id),
            Spot::Step(key) => look::step(view, key).is_some(),
        };
        self.spot
            .as_ref()
            .filter(is_there)
            .cloned()
            .or_else(|| look::step_of_interest(&view.snapshot).map(|step| Spot::Step(step.key.clone())))
    }

    /// The step under the cursor; of a phase, the one of interest.
    pub fn step_now<'a>(&self, view: &'a View) -> Option<&'a StepView> {
        match self.spot_now(view)? {
            Spot::Step(key) => look::step(view, &key),
            Spot::Phase(id) => {
                let phase = view.snapshot.phases.iter().find(|phase| phase.id == id)?;
                let steps = phase.steps.iter().filter_map(|ix| view.snapshot.steps.get(*ix));
                steps.clone().find(|step| look::waits_for_person(step)).or_else(|| steps.clone().next())
            }
        }
    }

    /// Every place the cursor can be, in order.
    pub fn spots(&self, view: &View) -> Vec<Spot> {
        let wanted = self.filter.text.to_lowercase();
        let mut spots = Vec::new();
        for phase in &view.snapshot.phases {
            let steps = phase.steps.iter().filter_map(|ix| view.snapshot.steps.get(*ix));
            let matching: Vec<&StepView> = steps.filter(|step| matches(step, &wanted)).collect();
            if wanted.is_empty() || !matching.is_empty() {
                spots.push(Spot::Phase(phase.id.clone()));
                spots.extend(matching.iter().map(|step| Spot::Step(step.key.clone())));
            }
        }
        spots
    }
}

fn matches(step: &StepView, wanted: &str) -> bool {
    wanted.is_empty() || step.key.to_lowercase().contains(wanted) || step.title.to_lowercase().contains(wanted)
}

/// Whether the end of the run is shown.
pub fn at_end(view: &View) -> bool {
    matches!(view.over, Some(Over::Finished | Over::Aborted))
}
