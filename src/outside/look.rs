//! Programs that only look: started and awaited as any call is, ended when they take too long, and
//! what they print kept in memory alone.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::time::timeout;

use super::{environment, error, invalid};
use crate::engine::effect::CallRequest;
use crate::engine::ports::{Program, ProgramAnswer};
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::time::human_ms;

/// Of what it prints, this much is an answer; the journal's lines have room for no more.
const ANSWER_BYTES: usize = 48 * 1024;
const SIGNAL_BASE: i32 = 128;

pub(super) async fn look(program: &Program, request: &CallRequest) -> Result<ProgramAnswer, CloudError> {
    look_at_most(program, request, ANSWER_BYTES).await
}

/// For answers that are boiled down before anybody keeps them.
pub(super) async fn look_at_most(
    program: &Program,
    request: &CallRequest,
    bytes: usize,
) -> Result<ProgramAnswer, CloudError> {
    let Some((first, rest)) = program.argv.split_first() else {
        return Err(invalid("NoProgram", "argv is empty"));
    };
    let mut command = Command::new(first);
    command.args(rest).env_clear().envs(environment::of(std::env::vars_os(), &request.target)).envs(&program.env);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let mut child = command.spawn().map_err(|why| not_started(first, &why))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    // On the heap: it holds the buffers that are read into.
    let ended = Box::pin(async {
        let (stdout, stderr, status) = tokio::join!(beginning(stdout, bytes), beginning(stderr, bytes), child.wait());
        let status =
            status.map_err(|why| unavailable("NotWatched", &format!("how `{first}` ended is not known: {why}")))?;
        Ok((stdout, stderr, status))
    });
    let patience = Duration::from_millis(request.timeout_ms);
    let late = |_| unavailable("Timeout", &format!("`{first}` took longer than {}", human_ms(request.timeout_ms)));
    let (stdout, stderr, status) = timeout(patience, ended).await.map_err(late)??;
    let Some(stdout) = stdout else {
        return Err(invalid("AnswerTooLong", format!("`{first}` printed more than {} KiB", bytes / 1024)));
    };
    let exit_code = {
        use std::os::unix::process::ExitStatusExt as _;
        status.code().or_else(|| status.signal().map(|signal| SIGNAL_BASE + signal)).unwrap_or(SIGNAL_BASE)
    };
    Ok(ProgramAnswer { exit_code: exit_code.into(), stdout, stderr: stderr.unwrap_or_default() })
}

/// All that comes, read to its end so that the program is never held up; `None` when it is too much.
async fn beginning(from: Option<impl AsyncRead + Unpin>, bytes: usize) -> Option<String> {
    let (mut kept, mut part, mut is_whole) = (Vec::new(), [0; 8 * 1024], true);
    let mut from = from?;
    while let Ok(read) = from.read(&mut part).await {
        if read == 0 {
            break;
        }
        is_whole &= kept.len() + read <= bytes;
        if is_whole {
            kept.extend_from_slice(&part[..read]);
        }
    }
    is_whole.then(|| String::from_utf8_lossy(&kept).into_owned())
}

fn not_started(program: &str, why: &std::io::Error) -> CloudError {
    match why.kind() {
        std::io::ErrorKind::NotFound => invalid("ProgramNotFound", format!("there is no program `{program}`")),
        std::io::ErrorKind::PermissionDenied => invalid("NotExecutable", format!("`{program}` may not be executed")),
        _ => unavailable("NotStarted", &format!("`{program}` could not be started: {why}")),
    }
}

fn unavailable(code: &str, message: &str) -> CloudError {
    error(CloudErrorKind::Unavailable, code, message)
}
