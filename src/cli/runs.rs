//! Runs kept on this machine: finding one, listing them, showing the state of one.

use super::exit::{CliError, Exit};
use super::settings::Settings;
use crate::journal::store::{self, FindError, RunEntry};

/// The run that was meant: an id, a unique prefix, or `last`.
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
