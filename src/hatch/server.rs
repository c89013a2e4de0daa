//! The run's side of the hatch: a thread of its own that lets visitors ask the driver.
//!
//! It sleeps until somebody comes. It holds no end of the driver's: a face that goes is noticed.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::peer;
use super::protocol::{ASK_MAX_BYTES, Answer, Ask, VERSION};
use super::sheet::sheet;
use crate::driver::handle::{Handle, Over, Request, View};
use crate::engine::command::{Command, Refusal, RefusalKind, Typed};
use crate::engine::snapshot::Snapshot;
use crate::model::event::Origin;

/// Visitors at one time.
const VISITORS_MAX: u32 = 8;
/// A visitor who says nothing for so long has gone.
const PATIENCE: Duration = Duration::from_mins(5);
/// How long the next visitor waits when there are too many, or the system has no room for one.
const BREATH: Duration = Duration::from_secs(1);
/// What one visitor may ask.
const ASKS_MAX: u32 = 64;

/// An open hatch; shut when dropped.
#[derive(Debug)]
pub struct Hatch {
    shut: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    socket: PathBuf,
}

/// Opens the hatch of a run that this process drives (it holds the lock of `run_dir`).
///
/// # Errors
/// When the socket or the thread cannot be made; the run can go on without.
pub fn open(run_dir: &Path, handle: &Handle) -> io::Result<Hatch> {
    let socket = run_dir.join(super::SOCKET);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = {
        let _inside = runtime.enter();
        bind(run_dir, &socket)?
    };
    let desk = Desk { view: handle.view.clone(), requests: handle.requests.downgrade() };
    let (shut, is_shut) = oneshot::channel();
    let thread = std::thread::Builder::new().name("hatch".to_owned()).spawn(move || {
        runtime.block_on(async move {
            tokio::select! {
                () = listen(listener, desk) => {}
                _ = is_shut => {}
            }
        });
    })?;
    Ok(Hatch { shut: Some(shut), thread: Some(thread), socket })
}

/// The socket, for this login alone. Whoever holds the run's lock may take away what a process that
/// is gone has left.
fn bind(run_dir: &Path, socket: &Path) -> io::Result<UnixListener> {
    match std::fs::symlink_metadata(socket) {
        Ok(found) if found.file_type().is_socket() => std::fs::remove_file(socket)?,
        Ok(_) => return Err(io::Error::new(io::ErrorKind::AlreadyExists, "something stands in the socket's place")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let address = Address::of(run_dir)?;
    let listener = UnixListener::bind(&address.path)?;
    // The directory is private already.
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// The way to a run's socket. An address has room for about a hundred bytes: where a path is longer, the
/// way leads through the directory held open.
pub(super) struct Address {
    pub path: PathBuf,
    _held: Option<File>,
}

impl Address {
    pub fn of(run_dir: &Path) -> io::Result<Self> {
        let path = run_dir.join(super::SOCKET);
        if SocketAddr::from_pathname(&path).is_ok() {
            return Ok(Self { path, _held: None });
        }
        let held = File::open(run_dir)?;
        let path = Path::new("/proc/self/fd").join(held.as_raw_fd().to_string()).join(super::SOCKET);
        Ok(Self { path, _held: Some(held) })
    }
}

impl Drop for Hatch {
    fn drop(&mut self) {
        let _ = self.shut.take().map(|shut| shut.send(()));
        // A thread that panicked has nothing to say here.
        drop(self.thread.take().map(JoinHandle::join));
        let _ = std::fs::remove_file(&self.socket);
    }
}

/// What a visitor's words are answered with.
#[derive(Clone)]
struct Desk {
    view: watch::Receiver<Arc<View>>,
    requests: mpsc::WeakSender<Request>,
}

async fn listen(listener: UnixListener, desk: Desk) {
    let (come, mut gone) = mpsc::unbounded_channel::<()>();
    let mut here = 0;
    desk.visitors(here).await;
    loop {
        tokio::select! {
            biased;
            _ = gone.recv() => {
                here -= 1;
                desk.visitors(here).await;
            }
            accepted = listener.accept(), if here < VISITORS_MAX => match accepted {
                Ok((stream, _)) => {
                    here += 1;
                    desk.visitors(here).await;
                    let (desk, leaves) = (desk.clone(), come.clone());
                    tokio::spawn(async move {
                        // Whoever breaks off has nothing to be told.
                        let _ = serve(stream, &desk).await;
                        let _ = leaves.send(());
                    });
                }
                Err(_) => tokio::time::sleep(BREATH).await,
            },
        }
    }
}

/// What a visitor was shown last: nothing else can be approved.
struct Seen {
    step: String,
    by: String,
    attempt: u32,
    digest: String,
}

async fn serve(mut stream: UnixStream, desk: &Desk) -> io::Result<()> {
    let Some(origin) = peer::of(&stream) else { return Ok(()) };
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader);
    let mut seen = None;
    for _ in 0..ASKS_MAX {
        // Never grows, so that no copy of a code is left behind.
        let mut line = Zeroizing::new(Vec::with_capacity(ASK_MAX_BYTES));
        let limit = ASK_MAX_BYTES as u64;
        let read = timeout(PATIENCE, (&mut reader).take(limit).read_until(b'\n', &mut line)).await;
        if !matches!(read, Ok(Ok(count)) if count > 0) {
            return Ok(());
        }
        let answer = match (line.last(), serde_json::from_slice::<Ask>(&line)) {
            (Some(b'\n'), Ok(ask)) => desk.answer(ask, &mut seen, &origin).await,
            (_, Ok(_) | Err(_)) => Refusal::new("not understood").of(RefusalKind::Unknown).into(),
        };
        let mut text = serde_json::to_vec(&answer)?;
        text.push(b'\n');
        timeout(PATIENCE, writer.write_all(&text)).await??;
        if line.last() != Some(&b'\n') {
            return Ok(());
        }
    }
    Ok(())
}

impl Desk {
    /// Tells the run who is there; a run that is over need not know.
    async fn visitors(&self, here: u32) {
        let _ = self.ask(Command::Visitors { is_open: true, here }).await;
    }

    async fn answer(&self, ask: Ask, seen: &mut Option<Seen>, origin: &Origin) -> Answer {
        match ask {
            Ask::Look { v, .. } | Ask::Approve { v, .. } if v != VERSION => other_version(v).into(),
            Ask::Look { step, by, .. } => self.look(step, by, seen, origin).await,
            Ask::Approve { attempt, digest, code, .. } => {
                let code = Zeroizing::new(code);
                self.approve(attempt, &digest, Typed::new(&code), seen.as_ref(), origin).await
            }
        }
    }

    /// The sheet, once nothing but a code is missing.
    async fn look(&self, step: String, by: String, seen: &mut Option<Seen>, origin: &Origin) -> Answer {
        *seen = None;
        let now = self.view.borrow().clone();
        let found = now.snapshot.steps.iter().find(|one| one.key == step);
        let gate = found.and_then(|step| step.gate.as_ref());
        let (attempt, digest) = gate.map(|gate| (gate.attempt, gate.digest.clone())).unwrap_or_default();
        let from = Some(origin.clone());
        let asked =
            Command::Approve { step: step.clone(), attempt, digest: digest.clone(), by: by.clone(), code: None, from };
        match self.ask(asked).await {
            Err(refusal) if refusal.kind == RefusalKind::NoCode => {}
            Err(refusal) => return helped(refusal, &now.snapshot).into(),
            // Nothing is ever approved without a code.
            Ok(()) => return shut().into(),
        }
        let Some(sheet) = found.and_then(|step| sheet(&now, step, &by)) else { return shut().into() };
        *seen = Some(Seen { step, by, attempt, digest });
        Answer::Sheet(Box::new(sheet))
    }

    async fn approve(&self, attempt: u32, digest: &str, code: Typed, seen: Option<&Seen>, origin: &Origin) -> Answer {
        let Some(seen) = seen else {
            return Refusal::new("nothing was looked at").of(RefusalKind::Unknown).into();
        };
        if (seen.attempt, seen.digest.as_str()) != (attempt, digest) {
            return Refusal::new("this is not the request that was shown").hint("look at it again").into();
        }
        let asked = Command::Approve {
            step: seen.step.clone(),
            attempt,
            digest: digest.to_owned(),
            by: seen.by.clone(),
            code: Some(code),
            from: Some(origin.clone()),
        };
        match self.ask(asked).await {
            Ok(()) => self.granted(seen).await,
            Err(refusal) => refusal.into(),
        }
    }

    /// Where the gate stands, once the view shows the approval.
    async fn granted(&self, seen: &Seen) -> Answer {
        let mut view = self.view.clone();
        let state = |view: &View| {
            let step = view.snapshot.steps.iter().find(|one| one.key == seen.step)?;
            let approvals = step.gate.as_ref()?.approvals.as_ref()?;
            let own = approvals.granted.iter().find(|one| one.by == seen.by)?;
            let given = u32::try_from(approvals.granted.len()).unwrap_or(u32::MAX);
            Some(Answer::Granted { given, wanted: approvals.min, until_ms: own.until_ms })
        };
        let shown = timeout(BREATH, view.wait_for(|view| state(view).is_some())).await;
        let shown = shown.ok().and_then(Result::ok).and_then(|view| state(&view));
        // The gate may have been passed in the same moment.
        shown.unwrap_or(Answer::Granted { given: 0, wanted: 0, until_ms: 0 })
    }

    async fn ask(&self, command: Command) -> Result<(), Refusal> {
        let gone = || match self.view.borrow().over {
            Some(Over::Finished | Over::Aborted) => Refusal::new("the run is over").of(RefusalKind::Ended),
            Some(Over::Left { .. } | Over::Broken { .. } | Over::Panicked { .. }) | None => {
                Refusal::new("the run has stopped").of(RefusalKind::Left)
            }
        };
        let Some(requests) = self.requests.upgrade() else { return Err(gone()) };
        let (tell, told) = oneshot::channel();
        let is_sent = requests.send((command, tell)).await.is_ok();
        drop(requests);
        if !is_sent {
            return Err(gone());
        }
        told.await.unwrap_or_else(|_| Err(gone()))
    }
}

fn shut() -> Refusal {
    Refusal::new("its gate is not open").hint("look again in a moment")
}

fn other_version(v: u32) -> Refusal {
    Refusal::new(format!("this run speaks version {VERSION}, not {v}"))
        .of(RefusalKind::Unknown)
        .hint("use the lifeboat that drives the run")
}

/// What could be approved, for whoever named another step.
fn helped(refusal: Refusal, snapshot: &Snapshot) -> Refusal {
    if refusal.hint.is_some() || !matches!(refusal.kind, RefusalKind::Unknown | RefusalKind::Now) {
        return refusal;
    }
    let waits = |approvals: &crate::engine::snapshot::ApprovalsView| approvals.granted.len() < approvals.min as usize;
    let open: Vec<&str> = snapshot
        .steps
        .iter()
        .filter(|step| step.gate.as_ref().and_then(|gate| gate.approvals.as_ref()).is_some_and(waits))
        .map(|step| step.key.as_str())
        .collect();
    match open[..] {
        [] => refusal.hint("no step waits for an approval just now"),
        _ => refusal.hint(format!("an approval is awaited by {}", open.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_long_way_to_the_socket_is_none() {
        let base = tempfile::tempdir().unwrap();
        for dir in [base.path().to_owned(), base.path().join("d".repeat(200))] {
            std::fs::create_dir_all(&dir).unwrap();
            let socket = dir.join(crate::hatch::SOCKET);
            let listener = bind(&dir, &socket).unwrap();
            let address = Address::of(&dir).unwrap();
            let went = UnixStream::connect(&address.path).await;
            let come = listener.accept().await;
            let (come, went) = (come.unwrap().0, went.unwrap());
            assert!(peer::is_trusted(&went));
            assert_eq!(peer::of(&come).unwrap().uid, rustix::process::geteuid().as_raw());
            assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
            // What a process that was killed leaves behind is taken away, and nothing else is.
            drop(listener);
            drop(bind(&dir, &socket).unwrap());
            std::fs::remove_file(&socket).unwrap();
            std::fs::write(&socket, "a file").unwrap();
            assert!(bind(&dir, &socket).is_err());
        }
    }
}
