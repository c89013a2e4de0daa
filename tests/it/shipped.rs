//! The runbooks and scenarios that come with lifeboat hold what their texts promise, and the
//! README's example is one that `check` accepts.

#![expect(clippy::unwrap_used, reason = "a test that cannot read what ships has failed")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use lifeboat::model::outcome::Mode;
use lifeboat::model::plan::{Intent, Plan};
use lifeboat::model::runbook::Runbook;
use lifeboat::source::{self, Loaded, RunContext, Severity};

const MINUTE_MS: u64 = 60_000;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The YAML files right in a directory, sorted.
fn yaml_files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap_or_else(|error| panic!("{}: {error}", dir.display())).path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    files
}

/// Every shipped runbook, sorted: those of no system, then each system's.
fn runbook_files() -> Vec<PathBuf> {
    let runbooks = root().join("runbooks");
    let mut files = yaml_files(&runbooks);
    for system in folders(&runbooks) {
        files.extend(yaml_files(&system));
    }
    files
}

/// The folders right in a directory, sorted.
fn folders(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

/// A runbook's name with its system: `portfolio/s3_recovery`.
fn full_name(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("runbooks")).unwrap().with_extension("");
    inside.to_str().unwrap().replace('\\', "/")
}

/// The findings of a load, one a line, for the message of a failed test.
fn findings(loaded: &Loaded, severity: Severity) -> String {
    let mut text = String::new();
    for finding in loaded.diagnostics.iter().filter(|finding| finding.severity == severity) {
        let _ = writeln!(text, "{}:{}: {} {}", finding.span.line, finding.span.column, finding.code, finding.message);
    }
    text
}

fn checked(path: &Path) -> Runbook {
    let loaded = source::check_path(path);
    assert_eq!(findings(&loaded, Severity::Error), "", "{}", path.display());
    loaded.runbook.unwrap_or_else(|| panic!("{}: no findings, and no runbook", path.display()))
}

fn plan(runbook: &Runbook, mode: Mode, intent: Intent) -> Plan {
    let context = RunContext {
        given: lifeboat::model::Object::new(),
        mode,
        intent,
        operator: "alice".to_owned(),
        run: "01test".to_owned(),
        now_ms: 1_767_495_600_000,
    };
    source::instantiate(runbook, &context).unwrap_or_else(|found| panic!("{}: {found:#?}", runbook.name))
}

#[test]
fn every_shipped_runbook_is_accepted_and_can_be_planned() {
    let files = runbook_files();
    assert!(!files.is_empty());
    for path in files {
        let runbook = checked(&path);
        assert_eq!(path.file_stem().and_then(|stem| stem.to_str()), Some(runbook.name.as_str()));
        for mode in [Mode::Drill, Mode::Real] {
            for intent in [Intent::Planned, Intent::Emergency] {
                let plan = plan(&runbook, mode, intent);
                assert_eq!(plan.order().len(), plan.steps.len(), "{}", path.display());
            }
        }
    }
}

#[test]
fn every_shipped_runbook_keeps_its_rto_with_a_tenth_to_spare() {
    for path in runbook_files() {
        let runbook = checked(&path);
        let rto_ms = runbook.objectives.rto_ms.unwrap_or_else(|| panic!("{} states no RTO", path.display()));
        let critical = source::critical_path(&runbook);
        assert!(critical.ms * 10 <= rto_ms * 9, "{}: {} of {}", path.display(), critical.ms, rto_ms);
        for phase in &runbook.phases {
            assert!(phase.budget_ms.is_some(), "{}: phase {} has no budget", path.display(), phase.id);
        }
    }
}

/// A warning that ships was looked at and stands here with its reason.
#[test]
fn shipped_warnings_are_known() {
    let known = [
        // Route 53 and CloudFront are steered from us-east-1, which is the standby's own region here.
        ("regional_failover", vec!["LB507"]),
        // Only for a region that is ill and looks well: us-east-1 then answers, else the step does not apply.
        ("document_processor/pilot_light_failover", vec!["LB507"]),
        ("portfolio/regional_failure", vec!["LB507"]),
        // Here us-east-1 is not what is lost.
        ("portfolio/account_compromise", vec!["LB507"]),
        ("portfolio/s3_recovery", vec!["LB507"]),
        // Their records move in us-east-1; the files say when that helps and when not.
        ("labelmint/regional_failover", vec!["LB507"]),
        ("labelmint/failback", vec!["LB507"]),
        ("babyshield/region_failure", vec!["LB507"]),
        // Nothing is lost on the day that these are walked.
        ("lecture/failback", vec!["LB507"]),
        ("lecture/application_failover_test", vec!["LB507"]),
    ];
    for path in runbook_files() {
        let name = full_name(&path);
        let loaded = source::check_path(&path);
        let codes: Vec<&str> = loaded.diagnostics.iter().map(|finding| finding.code).collect();
        let expected =
            known.iter().find(|(runbook, _)| *runbook == name).map_or(&[][..], |(_, codes)| codes.as_slice());
        assert_eq!(codes, expected, "{name}: {}", findings(&loaded, Severity::Warning));
    }
}

/// The figures of the written procedure, and the way through it that fits.
#[test]
fn regional_failover_has_the_figures_of_its_procedure() {
    let runbook = checked(&root().join("runbooks/regional_failover.yaml"));
    let minutes: Vec<(&str, u64)> = runbook
        .phases
        .iter()
        .map(|phase| (phase.id.as_str(), phase.budget_ms.unwrap_or_default() / MINUTE_MS))
        .collect();
    let expected = [("assess", 30), ("database", 60), ("application", 90), ("dns", 60), ("verify", 30)];
    assert_eq!(minutes, expected);
    assert_eq!(runbook.objectives.rto_ms, Some(240 * MINUTE_MS));
    assert_eq!(runbook.objectives.rpo_ms, Some(60 * MINUTE_MS));
    let critical = source::critical_path(&runbook);
    assert_eq!(critical.phases, ["assess", "application", "dns", "verify"]);
    assert_eq!(critical.ms, 210 * MINUTE_MS);
}

/// What cannot be undone names what it does in full, is looked at before and after, and has an end.
#[test]
fn irreversible_steps_are_guarded_on_all_sides() {
    use lifeboat::model::outcome::Risk;
    use lifeboat::model::runbook::{Confirm, MfaRule};

    for path in runbook_files() {
        let plan = plan(&checked(&path), Mode::Real, Intent::Planned);
        for step in plan.steps.iter().filter(|step| step.risk == Risk::Irreversible) {
            let place = format!("{}: {}", path.display(), step.key);
            assert!(matches!(step.gates.confirm, Confirm::Type(_)), "{place}");
            assert_eq!(step.gates.mfa, MfaRule::Fresh, "{place}");
            assert!(!step.checks.is_empty() && !step.verify.is_empty(), "{place}");
        }
        for step in plan.steps.iter().filter(|step| step.risk.changes()) {
            assert!(!matches!(step.gates.confirm, Confirm::None), "{}: {}", path.display(), step.key);
        }
    }
}

#[test]
fn the_serial_order_is_refused_with_the_sum() {
    let loaded = source::check_path(&root().join("tests/fixtures/regional_failover_serial.yaml"));
    assert!(loaded.runbook.is_none());
    let errors = findings(&loaded, Severity::Error);
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(errors.contains("30m + 60m + 90m + 60m + 30m = 4h 30m is over the RTO of 4h by 30m"), "{errors}");
}

/// What other documents say of themselves, in a row as they list it: (fixture, finding, its beginning, the shipped
/// runbook that fits and its longest way in minutes).
const OWN_MINUTES: &[(&str, &str, &str, &str, u64)] = &[
    (
        "database_corruption",
        "LB501",
        "5m + 10m + 5m + 25m + 10m + 5m = 1h is over the RTO of 45m by 15m",
        "babyshield/database_corruption",
        40,
    ),
    (
        "accidental_deletion",
        "LB501",
        "5m + 10m + 5m + 25m + 10m + 5m = 1h is over the RTO of 30m by 30m",
        "babyshield/accidental_deletion",
        30,
    ),
    (
        "complete_failure",
        "LB502",
        "5m + 10m + 5m + 25m + 10m + 5m = 1h leaves 0s of the RTO of 1h",
        "babyshield/complete_failure",
        54,
    ),
    // The shipped failover has the four hours of the whole application for its objective, and says so.
    ("api_services", "LB501", "30m + 60m + 90m + 60m = 4h is over the RTO of 2h by 2h", "regional_failover", 210),
];

#[test]
fn a_document_that_breaks_its_own_objective_is_told_so_and_the_shipped_one_fits() {
    for (fixture, code, told, shipped, longest_min) in OWN_MINUTES {
        let loaded = source::check_path(&root().join(format!("tests/fixtures/own_minutes/{fixture}.yaml")));
        let found: Vec<_> = loaded.diagnostics.iter().filter(|finding| finding.code == *code).collect();
        assert!(found.len() == 1 && found[0].message.starts_with(told), "{fixture}: {:#?}", loaded.diagnostics);
        assert_eq!(loaded.runbook.is_none(), *code == "LB501", "{fixture}");
        assert!(found[0].help.is_some() && found[0].span.line >= 5, "{fixture}: {:?}", found[0].span);
        let runbook = checked(&root().join(format!("runbooks/{shipped}.yaml")));
        let longest_ms = source::critical_path(&runbook).ms;
        assert!(longest_ms <= runbook.objectives.rto_ms.unwrap(), "{shipped}");
        assert!(longest_ms <= longest_min * MINUTE_MS, "{shipped}: {} minutes", longest_ms / MINUTE_MS);
    }
}

/// The serial order is the shipped runbook with one edge more, and stays so.
#[test]
fn the_serial_order_differs_in_one_edge() {
    let text = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let body = |text: &str| -> Vec<String> {
        let lines = text.lines().skip_while(|line| !line.starts_with("version:"));
        lines.filter(|line| !line.trim_start().starts_with('#')).map(str::to_owned).collect()
    };
    let shipped = body(&text("runbooks/regional_failover.yaml"));
    let serial = body(&text("tests/fixtures/regional_failover_serial.yaml"));
    assert_eq!(shipped.len(), serial.len());
    let differing: Vec<_> = shipped.iter().zip(&serial).filter(|(one, other)| one != other).collect();
    assert_eq!(differing, [(&"    needs: [assess]".to_owned(), &"    needs: [database]".to_owned())]);
}

/// Every runbook has a calm scenario and one that teaches something, and no scenario is without its runbook.
#[test]
fn every_shipped_scenario_is_read_and_belongs_to_a_runbook() {
    let mut owned = Vec::new();
    for runbook_path in runbook_files() {
        let runbook = checked(&runbook_path);
        let plan = plan(&runbook, Mode::Drill, Intent::Planned);
        let dir = runbook_path.parent().unwrap().join("scenarios").join(&runbook.name);
        let mut names = Vec::new();
        for path in yaml_files(&dir) {
            let text = std::fs::read_to_string(&path).unwrap();
            let scenario = source::parse_scenario(&text, &path.display().to_string())
                .unwrap_or_else(|found| panic!("{}: {found:#?}", path.display()));
            assert_eq!(path.file_stem().and_then(|stem| stem.to_str()), Some(scenario.name.as_str()));
            assert!(!scenario.summary.is_empty(), "{}", path.display());
            let expect = scenario.expect.unwrap_or_else(|| panic!("{} says not how it ends", path.display()));
            if let Some(step) = &expect.stops_at {
                assert!(plan.index_of(step).is_some(), "{}: no step {step}", path.display());
            }
            names.push(scenario.name);
        }
        assert!(names.contains(&"calm".to_owned()) && names.len() > 1, "{}: {names:?}", full_name(&runbook_path));
        owned.push(dir);
    }
    let runbooks = root().join("runbooks");
    let systems = folders(&runbooks).into_iter().filter(|path| !path.ends_with("scenarios"));
    for place in std::iter::once(runbooks.clone()).chain(systems) {
        for dir in folders(&place.join("scenarios")) {
            assert!(owned.contains(&dir), "{}: no runbook of that name", dir.display());
        }
    }
    let lecture = yaml_files(&runbooks.join("scenarios/regional_failover"));
    let names: Vec<_> = lecture.iter().filter_map(|path| path.file_stem()?.to_str()).collect();
    assert_eq!(names, ["calm", "lag_above_rpo", "lost_answer", "promote_hangs", "region_lost"]);
}

/// The runbook in the README is one that works.
#[test]
fn the_example_in_the_readme_is_accepted() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let example = readme.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("reporting_failover.yaml");
    std::fs::write(&path, example.expect("the README shows a runbook")).unwrap();
    let loaded = source::check_path(&path);
    assert!(loaded.diagnostics.is_empty(), "{:#?}", loaded.diagnostics);
    plan(&checked(&path), Mode::Drill, Intent::Planned);
}
