//! The last look: what it shows, and what does not begin a run.

use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use ratatui::layout::Rect;

use super::*;
use crate::tui::keys::{Key, of};

fn model(mode: Mode) -> BeginModel {
    let arn = "arn:aws:sts::111122223333:assumed-role/dr-operator/alice";
    let target = |name: &str, region: &str, identity: &str, is_known| TargetLine {
        name: name.to_owned(),
        account: "111122223333".to_owned(),
        region: region.to_owned(),
        identity: identity.to_owned(),
        is_known,
    };
    BeginModel {
        mode,
        runbook: "regional_failover".to_owned(),
        title: "Fail acme over from eu-central-1 to us-east-1".to_owned(),
        digest8: "9f3c21aa".to_owned(),
        run: "01K9ZX5T7Q".to_owned(),
        is_emergency: mode == Mode::Real,
        resumes: None,
        operator: "alice".to_owned(),
        operator_from: "the AWS identity".to_owned(),
        targets: vec![
            target("dr", "us-east-1", arn, true),
            target(
                "primary",
                "eu-central-1",
                "does not answer (NoAnswer: no answer within 8 s); every call to it is checked before it is sent",
                false,
            ),
        ],
        mfa: "totp: devices enrolled on this machine".to_owned(),
        clock: "RTO 4h, started 2026-11-22T02:12:00Z, 1h 29m ago".to_owned(),
        inputs: vec![("customer".to_owned(), "acme".to_owned()), ("dr".to_owned(), "us-east-1".to_owned())],
        warnings: vec!["carol may have to approve and has no MFA device here: lifeboat mfa enroll carol".to_owned()],
    }
}

fn shown(begin: &Begin, size: (u16, u16)) -> String {
    let mut buf = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    begin.draw(Options::default(), &mut buf);
    crate::tui::tests::text(&buf)
}

fn begin() -> Begin {
    Begin::new(model(Mode::Real), (80, 24))
}

fn listening(mut begin: Begin) -> Begin {
    for _ in 0..2 {
        begin.tick(begin.deadline_ms().expect("it listens already"));
    }
    assert_eq!(begin.deadline_ms(), None);
    begin
}

fn press(begin: &mut Begin, code: KeyCode, at_ms: u64) -> Done {
    begin.event(&Event::Key(KeyEvent::from(code)), at_ms)
}

#[test]
fn looks() {
    assert!(shown(&begin(), (80, 24)).contains("a moment"));
    insta::assert_snapshot!("begin_real_80x24", shown(&listening(begin()), (80, 24)));
    let drill = Begin::new(model(Mode::Drill), (120, 36));
    insta::assert_snapshot!("begin_drill_120x36", shown(&listening(drill), (120, 36)));
    for width in [0, 1, 3, 20, 50, 200] {
        for height in [0, 1, 2, 4, 10, 50] {
            shown(&Begin::new(model(Mode::Real), (width, height)), (width, height));
        }
    }
}

#[test]
fn enter_begins_it_and_q_does_not() {
    assert_eq!(press(&mut listening(begin()), KeyCode::Enter, 1_000), Done::Chosen);
    for code in [KeyCode::Char('q'), KeyCode::Esc] {
        assert_eq!(press(&mut begin(), code, 0), Done::Quit);
    }
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(begin().event(&Event::Key(ctrl_c), 0), Done::Quit);
}

#[test]
fn a_held_key_never_begins_it() {
    let mut begin = begin();
    for at_ms in (0..9_000).step_by(33) {
        if begin.deadline_ms().is_some_and(|deadline_ms| deadline_ms <= at_ms) {
            begin.tick(at_ms);
        }
        assert_eq!(press(&mut begin, KeyCode::Enter, at_ms), Done::NotYet, "at {at_ms} ms");
    }
    let mut begin = listening(begin);
    let mut repeat = KeyEvent::from(KeyCode::Enter);
    repeat.kind = KeyEventKind::Repeat;
    assert_eq!(begin.event(&Event::Key(repeat), 20_000), Done::NotYet);
    assert_eq!(press(&mut listening(begin), KeyCode::Enter, 21_000), Done::Chosen);
}

/// The machine was held up before it read what was typed ahead: late is not later.
#[test]
fn what_is_read_late_begins_nothing() {
    let mut begin = begin();
    begin.event(&Event::FocusGained, 60_000);
    assert_eq!(press(&mut begin, KeyCode::Enter, 60_000), Done::NotYet);
    assert_eq!(press(&mut listening(begin), KeyCode::Enter, 60_300), Done::Chosen);
}

#[test]
fn what_was_typed_or_pasted_ahead_begins_nothing() {
    let mut begin = begin();
    assert_eq!(press(&mut begin, KeyCode::Enter, 399), Done::NotYet);
    assert_eq!(press(&mut begin, KeyCode::Enter, 500), Done::NotYet, "too soon after a dropped key");
    assert_eq!(begin.event(&Event::Paste("\n".to_owned()), 5_000), Done::NotYet);
    assert_eq!(press(&mut begin, KeyCode::Enter, 5_010), Done::NotYet);
}

#[test]
fn nothing_begins_that_cannot_be_read() {
    let mut small = listening(Begin::new(model(Mode::Real), (49, 24)));
    assert_eq!(press(&mut small, KeyCode::Enter, 1_000), Done::NotYet);
    assert!(shown(&small, (49, 24)).contains("at least 50x10"));
    small.event(&Event::Resize(80, 24), 2_000);
    assert_eq!(press(&mut small, KeyCode::Enter, 3_000), Done::Chosen);
}

#[test]
fn every_key_of_the_table_does_something() {
    for binding in of(Context::Begin) {
        let mut begin = listening(begin());
        begin.scrolled = 2;
        let Key(code, _) = binding.keys[0];
        let done = press(&mut begin, code, 1_000);
        assert!(done != Done::NotYet || begin.scrolled != 2, "{}", binding.label);
    }
}

#[test]
fn without_a_screen_a_word_begins_it() {
    let asked = |typed: &str| {
        let mut said = Vec::new();
        let begun = begin_plain(&model(Mode::Real), typed.as_bytes(), &mut said).unwrap();
        (begun, String::from_utf8(said).unwrap())
    };
    for line in ["begin", "begin\n", "begin\r\n"] {
        assert_eq!(judged(line, TOO_FAST), Ok(()));
        assert!(
            judged(line, TOO_FAST.checked_sub(Duration::from_millis(1)).unwrap())
                .unwrap_err()
                .starts_with("that came before")
        );
    }
    let (_, said) = asked("");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "REAL regional_failover: Fail acme over from eu-central-1 to us-east-1");
    assert!(said.contains("Targets: known: dr  account 111122223333  us-east-1\n"), "{said}");
    assert!(said.contains("unknown: primary  account 111122223333"), "{said}");
    for typed in ["", "\n", "yes\n", " begin\n", "BEGIN\n"] {
        let (begun, said) = asked(typed);
        assert!(!begun && said.ends_with("nothing has begun\n"), "{typed:?}: {said}");
    }
}
