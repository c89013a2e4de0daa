//! A drill made ready to be driven: run directory, journal, clock, world, authenticator, engine.
//!
//! Must not know which face will drive it.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use sha2::{Digest as _, Sha256};

use super::exit::{CliError, Exit};
use super::kept;
use super::note::not_opened;
use super::settings::Settings;
use crate::driver::{Opening, Operator, Parts};
use crate::engine::Engine;
use crate::engine::ports::Journal;
use crate::journal::{Clocks, FileJournal, store};
use crate::mfa::DrillAuthenticator;
use crate::model::event::{Event, RunHeader, Stamped};
use crate::model::outcome::Mode;
use crate::model::plan::Plan;
use crate::model::scenario::Scenario;
use crate::report::fold;
use crate::report::row::Row;
use crate::report::row_of;
use crate::sim::clock::{SimClock, Speed};
use crate::sim::{self, SimCloud};

/// What stands in the place of a digest that could not be worked out.
const UNKNOWN: &str = "unknown";

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

/// A run that is ready to go.
pub struct Session {
    pub run: String,
    pub dir: PathBuf,
    pub journal: FileJournal,
    rest: Rest,
}

/// Everything but the journal, which a face may want to listen to.
struct Rest {
    engine: Engine,
    opening: Opening,
    cloud: SimCloud,
    clock: Arc<SimClock>,
    mfa: DrillAuthenticator,
    rows: Vec<Row>,
    faults: Vec<String>,
    operator: Operator,
}

impl Session {
    /// Gives the journal to a wrapper that lets others see what is written.
    ///
    /// # Errors
    /// As the wrapper says.
    pub fn parts(self, wrap: impl FnOnce(FileJournal) -> io::Result<Box<dyn Journal>>) -> Result<Parts, CliError> {
        let journal = wrap(self.journal)
            .map_err(|error| CliError::failed(format!("failed to read the journal back: {error}")))?;
        let rest = self.rest;
        Ok(Parts {
            engine: rest.engine,
            opening: rest.opening,
            journal,
            cloud: Arc::new(rest.cloud),
            clock: rest.clock,
            mfa: Arc::new(rest.mfa),
            rows: rest.rows,
            faults: rest.faults,
            operator: rest.operator,
        })
    }
}

/// A new run's id and directory, before anything is written.
///
/// # Errors
/// When there is no place for it.
pub fn new_run(settings: &Settings) -> Result<(String, PathBuf), CliError> {
    let run = store::new_run_id();
    let dir = store::run_dir(&settings.state_dir()?, &run);
    Ok((run, dir))
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
    let who = header.operator.clone();
    let (seed, surprise) = header.drill.as_ref().map_or((0, false), |drill| (drill.seed, drill.surprise));
    let clock = Arc::new(clock(started_ms, pace));
    // The world is tried out before the run begins: a scenario that does not fit leaves no run behind.
    SimCloud::open(None, engine.plan(), scenario, seed, Arc::clone(&clock)).map_err(|error| no_world(&error))?;
    let (journal, first) =
        FileJournal::create(&dir, &run, &who, Clocks::Virtual, header, started_ms).map_err(|error| {
            CliError::failed(format!("failed to begin the run: {error}"))
                .hint("lifeboat doctor looks at the state directory")
        })?;
    let cloud = SimCloud::open(Some(&dir.join("world.jsonl")), engine.plan(), scenario, seed, Arc::clone(&clock))
        .map_err(|error| no_world(&error))?;
    let rest = Rest {
        engine,
        opening: Opening::Started(first),
        cloud,
        clock,
        mfa: DrillAuthenticator::new(seed, sim::lost_devices(scenario)),
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

/// A stopped run taken up again.
pub struct Stopped {
    pub run: String,
    dir: PathBuf,
    journal: FileJournal,
    records: Vec<Stamped>,
    pub header: RunHeader,
    pub engine: Engine,
    operator: String,
}

/// Takes the lock and folds the journal; nothing is written yet.
///
/// # Errors
/// Locked, damaged, or not a run.
pub fn take_up(settings: &Settings, wanted: &str) -> Result<Stopped, CliError> {
    let entry = super::runs::find(settings, wanted)?;
    let operator = settings.operator.clone();
    let before = crate::journal::header(&entry.dir).map_err(|error| CliError::failed(error.to_string()))?;
    let clocks = match before.as_ref().map(|header| header.mode) {
        Some(Mode::Real) => Clocks::Real,
        Some(Mode::Drill) | None => Clocks::Virtual,
    };
    // A drill is the exercise of the person who began it, whoever is logged in.
    let driver = before.map(|header| header.operator).unwrap_or_default();
    let operator = operator.unwrap_or(driver);
    let (journal, records) = FileJournal::open(&entry.dir, &operator, clocks).map_err(not_opened)?;
    let replayed = fold::replay(&records, &entry.id).map_err(|error| kept::not_replayed(&error))?;
    Ok(Stopped {
        run: entry.id,
        dir: entry.dir,
        journal,
        records,
        header: replayed.header,
        engine: replayed.engine,
        operator,
    })
}

impl Stopped {
    /// Makes a stopped drill ready to go on.
    ///
    /// # Errors
    /// When it is no drill, or its world cannot be opened.
    pub fn go_on(self, pace: Pace, binary: Fingerprint) -> Result<Session, CliError> {
        let Some(drill) = self.header.drill.as_ref().filter(|_| self.header.mode == Mode::Drill) else {
            return Err(CliError::failed(format!("run {} is a real one; this build drives drills only", self.run)));
        };
        let scenario: Scenario = serde_json::from_value(drill.scenario.clone())
            .map_err(|error| CliError::new(Exit::Damaged, format!("failed to read the scenario: {error}")))?;
        let last_ms = self.engine.last_at_ms();
        let clock = Arc::new(clock(last_ms, pace));
        let world_log = self.dir.join("world.jsonl");
        let cloud = SimCloud::open(Some(&world_log), self.engine.plan(), &scenario, drill.seed, Arc::clone(&clock))
            .map_err(|error| no_world(&error))?;
        let resumed = Event::RunResumed { operator: self.operator, version: version(), binary: binary.digest() };
        let rest = Rest {
            opening: Opening::Resumed(resumed),
            cloud,
            clock,
            mfa: DrillAuthenticator::new(drill.seed, sim::lost_devices(&scenario)),
            rows: self.records.iter().map(row_of).collect(),
            faults: if drill.surprise { Vec::new() } else { sim::describe_faults(&scenario) },
            engine: self.engine,
            operator: pace.operator,
        };
        Ok(Session { run: self.run, dir: self.dir, journal: self.journal, rest })
    }
}

/// The version that line 1 names.
#[must_use]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// The digest of this executable, so that a journal says what wrote it. Worked out on a thread of its
/// own: it takes as long as everything else before the first frame.
pub struct Fingerprint(io::Result<JoinHandle<String>>);

impl Fingerprint {
    #[must_use]
    pub fn begin() -> Self {
        Self(thread::Builder::new().name("fingerprint".to_owned()).spawn(binary_digest))
    }

    /// `sha256:…`, once it is there.
    #[must_use]
    pub fn digest(self) -> String {
        match self.0 {
            Ok(thread) => thread.join().unwrap_or_else(|_| UNKNOWN.to_owned()),
            Err(_) => binary_digest(),
        }
    }
}

fn binary_digest() -> String {
    let digest = || -> io::Result<String> {
        let mut file = File::open(std::env::current_exe()?)?;
        let (mut hash, mut buffer) = (Sha256::new(), vec![0; 256 * 1024]);
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                count => hash.update(&buffer[..count]),
            }
        }
        Ok(format!("sha256:{}", hex::encode(hash.finalize())))
    };
    digest().unwrap_or_else(|_| UNKNOWN.to_owned())
}
