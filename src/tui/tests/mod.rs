//! Tests of the screens: what is drawn at each size, and what keys come to.

mod gate;
mod keyboard;
mod keys;
mod people;
mod screens;
mod watch;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::model::{Model, Options};
use super::view::render;
use crate::driver::handle::View;
pub use keyboard::{Keyboard, key};

/// A model for a screen of that size.
pub fn model(size: (u16, u16)) -> Model {
    Model::new(Options::default(), size)
}

pub fn buffer(model: &Model, view: &View) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
    render(model, view, &mut buf);
    buf
}

/// The screen as text.
pub fn screen(model: &Model, view: &View) -> String {
    text(&buffer(model, view))
}

pub fn text(buf: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buf.area.height {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..buf.area.width {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buf[(x, y)].symbol();
            skip = crate::model::text::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
