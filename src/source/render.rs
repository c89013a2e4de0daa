//! Findings as text: drawn around the source, or one a line. Everything shown passed through the
//! filter for text from outside; the caller only writes the result.

use std::fmt::Write as _;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Report, SourceSpan};

use super::diagnostic::{Diagnostic, Severity};
use crate::model::runbook::SourceFile;
use crate::model::text::safe;

/// A source line above this is not drawn: it would fill the screen.
const MAX_DRAWN_LINE: usize = 400;

/// How findings are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub color: bool,
    /// Only ASCII characters in the drawing.
    pub ascii: bool,
    /// Columns to wrap at.
    pub width: usize,
}

/// Every finding, drawn around the lines it is about.
#[must_use]
pub fn render_diagnostics(diagnostics: &[Diagnostic], files: &[SourceFile], style: Style) -> String {
    let mut theme = match (style.color, style.ascii) {
        (true, _) => GraphicalTheme::unicode(),
        (false, false) => GraphicalTheme::unicode_nocolor(),
        (false, true) => GraphicalTheme::none(),
    };
    if style.ascii {
        theme.characters = miette::ThemeCharacters::ascii();
    }
    let handler = GraphicalReportHandler::new_themed(theme).with_width(style.width.max(40)).with_links(false);
    let texts: Vec<String> = files.iter().map(|file| same_length(&file.text)).collect();
    let mut out = String::new();
    for finding in diagnostics {
        let drawn = draw(finding, files, &texts, &handler);
        // Writing to a String cannot fail.
        let _ = match drawn {
            Some(drawn) => writeln!(out, "{}", drawn.trim_end()),
            None => write!(out, "{}", render_plain(std::slice::from_ref(finding), files)),
        };
    }
    out
}

fn draw(
    finding: &Diagnostic,
    files: &[SourceFile],
    texts: &[String],
    handler: &GraphicalReportHandler,
) -> Option<String> {
    let file = files.get(usize::from(finding.span.file)).filter(|_| finding.span.line > 0)?;
    let text = texts.get(usize::from(finding.span.file))?;
    let start = finding.span.offset.min(text.len());
    let line = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
    let end = text.get(start..)?.find('\n').map_or(text.len(), |at| at + start);
    if text.is_empty() || end - line > MAX_DRAWN_LINE {
        return None;
    }
    // A label stays on its line: a map of thirty lines drawn whole says less than its first.
    let length = finding.span.len.max(1).min((end - start).max(1));
    let mut report = MietteDiagnostic::new(safe(&finding.message))
        .with_code(finding.code)
        .with_severity(match finding.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
        .with_label(LabeledSpan::new_primary_with_span(Some("here".to_owned()), SourceSpan::new(start.into(), length)));
    if let Some(help) = &finding.help {
        report = report.with_help(safe(help));
    }
    let report = Report::new(report).with_source_code(NamedSource::new(safe(&file.path), text.clone()));
    let mut drawn = String::new();
    handler.render_report(&mut drawn, report.as_ref()).ok()?;
    Some(drawn)
}

/// Every finding on a line of its own: `path:line:col: error[LB101]: message`, and its help below.
#[must_use]
pub fn render_plain(diagnostics: &[Diagnostic], files: &[SourceFile]) -> String {
    let mut out = String::new();
    for finding in diagnostics {
        let place = match files.get(usize::from(finding.span.file)) {
            Some(file) if finding.span.line > 0 => {
                format!("{}:{}:{}: ", safe(&file.path), finding.span.line, finding.span.column)
            }
            _ => String::new(),
        };
        let _ = writeln!(out, "{place}{}[{}]: {}", finding.severity.word(), finding.code, safe(&finding.message));
        if let Some(help) = &finding.help {
            let _ = writeln!(out, "    help: {}", safe(help));
        }
    }
    out
}

/// The text with every character that a terminal would obey replaced by as many harmless bytes, so
/// that the places in it stay true.
fn same_length(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        let shown = safe(c.encode_utf8(&mut [0; 4]));
        if c == '\n' || c == '\t' || shown.chars().eq([c]) {
            out.push(c);
        } else {
            out.extend(std::iter::repeat_n('?', c.len_utf8()));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::span::Span;

    fn example() -> (Vec<Diagnostic>, Vec<SourceFile>) {
        let text = "version: 1\nname: a\nbugdet: 3m \u{1b}[31m\u{202e}\n".to_owned();
        let span = Span { file: 0, line: 3, column: 1, offset: 19, len: 6 };
        let finding =
            Diagnostic::error("LB101", span, "the runbook has no key `bugdet`\u{1b}").help("did you mean `budget`?");
        (vec![finding], vec![SourceFile { path: "r.yaml".to_owned(), text }])
    }

    #[test]
    fn plain_is_one_line_a_finding_with_its_help() {
        let (found, files) = example();
        let plain = render_plain(&found, &files);
        assert_eq!(
            plain,
            "r.yaml:3:1: error[LB101]: the runbook has no key `bugdet`␛\n    help: did you mean `budget`?\n"
        );
    }

    #[test]
    fn drawn_points_at_the_place_and_lets_no_escape_through() {
        let (found, files) = example();
        let drawn = render_diagnostics(&found, &files, Style { color: false, ascii: false, width: 80 });
        assert!(drawn.contains("r.yaml:3:1") && drawn.contains("LB101") && drawn.contains("did you mean"), "{drawn}");
        assert!(!drawn.contains('\u{1b}') && !drawn.contains('\u{202e}'), "{drawn}");
        let ascii = render_diagnostics(&found, &files, Style { color: false, ascii: true, width: 80 });
        assert!(ascii.contains("here"), "{ascii}");
    }

    #[test]
    fn an_endless_line_is_not_drawn() {
        let files = vec![SourceFile { path: "r.yaml".to_owned(), text: "[".repeat(100_000) }];
        let span = Span { file: 0, line: 1, column: 49, offset: 48, len: 1 };
        let drawn = render_diagnostics(
            &[Diagnostic::error("LB004", span, "too deep")],
            &files,
            Style { color: true, ascii: false, width: 80 },
        );
        assert!(drawn.len() < 200, "{}", drawn.len());
    }
}
