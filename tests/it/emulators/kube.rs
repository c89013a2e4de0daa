//! `kube/…` through a `kubectl` found on the path, as the real adapters start it.

use std::fs;

use lifeboat::model::action::Action;
use lifeboat::model::action::examples::example;
use lifeboat::model::outcome::{CloudErrorKind, ProbeAnswer};
use lifeboat::model::plan::ResolvedTarget;
use serde_json::{Value, json};

use super::adapter::Adapter;
use super::tools;
use crate::home::Home;

fn adapter(home: &Home) -> Adapter {
    let script = fs::read_to_string(tools::script("kubectl.py")).unwrap();
    let python = tools::bin().join("python");
    home.program("bin/kubectl", &format!("#!{}\n{script}", python.display()));
    let path = format!("{}:{}", home.path().join("bin").display(), tools::path());
    Adapter::with(vec![("PATH", path), ("HOME", home.path().display().to_string()), ("LANG", "C.UTF-8".to_owned())])
}

#[test]
fn variables_are_set_once_and_seen_to_be_set() {
    let home = Home::new();
    let mut kubectl = adapter(&home);
    let target = ResolvedTarget::default();
    let set = example("kube/set_env").unwrap();
    let probe = set.probe().unwrap();
    let status = example("kube/rollout_status").unwrap();
    let before = kubectl.call(&probe, &target).unwrap();
    assert_eq!(set.judge(None, &before), ProbeAnswer::Before);
    assert!(!before.to_string().contains("hunter2"), "{before}");

    let after = kubectl.call(&set, &target).unwrap();
    assert_eq!(set.judge(Some(&before), &after), ProbeAnswer::After);
    assert_eq!(after["generation"], 2);
    assert!(!after.to_string().contains("hunter2"), "{after}");
    let now = kubectl.call(&probe, &target).unwrap();
    assert_eq!(set.judge(Some(&before), &now), ProbeAnswer::After);
    assert_eq!(kubectl.call(&status, &target).unwrap()["complete"], true);

    let gone = Action::parse("kube/get_deployment", &json!({"deployment": "gone", "namespace": "shop"})).unwrap();
    assert_eq!(kubectl.call(&gone, &target).unwrap_err().kind, CloudErrorKind::NotFound);

    let told = fs::read_to_string(home.path().join("bin/told")).unwrap();
    let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let sets: Vec<&Value> = told.iter().filter(|words| words.as_array().unwrap().contains(&json!("set"))).collect();
    let line = set.command_lines(&target).remove(0);
    assert_eq!(sets, [&json!(line[1..])], "once, and as the plan shows it");
}
