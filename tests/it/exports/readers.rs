//! Exports read back by the programs of others: Python's `csv` in its strict mode, and the Protocol
//! Buffers of OpenTelemetry, pinned with their hashes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ALL;

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/exports");

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}\n{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[test]
fn csv_is_what_a_strict_reader_takes() {
    for recorded in ALL {
        let home = recorded.home();
        let file = home.write("timeline.csv", recorded.export(&home, &["--format", "csv", "--zone", "Asia/Tokyo"]));
        let rows = recorded.export(&home, &["--format", "jsonl"]).lines().count() - 2;
        let said = run(Command::new("python3").arg(format!("{HERE}/sheet.py")).arg(file));
        assert_eq!(said.trim(), format!("{rows} rows"));
    }
}

#[test]
fn a_trace_is_what_opentelemetry_takes_and_adds_up() {
    let python = installed();
    for recorded in ALL {
        let home = recorded.home();
        let trace = home.write("trace.json", recorded.export(&home, &["--format", "otlp"]));
        let story = home.write("timeline.json", recorded.export(&home, &["--format", "json"]));
        let said = run(Command::new(&python).arg(format!("{HERE}/trace.py")).args([trace, story]));
        assert!(said.contains("spans add up"), "{said}");
    }
}

/// A Python with OpenTelemetry's definitions, installed once for all test processes and later runs.
fn installed() -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("opentelemetry");
    fs::create_dir_all(&dir).unwrap();
    let lock = File::create(dir.join("lock")).unwrap();
    lock.lock().unwrap();
    let list = fs::read_to_string(format!("{HERE}/requirements.txt")).unwrap();
    let (python, done) = (dir.join("venv/bin/python"), dir.join("installed"));
    if fs::read_to_string(&done).unwrap_or_default() != list || !python.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(dir.join("venv")));
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"];
        let how = ["--no-deps", "--require-hashes", "-r"];
        run(Command::new(&python).args(pip).args(how).arg(format!("{HERE}/requirements.txt")));
        fs::write(done, list).unwrap();
    }
    python
}
