//! The key table against the dispatcher: every binding does what its help says, and only it.

use super::Keyboard;
use super::keyboard::key;
use crate::engine::command::Command;
use crate::tui::Exit;
use crate::tui::dialog::Dialog;
use crate::tui::fixtures;
use crate::tui::keys::{Act, Binding, Context, of};
use crate::tui::model::Spot;
use crate::tui::update::Outgoing;
use crate::tui::view::page_scroll_max;

/// What can be seen of a screen, and what it asked for.
fn trace(keyboard: &Keyboard) -> (String, String) {
    let sent = format!("{:?}", keyboard.out);
    let model = &keyboard.model;
    let inner = format!(
        "{:?} {:?} {:?} {} {} {}",
        model.spot,
        model.pane,
        model.page,
        model.page_scroll,
        model.journal_scroll,
        keyboard.screen()
    );
    (sent, inner)
}

fn at(binding: &Binding) -> Keyboard {
    let view = match binding.context {
        Context::End => fixtures::finished(),
        Context::Form => fixtures::full_gate(),
        Context::Menu => fixtures::failed(),
        Context::Watch => fixtures::watched(fixtures::mid_run()),
        Context::Main | Context::Filter | Context::Start | Context::Begin => fixtures::mid_run(),
    };
    let mut keyboard = Keyboard::new(view, (80, 14));
    match binding.context {
        Context::Form => {
            keyboard.model.size = (80, 36);
            keyboard.open_gate();
            keyboard.press("Tab");
            keyboard.press("Tab");
            keyboard.press("Tab");
        }
        Context::Menu => {
            keyboard.model.size = (80, 36);
            keyboard.open_gate();
            keyboard.press("Down");
        }
        Context::Filter => {
            keyboard.press("/");
            keyboard.press("s");
        }
        Context::Watch => keyboard.model.spot = Some(Spot::Step("scale_web".into())),
        Context::Main => {
            keyboard.model.spot = Some(Spot::Step("scale_web".into()));
            if binding.act == Act::External || binding.act == Act::Skip {
                keyboard.model.spot = Some(Spot::Step("promote".into()));
            }
        }
        Context::End if binding.act == Act::Up => keyboard.model.page_scroll = 2,
        Context::End | Context::Start | Context::Begin => {}
    }
    keyboard
}

#[test]
fn every_key_of_the_table_does_something() {
    for context in [Context::Main, Context::Watch, Context::End, Context::Form, Context::Menu, Context::Filter] {
        for binding in of(context) {
            let mut keyboard = at(binding);
            let before = trace(&keyboard);
            keyboard.press(binding.label);
            assert_ne!(trace(&keyboard), before, "{} in {context:?} does nothing", binding.label);
        }
    }
}

#[test]
fn a_key_outside_the_table_does_nothing() {
    for name in ["z", "Z", "v", "1", "!", "Ctrl+X", " "] {
        let mut keyboard = Keyboard::new(fixtures::mid_run(), (120, 36));
        let before = trace(&keyboard);
        keyboard.press(name);
        assert_eq!(trace(&keyboard), before, "{name}");
    }
}

#[test]
fn the_end_scrolls_when_it_must() {
    let keyboard = Keyboard::new(fixtures::finished(), (80, 14));
    assert!(page_scroll_max(&keyboard.model, &keyboard.view) > 0);
}

#[test]
fn letters_in_the_filter_are_no_keys() {
    let mut keyboard = Keyboard::new(fixtures::mid_run(), (120, 36));
    keyboard.press("/");
    keyboard.type_text("sRxPqpromote");
    assert!(keyboard.commands().is_empty() && keyboard.model.dialog.is_none());
    keyboard.press("Esc");
    keyboard.press("/");
    keyboard.type_text("scale");
    keyboard.press("Enter");
    let shown = keyboard.screen();
    assert!(shown.contains("scale_api") && !shown.contains("capacity"), "{shown}");
}

#[test]
fn leaving_asks_and_aborting_wants_the_word() {
    let mut keyboard = Keyboard::new(fixtures::mid_run(), (120, 36));
    keyboard.press("Ctrl+C");
    assert!(matches!(keyboard.model.dialog, Some(Dialog::Form(_))) && keyboard.exit().is_none());
    keyboard.press("A");
    assert!(keyboard.commands().is_empty());
    keyboard.press("Tab");
    keyboard.type_text("abort");
    keyboard.press("Tab");
    keyboard.type_text("wrong account");
    keyboard.press("Tab");
    keyboard.press("A");
    let commands = keyboard.commands();
    let [Command::Abort { reason }] = commands.as_slice() else { panic!("{commands:?}") };
    assert_eq!(reason, "wrong account");

    let mut keyboard = Keyboard::new(fixtures::mid_run(), (120, 36));
    keyboard.press("q");
    keyboard.press("L");
    assert!(matches!(keyboard.commands().as_slice(), [Command::Leave { .. }]));
}

#[test]
fn a_finished_run_is_closed_by_q() {
    let mut keyboard = Keyboard::new(fixtures::finished(), (120, 36));
    keyboard.press("t");
    keyboard.press("q");
    assert_eq!(keyboard.exit(), None, "q goes back from a page first");
    keyboard.press("q");
    assert_eq!(keyboard.exit(), Some(Exit::Finished));
}

#[test]
fn reads_run_together_from_a_phase_only() {
    let mut keyboard = Keyboard::new(fixtures::calm_start(), (120, 36));
    keyboard.press("R");
    assert!(keyboard.commands().is_empty(), "a step never runs from the list");
    keyboard.press("k");
    keyboard.press("R");
    assert!(matches!(keyboard.commands().as_slice(), [Command::RunReads { phase }] if phase == "assess"));
}

#[test]
fn a_doubt_is_settled_with_a_reason_and_a_code() {
    let mut keyboard = Keyboard::new(fixtures::in_doubt(), (80, 30));
    keyboard.open_gate();
    keyboard.press("D");
    keyboard.press("N");
    assert!(keyboard.commands().is_empty());
    keyboard.press("Tab");
    keyboard.type_text("console shows it");
    keyboard.press("Tab");
    keyboard.type_text("123456");
    keyboard.press("Tab");
    keyboard.press("D");
    assert!(
        matches!(keyboard.commands().as_slice(), [Command::ResolveUnknown { reason, code: Some(_), .. }] if reason == "console shows it")
    );
}

#[test]
fn an_override_by_another_wants_their_code() {
    let mut keyboard = Keyboard::new(fixtures::check_failed(), (80, 30));
    keyboard.open_gate();
    keyboard.press("Down");
    keyboard.press("Enter");
    keyboard.wait(1_000);
    keyboard.press("Tab");
    keyboard.press("Tab");
    keyboard.type_text("lag is an artefact");
    keyboard.press("Tab");
    keyboard.press("Tab");
    keyboard.press("O");
    assert!(keyboard.commands().is_empty());
    keyboard.press("Shift+Tab");
    keyboard.type_text("654321");
    keyboard.press("Tab");
    keyboard.press("O");
    assert!(
        matches!(keyboard.commands().as_slice(), [Command::Override { by, check: 0, code: Some(_), .. }] if by == "bob")
    );
}

#[test]
fn a_person_elsewhere_is_rung_for_once() {
    let mut keyboard = Keyboard::new(fixtures::finished(), (120, 36));
    keyboard.view = fixtures::calm_start();
    keyboard.feed(crate::tui::update::UiEvent::Focus(false));
    keyboard.publish(fixtures::mid_run());
    keyboard.publish(fixtures::mid_run());
    let rings = keyboard.out.iter().filter(|out| matches!(out, Outgoing::Ring(_))).count();
    assert_eq!(rings, 1);
    let mut there = Keyboard::new(fixtures::finished(), (120, 36));
    there.feed(crate::tui::update::UiEvent::Focus(true));
    there.publish(fixtures::mid_run());
    assert!(!there.out.iter().any(|out| matches!(out, Outgoing::Ring(_))));
}

#[test]
fn an_open_dialog_asks_for_human_pace() {
    let mut keyboard = Keyboard::new(fixtures::calm_start(), (80, 30));
    keyboard.open_gate();
    keyboard.press("Esc");
    let paces: Vec<bool> = keyboard
        .out
        .iter()
        .filter_map(|out| match out {
            Outgoing::Send(_, Command::Attention { on }) => Some(*on),
            _ => None,
        })
        .collect();
    assert_eq!(paces, [true, false]);
}

#[test]
fn a_message_goes_by_itself() {
    let mut keyboard = Keyboard::new(fixtures::mid_run(), (120, 36));
    keyboard.model.say("something was said");
    assert!(keyboard.screen().contains("something was said"));
    let at_ms = keyboard.model.deadline_ms().expect("a deadline");
    keyboard.wait(at_ms - keyboard.now_ms);
    assert!(!keyboard.screen().contains("something was said"));
    assert_eq!(keyboard.model.deadline_ms(), None);
}

#[test]
fn keys_named_here_are_those_of_the_table() {
    assert_eq!(key("R").code, ratatui::crossterm::event::KeyCode::Char('R'));
}
