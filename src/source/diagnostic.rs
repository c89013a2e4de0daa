//! A finding: what, where, why, and the way out. Knows nothing of how findings are shown.

use serde::Serialize;

use super::explain as texts;
use crate::model::span::Span;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Error,
    Warning,
}

impl Severity {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One finding at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// `LB101`; `lifeboat explain LB101` tells the whole story.
    pub code: &'static str,
    pub severity: Severity,
    pub message: String,
    pub span: Span,
    /// The way out.
    pub help: Option<String>,
}

impl Diagnostic {
    #[must_use]
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, message: message.into(), span, help: None }
    }

    #[must_use]
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }
}

/// The long text of a code: what it means, why it matters, an example, the way out.
#[must_use]
pub fn explain(code: &str) -> Option<&'static str> {
    texts::explain(code)
}

/// Every code there is, in order.
#[must_use]
pub fn codes() -> &'static [&'static str] {
    texts::CODES
}

/// In the order of the files and lines, errors before warnings at one place, no finding twice.
pub(super) fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| {
        (a.span.file, a.span.offset, a.severity, a.code, &a.message).cmp(&(
            b.span.file,
            b.span.offset,
            b.severity,
            b.code,
            &b.message,
        ))
    });
    diagnostics.dedup();
}

/// "did you mean `x`?" when a known word is near enough.
#[must_use]
pub(super) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, known).map(|best| format!("did you mean `{best}`?"))
}

/// The known word nearest to a misspelt one, when it is near enough.
#[must_use]
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A word that nobody would misspell so far is no suggestion, and comparing it costs.
    if word.chars().count() > 80 {
        return None;
    }
    let lower = word.to_lowercase().replace('-', "_");
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// "did you mean …?", or else the list of what there is.
#[must_use]
pub(super) fn did_you_mean_or_list<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    did_you_mean(word, known.iter().copied()).or_else(|| match known.len() {
        0 => None,
        1..=16 => Some(format!("known here: {}", known.join(", "))),
        more => Some(format!("known here: {} and {} more", known[..12].join(", "), more - 12)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        let known = ["budget", "steps", "needs"];
        assert_eq!(did_you_mean("bugdet", known).as_deref(), Some("did you mean `budget`?"));
        assert_eq!(did_you_mean("elephant", known), None);
        assert_eq!(did_you_mean_or_list("elephant", known).as_deref(), Some("known here: budget, steps, needs"));
    }
}
