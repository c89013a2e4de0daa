//! Text from outside made safe to show: what could steer a terminal becomes visible instead.
//!
//! Knows: characters and their width in cells. Must not know who shows the text, or where.

use std::fmt::{self, Write as _};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Marks on one letter beyond this many are made visible: a pile of them runs into other lines.
const MARKS_A_LETTER: usize = 2;

/// Text that holds nothing which moves the cursor, hides letters or turns the reading direction.
///
/// The only way in is through the filter, so a function that asks for `SafeText` cannot be given
/// a raw answer of a cloud, a journal or a runbook.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SafeText(String);

impl SafeText {
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(safe(text))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl From<&str> for SafeText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Makes every character visible that a terminal would obey or hide: `ESC` is shown as `␛`, a
/// right-to-left override as `‹U+202E›`. Line breaks and tabs too (`␊`, `␉`): the result is one line.
#[must_use]
pub fn safe(text: &str) -> String {
    if text.bytes().all(|b| matches!(b, 0x20..=0x7e)) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut marks = 0;
    for c in text.chars() {
        let is_mark = c.width() == Some(0) && !is_hidden(c);
        marks = if is_mark { marks + 1 } else { 0 };
        push_safe(&mut out, c, marks);
    }
    out
}

/// Like [`safe`], line by line: line breaks stay, a carriage return before one is dropped.
#[must_use]
pub fn safe_lines(text: &str) -> Vec<String> {
    text.lines().map(safe).collect()
}

fn push_safe(out: &mut String, c: char, marks: usize) {
    match c {
        '\u{0}'..='\u{1f}' => out.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('?')),
        '\u{7f}' => out.push('\u{2421}'),
        c if is_hidden(c) || marks > MARKS_A_LETTER => {
            // Writing to a String cannot fail.
            let _ = write!(out, "‹U+{:04X}›", u32::from(c));
        }
        c => out.push(c),
    }
}

/// Characters without a shape of their own: C1 controls, bidi controls, zero-width and format
/// characters, fillers, variation selectors, tags.
pub const fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}'
        | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// The glyphs of our own screens in plain ASCII, one for one; anything else outside ASCII is `?`.
#[must_use]
pub const fn ascii_char(c: char) -> char {
    match c {
        ' '..='~' => c,
        '│' | '┃' | '▏' | '▌' | '┆' | '┊' => '|',
        '─' | '━' | '−' | '–' | '—' => '-',
        '┌' | '┐' | '└' | '┘' | '├' | '┤' | '┬' | '┴' | '┼' | '✓' | '╴' => '+',
        '█' => '#',
        '▒' | '‖' => '=',
        '░' => ':',
        '┄' | '·' => '.',
        '◆' => '!',
        '▶' | '→' | '›' => '>',
        '‹' | '←' | '↺' => '<',
        '✗' => 'x',
        '•' => 'o',
        '↓' => 'v',
        '…' => '~',
        '↑' | '\u{2400}'..='\u{2421}' => '^',
        _ => '?',
    }
}

/// [`ascii_char`] over a text.
#[must_use]
pub fn ascii(text: &str) -> String {
    text.chars().map(ascii_char).collect()
}

/// Width in terminal cells.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text in at most `cells` cells, the end replaced by `…` when it is longer.
#[must_use]
pub fn fit(text: &str, cells: usize) -> String {
    if text.width() <= cells {
        return text.to_owned();
    }
    if cells == 0 {
        return String::new();
    }
    let mut out = head_of(text, cells - 1).to_owned();
    out.push('…');
    out
}

/// The text in at most `cells` cells, its middle replaced by `…`: the end of an ARN names the thing.
#[must_use]
pub fn fit_middle(text: &str, cells: usize) -> String {
    if text.width() <= cells {
        return text.to_owned();
    }
    if cells < 3 {
        return fit(text, cells);
    }
    let tail_cells = (cells - 1).div_ceil(2);
    let head = head_of(text, cells - 1 - tail_cells);
    format!("{head}…{}", tail_of(text, tail_cells))
}

fn head_of(text: &str, cells: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > cells {
            return &text[..at];
        }
    }
    text
}

fn tail_of(text: &str, cells: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices().rev() {
        used += c.width().unwrap_or(0);
        if used > cells {
            return &text[at + c.len_utf8()..];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_instead() {
        assert_eq!(safe("a\u{1b}[2Jb"), "a␛[2Jb");
        assert_eq!(safe("one\r\ntwo\t\u{7f}"), "one␍␊two␉␡");
        assert_eq!(safe("\u{9b}31m"), "‹U+009B›31m");
        assert_eq!(safe("shop\u{202e}rd"), "shop‹U+202E›rd");
        assert_eq!(safe("a\u{200b}b\u{feff}"), "a‹U+200B›b‹U+FEFF›");
        assert_eq!(safe("x\u{e0041}"), "x‹U+E0041›");
    }

    #[test]
    fn plain_and_foreign_letters_stay() {
        assert_eq!(safe("eu-west-1 → Zoë 東京"), "eu-west-1 → Zoë 東京");
        assert_eq!(safe("e\u{301}"), "e\u{301}");
        assert_eq!(safe("e\u{301}\u{301}\u{301}"), "e\u{301}\u{301}‹U+0301›");
    }

    #[test]
    fn nothing_safe_holds_a_control_or_hidden_character() {
        for code in 0..=0x10_ffff {
            let Some(c) = char::from_u32(code) else { continue };
            let shown = safe(&format!("a{c}b"));
            assert!(!shown.chars().any(|c| c.is_control() || is_hidden(c)), "U+{code:04X} gives {shown:?}");
        }
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(safe_lines("a\r\nb\x07"), ["a", "b␇"]);
    }

    #[test]
    fn a_long_text_keeps_both_ends() {
        let arn = "arn:aws:rds:eu-central-1:111122223333:cluster:shop-dr";
        assert_eq!(fit_middle(arn, 21), "arn:aws:rd…er:shop-dr");
        assert_eq!(fit_middle("short", 21), "short");
        assert_eq!(fit("a longer text", 8), "a longe…");
        assert_eq!(fit("abc", 0), "");
        for cells in 0..30 {
            assert!(width(&fit_middle("東京東京東京東京", cells)) <= cells);
            assert!(width(&fit("東京東京東京東京", cells)) <= cells);
        }
    }

    #[test]
    fn ascii_is_ascii_and_as_wide() {
        let text = "◆ promote … │ ✓ done ▒ 2:30";
        let plain = ascii(text);
        assert!(plain.is_ascii());
        assert_eq!(plain.chars().count(), text.chars().count());
    }
}
