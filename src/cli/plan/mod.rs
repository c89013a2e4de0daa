//! `plan` and FILE alone: what a runbook would do, shown and never run.

pub mod markdown;
pub mod partial;
pub mod text;
pub mod view;
