//! Somebody at the keyboard who does anything a person might: the right thing, the wrong thing, the
//! right thing twice, or nothing for a while. What is done follows from a seed and the run's state.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lifeboat::driver::handle::{Handle, View};
use lifeboat::engine::command::{Command, Typed};
use lifeboat::engine::ports::Clock as _;
use lifeboat::engine::snapshot::{Activity, Allowed, MfaView, Snapshot, StepView};
use lifeboat::model::event::UnknownDecision;
use lifeboat::model::outcome::StepStatus;
use lifeboat::sim::clock::SimClock;
use tokio::sync::oneshot;

use super::dice;

pub struct Seat {
    pub seed: u64,
    pub epoch: u64,
    /// The next code that nobody has used.
    pub codes: Arc<AtomicU64>,
    pub clock: Arc<SimClock>,
}

/// Things done before somebody gives up on a run that does not end.
const DEEDS_MAX: u64 = 600;

/// Sits there until the run is over. `done` is told of each step that the screen shows as done.
pub async fn sit(seat: Seat, handle: Handle, mut done: impl FnMut(&str)) {
    let mut shown: Vec<String> = Vec::new();
    for deed in 0.. {
        // The driver does all it can before somebody looks up.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        let view: Arc<View> = handle.view.borrow().clone();
        for step in view.snapshot.steps.iter().filter(|step| step.status == StepStatus::Succeeded) {
            if !shown.contains(&step.key) {
                shown.push(step.key.clone());
                done(&step.key);
            }
        }
        if view.over.is_some() {
            return;
        }
        let pick = dice(&[seat.seed, seat.epoch, view.snapshot.journal_seq, deed, 31]);
        let is_busy = view.snapshot.steps.iter().any(is_moving);
        let leaves = deed > DEEDS_MAX || pick % 61 == 0;
        if leaves || !(is_busy && pick % 8 < 6 && seat.clock.skip_idle()) {
            let command = if leaves {
                Command::Leave { reason: "enough for today".to_owned() }
            } else {
                seat.command(&view.snapshot, pick)
            };
            let (reply, answer) = oneshot::channel();
            if handle.requests.send((command, reply)).await.is_err() {
                return;
            }
            // While a code is being checked the clock has to go on.
            let mut answer = answer;
            loop {
                tokio::task::yield_now().await;
                match answer.try_recv() {
                    Err(oneshot::error::TryRecvError::Empty) => {
                        if pick % 5 == 0 {
                            break;
                        }
                        seat.clock.skip_idle();
                    }
                    Ok(_) | Err(oneshot::error::TryRecvError::Closed) => break,
                }
            }
            if !is_busy && pick % 3 == 0 {
                seat.clock.skip_idle();
            }
        }
    }
}

fn is_moving(step: &StepView) -> bool {
    match step.activity_kind {
        Activity::Checking | Activity::Calling | Activity::Verifying | Activity::RollingBack => true,
        Activity::InDoubt => step.unknown.as_ref().is_some_and(|unknown| unknown.probing),
        Activity::Idle | Activity::NeedsPerson | Activity::NeedsDecision | Activity::Ended => false,
    }
}

impl Seat {
    /// A code: mostly a new one, at times one that was used, or none at all.
    fn code(&self, mfa: Option<&MfaView>, pick: u64) -> Option<Typed> {
        let mfa = mfa?;
        Some(Typed::new(&match pick >> 40 & 15 {
            0 => "nonsense".to_owned(),
            1 => mfa.last_counter.unwrap_or(0).to_string(),
            2 => return None,
            _ => self.codes.fetch_add(1, Ordering::SeqCst).to_string(),
        }))
    }

    fn fresh(&self) -> Typed {
        Typed::new(&self.codes.fetch_add(1, Ordering::SeqCst).to_string())
    }

    fn command(&self, snapshot: &Snapshot, pick: u64) -> Command {
        if pick % 97 == 1 {
            return Command::Abort { reason: "no use".to_owned() };
        }
        if snapshot.paused.is_some() && pick % 3 != 0 {
            return Command::Continue;
        }
        if pick % 41 == 1 {
            return Command::Pause { reason: "one moment".to_owned() };
        }
        if pick % 37 == 1 {
            return Command::Note { text: "so far so good".to_owned(), about_ms: None, step: None };
        }
        let steps: Vec<&StepView> = snapshot.steps.iter().filter(|step| !step.allowed.is_empty()).collect();
        if steps.is_empty() {
            return Command::Note { text: "waiting".to_owned(), about_ms: None, step: None };
        }
        let step = steps[usize::try_from(pick >> 4).unwrap_or(0) % steps.len()];
        let urgent: Vec<Allowed> = step.allowed.clone();
        // Mostly what the step waits for, now and then anything that is allowed.
        let nth = if pick >> 20 & 7 == 0 { usize::try_from(pick >> 24).unwrap_or(0) % urgent.len() } else { 0 };
        self.deed(step, urgent[nth], pick)
    }

    fn deed(&self, step: &StepView, what: Allowed, pick: u64) -> Command {
        let key = step.key.clone();
        match what {
            Allowed::Run | Allowed::Approve => self.gate(step, pick),
            Allowed::Override => {
                let by = if pick >> 30 & 1 == 0 { "alice" } else { "bob" }.to_owned();
                Command::Override { step: key, check: 0, by, reason: "known".to_owned(), code: Some(self.fresh()) }
            }
            Allowed::Skip => Command::Skip { step: key, reason: "not needed".to_owned() },
            Allowed::DoneExternally => Command::DoneExternally { step: key, evidence: "seen it".to_owned() },
            Allowed::Retry => Command::Retry { step: key },
            Allowed::RollBack => {
                let Some(view) = &step.rollback else { return Command::Retry { step: key } };
                Command::RollBack {
                    step: key,
                    digest: view.digest.clone(),
                    typed: view.type_text.as_deref().map(Typed::new),
                    code: self.code(view.mfa.as_ref(), pick),
                }
            }
            Allowed::ResolveUnknown => {
                if pick >> 33 & 1 == 0 {
                    return Command::ProbeAgain { step: key };
                }
                let decision = UnknownDecision::ALL[usize::try_from(pick >> 34).unwrap_or(0) % 3];
                let typed = step.unknown.as_ref().and_then(|unknown| unknown.type_text.clone());
                Command::ResolveUnknown {
                    step: key,
                    decision,
                    reason: "looked at the console".to_owned(),
                    typed: typed.as_deref().map(Typed::new),
                    code: Some(self.fresh()),
                }
            }
        }
    }

    fn gate(&self, step: &StepView, pick: u64) -> Command {
        let key = step.key.clone();
        let Some(gate) = &step.gate else { return Command::Retry { step: key } };
        let (attempt, mut digest) = (gate.attempt, gate.digest.clone());
        if pick >> 44 & 31 == 0 {
            digest = format!("sha256:{}", "0".repeat(64));
        }
        if let Some(approvals) = &gate.approvals
            && approvals.granted.len() < approvals.min as usize
            && pick >> 50 & 7 != 0
        {
            let people = ["alice", "bob", "carol", "dave", "mallory"];
            let by = people[usize::try_from(pick >> 12).unwrap_or(0) % people.len()].to_owned();
            let code = Some(self.fresh());
            return Command::Approve { step: key, attempt, digest, by, code, from: None };
        }
        let typed = gate.type_text.clone().map(|text| if pick >> 53 & 15 == 0 { text.to_uppercase() } else { text });
        Command::Run {
            step: key,
            attempt,
            digest,
            typed: typed.as_deref().map(Typed::new),
            code: self.code(gate.mfa.as_ref(), pick),
        }
    }
}
