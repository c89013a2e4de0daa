//! Everything around one walk: the emulators with what stands in for what they lack, the world as boto3
//! made it, names and web pages, real databases, an operator's programs and keys.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

use regex_lite::Regex;
use serde_json::{Value, json};

use super::super::hand::Hand;
use super::super::outside::Outside;
use super::super::pair::{Pair, SECRET_KEY, SERVICES};
use super::super::process::Server;
use super::super::tools;
use super::row::{Made, Notes, Row};
use crate::databases::postgres::{self, Postgres};
use crate::databases::redis::{self, Redis};
use crate::home::Home;

pub struct Around {
    pub row: Row,
    pub notes: Notes,
    pub home: Home,
    pub hand: Hand,
    pub pair: Pair,
    pub postgres: BTreeMap<String, Postgres>,
    /// The copy of the runbook that is run.
    pub runbook: String,
    between: [Server; 2],
    outside: Outside,
    redis: Option<Redis>,
}

impl Around {
    pub fn new(name: &str, row: Row) -> Self {
        let (home, mut hand, mut notes) = (Home::new(), Hand::new(), Notes::new());
        let at_moto: Vec<&str> = row.moto.iter().map(String::as_str).collect();
        let mut pair = Pair::start(&at_moto);
        pair.account.clone_from(&row.account);
        hand.key.clone_from(&row.account);
        notes.note("account", &row.account);
        notes.note("home", home.path().display());
        for made in &row.world {
            make(made, &mut hand, &pair, &mut notes);
        }
        if row.repository {
            notes.note("repository", repository(&home));
        }
        let (postgres, redis) = databases(&row, &mut notes);
        for (name, text) in &row.programs {
            program(&home, name, &notes.fill(text));
        }
        let facts = json!({"zone": row.zone.as_deref().map(|zone| notes.fill(zone)), "pages": row.pages});
        let outside = Outside::with(&home, &pair, &notes.fill_all(&facts));
        let stand_ins: Vec<Value> = row.stand_ins.iter().map(|one| notes.fill_all(&one.how)).collect();
        let stand_ins = Value::from(stand_ins).to_string();
        let emulators = json!({"moto": pair.moto.url, "ministack": pair.ministack.url}).to_string();
        let between = [&pair.moto, &pair.ministack].map(|emulator| {
            let told = [&emulator.url, &stand_ins, &row.account, &emulators];
            Server::start(tools::python().arg(tools::script("between.py")).args(told))
        });
        let runbook = home.write("runbook.yaml", copy(name, &row, &notes));
        Self { row, notes, home, hand, pair, postgres, runbook, between, outside, redis }
    }

    /// What an operator has at home.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let text = std::fs::read_to_string(&self.runbook).unwrap();
        let mut config = String::new();
        for found in Regex::new(r"profile: ([a-z-]+)").unwrap().captures_iter(&text) {
            let section = format!("[profile {}]\n", &found[1]);
            if !config.contains(&section) {
                let keys = (&self.row.account, SECRET_KEY);
                let _ = write!(config, "{section}aws_access_key_id = {}\naws_secret_access_key = {}\n", keys.0, keys.1);
            }
        }
        let past = |service: &str| {
            let [moto, ministack] = &self.between;
            let is_moto = self.pair.url(service) == self.pair.moto.url;
            if is_moto { moto.url.clone() } else { ministack.url.clone() }
        };
        let mut environment: Vec<_> = SERVICES.iter().map(|(name, service)| (*name, past(service))).collect();
        environment.extend_from_slice(self.outside.environment());
        environment.extend([
            ("AWS_CONFIG_FILE", self.home.write("aws/config", config)),
            ("AWS_SHARED_CREDENTIALS_FILE", self.home.write("aws/credentials", "")),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]);
        for (name, value) in &self.row.environment {
            // The terminal takes names that stand in the tests' own text; this one stands in a row's.
            environment.push((String::leak(name.clone()), self.notes.fill(value)));
        }
        environment
    }

    /// What people do by hand when this step asks them to.
    pub fn by_hand(&mut self, step: &str) {
        for made in self.row.by_hand.get(step).into_iter().flatten() {
            make(made, &mut self.hand, &self.pair, &mut self.notes);
        }
    }

    /// Every look of the row's, and what it finds where that is not what it says.
    pub fn differences(&mut self) -> Vec<String> {
        let mut found = Vec::new();
        for look in &self.row.after {
            let (service, operation) = look.ask.split_once('.').unwrap();
            let with = self.notes.fill_all(&look.with);
            let url = self.pair.url(service);
            let said =
                self.hand.question_at(url, (service, &look.region), operation, &with, &self.notes.fill(&look.query));
            let wanted = self.notes.fill_all(&look.is);
            if said.as_ref() != Ok(&wanted) {
                found.push(format!("{} {with} {}: {said:?}, and should be {wanted}", look.ask, look.query));
            }
        }
        for (file, text) in &self.row.after_files {
            let (file, text) = (self.notes.fill(file), self.notes.fill(text));
            let said = std::fs::read_to_string(&file);
            if !said.as_ref().is_ok_and(|said| said.contains(&text)) {
                found.push(format!("{file}: {said:?} does not contain {text:?}"));
            }
        }
        found
    }

    /// What stood in for nothing: then the emulator has learnt it, or nobody asks any more.
    pub fn idle(&self) -> Vec<String> {
        let log: String = self.between.iter().map(Server::log).collect();
        let used = |number: usize| log.lines().any(|line| line == format!("stood in {number}"));
        let idle = self.row.stand_ins.iter().enumerate().filter(|(number, one)| !one.spare && !used(*number));
        idle.map(|(_, one)| format!("{one:?}")).collect()
    }

    /// What was asked of AWS, for the message of a failed test.
    pub fn told(&self) -> String {
        let asked: String = self.between.iter().map(Server::log).collect();
        let redis = self.redis.as_ref().map_or(0, |redis| redis.tls);
        format!("{asked}\n{}\nredis on {redis}", self.outside.log())
    }
}

impl Drop for Around {
    /// What a failed walk was about: the end of its journal.
    fn drop(&mut self) {
        if std::thread::panicking() && !self.home.runs().is_empty() {
            for line in self.home.journal().iter().rev().take(40).rev() {
                let line: String = line["ev"].to_string().chars().take(800).collect();
                eprintln!("{line}");
            }
            eprintln!("{}", self.outside.log());
        }
    }
}

fn make(made: &Made, hand: &mut Hand, pair: &Pair, notes: &mut Notes) {
    let (service, operation) = made.ask.split_once('.').unwrap();
    if let Some(moment) = &made.moment {
        notes.moment(moment);
    }
    let once = [String::new()];
    for each in if made.each.is_empty() { &once[..] } else { &made.each[..] } {
        notes.note("each", each);
        let url = match made.at.as_deref() {
            None => pair.url(service),
            Some("moto") => &pair.moto.url,
            Some(other) => panic!("who is {other}?"),
        };
        let with = notes.fill_all(&made.with);
        let said = hand.attempt_at(url, (service, &made.region), operation, with.clone());
        let said = said.unwrap_or_else(|refused| panic!("{} {with}: {refused:?}", made.ask));
        for (name, query) in &made.keep {
            let found = said.pointer(&format!("/{}", query.replace('.', "/")));
            let found = found.and_then(Value::as_str).unwrap_or_else(|| panic!("no {query} in {said}"));
            notes.note(name, found.trim_start_matches("/hostedzone/"));
        }
    }
}

fn databases(row: &Row, notes: &mut Notes) -> (BTreeMap<String, Postgres>, Option<Redis>) {
    let mut servers = BTreeMap::new();
    notes.note("password", postgres::PASSWORD);
    for (name, wanted) in &row.postgres {
        let names: Vec<&str> = wanted.names.iter().map(String::as_str).collect();
        let server = Postgres::with(&names, &wanted.database, &wanted.user);
        let grant = format!("grant pg_read_all_data, pg_write_all_data to {}", wanted.user);
        server.change(&format!("begin; {}; {grant}; commit", wanted.sql), &wanted.database);
        notes.note(&format!("{name}_port"), server.port);
        notes.note(&format!("{name}_ca"), server.authority.file.display());
        for program in ["psql", "pg_dump"] {
            notes.note(program, server.line(program));
        }
        servers.insert(name.clone(), server);
    }
    let redis = row.redis.then(Redis::start);
    if let Some(redis) = &redis {
        redis.change(&["SET", "session:1", "ada"]);
        notes.note("redis_port", redis.tls);
        notes.note("redis_ca", redis.authority.file.display());
        notes.note("redis_cli", redis.line("redis-cli"));
        notes.note("redis_password", redis::PASSWORD);
    }
    (servers, redis)
}

/// A repository with a commit in it.
fn repository(home: &Home) -> String {
    home.write("repository/README.md", "Infrastructure");
    let dir = home.path().join("repository");
    let who = ["-c", "user.name=alice", "-c", "user.email=alice@example.com"];
    for words in
        [&["init", "--quiet", "--initial-branch=main"][..], &["add", "."], &["commit", "--quiet", "-m", "First"]]
    {
        let mut git = Command::new("git");
        let done = git.current_dir(&dir).env("HOME", home.path()).args(who).args(words).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }
    dir.display().to_string()
}

fn program(home: &Home, name: &str, script: &str) {
    home.program(&format!("bin/{name}"), &format!("#!/bin/sh\nset -e\n{script}\n"));
}

/// The runbook as it ships, but that what it looks at again and again it looks at every second, since
/// the emulators are quick, and with the row's words for the operator's own machine.
fn copy(name: &str, row: &Row, notes: &Notes) -> String {
    let path = format!("{}/runbooks/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let text = Regex::new(r"every: [0-9]+[smh]").unwrap().replace_all(&text, "every: 1s");
    let defaults = Regex::new(r"(?m)^defaults: \{ ").unwrap();
    assert_eq!(defaults.find_iter(&text).count(), 1, "{name} has no defaults");
    let mut text = defaults.replace(&text, "defaults: { every: 1s, ").into_owned();
    for [from, to] in &row.change {
        assert_eq!(text.matches(from.as_str()).count(), 1, "{from:?} is not once in {name}");
        text = text.replace(from.as_str(), &notes.fill(to));
    }
    text
}
