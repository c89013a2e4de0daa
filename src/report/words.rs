//! Every event in words: past tense, calm, without blame. The one place that says what a fact is
//! called, whether it is a deviation, and whose deed it was.

use super::row::RowKind;
use super::value::brief;
use crate::model::action::Action;
use crate::model::event::{Event, MfaProof, Purpose, RunHeader, Stamped, Ticket, Timer};
use crate::model::milestone::Milestone;
use crate::model::outcome::{Mode, ProbeAnswer, RunStatus};
use crate::model::time::{hms_utc, human_ms};

/// An event in words, not yet made safe.
pub(super) struct Words {
    pub step: Option<String>,
    pub subject: Subject,
    pub kind: RowKind,
    pub text: String,
    /// The person whose deed it was.
    pub by: Option<String>,
    /// When it happened, if somebody told it later.
    pub about_ms: Option<i64>,
    pub deviation: Option<Deviation>,
}

/// What a row is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Run,
    Step,
    Note,
    Clock,
}

/// A departure from the runbook as written.
pub(super) struct Deviation {
    pub what: &'static str,
    /// The reason given, or what happened.
    pub reason: String,
}

impl Words {
    fn run(kind: RowKind, text: impl Into<String>) -> Self {
        Self { step: None, subject: Subject::Run, kind, text: text.into(), by: None, about_ms: None, deviation: None }
    }

    fn step(step: &str, kind: RowKind, text: impl Into<String>) -> Self {
        Self { step: Some(step.to_owned()), subject: Subject::Step, ..Self::run(kind, text) }
    }

    fn clock(mut self) -> Self {
        self.subject = Subject::Clock;
        self
    }

    fn by(mut self, person: &str) -> Self {
        self.by = Some(person.to_owned());
        self
    }

    fn deviates(mut self, what: &'static str, reason: &str) -> Self {
        self.deviation = Some(Deviation { what, reason: reason.to_owned() });
        self
    }
}

/// What an event says.
#[expect(clippy::too_many_lines, reason = "one arm for each event, so that none is ever without words")]
pub(super) fn words(stamped: &Stamped) -> Words {
    use RowKind::{Answer, Check, Detail, Deviation, Ended, Failure, Note, People, Run, Sent};
    let who = &stamped.who;
    match &stamped.event {
        Event::RunStarted(header) => Words::run(Run, started(header)).by(&header.operator),
        Event::RunResumed { operator, version, binary: _ } => {
            Words::run(Run, format!("resumed by {operator} with lifeboat {version}")).by(operator)
        }
        Event::RunPaused { reason } => {
            Words::run(Deviation, format!("paused by {who}{}", because(reason))).by(who).deviates("paused", reason)
        }
        Event::RunContinued => Words::run(Run, format!("continued by {who}")).by(who),
        Event::RunLeft { reason } => Words::run(Run, format!("left, to be resumed{}", because(reason))).by(who),
        Event::RunAborted { reason } => {
            Words::run(Deviation, format!("aborted by {who}{}", because(reason))).by(who).deviates("aborted", reason)
        }
        Event::RunFinished { status, rto_ms, rpa_ms } => Words::run(Ended, finished(*status, *rto_ms, *rpa_ms)),
        Event::BudgetExceeded { phase, budget_ms } => budget_exceeded(phase.as_deref(), *budget_ms),
        Event::NoteAdded { by, text, about_ms, step } => Words {
            step: step.clone(),
            subject: Subject::Note,
            about_ms: *about_ms,
            ..Words::run(Note, noted(by, text, *about_ms)).by(by)
        },
        Event::MilestoneReached { milestone, by, about_ms, step, text } => Words {
            step: step.clone(),
            about_ms: *about_ms,
            ..Words::run(Run, reached(*milestone, by, (*about_ms, step.as_deref()), text.as_deref())).by(by)
        },
        Event::ActionItemAdded { item, by, text, owner } => {
            let owner = owner.as_ref().map(|owner| format!(", owner {owner}")).unwrap_or_default();
            Words { subject: Subject::Note, ..Words::run(Note, format!("action item {item}: {text}{owner}")).by(by) }
        }
        Event::ActionItemDone { item, by, text } => Words {
            subject: Subject::Note,
            ..Words::run(Note, format!("action item {item} is done{}", because(text))).by(by)
        },
        Event::TornTailCut { bytes } => {
            Words::run(Run, format!("{bytes} bytes of an unfinished record were kept aside and cut off"))
        }
        Event::Anomaly { detail } => Words::run(Failure, format!("unexpected, kept as evidence: {detail}")),

        Event::StepReady { step, attempt } => Words::step(step, Detail, format!("ready{}", nth(*attempt))),
        Event::Observed { ticket, result, request_id: _, cloud_ms: _ } => {
            let seen = match result {
                Ok(value) => brief(value),
                Err(error) => format!("{}: {error}", error.kind.word()),
            };
            Words::step(&ticket.step, Detail, format!("{}: {seen}", purpose(ticket.purpose)))
        }
        Event::CheckPassed { step, attempt: _, check: _, expect, detail } => {
            let expect = crate::model::expr::readable(expect);
            Words::step(step, Check, format!("precondition passed: {expect}{}", aside(detail.as_deref())))
        }
        Event::CheckFailed { step, attempt: _, check: _, expect, message } => {
            let wanted = if message.contains(expect) { String::new() } else { format!(", wanted {expect}") };
            Words::step(step, Failure, format!("precondition not met: {message}{wanted}"))
        }
        Event::CheckOverridden { step, attempt: _, check, by, reason, proof } => {
            let text =
                format!("precondition {} overridden by {by}{}{}", check + 1, with_mfa(proof.as_ref()), because(reason));
            Words::step(step, Deviation, text).by(by).deviates("check overridden", reason)
        }
        Event::GateOpened { step, attempt, request: _, digest: _ } => {
            Words::step(step, People, format!("waits for people{}", nth(*attempt)))
        }
        Event::StepConfirmed { step, attempt, by, digest: _, typed } => {
            let typed = if *typed { ", name typed" } else { "" };
            Words::step(step, People, format!("confirmed by {by}{typed}{}", nth(*attempt))).by(by)
        }
        Event::StepAutoConfirmed { step, attempt, digest: _ } => {
            Words::step(step, Detail, format!("needs nobody, it only looks{}", nth(*attempt)))
        }
        Event::MfaVerified { step, attempt: _, proof } => {
            Words::step(step, People, format!("MFA of {}, {}", proof.by, proof.device)).by(&proof.by)
        }
        Event::MfaRefused { step, by, why, detail } => {
            let said = detail.as_ref().map(|said| format!(" ({said})")).unwrap_or_default();
            Words::step(step, People, format!("MFA of {by} not accepted: {}{said}", why.word())).by(by)
        }
        Event::ApprovalGranted { step, attempt: _, by, role, digest: _, expires_ms, proof, from } => {
            let place = from.as_ref().map(|from| format!(", from {}", from.words())).unwrap_or_default();
            let until = hms_utc(*expires_ms);
            let text = format!("approved by {by} as {role}, MFA {}{place}, valid until {until}", proof.device);
            Words::step(step, People, text).by(by)
        }

        Event::ActionRequested { ticket, action, .. } => Words::step(&ticket.step, Sent, requested(ticket, action)),
        Event::ActionSucceeded { ticket, result, request_id: _, cloud_ms: _ } => {
            Words::step(&ticket.step, Answer, format!("{}answered: {}", rollback_of(ticket), brief(result)))
        }
        Event::ActionRefused { ticket, error } => {
            let text = format!("{}refused, nothing changed: {error}", rollback_of(ticket));
            Words::step(&ticket.step, Failure, text)
        }
        Event::ActionUnknown { ticket, error } => {
            let text = format!("{}answer lost: outcome unknown ({error})", rollback_of(ticket));
            Words::step(&ticket.step, Deviation, text).deviates("outcome unknown", &error.to_string())
        }
        Event::ProbeAnswered { step, attempt: _, answer, detail } => {
            Words::step(step, Answer, format!("probe: {}{}", probed(*answer), because(detail)))
        }
        Event::ProbeRequested { step, attempt: _, by } => {
            Words::step(step, People, format!("probe asked again by {by}")).by(by)
        }
        Event::UnknownResolved { step, attempt: _, by, decision, reason, typed } => {
            let typed = if *typed { ", name typed" } else { "" };
            let text = format!("{} by {by}{typed}{}", decision.word(), because(reason));
            Words::step(step, Deviation, text).by(by).deviates("unknown outcome decided", reason)
        }
        Event::VerificationInDoubt { step, attempt: _, verify, message } => {
            let text = format!("verification {} cannot be asked after a lost answer{}", verify + 1, because(message));
            Words::step(step, Deviation, text).deviates("cannot be verified", message)
        }
        Event::ChecksOutdated { step, attempt: _, age_ms } => {
            Words::step(step, Check, format!("checked {} ago, asking again", human_ms(*age_ms)))
        }
        Event::RetryScheduled { step, attempt: _, not_before_ms, after } => {
            let text = format!("to be sent again at {}: {}", hms_utc(*not_before_ms), after.word());
            Words::step(step, Deviation, text).deviates("sent again", after.word())
        }

        Event::StepSucceeded { step, attempt, outputs: _ } => {
            Words::step(step, Ended, format!("succeeded{}", nth(*attempt)))
        }
        Event::StepFailed { step, attempt, reason } => {
            Words::step(step, Failure, format!("failed{}{}", nth(*attempt), because(reason)))
        }
        Event::StepSkipped { step, by: Some(by), reason } => {
            Words::step(step, Deviation, format!("skipped by {by}{}", because(reason)))
                .by(by)
                .deviates("skipped", reason)
        }
        Event::StepSkipped { step, by: None, reason } => {
            Words::step(step, Ended, format!("does not apply{}", because(reason)))
        }
        Event::StepDoneExternally { step, attempt: _, by, evidence } => {
            let text = format!("done externally, as told by {by}{}", because(evidence));
            Words::step(step, Deviation, text).by(by).deviates("done externally", evidence)
        }
        Event::StepRetried { step, attempt, by } => {
            let text = format!("attempt {attempt} begun by {by}");
            Words::step(step, Deviation, text).by(by).deviates("retried", "")
        }
        Event::RollbackStarted { step, attempt: _, by, digest: _, from } => {
            let at = if *from > 0 { format!(" again at its call {}", from + 1) } else { String::new() };
            let text = format!("rollback begun{at} by {by}");
            Words::step(step, Deviation, text).by(by).deviates("rolled back", "")
        }
        Event::StepRolledBack { step, attempt: _ } => Words::step(step, Ended, "rolled back"),
        Event::RollbackFailed { step, attempt: _, reason } => {
            Words::step(step, Failure, format!("rollback failed{}", because(reason)))
        }
        Event::TimerFired { timer } => timer_fired(timer),
    }
}

fn started(header: &RunHeader) -> String {
    let mode = match header.mode {
        Mode::Drill => "drill",
        Mode::Real => "real run",
    };
    format!("{mode} of {} started by {} with lifeboat {}", header.runbook, header.operator, header.version)
}

fn finished(status: RunStatus, rto_ms: u64, rpa_ms: Option<u64>) -> String {
    let end = match status {
        RunStatus::Succeeded => "succeeded",
        RunStatus::Failed => "failed",
        RunStatus::Aborted => "aborted",
        RunStatus::Running | RunStatus::Waiting | RunStatus::Paused => "unfinished",
    };
    let point = rpa_ms.map_or_else(String::new, |ms| format!(", recovery point {} back", human_ms(ms)));
    format!("ended: {end} after {}{point}", human_ms(rto_ms))
}

fn budget_exceeded(phase: Option<&str>, budget_ms: u64) -> Words {
    let what = phase.map_or_else(|| "RTO".to_owned(), |phase| format!("budget of {phase}"));
    let text = format!("{what} used up: {}", human_ms(budget_ms));
    Words::run(RowKind::Deviation, text.clone()).clock().deviates("over budget", &text)
}

fn noted(by: &str, text: &str, about_ms: Option<i64>) -> String {
    about_ms.map_or_else(|| format!("{by}: {text}"), |about_ms| format!("{by}, about {}: {text}", hms_utc(about_ms)))
}

fn reached(
    milestone: Milestone,
    by: &str,
    (about_ms, step): (Option<i64>, Option<&str>),
    text: Option<&str>,
) -> String {
    let when = about_ms.map_or_else(String::new, |about_ms| format!(" at {}", hms_utc(about_ms)));
    let how = step.map_or_else(|| format!("told by {by}"), |step| format!("with {step}"));
    format!("milestone: {}{when}, {how}{}", milestone.word(), because(text.unwrap_or_default()))
}

fn requested(ticket: &Ticket, action: &str) -> String {
    let spec = Action::spec_of(action);
    let name = spec.map(|spec| spec.api).filter(|api| !api.is_empty()).unwrap_or(action);
    let verb = match spec {
        Some(spec) if spec.api.is_empty() => "began",
        Some(spec) if !spec.risk.changes() => "asked",
        Some(_) | None => "sent",
    };
    format!("{}{verb} {name}{}", rollback_of(ticket), nth(ticket.attempt))
}

fn timer_fired(timer: &Timer) -> Words {
    match timer {
        Timer::PhaseBudget { phase } => Words::run(RowKind::Detail, format!("the budget of {phase} ran out")).clock(),
        Timer::RunBudget => Words::run(RowKind::Detail, "the RTO ran out").clock(),
        Timer::Wait { step, attempt: _ } => Words::step(step, RowKind::Detail, "waited long enough"),
    }
}

fn purpose(purpose: Purpose) -> String {
    match purpose {
        Purpose::Action => "answer".to_owned(),
        Purpose::Rollback(n) => format!("rollback {}", n + 1),
        Purpose::Before => "before".to_owned(),
        Purpose::Check(n) => format!("check {}", n + 1),
        Purpose::Verify(n) => format!("verification {}", n + 1),
        Purpose::Probe => "probe".to_owned(),
    }
}

const fn probed(answer: ProbeAnswer) -> &'static str {
    match answer {
        ProbeAnswer::Before => "the change did not happen",
        ProbeAnswer::InProgress => "the change is under way",
        ProbeAnswer::After => "the change happened",
        ProbeAnswer::CannotTell => "cannot tell whether the change happened",
    }
}

fn rollback_of(ticket: &Ticket) -> String {
    match ticket.purpose {
        Purpose::Rollback(n) => format!("rollback {}: ", n + 1),
        Purpose::Action | Purpose::Before | Purpose::Check(_) | Purpose::Verify(_) | Purpose::Probe => String::new(),
    }
}

fn with_mfa(proof: Option<&MfaProof>) -> String {
    proof.map_or_else(String::new, |proof| format!(", MFA {}", proof.device))
}

fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

fn aside(detail: Option<&str>) -> String {
    detail.filter(|detail| !detail.is_empty()).map_or_else(String::new, |detail| format!(" ({detail})"))
}

/// Only a second and later attempt is worth a word.
fn nth(attempt: u32) -> String {
    if attempt > 1 { format!(", attempt {attempt}") } else { String::new() }
}
