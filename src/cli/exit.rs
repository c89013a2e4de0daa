//! How the process ends: the exit codes scripts rely on, and errors with a way out.

use std::process::ExitCode;

/// The closed set of exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, objectives met.
    Done,
    Failed,
    /// Wrong usage, or an invalid file.
    Usage,
    /// Done, but RTO or RPO missed.
    Missed,
    /// Credentials or MFA.
    Credentials,
    /// Stopped; can be resumed.
    Stopped,
    /// Aborted by the operator. Never 0.
    Aborted,
    /// Another process holds the run.
    Locked,
    /// The journal is damaged.
    Damaged,
    /// A part of the program has panicked; the run can be resumed.
    Panicked,
    /// Ended by this signal.
    Signal(u8),
}

impl Exit {
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Missed => 3,
            Self::Credentials => 4,
            Self::Stopped => 5,
            Self::Aborted => 6,
            Self::Locked => 7,
            Self::Damaged => 8,
            // As any program in Rust that panics.
            Self::Panicked => 101,
            Self::Signal(number) => 128_u8.saturating_add(number),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a verb could not do its work. Completes "failed to …" or states the fact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CliError {
    pub exit: Exit,
    pub message: String,
    pub hint: Option<String>,
}

impl CliError {
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None }
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What every verb gives back.
pub type Outcome = Result<Exit, CliError>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_that_scripts_know() {
        let codes = [
            (Exit::Done, 0),
            (Exit::Failed, 1),
            (Exit::Usage, 2),
            (Exit::Missed, 3),
            (Exit::Credentials, 4),
            (Exit::Stopped, 5),
            (Exit::Aborted, 6),
            (Exit::Locked, 7),
            (Exit::Damaged, 8),
            (Exit::Panicked, 101),
            (Exit::Signal(1), 129),
            (Exit::Signal(15), 143),
        ];
        for (exit, code) in codes {
            assert_eq!(exit.code(), code, "{exit:?}");
        }
    }
}
