//! One frame at 200x60 with 1,000 steps, drawn and compared with the frame before, as ratatui does
//! at each draw. Beside it the floor: the same rows of text, ready made, put into the same buffer.

#![expect(clippy::expect_used, reason = "a benchmark of a run that does not end measures nothing")]

mod recorded;
mod texts;

use std::sync::Arc;

use divan::{Bencher, black_box};
use lifeboat::driver::handle::View;
use lifeboat::report::row_of;
use lifeboat::tui::{Options, still};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use recorded::Run;

const STEPS: usize = 1_000;
const SIZE: Rect = Rect { x: 0, y: 0, width: 200, height: 60 };

fn main() {
    divan::main();
}

/// The view in the middle of the run.
fn view() -> View {
    let run = Run::record(STEPS);
    let half = &run.events[..run.events.len() / 2];
    let mut engine = run.engine();
    for stamped in half {
        engine.handle(stamped);
    }
    let rows = Arc::new(half.iter().map(row_of).map(Arc::new).collect());
    View {
        snapshot: engine.snapshot(engine.last_at_ms()),
        rows,
        practice: Vec::new(),
        is_open: false,
        watched: None,
        over: None,
    }
}

fn frame(view: &View) -> Buffer {
    let mut buffer = Buffer::empty(SIZE);
    still(view, Options::default(), &mut buffer);
    buffer
}

#[divan::bench]
fn floor_text(bencher: Bencher) {
    let before = frame(&view());
    let rows: Vec<String> = before
        .content
        .chunks(usize::from(SIZE.width))
        .map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect())
        .collect();
    bencher.bench_local(|| {
        let mut buffer = Buffer::empty(SIZE);
        for (y, row) in (0..).zip(&rows) {
            buffer.set_string(0, y, row, Style::new());
        }
        black_box(before.diff(&buffer).len())
    });
}

#[divan::bench]
fn draw(bencher: Bencher) {
    let view = view();
    let before = frame(&view);
    bencher.bench_local(|| black_box(before.diff(&frame(&view)).len()));
}
