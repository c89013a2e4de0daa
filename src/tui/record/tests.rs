//! Past runs: what is drawn at each size, and what keys come to.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rstest::rstest;

use super::state::{History, Wish};
use super::{Paper, PastRun, draw};
use crate::report::timeline::Format;
use crate::tui::model::Options;
use crate::tui::tests::{key, text};

const SIZES: [(u16, u16); 6] = [(200, 60), (120, 36), (80, 24), (60, 20), (40, 10), (1, 1)];

fn run(id: &str, when: &str, banner: &'static str, result: &str, actual_ms: u64) -> PastRun {
    PastRun {
        id: id.into(),
        when: format!("{when} 03:00"),
        runbook: "regional_failover".into(),
        banner,
        result: result.into(),
        rto: Some((Some(actual_ms), 14_400_000, Some(actual_ms <= 14_400_000))),
        slowest: "application 1:12:00".into(),
        seed: if banner == "DRILL" { "7".into() } else { String::new() },
    }
}

pub fn past_runs() -> Vec<PastRun> {
    vec![
        run("01K9C", "2026-10-12", "DRILL", "succeeded", 10_930_000),
        run("01K8B", "2026-07-06", "REAL", "succeeded", 13_735_000),
        run("01K7A", "2026-04-13", "DRILL", "aborted", 15_690_000),
    ]
}

fn shown(history: &mut History, size: (u16, u16), ascii: bool) -> String {
    history.size = size;
    let mut buf = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    draw::history(history, Options { ascii, ..Options::default() }, &mut buf);
    text(&buf)
}

fn history() -> History {
    History::new(Ok(past_runs()), (80, 24))
}

fn press(history: &mut History, name: &str) -> Wish {
    let name = if name == "Space" { " " } else { name };
    history.key(&key(name))
}

#[test]
fn the_list_at_every_size() {
    for size in SIZES {
        let mut history = history();
        press(&mut history, "Space");
        press(&mut history, "j");
        insta::assert_snapshot!(format!("runs_{}x{}", size.0, size.1), shown(&mut history, size, false));
        let screen = shown(&mut history, size, true);
        assert!(screen.is_ascii(), "{screen}");
    }
    let mut none = History::new(Ok(Vec::new()), (80, 24));
    assert!(shown(&mut none, (80, 24), false).contains("no run is kept"));
    let mut broken = History::new(Err("no such directory".into()), (80, 24));
    assert!(shown(&mut broken, (80, 24), false).contains("no such directory"));
}

#[test]
fn two_marked_runs_are_compared_the_earlier_one_first() {
    let mut history = history();
    assert_eq!(press(&mut history, "d"), Wish::Nothing);
    assert!(history.message.as_ref().unwrap().contains("mark two"));
    press(&mut history, "Space");
    press(&mut history, "G");
    press(&mut history, "Space");
    assert_eq!(press(&mut history, "d"), Wish::Compare("01K7A".into(), "01K9C".into()));
    // A third takes the place of the first; a second press takes the mark off.
    press(&mut history, "k");
    press(&mut history, "Space");
    assert_eq!(press(&mut history, "d"), Wish::Compare("01K7A".into(), "01K8B".into()));
    press(&mut history, "Space");
    assert_eq!(history.marked, ["01K7A"]);
}

#[rstest]
#[case("Enter", Wish::Open("01K9C".into()))]
#[case("m", Wish::Copy("01K9C".into()))]
#[case("h", Wish::Write("01K9C".into(), Paper::Timeline(Format::Html)))]
#[case("e", Wish::Write("01K9C".into(), Paper::Bundle))]
#[case("q", Wish::Close)]
#[case("Esc", Wish::Close)]
fn a_key_comes_to_its_wish(#[case] name: &str, #[case] wish: Wish) {
    assert_eq!(press(&mut history(), name), wish);
}

#[test]
fn a_list_longer_than_the_screen_follows_its_cursor() {
    let mut many = past_runs();
    for n in 0..60 {
        many.push(run(&format!("R{n}"), "2025-01-01", "DRILL", "succeeded", 1));
    }
    many.last_mut().unwrap().runbook = "the_last_one".into();
    let mut history = History::new(Ok(many), (80, 24));
    press(&mut history, "G");
    assert!(shown(&mut history, (80, 24), false).contains("the_last_one"));
    press(&mut history, "g");
    assert!(shown(&mut history, (80, 24), false).contains("2026-10-12"));
}
