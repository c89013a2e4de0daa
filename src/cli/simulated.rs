//! A drill against the simulated cloud, made ready to be driven: clock, world, practice devices.
//!
//! Must not know which face will drive it. Nothing here can reach a network.

use std::path::PathBuf;
use std::sync::Arc;

use super::exit::{CliError, Exit};
use super::fingerprint::Fingerprint;
use super::session::{Rest, Session, Stopped, first_line, version};
use crate::driver::{Opening, Operator};
use crate::engine::Engine;
use crate::journal::Clocks;
use crate::mfa::DrillAuthenticator;
use crate::model::event::{Event, RunHeader};
use crate::model::plan::Plan;
use crate::model::scenario::Scenario;
use crate::report::row_of;
use crate::sim::clock::{SimClock, Speed};
use crate::sim::{self, SimCloud};

/// Who will drive, and how fast.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    pub speed: Speed,
    pub people_speed: f64,
    pub operator: Operator,
}

fn clock(at_ms: i64, pace: Pace) -> SimClock {
    SimClock::new(at_ms, pace.speed, pace.operator == Operator::Person).with_people_speed(pace.people_speed)
}

/// Begins a drill: line 1 is on the disk when this returns.
///
/// # Errors
/// When the directory, the journal or the world cannot be made.
pub fn begin(
    (run, dir): (String, PathBuf),
    plan: Plan,
    header: RunHeader,
    scenario: &Scenario,
    pace: Pace,
) -> Result<Session, CliError> {
    let started_ms = plan.started_at_ms;
    let engine = Engine::new(plan, &run, &header);
    let (seed, surprise) = header.drill.as_ref().map_or((0, false), |drill| (drill.seed, drill.surprise));
    let clock = Arc::new(clock(started_ms, pace));
    // The world is tried out before the run begins: a scenario that does not fit leaves no run behind.
    SimCloud::open(None, engine.plan(), scenario, seed, Arc::clone(&clock)).map_err(|error| no_world(&error))?;
    let (journal, first) = first_line((&run, &dir), Clocks::Virtual, header, started_ms)?;
    let cloud = SimCloud::open(Some(&dir.join("world.jsonl")), engine.plan(), scenario, seed, Arc::clone(&clock))
        .map_err(|error| no_world(&error))?;
    let rest = Rest {
        engine,
        opening: Opening::Started(first),
        cloud: Arc::new(cloud),
        clock,
        mfa: Arc::new(DrillAuthenticator::new(seed, sim::lost_devices(scenario))),
        rows: Vec::new(),
        faults: if surprise { Vec::new() } else { sim::describe_faults(scenario) },
        operator: pace.operator,
    };
    Ok(Session { run, dir, journal, rest })
}

fn no_world(error: &sim::SimError) -> CliError {
    match error {
        sim::SimError::Scenario(_) => CliError::usage(error.to_string()),
        sim::SimError::Damaged { .. } => CliError::new(Exit::Damaged, error.to_string()),
        sim::SimError::Io { .. } => CliError::failed(error.to_string()),
    }
}

/// Makes a stopped drill ready to go on.
///
/// # Errors
/// When it was none in the simulated cloud, or its world cannot be opened.
pub fn go_on(stopped: Stopped, pace: Pace, binary: Fingerprint) -> Result<Session, CliError> {
    let Some(drill) = stopped.header.drill.as_ref().filter(|_| stopped.header.is_simulated()) else {
        return Err(CliError::failed(format!("run {} was not begun in the simulated cloud", stopped.run)));
    };
    let scenario: Scenario = serde_json::from_value(drill.scenario.clone())
        .map_err(|error| CliError::new(Exit::Damaged, format!("failed to read the scenario: {error}")))?;
    let last_ms = stopped.engine.last_at_ms();
    let clock = Arc::new(clock(last_ms, pace));
    let world_log = stopped.dir.join("world.jsonl");
    let cloud = SimCloud::open(Some(&world_log), stopped.engine.plan(), &scenario, drill.seed, Arc::clone(&clock))
        .map_err(|error| no_world(&error))?;
    let resumed = Event::RunResumed { operator: stopped.operator, version: version(), binary: binary.digest() };
    let rest = Rest {
        opening: Opening::Resumed(resumed),
        cloud: Arc::new(cloud),
        clock,
        mfa: Arc::new(DrillAuthenticator::new(drill.seed, sim::lost_devices(&scenario))),
        rows: stopped.records.iter().map(row_of).collect(),
        faults: if drill.surprise { Vec::new() } else { sim::describe_faults(&scenario) },
        engine: stopped.engine,
        operator: pace.operator,
    };
    Ok(Session { run: stopped.run, dir: stopped.dir, journal: stopped.journal, rest })
}
