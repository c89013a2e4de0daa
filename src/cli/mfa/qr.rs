//! Draws a QR code with the characters of a terminal.
//!
//! With colour both colours are set, so that it is dark on light whatever the terminal's own are.
//! Without, what is light is drawn and what is dark is left: right on a dark terminal, and inverted
//! on a light one, which most apps read as well.

use qrcode::{Color, EcLevel, QrCode};

/// Light around the code, in modules.
const MARGIN: usize = 2;
/// The drawing in ASCII is twice as wide; with this margin it fits into 80 columns.
const ASCII_MARGIN: usize = 1;
/// Black on white: first as every terminal knows it, then as palettes cannot change it.
const DARK_ON_LIGHT: &str = "\u{1b}[30;47m\u{1b}[38;5;16;48;5;231m";
const RESET: &str = "\u{1b}[0m";
const USUAL_COLUMNS: usize = 80;

/// A code, and how wide it is.
pub struct Drawn {
    pub text: String,
    pub columns: usize,
}

impl Drawn {
    /// Whether so many columns are to be had here.
    pub fn fits(&self) -> bool {
        let here = crossterm::terminal::size().map_or(USUAL_COLUMNS, |(columns, _)| usize::from(columns));
        self.columns <= here
    }
}

/// `None` when the text is too long for any QR code.
pub fn draw(text: &str, color: bool, ascii: bool) -> Option<Drawn> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    Some(if ascii { in_ascii(&code) } else { in_half_blocks(&code, color) })
}

/// Whether a module is dark; all around the code it is light.
fn is_dark(code: &QrCode, margin: usize, x: usize, y: usize) -> bool {
    let inside = |at: usize| at.checked_sub(margin).filter(|at| *at < code.width());
    match (inside(x), inside(y)) {
        (Some(x), Some(y)) => code[(x, y)] == Color::Dark,
        _ => false,
    }
}

/// Two rows a line: a character cell is about twice as high as it is wide.
fn in_half_blocks(code: &QrCode, color: bool) -> Drawn {
    let size = code.width() + 2 * MARGIN;
    let mut text = String::new();
    for y in (0..size).step_by(2) {
        if color {
            text.push_str(DARK_ON_LIGHT);
        }
        for x in 0..size {
            let (upper, lower) = (is_dark(code, MARGIN, x, y), is_dark(code, MARGIN, x, y + 1));
            // Painted is what is dark on a light ground, or what is light on the terminal's own.
            text.push(match (upper == color, lower == color) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        if color {
            text.push_str(RESET);
        }
        text.push('\n');
    }
    Drawn { text, columns: size }
}

fn in_ascii(code: &QrCode) -> Drawn {
    let size = code.width() + 2 * ASCII_MARGIN;
    let mut text = String::new();
    for y in 0..size {
        for x in 0..size {
            text.push_str(if is_dark(code, ASCII_MARGIN, x, y) { "  " } else { "##" });
        }
        text.push('\n');
    }
    Drawn { text, columns: 2 * size }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "otpauth://totp/lifeboat:alice%207K2Q?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=lifeboat";

    /// Which modules a drawing shows as dark, row by row.
    fn seen(drawn: &Drawn, color: bool) -> Vec<Vec<bool>> {
        let mut rows = Vec::new();
        for line in drawn.text.lines() {
            let line = line.trim_start_matches(DARK_ON_LIGHT).trim_end_matches(RESET);
            let upper = line.chars().map(|c| matches!(c, '█' | '▀') == color).collect();
            let lower = line.chars().map(|c| matches!(c, '█' | '▄') == color).collect();
            rows.extend([upper, lower]);
        }
        rows
    }

    #[test]
    fn each_drawing_shows_the_code_with_light_around_it() {
        let code = QrCode::with_error_correction_level(URI, EcLevel::L).unwrap();
        for color in [true, false] {
            let drawn = draw(URI, color, false).unwrap();
            let rows = seen(&drawn, color);
            for (y, row) in rows.iter().enumerate().take(drawn.columns) {
                assert_eq!(row.len(), drawn.columns);
                for (x, dark) in row.iter().enumerate() {
                    assert_eq!(*dark, is_dark(&code, MARGIN, x, y), "{x} {y}");
                }
            }
            assert_eq!(drawn.text.contains('\u{1b}'), color);
        }
    }

    #[test]
    fn the_drawing_in_ascii_is_ascii_and_fits_into_80_columns() {
        let code = QrCode::with_error_correction_level(URI, EcLevel::L).unwrap();
        let drawn = draw(URI, true, true).unwrap();
        assert!(drawn.text.is_ascii());
        assert!(drawn.columns <= 80, "{}", drawn.columns);
        for (y, line) in drawn.text.lines().enumerate() {
            assert_eq!(line.len(), drawn.columns);
            for x in 0..drawn.columns / 2 {
                assert_eq!(&line[2 * x..2 * x + 2] == "  ", is_dark(&code, ASCII_MARGIN, x, y));
            }
        }
        // The corners that every reader looks for are dark.
        assert!(drawn.text.lines().nth(1).unwrap().starts_with(&format!("##{}##", " ".repeat(14))));
    }

    #[test]
    fn what_is_too_long_is_not_drawn() {
        assert!(draw(&"x".repeat(5_000), true, false).is_none());
    }
}
