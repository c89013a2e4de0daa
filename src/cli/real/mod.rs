//! `run`, and drills in a sandbox account: the same runbook against the real world.
//!
//! Before the first step: the right account at every target, a device for whoever shows codes, and one
//! last look. Must not know the SDK: `adapters` alone does.

pub(super) mod adapters;
mod preflight;
mod presence;
mod screen;
mod targets;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use super::args::{CloudChoice, Drill, Face, Live};
use super::exit::{CliError, Outcome};
use super::files;
use super::fingerprint::Fingerprint;
use super::out::is_interactive;
use super::session::{self, Rest, Session, Stopped};
use super::settings::{Settings, is_ci};
use super::{drill, face, plan, secrets};
use crate::clock::SystemClock;
use crate::driver::{Opening, Operator};
use crate::engine::Engine;
use crate::engine::ports::Clock;
use crate::journal::Clocks;
use crate::model::event::{Event, RunHeader, TargetIdentity};
use crate::model::outcome::Mode;
use crate::model::plan::{Intent, Plan};
use crate::report::row_of;
use crate::source::RunContext;
use adapters::{Means, Place};
use preflight::Answer;

/// What is to be begun.
struct Wanted<'a> {
    file: &'a str,
    inputs: &'a [String],
    intent: Intent,
    mode: Mode,
    /// Nobody sits there: practice codes, drills only.
    is_headless: bool,
}

pub fn run(settings: &Settings, wanted: &Live) -> Outcome {
    let rehearse = || "rehearse it without a person: lifeboat drill FILE --no-tui --yes";
    if wanted.yes || wanted.no_tui {
        let flag = if wanted.yes { "--yes" } else { "--no-tui" };
        return Err(CliError::usage(format!("{flag} is refused: every step of a real run is confirmed by a person"))
            .hint(rehearse()));
    }
    needs_person(settings, "a real run")?;
    let wanted = Wanted {
        file: &wanted.file,
        inputs: &wanted.inputs,
        intent: wanted.mode.into(),
        mode: Mode::Real,
        is_headless: false,
    };
    begin(settings, &wanted)
}

/// A drill that acts in accounts which the runbook marks for drills.
pub fn drill(settings: &Settings, wanted: &Drill) -> Outcome {
    let Some(file) = &wanted.file else {
        return Err(CliError::usage("which runbook?").hint("lifeboat drill FILE --cloud aws"));
    };
    let given =
        [("--scenario", wanted.scenario.is_some()), ("--seed", wanted.seed.is_some()), ("--surprise", wanted.surprise)];
    if let Some((flag, _)) = given.iter().find(|(_, is_given)| *is_given) {
        return Err(only_simulated(flag));
    }
    refuse_speed(&wanted.face)?;
    let is_headless = face_of(settings, &wanted.face, "a drill with a person at the keyboard")?;
    let wanted = Wanted { file, inputs: &wanted.inputs, intent: wanted.mode.into(), mode: Mode::Drill, is_headless };
    begin(settings, &wanted)
}

/// Whether a drill is one in the real world.
#[must_use]
pub fn is_wanted(wanted: &Drill) -> bool {
    wanted.cloud == CloudChoice::Aws
}

fn only_simulated(flag: &str) -> CliError {
    CliError::usage(format!("{flag} belongs to the simulated cloud")).hint("leave out --cloud aws, or the flag")
}

fn refuse_speed(face: &Face) -> Result<(), CliError> {
    let has_people_speed = face.people_speed > 1.0;
    match (&face.speed, has_people_speed) {
        (Some(_), _) => Err(CliError::usage("--speed belongs to the simulated cloud: real time has one pace")),
        (None, true) => Err(CliError::usage("--people-speed belongs to the simulated cloud: real time has one pace")),
        (None, false) => Ok(()),
    }
}

/// Whether nobody will sit there.
fn face_of(settings: &Settings, face: &Face, what: &str) -> Result<bool, CliError> {
    match (face.no_tui, face.yes) {
        (true, true) => Ok(true),
        (true, false) => Err(CliError::usage("--no-tui leaves nobody to answer the gates").hint("add --yes")),
        (false, true) => Err(CliError::usage("--yes answers the gates only where nobody sits").hint("add --no-tui")),
        (false, false) => needs_person(settings, what).map(|()| false),
    }
}

fn needs_person(settings: &Settings, what: &str) -> Result<(), CliError> {
    if settings.json {
        return Err(CliError::usage(format!("--json is refused: {what} is driven on a screen"))
            .hint("lifeboat timeline last --format json tells it afterwards"));
    }
    if !is_interactive() || is_ci() {
        return Err(CliError::usage(format!("{what} needs a person at a terminal"))
            .hint("rehearse it without one: lifeboat drill FILE --no-tui --yes"));
    }
    Ok(())
}

fn begin(settings: &Settings, wanted: &Wanted) -> Outcome {
    adapters::are_there()?;
    let binary = Fingerprint::begin();
    let clock = Arc::new(SystemClock::new());
    let (loaded, _) = files::load(wanted.file)?;
    let runbook = plan::valid(settings, wanted.file, &loaded)?;
    let (run, dir) = session::new_run(settings)?;
    let mut context = RunContext {
        given: files::inputs(wanted.inputs)?,
        mode: wanted.mode,
        intent: wanted.intent,
        operator: settings.operator(),
        run: run.clone(),
        now_ms: clock.now_ms(),
    };
    let first = plan::instantiated(settings, &loaded, runbook, &context)?;
    let asked = targets::used(&first);
    targets::refuse_others_in_a_drill(wanted.mode, &asked)?;
    let (answers, person) = who_are_we(settings, &run, &asked)?;
    let operator = Person::of(settings, person);
    context.operator.clone_from(&operator.name);
    let plan = plan::instantiated(settings, &loaded, runbook, &context)?;
    if targets::used(&plan) != asked {
        return Err(CliError::usage("a target depends on who drives, and that was not known yet")
            .hint(format!("say so: --operator {}", operator.name)));
    }
    let secrets = secrets::gather(settings, &plan, &loaded.files, wanted.is_headless)?;
    let means = adapters::means(settings, &plan, Place { run: &run, dir: &dir }, secrets, wanted.is_headless)?;
    let missing = presence::missing(&plan, means.mfa.as_ref());
    missing.refuse_operator()?;
    let last_look = screen::LastLook {
        run: &run,
        plan: &plan,
        answers: &answers,
        operator: &operator,
        warning: missing.warning(),
        resumes: None,
        now_ms: clock.now_ms(),
    };
    if !wanted.is_headless && !screen::ask(settings, &last_look)? {
        return Ok(super::exit::Exit::Done);
    }
    let header = header(&plan, &loaded.files, &answers, binary);
    let started_ms = plan.started_at_ms;
    let engine = Engine::new(plan, &run, &header);
    let (journal, line_1) = session::first_line((&run, &dir), Clocks::Real, header, started_ms)?;
    adapters::make_room(&dir)?;
    let rest = rest(engine, Opening::Started(line_1), means, clock, wanted.is_headless);
    drive(settings, Session { run, dir, journal, rest }, wanted.is_headless)
}

/// Goes on with a run in the real world: the same look before, the same mode.
///
/// # Errors
/// As for a run that begins.
pub fn resume(settings: &Settings, stopped: Stopped, face: &Face, binary: Fingerprint) -> Outcome {
    adapters::are_there()?;
    let mode = stopped.header.mode;
    refuse_speed(face)?;
    let is_headless = match mode {
        Mode::Drill => face_of(settings, face, "this drill")?,
        Mode::Real if face.yes || face.no_tui => {
            return Err(CliError::usage("a real run goes on with a person at every gate").hint("leave out the flags"));
        }
        Mode::Real => needs_person(settings, "a real run").map(|()| false)?,
    };
    let last_ms = stopped.engine.last_at_ms();
    let clock = Arc::new(SystemClock::new().not_before(last_ms));
    let plan = stopped.engine.plan();
    let asked = targets::used(plan);
    targets::refuse_others_in_a_drill(mode, &asked)?;
    let (answers, _) = who_are_we(settings, &stopped.run, &asked)?;
    preflight::same_accounts(&stopped.header.identities, &answers)?;
    // Asked for again: nothing of a secret is kept with a run.
    let secrets = secrets::gather(settings, plan, &stopped.header.files, is_headless)?;
    let means = adapters::means(settings, plan, Place { run: &stopped.run, dir: &stopped.dir }, secrets, is_headless)?;
    let missing = presence::missing(plan, means.mfa.as_ref());
    missing.refuse_operator()?;
    let now_ms = clock.now_ms();
    let operator = Person { name: plan.operator.clone(), from: "who began the run" };
    let last_look = screen::LastLook {
        run: &stopped.run,
        plan,
        answers: &answers,
        operator: &operator,
        warning: missing.warning(),
        resumes: Some(screen::where_it_stands(&stopped.engine.snapshot(now_ms))),
        now_ms,
    };
    if !is_headless && !screen::ask(settings, &last_look)? {
        return Ok(super::exit::Exit::Done);
    }
    let resumed =
        Event::RunResumed { operator: stopped.operator, version: session::version(), binary: binary.digest() };
    let mut rest = rest(stopped.engine, Opening::Resumed(resumed), means, clock, is_headless);
    rest.rows = stopped.records.iter().map(row_of).collect();
    drive(settings, Session { run: stopped.run, dir: stopped.dir, journal: stopped.journal, rest }, is_headless)
}

/// Who drives, and how we know.
struct Person {
    name: String,
    from: &'static str,
}

impl Person {
    fn of(settings: &Settings, identity: Option<String>) -> Self {
        match (&settings.operator, identity) {
            (Some(name), _) => Self { name: name.clone(), from: "--operator" },
            (None, Some(name)) => Self { name, from: "the AWS identity" },
            (None, None) => Self { name: settings.operator(), from: "the login name" },
        }
    }
}

/// Asks every target, and stops here unless the answers allow a run.
fn who_are_we(
    settings: &Settings,
    run: &str,
    targets: &[crate::model::plan::ResolvedTarget],
) -> Result<(Vec<Answer>, Option<String>), CliError> {
    if targets.is_empty() {
        return Ok((Vec::new(), None));
    }
    settings.out.say("asking AWS who we are …");
    let identities = adapters::identities(settings, run)?;
    let asked = face::block_on(async {
        let answers = preflight::ask(identities.as_ref(), targets, preflight::PATIENCE).await;
        let person = preflight::person(identities.as_ref(), &answers).await;
        Ok((answers, person))
    });
    let (answers, person) = asked.map_err(|error| CliError::failed(format!("failed to ask AWS: {error}")))?;
    preflight::judge(&answers)?;
    Ok((answers, person))
}

/// Line 1: everything that a resume needs.
fn header(
    plan: &Plan,
    files: &[crate::model::runbook::SourceFile],
    answers: &[Answer],
    binary: Fingerprint,
) -> RunHeader {
    let identities: Vec<TargetIdentity> =
        answers.iter().filter_map(|one| one.identity.as_ref().ok().cloned()).collect();
    RunHeader {
        runbook: plan.name.clone(),
        digest: plan.digest.clone(),
        files: files.to_vec(),
        mode: plan.mode,
        intent: plan.intent,
        operator: plan.operator.clone(),
        inputs: plan.inputs.clone(),
        secrets: plan.secrets.keys().cloned().collect(),
        version: session::version(),
        binary: binary.digest(),
        drill: None,
        identities,
    }
}

fn rest(engine: Engine, opening: Opening, means: Means, clock: Arc<SystemClock>, is_headless: bool) -> Rest {
    Rest {
        engine,
        opening,
        cloud: means.cloud,
        clock,
        mfa: means.mfa,
        rows: Vec::new(),
        faults: Vec::new(),
        operator: if is_headless { Operator::Auto } else { Operator::Person },
    }
}

fn drive(settings: &Settings, session: Session, is_headless: bool) -> Outcome {
    if is_headless { drill::drive_headless(settings, session) } else { face::drive(settings, session) }
}
