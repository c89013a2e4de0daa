//! Programs: started with their arguments as they are, in a process group of their own, without a
//! keyboard, and never ended by us: what they have begun they may finish.

use std::io;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use serde_json::json;
use tokio::process::{Child, Command};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::output::Output;
use super::{environment, error, invalid};
use crate::engine::effect::CallRequest;
use crate::model::Value;
use crate::model::action::outside::Exec;
use crate::model::event::{Purpose, Ticket};
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::time::human_ms;

/// How often the size of the output is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What a shell adds to the number of the signal that ended a program.
const SIGNAL_BASE: i32 = 128;

/// Runs a program to its end. An exit code other than 0 is an answer; the runbook judges it.
pub(super) async fn run(call: &Exec, request: &CallRequest, output_dir: Option<&Path>) -> Result<Value, CloudError> {
    let mut command = command(call, request)?;
    let not_caught = |error: io::Error| unavailable("NoOutputFile", &format!("no file for the output: {error}"));
    let mut stdout = output(output_dir, &request.ticket, "stdout").map_err(not_caught)?;
    let mut stderr = output(output_dir, &request.ticket, "stderr").map_err(not_caught)?;
    command.stdout(stdout.stdio().map_err(not_caught)?).stderr(stderr.stdio().map_err(not_caught)?);
    let program = call.argv.first().map_or("", String::as_str);
    let child = command.spawn().map_err(|error| not_started(program, &error))?;
    drop(command);
    let status = wait(child, program, request.timeout_ms, &mut [&mut stdout, &mut stderr]).await?;
    Ok(json!({"exit_code": exit_code(status), "stdout": stdout.text(), "stderr": stderr.text()}))
}

fn command(call: &Exec, request: &CallRequest) -> Result<Command, CloudError> {
    let Some((first, rest)) = call.argv.split_first() else {
        return Err(invalid("NoProgram", "argv is empty"));
    };
    let mut command = if call.shell == Some(true) {
        let mut shell = Command::new("sh");
        shell.args(["-c", first]);
        shell
    } else {
        Command::new(first)
    };
    command.args(rest).env_clear().envs(environment::of(std::env::vars_os(), &request.target));
    command.envs(call.env.iter().flatten());
    if let Some(dir) = &call.cwd {
        if !Path::new(dir).is_dir() {
            return Err(invalid("NoDirectory", format!("`{dir}` is not a directory")));
        }
        command.current_dir(dir);
    }
    command.stdin(std::process::Stdio::null()).process_group(0).kill_on_drop(false);
    Ok(command)
}

/// A send's output is kept under the name of its attempt: what a program printed may be all there
/// is to tell whether it had done its work when lifeboat was lost.
fn output(dir: Option<&Path>, ticket: &Ticket, stream: &str) -> io::Result<Output> {
    let Some(dir) = dir else { return Output::unnamed() };
    let what = match ticket.purpose {
        Purpose::Action => String::new(),
        Purpose::Rollback(n) => format!("-rollback{n}"),
        Purpose::Before | Purpose::Check(_) | Purpose::Verify(_) | Purpose::Probe => return Output::unnamed(),
    };
    let step: String =
        ticket.step.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    Output::named(dir, &format!("{step}-{}{what}.{stream}", ticket.attempt))
}

/// Why there is no program running: proven, so nothing was done.
fn not_started(program: &str, why: &io::Error) -> CloudError {
    match why.kind() {
        io::ErrorKind::NotFound => {
            error(CloudErrorKind::NotFound, "ProgramNotFound", format!("there is no program `{program}`"))
        }
        io::ErrorKind::PermissionDenied => invalid("NotExecutable", format!("`{program}` may not be executed")),
        io::ErrorKind::OutOfMemory | io::ErrorKind::WouldBlock | io::ErrorKind::ExecutableFileBusy => {
            unavailable("NotStarted", &format!("`{program}` could not be started: {why}"))
        }
        _ => invalid("NotStarted", format!("`{program}` could not be started: {why}")),
    }
}

fn unavailable(code: &str, message: &str) -> CloudError {
    error(CloudErrorKind::Unavailable, code, message)
}

async fn wait(
    mut child: Child,
    program: &str,
    timeout_ms: u64,
    outputs: &mut [&mut Output],
) -> Result<ExitStatus, CloudError> {
    let pid = child.id().unwrap_or_default();
    let unknown = |code: &str, message: String| error(CloudErrorKind::UnknownOutcome, code, message);
    let mut deadline = std::pin::pin!(sleep(Duration::from_millis(timeout_ms)));
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            status = child.wait() => {
                return status.map_err(|why| {
                    unknown("NotWatched", format!("how `{program}` (process {pid}) ended could not be read: {why}"))
                });
            }
            () = &mut deadline => {
                let after = human_ms(timeout_ms);
                let message = format!("`{program}` still runs after {after}, as process {pid}, and goes on running");
                return Err(unknown("StillRunning", message));
            }
            _ = looks.tick() => {
                for output in outputs.iter_mut() {
                    // Worst of all would be to leave the program alone for it.
                    let _ = output.bound();
                }
            }
        }
    }
}

fn exit_code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().or_else(|| status.signal().map(|signal| SIGNAL_BASE + signal)).unwrap_or(SIGNAL_BASE)
}
