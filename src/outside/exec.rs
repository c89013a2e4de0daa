//! Programs: each attempt has a keeper and a directory of its own in the run's. Lifeboat may come and
//! go: what is known of a program is asked of these, never guessed.
//!
//! A program gets its arguments as they are, no keyboard, and the allowed part of the environment. It
//! is never ended by us: a time limit ends the waiting for it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::keeper::{self, Ended, Found, How, NotStarted, Order, Place};
use super::{OutsideOptions, environment, error, invalid, no_secret, output};
use crate::engine::effect::CallRequest;
use crate::model::Value;
use crate::model::action::outside::{Exec, account};
use crate::model::event::{Purpose, Ticket};
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::redact;
use crate::model::secret::Secrets;
use crate::model::time::human_ms;

/// Of the time that a look at a program may take, this much is for the look; the rest is for waiting.
const LOOK_MS: u64 = 10_000;
/// Between two looks at the files of a program, at first and at most.
const FIRST_LOOK_MS: u64 = 5;
const LAST_LOOK_MS: u64 = 200;
/// What a shell adds to the number of the signal that ended a program.
const SIGNAL_BASE: i32 = 128;
/// This very binary, also when another one lies in its place by now.
const MYSELF: &str = "/proc/self/exe";

/// Runs a program to its end, or says how one stands that was run.
pub(super) async fn run(call: &Exec, request: &CallRequest, options: &OutsideOptions) -> Result<Value, CloudError> {
    let Some(programs) = &options.programs_dir else {
        return Err(invalid("NoRun", "a program is started by a run alone"));
    };
    let place = Place::new(programs, &name_of(&request.ticket, &request.token));
    match request.ticket.purpose {
        Purpose::Action | Purpose::Rollback(_) => start(call, request, options, &place).await,
        Purpose::Probe => {
            let found = watch(&place, request.timeout_ms.saturating_sub(LOOK_MS)).await;
            Ok(account_of(&place, found.map_err(|why| unreadable(&why))?))
        }
        Purpose::Before | Purpose::Check(_) | Purpose::Verify(_) => {
            Err(invalid("NotARead", "a program is no read: it may change something"))
        }
    }
}

/// Of an attempt: to be read by people, and its own.
fn name_of(ticket: &Ticket, token: &str) -> String {
    let plain = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect()
    };
    let token: String = plain(token).chars().take(12).collect();
    let step: String = plain(&ticket.step).chars().take(100).collect();
    format!("{step}-{}-{token}", ticket.attempt)
}

async fn start(
    call: &Exec,
    request: &CallRequest,
    options: &OutsideOptions,
    place: &Place,
) -> Result<Value, CloudError> {
    let begun = Instant::now();
    let order = order(call, request, &options.secrets)?.to_bytes().map_err(|why| not_kept(&why))?;
    let lock = place.create().map_err(|why| match why.kind() {
        io::ErrorKind::AlreadyExists => unknown("AlreadyStarted", "this attempt was started before".to_owned()),
        _ => not_kept(&why),
    })?;
    let mut keeper = Command::new(options.keeper.clone().unwrap_or_else(myself));
    let dir = std::path::absolute(place.path()).map_err(|why| not_kept(&why))?;
    keeper.arg(keeper::WORD).arg(dir).env_clear().current_dir("/").kill_on_drop(false);
    // The lock goes along: it is held as long as one of the two lives.
    keeper.stdin(Stdio::piped()).stdout(Stdio::from(lock)).stderr(Stdio::null());
    let spawned = keeper.spawn();
    // With it goes our hold of the lock.
    drop(keeper);
    let mut child = spawned.map_err(|why| not_kept(&why))?;
    if let Some(mut pipe) = child.stdin.take() {
        // A keeper that does not take its order starts nothing, and that shows below.
        let _ = pipe.write_all(&order).await;
    }
    let left_ms = request.timeout_ms.saturating_sub(u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX));
    let found = watch(place, left_ms).await;
    answer_of(place, call, request.timeout_ms, found)
}

fn order(call: &Exec, request: &CallRequest, secrets: &Secrets) -> Result<Order, CloudError> {
    let mut argv = call.argv.clone();
    if argv.is_empty() {
        return Err(invalid("NoProgram", "argv is empty"));
    }
    if call.shell == Some(true) {
        argv.splice(0..0, ["sh".to_owned(), "-c".to_owned()]);
    }
    let mut env = environment::of(std::env::vars_os(), &request.target);
    for (name, value) in call.env.iter().flatten() {
        env.retain(|(known, _)| known != name.as_str());
        let filled = secrets.fill(value).map_err(|why| no_secret(&why))?;
        env.push((name.into(), filled.expose_secret().into()));
    }
    let here = std::env::current_dir().map_err(|why| not_kept(&why))?;
    let cwd = call.cwd.as_ref().map_or(here.clone(), |dir| here.join(dir));
    if !cwd.is_dir() {
        return Err(invalid("NoDirectory", format!("`{}` is not a directory", cwd.display())));
    }
    Ok(Order::new(argv, &env, &cwd, keeper::KEPT_BYTES).hiding(&redact::shared().values()))
}

fn myself() -> PathBuf {
    if Path::new(MYSELF).exists() { MYSELF.into() } else { std::env::current_exe().unwrap_or_else(|_| MYSELF.into()) }
}

/// Looks until the program is over, or there is no time left to wait.
async fn watch(place: &Place, wait_ms: u64) -> io::Result<Found> {
    let until = Instant::now() + Duration::from_millis(wait_ms);
    let mut pause_ms = FIRST_LOOK_MS;
    loop {
        let found = place.look()?;
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || !matches!(found, Found::Running(_)) {
            return Ok(found);
        }
        sleep(left.min(Duration::from_millis(pause_ms))).await;
        pause_ms = (pause_ms * 2).min(LAST_LOOK_MS);
    }
}

/// What became of a start.
fn answer_of(place: &Place, call: &Exec, timeout_ms: u64, found: io::Result<Found>) -> Result<Value, CloudError> {
    let program = call.argv.first().map_or("", String::as_str);
    match found {
        Ok(Found::Ended(ended)) => match &ended.how {
            How::NotStarted { why, message } => Err(not_started(program, *why, message)),
            How::Exit(_) | How::Signal(_) => Ok(account_of(place, Found::Ended(ended))),
        },
        Ok(Found::Running(process)) => {
            let process = process.map_or_else(String::new, |process| format!(", as process {process}"));
            let after = human_ms(timeout_ms);
            let message = format!("`{program}` still runs after {after}{process}, and goes on running");
            Err(unknown("StillRunning", message))
        }
        Ok(Found::Never | Found::NoRoom) => {
            Err(unavailable(&format!("`{program}` was not started: what should have watched it ended before")))
        }
        Ok(Found::Lost(why)) => Err(unknown("NotWatched", format!("how `{program}` ended is not known: {why}"))),
        Err(why) => Err(unknown("NotWatched", format!("how `{program}` ended could not be read: {why}"))),
    }
}

/// What is known of a program, as the model tells it.
fn account_of(place: &Place, found: Found) -> Value {
    match found {
        Found::Never => account::not_started("it was not started, and will not be"),
        Found::NoRoom => account::lost("nothing that was started is kept here; the run may be a copy"),
        Found::Running(process) => account::running(process),
        Found::Lost(why) => account::lost(&why),
        Found::Ended(ended) => match &ended.how {
            How::NotStarted { message, .. } => account::not_started(message),
            How::Exit(code) => ended_with(place, &ended, *code),
            How::Signal(signal) => ended_with(place, &ended, SIGNAL_BASE + signal),
        },
    }
}

fn ended_with(place: &Place, ended: &Ended, exit_code: i32) -> Value {
    let text = |name: &str, bytes: u64| output::text(&place.stream(name), bytes);
    account::ended(exit_code, &text("stdout", ended.stdout.bytes), &text("stderr", ended.stderr.bytes))
}

/// Why there is no program running: proven, so nothing was done.
fn not_started(program: &str, why: NotStarted, message: &str) -> CloudError {
    match why {
        NotStarted::NotFound => {
            error(CloudErrorKind::NotFound, "ProgramNotFound", format!("there is no program `{program}`"))
        }
        NotStarted::NotExecutable => invalid("NotExecutable", format!("`{program}` may not be executed")),
        NotStarted::Busy => unavailable(&format!("`{program}` could not be started: {message}")),
        NotStarted::Other => invalid("NotStarted", format!("`{program}` could not be started: {message}")),
    }
}

fn unavailable(message: &str) -> CloudError {
    error(CloudErrorKind::Unavailable, "NotStarted", message)
}

/// Nothing that could tell of it afterwards can be made, so it is not started.
fn not_kept(why: &io::Error) -> CloudError {
    unavailable(&format!("what would watch the program could not be started: {why}"))
}

fn unreadable(why: &io::Error) -> CloudError {
    error(CloudErrorKind::Unavailable, "NotReadable", format!("what is known of the program cannot be read: {why}"))
}

fn unknown(code: &str, message: String) -> CloudError {
    error(CloudErrorKind::UnknownOutcome, code, message)
}
