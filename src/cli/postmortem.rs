//! `timeline --template`: a post-mortem in a shipped order, or in one's own.

use std::io::Read as _;

use super::args::Timeline;
use super::exit::{CliError, Outcome};
use super::kept::Kept;
use super::settings::Settings;
use super::timeline::put;
use crate::report::actions;
use crate::report::postmortem::{Material, Shipped, TEMPLATE_MAX_BYTES, TemplateError, render};
use crate::report::timeline::Document;

pub fn write(settings: &Settings, wanted: &Timeline, of: (&str, &Kept, &Document)) -> Outcome {
    let (template, kept, document) = of;
    let source = match Shipped::parse(template) {
        Some(shipped) => shipped.source().to_owned(),
        None => read(template)?,
    };
    let text = rendered(kept, document, &source).map_err(|error| {
        CliError::usage(format!("failed to render `{template}`: {error}"))
            .hint("lifeboat schema template tells what a template may name")
    })?;
    put(settings, wanted, &text)?;
    kept.verdict()
}

/// The post-mortem of a run by a template's text.
///
/// # Errors
/// When the template is not one.
pub fn of(kept: &Kept, source: &str) -> Result<String, TemplateError> {
    let snapshot = kept.snapshot();
    rendered(kept, &Document::of(&kept.records, &snapshot, &kept.summary(&snapshot)), source)
}

fn rendered(kept: &Kept, document: &Document, source: &str) -> Result<String, TemplateError> {
    let actions = actions::of(&kept.records);
    let roles: Vec<_> =
        kept.replayed.plan().roles.iter().map(|(role, people)| (role.clone(), people.clone())).collect();
    render(Material { document, actions: &actions, roles: &roles }, source)
}

/// A template of one's own.
fn read(path: &str) -> Result<String, CliError> {
    let wrong = |why: String| {
        CliError::usage(format!("failed to read the template `{path}`: {why}"))
            .hint("--template takes sre, coe, drill, or the path of a file")
    };
    let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    let mut text = String::new();
    // One byte more than allowed tells that there is more.
    file.take(TEMPLATE_MAX_BYTES as u64 + 1).read_to_string(&mut text).map_err(|error| wrong(error.to_string()))?;
    Ok(text)
}
