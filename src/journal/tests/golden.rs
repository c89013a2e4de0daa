//! Journals of version 1 must read forever.

use std::path::Path;

use super::super::{Clocks, FileJournal, disk, read};
use super::{RUN, START_MS, bytes, header, write_run};
use crate::engine::ports::Journal as _;
use crate::model::event::Event;
use crate::model::milestone::Milestone;
use crate::model::outcome::Mode;

const GOLDEN: &str = "tests/golden/journal_v1.jsonl";
/// The events that version 1 was given later.
const LATER: &str = "tests/golden/journal_v1_moments.jsonl";

#[test]
fn version_1_reads() {
    let golden = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(GOLDEN)).unwrap();
    let base = tempfile::tempdir().unwrap();
    std::fs::write(base.path().join(disk::JOURNAL), &golden).unwrap();
    let file = read(base.path()).unwrap();
    assert_eq!((file.records.len(), file.damage, file.torn_bytes), (7, None, 0));
    // The writer still writes the very same bytes.
    let again = tempfile::tempdir().unwrap();
    write_run(again.path(), Mode::Drill, 7);
    assert_eq!(String::from_utf8(bytes(again.path())), String::from_utf8(golden));
}

#[test]
fn moments_and_action_items_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(LATER);
    let base = tempfile::tempdir().unwrap();
    let header = header(Mode::Drill);
    let mut journal = FileJournal::create(base.path(), RUN, "alice", Clocks::Virtual, header, START_MS).unwrap().0;
    let by = || "bob".to_owned();
    let told = |about_ms, step: Option<&str>, text: Option<&str>| Event::MilestoneReached {
        milestone: if step.is_some() { Milestone::Declared } else { Milestone::Detected },
        by: by(),
        about_ms,
        step: step.map(str::to_owned),
        text: text.map(str::to_owned),
    };
    let events = [
        told(Some(START_MS - 60_000), None, Some("the pager")),
        told(None, Some("declare"), None),
        Event::ActionItemAdded {
            item: 1,
            by: by(),
            text: "raise the alarm".to_owned(),
            owner: Some("carol".to_owned()),
        },
        Event::ActionItemAdded { item: 2, by: by(), text: "write it down".to_owned(), owner: None },
        Event::ActionItemDone { item: 1, by: by(), text: "it rings".to_owned() },
    ];
    for (n, event) in (1..).zip(events) {
        journal.append(START_MS + n * 1000, event).unwrap();
    }
    journal.sync().unwrap();
    if std::env::var_os("UPDATE").is_some() && !path.exists() {
        std::fs::write(&path, bytes(base.path())).unwrap();
    }
    assert_eq!(String::from_utf8(bytes(base.path())).unwrap(), std::fs::read_to_string(path).unwrap());
    let file = read(base.path()).unwrap();
    assert_eq!((file.records.len(), file.damage, file.torn_bytes), (6, None, 0));
}
