//! A child process that serves on a port of its own choice, says so, and ends with the test.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Longer than any of them takes, even on a busy machine that compiles Python first.
const DEADLINE: Duration = Duration::from_mins(5);
/// The file of what it says.
const LOG: &str = "log";
/// How often it is looked whether it has started.
const REST: Duration = Duration::from_millis(5);

pub struct Server {
    child: Child,
    pub url: String,
    /// Its temporary files: in a place that all users share, what one has left behind stops the next.
    room: TempDir,
}

impl Server {
    /// Starts it and waits until it says `Running on URL`: from then on its port takes connections.
    pub fn start(command: &mut Command) -> Self {
        let room = tempfile::tempdir().unwrap();
        // What it says goes right into a file: whatever it had said before it answered is there to be read, and
        // no thread has to be scheduled in between.
        let log = || File::options().create(true).append(true).open(room.path().join(LOG)).unwrap();
        command.env("TMPDIR", room.path()).stdin(Stdio::piped()).stdout(log()).stderr(log());
        let mut server = Self { child: command.spawn().unwrap(), url: String::new(), room };
        let deadline = Instant::now() + DEADLINE;
        loop {
            // Looked at first: what it said at last is in the file then.
            let has_ended = server.child.try_wait().unwrap().is_some();
            if let Some(url) = address_in(&server.log()) {
                server.url = url;
                return server;
            }
            assert!(!has_ended && Instant::now() < deadline, "it does not start: {command:?}");
            thread::sleep(REST);
        }
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.room.path().join(LOG)).unwrap()).into_owned()
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        self.url.split_once("://").unwrap().1
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("== {}\n{}", self.url, tail(&self.log()));
        }
    }
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

/// Where it says that it runs, in a line that is whole.
fn address_in(log: &str) -> Option<String> {
    let whole = &log[..log.rfind('\n')?];
    let (_, rest) = whole.split_once("Running on ")?;
    rest.split_whitespace().next().map(str::to_owned)
}
