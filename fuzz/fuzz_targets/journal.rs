//! `.ci/fuzz` runs it, or `cargo +nightly fuzz run journal`; what it does stands in `bodies.rs`.
#![no_main]

#[path = "../bodies.rs"]
#[allow(dead_code)]
mod bodies;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bodies::journal(bytes));
