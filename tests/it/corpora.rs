//! The corpora that the fuzzers keep, run through the same functions without a fuzzer.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its corpus has failed")]

#[path = "../../fuzz/bodies.rs"]
mod bodies;

use std::path::Path;

fn each(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut inputs = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        body(&bytes);
        // And broken off anywhere.
        for part in 1..8 {
            body(&bytes[..bytes.len() * part / 8]);
        }
        inputs += 1;
    }
    assert!(inputs > 2, "the corpus of {target} is gone");
}

#[test]
fn yaml() {
    each("yaml", bodies::yaml);
}

#[test]
fn journal() {
    each("journal", bodies::journal);
}

#[test]
fn safe_text() {
    each("safe_text", bodies::safe_text);
}

#[test]
fn template() {
    each("template", bodies::template);
}
