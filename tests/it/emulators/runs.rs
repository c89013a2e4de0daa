//! `run` from its first key to the end screen, against emulators.

use std::time::Duration;

use serde_json::{Value, json};

use super::hand::Hand;
use super::outside::{Outside, kubectl_was_told};
use super::pair::{ACCOUNT, GLOBAL, Pair, REPLICAS};
use super::people::People;
use super::region::{Region, STANDBY, environment};
use super::watched::Watched;
use crate::home::Home;
use crate::terminal::{ENTER, Terminal};

const WIDE: (u16, u16) = (120, 40);
/// The runbook looks at real intervals, some of them for three good answers in a row.
const PATIENCE: Duration = Duration::from_mins(2);
/// Longer than a key is held to be meant for the screen before.
const READ: Duration = Duration::from_millis(600);

#[test]
fn a_region_is_lost_and_another_takes_over() {
    let (home, pair, mut hand) = (Home::new(), Pair::start(REPLICAS), Hand::new());
    let region = Region::build(&mut hand, &pair);
    let outside = Outside::start(&home, &pair, &region.facts());
    let mut people = People::new();
    for person in ["bob", "carol", "dave"] {
        people.enroll(&home, person);
    }
    let before = region.look(&mut hand, &pair);
    assert_eq!((&before["backend"], &before["primary"]), (&json!([0, 0]), &json!([3, 3])));
    assert!(before["replicates_from"].is_string() && before["origin"] == "home-app.acme.lecture-platform.com");

    let runbook = concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks/regional_failover.yaml");
    let zone = format!("hosted_zone_id={}", region.hosted_zone_id);
    let distribution = format!("distribution_id={}", region.distribution_id);
    let args = ["run", runbook, "--operator", "alice", "-i", &zone, "-i", &distribution];
    let mut around = environment(&home, &pair);
    around.extend_from_slice(outside.environment());
    let mut terminal = Terminal::start_in(&home, WIDE, &args, &around);
    terminal.patience = PATIENCE;
    begin(&mut terminal);
    let passed = people.walk_to_the_end(&mut terminal);
    assert!(passed.contains(&"fence".to_owned()) && passed.contains(&"promote".to_owned()), "{passed:?}");
    let end = terminal.text();
    assert!(end.contains("RECOVERED") && end.contains("REAL"), "{end}");
    terminal.send("q");
    let (code, screen) = terminal.wait_exit();
    assert_eq!(code, 0, "{screen}\n{}", outside.log());

    let after = region.look(&mut hand, &pair);
    let expected = json!({
        "replicates_from": null,
        "backend": [3, 3], "worker": [3, 3], "primary": [0, 0],
        "record": [{"Value": "dr-api.acme.lecture-platform.com"}], "ttl": 60,
        "origin": "dr-app.acme.lecture-platform.com",
        "invalidations": 1,
    });
    assert_eq!(after, expected);
    let told = kubectl_was_told(&home);
    assert!(told.last().is_some_and(|last| last.starts_with("DATABASE_HOST=") && last.contains(STANDBY)), "{told:?}");
    assert_eq!(home.run(&["verify", "last"]).code, 0);
    crate::evidence::matches_its_trail(&home);
}

/// A writer at home and a secondary in the standby region; the ARN of the latter.
fn global_database(hand: &mut Hand, pair: &Pair) -> (Value, Value) {
    let engine = json!({"Engine": "aurora-postgresql", "GlobalClusterIdentifier": "shop-global"});
    hand.call(pair, ("rds", "eu-central-1"), "create_global_cluster", engine);
    let writer = json!({
        "DBClusterIdentifier": "shop-home", "Engine": "aurora-postgresql", "GlobalClusterIdentifier": "shop-global",
        "MasterUsername": "admin", "MasterUserPassword": "not-a-secret",
    });
    let writer = hand.call(pair, ("rds", "eu-central-1"), "create_db_cluster", writer);
    let secondary = json!({
        "DBClusterIdentifier": "shop-dr", "Engine": "aurora-postgresql", "GlobalClusterIdentifier": "shop-global",
    });
    let secondary = hand.call(pair, ("rds", "us-west-2"), "create_db_cluster", secondary);
    (writer["DBCluster"]["DBClusterArn"].clone(), secondary["DBCluster"]["DBClusterArn"].clone())
}

/// The members that write, as boto3 sees them.
fn writers(hand: &mut Hand, pair: &Pair) -> Vec<Value> {
    let asked = json!({"GlobalClusterIdentifier": "shop-global"});
    let found = hand.call(pair, ("rds", "us-west-2"), "describe_global_clusters", asked);
    let members = found["GlobalClusters"][0]["GlobalClusterMembers"].as_array().unwrap().clone();
    members.into_iter().filter(|member| member["IsWriter"] == true).map(|mut one| one["DBClusterArn"].take()).collect()
}

#[rstest::rstest]
#[case::switchover("planned", "SwitchoverGlobalCluster")]
#[case::failover("emergency", "FailoverGlobalCluster")]
fn a_global_database_changes_its_writer(#[case] mode: &str, #[case] operation: &str) {
    let (home, pair, mut hand) = (Home::new(), Pair::start(GLOBAL), Hand::new());
    let (home_arn, standby_arn) = global_database(&mut hand, &pair);
    assert_eq!(writers(&mut hand, &pair), [home_arn]);
    let watched = Watched::new(&pair);
    let mut around = environment(&home, &pair);
    around.extend(watched.endpoints(&pair));
    let runbook = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/emulators/global.yaml");
    let target = format!("target={}", standby_arn.as_str().unwrap());
    let args = ["run", runbook, "--mode", mode, "--operator", "alice", "-i", &target];
    let mut terminal = Terminal::start_in(&home, WIDE, &args, &around);
    begin(&mut terminal);
    assert_eq!(People::new().walk_to_the_end(&mut terminal), ["members", "move_writer"]);
    terminal.send("q");
    let (code, screen) = terminal.wait_exit();
    assert_eq!(code, 0, "{screen}");
    assert_eq!(writers(&mut hand, &pair), [standby_arn]);
    let changes: Vec<String> =
        watched.asked().into_iter().filter(|operation| operation.ends_with("overGlobalCluster")).collect();
    assert_eq!(changes, [operation]);
}

/// The last look: which account, as whom; then it begins.
pub fn begin(terminal: &mut Terminal) {
    begin_in(ACCOUNT, terminal);
}

pub fn begin_in(account: &str, terminal: &mut Terminal) {
    let look = terminal.wait_for("nothing has begun");
    assert!(look.contains("REAL") && look.contains(account), "{look}");
    terminal.settle(READ);
    terminal.send(ENTER);
    terminal.wait_until("the run", |screen| (!screen.contains("nothing has begun")).then_some(()));
}
