//! `drill` and `resume`: the same run against the simulated cloud, from its start or where it stopped.

use std::io;
use std::time::Duration;

use serde_json::json;

use super::args::{Drill, Face, Resume};
use super::echo::Echo;
use super::exit::{CliError, Exit, Outcome};
use super::face::Unwatched;
use super::files::{self, Origin};
use super::fingerprint::Fingerprint;
use super::out::{self, is_interactive};
use super::session::{self, Session};
use super::settings::{Settings, is_ci};
use super::signals::{PIPE, Signals};
use super::simulated::{self, Pace};
use super::start::{self, Chosen};
use super::{face, kept, plan, real, secrets, summary};
use crate::driver::handle::{Over, View};
use crate::driver::{HistorySlot, Operator};
use crate::engine::ports::Journal;
use crate::journal;
use crate::model::event::{DrillHeader, RunHeader};
use crate::model::outcome::Mode;
use crate::model::plan::Plan;
use crate::model::runbook::{Runbook, SourceFile};
use crate::model::scenario::Scenario;
use crate::report::summary::{JournalFacts, Summary, VERSION, summary as sum_up};
use crate::sim::{self, clock::Speed};
use crate::source::{self, RunContext};

/// How long a reader may take with what was written, once a signal has come.
const READ_WITHIN: Duration = Duration::from_secs(1);
/// Seeds that a person can still read out over the phone.
const SEEDS: u64 = 10_000;
/// The pace of a drill in front of people: an RTO of 4 hours plays in 4 minutes.
const SPEED: Speed = Speed::Times(60.0);

pub fn drill(settings: &Settings, wanted: &Drill) -> Outcome {
    let driving = Driving::new(settings, &wanted.face)?;
    let binary = Fingerprint::begin();
    let Some(file) = runbook_of(settings, wanted, driving)? else { return Ok(Exit::Done) };
    let (loaded, origin) = files::load(&file)?;
    let runbook = plan::valid(settings, &file, &loaded)?;
    let Some(chosen) = chosen(settings, wanted, driving, (runbook, &origin))? else { return Ok(Exit::Done) };
    let (run, dir) = session::new_run(settings)?;
    let context = RunContext {
        given: files::inputs(&wanted.inputs)?,
        mode: Mode::Drill,
        intent: wanted.mode.into(),
        operator: settings.operator(),
        run: run.clone(),
        now_ms: sim::start_ms(&chosen.scenario),
    };
    let plan = plan::instantiated(settings, &loaded, runbook, &context)?;
    let scenario = serde_json::to_string(&chosen.scenario).unwrap_or_default();
    let scenario = SourceFile { path: "the scenario".to_owned(), text: scenario };
    secrets::hide(&plan, &[&loaded.files[..], &[scenario]].concat())?;
    let header = header(&plan, &loaded.files, &chosen, binary);
    let driving = Driving { speed: chosen.speed, ..driving };
    let session = simulated::begin((run, dir), plan, header, &chosen.scenario, driving.pace())?;
    drive(settings, driving, session)
}

/// The runbook named, or one that a person chooses.
fn runbook_of(settings: &Settings, wanted: &Drill, driving: Driving) -> Result<Option<String>, CliError> {
    match &wanted.file {
        Some(file) => Ok(Some(file.clone())),
        None if driving.asks(settings) => start::which(settings),
        None => Err(CliError::usage("which runbook?").hint("lifeboat drill regional_failover")),
    }
}

/// How to play it: as the flags say, or, where they say nothing and somebody sits there, as chosen.
fn chosen(
    settings: &Settings,
    wanted: &Drill,
    driving: Driving,
    what: (&Runbook, &Origin),
) -> Result<Option<Chosen>, CliError> {
    let scenario = match &wanted.scenario {
        Some(name) => scenario_of(settings, name, what.1)?,
        None => Scenario::default(),
    };
    let (seed, surprise) = (wanted.seed.unwrap_or_else(any_seed), wanted.surprise);
    let usual = Chosen { scenario, seed, surprise, speed: driving.speed };
    let is_said = wanted.scenario.is_some() || wanted.seed.is_some() || wanted.face.speed.is_some();
    if is_said || !driving.asks(settings) { Ok(Some(usual)) } else { start::how(settings, wanted, what, &usual) }
}

/// Line 1: everything that a resume needs.
fn header(plan: &Plan, files: &[SourceFile], chosen: &Chosen, binary: Fingerprint) -> RunHeader {
    RunHeader {
        runbook: plan.name.clone(),
        digest: plan.digest.clone(),
        files: files.to_vec(),
        mode: Mode::Drill,
        intent: plan.intent,
        operator: plan.operator.clone(),
        inputs: plan.inputs.clone(),
        secrets: plan.secrets.keys().cloned().collect(),
        version: session::version(),
        binary: binary.digest(),
        drill: Some(DrillHeader {
            seed: chosen.seed,
            scenario: serde_json::to_value(&chosen.scenario).unwrap_or_default(),
            speed: chosen.speed.to_string(),
            surprise: chosen.surprise,
        }),
        identities: Vec::new(),
    }
}

/// Another drill each time, unless a seed is given.
fn any_seed() -> u64 {
    let id = journal::store::new_run_id();
    let random = id.bytes().rev().take(8).fold(0_u64, |sum, byte| sum.wrapping_mul(33).wrapping_add(u64::from(byte)));
    random % SEEDS + 1
}

/// The scenario that was meant, read and checked.
///
/// # Errors
/// When there is none, or it is not valid; its findings go to stderr.
pub fn scenario_of(settings: &Settings, name: &str, origin: &Origin) -> Result<Scenario, CliError> {
    let found = files::scenario(name, origin)?;
    source::parse_scenario(&found.text, &found.path).map_err(|findings| {
        let file = SourceFile { path: found.path.clone(), text: found.text.clone() };
        settings.out.diagnostics(&findings, &[file]);
        CliError::usage(format!("the scenario `{name}` is not valid"))
    })
}

pub fn resume(settings: &Settings, wanted: &Resume) -> Outcome {
    let binary = Fingerprint::begin();
    let stopped = session::take_up(settings, &wanted.run)?;
    if let Some(status) = stopped.engine.finished() {
        return Err(CliError::usage(format!("run {} has ended: {}", stopped.run, status.word()))
            .hint(format!("lifeboat timeline {} tells its story", stopped.run)));
    }
    if !stopped.header.is_simulated() {
        return real::resume(settings, stopped, &wanted.face, binary);
    }
    secrets::hide(stopped.engine.plan(), &stopped.header.files)?;
    let mut driving = Driving::new(settings, &wanted.face)?;
    // Without a word about it, a drill in front of people goes on as fast as it began.
    if !driving.headless
        && wanted.face.speed.is_none()
        && let Some(speed) = stopped.header.drill.as_ref().and_then(|drill| drill.speed.parse().ok())
    {
        driving.speed = speed;
    }
    let session = simulated::go_on(stopped, driving.pace(), binary)?;
    drive(settings, driving, session)
}

/// Which face drives, decided before anything is begun.
#[derive(Debug, Clone, Copy)]
struct Driving {
    headless: bool,
    speed: Speed,
    people_speed: f64,
}

impl Driving {
    fn new(settings: &Settings, face: &Face) -> Result<Self, CliError> {
        let given = face.speed.as_deref().map(str::parse::<Speed>).transpose();
        let given = given.map_err(|why| CliError::usage(why).hint("--speed 60, or --speed max"))?;
        let headless = face.no_tui;
        if headless && !face.yes {
            return Err(CliError::usage("--no-tui leaves nobody to answer the gates")
                .hint("add --yes: in a drill, every gate is then answered with practice MFA codes"));
        }
        if !headless && face.yes {
            return Err(CliError::usage("--yes answers the gates only where nobody sits").hint("add --no-tui"));
        }
        if !headless && settings.json {
            return Err(CliError::usage("--json needs --no-tui --yes"));
        }
        if !headless && !settings.plain && (!is_interactive() || is_ci()) {
            return Err(
                CliError::usage("the screen needs a terminal").hint("--no-tui --yes drives a drill without one")
            );
        }
        let usual = if headless { Speed::Max } else { SPEED };
        Ok(Self { headless, speed: given.unwrap_or(usual), people_speed: face.people_speed })
    }

    /// Whether a person sits before a screen that can ask.
    const fn asks(self, settings: &Settings) -> bool {
        !self.headless && !settings.plain
    }

    const fn pace(self) -> Pace {
        let operator = if self.headless { Operator::Auto } else { Operator::Person };
        Pace { speed: self.speed, people_speed: self.people_speed, operator }
    }
}

fn drive(settings: &Settings, driving: Driving, session: Session) -> Outcome {
    if driving.headless { drive_headless(settings, session) } else { face::drive(settings, session) }
}

/// Nobody at the keyboard: the records as they come, then the summary.
pub fn drive_headless(settings: &Settings, session: Session) -> Outcome {
    let (run, dir, out) = (session.run.clone(), session.dir.clone(), settings.out);
    out.detail(&format!("journal and world in {}", dir.display()));
    if settings.json {
        out::line(&json!({"type": "version", "version": VERSION}).to_string())?;
    } else {
        out.say(&format!("run {run}"));
    }
    let (as_json, echo_dir, mut copy) = (settings.json, dir.clone(), None);
    let parts = session.parts(HistorySlot::default(), |journal| -> io::Result<Box<dyn Journal>> {
        let (echo, its) = if as_json { Echo::json(journal, &echo_dir)? } else { Echo::rows(journal, out)? };
        copy = Some(its);
        Ok(Box::new(echo))
    })?;
    let Some(copy) = copy else { return Err(CliError::failed("failed to start the output")) };
    let mut signals = Signals::listen();
    let unwatched = Unwatched { parts, out, unread: copy.unread.clone() };
    let (over, view, signal) = face::headless(unwatched, &mut signals, &run)?;
    let summary = match over {
        // The view stands where the driver began; what is durable, the disk alone can tell.
        Over::Broken { .. } => {
            let kept = kept::open(settings, &run)?;
            kept.summary(&kept.snapshot())
        }
        Over::Finished | Over::Aborted | Over::Left { .. } | Over::Panicked { .. } => ended(&dir, &view)?,
    };
    if let Some(number) = signal.filter(|_| matches!(over, Over::Left { .. })) {
        copy.finish_within(READ_WITHIN);
        return face::by_signal(&run, &dir, number, &ended_by(number), &over);
    }
    copy.finish(&signals);
    let text = if as_json { serde_json::to_string(&summary).unwrap_or_default() } else { summary::render(&summary) };
    face::unless_ended(&signals, move || out::document(&text))?;
    face::size_limit(&signals, &over, verdict(&run, &over, &summary))
}

/// A signal, or what stands for one, in words.
fn ended_by(number: u8) -> String {
    if number == PIPE { "nobody reads the output any more".to_owned() } else { format!("ended by signal {number}") }
}

/// The summary of a run that has just been driven; its journal is read back and checked.
pub fn ended(dir: &std::path::Path, view: &View) -> Result<Summary, CliError> {
    let file = journal::read(dir).map_err(|error| CliError::failed(error.to_string()))?;
    let facts = JournalFacts::from(&file);
    let records: Vec<_> = file.records.into_iter().map(journal::Record::into_stamped).collect();
    Ok(sum_up(&view.snapshot, facts).with_deviations(&records))
}

/// How the process ends after a run was driven.
pub fn verdict(run: &str, over: &Over, summary: &Summary) -> Outcome {
    let resume = format!("lifeboat resume {run}");
    match over {
        Over::Finished => Ok(match summary.exit {
            0 => Exit::Done,
            3 => Exit::Missed,
            _ => Exit::Failed,
        }),
        Over::Aborted => Ok(Exit::Aborted),
        Over::Left { reason } => {
            Err(CliError::new(Exit::Stopped, format!("stopped: {reason}")).hint(format!("go on with: {resume}")))
        }
        Over::Panicked { reason } => Err(face::panicked(reason, run)),
        Over::Broken { reason } => Err(CliError::new(Exit::Stopped, reason.clone())
            .hint(format!("make room or repair the disk, then go on with: {resume}"))),
    }
}
