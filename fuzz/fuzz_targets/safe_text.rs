//! `.ci/fuzz` runs it, or `cargo +nightly fuzz run safe_text`; what it does stands in `bodies.rs`.
#![no_main]

#[path = "../bodies.rs"]
#[allow(dead_code)]
mod bodies;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bodies::safe_text(bytes));
