//! Every action twice: our adapter sends its request to one pair of emulators, the real AWS CLI runs
//! its command line against another, and boto3 must find the same state in both.

mod beside;
mod cloudfront;
mod databases;
mod ecs;
mod others;
mod rds;
mod recovery;
mod route53;
mod s3;
mod tables;
mod traffic;

use lifeboat::model::action::examples::example_with;
use lifeboat::model::action::{Action, SPECS};
use lifeboat::model::plan::ResolvedTarget;
use serde_json::{Value, json};

use super::adapter::{Adapter, changes};
use super::cli::Cli;
use super::hand::{Hand, Refused};
use super::pair::{ACCOUNT, AtMoto, CACHES, GLOBAL, HEALTH, Pair, REPLICAS, SCALING};
use super::shape::{differences, normalised};

/// Where everything is that has a region. Not us-east-1: there the AWS CLI has an address of its own
/// for RDS, and does not look at the environment.
const REGION: &str = "us-west-2";
const ELSEWHERE: &str = "eu-central-1";

/// How an action is shown to do by hand what it does by itself.
struct Case {
    action: &'static str,
    how: How,
}

enum How {
    /// The emulator has it. `build` makes the world and gives the inputs that differ from the
    /// action's example; `read` looks at what a change may have touched.
    Has { build: fn(&mut World<'_>) -> Value, read: Option<fn(&mut World<'_>) -> Value> },
    /// Tested at the wire in `src/aws`, and no world is built for it: the real CLI checks the line's
    /// words and nothing else.
    Words,
    /// Neither emulator has the operation (service and boto3's name of it), which is tested at the
    /// wire in `src/aws`; here the real CLI checks the line's words.
    Neither { service: &'static str, operation: &'static str, params: fn() -> Value },
}

/// A change and where to look for it.
const fn changing(action: &'static str, build: fn(&mut World<'_>) -> Value, read: fn(&mut World<'_>) -> Value) -> Case {
    Case { action, how: How::Has { build, read: Some(read) } }
}

const fn in_words(action: &'static str) -> Case {
    Case { action, how: How::Words }
}

/// What neither emulator has.
const fn neither(action: &'static str, service: &'static str, operation: &'static str, params: fn() -> Value) -> Case {
    Case { action, how: How::Neither { service, operation, params } }
}

const fn reading(action: &'static str, build: fn(&mut World<'_>) -> Value) -> Case {
    Case { action, how: How::Has { build, read: None } }
}

/// All cases, by service, and what moto plays for them.
fn cases() -> Vec<(&'static str, AtMoto, Vec<Case>)> {
    vec![
        ("rds", REPLICAS, rds::replicas()),
        ("global", GLOBAL, rds::global()),
        ("databases", REPLICAS, recovery::databases()),
        ("recovery", GLOBAL, recovery::elsewhere()),
        ("instances", REPLICAS, databases::instances()),
        ("caches", CACHES, databases::caches()),
        ("ecs", GLOBAL, ecs::cases()),
        ("route53", GLOBAL, route53::cases()),
        ("health", HEALTH, route53::health_checks()),
        ("cloudfront", GLOBAL, cloudfront::cases()),
        ("s3", GLOBAL, s3::cases()),
        ("tables", GLOBAL, tables::cases()),
        ("load balancers", GLOBAL, traffic::load_balancers()),
        ("scaling", SCALING, traffic::scaling()),
        ("beside", GLOBAL, beside::cases()),
        ("others", GLOBAL, others::cases()),
    ]
}

/// One pair of emulators while a case is set up and looked at.
struct World<'a> {
    pair: &'a Pair,
    hand: &'a mut Hand,
    /// What this world calls its things, and what the comparison calls them.
    names: Vec<(String, &'static str)>,
}

impl World<'_> {
    fn call(&mut self, service: &str, operation: &str, params: Value) -> Value {
        self.hand.call(self.pair, (service, REGION), operation, params)
    }

    fn call_in(&mut self, region: &str, service: &str, operation: &str, params: Value) -> Value {
        self.hand.call(self.pair, (service, region), operation, params)
    }

    /// Notes an identifier that the service made up.
    fn name(&mut self, found: &Value, name: &'static str) -> String {
        let found = found.as_str().unwrap_or_else(|| panic!("no {name} in {found}")).to_owned();
        self.names.push((found.clone(), name));
        found
    }

    fn named(&self, name: &str) -> String {
        let found = self.names.iter().rev().find(|(_, known)| *known == name);
        found.unwrap_or_else(|| panic!("nothing is called {name}")).0.clone()
    }
}

fn target() -> ResolvedTarget {
    ResolvedTarget {
        name: "dr".to_owned(),
        region: Some(REGION.to_owned()),
        account: Some(ACCOUNT.to_owned()),
        ..ResolvedTarget::default()
    }
}

/// The action's example with what this world calls differently.
fn action_of(name: &str, different: &Value) -> Action {
    let mut with = example_with(name).unwrap();
    for (member, value) in different.as_object().unwrap() {
        with[member] = value.clone();
    }
    Action::parse(name, &with).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What a service's cases need, started once for all of them.
struct Bench {
    ours: Pair,
    theirs: Pair,
    adapter: Adapter,
    cli: Cli,
    hand: Hand,
}

impl Bench {
    fn new(at_moto: AtMoto) -> Self {
        let (ours, theirs) = std::thread::scope(|scope| {
            let ours = scope.spawn(|| Pair::start(at_moto));
            let theirs = Pair::start(at_moto);
            (ours.join().unwrap(), theirs)
        });
        let (adapter, cli) = (Adapter::new(&ours), Cli::new(&theirs));
        Self { ours, theirs, adapter, cli, hand: Hand::new() }
    }

    fn show(&mut self, case: &Case) {
        match case.how {
            How::Has { build, read } => self.both_ways(case.action, build, read),
            How::Neither { service, operation, params } => {
                for pair in [&self.ours, &self.theirs] {
                    for url in [&pair.moto.url, &pair.ministack.url] {
                        let refused = self.hand.attempt_at(url, (service, REGION), operation, params());
                        assert!(refused.as_ref().is_err_and(Refused::is_not_implemented), "{operation}: {refused:?}");
                    }
                }
                self.check_words(case.action);
            }
            How::Words => self.check_words(case.action),
        }
    }

    fn check_words(&self, name: &str) {
        for line in action_of(name, &json!({})).command_lines(&target()) {
            self.cli.run_nowhere(&line).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }

    fn both_ways(&mut self, name: &str, build: fn(&mut World<'_>) -> Value, read: Option<fn(&mut World<'_>) -> Value>) {
        self.ours.reset();
        self.theirs.reset();
        let (ours, theirs) = (&self.ours, &self.theirs);
        let mut here = World { pair: ours, hand: &mut self.hand, names: Vec::new() };
        let action = action_of(name, &build(&mut here));
        assert_eq!(changes(&action), read.is_some(), "{name}: a change is looked at, a read is not");
        let before = read.map(|read| read(&mut here));
        let answer = self.adapter.call(&action, &target()).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let after = read.map(|read| read(&mut here));
        let names = std::mem::take(&mut here.names);
        let [before, after] = [before, after].map(|state| state.map(|state| normalised(&state, &names)));
        assert!(read.is_none() || before != after, "{name} changed nothing: {answer}");

        let mut there = World { pair: theirs, hand: &mut self.hand, names: Vec::new() };
        let action = action_of(name, &build(&mut there));
        for line in action.command_lines(&target()) {
            self.cli.run(&line).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        if let (Some(read), Some(after)) = (read, after) {
            let by_hand = normalised(&read(&mut there), &there.names);
            let differences = differences(&after, &by_hand);
            assert!(differences.is_empty(), "{name} by us, and by hand:\n{}", differences.join("\n"));
        }
    }
}

fn show_all(service: &str) {
    let (_, at_moto, cases) = cases().into_iter().find(|(name, ..)| *name == service).unwrap();
    let mut bench = Bench::new(at_moto);
    for case in cases {
        bench.show(&case);
    }
}

#[test]
fn of_rds() {
    show_all("rds");
}

#[test]
fn of_global_databases() {
    show_all("global");
}

#[test]
fn of_databases_brought_back() {
    show_all("databases");
}

#[test]
fn of_recovery_elsewhere() {
    show_all("recovery");
}

#[test]
fn of_instances_and_exports() {
    show_all("instances");
}

#[test]
fn of_caches_and_backup_jobs() {
    show_all("caches");
}

#[test]
fn of_tables_and_topics() {
    show_all("tables");
}

#[test]
fn of_ecs() {
    show_all("ecs");
}

#[test]
fn of_route53() {
    show_all("route53");
}

#[test]
fn of_health_checks() {
    show_all("health");
}

#[test]
fn of_load_balancers() {
    show_all("load balancers");
}

#[test]
fn of_scaling() {
    show_all("scaling");
}

#[test]
fn of_cloudfront() {
    show_all("cloudfront");
}

#[test]
fn of_s3() {
    show_all("s3");
}

#[test]
fn of_alarms_logs_and_parameters() {
    show_all("beside");
}

#[test]
fn of_other_services() {
    show_all("others");
}

/// A new action without a case here fails.
#[test]
fn every_action_of_aws_is_shown() {
    let shown: Vec<&str> = cases().iter().flat_map(|(_, _, cases)| cases.iter().map(|case| case.action)).collect();
    let wanted: Vec<&str> = SPECS.iter().map(|spec| spec.name).filter(|name| name.starts_with("aws/")).collect();
    let missing: Vec<&&str> = wanted.iter().filter(|name| !shown.contains(name)).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
    for (ix, name) in shown.iter().enumerate() {
        assert!(wanted.contains(name), "{name} is no action");
        assert!(!shown[..ix].contains(name), "{name} is shown twice");
    }
}
