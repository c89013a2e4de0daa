//! What a machine does to a process: signals, a full disk, a limit on the size of files, a file that
//! changes under its feet, secrets in its environment.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::Tally;
use crate::home::{Home, environment, lines};

/// Two changes in a row, under one code.
const TWO: &str = "version: 1
name: two
title: Two changes
targets: { dr: { region: us-east-1, account: '111122223333' } }
mfa: { method: totp }
defaults: { target: dr, timeout: 20m }
phases:
  - id: all
    gates: { mfa: phase }
    steps:
      - { id: a, uses: aws/ecs.update_service, with: { cluster: c, service: a, desired_count: 3 } }
      - { id: b, uses: aws/ecs.update_service, with: { cluster: c, service: b, desired_count: 4 } }
";

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(2);

fn start(home: &Home, program: &[&str], args: &[&str]) -> Child {
    let binary = env!("CARGO_BIN_EXE_lifeboat");
    let words: Vec<&str> = program.iter().copied().chain([binary]).chain(args.iter().copied()).collect();
    Command::new(words[0])
        .args(&words[1..])
        .env_clear()
        .envs(environment(home.path()))
        .current_dir(home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::yield_now();
    }
}

fn events(home: &Home, kind: &str) -> Vec<Value> {
    let journal = home.journal().into_iter().map(|record| record["ev"].clone());
    journal.filter(|event| event["type"] == kind).collect()
}

fn changes_so_far(home: &Home) -> usize {
    home.runs().last().map_or(0, |run| {
        lines(&run.join("world.jsonl")).iter().filter(|line| line["changes"] == Value::Bool(true)).count()
    })
}

/// So slowly that the first change is still in flight when something is done about it.
const SLOWLY: &str = "0.1";

/// A slow drill, up to the moment at which its first change is in flight.
fn in_flight(home: &Home) -> Child {
    let runbook = home.write("two.yaml", TWO);
    let child = start(home, &[], &["drill", &runbook, "--seed", "7", "--no-tui", "--yes", "--speed", SLOWLY]);
    wait_until("the first change", || changes_so_far(home) == 1);
    child
}

/// How a headless drill with a change in flight ends by a signal: what is wrong with it.
fn ended_by(signal: Signal, code: i32) -> Vec<String> {
    let mut found = Vec::new();
    let home = Home::new();
    let child = in_flight(&home);
    kill_process(Pid::from_child(&child), signal).unwrap();
    let said = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&said.stderr).into_owned();
    if said.status.code() != Some(code) || !told.contains("lifeboat resume ") {
        found.push(format!("{signal:?}: exit {:?}: {told}", said.status.code()));
    }
    let counted = ["ActionRequested", "ActionSucceeded", "RunLeft"].map(|kind| events(&home, kind).len());
    if counted != [1, 1, 1] {
        found.push(format!("{signal:?}: {counted:?} intents, outcomes and ends: the call in flight was not awaited"));
    }
    let went_on = home.run(&["resume", "last", "--no-tui", "--yes", "--speed", "max"]).code;
    if went_on != 0 || home.changes().len() != 2 {
        found.push(format!("{signal:?}: resume ended with {went_on}, {} changes were sent", home.changes().len()));
    }
    found
}

const SIGNALS: [(Signal, i32); 3] = [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)];

#[test]
fn signals_end_a_headless_drill_safely() {
    for (signal, code) in SIGNALS {
        assert_eq!(ended_by(signal, code), Vec::<String>::new());
    }
}

/// SIGXFSZ would end a process that writes beyond the limit.
fn under_a_file_size_limit() -> Vec<String> {
    let mut found = Vec::new();
    let home = Home::new();
    let runbook = home.write("two.yaml", TWO);
    let limited = ["sh", "-c", "ulimit -f 128; exec \"$@\"", "sh"];
    let child = start(&home, &limited, &["drill", &runbook, "--seed", "7", "--no-tui", "--yes", "--speed", "max"]);
    let said = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&said.stderr).into_owned();
    // 128 and the number of the signal that did not kill it.
    if said.status.code() != Some(153) || !told.contains("make room") || !told.contains("lifeboat resume ") {
        found.push(format!("exit {:?}: {told}", said.status));
    }
    if (home.changes().len(), events(&home, "ActionRequested").len()) != (0, 0) {
        found.push("something was sent".to_owned());
    }
    if home.run(&["resume", "last", "--no-tui", "--yes", "--speed", "max"]).code != 0 {
        found.push("it cannot be gone on with".to_owned());
    }
    found
}

#[test]
fn a_file_size_limit_sends_nothing_and_kills_nobody() {
    assert_eq!(under_a_file_size_limit(), Vec::<String>::new());
}

/// A file system of three mebibytes that somebody fills while the first change is in flight. The control
/// takes the room away that is kept for the outcome.
#[cfg(target_os = "linux")]
fn on_a_full_disk(with_ballast: bool) -> Vec<String> {
    let mut found = Vec::new();
    let home = Home::new();
    let runbook = home.write("two.yaml", TWO);
    let script = "set -e; mkdir small out; mount -t tmpfs -o size=3m none small
        export LIFEBOAT_STATE_DIR=$PWD/small
        \"$@\" & child=$!
        until grep -qs '\"changes\":true' small/runs/*/world.jsonl; do :; done
        $TAKE_AWAY
        cat /dev/zero > small/filler 2>/dev/null || true
        code=0; wait $child || code=$?
        cp -r small/runs out/; exit $code";
    let script = script.replace("$TAKE_AWAY", if with_ballast { "" } else { "rm small/runs/*/ballast" });
    let namespace = ["unshare", "--map-root-user", "--mount", "--", "sh", "-c", &script, "sh"];
    let child = start(&home, &namespace, &["drill", &runbook, "--seed", "7", "--no-tui", "--yes", "--speed", SLOWLY]);
    let said = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(!told.starts_with("unshare:"), "no mount can be made on this machine: {told}");
    let says_what_to_do = told.contains("the disk is almost full") && told.contains("lifeboat resume ");
    if said.status.code() != Some(5) || !says_what_to_do {
        found.push(format!("exit {:?}: {told}", said.status));
    }
    let run = std::fs::read_dir(home.path().join("out/runs")).unwrap().next().unwrap().unwrap().path();
    let read = lifeboat::journal::read(&run).unwrap();
    if (&read.damage, read.torn_bytes) != (&None, 0) {
        found.push(format!("the journal is not whole: {:?}", read.damage));
    }
    let kinds: Vec<String> = lines(&run.join("journal.jsonl"))
        .iter()
        .map(|record| record["ev"]["type"].as_str().unwrap().to_owned())
        .collect();
    let counted =
        ["ActionRequested", "ActionSucceeded", "RunLeft"].map(|kind| kinds.iter().filter(|one| *one == kind).count());
    if counted != [1, 1, 1] {
        found.push(format!("{counted:?} intents, outcomes and ends: {kinds:?}"));
    }
    found
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_keeps_the_outcome_of_the_call_in_flight() {
    assert_eq!(on_a_full_disk(true), Vec::<String>::new());
}

/// How often each service is scaled to, as the cloud saw it.
fn counts_sent(home: &Home) -> Vec<u64> {
    let sent = home.world().into_iter().filter(|line| line["changes"] == Value::Bool(true));
    sent.map(|line| line["call"]["desired_count"].as_u64().unwrap()).collect()
}

/// Whether what was sent is what the runbook said when the run began, and what people confirmed.
fn differs_from_the_runbook(home: &Home) -> Vec<String> {
    let mut found = Vec::new();
    let counts = counts_sent(home);
    if counts != [3, 4] {
        found.push(format!("{counts:?} were sent"));
    }
    for (confirmed, sent) in events(home, "StepConfirmed").iter().zip(events(home, "ActionRequested")) {
        if confirmed["digest"] != sent["digest"] {
            found.push("what was sent is not what was confirmed".to_owned());
        }
    }
    found
}

/// The runbook on the disk becomes another one while the run goes on, and while it is stopped. The
/// control is a run that begins with the file as it is now: what reading it again would do.
fn swapped_under_its_feet(is_read_again: bool) -> Vec<String> {
    let home = Home::new();
    let child = in_flight(&home);
    let swapped = TWO.replace("desired_count: 4", "desired_count: 44").replace("desired_count: 3", "desired_count: 33");
    let runbook = home.write("two.yaml", &swapped);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    child.wait_with_output().unwrap();
    let on = ["--no-tui", "--yes", "--speed", "max"];
    let verb = if is_read_again { ["drill", &runbook] } else { ["resume", "last"] };
    let words: Vec<&str> = verb.into_iter().chain(on).collect();
    let said = home.run(&words);
    assert_eq!(said.code, 0, "{said:?}");
    differs_from_the_runbook(&home)
}

#[test]
fn a_swapped_runbook_changes_nothing_about_a_run() {
    assert_eq!(swapped_under_its_feet(false), Vec::<String>::new());
}

/// The tests above as one line of the table.
#[test]
#[ignore = "the same again; .ci/faults runs it"]
fn suite_machine() {
    let mut tally = Tally::of("signals, full disk, file limit, runbook swapped", "situations");
    let mut met = |found: Vec<String>| {
        tally.cases += 1;
        tally.violations.extend(found);
    };
    for (signal, code) in SIGNALS {
        met(ended_by(signal, code));
    }
    met(under_a_file_size_limit());
    #[cfg(target_os = "linux")]
    met(on_a_full_disk(true));
    met(swapped_under_its_feet(false));
    // A signal that nobody can listen to.
    tally.control("listening to signals", !ended_by(Signal::KILL, 137).is_empty());
    #[cfg(target_os = "linux")]
    tally.control("the ballast", !on_a_full_disk(false).is_empty());
    tally.control("the bytes in line 1", !swapped_under_its_feet(true).is_empty());
    tally.close();
}

const CANARIES: &[(&str, &str)] = &[
    ("AWS_ACCESS_KEY_ID", "AKIACANARYCANARYCANA"),
    ("AWS_SECRET_ACCESS_KEY", "canarysecretcanarysecretcanarysecret1234"),
    ("AWS_SESSION_TOKEN", "canarytoken//canarytoken++canarytoken=="),
    ("LIFEBOAT_CANARY", "canary-of-the-environment"),
];

/// Files below a folder that hold one of the words.
fn holders(dir: &Path, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holders(&path, words));
        } else if let Ok(bytes) = std::fs::read(&path) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            found.extend(
                words.iter().filter(|word| text.contains(**word)).map(|word| format!("{word}: {}", path.display())),
            );
        }
    }
    found
}

#[test]
fn suite_secrets() {
    let mut tally = Tally::of("secret canaries in files, exports and errors", "outputs");
    let home = Home::new();
    let runbook = home.write("two.yaml", TWO);
    let words: Vec<&str> = CANARIES.iter().map(|(_, word)| *word).collect();
    let exports: &[&[&str]] = &[
        &["drill", &runbook, "--seed", "7", "--no-tui", "--yes", "--speed", "max", "--json", "-v"],
        &["status", "last", "--json"],
        &["timeline", "last"],
        &["timeline", "last", "--format", "csv"],
        &["timeline", "last", "--format", "json"],
        &["plan", &runbook],
        &["doctor"],
        &["check", "no-such-runbook"],
        &["resume", "nobody"],
        &["runs"],
    ];
    for args in exports {
        tally.cases += 1;
        let mut command = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
        command.args(*args).env_clear().envs(environment(home.path())).envs(CANARIES.iter().copied());
        let said = command.current_dir(home.path()).stdin(Stdio::null()).output().unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
        let told = words.iter().filter(|word| text.contains(**word));
        tally.violations.extend(told.map(|word| format!("I7 {word} is told by {args:?}")));
    }
    tally.violations.extend(holders(home.path(), &words).into_iter().map(|found| format!("I7 {found}")));
    home.write("runs/leak", CANARIES[1].1);
    tally.control("a secret in a file", holders(home.path(), &words).len() == 1);
    tally.close();
}
