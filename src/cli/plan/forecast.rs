//! How long a run of a plan may take, begun now: from past runs, or by the runbook's own figures.

use serde::Serialize;

use crate::cli::past;
use crate::cli::settings::Settings;
use crate::engine::Engine;
use crate::engine::snapshot::Basis;
use crate::model::event::RunHeader;
use crate::model::plan::Plan;
use crate::model::time::{elapsed_ms, human_ms};

#[derive(Debug, Clone, Serialize)]
pub struct Forecast {
    /// Every other run takes no longer, from its start.
    pub p50_ms: u64,
    /// Nine in ten take no longer.
    pub p90_ms: u64,
    /// RTO minus P90, counted from the impact; negative when it does not fit.
    pub spare_ms: Option<i64>,
    /// Runs of a hundred that keep the RTO.
    pub in_time_percent: Option<u8>,
    pub basis: Basis,
}

/// `None` for a plan without steps.
pub fn forecast(settings: &Settings, plan: &Plan) -> Option<Forecast> {
    const RUN: &str = "plan";
    let now_ms = plan.started_at_ms;
    let mut engine = Engine::new(plan.clone(), RUN, &header(plan));
    engine.learn(past::recall(settings, plan, RUN, past::AT_ONCE));
    engine.foresee(now_ms);
    let chances = engine.snapshot(now_ms).forecast.chances?;
    let limit_ms = plan.rto_ms.map(|rto| plan.clock_at_ms.saturating_add_unsigned(rto));
    Some(Forecast {
        p50_ms: elapsed_ms(now_ms, chances.p50_end_ms),
        p90_ms: elapsed_ms(now_ms, chances.p90_end_ms),
        spare_ms: limit_ms.map(|limit| limit.saturating_sub(chances.p90_end_ms)),
        in_time_percent: chances.in_time_percent,
        basis: chances.basis,
    })
}

/// As much of line 1 as a run needs that never begins.
fn header(plan: &Plan) -> RunHeader {
    RunHeader {
        runbook: plan.name.clone(),
        digest: plan.digest.clone(),
        files: Vec::new(),
        mode: plan.mode,
        intent: plan.intent,
        operator: plan.operator.clone(),
        inputs: plan.inputs.clone(),
        secrets: Vec::new(),
        version: String::new(),
        binary: String::new(),
        drill: None,
        identities: Vec::new(),
    }
}

impl Forecast {
    /// `P50 1h 52m, P90 2h 20m with people; at P90 1h 40m to spare of the RTO (from 12 drills)`.
    #[must_use]
    pub fn words(&self) -> String {
        let against = match self.spare_ms {
            None => String::new(),
            Some(ms) if ms < 0 => format!("; at P90 {} over the RTO", minutes(ms.unsigned_abs())),
            Some(ms) => format!("; at P90 {} to spare of the RTO", minutes(ms.unsigned_abs())),
        };
        let (p50, p90) = (minutes(self.p50_ms), minutes(self.p90_ms));
        format!("P50 {p50}, P90 {p90}, people included{against} ({})", self.basis.words())
    }
}

/// Forecasts are not told to the second.
fn minutes(ms: u64) -> String {
    if ms < 60_000 { human_ms(ms / 1000 * 1000) } else { human_ms(ms / 60_000 * 60_000) }
}
