//! Following a journal: it grows, tears, is cut, is replaced by a longer copy.

use super::*;
use crate::journal::{DamageKind, Follower, Record};

/// A whole journal of ten records, its lines, and a directory that holds the first so many bytes.
fn growing() -> (tempfile::TempDir, Vec<u8>) {
    let base = tempfile::tempdir().unwrap();
    write_run(&base.path().join("whole"), Mode::Drill, 10);
    let whole = bytes(&base.path().join("whole"));
    std::fs::create_dir(base.path().join("seen")).unwrap();
    (base, whole)
}

fn numbers(records: &[Record]) -> Vec<u64> {
    records.iter().map(|record| record.seq).collect()
}

#[test]
fn records_come_as_they_are_written_however_they_are_cut() {
    let (base, whole) = growing();
    let dir = base.path().join("seen");
    for chunk in [1, 7, 300, 5_000] {
        put(&dir, b"");
        let mut follower = Follower::of(&dir);
        let mut seen = Vec::new();
        for end in (0..whole.len()).step_by(chunk).chain([whole.len()]) {
            put(&dir, &whole[..end]);
            seen.extend(numbers(&follower.more().unwrap()));
            assert_eq!(follower.damage(), None, "cut at {end}");
            let lines = whole[..end].split(|byte| *byte == b'\n').count() as u64 - 1;
            assert_eq!(follower.records(), lines, "cut at {end}");
        }
        assert_eq!(seen, (1..=10).collect::<Vec<u64>>());
        assert_eq!(follower.run(), Some(RUN));
        assert!(follower.more().unwrap().is_empty());
    }
}

#[test]
fn a_torn_tail_that_is_cut_and_written_anew_is_no_damage() {
    let (base, whole) = growing();
    let dir = base.path().join("seen");
    let second = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    put(&dir, &whole[..second + 20]);
    let mut follower = Follower::of(&dir);
    assert_eq!(numbers(&follower.more().unwrap()), [1]);
    put(&dir, &whole[..second]);
    assert_eq!(numbers(&follower.more().unwrap()), [0; 0]);
    put(&dir, &whole);
    assert_eq!(numbers(&follower.more().unwrap()), (2..=10).collect::<Vec<u64>>());
    assert_eq!(follower.damage(), None);
}

#[test]
fn what_was_changed_or_taken_away_is_named() {
    let (base, whole) = growing();
    let dir = base.path().join("seen");
    put(&dir, &whole[..whole.len() / 2]);
    let mut follower = Follower::of(&dir);
    let before = follower.more().unwrap().len() as u64;
    let mut changed = whole.clone();
    let at = whole.len() - 200;
    changed[at] ^= 1;
    put(&dir, &changed);
    let after = follower.more().unwrap().len() as u64;
    let damage = follower.damage().unwrap();
    assert_eq!(damage.record, before + after + 1);
    // Nothing is believed behind it.
    put(&dir, &whole);
    assert!(follower.more().unwrap().is_empty());

    put(&dir, &whole);
    let mut follower = Follower::of(&dir);
    assert_eq!(follower.more().unwrap().len(), 10);
    put(&dir, &whole[..whole.len() / 2]);
    assert!(follower.more().unwrap().is_empty());
    assert_eq!(follower.damage().unwrap().reason, DamageKind::Cut);
}

#[test]
fn a_copy_has_any_name_and_what_is_not_there_is_told() {
    let (base, whole) = growing();
    let copy = base.path().join("incident.jsonl");
    std::fs::write(&copy, &whole).unwrap();
    assert_eq!(Follower::of(&copy).more().unwrap().len(), 10);
    assert!(Follower::of(&base.path().join("nothing")).more().is_err());
}
