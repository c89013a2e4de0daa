//! Asks for a code.

use std::io;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::cli::exit::CliError;
use crate::cli::hidden::{self, Kind};
use crate::cli::settings::Settings;

pub use crate::cli::hidden::is_person;

/// A longer line is no code; blanks are those that apps show in it.
const CODE: Kind = Kind { name: "code", max_bytes: 64, keeps_blanks: false };

/// What is typed is not shown for as long as this lives: between two questions neither.
pub struct Unseen(Option<Termios>);

impl Unseen {
    /// Where nobody sits there is nothing to hide.
    pub fn begin() -> Self {
        let shown = tcgetattr(io::stdin()).ok();
        if let Some(shown) = &shown {
            let mut hidden = shown.clone();
            hidden.local_modes.remove(LocalModes::ECHO);
            // Where it cannot be set, each question still hides its own answer.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &hidden);
        }
        Self(shown)
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        if let Some(shown) = &self.0 {
            // Nothing better is left to be done if the terminal is gone.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, shown);
        }
    }
}

/// The code, without the blanks that apps show in it.
///
/// # Errors
/// When nobody answers.
pub fn ask(settings: &Settings, question: &str) -> Result<Zeroizing<String>, CliError> {
    hidden::ask(settings, question, CODE)
}
