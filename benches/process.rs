//! The whole program in a pseudo-terminal, beside the least ratatui program that does the same:
//! time to the first complete frame, time from a key to its paint, CPU while waiting at a gate.
//!
//! The floor is this very binary, started again with a variable set: it draws a list of 1,000 rows
//! at 200x60, moves a marker on a key and shows a clock once a second. Figures of one run may be
//! compared with each other; figures of two runs may not.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot start should stop")]

mod texts;

use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use divan::Bencher;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

const FLOOR: &str = "LIFEBOAT_BENCH_FLOOR";
const ROWS: u16 = 60;
const COLUMNS: u16 = 200;
const STEPS: usize = 1_000;
/// Left of the selected row, in the floor as in lifeboat.
const MARKER: &str = "▌";

fn main() {
    if std::env::var_os(FLOOR).is_some() {
        floor::run();
        return;
    }
    divan::main();
    idle::report();
}

/// Which program, and for lifeboat which runbook.
#[derive(Debug, Clone, Copy)]
enum Program {
    Floor,
    /// `regional_failover`, which comes with it.
    Shipped,
    /// 1,000 steps that all wait for a person.
    Large,
}

impl Program {
    fn command(self, home: &Home) -> CommandBuilder {
        let mut command = match self {
            Self::Floor => {
                let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
                command.env(FLOOR, "1");
                command
            }
            Self::Shipped => lifeboat(&["regional_failover", "--scenario", "calm"]),
            Self::Large => {
                let mut command = lifeboat(&["--scenario"]);
                command.arg(&home.scenario);
                command.arg(&home.runbook);
                command
            }
        };
        command.env("TERM", "xterm-256color");
        command.env("LIFEBOAT_STATE_DIR", &home.state);
        command
    }
}

fn lifeboat(arguments: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_lifeboat"));
    command.args(["drill", "--seed", "7"]);
    command.args(arguments);
    command
}

/// A directory with the runbook, its scenario and the state of the runs.
struct Home {
    _dir: tempfile::TempDir,
    runbook: PathBuf,
    scenario: PathBuf,
    state: PathBuf,
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let runbook = dir.path().join("made_up.yaml");
        let scenario = dir.path().join("calm.yaml");
        std::fs::write(&runbook, texts::runbook(STEPS, |_| "[]".to_owned())).unwrap();
        std::fs::write(&scenario, "name: calm\nsummary: Every call works\n").unwrap();
        let state = dir.path().join("state");
        Self { runbook, scenario, state, _dir: dir }
    }
}

/// A program in a pseudo-terminal, and what its screen shows.
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    fn start(program: Program, home: &Home) -> Self {
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(program.command(home)).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let keys = pair.master.take_writer().unwrap();
        let screen = vt100::Parser::new(ROWS.try_into().unwrap(), COLUMNS.try_into().unwrap(), 0);
        Self { child, keys, output, screen, _master: pair.master }
    }

    /// Reads output until the screen is as wanted.
    fn until(&mut self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !wanted(self.screen.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.screen.process(&bytes),
                Err(error) => panic!("no {what}: {error}; the screen:\n{}", self.screen.screen().contents()),
            }
        }
    }

    /// The first frame is complete once its last row, the keys, is there.
    fn first_frame(&mut self) {
        self.until("first frame", |screen| last_row(screen).contains("help"));
    }

    /// Presses a key and waits until the marker has moved.
    fn press(&mut self, key: u8) {
        let before = marked_row(self.screen.screen());
        self.keys.write_all(&[key]).unwrap();
        self.keys.flush().unwrap();
        self.until("moved marker", |screen| {
            let now = marked_row(screen);
            now.is_some() && now != before
        });
    }

    fn drain(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Ok(bytes) = self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
            self.screen.process(&bytes);
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn last_row(screen: &vt100::Screen) -> String {
    screen.rows(0, COLUMNS).last().unwrap_or_default()
}

fn marked_row(screen: &vt100::Screen) -> Option<usize> {
    screen.rows(0, 4).position(|row| row.contains(MARKER))
}

#[divan::bench(args = [Program::Floor, Program::Shipped], sample_count = 30, sample_size = 1)]
fn first_frame(bencher: Bencher, program: Program) {
    let home = Home::new();
    bencher.bench_local(|| {
        let mut terminal = Terminal::start(program, &home);
        terminal.first_frame();
        terminal
    });
}

#[divan::bench(args = [Program::Floor, Program::Large], sample_count = 200, sample_size = 1)]
fn key_to_paint(bencher: Bencher, program: Program) {
    let home = Home::new();
    let terminal = RefCell::new(Terminal::start(program, &home));
    terminal.borrow_mut().first_frame();
    terminal.borrow_mut().drain(Duration::from_secs(2));
    terminal.borrow_mut().press(b'j');
    let down = Cell::new(true);
    bencher
        // As fast as a quick finger, and slower than the most frames a second that are drawn.
        .with_inputs(|| terminal.borrow_mut().drain(Duration::from_millis(60)))
        .bench_local_values(|()| {
            terminal.borrow_mut().press(if down.get() { b'j' } else { b'k' });
            down.set(!down.get());
        });
}

/// CPU and wake-ups of a program that waits for a person, from /proc.
mod idle {
    use super::{Duration, Home, Program, Terminal};

    const SECONDS: u64 = 10;

    #[expect(clippy::print_stdout, reason = "a benchmark's result")]
    pub fn report() {
        if !std::path::Path::new("/proc/self/schedstat").exists() || std::env::args().any(|arg| arg == "--list") {
            return;
        }
        println!("waiting at a gate, {SECONDS} s       CPU a second   wake-ups a second");
        for program in [Program::Floor, Program::Shipped] {
            let home = Home::new();
            let mut terminal = Terminal::start(program, &home);
            terminal.first_frame();
            terminal.drain(Duration::from_secs(2));
            let pid = terminal.child.process_id().unwrap_or_default();
            let before = usage(pid);
            terminal.drain(Duration::from_secs(SECONDS));
            let after = usage(pid);
            let cpu_us = after.cpu_us.saturating_sub(before.cpu_us) / SECONDS;
            let wakes = (after.wakes - before.wakes) * 10 / SECONDS;
            println!(
                "{:30}  {:>6}.{:03} ms   {:>9}.{}",
                format!("{program:?}"),
                cpu_us / 1000,
                cpu_us % 1000,
                wakes / 10,
                wakes % 10
            );
        }
    }

    struct Usage {
        cpu_us: u64,
        wakes: u64,
    }

    /// Time on a CPU and voluntary context switches, over all threads.
    fn usage(pid: u32) -> Usage {
        let mut usage = Usage { cpu_us: 0, wakes: 0 };
        for task in std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
            let read = |name: &str| std::fs::read_to_string(task.path().join(name)).unwrap_or_default();
            let on_cpu_ns: u64 = read("schedstat").split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0);
            usage.cpu_us += on_cpu_ns / 1000;
            usage.wakes += read("status")
                .lines()
                .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))
                .and_then(|text| text.trim().parse::<u64>().ok())
                .unwrap_or(0);
        }
        usage
    }
}

/// The least program of this kind: a list, a marker, a clock, a row of keys.
mod floor {
    use std::time::{Duration, Instant};

    use ratatui::Frame;
    use ratatui::crossterm::event::{self, Event, KeyCode};
    use ratatui::layout::{Constraint, Layout};
    use ratatui::widgets::{List, ListState, Paragraph};

    pub fn run() {
        let mut terminal = ratatui::init();
        let rows: Vec<String> =
            (0..super::STEPS).map(|ix| format!("s{ix:04}  aws/sts.get_caller_identity  waits for you")).collect();
        let mut selected = ListState::default().with_selected(Some(0));
        let started = Instant::now();
        loop {
            let seconds = started.elapsed().as_secs();
            let _ = terminal.draw(|frame| draw(frame, &rows, &mut selected, seconds));
            let next = started + Duration::from_secs(seconds + 1);
            let Ok(true) = event::poll(next.saturating_duration_since(Instant::now())) else { continue };
            match event::read() {
                Ok(Event::Key(key)) if key.code == KeyCode::Char('j') => selected.select_next(),
                Ok(Event::Key(key)) if key.code == KeyCode::Char('k') => selected.select_previous(),
                Ok(Event::Key(key)) if key.code == KeyCode::Char('q') => break,
                Ok(_) => {}
                Err(_) => break,
            }
        }
        ratatui::restore();
    }

    fn draw(frame: &mut Frame<'_>, rows: &[String], selected: &mut ListState, seconds: u64) {
        let [top, middle, bottom] =
            Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)]).areas(frame.area());
        frame.render_widget(Paragraph::new(format!(" 1,000 steps, {seconds} s")), top);
        let list = List::new(rows.iter().map(String::as_str)).highlight_symbol(super::MARKER);
        frame.render_stateful_widget(list, middle, selected);
        frame.render_widget(Paragraph::new(" ? help  j k move  q leave"), bottom);
    }
}
