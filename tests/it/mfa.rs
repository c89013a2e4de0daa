//! `lifeboat mfa`: enrolling, testing and listing devices, as scripts and as people do it.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use lifeboat::mfa::totp::{code_at, counter_at};
use serde_json::Value;

use crate::home::{Home, environment};
use crate::terminal::Terminal;

/// The code that an authenticator app with this URI shows now, or some steps from now.
fn code(uri: &str, steps: u64) -> String {
    let totp = totp_rs::Totp::from_url(uri).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    code_at(totp.secret().as_bytes(), counter_at(i64::try_from(now).unwrap()) + steps)
}

/// Six digits that are no code of now, nor of a while before or after.
fn wrong(uri: &str) -> String {
    let totp = totp_rs::Totp::from_url(uri).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let near: Vec<String> = (0..8).map(|steps| totp.generate(now - 120 + steps * 30).to_string()).collect();
    ["123456", "234567", "345678", "456789"].map(str::to_owned).into_iter().find(|code| !near.contains(code)).unwrap()
}

/// A process that is talked with.
struct Talk {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Talk {
    fn start(home: &Home, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lifeboat"))
            .args(args)
            .env_clear()
            .envs(environment(home.path()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    fn say(&mut self, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(format!("{text}\n").as_bytes()).unwrap();
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn end(self) -> (i32, String) {
        let said = self.child.wait_with_output().unwrap();
        (said.status.code().unwrap(), String::from_utf8(said.stderr).unwrap())
    }
}

/// Enrols somebody and gives the URI.
fn enrolled(home: &Home, person: &str) -> String {
    let mut talk = Talk::start(home, &["mfa", "enroll", person, "--json"]);
    let shown = talk.line();
    assert_eq!(shown["person"], person);
    let uri = shown["uri"].as_str().unwrap().to_owned();
    assert!(uri.contains(&format!("lifeboat:{person}")) && uri.ends_with("issuer=lifeboat"), "{uri}");
    // Apps show a blank in the middle.
    let code = code(&uri, 0);
    talk.say(&format!("{} {}", &code[..3], &code[3..]));
    let (exit, stderr) = talk.end();
    assert_eq!(exit, 0, "{stderr}");
    assert!(stderr.contains("is enrolled for") && stderr.contains("a presence check"), "{stderr}");
    uri
}

fn tested(home: &Home, person: &str, code: &str) -> (i32, Value) {
    let mut talk = Talk::start(home, &["mfa", "test", person, "--json"]);
    talk.say(code);
    let mut text = String::new();
    std::io::Read::read_to_string(&mut talk.lines, &mut text).unwrap();
    (talk.end().0, serde_json::from_str(&text).unwrap())
}

#[test]
fn a_device_is_enrolled_by_its_code_and_each_code_counts_once() {
    let home = Home::new();
    let uri = enrolled(&home, "alice");
    // The code of the enrolment is used up.
    let now = code(&uri, 0);
    let (exit, answer) = tested(&home, "alice", &now);
    if answer["accepted"] == true {
        // The step has ended in between: then this one is used up now.
        assert_eq!(tested(&home, "alice", &now).0, 4);
    } else {
        assert_eq!((exit, &answer["why"]), (4, &"already_used".into()));
    }
    let next = code(&uri, 1);
    let (exit, answer) = tested(&home, "alice", &next);
    assert_eq!((exit, &answer["accepted"], &answer["why"]), (0, &true.into(), &Value::Null), "{answer}");
    assert!((1..=30_000).contains(&answer["next_code_ms"].as_u64().unwrap()));
    assert_eq!(tested(&home, "alice", &next).1["why"], "already_used");
}

#[test]
fn five_wrong_codes_lock_a_device_for_every_process() {
    let home = Home::new();
    let uri = enrolled(&home, "alice");
    for _ in 0..4 {
        assert_eq!(tested(&home, "alice", &wrong(&uri)).1["why"], "wrong");
    }
    let (exit, answer) = tested(&home, "alice", &wrong(&uri));
    assert_eq!((exit, &answer["why"]), (4, &"too_many_tries".into()));
    assert!(answer["detail"].as_str().unwrap().contains("locked until"));
    assert_eq!(tested(&home, "alice", &code(&uri, 1)).1["why"], "too_many_tries");
    let listed = home.run(&["mfa", "list", "--json"]).json();
    assert!(listed["devices"][0]["locked_until"].is_string(), "{listed}");
}

#[test]
fn the_list_tells_no_secret() {
    let home = Home::new();
    assert_eq!(home.run(&["mfa", "list", "--json"]).json()["devices"], serde_json::json!([]));
    let uri = enrolled(&home, "alice");
    enrolled(&home, "bob");
    let secret = uri.split("secret=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let (json, text) = (home.run(&["mfa", "list", "--json"]), home.run(&["mfa", "list"]));
    let people: Vec<Value> =
        json.json()["devices"].as_array().unwrap().iter().map(|one| one["person"].clone()).collect();
    assert_eq!(people, ["alice", "bob"]);
    assert!(text.stdout.contains("never used"), "{text:?}");
    for said in [json, text] {
        assert_eq!(said.code, 0);
        assert!(!said.stdout.contains(&secret) && !said.stderr.contains(&secret));
    }
}

#[test]
fn a_device_gives_way_only_to_who_has_it() {
    let home = Home::new();
    let old = enrolled(&home, "alice");
    let said = home.run(&["mfa", "enroll", "alice"]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("has a device already") && said.stderr.contains("--replace"), "{said:?}");
    assert!(said.stdout.is_empty(), "{said:?}");

    let mut talk = Talk::start(&home, &["mfa", "enroll", "alice", "--replace", "--json"]);
    talk.say(&wrong(&old));
    assert_eq!(talk.end().0, 4);

    let mut talk = Talk::start(&home, &["mfa", "enroll", "alice", "--replace", "--json"]);
    talk.say(&code(&old, 1));
    let new = talk.line()["uri"].as_str().unwrap().to_owned();
    talk.say(&code(&new, 0));
    assert_eq!(talk.end().0, 0);
    assert_eq!(tested(&home, "alice", &code(&new, 1)).0, 0);
}

#[test]
fn what_cannot_be_answered_says_what_to_do() {
    let home = Home::new();
    let said = home.run(&["mfa", "test", "carol"]);
    assert_eq!(said.code, 4);
    assert!(said.stderr.contains("lifeboat mfa enroll carol"), "{said:?}");
    let said = home.run(&["mfa", "enroll", "carol", "--json"]);
    assert_eq!(said.code, 4);
    assert!(said.stderr.contains("no code was given"), "{said:?}");
    assert_eq!(home.run(&["mfa", "list", "--json"]).json()["devices"], serde_json::json!([]));
}

#[test]
fn at_a_terminal_the_code_is_scanned_and_what_is_typed_stays_unseen() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, (80, 40), &["mfa", "enroll"]);
    let screen = terminal.wait_for("Code now shown by");
    assert!(screen.contains("A new device for alice") && screen.contains('▀'), "{screen}");
    let uri = screen.lines().skip_while(|line| !line.starts_with("uri ")).collect::<String>();
    let uri = uri.trim_start_matches("uri").split("Code now").next().unwrap().replace(' ', "");
    terminal.send(&format!("{}\r", wrong(&uri)));
    let screen = terminal.wait_for("wrong code; next code in");
    assert!(!screen.contains(&wrong(&uri)), "{screen}");
    let right = code(&uri, 0);
    terminal.send(&format!("{right}\r"));
    let (exit, screen) = terminal.wait_exit();
    assert_eq!(exit, 0, "{screen}");
    assert!(screen.contains("is enrolled for alice") && !screen.contains(&right), "{screen}");

    let mut terminal = Terminal::start(&home, (80, 24), &["mfa", "test"]);
    terminal.wait_for("Code now shown by");
    terminal.send("12\u{3}");
    let (exit, screen) = terminal.wait_exit();
    assert_eq!(exit, 6, "{screen}");
}

#[test]
fn what_is_typed_while_a_code_is_looked_at_stays_unseen() {
    let home = Home::new();
    let old = enrolled(&home, "alice");
    // Whoever holds this keeps the answer to the first question waiting.
    let held = File::open(home.path().join("mfa/lock")).unwrap();
    held.lock().unwrap();
    let mut terminal = Terminal::start(&home, (80, 40), &["mfa", "enroll", "alice", "--replace"]);
    terminal.wait_for("of alice:");
    terminal.send(&format!("{}\r", code(&old, 1)));
    terminal.wait_new_line();
    assert!(!terminal.is_cooked());
    terminal.send("1234\r\u{3}");
    drop(held);
    let screen = terminal.wait_for("wrong code; next code in");
    assert!(!screen.contains("1234"), "{screen}");
    let (exit, written, is_cooked) = terminal.wait_end();
    assert_eq!((exit, is_cooked), (6, true), "{written}");
}
