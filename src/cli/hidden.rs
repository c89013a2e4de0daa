//! Asks for what nobody may see: at a terminal without showing it, else the next line of stdin.
//!
//! Must not know what it is for.

use std::io::{self, IsTerminal as _, Read as _};

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::exit::{CliError, Exit};
use super::settings::Settings;

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const CTRL_U: u8 = 0x15;
const ESCAPE: u8 = 0x1b;

/// What kind of line is typed.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// What it is called when none is given.
    pub name: &'static str,
    /// A longer line is cut.
    pub max_bytes: usize,
    /// Blanks within it count; else they are there for the eye alone.
    pub keeps_blanks: bool,
}

/// Whether a person answers, who can try again.
pub fn is_person() -> bool {
    io::stdin().is_terminal()
}

/// What is typed is not shown for as long as this lives: between two questions neither. It waits for the
/// next question, Ctrl-C too: a signal would end the process with the terminal as it is by then.
pub struct Unseen(Option<Termios>);

impl Unseen {
    /// Where nobody sits there is nothing to hide.
    pub fn begin() -> Self {
        let shown = tcgetattr(io::stdin()).ok();
        if let Some(shown) = &shown {
            let mut hidden = shown.clone();
            hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
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

/// The line.
///
/// # Errors
/// When nobody answers.
pub fn ask(settings: &Settings, question: &str, kind: Kind) -> Result<Zeroizing<String>, CliError> {
    if !is_person() {
        settings.out.say(question);
        let mut line = Line::new(kind);
        while let Some(byte) = next_byte(kind)? {
            if !line.takes(byte) {
                break;
            }
        }
        return line.finished();
    }
    let typed = hidden(kind, || settings.out.ask(question));
    settings.out.say("");
    typed?.finished()
}

/// Reads a line that nobody sees, once it is asked for: what is typed is hidden before anybody can
/// answer. The terminal is given back whatever happens.
fn hidden(kind: Kind, ask: impl FnOnce()) -> Result<Line, CliError> {
    struct Raw;
    impl Drop for Raw {
        fn drop(&mut self) {
            // Nothing better is left to be done if the terminal is gone.
            let _ = disable_raw_mode();
        }
    }
    enable_raw_mode().map_err(|error| CliError::failed(format!("failed to hide what is typed: {error}")))?;
    let _raw = Raw;
    ask();
    let mut line = Line::new(kind);
    while let Some(byte) = next_byte(kind)? {
        match byte {
            CTRL_C | ESCAPE => return Err(CliError::new(Exit::Aborted, "given up")),
            CTRL_D => break,
            _ if !line.takes(byte) => break,
            _ => {}
        }
    }
    Ok(line)
}

fn next_byte(kind: Kind) -> Result<Option<u8>, CliError> {
    let mut byte = [0];
    let read = io::stdin().lock().read(&mut byte);
    let count = read.map_err(|error| CliError::failed(format!("failed to read the {}: {error}", kind.name)))?;
    Ok((count == 1).then_some(byte[0]))
}

/// What has been typed so far.
struct Line {
    kind: Kind,
    bytes: Zeroizing<Vec<u8>>,
    is_empty: bool,
}

impl Line {
    fn new(kind: Kind) -> Self {
        // Large enough from the start, so that no copy is left behind by growing.
        Self { kind, bytes: Zeroizing::new(Vec::with_capacity(kind.max_bytes)), is_empty: true }
    }

    /// Takes a byte; false at the end of the line.
    fn takes(&mut self, byte: u8) -> bool {
        self.is_empty = false;
        match byte {
            b'\r' | b'\n' => return false,
            b'\x08' | b'\x7f' => self.erase(),
            CTRL_U => self.bytes.clear(),
            b' ' | b'\t' if !self.kind.keeps_blanks => {}
            _ if self.bytes.len() < self.kind.max_bytes => self.bytes.push(byte),
            _ => {}
        }
        true
    }

    /// The last letter, however many bytes it has.
    fn erase(&mut self) {
        while self.bytes.pop().is_some_and(|byte| (0x80..0xC0).contains(&byte)) {}
    }

    fn finished(mut self) -> Result<Zeroizing<String>, CliError> {
        let name = self.kind.name;
        if self.is_empty {
            return Err(
                CliError::new(Exit::Credentials, format!("no {name} was given")).hint("type it, or write it to stdin")
            );
        }
        String::from_utf8(std::mem::take(&mut *self.bytes)).map(Zeroizing::new).map_err(|error| {
            drop(Zeroizing::new(error.into_bytes()));
            CliError::new(Exit::Credentials, format!("the {name} is no text"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: Kind = Kind { name: "code", max_bytes: 64, keeps_blanks: false };
    const SECRET: Kind = Kind { keeps_blanks: true, name: "secret", ..CODE };

    fn typed(kind: Kind, keys: &[u8]) -> String {
        let mut line = Line::new(kind);
        let ended = keys.iter().position(|key| !line.takes(*key));
        assert!(ended.is_none_or(|at| at + 1 == keys.len()));
        line.finished().unwrap().to_string()
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        assert_eq!(typed(CODE, b"123 456\n"), "123456");
        assert_eq!(typed(CODE, b"123457\x7f6\r"), "123456");
        assert_eq!(typed(CODE, b"999\x15123456"), "123456");
        assert_eq!(typed(CODE, b"\n"), "");
        assert_eq!(typed(CODE, &[b'1'; 500]).len(), CODE.max_bytes);
        assert!(Line::new(CODE).finished().is_err());
    }

    #[test]
    fn a_secret_is_kept_as_it_is_typed() {
        assert_eq!(typed(SECRET, b"a b\tc \n"), "a b\tc ");
        assert_eq!(typed(SECRET, "ab\u{fc}\x7fc\n".as_bytes()), "abc");
        let mut line = Line::new(SECRET);
        assert!(line.takes(0xff));
        assert_eq!(line.finished().unwrap_err().message, "the secret is no text");
    }
}
