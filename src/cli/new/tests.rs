//! Drafts of the shipped runbooks: valid as they are, valid with other names, and no trace of the old.

use super::*;

fn draft(template: &str) -> (Draft, Origin) {
    let (loaded, origin) = files::load(template).unwrap();
    let text = loaded.files[0].text.clone();
    let names = owners_names(&text);
    (Draft { template: template.to_owned(), text, names, answers: IndexMap::new() }, origin)
}

/// Another name of the same kind.
fn other(name: &OwnersName) -> Option<String> {
    let literal =
        !name.value.contains("${{") && name.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match name.key.rsplit('.').next() {
        Some("account") => Some("999988887777".to_owned()),
        // A region is one of a closed list, and two targets may not fall together.
        Some("region") => None,
        _ if name.key == "name" => Some("ours".to_owned()),
        _ if literal && !name.value.starts_with("us-") && !name.value.starts_with("eu-") => {
            Some(format!("{}-x9", name.value))
        }
        _ => None,
    }
}

#[test]
fn every_shipped_runbook_takes_other_names_and_stays_valid() {
    for shipped in shipped::runbooks() {
        let (mut draft, origin) = draft(shipped.name);
        assert!(draft.names.len() > 5, "{}: {:?}", shipped.name, draft.names);
        let mut put = 0;
        for name in draft.names.clone() {
            let Some(other) = other(&name) else { continue };
            // An input's own pattern may refuse; then it has said so.
            match draft.answer(&name.key, &other) {
                Ok(()) => put += 1,
                Err(why) => {
                    assert!(why.contains("pattern") || why.contains("match"), "{} {}: {why}", shipped.name, name.key);
                }
            }
        }
        assert!(put >= 3, "{}", shipped.name);
        let made = draft.made().unwrap();
        assert_eq!(checked(&made), [], "{}", shipped.name);
        assert!(made.contains("name: ours\n") && !made.contains("yaml-language-server"), "{}", shipped.name);
        for (scenario, text) in scenarios(&draft, &origin).unwrap() {
            assert!(source::parse_scenario(&text, &scenario).is_ok(), "{} {scenario}", shipped.name);
        }
    }
}

#[test]
fn an_answer_that_breaks_the_runbook_is_not_taken() {
    let (mut draft, _) = draft("labelmint/postgres_point_in_time");
    let why = draft.answer("inputs.environment", "No Such Thing").unwrap_err();
    assert!(why.contains("environment") || why.contains("pattern"), "{why}");
    assert!(draft.answers.is_empty());
    draft.answer("inputs.environment", "staging").unwrap();
    draft.answer("inputs.environment", "No Such Thing").unwrap_err();
    assert_eq!(draft.answers["inputs.environment"], "staging");
    assert_eq!(draft.set("nothing").unwrap_err().exit, Exit::Usage);
    assert!(draft.set("inputs.nothing=x").unwrap_err().hint.unwrap().contains("--list"));
}

#[test]
fn nothing_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/ours.yaml");
    let scenarios = [("calm".to_owned(), "name: calm\n".to_owned())];
    let kept = keep::keep(&path, "version: 1\n", &scenarios).unwrap();
    assert_eq!(std::fs::read_to_string(&kept.scenarios[0]).unwrap(), "name: calm\n");
    assert!(kept.scenarios[0].ends_with("deep/scenarios/ours/calm.yaml"));
    let error = keep::keep(&path, "version: 2\n", &[]).unwrap_err();
    assert_eq!(error.exit, Exit::Usage);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "version: 1\n");
    // A scenario that is there stops the runbook too.
    std::fs::remove_file(&path).unwrap();
    keep::keep(&path, "version: 3\n", &scenarios).unwrap_err();
    assert!(!path.exists());
}
