//! Writing, locking, recovering, failing.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{PermissionsExt, symlink};

use super::super::{Clocks, Damage, DamageKind, FileJournal, JournalOpenError, disk, read, verify};
use super::{RUN, START_MS, bytes, event, header, put, write_run};
use crate::engine::ports::Journal;
use crate::model::event::Event;
use crate::model::outcome::Mode;
use serde_json::json;

fn create(dir: &std::path::Path) -> FileJournal {
    FileJournal::create(dir, RUN, "alice", Clocks::Virtual, header(Mode::Drill), START_MS).unwrap().0
}

fn mode_of(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_was_appended_is_read_back() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("runs").join(RUN);
    write_run(&dir, Mode::Real, 60);
    let file = read(&dir).unwrap();
    assert_eq!((file.records.len(), &file.damage, file.torn_bytes), (60, &None, 0));
    assert_eq!(file.header(), Some(&header(Mode::Real)));
    assert_eq!(file.records[8].stamped().event, event(9));
    assert_eq!(file.records[8].wall_ms, START_MS + 9000);
    let verdict = verify(&dir).unwrap();
    assert_eq!((verdict.records, verdict.head, verdict.mode), (60, file.head(), Some(Mode::Real)));
    for (path, mode) in [("", 0o700), (disk::JOURNAL, 0o600), ("lock", 0o600)] {
        assert_eq!(mode_of(&dir.join(path)), mode, "{path}");
    }
}

#[test]
fn the_same_events_give_the_same_bytes() {
    let base = tempfile::tempdir().unwrap();
    let (a, b) = (base.path().join("a"), base.path().join("b"));
    write_run(&a, Mode::Drill, 10);
    write_run(&b, Mode::Drill, 10);
    assert_eq!(bytes(&a), bytes(&b));
}

#[test]
fn a_line_says_all_in_the_promised_order() {
    let base = tempfile::tempdir().unwrap();
    write_run(base.path(), Mode::Drill, 2);
    let text = String::from_utf8(bytes(base.path())).unwrap();
    let line: crate::model::Object = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    let keys: Vec<&str> = line.keys().map(String::as_str).collect();
    assert_eq!(keys, ["v", "seq", "run", "epoch", "wall", "boot_ns", "boot_id", "who", "ev", "prev", "h"]);
    assert_eq!(line["wall"], "2026-01-04T03:00:02.000Z");
    let record = &read(base.path()).unwrap().records[1];
    assert_eq!(serde_json::to_value(record).unwrap(), serde_json::Value::Object(line));
}

#[test]
fn a_second_opener_is_told_who_holds_the_run() {
    let base = tempfile::tempdir().unwrap();
    let held = create(base.path());
    let Err(JournalOpenError::Locked { holder }) = FileJournal::open(base.path(), "bob", Clocks::Virtual) else {
        panic!("the lock was given out twice");
    };
    assert_eq!((holder.operator.as_str(), holder.pid), ("alice", std::process::id()));
    drop(held);
    let (journal, records) = FileJournal::open(base.path(), "bob", Clocks::Virtual).unwrap();
    assert_eq!((journal.epoch(), records.len()), (2, 1));
}

#[test]
fn each_opening_that_writes_is_another_epoch() {
    let base = tempfile::tempdir().unwrap();
    write_run(base.path(), Mode::Drill, 3);
    for epoch in 2..5 {
        let (mut journal, _) = FileJournal::open(base.path(), "bob", Clocks::Virtual).unwrap();
        assert_eq!(journal.append(START_MS, Event::RunContinued).unwrap().epoch, epoch);
    }
    let last = read(base.path()).unwrap().records.pop().unwrap();
    assert_eq!((last.epoch, &*last.who, last.seq), (4, "bob", 6));
}

#[test]
fn a_run_is_not_begun_twice_nor_through_a_link() {
    let base = tempfile::tempdir().unwrap();
    drop(create(base.path()));
    let again = FileJournal::create(base.path(), RUN, "alice", Clocks::Virtual, header(Mode::Drill), START_MS);
    assert!(matches!(again, Err(JournalOpenError::Io(error)) if error.kind() == std::io::ErrorKind::AlreadyExists));
    let linked = tempfile::tempdir().unwrap();
    symlink(base.path().join(disk::JOURNAL), linked.path().join(disk::JOURNAL)).unwrap();
    assert!(FileJournal::open(linked.path(), "alice", Clocks::Virtual).is_err());
    assert!(read(linked.path()).is_err());
}

#[test]
fn nothing_to_open_is_not_found() {
    let base = tempfile::tempdir().unwrap();
    let opened = FileJournal::open(base.path(), "alice", Clocks::Virtual);
    assert!(matches!(opened, Err(JournalOpenError::NotFound(_))));
    assert!(!base.path().join("lock").exists());
}

#[test]
fn a_torn_tail_is_kept_aside_and_recorded() {
    let base = tempfile::tempdir().unwrap();
    write_run(base.path(), Mode::Drill, 5);
    let whole = bytes(base.path());
    put(base.path(), &[whole.as_slice(), b"{\"v\":1,\"se"].concat());
    let (mut journal, records) = FileJournal::open(base.path(), "bob", Clocks::Virtual).unwrap();
    assert_eq!(records.last().unwrap().event, Event::TornTailCut { bytes: 10 });
    assert_eq!(std::fs::read(base.path().join("torn-6")).unwrap(), b"{\"v\":1,\"se");
    journal.append(START_MS, Event::RunContinued).unwrap();
    let file = read(base.path()).unwrap();
    assert_eq!((file.records.len(), file.damage, file.torn_bytes), (7, None, 0));
}

#[test]
fn a_failed_write_poisons() {
    let base = tempfile::tempdir().unwrap();
    let mut journal = create(base.path());
    let sound = std::mem::replace(&mut journal.file, OpenOptions::new().write(true).open("/dev/full").unwrap());
    assert!(journal.append(START_MS, Event::RunContinued).is_err());
    journal.file = sound;
    assert!(journal.append(START_MS, Event::RunContinued).is_err());
    assert!(journal.sync().is_err());
    assert!(journal.poison().is_some());
    assert_eq!((journal.head().0, read(base.path()).unwrap().records.len()), (1, 1));
}

#[test]
fn a_failed_sync_poisons() {
    let base = tempfile::tempdir().unwrap();
    let mut journal = create(base.path());
    // A pipe takes the bytes and cannot be synced.
    let (_reader, writer) = std::io::pipe().unwrap();
    let sound = std::mem::replace(&mut journal.file, File::from(std::os::fd::OwnedFd::from(writer)));
    journal.append(START_MS, Event::RunContinued).unwrap();
    assert!(journal.sync().is_err());
    journal.file = sound;
    assert!(journal.sync().is_err(), "a failed sync is never retried");
    assert!(journal.append(START_MS, Event::RunContinued).is_err());
}

#[test]
fn what_is_too_long_goes_to_a_side_file_and_comes_back() {
    let base = tempfile::tempdir().unwrap();
    let mut journal = create(base.path());
    let big = json!({"log": "x".repeat(200_000), "note": "é"});
    let outputs = big.as_object().cloned().unwrap();
    let ended = Event::StepSucceeded { step: "s".to_owned(), attempt: 1, outputs };
    journal.append(START_MS, ended.clone()).unwrap();
    journal.append(START_MS, Event::RunContinued).unwrap();
    let longest = bytes(base.path()).split(|&byte| byte == b'\n').map(<[u8]>::len).max();
    assert!(longest < Some(2000), "{longest:?}");
    assert_eq!(mode_of(&base.path().join("out/2.json")), 0o600);
    let file = read(base.path()).unwrap();
    assert_eq!((&file.damage, &file.records[1].ev), (&None, &ended));

    std::fs::write(base.path().join("out/2.json"), "{}").unwrap();
    let damage = read(base.path()).unwrap().damage;
    assert!(matches!(damage, Some(Damage { record: 2, reason: DamageKind::SideFile, .. })), "{damage:?}");
    std::fs::remove_file(base.path().join("out/2.json")).unwrap();
    assert_eq!(read(base.path()).unwrap().damage.map(|damage| damage.record), Some(2));
}

#[test]
fn several_long_members_all_move() {
    let base = tempfile::tempdir().unwrap();
    let mut journal = create(base.path());
    let noted = Event::NoteAdded { by: "b".repeat(70_000), text: "t".repeat(90_000), about_ms: None, step: None };
    journal.append(START_MS, noted.clone()).unwrap();
    assert_eq!(read(base.path()).unwrap().records[1].ev, noted);
    assert!(base.path().join("out/2.1.json").exists());
}

#[test]
fn a_big_runbook_still_makes_line_1() {
    let base = tempfile::tempdir().unwrap();
    let mut big = header(Mode::Drill);
    big.files[0].text = "# \u{1f6a8}\n".repeat(40_000);
    FileJournal::create(base.path(), RUN, "alice", Clocks::Virtual, big.clone(), START_MS).unwrap();
    assert_eq!(read(base.path()).unwrap().header(), Some(&big));
}

#[test]
fn what_the_cloud_answers_cannot_name_a_file() {
    let base = tempfile::tempdir().unwrap();
    let mut journal = create(base.path());
    let forged = json!({"$side": "out/../journal.jsonl", "sha256": "0".repeat(64), "bytes": 1});
    let (request, target) = (json!({"a": forged.clone()}), forged.clone());
    let gate = Event::GateOpened { step: "s".to_owned(), attempt: 1, request, digest: "\"$side\"".to_owned() };
    let ticket =
        crate::model::event::Ticket { step: "s".to_owned(), attempt: 1, purpose: crate::model::event::Purpose::Action };
    let answer = Event::ActionSucceeded { ticket, result: target, request_id: None, cloud_ms: None };
    journal.append(START_MS, gate.clone()).unwrap();
    journal.append(START_MS, answer.clone()).unwrap();
    let file = read(base.path()).unwrap();
    assert_eq!((&file.records[1].ev, &file.records[2].ev, file.damage), (&gate, &answer, None));
}

#[test]
fn a_copy_of_a_run_is_not_gone_on_with() {
    let base = tempfile::tempdir().unwrap();
    let (own, copy) = (base.path().join(RUN), base.path().join("01K9AAAAAAAAAAAAAAAAAAAAAA"));
    write_run(&own, Mode::Real, 3);
    std::fs::create_dir(&copy).unwrap();
    std::fs::copy(own.join(disk::JOURNAL), copy.join(disk::JOURNAL)).unwrap();
    let opened = FileJournal::open(&copy, "alice", Clocks::Virtual);
    assert!(matches!(opened, Err(JournalOpenError::Damaged(Damage { reason: DamageKind::WrongRun, .. }))));
    assert!(read(&copy).unwrap().damage.is_none());
}

#[test]
fn an_impossible_time_is_refused() {
    let base = tempfile::tempdir().unwrap();
    let mut journal = create(base.path());
    assert!(journal.append(i64::MAX, Event::RunContinued).is_err());
}

#[test]
fn a_terminal_obeys_nothing_in_the_file() {
    let base = tempfile::tempdir().unwrap();
    let mut journal = create(base.path());
    let text = "é\u{1b}[2J\u{9b}2J\u{7f}\u{202e}\u{200b}\u{e0041}\"\\".to_owned();
    let noted = Event::NoteAdded { by: "bob".to_owned(), text, about_ms: None, step: None };
    journal.append(START_MS, noted.clone()).unwrap();
    let written = String::from_utf8(bytes(base.path())).unwrap();
    let shown = |c: char| c == '\n' || !(c.is_control() || crate::model::text::is_hidden(c));
    assert!(written.chars().all(shown), "{written:?}");
    assert!(written.contains("é\\u001b[2J\\u009b2J\\u007f\\u202e\\u200b\\udb40\\udc41"), "{written}");
    assert_eq!(read(base.path()).unwrap().records[1].ev, noted);
}
