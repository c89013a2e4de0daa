//! One frame without a terminal: for pictures of the screens, and to measure what a frame costs.

use ratatui::buffer::Buffer;

use super::model::{Model, Options};
use super::view;
use crate::driver::handle::View;

/// Draws the first frame of the run screen, at the buffer's size.
pub fn still(run: &View, options: Options, buffer: &mut Buffer) {
    let model = Model::new(options, (buffer.area.width, buffer.area.height));
    view::render(&model, run, buffer);
}
