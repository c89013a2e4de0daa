//! The key table against the dispatcher: every binding does what its help says, and only it.

use super::Keyboard;
use super::keyboard::key;
use crate::driver::handle::View;
use crate::engine::command::Command;
use crate::model::event::UnknownDecision;
use crate::tui::Exit;
use crate::tui::dialog::Dialog;
use crate::tui::fixtures;
use crate::tui::keys::{Act, Binding, Context, of};
use crate::tui::model::{Page, Spot};
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
        Context::Form if matches!(binding.act, Act::PageDown | Act::PageUp) => fixtures::message_gate(6),
        Context::Form => fixtures::full_gate(),
        Context::Menu => fixtures::failed(),
        Context::Watch => fixtures::watched(fixtures::mid_run()),
        Context::Main | Context::Filter | Context::Start | Context::Begin | Context::History => fixtures::mid_run(),
    };
    let mut keyboard = Keyboard::new(view, (80, 14));
    match binding.context {
        Context::Form => {
            keyboard.model.size = (80, 36);
            keyboard.open_gate();
            keyboard.press("Tab");
            keyboard.press("Tab");
            keyboard.press("Tab");
            if binding.act == Act::PageUp {
                keyboard.press("PgDn");
            }
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
        Context::End | Context::Start | Context::Begin | Context::History => {}
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

/// Fills in what the dialog asks for, and presses.
fn decide(view: View, typed: Option<&str>, key: &str) -> Keyboard {
    let mut keyboard = Keyboard::new(view, (80, 30));
    keyboard.open_gate();
    keyboard.press("Tab");
    keyboard.type_text("seen by bob");
    if let Some(typed) = typed {
        keyboard.press("Tab");
        keyboard.type_text(typed);
    }
    keyboard.press("Tab");
    keyboard.type_text("123456");
    keyboard.press("Tab");
    keyboard.press(key);
    keyboard
}

#[test]
fn each_key_of_a_doubt_makes_its_own_decision() {
    for (key, wanted) in
        [("D", UnknownDecision::RecordDone), ("N", UnknownDecision::RecordNotDone), ("S", UnknownDecision::SendAgain)]
    {
        let keyboard = decide(fixtures::in_doubt(), None, key);
        let [Command::ResolveUnknown { decision, typed: None, .. }] = keyboard.commands()[..] else {
            panic!("{key}: {:?}", keyboard.commands());
        };
        assert_eq!(*decision, wanted);
    }
}

/// Where nothing guards a second send, the step is typed for every decision.
#[test]
fn an_unguarded_call_wants_its_step_typed() {
    for key in ["D", "N", "S"] {
        for wrong in ["promot", "PROMOTE", ""] {
            let keyboard = decide(fixtures::in_doubt_unguarded(), Some(wrong), key);
            assert!(keyboard.commands().is_empty(), "{key} {wrong:?}: {}", keyboard.screen());
        }
        let keyboard = decide(fixtures::in_doubt_unguarded(), Some("promote"), key);
        let sent = keyboard.commands();
        assert!(matches!(sent[..], [Command::ResolveUnknown { typed: Some(_), code: Some(_), .. }]), "{sent:?}");
    }
}

/// Until the settle time is over only "done" can be known.
#[test]
fn nothing_is_sent_again_while_the_first_send_may_still_take_effect() {
    for key in ["N", "S"] {
        let keyboard = decide(fixtures::in_doubt_early(), None, key);
        assert!(keyboard.commands().is_empty(), "{key}");
        assert!(keyboard.screen().contains("may take effect"), "{}", keyboard.screen());
    }
    assert_eq!(decide(fixtures::in_doubt_early(), None, "D").commands().len(), 1);
}

#[test]
fn the_in_doubt_screen_opens_by_itself_once_and_never_over_a_dialog() {
    let mut keyboard = Keyboard::new(fixtures::mid_run(), (80, 24));
    keyboard.press("n");
    keyboard.publish(fixtures::in_doubt());
    assert!(keyboard.model.dialog.is_some() && keyboard.model.page == Page::Main);
    keyboard.press("Esc");
    keyboard.publish(fixtures::in_doubt());
    assert_eq!(keyboard.model.page, Page::Doubt);
    keyboard.press("Esc");
    keyboard.publish(fixtures::in_doubt());
    assert_eq!(keyboard.model.page, Page::Main, "it was read");
    keyboard.press("u");
    assert_eq!(keyboard.model.page, Page::Doubt);
    // A probe settles it: that is said, and Enter goes on to the run.
    keyboard.publish(fixtures::doubt_settled());
    assert!(keyboard.screen().contains("the probe found it done"), "{}", keyboard.screen());
    keyboard.wait(1_000);
    keyboard.press("Enter");
    assert!(keyboard.model.dialog.is_none() && keyboard.model.page == Page::Main);
    // One that was settled before anybody could look is shown as well, but not one of a process before.
    let mut keyboard = Keyboard::new(fixtures::mid_run(), (80, 24));
    let mut old = fixtures::doubt_settled();
    old.snapshot.steps[5].unknown.as_mut().expect("a doubt").is_of_now = false;
    keyboard.publish(old);
    assert_eq!(keyboard.model.page, Page::Main);
    keyboard.publish(fixtures::doubt_settled());
    assert_eq!(keyboard.model.page, Page::Doubt);
}

/// An answer is lost while a finger is on its way to another step's gate.
#[test]
fn enter_meant_for_the_screen_before_does_not_close_the_in_doubt_screen() {
    let mut keyboard = Keyboard::new(fixtures::mid_run(), (80, 24));
    keyboard.publish(fixtures::doubt_settled());
    keyboard.press("Enter");
    assert_eq!(keyboard.model.page, Page::Doubt, "nobody could have read it");
    keyboard.wait(1_000);
    keyboard.press("Enter");
    assert_eq!(keyboard.model.page, Page::Main);
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
