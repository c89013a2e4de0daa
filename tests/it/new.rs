//! `lifeboat new`: a runbook of one's own within minutes, by keys and by script, drilled at once.

use crate::home::Home;
use crate::terminal::Terminal;

#[test]
fn what_is_made_by_script_drills_with_the_scenarios_of_its_template() {
    let home = Home::new();
    let file = home.path().join("ours/orders.yaml").display().to_string();
    let made = home.run(&[
        "new",
        "dynamodb_recovery",
        "--defaults",
        "-o",
        &file,
        "--set",
        "name=orders",
        "--set",
        "targets.home.account=999900001111",
        "--json",
    ]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert_eq!(made.json()["path"], file);
    let text = std::fs::read_to_string(&file).expect("the runbook was written");
    assert!(text.contains("arn:aws:iam::999900001111:mfa/") && !text.contains("222233334444"), "{text}");
    assert_eq!(home.run(&["check", &file]).code, 0);
    let drill = |scenario: &str| {
        home.run(&["drill", &file, "--scenario", scenario, "--no-tui", "--yes", "--seed", "1", "--speed", "max"]).code
    };
    assert_eq!((drill("calm"), drill("recovery_off")), (0, 5));
    // The second time nothing is touched.
    let again = home.run(&["new", "s3_recovery", "--defaults", "-o", &file]);
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("is there already"), "{}", again.stderr);
    assert_eq!(std::fs::read_to_string(&file).expect("it stays"), text);
}

#[test]
fn a_script_is_not_left_waiting_and_a_wrong_key_is_told() {
    let home = Home::new();
    let alone = home.run(&["new", "s3_recovery"]);
    assert_eq!(alone.code, 2);
    assert!(alone.stderr.contains("--defaults"), "{}", alone.stderr);
    let wrong = home.run(&["new", "s3_recovery", "--defaults", "--set", "inputs.bukket=x"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("inputs.bukket") && wrong.stderr.contains("--list"), "{}", wrong.stderr);
    let listed = home.run(&["new", "s3_recovery", "--list", "--json"]);
    assert_eq!(listed.json()["names"][0]["key"], "name");
}

#[test]
fn names_are_asked_for_one_by_one() {
    let home = Home::new();
    let file = home.path().join("mine.yaml").display().to_string();
    let mut terminal = Terminal::start(&home, (80, 24), &["new", "s3_recovery", "-o", &file]);
    terminal.wait_for("name [s3_recovery]:");
    terminal.send("mine\r");
    terminal.wait_for("targets.home.account [222233334444]:");
    terminal.send("12\r");
    terminal.wait_for("an AWS account has 12 digits");
    terminal.send("123456789012\r");
    terminal.wait_for("targets.home.region [us-east-1]:");
    terminal.send("mars\r");
    terminal.wait_for("`mars` is no AWS region");
    terminal.send(".\r");
    let (code, screen) = terminal.wait_exit();
    assert_eq!(code, 0, "{screen}");
    let text = std::fs::read_to_string(&file).expect("the runbook was written");
    assert!(text.contains("\nname: mine\n") && text.contains("'123456789012'"), "{text}");
}

#[test]
fn leaving_in_the_middle_writes_nothing() {
    let home = Home::new();
    let file = home.path().join("mine.yaml");
    let mut terminal = Terminal::start(&home, (80, 24), &["new", "s3_recovery", "-o", &file.display().to_string()]);
    terminal.wait_for("name [s3_recovery]:");
    terminal.send("\u{4}");
    assert_eq!(terminal.wait_exit().0, 6);
    assert!(!file.exists());
}
