//! What goes out to people is read whole before it goes, and can be copied; whom to call is on a key.

use rstest::rstest;

use super::{Keyboard, model, screen};
use crate::tui::fixtures;
use crate::tui::model::Page;
use crate::tui::update::Outgoing;

fn copied(keyboard: &Keyboard) -> Vec<String> {
    let copy = |out: &Outgoing| if let Outgoing::Copy(text) = out { Some(text.clone()) } else { None };
    keyboard.out.iter().filter_map(copy).collect()
}

#[rstest]
#[case((120, 36))]
#[case((80, 24))]
fn a_message_stands_whole_in_its_gate(#[case] size: (u16, u16)) {
    let mut keyboard = Keyboard::new(fixtures::message_gate(1), size);
    keyboard.open_gate();
    insta::assert_snapshot!(format!("message_gate_{}x{}", size.0, size.1), keyboard.screen());
    keyboard.press("R");
    assert_eq!(keyboard.runs(), 1);
}

#[test]
fn a_long_message_is_read_to_its_end_before_it_goes_out() {
    let mut keyboard = Keyboard::new(fixtures::message_gate(6), (80, 24));
    keyboard.open_gate();
    insta::assert_snapshot!("message_gate_long", keyboard.screen());
    keyboard.press("R");
    assert_eq!(keyboard.runs(), 0);
    let mut read = keyboard.screen();
    for _ in 0..4 {
        keyboard.press("PgDn");
        read.push_str(&keyboard.screen());
    }
    for n in 1..=6 {
        assert!(read.contains(&format!("{n}. The shop runs")), "{n}: {read}");
    }
    keyboard.press("R");
    assert_eq!(keyboard.runs(), 1);
}

#[test]
fn y_copies_the_text_and_not_a_command_line() {
    let mut keyboard = Keyboard::new(fixtures::text_to_copy(), (80, 24));
    assert!(keyboard.screen().contains("copy the text"), "{}", keyboard.screen());
    keyboard.press("y");
    assert_eq!(copied(&keyboard), ["We are moving to our second region.\nNext word at 04:00Z."]);
    let mut keyboard = Keyboard::new(fixtures::mid_run(), (80, 24));
    keyboard.press("y");
    assert!(copied(&keyboard)[0].starts_with("aws rds failover-global-cluster"));
}

#[test]
fn a_message_that_did_not_get_through_is_told_once() {
    let mut keyboard = Keyboard::new(fixtures::mid_run(), (120, 36));
    keyboard.publish(fixtures::unsent());
    let told = "capacity did not get through; the run goes on: Http429";
    assert!(keyboard.screen().contains(told), "{}", keyboard.screen());
    keyboard.wait(10_000);
    keyboard.publish(fixtures::unsent());
    assert!(!keyboard.screen().contains(told));
    let before = Keyboard::new(fixtures::unsent(), (120, 36));
    assert!(!before.screen().contains(told), "what was so before is in the journal");
}

#[rstest]
#[case((120, 36))]
#[case((80, 24))]
#[case((40, 10))]
fn contacts(#[case] size: (u16, u16)) {
    let mut keyboard = Keyboard::new(fixtures::mid_run(), size);
    keyboard.press("c");
    keyboard.press("j");
    insta::assert_snapshot!(format!("contacts_{}x{}", size.0, size.1), keyboard.screen());
}

#[test]
fn y_and_o_copy_what_the_contact_under_the_cursor_has() {
    let mut keyboard = Keyboard::new(fixtures::mid_run(), (40, 10));
    for key in ["c", "y", "j", "y", "j", "y", "o", "j", "y"] {
        keyboard.press(key);
        assert_eq!(keyboard.model.page, Page::Contacts);
    }
    assert_eq!(copied(&keyboard), ["+49 30 1234567", "bob@shop.example", "+49 30 7654321", "board@shop.example"]);
    assert!(keyboard.screen().contains("AWS support"), "the cursor is on the screen: {}", keyboard.screen());
    for _ in 0..9 {
        keyboard.press("k");
    }
    assert!(keyboard.screen().contains("Carol"), "{}", keyboard.screen());
}

#[test]
fn without_times_nobody_is_said_to_be_next() {
    let mut view = fixtures::mid_run();
    for contact in &mut view.snapshot.contacts {
        (contact.due_ms, contact.escalate_after_ms) = (None, None);
    }
    let mut model = model((80, 24));
    model.page = Page::Contacts;
    let shown = screen(&model, &view);
    assert!(!shown.contains("RTO clock") && shown.contains("Carol Diaz"), "{shown}");
}
