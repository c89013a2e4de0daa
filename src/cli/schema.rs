//! `schema` and `explain`: what the dialect and templates allow, and what a finding means.

use serde_json::json;

use super::args::{Explain, Schema, SchemaOf};
use super::exit::{CliError, Exit, Outcome};
use super::out;
use super::settings::Settings;
use crate::report::postmortem::{self, Shipped};
use crate::report::summary::VERSION;
use crate::report::timeline::json as json_form;
use crate::source;

pub fn schema(wanted: &Schema) -> Outcome {
    match (wanted.of, &wanted.name) {
        (SchemaOf::Runbook, None) => out::json(&source::runbook_schema())?,
        (SchemaOf::Scenario, None) => out::json(&source::scenario_schema())?,
        (SchemaOf::Timeline, None) => out::json(&json_form::schema())?,
        (SchemaOf::Runbook | SchemaOf::Scenario | SchemaOf::Timeline, Some(_)) => {
            return Err(CliError::usage("a JSON Schema has no parts"));
        }
        (SchemaOf::Template, None) => out::document(postmortem::VARIABLES)?,
        (SchemaOf::Template, Some(name)) => match Shipped::parse(name) {
            Some(shipped) => out::document(shipped.source())?,
            None => return Err(CliError::usage(format!("no template is called `{name}`")).hint("sre, coe or drill")),
        },
    }
    Ok(Exit::Done)
}

pub fn explain(settings: &Settings, wanted: &Explain) -> Outcome {
    let Some(code) = &wanted.code else { return list(settings) };
    let code = code.to_uppercase();
    let Some(text) = source::explain(&code) else {
        return Err(CliError::usage(format!("no finding has the code `{code}`"))
            .hint("lifeboat explain lists the codes; they look like LB101"));
    };
    if settings.json {
        out::json(&json!({"version": VERSION, "code": code, "text": text}))?;
    } else {
        out::document(&settings.out.glyphs(text))?;
    }
    Ok(Exit::Done)
}

/// Every code with the first line of its text.
fn list(settings: &Settings) -> Outcome {
    let titles = source::codes().iter().map(|code| {
        let text = source::explain(code).unwrap_or_default();
        (*code, text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim_start_matches('#').trim())
    });
    if settings.json {
        let codes: Vec<_> = titles.map(|(code, title)| json!({"code": code, "title": title})).collect();
        out::json(&json!({"version": VERSION, "codes": codes}))?;
    } else {
        for (code, title) in titles {
            out::line(&settings.out.glyphs(&format!("{code}  {title}")))?;
        }
    }
    Ok(Exit::Done)
}
