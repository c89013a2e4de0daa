//! Carries out the acts of the key table.

use ratatui::crossterm::event::{KeyCode, KeyEvent};

use super::Exit;
use super::dialog::decide::Go;
use super::dialog::{self, Dialog, Kind, Menu};
use super::keys::{Act, Context, Key, lookup, normal};
use super::look;
use super::model::{Model, Page, Pane, Place, Spot, at_end};
use super::record::Paper;
use super::update::Outgoing;
use crate::driver::handle::{Over, View};
use crate::engine::command::Command;
use crate::engine::snapshot::{Activity, Allowed, StepView};
use crate::report::timeline::Format;

/// Lines that a page key moves.
const PAGE_LINES: u16 = 10;

/// Why a second screen does not do it.
const ONLY_WATCHES: &str = "this screen only watches";

/// The longest filter.
const FILTER_MAX_CHARS: usize = 60;

pub fn act(model: &mut Model, view: &View, act: Act, out: &mut Vec<Outgoing>) {
    match act {
        Act::Help => show(model, Page::Help),
        Act::Palette => {
            let key = model.step_now(view).map(|step| step.key.clone()).unwrap_or_default();
            model.dialog = Some(Dialog::Menu(Menu::palette(&key)));
        }
        Act::Filter => {
            model.page = Page::Main;
            model.filter.editing = true;
        }
        Act::NextPane => next_pane(model, 1),
        Act::PrevPane => next_pane(model, Pane::ALL.len() - 1),
        Act::Down => step_by(model, view, 1),
        Act::Up => step_by(model, view, -1),
        Act::PageDown => step_by(model, view, i32::from(PAGE_LINES)),
        Act::PageUp => step_by(model, view, -i32::from(PAGE_LINES)),
        Act::Top => step_by(model, view, -i32::from(u16::MAX)),
        Act::Bottom => step_by(model, view, i32::from(u16::MAX)),
        Act::Open | Act::Accept => open_spot(model, view),
        Act::Back => back(model, view),
        Act::Note => {
            let step = match model.spot_now(view) {
                Some(Spot::Step(key)) if model.spot.is_some() => key,
                _ => String::new(),
            };
            open(model, view, Kind::Note, &step);
        }
        Act::Skip => open_for_step(model, view, Kind::Skip, "cannot be skipped now"),
        Act::External => open_for_step(model, view, Kind::External, "cannot be recorded as done externally now"),
        Act::RollBack => open_for_step(model, view, Kind::RollBack, "has nothing to roll back"),
        Act::RunReads => run_reads(model, view, out),
        Act::Pause => pause(model, view, out),
        Act::Timeline => show(model, Page::Timeline),
        Act::Log => show(model, Page::Log),
        Act::Request => show(model, Page::Request),
        Act::Contacts => show(model, Page::Contacts),
        Act::Doubt => show_doubt(model, view),
        Act::CopyCommand if model.page == Page::Contacts => copy_contact(model, view, false, out),
        Act::CopyCommand => copy_command(model, view, out),
        Act::CopyLink if model.page == Page::Contacts => copy_contact(model, view, true, out),
        Act::CopyLink => {
            let link = model.step_now(view).and_then(|step| step.console_link.clone());
            copy(model, link, "this step has no page in the AWS console", out);
        }
        Act::Leave => leave(model, view, out),
        Act::Suspend => out.push(Outgoing::Suspend),
        Act::CopyMarkdown => out.push(Outgoing::CopyTimeline(Format::Markdown)),
        Act::CopySlack => out.push(Outgoing::CopyTimeline(Format::Slack)),
        Act::WriteHtml => out.push(Outgoing::Write(Paper::Timeline(Format::Html), None)),
        Act::Export => open(model, view, Kind::Export, ""),
        Act::History => out.push(Outgoing::History),
        Act::Mark | Act::Compare | Act::NextField | Act::PrevField => {}
    }
}

/// Carries out what was picked in a menu.
pub fn go(model: &mut Model, view: &View, go: Go, step: &str, out: &mut Vec<Outgoing>) {
    match go {
        Go::Act(found) => act(model, view, found, out),
        Go::Open(kind) => open(model, view, kind, step),
        Go::Retry => {
            let id = model.id();
            out.push(Outgoing::Send(id, Command::Retry { step: step.to_owned() }));
        }
    }
}

pub fn open(model: &mut Model, view: &View, kind: Kind, step: &str) {
    if view.watched.is_some() {
        return model.say(ONLY_WATCHES);
    }
    match dialog::open(kind, view, step, model.now_ms) {
        Some(form) => model.dialog = Some(Dialog::Form(form)),
        None => model.say("that is not possible now"),
    }
}

fn open_for_step(model: &mut Model, view: &View, kind: Kind, otherwise: &str) {
    if view.watched.is_some() {
        return model.say(ONLY_WATCHES);
    }
    let Some(step) = model.step_now(view) else { return };
    let key = step.key.clone();
    match dialog::open(kind, view, &key, model.now_ms) {
        Some(form) => model.dialog = Some(Dialog::Form(form)),
        None => model.say(format!("{key} {otherwise}")),
    }
}

fn show(model: &mut Model, page: Page) {
    model.page = if model.page == page { Page::Main } else { page };
    model.page_scroll = 0;
}

fn next_pane(model: &mut Model, by: usize) {
    let at = Pane::ALL.iter().position(|pane| *pane == model.pane).unwrap_or(0);
    model.pane = Pane::ALL[(at + by) % Pane::ALL.len()];
    model.page = Page::Main;
}

fn scrolled(now: u16, by: i32) -> u16 {
    u16::try_from((i32::from(now) + by).clamp(0, i32::from(u16::MAX))).unwrap_or(0)
}

/// The cursor of the contacts, and as much of the page as shows where it is.
fn move_contact(model: &mut Model, view: &View, by: i32) {
    let last = view.snapshot.contacts.len().saturating_sub(1);
    let to = i64::try_from(model.contact).unwrap_or(0) + i64::from(by);
    model.contact = usize::try_from(to.max(0)).unwrap_or(0).min(last);
    model.page_scroll = super::view::scroll_to_contact(model, view);
}

fn step_by(model: &mut Model, view: &View, by: i32) {
    if model.page == Page::Contacts {
        return move_contact(model, view, by);
    }
    if model.page != Page::Main || at_end(view) {
        model.page_scroll = scrolled(model.page_scroll, by).min(super::view::page_scroll_max(model, view));
        return;
    }
    match model.pane {
        Pane::Steps => move_spot(model, view, by),
        Pane::Detail => {
            model.detail_scroll = scrolled(model.detail_scroll, by).min(super::view::detail_scroll_max(model, view));
        }
        Pane::Timeline => {}
        Pane::Journal => {
            let most = u16::try_from(view.rows.len()).unwrap_or(u16::MAX).saturating_sub(1);
            model.journal_scroll = scrolled(model.journal_scroll, -by).min(most);
        }
    }
}

fn move_spot(model: &mut Model, view: &View, by: i32) {
    let places = model.places(view);
    let Some(last) = places.len().checked_sub(1) else { return };
    let now = model.place_now(view);
    let at = places.iter().position(|place| Some(*place) == now).unwrap_or(0);
    let to = usize::try_from((i64::try_from(at).unwrap_or(0) + i64::from(by)).max(0)).unwrap_or(0).min(last);
    model.spot = places.get(to).and_then(|place| place.spot(view));
    model.detail_scroll = 0;
}

/// After the filter has changed the cursor goes to the first step that matches.
pub fn keep_spot_visible(model: &mut Model, view: &View) {
    let places = model.places(view);
    if model.place_now(view).is_none_or(|place| !places.contains(&place)) {
        let first = places.into_iter().find(|place| matches!(place, Place::Step(_)));
        model.spot = first.and_then(|place| place.spot(view));
    }
}

pub fn filter_key(model: &mut Model, view: &View, key: &KeyEvent, out: &mut Vec<Outgoing>) {
    match (lookup(Context::Filter, key), normal(key)) {
        (Some(Act::Accept), _) => model.filter.editing = false,
        (Some(Act::Back), _) => model.filter = super::model::Filter::default(),
        (Some(Act::Leave), _) => leave(model, view, out),
        (_, Some(Key(KeyCode::Backspace, false))) => {
            model.filter.text.pop();
        }
        (_, Some(Key(KeyCode::Char(ch), false))) if model.filter.text.chars().count() < FILTER_MAX_CHARS => {
            model.filter.text.push(ch);
            keep_spot_visible(model, view);
        }
        _ => {}
    }
}

/// Enter: the gate, the doubt, or what is to be decided; else the detail.
fn open_spot(model: &mut Model, view: &View) {
    if model.page == Page::Doubt {
        if !model.page_guard.is_armed() {
            return model.page_guard.dropped(model.now_ms);
        }
        return settle(model, view);
    }
    if model.page != Page::Main {
        return;
    }
    let Some(step) = model.step_now(view) else { return };
    let key = step.key.clone();
    model.spot = Some(Spot::Step(key.clone()));
    let has_gate = step.allowed.contains(&Allowed::Run) || step.allowed.contains(&Allowed::Approve);
    match step.activity_kind {
        Activity::InDoubt => show(model, Page::Doubt),
        Activity::NeedsDecision => model.dialog = Some(Dialog::Menu(Menu::decide(&key, model.now_ms))),
        _ if has_gate => open(model, view, Kind::Gate, &key),
        _ => {
            let said = format!("{key}: nothing to decide, {}", look::doing(step));
            model.pane = Pane::Detail;
            model.say(said);
        }
    }
}

/// The doubt under the cursor, else the first that is open, else the first there was.
fn show_doubt(model: &mut Model, view: &View) {
    let steps = || view.snapshot.steps.iter().filter(|step| step.unknown.is_some());
    let here = model.step_now(view).filter(|step| step.unknown.is_some());
    let is_open = |step: &&StepView| step.activity_kind == Activity::InDoubt;
    match here.or_else(|| steps().find(is_open)).or_else(|| steps().next()) {
        Some(step) => {
            model.spot = Some(Spot::Step(step.key.clone()));
            show(model, Page::Doubt);
        }
        None => model.say("nothing is in doubt"),
    }
}

/// Enter on the in-doubt screen: the decision, while there is one; then back to the run.
fn settle(model: &mut Model, view: &View) {
    let key = model.step_now(view).map(|step| step.key.clone()).unwrap_or_default();
    let decides = view.watched.is_none();
    match dialog::open(Kind::Doubt, view, &key, model.now_ms).filter(|_| decides) {
        Some(form) => model.dialog = Some(Dialog::Form(form)),
        None => leave_doubt(model),
    }
}

/// Back from the in-doubt screen, to what waits.
pub fn leave_doubt(model: &mut Model) {
    model.page = Page::Main;
    model.spot = None;
}

fn back(model: &mut Model, view: &View) {
    if model.page == Page::Doubt {
        leave_doubt(model);
    } else if model.page != Page::Main {
        model.page = Page::Main;
    } else if view.over.is_some() {
        model.say("q closes");
    } else if !model.filter.text.is_empty() {
        model.filter = super::model::Filter::default();
    } else {
        model.spot = None;
        model.pane = Pane::Steps;
        model.detail_scroll = 0;
        model.journal_scroll = 0;
    }
}

fn run_reads(model: &mut Model, view: &View, out: &mut Vec<Outgoing>) {
    let Some(Spot::Phase(id)) = model.spot_now(view) else {
        model.say("R runs the ready reads of a phase: move to a phase first. A step runs from its dialog (Enter)");
        return;
    };
    let ready = view.snapshot.phases.iter().find(|phase| phase.id == id).map_or(0, |phase| phase.ready_reads);
    if ready == 0 {
        model.say(format!("{id} has no read-only step that is ready"));
        return;
    }
    let number = model.id();
    out.push(Outgoing::Send(number, Command::RunReads { phase: id }));
}

fn pause(model: &mut Model, view: &View, out: &mut Vec<Outgoing>) {
    if view.snapshot.paused.is_some() {
        let id = model.id();
        out.push(Outgoing::Send(id, Command::Continue));
    } else {
        open(model, view, Kind::Pause, "");
    }
}

fn copy_command(model: &mut Model, view: &View, out: &mut Vec<Outgoing>) {
    if at_end(view) {
        let command = format!("lifeboat timeline {} --format md -o timeline.md", view.snapshot.run);
        copy(model, Some(command), "", out);
        return;
    }
    let Some(step) = model.step_now(view) else { return };
    let line = step.command_line.clone();
    if let Some(text) = look::message(step).filter(|_| line.is_none()) {
        let said = format!("copied the text of {}, {} letters", step.key, text.chars().count());
        model.say(said);
        return out.push(Outgoing::Copy(text));
    }
    copy(model, line, "this step has no aws command line", out);
}

/// The number of the contact under the cursor, or the mail address, or what there is.
fn copy_contact(model: &mut Model, view: &View, mail: bool, out: &mut Vec<Outgoing>) {
    let contact = view.snapshot.contacts.get(model.contact);
    let found = contact.and_then(|contact| {
        if mail { contact.email.clone() } else { contact.phone.clone().or_else(|| contact.email.clone()) }
    });
    let otherwise = if mail { "no mail address is given" } else { "neither a number nor a mail address is given" };
    copy(model, found, otherwise, out);
}

fn copy(model: &mut Model, text: Option<String>, otherwise: &str, out: &mut Vec<Outgoing>) {
    match text {
        Some(text) => {
            model.say(format!("copied: {text}"));
            out.push(Outgoing::Copy(text));
        }
        None => model.say(otherwise),
    }
}

fn leave(model: &mut Model, view: &View, out: &mut Vec<Outgoing>) {
    if model.page != Page::Main && view.over.is_some() {
        model.page = Page::Main;
        return;
    }
    match &view.over {
        None if view.watched.is_some() => out.push(Outgoing::Exit(Exit::Left)),
        None => open(model, view, Kind::Leave, ""),
        Some(Over::Finished) => out.push(Outgoing::Exit(Exit::Finished)),
        Some(Over::Left { .. } | Over::Panicked { .. }) => out.push(Outgoing::Exit(Exit::Left)),
        Some(Over::Aborted) => out.push(Outgoing::Exit(Exit::Aborted)),
        Some(Over::Broken { .. }) => out.push(Outgoing::Exit(Exit::Broken)),
    }
}
