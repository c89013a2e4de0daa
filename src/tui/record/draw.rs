//! Draws the screen of past runs.

use ratatui::buffer::Buffer;

use super::pages;
use super::state::{History, Page};
use crate::model::text::width;
use crate::tui::keys::{Context, of};
use crate::tui::model::Options;
use crate::tui::pen::{Pen, Seg, Segs, plain, quiet, seg, to_ascii};
use crate::tui::theme::{Theme, Tone};

pub fn history(history: &History, options: Options, buf: &mut Buffer) {
    let (cells, height) = (buf.area.width, buf.area.height);
    if cells == 0 || height == 0 {
        return;
    }
    let mut pen = Pen::new(buf, Theme { color: options.color });
    let (left, right) = head(history);
    pen.pair(0, 0, cells, &left, &right);
    pen.rule(0, 1, cells);
    let is_list = matches!(history.page, Page::List);
    let mut top = 2;
    if is_list && height > 6 && !history.runs.is_empty() {
        let heading = pages::heading(usize::from(cells.saturating_sub(2)).max(20));
        pen.pair(1, 2, cells.saturating_sub(2), &[quiet(heading)], &[]);
        top = 3;
    }
    let room = usize::from(height.saturating_sub(top + 2));
    let rows = pages::rows(history);
    let first = if is_list {
        (history.at + 1).saturating_sub(room)
    } else {
        history.scroll.min(rows.len().saturating_sub(room))
    };
    for (row, y) in rows.iter().skip(first).take(room).zip(top..) {
        pen.pair(1, y, cells.saturating_sub(2), &row.left, &row.right);
    }
    if height > 3 {
        if rows.len() > first + room {
            pen.text(cells - 1, height - 3, 1, "↓", Tone::Quiet);
        }
        pen.rule(0, height - 2, cells);
        if let Some(message) = &history.message {
            pen.text(1, height - 2, cells.saturating_sub(2), &format!(" {message} "), Tone::Strong);
        }
        pen.pair(0, height - 1, cells, &keys(cells), &[]);
    }
    if options.ascii {
        to_ascii(buf);
    }
}

/// Row 1 says of what mode the run was that is looked at.
fn head(history: &History) -> (Vec<Seg>, Vec<Seg>) {
    let tone = |banner: &str| if banner == "REAL" { Tone::Banner } else { Tone::Strong };
    match &history.page {
        Page::List => {
            let count = format!("{} runs ", history.runs.len());
            (vec![seg(" PAST RUNS ", Tone::Strong)], vec![quiet(count)])
        }
        Page::One(document) => {
            let when: String = crate::model::time::rfc3339(document.started_ms).chars().take(16).collect();
            let left = vec![
                seg(format!(" {} ", document.banner), tone(document.banner)),
                quiet("│ "),
                seg(document.runbook.clone(), Tone::Strong),
                quiet(format!("  past run {}", document.run)),
            ];
            (left, vec![plain(format!("{}Z ", when.replace('T', " ")))])
        }
        Page::Two(diff) => {
            let both = if diff.a.banner == diff.b.banner { diff.a.banner } else { "DRILL and REAL" };
            let left = vec![seg(format!(" {both} "), Tone::Strong), quiet("│ "), seg("two runs", Tone::Strong)];
            (left, vec![quiet("B - A: + got slower ")])
        }
    }
}

fn keys(cells: u16) -> Segs {
    let mut bindings: Vec<_> = of(Context::History).filter(|binding| binding.rank > 0).collect();
    bindings.sort_by_key(|binding| binding.rank);
    let mut room = usize::from(cells).saturating_sub(1);
    let mut keys: Segs = vec![plain(" ")];
    for binding in bindings {
        let needed = width(binding.label) + width(binding.hint) + 3;
        if needed > room {
            break;
        }
        room -= needed;
        keys.push(seg(binding.label, Tone::Strong));
        keys.push(quiet(format!(" {}  ", binding.hint)));
    }
    keys
}
