//! State into a [`Snapshot`] for one instant.

use serde_json::json;

use super::Engine;
use super::forecast::Outlook;
use super::meter::push_stretch;
use super::scope::expect_source;
use super::snapshot::{
    Activity, ApprovalsView, Awaited, CheckState, CheckView, ContactView, DrillView, GateView, GrantedView, LapsedView,
    MfaView, Objective, PhaseView, RollbackView, Snapshot, StepView, Stretch, TimeSplit,
};
use super::state::{Approval, CheckProgress, EndedBy, Rendered, Stage};
use crate::model::action::Action;
use crate::model::action::command_line::{command_lines_of, shell_line};
use crate::model::digest::digest_of;
use crate::model::event::Purpose;
use crate::model::expr::plain;
use crate::model::outcome::{Risk, StepStatus};
use crate::model::plan::{Plan, ResolvedTarget, StepIx};
use crate::model::runbook::{Approvals, Check};
use crate::model::template::{Node, Tree};
use crate::model::time::{elapsed_ms, hms_utc, human_ms};
use crate::model::{Object, Value, partial};

/// What is shown of a step before its inputs are all known.
#[derive(Debug, Clone)]
pub(super) struct Preview {
    request: Vec<(String, String)>,
    command_line: Option<String>,
}

/// Command lines as one text; none where there are none.
fn joined(lines: &[Vec<String>]) -> Option<String> {
    let text = lines.iter().map(|line| shell_line(line)).collect::<Vec<_>>().join("\n");
    (!text.is_empty()).then_some(text)
}

impl Engine {
    /// Everything a screen or a summary shows, as of `now_ms`.
    #[must_use]
    pub fn snapshot(&self, now_ms: i64) -> Snapshot {
        let now_ms = self.run.ended_ms.unwrap_or(now_ms).max(self.run.last_at_ms.min(now_ms));
        let outlook = self.outlook(now_ms);
        let plan = &self.plan;
        let until_ms = if self.run.finished.is_some() { self.run.last_at_ms } else { now_ms };
        let time = self.meter.at(until_ms, self.idle());
        Snapshot {
            run: self.run_id.clone(),
            runbook: plan.name.clone(),
            title: plan.title.clone(),
            digest: plan.digest.clone(),
            mode: plan.mode,
            operator: plan.operator.clone(),
            regions: regions(plan),
            account: self.acting_as().unwrap_or_else(|| accounts(plan)),
            status: self.status(),
            now_ms,
            started_ms: self.run.started_ms.unwrap_or(now_ms),
            ended_ms: self.run.ended_ms,
            clock_at_ms: plan.clock_at_ms,
            rto: plan.rto_ms.map(|budget_ms| self.rto(budget_ms, now_ms)),
            rpo: plan.rpo_ms.map(|budget_ms| Objective {
                budget_ms,
                actual_ms: self.run.rpa_ms,
                met: self.run.rpa_ms.map(|ms| ms <= budget_ms),
            }),
            forecast: outlook.forecast,
            time,
            phases: (0..plan.phases.len()).map(|ix| self.phase_view(ix, &outlook, now_ms)).collect(),
            steps: (0..self.steps.len()).map(|ix| self.step_view(ix, &outlook, now_ms)).collect(),
            contacts: contacts(plan),
            paused: self.run.paused.clone(),
            ended_by: self.ended_by_words(),
            cleans_up: self.cleans_up(),
            journal_seq: 0,
            journal_head: String::new(),
            journal_broken: None,
            drill: self.drill.as_ref().map(|drill| DrillView {
                seed: drill.seed,
                speed: drill.speed.clone(),
                scenario: drill.scenario["name"].as_str().unwrap_or("calm").to_owned(),
                faults: Vec::new(),
                raw: if drill.surprise { Value::Null } else { drill.scenario.clone() },
            }),
            anomalies: self.run.anomalies,
            codes_at_aws: self.codes_at_aws(),
            expired: self.expired_views(),
            skew_ms: self.skew_ms(),
            milestones: self.milestone_views(),
            last_call_ms: self.run.last_call_ms,
            rta_end_ms: self.rta_end_ms(),
        }
    }

    fn rto(&self, budget_ms: u64, now_ms: i64) -> Objective {
        let used = elapsed_ms(self.plan.clock_at_ms, self.rta_end_ms().unwrap_or(now_ms));
        let met = match self.run.finished {
            Some(status) => Some(used <= budget_ms && status == crate::model::outcome::RunStatus::Succeeded),
            None if used > budget_ms => Some(false),
            None => None,
        };
        Objective { budget_ms, actual_ms: Some(used), met }
    }

    fn phase_view(&self, ix: usize, outlook: &Outlook, now_ms: i64) -> PhaseView {
        let phase = &self.plan.phases[ix];
        let (started_ms, ended_ms) = self.phase_times(phase);
        let spans = || phase.steps.iter().map(|&step| outlook.spans[step]);
        PhaseView {
            id: phase.id.clone(),
            title: phase.title.clone(),
            budget_ms: phase.budget_ms,
            started_ms,
            ended_ms,
            actual_ms: started_ms.map_or(0, |from| elapsed_ms(from, ended_ms.unwrap_or(now_ms))),
            status: self.phase_status(phase),
            critical: phase.steps.iter().any(|&step| outlook.critical[step]),
            forecast_start_ms: spans().map(|(start, _)| start).min().unwrap_or(now_ms),
            forecast_end_ms: spans().map(|(_, end)| end).max().unwrap_or(now_ms),
            steps: phase.steps.clone(),
            ready_reads: self.ready_reads(ix, now_ms).len(),
            time: self.phase_time(ix, (started_ms, ended_ms), now_ms),
        }
    }

    /// From the start of the clock to the end of the phase, so far.
    fn phase_time(&self, ix: usize, (started_ms, ended_ms): (Option<i64>, Option<i64>), now_ms: i64) -> TimeSplit {
        let meter = &self.phase_meters[ix];
        let time = if ended_ms.is_some() { meter.ended() } else { meter.at(now_ms, self.idle_phase()) };
        time.preceded_by(elapsed_ms(self.plan.clock_at_ms, started_ms.unwrap_or(now_ms)))
    }

    fn step_view(&self, ix: StepIx, outlook: &Outlook, now_ms: i64) -> StepView {
        let (step, state) = (&self.plan.steps[ix], &self.steps[ix]);
        let target = self.target_of(ix, &step.uses);
        let call = state.call.as_ref();
        let (activity_kind, activity) = self.activity(ix);
        let by_hand = match call {
            Some(call) => joined(&call.action.command_lines_seen(&target, state.before.as_ref())),
            None => self.previews[ix].command_line.clone(),
        };
        let running = match self.awaits(ix) {
            super::meter::Awaits::Nobody => 0,
            _ => elapsed_ms(state.since_ms, now_ms),
        };
        let people = self.awaits(ix) == super::meter::Awaits::People;
        StepView {
            key: step.key.clone(),
            id: step.id.clone(),
            title: self.title(ix),
            phase: step.phase,
            status: state.stage.status(),
            activity,
            activity_kind,
            since_ms: state.ready_ms.map(|_| state.since_ms),
            started_ms: state.ready_ms,
            ended_ms: state.ended_ms,
            attempt: state.attempt,
            risk: step.risk,
            class: step.class,
            action: step.uses.action.value.clone(),
            needs: step.needs.iter().map(|&need| self.plan.steps[need].key.clone()).collect(),
            request: self.request_lines(ix),
            target: target.name.clone(),
            account: account(&target).unwrap_or_default(),
            region: target.region.clone().unwrap_or_default(),
            identity: self.identity_at(&target),
            command_line: by_hand,
            console_link: call.and_then(|call| call.action.console_link(&target)),
            checks: step
                .checks
                .iter()
                .enumerate()
                .map(|(n, check)| self.check_view(ix, check, Purpose::Check(short(n))))
                .collect(),
            verify: step
                .verify
                .iter()
                .enumerate()
                .map(|(n, check)| self.check_view(ix, check, Purpose::Verify(short(n))))
                .collect(),
            progress: self.progress_view(ix, now_ms),
            usual_ms: self.usual_ms(ix),
            past: self.past(ix),
            timeout_ms: step.timeout_ms,
            people_ms: state.people_ms + if people { running } else { 0 },
            cloud_ms: state.cloud_ms + if people { 0 } else { running },
            stretches: self.stretches(ix, now_ms),
            gate: self.gate_view(ix, now_ms),
            rollback: self.rollback_view(ix, now_ms),
            unknown: self.unknown_view(ix, now_ms),
            reason: state.reason.clone(),
            confirmed_by: state.confirmed_by(),
            mfa: state.mfa,
            approvals: state.approvals.iter().map(|one| one.by.clone()).collect(),
            outputs: state.outputs.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
            critical: outlook.critical[ix],
            allowed: self.allowances(ix),
        }
    }

    fn stretches(&self, ix: StepIx, now_ms: i64) -> Vec<Stretch> {
        let state = &self.steps[ix];
        let mut stretches = state.stretches.clone();
        if let Some(on) = self.awaits(ix).on() {
            let present = Stretch { on, attempt: state.attempt, from_ms: state.since_ms, to_ms: now_ms };
            push_stretch(&mut stretches, present);
        }
        stretches
    }

    /// The title as far as it can be rendered; the author's own text otherwise.
    fn title(&self, ix: StepIx) -> String {
        let step = &self.plan.steps[ix];
        match &step.title {
            Some(template) => self.render_text(ix, template).unwrap_or_else(|_| template.source.clone()),
            None => match &step.each {
                Some(each) => format!("{} {}", step.id, plain(each)),
                None => step.id.clone(),
            },
        }
    }

    fn request_lines(&self, ix: StepIx) -> Vec<(String, String)> {
        if let Some(call) = &self.steps[ix].call {
            let members = call.with.as_object().into_iter().flatten();
            return members.map(|(key, value)| (key.clone(), plain(value))).collect();
        }
        self.previews[ix].request.clone()
    }

    /// A step that is not ready yet: what inputs already tell, the author's text for the rest. Made
    /// once, as nothing of it changes during a run.
    pub(super) fn preview(&self, ix: StepIx) -> Preview {
        let uses = &self.plan.steps[ix].uses;
        let with = match partial::tree(&uses.with, &self.scope(Some(ix), &[], &[])) {
            Value::Object(members) => members,
            _ => Object::new(),
        };
        let lines = command_lines_of(&uses.action.value, &with, &self.target_of(ix, uses));
        Preview { request: self.request_preview(ix), command_line: joined(&lines) }
    }

    fn request_preview(&self, ix: StepIx) -> Vec<(String, String)> {
        let text = |tree: &Tree| match tree.render(&self.scope(Some(ix), &[], &[])) {
            Ok(value) => plain(&value),
            Err(_) => match &tree.node {
                Node::Scalar(value) => plain(value),
                Node::Text(text) => text.clone(),
                Node::List(items) => format!("{} items", items.len()),
                Node::Map(_) => "…".to_owned(),
            },
        };
        let literal = |tree: &Tree| match &tree.node {
            Node::Text(text) if !text.contains("${{") => text.clone(),
            _ => text(tree),
        };
        let written = self.plan.steps[ix].uses.with.as_map().into_iter().flatten();
        written.map(|(key, (_, tree))| (key.clone(), literal(tree))).collect()
    }

    fn activity(&self, ix: StepIx) -> (Activity, String) {
        let (step, state) = (&self.plan.steps[ix], &self.steps[ix]);
        let (kind, text) = match state.stage {
            Stage::Pending if self.run.finished.is_some() => (Activity::Idle, "not run".to_owned()),
            Stage::Pending => {
                let open: Vec<&str> = step
                    .needs
                    .iter()
                    .filter(|&&need| !self.is_settled(need))
                    .map(|&need| self.plan.steps[need].key.as_str())
                    .collect();
                let text = match open[..] {
                    [] => String::new(),
                    [one] => format!("needs {one}"),
                    [one, ..] => format!("needs {one} and {} more", open.len() - 1),
                };
                (Activity::Idle, text)
            }
            Stage::Checking => match state.recheck {
                Some(age_ms) => (Activity::Checking, format!("checked {} ago, asking again", human_ms(age_ms))),
                None => (Activity::Checking, "checking".to_owned()),
            },
            Stage::Blocked => (Activity::NeedsDecision, "check failed".to_owned()),
            Stage::Gated if self.approvals_missing(ix) => (Activity::NeedsPerson, "needs approval".to_owned()),
            Stage::Gated => (Activity::NeedsPerson, "waits for you".to_owned()),
            Stage::Backoff => (Activity::Calling, format!("retry {} soon", state.attempt)),
            Stage::Sent => (Activity::Calling, "call in flight".to_owned()),
            Stage::InDoubt if state.doubt.as_ref().is_some_and(super::state::Doubt::is_watched) => {
                (Activity::Calling, "in progress, watched".to_owned())
            }
            Stage::InDoubt => (Activity::InDoubt, self.doubt_text(ix).to_owned()),
            Stage::Verifying => (Activity::Verifying, self.verifying_text(ix)),
            Stage::Waiting => (Activity::Calling, "waiting".to_owned()),
            Stage::RollingBack => (Activity::RollingBack, "rolling back".to_owned()),
            Stage::Failed if self.run.ended_by == Some(EndedBy::Step(ix)) => {
                (Activity::Ended, "failed, ended the run".to_owned())
            }
            Stage::Failed if self.is_settled(ix) => (Activity::Ended, "failed, went on".to_owned()),
            Stage::RolledBack if self.is_settled(ix) => (Activity::Ended, "rolled back".to_owned()),
            Stage::Failed if state.wants_rollback => (Activity::NeedsDecision, "failed: roll back?".to_owned()),
            Stage::Failed => (Activity::NeedsDecision, "failed: decide".to_owned()),
            Stage::RolledBack => (Activity::NeedsDecision, "rolled back: decide".to_owned()),
            Stage::Succeeded => (Activity::Ended, "done".to_owned()),
            Stage::Skipped => (Activity::Ended, "skipped".to_owned()),
            Stage::DoneExternally => (Activity::Ended, "done externally".to_owned()),
        };
        (kind, text)
    }

    fn approvals_missing(&self, ix: StepIx) -> bool {
        self.plan.steps[ix].gates.approvals.is_some() && !self.approved(ix, self.run.last_at_ms)
    }

    fn verifying_text(&self, ix: StepIx) -> String {
        let state = &self.steps[ix];
        let is_open = |one: &CheckProgress| !matches!(one.state, CheckState::Passed | CheckState::Overridden);
        let open = state.verify.iter().position(is_open);
        let last = open.and_then(|n| state.verify[n].last.clone());
        let text = match (open, state.verify.len(), last) {
            (Some(_), _, Some(last)) if !last.is_empty() => last,
            (Some(n), many, _) if many > 1 => format!("verifying {} of {many}", n + 1),
            _ => "verifying".to_owned(),
        };
        match state.work.and_then(|work| work.percent) {
            Some(percent) => format!("{}%, {text}", percent.floor()),
            None => text,
        }
    }

    fn check_view(&self, ix: StepIx, check: &Check, purpose: Purpose) -> CheckView {
        let progress = self.progress(ix, purpose).cloned().unwrap_or_default();
        let text = match &check.message {
            Some(_) if progress.state == CheckState::Failed => self.check_message(ix, check, &expect_source(check)),
            _ => self.expectations.get(&expect_source(check)).cloned().unwrap_or_default(),
        };
        let role = check.override_role.clone();
        CheckView {
            text,
            state: progress.state,
            last: progress.last,
            polls: progress.polls,
            every_ms: check.every_ms,
            for_ms: check.for_ms,
            overriders: role.as_ref().map(|role| self.plan.holders(std::slice::from_ref(role))).unwrap_or_default(),
            override_role: role,
        }
    }

    pub(super) fn mfa_view(&self, person: &str, now_ms: i64) -> MfaView {
        MfaView {
            person: person.to_owned(),
            device: String::new(),
            last_counter: self.last_counter(person),
            wrong_tries: self.proofs.wrong_now(person, now_ms),
        }
    }

    fn approvals_view(&self, ix: StepIx, wanted: &Approvals, now_ms: i64) -> ApprovalsView {
        let state = &self.steps[ix];
        let counts = |one: &&Approval| one.expires_ms > now_ms && !self.drives(&one.by);
        let (granted, lapsed): (Vec<_>, Vec<_>) = state.approvals.iter().partition(counts);
        let past = state.past_approvals.iter().map(|one| (one, format!("was for attempt {}", one.attempt)));
        let lapsed = lapsed.into_iter().map(|one| {
            let has_expired = one.expires_ms <= now_ms;
            let expired = || format!("expired at {}", hms_utc(one.expires_ms));
            (one, if has_expired { expired() } else { "drives the run now".to_owned() })
        });
        let is_given_again = |by: &str| granted.iter().any(|one| one.by == by);
        ApprovalsView {
            min: wanted.min,
            from: wanted.from.clone(),
            eligible: self.plan.holders(&wanted.from).into_iter().filter(|one| !self.drives(one)).collect(),
            within_ms: wanted.within_ms,
            lapsed: past
                .chain(lapsed)
                .filter(|(one, _)| !is_given_again(&one.by))
                .map(|(one, why)| LapsedView { by: one.by.clone(), why })
                .collect(),
            granted: granted
                .iter()
                .map(|one| GrantedView {
                    by: one.by.clone(),
                    at_ms: one.at_ms,
                    until_ms: one.expires_ms,
                    from: one.from.as_ref().map(crate::model::event::Origin::words),
                })
                .collect(),
        }
    }

    fn gate_view(&self, ix: StepIx, now_ms: i64) -> Option<GateView> {
        let (step, state) = (&self.plan.steps[ix], &self.steps[ix]);
        if state.stage != Stage::Gated {
            return None;
        }
        let approvals = step.gates.approvals.as_ref().map(|wanted| self.approvals_view(ix, wanted, now_ms));
        let outdated_ms = self.outdated_ms(ix, now_ms);
        Some(GateView {
            attempt: state.attempt,
            digest: state.call.as_ref()?.digest.clone(),
            type_text: state.type_text.clone(),
            message: state.message.clone(),
            mfa: self.needs_mfa(ix, now_ms).then(|| self.mfa_view(&self.plan.operator, now_ms)),
            approvals,
            outdated_ms,
        })
    }

    pub(super) fn rollback_view(&self, ix: StepIx, now_ms: i64) -> Option<RollbackView> {
        if !self.allowances(ix).contains(&super::snapshot::Allowed::RollBack) {
            return None;
        }
        let step = &self.plan.steps[ix];
        let (calls, digest) = self.rollback_calls(ix).ok()?;
        let risk = calls.iter().map(|call| call.action.spec().risk).max().unwrap_or(Risk::Read);
        Some(RollbackView {
            digest,
            calls: calls.iter().map(|call| format!("{} {}", call.action.name(), call.with)).collect(),
            type_text: (risk == Risk::Irreversible).then(|| step.key.clone()),
            mfa: risk.changes().then(|| self.mfa_view(&self.plan.operator, now_ms)),
        })
    }

    /// The calls of a step's roll back, and the digest that binds them all.
    pub(super) fn rollback_calls(&self, ix: StepIx) -> Result<(Vec<Rendered>, String), String> {
        let calls: Vec<Rendered> =
            self.plan.steps[ix].rollback.iter().map(|uses| self.render_call(ix, uses)).collect::<Result<_, _>>()?;
        let digest = digest_of(&json!(calls.iter().map(|call| &call.digest).collect::<Vec<_>>()));
        Ok((calls, digest))
    }

    /// The steps that wait for a person now: what a headless operator needs, without a whole snapshot.
    #[must_use]
    pub fn awaiting(&self, now_ms: i64) -> Vec<Awaited> {
        let waits = |&ix: &StepIx| self.awaits(ix) == super::meter::Awaits::People;
        let view = |ix: StepIx| {
            let (kind, activity) = self.activity(ix);
            let why = self.doubt_for_nobody(ix).or_else(|| self.steps[ix].reason.clone()).unwrap_or(activity);
            Awaited { step: self.plan.steps[ix].key.clone(), kind, gate: self.gate_view(ix, now_ms), why }
        };
        (0..self.steps.len()).filter(waits).map(view).collect()
    }

    /// The action of a step once its inputs are known.
    #[must_use]
    pub fn action_of(&self, key: &str) -> Option<&Action> {
        let ix = *self.by_key.get(key)?;
        self.steps[ix].call.as_ref().map(|call| &call.action)
    }

    /// Whether any step failed and was passed over, or the run holds other blemishes.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        self.steps.iter().any(|state| state.stage.status() == StepStatus::Failed)
    }
}

fn short(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

/// `eu-central-1 → us-east-1`: the lost region and the one recovered into, as far as the targets say.
fn regions(plan: &Plan) -> String {
    let input = |name: &str| plan.inputs.get(name).and_then(Value::as_str);
    if let (Some(from), Some(to)) = (input("primary"), input("dr")) {
        return format!("{from} → {to}");
    }
    let mut regions: Vec<&str> = Vec::new();
    for target in plan.targets.values() {
        if let Some(region) = target.region.as_deref().filter(|region| !regions.contains(region)) {
            regions.push(region);
        }
    }
    regions.join(", ")
}

fn accounts(plan: &Plan) -> String {
    let mut found: Vec<String> = Vec::new();
    for target in plan.targets.values() {
        found.extend(account(target).filter(|text| !found.contains(text)));
    }
    found.join(", ")
}

pub(super) fn account(target: &ResolvedTarget) -> Option<String> {
    match (&target.account, &target.profile) {
        (Some(account), Some(profile)) => Some(format!("{account} {profile}")),
        (Some(account), None) => Some(account.clone()),
        (None, Some(profile)) => Some(profile.clone()),
        (None, None) => None,
    }
}

/// In the order of escalation: each one's turn comes when the time of the one before has passed.
fn contacts(plan: &Plan) -> Vec<ContactView> {
    let has_chain = plan.contacts.values().any(|contact| contact.escalate_after_ms.is_some());
    let mut turn_ms = has_chain.then_some(0);
    plan.contacts
        .iter()
        .map(|(id, contact)| ContactView {
            escalate_after_ms: contact.escalate_after_ms,
            due_ms: {
                let next_ms =
                    turn_ms.zip(contact.escalate_after_ms).map(|(at, after): (u64, u64)| at.saturating_add(after));
                std::mem::replace(&mut turn_ms, next_ms)
            },
            id: id.clone(),
            name: contact.name.clone(),
            role: contact.role.clone(),
            phone: contact.phone.clone(),
            email: contact.email.clone(),
            note: contact.note.clone(),
        })
        .collect()
}
