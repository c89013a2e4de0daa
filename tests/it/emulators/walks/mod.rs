//! Shipped runbooks, walked by people at a terminal from the first key to the end screen against the
//! emulators. Each has a file with its world and with what must have become of it; where an emulator
//! lacks an operation something small stands in, and says so: `lacks.yaml` lists what, and why.

mod around;
mod lacking;
mod row;

use std::time::Duration;

use self::around::Around;
use super::people::People;
use super::runs::begin_in;
use crate::terminal::Terminal;

const WIDE: (u16, u16) = (120, 44);
/// Ample for the longest honest wait: for a device to show another code.
const PATIENCE: Duration = Duration::from_mins(2);

#[rstest::rstest]
#[case::babyshield_accidental_deletion("babyshield/accidental_deletion")]
#[case::babyshield_application_failure("babyshield/application_failure")]
#[case::babyshield_complete_failure("babyshield/complete_failure")]
#[case::babyshield_database_corruption("babyshield/database_corruption")]
#[case::babyshield_monthly_export("babyshield/monthly_export")]
#[case::babyshield_region_failure("babyshield/region_failure")]
#[case::document_processor_backup_and_restore("document_processor/backup_and_restore")]
#[case::document_processor_pilot_light_failover("document_processor/pilot_light_failover")]
#[case::labelmint_backup_health("labelmint/backup_health")]
#[case::labelmint_failback("labelmint/failback")]
#[case::labelmint_postgres_point_in_time("labelmint/postgres_point_in_time")]
#[case::labelmint_postgres_restore_aws_backup("labelmint/postgres_restore_aws_backup")]
#[case::labelmint_redis_restore("labelmint/redis_restore")]
#[case::labelmint_regional_failover("labelmint/regional_failover")]
#[case::lecture_application_failover_test("lecture/application_failover_test")]
#[case::lecture_aurora_point_in_time("lecture/aurora_point_in_time")]
#[case::lecture_aurora_snapshot("lecture/aurora_snapshot")]
#[case::lecture_failback("lecture/failback")]
#[case::lecture_readiness("lecture/readiness")]
#[case::lecture_s3_bulk_restore("lecture/s3_bulk_restore")]
#[case::lecture_s3_version_recovery("lecture/s3_version_recovery")]
#[case::portfolio_account_compromise("portfolio/account_compromise")]
#[case::portfolio_dynamodb_recovery("portfolio/dynamodb_recovery")]
#[case::portfolio_regional_failure("portfolio/regional_failure")]
#[case::portfolio_s3_recovery("portfolio/s3_recovery")]
#[case::portfolio_weekly_backup_test("portfolio/weekly_backup_test")]
fn a_runbook_is_walked_to_its_end(#[case] name: &str) {
    walk(name);
}

/// For whoever writes a new row: `LIFEBOAT_WALK=system/name`.
#[test]
#[ignore = "walks what it is told to"]
fn one() {
    walk(&std::env::var("LIFEBOAT_WALK").unwrap());
}

fn walk(name: &str) {
    let mut around = Around::new(name, row::row(name));
    let mut people = People::of(&around.row.account, !around.row.fails.is_empty());
    for person in &around.row.people {
        people.enroll(&around.home, person);
    }
    let inputs: Vec<String> =
        around.row.inputs.iter().map(|(name, value)| format!("{name}={}", around.notes.fill(value))).collect();
    let mut args = vec!["run", &around.runbook, "--operator", "alice"];
    for input in &inputs {
        args.extend(["-i", input]);
    }
    let mut terminal = Terminal::start_in(&around.home, WIDE, &args, &around.environment());
    terminal.patience = PATIENCE;
    begin_in(&around.row.account, &mut terminal);
    let passed = people.walk(&mut terminal, &mut |step| {
        note_the_run(&mut around);
        around.by_hand(step);
    });
    let end = terminal.text();
    terminal.send("q");
    let (code, screen) = terminal.wait_exit();
    note_the_run(&mut around);
    let why = || format!("{end}\n{screen}\n{}", around.told());
    assert_eq!(code, 0, "{}", why());
    let missed: Vec<_> = around.row.passes.iter().filter(|step| !passed.contains(step)).collect();
    assert!(missed.is_empty(), "nobody was asked at {missed:?}, but at {passed:?}");
    assert_eq!(failed_steps(&around), around.row.fails, "{}", why());
    let idle = around.idle();
    assert!(idle.is_empty(), "stood in for nothing: {idle:#?}\n{}", why());
    let differences = around.differences();
    assert!(differences.is_empty(), "{}\n{}", differences.join("\n"), around.told());
    for (database, sql) in &around.row.after_sql {
        around.postgres[database].change(&around.notes.fill(sql), &around.row.postgres[database].database);
    }
    assert_eq!(around.home.run(&["verify", "last"]).code, 0);
}

/// The run's own names go into what is looked at afterwards.
fn note_the_run(around: &mut Around) {
    let dir = around.home.last_run();
    let id = dir.file_name().unwrap().to_str().unwrap().to_owned();
    around.notes.note("tag", id[id.len() - 8..].to_lowercase());
    around.notes.note("run_lower", id.to_lowercase());
    around.notes.note("run", id);
}

fn failed_steps(around: &Around) -> Vec<String> {
    let status = around.home.run(&["status", "last", "--json"]).json();
    let steps = status["steps"].as_array().unwrap_or_else(|| panic!("{status}"));
    let failed = steps.iter().filter(|step| step["status"] == "failed");
    failed.map(|step| step["id"].as_str().unwrap().to_owned()).collect()
}
