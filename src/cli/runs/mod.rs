//! Runs kept on this machine: finding one, listing them, showing the state of one.

pub mod diff;

use serde_json::{Value, json};
use time_humanize::{Accuracy, HumanTime, Tense};

use crate::cli::exit::{CliError, Exit, Outcome};
use crate::cli::kept;
use crate::cli::out;
use crate::cli::settings::Settings;
use crate::cli::summary;
use crate::journal::store::{self, FindError, RunEntry};
use crate::model::time::{clock_hms, rfc3339};
use crate::report::summary::{Summary, VERSION};

/// The run that was meant: an id, a unique prefix, or `last`.
///
/// # Errors
/// When none or several fit.
pub fn find(settings: &Settings, wanted: &str) -> Result<RunEntry, CliError> {
    let base = settings.state_dir()?;
    store::find(&base, wanted).map_err(|error| {
        let hint = match &error {
            FindError::NoRuns(_) => "begin one: lifeboat drill regional_failover",
            FindError::Unknown { .. } => "lifeboat runs lists them; RUN is an id, a unique prefix, or last",
            FindError::Ambiguous { .. } => "write more of the id",
            FindError::Io(_) => "lifeboat doctor looks at the state directory",
        };
        CliError::new(Exit::Usage, error.to_string()).hint(hint)
    })
}

/// When a run was begun by the clock on the wall, as its id tells (a drill's own time is virtual).
#[must_use]
pub fn begun_ms(id: &str) -> i64 {
    const DIGITS: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let bits = id.chars().filter_map(|c| DIGITS.find(c)).fold(0_u128, |bits, digit| bits << 5 | digit as u128);
    i64::try_from(bits >> 80).unwrap_or(0)
}

pub fn status(settings: &Settings, wanted: &str) -> Outcome {
    let mut kept = kept::open(settings, wanted)?;
    let snapshot = kept.foreseen(settings);
    let summary = kept.summary(&snapshot);
    if settings.json {
        out::json(&serde_json::to_value(&summary).unwrap_or_default())?;
    } else {
        out::document(&summary::render(&summary))?;
    }
    kept.verdict()
}

pub fn list(settings: &Settings) -> Outcome {
    let base = settings.state_dir()?;
    let entries = store::list(&base).map_err(|error| CliError::failed(format!("failed to list the runs: {error}")))?;
    let mut rows = Vec::new();
    for entry in entries.iter().rev() {
        rows.push((entry, kept::open(settings, &entry.id).map(|kept| kept.summary(&kept.snapshot()))));
    }
    if settings.json {
        let runs: Vec<Value> = rows.iter().map(|(entry, summary)| row_json(entry, summary)).collect();
        out::json(&json!({"version": VERSION, "runs": runs}))?;
        return Ok(Exit::Done);
    }
    if rows.is_empty() {
        settings.out.say(&format!("no run is kept in {}", base.display()));
    }
    for (entry, summary) in rows {
        out::line(&settings.out.shown(&row_text(entry, &summary)))?;
    }
    Ok(Exit::Done)
}

fn row_json(entry: &RunEntry, summary: &Result<Summary, CliError>) -> Value {
    match summary {
        Ok(summary) => json!({
            "run": summary.run,
            "runbook": summary.runbook,
            "mode": summary.mode,
            "status": summary.status,
            "exit": summary.exit,
            "operator": summary.operator,
            "begun_at": rfc3339(begun_ms(&entry.id)),
            "started_at": summary.started_at,
            "ended_at": summary.ended_at,
            "rto": summary.rto,
            "rpo": summary.rpo,
            "journal": summary.journal,
        }),
        Err(error) => json!({"run": entry.id, "error": error.message}),
    }
}

/// How long ago, in prose: `2 hours ago`.
fn ago(at_ms: i64) -> String {
    let passed_s = (crate::cli::doctor::now_ms() - at_ms).max(0) / 1000;
    if passed_s < 60 {
        return "just now".to_owned();
    }
    HumanTime::from_seconds(passed_s).to_text_en(Accuracy::Rough, Tense::Past)
}

fn row_text(entry: &RunEntry, summary: &Result<Summary, CliError>) -> String {
    match summary {
        Ok(summary) => {
            let rto = summary.rto.and_then(|rto| rto.actual_ms).map(clock_hms).unwrap_or_default();
            let (mode, status) = (summary.mode.banner(), summary.status.word());
            let (at, runbook) = (rfc3339(begun_ms(&entry.id)), &summary.runbook);
            format!("{}  {at}  {mode:<5}  {status:<9}  RTO {rto:<8}  {runbook}  {}", entry.id, ago(begun_ms(&entry.id)))
        }
        Err(error) => format!("{}  {}", entry.id, error.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_when_its_run_was_begun() {
        let before = crate::cli::doctor::now_ms();
        let begun = begun_ms(&store::new_run_id());
        assert!((before..=crate::cli::doctor::now_ms()).contains(&begun), "{before} {begun}");
        assert_eq!(begun_ms("00000000000000000000000000"), 0);
    }
}
