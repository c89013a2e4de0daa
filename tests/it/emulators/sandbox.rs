//! `drill --cloud aws`: in accounts that the runbook marks for drills, and in no other.

use serde_json::json;

use super::hand::Hand;
use super::pair::{ACCOUNT, GLOBAL, Pair};
use super::region::environment;
use super::watched::Watched;
use crate::home::{Home, Said};

const SERVICE: &str = "version: 1
name: scale_up
title: Scale the standby up
objectives: { rto: 1h }
targets: { dr: { region: us-west-2, account: 'ACCOUNT', profile: lecture-dr, MARK } }
roles: { commander: [alice] }
mfa: { method: totp }
defaults: { target: dr, timeout: 10m }
phases:
  - id: application
    budget: 30m
    steps:
      - id: scale
        uses: aws/ecs.update_service
        with: { cluster: shop, service: web, desired_count: 3 }
        verify: [{ uses: aws/ecs.services_stable, every: 1s, for: 5m }]
";

/// A drill of the runbook with this target; what was asked of AWS, and how many tasks are wanted then.
fn drilled(account: &str, mark: &str) -> (Said, Vec<String>, u64) {
    let (home, pair, mut hand) = (Home::new(), Pair::start(GLOBAL), Hand::new());
    let place = ("ecs", "us-west-2");
    hand.call(&pair, place, "create_cluster", json!({"clusterName": "shop"}));
    let containers = json!([{"name": "web", "image": "web", "memory": 128}]);
    hand.call(&pair, place, "register_task_definition", json!({"family": "web", "containerDefinitions": containers}));
    let service = json!({"cluster": "shop", "serviceName": "web", "taskDefinition": "web", "desiredCount": 0});
    hand.call(&pair, place, "create_service", service);

    let watched = Watched::new(&pair);
    let runbook = home.write("scale_up.yaml", SERVICE.replace("ACCOUNT", account).replace("MARK", mark));
    let mut around = environment(&home, &pair);
    around.extend(watched.endpoints(&pair));
    let args = ["drill", &runbook, "--cloud", "aws", "--operator", "alice", "--no-tui", "--yes"];
    let said = home.run_in(&args, &around);
    let found = hand.call(&pair, place, "describe_services", json!({"cluster": "shop", "services": ["web"]}));
    (said, watched.asked(), found["services"][0]["desiredCount"].as_u64().unwrap())
}

#[test]
fn an_account_that_is_not_marked_for_drills_is_not_even_asked_for() {
    let (said, asked, count) = drilled(ACCOUNT, "drill: false");
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.stderr.contains("not a drill account: target dr"), "{said:?}");
    assert_eq!((asked, count), (Vec::<String>::new(), 0));
}

#[test]
fn credentials_of_another_account_are_refused_before_the_first_call_of_a_step() {
    let (said, asked, count) = drilled("444455556666", "drill: true");
    assert_eq!(said.code, 4, "{said:?}");
    assert!(said.stderr.contains("444455556666") && said.stderr.contains(ACCOUNT), "{said:?}");
    assert!(!asked.is_empty() && asked.iter().all(|operation| operation == "GetCallerIdentity"), "{asked:?}");
    assert_eq!(count, 0);
}

/// The control: the account is marked, and is the one: the change is seen by the recorder and by boto3.
#[test]
fn a_drill_account_is_changed() {
    let (said, asked, count) = drilled(ACCOUNT, "drill: true");
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(asked.iter().filter(|operation| *operation == "UpdateService").count(), 1, "{asked:?}");
    assert_eq!(count, 3);
}
