//! A child process that serves on a port of its own choice, says so, and ends with the test.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

/// Longer than any of them takes, even on a busy machine that compiles Python first.
const DEADLINE: Duration = Duration::from_mins(2);

pub struct Server {
    child: Child,
    pub url: String,
    log: Arc<Mutex<String>>,
}

impl Server {
    /// Starts it and waits until it says `Running on URL`: from then on its port takes connections.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (sender, ready) = mpsc::channel();
        follow(child.stdout.take().unwrap(), Arc::clone(&log), sender.clone());
        follow(child.stderr.take().unwrap(), Arc::clone(&log), sender);
        let Ok(url) = ready.recv_timeout(DEADLINE) else {
            child.kill().unwrap();
            panic!("it does not start: {command:?}\n{}", log.lock().unwrap());
        };
        Self { child, url, log }
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
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

/// Keeps what is written, so that the pipe never fills, and passes the address on. Both pipes closed
/// before that: the process has ended.
fn follow(pipe: impl Read + Send + 'static, log: Arc<Mutex<String>>, ready: mpsc::Sender<String>) {
    thread::spawn(move || {
        let mut ready = Some(ready);
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if let Some((_, rest)) = line.split_once("Running on ")
                && let Some(ready) = ready.take()
            {
                let url = rest.split_whitespace().next().unwrap_or_default().to_owned();
                let _ = ready.send(url);
            }
            let mut log = log.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    });
}
