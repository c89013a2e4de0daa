//! Where findings go: bounded, so that a hostile file cannot make more of them than a machine holds.

use super::diagnostic::{self, Diagnostic, Severity};

/// Findings of each severity that are kept. Nobody reads more, and a hostile file has 100,000.
const MOST: usize = 250;

#[derive(Default)]
pub(super) struct Sink {
    found: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
}

impl Sink {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Keeps a finding. Errors and warnings are counted apart: a flood of warnings hides no error.
    pub(super) fn push(&mut self, finding: Diagnostic) {
        let count = match finding.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        *count += 1;
        if *count <= MOST {
            self.found.push(finding);
        }
    }

    pub(super) fn extend(&mut self, findings: impl IntoIterator<Item = Diagnostic>) {
        for finding in findings {
            self.push(finding);
        }
    }

    pub(super) const fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Whether further errors would not be kept, so that work on their messages can be spared.
    pub(super) const fn is_full(&self) -> bool {
        self.errors >= MOST
    }

    /// In the order of the text.
    pub(super) fn into_sorted(mut self) -> Vec<Diagnostic> {
        diagnostic::sort(&mut self.found);
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::span::Span;

    #[test]
    fn a_flood_of_warnings_hides_no_error() {
        let mut sink = Sink::new();
        for offset in 0..1_000 {
            sink.push(Diagnostic::warning("LB508", Span { offset, ..Span::default() }, "never runs"));
        }
        assert!(!sink.has_errors() && !sink.is_full());
        sink.push(Diagnostic::error("LB101", Span::default(), "no such key"));
        assert!(sink.has_errors());
        let found = sink.into_sorted();
        assert_eq!(found.len(), MOST + 1);
        assert!(found.iter().any(|finding| finding.severity == Severity::Error));
    }
}
