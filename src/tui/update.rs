//! Input in, requests out. Pure: the same inputs at the same times give the same requests.
//!
//! Must not know the terminal, the driver, nor any clock.

use ratatui::crossterm::event::{KeyEvent, KeyEventKind};

use super::Exit;
use super::act;
use super::dialog::decide::Picked;
use super::dialog::form::Reached;
use super::dialog::guard::Guard;
use super::dialog::{self, Dialog, Form, Kind, draw, gate};
use super::keys::{Act, Context, lookup};
use super::look;
use super::model::{Model, Page, at_end};
use super::record::Paper;
use crate::driver::handle::{Over, View};
use crate::engine::command::{Command, Refusal};
use crate::engine::snapshot::StepView;
use crate::model::outcome::StepStatus;
use crate::report::timeline::Format;

/// Something that happened, and when on a clock that only goes forward.
#[derive(Debug)]
pub struct Input {
    pub at_ms: u64,
    pub event: UiEvent,
}

/// What can happen to a screen. Keys carry what is typed: never log this.
#[derive(Debug)]
pub enum UiEvent {
    Key(KeyEvent),
    Paste(String),
    Resize(u16, u16),
    Focus(bool),
    /// The driver has published a new view.
    View,
    /// The driver's answer to the request of that number.
    Answer(u64, Result<(), Refusal>),
    /// A deadline of the model has passed, and no key waits to be read.
    Tick,
}

/// What the screen asks of its surroundings.
#[derive(Debug)]
pub enum Outgoing {
    Send(u64, Command),
    /// To the clipboard of the terminal.
    Copy(String),
    /// A person is needed and looks elsewhere.
    Ring(String),
    /// A form of the timeline to the clipboard.
    CopyTimeline(Format),
    /// Something of the run into a file: of its own directory, or that one.
    Write(Paper, Option<String>),
    /// To past runs and back.
    History,
    /// To the shell for a while.
    Suspend,
    Exit(Exit),
}

/// On terminals that do not tell the focus, somebody who typed this recently is there.
const THERE_MS: u64 = 30_000;

/// Takes one input.
pub fn update(model: &mut Model, view: &View, input: Input) -> Vec<Outgoing> {
    model.now_ms = model.now_ms.max(input.at_ms);
    if model.toast.as_ref().is_some_and(|(_, until_ms)| model.now_ms >= *until_ms) {
        model.toast = None;
    }
    let mut out = Vec::new();
    match input.event {
        UiEvent::Key(key) => on_key(model, view, &key, &mut out),
        UiEvent::Paste(text) => on_paste(model, view, &text),
        UiEvent::Resize(width, height) => model.size = (width, height),
        UiEvent::Focus(focused) => model.focused = Some(focused),
        UiEvent::View => on_view(model, view, &mut out),
        UiEvent::Answer(id, result) => on_answer(model, id, result),
        UiEvent::Tick => model.tick(),
    }
    let attention = model.dialog.is_some();
    if attention != model.attention && view.over.is_none() {
        model.attention = attention;
        out.push(Outgoing::Send(0, Command::Attention { on: attention }));
    }
    if view.watched.is_some() {
        // Whatever came about above: a second screen asks for nothing.
        out.retain(|outgoing| !matches!(outgoing, Outgoing::Send(..)));
    }
    out
}

fn on_key(model: &mut Model, view: &View, key: &KeyEvent, out: &mut Vec<Outgoing>) {
    if key.kind == KeyEventKind::Release {
        return;
    }
    model.last_key_ms = model.now_ms;
    // Counted wherever it goes: what is typed into a dialog ends a burst too.
    let is_held = model.burst.count(key.code, model.now_ms) > 1 || key.kind == KeyEventKind::Repeat;
    match &mut model.dialog {
        Some(Dialog::Form(form)) => {
            let reached = form.key(key, model.now_ms);
            on_form(model, view, reached, out);
        }
        Some(Dialog::Menu(menu)) => {
            let picked = menu.key(key, view, model.now_ms);
            on_menu(model, view, picked, out);
        }
        None if model.filter.editing => act::filter_key(model, view, key, out),
        None => {
            let context = live(view);
            if let Some(found) = lookup(context, key)
                && (!is_held || moves(found))
            {
                act::act(model, view, found, out);
            }
        }
    }
}

/// The keys of the screen itself.
pub const fn live(view: &View) -> Context {
    match (&view.over, &view.watched) {
        (Some(_), _) => Context::End,
        (None, Some(_)) => Context::Watch,
        (None, None) => Context::Main,
    }
}

/// Whether a held key may do it again and again.
const fn moves(found: Act) -> bool {
    matches!(found, Act::Up | Act::Down | Act::PageUp | Act::PageDown)
}

fn on_form(model: &mut Model, view: &View, reached: Reached, out: &mut Vec<Outgoing>) {
    let fits = model.dialog.as_ref().is_none_or(|dialog| draw::fits(dialog, view, model.size));
    let Some(Dialog::Form(form)) = &mut model.dialog else { return };
    match reached {
        Reached::Nothing => {}
        Reached::Close => {
            let is_sent = form.is_checking_code();
            model.dialog = None;
            if is_sent {
                model.say("the code is being checked all the same: if it is right, it is done");
            }
        }
        Reached::Leave if form.kind == Kind::Leave => {}
        Reached::Leave => act::open(model, view, Kind::Leave, ""),
        Reached::EnterNeverRuns => {
            let keys: Vec<String> = dialog::buttons(form, view).iter().map(|button| button.key.to_string()).collect();
            form.refusal = Some(format!("Enter does not do it: press {}", keys.join(" or ")));
        }
        Reached::Button(key) => press(model, view, key, fits, out),
        Reached::Send => {
            if let Some(button) = dialog::buttons(form, view).first() {
                let key = button.key;
                press(model, view, key, fits, out);
            }
        }
    }
}

/// A button's key: yields its command unless something locks it.
fn press(model: &mut Model, view: &View, key: char, fits: bool, out: &mut Vec<Outgoing>) {
    let id = model.id();
    let Some(Dialog::Form(form)) = &mut model.dialog else { return };
    let Some(button) = dialog::buttons(form, view).into_iter().find(|button| button.key == key) else { return };
    if !fits || is_stale(form, view) {
        return;
    }
    if !button.locked.is_empty() {
        form.refusal = Some(format!("locked: {}", button.locked.join(", ")));
        return;
    }
    if form.kind == Kind::Export {
        let chosen = dialog::export::chosen(form);
        model.dialog = None;
        out.extend(chosen.map(|(paper, path)| Outgoing::Write(paper, path)));
        return;
    }
    if let Some(command) = dialog::command(form, view, key) {
        form.awaiting = Some(id);
        form.asked_again = matches!(command, Command::Approve { .. } | Command::ProbeAgain { .. });
        out.push(Outgoing::Send(id, command));
    }
}

/// The run went on since the dialog was last brought up to date.
fn is_stale(form: &Form, view: &View) -> bool {
    dialog::seal(form.kind, view, &form.step).as_ref() != Some(&form.seal)
}

fn on_menu(model: &mut Model, view: &View, picked: Picked, out: &mut Vec<Outgoing>) {
    let Some(Dialog::Menu(menu)) = &model.dialog else { return };
    let step = menu.step.clone();
    match picked {
        Picked::Nothing => {}
        Picked::Close => model.dialog = None,
        Picked::Leave => act::open(model, view, Kind::Leave, ""),
        Picked::Go(go) => {
            model.dialog = None;
            act::go(model, view, go, &step, out);
        }
    }
}

fn on_paste(model: &mut Model, view: &View, text: &str) {
    model.last_key_ms = model.now_ms;
    match &mut model.dialog {
        Some(Dialog::Form(form)) => form.paste(text, model.now_ms),
        None if model.filter.editing => {
            model.filter.text.extend(text.chars().filter(|c| !c.is_control()).take(60));
            act::keep_spot_visible(model, view);
        }
        Some(Dialog::Menu(_)) | None => {}
    }
}

fn on_view(model: &mut Model, view: &View, out: &mut Vec<Outgoing>) {
    if let Some(over) = &view.over {
        model.dialog = None;
        if matches!(over, Over::Left { .. } | Over::Panicked { .. }) {
            out.push(Outgoing::Exit(Exit::Left));
            return;
        }
        if model.page == Page::Doubt {
            act::leave_doubt(model);
        }
        if at_end(view) && model.page == Page::Main {
            model.filter = super::model::Filter::default();
        }
    }
    follow(model, view);
    tell_unsent(model, view);
    open_doubt(model, view);
    ring(model, view, out);
}

/// Brings an open dialog up to date: closes it when it no longer applies, starts it again when
/// what it shows has changed.
fn follow(model: &mut Model, view: &View) {
    let now_ms = model.now_ms;
    let mut message = None;
    match &mut model.dialog {
        Some(Dialog::Form(form)) => match dialog::seal(form.kind, view, &form.step) {
            None => {
                if form.awaiting.is_none() {
                    message = Some(format!("{}: nothing to ask any more", form.step));
                } else {
                    // What was asked for has come about: on to what waits next.
                    model.spot = None;
                    if form.kind == Kind::Doubt {
                        model.page = Page::Main;
                    }
                }
                model.dialog = None;
            }
            Some(seal) if seal != form.seal => {
                let mut fresh = dialog::open(form.kind, view, &form.step, now_ms);
                if let Some(fresh) = &mut fresh {
                    fresh.refusal = Some("what is asked has changed: look again".to_owned());
                }
                model.dialog = fresh.map(Dialog::Form);
            }
            Some(_) if form.kind == Kind::Gate => gate::follow_approvals(form, view),
            Some(_) => {}
        },
        Some(Dialog::Menu(menu)) if menu.kind == dialog::decide::MenuKind::Decide => {
            if !look::step(view, &menu.step).is_some_and(look::waits_for_person) {
                model.dialog = None;
            }
        }
        Some(Dialog::Menu(_)) | None => {}
    }
    if let Some(message) = message {
        model.say(message);
    }
}

/// A message that did not get through is told once, as no run waits for it.
fn tell_unsent(model: &mut Model, view: &View) {
    let failed = |step: &&StepView| look::is_message(step) && step.status == StepStatus::Failed;
    let failed: Vec<&StepView> = view.snapshot.steps.iter().filter(failed).collect();
    let name = |step: &StepView| format!("{} {}", step.key, step.attempt);
    let Some(told) = &mut model.unsent else {
        // What was so before this screen opened is in the journal.
        model.unsent = Some(failed.iter().map(|step| name(step)).collect());
        return;
    };
    let new = failed.iter().filter(|step| told.insert(name(step))).last();
    if let Some(step) = new {
        let rest = if look::waits_for_person(step) { "" } else { "; the run goes on" };
        let why = step.reason.as_deref().unwrap_or("no reason given");
        let text = format!("{} did not get through{rest}: {why}", step.key);
        model.say(text);
    }
}

/// A doubt of this process opens its screen by itself, once, also when a probe has settled it in the
/// meantime; never over an open dialog.
fn open_doubt(model: &mut Model, view: &View) {
    if model.dialog.is_some() || view.over.is_some() || view.watched.is_some() {
        return;
    }
    for step in &view.snapshot.steps {
        let Some(unknown) = step.unknown.as_ref().filter(|unknown| unknown.is_of_now) else { continue };
        // The call, and later perhaps a verification of it: two things to look at.
        let call = format!("{} {} {}", step.key, unknown.attempt, unknown.sent_ms);
        let what = if unknown.verification.is_some() { format!("{call} verification") } else { call.clone() };
        let is_new = model.doubts.insert(what);
        model.doubts.insert(call);
        if is_new && (unknown.verification.is_some() || model.page != Page::Doubt) {
            model.spot = Some(super::model::Spot::Step(step.key.clone()));
            model.page = Page::Doubt;
            model.page_scroll = 0;
            model.page_guard = Guard::new(model.now_ms);
            return;
        }
    }
    if model.page == Page::Doubt && model.step_now(view).is_none_or(|step| step.unknown.is_none()) {
        act::leave_doubt(model);
    }
}

fn ring(model: &mut Model, view: &View, out: &mut Vec<Outgoing>) {
    let logins = view.snapshot.expired.iter().map(|one| format!("{}, for a new AWS login,", one.step));
    let waiting: Vec<String> =
        look::waiting(&view.snapshot).iter().map(|step| step.key.clone()).chain(logins).collect();
    let new: Vec<String> = waiting.iter().filter(|key| !model.rung.contains(*key)).cloned().collect();
    model.rung = waiting.into_iter().collect();
    let is_there = model.focused.unwrap_or(model.now_ms.saturating_sub(model.last_key_ms) < THERE_MS);
    if let Some(first) = new.first()
        && !is_there
        && view.watched.is_none()
    {
        out.push(Outgoing::Ring(format!("{}: {first} waits for you", view.snapshot.mode.banner())));
    }
}

fn on_answer(model: &mut Model, id: u64, result: Result<(), Refusal>) {
    let words = |refusal: &Refusal| match &refusal.hint {
        Some(hint) => format!("{}: {hint}", refusal.message),
        None => refusal.message.clone(),
    };
    match &mut model.dialog {
        Some(Dialog::Form(form)) if form.awaiting == Some(id) => {
            form.awaiting = None;
            form.clear_codes();
            let stays_open = std::mem::take(&mut form.asked_again);
            match result {
                Err(refusal) => form.refusal = Some(words(&refusal)),
                // An approval or a probe leaves the dialog open; what they change comes with the view.
                Ok(()) if stays_open => {}
                Ok(()) => {
                    if form.kind == Kind::Doubt {
                        model.page = Page::Main;
                    }
                    model.dialog = None;
                    model.spot = None;
                }
            }
        }
        _ => {
            if let Err(refusal) = result
                && id != 0
            {
                model.say(words(&refusal));
            }
        }
    }
}
