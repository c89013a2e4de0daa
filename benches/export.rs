//! Exporting a journal of 100,000 records: time and peak memory of the whole process, in each format,
//! beside a floor that reads, hashes and parses the same lines once and writes one line for each.
//!
//! The floor is this very binary, started again with a variable set. Figures of one run may be
//! compared with each other; figures of two runs may not.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot start should stop")]
#![expect(clippy::expect_used, reason = "the recorded run is made by the engine itself")]

#[expect(dead_code, reason = "the engine's benchmark uses the rest")]
mod recorded;
mod texts;

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lifeboat::engine::ports::Journal;
use lifeboat::journal::{Clocks, FileJournal, store};
use lifeboat::model::event::{Event, Purpose, Ticket};
use serde_json::json;
use sha2::{Digest, Sha256};

const FLOOR: &str = "LIFEBOAT_BENCH_FLOOR";
const RECORDS: usize = 100_000;
const STEPS: usize = 1_000;
const SAMPLES: usize = 10;
const FORMATS: [&str; 7] = ["md", "html", "json", "jsonl", "csv", "otlp", "slack"];

fn main() {
    if let Some(journal) = std::env::var_os(FLOOR) {
        floor(Path::new(&journal));
    } else if !std::env::args().any(|arg| arg == "--list") {
        report();
    }
}

/// For people; a journal of petabytes is not measured here.
#[expect(clippy::cast_precision_loss, reason = "one digit behind the point is shown")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

#[expect(clippy::print_stdout, reason = "a benchmark's result")]
fn report() {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (run, journal) = written(home.path());
    let out = home.path().join("out");
    println!("{RECORDS} records, {STEPS} steps    median      of floor   peak memory    written");
    let line = |name: &str, (time, peak_kib): (Duration, u64), floor: Duration| {
        let written = std::fs::metadata(&out).map_or(0, |file| file.len());
        println!(
            "{name:<26} {:>7.1} ms   {:>8.2}   {:>7.1} MiB   {:>6.1} MiB",
            time.as_secs_f64() * 1000.0,
            time.as_secs_f64() / floor.as_secs_f64(),
            mib(peak_kib * 1024),
            mib(written)
        );
    };
    let floor = measured(|| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env(FLOOR, &journal).stdout(std::fs::File::create(&out).unwrap());
        command
    });
    line("floor: one pass", floor, floor.0);
    for format in FORMATS {
        let figures = measured(|| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
            command.args(["timeline", &run, "--quiet", "--format", format, "-o"]).arg(&out);
            command.env("LIFEBOAT_STATE_DIR", home.path()).stdout(Stdio::null());
            command
        });
        line(format, figures, floor.0);
    }
}

/// Median time, and the most memory that any of the processes had.
fn measured(command: impl Fn() -> Command) -> (Duration, u64) {
    let mut times = Vec::new();
    let mut peak_kib = 0;
    for _ in 0..SAMPLES {
        let mut command = command();
        let begun = Instant::now();
        let mut child = command.spawn().unwrap();
        let status = loop {
            // The mark only rises; a millisecond before the end it stands where it will stand.
            peak_kib = peak_kib.max(high_water_kib(child.id()));
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        assert!(status.success(), "{command:?} ended with {status}");
        times.push(begun.elapsed());
    }
    times.sort();
    (times[SAMPLES / 2], peak_kib)
}

fn high_water_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or(0)
}

/// A long run as it is written: steps with their calls, and for each of them many polls.
fn written(home: &Path) -> (String, PathBuf) {
    let run = recorded::Run::record(STEPS);
    let polls = (RECORDS - run.events.len()) / STEPS;
    let id = store::new_run_id();
    let directory = store::run_dir(home, &id);
    std::fs::create_dir_all(directory.parent().unwrap()).unwrap();
    let mut at_ms = run.events[0].at_ms;
    let mut journal =
        FileJournal::create(&directory, &id, "alice", Clocks::Virtual, run.header.clone(), at_ms).unwrap().0;
    let last = run.events.len() - 1;
    let mut count = 1;
    for (ix, stamped) in run.events.iter().enumerate().skip(1) {
        let mut append = |event: Event| {
            at_ms += 250;
            count += 1;
            journal.append(at_ms, event).unwrap();
        };
        // What comes once a question was answered is kept, and changes nothing.
        if let Event::StepSucceeded { step, .. } = &stamped.event {
            (0..polls).for_each(|_| append(poll(step)));
        }
        if ix == last {
            (0..RECORDS.saturating_sub(ix + 1 + polls * STEPS)).for_each(|_| append(poll("s0000")));
        }
        append(stamped.event.clone());
    }
    assert_eq!(count, RECORDS);
    journal.sync().unwrap();
    let file = directory.join("journal.jsonl");
    (id, file)
}

fn poll(step: &str) -> Event {
    Event::Observed {
        ticket: Ticket { step: step.to_owned(), attempt: 1, purpose: Purpose::Verify(0) },
        result: Ok(json!({"status": "promoting", "engine": "aurora-postgresql", "members": 2})),
        request_id: Some("0f6f6c1e-8b0f-4f2f-9d2b-3d0f8b5a7c11".to_owned()),
        cloud_ms: None,
    }
}

/// The least that an export does: each line read, hashed, parsed, and one line written for it.
fn floor(journal: &Path) {
    let mut file = BufReader::with_capacity(256 * 1024, std::fs::File::open(journal).unwrap());
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut line = Vec::new();
    while file.read_until(b'\n', &mut line).unwrap() > 0 {
        let record: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&line).unwrap();
        let hash = Sha256::digest(&line)[0];
        writeln!(out, "{},{},{},{hash}", record["seq"], record["wall"], record["ev"]["type"]).unwrap();
        line.clear();
    }
    out.flush().unwrap();
}
