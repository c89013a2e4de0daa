//! The start screens: what is drawn, and what keys choose.

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

use super::state::{Done, Picker, Start};
use super::{HistoryLine, RunbookLine, ScenarioChoice, ScenarioLine, Screen, StartModel};
use crate::tui::keys::{Context, Key, of};
use crate::tui::model::Options;

fn model() -> StartModel {
    let scenario = |name: &str, summary: &str, faults: &[&str]| ScenarioLine {
        name: name.into(),
        summary: summary.into(),
        faults: faults.iter().map(|fault| (*fault).to_owned()).collect(),
    };
    StartModel {
        runbook: "regional_failover".into(),
        title: "Regional failover".into(),
        digest8: "9f3c21aa".into(),
        scenarios: vec![
            scenario("calm", "every call works", &[]),
            scenario("region_loss", "eu-west-1 stops answering at 00:00", &["eu-west-1 lost", "promote hangs 6m"]),
            scenario("half_dead", "30% of calls time out, replication keeps moving", &["throttling"]),
        ],
        seed: 7,
        speed: "60".into(),
        starts_at: "03:00Z on a Sunday".into(),
        rto_ms: Some(14_400_000),
        people: vec![("alice".into(), "commander".into()), ("carol".into(), "dba".into())],
        history: vec![HistoryLine {
            when: "2026-10-12".into(),
            result: "recovered".into(),
            rto: "3:02:10".into(),
            slowest: "scale api".into(),
            seed: "7".into(),
        }],
    }
}

fn shown(screen: &impl Screen, size: (u16, u16), ascii: bool) -> String {
    let mut buf = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    screen.draw(Options { ascii, ..Options::default() }, &mut buf);
    crate::tui::tests::text(&buf)
}

fn press(screen: &mut impl Screen, code: KeyCode) -> Done {
    screen.event(&Event::Key(KeyEvent::from(code)), 1_000)
}

fn type_text(screen: &mut impl Screen, text: &str) {
    for c in text.chars() {
        assert_eq!(press(screen, KeyCode::Char(c)), Done::NotYet);
    }
}

#[test]
fn looks() {
    let mut start = Start::new(model());
    press(&mut start, KeyCode::Down);
    insta::assert_snapshot!("start_80x18", shown(&start, (80, 18), false));
    insta::assert_snapshot!("start_40x10", shown(&start, (40, 10), true));
    let runbooks = vec![
        RunbookLine { name: "regional_failover".into(), summary: "Regional failover to the DR region".into() },
        RunbookLine { name: "restore_pitr".into(), summary: "Restore to a point in time".into() },
    ];
    insta::assert_snapshot!("picker_80x12", shown(&Picker::new(runbooks), (80, 12), false));
}

#[test]
fn no_size_panics_and_ascii_is_ascii() {
    for width in [0, 1, 2, 10, 40, 80, 200] {
        for height in [0, 1, 2, 3, 4, 5, 18, 50] {
            let start = Start::new(model());
            assert!(shown(&start, (width, height), true).is_ascii());
            let _ = shown(&Picker::new(Vec::new()), (width, height), false);
        }
    }
}

#[test]
fn enter_takes_what_is_proposed() {
    let mut start = Start::new(model());
    assert_eq!(press(&mut start, KeyCode::Enter), Done::Chosen);
    let choice = start.choice().expect("a choice");
    assert_eq!(
        (choice.scenario, choice.seed, choice.speed.as_str(), choice.surprise),
        (ScenarioChoice::Listed(0), 7, "60", false)
    );
}

#[test]
fn everything_can_be_changed() {
    let mut start = Start::new(model());
    press(&mut start, KeyCode::Down);
    press(&mut start, KeyCode::Down);
    press(&mut start, KeyCode::Down);
    type_text(&mut start, "drills/q4.yaml");
    press(&mut start, KeyCode::Down);
    type_text(&mut start, " ");
    press(&mut start, KeyCode::Down);
    press(&mut start, KeyCode::Right);
    press(&mut start, KeyCode::Down);
    type_text(&mut start, "42");
    assert_eq!(press(&mut start, KeyCode::Enter), Done::Chosen);
    let choice = start.choice().expect("a choice");
    assert_eq!(choice.scenario, ScenarioChoice::File("drills/q4.yaml".into()));
    assert_eq!((choice.seed, choice.speed.as_str(), choice.surprise), (42, "300", true));
}

#[test]
fn a_file_without_a_name_does_not_start() {
    let mut start = Start::new(model());
    for _ in 0..3 {
        press(&mut start, KeyCode::Down);
    }
    assert_eq!(press(&mut start, KeyCode::Enter), Done::NotYet);
    assert!(shown(&start, (80, 18), false).contains("type the scenario's file first"));
    assert_eq!(press(&mut start, KeyCode::Esc), Done::Quit);
}

#[test]
fn every_key_of_the_table_does_something() {
    for binding in of(Context::Start) {
        let mut start = Start::new(model());
        for _ in 0..5 {
            press(&mut start, KeyCode::Down);
        }
        let before = shown(&start, (80, 24), false);
        let Key(code, is_ctrl) = binding.keys[0];
        let held = if is_ctrl { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
        let done = start.event(&Event::Key(KeyEvent::new(code, held)), 1_000);
        assert!(done != Done::NotYet || shown(&start, (80, 24), false) != before, "{}", binding.label);
    }
}

#[test]
fn a_runbook_is_picked() {
    let mut picker = Picker::new(vec![RunbookLine::default(), RunbookLine::default()]);
    press(&mut picker, KeyCode::Down);
    press(&mut picker, KeyCode::Down);
    assert_eq!((press(&mut picker, KeyCode::Enter), picker.at), (Done::Chosen, 1));
    assert_eq!(press(&mut picker, KeyCode::Char('q')), Done::Quit);
}
