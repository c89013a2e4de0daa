//! Job control: put to sleep by a shell or a signal, and woken again.
//!
//! Must not know what sleeps: whoever calls has seen to it that nothing is under way.

use std::io;
use std::time::Duration;

use futures_util::FutureExt;
use rustix::process::{Signal as Number, getpgrp, getpid, getsid, kill_process};
use rustix::termios::tcgetpgrp;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

/// How long the word that the process goes on may take, once it does.
const WORD: Duration = Duration::from_secs(1);

/// What a shell wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    Stop,
    Continue,
}

pub struct Jobs {
    stop: Signal,
    go_on: Signal,
}

impl Jobs {
    /// From now on SIGTSTP stops nothing by itself.
    pub fn new() -> io::Result<Self> {
        let listen = |number: Number| signal(SignalKind::from_raw(number.as_raw()));
        Ok(Self { stop: listen(Number::TSTP)?, go_on: listen(Number::CONT)? })
    }

    pub async fn next(&mut self) -> Job {
        tokio::select! {
            // Both at once: it was to stop, and then to go on.
            biased;
            _ = self.stop.recv() => Job::Stop,
            _ = self.go_on.recv() => Job::Continue,
        }
    }

    /// Stops the process, and returns once it goes on in front of its terminal.
    ///
    /// # Errors
    /// When it cannot be stopped.
    pub async fn sleep(&mut self) -> io::Result<()> {
        // Woken already, before it slept.
        if self.go_on.recv().now_or_never().is_some() {
            return Ok(());
        }
        loop {
            kill_process(getpid(), Number::STOP)?;
            let _ = timeout(WORD, self.go_on.recv()).await;
            if is_in_front() {
                return Ok(());
            }
        }
    }
}

/// Whether the terminal listens to this process: behind another one it would be stopped for touching it.
pub fn is_in_front() -> bool {
    tcgetpgrp(io::stdin()).map_or(true, |front| front == getpgrp())
}

/// Whether there is a shell that could wake this process again.
pub fn has_shell() -> bool {
    getsid(None).is_ok_and(|session| session != getpid())
}
