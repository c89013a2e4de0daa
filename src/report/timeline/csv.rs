//! The rows of a timeline for spreadsheets: RFC 4180, and no cell that a spreadsheet would run.

use super::Document;
use crate::model::time::rfc3339;

const COLUMNS: [&str; 10] = ["mode", "run", "seq", "at", "recorded_at", "who", "step", "subject", "kind", "text"];

/// Renders the rows of a timeline, each beginning with DRILL or REAL.
#[must_use]
pub fn render(document: &Document) -> String {
    let mut out = String::new();
    push_record(&mut out, &COLUMNS);
    for row in &document.rows {
        let kind = serde_json::to_value(row.kind).unwrap_or_default();
        push_record(
            &mut out,
            &[
                document.banner,
                &document.run,
                &row.seq.to_string(),
                &rfc3339(row.at_ms),
                &row.recorded_ms.map(rfc3339).unwrap_or_default(),
                row.who.as_deref().unwrap_or_default(),
                row.step.as_deref().unwrap_or_default(),
                &row.subject,
                kind.as_str().unwrap_or_default(),
                &row.text,
            ],
        );
    }
    out
}

fn push_record(out: &mut String, fields: &[&str; COLUMNS.len()]) {
    for (ix, field) in fields.iter().enumerate() {
        if ix > 0 {
            out.push(',');
        }
        push_field(out, field);
    }
    out.push_str("\r\n");
}

/// A field that begins like a formula gets an apostrophe in front: shown as text, never run.
fn push_field(out: &mut String, field: &str) {
    // Some drop the blanks before it first.
    let guard =
        if field.starts_with(begins_a_formula) || field.trim_start().starts_with(begins_a_formula) { "'" } else { "" };
    let quoted = !guard.is_empty()
        || field.contains(['"', ',', '\r', '\n', ';'])
        || field.starts_with(char::is_whitespace)
        || field.ends_with(char::is_whitespace);
    if quoted {
        out.push('"');
        out.push_str(guard);
        out.push_str(&field.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(field);
    }
}

/// The wide forms count too: spreadsheets read them alike.
const fn begins_a_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠')
}

#[cfg(test)]
mod tests {
    use super::push_field;

    fn field(text: &str) -> String {
        let mut out = String::new();
        push_field(&mut out, text);
        out
    }

    #[test]
    fn fields_are_quoted_as_the_rfc_says() {
        assert_eq!(field("plain text"), "plain text");
        assert_eq!(field("a,b"), "\"a,b\"");
        assert_eq!(field("say \"x\""), "\"say \"\"x\"\"\"");
        assert_eq!(field("two\r\nlines"), "\"two\r\nlines\"");
    }

    #[test]
    fn a_formula_becomes_text() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            assert_eq!(field(formula), format!("\"'{formula}\""), "{formula:?}");
        }
        assert_eq!(field("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(field("  =1+1"), "\"'  =1+1\"");
        assert_eq!(field("a=b"), "a=b");
    }
}
