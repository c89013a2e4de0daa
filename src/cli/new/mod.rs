//! `new`: a runbook of one's own, made from a shipped one by putting other names in.
//!
//! Must not know how names are found and put (`source::names`): it asks, shows what does not fit, and
//! keeps the result.

mod ask;
mod keep;

use std::path::PathBuf;

use indexmap::IndexMap;
use serde_json::json;

use super::args::New;
use super::exit::{CliError, Exit, Outcome};
use super::files::{self, Origin};
use super::out;
use super::settings::Settings;
use super::shipped;
use super::start;
use crate::model::runbook::SourceFile;
use crate::report::summary::VERSION;
use crate::source::{self, Diagnostic, OwnersName, Severity, owners_names, put_names};

/// What is made a runbook of, and what was answered so far.
struct Draft {
    template: String,
    text: String,
    names: Vec<OwnersName>,
    answers: IndexMap<String, String>,
}

pub fn new(settings: &Settings, wanted: &New) -> Outcome {
    let Some(template) = template(settings, wanted)? else { return Ok(Exit::Aborted) };
    let (loaded, origin) = files::load(&template)?;
    super::plan::valid(settings, &template, &loaded)?;
    let [SourceFile { text, .. }] = loaded.files.as_slice() else {
        return Err(CliError::usage(format!("`{template}` includes other files, and a template is one file"))
            .hint("copy its files as they are, and change the names in them"));
    };
    let mut draft = Draft { template, text: text.clone(), names: owners_names(text), answers: IndexMap::new() };
    if wanted.list {
        return list(settings, &draft);
    }
    for pair in &wanted.set {
        draft.set(pair)?;
    }
    if !wanted.defaults && ask::names(settings, &mut draft)? == ask::Asked::Left {
        settings.out.say("nothing was written");
        return Ok(Exit::Aborted);
    }
    let made = draft.made()?;
    let path = wanted.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}.yaml", draft.own_name())));
    let kept = keep::keep(&path, &made, &scenarios(&draft, &origin)?)?;
    done(settings, &draft, &kept)
}

/// The template's name; `None` when a person who was asked would rather not.
fn template(settings: &Settings, wanted: &New) -> Result<Option<String>, CliError> {
    match &wanted.template {
        Some(template) => Ok(Some(template.clone())),
        None if out::is_interactive() && !wanted.list && !wanted.defaults => start::which(settings),
        None => {
            let names: Vec<&str> = shipped::runbooks().iter().map(|one| one.name).collect();
            Err(CliError::usage("which template?").hint(format!("lifeboat new TEMPLATE, one of: {}", names.join(", "))))
        }
    }
}

impl Draft {
    /// Takes `KEY=NAME`.
    fn set(&mut self, pair: &str) -> Result<(), CliError> {
        let Some((key, answer)) = pair.split_once('=') else {
            return Err(
                CliError::usage(format!("`{pair}` is no name")).hint("write it like --set inputs.source=orders-db")
            );
        };
        self.answer(key, answer).map_err(|why| {
            CliError::usage(format!("`{pair}` does not fit: {why}"))
                .hint(format!("lifeboat new {} --list shows every key", self.template))
        })
    }

    /// Takes an answer if the runbook is still valid with it; else says why not.
    fn answer(&mut self, key: &str, answer: &str) -> Result<(), String> {
        let before = self.answers.insert(key.to_owned(), answer.trim().to_owned());
        let checked =
            put_names(&self.text, &self.names, &self.answers).map_err(|error| error.to_string()).and_then(|text| {
                let found = checked(&text);
                found.first().map_or(Ok(()), |finding| Err(in_words(finding)))
            });
        if checked.is_err() {
            match before {
                Some(before) => self.answers.insert(key.to_owned(), before),
                None => self.answers.shift_remove(key),
            };
        }
        checked
    }

    fn own_name(&self) -> &str {
        let template = self.names.iter().find(|name| name.key == "name").map_or("runbook", |name| name.value.as_str());
        self.answers.get("name").map_or(template, String::as_str)
    }

    /// The runbook's text with every answer in it.
    fn made(&self) -> Result<String, CliError> {
        let text =
            put_names(&self.text, &self.names, &self.answers).map_err(|error| CliError::failed(error.to_string()))?;
        // The schema lies elsewhere now.
        let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with("# yaml-language-server")).collect();
        Ok(kept.join("\n") + "\n")
    }
}

/// What is wrong with a text; warnings do not stop anybody.
fn checked(text: &str) -> Vec<Diagnostic> {
    let file = SourceFile { path: "the runbook".to_owned(), text: text.to_owned() };
    let found = source::load(vec![file]).diagnostics;
    found.into_iter().filter(|finding| finding.severity == Severity::Error).collect()
}

fn in_words(finding: &Diagnostic) -> String {
    let help = finding.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{}{help}", finding.message)
}

/// The template's scenarios, about the owner's things: their file's name and text.
fn scenarios(draft: &Draft, origin: &Origin) -> Result<Vec<(String, String)>, CliError> {
    // A scenario has a name of its own, and it is not the runbook's.
    let answers: IndexMap<String, String> =
        draft.answers.iter().filter(|(key, _)| *key != "name").map(|(key, name)| (key.clone(), name.clone())).collect();
    let texts = files::scenario_names(origin).into_iter().map(|name| {
        let scenario = files::scenario(&name, origin)?;
        let text =
            put_names(&scenario.text, &draft.names, &answers).map_err(|error| CliError::failed(error.to_string()))?;
        Ok((name, text))
    });
    texts.collect()
}

fn list(settings: &Settings, draft: &Draft) -> Outcome {
    if settings.json {
        let names: Vec<_> =
            draft.names.iter().map(|name| json!({"key": name.key, "value": name.value, "help": name.help})).collect();
        out::json(&json!({"version": VERSION, "template": draft.template, "names": names}))?;
        return Ok(Exit::Done);
    }
    let width = draft.names.iter().map(|name| name.key.chars().count()).max().unwrap_or(0);
    for name in &draft.names {
        let (key, value, help) = (&name.key, settings.out.shown(&name.value), settings.out.shown(&name.help));
        out::line(&format!("{key:width$}  {value}  # {help}"))?;
    }
    Ok(Exit::Done)
}

fn done(settings: &Settings, draft: &Draft, kept: &keep::Kept) -> Outcome {
    let path = kept.runbook.display().to_string();
    if settings.json {
        let scenarios: Vec<String> = kept.scenarios.iter().map(|path| path.display().to_string()).collect();
        out::json(&json!({"version": VERSION, "path": path, "scenarios": scenarios, "named": draft.answers.len()}))?;
        return Ok(Exit::Done);
    }
    out::line(&path)?;
    let beside = match kept.scenarios.len() {
        0 => String::new(),
        1 => ", and 1 scenario beside it".to_owned(),
        many => format!(", and {many} scenarios beside it"),
    };
    settings.out.say(&format!("{path} is valid{beside}.\nIts times and texts are still the template's: read it once."));
    settings.out.say(&format!("rehearse it:   lifeboat drill {path}"));
    settings.out.say(&format!("ask AWS:       lifeboat check {path} --live"));
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests;
