//! Every format of every journal, as it was reviewed.

use std::fs;

use serde_json::Value;

use super::{ALL, CLEAN, DEVIATIONS, EMULATOR, Recorded, root};

/// Format and the end of the golden file's name.
const FORMATS: [(&str, &str); 7] = [
    ("md", "md"),
    ("html", "html"),
    ("json", "json"),
    ("jsonl", "jsonl"),
    ("csv", "csv"),
    ("otlp", "otlp.json"),
    ("slack", "slack.json"),
];

#[rstest::rstest]
#[case::clean(CLEAN, &[])]
#[case::deviations(DEVIATIONS, &["--zone", "Europe/Berlin"])]
#[case::emulator(EMULATOR, &[])]
fn exports_are_as_they_were_reviewed(#[case] recorded: Recorded, #[case] arguments: &[&str]) {
    let home = recorded.home();
    let mut other = Vec::new();
    for (format, end) in FORMATS {
        let text = recorded.export(&home, &[&["--format", format], arguments].concat());
        let path = root("tests/golden/timeline").join(format!("{}.{end}", recorded.name));
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &text).unwrap();
        }
        if fs::read_to_string(&path).unwrap_or_default() != text {
            other.push(path);
        }
    }
    assert!(other.is_empty(), "not as they were reviewed; look at them again with UPDATE=1: {other:?}");
}

#[test]
fn a_file_holds_what_stdout_would() {
    let home = CLEAN.home();
    for (format, _) in FORMATS {
        let path = home.path().join("out").display().to_string();
        let said = home.run(&["timeline", CLEAN.run, "--format", format, "-o", &path]);
        assert_eq!((said.code, said.stdout.as_str()), (0, ""), "{said:?}");
        assert!(fs::read_to_string(&path).unwrap() == CLEAN.export(&home, &["--format", format]), "{format}");
    }
}

/// Numbers of records, the head of the chain and the way to verify it, in every format.
#[test]
fn every_export_can_be_traced_to_its_journal() {
    for recorded in ALL {
        let home = recorded.home();
        let rows: Value = serde_json::from_str(&recorded.export(&home, &["--format", "json"])).unwrap();
        let head = rows["journal"]["head"].as_str().unwrap().to_owned();
        let verify = format!("lifeboat verify {}", recorded.run);
        for (format, _) in FORMATS {
            let text = recorded.export(&home, &["--format", format]);
            assert!(text.contains(&head) && text.contains(&verify), "{format} of {}", recorded.name);
        }
        for row in rows["rows"].as_array().unwrap() {
            let seq = row["seq"].as_u64().unwrap();
            assert!((1..=rows["journal"]["records"].as_u64().unwrap()).contains(&seq), "{row}");
        }
    }
}

#[test]
fn a_page_holds_no_script_and_asks_nobody() {
    let home = DEVIATIONS.home();
    let page = DEVIATIONS.export(&home, &["--format", "html"]);
    assert!(page.contains("default-src 'none'; style-src 'sha256-") || page.contains("default-src &#x27;none&#x27;"));
    let lower = page.to_lowercase();
    for forbidden in ["<script", "javascript:", " src=", "<link", "<iframe", "<img", "<base", " style=", " on"] {
        let found = lower.match_indices(forbidden).find(|(at, _)| inside_a_tag(&lower, *at));
        assert!(found.is_none(), "{forbidden}: {found:?}");
    }
    assert!(!lower.contains("@import") && !lower.contains("url(h") && !lower.contains("url(/"));
    for (at, _) in lower.match_indices("href=\"") {
        assert_eq!(&lower[at + 6..at + 8], "#r", "a link leaves the page");
    }
    assert!(
        page.contains("=cmd()|&#x27;") && page.contains("&lt;img src=x onerror=alert(1)&gt;"),
        "titles are shown as text"
    );
}

/// Whether a place lies between `<` and `>`, or begins a tag.
fn inside_a_tag(text: &str, at: usize) -> bool {
    let before = &text[..=at];
    before.rfind('<') > before.rfind('>')
}

#[test]
fn every_row_of_a_table_stays_one_row() {
    let home = DEVIATIONS.home();
    let text = DEVIATIONS.export(&home, &["--format", "md", "--zone", "Europe/Berlin"]);
    let mut columns = None;
    for line in text.lines() {
        if !line.starts_with('|') {
            columns = None;
            continue;
        }
        let bars = line.replace("\\\\", "").replace("\\|", "").matches('|').count();
        assert_eq!(*columns.get_or_insert(bars), bars, "{line}");
        let plain = line.replace("\\`", "").replace("\\[", "").replace("\\:", "");
        assert!(!plain.contains(['`', '<', '[']) && !plain.contains("://"), "{line}");
    }
    assert!(text.contains("| Europe/Berlin |") && text.contains("CET |"), "{text}");
}

#[test]
fn a_zone_that_does_not_exist_is_refused() {
    let home = CLEAN.home();
    let said = home.run(&["timeline", CLEAN.run, "--zone", "Berlin"]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.stderr.contains("did you mean `Europe/Berlin`?"), "{said:?}");
}

/// What Slack takes: 50 blocks, 150 characters in a header, 3,000 in a block.
#[test]
fn a_message_is_no_longer_than_slack_takes() {
    for recorded in ALL {
        let home = recorded.home();
        let message: Value = serde_json::from_str(&recorded.export(&home, &["--format", "slack"])).unwrap();
        let blocks = message["blocks"].as_array().unwrap();
        assert!(blocks.len() <= 50);
        let mut whole = 0;
        for block in blocks {
            let chars = texts(block);
            assert!(chars <= if block["type"] == "header" { 150 } else { 3_000 }, "{block}");
            whole += chars;
        }
        assert!(whole <= 13_000, "{whole}");
        let said = message.to_string();
        assert!(!said.contains("mrkdwn"), "nothing is read as markup");
        assert!(blocks.last().unwrap()["elements"][0]["text"].as_str().unwrap().contains(recorded.run));
    }
}

fn texts(value: &Value) -> usize {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| match value {
                Value::String(text) if name == "text" => text.chars().count(),
                other => texts(other),
            })
            .sum(),
        Value::Array(items) => items.iter().map(texts).sum(),
        _ => 0,
    }
}

/// The schema is open, as minor versions add; here it is closed, so that nothing is missing from it.
#[test]
fn json_follows_its_published_schema() {
    let published: Value =
        serde_json::from_str(&fs::read_to_string(root("assets/timeline.schema.json")).unwrap()).unwrap();
    let home = CLEAN.home();
    let printed: Value = serde_json::from_str(&home.run(&["schema", "timeline"]).stdout).unwrap();
    assert_eq!(published, printed);
    let mut closed = published;
    close(&mut closed);
    let schema = jsonschema::draft7::new(&closed).unwrap();
    let fits = |text: &str| {
        let value: Value = serde_json::from_str(text).unwrap();
        let errors: Vec<String> =
            schema.iter_errors(&value).map(|error| format!("{error} at {}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {}", &text[..text.len().min(300)], errors.join("; "));
    };
    for recorded in ALL {
        let home = recorded.home();
        fits(&recorded.export(&home, &["--format", "json"]));
        fits(&recorded.export(&home, &["--format", "json", "--zone", "America/New_York"]));
        let lines = recorded.export(&home, &["--format", "jsonl"]);
        lines.lines().for_each(fits);
        let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
        assert_eq!((&last["type"], last["rows"].as_u64()), (&"end".into(), Some(lines.lines().count() as u64 - 2)));
    }
    assert!(!schema.is_valid(&serde_json::json!({"type": "row", "seq": 1})));
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(close);
            if members.contains_key("properties") {
                members.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}
