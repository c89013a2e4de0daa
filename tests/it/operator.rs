//! A person at the keyboard of a drill: reads the screen, opens what waits, answers what is asked.
//! Knows nothing but what the screen shows.

use std::time::Duration;

use crate::terminal::{ENTER, ESC, TAB, Terminal};

/// A gate dialog as the screen shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dialog {
    pub step: String,
    /// Place of the field (Tabs from the opening of the dialog) and the name to type.
    pub name: Option<(usize, String)>,
    /// Place and practice code of the operator's own device.
    pub code: Option<(usize, String)>,
    /// Place and practice code of the approver.
    pub approver_code: Option<(usize, String)>,
    /// Place of the operator's code, whoever knows it.
    pub code_at: Option<usize>,
    /// Place of the approver's code.
    pub approver_at: Option<usize>,
    /// Who would approve.
    pub approver: String,
    /// Granted and wanted.
    pub approvals: (u32, u32),
    /// The row of the run button.
    pub button: String,
    /// The lines inside the frame.
    pub lines: Vec<String>,
}

/// The gate dialog on a screen, if one is open.
pub fn dialog(screen: &str) -> Option<Dialog> {
    let rows: Vec<Vec<char>> = screen.lines().map(|line| line.chars().collect()).collect();
    let title: Vec<char> = "┌─ CONFIRM ".chars().collect();
    let (top, left) = rows.iter().enumerate().find_map(|(row, line)| {
        line.windows(title.len()).position(|window| window == title).map(|column| (row, column))
    })?;
    let right = rows[top].iter().rposition(|c| *c == '┐')?;
    let step: String = rows[top][left + title.len()..].iter().take_while(|c| **c != ' ').collect();
    let mut found = Dialog { step, ..Dialog::default() };
    for row in &rows[top + 1..] {
        if row.get(left) == Some(&'└') {
            return Some(found);
        }
        let inside: String = row.get(left + 1..right)?.iter().collect();
        found.read(inside.trim());
    }
    None
}

impl Dialog {
    fn read(&mut self, line: &str) {
        let place = line.chars().next().and_then(|first| first.to_digit(10)).map(|place| place as usize);
        let rest = line.trim_start_matches(|c: char| c.is_ascii_digit()).trim();
        if let (Some(place), Some(name)) = (place, rest.strip_prefix("Type the name ")) {
            self.name = Some((place, name.trim().to_owned()));
        } else if let (Some(place), true) = (place, rest.starts_with("MFA code of ")) {
            self.code_at = Some(place);
            self.code = practice(rest).map(|code| (place, code));
        } else if let (Some(place), true) = (place, rest.starts_with("Code of ")) {
            self.approver_at = Some(place);
            self.approver_code = practice(rest).map(|code| (place, code));
        } else if rest.starts_with("Approve as ") || rest.starts_with("Approval ") {
            self.approvals = of(rest).unwrap_or_default();
            if let Some(name) = rest.strip_prefix("Approve as ").and_then(|rest| rest.split_whitespace().next()) {
                name.clone_into(&mut self.approver);
            }
        } else if rest.contains("[ R  Run ") {
            rest.clone_into(&mut self.button);
        }
        self.lines.push(line.to_owned());
    }

    pub fn shows(&self, text: &str) -> bool {
        self.lines.iter().any(|line| line.contains(text))
    }
}

/// `… 1 of 2 …` → 1 and 2.
fn of(line: &str) -> Option<(u32, u32)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    words
        .windows(3)
        .find(|three| three[1] == "of")
        .and_then(|three| Some((three[0].parse().ok()?, three[2].parse().ok()?)))
}

/// `… practice code 123 456, 17s` → `123456`.
fn practice(line: &str) -> Option<String> {
    let digits: String = line.split_once("practice code ")?.1.chars().filter(char::is_ascii_digit).take(6).collect();
    (digits.len() == 6).then_some(digits)
}

/// Whether the step under the cursor waits for a person at its gate: its pane, right of the rule,
/// says so in its first line.
pub fn waits(screen: &str) -> bool {
    let pane = |line: &str| line.chars().skip_while(|c| *c != '│').any(|c| c == '◆');
    screen.lines().any(pane) && dialog(screen).is_none()
}

/// The in-doubt screen once nothing is to be decided there any more.
pub const SETTLED: &str = "Enter goes on to the run";

/// After so long a key that opened nothing went to another screen than the one that was read.
pub const RETRY: Duration = Duration::from_secs(5);

/// How often a gate may close in the moment in which it is opened.
const TRIES: usize = 12;

/// What the screen says of a key that had nothing to open; it stands there for some seconds.
const NOTHING: [&str; 2] = ["nothing to decide", "nothing to ask any more"];

/// What the end screen says.
pub const OVER: &str = "WHERE THE TIME WENT";

/// Opens the gate that waits, and waits until it listens.
pub fn open(terminal: &mut Terminal) -> Dialog {
    open_or_end(terminal).unwrap_or_else(|| panic!("the run is over; the screen:\n{}", terminal.text()))
}

/// The same, unless what seemed to wait went ahead by itself, and the run to its end.
pub fn open_or_end(terminal: &mut Terminal) -> Option<Dialog> {
    for _ in 0..TRIES {
        let is_over = |screen: &str| screen.contains(OVER);
        if terminal
            .wait_until("a step that waits", |screen| (is_over(screen) || waits(screen)).then(|| is_over(screen)))
        {
            return None;
        }
        terminal.send(ENTER);
        // A frame from before the last answer may show a gate that has closed by then, or a read that
        // goes ahead by itself. An in-doubt screen opens by itself and does not take the key.
        let elsewhere = |screen: &str| screen.contains(SETTLED) || NOTHING.iter().any(|words| screen.contains(words));
        let opened = terminal.within(RETRY, |screen| match dialog(screen) {
            Some(dialog) if !dialog.shows("a moment") => Some(Some(dialog)),
            None if elsewhere(screen) => Some(None),
            Some(_) | None => None,
        });
        match opened {
            Some(Some(dialog)) => return Some(dialog),
            Some(None) => terminal.send(ESC),
            // Escape with Enter right behind it would be another key: it is sent only where it shows.
            None if dialog(&terminal.text()).is_some() => terminal.send(ESC),
            None => {}
        }
        // What was said before must be gone: else it answers the next key.
        terminal.wait_until("the run", |screen| (dialog(screen).is_none() && !elsewhere(screen)).then_some(()));
    }
    panic!("no gate opens; the screen:\n{}", terminal.text());
}

/// The open dialog, once it listens.
pub fn listening(terminal: &mut Terminal) -> Dialog {
    terminal.wait_until("an open gate", |screen| dialog(screen).filter(|dialog| !dialog.shows("a moment")))
}

pub fn close(terminal: &mut Terminal) {
    terminal.send(ESC);
    terminal.wait_until("the dialog to close", |screen| dialog(screen).is_none().then_some(()));
}

/// Goes to a field and types; the focus is there before.
fn fill(terminal: &mut Terminal, from: usize, to: usize, text: &str) {
    terminal.send(&TAB.repeat(to - from));
    terminal.send(text);
}

/// Answers the gate that waits with everything that it asks for, and sees it close.
pub fn pass(terminal: &mut Terminal) -> String {
    loop {
        let mut gate = open(terminal);
        if gate.approvals.0 < gate.approvals.1 {
            approve(terminal, &gate);
            continue;
        }
        let mut at = 0;
        if let Some((place, name)) = gate.name.take() {
            fill(terminal, at, place, &name);
            at = place;
        }
        if let Some((place, code)) = &gate.code {
            fill(terminal, at, *place, code);
            at = *place;
        }
        if at > 0 {
            terminal.send(TAB);
        }
        terminal.send("R");
        let refused = terminal.wait_until("an answer", |screen| match dialog(screen) {
            Some(dialog) if dialog.shows("already used") => Some(true),
            Some(dialog) if dialog.step == gate.step => None,
            Some(_) | None => Some(false),
        });
        if !refused {
            return gate.step;
        }
        // The device must show another code first.
        let used = gate.code.map(|(_, code)| code);
        let other = |dialog: Dialog| dialog.code.map(|(_, code)| code) != used;
        terminal.wait_until("the next code", |screen| dialog(screen).filter(|_| dialog(screen).is_some_and(other)));
        close(terminal);
    }
}

fn approve(terminal: &mut Terminal, gate: &Dialog) {
    let (place, code) = gate.approver_code.clone().unwrap_or_else(|| panic!("nobody can approve: {gate:?}"));
    fill(terminal, 0, place, &code);
    terminal.send(TAB);
    terminal.send("A");
    let granted = gate.approvals.0 + 1;
    terminal.wait_until("the approval", |screen| dialog(screen).filter(|dialog| dialog.approvals.0 == granted));
    close(terminal);
}
