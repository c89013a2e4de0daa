//! The help screen, generated from the key table.

use crate::model::text::width;
use crate::tui::dialog::Row2;
use crate::tui::keys::{Context, of};
use crate::tui::pen::{plain, quiet, seg};
use crate::tui::theme::Tone;

/// Of a second screen.
const WATCHED: &[(Context, &str)] = &[
    (Context::Watch, "WATCHING   no key can do anything to the run"),
    (Context::Filter, "FILTER   letters narrow the steps"),
    (Context::End, "END OF THE RUN"),
    (Context::History, "PAST RUNS"),
];

const SECTIONS: &[(Context, &str)] = &[
    (Context::Main, "RUN"),
    (Context::Form, "DIALOGS   the buttons name their own keys; a letter counts only outside text fields"),
    (Context::Menu, "MENUS"),
    (Context::Filter, "FILTER   letters narrow the steps"),
    (Context::End, "END OF THE RUN"),
    (Context::History, "PAST RUNS"),
];

pub fn rows(cells: u16, is_watched: bool) -> Vec<Row2> {
    let columns = if cells >= 120 { 2 } else { 1 };
    let column = usize::from(cells) / columns;
    let mut rows = Vec::new();
    for (context, title) in if is_watched { WATCHED } else { SECTIONS } {
        rows.push(Row2::left(vec![quiet(*title)]));
        let bindings: Vec<_> = of(*context).collect();
        for chunk in bindings.chunks(columns) {
            let mut line = Vec::new();
            for binding in chunk {
                let gap = " ".repeat(column.saturating_sub(14 + width(binding.help)));
                line.push(seg(format!("  {:<11} ", binding.label), Tone::Strong));
                line.push(plain(format!("{}{gap}", binding.help)));
            }
            rows.push(Row2::left(line));
        }
        rows.push(Row2::default());
    }
    rows.push(Row2::left(vec![quiet("◆ waits for you   ▶ running   ✓ done   ✗ failed   ? in doubt   − skipped   ↺ rolled back   · not yet   * on the critical path")]));
    rows
}
