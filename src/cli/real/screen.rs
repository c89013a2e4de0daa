//! The last look before the first step, put together for the start screen.

use std::io;

use super::Person;
use super::preflight::Answer;
use super::targets::name_of;
use crate::cli::exit::CliError;
use crate::cli::face;
use crate::cli::settings::Settings;
use crate::engine::snapshot::{Activity, Snapshot};
use crate::model::expr::plain;
use crate::model::plan::{Intent, Plan};
use crate::model::runbook::MfaMethod;
use crate::model::time::{elapsed_ms, human_ms, rfc3339};
use crate::tui::start::{self, BeginModel, TargetLine};

/// What there is to look at.
pub struct LastLook<'a> {
    pub run: &'a str,
    pub plan: &'a Plan,
    pub answers: &'a [Answer],
    pub operator: &'a Person,
    pub warning: Option<String>,
    pub resumes: Option<String>,
    pub now_ms: i64,
}

/// Shows it. False: the person would rather not.
///
/// # Errors
/// When the screen fails.
pub fn ask(settings: &Settings, look: &LastLook) -> Result<bool, CliError> {
    let model = model(look);
    if !settings.plain {
        return face::ask(start::begin(model, face::options(settings)));
    }
    start::begin_plain(&model, io::stdin().lock(), io::stdout())
        .map_err(|error| CliError::failed(format!("failed to show the start screen: {error}")))
}

fn model(look: &LastLook) -> BeginModel {
    let plan = look.plan;
    BeginModel {
        mode: plan.mode,
        runbook: plan.name.clone(),
        title: plan.title.clone(),
        digest8: plan.digest.trim_start_matches("sha256:").chars().take(8).collect(),
        run: look.run.to_owned(),
        is_emergency: plan.intent == Intent::Emergency,
        resumes: look.resumes.clone(),
        operator: look.operator.name.clone(),
        operator_from: look.operator.from.to_owned(),
        targets: look.answers.iter().map(line).collect(),
        mfa: mfa(plan).to_owned(),
        clock: clock(plan, look.now_ms),
        inputs: plan.inputs.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        warnings: look.warning.iter().cloned().collect(),
    }
}

fn line(answer: &Answer) -> TargetLine {
    let target = &answer.target;
    let identity = answer.identity.as_ref();
    let account = identity.map_or_else(|_| target.account.clone(), |identity| Some(identity.account.clone()));
    TargetLine {
        name: name_of(target).to_owned(),
        account: account.unwrap_or_default(),
        region: identity
            .ok()
            .and_then(|identity| identity.region.clone())
            .or_else(|| target.region.clone())
            .unwrap_or_default(),
        identity: match identity {
            Ok(identity) => identity.arn.clone(),
            Err(error) => format!("does not answer ({error}); every call to it is checked before it is sent"),
        },
        is_known: identity.is_ok(),
    }
}

fn mfa(plan: &Plan) -> &'static str {
    match plan.mfa.as_ref().map(|mfa| mfa.method) {
        Some(MfaMethod::Sts) => "sts: the operator's code opens a fresh AWS session; others show devices enrolled here",
        Some(MfaMethod::Totp) | None => "totp: devices enrolled on this machine",
    }
}

fn clock(plan: &Plan, now_ms: i64) -> String {
    let since_ms = elapsed_ms(plan.clock_at_ms, now_ms);
    let started = if since_ms < 60_000 {
        "started just now".to_owned()
    } else {
        format!("started {}, {} ago", rfc3339(plan.clock_at_ms), human_ms(since_ms / 60_000 * 60_000))
    };
    match plan.rto_ms {
        Some(rto_ms) => format!("RTO {}, {started}", human_ms(rto_ms)),
        None => format!("no RTO set, {started}"),
    }
}

/// `9 of 13 steps are settled; open when it stopped: promote (outcome unknown)`.
#[must_use]
pub fn where_it_stands(snapshot: &Snapshot) -> String {
    let settled = snapshot.steps.iter().filter(|step| step.status.is_settled()).count();
    let is_open = |kind: Activity| matches!(kind, Activity::Calling | Activity::InDoubt | Activity::RollingBack);
    let open: Vec<String> = snapshot
        .steps
        .iter()
        .filter(|step| is_open(step.activity_kind))
        .map(|step| format!("{} ({})", step.key, step.activity))
        .collect();
    let open = if open.is_empty() { String::new() } else { format!("; open when it stopped: {}", open.join(", ")) };
    format!("{settled} of {} steps are settled{open}", snapshot.steps.len())
}
