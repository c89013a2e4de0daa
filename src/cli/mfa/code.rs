//! Asks for a code.

use zeroize::Zeroizing;

use crate::cli::exit::CliError;
use crate::cli::hidden::{self, Kind};
use crate::cli::settings::Settings;

pub use crate::cli::hidden::{Unseen, is_person};

/// A longer line is no code; blanks are those that apps show in it.
const CODE: Kind = Kind { name: "code", max_bytes: 64, keeps_blanks: false };

/// The code, without the blanks that apps show in it.
///
/// # Errors
/// When nobody answers.
pub fn ask(settings: &Settings, question: &str) -> Result<Zeroizing<String>, CliError> {
    hidden::ask(settings, question, CODE)
}
