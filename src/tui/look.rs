//! Questions that more than one view asks of a run's snapshot.
//!
//! Must not know the screen: no cell, no colour, no key.

use crate::driver::handle::{PracticeCode, View};
use crate::engine::snapshot::{Activity, ExpiredView, Snapshot, StepView};
use crate::model::action::{Action, messages};
use crate::model::outcome::{Mode, RunStatus, StepStatus};
use crate::model::time::{elapsed_ms, human_ms};

/// A code of an authenticator lasts this long.
const CODE_STEP_MS: i64 = 30_000;

pub fn step<'a>(view: &'a View, key: &str) -> Option<&'a StepView> {
    view.snapshot.steps.iter().find(|step| step.key == key)
}

/// Whether only a person gets this step further.
pub const fn waits_for_person(step: &StepView) -> bool {
    matches!(step.activity_kind, Activity::NeedsPerson | Activity::NeedsDecision | Activity::InDoubt)
}

/// What a step is doing, in a few words.
pub fn doing(step: &StepView) -> &str {
    if step.activity.is_empty() { step.status.word() } else { &step.activity }
}

/// The steps that wait for a person, those in doubt and failed first.
pub fn waiting(snapshot: &Snapshot) -> Vec<&StepView> {
    let mut steps: Vec<&StepView> = snapshot.steps.iter().filter(|step| waits_for_person(step)).collect();
    steps.sort_by_key(|step| match step.activity_kind {
        Activity::InDoubt => 0,
        Activity::NeedsDecision => 1,
        _ => 2,
    });
    steps
}

/// The step to look at when nobody has chosen one: what waits, else what runs, else what comes next.
pub fn step_of_interest(snapshot: &Snapshot) -> Option<&StepView> {
    let runs = |step: &&StepView| step.status == StepStatus::Running;
    let comes = |step: &&StepView| step.status == StepStatus::Pending;
    waiting(snapshot)
        .first()
        .copied()
        .or_else(|| snapshot.steps.iter().find(runs))
        .or_else(|| snapshot.steps.iter().find(comes))
        .or_else(|| snapshot.steps.last())
}

/// Steps that need this one, by id.
pub fn next_of<'a>(snapshot: &'a Snapshot, key: &str) -> Vec<&'a StepView> {
    snapshot.steps.iter().filter(|step| step.needs.iter().any(|need| need == key)).collect()
}

pub fn practice<'a>(view: &'a View, person: &str) -> Option<&'a PracticeCode> {
    view.practice.iter().find(|code| code.person == person)
}

/// Milliseconds until devices show the next code.
pub fn next_code_ms(now_ms: i64) -> u64 {
    u64::try_from(CODE_STEP_MS - now_ms.rem_euclid(CODE_STEP_MS)).unwrap_or(0)
}

/// The counter of the code that devices show now.
pub fn code_counter(now_ms: i64) -> u64 {
    u64::try_from(now_ms.div_euclid(CODE_STEP_MS)).unwrap_or(0)
}

pub fn is_drill(view: &View) -> bool {
    view.snapshot.mode == Mode::Drill
}

/// Where the RTO stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    pub used_ms: u64,
    pub budget_ms: Option<u64>,
    /// Negative when over.
    pub left_ms: Option<i64>,
    pub pace: Pace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    Calm,
    /// 80 % and more are used.
    Tight,
    Over,
}

pub fn clock(snapshot: &Snapshot) -> Clock {
    let until_ms = snapshot.ended_ms.unwrap_or(snapshot.now_ms);
    let counted_ms = snapshot.rto.and_then(|rto| rto.actual_ms);
    let used_ms = counted_ms.unwrap_or_else(|| elapsed_ms(snapshot.clock_at_ms, until_ms));
    let budget_ms = snapshot.rto.map(|rto| rto.budget_ms);
    let left_ms = budget_ms.map(|budget| budget.cast_signed() - used_ms.cast_signed());
    Clock { used_ms, budget_ms, left_ms, pace: budget_ms.map_or(Pace::Calm, |budget| pace(used_ms, budget)) }
}

/// When every other run from here is over; without chances, by the usual durations.
pub fn likely_end_ms(snapshot: &Snapshot) -> Option<i64> {
    snapshot.forecast.chances.map(|chances| chances.p50_end_ms).or(snapshot.forecast.usual_end_ms)
}

/// How an amount stands to its limit.
pub const fn pace(used_ms: u64, budget_ms: u64) -> Pace {
    if used_ms > budget_ms {
        Pace::Over
    } else if used_ms.saturating_mul(5) >= budget_ms.saturating_mul(4) {
        Pace::Tight
    } else {
        Pace::Calm
    }
}

pub const fn has_ended(snapshot: &Snapshot) -> bool {
    matches!(snapshot.status, RunStatus::Succeeded | RunStatus::Failed | RunStatus::Aborted)
}

/// What a step asks of a person, in the author's words; `None` for steps that call something.
pub fn ask(step: &StepView) -> Option<&str> {
    let wanted = match step.action.as_str() {
        "manual" => "ask",
        "note" => "text",
        _ => return None,
    };
    step.request.iter().find(|(name, _)| name == wanted).map(|(_, text)| text.as_str())
}

/// The text that a step brings to people, whole: a message that goes out, or one that is ready to copy.
pub fn message(step: &StepView) -> Option<String> {
    let with = |name: &str| step.request.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str());
    let above = |name: &str, text: &str| with(name).map_or_else(|| text.to_owned(), |head| format!("{head}\n{text}"));
    match step.action.as_str() {
        "slack/post" => {
            let called = with("mention").map(|who| format!("@{who} ")).unwrap_or_default();
            with("text").map(|text| format!("{called}{text}"))
        }
        "teams/post" => with("text").map(|text| above("title", text)),
        "aws/sns.publish" => with("message").map(|text| above("subject", text)),
        "pagerduty/change_event" => with("summary").map(str::to_owned),
        "webhook/post" => with("body").map(|body| {
            let parsed = serde_json::from_str::<serde_json::Value>(body).ok();
            parsed.and_then(|body| serde_json::to_string_pretty(&body).ok()).unwrap_or_else(|| body.to_owned())
        }),
        "manual" => with("text").map(str::to_owned),
        _ => None,
    }
}

/// Members of a request that [`message`] shows.
pub const MESSAGE_MEMBERS: [&str; 7] = ["text", "title", "message", "subject", "summary", "body", "mention"];

/// Whether the step is a message of ours to people: it has no command line of AWS, and no run waits for it.
pub fn is_message(step: &StepView) -> bool {
    messages::is_message(&step.action)
}

/// What comes of a message, in place of what a change risks.
pub const MESSAGE_RISK: &str = "People read it; nothing of AWS changes. If it fails, the run goes on.";

/// What a step calls, as the cloud's own documents write it: `rds:FailoverGlobalCluster`.
pub fn api_name(action: &str) -> String {
    let known = Action::spec_of(action).map(|spec| spec.api).filter(|api| !api.is_empty());
    known.unwrap_or(action).to_owned()
}

/// For the title of the terminal's window: `REAL ◆ 2:30 left, promote waits`.
pub fn window_title(view: &View) -> String {
    let snapshot = &view.snapshot;
    let mode = snapshot.mode.banner();
    if view.over.is_some() || has_ended(snapshot) {
        return format!("{mode} {} is over", snapshot.runbook);
    }
    let clock = clock(snapshot);
    let minutes = |ms: u64| format!("{}:{:02}", ms / 3_600_000, ms / 60_000 % 60);
    let left = match clock.left_ms {
        Some(ms) if ms < 0 => format!("over by {}", minutes(ms.unsigned_abs())),
        Some(ms) => format!("{} left", minutes(ms.unsigned_abs())),
        None => format!("{} used", minutes(clock.used_ms)),
    };
    match waiting(snapshot).first() {
        Some(step) => format!("{mode} ◆ {left}, {} waits", step.id),
        None => format!("{mode} {left}"),
    }
}

/// What an expired login means, and what helps.
pub fn expired_words(expired: &ExpiredView) -> String {
    format!("credentials expired: in another terminal `{}`; polls go on", expired.way_out)
}

pub fn skew_words(skew_ms: i64) -> String {
    let way = if skew_ms > 0 { "ahead of" } else { "behind" };
    format!("this machine's clock is {} {way} AWS", human_ms(skew_ms.unsigned_abs() / 1000 * 1000))
}

/// Share of a whole in percent, rounded.
pub const fn percent(part: u64, whole: u64) -> u64 {
    match part.saturating_mul(100).saturating_add(whole / 2).checked_div(whole) {
        Some(share) => share,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_aws_writes_them() {
        assert_eq!(api_name("aws/rds.failover_global_cluster"), "rds:FailoverGlobalCluster");
        assert_eq!(api_name("manual"), "manual");
    }

    #[test]
    fn tight_begins_at_four_fifths() {
        assert_eq!([79, 80, 100, 101].map(|used| pace(used, 100)), [Pace::Calm, Pace::Tight, Pace::Tight, Pace::Over]);
    }

    #[test]
    fn a_code_lasts_to_the_half_minute() {
        assert_eq!(next_code_ms(13_000), 17_000);
        assert_eq!(next_code_ms(30_000), 30_000);
    }
}
