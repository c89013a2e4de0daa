//! The questions of `new`, line by line: works over any connection and for screen readers.
//!
//! Must not know how an answer is judged.

use std::io::{self, IsTerminal as _};

use super::Draft;
use crate::cli::exit::CliError;
use crate::cli::settings::Settings;

/// How the asking ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Whole,
    /// The person left in the middle.
    Left,
}

/// Asks for every name that was not given.
///
/// # Errors
/// Without a terminal, or when it fails.
pub fn names(settings: &Settings, draft: &mut Draft) -> Result<Asked, CliError> {
    if !io::stdin().is_terminal() {
        return Err(CliError::usage("nobody is here to be asked for names")
            .hint("give them with --set KEY=NAME (--list shows the keys), and add --defaults"));
    }
    let open: Vec<_> = draft.names.iter().filter(|name| !draft.answers.contains_key(&name.key)).cloned().collect();
    settings.out.say(&format!(
        "{} names. Enter keeps what stands in brackets,\n`.` keeps it and all the rest, Ctrl-D leaves without writing.",
        open.len()
    ));
    for (ix, name) in open.iter().enumerate() {
        settings.out.say(&format!("{:>3}/{}  {}", ix + 1, open.len(), name.help));
        loop {
            settings.out.ask(&format!("         {} [{}]:", name.key, name.value));
            let mut line = String::new();
            let read = io::stdin().read_line(&mut line);
            if read.map_err(|error| CliError::failed(format!("failed to read the answer: {error}")))? == 0 {
                return Ok(Asked::Left);
            }
            match line.trim() {
                "" => break,
                "." => return Ok(Asked::Whole),
                answer => match draft.answer(&name.key, answer) {
                    Ok(()) => break,
                    Err(why) => settings.out.say(&format!("         that does not fit: {why}")),
                },
            }
        }
    }
    Ok(Asked::Whole)
}
