//! The house stands: every file uses its own floor and the floors below, and no forbidden room.
//!
//! Read from the sources themselves, so that a wrong `use` fails here on the day it is written.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its sources has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every room and the rooms it may use beside itself.
const ALLOWED: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("source", &["model"]),
    ("engine", &["model"]),
    ("aws", &["model", "source", "engine"]),
    ("outside", &["model", "source", "engine"]),
    ("clock", &["model", "source", "engine"]),
    ("sim", &["model", "source", "engine"]),
    ("journal", &["model", "source", "engine"]),
    ("mfa", &["model", "source", "engine"]),
    ("report", &["model", "source", "engine", "journal", "mfa", "sim"]),
    ("readiness", &["model", "engine"]),
    ("driver", &["model", "source", "engine", "journal", "mfa", "sim", "report"]),
    ("tui", &["model", "source", "engine", "journal", "mfa", "sim", "report", "driver"]),
    ("hatch", &["model", "engine", "driver"]),
    (
        "cli",
        &[
            "hatch",
            "model",
            "source",
            "engine",
            "journal",
            "mfa",
            "sim",
            "report",
            "driver",
            "tui",
            "aws",
            "outside",
            "clock",
            "readiness",
        ],
    ),
    ("main", &["cli"]),
];

/// What a room's tests may use beside that: some write their runbooks as text, and the real cloud is
/// held against the simulated one.
const IN_TESTS: &[(&str, &str)] = &[("engine", "source"), ("readiness", "source"), ("aws", "sim"), ("driver", "clock")];

/// Words that may not stand in a room's code (tests aside), and files that are the exception.
const FORBIDDEN: &[(&[&str], &[&str], &[&str])] = &[
    (&["model", "engine", "source", "report"], &["tokio", "ratatui", "crossterm"], &[]),
    (&["model", "engine", "source", "report"], &["std::fs", "File::open"], &["source/read.rs"]),
    (
        &["model", "engine", "source", "report"],
        &["SystemTime", "Instant::now", "time::Instant", "Utc::now", "Local::now"],
        &[],
    ),
    (
        &["model", "engine", "source", "report", "sim", "mfa"],
        &["std::net", "tokio::net", "UdpSocket", "TcpStream", "TcpListener", "UnixStream"],
        &[],
    ),
];

const MAX_LINES: usize = 600;

#[test]
fn every_file_keeps_to_its_floor() {
    let mut found = Vec::new();
    for (path, text) in sources() {
        found.extend(findings(&path, &text));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// The test above would be worth nothing if it could not find anything.
#[test]
fn a_made_up_violation_of_every_rule_is_found() {
    let cases = [
        ("engine/x.rs", "//! x\nuse crate::sim::world::World;", "engine may not use sim"),
        ("engine/x.rs", "//! x\nuse crate::source;", "engine may not use source"),
        ("sim/x.rs", "//! x\nuse crate::{model::Value, journal::record};", "sim may not use journal"),
        ("sim/x.rs", "//! x\nuse crate::{\n    engine::{ports, effect},\n    mfa,\n};", "sim may not use mfa"),
        ("report/x.rs", "//! x\nfn f() { crate::driver::spawn(); }", "report may not use driver"),
        ("tui/x.rs", "//! x\nuse super::super::cli::args;", "tui may not use cli"),
        ("model/x.rs", "//! x\npub use crate::source::load as l;", "model may not use source"),
        ("main.rs", "//! x\nuse lifeboat::driver::spawn;", "main may not use driver"),
        ("engine/x.rs", "//! x\nfn f() { let t = std::time::Instant::now(); }", "Instant::now"),
        ("source/x.rs", "//! x\nuse std::fs;", "std::fs"),
        ("sim/x.rs", "//! x\nuse std::net::TcpStream;", "std::net"),
        ("model/x.rs", "//! x\nuse tokio::sync::mpsc;", "tokio"),
        ("model/x.rs", "use std::fmt;", "does not begin with `//!`"),
    ];
    for (path, text, expected) in cases {
        let found = findings(Path::new(path), text);
        assert!(found.iter().any(|f| f.contains(expected)), "{path}: {text:?} gives {found:?}");
    }
    let long = format!("//! x\n{}", "\n".repeat(MAX_LINES));
    assert!(findings(Path::new("model/x.rs"), &long).iter().any(|f| f.contains("lines")));
}

#[test]
fn comments_texts_and_tests_are_no_violation() {
    let cases = [
        ("engine/x.rs", "//! x\n// use crate::sim::World;\nconst A: &str = \"crate::sim and tokio\";"),
        ("engine/x.rs", "//! Must not know: tokio, SystemTime.\nuse crate::model::Value;"),
        ("sim/x.rs", "//! x\nuse crate::engine::ports::Cloud;"),
        ("source/read.rs", "//! x\nuse std::fs;"),
        ("source/x.rs", "//! x\n#[cfg(test)]\nmod tests { use std::fs; }"),
        ("model/x/tests.rs", "//! x\nuse std::fs;"),
        ("engine/tests/mod.rs", "//! x\nuse crate::source;"),
        ("cli/x.rs", "//! x\nuse crate::tui::run; use std::fs;"),
        (
            "model/x.rs",
            "//! x\nfn f(c: char) -> bool { c == '\"' || c == '\\'' }\nfn g<'a>(x: &'a str) -> &'a str { x }",
        ),
    ];
    for (path, text) in cases {
        assert_eq!(findings(Path::new(path), text), Vec::<String>::new(), "{path}: {text:?}");
    }
}

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(&root).unwrap().to_owned(), text));
            }
        }
    }
    assert!(found.len() > 30, "the sources were not found");
    found
}

/// Everything wrong with one file, whose path is relative to `src/`.
fn findings(path: &Path, text: &str) -> Vec<String> {
    let name = path.to_string_lossy().replace('\\', "/");
    let mut found = Vec::new();
    if !text.starts_with("//!") {
        found.push(format!("{name} does not begin with `//!`"));
    }
    let lines = text.lines().count();
    if lines > MAX_LINES {
        found.push(format!("{name} has {lines} lines, more than {MAX_LINES}"));
    }
    let room = name.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
    if room == "lib" {
        return found;
    }
    let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == room) else {
        found.push(format!("{name}: the room `{room}` stands on no floor"));
        return found;
    };
    let code = without_comments_and_texts(text);
    for used in rooms_used(&code, depth_of(path)) {
        let tested = is_test_file(&name) && IN_TESTS.contains(&(room.as_str(), used.as_str()));
        if used != room && !allowed.contains(&used.as_str()) && !tested {
            found.push(format!("{name}: {room} may not use {used}"));
        }
    }
    if !is_test_file(&name) {
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        for (rooms, words, exceptions) in FORBIDDEN {
            if rooms.contains(&room.as_str()) && !exceptions.contains(&name.as_str()) {
                let hits = words.iter().filter(|word| code.contains(**word));
                found.extend(hits.map(|word| format!("{name}: {room} may not know `{word}`")));
            }
        }
    }
    found
}

fn is_test_file(name: &str) -> bool {
    name.ends_with("/tests.rs") || name.contains("/tests/") || name.ends_with("_tests.rs")
}

/// How many `super`s lead from a file's module to the crate's root.
fn depth_of(path: &Path) -> usize {
    let parts = path.components().count();
    if path.ends_with("mod.rs") { parts - 1 } else { parts }
}

/// The rooms named by `crate::…`, `crate::{…}`, `lifeboat::…` and long enough chains of `super`.
fn rooms_used(code: &str, depth: usize) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for root in ["crate::", "lifeboat::"] {
        for (at, _) in code.match_indices(root) {
            used.extend(heads(&code[at + root.len()..]));
        }
    }
    let chain = "super::".repeat(depth);
    for (at, _) in code.match_indices(&chain) {
        used.extend(heads(&code[at + chain.len()..]));
    }
    used.retain(|name| ALLOWED.iter().any(|(room, _)| room == name));
    used
}

/// The first names of a path or of each member of a group.
fn heads(rest: &str) -> Vec<String> {
    let rest = rest.trim_start();
    let ident = |text: &str| -> String { text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let Some(group) = rest.strip_prefix('{') else { return vec![ident(rest)] };
    let (mut depth, mut start, mut members) = (0, 0, Vec::new());
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => {
                members.push(ident(group[start..at].trim_start()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                members.push(ident(group[start..at].trim_start()));
                start = at + 1;
            }
            _ => {}
        }
    }
    members
}

/// The code alone: what stands in a comment or a text names no room.
fn without_comments_and_texts(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let (mut code, mut at) = (String::with_capacity(text.len()), 0);
    let rest_is = |at: usize, wanted: &str| {
        letters[at..].iter().copied().zip(wanted.chars()).filter(|(a, b)| a == b).count() == wanted.chars().count()
    };
    while at < letters.len() {
        if rest_is(at, "//") {
            while at < letters.len() && letters[at] != '\n' {
                at += 1;
            }
        } else if rest_is(at, "/*") {
            while at < letters.len() && !rest_is(at, "*/") {
                at += 1;
            }
            at += 2;
        } else if letters[at] == '"' {
            at = end_of_text(&letters, at);
            code.push_str("\"\"");
        } else if letters[at] == '\'' && is_char(&letters, at) {
            at += if letters.get(at + 1) == Some(&'\\') { 4 } else { 3 };
        } else {
            code.push(letters[at]);
            at += 1;
        }
    }
    code
}

/// Whether a quote opens a character and not a lifetime.
fn is_char(letters: &[char], at: usize) -> bool {
    letters.get(at + 2) == Some(&'\'') || (letters.get(at + 1) == Some(&'\\') && letters.get(at + 3) == Some(&'\''))
}

/// The place after the text that begins at `at`, raw texts included.
fn end_of_text(letters: &[char], at: usize) -> usize {
    let hashes = letters[..at].iter().rev().take_while(|c| **c == '#').count();
    let raw = at > hashes && letters[at - hashes - 1] == 'r';
    let mut end = at + 1;
    while end < letters.len() {
        match letters[end] {
            '\\' if !raw => end += 1,
            '"' if !raw => return end + 1,
            '"' if letters[end + 1..].iter().take_while(|c| **c == '#').count() >= hashes => return end + 1 + hashes,
            _ => {}
        }
        end += 1;
    }
    end
}
