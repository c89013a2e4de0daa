//! What the drills kept on a machine tell of the next run: `plan`, `status`, and a damaged journal among them.

use serde_json::{Value, json};

use crate::home::Home;

const RUNBOOK: &str = "regional_failover";

fn drill(home: &Home, seed: &str) {
    let said =
        home.run(&["drill", RUNBOOK, "--scenario", "calm", "--seed", seed, "--no-tui", "--yes", "--operator", "alice"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
}

fn forecast(home: &Home) -> Value {
    let plan = home.run(&["plan", RUNBOOK, "--json"]).json();
    plan["forecast"].clone()
}

#[test]
fn the_plan_says_what_it_rests_on() {
    let home = Home::new();
    let without = forecast(&home);
    assert_eq!((&without["basis"]["drills"], &without["basis"]["is_thin"]), (&json!(0), &json!(true)));
    assert_eq!(without["basis"]["unseen"], without["basis"]["steps"]);
    assert!(without["p50_ms"].as_u64().unwrap() < without["p90_ms"].as_u64().unwrap());
    assert!(home.run(&["plan", RUNBOOK]).stdout.contains("(no history: the runbook's own figures)"));

    for seed in ["1", "2", "3"] {
        drill(&home, seed);
    }
    let thin = forecast(&home);
    assert_eq!((&thin["basis"]["drills"], &thin["basis"]["is_thin"]), (&json!(3), &json!(true)));
    assert!(thin["basis"]["unseen"].as_u64() < without["basis"]["unseen"].as_u64());
    assert!(home.run(&["plan", RUNBOOK, "-o", "md"]).stdout.contains("from three drills only"));

    // One of them is damaged in its middle: it is left out, and that is said.
    let path = home.last_run().join("journal.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = text.replacen("\"StepSucceeded\"", "\"StepSuccessed\"", 1);
    assert_ne!(changed, text);
    std::fs::write(&path, changed).unwrap();
    let damaged = forecast(&home);
    assert_eq!((&damaged["basis"]["drills"], &damaged["basis"]["damaged"]), (&json!(2), &json!(1)));
    assert!(home.run(&["plan", RUNBOOK]).stdout.contains("one damaged journal is left out"));

    // Runs of another runbook are not this one's past.
    let other = home.run(&["plan", "lecture/failback", "--json"]).json();
    assert_eq!((&other["forecast"]["basis"]["drills"], &other["forecast"]["basis"]["damaged"]), (&json!(0), &json!(0)));
}

#[test]
fn the_status_of_a_run_that_goes_on_says_when_it_may_be_over() {
    let home = Home::new();
    for seed in ["1", "2"] {
        drill(&home, seed);
    }
    let over = home.run(&["status", "last", "--json"]).json();
    assert_eq!(over["forecast"], Value::Null, "it is over");
    // A drill whose journal stops in the middle, as after a crash.
    let path = home.last_run().join("journal.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let gate = lines.iter().rposition(|line| line.contains("\"GateOpened\"")).unwrap();
    std::fs::write(&path, format!("{}\n", lines[..=gate].join("\n"))).unwrap();
    let goes_on = home.run(&["status", "last", "--json"]).json();
    let forecast = &goes_on["forecast"];
    assert_eq!((&forecast["drills"], &forecast["is_thin"]), (&json!(1), &json!(true)), "{forecast}");
    assert!(forecast["p50_at"].as_str() <= forecast["p90_at"].as_str());
    assert_eq!(forecast["decide_percent"], json!(90), "{forecast}");
    let text = home.run(&["status", "last"]).stdout;
    assert!(text.contains("decide    by ") && text.contains("from one drill only"), "{text}");
}
