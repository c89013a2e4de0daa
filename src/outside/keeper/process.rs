//! The keeper's own process, from its order to the program's end.

use std::io::{self, ErrorKind};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{Mode, OFlags};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Child;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{sleep, timeout};

use super::order::Order;
use super::place::{Ended, How, NotStarted, Place, Started, boot};
use super::stream::Catcher;

/// How long output is awaited that a program left behind when it ended.
const REST_MS: u64 = 500;
/// How often the end is tried to be told, and how long between two tries.
const TELL_TRIES: u32 = 600;
const TELL_EVERY: Duration = Duration::from_secs(1);
/// Of the system's words why a program was not started; the end has to fit into what was reserved.
const WHY_CHARS: usize = 1_000;
/// These would end it. It hears them and goes on, and the program it starts knows nothing of that.
const DEAF_TO: [SignalKind; 5] =
    [SignalKind::hangup(), SignalKind::interrupt(), SignalKind::terminate(), SignalKind::quit(), SignalKind::pipe()];

/// Keeps one program, whose order comes through stdin. Stdout is the lock of the place.
pub fn keep(dir: &Path) -> io::Result<()> {
    // Out of the terminal's reach. Who leads a group already was started by hand, and out of reach.
    let _ = rustix::process::setsid();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let _heard = DEAF_TO.map(signal).into_iter().collect::<io::Result<Vec<Signal>>>()?;
        let place = Place::at(dir);
        if !place.is_lock(&rustix::stdio::stdout())? {
            return Err(io::Error::other("stdout is not the lock"));
        }
        let order = Order::read(io::stdin().lock())?;
        let left_open = carry_out(&place, &order).await?;
        let nowhere = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
        // From here on the end is told. Who still writes is not to be broken off.
        rustix::stdio::dup2_stdout(&nowhere)?;
        left_open.drain().await;
        Ok(())
    })
}

/// Streams that somebody holds whom the program left behind.
#[derive(Default)]
pub(super) struct LeftOpen(Vec<Box<dyn AsyncRead + Unpin>>);

impl LeftOpen {
    async fn drain(self) {
        futures_util::future::join_all(self.0.into_iter().map(|mut pipe| async move {
            let mut sink = tokio::io::sink();
            let _ = tokio::io::copy(&mut pipe, &mut sink).await;
        }))
        .await;
    }
}

/// Starts the program, waits for its end and tells it.
pub(super) async fn carry_out(place: &Place, order: &Order) -> io::Result<LeftOpen> {
    let mut command = order.command()?;
    let redactor = order.redactor();
    let mut out = Catcher::new(place.new_file("stdout")?, order.kept_bytes, redactor.clone());
    let mut err = Catcher::new(place.new_file("stderr")?, order.kept_bytes, redactor);
    place.reserve()?;
    let started_ms = now_ms();
    place.mark_started(&Started { at_ms: started_ms, boot: boot() })?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let spawned = command.spawn();
    drop(command);
    let (how, open) = match spawned {
        Err(error) => (not_started(&error), (None, None)),
        Ok(mut child) => {
            if let Some(process) = child.id() {
                let _ = place.note_process(process);
            }
            let (status, open) = watch(&mut child, &mut out, &mut err).await?;
            (how_of(status), open)
        }
    };
    let ended = Ended {
        program: order.program().chars().take(WHY_CHARS).collect(),
        from_ms: started_ms,
        until_ms: now_ms(),
        how,
        stdout: out.finish(open.0.is_some()),
        stderr: err.finish(open.1.is_some()),
    };
    tell(place, &ended).await?;
    let streams: [Option<Box<dyn AsyncRead + Unpin>>; 2] =
        [open.0.map(|pipe| Box::new(pipe) as _), open.1.map(|pipe| Box::new(pipe) as _)];
    Ok(LeftOpen(streams.into_iter().flatten().collect()))
}

type Open<O, E> = (Option<O>, Option<E>);

/// Reads both streams until the program has ended and has nothing more to say.
async fn watch(
    child: &mut Child,
    out: &mut Catcher,
    err: &mut Catcher,
) -> io::Result<(ExitStatus, Open<tokio::process::ChildStdout, tokio::process::ChildStderr>)> {
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let status = {
        let reading = async {
            tokio::join!(catch(&mut stdout, out), catch(&mut stderr, err));
        };
        let mut reading = pin!(reading);
        tokio::select! {
            status = child.wait() => {
                // Whom it left behind may hold the streams for good.
                let _ = timeout(Duration::from_millis(REST_MS), reading).await;
                status
            }
            () = &mut reading => child.wait().await,
        }?
    };
    Ok((status, (stdout, stderr)))
}

/// Reads a stream to its end; then it is gone.
async fn catch<P: AsyncRead + Unpin>(pipe: &mut Option<P>, into: &mut Catcher) {
    let mut buffer = vec![0; 64 * 1024];
    while let Some(open) = pipe {
        match open.read(&mut buffer).await {
            Ok(0) | Err(_) => *pipe = None,
            Ok(count) => into.take(&buffer[..count]),
        }
    }
}

async fn tell(place: &Place, ended: &Ended) -> io::Result<()> {
    let mut tries = 1;
    loop {
        match place.mark_ended(ended) {
            Ok(()) => return Ok(()),
            // Where the place itself is gone nobody will look.
            Err(error) if tries >= TELL_TRIES || !place.path().is_dir() => return Err(error),
            Err(_) => tries += 1,
        }
        sleep(TELL_EVERY).await;
    }
}

fn how_of(status: ExitStatus) -> How {
    match (status.code(), status.signal()) {
        (Some(code), _) => How::Exit(code),
        (None, signal) => How::Signal(signal.unwrap_or_default()),
    }
}

fn not_started(error: &io::Error) -> How {
    let why = match error.kind() {
        ErrorKind::NotFound => NotStarted::NotFound,
        ErrorKind::PermissionDenied => NotStarted::NotExecutable,
        ErrorKind::OutOfMemory | ErrorKind::WouldBlock | ErrorKind::ExecutableFileBusy => NotStarted::Busy,
        _ => NotStarted::Other,
    };
    How::NotStarted { why, message: error.to_string().chars().take(WHY_CHARS).collect() }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
