//! Post-mortems, comparisons and the report of a period, made from real drills.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::home::Home;

fn drill(home: &Home, scenario: &str, seed: u64, impact: &str) -> i32 {
    let (seed, impact) = (seed.to_string(), format!("impact_at={impact}"));
    let args = ["drill", "regional_failover", "--scenario", scenario, "--seed", &seed, "-i", &impact];
    let face = ["--speed", "max", "--no-tui", "--yes", "--operator", "alice"];
    home.run(&[&args[..], &face[..]].concat()).code
}

fn id(run: &Path) -> String {
    run.file_name().unwrap().to_str().unwrap().to_owned()
}

fn quietly(home: &Home, args: &[&str]) {
    let said = home.run(args);
    assert_eq!(said.code, 0, "{args:?}: {}", said.stderr);
}

/// The same figures, computed by other means from the same journals.
fn computed(home: &Home) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report_figures.py");
    let made = Command::new("python3").arg(script).arg(home.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    serde_json::from_slice(&made.stdout).unwrap()
}

#[test]
fn figures_of_24_drills_are_those_of_an_independent_computation() {
    let home = Home::new();
    let scenarios = ["calm", "region_lost", "lost_answer", "lag_above_rpo", "calm", "calm"];
    // The impact an hour before the start, at the start, and so long before that the RTO is missed.
    let impacts = ["2026-01-04T02:00:00Z", "now", "2026-01-03T22:30:00Z"];
    let mut codes = Vec::new();
    for n in 0..24 {
        codes.push(drill(&home, scenarios[n % 6], n as u64 + 1, impacts[n % 7 % 3]));
    }
    for code in [0, 3, 5] {
        assert!(codes.contains(&code), "no drill ended with {code}: {codes:?}");
    }
    let runs: Vec<String> = home.runs().iter().map(|run| id(run)).collect();
    for run in runs.iter().step_by(3) {
        quietly(&home, &["note", run, "--milestone", "detected", "--at", "2026-01-04T02:55:00Z"]);
        quietly(&home, &["note", run, "--action", "alarm on replica lag", "--owner", "carol"]);
    }
    quietly(&home, &["note", &runs[3], "--action", "shorten the TTL"]);
    quietly(&home, &["note", &runs[0], "it rings now", "--done", "1"]);
    let report = home.run(&["report", "--since", "2d", "--format", "json"]).json();
    let expected = computed(&home);
    assert_eq!(expected["drills"]["runs"], 24);
    for member in ["drills", "issues", "improvements"] {
        assert_eq!(report[member], expected[member], "{member}");
    }
    let open: Vec<&Value> = report["open_actions"].as_array().unwrap().iter().map(|item| &item["id"]).collect();
    assert_eq!(json!(open), expected["open_actions"]);
    let trends = report["trends"].as_array().unwrap();
    assert_eq!(trends.len(), expected["trends"].as_object().unwrap().len());
    for trend in trends {
        let points: Vec<&Value> = trend["points"].as_array().unwrap().iter().map(|point| &point["ms"]).collect();
        let figures =
            json!({"points": points, "mean_ms": trend["mean_ms"], "last_ms": trend["last_ms"], "over": trend["over"]});
        let phase = trend["phase"].as_str().unwrap();
        assert_eq!(figures, expected["trends"][phase], "{phase}");
    }
    whole(&home, &runs);
}

/// The same home in the formats for people, and what comes before and after the period.
fn whole(home: &Home, runs: &[String]) {
    let page = home.run(&["report", "--since", "2d", "lecture/database_backup_test"]).stdout;
    for section in ["Executive summary", "Backup status", "Testing activities", "Action items", "Recommendations"] {
        assert!(page.contains(&format!("## {section}")), "{section} in {page}");
    }
    assert!(page.contains("| database_backup_test | monthly | never | now | never rehearsed |"), "{page}");
    assert!(page.contains("| regional_failover | quarterly |") && page.contains("alarm on replica lag"), "{page}");
    let html = home.run(&["report", "--since", "2d", "--format", "html"]).stdout;
    assert!(html.contains("<svg") && !html.contains("<script") && !html.contains("http://"), "{html}");
    assert_eq!(html.matches("<tr>").count(), html.matches("</tr>").count());
    let earlier = home.run(&["report", "--since", "2020-01-01", "--until", "2020-02-01", "--json"]).json();
    assert_eq!((earlier["drills"]["runs"].clone(), earlier["open_actions"].clone()), (json!(0), json!([])));
    let diff = home.run(&["runs", "diff", &runs[0], &runs[1], "--json"]).json();
    let facts: Vec<&str> = diff["facts"].as_array().unwrap().iter().map(|one| one["what"].as_str().unwrap()).collect();
    assert!(facts.contains(&"scenario") && facts.contains(&"seed") && !facts.contains(&"digest"), "{facts:?}");
    let told = home.run(&["runs", "diff", &runs[0], &runs[1]]).stdout;
    assert!(told.contains("calm  →  region_lost") && told.contains("STEPS"), "{told}");
    assert_eq!(home.run(&["runs", "diff", &runs[0], "nothing"]).code, 2);
}

#[test]
fn a_clean_drill_is_told_in_every_order() {
    let home = Home::new();
    assert_eq!(drill(&home, "calm", 7, "2026-01-04T01:47:00Z"), 0);
    let journal = home.journal();
    let run = journal[0]["run"].as_str().unwrap();
    let head = journal.last().unwrap()["h"].as_str().unwrap();
    let digest = journal[0]["ev"]["digest"].as_str().unwrap();
    for template in ["sre", "coe", "drill"] {
        let text = home.run(&["timeline", "last", "--template", template]).stdout;
        let text = text.replace(run, "RUN").replace(head, "HEAD").replace(digest, "DIGEST");
        insta::assert_snapshot!(format!("clean_{template}"), text);
    }
    let own = home.write("own.j2", "{{ title }}: {{ status }}\n{{ nobody }}\n");
    let said = home.run(&["timeline", "last", "--template", &own]);
    assert!(said.code == 2 && said.stderr.contains("line 2"), "{said:?}");
    assert_eq!(home.run(&["timeline", "last", "--template", "nowhere.j2"]).code, 2);
    assert!(home.run(&["schema", "template"]).stdout.contains("`deviations`"));
    let sre = home.run(&["schema", "template", "sre"]).stdout;
    let again = home.run(&["timeline", "last", "--template", &home.write("sre.j2", sre)]).stdout;
    assert_eq!(again, home.run(&["timeline", "last", "--template", "sre"]).stdout);
}
