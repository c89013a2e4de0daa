//! The words of what is written down during a run and read afterwards: notes, and the report of a period.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::model::milestone::Milestone;

const AFTER_NOTE: &str = "\
A milestone is one of impact, detected, declared, mitigated, recovered and closed. It is kept with
both times, when it was and when it was written down; the last word on each counts. The times to
detect, to decide and to restore come from them. No note moves the clock of the RTO.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_NOTE)]
pub struct Note {
    /// The run's id, a unique prefix, or last
    pub run: String,
    /// What to write down
    #[arg(required_unless_present_any = ["milestone", "action", "done"])]
    pub text: Option<String>,
    /// When it happened: so long ago (-5m), or a time (2026-11-22T03:41:07Z)
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub at: Option<String>,
    /// It tells when this moment of the incident was
    #[arg(long, value_name = "MOMENT", conflicts_with_all = ["action", "done"], value_parser = milestone)]
    pub milestone: Option<Milestone>,
    /// Something to be done after the run; `report` carries it until it is done
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["at", "done", "text"])]
    pub action: Option<String>,
    /// Who does it
    #[arg(long, value_name = "NAME", requires = "action")]
    pub owner: Option<String>,
    /// That action item of the run is done; TEXT says what came of it
    #[arg(long, value_name = "N", conflicts_with = "at")]
    pub done: Option<u32>,
}

const AFTER_REPORT: &str = "\
A rehearsal is due by the `schedule:` of its runbook, counted from the last drill of it that came to
its end. Runbooks that were run here count; FILE adds others.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_REPORT)]
pub struct Report {
    /// Further runbooks whose schedules count
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,
    /// Where the period begins: so long ago (90d), or a day
    #[arg(long, value_name = "WHEN", default_value = "30d")]
    pub since: String,
    /// Where it ends; now unless given
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,
    #[arg(long, value_enum, default_value_t = ReportFormat::Md)]
    pub format: ReportFormat,
    /// Write to this file; without it, to stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    Md,
    Html,
    Json,
}

fn milestone(text: &str) -> Result<Milestone, String> {
    Milestone::parse(text).ok_or_else(|| format!("write one of {}", Milestone::WORDS.join(", ")))
}
