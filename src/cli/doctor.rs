//! `doctor`: whether this place is fit for an incident: terminal, palette, state directory, clock,
//! and what signatures need.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::time::SystemTime;

use serde::Serialize;
use serde_json::json;

use super::exit::{Exit, Outcome};
use super::out;
use super::settings::{Settings, is_ci};
use crate::journal::store;
use crate::model::time::rfc3339;

/// Below this the dialogs of the full screen do not fit.
const COMFORTABLE: (u16, u16) = (80, 24);
/// A clock before this day is certainly wrong (2026-01-01).
const NOT_BEFORE_MS: i64 = 1_767_225_600_000;

#[derive(Debug, Clone, Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    detail: String,
}

pub fn doctor(settings: &Settings) -> Outcome {
    let findings = [terminal(), palette(settings), state_dir(settings), clock(), signing()];
    let healthy = findings.iter().all(|finding| finding.ok);
    if settings.json {
        out::json(&json!({"version": "1.0", "ok": healthy, "findings": findings}))?;
    } else {
        for finding in &findings {
            let mark = settings.out.shown(if finding.ok { "✓" } else { "✗" });
            out::line(&format!("{mark} {:<10} {}", finding.what, settings.out.shown(&finding.detail)))?;
        }
    }
    Ok(if healthy { Exit::Done } else { Exit::Failed })
}

fn terminal() -> Finding {
    let what = "terminal";
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        let detail = "none here: drills need --no-tui --yes, or --plain".to_owned();
        return Finding { what, ok: true, detail };
    }
    match crossterm::terminal::size() {
        Ok((columns, rows)) => {
            let small = columns < COMFORTABLE.0 || rows < COMFORTABLE.1;
            let advice = if small { ", below the comfortable 80x24: parts of the screen become tabs" } else { "" };
            Finding { what, ok: true, detail: format!("{columns}x{rows}{advice}") }
        }
        Err(error) => Finding { what, ok: false, detail: format!("its size cannot be read: {error}") },
    }
}

fn palette(settings: &Settings) -> Finding {
    let term = env::var("TERM").unwrap_or_default();
    let depth = env::var("COLORTERM").unwrap_or_default();
    let colors = if !settings.out.color {
        "no colour (state is always glyph and word as well)"
    } else if depth == "truecolor" || depth == "24bit" {
        "true colour"
    } else if term.contains("256") {
        "256 colours"
    } else {
        "16 colours"
    };
    let glyphs = if settings.out.ascii { "ASCII" } else { "Unicode: ✓ ✗ ◆ ▶ ▒ █ must look one cell wide" };
    let ci = if is_ci() { ", CI is set" } else { "" };
    Finding { what: "palette", ok: true, detail: format!("TERM {term}: {colors}; {glyphs}{ci}") }
}

fn state_dir(settings: &Settings) -> Finding {
    let what = "state";
    match settings.state_dir().map_err(|error| error.message).and_then(|dir| writable(&dir)) {
        Ok(detail) => Finding { what, ok: true, detail },
        Err(detail) => Finding { what, ok: false, detail },
    }
}

/// Proves that a journal could be kept here, by keeping a file for a moment.
fn writable(dir: &Path) -> Result<String, String> {
    let shown = dir.display();
    fs::create_dir_all(dir).map_err(|error| format!("{shown} cannot be made: {error}"))?;
    let probe = dir.join(format!(".doctor-{}", std::process::id()));
    let written = OpenOptions::new().write(true).create_new(true).open(&probe).and_then(|file| file.sync_all());
    // Whether it was written is the finding; a left-over probe is harmless.
    let _ = fs::remove_file(&probe);
    written.map_err(|error| format!("{shown} cannot be written: {error}"))?;
    let runs = store::list(dir).map_err(|error| format!("{shown} cannot be listed: {error}"))?;
    Ok(format!("{shown}, {} runs kept", runs.len()))
}

fn clock() -> Finding {
    let now_ms = now_ms();
    let ok = now_ms >= NOT_BEFORE_MS;
    let advice = if ok { "" } else { ": this cannot be right, MFA codes will not match" };
    Finding { what: "clock", ok, detail: format!("{}{advice}", rfc3339(now_ms)) }
}

/// Nothing but signatures needs it, so that it is missing is no fault.
fn signing() -> Finding {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|dir| dir.join("ssh-keygen")).find(|program| program.is_file());
    let detail = match found {
        Some(program) => format!("{}: journals can be signed, and signatures checked", program.display()),
        None => "no ssh-keygen: journals cannot be signed here, nor signatures checked (install OpenSSH)".to_owned(),
    };
    Finding { what: "signing", ok: true, detail }
}

/// The wall clock of this machine.
#[must_use]
pub fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
