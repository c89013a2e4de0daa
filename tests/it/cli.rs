//! The command line as people and scripts meet it: verbs, exit codes, JSON, hints.

use std::process::Command;

use lifeboat::model::action::command_line::shell_line;
use serde_json::{Value, json};

use crate::home::Home;

const DRILL: &[&str] = &["drill", "regional_failover", "--scenario", "calm", "--no-tui", "--yes", "--seed", "7"];

/// A home with one drill in it that was driven as far as it goes.
fn drilled() -> Home {
    let home = Home::new();
    home.run(DRILL);
    assert_eq!(home.runs().len(), 1);
    home
}

#[test]
fn a_file_alone_shows_its_plan_and_runs_nothing() {
    let home = Home::new();
    let said = home.run(&["regional_failover"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.contains("3h 30m on the critical path") && said.stdout.contains("promote"), "{}", said.stdout);
    assert!(home.runs().is_empty(), "a plan left a run behind");
}

#[test]
fn a_misspelt_verb_is_named_whatever_follows_it() {
    let home = Home::new();
    for (args, way_out) in [
        (&["timelin", "last"][..], "did you mean `timeline`?"),
        (&["timelin"], "did you mean `timeline`?"),
        (&["abracadabra", "--format", "md"], "--help"),
    ] {
        let said = home.run(args);
        assert_eq!(said.code, 2, "{said:?}");
        let is_named = said.stderr.contains(&format!("is called `{}`", args[0]));
        assert!(is_named && said.stderr.contains(way_out) && said.stdout.is_empty(), "{said:?}");
    }
    // What is wrong behind a real file is told as it is.
    let said = home.run(&["regional_failover", "--nope"]);
    assert!(said.stderr.contains("'--nope'"), "{said:?}");
}

#[test]
fn the_serial_order_is_refused_with_the_arithmetic() {
    let serial = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/regional_failover_serial.yaml");
    let said = Home::new().run(&["check", "--json", serial]);
    assert_eq!(said.code, 2);
    let finding = said.json()["files"][0]["diagnostics"].as_array().unwrap().clone();
    let over: Vec<&Value> = finding.iter().filter(|f| f["severity"] == "error").collect();
    let message = over[0]["message"].as_str().unwrap();
    assert!(message.contains("30m + 60m + 90m + 60m + 30m = 4h 30m") && message.contains("RTO of 4h"), "{message}");
    assert!(over[0]["line"].as_u64().unwrap() > 1 && over[0]["help"].is_string(), "{over:?}");
}

#[test]
fn check_tells_scripts_what_it_tells_people() {
    let home = Home::new();
    let broken = home.write(
        "broken.yaml",
        "version: 1\nname: x\nphases:\n  - id: a\n    steps:\n      - { id: s, uses: aws/rds.nope }\n",
    );
    let said = home.run(&["check", "--json", "regional_failover", &broken]);
    assert_eq!(said.code, 2);
    let report = said.json();
    assert_eq!(report["version"], "1.0");
    assert_eq!((report["files"][0]["ok"].clone(), report["files"][1]["ok"].clone()), (json!(true), json!(false)));
    assert_eq!(report["critical_path_ms"], json!(12_600_000));
    assert_eq!(report["rto_ms"], json!(14_400_000));
    let finding = &report["files"][1]["diagnostics"][0];
    for member in ["code", "severity", "message", "line", "column", "help"] {
        assert!(!finding[member].is_null(), "{member}: {finding}");
    }
    let said = home.run(&["check", &broken]);
    assert_eq!(said.code, 2);
    assert!(said.stdout.contains(finding["code"].as_str().unwrap()), "{said:?}");
    assert!(said.stderr.contains("cannot be run: "), "{said:?}");
}

#[test]
fn a_file_that_is_not_there_is_a_finding_too() {
    let said = Home::new().run(&["check", "--json", "nowhere.yaml"]);
    assert_eq!(said.code, 2);
    assert_eq!(said.json()["files"][0]["ok"], false);
}

#[test]
fn the_paper_plan_names_every_step_with_its_command_lines() {
    let home = Home::new();
    let view = home.run(&["plan", "regional_failover", "-o", "json"]).json();
    let paper = home.run(&["plan", "regional_failover", "-o", "md"]).stdout;
    let mut lines = 0;
    for step in view["phases"].as_array().unwrap().iter().flat_map(|phase| phase["steps"].as_array().unwrap()) {
        assert!(paper.contains(&format!("- [ ] **{}. ", step["number"])), "{step}");
        for line in step["call"]["command_lines"].as_array().unwrap() {
            assert!(paper.contains(line.as_str().unwrap()), "{line}");
            lines += 1;
        }
    }
    assert!(lines > 10, "{lines} command lines");
    assert!(paper.contains("aws rds promote-read-replica-db-cluster --db-cluster-identifier lecture-acme-dr-cluster"));
    assert!(paper.contains("this cannot be undone"));
}

#[test]
fn inputs_are_checked_before_anything_is_shown() {
    let home = Home::new();
    let said = home.run(&["plan", "regional_failover", "-i", "custmer=x"]);
    assert_eq!(said.code, 2);
    assert!(said.stdout.is_empty() && said.stderr.contains("did you mean `customer`?"), "{said:?}");
    let said = home.run(&["plan", "regional_failover", "-i", "customer=globex"]);
    assert!(said.stdout.contains("lecture-globex-dr-cluster"), "{said:?}");
}

#[test]
fn a_wrong_word_gets_a_way_out() {
    let home = Home::new();
    for (args, hint) in [
        (&["chekc"][..], "did you mean `check`?"),
        (&["drill", "regional_failovr", "--no-tui", "--yes"], "did you mean `regional_failover`?"),
        (&["drill", "regional_failover", "--no-tui", "--yes", "--scenario", "calmer"], "calm"),
        (&["drill", "regional_failover", "--no-tui"], "add --yes"),
        (&["drill", "regional_failover", "--no-tui", "--yes", "--speed", "fast"], "--speed 60"),
        (&["drill", "regional_failover"], "--no-tui --yes"),
        (&["status", "last"], "lifeboat drill"),
        (&["explain", "LB999"], "lifeboat explain"),
    ] {
        let said = home.run(args);
        assert_eq!(said.code, 2, "{args:?}: {said:?}");
        assert!(said.stderr.contains("hint: ") && said.stderr.contains(hint), "{args:?}: {said:?}");
        assert!(said.stdout.is_empty(), "{args:?}: {said:?}");
    }
    assert!(home.runs().is_empty(), "a refused drill left a run behind");
}

/// Verbs that come later are not promised, and every verb listed explains itself.
#[test]
fn help_lists_what_there_is() {
    let home = Home::new();
    let help = home.run(&["--help"]);
    assert_eq!(help.code, 0);
    let verbs: Vec<String> = help
        .stdout
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    for verb in [
        "check", "plan", "run", "drill", "resume", "approve", "watch", "status", "runs", "note", "timeline", "export",
        "sign", "verify", "schema", "new", "report",
    ] {
        assert!(verbs.iter().any(|listed| listed == verb), "{verb} is missing from {verbs:?}");
    }
    for verb in verbs.iter().filter(|verb| *verb != "help") {
        assert_eq!(home.run(&[verb, "--help"]).code, 0, "{verb}");
    }
}

#[test]
fn generated_texts_are_made() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let said = home.run(&["completions", shell]);
        assert!(said.code == 0 && said.stdout.contains("timeline"), "{shell}");
    }
    let man = home.run(&["man"]);
    assert!(man.stdout.contains(".TH lifeboat 1") && man.stdout.contains("TIMELINE"), "{}", man.stdout);
    assert_eq!(home.run(&["schema"]).json()["$schema"], "http://json-schema.org/draft-07/schema#");
    let codes = home.run(&["explain", "--json"]).json();
    assert!(codes["codes"].as_array().unwrap().len() > 20);
}

#[test]
fn runs_status_and_timeline_tell_the_same_story() {
    let home = drilled();
    let status = home.run(&["status", "last", "--json"]);
    assert_eq!(status.code, 0);
    let status = status.json();
    let listed = home.run(&["runs", "--json"]).json();
    for member in ["run", "status", "started_at", "rto", "journal"] {
        assert_eq!(listed["runs"][0][member], status[member], "{member}");
    }
    let run = status["run"].as_str().unwrap();
    let story = home.run(&["timeline", &run[..20], "--format", "json"]).json();
    assert_eq!(story["run"], status["run"]);
    let head = status["journal"]["head"].as_str().unwrap();
    for format in ["md", "csv"] {
        let file = home.path().join(format!("t.{format}")).display().to_string();
        assert_eq!(home.run(&["timeline", "last", "--format", format, "-o", &file]).code, 0);
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains("DRILL") && text.contains(run), "{text}");
        assert!(format == "csv" || text.contains(&head[7..15]), "the head is missing: {text}");
    }
}

#[test]
fn a_note_is_kept_with_both_its_times() {
    let home = drilled();
    let before = home.journal();
    assert_eq!(home.run(&["note", "last", "vendor says 06:00Z", "--at", "-5m", "--operator", "bob"]).code, 0);
    let after = home.journal();
    assert_eq!(after.len(), before.len() + 1);
    let note = &after.last().unwrap()["ev"];
    assert_eq!((note["type"].clone(), note["by"].clone()), (json!("NoteAdded"), json!("bob")));
    assert_eq!(note["text"], "vendor says 06:00Z");
    assert!(note["about_ms"].is_i64());
    assert_eq!(home.run(&["verify", "last"]).code, 0);
    let story = home.run(&["timeline", "last"]).stdout;
    assert!(story.contains("vendor says 06:00Z"), "{story}");
    assert_eq!(home.run(&["note", "last", "x", "--at", "+5m"]).code, 2);
    assert_eq!(home.journal().len(), after.len());
}

#[test]
fn moments_and_action_items_are_noted_and_carried() {
    let home = drilled();
    let told = ["note", "last", "the pager", "--milestone", "detected", "--at", "-25m", "--operator", "bob"];
    assert_eq!(home.run(&told).code, 0);
    let summary = home.run(&["status", "last", "--json"]).json();
    let moments = summary["milestones"].as_array().unwrap();
    let detected = moments.iter().find(|one| one["milestone"] == "detected").unwrap();
    assert_eq!((detected["by"].clone(), detected["source"].clone()), (json!("bob"), json!("told")));
    assert!(detected["at"].as_str().unwrap() < detected["recorded_at"].as_str().unwrap());
    assert_eq!(home.run(&["note", "last", "--milestone", "closed"]).code, 0);
    assert_eq!(home.run(&["note", "last", "--milestone", "over"]).code, 2);
    assert_eq!(home.run(&["note", "last", "--action", "Raise the alarm", "--owner", "carol"]).code, 0);
    assert_eq!(home.run(&["note", "last", "--done", "2"]).code, 2);
    assert_eq!(home.run(&["note", "last", "It rings now", "--done", "1"]).code, 0);
    assert_eq!(home.run(&["note", "last", "--done", "1"]).code, 2);
    assert_eq!(home.journal().last().unwrap()["ev"]["type"], "ActionItemDone");
    assert_eq!(home.run(&["note", "last"]).code, 2, "a note needs words");
    let story = home.run(&["timeline", "last"]).stdout;
    assert!(story.contains("told by bob") && story.contains("action item 1: Raise the alarm, owner carol"), "{story}");
}

#[test]
fn a_flipped_byte_is_named() {
    let home = drilled();
    assert_eq!(home.run(&["verify", "last"]).code, 0);
    let path = home.last_run().join("journal.jsonl");
    let mut bytes = std::fs::read(&path).unwrap();
    let tenth = bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(8).unwrap().0 + 1;
    let at = tenth + 40;
    bytes[at] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let said = home.run(&["verify", "last"]);
    assert_eq!(said.code, 8);
    assert!(said.stderr.contains("record 10 "), "{said:?}");
    assert_eq!(home.run(&["verify", "last", "--json"]).json()["damage"]["record"], 10);
    for args in [&["resume", "last", "--no-tui", "--yes"][..], &["note", "last", "x"], &["status", "last"]] {
        assert_eq!(home.run(args).code, 8, "{args:?}");
    }
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "a damaged journal was touched");
}

#[test]
fn state_lives_where_it_was_told_to() {
    let home = Home::new();
    let other = home.path().join("elsewhere").display().to_string();
    home.run(&[DRILL, &["--state-dir", &other]].concat());
    assert!(home.runs().is_empty());
    let runs: Vec<_> = std::fs::read_dir(home.path().join("elsewhere/runs")).unwrap().collect();
    assert_eq!(runs.len(), 1);
    let doctor = home.run(&["doctor", "--json"]).json();
    assert_eq!(doctor["ok"], true);
    assert!(home.run(&["config", "path"]).stdout.ends_with("/.config/lifeboat/config.toml\n"));
}

/// Names come from outside: what they could do to a terminal is shown instead.
#[test]
fn no_escape_sequence_gets_through() {
    let home = Home::new();
    let evil = "\u{1b}]0;pwned\u{7}\u{1b}[2J";
    let runbook = home.write(
        "evil.yaml",
        format!("version: 1\nname: evil\ntitle: \"t{}\"\nphases:\n  - id: a\n    steps:\n      - {{ id: s, uses: note, with: {{ text: \"x\\e[2J\\u202E\" }} }}\n", "\\e]0;pwned\\a"),
    );
    for args in [
        &["plan", evil][..],
        &["check", &runbook],
        &["plan", &runbook],
        &["plan", &runbook, "-o", "md"],
        &["status", evil],
    ] {
        let said = home.run(args);
        for text in [&said.stdout, &said.stderr] {
            assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{args:?}: {text:?}");
        }
    }
}

#[test]
fn colour_is_asked_for_or_absent() {
    let home = Home::new();
    let escape = |args: &[&str]| home.run(args).stderr.contains('\u{1b}');
    assert!(!escape(&["plan", "nothing_like_this"]));
    assert!(escape(&["plan", "nothing_like_this", "--color", "always"]));
    let ascii = home.run(&["plan", "regional_failover", "--ascii"]);
    assert!(ascii.stdout.is_ascii(), "{}", ascii.stdout);
}

/// The shell itself is asked what a line means.
#[test]
fn a_shell_reads_back_what_was_meant() {
    let words = [
        "plain",
        "",
        "two words",
        "it's",
        "a\nb",
        "\n",
        "$(id)`id`$HOME",
        "*",
        "~",
        "\\",
        "\"",
        "-n",
        "é→",
        "%s\\n",
        "a;b|c&d",
        "!",
        "{a,b}",
        "#x",
        "\t\u{7f}",
    ];
    let argv: Vec<String> = ["printf", "%s\\0"].iter().chain(words.iter()).map(|word| (*word).to_owned()).collect();
    let line = shell_line(&argv);
    assert!(!line.contains('\n'), "{line}");
    let output = Command::new("sh").args(["-c", &line]).output().unwrap();
    let read = String::from_utf8(output.stdout).unwrap();
    let read: Vec<&str> = read.split_terminator('\0').collect();
    assert_eq!(read, words, "{line}");
}

/// A run is watched from its journal alone, wherever that is.
#[test]
fn a_run_that_is_over_is_watched_from_a_copy_too() {
    let home = drilled();
    let said = home.run(&["watch", "last", "--plain"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.contains("drill of regional_failover") && said.stdout.contains("promote"), "{said:?}");
    let journal = std::fs::read(home.last_run().join("journal.jsonl")).unwrap();
    let copy = Home::new();
    let path = copy.write("incident/copy.jsonl", &journal);
    assert_eq!(copy.run(&["watch", &path, "--plain"]).stdout, said.stdout);
    // Half of it is a run that goes on: damaged further down, it is shown up to there.
    let mut damaged = journal;
    let at = damaged.len() / 2;
    damaged[at] ^= 1;
    let path = copy.write("damaged.jsonl", &damaged);
    let cut = copy.run(&["watch", &path, "--plain"]);
    assert!(cut.code == 8 && said.stdout.starts_with(&cut.stdout) && !cut.stdout.is_empty(), "{cut:?}");
    for (args, code) in [
        (&["watch", "last"][..], 2),
        (&["watch", "last", "--json"], 2),
        (&["watch", "nobody", "--plain"], 2),
        (&["watch", "./nothing.jsonl", "--plain"], 2),
    ] {
        let said = home.run(args);
        assert!(said.code == code && said.stderr.contains("error: "), "{args:?}: {said:?}");
    }
}

#[test]
fn a_run_that_nobody_drives_takes_no_approval() {
    let home = drilled();
    let said = home.run(&["approve", "last", "promote", "--as", "bob"]);
    assert!(said.code == 2 && said.stderr.contains("has ended"), "{said:?}");
    let said = home.run(&["approve", "nobody", "promote", "--as", "bob"]);
    assert!(said.code == 2 && said.stderr.contains("no run is called"), "{said:?}");
    let said = home.run(&["approve", "last", "promote"]);
    assert!(said.code == 2 && said.stderr.contains("--as"), "{said:?}");
    let help = home.run(&["approve", "--help"]).stdout;
    assert!(!help.contains("--code") && help.contains("Exit code 0: approved"), "{help}");
}
