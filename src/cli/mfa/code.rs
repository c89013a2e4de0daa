//! Asks for a code: at a terminal without showing it, else the next line of stdin.

use std::io::{self, IsTerminal as _, Read as _};

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use zeroize::Zeroizing;

use crate::cli::exit::{CliError, Exit};
use crate::cli::settings::Settings;

/// A longer line is no code.
const MAX_BYTES: usize = 64;
const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const CTRL_U: u8 = 0x15;
const ESCAPE: u8 = 0x1b;

/// Whether a person answers, who can try again.
pub fn is_person() -> bool {
    io::stdin().is_terminal()
}

/// The code, without the blanks that apps show in it.
///
/// # Errors
/// When nobody answers.
pub fn ask(settings: &Settings, question: &str) -> Result<Zeroizing<String>, CliError> {
    if !is_person() {
        settings.out.say(question);
        let mut line = Line::default();
        while let Some(byte) = next_byte()? {
            if !line.takes(byte) {
                break;
            }
        }
        return line.finished();
    }
    let typed = hidden(|| settings.out.ask(question));
    settings.out.say("");
    typed?.finished()
}

/// Reads a line that nobody sees, once it is asked for: what is typed is hidden before anybody can
/// answer. The terminal is given back whatever happens.
fn hidden(ask: impl FnOnce()) -> Result<Line, CliError> {
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
    let mut line = Line::default();
    while let Some(byte) = next_byte()? {
        match byte {
            CTRL_C | ESCAPE => return Err(CliError::new(Exit::Aborted, "given up")),
            CTRL_D => break,
            _ if !line.takes(byte) => break,
            _ => {}
        }
    }
    Ok(line)
}

fn next_byte() -> Result<Option<u8>, CliError> {
    let mut byte = [0];
    let read = io::stdin().lock().read(&mut byte);
    let count = read.map_err(|error| CliError::failed(format!("failed to read the code: {error}")))?;
    Ok((count == 1).then_some(byte[0]))
}

/// What has been typed so far.
struct Line {
    bytes: Zeroizing<Vec<u8>>,
    is_empty: bool,
}

impl Default for Line {
    fn default() -> Self {
        // Large enough from the start, so that no copy is left behind by growing.
        Self { bytes: Zeroizing::new(Vec::with_capacity(MAX_BYTES)), is_empty: true }
    }
}

impl Line {
    /// Takes a byte; false at the end of the line.
    fn takes(&mut self, byte: u8) -> bool {
        self.is_empty = false;
        match byte {
            b'\r' | b'\n' => return false,
            b'\x08' | b'\x7f' => drop(self.bytes.pop()),
            CTRL_U => self.bytes.clear(),
            b' ' | b'\t' => {}
            _ if self.bytes.len() < MAX_BYTES => self.bytes.push(byte),
            _ => {}
        }
        true
    }

    fn finished(self) -> Result<Zeroizing<String>, CliError> {
        if self.is_empty {
            return Err(CliError::new(Exit::Credentials, "no code was given").hint("type it, or write it to stdin"));
        }
        Ok(Zeroizing::new(String::from_utf8_lossy(&self.bytes).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> String {
        let mut line = Line::default();
        let ended = keys.iter().position(|key| !line.takes(*key));
        assert!(ended.is_none_or(|at| at + 1 == keys.len()));
        line.finished().unwrap().to_string()
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        assert_eq!(typed(b"123 456\n"), "123456");
        assert_eq!(typed(b"123457\x7f6\r"), "123456");
        assert_eq!(typed(b"999\x15123456"), "123456");
        assert_eq!(typed(b"\n"), "");
        assert_eq!(typed(&[b'1'; 500]).len(), MAX_BYTES);
        assert!(Line::default().finished().is_err());
    }
}
