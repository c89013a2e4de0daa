//! `verify`: recomputes a journal's chain and names the record that was changed, cut or put in.

use serde_json::json;

use super::exit::{CliError, Exit, Outcome};
use super::kept;
use super::out;
use super::runs;
use super::settings::Settings;
use crate::journal;

pub fn verify(settings: &Settings, wanted: &str) -> Outcome {
    let entry = runs::find(settings, wanted)?;
    let verdict = journal::verify(&entry.dir).map_err(|error| CliError::failed(error.to_string()))?;
    let head = verdict.head.map(|head| format!("sha256:{head}"));
    if settings.json {
        out::json(&json!({
            "version": "1.0",
            "run": entry.id,
            "intact": verdict.damage.is_none(),
            "records": verdict.records,
            "head": head,
            "torn_bytes": verdict.torn_bytes,
            "damage": verdict.damage,
        }))?;
    } else if verdict.damage.is_none() {
        let head = head.unwrap_or_default();
        out::line(&format!("{}  {} records, chain whole, head {head}", entry.id, verdict.records))?;
        if verdict.torn_bytes > 0 {
            let bytes = verdict.torn_bytes;
            settings.out.say(&format!("{bytes} bytes after the last record: a write cut short, never acknowledged"));
        }
    }
    match verdict.damage {
        None => Ok(Exit::Done),
        Some(damage) => Err(kept::damaged(&damage)),
    }
}
