//! What the screen remembers of its own: cursor, page, dialog, filter. Everything else is the view's.
//!
//! Must not know how it is drawn, nor what time it is but from the inputs.

use std::collections::BTreeSet;

use super::dialog::Dialog;
use super::dialog::guard::{Burst, Guard};
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

/// The same by index into the phases or the steps of one view: cheap to make for every row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Phase(usize),
    Step(usize),
}

impl Place {
    pub fn spot(self, view: &View) -> Option<Spot> {
        match self {
            Self::Phase(ix) => view.snapshot.phases.get(ix).map(|phase| Spot::Phase(phase.id.clone())),
            Self::Step(ix) => view.snapshot.steps.get(ix).map(|step| Spot::Step(step.key.clone())),
        }
    }
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
    /// A change whose answer was lost.
    Doubt,
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
    /// Which contact the cursor is on.
    pub contact: usize,
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
    /// Doubts whose page has opened by itself.
    pub doubts: BTreeSet<String>,
    /// Messages that did not get through and were told; `None` before the first look.
    pub unsent: Option<BTreeSet<String>>,
    /// Of a page that opened by itself: the key that is on its way was meant for the screen before.
    pub page_guard: Guard,
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
            contact: 0,
            filter: Filter::default(),
            dialog: None,
            toast: None,
            focused: None,
            last_key_ms: 0,
            attention: false,
            rung: BTreeSet::new(),
            doubts: BTreeSet::new(),
            unsent: None,
            page_guard: Guard::open(),
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
            Some(Dialog::Form(form)) => form.guard.armed_at(),
            Some(Dialog::Menu(menu)) => menu.guard.armed_at(),
            None => self.page_guard.armed_at(),
        };
        guard.into_iter().chain(self.toast.as_ref().map(|(_, until_ms)| *until_ms)).min()
    }

    /// No key waits to be read: what opened a while ago begins to listen.
    pub fn tick(&mut self) {
        self.page_guard.tick(self.now_ms);
        match &mut self.dialog {
            Some(Dialog::Form(form)) => form.guard.tick(self.now_ms),
            Some(Dialog::Menu(menu)) => menu.guard.tick(self.now_ms),
            None => {}
        }
    }

    /// Where the cursor is, whether chosen or not.
    pub fn spot_now(&self, view: &View) -> Option<Spot> {
        self.place_now(view)?.spot(view)
    }

    pub fn place_now(&self, view: &View) -> Option<Place> {
        let (phases, steps) = (&view.snapshot.phases, &view.snapshot.steps);
        let chosen = self.spot.as_ref().and_then(|spot| match spot {
            Spot::Phase(id) => phases.iter().position(|phase| phase.id == *id).map(Place::Phase),
            Spot::Step(key) => steps.iter().position(|step| step.key == *key).map(Place::Step),
        });
        chosen.or_else(|| {
            let step = look::step_of_interest(&view.snapshot)?;
            steps.iter().position(|one| std::ptr::eq(one, step)).map(Place::Step)
        })
    }

    /// The step under the cursor; of a phase, the one of interest.
    pub fn step_now<'a>(&self, view: &'a View) -> Option<&'a StepView> {
        match self.place_now(view)? {
            Place::Step(ix) => view.snapshot.steps.get(ix),
            Place::Phase(ix) => {
                let phase = view.snapshot.phases.get(ix)?;
                let steps = phase.steps.iter().filter_map(|ix| view.snapshot.steps.get(*ix));
                steps.clone().find(|step| look::waits_for_person(step)).or_else(|| steps.clone().next())
            }
        }
    }

    /// Every place the cursor can be, in order.
    pub fn places(&self, view: &View) -> Vec<Place> {
        let wanted = self.filter.text.to_lowercase();
        let steps = &view.snapshot.steps;
        let mut places = Vec::new();
        for (at, phase) in view.snapshot.phases.iter().enumerate() {
            places.push(Place::Phase(at));
            let alone = places.len();
            let matching = |ix: &usize| steps.get(*ix).is_some_and(|step| matches(step, &wanted));
            places.extend(phase.steps.iter().copied().filter(matching).map(Place::Step));
            if places.len() == alone && !wanted.is_empty() {
                places.pop();
            }
        }
        places
    }
}

fn matches(step: &StepView, wanted: &str) -> bool {
    wanted.is_empty() || step.key.to_lowercase().contains(wanted) || step.title.to_lowercase().contains(wanted)
}

/// Whether the end of the run is shown.
pub fn at_end(view: &View) -> bool {
    matches!(view.over, Some(Over::Finished | Over::Aborted))
}
