//! The exact place of a word inside a located text. Knows only bytes and lines.

use crate::model::runbook::SourceFile;
use crate::model::span::Span;

/// Texts above this are pointed at as a whole: searching them again for every mistake would take long.
const MAX_TEXT: usize = 16 * 1024;

/// The place of `needle` inside the text at `span`; the text's own place when it is not there as
/// written (escapes, line folding).
pub(in crate::source) fn locate(files: &[SourceFile], span: Span, needle: &str) -> Span {
    let whole = Span { len: span.len, ..span };
    let Some(file) = files.get(usize::from(span.file)) else { return whole };
    let Some(raw) = file.text.get(span.offset..span.offset + span.len) else { return whole };
    if raw.len() > MAX_TEXT {
        return whole;
    }
    let Some(at) = find_word(raw, needle) else { return whole };
    let before = &raw[..at];
    let lines = before.matches('\n').count();
    let column = match before.rfind('\n') {
        None => span.column as usize + before.chars().count(),
        Some(line) => before[line + 1..].chars().count() + 1,
    };
    Span {
        file: span.file,
        line: span.line + u32::try_from(lines).unwrap_or(0),
        column: u32::try_from(column).unwrap_or(u32::MAX),
        offset: span.offset + at,
        len: needle.len(),
    }
}

/// The first occurrence that is not part of a longer word, or else of a shorter path to it.
fn find_word(raw: &str, needle: &str) -> Option<usize> {
    let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_path = needle.chars().all(|c| in_word(c) || c == '.');
    let whole = |at: &usize| {
        let (before, after) = (raw[..*at].chars().next_back(), raw[at + needle.len()..].chars().next());
        !is_path || (!before.is_some_and(|c| in_word(c) || c == '.') && !after.is_some_and(in_word))
    };
    let found = raw.match_indices(needle).map(|(at, _)| at).find(whole);
    found.or_else(|| needle.rsplit_once('.').filter(|_| is_path).and_then(|(shorter, _)| find_word(raw, shorter)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_inside_texts_are_found() {
        let text = "a: >-\n  inputs.customer and\n  inputs.cust é inputs.x\n".to_owned();
        let span = Span { file: 0, line: 1, column: 4, offset: 3, len: text.len() - 3 };
        let files = vec![SourceFile { path: String::new(), text }];
        let at = |needle: &str| {
            let at = locate(&files, span, needle);
            (at.line, at.column)
        };
        assert_eq!(at("inputs.cust"), (3, 3));
        assert_eq!(at("inputs.customer"), (2, 3));
        assert_eq!(at("inputs.x"), (3, 17));
        assert_eq!(at("inputs.x.y"), (3, 17));
        assert_eq!(at("nowhere"), (1, 4));
    }
}
