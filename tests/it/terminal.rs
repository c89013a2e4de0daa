//! A real pseudo-terminal with lifeboat in it: keys in, a screen out. Waits are for what the screen
//! shows, never for time.

#![expect(clippy::unwrap_used, reason = "a test whose terminal fails has failed")]

use std::io::{Read, Write};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use vt100::Screen;

use crate::home::{Home, environment};

/// How long a screen may take to show what is waited for.
const DEADLINE: Duration = Duration::from_secs(60);

pub const ENTER: &str = "\r";
pub const ESC: &str = "\u{1b}";
pub const TAB: &str = "\t";
pub const CTRL_C: &str = "\u{3}";

pub struct Terminal {
    parser: vt100::Parser,
    output: mpsc::Receiver<Vec<u8>>,
    input: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    /// Dropping it hangs the terminal up.
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// Starts lifeboat in a terminal of this size.
    pub fn start(home: &Home, (columns, rows): (u16, u16), args: &[&str]) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_lifeboat"));
        command.args(args);
        command.env_clear();
        for (name, value) in environment(home.path()) {
            command.env(name, value);
        }
        command.cwd(home.path());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, output) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count) = reader.read(&mut buffer) {
                if count == 0 || sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let input = pair.master.take_writer().unwrap();
        let rows = rows.try_into().unwrap();
        let parser = vt100::Parser::new(rows, columns.try_into().unwrap(), 0);
        Self { parser, output, input, child, _master: pair.master }
    }

    /// What the screen shows.
    pub fn text(&self) -> String {
        self.parser.screen().contents()
    }

    /// Waits until the screen shows something, and gives the screen.
    pub fn wait_for(&mut self, shown: &str) -> String {
        self.wait_until(shown, |screen| screen.contents().contains(shown))
    }

    /// Waits until the screen satisfies a predicate.
    pub fn wait_until(&mut self, what: &str, fits: impl Fn(&Screen) -> bool) -> String {
        let deadline = Instant::now() + DEADLINE;
        while !fits(self.parser.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.parser.process(&bytes),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    panic!("waited in vain for {what:?}; the screen:\n{}", self.text())
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    panic!("ended while waiting for {what:?}; the screen:\n{}", self.text())
                }
            }
        }
        self.text()
    }

    pub fn send(&mut self, keys: &str) {
        self.input.write_all(keys.as_bytes()).unwrap();
        self.input.flush().unwrap();
    }

    /// Text as a terminal sends it when it is pasted.
    pub fn paste(&mut self, text: &str) {
        self.send(&format!("\u{1b}[200~{text}\u{1b}[201~"));
    }

    /// SIGKILL: nothing is said, nothing is cleaned up.
    pub fn kill(mut self) {
        let pid = rustix::process::Pid::from_raw(self.child.process_id().unwrap().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for the process to end by itself. Gives its exit code and the last screen.
    pub fn wait_exit(mut self) -> (u32, String) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.parser.process(&bytes),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("it does not end; the screen:\n{}", self.text()),
            }
        }
        (self.child.wait().unwrap().exit_code(), self.text())
    }

    pub fn is_alternate(&self) -> bool {
        self.parser.screen().alternate_screen()
    }
}
