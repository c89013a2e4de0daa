//! What must hold of a journal on a real disk: chain, lock, recovery, poison.

mod damage;
mod follow;
mod full;
mod golden;
mod power;
mod writing;

use std::path::Path;

use serde_json::json;

use super::{Clocks, FileJournal, disk};
use crate::engine::ports::Journal;
use crate::model::event::{Event, Purpose, RunHeader, Ticket};
use crate::model::outcome::Mode;
use crate::model::plan::Intent;
use crate::model::runbook::SourceFile;

const RUN: &str = "01K9ZZZZZZZZZZZZZZZZZZZZZZ";
const START_MS: i64 = 1_767_495_600_000;

fn header(mode: Mode) -> RunHeader {
    RunHeader {
        runbook: "regional_failover".to_owned(),
        digest: "sha256:00".to_owned(),
        files: vec![SourceFile { path: "a.yaml".to_owned(), text: "name: \"a\"\n".to_owned() }],
        mode,
        intent: Intent::Planned,
        operator: "alice".to_owned(),
        inputs: json!({"region": "eu-central-1"}).as_object().cloned().unwrap_or_default(),
        secrets: Vec::new(),
        version: "0.1.0".to_owned(),
        binary: "sha256:11".to_owned(),
        drill: None,
        identities: Vec::new(),
    }
}

/// The n-th of a monotonous run's events.
fn event(n: u64) -> Event {
    let ticket = Ticket { step: format!("step{}", n / 3), attempt: 1, purpose: Purpose::Verify(0) };
    match n % 3 {
        0 => Event::StepReady { step: ticket.step, attempt: 1 },
        1 => Event::Observed { ticket, result: Ok(json!({"status": "ok", "n": n})), request_id: None, cloud_ms: None },
        _ => Event::NoteAdded { by: "bob".to_owned(), text: "é \"quoted\"\n".to_owned(), about_ms: None, step: None },
    }
}

/// Writes a journal of that many records and lets go of it.
fn write_run(dir: &Path, mode: Mode, records: u64) {
    let mut journal = FileJournal::create(dir, RUN, "alice", Clocks::Virtual, header(mode), START_MS).unwrap().0;
    for n in 2..=records {
        journal.append(START_MS + i64::try_from(n).unwrap() * 1000, event(n)).unwrap();
    }
    journal.sync().unwrap();
}

fn bytes(dir: &Path) -> Vec<u8> {
    std::fs::read(dir.join(disk::JOURNAL)).unwrap()
}

fn put(dir: &Path, bytes: &[u8]) {
    std::fs::write(dir.join(disk::JOURNAL), bytes).unwrap();
}
