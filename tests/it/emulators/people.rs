//! The people of a real run at one terminal: the operator, and colleagues who come with a device of
//! their own. They know what the screen shows, and the codes of their devices.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use totp_rs::Totp;

use super::pair::ACCOUNT;
use crate::home::Home;
use crate::operator::{Dialog, OVER, close, dialog, open_or_end, waits};
use crate::terminal::{TAB, Terminal};

/// An authenticator app shows a code for so long.
const WINDOW_S: u64 = 30;

pub struct People {
    devices: HashMap<String, Totp>,
    used: HashMap<String, u64>,
    /// Codes of the operator's device at AWS; which of them are right only AWS knows.
    next_code: u32,
    /// What a gate of a change has to name.
    account: String,
    /// Some looks of this run are to find something.
    finds: bool,
}

impl People {
    /// Nobody has a device yet.
    pub fn new() -> Self {
        Self {
            devices: HashMap::new(),
            used: HashMap::new(),
            next_code: 100_001,
            account: ACCOUNT.to_owned(),
            finds: false,
        }
    }

    /// Of a run in another account, in which steps may fail and the run goes on.
    pub fn of(account: &str, finds: bool) -> Self {
        Self { account: account.to_owned(), finds, ..Self::new() }
    }

    /// Enrols a device as a person does: the address of the QR code goes into an app, which shows a code.
    pub fn enroll(&mut self, home: &Home, person: &str) {
        let mut terminal = Terminal::start(home, (120, 50), &["mfa", "enroll", person]);
        let url = terminal.wait_until("an otpauth address", |screen| {
            let joined: String = screen.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
            let from = joined.find("otpauth://")?;
            let url: String = joined[from..].split_whitespace().next()?.to_owned();
            url.contains("secret=").then_some(url)
        });
        let device = Totp::from_url(&url).unwrap_or_else(|error| panic!("{error}: {url}"));
        terminal.wait_for("Code now shown by");
        // The code that was shown just before still counts, and leaves the present one for the run; but
        // where this step ends before it is looked at, it has expired, and the present one is asked for.
        for ago_s in [WINDOW_S, 0] {
            let shown_at = now_s() - ago_s;
            terminal.send(&format!("{}\r", device.generate(shown_at)));
            self.used.insert(person.to_owned(), shown_at / WINDOW_S);
            let is_asked_again = terminal.wait_until("an answer to the code", |screen| {
                let has_expired = screen.contains("code expired; next code in");
                (has_expired || screen.contains("is enrolled for")).then_some(has_expired)
            });
            if !is_asked_again {
                break;
            }
        }
        let (status, screen) = terminal.wait_exit();
        assert_eq!(status, 0, "{screen}");
        self.devices.insert(person.to_owned(), device);
    }

    /// Passes every gate that opens until the end screen shows; gives the steps in order.
    pub fn walk_to_the_end(&mut self, terminal: &mut Terminal) -> Vec<String> {
        self.walk(terminal, &mut |_| {})
    }

    /// The same, doing by hand what a step asks for before it is passed.
    pub fn walk(&mut self, terminal: &mut Terminal, by_hand: &mut dyn FnMut(&str)) -> Vec<String> {
        let mut passed = Vec::new();
        loop {
            let over = terminal.wait_until("a step that waits, or the end", |screen| {
                let is_over = screen.contains(OVER);
                let has_stopped = screen.contains("! check failed") || screen.contains("failed: decide");
                let has_failed = screen.contains("✗ failed") && !self.finds;
                assert!(!has_stopped && !has_failed, "a step failed:\n{screen}");
                (is_over || waits(screen)).then_some(is_over)
            });
            if over {
                return passed;
            }
            passed.extend(self.pass_doing(terminal, by_hand));
        }
    }

    /// Answers the gate that waits with everything that it asks for, and sees it close.
    pub fn pass(&mut self, terminal: &mut Terminal) -> String {
        self.pass_doing(terminal, &mut |_| {}).unwrap_or_else(|| panic!("the run is over:\n{}", terminal.text()))
    }

    /// The same, doing by hand what the step asks for. Nothing, when what seemed to wait went ahead by
    /// itself and the run to its end.
    fn pass_doing(&mut self, terminal: &mut Terminal, by_hand: &mut dyn FnMut(&str)) -> Option<String> {
        loop {
            let gate = open_or_end(terminal)?;
            let is_change = gate.code_at.is_some() && !gate.lines.iter().any(|line| line.starts_with("exec"));
            assert!(
                !is_change || gate.shows(&self.account) || gate.shows("kubectl"),
                "the account is not shown: {gate:?}"
            );
            if gate.approvals.0 < gate.approvals.1 {
                self.approve(terminal, &gate);
                continue;
            }
            by_hand(&gate.step);
            let mut at = 0;
            if let Some((place, name)) = &gate.name {
                terminal.send(&TAB.repeat(place - at));
                terminal.send(name);
                at = *place;
            }
            if let Some(place) = gate.code_at {
                terminal.send(&TAB.repeat(place - at));
                terminal.send(&self.code());
                at = place;
            }
            if at > 0 {
                terminal.send(TAB);
            }
            terminal.send("R");
            terminal.wait_until(&format!("the gate of {} to close", gate.step), |screen| {
                dialog(screen).is_none_or(|dialog| dialog.step != gate.step).then_some(())
            });
            return Some(gate.step);
        }
    }

    /// The next code of the operator's device at AWS.
    pub fn code(&mut self) -> String {
        self.next_code += 1;
        (self.next_code - 1).to_string()
    }

    /// The person that the dialog proposes comes to the terminal, waits for a code that is not used up,
    /// and approves.
    fn approve(&mut self, terminal: &mut Terminal, gate: &Dialog) {
        let person = &gate.approver;
        let used = self.used.get(person).copied().unwrap_or_default();
        // The screen is drawn every second.
        let window = terminal.wait_until("the next code", |_| Some(now_s() / WINDOW_S).filter(|now| *now > used));
        self.used.insert(person.clone(), window);
        let device = self.devices.get(person).unwrap_or_else(|| panic!("nobody can approve: {gate:?}"));
        let code = device.generate(window * WINDOW_S).to_string();
        terminal.send(&TAB.repeat(gate.approver_at.unwrap()));
        terminal.send(&format!("{code}{TAB}A"));
        let granted = gate.approvals.0 + 1;
        terminal.wait_until("the approval", |screen| {
            dialog(screen).filter(|dialog| dialog.approvals.0 == granted || dialog.shows("✓"))
        });
        close(terminal);
    }
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
