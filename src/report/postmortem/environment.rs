//! The template engine with its bounds: what a template may call, how much it may do and write.
//!
//! Must not know: what the variables are.

use std::io::{self, Write};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};

use super::TEMPLATE_MAX_BYTES;
use crate::model::text::fit;
use crate::model::time::{clock_hms, human_ms};
use crate::report::timeline::markdown::escape;

/// Steps that any template may take, and more for each row of the run.
const FUEL: u64 = 500_000;
const FUEL_A_ROW: u64 = 5_000;
/// Bytes that a post-mortem may have.
const OUTPUT_MAX_BYTES: usize = 64 * 1024 * 1024;
const MARKDOWN: &str = "markdown";
/// Cells of the line that an error shows.
const WORDS_CELLS: usize = 80;

/// Why a template gave no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("the template has {bytes} bytes; {TEMPLATE_MAX_BYTES} are allowed")]
    TooLong { bytes: usize },
    #[error("line {line}: {message}")]
    At { line: usize, message: String },
    #[error("{0}")]
    Other(String),
}

pub(super) fn render(source: &str, context: Value, rows: usize) -> Result<String, TemplateError> {
    let mut environment = environment();
    environment.set_fuel(Some(FUEL + FUEL_A_ROW * rows as u64));
    let told = |error: &Error| told(source, error);
    let template = environment.template_from_str(source).map_err(|error| told(&error))?;
    let mut page = Bounded(Vec::new());
    template.render_captured_to(context, &mut page).map_err(|error| told(&error))?;
    let mut text = String::from_utf8(page.0).map_err(|error| TemplateError::Other(error.to_string()))?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // Both are known to every syntax, so this cannot fail; without them there would be empty lines.
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_auto_escape_callback(|_| AutoEscape::Custom(MARKDOWN.into()));
    environment.set_formatter(format);
    environment.add_filter("clock", |ms: u64| clock_hms(ms));
    environment.add_filter("human", |ms: u64| human_ms(ms));
    environment.add_filter("time", |text: String| seconds(&text));
    environment.add_filter("date", |text: String| text.chars().take(10).collect::<String>());
    environment.add_filter("todo", |value: &Value, what: String| {
        let is_known = !value.is_undefined() && !value.is_none() && value.as_str() != Some("");
        if is_known { value.clone() } else { todo(&what) }
    });
    environment.add_function("todo", |what: String| todo(&what));
    environment
}

/// What the author has to fill in.
fn todo(what: &str) -> Value {
    Value::from_safe_string(format!("**TODO:** {}", escape(what)))
}

/// `2026-11-22 03:41:07Z`: a second is as fine as people read.
fn seconds(text: &str) -> String {
    match (text.split_once('T'), text.find('.')) {
        (Some((date, time)), Some(_)) => {
            format!("{date} {}Z", time.split('.').next().unwrap_or_default())
        }
        _ => text.to_owned(),
    }
}

/// Everything but what was made safe on purpose becomes text.
fn format(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    if value.is_none() {
        return Ok(());
    }
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    let is_raw = value.is_safe() || matches!(state.auto_escape(), AutoEscape::None);
    let text = value.to_string();
    out.write_str(&if is_raw { text } else { escape(&text) }).map_err(Error::from)
}

/// The engine's error with its line.
fn told(source: &str, error: &Error) -> TemplateError {
    let message = match error.kind() {
        ErrorKind::OutOfFuel => "it does more than a post-mortem needs: a loop within loops?".to_owned(),
        ErrorKind::WriteFailure => format!("it writes more than {} MiB", OUTPUT_MAX_BYTES >> 20),
        kind => match error.detail() {
            Some(detail) => format!("{kind}: {detail}"),
            None => kind.to_string(),
        },
    };
    let Some(line) = error.line() else { return TemplateError::Other(message) };
    let words = source.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim();
    TemplateError::At { line, message: format!("{message}, in `{}`", fit(words, WORDS_CELLS)) }
}

/// A page that ends somewhere.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > OUTPUT_MAX_BYTES {
            return Err(io::Error::other("too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
