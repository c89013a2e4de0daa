//! What an approver reads: which run, which step, what exactly is asked for, what it risks, for how long.
//!
//! Pure. What comes from outside is made safe when it is shown.

use std::fmt::Write as _;

use crate::hatch::Sheet;
use crate::model::outcome::{Mode, Risk};
use crate::model::text::safe;
use crate::model::time::{hms_utc, human_ms};

/// Cells of the label column.
const LABEL: usize = 10;

/// The sheet as text, line by line.
#[must_use]
pub fn text(sheet: &Sheet, by: &str) -> String {
    let mut lines = Lines(format!("{}  APPROVE {}  run {}\n", sheet.mode.banner(), one(&sheet.step), one(&sheet.run)));
    lines.put("runbook", &format!("{}: {}", sheet.runbook, sheet.title));
    if sheet.step_title != sheet.step {
        lines.put("step", &sheet.step_title);
    }
    let given = sheet.given.iter().map(|(who, at_ms, from)| {
        let place = from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
        format!("{who} {}{place}", hms_utc(*at_ms))
    });
    let given: Vec<String> = given.collect();
    let so_far = if given.is_empty() { String::new() } else { format!(": {}", given.join(", ")) };
    lines.put(
        "asked by",
        &format!("{}, who drives; {} of {} approvals given{so_far}", sheet.operator, given.len(), sheet.wanted),
    );
    place(&mut lines, sheet);
    for (name, value) in &sheet.request {
        lines.put("", &format!("  {name}  {value}"));
    }
    if let Some(line) = &sheet.command_line {
        lines.put("by hand", line);
    }
    lines.put("risk", risk(sheet.risk));
    lines.maybe("says", sheet.message.as_slice());
    lines.maybe("before", &sheet.before);
    lines.maybe("after", &sheet.after);
    lines.maybe("undo", &sheet.undo);
    lines.put("digest", &sheet.digest);
    let until = hms_utc(sheet.now_ms.saturating_add(i64::try_from(sheet.within_ms).unwrap_or(i64::MAX)));
    let attempt = sheet.attempt;
    lines.put(
        "counts",
        &format!(
            "for attempt {attempt} of this request, once, for {} (until about {until})",
            human_ms(sheet.within_ms)
        ),
    );
    if sheet.mode == Mode::Drill {
        lines.put("drill", "nothing real is approved");
    }
    if let Some((code, left_ms)) = &sheet.practice {
        let (left, right) = code.split_at_checked(3).unwrap_or((code, ""));
        lines.put("practice", &format!("{by}'s authenticator shows {left} {right}, for {}s", left_ms / 1000));
    }
    lines.0
}

fn place(lines: &mut Lines, sheet: &Sheet) {
    let named = |word: &str, value: &str| if value.is_empty() { String::new() } else { format!("  {word} {value}") };
    let identity = sheet.identity.as_ref().map(|name| format!("  as {name}")).unwrap_or_default();
    let (region, target) = (named("in", &sheet.region), named("target", &sheet.target));
    lines.put("calls", &format!("{}{region}{target}{}{identity}", sheet.action, named("account", &sheet.account)));
}

const fn risk(risk: Risk) -> &'static str {
    match risk {
        Risk::Read => "only looks",
        Risk::Reversible => "changes something that can be put back",
        Risk::Irreversible => "this cannot be undone",
    }
}

struct Lines(String);

impl Lines {
    /// One label; further lines of the value stand below it.
    fn put(&mut self, label: &str, value: &str) {
        for (nth, line) in value.lines().enumerate() {
            let label = if nth == 0 { label } else { "" };
            // Writing to a String cannot fail.
            let _ = writeln!(self.0, "  {label:<LABEL$}{}", one(line));
        }
    }

    fn maybe(&mut self, label: &str, values: &[String]) {
        for (nth, value) in values.iter().enumerate() {
            self.put(if nth == 0 { label } else { "" }, value);
        }
    }
}

/// One line, which nothing from outside can break out of.
fn one(text: &str) -> String {
    safe(text)
}
