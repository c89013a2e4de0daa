//! A real pseudo-terminal with lifeboat in it: keys in, a screen out. Waits are for what the screen
//! shows, never for time.

#![expect(clippy::unwrap_used, reason = "a test whose terminal fails has failed")]

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use crate::home::{Home, environment};

/// How long a screen may take to show what is waited for. The longest honest wait is for a code's
/// window of 30 seconds to pass; the rest is for a machine that has much else to do.
const DEADLINE: Duration = Duration::from_secs(100);

/// Between two looks at what no screen shows.
const LOOK: Duration = Duration::from_millis(5);

pub const ENTER: &str = "\r";
pub const ESC: &str = "\u{1b}";
pub const TAB: &str = "\t";

/// Opens and closes a frame (synchronised update): between them the screen is half drawn.
const FRAME_MARK: &str = "\u{1b}[?2026";

pub struct Terminal {
    parser: vt100::Parser,
    raw: Vec<u8>,
    /// The end of what was read, in which a mark may be cut in two.
    tail: String,
    in_frame: bool,
    output: mpsc::Receiver<Vec<u8>>,
    input: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    reading: JoinHandle<()>,
    /// Tells the reading thread to let go of the terminal.
    unplugged: Arc<AtomicBool>,
    /// How long to wait for anything.
    pub patience: Duration,
}

impl Terminal {
    /// Starts lifeboat in a terminal of this size.
    pub fn start(home: &Home, size: (u16, u16), args: &[&str]) -> Self {
        Self::start_in(home, size, args, &[])
    }

    /// The same with more in its environment, which wins.
    pub fn start_in(home: &Home, size: (u16, u16), args: &[&str], environment_too: &[(&'static str, String)]) -> Self {
        Self::start_program(env!("CARGO_BIN_EXE_lifeboat"), home, size, args, environment_too)
    }

    /// The same with another program.
    pub fn start_program(
        program: &str,
        home: &Home,
        (columns, rows): (u16, u16),
        args: &[&str],
        environment_too: &[(&'static str, String)],
    ) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env_clear();
        for (name, value) in environment(home.path()).iter().chain(environment_too) {
            command.env(name, value);
        }
        command.cwd(home.path());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, output) = mpsc::channel();
        let unplugged = Arc::new(AtomicBool::new(false));
        let pulled = Arc::clone(&unplugged);
        let reading = thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count) = reader.read(&mut buffer) {
                let is_over = count == 0 || pulled.load(Ordering::SeqCst);
                if is_over || sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let input = pair.master.take_writer().unwrap();
        let parser = vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 0);
        Self {
            parser,
            raw: Vec::new(),
            tail: String::new(),
            in_frame: false,
            output,
            input,
            child,
            master: pair.master,
            reading,
            unplugged,
            patience: DEADLINE,
        }
    }

    /// Every byte that was written so far.
    pub fn raw(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Makes the window another size.
    pub fn resize(&mut self, (columns, rows): (u16, u16)) {
        self.master.resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).unwrap();
        self.parser.screen_mut().set_size(rows.try_into().unwrap(), columns.try_into().unwrap());
    }

    /// What the screen shows.
    pub fn text(&self) -> String {
        self.parser.screen().contents()
    }

    /// Waits until the screen shows something, and gives the screen.
    pub fn wait_for(&mut self, shown: &str) -> String {
        self.wait_until(shown, |screen| screen.contains(shown).then(|| screen.to_owned()))
    }

    /// Waits until a whole frame yields what is looked for.
    pub fn wait_until<T>(&mut self, what: &str, look: impl Fn(&str) -> Option<T>) -> T {
        match self.within(self.patience, look) {
            Some(found) => found,
            None => panic!("waited in vain for {what:?}; the screen:\n{}", self.text()),
        }
    }

    /// Waits until something is so that no screen shows. What is drawn meanwhile is read.
    pub fn wait_beside(&mut self, what: &str, is_so: impl Fn() -> bool) {
        let deadline = Instant::now() + self.patience;
        while !is_so() {
            match self.output.recv_timeout(LOOK) {
                Ok(bytes) => self.take(&bytes),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    assert!(Instant::now() < deadline, "waited in vain for {what:?}; the screen:\n{}", self.text());
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    panic!("ended while {what:?} was waited for; the screen:\n{}", self.text())
                }
            }
        }
    }

    /// The same for so long at most: for whoever tries again.
    pub fn within<T>(&mut self, patience: Duration, look: impl Fn(&str) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + patience;
        loop {
            if !self.in_frame
                && let Some(found) = look(&self.text())
            {
                return Some(found);
            }
            match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.take(&bytes),
                Err(mpsc::RecvTimeoutError::Timeout) => return None,
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    panic!("ended while something was waited for; the screen:\n{}", self.text())
                }
            }
        }
    }

    /// Reads on until nothing new was drawn for so long: for screens that drop what is typed before
    /// they could be read, and do not say when they listen.
    #[cfg(feature = "aws")]
    pub fn settle(&mut self, quiet: Duration) {
        while let Ok(bytes) = self.output.recv_timeout(quiet) {
            self.take(&bytes);
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        self.parser.process(bytes);
        self.tail.push_str(&String::from_utf8_lossy(bytes));
        if let Some(at) = self.tail.rfind(FRAME_MARK) {
            self.in_frame = self.tail[at + FRAME_MARK.len()..].starts_with('h');
        }
        let keep = self.tail.char_indices().rev().nth(FRAME_MARK.len()).map_or(0, |(at, _)| at);
        self.tail.drain(..keep);
    }

    /// From now on nobody reads; the terminal itself stays.
    pub fn stop_reading(&mut self) {
        self.unplugged.store(true, Ordering::SeqCst);
    }

    /// Whether nobody reads any more: the reader lets go with the next thing drawn.
    pub fn is_unread(&self) -> bool {
        self.reading.is_finished()
    }

    /// Whether the program has given the terminal back, as far as was read.
    pub fn wait_given_back(&mut self) {
        self.wait_raw("its own screen", |screen| !screen.alternate_screen());
    }

    /// Waits until what stands in the line of the cursor is finished.
    pub fn wait_new_line(&mut self) {
        self.wait_raw("a new line", |screen| screen.cursor_position().1 == 0);
    }

    fn wait_raw(&mut self, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + self.patience;
        while !is_so(self.parser.screen()) {
            match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.take(&bytes),
                Err(mpsc::RecvTimeoutError::Timeout | mpsc::RecvTimeoutError::Disconnected) => {
                    panic!("waited in vain for {what}; the screen:\n{}", self.text())
                }
            }
        }
    }

    /// Whether the terminal's modes are those of a shell: it echoes, and gives out whole lines.
    pub fn is_cooked(&self) -> bool {
        const ECHO_AND_LINES: u32 = 0o12;
        let modes = self.master.get_termios().unwrap();
        modes.local_flags.bits() & ECHO_AND_LINES == ECHO_AND_LINES
    }

    /// Waits for the process to end while nobody reads. Gives its exit code, and the terminal's modes
    /// are those of a shell.
    pub fn wait_code(&mut self) -> u32 {
        let deadline = Instant::now() + self.patience;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(Instant::now() < deadline, "it does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn send(&mut self, keys: &str) {
        self.input.write_all(keys.as_bytes()).unwrap();
        self.input.flush().unwrap();
    }

    /// Text as a terminal sends it when it is pasted.
    pub fn paste(&mut self, text: &str) {
        self.send(&format!("\u{1b}[200~{text}\u{1b}[201~"));
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.process_id().unwrap().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// SIGKILL: nothing is said, nothing is cleaned up.
    pub fn kill(mut self) {
        self.signal(Signal::KILL);
        self.child.wait().unwrap();
    }

    /// The terminal goes away, as when the ssh connection drops. Gives the exit code.
    pub fn hang_up(mut self) -> u32 {
        self.unplugged.store(true, Ordering::SeqCst);
        // It lets go with the next thing drawn, which is a clock's tick away.
        self.reading.join().unwrap();
        drop((self.input, self.master));
        self.child.wait().unwrap().exit_code()
    }

    /// Waits for the process to end, however it does: its exit code, all that it wrote, and whether the terminal's
    /// modes are a shell's.
    pub fn wait_end(mut self) -> (u32, String, bool) {
        let code = self.wait_code();
        let cooked = self.is_cooked();
        // What it wrote is there when it has ended, read or not, and then comes the end.
        let deadline = Instant::now() + self.patience;
        loop {
            match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.take(&bytes),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("its terminal does not end; {:?}", self.raw()),
            }
        }
        (code, self.raw(), cooked)
    }

    /// Waits for the process to end by itself. Gives its exit code and the last screen.
    pub fn wait_exit(mut self) -> (u32, String) {
        let deadline = Instant::now() + self.patience;
        loop {
            match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.take(&bytes),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("it does not end; the screen:\n{}", self.text()),
            }
        }
        assert!(!self.parser.screen().alternate_screen(), "the terminal was not given back");
        (self.child.wait().unwrap().exit_code(), self.text())
    }
}
