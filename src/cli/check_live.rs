//! `check --live`: whether a runbook could work here and now, as a table.
//!
//! Must not know: what is asked, or which answer is good; `readiness` does.

use std::path::Path;

use serde_json::{Value, json};

use super::args::Check;
use super::check::counted;
use super::doctor::now_ms;
use super::exit::{CliError, Exit};
use super::face::block_on;
use super::files;
use super::out::{self, Out};
use super::plan;
use super::real::adapters;
use super::secrets;
use super::settings::Settings;
use crate::model::outcome::Mode;
use crate::model::plan::{Intent, Plan};
use crate::model::runbook::Runbook;
use crate::model::text::width;
use crate::readiness::{self, Finding, State};
use crate::source::{Loaded, RunContext};

/// Columns for a resource; a longer one moves the rest of its line.
const RESOURCE_WIDTH: usize = 56;

/// What was found about one runbook.
pub struct Live {
    findings: Vec<Finding>,
}

/// # Errors
/// Exit 2 in a build without AWS.
pub fn is_there() -> Result<(), CliError> {
    adapters::are_there()
}

/// Asks everything that this runbook takes for granted.
///
/// # Errors
/// When the inputs do not fit.
pub fn look(settings: &Settings, wanted: &Check, loaded: &Loaded, path: &str) -> Result<Live, CliError> {
    let runbook = plan::valid(settings, path, loaded)?;
    let plans = plans(settings, wanted, loaded, runbook)?;
    let questions = readiness::questions(&plans);
    settings.out.detail(&format!("{path}: {}, only reads are sent", counted(questions.len(), "question")));
    let cloud = adapters::eyes(settings, secrets::at_hand_for(&runbook.secrets))?;
    let asked = block_on(async { Ok(readiness::ask(cloud.as_ref(), &questions, &has_program).await) });
    let findings = asked.map_err(|error| CliError::failed(format!("failed to ask: {error}")))?;
    Ok(Live { findings })
}

/// The plan, and beside it that of an emergency where the runbook has one.
fn plans(settings: &Settings, wanted: &Check, loaded: &Loaded, runbook: &Runbook) -> Result<Vec<Plan>, CliError> {
    let has_emergency = runbook.steps().any(|(_, step)| step.emergency.is_some());
    let context = |intent: Intent| -> Result<RunContext, CliError> {
        Ok(RunContext {
            given: files::inputs(&wanted.inputs)?,
            mode: Mode::Real,
            intent,
            operator: settings.operator(),
            run: "readiness".to_owned(),
            now_ms: now_ms(),
        })
    };
    let variants = [Some(Intent::Planned), has_emergency.then_some(Intent::Emergency)];
    let plan = |intent| plan::instantiated(settings, loaded, runbook, &context(intent)?);
    variants.into_iter().flatten().map(plan).collect()
}

/// Whether a program can be started from here, as the shell would look for it.
fn has_program(name: &str, dir: Option<&str>) -> bool {
    if name.contains('/') {
        let path = dir.map_or_else(|| Path::new(name).to_owned(), |dir| Path::new(dir).join(name));
        return is_executable(&path);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| is_executable(&dir.join(name)))
}

fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

/// How the process ends. What could not be asked does not pass in silence.
pub fn exit<'a>(lives: impl Iterator<Item = &'a Live>) -> Exit {
    let lives: Vec<&Live> = lives.collect();
    if lives.iter().any(|live| readiness::no_credentials_at_all(&live.findings)) {
        Exit::Credentials
    } else if lives.iter().all(|live| readiness::is_ready(&live.findings)) {
        Exit::Done
    } else {
        Exit::Failed
    }
}

impl Live {
    /// The form that scripts rely on.
    pub fn json(&self) -> Value {
        json!({"ok": readiness::is_ready(&self.findings), "findings": self.findings})
    }

    /// # Errors
    /// As [`out::document`].
    pub fn show(&self, settings: &Settings, path: &str) -> Result<(), CliError> {
        out::document(&table(&self.findings, settings.out))?;
        let of = |state: State| self.findings.iter().filter(|finding| finding.state == state).count();
        let verdict = if readiness::is_ready(&self.findings) { "is ready" } else { "is not ready" };
        let mut parts = vec![format!("{} ok", of(State::Ok)), counted(of(State::Gap), "gap")];
        parts.push(format!("{} unknown", of(State::Unknown)));
        if of(State::Later) > 0 {
            parts.push(format!("{} known only during the run", of(State::Later)));
        }
        settings.out.say(&format!("{path} {verdict}: {}", parts.join(", ")));
        Ok(())
    }
}

/// Target by target, in the order in which they come up; under each what it has to have.
fn table(findings: &[Finding], out: Out) -> String {
    let resource_width = findings.iter().map(|finding| width(&finding.resource)).max().unwrap_or(0);
    let resource_width = resource_width.min(RESOURCE_WIDTH);
    let label_width = findings.iter().map(|finding| finding.label.len()).max().unwrap_or(0);
    let mut targets: Vec<(&str, Option<&str>)> = Vec::new();
    for finding in findings {
        let target = (finding.target.as_str(), finding.region.as_deref());
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    let mut lines = Vec::new();
    for target in targets {
        let (name, region) = target;
        let name = if name.is_empty() { "from here" } else { name };
        lines.push(out.shown(&region.map_or_else(|| name.to_owned(), |region| format!("{name}   {region}"))));
        for finding in findings.iter().filter(|finding| (finding.target.as_str(), finding.region.as_deref()) == target)
        {
            rows(&mut lines, finding, (resource_width, label_width), out);
        }
    }
    lines.join("\n")
}

fn rows(lines: &mut Vec<String>, finding: &Finding, (resource_width, label_width): (usize, usize), out: Out) {
    let gap = " ".repeat(resource_width.saturating_sub(width(&finding.resource)));
    let mark = painted(&format!("{} {:<7}", finding.state.glyph(), finding.state.word()), finding.state, out);
    let rest = format!("{}{gap}   {:<label_width$}   {}", finding.resource, finding.label, finding.seen);
    lines.push(format!("  {mark}  {}", out.shown(&rest)));
    if let Some(help) = &finding.help {
        let steps = if finding.steps.is_empty() { String::new() } else { format!(" (for {})", some(&finding.steps)) };
        lines.push(format!("             {}", out.shown(&format!("{help}{steps}"))));
    }
}

/// A few names, and how many more there are.
fn some(steps: &[String]) -> String {
    match steps {
        [one, two, three, rest @ ..] if !rest.is_empty() => format!("{one}, {two}, {three} and {} more", rest.len()),
        few => few.join(", "),
    }
}

/// Glyph and word say it all; colour helps the eye.
fn painted(text: &str, state: State, out: Out) -> String {
    let text = out.shown(text);
    if !out.color {
        return text;
    }
    let code = match state {
        State::Ok => "32",
        State::Later => "2",
        State::Unknown => "1;33",
        State::Gap => "1;31",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(target: &str, resource: &str, state: State, help: Option<&str>) -> Finding {
        Finding {
            target: target.to_owned(),
            region: (!target.is_empty()).then(|| "us-east-1".to_owned()),
            resource: resource.to_owned(),
            check: "replica",
            label: "ready to promote",
            state,
            seen: "so it is".to_owned(),
            help: help.map(str::to_owned),
            steps: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
            no_credentials: false,
        }
    }

    fn out(color: bool, ascii: bool) -> Out {
        Out { color, ascii, quiet: false, verbose: false }
    }

    #[test]
    fn the_table_says_state_resource_and_way_out() {
        let findings = [
            finding("dr", "cluster c", State::Ok, None),
            finding("", "program kubectl", State::Unknown, Some("look")),
            finding("dr", "bucket b", State::Gap, Some("make it")),
        ];
        let expected = "dr   us-east-1\n  \
             ✓ ok       cluster c         ready to promote   so it is\n  \
             ✗ gap      bucket b          ready to promote   so it is\n             \
             make it (for a, b, c and 1 more)\n\
             from here\n  \
             ? unknown  program kubectl   ready to promote   so it is\n             \
             look (for a, b, c and 1 more)";
        assert_eq!(table(&findings, out(false, false)), expected);
        let ascii = table(&findings, out(false, true));
        assert!(ascii.is_ascii() && ascii.contains("+ ok ") && ascii.contains("x gap "), "{ascii}");
        let colored = table(&findings, out(true, false));
        assert!(colored.contains("\u{1b}[1;31m✗ gap    \u{1b}[0m"), "{colored:?}");
    }

    #[test]
    fn nothing_unknown_passes_in_silence() {
        let of = |state| Live { findings: vec![finding("dr", "x", state, None)] };
        let code = |state| exit([of(State::Ok), of(state)].iter());
        assert_eq!([State::Ok, State::Later].map(code), [Exit::Done, Exit::Done]);
        assert_eq!([State::Gap, State::Unknown].map(code), [Exit::Failed, Exit::Failed]);
        let nobody =
            Finding { check: "account", no_credentials: true, ..finding("dr", "identity", State::Unknown, None) };
        assert_eq!(exit([Live { findings: vec![nobody] }].iter()), Exit::Credentials);
    }

    #[test]
    fn programs_are_looked_for_as_a_shell_does() {
        assert!(has_program("sh", None) && has_program("/bin/sh", None) && has_program("./sh", Some("/bin")));
        assert!(!has_program("no_such_program_anywhere", None) && !has_program("/etc/passwd", None));
        assert!(!has_program("./no_such", Some("/bin")));
    }
}
