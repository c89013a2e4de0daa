//! A second screen: the same picture, and no key that could do anything.

use ratatui::crossterm::event::KeyEventKind;

use super::Keyboard;
use super::keyboard::key;
use crate::tui::Exit;
use crate::tui::fixtures;
use crate::tui::update::{Outgoing, UiEvent};

/// Every key that a keyboard has, near enough.
fn keys() -> Vec<String> {
    let named = ["Enter", "Tab", "Esc", "Up", "Down", "Ctrl+Z", "Ctrl+U", "PgDn", "PgUp", " "];
    (b'!'..=b'~').map(|byte| char::from(byte).to_string()).chain(named.map(str::to_owned)).collect()
}

#[test]
fn no_key_does_anything_in_any_state() {
    let views = [
        fixtures::mid_run(),
        fixtures::calm_start(),
        fixtures::full_gate(),
        fixtures::approved(fixtures::full_gate()),
        fixtures::in_doubt(),
        fixtures::check_failed(),
        fixtures::failed(),
    ];
    for view in views {
        for page in ["", "t", "d", "?", "/"] {
            let mut keyboard = Keyboard::new(fixtures::watched(view.clone()), (120, 36));
            for one in keys().iter().filter(|one| *one != "q") {
                if !page.is_empty() {
                    keyboard.press(page);
                }
                keyboard.press(one);
                keyboard.key(key(one), KeyEventKind::Repeat);
                keyboard.feed(UiEvent::Paste("R".to_owned()));
                keyboard.feed(UiEvent::View);
                let is_harmless = |out: &Outgoing| matches!(out, Outgoing::Copy(_));
                assert!(keyboard.out.iter().all(is_harmless), "{one} after {page:?}: {:?}", keyboard.out);
                assert!(keyboard.model.dialog.is_none(), "{one} after {page:?} opens a dialog");
            }
        }
    }
    // The control: the same keys on the screen of whoever drives do something.
    let mut keyboard = Keyboard::new(fixtures::mid_run(), (120, 36));
    keyboard.press("Enter");
    assert!(keyboard.model.dialog.is_some() && !keyboard.out.is_empty());
}

#[test]
fn q_leaves_at_once_and_the_screen_says_that_it_only_watches() {
    for leave in ["q", "Ctrl+C"] {
        let mut keyboard = Keyboard::new(fixtures::watched(fixtures::mid_run()), (80, 24));
        let screen = keyboard.screen();
        assert!(screen.contains("watching, live") && screen.contains("q leave"), "{screen}");
        for hint in ["Enter open", "n note", "P pause", "review and confirm"] {
            assert!(!screen.contains(hint), "{hint}: {screen}");
        }
        keyboard.press(leave);
        assert_eq!(keyboard.exit(), Some(Exit::Left));
    }
}
