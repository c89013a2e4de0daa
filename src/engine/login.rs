//! What the cloud says about us: credentials that have expired while something was looked at, whose
//! they are, and how far its clock is from ours.
//!
//! Must not know: how credentials are renewed. An expired answer is no answer: what was asked is asked
//! again, and the last state seen stays.

use super::Engine;
use super::snapshot::ExpiredView;
use super::state::Stage;
use crate::model::event::{Purpose, Ticket};
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::plan::{ResolvedTarget, StepIx};
use crate::model::runbook::MfaMethod;

/// A difference between two clocks that is worth a word, in milliseconds. Below it are the whole
/// seconds of the cloud's answers and the time that they are on their way.
const SKEW_MS: u64 = 5_000;
/// The adapter's code for a send whose session is over: a new MFA code helps, a new login does not.
const NO_SESSION: &str = "NoMfaSession";

/// What helps, in another terminal.
fn way_out(target: &ResolvedTarget) -> String {
    match target.profile.as_deref().filter(|profile| !profile.is_empty()) {
        Some(profile) => format!("aws sso login --profile {profile}"),
        None => "aws sso login".to_owned(),
    }
}

impl Engine {
    /// An answer came: keeps since when the credentials behind it have been of no use.
    pub(super) fn note_login(&mut self, ix: StepIx, ticket: &Ticket, error: Option<&CloudError>, at: i64) {
        let is_expired = error.is_some_and(|one| one.kind == CloudErrorKind::Expired && one.code != NO_SESSION);
        if is_expired {
            let target = self.asked_target(ix, ticket.purpose);
            self.steps[ix].expired.get_or_insert((at, target.name));
        } else {
            self.steps[ix].expired = None;
        }
    }

    fn asked_target(&self, ix: StepIx, purpose: Purpose) -> ResolvedTarget {
        let step = &self.plan.steps[ix];
        let check = match purpose {
            Purpose::Check(n) => step.checks.get(usize::from(n)),
            Purpose::Verify(n) => step.verify.get(usize::from(n)),
            Purpose::Action | Purpose::Before | Purpose::Probe | Purpose::Rollback(_) => None,
        };
        match check.and_then(|check| check.uses.as_ref()) {
            Some(uses) => self.target_of(ix, uses),
            None => self.target_for(ix, purpose),
        }
    }

    /// Why a call was refused, with what helps where that is a new login.
    pub(super) fn refused_because(&self, ix: StepIx, purpose: Purpose, error: &CloudError) -> String {
        if error.kind != CloudErrorKind::Expired || error.code == NO_SESSION {
            return error.to_string();
        }
        format!("{error}; in another terminal `{}`, then retry", way_out(&self.asked_target(ix, purpose)))
    }

    /// Steps that wait for a new login.
    pub(super) fn expired_views(&self) -> Vec<ExpiredView> {
        let view = |(ix, state): (StepIx, &super::state::StepState)| {
            let is_over = self.is_settled(ix) || state.stage == Stage::Failed;
            let (since_ms, name) = state.expired.as_ref().filter(|_| !is_over)?;
            let target = self.plan.target(Some(name));
            let seen = |checks: &[super::state::CheckProgress]| checks.iter().rev().find_map(|one| one.last.clone());
            Some(ExpiredView {
                step: self.plan.steps[ix].key.clone(),
                target: name.clone(),
                way_out: way_out(&target),
                since_ms: *since_ms,
                last: seen(&state.verify).or_else(|| seen(&state.checks)),
            })
        };
        self.steps.iter().enumerate().filter_map(view).collect()
    }

    /// Whether the operator's codes go to AWS; practice devices are asked here.
    pub(super) fn codes_at_aws(&self) -> bool {
        self.drill.is_none() && self.plan.mfa.as_ref().is_some_and(|mfa| mfa.method == MfaMethod::Sts)
    }

    /// How far this machine's clock was ahead of the cloud's at its last answer.
    pub(super) fn note_clock(&mut self, cloud_ms: Option<i64>, at: i64) {
        if let Some(cloud_ms) = cloud_ms {
            self.run.skew_ms = at.saturating_sub(cloud_ms);
        }
    }

    /// The same, when it is worth a word.
    pub(super) fn skew_ms(&self) -> Option<i64> {
        Some(self.run.skew_ms).filter(|skew_ms| skew_ms.unsigned_abs() > SKEW_MS)
    }

    /// `account 111122223333 as dr-operator`, as AWS said when the run began.
    pub(super) fn acting_as(&self) -> Option<String> {
        let mut found: Vec<String> = Vec::new();
        for one in &self.identities {
            let text = format!("{} as {}", one.account, one.acting_as());
            if !found.contains(&text) {
                found.push(text);
            }
        }
        let noun = if found.len() == 1 { "account" } else { "accounts" };
        (!found.is_empty()).then(|| format!("{noun} {}", found.join(", ")))
    }

    /// Who acts at a target, if AWS has said so.
    pub(super) fn identity_at(&self, target: &ResolvedTarget) -> Option<String> {
        self.identities.iter().find(|one| one.target == target.name).map(|one| one.acting_as().to_owned())
    }
}
