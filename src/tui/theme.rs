//! Tones of the screen and what a terminal makes of them.
//!
//! Must not know what is shown: a view asks for a tone, never for a colour. Meaning never hangs
//! on colour alone: glyph and word come first.

use ratatui::style::{Color, Modifier, Style};

/// How many colours the terminal has, as the caller found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorMode {
    /// Modifiers only (`NO_COLOR`, `TERM=dumb`).
    None,
    Ansi16,
    #[default]
    Full,
}

/// What a piece of text is, for the eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    #[default]
    Plain,
    /// Secondary: labels, rules, times of things that are over.
    Quiet,
    /// A heading, or the thing under the cursor.
    Strong,
    /// The one accent: somebody is waited for, or time gets tight.
    Wait,
    /// Failed, over budget, in doubt.
    Bad,
    Good,
    Busy,
    /// The word REAL: nobody may overlook it.
    Banner,
}

/// From tone to style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Theme {
    pub color: ColorMode,
}

impl Theme {
    #[must_use]
    pub fn style(self, tone: Tone) -> Style {
        let plain = Style::new();
        match tone {
            Tone::Plain => plain,
            Tone::Quiet => plain.add_modifier(Modifier::DIM),
            Tone::Strong => plain.add_modifier(Modifier::BOLD),
            Tone::Wait => self.colored(172, Color::Yellow).add_modifier(Modifier::BOLD),
            Tone::Bad => self.colored(166, Color::Red).add_modifier(Modifier::BOLD),
            Tone::Good => self.colored(36, Color::Green),
            Tone::Busy => self.colored(74, Color::Cyan),
            Tone::Banner => self.colored(166, Color::Red).add_modifier(Modifier::BOLD | Modifier::REVERSED),
        }
    }

    /// `full` is the nearest of the 256 colours to the Okabe-Ito palette, which stays readable to
    /// colour-blind eyes on light and dark ground.
    fn colored(self, full: u8, few: Color) -> Style {
        match self.color {
            ColorMode::None => Style::new(),
            ColorMode::Ansi16 => Style::new().fg(few),
            ColorMode::Full => Style::new().fg(Color::Indexed(full)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_there_are_only_modifiers() {
        let theme = Theme { color: ColorMode::None };
        for tone in [Tone::Wait, Tone::Bad, Tone::Good, Tone::Busy, Tone::Banner] {
            assert_eq!(theme.style(tone).fg, None, "{tone:?}");
        }
        assert!(theme.style(Tone::Banner).add_modifier.contains(Modifier::REVERSED));
    }
}
