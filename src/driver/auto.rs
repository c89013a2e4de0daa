//! The operator of a headless drill: answers every gate with practice codes, in drills only.
//!
//! It never decides: a failed check, a failed step or an outcome that nobody knows stops the run.

use crate::engine::command::{Command, Typed};
use crate::engine::ports::MfaDevices;
use crate::engine::snapshot::{Awaited, GateView};

/// Length of an RFC 6238 time step, in milliseconds.
const PERIOD_MS: i64 = 30_000;

/// What the operator does next.
pub(super) enum Next {
    Ask(Box<Command>),
    /// A practice code was used up: wait for the next one (Unix ms).
    WaitUntil(i64),
    /// Only a person can go on.
    Stop(String),
    Nothing,
}

/// `used`: the last counter of a person that counted.
pub(super) fn next(
    awaited: &[Awaited],
    now_ms: i64,
    devices: &dyn MfaDevices,
    used: &dyn Fn(&str) -> Option<u64>,
) -> Next {
    let mut wait: Option<i64> = None;
    let mut stop: Option<String> = None;
    for one in awaited {
        let Some(gate) = &one.gate else {
            // A failed check, a failed step, an outcome nobody knows.
            stop = stop.or_else(|| Some(format!("{}: {}", one.step, one.why)));
            continue;
        };
        match at_gate(&one.step, gate, (now_ms, devices, used)) {
            Next::Ask(command) => return Next::Ask(command),
            Next::WaitUntil(at) => wait = Some(wait.map_or(at, |earlier| earlier.min(at))),
            Next::Stop(reason) => stop = stop.or(Some(reason)),
            Next::Nothing => {}
        }
    }
    match (wait, stop) {
        (Some(at), _) => Next::WaitUntil(at),
        (None, Some(reason)) => Next::Stop(reason),
        (None, None) => Next::Nothing,
    }
}

/// The time, everybody's devices, and which of their codes are used up.
type Codes<'a> = (i64, &'a dyn MfaDevices, &'a dyn Fn(&str) -> Option<u64>);

fn at_gate(step: &str, gate: &GateView, codes: Codes<'_>) -> Next {
    if let Some(approvals) = &gate.approvals
        && approvals.granted.len() < approvals.min as usize
    {
        let granted = |person: &&String| approvals.granted.iter().any(|one| one.by == **person);
        let Some(by) = approvals.eligible.iter().find(|person| !granted(person)) else {
            return Next::Stop(format!("{step}: too few people may approve"));
        };
        return match code_of(by, codes) {
            Ok(code) => Next::Ask(Box::new(Command::Approve {
                step: step.to_owned(),
                attempt: gate.attempt,
                digest: gate.digest.clone(),
                by: by.clone(),
                code: Some(code),
                from: None,
            })),
            Err(next) => next,
        };
    }
    let code = match &gate.mfa {
        Some(mfa) => match code_of(&mfa.person, codes) {
            Ok(code) => Some(code),
            Err(next) => return next,
        },
        None => None,
    };
    Next::Ask(Box::new(Command::Run {
        step: step.to_owned(),
        attempt: gate.attempt,
        digest: gate.digest.clone(),
        typed: gate.type_text.as_deref().map(Typed::new),
        code,
    }))
}

fn code_of(person: &str, (now_ms, devices, used): Codes<'_>) -> Result<Typed, Next> {
    let window = now_ms.div_euclid(PERIOD_MS);
    if used(person).is_some_and(|counter| i64::try_from(counter).is_ok_and(|counter| counter >= window)) {
        return Err(Next::WaitUntil((window + 1) * PERIOD_MS));
    }
    devices
        .practice_code(person, now_ms)
        .map(|(code, _)| Typed::new(&code))
        .ok_or_else(|| Next::Stop(format!("the MFA device of {person} is not at hand")))
}
