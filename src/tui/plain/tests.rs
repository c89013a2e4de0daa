//! The dialogue of `--plain`, line by line.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::script::{Say, Script};
use crate::driver::handle::{Handle, View};
use crate::engine::command::{Command, Refusal};
use crate::tui::Exit;
use crate::tui::fixtures;

struct Talk {
    script: Script,
    view: View,
    now_ms: u64,
    text: String,
    sent: Vec<Command>,
}

impl Talk {
    fn new(view: View) -> Self {
        let mut talk = Self { script: Script::default(), view, now_ms: 0, text: String::new(), sent: Vec::new() };
        let say = talk.script.view(&talk.view);
        talk.take(say);
        talk
    }

    fn take(&mut self, say: Vec<Say>) {
        for one in say {
            match one {
                Say::Line(text) => self.text = format!("{}{text}\n", self.text),
                Say::Prompt(text) => self.text.push_str(&text),
                Say::Send(Command::Attention { .. }) => {}
                Say::Send(command) => self.sent.push(command),
            }
        }
        self.script.written(self.now_ms);
    }

    fn line_after(&mut self, ms: u64, text: &str) {
        self.now_ms += ms;
        self.text = format!("{}{text}\n", self.text);
        let say = self.script.line(&self.view, text, self.now_ms);
        self.take(say);
    }

    fn lines(&mut self, lines: &[&str]) {
        for line in lines {
            self.line_after(2_000, line);
        }
    }
}

#[test]
fn a_gate_is_walked_line_by_line() {
    let mut talk = Talk::new(fixtures::approved(fixtures::full_gate()));
    talk.lines(&["1", "www.shop.example", "123456", "run"]);
    assert!(matches!(
        talk.sent.as_slice(),
        [Command::Run { step, attempt: 2, typed: Some(_), code: Some(_), .. }] if step == "cutover"
    ));
    insta::assert_snapshot!("plain_gate", talk.text);
}

#[test]
fn what_is_not_exact_sends_nothing() {
    for lines in [
        &["1", "www.shop.exampl", "123456", "run"][..],
        &["1", "www.shop.example ", "123456", "run"],
        &["1", "www.shop.Example", "123456", "run"],
        &["1", "", "123456", "run"],
        &["1", "www.shop.example", "12345", "run"],
        &["1", "www.shop.example", "123456", "yes"],
        &["1", "www.shop.example", "123456", "RUN"],
        &["1", "www.shop.example", "123456", ""],
        &["", "", "", ""],
    ] {
        let mut talk = Talk::new(fixtures::approved(fixtures::full_gate()));
        talk.lines(lines);
        assert!(talk.sent.is_empty(), "{lines:?}: {:?}", talk.sent);
    }
}

#[test]
fn the_word_typed_ahead_does_not_count() {
    let mut talk = Talk::new(fixtures::approved(fixtures::full_gate()));
    for line in ["1", "www.shop.example", "123456", "run"] {
        talk.line_after(1, line);
    }
    assert!(talk.sent.is_empty());
    assert!(talk.text.contains("before it could be read"), "{}", talk.text);
}

#[test]
fn an_approval_has_its_own_fields() {
    let mut talk = Talk::new(fixtures::full_gate());
    talk.lines(&["1", "www.shop.example", "123456", "run"]);
    assert!(talk.sent.is_empty() && talk.text.contains("locked: an approval"), "{}", talk.text);
    talk.lines(&["2", "bob", "654321"]);
    assert!(matches!(talk.sent.as_slice(), [Command::Approve { by, .. }] if by == "bob"), "{:?}", talk.sent);
}

#[test]
fn a_doubt_a_check_and_a_failure_can_be_settled() {
    let mut talk = Talk::new(fixtures::in_doubt());
    talk.lines(&["2", "console shows the old writer", "123456", "not done"]);
    assert!(matches!(talk.sent.as_slice(), [Command::ResolveUnknown { .. }]), "{}", talk.text);
    let mut talk = Talk::new(fixtures::check_failed());
    talk.lines(&["1", "bob", "an artefact", "654321", "override"]);
    assert!(matches!(talk.sent.as_slice(), [Command::Override { .. }]), "{}", talk.text);
    let mut talk = Talk::new(fixtures::failed());
    talk.lines(&["1", "2", "not needed today", "skip"]);
    assert!(matches!(talk.sent.as_slice(), [Command::Retry { .. }, Command::Skip { .. }]), "{}", talk.text);
}

#[test]
fn notes_pauses_and_leaving() {
    let mut talk = Talk::new(fixtures::mid_run());
    talk.lines(&["n", "vendor called", "-5m", "", "n", "pager", "", "detected", "p", "", "q", "no", "q", "leave", ""]);
    assert!(
        matches!(
            talk.sent.as_slice(),
            [
                Command::Note { about_ms: Some(_), .. },
                Command::Milestone { about_ms: None, .. },
                Command::Pause { .. },
                Command::Leave { .. }
            ]
        ),
        "{:?}\n{}",
        talk.sent,
        talk.text
    );
    let mut talk = Talk::new(fixtures::mid_run());
    talk.lines(&["q", "abort", "wrong account"]);
    assert!(matches!(talk.sent.as_slice(), [Command::Abort { .. }]), "{:?}", talk.sent);
}

#[test]
fn a_refusal_is_told() {
    let mut talk = Talk::new(fixtures::mid_run());
    let say = talk.script.answer(&talk.view, Err(Refusal::new("wrong code").hint("wait for the next one")));
    talk.take(say);
    assert!(talk.text.contains("refused: wrong code: wait for the next one"));
}

#[test]
fn nothing_from_outside_steers_the_terminal() {
    let talk = Talk::new(fixtures::hostile());
    assert!(talk.text.lines().all(|line| crate::model::text::safe(line) == line));
    assert!(talk.text.contains('␛'));
}

#[tokio::test]
async fn a_finished_run_is_told_and_left() {
    let (_keep, view) = watch::channel(Arc::new(fixtures::finished()));
    let (requests, _requests) = mpsc::channel(1);
    let mut out = Vec::new();
    let exit = super::run(Handle { view, requests }, tokio::io::BufReader::new(&b""[..]), &mut out).await;
    assert_eq!(exit.ok(), Some(Exit::Finished));
    let text = String::from_utf8(out).expect("text");
    assert!(text.contains("REAL RECOVERED") && text.contains("lifeboat verify"), "{text}");
    insta::assert_snapshot!("plain_end", text);
}

#[tokio::test]
async fn the_end_of_the_input_leaves() {
    let (_keep, view) = watch::channel(Arc::new(fixtures::mid_run()));
    let (requests, mut asked) = mpsc::channel(4);
    let mut out = Vec::new();
    let input = tokio::io::BufReader::new(&b""[..]);
    let face = super::run(Handle { view, requests }, input, &mut out);
    let driver = async { asked.recv().await.map(|(command, _)| command) };
    tokio::select! {
        _ = face => panic!("it must wait for the driver"),
        command = driver => assert!(matches!(command, Some(Command::Leave { .. })), "{command:?}"),
    }
}

#[test]
fn a_message_is_printed_whole_before_it_is_sent() {
    let mut talk = Talk::new(fixtures::message_gate(6));
    talk.lines(&["1"]);
    for n in 1..=6 {
        assert!(talk.text.contains(&format!("{n}. The shop runs in eu-central-1")), "{}", talk.text);
    }
    talk.lines(&["run"]);
    assert_eq!(talk.sent.len(), 1);
}

#[test]
fn texts_and_contacts_are_printed_on_a_letter() {
    let mut talk = Talk::new(fixtures::text_to_copy());
    talk.lines(&["y", "c"]);
    insta::assert_snapshot!("plain_people", talk.text);
}
