//! The moments that every incident is told by, and how often a runbook is rehearsed.
//!
//! Must not know: who says when they were reached; that is an event.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A moment of an incident, in the order in which they usually come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    /// Customers were first affected.
    Impact,
    /// Somebody or something noticed.
    Detected,
    /// It was called an incident, and the recovery was decided.
    Declared,
    /// Customers were no longer affected, if not yet as they should be.
    Mitigated,
    /// The service was back, and the checks said so.
    Recovered,
    /// Nothing was left to do.
    Closed,
}

impl Milestone {
    pub const ALL: [Self; 6] =
        [Self::Impact, Self::Detected, Self::Declared, Self::Mitigated, Self::Recovered, Self::Closed];
    /// As they are written in runbooks, journals and on the command line.
    pub const WORDS: [&'static str; 6] = ["impact", "detected", "declared", "mitigated", "recovered", "closed"];

    #[must_use]
    pub const fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// How often a runbook is to be rehearsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    Weekly,
    Monthly,
    Quarterly,
    Yearly,
}

impl Schedule {
    pub const ALL: [Self; 4] = [Self::Weekly, Self::Monthly, Self::Quarterly, Self::Yearly];
    pub const WORDS: [&'static str; 4] = ["weekly", "monthly", "quarterly", "yearly"];

    #[must_use]
    pub const fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// The longest time between two rehearsals, in days: a month has up to 31 of them.
    #[must_use]
    pub const fn days(self) -> i64 {
        match self {
            Self::Weekly => 7,
            Self::Monthly => 31,
            Self::Quarterly => 92,
            Self::Yearly => 366,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_is_written_in_files() {
        for one in Milestone::ALL {
            assert_eq!(serde_json::to_value(one).unwrap(), one.word());
            assert_eq!(Milestone::parse(one.word()), Some(one));
        }
        for one in Schedule::ALL {
            assert_eq!(serde_json::to_value(one).unwrap(), one.word());
        }
        assert_eq!(Milestone::parse("Impact"), None);
    }
}
