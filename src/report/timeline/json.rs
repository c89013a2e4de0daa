//! The timeline as one JSON object, for scripts.
//!
//! Version 1.0; minor versions only add. Durations are milliseconds, instants RFC 3339 in UTC.
//!
//! | member | is |
//! |---|---|
//! | `banner` | `DRILL` or `REAL` |
//! | `version`, `run`, `runbook`, `title`, `digest`, `mode`, `intent`, `status`, `operator` | what ran, and who drove |
//! | `regions`, `account`, `tool`, `binary`, `inputs` (pairs), `drill` (`seed scenario speed surprise`, or null) | where and with what |
//! | `started_at`, `ended_at`, `clock_at` | the run, and the start of the RTO clock |
//! | `rto`, `rpo`, `time`, `phases`, `steps`, `journal` | as in the summary |
//! | `deviations` | `seq at step what by reason`: paused, skipped, check overridden, sent again, … |
//! | `notes` | `seq about_at recorded_at by step text` |
//! | `rows` | `seq at recorded_at who step subject kind text`, in the order in which things happened |
//! | `left_out` | records that have no row |
//! | `verify` | the command that checks the chain |

use super::Document;

/// Renders a timeline, one object over several lines, with a newline at its end.
#[must_use]
pub fn render(document: &Document) -> String {
    // Plain data with text keys always has a JSON form.
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}
