//! A finished run as the engine would show it.

use super::every::START_MS;
use crate::engine::snapshot::{
    Activity, DrillView, Forecast, MilestoneSource, MilestoneView, Objective, PhaseView, Snapshot, StepView, TimeSplit,
};
use crate::model::Value;
use crate::model::milestone::Milestone;
use crate::model::outcome::{Class, Mode, Risk, RunStatus, StepStatus};

pub(super) fn snapshot(text: &str, mode: Mode) -> Snapshot {
    let s = || text.to_owned();
    Snapshot {
        run: "01K9ZZZZZZZZZZZZZZZZZZZZZZ".to_owned(),
        runbook: s(),
        title: s(),
        digest: "sha256:d1".to_owned(),
        mode,
        operator: s(),
        regions: s(),
        account: s(),
        status: RunStatus::Succeeded,
        now_ms: START_MS + 5_347_000,
        started_ms: START_MS,
        ended_ms: Some(START_MS + 5_347_000),
        clock_at_ms: START_MS,
        rto: Some(Objective { budget_ms: 14_400_000, actual_ms: Some(5_347_000), met: Some(true) }),
        rpo: Some(Objective { budget_ms: 3_600_000, actual_ms: Some(3_700_000), met: Some(false) }),
        forecast: Forecast::default(),
        time: TimeSplit {
            people_ms: 347_000,
            cloud_ms: 4_000_000,
            checks_ms: 500_000,
            waiting_ms: 500_000,
            not_started_ms: 200_000,
            paused_ms: 250_000,
            elsewhere_ms: 0,
            tool_ms: 50_000,
        },
        phases: vec![phase(text)],
        steps: vec![step(text)],
        contacts: Vec::new(),
        paused: None,
        ended_by: None,
        cleans_up: false,
        journal_seq: 0,
        journal_head: String::new(),
        journal_broken: None,
        drill: (mode == Mode::Drill).then(|| DrillView {
            seed: 7,
            speed: "max".to_owned(),
            scenario: s(),
            faults: Vec::new(),
            raw: Value::Null,
        }),
        anomalies: 0,
        codes_at_aws: false,
        expired: Vec::new(),
        skew_ms: None,
        milestones: vec![milestone(text)],
        last_call_ms: Some(START_MS + 5_000_000),
        rta_end_ms: Some(START_MS + 5_347_000),
    }
}

fn milestone(text: &str) -> MilestoneView {
    MilestoneView {
        milestone: Milestone::Detected,
        at_ms: START_MS + 60_000,
        recorded_ms: Some(START_MS + 120_000),
        seq: Some(7),
        by: Some(text.to_owned()),
        step: None,
        source: MilestoneSource::Told,
    }
}

fn phase(text: &str) -> PhaseView {
    PhaseView {
        id: text.to_owned(),
        title: text.to_owned(),
        budget_ms: Some(3_600_000),
        started_ms: Some(START_MS),
        ended_ms: Some(START_MS + 410_000),
        actual_ms: 410_000,
        status: StepStatus::Succeeded,
        critical: true,
        forecast_start_ms: START_MS,
        forecast_end_ms: START_MS,
        steps: vec![0],
        ready_reads: 0,
        time: TimeSplit { cloud_ms: 400_000, people_ms: 10_000, ..TimeSplit::default() },
    }
}

fn step(text: &str) -> StepView {
    let s = || text.to_owned();
    StepView {
        key: s(),
        id: s(),
        title: s(),
        phase: 0,
        status: StepStatus::Succeeded,
        activity: s(),
        activity_kind: Activity::Ended,
        since_ms: None,
        started_ms: Some(START_MS),
        ended_ms: Some(START_MS + 410_000),
        attempt: 1,
        risk: Risk::Irreversible,
        class: Class::C,
        action: "aws/rds.promote_read_replica_db_cluster".to_owned(),
        needs: Vec::new(),
        request: Vec::new(),
        target: s(),
        account: s(),
        region: s(),
        identity: None,
        command_line: None,
        console_link: None,
        checks: Vec::new(),
        verify: Vec::new(),
        progress: None,
        usual_ms: 0,
        past: crate::engine::history::Past::default(),
        timeout_ms: 0,
        people_ms: 0,
        cloud_ms: 0,
        stretches: Vec::new(),
        gate: None,
        rollback: None,
        unknown: None,
        reason: None,
        confirmed_by: Some(s()),
        mfa: true,
        approvals: vec![s()],
        outputs: Vec::new(),
        critical: true,
        allowed: Vec::new(),
    }
}
