//! The only way onto the screen: clips to the buffer and makes text from outside safe.
//!
//! Must not know what a run is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::theme::{Theme, Tone};
use crate::model::text::{ascii_char, fit, safe, width};

/// A piece of a line in one tone.
pub type Seg = (String, Tone);

/// A line of pieces.
pub type Segs = Vec<Seg>;

pub fn seg(text: impl Into<String>, tone: Tone) -> Seg {
    (text.into(), tone)
}

pub fn plain(text: impl Into<String>) -> Seg {
    (text.into(), Tone::Plain)
}

pub fn quiet(text: impl Into<String>) -> Seg {
    (text.into(), Tone::Quiet)
}

/// Cells that the pieces take.
pub fn segs_width(segs: &[Seg]) -> usize {
    segs.iter().map(|(text, _)| width(&safe(text))).sum()
}

/// Writes into a buffer, never outside it.
pub struct Pen<'a> {
    buf: &'a mut Buffer,
    pub theme: Theme,
}

impl<'a> Pen<'a> {
    pub fn new(buf: &'a mut Buffer, theme: Theme) -> Self {
        Self { buf, theme }
    }

    /// Writes at most `max` cells, with `…` where the text was cut; returns the column after it.
    pub fn text(&mut self, x: u16, y: u16, max: u16, text: &str, tone: Tone) -> u16 {
        let area = self.buf.area;
        if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() || max == 0 {
            return x;
        }
        let room = max.min(area.right() - x);
        let shown = fit(&safe(text), usize::from(room));
        self.buf.set_stringn(x, y, shown, usize::from(room), self.theme.style(tone)).0
    }

    /// Writes pieces one after another in at most `max` cells.
    pub fn segs(&mut self, x: u16, y: u16, max: u16, segs: &[Seg]) -> u16 {
        let end = x.saturating_add(max);
        let mut at = x;
        for (text, tone) in segs {
            if at >= end {
                break;
            }
            at = self.text(at, y, end - at, text, *tone);
        }
        at
    }

    /// A line with a left and a right part. The right part is kept whole, the left one is cut.
    pub fn pair(&mut self, x: u16, y: u16, max: u16, left: &[Seg], right: &[Seg]) {
        let right_width = u16::try_from(segs_width(right)).unwrap_or(u16::MAX);
        if right_width == 0 || right_width >= max {
            self.segs(x, y, max, if left.is_empty() { right } else { left });
            return;
        }
        self.segs(x, y, max - right_width - 1, left);
        self.segs(x + max - right_width, y, right_width, right);
    }

    pub fn rule(&mut self, x: u16, y: u16, length: u16) {
        self.repeat(x, y, length, '─', Tone::Quiet);
    }

    pub fn repeat(&mut self, x: u16, y: u16, length: u16, glyph: char, tone: Tone) {
        let text: String = std::iter::repeat_n(glyph, usize::from(length)).collect();
        self.text(x, y, length, &text, tone);
    }

    /// Empties an area.
    pub fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buf.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                self.buf[(x, y)].reset();
            }
        }
    }

    /// Takes the colour out of everything drawn so far: a dialog comes over it.
    pub fn dim_all(&mut self) {
        for cell in &mut self.buf.content {
            cell.fg = ratatui::style::Color::Reset;
            cell.modifier = Modifier::DIM;
        }
    }
}

/// Replaces every glyph outside ASCII, cell by cell (`--ascii`).
pub fn to_ascii(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if !cell.symbol().is_ascii() {
            let plain = cell.symbol().chars().next().map_or(' ', ascii_char);
            cell.set_char(plain);
        }
    }
}

/// Splits a text into lines of at most `cells` cells, at spaces where there are some.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let shown = safe(text);
    let indent = shown.len() - shown.trim_start_matches(' ').len();
    let mut lines = Vec::new();
    let mut line = " ".repeat(indent.saturating_sub(1).min(cells / 2));
    for word in shown.trim_start_matches(' ').split(' ') {
        let mut word = word.to_owned();
        if !line.is_empty() && width(&line) + 1 + width(&word) > cells {
            lines.push(std::mem::take(&mut line));
        }
        while width(&word) > cells && cells > 0 {
            let mut cut = String::new();
            while let Some(c) = word.chars().next() {
                if width(&cut) + width(&c.to_string()) > cells {
                    break;
                }
                cut.push(c);
                word.remove(0);
            }
            if cut.is_empty() {
                break;
            }
            lines.push(cut);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_outside() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 4, 1));
        let mut pen = Pen::new(&mut buf, Theme::default());
        pen.text(2, 0, 90, "abcdef", Tone::Plain);
        pen.text(9, 9, 90, "abcdef", Tone::Plain);
        assert_eq!(buf, Buffer::with_lines(["  a…"]));
    }

    #[test]
    fn the_right_part_stays_whole() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 12, 1));
        let mut pen = Pen::new(&mut buf, Theme::default());
        pen.pair(0, 0, 12, &[plain("a long name")], &[plain("0:48")]);
        assert_eq!(buf, Buffer::with_lines(["a long… 0:48"]));
    }

    #[test]
    fn words_wrap() {
        assert_eq!(wrap("all customer traffic moves", 14), ["all customer", "traffic moves"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("  in eu", 9), ["  in eu"]);
        assert_eq!(wrap("", 3), [""]);
    }
}
