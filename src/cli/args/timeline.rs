//! The arguments of `timeline` and `schema`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What a schema is asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// Runbooks, as JSON Schema
    Runbook,
    /// Scenarios of drills, as JSON Schema
    Scenario,
    /// What `timeline` writes as JSON and as JSON Lines, as JSON Schema
    Timeline,
    /// The variables of post-mortem templates; with a NAME, that template
    Template,
}

#[derive(Debug, Args)]
pub struct Schema {
    #[arg(value_enum, default_value_t = SchemaOf::Runbook)]
    pub of: SchemaOf,
    /// A shipped template to begin with: sre, coe or drill
    pub name: Option<String>,
}

#[derive(Debug, Args)]
pub struct Timeline {
    /// The run's id, a unique prefix, or last
    pub run: String,
    /// A post-mortem in that order: sre, coe, drill, or your own template (`schema template` tells its variables)
    #[arg(long, value_name = "sre|coe|drill|FILE", conflicts_with_all = ["format", "zone"])]
    pub template: Option<String>,
    #[arg(long, value_enum, default_value_t = TimelineFormat::Md)]
    pub format: TimelineFormat,
    /// Show a second time zone beside UTC: Europe/Berlin
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// Write to this file; without it, to stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TimelineFormat {
    /// Markdown: GitHub, Confluence, Notion
    Md,
    /// One page, drawing and style inside
    Html,
    /// One object
    Json,
    /// One object a row
    Jsonl,
    /// For spreadsheets
    Csv,
    /// A trace in OTLP/JSON, for an OpenTelemetry collector
    Otlp,
    /// Blocks of a Slack message
    Slack,
}
