//! `verify`: whether a journal is as it was written, or a bundle what it says; who signed it.
//!
//! Of a path nothing else of this machine is needed: no state directory, no run.

mod signed;
mod trail;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::Verify;
use super::evidence;
use super::exit::{CliError, Exit, Outcome};
use super::kept;
use super::out;
use super::runs;
use super::settings::Settings;
use crate::journal::{self, Damage};
use crate::report::bundle::{self, BUNDLE_MAX_BYTES, Checked, Exports, Fault};
use crate::report::cloudtrail::Reconciliation;
use signed::Signed;

/// What was found out so far, as `--json` prints it.
struct Found {
    run: Option<String>,
    records: u64,
    head: Option<String>,
    torn_bytes: u64,
    damage: Option<Damage>,
    /// Of a bundle: what is wrong with it.
    faults: Vec<Fault>,
    bundle: Option<Value>,
    signed: Signed,
    trail: Option<Reconciliation>,
}

pub fn verify(settings: &Settings, wanted: &Verify) -> Outcome {
    let found = match place(settings, &wanted.run)? {
        Place::Bundle(path) => of_bundle(&path, wanted)?,
        Place::Journal(path) => of_journal(&path, None, wanted)?,
        Place::Run { id, dir } => of_journal(&dir, Some(id), wanted)?,
    };
    tell(settings, &found)?;
    if let Some(damage) = &found.damage {
        return Err(kept::damaged(damage));
    }
    if let Some((first, others)) = found.faults.split_first() {
        for other in others {
            settings.out.show(&format!("also {other}"));
        }
        return Err(CliError::new(Exit::Damaged, format!("this is not what was recorded: {first}"))
            .hint("ask for the bundle again, and compare its SHA-256 over another way"));
    }
    let signed = found.signed.verdict(wanted)?;
    found.trail.as_ref().map_or(Ok(signed), trail::verdict)
}

/// What is to be looked at.
enum Place {
    Bundle(PathBuf),
    Journal(PathBuf),
    Run { id: String, dir: PathBuf },
}

/// A path is a bundle or a journal, or the directory of one; anything else names a run kept here.
fn place(settings: &Settings, wanted: &str) -> Result<Place, CliError> {
    let path = Path::new(wanted);
    if !wanted.contains('/') && !path.is_file() {
        let entry = runs::find(settings, wanted)?;
        return Ok(Place::Run { id: entry.id, dir: entry.dir });
    }
    let is_tar = path.extension().is_some_and(|extension| extension == "tar") || !begins_like_a_journal(path)?;
    Ok(if is_tar { Place::Bundle(path.to_owned()) } else { Place::Journal(path.to_owned()) })
}

fn begins_like_a_journal(path: &Path) -> Result<bool, CliError> {
    use std::io::Read as _;
    if path.is_dir() {
        return Ok(true);
    }
    let mut first = [0];
    let read = std::fs::File::open(path).and_then(|mut file| file.read(&mut first));
    let read = read.map_err(|error| CliError::usage(format!("failed to read `{}`: {error}", path.display())))?;
    Ok(read == 0 || first == *b"{")
}

fn of_journal(path: &Path, id: Option<String>, wanted: &Verify) -> Result<Found, CliError> {
    let verdict = journal::verify_at(path).map_err(|error| CliError::failed(error.to_string()))?;
    let dir = if path.is_dir() { path.to_owned() } else { path.parent().map(Path::to_owned).unwrap_or_default() };
    let mut faults = Vec::new();
    let mut signed = Signed::default();
    // A copy under another name lies beside nothing of its own.
    let is_kept = path.is_dir() || path.file_name().is_some_and(|name| name == "journal.jsonl");
    let signatures =
        if verdict.damage.is_none() && is_kept { evidence::signatures(&dir)? } else { bundle::Members::new() };
    if !signatures.is_empty() {
        let whole = evidence::read(&dir)?.whole;
        faults = bundle::signature_faults(&whole, &signatures);
        if faults.is_empty() {
            signed = Signed::of(&signatures, verdict.records, wanted)?;
        }
    }
    let mut compared = None;
    if verdict.damage.is_none() && !wanted.cloudtrail.is_empty() {
        compared = trail::compared(&evidence::read(path)?.whole, wanted)?;
    }
    Ok(Found {
        run: id.or_else(|| verdict.run.as_deref().map(str::to_owned)),
        records: verdict.records,
        head: verdict.head.map(|head| format!("sha256:{head}")),
        torn_bytes: verdict.torn_bytes,
        damage: verdict.damage,
        faults,
        bundle: None,
        signed,
        trail: compared,
    })
}

fn of_bundle(path: &Path, wanted: &Verify) -> Result<Found, CliError> {
    let bytes = evidence::bounded(path, BUNDLE_MAX_BYTES)
        .map_err(|error| CliError::usage(format!("failed to read `{}`: {error}", path.display())))?;
    let mut found = Found {
        run: None,
        records: 0,
        head: None,
        torn_bytes: 0,
        damage: None,
        faults: Vec::new(),
        bundle: None,
        signed: Signed::default(),
        trail: None,
    };
    let Checked { whole, members, exports, signatures } = match bundle::check(&bytes) {
        Ok(checked) => checked,
        Err(faults) => return Ok(Found { faults, ..found }),
    };
    if let Some(head) = whole.head_at(None) {
        found.records = head.records;
        found.head = Some(format!("sha256:{}", head.head));
        found.run = Some(head.run);
    }
    found.bundle = Some(match exports {
        Exports::Same { status } => json!({"members": members, "exports": "same", "status": status}),
        Exports::Other { tool } => json!({"members": members, "exports": "other_version", "tool": tool}),
    });
    found.trail = trail::compared(&whole, wanted)?;
    found.signed = Signed::of(&signatures, found.records, wanted)?;
    Ok(found)
}

fn tell(settings: &Settings, found: &Found) -> Result<(), CliError> {
    let Found { run, records, head, torn_bytes, damage, faults, bundle, signed, trail } = found;
    if settings.json {
        let mut told = json!({
            "version": "1.0",
            "run": run,
            "intact": damage.is_none() && faults.is_empty(),
            "records": records,
            "head": head,
            "torn_bytes": torn_bytes,
            "damage": damage,
            "faults": faults,
            "signatures": signed.json(),
        });
        if let Some(bundle) = bundle {
            told["bundle"] = bundle.clone();
        }
        if let Some(trail) = trail {
            told["cloudtrail"] = json!(trail);
            told["cloudtrail"]["holds"] = json!(trail.holds());
        }
        return out::json(&told);
    }
    if damage.is_some() || !faults.is_empty() {
        return Ok(());
    }
    let (run, head) = (run.as_deref().unwrap_or_default(), head.as_deref().unwrap_or_default());
    out::line(&format!("{}  {records} records, chain whole, head {head}", settings.out.shown(run)))?;
    if let Some(bundle) = bundle {
        let words = match bundle["tool"].as_str() {
            None => "each as the journal makes it, byte for byte".to_owned(),
            Some(tool) => {
                format!("each with its listed digest; {tool} made the exports, so they were not made again here")
            }
        };
        settings.out.say(&format!("bundle of {} files, {words}", bundle["members"]));
    }
    if *torn_bytes > 0 {
        settings.out.say(&format!("{torn_bytes} bytes after the last record: a write cut short, never acknowledged"));
    }
    for line in signed.lines() {
        settings.out.say(&line);
    }
    for line in trail.iter().flat_map(trail::lines) {
        settings.out.say(&line);
    }
    Ok(())
}
