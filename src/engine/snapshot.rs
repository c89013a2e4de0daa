//! The state of a run as the faces see it: plain data, computed for one instant.

use serde::{Deserialize, Serialize};

use super::history::{Past, runs_words};
use crate::model::Value;
use crate::model::milestone::Milestone;
use crate::model::outcome::{Class, Mode, ProbeAnswer, Risk, RunStatus, StepStatus};

/// A whole run at `now_ms`. Everything a screen or a summary shows is in here.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snapshot {
    pub run: String,
    pub runbook: String,
    pub title: String,
    pub digest: String,
    pub mode: Mode,
    pub operator: String,
    /// `eu-central-1 → us-east-1`, or one region.
    pub regions: String,
    /// Accounts and profiles of the targets: `account 111122223333 lecture-dr`.
    pub account: String,
    pub status: RunStatus,
    pub now_ms: i64,
    pub started_ms: i64,
    pub ended_ms: Option<i64>,
    /// When the RTO clock started (impact), Unix ms.
    pub clock_at_ms: i64,
    pub rto: Option<Objective>,
    pub rpo: Option<Objective>,
    pub forecast: Forecast,
    pub time: TimeSplit,
    pub phases: Vec<PhaseView>,
    pub steps: Vec<StepView>,
    pub contacts: Vec<ContactView>,
    pub paused: Option<String>,
    /// Why the run ends: a step has failed for good or somebody has aborted it, and only what always runs is left.
    pub ended_by: Option<String>,
    /// Whether an abort leaves something that always runs, and does not end the run yet.
    pub cleans_up: bool,
    pub journal_seq: u64,
    /// First 8 hex digits of the chain's head.
    pub journal_head: String,
    /// Set once the journal could not be written; nothing runs any more.
    pub journal_broken: Option<String>,
    /// Drill only: seed, speed, scenario.
    pub drill: Option<DrillView>,
    pub anomalies: u32,
    /// The operator's codes are checked at AWS, which takes a while.
    pub codes_at_aws: bool,
    /// Steps that wait for a new login: their polls go on.
    pub expired: Vec<ExpiredView>,
    /// How far this machine's clock is ahead of the cloud's, once that is worth a word.
    pub skew_ms: Option<i64>,
    /// The moments of the incident that are known, in their usual order.
    pub milestones: Vec<MilestoneView>,
    /// When the last call that changes something was answered before the recovery (Unix ms).
    pub last_call_ms: Option<i64>,
    /// When the recovery ended, its checks green (Unix ms): where the RTO's clock stopped.
    pub rta_end_ms: Option<i64>,
}

/// A moment of the incident, and how it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MilestoneView {
    pub milestone: Milestone,
    /// When it was (Unix ms).
    pub at_ms: i64,
    /// When that was written down (Unix ms), and in which record.
    pub recorded_ms: Option<i64>,
    pub seq: Option<u64>,
    pub by: Option<String>,
    pub step: Option<String>,
    pub source: MilestoneSource,
}

/// How a milestone is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MilestoneSource {
    /// By the success of a step.
    Step,
    /// A person told it.
    Told,
    /// The RTO clock was set to it.
    Clock,
    /// The run ended there.
    Run,
}

/// A step whose questions are answered with "your credentials have expired".
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExpiredView {
    pub step: String,
    pub target: String,
    /// What helps, in another terminal.
    pub way_out: String,
    pub since_ms: i64,
    /// The last state that was seen.
    pub last: Option<String>,
}

/// An objective beside what is used of it. All in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Objective {
    pub budget_ms: u64,
    /// RTO: elapsed on the clock so far (or in the end). RPO: the recovery point achieved, once known.
    pub actual_ms: Option<u64>,
    /// `None` while it can still go either way.
    pub met: Option<bool>,
}

/// When this will be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Forecast {
    /// Critical path over usual durations (Unix ms); `None` once the run has ended.
    pub usual_end_ms: Option<i64>,
    /// If every remaining budget is used up.
    pub budget_end_ms: Option<i64>,
    /// The run played many times from here, if somebody asked for that.
    pub chances: Option<Chances>,
}

/// When this will be over, in chances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Chances {
    /// Every other run is over by then (Unix ms).
    pub p50_end_ms: i64,
    /// Nine in ten are.
    pub p90_end_ms: i64,
    /// Runs of a hundred that keep the RTO; `None` without one.
    pub in_time_percent: Option<u8>,
    /// How long people may take over what waits for them now; `None` where nothing does, or where it is
    /// too late for that.
    pub decide: Option<Decide>,
    pub basis: Basis,
}

/// Decided by then (Unix ms), so many runs of a hundred keep the RTO.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Decide {
    pub by_ms: i64,
    /// 90, or 50 where 90 are out of reach.
    pub percent: u8,
}

/// What the chances rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Basis {
    /// Of the run whose chances these are.
    pub mode: Mode,
    /// Past runs behind the best known open step.
    pub drills: u32,
    pub real: u32,
    /// Open steps, and those among them of which no past run tells.
    pub steps: u32,
    pub unseen: u32,
    /// Fewer runs than it takes to go by them alone.
    pub is_thin: bool,
    /// Journals of this machine that could not be read.
    pub damaged: u32,
}

impl Default for Basis {
    fn default() -> Self {
        Self { mode: Mode::Drill, drills: 0, real: 0, steps: 0, unseen: 0, is_thin: true, damaged: 0 }
    }
}

impl Basis {
    /// `from 12 drills`, `from two drills only`, `no history: the runbook's own figures`.
    #[must_use]
    pub fn words(&self) -> String {
        let damaged = match self.damaged {
            0 => String::new(),
            1 => "; one damaged journal is left out".to_owned(),
            many => format!("; {many} damaged journals are left out"),
        };
        if self.drills == 0 && self.real == 0 {
            return format!("no history: the runbook's own figures{damaged}");
        }
        let only = if self.is_thin { " only" } else { "" };
        let rest = match self.unseen {
            0 => String::new(),
            unseen => format!("; {unseen} of {} steps by the runbook's own figures", self.steps),
        };
        format!("from {}{only}{rest}{damaged}", self.kinds())
    }

    /// `two real runs and 12 drills`.
    #[must_use]
    pub fn kinds(&self) -> String {
        let kinds = [(self.real, Mode::Real), (self.drills, Mode::Drill)];
        let seen = kinds.iter().filter(|(runs, _)| *runs > 0);
        seen.map(|(runs, mode)| runs_words(*runs, *mode)).collect::<Vec<_>>().join(" and ")
    }
}

/// Where the time went since the clock started; the first four add up to it, and the others to
/// `waiting_ms`. All in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct TimeSplit {
    pub people_ms: u64,
    pub cloud_ms: u64,
    pub checks_ms: u64,
    /// Not started yet, paused, or nothing to do.
    pub waiting_ms: u64,
    /// Before the run (or the phase) began.
    pub not_started_ms: u64,
    /// Held by a person, who paused the run or left it.
    pub paused_ms: u64,
    /// Of a phase: while another one was at work.
    pub elsewhere_ms: u64,
    /// What is nobody else's: this tool.
    pub tool_ms: u64,
}

impl TimeSplit {
    /// All of it.
    #[must_use]
    pub const fn whole_ms(&self) -> u64 {
        self.people_ms + self.cloud_ms + self.checks_ms + self.waiting_ms
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseView {
    pub id: String,
    pub title: String,
    pub budget_ms: Option<u64>,
    pub started_ms: Option<i64>,
    pub ended_ms: Option<i64>,
    /// Elapsed so far, or in the end.
    pub actual_ms: u64,
    pub status: StepStatus,
    /// On the critical path.
    pub critical: bool,
    /// Forecast of its start and end by usual durations (Unix ms).
    pub forecast_start_ms: i64,
    pub forecast_end_ms: i64,
    /// Indices into [`Snapshot::steps`].
    pub steps: Vec<usize>,
    /// Ready read-only steps that `RunReads` would run now.
    pub ready_reads: usize,
    /// Where its time went, from the start of the clock to its own end.
    pub time: TimeSplit,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepView {
    pub key: String,
    pub id: String,
    pub title: String,
    pub phase: usize,
    pub status: StepStatus,
    /// Finer than the status: what is going on, in a few words (`waits for you`, `verifying 2 of 3`).
    pub activity: String,
    pub activity_kind: Activity,
    /// Since when the present activity lasts (Unix ms).
    pub since_ms: Option<i64>,
    pub started_ms: Option<i64>,
    pub ended_ms: Option<i64>,
    pub attempt: u32,
    pub risk: Risk,
    pub class: Class,
    pub action: String,
    pub needs: Vec<String>,
    /// The rendered request once known, else the templates as written.
    pub request: Vec<(String, String)>,
    pub target: String,
    /// Account and profile of the target, as far as it says.
    pub account: String,
    pub region: String,
    /// The role or user that acts there, as AWS said when the run began.
    pub identity: Option<String>,
    /// The `aws` command line that does the same by hand, if there is one.
    pub command_line: Option<String>,
    /// Link into the AWS console, if there is one.
    pub console_link: Option<String>,
    pub checks: Vec<CheckView>,
    pub verify: Vec<CheckView>,
    /// What the work that it waits for says of itself.
    pub progress: Option<ProgressView>,
    /// As in past runs, or as the runbook says.
    pub usual_ms: u64,
    /// What past runs tell of it.
    pub past: Past,
    pub timeout_ms: u64,
    pub people_ms: u64,
    pub cloud_ms: u64,
    /// Who was awaited when, from the first moment to now.
    pub stretches: Vec<Stretch>,
    pub gate: Option<GateView>,
    /// Present once a rollback could be asked for.
    pub rollback: Option<RollbackView>,
    pub unknown: Option<UnknownView>,
    /// Why it failed, was skipped, or is blocked.
    pub reason: Option<String>,
    pub confirmed_by: Option<String>,
    pub mfa: bool,
    pub approvals: Vec<String>,
    pub outputs: Vec<(String, String)>,
    pub critical: bool,
    /// What a person may do to it now.
    pub allowed: Vec<Allowed>,
}

/// How far the work is that a step waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ProgressView {
    pub percent: Option<u8>,
    /// When it is over at its own pace, or else by the service's own estimate (Unix ms); never in the past.
    pub ends_ms: Option<i64>,
}

/// A part of a step's life in which one kind of thing was awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Stretch {
    pub on: WaitsOn,
    pub attempt: u32,
    pub from_ms: i64,
    pub to_ms: i64,
}

/// Who or what a step waits for. When steps wait for several, the cloud counts before checks and
/// checks before people, as in [`TimeSplit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitsOn {
    People,
    Checks,
    Cloud,
}

/// What a step is doing, for glyph and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    Idle,
    Checking,
    /// A person at a gate.
    NeedsPerson,
    /// A person must decide after a failure or a failed check.
    NeedsDecision,
    InDoubt,
    Calling,
    Verifying,
    RollingBack,
    Ended,
}

/// A step that waits for a person, without the rest of its view.
#[derive(Debug, Clone, PartialEq)]
pub struct Awaited {
    pub step: String,
    pub kind: Activity,
    pub gate: Option<GateView>,
    pub why: String,
}

/// What a person may ask of a step in its present state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Allowed {
    Run,
    Approve,
    Override,
    Skip,
    DoneExternally,
    Retry,
    RollBack,
    ResolveUnknown,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckView {
    pub text: String,
    pub state: CheckState,
    /// The last answer, in short: `lag 41s`, `status promoting`.
    pub last: Option<String>,
    /// Polls so far.
    pub polls: u32,
    pub every_ms: u64,
    pub for_ms: u64,
    /// The role that may override it.
    pub override_role: Option<String>,
    /// People who hold that role.
    pub overriders: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    Open,
    Asking,
    Passed,
    Failed,
    Overridden,
}

/// Everything the gate dialog needs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GateView {
    pub attempt: u32,
    /// Digest of the request shown; `Run` must carry it.
    pub digest: String,
    /// The exact text to type; `None` is a press of the run key.
    pub type_text: Option<String>,
    pub message: Option<String>,
    /// A code of this person's device is needed.
    pub mfa: Option<MfaView>,
    pub approvals: Option<ApprovalsView>,
    /// How old the pre-checks are, once that is too old to act on: they are asked again before the send.
    pub outdated_ms: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MfaView {
    pub person: String,
    pub device: String,
    /// Counter of the last code that counted, so that a reuse is told at once.
    pub last_counter: Option<u64>,
    pub wrong_tries: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ApprovalsView {
    pub min: u32,
    pub from: Vec<String>,
    /// People who may approve: the roles' holders but the operator.
    pub eligible: Vec<String>,
    /// How long one counts.
    pub within_ms: u64,
    /// Given for this request and this attempt, and not expired.
    pub granted: Vec<GrantedView>,
    /// Given once, and of no use any more.
    pub lapsed: Vec<LapsedView>,
}

/// An approval that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GrantedView {
    pub by: String,
    pub at_ms: i64,
    pub until_ms: i64,
    /// The terminal it came from, if it was not the operator's.
    pub from: Option<String>,
}

/// An approval that counts no longer, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LapsedView {
    pub by: String,
    pub why: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RollbackView {
    pub digest: String,
    /// One line a call.
    pub calls: Vec<String>,
    pub type_text: Option<String>,
    pub mfa: Option<MfaView>,
}

/// A change whose answer was lost, and what is known of it. Kept after it was settled, until the
/// step's next attempt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnknownView {
    /// `action`, or `roll back, call 2 of 3`.
    pub what: String,
    pub attempt: u32,
    pub action: String,
    pub class: Class,
    /// The exact request that was sent.
    pub request: Vec<(String, String)>,
    pub region: String,
    pub account: String,
    pub digest: String,
    pub token: String,
    pub confirmed_by: Option<String>,
    pub sent_ms: i64,
    pub error: String,
    /// From when on "not done" counts (Unix ms).
    pub settled_from_ms: i64,
    /// The read that looks; `None` where nothing can be looked at.
    pub probe: Option<String>,
    pub answer: Option<ProbeAnswer>,
    pub detail: Option<String>,
    /// When the probe last answered (Unix ms), and how often it did.
    pub answered_ms: Option<i64>,
    pub answers: u32,
    /// When it is asked next (Unix ms).
    pub next_ms: Option<i64>,
    /// The probe is under way or will ask again; no person is needed yet.
    pub probing: bool,
    /// The verification that cannot be asked without the lost answer.
    pub verification: Option<String>,
    /// What ended the doubt, once something has.
    pub settled: Option<String>,
    /// It was open in this process: somebody ought to see how it ended.
    pub is_of_now: bool,
    /// What has to be typed for a decision: the step's id, where nothing guards a second send.
    pub type_text: Option<String>,
    pub mfa: Option<MfaView>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContactView {
    pub id: String,
    pub name: String,
    pub role: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub note: Option<String>,
    /// How long this one has before the next in order is called.
    pub escalate_after_ms: Option<u64>,
    /// When it is this one's turn, on the RTO clock; none behind one who is given no time.
    pub due_ms: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DrillView {
    pub seed: u64,
    pub speed: String,
    pub scenario: String,
    /// Faults in words, empty under `--surprise`.
    pub faults: Vec<String>,
    pub raw: Value,
}
