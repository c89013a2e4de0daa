//! The list of what the emulators lack stays true: they are asked, and what is tested in their place is there.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::super::hand::{Hand, Refused};
use super::super::pair::{GLOBAL, Pair};
use super::row::{Notes, Row, folder, lacks, row};
use crate::procedures::ON_EMULATORS;

/// Every row there is, by its runbook's name.
fn rows() -> Vec<(String, Row)> {
    let mut found = Vec::new();
    for system in dirs(&folder()) {
        for file in std::fs::read_dir(&system).unwrap() {
            let file = file.unwrap().path();
            let name = format!("{}/{}", name_of(&system), name_of(&file.with_extension("")));
            found.push((name.clone(), row(&name)));
        }
    }
    found
}

fn dirs(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

/// The emulator that learns an operation fails here: then what stands in for it goes.
#[test]
fn what_they_lack_they_still_lack() {
    let (pair, mut hand) = (Pair::start(GLOBAL), Hand::new());
    for lack in lacks() {
        let (service, operation) = lack.operation.split_once('.').unwrap();
        let place = (service, "us-east-1");
        let said = hand.attempt_at(&pair.moto.url, place, operation, lack.with.clone());
        assert!(said.as_ref().is_err_and(Refused::is_not_implemented), "moto: {}: {said:?}", lack.operation);
        let (url, no_notes) = (&pair.ministack.url, Notes::new());
        for made in &lack.first {
            let (service, operation) = made.ask.split_once('.').unwrap();
            let done = hand.attempt_at(url, (service, &made.region), operation, no_notes.fill_all(&made.with));
            assert!(done.is_ok(), "{}: {done:?}", made.ask);
        }
        let query = lack.ministack.as_ref().map_or("", |useless| useless.query.as_str());
        let said = hand.question_at(url, place, operation, &lack.with, query);
        let is_so = match (&said, &lack.ministack) {
            (Err(refused), Some(useless)) => useless.code.as_ref() == Some(&refused.code),
            (Ok(said), Some(useless)) => useless.code.is_none() && *said == useless.is,
            (Err(refused), None) => refused.is_not_implemented(),
            (Ok(_), None) => false,
        };
        assert!(is_so, "ministack: {}: {said:?}", lack.operation);
    }
}

#[test]
fn what_they_lack_is_tested_at_the_wire() {
    for lack in lacks() {
        let [file, test] = &lack.wire;
        let source = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        assert!(source.contains(&format!("fn {test}(")), "{}: there is no {test} in {file}", lack.operation);
        assert!(!lack.answers.is_empty());
    }
}

#[test]
fn what_stands_in_is_on_the_list() {
    let lacks: BTreeSet<String> = lacks().into_iter().map(|lack| lack.operation).collect();
    let mut used = BTreeSet::new();
    for (name, row) in rows() {
        for one in row.stand_ins {
            match (one.lacks, one.otherwise) {
                (Some(operation), None) => {
                    assert!(lacks.contains(&operation), "{name}: {operation} is not on the list");
                    used.insert(operation);
                }
                (None, Some(_)) => {
                    assert!(one.how.get("edit").is_some(), "{name}: only an answer is edited: {}", one.how);
                }
                _ => panic!("{name}: what stands in says for what: {}", one.how),
            }
        }
    }
    assert_eq!(used, lacks, "what nobody needs is not on the list");
}

/// The list for people: which runbook meets what, and what is tested in its place.
///
/// `LIFEBOAT_WRITE_TABLE=1 cargo test lacking` writes it anew.
#[test]
fn the_list_is_written_down() {
    let file = folder().join("stand_ins.md");
    let mut page = String::from(
        "Made by a test from the rows beside it: what stands in when shipped runbooks are walked against the emulators.\n\n\
         | Runbook | Operation that neither emulator has | What they answer | Tested at the wire by |\n|---|---|---|---|\n",
    );
    let (mut rows, lacks) = (rows(), lacks());
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    for (name, row) in &rows {
        let meets = |operation: &str| row.stand_ins.iter().any(|one| one.lacks.as_deref() == Some(operation));
        for lack in lacks.iter().filter(|lack| meets(&lack.operation)) {
            let [file, test] = &lack.wire;
            let _ = writeln!(page, "| {name} | {} | {} | `{test}` in {file} |", lack.operation, lack.answers);
        }
    }
    page += "\n| Runbook | Answer of an emulator that is put right |\n|---|---|\n";
    for (name, row) in &rows {
        for otherwise in row.stand_ins.iter().filter_map(|one| one.otherwise.as_ref()) {
            let _ = writeln!(page, "| {name} | {otherwise} |");
        }
    }
    if std::env::var_os("LIFEBOAT_WRITE_TABLE").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap_or_default(), page, "write it anew with LIFEBOAT_WRITE_TABLE=1");
}

/// The README's table says what is walked, and nothing else.
#[test]
fn the_table_names_what_is_walked() {
    const ELSEWHERE: [&str; 3] =
        ["regional_failover", "lecture/database_backup_test", "babyshield/weekly_restore_drill"];
    let page = include_str!("mod.rs");
    for (name, _) in rows() {
        assert!(ON_EMULATORS.contains(&name.as_str()), "{name} is not in the table");
        assert!(page.contains(&format!("(\"{name}\")]")), "{name} is not walked");
    }
    for name in ON_EMULATORS.iter().filter(|name| !ELSEWHERE.contains(name)) {
        assert!(folder().join(format!("{name}.yaml")).exists(), "{name} is not walked here");
    }
}
