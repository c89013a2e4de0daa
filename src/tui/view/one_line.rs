//! The smallest screen: state, RTO left, what waits.

use super::head;
use crate::driver::handle::View;
use crate::tui::look;
use crate::tui::pen::{Pen, plain, seg};
use crate::tui::theme::Tone;

pub fn draw(pen: &mut Pen, view: &View, size: (u16, u16)) {
    let snapshot = &view.snapshot;
    let waits = match look::waiting(snapshot).first() {
        Some(step) => seg(format!("◆ {} {}", step.id, look::doing(step)), Tone::Wait),
        None => match snapshot.steps.iter().find(|step| step.status == crate::model::outcome::StepStatus::Running) {
            Some(step) => plain(format!("▶ {}", step.id)),
            None => plain(super::end::word(view)),
        },
    };
    let mode = seg(snapshot.mode.banner(), head::banner(snapshot.mode).1);
    pen.segs(0, 0, size.0, &[mode, plain(" "), head::left(&look::clock(snapshot)), plain(" "), waits]);
}
