//! The schemas in `assets/` are the ones made here, and they accept every shipped file and refuse broken ones.

use std::path::Path;

use super::*;
use crate::source::{scenario, yaml};

fn root_path(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn same_as_asset(name: &str, schema: &Value) {
    let path = root_path("assets").join(name);
    let text = serde_json::to_string_pretty(schema).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(root_path("assets")).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "{} is not what the code makes: run the test with UPDATE=1", path.display());
}

#[test]
fn assets_hold_the_schemas() {
    same_as_asset("runbook.schema.json", &runbook_schema());
    same_as_asset("scenario.schema.json", &scenario_schema());
}

fn value_of(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    scenario::literal(&yaml::parse(&text, 0).0.unwrap())
}

fn yaml_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(yaml_files(&path));
        } else if path.extension().is_some_and(|ext| ext == "yaml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn every_shipped_runbook_and_scenario_is_valid() {
    let runbook = jsonschema::draft7::new(&runbook_schema()).unwrap();
    let scenario = jsonschema::draft7::new(&scenario_schema()).unwrap();
    let mut seen = (0, 0);
    for path in yaml_files(&root_path("runbooks")) {
        let is_scenario = path.components().any(|part| part.as_os_str() == "scenarios");
        let validator = if is_scenario { &scenario } else { &runbook };
        let value = value_of(&path);
        let errors: Vec<String> =
            validator.iter_errors(&value).map(|error| format!("{} at {}", error, error.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
        if is_scenario {
            let text = std::fs::read_to_string(&path).unwrap();
            crate::source::parse_scenario(&text, "x.yaml")
                .unwrap_or_else(|found| panic!("{}: {found:#?}", path.display()));
            seen.1 += 1;
        } else {
            seen.0 += 1;
        }
    }
    assert!(seen.0 > 0 && seen.1 > 0, "{seen:?}");
    assert!(runbook.is_valid(&value_of(&root_path("tests/fixtures/dialect_sample.yaml"))));
}

#[test]
fn what_the_reader_refuses_by_shape_the_schema_refuses_too() {
    let runbook = jsonschema::draft7::new(&runbook_schema()).unwrap();
    for name in ["unknown_key", "bad_duration", "unknown_action", "wrong_input"] {
        let path = root_path("tests/broken").join(format!("{name}.yaml"));
        assert!(!runbook.is_valid(&value_of(&path)), "{name}");
    }
}
