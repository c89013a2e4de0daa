//! `approve`: a second person opens an approval gate of a run that is driven in another terminal.
//!
//! Writes no journal and checks no code: the process that drives the run does both, and says what came
//! of it. Must not know the socket.

mod sheet;

use std::io;

use serde_json::{Value, json};

use super::args::Approve;
use super::doctor::now_ms;
use super::exit::{CliError, Exit, Outcome};
use super::mfa::code;
use super::settings::Settings;
use super::{face, kept, out, runs};
use crate::engine::command::RefusalKind;
use crate::hatch::{Answer, Sheet, Visit, VisitError};
use crate::journal::{self, store::RunEntry};
use crate::mfa::LocalDevices;
use crate::model::outcome::Mode;
use crate::model::time::{hms_utc, rfc3339};

const VERSION: &str = "1.0";
/// Codes that a person may mistype before it is given up.
const TRIES: u32 = 3;

pub fn approve(settings: &Settings, wanted: &Approve) -> Outcome {
    let entry = runs::find(settings, &wanted.run)?;
    let visited = face::block_on(async { Ok(visit(settings, &entry, wanted).await) });
    visited.map_err(|error: io::Error| CliError::failed(format!("failed to reach the run: {error}")))?
}

async fn visit(settings: &Settings, entry: &RunEntry, wanted: &Approve) -> Outcome {
    let unreached = |error| not_reached(settings, entry, &error);
    let mut visit = Visit::begin(&entry.dir).await.map_err(unreached)?;
    let sheet = match visit.look(&wanted.step, &wanted.by).await.map_err(unreached)? {
        Answer::Sheet(sheet) => sheet,
        answer => return refused(settings, wanted, None, answer),
    };
    needs_person(&sheet)?;
    let device = device(settings, &sheet, wanted)?;
    let _unseen = code::Unseen::begin();
    settings.out.show(&sheet::text(&sheet, &wanted.by));
    for tries in 1.. {
        let code = code::ask(settings, &format!("Code now shown by {device} of {}:", wanted.by))?;
        match visit.approve(sheet.attempt, &sheet.digest, &code).await.map_err(unreached)? {
            Answer::Granted { given, wanted: needed, until_ms } => {
                return granted(settings, wanted, &sheet, (given, needed, until_ms));
            }
            Answer::Refused { kind: RefusalKind::Code, message, hint } if tries < TRIES && code::is_person() => {
                let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
                settings.out.show(&format!("{message}{hint}"));
                // A device that is locked by now looks at no further code.
                self::device(settings, &sheet, wanted)?;
            }
            answer => return refused(settings, wanted, Some(&sheet), answer),
        }
    }
    Err(CliError::failed("no code was taken"))
}

/// A real run is approved by somebody who sits there and has read it.
fn needs_person(sheet: &Sheet) -> Result<(), CliError> {
    if sheet.mode == Mode::Real && !code::is_person() {
        return Err(CliError::usage("a real run is approved by a person at a terminal")
            .hint("in a drill, a script may write the code to stdin"));
    }
    Ok(())
}

/// How the approver's device is called. Without one, or when it is locked, no code is asked for.
fn device(settings: &Settings, sheet: &Sheet, wanted: &Approve) -> Result<String, CliError> {
    let person = &wanted.by;
    if sheet.is_simulated {
        return Ok("the practice device".to_owned());
    }
    let devices = LocalDevices::new(&settings.state_dir()?);
    let no_use = |message: String| CliError::new(Exit::Credentials, message);
    let found = devices.info(person, now_ms()).map_err(|error| no_use(error.to_string()))?;
    let device = found.ok_or_else(|| {
        no_use(format!("no device is enrolled for {person}")).hint(format!("lifeboat mfa enroll {person}"))
    })?;
    if let Some(until_ms) = device.locked_until_ms {
        let why = format!("too many wrong codes: the device of {person} is locked until {}", rfc3339(until_ms));
        return Err(no_use(why).hint("wait until then; no code is looked at before"));
    }
    Ok(device.device)
}

fn granted(
    settings: &Settings,
    wanted: &Approve,
    sheet: &Sheet,
    (given, needed, until_ms): (u32, u32, i64),
) -> Outcome {
    if settings.json {
        out::json(&json!({
            "version": VERSION, "run": sheet.run, "step": sheet.step, "attempt": sheet.attempt, "digest": sheet.digest,
            "by": wanted.by, "accepted": true, "given": given, "wanted": needed, "valid_until": rfc3339(until_ms),
        }))?;
    }
    let who = &sheet.operator;
    let rest = match needed.saturating_sub(given) {
        _ if needed == 0 => "its gate has been passed".to_owned(),
        0 => format!("{who} can run it now; valid until {}", hms_utc(until_ms)),
        1 => format!("one more is wanted; valid until {}", hms_utc(until_ms)),
        open => format!("{open} more are wanted; valid until {}", hms_utc(until_ms)),
    };
    settings.out.say(&format!("accepted: {} approved by {}. {rest}", sheet.step, wanted.by));
    Ok(Exit::Done)
}

/// The run's own reason, and how the process ends because of it.
fn refused(settings: &Settings, wanted: &Approve, sheet: Option<&Sheet>, answer: Answer) -> Outcome {
    let Answer::Refused { kind, message, hint } = answer else {
        return Err(CliError::failed("the run's answer fits no question"));
    };
    if settings.json {
        let run = sheet.map(|sheet| Value::from(sheet.run.as_str())).unwrap_or_default();
        out::json(&json!({
            "version": VERSION, "run": run, "step": wanted.step, "by": wanted.by, "accepted": false,
            "kind": kind, "message": message, "hint": hint,
        }))?;
    }
    let error = CliError::new(exit_of(kind), format!("not approved: {message}"));
    Err(match hint {
        Some(hint) => error.hint(hint),
        None => error,
    })
}

const fn exit_of(kind: RefusalKind) -> Exit {
    match kind {
        RefusalKind::Now => Exit::Failed,
        RefusalKind::Unknown | RefusalKind::Person | RefusalKind::Ended => Exit::Usage,
        RefusalKind::Code | RefusalKind::NoCode => Exit::Credentials,
        RefusalKind::Left => Exit::Stopped,
    }
}

/// Nobody at the hatch: why, and what helps.
fn not_reached(settings: &Settings, entry: &RunEntry, error: &VisitError) -> CliError {
    let run = &entry.id;
    match error {
        VisitError::Nobody => nobody(settings, entry),
        VisitError::Gone => CliError::new(Exit::Stopped, format!("{error}; whether the code was used up is not known"))
            .hint(format!("lifeboat status {run} tells what has been written down")),
        VisitError::Silent => {
            CliError::new(Exit::Locked, error.to_string()).hint("look at its screen; too many may be asking at once")
        }
        VisitError::Stranger => CliError::new(Exit::Credentials, error.to_string())
            .hint("approve as the login that drives the run: no code is handed to another"),
        VisitError::Strange(_) => CliError::failed(error.to_string()).hint("use the lifeboat that drives the run"),
        VisitError::Io(_) => CliError::failed(error.to_string()),
    }
}

fn nobody(settings: &Settings, entry: &RunEntry) -> CliError {
    let run = &entry.id;
    let kept = match kept::open(settings, run) {
        Ok(kept) => kept,
        Err(error) => return error,
    };
    if let Some(status) = kept.replayed.engine.finished() {
        return CliError::usage(format!("run {run} has ended: {}", status.word()))
            .hint(format!("lifeboat timeline {run} tells its story"));
    }
    if let Err(error) = kept.verdict() {
        return error;
    }
    match journal::holder(&entry.dir) {
        Some(holder) => CliError::new(
            Exit::Locked,
            format!("run {run} is driven by process {}, which takes no approvals", holder.pid),
        )
        .hint("only a run with a person at its screen does"),
        None => CliError::new(Exit::Stopped, format!("nobody drives run {run} just now"))
            .hint(format!("lifeboat resume {run} goes on with it; approve once its gate waits again")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_no_has_its_exit_code() {
        use RefusalKind::{Code, Ended, Left, NoCode, Now, Person, Unknown};
        let codes = [(Now, 1), (Unknown, 2), (Person, 2), (Ended, 2), (Code, 4), (NoCode, 4), (Left, 5)];
        for (kind, code) in codes {
            assert_eq!(exit_of(kind).code(), code, "{kind:?}");
        }
    }
}
