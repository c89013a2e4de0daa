//! How a process ends, or does not: a terminal that nobody reads or that goes away in the middle of a
//! call, being put to sleep, an output that nobody reads any more.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use super::Tally;
use crate::home::{Home, environment};
use crate::operator::{pass, waits};
use crate::terminal::Terminal;

const WIDE: (u16, u16) = (120, 36);
/// What the call in flight may take: its answer never comes, so it takes all of it.
const TIMEOUT: Duration = Duration::from_secs(4);
/// What an end may take beyond that on a machine that stalls now and then. Without what these suites are about
/// it does not come at all.
const SLACK: Duration = Duration::from_mins(1);
/// Of what a process that spins beside it gets of the machine, one that only waits takes no more than this.
const SHARE_MAX: f64 = 0.25;

const TWO: &str = "version: 1
name: two
title: One change for good, and one more
targets: { dr: { region: us-east-1, account: '111122223333' } }
mfa: { method: totp }
defaults: { target: dr, timeout: 4s }
phases:
  - id: all
    gates: { mfa: phase }
    steps:
      - id: promote
        uses: aws/rds.promote_read_replica_db_cluster
        with: { db_cluster_identifier: www-shop-dr }
        confirm: { type: www-shop-dr }
      - { id: scale, uses: aws/ecs.update_service, with: { cluster: c, service: s, desired_count: 3 } }
";
const SILENT: &str = "name: silent
summary: the answer of the promotion never arrives
faults: [{ kind: lost_answer, action: aws/rds.promote_read_replica_db_cluster }]
";

fn terminal(home: &Home, speed: &str) -> Terminal {
    terminal_of(home, TWO, speed)
}

fn terminal_of(home: &Home, runbook: &str, speed: &str) -> Terminal {
    let (runbook, scenario) = (home.write("two.yaml", runbook), home.write("silent.yaml", SILENT));
    let args = ["drill", &runbook, "--scenario", &scenario, "--seed", "7", "--speed", speed];
    let mut terminal = Terminal::start(home, WIDE, &args);
    terminal.wait_until("the gate", |screen| waits(screen).then_some(()));
    terminal
}

/// The same with the promotion in flight. Gives when it was sent, or a little later.
fn in_flight(home: &Home) -> (Terminal, Instant) {
    sent(home, terminal(home, "1"))
}

fn sent(home: &Home, mut terminal: Terminal) -> (Terminal, Instant) {
    pass(&mut terminal);
    terminal.wait_beside("the call", || home.changes().len() == 1);
    (terminal, Instant::now())
}

fn count(home: &Home, kind: &str) -> usize {
    home.journal().iter().filter(|record| record["ev"]["type"] == kind).count()
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + TIMEOUT + SLACK;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// What is wrong with how a process ended that had the promotion in flight: its outcome is in the
/// journal, nothing else was sent, and the run can be gone on with.
fn unsafe_end(home: &Home) -> Vec<String> {
    let mut found = Vec::new();
    let (outcomes, left) = (count(home, "ActionUnknown") + count(home, "ActionSucceeded"), count(home, "RunLeft"));
    if (outcomes, left) != (1, 1) {
        found.push(format!("{outcomes} outcomes of the call in flight, left {left} times"));
    }
    if count(home, "ActionRequested") != 1 || home.changes().len() != 1 {
        found.push("a further step began".to_owned());
    }
    if home.run(&["verify", "last"]).code != 0 {
        found.push("the journal is not whole".to_owned());
    }
    found
}

/// The state letter of a process, and the clock ticks (hundredths of a second) it has used.
fn stat(pid: u32) -> Option<(char, u64)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let state = fields.first()?.chars().next()?;
    (state != 'Z').then_some((state, fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?))
}

/// A process that takes whatever it gets of the machine, until this is dropped.
struct Spinning(Child);

impl Spinning {
    fn begin() -> Self {
        Self(Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap())
    }
}

impl Drop for Spinning {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// What a process takes of the machine until something is so, or until it ends, as a share of what one that spins
/// gets in the same time: whatever else the machine has to do, and however fast it is.
fn share(pid: u32, mut until: impl FnMut() -> bool) -> f64 {
    let spinning = Spinning::begin();
    let now = |pid: u32| stat(pid).map(|(_, ticks)| ticks);
    let (first, yardstick) = (now(pid).unwrap_or(0), now(spinning.0.id()).unwrap());
    let mut last = first;
    while let Some(ticks) = now(pid) {
        last = ticks;
        if until() {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    let most = now(spinning.0.id()).unwrap() - yardstick;
    let [used, most] = [last - first, most.max(1)].map(|ticks| f64::from(u32::try_from(ticks).unwrap()));
    used / most
}

/// The master side is closed in the middle of a call.
#[test]
fn suite_hang_up() {
    let mut tally = Tally::of("the terminal goes away in the middle of a call", "calls");
    for _ in 0..2 {
        tally.cases += 1;
        let home = Home::new();
        let (screen, sent) = in_flight(&home);
        let pid = screen.pid();
        let journal = home.last_run().join("journal.jsonl");
        let is_written = move || {
            let text = std::fs::read_to_string(&journal).unwrap_or_default();
            text.contains("\"type\":\"ActionUnknown\"")
        };
        let sampler = thread::spawn(move || share(pid, is_written));
        let code = screen.hang_up();
        let (time, share) = (sent.elapsed(), sampler.join().unwrap());
        if code != 129 || time > TIMEOUT + SLACK {
            tally.violations.push(format!("exit {code} after {time:?}"));
        }
        if share > SHARE_MAX {
            tally.violations.push(format!("{:.0} % of what a process that spins gets, while it waited", share * 100.0));
        }
        tally.violations.extend(unsafe_end(&home));
    }
    // A process that spins is seen by the same measure; one without an outcome by the same look.
    let (spins, begun) = (Spinning::begin(), Instant::now());
    let used = share(spins.0.id(), || begun.elapsed() > Duration::from_secs(1));
    drop(spins);
    tally.control("waiting without spinning", used > SHARE_MAX);
    tally.control("the last outcome", is_missed_when_killed());
    tally.close();
}

/// The control of every end: killed in the middle of the call.
fn is_missed_when_killed() -> bool {
    let home = Home::new();
    let (screen, _) = in_flight(&home);
    screen.kill();
    !unsafe_end(&home).is_empty()
}

/// Whether the screen waits for somebody to read what it writes.
#[cfg(target_os = "linux")]
fn is_stuck(pid: u32) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return false };
    threads.flatten().map(|thread| thread.path()).any(|thread| {
        let read = |name: &str| std::fs::read_to_string(thread.join(name)).unwrap_or_default();
        // The system's number of `write`, and the file: stdout.
        let is_writing = |call: &str| call.starts_with("1 0x1 ") || call.starts_with("64 0x1 ");
        read("comm").trim() == "screen" && is_writing(&read("syscall")) && read("stat").contains(") S ")
    })
}

#[cfg(target_os = "linux")]
fn get_stuck(screen: &mut Terminal) {
    screen.stop_reading();
    let (pid, mut width) = (screen.pid(), 100);
    wait_until("a screen that is stuck", || {
        // Each new size is a whole new screen.
        width = 100 + (width + 1) % 80;
        screen.resize((width, 50));
        // While the reader has not let go yet, what is stuck may get loose once more.
        screen.is_unread() && is_stuck(pid)
    });
}

#[cfg(target_os = "linux")]
#[test]
fn suite_stalled_terminal() {
    let mut tally = Tally::of("a terminal that nobody reads", "ends");
    // The call goes on, and so do the deadlines.
    tally.cases += 1;
    let home = Home::new();
    let (mut screen, sent) = in_flight(&home);
    // With a reader it is stuck for a moment at most, while that one has something else to do.
    wait_until("a screen that is read", || !is_stuck(screen.pid()));
    tally.control("a reader", true);
    get_stuck(&mut screen);
    wait_until("the outcome", || count(&home, "ActionUnknown") == 1);
    if sent.elapsed() > TIMEOUT + SLACK || !is_stuck(screen.pid()) {
        tally.violations.push(format!("the outcome came after {:?}", sent.elapsed()));
    }
    let begun = Instant::now();
    screen.signal(Signal::TERM);
    let code = screen.wait_code();
    if code != 143 || begun.elapsed() > SLACK || !screen.is_cooked() {
        tally.violations.push(format!("exit {code} after {:?}, cooked: {}", begun.elapsed(), screen.is_cooked()));
    }
    tally.violations.extend(unsafe_end(&home));
    // Ended while both are so: the terminal is stuck, and the call in flight.
    for (signal, expected) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        tally.cases += 1;
        let home = Home::new();
        let (mut screen, sent) = in_flight(&home);
        get_stuck(&mut screen);
        screen.signal(signal);
        let code = screen.wait_code();
        if code != expected || sent.elapsed() > TIMEOUT + SLACK || !screen.is_cooked() {
            tally.violations.push(format!("{signal:?}: exit {code} after {:?}", sent.elapsed()));
        }
        tally.violations.extend(unsafe_end(&home));
    }
    tally.control("the last outcome", is_missed_when_killed());
    tally.close();
}

/// The clock in the first row, in seconds.
fn clock_s(screen: &str) -> Option<u64> {
    let word = screen.lines().next()?.split_whitespace().last()?.strip_suffix('Z')?;
    word.split(':').try_fold(0, |sum, part| Some(sum * 60 + part.parse::<u64>().ok()?))
}

/// How long the process sleeps: what passes then is what the clock has to show afterwards.
const ASLEEP: Duration = Duration::from_secs(4);
/// A person is waited for, so time passes at the pace of life; it is shown in whole seconds, and up to a second late.
const LATE_S: f64 = 2.0;

/// SIGTSTP and SIGCONT, in front of a gate and in the middle of a call.
#[test]
fn suite_stop_and_continue() {
    let mut tally = Tally::of("put to sleep and woken, at a gate and in a call", "sleeps");
    let home = Home::new();
    let mut screen = terminal(&home, "60");
    let pid = screen.pid();
    for _ in 0..3 {
        tally.cases += 1;
        let (begun, before) = (Instant::now(), screen.wait_until("the clock", clock_s));
        screen.signal(Signal::TSTP);
        wait_until("a stopped process", || stat(pid).is_some_and(|(state, _)| state == 'T'));
        screen.wait_given_back();
        if !screen.is_cooked() {
            tally.violations.push("asleep, and the terminal is not a shell's".to_owned());
        }
        thread::sleep(ASLEEP);
        screen.signal(Signal::CONT);
        // A frame may be old by the time it is read; a clock that stood still is late in each.
        screen.wait_until("the gate, whole again, and a clock that did not stand still", |shown| {
            let is_whole = waits(shown) && shown.contains("TIMELINE");
            let passed = (clock_s(shown).filter(|_| is_whole)? + 86_400 - before) % 86_400;
            (f64::from(u32::try_from(passed).unwrap()) >= begun.elapsed().as_secs_f64() - LATE_S).then_some(())
        });
        if screen.is_cooked() {
            tally.violations.push("awake, and the terminal was not taken again".to_owned());
        }
    }
    // Nobody could wake it here: the terminal's first process is the program itself.
    screen.send("\u{1a}");
    screen.wait_for("no shell to come back from");
    tally.control("a stop that stops", stat(pid).is_some_and(|(state, _)| state != 'T'));
    screen.signal(Signal::TERM);
    if screen.wait_exit().0 != 143 {
        tally.violations.push("it does not end afterwards".to_owned());
    }

    tally.cases += 1;
    let home = Home::new();
    // Long enough in flight for all that follows.
    let (mut screen, _) = sent(&home, terminal_of(&home, &TWO.replace("timeout: 4s", "timeout: 15s"), "1"));
    screen.signal(Signal::TSTP);
    screen.wait_for("a call is in flight");
    if stat(screen.pid()).is_none_or(|(state, _)| state == 'T') || count(&home, "ActionUnknown") > 0 {
        tally.violations.push("stopped in the middle of a call".to_owned());
    }
    wait_until("the outcome", || count(&home, "ActionUnknown") == 1);
    screen.signal(Signal::TERM);
    if screen.wait_exit().0 != 143 {
        tally.violations.push("it does not end afterwards".to_owned());
    }
    tally.violations.extend(unsafe_end(&home));
    tally.control("the last outcome", is_missed_when_killed());
    tally.close();
}

/// A drill that nobody watches, with the promotion in flight; what it prints goes into a pipe.
fn headless(home: &Home, smallest: bool) -> (std::process::Child, Instant) {
    let (runbook, scenario) = (home.write("two.yaml", TWO), home.write("silent.yaml", SILENT));
    let args =
        ["drill", &runbook, "--scenario", &scenario, "--seed", "7", "--no-tui", "--yes", "--json", "--speed", "1"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
    command.args(args).env_clear().envs(environment(home.path())).current_dir(home.path());
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    #[cfg(target_os = "linux")]
    if smallest {
        rustix::pipe::fcntl_setpipe_size(child.stdout.as_ref().unwrap(), 4096).unwrap();
    }
    wait_until("the call", || !home.runs().is_empty() && home.changes().len() == 1);
    (child, Instant::now())
}

/// Output that is closed, and output that is never read.
#[test]
fn suite_output() {
    let mut tally = Tally::of("output that is closed, or that nobody reads", "ends");
    tally.cases += 1;
    let home = Home::new();
    let (mut child, sent) = headless(&home, false);
    let mut first = String::new();
    // One line, then the pipe is closed.
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    let code = child.wait().unwrap().code();
    if code != Some(141) || !told.contains("lifeboat resume ") || sent.elapsed() > TIMEOUT + SLACK {
        tally.violations.push(format!("closed: exit {code:?} after {:?}: {told}", sent.elapsed()));
    }
    tally.violations.extend(unsafe_end(&home));

    tally.cases += 1;
    let home = Home::new();
    let (mut child, sent) = headless(&home, true);
    wait_until("the outcome", || count(&home, "ActionUnknown") == 1);
    let waited = sent.elapsed();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    let code = child.wait().unwrap().code();
    if !matches!(code, Some(5 | 143)) || waited > TIMEOUT + SLACK {
        tally.violations.push(format!("never read: exit {code:?}, the outcome after {waited:?}"));
    }
    tally.violations.extend(unsafe_end(&home));
    let written: usize = home.journal().iter().map(|record: &Value| record.to_string().len()).sum();
    tally.control("a reader", written > 4096);
    tally.control("the last outcome", is_missed_when_killed());
    tally.close();
}
