//! A terminal at its worst: keys that nobody meant, windows that change size all the time, a
//! connection that drops in the middle of a call.

use std::time::Duration;

use rustix::process::Signal;

use super::{Tally, dice};
use crate::home::Home;
use crate::operator::{dialog, pass, waits};
use crate::terminal::{ENTER, ESC, TAB, Terminal};

const WIDE: (u16, u16) = (120, 36);
const NAME: &str = "www-shop-dr";
const ONE: &str = "version: 1
name: one
title: One change for good
targets: { dr: { region: us-east-1, account: '111122223333' } }
mfa: { method: totp }
defaults: { target: dr, timeout: 20m }
phases:
  - id: all
    steps:
      - id: promote
        uses: aws/rds.promote_read_replica_db_cluster
        with: { db_cluster_identifier: www-shop-dr }
        confirm: { type: www-shop-dr }
";

fn terminal(home: &Home, speed: &str) -> Terminal {
    let runbook = home.write("one.yaml", ONE);
    let mut terminal = Terminal::start(home, WIDE, &["drill", &runbook, "--seed", "7", "--speed", speed]);
    terminal.wait_until("the gate", |screen| waits(screen).then_some(()));
    terminal
}

/// The clock in the first row.
fn clock(screen: &str) -> Option<String> {
    screen.lines().next()?.split_whitespace().last().filter(|word| word.ends_with('Z')).map(str::to_owned)
}

/// What the page of all keys says.
const HELP: &str = "show every key";
/// Longer than a tick of the clock takes, and than a page.
const A_WHILE: Duration = Duration::from_secs(5);

/// A tick of the clock on the screen: a key that follows Esc at once is another key (Alt and that key).
fn tick(terminal: &mut Terminal) {
    loop {
        let before = clock(&terminal.text());
        let ticked = terminal.within(A_WHILE, |screen| clock(screen).filter(|now| before.as_ref() != Some(now)));
        if ticked.is_some() {
            return;
        }
        // A shell goes on with a job once it has seen it stop; a storm does not look.
        terminal.signal(Signal::CONT);
    }
}

/// Leaves whatever is open, and returns with the page of all keys on the screen: then everything that was typed
/// before has been read, however long that took.
fn escape(terminal: &mut Terminal) {
    for _ in 0..30 {
        tick(terminal);
        terminal.send(ESC);
        tick(terminal);
        if dialog(&terminal.text()).is_some() {
            continue;
        }
        terminal.send("?");
        if terminal.within(A_WHILE, |screen| screen.contains(HELP).then_some(())).is_some() {
            return;
        }
    }
    panic!("what is open does not close; the screen:\n{}", terminal.text());
}

fn count(home: &Home, kind: &str) -> usize {
    home.journal().iter().filter(|record| record["ev"]["type"] == kind).count()
}

/// What hands, pastes and stuck keys do, without the one code that is right just now.
fn burst(seed: u64) -> String {
    let name_pasted = format!("{ESC}[200~{NAME}{ESC}[201~");
    let all_pasted = format!("{ESC}[200~{TAB}{NAME}{TAB}123456{TAB}R{ESC}[201~");
    let held = [ENTER.repeat(40), "R".repeat(40), "y".repeat(40), TAB.repeat(30)];
    let mut keys = String::new();
    for nth in 0..=dice(&[seed, 71]) % 12 {
        let pick = dice(&[seed, nth, 72]);
        match pick % 16 {
            0..=2 => keys.push_str(ENTER),
            3..=4 => keys.push_str(TAB),
            5..=6 => keys.push('R'),
            7 => keys.push_str(NAME),
            8 => keys.push_str(&name_pasted),
            9 => keys.push_str(&all_pasted),
            10 => keys.push_str("000000"),
            11 => keys.push_str(&held[usize::try_from(pick >> 8).unwrap() % held.len()]),
            12 => keys.push_str("\u{7f}\u{7f}"),
            13 => keys.push(['y', 'Y', ' ', 'j', 'k', 'r'][usize::try_from(pick >> 8).unwrap() % 6]),
            14 => keys.push_str(&format!("{ENTER}{TAB}{NAME}{TAB}123456{TAB}R")),
            _ => keys.push_str(ESC),
        }
    }
    keys
}

#[test]
fn suite_keys() {
    let mut tally = Tally::of("keys typed ahead, held, pasted before and into the dialog", "bursts");
    let home = Home::new();
    for batch in 0..12 {
        let mut terminal = terminal(&home, "1");
        for seed in batch * 25..(batch + 1) * 25 {
            tally.cases += 1;
            terminal.send(&burst(seed));
        }
        escape(&mut terminal);
        terminal.kill();
        if count(&home, "StepConfirmed") + home.changes().len() > 0 {
            tally.violations.push(format!("batch {batch} ran the step"));
            break;
        }
    }
    let mut terminal = terminal(&home, "1");
    // The control: what has to run it, does, and is seen by the same count.
    let is_run = tally.violations.is_empty() && pass(&mut terminal) == "promote";
    terminal.wait_beside("the call", || count(&home, "StepConfirmed") == 1);
    tally.control("a person", is_run);
    terminal.kill();
    tally.close();
}

#[test]
fn suite_terminal() {
    let mut tally = Tally::of("resize storms, stops and continues", "storms");
    let home = Home::new();
    let mut screen = terminal(&home, "max");
    for nth in 0..300 {
        tally.cases += 1;
        let pick = dice(&[nth, 81]);
        screen.resize((u16::try_from(1 + pick % 180).unwrap(), u16::try_from(1 + (pick >> 16) % 60).unwrap()));
        match pick >> 32 & 15 {
            0 => screen.signal(Signal::CONT),
            1 => screen.signal(Signal::WINCH),
            2 => {
                // Refused, or stopped and continued: either way the run is there afterwards.
                screen.signal(Signal::TSTP);
                screen.signal(Signal::CONT);
            }
            3 => screen.send(ENTER),
            4 => screen.send(ESC),
            _ => {}
        }
    }
    screen.resize(WIDE);
    escape(&mut screen);
    screen.send(ESC);
    screen.wait_until("the gate, whole again", |shown| (waits(shown) && shown.contains("TIMELINE")).then_some(()));
    if count(&home, "StepConfirmed") + home.changes().len() > 0 {
        tally.violations.push("a storm ran the step".to_owned());
    }
    if pass(&mut screen) != "promote" {
        tally.violations.push("the gate does not open any more".to_owned());
    }
    screen.wait_until("the end", |shown| shown.contains("WHERE THE TIME WENT").then_some(()));
    screen.send("q");
    let (code, _) = screen.wait_exit();
    if code != 0 {
        tally.violations.push(format!("exit {code}"));
    }
    // The control: somebody who does pass the gate is seen by the same count.
    tally.control("a gate that is passed", count(&home, "StepConfirmed") + home.changes().len() > 0);
    tally.close();
}
