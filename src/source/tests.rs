//! The floor as a whole: text in, plan and findings out.

use super::*;
use crate::model::Object;
use crate::model::outcome::Mode;
use crate::model::plan::{Intent, Plan};
use crate::model::runbook::{Confirm, MfaRule};

pub(super) fn load_text(text: &str) -> Loaded {
    load(vec![SourceFile { path: "r.yaml".to_owned(), text: text.to_owned() }])
}

pub(super) fn context() -> RunContext {
    RunContext {
        given: Object::new(),
        mode: Mode::Drill,
        intent: Intent::Planned,
        operator: "alice".to_owned(),
        run: "r1".to_owned(),
        now_ms: 1_767_495_600_000,
    }
}

pub(super) fn plan_of(text: &str) -> Plan {
    let loaded = load_text(text);
    assert!(loaded.runbook.is_some(), "{}", render_plain(&loaded.diagnostics, &loaded.files));
    let made = instantiate(&loaded.runbook.unwrap(), &context());
    made.unwrap_or_else(|found| panic!("{}", render_plain(&found, &loaded.files)))
}

const SAMPLE: &str = include_str!("../../tests/fixtures/dialect_sample.yaml");

#[test]
fn the_sample_loads_and_instantiates() {
    let plan = plan_of(SAMPLE);
    assert_eq!(plan.title, "Fail acme over from eu-central-1 to us-east-1");
    let step = |key: &str| &plan.steps[plan.index_of(key).unwrap()];
    let needs = |key: &str| step(key).needs.iter().map(|ix| plan.steps[*ix].key.as_str()).collect::<Vec<_>>();
    assert_eq!(needs("identity"), Vec::<&str>::new());
    assert_eq!(needs("declare"), ["identity", "lag"]);
    assert_eq!(needs("promote"), ["identity", "lag", "declare"]);
    assert_eq!(needs("scale[worker]"), ["identity", "lag", "declare"]);
    assert!(matches!(&step("promote").gates.confirm, Confirm::Type(text) if text.source == "${{ vars.cluster }}"));
    assert_eq!(step("promote").gates.mfa, MfaRule::Fresh);
    assert_eq!(step("lag").gates.mfa, MfaRule::Never);
    let inherited = step("scale[backend]").verify[0].uses.as_ref().unwrap().with.as_map().unwrap();
    assert_eq!(inherited.keys().collect::<Vec<_>>(), ["cluster", "service"]);
    assert_eq!(critical_path_of_plan(&plan).ms, 7_200_000);
}

fn shipped() -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "yaml"))
        .collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

#[test]
fn every_shipped_runbook_loads_and_instantiates() {
    for path in shipped() {
        let loaded = check_path(&path);
        let shown = render_plain(&loaded.diagnostics, &loaded.files);
        let runbook = loaded.runbook.unwrap_or_else(|| panic!("{shown}"));
        for (mode, intent) in [(Mode::Drill, Intent::Planned), (Mode::Real, Intent::Emergency)] {
            let made = instantiate(&runbook, &RunContext { mode, intent, ..context() });
            made.unwrap_or_else(|found| panic!("{}", render_plain(&found, &loaded.files)));
        }
    }
}

#[test]
fn a_second_parser_reads_every_shipped_runbook_alike() {
    for path in shipped() {
        let text = std::fs::read_to_string(&path).unwrap();
        let ours = scenario::literal(&yaml::parse(&text, 0).0.unwrap());
        let mut theirs: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
        theirs.apply_merge().unwrap();
        assert_eq!(ours, serde_json::to_value(&theirs).unwrap(), "{}", path.display());
    }
}

#[test]
fn the_serial_order_is_refused_with_the_arithmetic() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/regional_failover_serial.yaml");
    let loaded = check_path(&path);
    let errors: Vec<_> = loaded.diagnostics.iter().filter(|finding| finding.severity == Severity::Error).collect();
    let [finding] = errors[..] else { panic!("{}", render_plain(&loaded.diagnostics, &loaded.files)) };
    assert_eq!(finding.code, "LB501");
    assert!(
        finding.message.starts_with("30m + 60m + 90m + 60m + 30m = 4h 30m is over the RTO of 4h by 30m"),
        "{}",
        finding.message
    );
    let help = finding.help.as_deref().unwrap();
    assert!(help.contains("`application` beside `database` (`needs: [assess]`) makes it 3h 30m"), "{help}");
    let text = &loaded.files[0].text;
    assert_eq!(text.lines().nth(finding.span.line as usize - 1).map(|line| line.contains("rto:")), Some(true));
}

#[test]
fn every_code_is_explained_and_every_explanation_has_a_code() {
    for code in codes() {
        let text = explain(code).unwrap_or_else(|| panic!("{code} is not explained"));
        assert!(text.starts_with(&format!("{code}: ")) && text.len() > 150, "{code}: {text}");
    }
    let written = include_str!("explain.md").matches("\n## LB").count();
    assert_eq!(written, codes().len());
    assert_eq!(explain("LB999"), None);
    assert!(explain("lb501").is_some());
}

#[test]
fn every_code_in_the_source_is_in_the_list() {
    fn texts(folder: &Path, found: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                texts(&path, found);
            } else if path.extension().is_some_and(|ext| ext == "rs")
                && !path.ends_with("explain.rs")
                && !path.ends_with("tests.rs")
            {
                found.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut all = String::new();
    texts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/source"), &mut all);
    let used: std::collections::BTreeSet<&str> = all
        .match_indices("\"LB")
        .map(|(at, _)| &all[at + 1..at + 6])
        .filter(|code| code[2..].parse::<u32>().is_ok())
        .collect();
    assert_eq!(used.into_iter().collect::<Vec<_>>(), codes());
}

/// Code, line and column of every finding.
pub(super) fn places(text: &str) -> Vec<(&'static str, u32, u32)> {
    load_text(text).diagnostics.iter().map(|f| (f.code, f.span.line, f.span.column)).collect()
}

/// Codes of every finding of a runbook with these steps in one phase, which begin on line 7.
pub(super) fn codes_of(steps: &str) -> Vec<&'static str> {
    load_text(&with_steps(steps)).diagnostics.iter().map(|finding| finding.code).collect()
}

pub(super) fn with_steps(steps: &str) -> String {
    let head = "version: 1\nname: t\nroles: { commander: [alice, bob], nobody: [] }\n";
    let inputs = "inputs: { name: { type: string, default: main }, grace: { type: duration, default: 90s } }\n";
    format!("{head}{inputs}phases:\n- {{ id: p, steps: [\n{steps}\n] }}\n")
}

/// An `aws` line of a step without a target of its own is about the same account and region as its neighbours.
#[test]
fn a_program_acts_where_the_defaults_say() {
    let steps = "
phases:
  - id: p
    steps:
      - { id: near, uses: exec, with: { argv: [aws, s3, ls] }, reversible: true, rollback: [{ uses: exec, with: { argv: [aws] } }] }
      - { id: far, uses: exec, target: b, with: { argv: [aws, s3, ls] }, reversible: true, rollback: [{ uses: exec, with: { argv: [aws] } }] }
      - { id: ask, uses: manual, with: { ask: Well? } }
";
    let top = "version: 1\nname: r\ntitle: T\nobjectives: { rto: 2h }\nroles: { commander: [alice] }\nmfa: { method: totp }\n";
    let targets =
        "targets: { a: { region: us-east-1 }, b: { region: us-west-2 } }\ndefaults: { target: a, timeout: 5m }\n";
    let plan = plan_of(&format!("{top}{targets}{steps}"));
    let step = |key: &str| &plan.steps[plan.index_of(key).unwrap()];
    for (key, target) in [("near", Some("a")), ("far", Some("b"))] {
        assert_eq!(step(key).uses.target.as_deref(), target, "{key}");
        assert_eq!(step(key).rollback[0].target.as_deref(), target, "the rollback of {key}");
    }
    assert_eq!(step("ask").uses.target, None);
}

#[test]
fn an_empty_file_is_no_runbook() {
    for text in ["", "# only a comment\n", "---\n"] {
        assert_eq!(load_text(text).diagnostics.first().map(|f| f.span.line), Some(1), "{text:?}");
        assert!(load_text(text).has_errors());
    }
    assert_eq!(places("[]\n"), [("LB102", 1, 1)]);
    assert!(places("version: 1\nname: x\n").contains(&("LB109", 1, 1)));
}

#[test]
fn the_critical_path_is_told_even_when_it_is_refused() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken/budget_over_rto.yaml");
    let loaded = check_path(&path);
    assert_eq!(loaded.critical_path.map(|path| path.ms), Some(4_500_000));
    assert_eq!(loaded.rto_ms, Some(3_600_000));
}

/// A runbook with `count` steps, side by side or one after the other.
fn many(count: usize, chain: bool) -> String {
    let needs = if chain { "" } else { ", needs: []" };
    (0..count).fold("version: 1\nname: many\nphases:\n- id: p\n  steps:\n".to_owned(), |text, ix| {
        text + &format!("  - {{id: s{ix}, uses: note, with: {{text: \"step {ix} of ${{{{ run.id }}}}\"}}{needs}}}\n")
    })
}

#[test]
fn two_thousand_steps_wide_and_deep_load_without_recursion() {
    for chain in [false, true] {
        let plan = plan_of(&many(2_000, chain));
        assert_eq!(plan.steps.len(), 2_000);
        assert_eq!(plan.steps[1_999].needs.len(), usize::from(chain));
        assert_eq!(plan.order().len(), 2_000);
    }
    let loaded = load_text(&many(2_001, false));
    assert!(loaded.diagnostics.iter().any(|finding| finding.code == "LB110"));
}

/// Before the run: what would be refused in the middle of it, as far as it is written out.
#[test]
fn questions_to_databases_that_would_be_refused_are_findings() {
    for (uses, with, part) in [
        ("sql/query", "{ query: select 1, url: 'postgresql://u:pa55@h/d' }", "holds a password"),
        ("sql/query", "{ query: select 1, url: 'postgresql://u@h/d', password_from: pa55 }", "env:NAME"),
        ("sql/query", "{ query: select 1, url: 'postgresql://u@h/d', sslmode: prefer }", "verify-full"),
        ("sql/query", "{ url: 'postgresql://u@h/d' }", "needs `query`"),
        ("redis/command", "{ url: 'rediss://h', command: [DEL, '${{ run.id }}'] }", "`DEL` is not among"),
        ("redis/command", "{ url: 'rediss://h', command: [CONFIG, SET, a, b] }", "of `CONFIG` only"),
        ("redis/command", "{ url: 'rediss://h', command: [KEYS, '*'] }", "SCAN"),
    ] {
        let text =
            format!("version: 1\nname: x\nphases:\n- id: p\n  steps:\n  - id: s\n    uses: {uses}\n    with: {with}\n");
        let found = load_text(&text).diagnostics;
        assert_eq!(found.len(), 1, "{uses} {with}: {found:#?}");
        let wrong = found.iter().find(|finding| finding.message.contains(part));
        let wrong = wrong.unwrap_or_else(|| panic!("{uses} {with}: {found:#?}"));
        assert_eq!(wrong.span.line, if part.starts_with("needs") { 7 } else { 8 }, "{wrong:?}");
        assert!(found.iter().all(|finding| !finding.message.contains("pa55")), "{found:#?}");
    }
}
