//! No key held down, pasted, typed ahead or mistyped runs a step; the right name and code run it once.

use ratatui::crossterm::event::KeyEventKind;
use rstest::rstest;

use super::Keyboard;
use super::keyboard::key;
use crate::driver::handle::View;
use crate::engine::command::{Command, Refusal, Typed};
use crate::engine::snapshot::{ApprovalsView, LapsedView};
use crate::tui::dialog::Dialog;
use crate::tui::dialog::guard::Guard;
use crate::tui::fixtures;
use crate::tui::look;
use crate::tui::update::UiEvent;

const SIZE: (u16, u16) = (80, 30);

fn ready() -> Keyboard {
    Keyboard::new(fixtures::approved(fixtures::full_gate()), SIZE)
}

/// Everything right: name, code, out of the field, R.
fn walk(keyboard: &mut Keyboard, name: &str, code: &str) {
    keyboard.press("Tab");
    keyboard.type_text(name);
    keyboard.press("Tab");
    keyboard.type_text(code);
    keyboard.press("Tab");
    keyboard.press("R");
}

#[test]
fn the_right_name_and_code_run_it_once() {
    let mut keyboard = ready();
    keyboard.open_gate();
    walk(&mut keyboard, "www.shop.example", "123456");
    assert_eq!(keyboard.runs(), 1);
    let commands = keyboard.commands();
    let [Command::Run { step, attempt, digest, typed, code }] = commands.as_slice() else { panic!("{commands:?}") };
    assert_eq!((step.as_str(), *attempt, digest.as_str()), ("cutover", 2, "sha256:c0ffee"));
    assert_eq!(typed.as_ref().map(Typed::expose), Some("www.shop.example"));
    assert_eq!(code.as_ref().map(Typed::expose), Some("123456"));
    // While the driver thinks, and after it has said yes, another R does nothing.
    keyboard.press("R");
    keyboard.answer(Ok(()));
    keyboard.press("R");
    assert_eq!(keyboard.runs(), 1);
}

/// Both lines count down to the same moment; a second that has begun counts.
#[test]
fn the_two_countdowns_of_a_code_say_the_same() {
    let mut view = fixtures::approved(fixtures::full_gate());
    let left_ms = look::next_code_ms(view.snapshot.now_ms) - 400;
    view.snapshot.now_ms += 400;
    view.practice.iter_mut().for_each(|code| code.left_ms = left_ms);
    let mut keyboard = Keyboard::new(view, SIZE);
    keyboard.open_gate();
    let (shown, seconds) = (keyboard.screen(), left_ms.div_ceil(1000));
    assert!(!left_ms.is_multiple_of(1000) && shown.contains(&format!("123 456, {seconds}s")), "{left_ms}: {shown}");
    assert!(shown.contains(&format!("in {seconds}s")), "{left_ms}: {shown}");
}

#[test]
fn while_a_code_is_checked_nothing_else_can_be_said() {
    let mut keyboard = ready();
    keyboard.open_gate();
    walk(&mut keyboard, "www.shop.example", "123456");
    let shown = keyboard.screen();
    assert!(shown.contains("… checking the code with AWS; if it is right, it is done"), "{shown}");
    assert!(shown.contains("locked: a code is being checked"), "{shown}");
    keyboard.press("Tab");
    keyboard.type_text("654321");
    keyboard.press("R");
    keyboard.feed(UiEvent::Paste("654321".to_owned()));
    assert_eq!((keyboard.runs(), keyboard.screen()), (1, shown), "the form takes nothing meanwhile");

    keyboard.answer(Err(Refusal::new("wrong code").hint("next code in 12s")));
    let shown = keyboard.screen();
    assert!(shown.contains("! wrong code: next code in 12s") && !shown.contains("checking the code"), "{shown}");
    assert!(shown.contains("locked: 2 code"), "a code counts once: {shown}");
}

#[test]
fn closing_the_dialog_does_not_take_a_sent_code_back() {
    let mut keyboard = ready();
    keyboard.open_gate();
    walk(&mut keyboard, "www.shop.example", "123456");
    keyboard.press("Esc");
    assert!(keyboard.model.dialog.is_none());
    assert!(keyboard.screen().contains("the code is being checked all the same"), "{}", keyboard.screen());
    keyboard.answer(Err(Refusal::new("your AWS login has expired")));
    assert!(keyboard.screen().contains("your AWS login has expired"), "{}", keyboard.screen());
}

#[rstest]
#[case::empty("", "123456")]
#[case::prefix("www.shop.exampl", "123456")]
#[case::trailing_space("www.shop.example ", "123456")]
#[case::leading_space(" www.shop.example", "123456")]
#[case::wrong_case("www.shop.Example", "123456")]
#[case::another("www.shop.example2", "123456")]
#[case::no_code("www.shop.example", "")]
#[case::short_code("www.shop.example", "12345")]
#[case::letters("www.shop.example", "12345x")]
fn what_is_not_exact_stays_locked(#[case] name: &str, #[case] code: &str) {
    let mut keyboard = ready();
    keyboard.open_gate();
    walk(&mut keyboard, name, code);
    assert_eq!(keyboard.runs(), 0);
    assert!(keyboard.screen().contains("locked:"));
}

#[test]
fn without_the_approval_it_stays_locked() {
    let mut keyboard = Keyboard::new(fixtures::full_gate(), SIZE);
    keyboard.open_gate();
    walk(&mut keyboard, "www.shop.example", "123456");
    assert_eq!(keyboard.runs(), 0);
    assert!(keyboard.screen().contains("an approval"));
}

#[test]
fn an_approval_is_given_by_its_own_button() {
    let mut keyboard = Keyboard::new(fixtures::full_gate(), SIZE);
    keyboard.open_gate();
    walk(&mut keyboard, "www.shop.example", "123456");
    keyboard.press("Tab");
    keyboard.type_text("654321");
    keyboard.press("Tab");
    keyboard.press("A");
    let commands = keyboard.commands();
    let [Command::Approve { step, by, code, .. }] = commands.as_slice() else { panic!("{commands:?}") };
    let code = code.as_ref().map_or("", Typed::expose);
    assert_eq!((step.as_str(), by.as_str(), code), ("cutover", "bob", "654321"));
    // The dialog stays; with the approval in the view, the rest typed before still counts.
    keyboard.answer(Ok(()));
    keyboard.publish(fixtures::approved(fixtures::full_gate()));
    assert!(keyboard.screen().contains("Approval 1 of 1"));
    assert_eq!(keyboard.runs(), 0);
    // The operator's own name and code are still there: one key is left.
    keyboard.press("R");
    assert_eq!(keyboard.runs(), 1);
}

#[test]
fn a_held_enter_runs_nothing() {
    for kind in [KeyEventKind::Press, KeyEventKind::Repeat] {
        let mut keyboard = Keyboard::new(fixtures::calm_start(), SIZE);
        for _ in 0..300 {
            keyboard.now_ms += 33;
            keyboard.key(key("Enter"), kind);
        }
        assert!(keyboard.commands().is_empty(), "{kind:?}");
    }
}

#[test]
fn enter_alone_never_runs_however_slow() {
    let mut keyboard = Keyboard::new(fixtures::calm_start(), SIZE);
    for _ in 0..50 {
        keyboard.wait(1_000);
        keyboard.press("Enter");
        keyboard.press("Tab");
        keyboard.press("Enter");
    }
    assert!(keyboard.commands().is_empty());
}

#[test]
fn what_was_typed_ahead_is_dropped() {
    let mut keyboard = ready();
    keyboard.press("Enter");
    keyboard.key(key("Tab"), KeyEventKind::Press);
    for c in "www.shop.example".chars() {
        keyboard.key(key(&c.to_string()), KeyEventKind::Press);
    }
    keyboard.key(key("Tab"), KeyEventKind::Press);
    for c in "123456".chars() {
        keyboard.key(key(&c.to_string()), KeyEventKind::Press);
    }
    keyboard.key(key("Tab"), KeyEventKind::Press);
    keyboard.wait(1_000);
    keyboard.press("R");
    assert_eq!(keyboard.runs(), 0);
}

/// The machine stalls between the key that opens the dialog and those that were typed right behind it.
#[test]
fn what_was_typed_ahead_of_a_stall_is_dropped() {
    let typed = |is_read_late: bool| {
        let mut keyboard = ready();
        keyboard.press("Enter");
        keyboard.now_ms += 3_000;
        for name in ["Tab", "w", "w", "w"] {
            keyboard.now_ms += 10;
            if is_read_late {
                keyboard.late(key(name), KeyEventKind::Press);
            } else {
                keyboard.key(key(name), KeyEventKind::Press);
            }
        }
        match &keyboard.model.dialog {
            Some(Dialog::Form(form)) => form.focus,
            _ => panic!("no dialog"),
        }
    };
    // The control: nothing waited to be read when the dialog began to listen.
    assert_eq!((typed(true), typed(false)), (0, 1));
}

/// Negative control: with the guard taken away the same keys do run the step, so the test above sees it.
#[test]
fn without_the_guard_type_ahead_would_run_it() {
    let mut keyboard = ready();
    keyboard.press("Enter");
    if let Some(Dialog::Form(form)) = &mut keyboard.model.dialog {
        form.guard = Guard::open();
    }
    keyboard.key(key("Tab"), KeyEventKind::Press);
    for c in "www.shop.example".chars() {
        keyboard.key(key(&c.to_string()), KeyEventKind::Press);
    }
    keyboard.key(key("Tab"), KeyEventKind::Press);
    for c in "123456".chars() {
        keyboard.key(key(&c.to_string()), KeyEventKind::Press);
    }
    keyboard.key(key("Tab"), KeyEventKind::Press);
    keyboard.wait(1_000);
    keyboard.press("R");
    assert_eq!(keyboard.runs(), 1);
}

#[test]
fn a_pasted_name_does_not_count() {
    let mut keyboard = ready();
    keyboard.open_gate();
    keyboard.press("Tab");
    keyboard.wait(100);
    keyboard.feed(UiEvent::Paste("www.shop.example".into()));
    keyboard.press("Tab");
    keyboard.feed(UiEvent::Paste("123456".into()));
    keyboard.press("Tab");
    keyboard.press("R");
    assert_eq!(keyboard.runs(), 0);
    assert!(keyboard.screen().contains("locked: 1 name"));
}

#[test]
fn a_pasted_code_counts() {
    let mut keyboard = ready();
    keyboard.open_gate();
    keyboard.press("Tab");
    keyboard.type_text("www.shop.example");
    keyboard.press("Tab");
    keyboard.feed(UiEvent::Paste(" 123 456\n".into()));
    keyboard.press("Tab");
    keyboard.press("R");
    assert_eq!(keyboard.runs(), 1);
}

#[test]
fn a_paste_of_everything_runs_nothing() {
    let mut keyboard = ready();
    keyboard.open_gate();
    keyboard.feed(UiEvent::Paste("\twww.shop.example\t123456\tR\n".into()));
    keyboard.press("R");
    assert_eq!(keyboard.runs(), 0);
}

#[test]
fn a_held_letter_does_not_write_a_name() {
    for kind in [KeyEventKind::Press, KeyEventKind::Repeat] {
        let mut view = fixtures::mid_run();
        view.snapshot.steps[5].gate.as_mut().expect("a gate").type_text = Some("aaaaaaaa".into());
        let mut keyboard = Keyboard::new(view, SIZE);
        keyboard.open_gate();
        keyboard.press("Tab");
        keyboard.press("a");
        for _ in 0..7 {
            keyboard.now_ms += 33;
            keyboard.key(key("a"), kind);
        }
        keyboard.press("Tab");
        keyboard.press("R");
        assert_eq!(keyboard.runs(), 0, "{kind:?}");
    }
}

#[test]
fn letters_of_the_name_are_not_keys() {
    let mut keyboard = ready();
    keyboard.open_gate();
    keyboard.press("Tab");
    keyboard.type_text("RARAqsx");
    assert!(keyboard.commands().is_empty());
    assert!(keyboard.model.dialog.is_some());
}

#[test]
fn a_held_run_key_runs_once() {
    let mut keyboard = Keyboard::new(fixtures::calm_start(), SIZE);
    keyboard.open_gate();
    keyboard.press("R");
    for _ in 0..60 {
        keyboard.now_ms += 33;
        keyboard.key(key("R"), KeyEventKind::Press);
    }
    keyboard.answer(Ok(()));
    assert_eq!(keyboard.runs(), 1);
}

#[test]
fn a_refusal_is_shown_and_the_code_forgotten() {
    let mut keyboard = ready();
    keyboard.open_gate();
    walk(&mut keyboard, "www.shop.example", "123456");
    keyboard.answer(Err(Refusal::new("code already used").hint("next in 12s")));
    let shown = keyboard.screen();
    assert!(shown.contains("code already used: next in 12s"), "{shown}");
    assert!(!shown.contains('•'), "{shown}");
    keyboard.press("R");
    assert_eq!(keyboard.runs(), 1, "the old code is not sent again");
}

#[test]
fn a_changed_request_starts_the_dialog_again() {
    let mut keyboard = ready();
    keyboard.open_gate();
    keyboard.press("Tab");
    keyboard.type_text("www.shop.example");
    let mut view = fixtures::approved(fixtures::full_gate());
    view.snapshot.steps[10].gate.as_mut().expect("a gate").digest = "sha256:other".into();
    // R in the same moment as the change, before the screen was told: nothing.
    keyboard.view = view.clone();
    keyboard.press("Tab");
    keyboard.type_text("123456");
    keyboard.press("Tab");
    keyboard.press("R");
    assert_eq!(keyboard.runs(), 0);
    keyboard.publish(view);
    assert!(keyboard.screen().contains("has changed"), "{}", keyboard.screen());
    keyboard.wait(1_000);
    keyboard.press("R");
    assert_eq!(keyboard.runs(), 0);
}

#[test]
fn on_a_small_terminal_no_key_is_live() {
    for size in [(49, 30), (80, 9), (40, 10), (20, 5), (1, 1)] {
        let mut keyboard = Keyboard::new(fixtures::approved(fixtures::full_gate()), size);
        keyboard.open_gate();
        walk(&mut keyboard, "www.shop.example", "123456");
        assert_eq!(keyboard.runs(), 0, "{size:?}");
    }
    let mut keyboard = Keyboard::new(fixtures::full_gate(), (60, 12));
    keyboard.open_gate();
    assert!(keyboard.screen().contains("at least"), "{}", keyboard.screen());
}

#[test]
fn nothing_typed_is_on_the_screen_or_in_debug() {
    let mut keyboard = ready();
    keyboard.open_gate();
    walk(&mut keyboard, "www.shop.example", "739104");
    assert!(!keyboard.screen().contains("739104"));
    let debug = format!("{:?}", keyboard.out);
    assert!(!debug.contains("739104") && !debug.contains("www.shop"), "{debug}");
}

#[test]
fn how_to_approve_from_elsewhere_is_said_also_on_a_small_terminal() {
    let mut view = fixtures::full_gate();
    view.is_open = true;
    for size in [(80, 24), (120, 36)] {
        let mut keyboard = Keyboard::new(view.clone(), size);
        let screen = keyboard.screen();
        assert!(screen.contains("lifeboat approve"), "{screen}");
        keyboard.open_gate();
        let screen = keyboard.screen();
        assert!(screen.contains("[ R  Run cutover ]") && screen.contains("cutover --as bob"), "{screen}");
    }
    // Where nobody could take it, it is not said.
    view.is_open = false;
    let mut keyboard = Keyboard::new(view, (120, 36));
    keyboard.open_gate();
    assert!(!keyboard.screen().contains("lifeboat approve"));
}

#[test]
fn who_approved_from_where_is_shown_and_what_no_longer_counts() {
    let mut view = fixtures::approved(fixtures::full_gate());
    let change = |view: &mut View, change: &dyn Fn(&mut ApprovalsView)| {
        change(view.snapshot.steps[10].gate.as_mut().expect("a gate").approvals.as_mut().expect("approvals"));
    };
    change(&mut view, &|approvals| {
        approvals.granted[0].from = Some("pts/3 as dr (uid 1001), logged in as bob, on jump1".into());
    });
    let mut keyboard = Keyboard::new(view.clone(), (80, 24));
    keyboard.open_gate();
    let screen = keyboard.screen();
    assert!(screen.contains("✓ bob 03:41:05Z, valid until 04:11:05Z"), "{screen}");
    assert!(screen.contains("from pts/3 as dr (uid 1001), logged in as bob, on jump1"), "{screen}");
    change(&mut view, &|approvals| {
        approvals.granted.clear();
        approvals.lapsed = vec![LapsedView { by: "bob".into(), why: "was for attempt 1".into() }];
    });
    keyboard.publish(view);
    let screen = keyboard.screen();
    assert!(screen.contains("the approval of bob was for attempt 1"), "{screen}");
    assert!(screen.contains("an approval"), "{screen}");
}
