//! `check`: everything that is wrong with runbooks, each finding with its place and a way out.

use std::path::Path;

use serde_json::{Value, json};

use super::args::Check;
use super::check_live::{self, Live};
use super::exit::{Exit, Outcome};
use super::files;
use super::out;
use super::settings::Settings;
use crate::model::time::human_ms;
use crate::report::summary::VERSION;
use crate::source::{self, CriticalPath, Diagnostic, Loaded, Severity};

/// One file and what was found in it.
struct Checked {
    path: String,
    loaded: Loaded,
    path_ms: Option<CriticalPath>,
    rto_ms: Option<u64>,
    /// What AWS says of it, where that was asked and the file is valid.
    live: Option<Live>,
}

pub fn check(settings: &Settings, wanted: &Check) -> Outcome {
    let mut checked: Vec<Checked> = wanted.files.iter().map(|file| Checked::new(file)).collect();
    if wanted.live {
        check_live::is_there()?;
        for one in checked.iter_mut().filter(|one| !one.loaded.has_errors()) {
            one.live = Some(check_live::look(settings, wanted, &one.loaded, &one.path)?);
        }
    }
    if settings.json {
        out::json(&report(&checked))?;
    } else {
        for one in &checked {
            show(settings, one)?;
        }
    }
    if checked.iter().any(|one| one.loaded.has_errors()) {
        return Ok(Exit::Usage);
    }
    Ok(check_live::exit(checked.iter().filter_map(|one| one.live.as_ref())))
}

impl Checked {
    fn new(file: &str) -> Self {
        // A file that does not exist is a finding like any other, so that a script sees it.
        let loaded = files::load(file).map_or_else(|_| source::check_path(Path::new(file)), |(loaded, _)| loaded);
        let runbook = loaded.runbook.as_ref();
        Self {
            path: file.to_owned(),
            path_ms: runbook.map(source::critical_path),
            rto_ms: runbook.and_then(|runbook| runbook.objectives.rto_ms),
            loaded,
            live: None,
        }
    }
}

fn show(settings: &Settings, one: &Checked) -> Result<(), super::exit::CliError> {
    let out = settings.out;
    if !one.loaded.diagnostics.is_empty() {
        out::document(&out.drawn(&one.loaded.diagnostics, &one.loaded.files))?;
    }
    let count = |severity: Severity| one.loaded.diagnostics.iter().filter(|d| d.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let budgets = one.path_ms.as_ref().map_or_else(String::new, |path| {
        let rto = one.rto_ms.map_or_else(String::new, |ms| format!(" of an RTO of {}", human_ms(ms)));
        format!("; critical path {}{rto}", human_ms(path.ms))
    });
    let verdict = if errors == 0 { "is valid" } else { "cannot be run" };
    out.say(&format!(
        "{} {verdict}: {}, {}{budgets}",
        one.path,
        counted(errors, "error"),
        counted(warnings, "warning")
    ));
    one.live.as_ref().map_or(Ok(()), |live| live.show(settings, &one.path))
}

pub(super) fn counted(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// The form that scripts rely on. The critical path on top is that of the slowest file.
fn report(checked: &[Checked]) -> Value {
    let slowest = checked.iter().max_by_key(|one| one.path_ms.as_ref().map_or(0, |path| path.ms));
    let files: Vec<Value> = checked
        .iter()
        .map(|one| {
            let diagnostics: Vec<Value> =
                one.loaded.diagnostics.iter().map(|finding| finding_json(finding, &one.loaded)).collect();
            let mut file = json!({
                "path": one.path,
                "ok": !one.loaded.has_errors(),
                "diagnostics": diagnostics,
                "critical_path_ms": one.path_ms.as_ref().map(|path| path.ms),
                "critical_path": one.path_ms.as_ref().map(|path| &path.phases),
                "rto_ms": one.rto_ms,
            });
            if let Some(live) = &one.live {
                file["live"] = live.json();
            }
            file
        })
        .collect();
    json!({
        "version": VERSION,
        "files": files,
        "critical_path_ms": slowest.and_then(|one| one.path_ms.as_ref()).map(|path| path.ms),
        "rto_ms": slowest.and_then(|one| one.rto_ms),
    })
}

fn finding_json(finding: &Diagnostic, loaded: &Loaded) -> Value {
    let file = loaded.files.get(usize::from(finding.span.file)).map(|file| file.path.as_str());
    json!({
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "file": file,
        "line": finding.span.line,
        "column": finding.span.column,
        "help": finding.help,
    })
}
