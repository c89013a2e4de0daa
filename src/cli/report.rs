//! `report`: drills and incidents of a period.

use super::args::{Report as Wanted, ReportFormat};
use super::doctor::now_ms;
use super::exit::{CliError, Exit, Outcome};
use super::files;
use super::kept;
use super::out;
use super::runs::begun_ms;
use super::settings::Settings;
use crate::journal::store;
use crate::model::time::{parse_duration_ms, parse_rfc3339_ms};
use crate::report::period::due::Known;
use crate::report::period::{RunFacts, html, markdown, report};

pub fn period(settings: &Settings, wanted: &Wanted) -> Outcome {
    let until_ms = wanted.until.as_deref().map(|text| moment(text, now_ms())).transpose()?.unwrap_or_else(now_ms);
    let since_ms = moment(&wanted.since, until_ms)?;
    if since_ms > until_ms {
        return Err(CliError::usage("the period ends before it begins"));
    }
    let base = settings.state_dir()?;
    let entries = store::list(&base).map_err(|error| CliError::failed(format!("failed to list the runs: {error}")))?;
    let mut runs = Vec::with_capacity(entries.len());
    for entry in &entries {
        match kept::open(settings, &entry.id) {
            Ok(kept) => {
                let snapshot = kept.snapshot();
                let summary = kept.summary(&snapshot);
                runs.push(RunFacts::of(&kept.replayed, &snapshot, summary, &kept.records, begun_ms(&entry.id)));
            }
            // A report that hides what it could not read would be a lie.
            Err(error) => settings.out.say(&format!("run {} is left out: {}", entry.id, error.message)),
        }
    }
    let known = known(&wanted.files)?;
    let report = report(&runs, &known, since_ms, until_ms);
    let format = if settings.json { ReportFormat::Json } else { wanted.format };
    let text = match format {
        ReportFormat::Md => markdown::render(&report),
        ReportFormat::Html => html::render(&report),
        ReportFormat::Json => serde_json::to_string_pretty(&report).unwrap_or_default(),
    };
    match &wanted.output {
        None => out::document(&text)?,
        Some(path) => {
            std::fs::write(path, &text)
                .map_err(|error| CliError::failed(format!("failed to write `{}`: {error}", path.display())))?;
            settings.out.say(&format!("written to {}", path.display()));
        }
    }
    Ok(Exit::Done)
}

/// The schedules of runbooks that may never have been run here.
fn known(files: &[String]) -> Result<Vec<Known>, CliError> {
    let mut known = Vec::new();
    for file in files {
        let (loaded, _) = files::load(file)?;
        let Some(runbook) = loaded.runbook else {
            return Err(CliError::usage(format!("`{file}` is no valid runbook")).hint(format!("lifeboat check {file}")));
        };
        let path = runbook.files.first().map(|file| file.path.clone()).unwrap_or_default();
        match runbook.schedule {
            Some(schedule) => known.push(Known { runbook: runbook.name, path, schedule }),
            None => {
                return Err(CliError::usage(format!("`{file}` states no schedule"))
                    .hint("write `schedule: monthly`, or weekly, quarterly, yearly, at its top"));
            }
        }
    }
    Ok(known)
}

/// So long before (`90d`), a day, or an instant.
fn moment(text: &str, before_ms: i64) -> Result<i64, CliError> {
    if let Ok(ms) = parse_duration_ms(text) {
        return Ok(before_ms - i64::try_from(ms).unwrap_or(i64::MAX / 2));
    }
    let day = format!("{text}T00:00:00Z");
    parse_rfc3339_ms(text)
        .or_else(|why| parse_rfc3339_ms(&day).map_err(|_| why))
        .map_err(|why| CliError::usage(why).hint("write 90d, a day like 2026-11-01, or a time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_begins_so_long_ago_or_on_a_day() {
        assert_eq!(moment("1d", 86_400_000).unwrap(), 0);
        assert_eq!(moment("1970-01-02", 0).unwrap(), 86_400_000);
        assert_eq!(moment("1970-01-01T00:00:01Z", 0).unwrap(), 1_000);
        assert!(moment("yesterday", 0).is_err());
    }
}
