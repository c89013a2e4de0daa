//! The rows of a timeline for spreadsheets: RFC 4180, and no cell that a spreadsheet would run.

use std::io;

use csv::{QuoteStyle, Terminator, Writer, WriterBuilder};

use super::{Document, Entry, Format, Options};
use crate::model::time::rfc3339;

const COLUMNS: [&str; 13] = [
    "mode",
    "run",
    "seq",
    "at",
    "at_local",
    "recorded_at",
    "who",
    "step",
    "subject",
    "kind",
    "text",
    "journal_head",
    "verify",
];

/// Renders the rows of a timeline, each beginning with DRILL or REAL.
#[must_use]
pub fn render(document: &Document, options: &Options) -> String {
    super::render(Format::Csv, document, options)
}

/// Writes a timeline, with these rows. Each carries the chain's head and the command that checks it:
/// rows are cut out of their file and pasted elsewhere.
///
/// # Errors
/// When `out` fails.
pub fn write(
    document: &Document,
    rows: &mut dyn Iterator<Item = Entry>,
    options: &Options,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut csv = WriterBuilder::new().terminator(Terminator::CRLF).quote_style(QuoteStyle::Necessary).from_writer(out);
    csv.write_record(COLUMNS)?;
    for row in rows {
        field(&mut csv, document.banner)?;
        field(&mut csv, &document.run)?;
        field(&mut csv, &row.seq.to_string())?;
        field(&mut csv, &rfc3339(row.at_ms))?;
        field(&mut csv, &options.zone.as_ref().map(|zone| zone.rfc3339(row.at_ms)).unwrap_or_default())?;
        field(&mut csv, &row.recorded_ms.map(rfc3339).unwrap_or_default())?;
        field(&mut csv, row.who.as_deref().unwrap_or_default())?;
        field(&mut csv, row.step.as_deref().unwrap_or_default())?;
        field(&mut csv, &row.subject)?;
        field(&mut csv, row.kind.word())?;
        field(&mut csv, &row.text)?;
        field(&mut csv, &document.journal.head)?;
        field(&mut csv, &document.verify)?;
        csv.write_record(None::<&[u8]>)?;
    }
    csv.flush()
}

/// A field that begins like a formula gets an apostrophe in front: shown as text, never run.
fn field<W: io::Write>(csv: &mut Writer<W>, text: &str) -> io::Result<()> {
    // Some drop the blanks before it first.
    if text.starts_with(begins_a_formula) || text.trim_start().starts_with(begins_a_formula) {
        csv.write_field(format!("'{text}"))?;
    } else {
        csv.write_field(text)?;
    }
    Ok(())
}

/// The wide forms count too: spreadsheets read them alike.
const fn begins_a_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut csv = WriterBuilder::new().from_writer(Vec::new());
        field(&mut csv, text).unwrap();
        field(&mut csv, "end").unwrap();
        csv.write_record(None::<&[u8]>).unwrap();
        let line = String::from_utf8(csv.into_inner().unwrap()).unwrap();
        line.strip_suffix(",end\n").unwrap().to_owned()
    }

    #[test]
    fn fields_are_quoted_as_the_rfc_says() {
        assert_eq!(written("plain text"), "plain text");
        assert_eq!(written("a,b"), "\"a,b\"");
        assert_eq!(written("say \"x\""), "\"say \"\"x\"\"\"");
        assert_eq!(written("two\r\nlines"), "\"two\r\nlines\"");
    }

    #[test]
    fn a_formula_becomes_text() {
        for formula in ["=cmd()", "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "  =1+1"] {
            assert_eq!(written(formula), format!("'{formula}"), "{formula:?}");
        }
        assert_eq!(written("\r=1"), "\"'\r=1\"");
        assert_eq!(written("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(written("a=b"), "a=b");
    }
}
