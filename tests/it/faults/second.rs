//! Two people at two terminals: a commander who drives a drill, and whoever approves, or tries to.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::Tally;
use crate::home::{Home, Said, environment};
use crate::operator::{pass, waits};
use crate::terminal::Terminal;

const WIDE: (u16, u16) = (120, 36);
const SMALL: (u16, u16) = (80, 24);
const RUNBOOK: &str = "version: 1
name: two_people
title: Four eyes
targets: { dr: { region: us-east-1, account: '111122223333' } }
roles: { commander: [alice, bob] }
mfa: { method: totp }
defaults: { target: dr, timeout: 10m }
phases:
  - id: all
    steps:
      - { id: scale, uses: aws/ecs.update_service, with: { cluster: c, service: s, desired_count: 3 }, confirm: { type: s, message: All traffic depends on it. }, approvals: { min: 1, from: [commander], within: 15m } }
      - { id: again, uses: aws/ecs.update_service, with: { cluster: c, service: t, desired_count: 3 }, approvals: { min: 1, from: [commander], within: 15m } }
";

/// `approve` as a script in a drill would use it: the code comes over stdin.
fn approve(home: &Home, step: &str, by: &str, code: &str) -> Said {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lifeboat"))
        .args(["approve", "last", step, "--as", by, "--json"])
        .env_clear()
        .envs(environment(home.path()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that refuses at first sight reads nothing.
    let _ = child.stdin.take().unwrap().write_all(format!("{code}\n").as_bytes());
    let said = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: said.status.code().unwrap_or(-1), stdout: text(said.stdout), stderr: text(said.stderr) }
}

fn count(home: &Home, kind: &str) -> usize {
    home.journal().iter().filter(|record| record["ev"]["type"] == kind).count()
}

/// The practice code on an approver's sheet.
fn practice(screen: &str) -> Option<String> {
    let digits: String =
        screen.split_once("authenticator shows ")?.1.chars().filter(char::is_ascii_digit).take(6).collect();
    (digits.len() == 6).then_some(digits)
}

fn commander(home: &Home, args: &[&str]) -> Terminal {
    let mut terminal = Terminal::start(home, WIDE, args);
    terminal.wait_until("the gate", |screen| (waits(screen) && screen.contains("needs approval")).then_some(()));
    terminal
}

/// Bob sits at a terminal of his own, reads and approves. Gives his code.
fn approve_by_hand(tally: &mut Tally, home: &Home, step: &str) -> String {
    let mut bob = Terminal::start(home, (100, 40), &["approve", "last", step, "--as", "bob"]);
    let sheet = bob.wait_for("Code now shown by");
    for shown in [
        "DRILL  APPROVE",
        "two_people",
        "alice, who drives",
        "ecs:UpdateService",
        "desired_count",
        "account 111122223333",
        "digest",
        "attempt 1",
        "15m",
    ] {
        if !sheet.contains(shown) {
            tally.violations.push(format!("bob is not shown {shown:?}:\n{sheet}"));
        }
    }
    let code = practice(&sheet).unwrap_or_default();
    bob.send("12345x\r");
    bob.wait_for("wrong code");
    bob.send(&format!("{code}\r"));
    let (exit, screen) = bob.wait_exit();
    let after = screen.rsplit_once("wrong code").map_or("", |(_, after)| after);
    if exit != 0 || !screen.contains("accepted") || after.contains(&code) {
        tally.violations.push(format!("bob's approval: exit {exit}\n{screen}"));
    }
    code
}

pub fn at_two_terminals(tally: &mut Tally) {
    let home = Home::new();
    let runbook = home.write("two_people.yaml", RUNBOOK);
    let mut alice = commander(&home, &["drill", &runbook, "--seed", "7", "--speed", "1"]);
    let hint =
        alice.wait_until("how to approve", |screen| screen.contains("lifeboat approve ").then(|| screen.to_owned()));
    if !hint.contains("scale --as bob") {
        tally.violations.push(format!("the way to approve is cut:\n{hint}"));
    }
    for (step, by, exit, why) in [
        ("scale", "alice", 2, "cannot approve their own"),
        ("scale", "mallory", 2, "holds none of the roles"),
        ("nothing", "bob", 2, "there is no step"),
        ("again", "bob", 1, "not possible now"),
        ("scale", "bob", 4, "wrong code"),
    ] {
        tally.cases += 1;
        let said = approve(&home, step, by, "00000x");
        if said.code != exit || !said.stderr.contains(why) || said.json()["accepted"] != Value::Bool(false) {
            tally.violations.push(format!("{by} at {step}: {said:?}"));
        }
    }
    if count(&home, "ApprovalGranted") + home.changes().len() > 0 {
        tally.violations.push("one of them counted".to_owned());
    }
    tally.cases += 1;
    let code = approve_by_hand(tally, &home, "scale");
    let shown =
        alice.wait_until("bob on alice's screen", |screen| screen.contains("bob from ").then(|| screen.to_owned()));
    let granted = home.journal().into_iter().find(|record| record["ev"]["type"] == "ApprovalGranted").unwrap();
    let from = granted["ev"]["from"].clone();
    let is_told = cfg!(not(target_os = "linux"))
        || from["terminal"].as_str().is_some_and(|tty| tty.starts_with("pts/") && shown.contains(tty));
    if !is_told || from["host"].as_str().unwrap_or_default().is_empty() || !from["uid"].is_u64() {
        tally.violations.push(format!("from where: {from}\n{shown}"));
    }
    // The control: what has to send, does.
    let is_sent = pass(&mut alice) == "scale";
    alice.wait_until("the next gate", |screen| screen.contains("✓ scale").then_some(()));
    tally.control("a second person", is_sent && home.changes().len() == 1);
    alice.wait_until("the next gate", |screen| screen.contains("needs approval").then_some(()));
    // The same code for the next step, at once and in the next process.
    for restart in [false, true] {
        if restart {
            alice.kill();
            tally.cases += 1;
            let said = approve(&home, "again", "bob", &code);
            if said.code != 5 || !said.stderr.contains("lifeboat resume ") {
                tally.violations.push(format!("nobody drives: {said:?}"));
            }
            alice = commander(&home, &["resume", "last", "--speed", "1"]);
        }
        tally.cases += 1;
        let said = approve(&home, "again", "bob", &code);
        if said.code != 4 || count(&home, "ApprovalGranted") != 1 {
            tally.violations.push(format!("a replay, restarted: {restart}: {said:?}"));
        }
    }
    watched(tally, &home);
    alice.kill();
    let files = std::fs::read_to_string(home.last_run().join("journal.jsonl")).unwrap();
    if files.contains(&code) && !code.is_empty() {
        tally.violations.push("a code stands in the journal".to_owned());
    }
}

/// A third terminal that watches: whatever is pressed there, nothing comes of it.
fn watched(tally: &mut Tally, home: &Home) {
    tally.cases += 1;
    let before = home.journal().len();
    let mut carol = Terminal::start(home, SMALL, &["watch", "last"]);
    carol.wait_for("watching, live");
    for keys in ["\r", "R", "A", "n", "s", "x", "r", "P", ":", "abc\r", "\u{1b}[200~R\u{1b}[201~"] {
        carol.send(keys);
    }
    carol.send("?");
    carol.wait_for("no key can do anything");
    carol.send("q");
    let (exit, screen) = carol.wait_exit();
    if exit != 0 || home.journal().len() != before {
        tally.violations.push(format!("a watcher left something behind, exit {exit}:\n{screen}"));
    }
}
