//! Every shipped scenario, drilled without a face, ends as it says of itself.

#![expect(clippy::unwrap_used, reason = "a test stops where something is missing")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lifeboat::driver::handle::{Over, View};
use lifeboat::driver::{Opening, Operator, Parts, run_headless};
use lifeboat::engine::Engine;
use lifeboat::engine::snapshot::{Activity, StepView};
use lifeboat::journal::{Clocks, FileJournal};
use lifeboat::mfa::DrillAuthenticator;
use lifeboat::model::Object;
use lifeboat::model::event::{DrillHeader, RunHeader};
use lifeboat::model::outcome::{Mode, RunStatus, StepStatus};
use lifeboat::model::plan::Intent;
use lifeboat::model::scenario::Scenario;
use lifeboat::sim::clock::{SimClock, Speed};
use lifeboat::sim::{SimCloud, lost_devices, start_ms};
use lifeboat::source::{self, RunContext};

/// A finished drill: how it ended, what it showed last, and what the simulated cloud received.
struct Drilled {
    over: Over,
    view: Arc<View>,
    world: String,
}

impl Drilled {
    /// The exit code of a headless drill that ended like this.
    fn exit(&self) -> u8 {
        let snapshot = &self.view.snapshot;
        let missed = [snapshot.rto, snapshot.rpo].iter().flatten().any(|objective| objective.met == Some(false));
        match (&self.over, snapshot.status) {
            (Over::Finished, RunStatus::Succeeded) if missed => 3,
            (Over::Finished, RunStatus::Succeeded) => 0,
            (Over::Finished | Over::Broken { .. }, _) => 1,
            (Over::Left { .. }, _) => 5,
            (Over::Aborted, _) => 6,
            (Over::Panicked { .. }, _) => 101,
        }
    }

    fn step(&self, key: &str) -> &StepView {
        self.view.snapshot.steps.iter().find(|step| step.key == key).unwrap_or_else(|| panic!("no step {key}"))
    }

    /// Steps at which a person has to decide.
    fn stopped_at(&self) -> Vec<&str> {
        let steps = self.view.snapshot.steps.iter();
        let stuck = steps.filter(|step| matches!(step.activity_kind, Activity::NeedsDecision | Activity::InDoubt));
        stuck.map(|step| step.key.as_str()).collect()
    }

    /// How often the world received an action.
    fn received(&self, action: &str) -> usize {
        self.world.lines().filter(|line| line.contains(&format!("\"action\":\"{action}\""))).count()
    }
}

fn runbooks() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("runbooks")
}

/// `runbook` as it goes by on the command line: `regional_failover`, `portfolio/s3_recovery`.
fn scenario(runbook: &str, name: &str) -> Scenario {
    let runbook = runbooks().join(runbook);
    let beside = runbook.parent().unwrap().join("scenarios").join(runbook.file_name().unwrap());
    let path = beside.join(name).with_extension("yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    source::parse_scenario(&text, &path.display().to_string()).unwrap()
}

fn drill(runbook: &str, scenario: &Scenario, dir: &Path) -> Drilled {
    let loaded = source::check_path(&runbooks().join(runbook).with_extension("yaml"));
    let runbook = loaded.runbook.unwrap();
    let seed = 7;
    let start_ms = start_ms(scenario);
    let context = RunContext {
        given: Object::new(),
        mode: Mode::Drill,
        intent: Intent::Planned,
        operator: "alice".to_owned(),
        run: "01test".to_owned(),
        now_ms: start_ms,
    };
    let plan = source::instantiate(&runbook, &context).unwrap();
    let header = RunHeader {
        runbook: plan.name.clone(),
        digest: plan.digest.clone(),
        files: runbook.files.clone(),
        mode: Mode::Drill,
        intent: Intent::Planned,
        operator: context.operator.clone(),
        inputs: plan.inputs.clone(),
        secrets: Vec::new(),
        version: "0".to_owned(),
        binary: "sha256:00".to_owned(),
        drill: Some(DrillHeader {
            seed,
            scenario: serde_json::to_value(scenario).unwrap(),
            speed: "max".to_owned(),
            surprise: false,
        }),
        identities: Vec::new(),
    };
    let clock = Arc::new(SimClock::new(start_ms, Speed::Max, false));
    let world = dir.join("world.jsonl");
    let engine = Engine::new(plan.clone(), &context.run, &header);
    let (journal, first) =
        FileJournal::create(&dir.join("run"), &context.run, "alice", Clocks::Virtual, header, start_ms).unwrap();
    let cloud = SimCloud::open(Some(&world), &plan, scenario, seed, Arc::clone(&clock)).unwrap();
    let parts = Parts {
        engine,
        opening: Opening::Started(first),
        journal: Box::new(journal),
        cloud: Arc::new(cloud),
        clock,
        mfa: Arc::new(DrillAuthenticator::new(seed, lost_devices(scenario))),
        rows: Vec::new(),
        faults: Vec::new(),
        operator: Operator::Auto,
        history: Arc::default(),
    };
    let (over, view) = run_headless(parts).unwrap();
    Drilled { over, view, world: std::fs::read_to_string(world).unwrap() }
}

fn drilled(name: &str) -> (Scenario, Drilled) {
    ends_as_declared("regional_failover", name)
}

/// Drills a scenario, which ends as its file says.
fn ends_as_declared(runbook: &str, name: &str) -> (Scenario, Drilled) {
    let dir = tempfile::tempdir().unwrap();
    let scenario = scenario(runbook, name);
    let drilled = drill(runbook, &scenario, dir.path());
    let expect = scenario.expect.clone().unwrap();
    let shown: Vec<String> = drilled.view.rows.iter().map(|row| format!("{} {}", row.subject, row.text)).collect();
    let rows = shown.join("\n");
    assert_eq!(drilled.exit(), expect.exit, "{runbook} {name}: {:?}\n{rows}", drilled.over);
    if let Some(step) = expect.stops_at.as_deref() {
        assert!(drilled.stopped_at().contains(&step), "{runbook} {name}: {:?}\n{rows}", drilled.stopped_at());
    } else {
        assert_eq!(drilled.stopped_at(), Vec::<&str>::new(), "{runbook} {name}\n{rows}");
    }
    (scenario, drilled)
}

/// Every scenario of every system's runbooks, as `portfolio/s3_recovery` and `calm`.
fn of_systems() -> Vec<(String, String)> {
    let entries = |dir: PathBuf| -> Vec<PathBuf> {
        let found = std::fs::read_dir(dir).map(|entries| entries.map(|entry| entry.unwrap().path()).collect());
        found.unwrap_or_default()
    };
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut found = Vec::new();
    for system in entries(runbooks()).into_iter().filter(|path| path.is_dir()) {
        for runbook in entries(system.join("scenarios")) {
            for scenario in entries(runbook.clone()).into_iter().filter(|path| path.is_file()) {
                found.push((format!("{}/{}", name(&system), name(&runbook)), name(&scenario)));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_scenario_of_the_systems_ends_as_it_declares() {
    let all = of_systems();
    assert!(all.len() > 20, "{all:?}");
    for (runbook, scenario) in all {
        ends_as_declared(&runbook, &scenario);
    }
}

const PROMOTE: &str = "aws/rds.promote_read_replica_db_cluster";

#[test]
fn calm_meets_its_objectives() {
    let (_, drilled) = drilled("calm");
    let snapshot = &drilled.view.snapshot;
    assert_eq!(snapshot.rpo.and_then(|rpo| rpo.actual_ms), Some(41_000));
    assert!(snapshot.steps.iter().all(|step| step.status == StepStatus::Succeeded));
    assert_eq!(drilled.received(PROMOTE), 1);
}

/// The question to the lost region fails, the step that needs it does not apply, and the run goes on.
#[test]
fn region_lost_goes_on_without_the_old_region() {
    let (_, drilled) = drilled("region_lost");
    assert_eq!(drilled.step("primary_alive").status, StepStatus::Failed);
    assert_eq!(drilled.step("fence").status, StepStatus::Skipped);
    assert_eq!(drilled.step("all_clear").status, StepStatus::Succeeded);
}

/// The breach of the phase's budget is on the screen and in the timeline before the step gives up.
#[test]
fn promote_hangs_breaks_the_budget_of_its_phase() {
    let (_, drilled) = drilled("promote_hangs");
    let phase = drilled.view.snapshot.phases.iter().find(|phase| phase.id == "database").unwrap();
    assert!(phase.actual_ms > phase.budget_ms.unwrap(), "{} ms", phase.actual_ms);
    assert!(drilled.view.rows.iter().any(|row| row.text.contains("database") && row.text.contains("budget")));
    assert_eq!(drilled.received(PROMOTE), 1);
}

#[test]
fn lost_answer_is_looked_into_and_not_sent_again() {
    let (_, drilled) = drilled("lost_answer");
    assert_eq!(drilled.received(PROMOTE), 1);
    assert_eq!(drilled.step("promote").attempt, 1);
    assert!(drilled.view.rows.iter().any(|row| row.step.as_deref() == Some("promote") && row.text.contains("unknown")));
}

#[test]
fn lag_above_rpo_stops_before_anything_is_sent() {
    let (_, drilled) = drilled("lag_above_rpo");
    assert_eq!(drilled.received(PROMOTE), 0);
}
