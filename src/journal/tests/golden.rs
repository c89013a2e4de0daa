//! Journals of version 1 must read forever.

use std::path::Path;

use super::super::{disk, read};
use super::{bytes, write_run};
use crate::model::outcome::Mode;

const GOLDEN: &str = "tests/golden/journal_v1.jsonl";

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
