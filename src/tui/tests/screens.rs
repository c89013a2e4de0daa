//! Snapshots of the main screen, pages and dialogs at the sizes that matter.

use rstest::rstest;

use super::{Keyboard, model, screen};
use crate::driver::handle::View;
use crate::tui::dialog::Kind;
use crate::tui::fixtures;
use crate::tui::model::{Options, Page, Pane};
use crate::tui::theme::ColorMode;

const SIZES: [(u16, u16); 6] = [(200, 60), (120, 36), (80, 24), (60, 20), (40, 10), (1, 1)];

#[test]
fn main_at_every_size() {
    let view = fixtures::mid_run();
    for size in SIZES {
        insta::assert_snapshot!(format!("main_{}x{}", size.0, size.1), screen(&model(size), &view));
    }
}

#[rstest]
#[case("calm_start", fixtures::calm_start())]
#[case("over_budget", fixtures::over_budget())]
#[case("check_failed", fixtures::check_failed())]
#[case("failed", fixtures::failed())]
#[case("in_doubt", fixtures::in_doubt())]
#[case("expired", fixtures::expired())]
fn states(#[case] name: &str, #[case] view: View) {
    for size in [(120, 36), (80, 24)] {
        insta::assert_snapshot!(format!("state_{name}_{}x{}", size.0, size.1), screen(&model(size), &view));
    }
}

#[rstest]
#[case("finished", fixtures::finished())]
#[case("aborted", fixtures::aborted())]
fn end_of_the_run(#[case] name: &str, #[case] view: View) {
    for size in [(100, 30), (80, 24), (40, 10)] {
        insta::assert_snapshot!(format!("end_{name}_{}x{}", size.0, size.1), screen(&model(size), &view));
    }
}

#[test]
fn gate_at_every_size() {
    for size in SIZES {
        let mut keyboard = Keyboard::new(fixtures::full_gate(), size);
        keyboard.open_gate();
        insta::assert_snapshot!(format!("gate_{}x{}", size.0, size.1), keyboard.screen());
    }
}

#[test]
fn gate_half_way() {
    let mut keyboard = Keyboard::new(fixtures::full_gate(), (80, 30));
    keyboard.open_gate();
    keyboard.press("Tab");
    keyboard.type_text("www.shop.ex");
    insta::assert_snapshot!("gate_name_half", keyboard.screen());
    keyboard.type_text("ample");
    keyboard.press("Tab");
    keyboard.type_text("123");
    insta::assert_snapshot!("gate_code_half", keyboard.screen());
}

#[test]
fn gate_with_everything_there() {
    let mut keyboard = Keyboard::new(fixtures::approved(fixtures::full_gate()), (80, 30));
    keyboard.open_gate();
    keyboard.press("Tab");
    keyboard.type_text("www.shop.example");
    keyboard.press("Tab");
    keyboard.type_text("123456");
    keyboard.press("Tab");
    insta::assert_snapshot!("gate_ready", keyboard.screen());
}

#[rstest]
#[case("doubt", fixtures::in_doubt(), &["Enter"])]
#[case("doubt_unguarded", fixtures::in_doubt_unguarded(), &["Enter"])]
#[case("doubt_unverifiable", fixtures::unverifiable(), &["Enter"])]
#[case("gate_outdated", fixtures::outdated_gate(), &["Enter"])]
#[case("decide", fixtures::failed(), &["Enter"])]
#[case("skip", fixtures::failed(), &["s"])]
#[case("note", fixtures::mid_run(), &["n"])]
#[case("leave", fixtures::mid_run(), &["q"])]
#[case("pause", fixtures::mid_run(), &["P"])]
#[case("external", fixtures::mid_run(), &["x"])]
#[case("palette", fixtures::mid_run(), &[":", "s", "k"])]
#[case("plain_gate", fixtures::calm_start(), &["Enter"])]
fn dialogs(#[case] name: &str, #[case] view: View, #[case] keys: &[&str]) {
    let mut keyboard = Keyboard::new(view, (80, 24));
    for key in keys {
        keyboard.press(key);
    }
    keyboard.wait(1_000);
    insta::assert_snapshot!(format!("dialog_{name}"), keyboard.screen());
}

#[test]
fn override_of_a_check() {
    let mut keyboard = Keyboard::new(fixtures::check_failed(), (80, 24));
    keyboard.press("Enter");
    keyboard.wait(1_000);
    insta::assert_snapshot!("dialog_decide_check", keyboard.screen());
    keyboard.press("Down");
    keyboard.press("Enter");
    keyboard.wait(1_000);
    insta::assert_snapshot!("dialog_override", keyboard.screen());
}

#[rstest]
#[case("timeline", Page::Timeline)]
#[case("log", Page::Log)]
#[case("request", Page::Request)]
#[case("contacts", Page::Contacts)]
#[case("help", Page::Help)]
fn pages(#[case] name: &str, #[case] page: Page) {
    let view = fixtures::mid_run();
    let mut model = model((100, 40));
    model.page = page;
    insta::assert_snapshot!(format!("page_{name}"), screen(&model, &view));
}

#[rstest]
#[case("open", fixtures::in_doubt())]
#[case("early", fixtures::in_doubt_early())]
#[case("settled", fixtures::doubt_settled())]
#[case("unguarded", fixtures::in_doubt_unguarded())]
#[case("unverifiable", fixtures::unverifiable())]
fn in_doubt(#[case] name: &str, #[case] view: View) {
    for size in [(120, 36), (80, 24)] {
        let keyboard = Keyboard::new(view.clone(), size);
        insta::assert_snapshot!(format!("in_doubt_{name}_{}x{}", size.0, size.1), keyboard.screen());
    }
}

/// Nothing of the screen is lost where only ASCII can be shown, and every decision stands on it.
#[test]
fn in_doubt_in_ascii() {
    for view in [fixtures::in_doubt(), fixtures::in_doubt_unguarded(), fixtures::unverifiable()] {
        let mut keyboard = Keyboard::new(view, (80, 24));
        keyboard.model.options.ascii = true;
        let screen = keyboard.screen();
        assert!(screen.is_ascii(), "{screen}");
        for words in ["Record as done", "Record as not done", "Send again", "Each with a reason"] {
            assert!(screen.contains(words), "{words}: {screen}");
        }
    }
}

#[test]
fn tabs_of_the_small_screen() {
    let view = fixtures::mid_run();
    for pane in Pane::ALL {
        let mut model = model((60, 20));
        model.pane = pane;
        insta::assert_snapshot!(format!("tab_{}", pane.word()), screen(&model, &view));
    }
}

fn views() -> Vec<View> {
    vec![
        fixtures::calm_start(),
        fixtures::mid_run(),
        fixtures::full_gate(),
        fixtures::in_doubt(),
        fixtures::check_failed(),
        fixtures::failed(),
        fixtures::over_budget(),
        fixtures::finished(),
        fixtures::aborted(),
        fixtures::hostile(),
    ]
}

const PAGES: [Page; 7] =
    [Page::Main, Page::Timeline, Page::Log, Page::Request, Page::Contacts, Page::Help, Page::Doubt];

const KINDS: [Kind; 10] = [
    Kind::Gate,
    Kind::RollBack,
    Kind::Doubt,
    Kind::Override(0),
    Kind::Skip,
    Kind::External,
    Kind::Pause,
    Kind::Note,
    Kind::Leave,
    Kind::Export,
];

/// A thinned-out grid of sizes, with every small one.
fn sizes() -> impl Iterator<Item = (u16, u16)> {
    let widths = [0, 1, 2, 12, 39, 40, 79, 80, 109, 110, 160];
    let heights = [0, 1, 2, 3, 9, 10, 19, 20, 29, 30, 45];
    widths.into_iter().flat_map(move |width| heights.into_iter().map(move |height| (width, height)))
}

#[test]
fn nothing_panics_at_any_size() {
    for view in views() {
        for size in sizes() {
            for page in PAGES {
                let mut model = model(size);
                model.page = page;
                let _ = screen(&model, &view);
            }
        }
    }
}

#[test]
fn no_dialog_panics_at_any_size() {
    let asked = [
        (fixtures::full_gate(), Kind::Gate, "cutover"),
        (fixtures::mid_run(), Kind::RollBack, "scale_web"),
        (fixtures::in_doubt(), Kind::Doubt, "promote"),
        (fixtures::check_failed(), Kind::Override(0), "promote"),
        (fixtures::hostile(), Kind::Doubt, "promote"),
        (fixtures::mid_run(), Kind::Skip, "promote"),
        (fixtures::mid_run(), Kind::Note, ""),
        (fixtures::mid_run(), Kind::Leave, ""),
        (fixtures::finished(), Kind::Export, ""),
    ];
    for (view, kind, key) in asked {
        let mut keyboard = Keyboard::new(view, (80, 24));
        keyboard.open(kind, key);
        assert!(keyboard.model.dialog.is_some(), "{kind:?} did not open");
        for size in sizes() {
            keyboard.model.size = size;
            let _ = keyboard.screen();
        }
    }
}

#[test]
fn what_does_not_apply_does_not_open() {
    for kind in KINDS.into_iter().filter(|kind| !matches!(kind, Kind::Note | Kind::Leave | Kind::Export)) {
        let mut keyboard = Keyboard::new(fixtures::finished(), (80, 24));
        keyboard.open(kind, "nobody");
        assert!(keyboard.model.dialog.is_none(), "{kind:?}");
    }
}

#[test]
fn the_mode_is_in_row_one_of_every_screen() {
    for view in views() {
        let word = view.snapshot.mode.banner();
        for size in sizes().filter(|(width, height)| *width >= 12 && *height >= 1) {
            for page in PAGES {
                let mut model = model(size);
                model.page = page;
                let shown = screen(&model, &view);
                let first = shown.lines().next().unwrap_or_default();
                assert!(first.contains(word), "{size:?} {page:?}: {first}");
            }
        }
    }
}

#[test]
fn the_mode_stays_in_sight_under_a_dialog() {
    for size in sizes().filter(|(width, height)| *width >= 40 && *height >= 10) {
        let mut keyboard = Keyboard::new(fixtures::full_gate(), size);
        keyboard.open_gate();
        assert!(keyboard.screen().contains("DRILL"), "{size:?}");
    }
}

#[test]
fn the_key_row_is_never_dropped() {
    for view in views() {
        for size in sizes().filter(|(width, height)| *width >= 40 && *height >= 10) {
            let shown = screen(&model(size), &view);
            let last = shown.lines().last().unwrap_or_default();
            assert!(last.contains("q leave") || last.contains("q close"), "{size:?}: {last}");
        }
    }
}

#[test]
fn nothing_from_outside_steers_the_terminal() {
    let view = fixtures::hostile();
    let safe = |text: &str| crate::model::text::safe(text) == text;
    for size in SIZES {
        for page in PAGES {
            let mut model = model(size);
            model.page = page;
            for line in screen(&model, &view).lines() {
                assert!(safe(line), "{size:?} {page:?}: {line:?}");
            }
        }
        for kind in KINDS {
            let mut keyboard = Keyboard::new(view.clone(), size);
            keyboard.open(kind, "promote");
            assert!(keyboard.screen().lines().all(safe), "{size:?} {kind:?}");
        }
    }
    assert!(screen(&model((120, 36)), &view).contains('␛'), "the fixture does not reach the screen");
}

#[test]
fn ascii_is_ascii_everywhere() {
    for view in views() {
        for size in SIZES {
            for page in PAGES {
                let mut model = model(size);
                model.options = Options { ascii: true, ..Options::default() };
                model.page = page;
                assert!(screen(&model, &view).is_ascii(), "{size:?} {page:?}");
            }
        }
    }
    let mut keyboard = Keyboard::new(fixtures::full_gate(), (80, 30));
    keyboard.model.options.ascii = true;
    keyboard.open_gate();
    let shown = keyboard.screen();
    assert!(shown.is_ascii());
    insta::assert_snapshot!("gate_ascii", shown);
}

#[test]
fn no_colour_leaves_the_words() {
    let view = fixtures::mid_run();
    let mut plain = model((120, 36));
    plain.options.color = ColorMode::None;
    assert_eq!(screen(&plain, &view), screen(&model((120, 36)), &view));
    let buf = super::buffer(&plain, &view);
    assert!(buf.content.iter().all(|cell| cell.fg == ratatui::style::Color::Reset));
}

#[test]
fn no_glyph_is_wider_than_one_cell() {
    for view in views() {
        let buf = super::buffer(&model((120, 36)), &view);
        assert!(buf.content.iter().all(|cell| crate::model::text::width(cell.symbol()) == 1));
    }
}
