//! Programs that lifeboat starts, in runs of a sandbox: what becomes of them when it is killed, hung up
//! or left, and what a resume makes of them. Nothing here waits for time: programs wait at a gate.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use totp_rs::Totp;

use crate::home::{Home, Said, environment};
use crate::operator;
use crate::terminal::{ENTER, TAB, Terminal};

/// One step, whose program lies beside it.
pub const RUNBOOK: &str = "version: 1
name: programs
title: Programs
phases:
  - id: all
    steps:
      - id: work
        uses: exec
        with: { argv: [sh, work.sh] }
        reversible: true
        timeout: 5m
        verify: [{ expect: result.exit_code == 7 }]
        outputs: { said: \"${{ result.stdout }}\" }
";
const SIZE: (u16, u16) = (120, 36);

/// A program that has begun and waits to be let on.
pub struct Gate {
    go: PathBuf,
}

impl Gate {
    fn new(home: &Home) -> Self {
        let (ready, go) = (home.path().join("ready"), home.path().join("go"));
        assert!(Command::new("mkfifo").args([&ready, &go]).status().unwrap().success());
        let log = home.path().join("log").display().to_string();
        let (ready, at) = (ready.display(), go.display());
        let script = format!(
            "echo began >> {log}\necho ready > {ready}\nread line < {at}\necho let on\necho ended >> {log}\nexit 7\n"
        );
        home.write("work.sh", script);
        Self { go }
    }

    /// Returns once the program has begun, and its keeper has noted which process it is: the program may be
    /// faster than that.
    fn is_reached(&self) {
        let home = self.go.parent().unwrap();
        File::open(home.join("ready")).unwrap().read_to_end(&mut Vec::new()).unwrap();
        let is_noted = |attempt: PathBuf| std::fs::metadata(attempt.join("process.json")).is_ok_and(|it| it.len() > 0);
        let runs = || attempts(&home.join("runs")).into_iter().map(|run| run.join("programs"));
        while !runs().flat_map(|programs| attempts(&programs)).any(is_noted) {
            std::thread::yield_now();
        }
    }

    pub fn open(&self) {
        std::fs::write(&self.go, "go\n").unwrap();
    }
}

impl Drop for Gate {
    /// Whoever a failed test leaves waiting goes on, and ends.
    fn drop(&mut self) {
        let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        let open = File::options().write(true).custom_flags(flags).open(&self.go);
        let _ = open.map(|mut go| go.write_all(b"go\n"));
    }
}

fn command(home: &Home, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
    command.args(arguments).env_clear().envs(environment(home.path())).current_dir(home.path());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// A drill in no account at all, which nobody watches, whose program has begun.
pub fn waiting_program(home: &Home) -> (Child, Gate) {
    let gate = Gate::new(home);
    let runbook = home.write("programs.yaml", RUNBOOK);
    let lifeboat = command(home, &["drill", &runbook, "--cloud", "aws", "--no-tui", "--yes"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    gate.is_reached();
    (lifeboat, gate)
}

/// Enrols the operator's device as a person does. Shows its codes from then on, see [`next_code`].
fn device(home: &Home) -> Totp {
    let mut terminal = Terminal::start(home, (120, 50), &["mfa", "enroll", "alice"]);
    let url = terminal.wait_until("an otpauth address", |screen| {
        let joined: String = screen.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        let url = joined[joined.find("otpauth://")?..].split_whitespace().next()?.to_owned();
        url.contains("secret=").then_some(url)
    });
    let device = Totp::from_url(&url).unwrap_or_else(|error| panic!("{error}: {url}"));
    terminal.wait_for("Code now shown by");
    terminal.send(&format!("{}\r", device.generate(now_s())));
    assert_eq!(terminal.wait_exit().0, 0);
    device
}

/// The code that comes next: it counts already, the enrolment has not used it up, and it counts for two more
/// steps, however long it takes to be typed.
fn next_code(device: &Totp) -> String {
    device.generate(now_s() + 30).to_string()
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Past the last look before a run.
fn begun(terminal: &mut Terminal) {
    terminal.wait_for("Enter begin");
    terminal.wait_until("a screen that listens", |screen| (!screen.contains("a moment")).then_some(()));
    terminal.send(ENTER);
}

#[derive(Debug, PartialEq, Eq)]
pub enum Killed {
    Alive,
    Gone,
}

pub fn kill(pid: Pid) -> Killed {
    if kill_process(pid, Signal::KILL).is_ok() { Killed::Alive } else { Killed::Gone }
}

/// The keepers of programs below a directory.
pub fn keepers(below: &Path) -> Vec<Pid> {
    let wanted = format!("__keep-program\0{}", below.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let number = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        found.extend(number.filter(|_| String::from_utf8_lossy(&line).contains(&wanted)));
    }
    found
}

/// The directories of the attempts.
pub fn attempts(programs: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(programs).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}

/// Returns once nobody watches an attempt any more.
pub fn released(dir: &Path) {
    if let Ok(lock) = File::open(dir.join("lock")) {
        lock.lock().unwrap();
    }
}

/// Returns once neither a program that writes this log nor its keeper is left.
pub fn finished(log: &Path) {
    let home = log.parent().unwrap().canonicalize().unwrap();
    let (appends, kept) = (format!(">> {}", log.display()), format!("__keep-program\0{}", home.display()));
    let is_left = || {
        std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line);
            let is_here = || std::fs::read_link(entry.path().join("cwd")).is_ok_and(|dir| dir == home);
            line.contains(&kept) || line.contains(&appends) || (line.contains("work.sh") && is_here())
        })
    };
    while is_left() {
        std::thread::yield_now();
    }
}

fn log(home: &Home) -> String {
    std::fs::read_to_string(home.path().join("log")).unwrap()
}

fn events(home: &Home, kind: &str) -> Vec<Value> {
    let all = home.journal().into_iter().map(|record| record["ev"].clone());
    all.filter(|event| event["type"] == kind).collect()
}

fn resumed(home: &Home) -> Said {
    home.run(&["resume", "last", "--no-tui", "--yes", "--json"])
}

/// The run is over, by the program's own word, and the program ran once.
fn assert_done_once(home: &Home) {
    assert_eq!(log(home), "began\nended\n");
    assert_eq!(events(home, "ActionRequested").len(), 1);
    assert_eq!(events(home, "StepSucceeded")[0]["outputs"]["said"], "let on\n");
    assert_eq!(events(home, "RunFinished").len(), 1);
    assert!(events(home, "Anomaly").is_empty());
}

/// Reads what lifeboat prints until it is what is waited for.
fn until(said: &mut BufReader<ChildStdout>, wanted: &str) {
    let mut line = String::new();
    while !line.contains(wanted) {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "it never said {wanted}");
    }
}

#[test]
fn killed_while_its_program_runs_it_finds_it_again_and_waits_for_its_end() {
    let home = Home::new();
    let (mut lifeboat, gate) = waiting_program(&home);
    lifeboat.kill().unwrap();
    lifeboat.wait().unwrap();
    let mut again = command(&home, &["resume", "last", "--no-tui", "--yes", "--json"]).spawn().unwrap();
    let mut said = BufReader::new(again.stdout.take().unwrap());
    until(&mut said, "in_progress");
    gate.open();
    said.read_to_end(&mut Vec::new()).unwrap();
    assert_eq!(again.wait().unwrap().code(), Some(0));
    assert_done_once(&home);
}

#[test]
fn what_ended_while_nobody_watched_counts_as_it_ended() {
    let home = Home::new();
    let (mut lifeboat, gate) = waiting_program(&home);
    lifeboat.kill().unwrap();
    lifeboat.wait().unwrap();
    gate.open();
    released(&attempts(&home.last_run().join("programs"))[0]);
    let said = resumed(&home);
    assert_eq!(said.code, 0, "{said:?}");
    assert_done_once(&home);
}

#[test]
fn a_signal_lets_go_of_the_program_at_once_and_the_program_hears_nothing_of_it() {
    let home = Home::new();
    let (mut lifeboat, gate) = waiting_program(&home);
    let pid = Pid::from_raw(lifeboat.id().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    // The program still waits: who waited for it would never end.
    assert_eq!(lifeboat.wait().unwrap().code(), Some(128 + 15));
    for keeper in keepers(home.path()) {
        for signal in [Signal::HUP, Signal::INT, Signal::TERM, Signal::QUIT] {
            kill_process(keeper, signal).unwrap();
        }
    }
    assert_eq!(resumed_in_progress(&home, &gate).code, 0);
    assert_done_once(&home);
}

fn resumed_in_progress(home: &Home, gate: &Gate) -> Said {
    gate.open();
    resumed(home)
}

#[test]
fn a_keeper_that_was_killed_leaves_a_doubt_that_a_person_decides() {
    let home = Home::new();
    let (mut lifeboat, gate) = waiting_program(&home);
    for keeper in keepers(home.path()) {
        assert_eq!(kill(keeper), Killed::Alive);
    }
    // It hears of it at once, and does not guess.
    assert_eq!(lifeboat.wait().unwrap().code(), Some(5));
    assert_eq!(events(&home, "ProbeAnswered")[0]["answer"], "cannot_tell");
    gate.open();
    let said = resumed(&home);
    assert_eq!(said.code, 5, "{said:?}");
    assert_eq!(events(&home, "ActionRequested").len(), 1);

    device(&home);
    let mut terminal = Terminal::start(&home, SIZE, &["resume", "last"]);
    begun(&mut terminal);
    terminal.wait_for("outcome unknown");
    terminal.send(ENTER);
    // Its own view, or the dialog over it; the look that a resume makes first may still be under way.
    terminal.wait_until("what is known of it, for a person to decide", |screen| {
        let asks = screen.contains("Enter to decide") || screen.contains("IN DOUBT work");
        (asks && screen.contains("cannot tell") && screen.contains("it ran as process")).then_some(())
    });
    terminal.kill();
}

#[test]
fn what_was_never_started_is_told_as_not_done() {
    let home = Home::new();
    let (mut lifeboat, gate) = waiting_program(&home);
    lifeboat.kill().unwrap();
    lifeboat.wait().unwrap();
    gate.open();
    let dir = attempts(&home.last_run().join("programs")).remove(0);
    released(&dir);
    // As it is when lifeboat was killed between its intent and the start.
    std::fs::remove_dir_all(&dir).unwrap();
    assert_eq!(resumed(&home).code, 5);
    assert_eq!(events(&home, "ProbeAnswered")[0]["answer"], "before");
    // A copy of the journal alone proves nothing of the kind.
    std::fs::remove_dir_all(home.last_run().join("programs")).unwrap();
    assert_eq!(resumed(&home).code, 5);
    assert_eq!(events(&home, "ProbeAnswered")[1]["answer"], "cannot_tell");
}

#[test]
fn a_terminal_that_is_closed_ends_lifeboat_and_not_the_program() {
    let home = Home::new();
    let gate = Gate::new(&home);
    let runbook = home.write("programs.yaml", RUNBOOK);
    let device = device(&home);
    let mut terminal = Terminal::start(&home, SIZE, &["drill", &runbook, "--cloud", "aws", "--operator", "alice"]);
    begun(&mut terminal);
    let place = operator::open(&mut terminal).code_at.unwrap();
    terminal.send(&format!("{}{}{TAB}R", TAB.repeat(place), next_code(&device)));
    gate.is_reached();
    assert_eq!(terminal.hang_up(), 128 + 1);
    assert_eq!(log(&home), "began\n");
    assert_eq!(keepers(home.path()).len(), 1);
    assert_eq!(resumed_in_progress(&home, &gate).code, 0);
    assert_done_once(&home);
}

#[test]
fn a_drill_in_the_simulated_cloud_starts_nothing() {
    let home = Home::new();
    home.write("work.sh", format!("echo began >> {}\nexit 7\n", home.path().join("log").display()));
    let runbook = home.write("programs.yaml", RUNBOOK.replace("== 7", "== 0"));
    let said = home.run(&["drill", &runbook, "--no-tui", "--yes", "--seed", "7"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(!home.path().join("log").exists());
    assert!(!home.last_run().join("programs").exists());
    assert_eq!(home.changes(), ["exec"]);
}

#[test]
fn what_a_program_is_told_stands_in_no_command_line_and_in_no_file() {
    let home = Home::new();
    let gate = Gate::new(&home);
    let secret = "hunter2-as-never-seen";
    let runbook = home.write("programs.yaml", RUNBOOK);
    let mut lifeboat = command(&home, &["drill", &runbook, "--cloud", "aws", "--no-tui", "--yes"]);
    let mut lifeboat = lifeboat.stdout(Stdio::null()).env("AWS_SECRET_ACCESS_KEY", secret).spawn().unwrap();
    gate.is_reached();
    let keeper = keepers(home.path())[0];
    let about = |what: &str| {
        String::from_utf8_lossy(&std::fs::read(format!("/proc/{}/{what}", keeper.as_raw_nonzero())).unwrap())
            .into_owned()
    };
    assert!(!about("cmdline").contains(secret) && !about("environ").contains(secret));
    // The control: the program itself has it.
    let process = std::fs::read_to_string(attempts(&home.last_run().join("programs"))[0].join("process.json")).unwrap();
    assert!(String::from_utf8_lossy(&std::fs::read(format!("/proc/{process}/environ")).unwrap()).contains(secret));
    gate.open();
    assert_eq!(lifeboat.wait().unwrap().code(), Some(0));
    let mut open = vec![home.last_run()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(attempts(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!String::from_utf8_lossy(&bytes).contains(secret), "{}", path.display());
        }
    }
}
