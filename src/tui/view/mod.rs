//! The screens: pure functions from model and view to a buffer, total at every size.

pub mod contacts;
pub mod detail;
pub mod doubt;
pub mod end;
mod forecast;
mod gantt;
mod head;
mod help;
mod journal;
mod keyrow;
mod main;
mod one_line;
mod request;
mod steps;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::dialog::{Row2, draw};
use super::layout::{Layout, Shape, layout};
use super::model::{Model, Page, at_end};
use super::pen::{Pen, quiet, to_ascii};
use super::theme::{Theme, Tone};
use crate::driver::handle::View;

/// Draws everything.
pub fn render(model: &Model, view: &View, buf: &mut Buffer) {
    let size = (buf.area.width, buf.area.height);
    if size.0 == 0 || size.1 == 0 {
        return;
    }
    let mut pen = Pen::new(buf, Theme { color: model.options.color });
    let cut = cut(model, view, size);
    if cut.shape == Shape::OneLine {
        one_line::draw(&mut pen, view, size);
    } else if model.page == Page::Main && at_end(view) {
        end::draw(&mut pen, model, view, size);
    } else if model.page == Page::Main {
        main::draw(&mut pen, model, view, &cut);
    } else {
        page(&mut pen, model, view, &cut, size);
    }
    if let Some(dialog) = &model.dialog {
        draw::draw(&mut pen, dialog, view, size);
    }
    if model.options.ascii {
        to_ascii(buf);
    }
}

fn cut(model: &Model, view: &View, size: (u16, u16)) -> Layout {
    let rows = u16::try_from(model.places(view).len()).unwrap_or(u16::MAX);
    layout(size, rows.min(1_000), gantt::rows(view))
}

/// Where a full-screen page goes.
fn page_area(cut: &Layout, size: (u16, u16)) -> Rect {
    let top = cut.head.height + 1;
    Rect::new(1, top, size.0.saturating_sub(2), size.1.saturating_sub(top + 2))
}

fn page(pen: &mut Pen, model: &Model, view: &View, cut: &Layout, size: (u16, u16)) {
    head::draw(pen, view, cut.head);
    let title = match model.page {
        Page::Main => String::new(),
        Page::Timeline => "TIMELINE".to_owned(),
        Page::Log => journal::log_title(model, view),
        Page::Request => "REQUEST".to_owned(),
        Page::Contacts => "CONTACTS".to_owned(),
        Page::Help => "KEYS".to_owned(),
        Page::Doubt => "IN DOUBT".to_owned(),
    };
    main::rule(pen, cut.head.height, size.0, &[quiet(title)]);
    let area = page_area(cut, size);
    if model.page == Page::Timeline {
        gantt::draw(pen, view, area);
    } else {
        let rows = page_rows(model, view, area.width);
        let scroll = usize::from(model.page_scroll.min(page_scroll_max(model, view)));
        draw_rows(pen, area, &rows, scroll);
        if rows.len() > scroll + usize::from(area.height) {
            pen.text(area.right(), area.bottom().saturating_sub(1), 1, "↓", Tone::Quiet);
        }
    }
    main::foot(pen, model, view, cut);
}

fn page_rows(model: &Model, view: &View, width: u16) -> Vec<Row2> {
    match model.page {
        Page::Main if at_end(view) => end::rows(view, width),
        Page::Main | Page::Timeline => Vec::new(),
        Page::Log => journal::log(model, view, width),
        Page::Request => request::rows(model, view, width),
        Page::Contacts => contacts::rows(view, model.contact, width),
        Page::Help => help::rows(width, view.watched.is_some()),
        Page::Doubt => doubt::rows(model, view, width),
    }
}

fn draw_rows(pen: &mut Pen, area: Rect, rows: &[Row2], scroll: usize) {
    for (row, y) in rows.iter().skip(scroll).zip(area.top()..area.bottom()) {
        pen.pair(area.x, y, area.width, &row.left, &row.right);
    }
}

/// Where the RTO stands, in words.
pub fn left_words(snapshot: &crate::engine::snapshot::Snapshot) -> String {
    head::left(&super::look::clock(snapshot)).0
}

/// How far the page can be scrolled.
pub fn page_scroll_max(model: &Model, view: &View) -> u16 {
    let size = model.size;
    let (rows, height) = if model.page == Page::Main {
        (end::rows(view, size.0.saturating_sub(2)).len(), end::height(size))
    } else {
        let area = page_area(&cut(model, view, size), size);
        (page_rows(model, view, area.width).len(), area.height)
    };
    u16::try_from(rows).unwrap_or(u16::MAX).saturating_sub(height)
}

/// The scroll that shows the contact under the cursor.
pub fn scroll_to_contact(model: &Model, view: &View) -> u16 {
    let area = page_area(&cut(model, view, model.size), model.size);
    let (top, end) = contacts::place(view, model.contact, area.width);
    // Of one that is higher than the page, its beginning.
    let lowest = end.saturating_sub(usize::from(area.height)).min(top);
    // The first one brings what stands above it, as far as there is room.
    let scroll = if model.contact == 0 { lowest } else { usize::from(model.page_scroll).clamp(lowest, top) };
    u16::try_from(scroll).unwrap_or(u16::MAX).min(page_scroll_max(model, view))
}

/// How far the detail can be scrolled.
pub fn detail_scroll_max(model: &Model, view: &View) -> u16 {
    let area = match cut(model, view, model.size).shape {
        Shape::OneLine => return 0,
        Shape::OnePane { pane, .. } => pane,
        Shape::Stacked { detail, .. } | Shape::Wide { detail, .. } => detail,
    };
    let rows = detail::rows(model, view, area.width.saturating_sub(2)).len();
    u16::try_from(rows).unwrap_or(u16::MAX).saturating_sub(area.height)
}
