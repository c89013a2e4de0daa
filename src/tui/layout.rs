//! Which pane goes where at which size. Pure arithmetic over cells.

use ratatui::layout::Rect;

/// The shape of the main screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Under 40x10: state, RTO left, what waits.
    OneLine,
    /// Under 80x20: one pane at a time, with tabs.
    OnePane { tabs: Rect, pane: Rect },
    /// Steps above detail.
    Stacked { steps: Rect, detail: Rect, journal: Rect },
    /// Steps beside detail, the Gantt below when there is room.
    Wide { steps: Rect, detail: Rect, gantt: Option<Rect>, journal: Rect },
}

/// The screen cut up. A pane's first row is below its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Identity, RTO, RPO: three rows, two where room is short.
    pub head: Rect,
    pub shape: Shape,
    pub keys: Rect,
}

/// Columns from which steps stand beside the detail.
const WIDE: u16 = 110;
/// Rows from which the Gantt is a pane of the main screen.
const GANTT_ROWS: u16 = 30;
/// Rows from which the RPO has a row of its own on a narrow screen.
const TALL: u16 = 28;

/// Cuts up a screen for `rows` lines of phases and steps, and `bars` lines of the Gantt.
pub fn layout(size: (u16, u16), rows: u16, bars: u16) -> Layout {
    let (width, height) = size;
    let line = |y: u16, count: u16| Rect::new(0, y, width, count);
    if width < 40 || height < 10 {
        return Layout { head: line(0, height.min(1)), shape: Shape::OneLine, keys: Rect::ZERO };
    }
    let keys = line(height - 1, 1);
    if width < 80 || height < 20 {
        let shape = Shape::OnePane { tabs: line(2, 1), pane: line(3, height - 4) };
        return Layout { head: line(0, 2), shape, keys };
    }
    if width < WIDE {
        return stacked(size, rows, keys);
    }
    let head = line(0, 3);
    let gantt_rows = bars + 1;
    let gantt = height >= GANTT_ROWS && height > 4 + 10 + 1 + gantt_rows + 1 + 3;
    let below = if gantt { gantt_rows + 1 } else { 0 };
    // Rows left for the body and the journal, without head, rules and keys.
    let room = height - 3 - 1 - below - 1 - 1;
    let body = (rows + 1).clamp(12.min(room - 3), room - 3);
    let left = (width * 38 / 100).clamp(46, 72);
    let y = 4 + body;
    let shape = Shape::Wide {
        steps: Rect::new(0, 4, left, body),
        detail: Rect::new(left + 1, 4, width - left - 1, body),
        gantt: gantt.then(|| line(y + 1, gantt_rows)),
        journal: line(y + below + 1, room - body),
    };
    Layout { head, shape, keys }
}

fn stacked((width, height): (u16, u16), rows: u16, keys: Rect) -> Layout {
    let line = |y: u16, count: u16| Rect::new(0, y, width, count);
    let head_rows = if height >= TALL { 3 } else { 2 };
    // Three rules and the keys.
    let room = height - head_rows - 4;
    let journal = if room >= 24 { 4 } else { 2 };
    let steps = rows.clamp(4, ((room - journal) * 53 / 100).max(4));
    let detail = room - journal - steps;
    let top = head_rows + 1;
    let shape = Shape::Stacked {
        steps: line(top, steps),
        detail: line(top + steps + 1, detail),
        journal: line(top + steps + 1 + detail + 1, journal),
    };
    Layout { head: line(0, head_rows), shape, keys }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pane_leaves_the_screen_at_any_size() {
        for width in 0..=220 {
            for height in 0..=70 {
                for rows in [0, 3, 20, 2_000] {
                    let found = layout((width, height), rows, 7);
                    let mut areas = vec![found.head, found.keys];
                    match found.shape {
                        Shape::OneLine => {}
                        Shape::OnePane { tabs, pane } => areas.extend([tabs, pane]),
                        Shape::Stacked { steps, detail, journal } => areas.extend([steps, detail, journal]),
                        Shape::Wide { steps, detail, gantt, journal } => {
                            areas.extend([steps, detail, journal]);
                            areas.extend(gantt);
                        }
                    }
                    for area in areas {
                        assert!(area.right() <= width && area.bottom() <= height, "{width}x{height}: {found:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_key_row_is_always_there_but_in_one_line() {
        assert_eq!(layout((120, 36), 20, 6).keys, Rect::new(0, 35, 120, 1));
        assert_eq!(layout((40, 10), 20, 6).keys, Rect::new(0, 9, 40, 1));
        assert_eq!(layout((39, 10), 20, 6).shape, Shape::OneLine);
    }
}
