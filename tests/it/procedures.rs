//! The README's table of procedures says what the runbooks say. A runbook without a row, or a row
//! whose figures are not the runbook's, fails here.
//!
//! `LIFEBOAT_WRITE_TABLE=1 cargo test procedures` writes the table anew.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use lifeboat::cli::shipped::{self, Shipped};
use lifeboat::model::runbook::SourceFile;
use lifeboat::model::time::human_ms;
use lifeboat::source;

/// Runbooks that a test runs from the first key to the end against emulators of AWS; the tests in
/// `emulators` hold themselves to this list.
pub const ON_EMULATORS: &[&str] = &[
    "babyshield/accidental_deletion",
    "babyshield/application_failure",
    "babyshield/complete_failure",
    "babyshield/database_corruption",
    "babyshield/monthly_export",
    "babyshield/region_failure",
    "babyshield/weekly_restore_drill",
    "document_processor/backup_and_restore",
    "document_processor/pilot_light_failover",
    "labelmint/backup_health",
    "labelmint/failback",
    "labelmint/postgres_point_in_time",
    "labelmint/postgres_restore_aws_backup",
    "labelmint/redis_restore",
    "labelmint/regional_failover",
    "lecture/application_failover_test",
    "lecture/aurora_point_in_time",
    "lecture/aurora_snapshot",
    "lecture/database_backup_test",
    "lecture/failback",
    "lecture/readiness",
    "lecture/s3_bulk_restore",
    "lecture/s3_version_recovery",
    "portfolio/account_compromise",
    "portfolio/dynamodb_recovery",
    "portfolio/regional_failure",
    "portfolio/s3_recovery",
    "portfolio/weekly_backup_test",
    "regional_failover",
];

/// The systems, as their documents describe them: folder (none: the folder above), and words.
const SYSTEMS: &[(&str, &str)] = &[
    ("portfolio", "A site on DynamoDB, S3 and CloudFront"),
    ("lecture", "Lectures: Aurora, ECS, S3, a database a customer"),
    ("labelmint", "LabelMint: PostgreSQL, Redis, ECS"),
    ("document_processor", "Documents: Lambda, DynamoDB, S3"),
    ("babyshield", "BabyShield: PostgreSQL behind an API"),
];

const BEGIN: &str = "<!-- procedures: made by tests/it/procedures.rs -->";
const END: &str = "<!-- end of procedures -->";

fn table() -> String {
    let mut text =
        String::from("| System | Procedure | Runbook | RTO | RPO | Critical path | Drilled | On emulators |\n");
    text += "|---|---|---|---|---|---|---|---|\n";
    let mut rows = 0;
    for (system, words) in SYSTEMS {
        for shipped in shipped::runbooks().iter().filter(|one| system_of(one) == *system) {
            let _ = writeln!(text, "| {words} | {}", row(shipped));
            rows += 1;
        }
    }
    assert_eq!(rows, shipped::runbooks().len(), "a runbook belongs to no system of the table");
    text
}

/// What lies above the folders is the lecture system's.
fn system_of(shipped: &Shipped) -> &'static str {
    shipped.name.split_once('/').map_or("lecture", |(system, _)| system)
}

fn row(shipped: &Shipped) -> String {
    let file = SourceFile { path: shipped.name.to_owned(), text: shipped.text.to_owned() };
    let loaded = source::load(vec![file]);
    let runbook = loaded.runbook.unwrap_or_else(|| panic!("{}: {:?}", shipped.name, loaded.diagnostics));
    let time = |ms: Option<u64>| ms.map_or_else(|| "–".to_owned(), human_ms);
    let path = loaded.critical_path.map(|path| path.ms);
    let mark = |yes: bool| if yes { "✓" } else { "–" };
    format!(
        "{} | [`{}`](runbooks/{}.yaml) | {} | {} | {} | {} | {} |",
        procedure(runbook.description.as_deref().unwrap_or_default()),
        shipped.short_name(),
        shipped.name,
        time(runbook.objectives.rto_ms),
        time(runbook.objectives.rpo_ms),
        time(path),
        mark(is_drilled(shipped)),
        mark(ON_EMULATORS.contains(&shipped.name)),
    )
}

/// The first sentence of what the runbook says of itself.
fn procedure(description: &str) -> String {
    let line = description.split_whitespace().collect::<Vec<_>>().join(" ");
    let first = line.split_once(". ").map_or(line.as_str(), |(first, _)| first);
    first.trim_end_matches('.').replace('|', "\\|")
}

/// `scenarios.rs` drills every scenario to its declared end; a runbook has a calm one and one that teaches.
fn is_drilled(shipped: &Shipped) -> bool {
    let scenarios = shipped::scenarios(shipped.name);
    scenarios.iter().any(|scenario| scenario.name == "calm") && scenarios.len() > 1
}

fn readme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

#[test]
fn every_procedure_stands_in_the_readme() {
    let text = std::fs::read_to_string(readme()).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the README has the table's beginning");
    let (written, after) = rest.split_once(END).expect("the README has the table's end");
    let table = table();
    if std::env::var_os("LIFEBOAT_WRITE_TABLE").is_some() {
        std::fs::write(readme(), format!("{before}{BEGIN}\n{table}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(written.trim(), table.trim(), "write it anew: LIFEBOAT_WRITE_TABLE=1 cargo test procedures");
    assert!(!table.contains("| – | – |\n"), "a runbook is neither drilled nor run");
}

/// The procedures of the five documents have their runbooks.
#[test]
fn no_procedure_of_the_documents_is_missing() {
    let wanted = [
        ("portfolio", "regional_failure dynamodb_recovery s3_recovery account_compromise weekly_backup_test"),
        (
            "lecture",
            "regional_failover failback aurora_point_in_time aurora_snapshot database_backup_test \
             application_failover_test readiness s3_version_recovery s3_bulk_restore",
        ),
        (
            "labelmint",
            "regional_failover failback postgres_restore_aws_backup postgres_point_in_time redis_restore backup_health",
        ),
        ("document_processor", "backup_and_restore pilot_light_failover"),
        (
            "babyshield",
            "database_corruption accidental_deletion complete_failure region_failure application_failure \
             weekly_restore_drill monthly_export",
        ),
    ];
    let runbooks = shipped::runbooks();
    for (system, names) in wanted {
        for name in names.split_whitespace() {
            let is_there = runbooks.iter().any(|one| system_of(one) == system && one.short_name() == name);
            assert!(is_there, "{system}/{name} is missing");
        }
    }
}
