//! Drills in a real terminal, with the keyboard alone: what runs a step, and what never does.

use std::sync::Arc;

use lifeboat::driver::handle::{Handle, View};
use lifeboat::engine::ports::MfaDevices as _;
use lifeboat::mfa::DrillAuthenticator;
use lifeboat::report::fold::replay;
use lifeboat::{journal, tui};
use rustix::process::Signal;

use crate::home::Home;
use crate::operator::{RETRY, SETTLED, close, dialog, listening, open, pass, waits};
use crate::terminal::{ENTER, ESC, TAB, Terminal};

const WIDE: (u16, u16) = (120, 36);
const PROMOTE: &str = "aws/rds.promote_read_replica_db_cluster";
const NAME: &str = "www-shop-dr";

/// Two changes: one for good, with its name to type; one that also wants a fresh code.
const TWO_STEPS: &str = "version: 1
name: two_steps
title: Promote, then scale
objectives: { rto: 2h, rpo: 1h }
targets: { dr: { region: us-east-1, account: '111122223333' } }
roles: { commander: [alice, bob] }
mfa: { method: totp }
defaults: { target: dr, timeout: 20m }
phases:
  - id: database
    budget: 1h
    steps:
      - id: promote
        uses: aws/rds.promote_read_replica_db_cluster
        with: { db_cluster_identifier: www-shop-dr }
        confirm: { type: www-shop-dr, message: Replication ends for good. }
        timeout: 30m
        verify:
          - uses: aws/rds.describe_db_clusters
            with: { db_cluster_identifier: www-shop-dr }
            expect: result.status == 'available' and not result.replication_source_identifier
            every: 10s
            for: 20m
      - id: scale
        needs: []
        uses: aws/ecs.update_service
        with: { cluster: c, service: s, desired_count: 3 }
        verify: [{ uses: aws/ecs.services_stable, every: 10s, for: 20m }]
";

fn two_steps(home: &Home, scenario: &str, speed: &str) -> Terminal {
    let runbook = home.write("two_steps.yaml", TWO_STEPS);
    let scenario = home.write("scenario.yaml", format!("name: here\nsummary: for a test\n{scenario}"));
    Terminal::start(home, WIDE, &["drill", &runbook, "--scenario", &scenario, "--seed", "7", "--speed", speed])
}

/// Events of a kind in the newest run's journal.
fn count(home: &Home, kind: &str) -> usize {
    home.journal().iter().filter(|record| record["ev"]["type"] == kind).count()
}

enum Seen {
    End,
    Doubt,
    Gate,
}

/// Passes every gate that opens until the end screen shows; gives the steps in order.
fn walk_to_the_end(terminal: &mut Terminal) -> Vec<String> {
    let mut passed = Vec::new();
    loop {
        let seen = terminal.wait_until("a step that waits, or the end", |screen| {
            let seen = [
                (screen.contains("WHERE THE TIME WENT"), Seen::End),
                (screen.contains(SETTLED), Seen::Doubt),
                (waits(screen), Seen::Gate),
            ];
            seen.into_iter().find_map(|(is_there, what)| is_there.then_some(what))
        });
        match seen {
            Seen::End => return passed,
            // A doubt that a probe has settled: read, and on.
            Seen::Doubt => {
                terminal.send(ESC);
                terminal.wait_until("the run", |screen| (!screen.contains(SETTLED)).then_some(()));
            }
            Seen::Gate => passed.push(pass(terminal)),
        }
    }
}

#[test]
fn a_whole_drill_with_the_keyboard_alone() {
    let home = Home::new();
    let args =
        ["drill", "regional_failover", "--scenario", "calm", "--seed", "7", "--speed", "max", "--people-speed", "10"];
    let mut terminal = Terminal::start(&home, WIDE, &args);
    let passed = walk_to_the_end(&mut terminal);
    assert!(passed.contains(&"promote".to_owned()) && passed.contains(&"declare".to_owned()), "{passed:?}");
    assert!(terminal.text().contains("RECOVERED"), "{}", terminal.text());
    terminal.send("q");
    let (code, screen) = terminal.wait_exit();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("SUCCEEDED"), "{screen}");
    assert_eq!(home.changes().iter().filter(|action| *action == PROMOTE).count(), 1);
    assert_eq!(home.run(&["status", "last", "--json"]).json()["status"], "succeeded");
}

/// From the end of a run: forms of it into files, and past runs and back.
#[test]
fn the_end_of_a_run_is_exported_from_the_keyboard() {
    let home = Home::new();
    let mut terminal = two_steps(&home, "", "max");
    walk_to_the_end(&mut terminal);
    terminal.send("h");
    terminal.wait_for("timeline.html");
    terminal.send("e");
    terminal.wait_for("EXPORT");
    for _ in 0..lifeboat::tui::record::Paper::all().len() - 1 {
        terminal.send("\u{1b}[B");
    }
    terminal.wait_for("bundle.tar");
    for key in [TAB, TAB, "W"] {
        terminal.send(key);
    }
    terminal.wait_for("written to");
    let dir = home.runs().remove(0).join("exports");
    let page = std::fs::read_to_string(dir.join("timeline.html")).unwrap();
    assert!(page.contains("two_steps") && page.contains("DRILL"));
    terminal.wait_beside("the bundle", || dir.join("bundle.tar").is_file());
    terminal.send("p");
    terminal.wait_for("PAST RUNS");
    terminal.send(ENTER);
    terminal.wait_for("WHERE THE TIME WENT");
    terminal.send(ESC);
    terminal.wait_for("PAST RUNS");
    terminal.send("q");
    terminal.wait_for("RECOVERED");
    terminal.send("q");
    assert_eq!(terminal.wait_exit().0, 0);
    let bundle = dir.join("bundle.tar").display().to_string();
    assert_eq!(home.run(&["verify", &bundle]).code, 0);
}

#[test]
fn the_start_screen_begins_a_drill() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, WIDE, &["drill"]);
    terminal.wait_for("regional_failover");
    terminal.send(ENTER);
    terminal.wait_for("Scenario");
    assert!(home.runs().is_empty(), "a run began before anybody started it");
    terminal.send(ENTER);
    terminal.wait_until("the run screen", |screen| waits(screen).then_some(()));
    assert_eq!(home.runs().len(), 1);
    terminal.kill();
}

/// Everything that must not run a step, at one gate, one after another; then what does.
#[test]
fn only_the_right_name_and_a_fresh_code_run_a_step() {
    let home = Home::new();
    let mut terminal = two_steps(&home, "", "max");
    terminal.wait_until("the gate", |screen| waits(screen).then_some(()));

    // Type-ahead: all of it is on its way before the dialog is there.
    terminal.send(&format!("{ENTER}{TAB}{NAME}{TAB}123456{TAB}R"));
    let gate = listening(&mut terminal);
    assert_eq!(gate.step, "promote");
    assert!(gate.button.contains("locked: 1 name, 2 code"), "type-ahead was taken: {gate:?}");
    close(&mut terminal);

    // Enter, held down for what would be seconds of key repeat.
    terminal.send(&ENTER.repeat(200));
    let gate = listening(&mut terminal);
    assert!(gate.button.contains("locked: 1 name, 2 code"), "{gate:?}");
    close(&mut terminal);

    // Each wrong name, with a right code: the button stays locked whatever is pressed.
    let upper = NAME.to_uppercase();
    for wrong in ["", "www-shop", "www-shop-drx", "shop-dr", &upper, "www-shop-dr ", " www-shop-dr"] {
        let gate = open(&mut terminal);
        attempt(&mut terminal, wrong, &gate.code.unwrap().1);
        let gate = refused(&mut terminal, "locked: 1 name");
        assert_eq!(gate.step, "promote", "{wrong:?}");
        close(&mut terminal);
    }

    // The right name, but pasted.
    let gate = open(&mut terminal);
    terminal.send(TAB);
    terminal.paste(NAME);
    terminal.send(&format!("{TAB}{}{TAB}R", gate.code.unwrap().1));
    refused(&mut terminal, "locked: 1 name");
    close(&mut terminal);

    // Everything right, and Enter where R was asked for.
    let gate = open(&mut terminal);
    terminal.send(&format!("{TAB}{NAME}{TAB}{}{TAB}", gate.code.unwrap().1));
    terminal.wait_until("an open lock", |screen| dialog(screen).filter(|gate| gate.button.contains("press R")));
    terminal.send(ENTER);
    terminal.wait_for("Enter does not do it");
    close(&mut terminal);

    // The right name with codes that do not count: a wrong one, and one that was right ten minutes ago.
    let now_ms = lifeboat::sim::start_ms(&lifeboat::model::scenario::Scenario::default());
    let device = DrillAuthenticator::new(7, Vec::new());
    let expired = device.practice_code("alice", now_ms - 600_000).unwrap().0;
    let fresh = open(&mut terminal).code.unwrap().1;
    close(&mut terminal);
    let wrong = if fresh == "000000" { "000001" } else { "000000" };
    for bad in [wrong, &expired] {
        open(&mut terminal);
        attempt(&mut terminal, NAME, bad);
        terminal.wait_until("a refusal", |screen| {
            dialog(screen).filter(|gate| gate.shows("code") && gate.shows("wrong") || gate.shows("expired"))
        });
        close(&mut terminal);
    }
    assert_eq!(home.changes(), Vec::<String>::new(), "something ran");
    assert_eq!((count(&home, "StepConfirmed"), count(&home, "ActionRequested")), (0, 0));

    // The control: what must run it, does.
    assert_eq!(pass(&mut terminal), "promote");
    terminal.wait_until("the next gate", |screen| (waits(screen) && screen.contains("✓ promote")).then_some(()));
    assert_eq!(home.changes(), [PROMOTE]);
    terminal.kill();
}

/// Moves to an entry of the menu, which drops what is typed in its first moments.
fn choose(terminal: &mut Terminal, entry: &str) {
    let wanted = format!("▶ {entry}");
    loop {
        let before = terminal.text();
        if before.contains(&wanted) {
            return;
        }
        let is_first = |screen: &str| screen.contains("▶ Retry");
        terminal.send(if is_first(&before) { "j" } else { "k" });
        // A second key only for one that was dropped: two on their way would go past the entry.
        let moved = |screen: &str| (screen.contains(&wanted) || is_first(screen) != is_first(&before)).then_some(());
        terminal.within(RETRY, moved);
    }
}

/// Fills the gate's two fields and presses the run key; the dialog is open and untouched.
fn attempt(terminal: &mut Terminal, name: &str, code: &str) {
    terminal.send(TAB);
    terminal.send(name);
    terminal.send(&format!("{TAB}{code}{TAB}"));
    terminal.send("R");
}

/// Waits until the dialog says that it stays locked.
fn refused(terminal: &mut Terminal, why: &str) -> crate::operator::Dialog {
    terminal.wait_until(why, |screen| {
        dialog(screen).filter(|gate| gate.lines.iter().filter(|line| line.contains(why)).count() > 1)
    })
}

/// A code counts once: the one that has just opened a gate opens no other, whether or not the device
/// still shows it.
#[test]
fn a_replayed_code_runs_nothing() {
    let home = Home::new();
    let mut terminal = two_steps(&home, "", "1");
    let code = open(&mut terminal).code.unwrap().1;
    attempt(&mut terminal, NAME, &code);
    terminal.wait_until("promote to be sent", |screen| dialog(screen).is_none().then_some(()));
    let second = open(&mut terminal);
    assert_eq!(second.step, "scale");
    terminal.send(&format!("{TAB}{code}{TAB}"));
    terminal.send("R");
    terminal.wait_until("a refusal", |screen| dialog(screen).filter(|gate| gate.shows("already used")));
    close(&mut terminal);
    assert_eq!(home.changes(), [PROMOTE]);
    terminal.kill();
}

#[test]
fn a_killed_drill_goes_on_where_it_was() {
    let home = Home::new();
    let mut terminal = two_steps(&home, "", "1");
    assert_eq!(pass(&mut terminal), "promote");
    terminal.wait_beside("the call", || home.changes().len() == 1);
    terminal.kill();
    let before = home.journal();
    let mut terminal = Terminal::start(&home, WIDE, &["resume", "last", "--speed", "max", "--people-speed", "10"]);
    assert_eq!(walk_to_the_end(&mut terminal), ["scale"], "promote was asked for again");
    terminal.send("q");
    let (code, screen) = terminal.wait_exit();
    assert_eq!(code, 0, "{screen}");
    assert_eq!(home.changes().iter().filter(|action| *action == PROMOTE).count(), 1, "sent twice");
    let after = home.journal();
    assert_eq!(after[..before.len()], before[..], "what was acknowledged is gone");
    assert_eq!(count(&home, "RunResumed"), 1);
    assert_eq!(home.run(&["verify", "last"]).code, 0);
}

/// Between send and outcome the process dies. Whoever takes the run up sees what was asked and what is
/// known of it before anything else; here a probe finds the promotion done, and it was sent once.
#[test]
fn a_kill_between_send_and_outcome_opens_the_in_doubt_screen() {
    let home = Home::new();
    // Without a verification of its own the step waits until the probe says done.
    let (head, verified) = TWO_STEPS.split_once("        verify:\n").unwrap();
    let scale = verified.split_once("      - id: scale").unwrap().1;
    let runbook = home.write("two_steps.yaml", format!("{head}      - id: scale{scale}"));
    // So slowly that the answer does not come before the kill.
    let mut terminal = Terminal::start(&home, WIDE, &["drill", &runbook, "--seed", "7", "--speed", "0.02"]);
    assert_eq!(pass(&mut terminal), "promote");
    terminal.wait_beside("the call", || home.changes().len() == 1);
    terminal.kill();
    assert_eq!((count(&home, "ActionRequested"), count(&home, "ActionSucceeded")), (1, 0), "the answer was there");

    let mut terminal = Terminal::start(&home, WIDE, &["resume", "last", "--speed", "max", "--people-speed", "10"]);
    let screen = terminal.wait_for(SETTLED);
    for words in [
        "IN DOUBT",
        "promote  was in doubt, and is settled",
        "attempt 1, class C",
        "rds:PromoteReadReplicaDBCluster  in us-east-1",
        NAME,
        "by alice",
        "token ",
        "ProcessEnded: the process ended between sending and the answer",
        "Probe    done  db_cluster_identifier www-shop-dr",
        "rds:DescribeDBClusters",
        "the probe found it done",
    ] {
        assert!(screen.contains(words), "{words:?} is not on the in-doubt screen:\n{screen}");
    }
    let token = home.journal().iter().find_map(|record| record["ev"]["token"].as_str().map(str::to_owned)).unwrap();
    assert!(screen.contains(&token), "{screen}");
    assert_eq!(walk_to_the_end(&mut terminal), ["scale"], "promote was asked for again");
    terminal.send("q");
    assert_eq!(terminal.wait_exit().0, 0);
    assert_eq!(home.changes().iter().filter(|action| *action == PROMOTE).count(), 1, "sent twice");
    assert_eq!((count(&home, "ActionUnknown"), count(&home, "UnknownResolved")), (1, 0));
}

/// The control: an outcome that was durable leaves nothing in doubt.
#[test]
fn a_kill_after_the_outcome_opens_no_in_doubt_screen() {
    let home = Home::new();
    let mut terminal = two_steps(&home, "", "max");
    assert_eq!(pass(&mut terminal), "promote");
    terminal.wait_until("the next gate", |screen| (waits(screen) && screen.contains("✓ promote")).then_some(()));
    terminal.kill();
    let mut terminal = Terminal::start(&home, WIDE, &["resume", "last", "--speed", "max", "--people-speed", "10"]);
    let screen = terminal.wait_until("the gate", |screen| waits(screen).then(|| screen.to_owned()));
    assert!(!screen.contains("IN DOUBT"), "{screen}");
    assert_eq!(count(&home, "ActionUnknown"), 0);
    terminal.kill();
}

#[test]
fn a_lost_answer_is_looked_into_and_the_run_goes_on() {
    let home = Home::new();
    let fault = "faults: [{ kind: lost_answer, action: aws/rds.promote_read_replica_db_cluster, times: 1 }]\n";
    let mut terminal = two_steps(&home, fault, "max");
    walk_to_the_end(&mut terminal);
    let end = terminal.text();
    assert!(end.contains("RECOVERED") && end.contains("unknown"), "{end}");
    terminal.send("q");
    assert_eq!(terminal.wait_exit().0, 0);
    assert_eq!((count(&home, "ActionUnknown"), home.changes().iter().filter(|a| *a == PROMOTE).count()), (1, 1));
}

#[test]
fn lag_above_the_rpo_is_overridden_with_a_reason_only() {
    let home = Home::new();
    let args = [
        "drill",
        "regional_failover",
        "--scenario",
        "lag_above_rpo",
        "--seed",
        "7",
        "--speed",
        "max",
        "--people-speed",
        "10",
    ];
    let mut terminal = Terminal::start(&home, WIDE, &args);
    loop {
        let failed = terminal.wait_until("a gate, or the failed check", |screen| {
            let failed = screen.contains("! check failed");
            (failed || waits(screen)).then_some(failed)
        });
        // Behind the fence only the check is of interest: other gates open beside it.
        if failed || pass(&mut terminal) == "fence" {
            break;
        }
    }
    terminal.wait_for("! check failed");
    assert!(home.changes().iter().all(|action| action != PROMOTE));
    terminal.send(ENTER);
    terminal.wait_for("DECIDE promote");
    choose(&mut terminal, "Override");
    terminal.send(ENTER);
    terminal.wait_until("the dialog", |screen| {
        (screen.contains("[ O  Override") && !screen.contains("a moment")).then_some(())
    });
    terminal.send("O");
    terminal.wait_until("a lock", |screen| (screen.matches("reason").count() > 1).then_some(()));
    terminal.send(&format!("{TAB}{TAB}the source is gone, no newer data will ever come{TAB}{TAB}"));
    terminal.wait_for("press O");
    terminal.send("O");
    terminal.wait_until("the gate of promote", |screen| (waits(screen) && !screen.contains("OVERRIDE")).then_some(()));
    walk_to_the_end(&mut terminal);
    terminal.send("q");
    // The data lost is above the RPO, whoever decided it.
    assert_eq!(terminal.wait_exit().0, 3);
    assert_eq!((count(&home, "CheckOverridden"), home.changes().iter().filter(|a| *a == PROMOTE).count()), (1, 1));
    let story = home.run(&["timeline", "last"]).stdout;
    assert!(story.contains("the source is gone"), "{story}");
}

#[test]
fn leaving_keeps_the_run_and_aborting_ends_it() {
    let home = Home::new();
    let mut terminal = two_steps(&home, "", "max");
    terminal.wait_until("the gate", |screen| waits(screen).then_some(()));
    terminal.send("q");
    terminal.wait_for("press L");
    terminal.send("L");
    let (code, screen) = terminal.wait_exit();
    assert_eq!(code, 5, "{screen}");
    assert!(screen.contains("lifeboat resume "), "{screen}");

    let mut terminal = Terminal::start(&home, WIDE, &["resume", "last"]);
    terminal.wait_until("the gate", |screen| waits(screen).then_some(()));
    terminal.send("q");
    terminal.wait_for("press L");
    terminal.send(&format!("{TAB}abort{TAB}{TAB}"));
    terminal.wait_for("press A");
    terminal.send("A");
    terminal.wait_for("ABORTED");
    terminal.send("q");
    assert_eq!(terminal.wait_exit().0, 6);
    assert_eq!(home.run(&["resume", "last", "--no-tui", "--yes"]).code, 2);
    assert_eq!(home.changes(), Vec::<String>::new());
}

/// A dropped connection, or a signal: the lock is free, the run can go on, no further step began.
#[test]
fn a_lost_terminal_and_a_signal_stop_safely() {
    for (signal, expected) in
        [(None, 129), (Some(Signal::TERM), 143), (Some(Signal::HUP), 129), (Some(Signal::INT), 130)]
    {
        let home = Home::new();
        let mut terminal = two_steps(&home, "", "1");
        assert_eq!(pass(&mut terminal), "promote");
        terminal.wait_beside("the call", || home.changes().len() == 1);
        let code = match signal {
            None => terminal.hang_up(),
            Some(signal) => {
                terminal.signal(signal);
                let (code, screen) = terminal.wait_exit();
                assert!(screen.contains("lifeboat resume "), "{screen}");
                code
            }
        };
        assert_eq!(code, expected, "{signal:?}");
        assert_eq!(count(&home, "RunLeft"), 1, "{signal:?}");
        assert_eq!((count(&home, "ActionRequested"), count(&home, "ActionSucceeded")), (1, 1), "{signal:?}");
        let said = home.run(&["resume", "last", "--no-tui", "--yes", "--speed", "max"]);
        assert_eq!(said.code, 0, "{signal:?}: {said:?}");
        assert_eq!(home.changes().iter().filter(|action| *action == PROMOTE).count(), 1);
    }
}

/// Line by line: the same gates, answered with numbers and text.
#[test]
fn plain_needs_no_screen() {
    let home = Home::new();
    let runbook = home.write("two_steps.yaml", TWO_STEPS);
    let mut terminal = Terminal::start(&home, WIDE, &["drill", &runbook, "--plain", "--seed", "7", "--speed", "max"]);
    let shown = terminal.wait_for("promote");
    assert!(shown.contains("DRILL"), "{shown}");
    terminal.kill();
    assert_eq!(home.changes(), Vec::<String>::new());
}

/// Set in the process whose screen panics: this very test, started once more in a terminal.
const PANICS: &str = "LIFEBOAT_TEST_PANICKING_SCREEN";

/// No key is known that makes the screen panic, so it is shown a run that cannot be: more time was used than there
/// is, on which a build with checks stops.
#[expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a process that ends otherwise has not panicked in its screen"
)]
fn panicking_screen(run_dir: &str) {
    let run_dir = std::path::Path::new(run_dir);
    let records: Vec<_> =
        journal::read(run_dir).unwrap().records.into_iter().map(journal::Record::into_stamped).collect();
    let engine = replay(&records, run_dir.file_name().unwrap().to_str().unwrap()).unwrap().engine;
    let mut snapshot = engine.snapshot(engine.last_at_ms());
    snapshot.rto.as_mut().unwrap().actual_ms = Some(i64::MIN.cast_unsigned());
    let view = View { snapshot, rows: Arc::default(), practice: Vec::new(), is_open: false, watched: None, over: None };
    let (_driver, view) = tokio::sync::watch::channel(Arc::new(view));
    let (requests, _asked) = tokio::sync::mpsc::channel(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let left = runtime.block_on(tui::run(Handle { view, requests }, tui::Options::default(), None));
    println!("the screen did not panic: {left:?}");
    std::process::exit(0);
}

#[test]
fn a_screen_that_panics_gives_the_terminal_back_and_says_how_to_go_on() {
    if let Ok(run_dir) = std::env::var(PANICS) {
        return panicking_screen(&run_dir);
    }
    let home = Home::new();
    assert_eq!(home.run(&["drill", "regional_failover", "--speed", "max", "--no-tui", "--yes"]).code, 0);
    let run_dir = home.last_run();
    let this = std::env::current_exe().unwrap().display().to_string();
    let name = "pty::a_screen_that_panics_gives_the_terminal_back_and_says_how_to_go_on";
    let args = ["--exact", name, "--nocapture", "--test-threads=1"];
    let panics = [(PANICS, run_dir.display().to_string())];
    let terminal = Terminal::start_program(&this, &home, WIDE, &args, &panics);
    let run = run_dir.file_name().unwrap().to_str().unwrap().to_owned();
    let (code, raw, cooked) = terminal.wait_end();
    let at = |words: &str| raw.find(words).unwrap_or_else(|| panic!("`{words}` is missing in {raw:?}"));
    let (taken, given_back) = (at("\u{1b}[?1049h"), at("\u{1b}[?1049l"));
    assert!(taken < given_back, "{raw:?}");
    assert!(given_back < at("panicked at"), "told where a person can read it: {raw:?}");
    assert!(at("panicked at") < at(&format!("the run can go on: lifeboat resume {run}")), "{raw:?}");
    assert!(cooked, "the terminal echoes again: {raw:?}");
    assert_eq!(code, 101);
}
