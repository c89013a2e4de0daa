//! Headless drills from outside: exit codes, the stream of records, what the world was sent.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use serde_json::{Value, json};

use crate::home::{Home, Said};

const PROMOTE: &str = "aws/rds.promote_read_replica_db_cluster";

fn drill(home: &Home, scenario: &str, seed: &str) -> Said {
    home.run(&[
        "drill",
        "regional_failover",
        "--scenario",
        scenario,
        "--seed",
        seed,
        "--no-tui",
        "--yes",
        "--speed",
        "max",
        "--json",
        "--operator",
        "alice",
    ])
}

fn events<'a>(journal: &'a [Value], kind: &str) -> Vec<&'a Value> {
    journal.iter().map(|record| &record["ev"]).filter(|event| event["type"] == kind).collect()
}

fn step<'a>(summary: &'a Value, id: &str) -> &'a Value {
    summary["steps"].as_array().unwrap().iter().find(|step| step["id"] == id).unwrap()
}

/// The records without what must differ between two runs: the run's id, the binary, and the chain
/// that covers them.
fn comparable(journal: &[Value]) -> Vec<String> {
    let run = journal[0]["run"].as_str().unwrap();
    let strip = |record: &Value| {
        let mut record = record.clone();
        for member in ["h", "prev", "run"] {
            record.as_object_mut().unwrap().remove(member);
        }
        record["ev"].as_object_mut().unwrap().remove("binary");
        let text = record.to_string();
        assert!(!text.contains(run), "the run's id is part of a record: {text}");
        text
    };
    journal.iter().map(strip).collect()
}

#[test]
fn a_calm_drill_meets_its_objectives() {
    let home = Home::new();
    let said = drill(&home, "calm", "7");
    assert_eq!(said.code, 0, "{}", said.stderr);
    let stream = said.json_lines();
    assert_eq!(stream[0], json!({"type": "version", "version": "1.0"}));
    let summary = stream.last().unwrap();
    assert_eq!((&summary["type"], &summary["status"]), (&json!("summary"), &json!("succeeded")));
    assert_eq!((&summary["rto"]["met"], &summary["rpo"]["met"]), (&json!(true), &json!(true)));
    assert_eq!(summary["rpo"]["actual_ms"], json!(41_000));
    assert_eq!(summary["journal"]["intact"], true);
    let promote = step(summary, "promote");
    assert_eq!((&promote["status"], &promote["mfa"]), (&json!("succeeded"), &json!(true)));
    assert_eq!(promote["confirmed_by"], "alice");
    assert_eq!(step(summary, "declare")["approvals"].as_array().unwrap().len(), 2);
    // What was printed is what was written, line by line.
    assert_eq!(stream[1..stream.len() - 1], home.journal()[..]);
    assert_eq!(summary["journal"]["records"], json!(stream.len() - 2));
    let status = home.run(&["status", "last", "--json"]).json();
    assert_eq!(&status, summary, "status tells another story");
    let again = home.run(&["resume", "last", "--no-tui", "--yes"]);
    assert_eq!(again.code, 2, "a run that has ended was resumed: {again:?}");
}

#[test]
fn a_seed_replays_its_drill_and_another_does_not() {
    let (one, two, other) = (Home::new(), Home::new(), Home::new());
    for (home, seed) in [(&one, "7"), (&two, "7"), (&other, "8")] {
        assert_eq!(drill(home, "calm", seed).code, 0);
    }
    let (one, two, other) = (one.journal(), two.journal(), other.journal());
    assert_ne!(one[0]["run"], two[0]["run"]);
    for (ix, (one, two)) in comparable(&one).iter().zip(&comparable(&two)).enumerate() {
        assert_eq!(one, two, "record {}", ix + 1);
    }
    assert_eq!(one.len(), two.len());
    assert_ne!(comparable(&one), comparable(&other));
}

/// Every change has its intent on the disk, and was confirmed by a person with the digest sent.
#[test]
fn nothing_is_sent_without_confirmation_and_intent() {
    let home = Home::new();
    assert_eq!(drill(&home, "calm", "7").code, 0);
    let journal = home.journal();
    let confirmed = events(&journal, "StepConfirmed");
    let mut sends = 0;
    for intent in events(&journal, "ActionRequested") {
        let ticket = &intent["ticket"];
        let matching = confirmed.iter().filter(|event| {
            event["step"] == ticket["step"]
                && event["attempt"] == ticket["attempt"]
                && event["digest"] == intent["digest"]
        });
        assert_eq!(matching.count(), 1, "{intent}");
        sends += 1;
    }
    assert!(sends > 10);
    let intents = events(&journal, "ActionRequested").into_iter();
    let mut wanted: Vec<Value> = intents.map(|intent| intent["action"].clone()).collect();
    for change in home.changes() {
        let at = wanted.iter().position(|action| *action == json!(change));
        wanted.remove(at.unwrap_or_else(|| panic!("{change} was sent without an intent")));
    }
}

#[test]
fn a_lost_answer_is_probed_and_never_sent_twice() {
    let home = Home::new();
    let said = drill(&home, "lost_answer", "7");
    assert_eq!(said.code, 0, "{}", said.stderr);
    let journal = home.journal();
    let unknown = events(&journal, "ActionUnknown");
    assert_eq!(unknown.len(), 1, "{unknown:?}");
    assert_eq!(unknown[0]["ticket"]["step"], "promote");
    assert!(events(&journal, "ProbeAnswered").iter().any(|event| event["step"] == "promote"));
    assert_eq!(home.changes().iter().filter(|action| *action == PROMOTE).count(), 1);
    let story = home.run(&["timeline", "last"]).stdout;
    assert!(story.contains("unknown"), "the timeline keeps quiet about it: {story}");
}

/// Where nobody can decide, the run stops and says what is in doubt and what is to be done.
#[test]
fn a_doubt_that_only_a_person_can_settle_stops_a_headless_drill() {
    let home = Home::new();
    let runbook = home.write(
        "fence.yaml",
        "version: 1\nname: fence\ntitle: Fence\nobjectives: { rto: 2h, rpo: 1h }\nphases:\n  - id: a\n    steps:\n      \
         - { id: tell, uses: aws/sns.publish, with: { topic_arn: 'arn:aws:sns:us-east-1:111122223333:dr', message: m } }\n",
    );
    let fault = "faults: [{ kind: lost_answer, action: aws/sns.publish, times: 1 }]\n";
    let scenario = home.write("lost.yaml", format!("name: lost\nsummary: for a test\n{fault}"));
    let args =
        ["drill", &runbook, "--scenario", &scenario, "--no-tui", "--yes", "--speed", "max", "--operator", "alice"];
    let said = home.run(&args);
    assert_eq!(said.code, 5, "{}", said.stderr);
    for words in ["tell: its outcome is unknown", "nothing can be probed", "in-doubt screen", "lifeboat resume"] {
        assert!(said.stderr.contains(words), "{words:?}: {}", said.stderr);
    }
    let again = home.run(&["resume", "last", "--no-tui", "--yes"]);
    assert_eq!(again.code, 5, "{}", again.stderr);
    assert_eq!(events(&home.journal(), "ActionRequested").len(), 1, "sent again by itself");
}

#[test]
fn lag_above_the_rpo_stops_before_anything_is_promoted() {
    let home = Home::new();
    let said = drill(&home, "lag_above_rpo", "7");
    assert_eq!(said.code, 5, "{}", said.stderr);
    assert!(said.stderr.contains("hint: go on with: lifeboat resume "), "{}", said.stderr);
    assert!(home.changes().iter().all(|action| action != PROMOTE));
    assert!(!events(&home.journal(), "CheckFailed").is_empty());
    // Nobody decides in a headless drill: it stops again, at the same place.
    let again = home.run(&["resume", "last", "--no-tui", "--yes", "--speed", "max", "--json"]);
    assert_eq!(again.code, 5, "{}", again.stderr);
    assert!(home.changes().iter().all(|action| action != PROMOTE));
    assert_eq!(events(&home.journal(), "RunResumed").len(), 1);
}

#[test]
fn a_promotion_that_hangs_breaks_the_budget_in_plain_sight() {
    let home = Home::new();
    let said = drill(&home, "promote_hangs", "7");
    assert!(matches!(said.code, 3 | 5), "exit {}: {}", said.code, said.stderr);
    let breached = events(&home.journal(), "BudgetExceeded").len();
    assert!(breached > 0, "no budget was exceeded");
    let story = home.run(&["timeline", "last"]).stdout;
    assert!(story.to_lowercase().contains("budget") && story.contains("over"), "{story}");
}

/// What a scenario promises in `expect` is how its headless drill ends.
#[test]
fn every_shipped_scenario_ends_as_it_says() {
    for shipped in lifeboat::cli::shipped::scenarios("regional_failover") {
        let scenario = lifeboat::source::parse_scenario(shipped.text, shipped.name).unwrap();
        let home = Home::new();
        let said = drill(&home, shipped.name, "7");
        let expected = scenario.expect.unwrap();
        assert_eq!(said.code, i32::from(expected.exit), "{}: {}", shipped.name, said.stderr);
        if let Some(stop) = expected.stops_at {
            assert!(said.stderr.contains(&stop), "{} stopped elsewhere: {}", shipped.name, said.stderr);
        }
        assert_eq!(home.run(&["verify", "last"]).code, 0);
    }
}

/// A runbook with no scenario can still be drilled: its world follows from its own targets.
#[test]
fn a_runbook_of_ones_own_drills_without_set_up() {
    let home = Home::new();
    let runbook = home.write(
        "own.yaml",
        "version: 1
name: own
title: Scale one service
targets: { here: { region: eu-west-1, account: '111122223333' } }
defaults: { target: here }
mfa: { method: totp }
phases:
  - id: only
    budget: 30m
    steps:
      - id: scale
        uses: aws/ecs.update_service
        with: { cluster: c, service: s, desired_count: 3 }
        verify: [{ uses: aws/ecs.services_stable, every: 10s, for: 20m }]
",
    );
    let said = home.run(&["drill", &runbook, "--no-tui", "--yes", "--json", "-v"]);
    assert_eq!(said.code, 0, "{}\n{}", said.stderr, said.stdout);
    assert_eq!(home.changes(), ["aws/ecs.update_service"]);
}

#[test]
fn a_drill_by_another_name_never_becomes_real() {
    let home = Home::new();
    drill(&home, "lag_above_rpo", "7");
    let path = home.last_run().join("journal.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"mode\":\"drill\"", "\"mode\":\"real\"", 1)).unwrap();
    assert_eq!(home.run(&["resume", "last", "--no-tui", "--yes"]).code, 8);
}

/// Notes and resumes of a run that another process drives are refused, and nothing is written.
#[test]
fn a_run_in_use_is_locked() {
    let home = Home::new();
    assert_eq!(drill(&home, "lag_above_rpo", "7").code, 5);
    let lock = std::fs::File::options().write(true).open(home.last_run().join("lock")).unwrap();
    lock.try_lock().unwrap();
    let before = home.journal().len();
    for args in [&["note", "last", "x"][..], &["resume", "last", "--no-tui", "--yes"]] {
        let said = home.run(args);
        assert_eq!(said.code, 7, "{args:?}: {said:?}");
    }
    assert_eq!(home.run(&["status", "last"]).code, 0, "reading needs no lock");
    assert_eq!(home.journal().len(), before);
    drop(lock);
    assert_eq!(home.run(&["note", "last", "x"]).code, 0);
}

/// Makes a copy, and then aims a delete at production: by an output, as what stands in the file is refused
/// by `check` already.
const STRAY_DELETE: &str = "version: 1
name: stray
title: Aims at production
targets: { home: { region: eu-central-1, account: '111122223333' } }
defaults: { target: home, timeout: 20m }
gates: { mfa: 1h }
phases:
  - id: all
    steps:
      - id: make
        uses: aws/dynamodb.restore_table_to_point_in_time
        with: { source_table_name: shop-orders, target_table_name: orders-copy, use_latest_restorable_time: true }
        verify: [{ uses: aws/dynamodb.describe_table, with: { table_name: orders-copy }, every: 15s, for: 19m }]
        outputs: { production: shop-orders, copy: orders-copy }
      - id: discard
        uses: aws/dynamodb.delete_table
        with: { table_name: \"${{ steps.make.outputs.NAME }}\" }
        confirm: { type: gone }
";

#[test]
fn a_delete_aimed_at_production_never_leaves() {
    let drill = |name: &str| {
        let home = Home::new();
        let file = home.write("stray.yaml", STRAY_DELETE.replace("NAME", name));
        let said = home.run(&["drill", &file, "--seed", "7", "--no-tui", "--yes", "--speed", "max"]);
        let deletes = home.changes().iter().filter(|call| call.contains("delete_table")).count();
        let gates = events(&home.journal(), "GateOpened").iter().filter(|event| event["step"] == "discard").count();
        let failed = events(&home.journal(), "StepFailed").first().map(|event| event["reason"].to_string());
        (said.code, deletes, gates, failed.unwrap_or_default())
    };
    let (code, deletes, gates, reason) = drill("production");
    assert_eq!((code, deletes, gates), (5, 0, 0), "{reason}");
    assert!(reason.contains("refused: ") && reason.contains("`shop-orders`") && reason.contains("by hand"), "{reason}");
    // What it has made it takes away: the control that a delete reaches the cloud at all.
    assert_eq!(drill("copy"), (0, 1, 1, String::new()));
}

#[test]
fn check_refuses_a_delete_of_what_no_step_makes() {
    let home = Home::new();
    let text = STRAY_DELETE.replace("\"${{ steps.make.outputs.NAME }}\"", "shop-orders");
    let file = home.write("stray.yaml", text);
    let said = home.run(&["check", &file]);
    assert!(said.code != 0, "{said:?}");
    let told = format!("{}{}", said.stdout, said.stderr);
    assert!(told.contains("LB522") && told.contains("`shop-orders`") && told.contains("`make`"), "{told}");
}
