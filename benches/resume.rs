//! Reading a whole journal back, beside its floors: reading the file and hashing each line, without
//! and with a look at its members.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot write its files has failed")]

use std::io::{BufRead, BufReader};
use std::path::Path;

use divan::Bencher;
use lifeboat::engine::ports::Journal;
use lifeboat::journal::{Clocks, FileJournal, read, verify};
use lifeboat::model::event::{Event, Purpose, RunHeader, Ticket};
use lifeboat::model::outcome::{Mode, ProbeAnswer};
use lifeboat::model::plan::Intent;
use serde_json::json;
use sha2::{Digest, Sha256};

const AT_MS: i64 = 1_767_495_600_000;
const RECORDS: [u32; 2] = [10_000, 100_000];

fn main() {
    divan::main();
}

/// A journal as a long run writes it: calls, their answers, polls, what they prove.
fn written(records: u32) -> tempfile::TempDir {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let header = RunHeader {
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
    };
    let mut journal =
        FileJournal::create(directory.path(), "bench", "alice", Clocks::Virtual, header, AT_MS).unwrap().0;
    for n in 2..=records {
        journal.append(AT_MS + i64::from(n), event(n)).unwrap();
    }
    journal.sync().unwrap();
    directory
}

fn event(n: u32) -> Event {
    let step = format!("step{}", n / 8);
    let ticket = |purpose| Ticket { step: step.clone(), attempt: 1, purpose };
    match n % 8 {
        0 => Event::StepReady { step, attempt: 1 },
        1 => Event::ActionRequested {
            ticket: ticket(Purpose::Action),
            action: "aws/rds.promote_read_replica_db_cluster".to_owned(),
            request: json!({"db_cluster_identifier": "shop-dr"}),
            digest: "sha256:0d1f".repeat(6),
            token: "lifeboat-01K9-promote-1".to_owned(),
            target: json!({"name": "dr", "region": "eu-central-1", "account": "111122223333"}),
        },
        2 => Event::ActionSucceeded {
            ticket: ticket(Purpose::Action),
            result: json!({"status": "ok"}),
            request_id: None,
            cloud_ms: None,
        },
        3 => Event::ProbeAnswered { step, attempt: 1, answer: ProbeAnswer::After, detail: "available".to_owned() },
        4 => Event::StepSucceeded { step, attempt: 1, outputs: lifeboat::model::Object::new() },
        _ => Event::Observed {
            ticket: ticket(Purpose::Verify(0)),
            result: Ok(json!({"status": "promoting", "engine": "aurora-postgresql", "members": 2})),
            request_id: Some("0f6f6c1e-8b0f-4f2f-9d2b-3d0f8b5a7c11".to_owned()),
            cloud_ms: None,
        },
    }
}

fn hash_lines(directory: &Path) -> u64 {
    let mut file = BufReader::with_capacity(256 * 1024, std::fs::File::open(directory.join("journal.jsonl")).unwrap());
    let (mut line, mut sum) = (Vec::new(), 0);
    while file.read_until(b'\n', &mut line).unwrap() > 0 {
        sum += u64::from(Sha256::digest(&line)[0]);
        line.clear();
    }
    sum
}

#[divan::bench(args = RECORDS, sample_count = 10)]
fn floor_read_and_hash(bencher: Bencher, records: u32) {
    let directory = written(records);
    bencher.bench_local(|| hash_lines(directory.path()));
}

/// The members of a line, its event as bare text.
#[derive(serde::Deserialize)]
struct Outer<'a> {
    seq: u64,
    epoch: u32,
    run: &'a str,
    wall: &'a str,
    boot_ns: u64,
    boot_id: &'a str,
    who: &'a str,
    #[serde(borrow)]
    ev: &'a serde_json::value::RawValue,
    prev: &'a str,
    h: &'a str,
}

fn hash_and_parse_lines(directory: &Path) -> u64 {
    let mut file = BufReader::with_capacity(256 * 1024, std::fs::File::open(directory.join("journal.jsonl")).unwrap());
    let (mut line, mut sum) = (Vec::new(), 0);
    while file.read_until(b'\n', &mut line).unwrap() > 0 {
        let outer: Outer<'_> = serde_json::from_slice(&line).unwrap();
        let texts = [outer.run, outer.wall, outer.boot_id, outer.who, outer.ev.get(), outer.prev, outer.h];
        let bytes: usize = texts.iter().map(|text| text.len()).sum();
        sum += outer.seq + u64::from(outer.epoch) + outer.boot_ns + bytes as u64;
        sum += u64::from(Sha256::digest(&line)[0]);
        line.clear();
    }
    sum
}

#[divan::bench(args = RECORDS, sample_count = 10)]
fn floor_read_hash_and_parse(bencher: Bencher, records: u32) {
    let directory = written(records);
    bencher.bench_local(|| hash_and_parse_lines(directory.path()));
}

#[divan::bench(args = RECORDS, sample_count = 10)]
fn journal_verify(bencher: Bencher, records: u32) {
    let directory = written(records);
    bencher.bench_local(|| {
        let verdict = verify(directory.path()).unwrap();
        assert!(verdict.damage.is_none() && verdict.records == u64::from(records));
    });
}

#[divan::bench(args = RECORDS, sample_count = 10)]
fn journal_read(bencher: Bencher, records: u32) {
    let directory = written(records);
    bencher.bench_local(|| read(directory.path()).unwrap());
}

#[divan::bench(args = RECORDS, sample_count = 10)]
fn journal_open_to_resume(bencher: Bencher, records: u32) {
    let directory = written(records);
    bencher.bench_local(|| FileJournal::open(directory.path(), "alice", Clocks::Virtual).unwrap());
}
