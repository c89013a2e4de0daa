//! Hand-made views of a run in each of its states, so that screens need no engine to be tested.

mod doubt;
mod people;

use std::sync::Arc;

use crate::driver::handle::{Over, PracticeCode, View};
use crate::engine::history::{Past, Spread};
use crate::engine::snapshot::{
    Activity, Allowed, ApprovalsView, Basis, Chances, CheckState, CheckView, Decide, DrillView, ExpiredView, Forecast,
    GateView, GrantedView, MfaView, Objective, PhaseView, RollbackView, Snapshot, StepView, TimeSplit,
};
use crate::model::Value;
use crate::model::outcome::{Class, Mode, Risk, RunStatus, StepStatus};
use crate::model::time::parse_rfc3339_ms;
use crate::report::row::{Row, RowKind};

pub use doubt::{doubt_settled, in_doubt, in_doubt_early, in_doubt_unguarded, unverifiable};
pub use people::{message_gate, text_to_copy, unsent};

const MIN: i64 = 60_000;

/// `HH:MM:SS` of the day of the fixtures.
pub fn at(time: &str) -> i64 {
    parse_rfc3339_ms(&format!("2026-11-22T{time}Z")).expect("a time")
}

fn step(phase: usize, key: &str, status: StepStatus, activity: &str) -> StepView {
    StepView {
        key: key.into(),
        id: key.into(),
        title: String::new(),
        phase,
        status,
        activity: activity.into(),
        activity_kind: match status {
            StepStatus::Pending => Activity::Idle,
            StepStatus::Waiting => Activity::NeedsPerson,
            StepStatus::Running => Activity::Calling,
            StepStatus::Unknown => Activity::InDoubt,
            StepStatus::Failed => Activity::NeedsDecision,
            _ => Activity::Ended,
        },
        since_ms: None,
        started_ms: None,
        ended_ms: None,
        attempt: 1,
        risk: Risk::Read,
        class: Class::A,
        action: "aws/rds.describe_db_clusters".into(),
        needs: Vec::new(),
        request: Vec::new(),
        target: "as dr-operator".into(),
        account: "111122223333 shop-dr".into(),
        region: "eu-central-1".into(),
        identity: None,
        command_line: None,
        console_link: None,
        checks: Vec::new(),
        verify: Vec::new(),
        progress: None,
        usual_ms: 120_000,
        past: Past::default(),
        timeout_ms: 600_000,
        people_ms: 0,
        cloud_ms: 0,
        stretches: Vec::new(),
        gate: None,
        rollback: None,
        unknown: None,
        reason: None,
        confirmed_by: None,
        mfa: false,
        approvals: Vec::new(),
        outputs: Vec::new(),
        critical: false,
        allowed: Vec::new(),
    }
}

fn took(mut step: StepView, start: &str, end: &str) -> StepView {
    step.started_ms = Some(at(start));
    step.ended_ms = (!end.is_empty()).then(|| at(end));
    step
}

pub fn check(text: &str, state: CheckState) -> CheckView {
    CheckView {
        text: text.into(),
        state,
        last: None,
        polls: 0,
        every_ms: 15_000,
        for_ms: 0,
        override_role: None,
        overriders: Vec::new(),
    }
}

fn promote() -> StepView {
    let mut promote = took(step(1, "promote", StepStatus::Waiting, "waits for you"), "03:40:10", "");
    promote.since_ms = Some(at("03:40:19"));
    promote.risk = Risk::Irreversible;
    promote.class = Class::C;
    promote.action = "aws/rds.failover_global_cluster".into();
    promote.needs = vec!["fence".into()];
    promote.request = vec![
        ("GlobalClusterIdentifier".into(), "shop-global".into()),
        ("TargetDbClusterIdentifier".into(), "arn:aws:rds:eu-central-1:111122223333:cluster:shop-dr".into()),
        ("AllowDataLoss".into(), "true".into()),
    ];
    promote.command_line = Some("aws rds failover-global-cluster --global-cluster-identifier shop-global".into());
    promote.console_link =
        Some("https://eu-central-1.console.aws.amazon.com/rds/home?region=eu-central-1#databases:".into());
    promote.checks = vec![
        check("lag 41m is within RPO 1h", CheckState::Passed),
        check("declared by alice and carol", CheckState::Passed),
    ];
    let mut writer = check("writer is shop-dr", CheckState::Open);
    writer.for_ms = 1_200_000;
    promote.verify = vec![writer];
    promote.usual_ms = 370_000;
    let drills = Spread { runs: 4, median_ms: 370_000, low_ms: 312_000, high_ms: 460_000 };
    promote.past = Past { drill: Some(drills), ..Past::default() };
    promote.timeout_ms = 1_800_000;
    promote.gate = Some(GateView {
        attempt: 1,
        digest: "sha256:5b1d".into(),
        type_text: Some("shop-dr".into()),
        message: Some("Up to 41m of data is lost.".into()),
        mfa: None,
        approvals: None,
        outdated_ms: None,
    });
    promote.allowed = vec![Allowed::Run, Allowed::Skip, Allowed::DoneExternally];
    promote.critical = true;
    promote
}

fn steps() -> Vec<StepView> {
    use StepStatus::{Pending, Running, Succeeded};
    let mut data_ok = step(1, "data_ok", Pending, "");
    data_ok.needs = vec!["promote".into()];
    let mut point_db = step(2, "point_db", Pending, "needs promote");
    point_db.needs = vec!["promote".into()];
    let mut scale_web = took(step(2, "scale_web", Succeeded, "done"), "03:18:30", "03:30:38");
    scale_web.rollback = Some(RollbackView {
        digest: "sha256:77".into(),
        calls: vec!["ecs:UpdateService web desiredCount 0".into()],
        type_text: Some("web".into()),
        mfa: None,
    });
    scale_web.allowed = vec![Allowed::RollBack];
    vec![
        took(step(0, "identity", Succeeded, ""), "02:58:28", "02:58:30"),
        took(step(0, "lag", Succeeded, "lag 41m"), "02:58:30", "02:58:41"),
        took(step(0, "capacity", Succeeded, ""), "02:58:41", "02:58:50"),
        took(step(0, "declare", Succeeded, "alice, carol"), "02:58:50", "03:18:20"),
        took(step(1, "fence", Succeeded, "20m for people"), "03:18:20", "03:40:13"),
        promote(),
        data_ok,
        scale_web,
        took(step(2, "scale_api", Running, "5 of 8 tasks"), "03:27:05", ""),
        point_db,
        step(3, "cutover", Pending, "type, MFA, 1 approval"),
        step(4, "journey", Pending, ""),
        step(4, "all_clear", Pending, "asks commander"),
    ]
}

fn phase(id: &str, budget_min: i64, status: StepStatus, critical: bool, steps: Vec<usize>) -> PhaseView {
    PhaseView {
        id: id.into(),
        title: id.into(),
        budget_ms: Some((budget_min * MIN).unsigned_abs()),
        started_ms: None,
        ended_ms: None,
        actual_ms: 0,
        status,
        critical,
        forecast_start_ms: 0,
        forecast_end_ms: 0,
        steps,
        ready_reads: 0,
        time: TimeSplit::default(),
    }
}

fn phases() -> Vec<PhaseView> {
    use StepStatus::{Pending, Running, Succeeded};
    let mut assess = phase("assess", 30, Succeeded, false, vec![0, 1, 2, 3]);
    assess.started_ms = Some(at("02:58:28"));
    assess.ended_ms = Some(at("03:18:20"));
    assess.actual_ms = 1_192_000;
    let mut database = phase("database", 60, Running, false, vec![4, 5, 6]);
    database.started_ms = Some(at("03:18:20"));
    database.actual_ms = 1_361_000;
    database.forecast_end_ms = at("03:52:00");
    let mut application = phase("application", 90, Running, true, vec![7, 8, 9]);
    application.started_ms = Some(at("03:18:20"));
    application.actual_ms = 1_361_000;
    application.forecast_end_ms = at("04:08:00");
    let mut dns = phase("dns", 60, Pending, true, vec![10]);
    (dns.forecast_start_ms, dns.forecast_end_ms) = (at("04:08:00"), at("04:54:00"));
    let mut verify = phase("verify", 30, Pending, true, vec![11, 12]);
    (verify.forecast_start_ms, verify.forecast_end_ms) = (at("04:54:00"), at("05:24:00"));
    vec![assess, database, application, dns, verify]
}

pub fn row(seq: u64, time: &str, subject: &str, text: &str, kind: RowKind) -> Arc<Row> {
    let step = (!["run", "note", "clock"].contains(&subject)).then(|| subject.to_owned());
    Arc::new(Row { seq, at_ms: at(time), step, subject: subject.into(), text: text.into(), kind })
}

fn rows() -> Vec<Arc<Row>> {
    vec![
        row(1, "02:58:28", "run", "started by alice", RowKind::Run),
        row(97, "03:18:20", "declare", "approved by carol", RowKind::People),
        row(137, "03:40:13", "fence", "done", RowKind::Ended),
        row(138, "03:40:15", "promote", "writer asked: shop-eu", RowKind::Detail),
        row(139, "03:40:19", "promote", "preconditions passed: lag 41m <= RPO 1h", RowKind::Check),
        row(140, "03:40:52", "scale_api", "api: 5 of 8 tasks running", RowKind::Answer),
        row(141, "03:41:02", "note", "bob: vendor says eu-west-1 is not back before 06:00Z", RowKind::Note),
    ]
}

/// What twelve drills make of it.
fn chances() -> Chances {
    let basis = Basis { mode: Mode::Real, drills: 12, steps: 7, unseen: 1, is_thin: false, ..Basis::default() };
    Chances {
        p50_end_ms: at("05:24:00"),
        p90_end_ms: at("05:51:00"),
        in_time_percent: Some(97),
        decide: Some(Decide { by_ms: at("03:59:20"), percent: 90 }),
        basis,
    }
}

/// In the middle of a real run: promote waits for its name.
pub fn mid_run() -> View {
    let snapshot = Snapshot {
        run: "01K9ZQ4M7T".into(),
        runbook: "regional_failover".into(),
        title: "Regional failover".into(),
        digest: "sha256:9f3c21aa".into(),
        mode: Mode::Real,
        operator: "alice".into(),
        regions: "eu-west-1 → eu-central-1".into(),
        account: "account 111122223333 shop-dr".into(),
        status: RunStatus::Running,
        now_ms: at("03:41:07"),
        started_ms: at("02:58:28"),
        ended_ms: None,
        clock_at_ms: at("02:12:00"),
        rto: Some(Objective { budget_ms: 14_400_000, actual_ms: Some(5_347_000), met: None }),
        rpo: Some(Objective { budget_ms: 3_600_000, actual_ms: Some(2_460_000), met: None }),
        forecast: Forecast {
            usual_end_ms: Some(at("05:24:00")),
            budget_end_ms: Some(at("06:18:00")),
            chances: Some(chances()),
        },
        time: TimeSplit::default(),
        phases: phases(),
        steps: steps(),
        contacts: people::contacts(),
        paused: None,
        ended_by: None,
        cleans_up: false,
        journal_seq: 141,
        journal_head: "9f3c21aa".into(),
        journal_broken: None,
        drill: None,
        anomalies: 0,
        codes_at_aws: true,
        expired: Vec::new(),
        skew_ms: None,
        milestones: Vec::new(),
        last_call_ms: None,
        rta_end_ms: None,
    };
    View { snapshot, rows: Arc::new(rows()), practice: Vec::new(), is_open: false, watched: None, over: None }
}

/// The first moment of a drill: one read waits for a press.
pub fn calm_start() -> View {
    let mut view = drill(mid_run());
    let snapshot = &mut view.snapshot;
    snapshot.now_ms = at("02:58:28");
    snapshot.clock_at_ms = snapshot.now_ms;
    snapshot.rto = Some(Objective { budget_ms: 14_400_000, actual_ms: Some(0), met: None });
    snapshot.rpo = Some(Objective { budget_ms: 3_600_000, actual_ms: None, met: None });
    snapshot.forecast.chances =
        Some(Chances { basis: Basis { steps: 13, unseen: 13, ..Basis::default() }, ..chances() });
    for phase in &mut snapshot.phases {
        phase.started_ms = None;
        phase.ended_ms = None;
        phase.actual_ms = 0;
        phase.status = StepStatus::Pending;
    }
    for step in &mut snapshot.steps {
        let fresh = self::step(step.phase, &step.key, StepStatus::Pending, "");
        *step = StepView { needs: step.needs.clone(), ..fresh };
    }
    let first = &mut snapshot.steps[0];
    first.status = StepStatus::Waiting;
    first.activity = "waits for you".into();
    first.activity_kind = Activity::NeedsPerson;
    first.action = "aws/sts.get_caller_identity".into();
    first.gate = Some(GateView {
        attempt: 1,
        digest: "sha256:01".into(),
        type_text: None,
        message: None,
        mfa: None,
        approvals: None,
        outdated_ms: None,
    });
    first.allowed = vec![Allowed::Run, Allowed::Skip];
    snapshot.phases[0].status = StepStatus::Waiting;
    snapshot.phases[0].ready_reads = 3;
    view.rows = Arc::new(vec![row(1, "02:58:28", "run", "started by alice", RowKind::Run)]);
    snapshot.journal_seq = 3;
    view
}

fn drill(mut view: View) -> View {
    view.snapshot.mode = Mode::Drill;
    view.snapshot.drill = Some(DrillView {
        seed: 7,
        speed: "60".into(),
        scenario: "region_loss".into(),
        faults: vec!["eu-west-1 stops answering".into()],
        raw: Value::Null,
    });
    view.practice = vec![
        PracticeCode { person: "alice".into(), code: "123456".into(), left_ms: 17_000 },
        PracticeCode { person: "bob".into(), code: "654321".into(), left_ms: 17_000 },
    ];
    view
}

/// A gate with everything: name, code, approval.
pub fn full_gate() -> View {
    let mut view = drill(mid_run());
    let snapshot = &mut view.snapshot;
    snapshot.steps[5].gate = None;
    snapshot.steps[5].allowed = Vec::new();
    snapshot.steps[5].status = StepStatus::Succeeded;
    snapshot.steps[5].activity_kind = Activity::Ended;
    snapshot.steps[5].activity = "done".into();
    snapshot.steps[5].ended_ms = Some(at("03:40:59"));
    let cutover = &mut snapshot.steps[10];
    cutover.status = StepStatus::Waiting;
    cutover.activity = "waits for you".into();
    cutover.activity_kind = Activity::NeedsPerson;
    cutover.started_ms = Some(at("03:41:00"));
    cutover.since_ms = Some(at("03:41:00"));
    cutover.action = "aws/route53.change_resource_record_sets".into();
    cutover.region = "us-east-1".into();
    cutover.risk = Risk::Reversible;
    cutover.request = vec![("HostedZoneId".into(), "Z0SHOP".into()), ("Record".into(), "www.shop.example".into())];
    cutover.gate = Some(GateView {
        attempt: 2,
        digest: "sha256:c0ffee".into(),
        type_text: Some("www.shop.example".into()),
        message: Some("All customer traffic moves.".into()),
        mfa: Some(MfaView {
            person: "alice".into(),
            device: "virtual device ending 7Q".into(),
            last_counter: None,
            wrong_tries: 0,
        }),
        approvals: Some(ApprovalsView {
            min: 1,
            from: vec!["dba".into()],
            eligible: vec!["bob".into(), "carol".into()],
            within_ms: 1_800_000,
            granted: Vec::new(),
            lapsed: Vec::new(),
        }),
        outdated_ms: None,
    });
    cutover.allowed = vec![Allowed::Run, Allowed::Approve, Allowed::Skip];
    snapshot.phases[3].status = StepStatus::Waiting;
    view
}

/// The same on a second screen.
pub fn watched(mut view: View) -> View {
    view.watched = Some("watching, live".into());
    view
}

/// The approval of the full gate has come.
pub fn approved(mut view: View) -> View {
    let gate = view.snapshot.steps[10].gate.as_mut().expect("a gate");
    let approvals = gate.approvals.as_mut().expect("approvals");
    approvals.granted =
        vec![GrantedView { by: "bob".into(), at_ms: at("03:41:05"), until_ms: at("04:11:05"), from: None }];
    view
}

/// The gate has waited for minutes since its checks were asked.
pub fn outdated_gate() -> View {
    let mut view = mid_run();
    if let Some(gate) = &mut view.snapshot.steps[5].gate {
        gate.outdated_ms = Some(250_000);
    }
    view
}

/// A pre-check of promote has failed.
pub fn check_failed() -> View {
    let mut view = drill(mid_run());
    let promote = &mut view.snapshot.steps[5];
    promote.status = StepStatus::Waiting;
    promote.activity = "check failed".into();
    promote.activity_kind = Activity::NeedsDecision;
    promote.reason = Some("lag 2h 5m is over RPO 1h".into());
    let mut lag = check("lag is within RPO 1h", CheckState::Failed);
    lag.last = Some("lag 2h 5m".into());
    lag.override_role = Some("commander".into());
    lag.overriders = vec!["bob".into()];
    promote.checks = vec![lag];
    promote.gate = None;
    promote.allowed = vec![Allowed::Override, Allowed::Retry, Allowed::Skip, Allowed::DoneExternally];
    view
}

/// Promote was refused and nothing retries it.
/// The login has expired while a service is being scaled; the cursor is on it.
pub fn expired() -> View {
    let mut view = mid_run();
    let snapshot = &mut view.snapshot;
    let promote = &mut snapshot.steps[5];
    (promote.status, promote.activity_kind) = (StepStatus::Succeeded, Activity::Ended);
    (promote.activity, promote.gate) = ("done".into(), None);
    snapshot.expired = vec![ExpiredView {
        step: "scale_api".into(),
        target: "dr".into(),
        way_out: "aws sso login --profile shop-dr".into(),
        since_ms: at("03:39:00"),
        last: Some("5 of 8 tasks".into()),
    }];
    snapshot.skew_ms = Some(12_300);
    view
}

pub fn failed() -> View {
    let mut view = mid_run();
    let promote = &mut view.snapshot.steps[5];
    promote.status = StepStatus::Failed;
    promote.activity = "failed".into();
    promote.activity_kind = Activity::NeedsDecision;
    promote.reason = Some("denied: AccessDenied: not authorized to perform rds:FailoverGlobalCluster".into());
    promote.gate = None;
    promote.allowed = vec![Allowed::Retry, Allowed::Skip, Allowed::DoneExternally];
    view
}

/// Past the RTO.
pub fn over_budget() -> View {
    let mut view = mid_run();
    let snapshot = &mut view.snapshot;
    snapshot.now_ms = at("06:20:00");
    snapshot.rto = Some(Objective { budget_ms: 14_400_000, actual_ms: Some(14_880_000), met: Some(false) });
    snapshot.forecast.usual_end_ms = Some(at("07:31:00"));
    let basis = Basis { mode: Mode::Real, drills: 2, steps: 7, unseen: 1, ..Basis::default() };
    let chances = Chances {
        p50_end_ms: at("07:31:00"),
        p90_end_ms: at("07:58:00"),
        in_time_percent: Some(0),
        decide: None,
        basis,
    };
    snapshot.forecast.chances = Some(chances);
    snapshot.forecast.budget_end_ms = Some(at("08:40:00"));
    snapshot.phases[1].actual_ms = 10_900_000;
    snapshot.phases[1].forecast_end_ms = at("06:29:00");
    snapshot.paused = Some("vendor call".into());
    view
}

/// Recovered in time.
pub fn finished() -> View {
    let mut view = mid_run();
    let snapshot = &mut view.snapshot;
    snapshot.status = RunStatus::Succeeded;
    snapshot.now_ms = at("05:21:44");
    snapshot.ended_ms = Some(snapshot.now_ms);
    snapshot.rto = Some(Objective { budget_ms: 14_400_000, actual_ms: Some(11_384_000), met: Some(true) });
    snapshot.rpo = Some(Objective { budget_ms: 3_600_000, actual_ms: Some(2_467_000), met: Some(true) });
    snapshot.forecast = Forecast::default();
    snapshot.time = TimeSplit {
        people_ms: 1_872_000,
        cloud_ms: 5_680_000,
        checks_ms: 1_038_000,
        waiting_ms: 2_794_000,
        not_started_ms: 2_794_000,
        ..TimeSplit::default()
    };
    snapshot.journal_seq = 412;
    let times = [
        ("02:58:28", "03:18:20"),
        ("03:18:20", "03:56:40"),
        ("03:18:20", "04:15:25"),
        ("04:15:30", "05:03:01"),
        ("05:03:02", "05:21:44"),
    ];
    for (phase, (start, end)) in snapshot.phases.iter_mut().zip(times) {
        (phase.started_ms, phase.ended_ms) = (Some(at(start)), Some(at(end)));
        phase.actual_ms = (at(end) - at(start)).unsigned_abs();
        phase.status = StepStatus::Succeeded;
    }
    for step in &mut snapshot.steps {
        step.status = StepStatus::Succeeded;
        step.activity_kind = Activity::Ended;
        step.activity = "done".into();
        step.gate = None;
        step.allowed = Vec::new();
    }
    let mut rows = rows();
    rows.push(row(200, "04:20:10", "promote", "retried after Throttling, attempt 2", RowKind::Deviation));
    rows.push(row(390, "05:15:00", "journey", "3 of 8 probes failed before five in a row passed", RowKind::Failure));
    view.rows = Arc::new(rows);
    view.over = Some(Over::Finished);
    view
}

pub fn aborted() -> View {
    let mut view = finished();
    view.snapshot.status = RunStatus::Aborted;
    view.snapshot.rto = Some(Objective { budget_ms: 14_400_000, actual_ms: Some(11_384_000), met: Some(false) });
    view.snapshot.phases[4].ended_ms = None;
    view.over = Some(Over::Aborted);
    view
}

/// Every text from outside tries to steer the terminal.
pub fn hostile() -> View {
    let evil = "\u{1b}]0;owned\u{7}\u{1b}[2J\r\u{202e}\u{200b}\u{9b}31m\u{e0041}";
    let mut view = in_doubt();
    let snapshot = &mut view.snapshot;
    for text in [
        &mut snapshot.runbook,
        &mut snapshot.operator,
        &mut snapshot.regions,
        &mut snapshot.account,
        &mut snapshot.run,
        &mut snapshot.journal_head,
    ] {
        text.push_str(evil);
    }
    snapshot.paused = Some(evil.into());
    for phase in &mut snapshot.phases {
        phase.id.push_str(evil);
    }
    for step in &mut snapshot.steps {
        for text in [&mut step.title, &mut step.activity, &mut step.region, &mut step.target, &mut step.action] {
            text.push_str(evil);
        }
        step.request.push((evil.into(), evil.into()));
        step.reason = Some(evil.into());
        step.outputs.push((evil.into(), evil.into()));
        step.console_link = Some(evil.into());
        step.command_line = Some(evil.into());
        step.checks.push(check(evil, CheckState::Failed));
    }
    if let Some(unknown) = &mut snapshot.steps[5].unknown {
        unknown.error.push_str(evil);
        for text in [&mut unknown.what, &mut unknown.action, &mut unknown.region, &mut unknown.token] {
            text.push_str(evil);
        }
        unknown.request.push((evil.into(), evil.into()));
        unknown.verification = Some(evil.into());
        unknown.type_text = Some(evil.into());
        unknown.detail = Some(evil.into());
    }
    for contact in &mut snapshot.contacts {
        contact.name.push_str(evil);
        contact.note = Some(evil.into());
    }
    view.rows = Arc::new(vec![row(1, "02:58:28", evil, evil, RowKind::Failure)]);
    view
}
