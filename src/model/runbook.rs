//! The runbook as written and resolved: every reference exists, every action is known,
//! no cycle is left; inputs are not yet given and templates not yet rendered.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::Value;
use super::milestone::{Milestone, Schedule};
use super::outcome::CloudErrorKind;
use super::secret::SecretDeclaration;
use super::span::{Located, Span};
use super::template::{Expr, Template, Tree};

/// One file of the resolved set: the runbook itself (index 0) or an include.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// The path as shown in diagnostics.
    pub path: String,
    pub text: String,
}

/// A whole runbook.
#[derive(Debug, Clone)]
pub struct Runbook {
    /// Every file that the digest covers, the runbook first.
    pub files: Vec<SourceFile>,
    /// `sha256:…` over the resolved set.
    pub digest: String,
    pub name: String,
    pub title: Template,
    pub description: Option<String>,
    pub objectives: Objectives,
    pub inputs: IndexMap<String, Input>,
    /// What may be referred to as `secret:NAME`; values are never part of a runbook.
    pub secrets: IndexMap<String, SecretDeclaration>,
    pub vars: IndexMap<String, Tree>,
    pub targets: IndexMap<String, Target>,
    /// Role → people who hold it.
    pub roles: IndexMap<String, Vec<String>>,
    pub contacts: IndexMap<String, Contact>,
    pub mfa: Option<Mfa>,
    /// How often it is to be rehearsed.
    pub schedule: Option<Schedule>,
    pub phases: Vec<Phase>,
}

impl Runbook {
    /// Every step with its phase's index, in document order.
    pub fn steps(&self) -> impl Iterator<Item = (usize, &Step)> {
        self.phases.iter().enumerate().flat_map(|(ix, phase)| phase.steps.iter().map(move |step| (ix, step)))
    }
}

#[derive(Debug, Clone, Default)]
pub struct Objectives {
    pub rto_ms: Option<u64>,
    pub rpo_ms: Option<u64>,
    /// Name of the timestamp input at which the RTO clock starts; without it, at the run's start.
    pub clock: Option<Located<String>>,
    /// Expression (seconds) for the recovery point achieved, e.g. `steps.lag.outputs.lag`.
    pub rpa: Option<Expr>,
    /// Places of `rto` and `rpo`, for the lints.
    pub rto_span: Span,
    pub rpo_span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputType {
    String,
    Integer,
    Number,
    Boolean,
    /// RFC 3339, or `now`.
    Timestamp,
    /// Seconds in expressions; written with a unit.
    Duration,
    /// An AWS region name.
    Region,
}

#[derive(Debug, Clone)]
pub struct Input {
    pub kind: InputType,
    /// Anchored regular expression that a value must match.
    pub pattern: Option<String>,
    /// Closed list of allowed values.
    pub options: Vec<Value>,
    pub default: Option<Value>,
    pub help: Option<String>,
    pub span: Span,
}

/// An AWS account and region that steps act in.
#[derive(Debug, Clone)]
pub struct Target {
    pub region: Option<Template>,
    pub account: Option<Template>,
    pub profile: Option<Template>,
    pub role: Option<Template>,
    /// Whether `drill --cloud aws` may touch this account.
    pub drill: bool,
    pub span: Span,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Contact {
    pub name: String,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub role: Option<String>,
    /// Free text: when to call, whom next.
    pub note: Option<String>,
    /// How long this one has before the next in order is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalate_after_ms: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MfaMethod {
    Sts,
    Totp,
}

#[derive(Debug, Clone)]
pub struct Mfa {
    pub method: MfaMethod,
    pub serial: Option<Template>,
    pub role: Option<Template>,
}

#[derive(Debug, Clone)]
pub struct Phase {
    pub id: String,
    pub title: Option<Template>,
    pub budget_ms: Option<u64>,
    pub budget_span: Span,
    /// Phases (or steps) that come first. `None`: the phase above.
    pub needs: Option<Vec<Located<String>>>,
    pub steps: Vec<Step>,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub struct Step {
    pub id: String,
    pub title: Option<Template>,
    pub uses: ActionUse,
    /// Members laid over `with` in `--mode emergency`; may also carry another action.
    pub emergency: Option<ActionUse>,
    pub target: Option<String>,
    /// `None`: the step above in the phase.
    pub needs: Option<Vec<Located<String>>>,
    pub when: Option<Expr>,
    /// It runs also after a failure has ended the run, once all that it needs has ended.
    pub always: bool,
    /// A list, or an expression that yields one; each item makes one instance.
    pub foreach: Option<Tree>,
    pub modes: Vec<super::outcome::Mode>,
    /// The author's word on an action whose risk cannot be known (`exec`).
    pub reversible: Option<bool>,
    pub gates: Gates,
    /// The gates of the emergency variant, whose action may be riskier; `None` where there is none.
    pub emergency_gates: Option<Gates>,
    pub checks: Vec<Check>,
    pub verify: Vec<Check>,
    pub retry: Retry,
    /// Time the step may take, people not counted.
    pub timeout_ms: Option<u64>,
    /// The author's word on how long this usually takes; else the action's own figure.
    pub usual_ms: Option<u64>,
    pub on_failure: OnFailure,
    pub rollback: Vec<ActionUse>,
    pub resume: ResumePolicy,
    pub outputs: IndexMap<String, Template>,
    /// The moment of the incident that its success is.
    pub milestone: Option<Milestone>,
    pub span: Span,
}

/// An action and its input tree.
#[derive(Debug, Clone)]
pub struct ActionUse {
    pub action: Located<String>,
    /// Always a map.
    pub with: Tree,
    pub target: Option<String>,
}

/// A probe plus an expectation: a pre-check or a verification.
#[derive(Debug, Clone)]
pub struct Check {
    /// The read to make; without it the expectation looks at the step's own result.
    pub uses: Option<ActionUse>,
    /// Without it, the action's own default expectation.
    pub expect: Option<Expr>,
    pub message: Option<Template>,
    /// The role whose holder may override a failure with a typed reason. `None`: it cannot be overridden.
    pub override_role: Option<String>,
    pub every_ms: u64,
    /// How long to go on asking; 0 asks once.
    pub for_ms: u64,
    pub consecutive: u32,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub struct Gates {
    pub confirm: Confirm,
    /// Shown in the dialog: what this does, in the author's words.
    pub message: Option<Template>,
    pub mfa: MfaRule,
    pub approvals: Option<Approvals>,
}

#[derive(Debug, Clone)]
pub enum Confirm {
    /// Reads under `confirm: changes` go ahead by themselves.
    None,
    Press,
    /// The exact text to type.
    Type(Template),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MfaRule {
    Never,
    /// A fresh code for this step.
    Fresh,
    /// A code in this phase is enough.
    Phase,
    /// A code within this time is enough.
    Within {
        ms: u64,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvals {
    pub min: u32,
    /// Roles whose holders may approve.
    pub from: Vec<String>,
    /// How long a granted approval stays valid.
    pub within_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// Attempts in all that may be made without asking again; 1 means no retry.
    pub max: u32,
    pub backoff_ms: u64,
    /// Errors after which the same confirmed attempt may be sent again: only refusals, never unknown outcomes.
    pub on: Vec<CloudErrorKind>,
}

impl Default for Retry {
    fn default() -> Self {
        Self { max: 1, backoff_ms: 5_000, on: vec![CloudErrorKind::Throttled] }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OnFailure {
    #[default]
    Pause,
    Continue,
    Rollback,
    Abort,
    Goto(String),
}

/// What a crash between "sent" and "answered" means for a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResumePolicy {
    /// Look first.
    #[default]
    Probe,
    /// Ask a person.
    Ask,
    /// A read: just do it again.
    Rerun,
}
