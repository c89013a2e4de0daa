//! `.ci/fuzz` runs it, or `cargo +nightly fuzz run yaml`; what it does stands in `bodies.rs`.
#![no_main]

#[path = "../bodies.rs"]
#[allow(dead_code)]
mod bodies;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bodies::yaml(bytes));
