//! Facts of a run, past tense. The journal is a list of these; everything else is a fold over it.

mod origin;

use serde::{Deserialize, Serialize};

pub use origin::Origin;

use super::milestone::Milestone;
use super::outcome::{CloudError, CloudErrorKind, Mode, ProbeAnswer, RunStatus};
use super::plan::Intent;
use super::runbook::SourceFile;
use super::{Object, Value};

/// An event with its place and time in the run. `at_ms` is the run's wall clock (virtual in a drill).
#[derive(Debug, Clone, PartialEq)]
pub struct Stamped {
    pub seq: u64,
    /// How many processes have opened this run so far, from 1.
    pub epoch: u32,
    pub at_ms: i64,
    /// Who sat at the keyboard of the process that wrote it.
    pub who: String,
    pub event: Event,
}

/// What a call is for. Together with step and attempt it names a call in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "n")]
pub enum Purpose {
    /// The step's own action.
    Action,
    /// The n-th action of its rollback.
    Rollback(u16),
    /// The state before a change, for the dialog, the probe and the rollback.
    Before,
    Check(u16),
    Verify(u16),
    /// Looks whether a change with a lost answer happened.
    Probe,
}

impl Purpose {
    /// Whether this call may change the world.
    #[must_use]
    pub const fn is_send(self) -> bool {
        matches!(self, Self::Action | Self::Rollback(_))
    }
}

/// Names one call in flight.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ticket {
    pub step: String,
    pub attempt: u32,
    pub purpose: Purpose,
}

/// Line 1 of a journal: everything a resume needs, so that the file on disk is never read again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunHeader {
    pub runbook: String,
    pub digest: String,
    /// The bytes of the resolved set.
    pub files: Vec<SourceFile>,
    pub mode: Mode,
    #[serde(default)]
    pub intent: Intent,
    pub operator: String,
    /// Resolved inputs.
    pub inputs: Object,
    /// Names of the secrets that the runbook uses; their values are nowhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// Version of the binary and the digest of its executable.
    pub version: String,
    pub binary: String,
    /// Only in drills against the simulated cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill: Option<DrillHeader>,
    /// Who AWS said we are when the run began, a line a target; empty in the simulated cloud.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<TargetIdentity>,
}

impl RunHeader {
    /// Whether the run is played in the simulated cloud, whose time is its own; any other, a drill in a
    /// sandbox account included, acts in the real world.
    #[must_use]
    pub const fn is_simulated(&self) -> bool {
        self.drill.is_some() && matches!(self.mode, Mode::Drill)
    }
}

/// Who AWS says we are at one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TargetIdentity {
    /// Name of the target in the runbook.
    pub target: String,
    pub account: String,
    pub arn: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

impl TargetIdentity {
    /// The role or user that acts: `arn:aws:sts::1:assumed-role/dr-operator/alice` → `dr-operator`.
    #[must_use]
    pub fn acting_as(&self) -> &str {
        let resource = self.arn.splitn(6, ':').nth(5).unwrap_or(&self.arn);
        match resource.split_once('/') {
            Some(("assumed-role", rest)) => rest.split('/').next().unwrap_or(rest),
            Some((_, rest)) => rest.rsplit('/').next().unwrap_or(rest),
            None => resource,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrillHeader {
    pub seed: u64,
    /// The scenario, resolved, as JSON.
    pub scenario: Value,
    /// Virtual seconds a real second, or `max`.
    pub speed: String,
    /// The faults are kept from the operator.
    #[serde(default)]
    pub surprise: bool,
}

/// How a person's presence was proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MfaProof {
    pub by: String,
    /// `drill_totp`, `totp` or `sts`.
    pub method: String,
    pub device: String,
    /// The RFC 6238 counter that was used up; a smaller or equal one is a replay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<u64>,
}

/// Why a code did not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MfaRefusal {
    Wrong,
    Expired,
    AlreadyUsed,
    /// Too many wrong codes in a row: none is looked at for a while.
    TooManyTries,
    DeviceLost,
    /// No such person or device.
    NoDevice,
    /// The identity that asks has expired itself: a new login comes first.
    SessionExpired,
    /// The role may not be taken on by this identity.
    RoleDenied,
    /// Nobody answered: whether the code was used up is not known, so it counts as used.
    Unreachable,
}

impl MfaRefusal {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Wrong => "wrong code",
            Self::Expired => "code expired",
            Self::AlreadyUsed => "code already used",
            Self::TooManyTries => "too many wrong codes",
            Self::DeviceLost => "the device is lost",
            Self::NoDevice => "no device enrolled",
            Self::SessionExpired => "your AWS login has expired",
            Self::RoleDenied => "the role may not be assumed",
            Self::Unreachable => "the code could not be checked",
        }
    }
}

/// A decision about a change whose outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownDecision {
    RecordDone,
    RecordNotDone,
    /// Whatever became of it: a new attempt, with the token of the one in doubt.
    SendAgain,
}

impl UnknownDecision {
    pub const ALL: [Self; 3] = [Self::RecordDone, Self::RecordNotDone, Self::SendAgain];

    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::RecordDone => "recorded as done",
            Self::RecordNotDone => "recorded as not done",
            Self::SendAgain => "to be sent again",
        }
    }
}

/// The closed set of facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    // ---- the run
    RunStarted(Box<RunHeader>),
    /// Another process opened the run.
    RunResumed {
        operator: String,
        version: String,
        binary: String,
    },
    RunPaused {
        reason: String,
    },
    RunContinued,
    /// The operator left; the run can be resumed.
    RunLeft {
        reason: String,
    },
    RunAborted {
        reason: String,
    },
    RunFinished {
        status: RunStatus,
        rto_ms: u64,
        #[serde(default)]
        rpa_ms: Option<u64>,
    },
    /// A budget ran out: of a phase (by id), or of the run (`None`).
    BudgetExceeded {
        phase: Option<String>,
        budget_ms: u64,
    },
    NoteAdded {
        by: String,
        text: String,
        #[serde(default)]
        about_ms: Option<i64>,
        #[serde(default)]
        step: Option<String>,
    },
    /// A moment of the incident, as a step brought it about or a person told it. The last word counts.
    MilestoneReached {
        milestone: Milestone,
        by: String,
        /// When it was, if that was earlier.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about_ms: Option<i64>,
        /// The step whose success it is; `None` where a person told it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        /// In their words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// Something to be done after the run; numbered from 1 in each run.
    ActionItemAdded {
        item: u32,
        by: String,
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
    },
    ActionItemDone {
        item: u32,
        by: String,
        /// What came of it.
        text: String,
    },
    /// Bytes after the last newline were cut off when the journal was opened.
    TornTailCut {
        bytes: u64,
    },
    /// An event that the state machine could not place: a bug, kept as evidence.
    Anomaly {
        detail: String,
    },

    // ---- a step, before it may act
    /// Its predecessors are settled and it applies.
    StepReady {
        step: String,
        attempt: u32,
    },
    /// A read came back: the state before, a check, one poll of a verification, a probe.
    Observed {
        ticket: Ticket,
        result: Result<Value, CloudError>,
        #[serde(default)]
        request_id: Option<String>,
        /// The cloud's own clock when it answered, Unix ms.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cloud_ms: Option<i64>,
    },
    CheckPassed {
        step: String,
        attempt: u32,
        check: u16,
        expect: String,
        #[serde(default)]
        detail: Option<String>,
    },
    CheckFailed {
        step: String,
        attempt: u32,
        check: u16,
        expect: String,
        message: String,
    },
    CheckOverridden {
        step: String,
        attempt: u32,
        check: u16,
        by: String,
        reason: String,
        #[serde(default)]
        proof: Option<MfaProof>,
    },
    /// Checks are through and the request is fixed: from here people are awaited.
    GateOpened {
        step: String,
        attempt: u32,
        request: Value,
        digest: String,
    },
    StepConfirmed {
        step: String,
        attempt: u32,
        by: String,
        digest: String,
        typed: bool,
    },
    /// The policy lets this step go without a person (reads under `confirm: changes`).
    StepAutoConfirmed {
        step: String,
        attempt: u32,
        digest: String,
    },
    MfaVerified {
        step: String,
        attempt: u32,
        proof: MfaProof,
    },
    MfaRefused {
        step: String,
        by: String,
        why: MfaRefusal,
        /// What the other side said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    ApprovalGranted {
        step: String,
        attempt: u32,
        by: String,
        role: String,
        digest: String,
        expires_ms: i64,
        proof: MfaProof,
        /// Another terminal than the operator's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Origin>,
    },

    // ---- a step, acting
    /// The intent: durable before the call is sent.
    ActionRequested {
        ticket: Ticket,
        action: String,
        request: Value,
        digest: String,
        token: String,
        target: Value,
    },
    ActionSucceeded {
        ticket: Ticket,
        result: Value,
        #[serde(default)]
        request_id: Option<String>,
        /// The cloud's own clock when it answered, Unix ms.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cloud_ms: Option<i64>,
    },
    /// The cloud said no; nothing changed.
    ActionRefused {
        ticket: Ticket,
        error: CloudError,
    },
    /// Sent, and the answer is lost.
    ActionUnknown {
        ticket: Ticket,
        error: CloudError,
    },
    ProbeAnswered {
        step: String,
        attempt: u32,
        answer: ProbeAnswer,
        detail: String,
    },
    /// A person wants the probe asked again.
    ProbeRequested {
        step: String,
        attempt: u32,
        by: String,
    },
    UnknownResolved {
        step: String,
        attempt: u32,
        by: String,
        decision: UnknownDecision,
        reason: String,
        /// The step's id was typed, as class D asks for.
        #[serde(default, skip_serializing_if = "is_not")]
        typed: bool,
    },
    /// A verification needs the answer of the call, and that was lost: a person decides.
    VerificationInDoubt {
        step: String,
        attempt: u32,
        verify: u16,
        message: String,
    },
    /// The pre-checks were answered too long before the confirmation: they are asked again before
    /// anything is sent.
    ChecksOutdated {
        step: String,
        attempt: u32,
        age_ms: u64,
    },
    /// A refused attempt goes out again by itself, under the same confirmation.
    RetryScheduled {
        step: String,
        attempt: u32,
        not_before_ms: i64,
        after: CloudErrorKind,
    },

    // ---- how a step ends
    StepSucceeded {
        step: String,
        attempt: u32,
        outputs: Object,
    },
    StepFailed {
        step: String,
        attempt: u32,
        reason: String,
    },
    /// By a person with a reason, or (`by: None`) because it does not apply.
    StepSkipped {
        step: String,
        by: Option<String>,
        reason: String,
    },
    StepDoneExternally {
        step: String,
        attempt: u32,
        by: String,
        evidence: String,
    },
    /// A person starts a new attempt after a failure.
    StepRetried {
        step: String,
        attempt: u32,
        by: String,
    },
    RollbackStarted {
        step: String,
        attempt: u32,
        by: String,
        /// Digest of the calls that were shown; empty in journals that did not know it yet.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        digest: String,
        /// The call it begins with: another than the first when one in doubt is sent again.
        #[serde(default, skip_serializing_if = "is_first")]
        from: u16,
    },
    StepRolledBack {
        step: String,
        attempt: u32,
    },
    RollbackFailed {
        step: String,
        attempt: u32,
        reason: String,
    },
    /// A timer that the engine asked for ran out.
    TimerFired {
        timer: Timer,
    },
}

/// Timers the engine may ask for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Timer {
    PhaseBudget {
        phase: String,
    },
    RunBudget,
    /// A `wait` step is over.
    Wait {
        step: String,
        attempt: u32,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_not(flag: &bool) -> bool {
    !*flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_first(call: &u16) -> bool {
    *call == 0
}

impl Event {
    /// The key of the step it is about, for every event but those of the run as a whole.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        match self {
            Self::RunStarted(_)
            | Self::RunResumed { .. }
            | Self::RunPaused { .. }
            | Self::RunContinued
            | Self::RunLeft { .. }
            | Self::RunAborted { .. }
            | Self::RunFinished { .. }
            | Self::BudgetExceeded { .. }
            | Self::NoteAdded { .. }
            | Self::MilestoneReached { .. }
            | Self::ActionItemAdded { .. }
            | Self::ActionItemDone { .. }
            | Self::TornTailCut { .. }
            | Self::Anomaly { .. }
            | Self::TimerFired { .. } => None,
            Self::Observed { ticket, .. }
            | Self::ActionRequested { ticket, .. }
            | Self::ActionSucceeded { ticket, .. }
            | Self::ActionRefused { ticket, .. }
            | Self::ActionUnknown { ticket, .. } => Some(&ticket.step),
            Self::StepReady { step, .. }
            | Self::CheckPassed { step, .. }
            | Self::CheckFailed { step, .. }
            | Self::CheckOverridden { step, .. }
            | Self::GateOpened { step, .. }
            | Self::StepConfirmed { step, .. }
            | Self::StepAutoConfirmed { step, .. }
            | Self::MfaVerified { step, .. }
            | Self::MfaRefused { step, .. }
            | Self::ApprovalGranted { step, .. }
            | Self::ProbeAnswered { step, .. }
            | Self::ProbeRequested { step, .. }
            | Self::UnknownResolved { step, .. }
            | Self::VerificationInDoubt { step, .. }
            | Self::ChecksOutdated { step, .. }
            | Self::RetryScheduled { step, .. }
            | Self::StepSucceeded { step, .. }
            | Self::StepFailed { step, .. }
            | Self::StepSkipped { step, .. }
            | Self::StepDoneExternally { step, .. }
            | Self::StepRetried { step, .. }
            | Self::RollbackStarted { step, .. }
            | Self::StepRolledBack { step, .. }
            | Self::RollbackFailed { step, .. } => Some(step),
        }
    }

    /// Whether the driver may go on before this record is on the disk. Only repeated observations
    /// are: losing one loses nothing, as it is asked again.
    #[must_use]
    pub const fn may_be_buffered(&self) -> bool {
        matches!(self, Self::Observed { .. })
    }
}
