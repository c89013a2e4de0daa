//! Appending a record, synced and not, each beside its floor: the same bytes written bare.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot write its files has failed")]

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use divan::Bencher;
use lifeboat::engine::ports::Journal;
use lifeboat::journal::{Clocks, FileJournal};
use lifeboat::model::event::{Event, Purpose, RunHeader, Ticket};
use lifeboat::model::outcome::Mode;
use lifeboat::model::plan::Intent;
use serde_json::json;

const AT_MS: i64 = 1_767_495_600_000;

fn main() {
    divan::main();
}

/// On the disk that holds the build, as a temporary directory may be memory.
fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn header() -> RunHeader {
    RunHeader {
        runbook: "bench".to_owned(),
        digest: "sha256:00".to_owned(),
        files: Vec::new(),
        mode: Mode::Drill,
        intent: Intent::Planned,
        operator: "alice".to_owned(),
        inputs: lifeboat::model::Object::new(),
        secrets: Vec::new(),
        version: "0".to_owned(),
        binary: "sha256:00".to_owned(),
        drill: None,
        identities: Vec::new(),
    }
}

fn journal(directory: &Path) -> FileJournal {
    FileJournal::create(directory, "bench", "alice", Clocks::Real, header(), AT_MS).unwrap().0
}

/// A poll of a verification: what a run writes most of.
fn poll() -> Event {
    let ticket = Ticket { step: "promote".to_owned(), attempt: 1, purpose: Purpose::Verify(0) };
    let result = Ok(json!({"status": "promoting", "engine": "aurora-postgresql", "members": 2}));
    Event::Observed {
        ticket,
        result,
        request_id: Some("0f6f6c1e-8b0f-4f2f-9d2b-3d0f8b5a7c11".to_owned()),
        cloud_ms: None,
    }
}

/// The line that `poll` becomes.
fn line() -> Vec<u8> {
    let directory = directory();
    journal(directory.path()).append(AT_MS, poll()).unwrap();
    let text = std::fs::read(directory.path().join("journal.jsonl")).unwrap();
    text.split_inclusive(|&byte| byte == b'\n').next_back().unwrap().to_vec()
}

fn bare_file(directory: &Path) -> File {
    OpenOptions::new().append(true).create_new(true).open(directory.join("bare")).unwrap()
}

#[divan::bench]
fn floor_write_and_fdatasync(bencher: Bencher) {
    let (directory, line) = (directory(), line());
    let file = RefCell::new(bare_file(directory.path()));
    bencher.bench_local(|| {
        let mut file = file.borrow_mut();
        file.write_all(&line).unwrap();
        file.sync_data().unwrap();
    });
}

#[divan::bench]
fn journal_append_and_sync(bencher: Bencher) {
    let directory = directory();
    let journal = RefCell::new(journal(directory.path()));
    bencher.with_inputs(poll).bench_local_values(|event| {
        let mut journal = journal.borrow_mut();
        let stamped = journal.append(AT_MS, event).unwrap();
        journal.sync().unwrap();
        stamped
    });
}

#[divan::bench]
fn floor_write(bencher: Bencher) {
    let (directory, line) = (directory(), line());
    let file = RefCell::new(bare_file(directory.path()));
    bencher.bench_local(|| file.borrow_mut().write_all(&line).unwrap());
}

#[divan::bench]
fn journal_append(bencher: Bencher) {
    let directory = directory();
    let journal = RefCell::new(journal(directory.path()));
    bencher.with_inputs(poll).bench_local_values(|event| journal.borrow_mut().append(AT_MS, event).unwrap());
}
