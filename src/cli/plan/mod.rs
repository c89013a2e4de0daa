//! `plan` and FILE alone: what a runbook would do, shown and never run.

mod forecast;
mod markdown;
mod text;
mod view;

use super::args::{Plan as Wanted, PlanFormat};
use super::doctor::now_ms;
use super::exit::{CliError, Exit, Outcome};
use super::files;
use super::out;
use super::secrets;
use super::settings::Settings;
use crate::model::outcome::Mode;
use crate::model::plan::{Intent, Plan};
use crate::model::runbook::Runbook;
use crate::source::{self, Diagnostic, Loaded, RunContext, Severity};
use view::PlanView;

pub fn plan(settings: &Settings, wanted: &Wanted) -> Outcome {
    let (loaded, _) = files::load(&wanted.file)?;
    let runbook = valid(settings, &wanted.file, &loaded)?;
    let context = RunContext {
        given: files::inputs(&wanted.inputs)?,
        mode: Mode::Real,
        intent: Intent::Planned,
        operator: settings.operator(),
        run: "‹run›".to_owned(),
        now_ms: now_ms(),
    };
    let plan = instantiated(settings, &loaded, runbook, &context)?;
    secrets::hide(&plan, &loaded.files)?;
    let view = PlanView { forecast: forecast::forecast(settings, &plan), ..PlanView::new(&plan) };
    let format = if settings.json { PlanFormat::Json } else { wanted.output };
    match format {
        PlanFormat::Text => out::document(&settings.out.glyphs(&text::render(&view)))?,
        PlanFormat::Md => out::document(&settings.out.glyphs(&markdown::render(&view)))?,
        PlanFormat::Json => out::json(&serde_json::to_value(&view).unwrap_or_default())?,
    }
    Ok(Exit::Done)
}

/// The runbook, if nothing in it is an error; else its findings go to stderr.
///
/// # Errors
/// Exit 2.
pub fn valid<'a>(settings: &Settings, file: &str, loaded: &'a Loaded) -> Result<&'a Runbook, CliError> {
    loaded.runbook.as_ref().ok_or_else(|| {
        show(settings, &loaded.diagnostics, loaded);
        CliError::usage(format!("`{file}` is not valid")).hint(format!("lifeboat check {file} shows all findings"))
    })
}

/// The plan of one run; what does not fit goes to stderr.
///
/// # Errors
/// Exit 2.
pub fn instantiated(
    settings: &Settings,
    loaded: &Loaded,
    runbook: &Runbook,
    context: &RunContext,
) -> Result<Plan, CliError> {
    source::instantiate(runbook, context).map_err(|findings| {
        show(settings, &findings, loaded);
        CliError::usage(format!("`{}` does not fit these inputs", runbook.name))
    })
}

fn show(settings: &Settings, findings: &[Diagnostic], loaded: &Loaded) {
    let errors: Vec<Diagnostic> = findings.iter().filter(|f| f.severity == Severity::Error).cloned().collect();
    settings.out.diagnostics(&errors, &loaded.files);
}
