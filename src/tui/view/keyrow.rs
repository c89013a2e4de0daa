//! The last row: the keys that are live, from the key table. It is never dropped, only shortened.

use ratatui::layout::Rect;

use crate::driver::handle::View;
use crate::model::text::width;
use crate::tui::keys::{Act, Binding, Context, hint_of, of};
use crate::tui::model::{Model, Page};
use crate::tui::pen::{Pen, Segs, quiet, seg};
use crate::tui::theme::Tone;
use crate::tui::update::live;

/// Room for the legend of the bars.
const LEGEND: &str = "█ done ▒ forecast * critical ";

pub fn draw(pen: &mut Pen, model: &Model, view: &View, area: Rect) {
    if area.height == 0 {
        return;
    }
    let context = match live(view) {
        Context::Main | Context::Watch if model.filter.editing => Context::Filter,
        live => live,
    };
    let mut bindings: Vec<&Binding> = of(context).filter(|binding| binding.rank > 0).collect();
    bindings.sort_by_key(|binding| binding.rank);
    if matches!(context, Context::Main | Context::Watch) && model.page != Page::Main {
        bindings.splice(0..0, hint_of(context, Act::Back));
        if model.page == Page::Doubt {
            bindings.retain(|binding| !matches!(binding.act, Act::Help | Act::Palette | Act::Filter));
        }
    }
    let has_legend = area.width >= 110 && model.page == Page::Main && view.over.is_none();
    let legend = if has_legend { LEGEND } else { "" };
    let mut room = usize::from(area.width).saturating_sub(1 + width(legend));
    let mut line: Segs = vec![quiet(" ")];
    for binding in bindings {
        let needed = width(binding.label) + 1 + width(binding.hint) + 2;
        if needed > room {
            break;
        }
        room -= needed;
        line.push(seg(binding.label, Tone::Strong));
        line.push(quiet(format!(" {}  ", binding.hint)));
    }
    pen.pair(area.x, area.y, area.width, &line, &if has_legend { vec![quiet(legend)] } else { Vec::new() });
}
