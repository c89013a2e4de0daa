//! One journal into the durations of its steps: what each waited for, from event to event.

use std::collections::HashMap;

use crate::model::Value;
use crate::model::event::{Event, Purpose, RunHeader, Stamped};
use crate::model::outcome::Mode;
use crate::model::time::elapsed_ms;

/// Sooner than this no dialog can be confirmed, in milliseconds: it opens disarmed for as long.
const DISARMED_MS: u64 = 400;
/// A gap between two processes that is longer hides what went on, in milliseconds.
const UNWATCHED_MS: u64 = 1_000;

/// What a run tells of its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRun {
    pub runbook: String,
    pub digest: String,
    pub mode: Mode,
    pub steps: Vec<PastStep>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastStep {
    pub key: String,
    /// What was sent; `None` where nothing is (a question, a note, a wait).
    pub sent: Option<Sent>,
    /// From ready to succeeded, people left out.
    pub work_ms: Option<u64>,
    /// As long as it had lasted when it was cut off.
    pub cut_ms: Option<u64>,
    pub people_ms: Option<u64>,
}

/// An action and where it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub action: String,
    pub target: String,
    pub region: Option<String>,
}

/// Whom a step waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waits {
    Nobody,
    People,
    Work,
}

/// A step as far as its journal was read.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of one step, each with its own event")]
struct Step {
    key: String,
    sent: Option<Sent>,
    waits: Waits,
    since_ms: i64,
    work_ms: u64,
    people_ms: u64,
    /// When its gate was last worked on: confirmed, approved, a code shown.
    touched_ms: Option<i64>,
    /// Somebody was asked.
    asked: bool,
    /// Why its work tells nothing.
    blurred: bool,
    has_succeeded: bool,
    /// Verifying, so that a failure means it took too long.
    answered: bool,
    cut: bool,
}

impl Step {
    fn new(key: &str, at_ms: i64) -> Self {
        Self {
            key: key.to_owned(),
            sent: None,
            waits: Waits::Nobody,
            since_ms: at_ms,
            work_ms: 0,
            people_ms: 0,
            touched_ms: None,
            asked: false,
            blurred: false,
            has_succeeded: false,
            answered: false,
            cut: false,
        }
    }

    fn turn(&mut self, to: Waits, at_ms: i64) {
        let passed = elapsed_ms(self.since_ms, at_ms);
        match self.waits {
            Waits::Nobody => {}
            Waits::People => self.people_ms += passed,
            Waits::Work => self.work_ms += passed,
        }
        (self.waits, self.since_ms) = (to, at_ms);
    }

    /// Work goes on behind a gate: since it was last worked on.
    fn through(&mut self, at_ms: i64) {
        if self.waits == Waits::People {
            self.turn(Waits::Work, self.touched_ms.unwrap_or(at_ms));
        }
    }

    /// Nobody was there for that long.
    fn pass_over(&mut self, gap_ms: u64) {
        match self.waits {
            Waits::Nobody => {}
            Waits::People => self.since_ms = self.since_ms.saturating_add_unsigned(gap_ms),
            Waits::Work => self.blurred |= gap_ms > UNWATCHED_MS,
        }
    }

    fn told(self, people_sat: bool) -> PastStep {
        let tells = !self.blurred;
        let ended = tells && self.has_succeeded;
        let cut = tells && !self.has_succeeded && self.cut;
        let sat = people_sat && self.asked && self.has_succeeded && self.people_ms >= DISARMED_MS;
        PastStep {
            key: self.key,
            sent: self.sent,
            work_ms: ended.then_some(self.work_ms),
            cut_ms: cut.then_some(self.work_ms),
            people_ms: sat.then_some(self.people_ms),
        }
    }
}

/// A journal on its way into durations.
#[derive(Debug)]
pub struct Folded {
    runbook: String,
    digest: String,
    mode: Mode,
    people_sat: bool,
    steps: Vec<Step>,
    by_key: HashMap<String, usize>,
    last_ms: i64,
    /// Since when no step is begun or confirmed.
    paused_ms: Option<i64>,
    left_ms: Option<i64>,
}

impl Folded {
    /// Of line 1.
    #[must_use]
    pub fn of(header: &RunHeader, at_ms: i64) -> Self {
        Self {
            runbook: header.runbook.clone(),
            digest: header.digest.clone(),
            mode: header.mode,
            people_sat: header.drill.as_ref().is_none_or(|drill| drill.speed != "max"),
            steps: Vec::new(),
            by_key: HashMap::new(),
            last_ms: at_ms,
            paused_ms: None,
            left_ms: None,
        }
    }

    /// The next record.
    pub fn take(&mut self, stamped: &Stamped) {
        let at_ms = stamped.at_ms.max(self.last_ms);
        match &stamped.event {
            Event::RunPaused { .. } => self.paused_ms = self.paused_ms.or(Some(at_ms)),
            Event::RunContinued => self.go_on(at_ms),
            Event::RunLeft { .. } => self.left_ms = Some(at_ms),
            Event::RunResumed { .. } => {
                let gap_ms = elapsed_ms(self.left_ms.take().unwrap_or(self.last_ms), at_ms);
                self.steps.iter_mut().for_each(|step| step.pass_over(gap_ms));
            }
            Event::RunAborted { .. } | Event::RunFinished { .. } => self.end(at_ms),
            event => {
                if let Some(key) = event.step() {
                    self.step(key, at_ms).take(event, at_ms);
                }
            }
        }
        self.last_ms = at_ms;
    }

    fn step(&mut self, key: &str, at_ms: i64) -> &mut Step {
        let ix = if let Some(&ix) = self.by_key.get(key) {
            ix
        } else {
            self.by_key.insert(key.to_owned(), self.steps.len());
            self.steps.push(Step::new(key, at_ms));
            self.steps.len() - 1
        };
        &mut self.steps[ix]
    }

    /// A pause is no time that people take to decide; what was at work went on.
    fn go_on(&mut self, at_ms: i64) {
        let Some(paused_ms) = self.paused_ms.take() else { return };
        for step in self.steps.iter_mut().filter(|step| step.waits == Waits::People) {
            let from_ms = paused_ms.max(step.since_ms);
            step.pass_over(elapsed_ms(from_ms, at_ms));
        }
    }

    fn end(&mut self, at_ms: i64) {
        for step in &mut self.steps {
            step.cut |= step.waits == Waits::Work;
            step.turn(Waits::Nobody, at_ms);
        }
    }

    /// What the run tells, as far as it was read.
    #[must_use]
    pub fn done(mut self) -> PastRun {
        self.end(self.left_ms.unwrap_or(self.last_ms));
        let people_sat = self.people_sat;
        PastRun {
            runbook: self.runbook,
            digest: self.digest,
            mode: self.mode,
            steps: self.steps.into_iter().map(|step| step.told(people_sat)).collect(),
        }
    }
}

impl Step {
    #[expect(clippy::too_many_lines, reason = "one arm an event: the closed list is the point")]
    fn take(&mut self, event: &Event, at_ms: i64) {
        match event {
            Event::StepReady { .. } | Event::ChecksOutdated { .. } => self.turn(Waits::Work, at_ms),
            Event::StepRetried { .. } => {
                self.answered = false;
                self.turn(Waits::Work, at_ms);
            }
            Event::GateOpened { .. } => {
                self.touched_ms = None;
                self.turn(Waits::People, at_ms);
            }
            Event::StepConfirmed { .. } | Event::MfaVerified { .. } | Event::ApprovalGranted { .. } => {
                self.asked = true;
                self.touched_ms = Some(at_ms);
            }
            Event::StepAutoConfirmed { .. } => self.touched_ms = Some(at_ms),
            Event::CheckFailed { .. } => self.turn(Waits::People, at_ms),
            Event::CheckOverridden { .. } => {
                self.asked = true;
                self.turn(Waits::Work, at_ms);
            }
            Event::ActionRequested { ticket, action, target, .. } => {
                if ticket.purpose == Purpose::Action {
                    self.turn(Waits::Work, at_ms);
                    self.sent = Some(sent(action, target));
                }
            }
            Event::ActionSucceeded { .. } => self.answered = true,
            Event::Observed { ticket, .. } => {
                if matches!(ticket.purpose, Purpose::Verify(_)) {
                    self.answered = true;
                    self.through(at_ms);
                }
            }
            Event::StepSucceeded { .. } => {
                self.through(at_ms);
                self.turn(Waits::Nobody, at_ms);
                self.has_succeeded = true;
            }
            Event::StepFailed { .. } => {
                // Refused at once tells nothing of how long it would have taken; a check that ran out does.
                self.cut = self.answered;
                self.turn(Waits::People, at_ms);
            }
            Event::VerificationInDoubt { .. }
            | Event::UnknownResolved { .. }
            | Event::StepDoneExternally { .. }
            | Event::RollbackStarted { .. }
            | Event::RollbackFailed { .. }
            | Event::StepRolledBack { .. }
            | Event::StepSkipped { .. } => {
                self.blurred = true;
                self.turn(Waits::Nobody, at_ms);
            }
            Event::CheckPassed { .. }
            | Event::MfaRefused { .. }
            | Event::ActionRefused { .. }
            | Event::ActionUnknown { .. }
            | Event::ProbeAnswered { .. }
            | Event::ProbeRequested { .. }
            | Event::RetryScheduled { .. }
            | Event::RunStarted(_)
            | Event::RunResumed { .. }
            | Event::RunPaused { .. }
            | Event::RunContinued
            | Event::RunLeft { .. }
            | Event::RunAborted { .. }
            | Event::RunFinished { .. }
            | Event::BudgetExceeded { .. }
            | Event::NoteAdded { .. }
            | Event::MilestoneReached { .. }
            | Event::ActionItemAdded { .. }
            | Event::ActionItemDone { .. }
            | Event::TornTailCut { .. }
            | Event::Anomaly { .. }
            | Event::TimerFired { .. } => {}
        }
    }
}

fn sent(action: &str, target: &Value) -> Sent {
    let text = |name: &str| target[name].as_str().map(str::to_owned);
    Sent { action: action.to_owned(), target: text("name").unwrap_or_default(), region: text("region") }
}
