//! What is asked before a drill begins: which runbook, and which world. Lists what there is; the
//! start screen asks.

use super::args::Drill;
use super::exit::CliError;
use super::face;
use super::files::{self, Origin};
use super::kept;
use super::office::Office;
use super::runs::begun_ms;
use super::settings::Settings;
use super::shipped;
use crate::engine::snapshot::Snapshot;
use crate::journal::store;
use crate::model::outcome::{Mode, RunStatus};
use crate::model::runbook::Runbook;
use crate::model::scenario::Scenario;
use crate::model::text::safe;
use crate::model::time::{clock_hms, human_ms, rfc3339};
use crate::model::{Object, Value};
use crate::report::summary::Summary;
use crate::sim::{self, clock::Speed};
use crate::source;
use crate::tui::start::{HistoryLine, RunbookLine, ScenarioChoice, ScenarioLine, StartModel, choose, pick};

/// Drills shown of the past, and how many runs are looked at for them.
const HISTORY: usize = 3;
const LOOKED_AT: usize = 30;

/// How a drill is to be played.
#[derive(Debug, Clone)]
pub struct Chosen {
    pub scenario: Scenario,
    pub seed: u64,
    pub surprise: bool,
    pub speed: Speed,
}

/// Lets a person choose one of the shipped runbooks. `None`: they would rather not.
///
/// # Errors
/// When the screen fails.
pub fn which(settings: &Settings) -> Result<Option<String>, CliError> {
    let shipped = shipped::runbooks();
    let lines = shipped.iter().map(|one| RunbookLine { name: one.name.to_owned(), summary: summary_of(one.text) });
    let lines: Vec<RunbookLine> = lines.collect();
    let picked = face::ask(pick(lines, face::options(settings), &Office::new(settings)))?;
    Ok(picked.and_then(|ix| shipped.get(ix)).map(|one| one.name.to_owned()))
}

/// The first sentence of what a runbook says of itself.
fn summary_of(text: &str) -> String {
    let file = crate::model::runbook::SourceFile { path: String::new(), text: text.to_owned() };
    let described = source::load(vec![file]).runbook.and_then(|runbook| runbook.description).unwrap_or_default();
    let first = described.split_once(". ").map_or(described.as_str(), |(first, _)| first);
    safe(first.trim().trim_end_matches('.'))
}

/// Asks how to play a drill. `None`: the person quit.
///
/// # Errors
/// When the screen fails, or what was chosen is no scenario.
pub fn how(
    settings: &Settings,
    wanted: &Drill,
    (runbook, origin): (&Runbook, &Origin),
    usual: &Chosen,
) -> Result<Option<Chosen>, CliError> {
    let mut scenarios: Vec<(ScenarioLine, Scenario)> = files::scenario_names(origin)
        .into_iter()
        .filter_map(|name| {
            // One that is not valid is told about when it is asked for by name.
            let text = files::scenario(&name, origin).ok()?;
            let scenario = source::parse_scenario(&text.text, &text.path).ok()?;
            Some((line(name, &scenario), scenario))
        })
        .collect();
    if scenarios.is_empty() {
        let nothing = Scenario { summary: "every call works".to_owned(), ..Scenario::default() };
        scenarios.push((line("none".to_owned(), &nothing), Scenario::default()));
    }
    let model = StartModel {
        runbook: runbook.name.clone(),
        title: title(runbook, wanted),
        digest8: runbook.digest.trim_start_matches("sha256:").chars().take(8).collect(),
        scenarios: scenarios.iter().map(|(line, _)| line.clone()).collect(),
        seed: usual.seed,
        speed: usual.speed.to_string().trim_end_matches('x').to_owned(),
        starts_at: starts_at(sim::start_ms(&usual.scenario)),
        rto_ms: runbook.objectives.rto_ms,
        people: people(runbook),
        history: history(settings, &runbook.name),
    };
    let choice = face::ask(choose(model, face::options(settings), &Office::new(settings)))?;
    let Some(choice) = choice else { return Ok(None) };
    let scenario = match choice.scenario {
        ScenarioChoice::Listed(ix) => scenarios.into_iter().nth(ix).map(|(_, scenario)| scenario).unwrap_or_default(),
        ScenarioChoice::File(path) => super::drill::scenario_of(settings, &path, origin)?,
    };
    let speed = choice.speed.parse().unwrap_or(usual.speed);
    Ok(Some(Chosen { scenario, seed: choice.seed, surprise: choice.surprise || wanted.surprise, speed }))
}

fn line(name: String, scenario: &Scenario) -> ScenarioLine {
    ScenarioLine { name, summary: scenario.summary.clone(), faults: sim::describe_faults(scenario) }
}

/// `03:00Z on a Sunday`.
fn starts_at(at_ms: i64) -> String {
    let at = chrono::DateTime::<chrono::Utc>::from_timestamp_millis(at_ms).unwrap_or_default();
    at.format("%H:%MZ on a %A").to_string()
}

/// Who holds roles, and which.
fn people(runbook: &Runbook) -> Vec<(String, String)> {
    let mut people: Vec<(String, String)> = Vec::new();
    for (role, holders) in &runbook.roles {
        for person in holders {
            match people.iter_mut().find(|(known, _)| known == person) {
                Some((_, roles)) => roles.extend([", ", role]),
                None => people.push((person.clone(), role.clone())),
            }
        }
    }
    people
}

/// The last drills of a runbook, the newest first. What cannot be read is left out: this is a courtesy.
fn history(settings: &Settings, runbook: &str) -> Vec<HistoryLine> {
    let runs = settings.state_dir().ok().and_then(|base| store::list(&base).ok()).unwrap_or_default();
    let newest = runs.iter().rev().take(LOOKED_AT);
    newest
        .filter_map(|entry| {
            let kept = kept::open(settings, &entry.id).ok()?;
            let snapshot = kept.snapshot();
            let summary = kept.summary(&snapshot);
            let drill = kept.replayed.header.drill.as_ref()?;
            let is_one = summary.mode == Mode::Drill && summary.runbook == runbook;
            is_one.then(|| past(&entry.id, &summary, slowest(&snapshot), drill.seed))
        })
        .take(HISTORY)
        .collect()
}

/// What took the most time: a step, or people.
fn slowest(snapshot: &Snapshot) -> String {
    let people_ms = snapshot.time.people_ms;
    match snapshot.steps.iter().max_by_key(|step| step.cloud_ms).filter(|step| step.cloud_ms > 0) {
        Some(step) if step.cloud_ms >= people_ms => format!("{} {}", step.key, human_ms(step.cloud_ms / 1000 * 1000)),
        Some(_) | None if people_ms > 0 => format!("people {}", human_ms(people_ms / 1000 * 1000)),
        Some(_) | None => String::new(),
    }
}

fn result(summary: &Summary) -> &'static str {
    let has_missed = [summary.rto, summary.rpo].iter().flatten().any(|objective| objective.met == Some(false));
    match summary.status {
        RunStatus::Succeeded if has_missed => "missed",
        RunStatus::Succeeded => "recovered",
        other => other.word(),
    }
}

fn past(id: &str, summary: &Summary, slowest: String, seed: u64) -> HistoryLine {
    HistoryLine {
        when: rfc3339(begun_ms(id)).chars().take(10).collect(),
        result: result(summary).to_owned(),
        rto: summary.rto.and_then(|rto| rto.actual_ms).map(clock_hms).unwrap_or_default(),
        slowest,
        seed: seed.to_string(),
    }
}

/// The title with the inputs as given or by default; the author's own text where one is missing.
fn title(runbook: &Runbook, wanted: &Drill) -> String {
    let mut inputs = Object::new();
    for (name, input) in &runbook.inputs {
        inputs.extend(input.default.clone().map(|value| (name.clone(), value)));
    }
    for (name, value) in wanted.inputs.iter().filter_map(|given| given.split_once('=')) {
        inputs.insert(name.to_owned(), Value::from(value));
    }
    let mut scope = Object::new();
    scope.insert("inputs".to_owned(), Value::Object(inputs));
    runbook.title.render(&scope).unwrap_or_else(|_| runbook.title.source.clone())
}
