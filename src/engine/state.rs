//! What the machine remembers: of the run, of each step, of proofs of presence.
//!
//! Changed by `apply`, read by `drive`, `admit` and `view`.

use std::collections::HashMap;

use crate::model::action::Action;
use crate::model::event::{Origin, Purpose};
use crate::model::outcome::{CloudError, ProbeAnswer, RunStatus, StepStatus};
use crate::model::plan::StepIx;
use crate::model::{Object, Value};

use super::snapshot::{CheckState, MilestoneView, Stretch};

/// Where a step is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Predecessors are not settled.
    Pending,
    /// The state before and the pre-checks are being read.
    Checking,
    /// A pre-check failed: a person decides.
    Blocked,
    /// People are awaited.
    Gated,
    /// A refused attempt goes out again after a backoff.
    Backoff,
    /// The call is in flight.
    Sent,
    /// Sent, answer lost.
    InDoubt,
    /// The call was answered; its verifications are polled.
    Verifying,
    /// A `wait` step runs.
    Waiting,
    /// The n-th rollback call is under way.
    RollingBack,
    Succeeded,
    Failed,
    Skipped,
    DoneExternally,
    RolledBack,
}

impl Stage {
    pub const fn status(self) -> StepStatus {
        match self {
            Self::Pending => StepStatus::Pending,
            Self::Blocked | Self::Gated => StepStatus::Waiting,
            Self::Checking | Self::Backoff | Self::Sent | Self::Verifying | Self::Waiting | Self::RollingBack => {
                StepStatus::Running
            }
            Self::InDoubt => StepStatus::Unknown,
            Self::Succeeded => StepStatus::Succeeded,
            Self::Failed => StepStatus::Failed,
            Self::Skipped => StepStatus::Skipped,
            Self::DoneExternally => StepStatus::DoneExternally,
            Self::RolledBack => StepStatus::RolledBack,
        }
    }
}

/// A request with every template rendered: what the dialog shows is what is sent.
#[derive(Debug, Clone)]
pub struct Rendered {
    pub action: Action,
    pub with: Value,
    pub digest: String,
}

#[derive(Debug, Clone)]
pub struct CheckProgress {
    pub state: CheckState,
    pub last: Option<String>,
    pub polls: u32,
    pub passes_in_row: u32,
    /// When the first poll was made (Unix ms).
    pub first_ms: Option<i64>,
    /// Not to be asked again before this (Unix ms).
    pub next_ms: i64,
    /// When the world last gave the answer that it passed with (Unix ms).
    pub passed_ms: Option<i64>,
}

impl CheckProgress {
    /// What an answer showed. One that shows nothing leaves the last state seen.
    pub fn see(&mut self, last: String, shows_nothing: bool) {
        if !shows_nothing || self.last.is_none() {
            self.last = Some(last);
        }
    }
}

impl Default for CheckProgress {
    fn default() -> Self {
        Self {
            state: CheckState::Open,
            last: None,
            polls: 0,
            passes_in_row: 0,
            first_ms: None,
            next_ms: 0,
            passed_ms: None,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Approval {
    pub by: String,
    pub at_ms: i64,
    pub expires_ms: i64,
    pub digest: String,
    pub attempt: u32,
    pub from: Option<Origin>,
}

/// What is known of a change whose answer was lost.
#[derive(Debug, Clone)]
pub struct Doubt {
    pub purpose: Purpose,
    pub error: String,
    pub answer: Option<ProbeAnswer>,
    pub detail: Option<String>,
    /// When the probe last answered (Unix ms), and how often it did.
    pub answered_ms: Option<i64>,
    pub answers: u32,
    /// A person is asked; the probe rests.
    pub for_person: bool,
    /// The probe's last answer, which stands in for the result once it says `After`.
    pub seen: Option<Value>,
    /// The verification that needs the lost answer; before that, the doubt is about the call itself.
    pub verify: Option<u16>,
    /// What ended it.
    pub settled: Option<String>,
    /// A person has recorded it as done.
    pub by_person: bool,
    /// It is sent again, with the token of this attempt.
    pub sends_again: Option<u32>,
    /// The process in which it was last open.
    pub epoch: u32,
}

impl Doubt {
    pub const fn new(purpose: Purpose, error: String, for_person: bool, epoch: u32) -> Self {
        Self {
            purpose,
            error,
            answer: None,
            detail: None,
            answered_ms: None,
            answers: 0,
            for_person,
            seen: None,
            verify: None,
            settled: None,
            by_person: false,
            sends_again: None,
            epoch,
        }
    }
}

impl Doubt {
    /// Nobody is asked: it was seen under way, and its end is awaited.
    pub fn is_watched(&self) -> bool {
        !self.for_person && self.answer == Some(ProbeAnswer::InProgress)
    }
}

#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of one attempt, each with its own event")]
pub struct StepState {
    pub stage: Stage,
    pub attempt: u32,
    /// A record was asked for and has not come back yet.
    pub proposed: bool,
    /// Calls in flight.
    pub inflight: Vec<Purpose>,
    /// Reads answered with a passing error, so far.
    pub read_tries: u32,
    pub call: Option<Rendered>,
    pub before: Option<Value>,
    pub before_known: bool,
    /// Whether the read of that time says that what the call makes was not there.
    pub absent_before: Option<bool>,
    pub checks: Vec<CheckProgress>,
    pub verify: Vec<CheckProgress>,
    pub type_text: Option<String>,
    pub message: Option<String>,
    pub confirmed: Option<String>,
    /// Who confirmed a request that this version words otherwise: for the record alone, it opens no gate.
    pub worded_otherwise: Option<String>,
    pub auto_confirmed: bool,
    pub mfa: bool,
    pub approvals: Vec<Approval>,
    /// Given for an attempt that is gone: they count for nothing, and the screen says so.
    pub past_approvals: Vec<Approval>,
    /// Automatic retries under the present confirmation.
    pub retries: u32,
    pub not_before_ms: i64,
    pub result: Option<Value>,
    pub verified: Option<Value>,
    /// What the work that it waits for last said of itself.
    pub work: Option<super::progress::Work>,
    pub outputs: Object,
    pub external: bool,
    pub doubt: Option<Doubt>,
    /// The attempt whose token is sent: an earlier one's after "send again", so that the cloud can tell
    /// that it is the same call.
    pub token_of: Option<u32>,
    /// How old the pre-checks were when they had to be asked again under a standing confirmation.
    pub recheck: Option<u64>,
    pub rollback_at: u16,
    /// The last send whose intent was recorded in this attempt.
    pub intent: Option<Purpose>,
    /// The send was refused, and what follows from that is not recorded yet.
    pub refused: Option<CloudError>,
    /// A jump passed it over, for this reason.
    pub passed_over: Option<String>,
    /// A rollback was asked for by `on_failure` and waits for its confirmation.
    pub wants_rollback: bool,
    pub reason: Option<String>,
    pub since_ms: i64,
    pub ready_ms: Option<i64>,
    pub sent_ms: Option<i64>,
    pub ended_ms: Option<i64>,
    pub people_ms: u64,
    pub cloud_ms: u64,
    /// Those that are over; the present one began at `since_ms`.
    pub stretches: Vec<Stretch>,
    pub wait_until_ms: Option<i64>,
    /// Since when (Unix ms), and at which target, the answer is that our credentials have expired.
    pub expired: Option<(i64, String)>,
}

impl StepState {
    pub fn new(checks: usize, verify: usize) -> Self {
        Self {
            stage: Stage::Pending,
            attempt: 1,
            proposed: false,
            inflight: Vec::new(),
            read_tries: 0,
            call: None,
            before: None,
            before_known: false,
            absent_before: None,
            checks: vec![CheckProgress::default(); checks],
            verify: vec![CheckProgress::default(); verify],
            type_text: None,
            message: None,
            confirmed: None,
            worded_otherwise: None,
            auto_confirmed: false,
            mfa: false,
            approvals: Vec::new(),
            past_approvals: Vec::new(),
            retries: 0,
            not_before_ms: 0,
            result: None,
            verified: None,
            work: None,
            outputs: Object::new(),
            external: false,
            doubt: None,
            token_of: None,
            recheck: None,
            rollback_at: 0,
            intent: None,
            refused: None,
            passed_over: None,
            wants_rollback: false,
            reason: None,
            since_ms: 0,
            ready_ms: None,
            sent_ms: None,
            ended_ms: None,
            people_ms: 0,
            cloud_ms: 0,
            stretches: Vec::new(),
            wait_until_ms: None,
            expired: None,
        }
    }

    /// Forgets what belonged to the attempt before: a new one starts from its checks.
    pub fn renew(&mut self, attempt: u32) {
        let fresh = Self::new(self.checks.len(), self.verify.len());
        let mut past_approvals = std::mem::take(&mut self.past_approvals);
        past_approvals.append(&mut self.approvals);
        *self = Self {
            attempt,
            ready_ms: self.ready_ms,
            people_ms: self.people_ms,
            cloud_ms: self.cloud_ms,
            stretches: std::mem::take(&mut self.stretches),
            since_ms: self.since_ms,
            past_approvals,
            ..fresh
        };
    }

    /// Who confirmed what is waiting or was sent. The version that wrote a send down had found it confirmed.
    pub fn confirmed_by(&self) -> Option<String> {
        self.confirmed.clone().or_else(|| self.sent_ms.and(self.worded_otherwise.clone()))
    }

    /// Forgets what people confirmed: they are asked again.
    pub fn unconfirm(&mut self) {
        (self.confirmed, self.auto_confirmed, self.mfa, self.recheck) = (None, false, false, None);
        self.worded_otherwise = None;
    }

    /// Whether the answer of the call was lost, whatever was found out since.
    pub const fn has_lost_answer(&self) -> bool {
        self.doubt.is_some()
    }

    pub fn awaits(&self, purpose: Purpose) -> bool {
        self.inflight.contains(&purpose)
    }

    pub fn answered(&mut self, purpose: Purpose) {
        self.inflight.retain(|open| *open != purpose);
    }
}

/// What ends a run before all of its steps have run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// The failure of this step.
    Step(StepIx),
    Person,
}

#[derive(Debug, Clone, Default)]
pub struct RunState {
    pub started_ms: Option<i64>,
    /// Who sits at the keyboard, as they say.
    pub driver: Option<String>,
    pub ended_ms: Option<i64>,
    pub finished: Option<RunStatus>,
    pub paused: Option<String>,
    /// The operator left: nothing new is asked for until the run is resumed.
    pub left: bool,
    pub over_budget: Vec<Option<String>>,
    pub rpa_ms: Option<u64>,
    pub anomalies: u32,
    /// What has ended the run: only what always runs is left.
    pub ended_by: Option<EndedBy>,
    /// A record that ends the run was asked for.
    pub ending: bool,
    pub last_at_ms: i64,
    /// The process that wrote the last event, counted from 1.
    pub epoch: u32,
    /// How far this machine's clock was ahead of the cloud's at its last answer.
    pub skew_ms: i64,
    pub milestones: Vec<MilestoneView>,
    pub last_call_ms: Option<i64>,
}

impl RunState {
    /// No new work may be asked for.
    pub const fn halted(&self) -> bool {
        self.finished.is_some() || self.left || self.started_ms.is_none()
    }
}

/// Codes that counted, and codes that did not.
#[derive(Debug, Clone, Default)]
pub struct Proofs {
    /// Person → last RFC 6238 counter that counted.
    pub counters: HashMap<String, u64>,
    /// Person → (30 s window, wrong tries in it).
    pub wrong: HashMap<String, (i64, u32)>,
    /// Operator's last accepted code: when, in which phase.
    pub last: Option<(i64, usize)>,
    /// Phases in which the operator has shown a code.
    pub phases: Vec<usize>,
}

/// Length of an RFC 6238 time step, in milliseconds.
pub const CODE_PERIOD_MS: i64 = 30_000;

impl Proofs {
    pub fn wrong_now(&self, person: &str, at_ms: i64) -> u32 {
        match self.wrong.get(person) {
            Some((window, tries)) if *window == at_ms.div_euclid(CODE_PERIOD_MS) => *tries,
            _ => 0,
        }
    }

    pub fn note_wrong(&mut self, person: &str, at_ms: i64) {
        let tries = self.wrong_now(person, at_ms) + 1;
        self.wrong.insert(person.to_owned(), (at_ms.div_euclid(CODE_PERIOD_MS), tries));
    }

    pub fn note_right(&mut self, person: &str, counter: Option<u64>) {
        if let Some(counter) = counter {
            self.counters.insert(person.to_owned(), counter);
        }
        self.wrong.remove(person);
    }
}
