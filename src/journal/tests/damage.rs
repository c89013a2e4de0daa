//! Every byte flipped, every cut, every shuffle: seen, and named.

use super::super::chain::{self, Chain};
use super::super::record::{Link, seal};
use super::super::scan::Scan;
use super::super::{Clocks, Damage, DamageKind, FileJournal, JournalOpenError, disk, read};
use super::{RUN, bytes, put, write_run};
use crate::model::outcome::Mode;

const RECORDS: u64 = 60;

struct Written {
    base: tempfile::TempDir,
    bytes: Vec<u8>,
}

impl Written {
    fn new() -> Self {
        Self::of(RECORDS)
    }

    fn of(records: u64) -> Self {
        let base = tempfile::tempdir().unwrap();
        write_run(base.path(), Mode::Drill, records);
        let bytes = bytes(base.path());
        Self { base, bytes }
    }

    fn lines(&self) -> Vec<Vec<u8>> {
        self.bytes.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect()
    }

    /// What reading says of these lines in the place of the written ones.
    fn verdict(&self, lines: &[Vec<u8>]) -> Option<(u64, DamageKind)> {
        put(self.base.path(), &lines.concat());
        read(self.base.path()).unwrap().damage.map(|damage| (damage.record, damage.reason))
    }
}

/// The line with a part replaced, and its own hash made right again.
fn forge(line: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = std::str::from_utf8(line).unwrap();
    let (content, _) = text.rsplit_once(",\"h\":").unwrap();
    assert!(content.contains(from), "{content}");
    let mut forged = (content.replacen(from, to, 1) + "}").into_bytes();
    seal(&mut forged);
    forged
}

/// Each line with its number, the place of its first byte, and the chain above it.
fn chains(written: &Written) -> Vec<(u64, usize, Option<Chain>)> {
    let mut scan = Scan::behind(None, written.base.path(), written.bytes.as_slice());
    let mut lines = Vec::new();
    let mut start = 0;
    for (number, line) in (1..).zip(written.lines()) {
        lines.push((number, start, scan.chain.clone()));
        start += line.len();
        assert!(matches!(scan.next(), Ok(Some(record)) if record.seq == number));
    }
    lines
}

/// Reads a journal whose lines above the given one are known to be whole.
fn read_on(written: &Written, above: Option<&Chain>, rest: &[u8]) -> (usize, Option<Damage>, usize) {
    let mut scan = Scan::behind(above.cloned(), written.base.path(), rest);
    let mut records = 0;
    let damage = scan.run_to_end(chain::take, |_| records += 1).unwrap();
    (records, damage, scan.torn().len())
}

#[test]
fn every_flipped_byte_is_seen() {
    let written = Written::new();
    for (number, start, above) in chains(&written) {
        let mut flipped = written.bytes[start..].to_vec();
        let end = flipped.iter().position(|&byte| byte == b'\n').unwrap();
        for at in 0..=end {
            // One bit of each byte, another one at each place; 0x20 turns hex digits into capitals.
            let bit = if at % 2 == 0 { 0x20 } else { 1 << (at % 8) };
            flipped[at] ^= bit;
            let (records, damage, _) = read_on(&written, above.as_ref(), &flipped);
            let damage = damage.unwrap_or_else(|| panic!("byte {at} of record {number} was changed unseen"));
            assert_eq!((records, damage.record), (0, number), "byte {at} of record {number}: {damage}");
            flipped[at] ^= bit;
        }
    }
}

#[test]
fn every_cut_leaves_a_whole_prefix_and_a_torn_tail() {
    let written = Written::new();
    for (number, start, above) in chains(&written) {
        let rest = &written.bytes[start..];
        let end = rest.iter().position(|&byte| byte == b'\n').unwrap();
        for at in 0..=end {
            let (records, damage, torn_bytes) = read_on(&written, above.as_ref(), &rest[..at]);
            let expected = (number == 1).then_some(DamageKind::NoHeader);
            let found = (records, damage.map(|damage| damage.reason), torn_bytes);
            assert_eq!(found, (0, expected, at), "record {number} cut at {at}");
        }
    }
}

#[test]
fn damage_is_found_in_the_file_too() {
    let written = Written::new();
    for (number, start, _) in chains(&written) {
        let mut lines = written.lines();
        lines[usize::try_from(number).unwrap() - 1][40] ^= 1;
        assert_eq!(written.verdict(&lines), Some((number, DamageKind::Changed)));
        put(written.base.path(), &written.bytes[..start + 7]);
        let cut = read(written.base.path()).unwrap();
        assert_eq!((cut.records.len() as u64, cut.torn_bytes), (number - 1, 7));
    }
}

#[test]
fn shuffled_lines_are_named() {
    let written = Written::new();
    let lines = written.lines();
    let mut swapped = lines.clone();
    swapped.swap(9, 10);
    assert_eq!(written.verdict(&swapped), Some((10, DamageKind::Reordered)));
    let mut moved = lines.clone();
    let line = moved.remove(20);
    moved.push(line);
    assert_eq!(written.verdict(&moved), Some((21, DamageKind::Reordered)));
    let mut missing = lines.clone();
    missing.remove(30);
    assert_eq!(written.verdict(&missing), Some((31, DamageKind::Cut)));
    assert_eq!(written.verdict(&lines[1..]), Some((1, DamageKind::Cut)));
    let mut twice = lines.clone();
    twice.insert(41, lines[40].clone());
    assert_eq!(written.verdict(&twice), Some((42, DamageKind::Inserted)));
    let mut blank = lines.clone();
    blank.insert(5, b"\n".to_vec());
    assert_eq!(written.verdict(&blank), Some((6, DamageKind::BadJson)));
    assert_eq!(written.verdict(&lines), None);
}

#[test]
fn a_forged_line_with_a_right_hash_of_its_own_is_named() {
    let written = Written::new();
    let lines = written.lines();
    let mut changed = lines.clone();
    changed[6] = forge(&lines[6], "step2", "step9");
    assert_eq!(written.verdict(&changed), Some((7, DamageKind::Changed)));
    let mut put_in = lines.clone();
    put_in.insert(7, forge(&lines[6], "\"seq\":7", "\"seq\":8"));
    assert_eq!(written.verdict(&put_in), Some((7, DamageKind::Changed)), "its link is not that of record 7");
    let link = format!("{}", read_link(&lines[6]));
    let prev = format!("{}", read_link(&lines[5]));
    let linked = forge(&forge(&lines[6], "\"seq\":7", "\"seq\":8"), &prev, &link);
    put_in[7] = linked;
    assert_eq!(written.verdict(&put_in), Some((9, DamageKind::Inserted)));
    let mut foreign = lines.clone();
    foreign[3] = forge(&lines[3], RUN, "01K9AAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(written.verdict(&foreign), Some((4, DamageKind::WrongRun)));
    let mut later = lines.clone();
    later[3] = forge(&lines[3], "\"epoch\":1", "\"epoch\":3");
    assert_eq!(written.verdict(&later), Some((4, DamageKind::Changed)));
    let mut newer = lines.clone();
    newer[59] = forge(&lines[59], "{\"v\":1,", "{\"v\":2,");
    assert_eq!(written.verdict(&newer), Some((60, DamageKind::Version)));
}

fn read_link(line: &[u8]) -> Link {
    super::super::record::read_seal(line.strip_suffix(b"\n").unwrap()).unwrap().stated
}

#[test]
fn a_drill_never_passes_as_real() {
    let written = Written::new();
    let mut lines = written.lines();
    lines[0] = forge(&lines[0], "\"mode\":\"drill\"", "\"mode\":\"real\"");
    assert_eq!(written.verdict(&lines), Some((1, DamageKind::WrongMode)));
    let mut renamed = written.lines();
    for line in &mut renamed {
        *line = forge(line, RUN, "01K9AAAAAAAAAAAAAAAAAAAAAA");
    }
    assert_eq!(written.verdict(&renamed), Some((1, DamageKind::WrongRun)));
}

#[test]
fn a_damaged_run_is_not_opened_and_not_touched() {
    let written = Written::new();
    let mut changed = written.bytes.clone();
    changed[1000] ^= 1;
    changed.extend_from_slice(b"torn");
    put(written.base.path(), &changed);
    let opened = FileJournal::open(written.base.path(), "alice", Clocks::Virtual);
    assert!(matches!(opened, Err(JournalOpenError::Damaged(damage)) if damage.reason == DamageKind::Changed));
    assert_eq!(bytes(written.base.path()), changed);
}

#[test]
fn an_endless_line_is_bounded() {
    let base = tempfile::tempdir().unwrap();
    std::fs::write(base.path().join(disk::JOURNAL), vec![b'{'; 200_000]).unwrap();
    let found = read(base.path()).unwrap();
    assert_eq!(found.damage.map(|damage| damage.reason), Some(DamageKind::BadJson));
}

/// Records of the long form.
const MANY: u64 = 200;

/// The long form, as one line of the table that `.ci/faults` prints.
#[test]
#[ignore = "long; .ci/faults runs it"]
fn suite_mutation() {
    use std::io::Write as _;
    let written = Written::of(MANY);
    let (mut cases, mut unseen, mut seen_by_json) = (0_u64, Vec::new(), 0_u64);
    let mut expect = |is_seen: bool, what: &str| {
        cases += 1;
        if !is_seen {
            unseen.push(what.to_owned());
        }
    };
    for (number, start, above) in chains(&written) {
        let end = start + written.bytes[start..].iter().position(|&byte| byte == b'\n').unwrap();
        // A line behind it stays: what a changed newline joins must not pass either.
        let next = written.bytes[end + 1..].iter().position(|&byte| byte == b'\n').map_or(end + 1, |at| end + at + 2);
        let mut rest = written.bytes[start..next].to_vec();
        for at in 0..=end - start {
            for bit in 0..8 {
                rest[at] ^= 1 << bit;
                let (records, damage, torn) = read_on(&written, above.as_ref(), &rest);
                // Without the newline of the last line of all, what is left looks like a torn write only
                // when its own hash is wrong as well.
                let is_tail = number == MANY && torn > 0 && records == 0 && at == end - start;
                expect(
                    damage.is_some_and(|damage| damage.record == number) || is_tail,
                    &format!("bit {bit} of byte {at} of record {number}"),
                );
                let line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
                seen_by_json += u64::from(serde_json::from_slice::<crate::model::Value>(line).is_err());
                rest[at] ^= 1 << bit;
            }
            let (records, damage, torn) = read_on(&written, above.as_ref(), &written.bytes[start..start + at]);
            let is_prefix = records == 0 && torn == at && (damage.is_none() || number == 1);
            expect(is_prefix, &format!("record {number} cut at {at}"));
        }
    }
    let lines = written.lines();
    for a in 0..lines.len() {
        for b in a + 1..lines.len() {
            if (a + b) % 7 == 0 {
                let mut swapped = lines.clone();
                swapped.swap(a, b);
                expect(
                    written.verdict(&swapped).is_some_and(|(record, _)| record == a as u64 + 1),
                    &format!("{a} and {b} swapped"),
                );
            }
        }
        let mut missing = lines.clone();
        missing.remove(a);
        let is_end_cut = a + 1 == lines.len();
        expect(is_end_cut || written.verdict(&missing).is_some(), &format!("{a} missing"));
    }
    let flips = cases;
    let caught = seen_by_json < flips;
    let row = format!(
        "FAULTS\tjournal: every bit flipped, every cut, swaps, gaps\t{cases} changes\t{}\t{} of 1\n",
        unseen.len(),
        u8::from(caught)
    );
    let _ = std::io::stderr().lock().write_all(row.as_bytes());
    assert!(unseen.is_empty(), "{} unseen: {:?}", unseen.len(), &unseen[..unseen.len().min(10)]);
    assert!(caught, "a reader that checks no hash would have seen it all: the flips prove nothing");
}
