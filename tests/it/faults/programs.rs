//! Programs and those who watch them, killed at any time and at every system call. What a program
//! itself wrote down is the witness of whether it was started, how often, and whether it ended.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lifeboat::engine::effect::{CallRequest, CallSession};
use lifeboat::engine::ports::Cloud as _;
use lifeboat::model::action::Action;
use lifeboat::model::event::{Purpose, Ticket};
use lifeboat::model::outcome::{CloudErrorKind, ProbeAnswer};
use lifeboat::model::plan::ResolvedTarget;
use lifeboat::outside::{Outside, OutsideOptions};
use serde_json::{Value, json};

use super::{Tally, dice};
use crate::home::{Home, environment};
use crate::programs::{Killed, RUNBOOK, attempts, finished, keepers, kill, released, waiting_program};

/// What is taken away for a control.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Without {
    /// Nothing is kept of what was started.
    Account,
    /// The mark that is made before the start.
    Mark,
    /// The lock that says that somebody watches.
    Lock,
    /// The intent: after a crash it is sent again.
    Intent,
}

/// Says what the log of a program and the words about it do not agree on.
fn judged(name: &str, log: &Path, answer: ProbeAnswer, exit_code: Option<i64>) -> Vec<String> {
    let (began, ended) = (count(log, "began"), count(log, "ended"));
    let mut found = Vec::new();
    if began > 1 {
        found.push(format!("{name}: it ran {began} times"));
    }
    match answer {
        ProbeAnswer::Before if began > 0 => found.push(format!("{name}: said not to be started, and it was")),
        ProbeAnswer::After if exit_code != Some(7) => found.push(format!("{name}: ended with {exit_code:?}, not 7")),
        ProbeAnswer::After if ended != 1 => found.push(format!("{name}: said to have ended, and it had not")),
        ProbeAnswer::InProgress => found.push(format!("{name}: said to run when nobody was left")),
        ProbeAnswer::Before | ProbeAnswer::After | ProbeAnswer::CannotTell => {}
    }
    found
}

fn count(log: &Path, word: &str) -> usize {
    std::fs::read_to_string(log).unwrap_or_default().lines().filter(|line| *line == word).count()
}

/// One attempt through the adapter, with a keeper that is killed at a system call.
struct Sweep {
    home: Home,
    outside: Outside,
}

impl Sweep {
    /// `at`: the system call and the how manyeth of it; without it nobody is killed and all are counted.
    fn new(at: Option<(&str, u64)>) -> Self {
        let home = Home::new();
        let (binary, log) = (env!("CARGO_BIN_EXE_lifeboat"), home.path().join("calls"));
        let inject = at.map_or_else(String::new, |(call, nth)| format!("-e inject={call}:signal=KILL:when={nth}"));
        let script = format!(
            "#!/bin/sh\nexec /usr/bin/env strace -qq -o {} -e trace={} {inject} {binary} \"$@\"\n",
            log.display(),
            SWEPT.join(",")
        );
        let keeper = PathBuf::from(home.program("keeper", &script));
        let programs_dir = Some(home.path().join("programs"));
        Outside::make_room(&home.path().join("programs")).unwrap();
        let outside = Outside::new(OutsideOptions { programs_dir, keeper: Some(keeper), ..OutsideOptions::default() });
        Self { home, outside }
    }

    fn log(&self) -> PathBuf {
        self.home.path().join("log")
    }

    fn ask(&self, purpose: Purpose) -> Result<Value, CloudErrorKind> {
        let script = format!("echo began >> {0}; echo ended >> {0}; exit 7", self.log().display());
        let call = Action::parse("exec", &json!({"argv": ["sh", "-c", script]})).unwrap();
        let request = CallRequest {
            ticket: Ticket { step: "work".to_owned(), attempt: 1, purpose },
            call,
            target: ResolvedTarget::default(),
            token: "0123456789abcdef".to_owned(),
            not_before_ms: 0,
            timeout_ms: 40_000,
            changes: purpose.is_send(),
            before: None,
            session: CallSession::Base,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(self.outside.call(&request)).map(|reply| reply.value).map_err(|error| error.kind)
    }

    /// Starts it and looks at it afterwards, with something taken away in between.
    fn run(&self, name: &str, without: Option<Without>) -> Vec<String> {
        let said = self.ask(Purpose::Action);
        if without == Some(Without::Mark) {
            let _ = std::fs::remove_file(attempts(&self.home.path().join("programs"))[0].join("started.json"));
        }
        let looked = self.ask(Purpose::Probe).unwrap();
        // Whoever was left behind has come to its end by now, or the witness would be too early.
        finished(&self.log());
        let action = Action::parse("exec", &json!({"argv": ["sh"]})).unwrap();
        let (answer, code) = (action.judge(None, &looked), looked["exit_code"].as_i64());
        let mut found = judged(name, &self.log(), answer, code);
        match said {
            Ok(value) if value != looked => found.push(format!("{name}: {value} was answered, {looked} is told")),
            Err(CloudErrorKind::UnknownOutcome) if answer == ProbeAnswer::After => {}
            Err(CloudErrorKind::UnknownOutcome) if answer == ProbeAnswer::CannotTell => {}
            Err(CloudErrorKind::Unavailable) if answer == ProbeAnswer::Before => {}
            Ok(_) => {}
            Err(kind) => found.push(format!("{name}: {kind:?}, and then {looked}")),
        }
        found
    }

    /// How often each call was made.
    fn counted() -> Vec<(&'static str, u64)> {
        let sweep = Self::new(None);
        assert_eq!(sweep.run("unharmed", None), Vec::<String>::new());
        assert_eq!(count(&sweep.log(), "ended"), 1);
        let text = std::fs::read_to_string(sweep.home.path().join("calls")).unwrap_or_default();
        let times = |call: &str| text.lines().filter(|line| line.starts_with(&format!("{call}("))).count() as u64;
        SWEPT.iter().map(|call| (*call, times(call))).filter(|(_, times)| *times > 0).collect()
    }
}

/// The system calls by which a keeper does what lasts.
const SWEPT: [&str; 12] =
    ["openat", "read", "write", "fsync", "rename", "setsid", "clone3", "vfork", "pipe2", "waitid", "dup2", "dup3"];

/// Keepers killed at every system call, or every `step`th.
fn sweep(step: usize, tally: &mut Tally) {
    let points: Vec<(&str, u64)> =
        Sweep::counted().into_iter().flat_map(|(call, times)| (1..=times).map(move |nth| (call, nth))).collect();
    assert!(points.iter().any(|(call, _)| *call == "rename") && points.len() > 30, "{points:?}");
    for (call, nth) in points.iter().step_by(step) {
        tally.cases += 1;
        tally.violations.extend(Sweep::new(Some((call, *nth))).run(&format!("{call} {nth}"), None));
    }
    let caught = points.iter().rev().any(|(call, nth)| {
        let found = Sweep::new(Some((call, *nth))).run("control", Some(Without::Mark));
        found.iter().any(|violation| violation.contains("said not to be started"))
    });
    tally.control("the mark before the start", caught);
}

/// A run in a sandbox whose one step is a program that takes a while.
fn begin(home: &Home, pause_ms: u64) -> Child {
    let log = home.path().join("log").display().to_string();
    let script = format!("echo began >> {log}\nsleep 0.{pause_ms:03}\necho ended >> {log}\nexit 7\n");
    home.write("work.sh", script);
    let runbook = home.write("programs.yaml", RUNBOOK);
    start(home, &["drill", &runbook, "--cloud", "aws", "--no-tui", "--yes"])
}

fn start(home: &Home, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
    command.args(arguments).env_clear().envs(environment(home.path())).current_dir(home.path());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Goes on with a run until it is over or a person is asked. Gives what the journal says in the end.
fn settled(home: &Home) -> (ProbeAnswer, Option<i64>) {
    let code = start(home, &["resume", "last", "--no-tui", "--yes"]).wait().unwrap().code();
    let events: Vec<Value> = home.journal().iter().map(|record| record["ev"].clone()).collect();
    let exit_code = events.iter().rev().find_map(|event| {
        let result = if event["type"] == "ActionSucceeded" { &event["result"] } else { &event["result"]["Ok"] };
        result["exit_code"].as_i64()
    });
    let is_done = events.iter().any(|event| event["type"] == "StepSucceeded");
    let answered = events.iter().rev().find(|event| event["type"] == "ProbeAnswered").map(|event| &event["answer"]);
    let answer = match answered.and_then(Value::as_str) {
        _ if is_done => ProbeAnswer::After,
        Some("before") => ProbeAnswer::Before,
        Some("in_progress") => ProbeAnswer::InProgress,
        // Refused, as nothing was there to start it any more.
        None if events.iter().any(|event| event["type"] == "ActionRefused") => ProbeAnswer::Before,
        _ => ProbeAnswer::CannotTell,
    };
    assert!(matches!(code, Some(0 | 2 | 5)), "exit {code:?}: {events:#?}");
    (answer, exit_code)
}

/// One run in which lifeboat, its keeper or both are killed at a moment that the seed says.
fn hunt(seed: u64, longest: Duration) -> Vec<String> {
    let home = Home::new();
    let mut lifeboat = begin(&home, dice(&[seed, 1]) % 300);
    let after = Duration::from_micros(dice(&[seed, 2]) % u64::try_from(longest.as_micros()).unwrap());
    // Time itself is what is tried here: a kill at any moment.
    std::thread::sleep(after);
    let aim = dice(&[seed, 3]) % 4;
    let mut keeper_killed = false;
    if aim > 0 {
        lifeboat.kill().unwrap();
    }
    if aim < 2 {
        keeper_killed = keepers(home.path()).into_iter().any(|pid| kill(pid) == Killed::Alive);
    }
    lifeboat.wait().unwrap();
    if home.runs().is_empty() || home.journal().is_empty() {
        return Vec::new();
    }
    let (answer, code) = settled(&home);
    for dir in attempts(&home.last_run().join("programs")) {
        released(&dir);
    }
    finished(&home.path().join("log"));
    let name = format!("seed {seed}, aim {aim}");
    let mut found = judged(&name, &home.path().join("log"), answer, code);
    if answer == ProbeAnswer::CannotTell && !keeper_killed {
        found.push(format!("{name}: in doubt, and nobody had harmed its keeper"));
    }
    let sends = home.journal().iter().filter(|record| record["ev"]["type"] == "ActionRequested").count();
    if sends > 1 {
        found.push(format!("{name}: {sends} sends"));
    }
    found
}

/// Lifeboat killed while its program waits, and something taken away before it comes back.
fn lamed(without: Without) -> Vec<String> {
    let home = Home::new();
    let (mut lifeboat, gate) = waiting_program(&home);
    lifeboat.kill().unwrap();
    lifeboat.wait().unwrap();
    let run = home.last_run();
    let dir = attempts(&run.join("programs")).remove(0);
    match without {
        Without::Account => std::fs::remove_dir_all(&dir).unwrap(),
        Without::Mark => std::fs::remove_file(dir.join("started.json")).unwrap(),
        Without::Lock => {
            std::fs::remove_file(dir.join("lock")).and_then(|()| std::fs::write(dir.join("lock"), "")).unwrap();
        }
        Without::Intent => {
            let journal = run.join("journal.jsonl");
            let text = std::fs::read_to_string(&journal).unwrap();
            let kept: String =
                text.split_inclusive('\n').take_while(|line| !line.contains("ActionRequested")).collect();
            std::fs::write(journal, kept).unwrap();
            std::fs::rename(&dir, home.path().join("forgotten")).unwrap();
        }
    }
    let script = format!("echo began >> {0}\necho ended >> {0}\nexit 7\n", home.path().join("log").display());
    // Another file: the one that waits goes on reading its own.
    std::fs::remove_file(home.path().join("work.sh")).unwrap();
    home.write("work.sh", script);
    let (answer, code) = settled(&home);
    let mut found = judged("control", &home.path().join("log"), answer, code);
    if answer == ProbeAnswer::CannotTell {
        found.push("control: in doubt, and nobody had harmed its keeper".to_owned());
    }
    gate.open();
    finished(&home.path().join("log"));
    found
}

fn measured() -> Duration {
    let (home, begun) = (Home::new(), Instant::now());
    let code = begin(&home, 150).wait().unwrap().code();
    assert_eq!((code, settled_log(&home)), (Some(0), (1, 1)));
    begun.elapsed()
}

fn settled_log(home: &Home) -> (usize, usize) {
    let log = home.path().join("log");
    (count(&log, "began"), count(&log, "ended"))
}

fn suite(kills: u64, step: usize) -> Tally {
    let mut tally = Tally::of("programs, keepers and lifeboat killed, and found again", "kills");
    sweep(step, &mut tally);
    let longest = measured();
    let (next, violations) = (AtomicU64::new(0), Arc::new(Mutex::new(Vec::new())));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= kills {
                        break;
                    }
                    let found = hunt(seed, longest);
                    violations.lock().unwrap().extend(found);
                }
            });
        }
    });
    tally.cases += kills;
    tally.violations.append(&mut violations.lock().unwrap());
    let controls = [
        ("the account of what was started", Without::Account, "said not to be started"),
        ("the lock of who watches", Without::Lock, "nobody had harmed"),
        ("finding it again", Without::Intent, "it ran 2 times"),
    ];
    for (name, without, sign) in controls {
        let found = lamed(without);
        tally.control(name, found.iter().any(|violation| violation.contains(sign)));
    }
    tally
}

#[test]
fn a_few_kills_of_programs_and_keepers() {
    suite(6, 9).close();
}

#[test]
#[ignore = "minutes: `.ci/faults` runs it"]
fn suite_child_programs() {
    suite(400, 1).close();
}
