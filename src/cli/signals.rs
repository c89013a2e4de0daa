//! The signals that end a run, and what is remembered of those that do not.
//!
//! One thread listens from the first screen to the end of the process: a signal that comes between two
//! screens is not lost, and none kills a process that has a call in flight.
//!
//! Must not know what is ended by them.

use std::io;
use std::sync::OnceLock;
use std::sync::mpsc as channel;
use std::thread;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// SIGHUP's number: what a terminal that is gone stands for.
pub const HANGUP: u8 = 1;
const INTERRUPT: u8 = 2;
/// What an output that nobody reads any more stands for; no process of ours ever gets the signal.
pub const PIPE: u8 = 13;
const TERMINATE: u8 = 15;
/// A file has reached the limit of its size; the write that met it fails as on a full disk.
pub const SIZE: u8 = 25;

/// What has come so far.
#[derive(Debug, Clone, Copy, Default)]
struct Come {
    ends: Option<u8>,
    size: bool,
}

/// What this process has been told.
#[derive(Debug, Clone)]
pub struct Signals(watch::Receiver<Come>);

impl Signals {
    /// Listens, if it does not yet. Where that cannot be, the system's own way stays.
    pub fn listen() -> Self {
        static COME: OnceLock<watch::Receiver<Come>> = OnceLock::new();
        let come = COME.get_or_init(|| {
            let (tell, come) = watch::channel(Come::default());
            let (ready, is_ready) = channel::channel();
            let spawned = thread::Builder::new().name("signals".to_owned()).spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                // Whoever waits for either hears that the other end is gone.
                if let Ok(runtime) = runtime {
                    let _ = runtime.block_on(watch(tell, ready));
                }
            });
            if spawned.is_ok() {
                let _ = is_ready.recv();
            }
            come
        });
        Self(come.clone())
    }

    /// The number of the first one that ends the process.
    pub async fn ended(&mut self) -> u8 {
        let come = self.0.wait_for(|come| come.ends.is_some()).await.ok().and_then(|come| come.ends);
        match come {
            Some(number) => number,
            None => std::future::pending().await,
        }
    }

    /// Whether one has come.
    pub fn has_ended(&self) -> Option<u8> {
        self.0.borrow().ends
    }

    /// Whether a file has reached the limit of its size.
    pub fn met_size_limit(&self) -> bool {
        self.0.borrow().size
    }
}

struct Streams {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
    size: Signal,
}

async fn watch(tell: watch::Sender<Come>, ready: channel::Sender<()>) -> io::Result<()> {
    let mut streams = Streams {
        hangup: signal(SignalKind::hangup())?,
        interrupt: signal(SignalKind::interrupt())?,
        terminate: signal(SignalKind::terminate())?,
        size: signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?,
    };
    drop(ready);
    loop {
        let number = tokio::select! {
            _ = streams.hangup.recv() => HANGUP,
            _ = streams.interrupt.recv() => INTERRUPT,
            _ = streams.terminate.recv() => TERMINATE,
            _ = streams.size.recv() => SIZE,
        };
        tell.send_modify(|come| match number {
            SIZE => come.size = true,
            _ => come.ends = come.ends.or(Some(number)),
        });
    }
}

/// A file that has reached the limit of its size is told as an error, not by a signal's death. The
/// handler stays for the life of the process.
pub fn outlive_size_signal() {
    let listens =
        super::face::block_on(async { signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop) });
    // Where it cannot be caught, the system's own way stays.
    drop(listens);
}
