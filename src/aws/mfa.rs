//! MFA at AWS: a code becomes a session that may do what it was given for, and no more.
//!
//! A code goes to STS once, whatever comes of it. Without an answer it counts as used. Must not
//! know: gates, tries, the policy that says when a code is asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};

use super::assume::{Code, Wish};
use super::config::Origin;
use super::keys::{Held, lock};
use super::sessions::{HOUR_S, Name, Opened, Sessions, Slot, account_of, role_for};
use super::{AwsCloud, policy};
use crate::engine::effect::CallSession;
use crate::engine::ports::{MfaDenied, MfaDevices, MfaPurpose, MfaRequest};
use crate::model::action::Action;
use crate::model::event::{MfaProof, MfaRefusal};
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::plan::ResolvedTarget;

/// A session for one step: the shortest that STS gives. A step whose call may take long gets an hour.
const STEP_S: i32 = 900;
/// A code that was sent is remembered this long; by then its number may well come up again.
const REMEMBERED_MS: i64 = 600_000;
const PERIOD_MS: i64 = 30_000;

/// The operator's device at AWS.
#[derive(Debug, Clone)]
pub struct StsDevices {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    sessions: Arc<Sessions>,
    serial: String,
    role: Option<String>,
    home: ResolvedTarget,
    /// Digests of the codes that went to STS, and when.
    used: Mutex<Vec<(i64, [u8; 32])>>,
}

/// What one code shall open.
struct Opening {
    name: Option<Name>,
    /// Whose identity asks, and in which region.
    start: ResolvedTarget,
    /// Each role that is needed, with a target it is needed for; `None` is the identity itself.
    slots: Vec<(Slot, ResolvedTarget)>,
    seconds: i32,
    policy: Option<String>,
    /// Roles may be taken on later with what the code opened.
    shared: bool,
}

impl StsDevices {
    /// `serial` is the device's ARN and `role` the role of the runbook's `mfa`; `home` is the target
    /// (normally the recovery region's) whose identity shows a code when no call is at hand.
    #[must_use]
    pub fn new(cloud: &AwsCloud, serial: String, role: Option<String>, home: ResolvedTarget) -> Self {
        let sessions = Arc::clone(&cloud.sessions);
        Self { inner: Arc::new(Inner { sessions, serial, role, home, used: Mutex::default() }) }
    }
}

impl MfaDevices for StsDevices {
    fn verify(&self, request: MfaRequest) -> BoxFuture<'static, Result<MfaProof, MfaDenied>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move { inner.verify(request).await })
    }

    fn practice_code(&self, _: &str, _: i64) -> Option<(String, u64)> {
        None
    }

    fn device(&self, _: &str) -> Option<String> {
        Some(self.inner.device())
    }
}

impl Inner {
    /// The part of the serial that people know: `mfa/ada`, or a hardware token's number.
    fn device(&self) -> String {
        self.serial.rsplit(':').next().unwrap_or_default().to_owned()
    }

    async fn verify(&self, request: MfaRequest) -> Result<MfaProof, MfaDenied> {
        let opening = self.opening(&request)?;
        if let Some(name) = &opening.name {
            // Whatever becomes of this code, the one before it opens nothing any more.
            self.sessions.close(name);
        }
        let code = request.code.expose().trim();
        if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
            return Err(denied(MfaRefusal::Wrong, "a code has six digits"));
        }
        // First the identity that asks: without one the code stays good.
        self.sessions.start(&opening.start).await.map_err(|error| of_cloud(&error))?;
        let digest: [u8; 32] = Sha256::digest(format!("{}\0{code}", self.serial)).into();
        if !self.use_up(digest, request.now_ms) {
            return Err(denied(MfaRefusal::AlreadyUsed, "AWS takes a code once; wait for the next one"));
        }
        match self.open(&opening, code).await {
            Ok(opened) => {
                if let Some(name) = opening.name {
                    self.sessions.open(name, opened);
                }
            }
            Err(error) => {
                let mut refused = of_cloud(&error);
                if refused.why == MfaRefusal::Wrong || was_not_sent(&error) {
                    // It never counted, so typing it again is not a second use.
                    lock(&self.used).retain(|(_, used)| *used != digest);
                }
                refused.detail = refused.detail.map(|detail| detail.replace(code, "······"));
                return Err(refused);
            }
        }
        Ok(MfaProof {
            by: request.person,
            method: "sts".to_owned(),
            device: self.device(),
            counter: u64::try_from(request.now_ms / PERIOD_MS).ok(),
        })
    }

    /// False when this code went to STS before.
    fn use_up(&self, digest: [u8; 32], now_ms: i64) -> bool {
        let mut used = lock(&self.used);
        used.retain(|(at_ms, _)| now_ms - at_ms < REMEMBERED_MS);
        if used.iter().any(|(_, seen)| *seen == digest) {
            return false;
        }
        used.push((now_ms, digest));
        true
    }

    fn opening(&self, request: &MfaRequest) -> Result<Opening, MfaDenied> {
        let (session, calls) = match &request.purpose {
            MfaPurpose::Send { session, calls } => (session, calls.as_slice()),
            MfaPurpose::Presence => (&CallSession::Base, &[][..]),
        };
        let calls: Vec<&(Action, ResolvedTarget)> =
            calls.iter().filter(|(action, _)| action.name().starts_with("aws/")).collect();
        let (name, shared) = match session {
            CallSession::Base => (None, false),
            CallSession::Step => (Some(Name::Step(request.step.clone())), false),
            CallSession::Shared(key) => (Some(Name::Shared(key.clone())), true),
        };
        let start = calls.first().map_or_else(|| self.home.clone(), |(_, target)| target.clone());
        let policy = match name {
            None => Some(policy::presence()),
            Some(_) if shared => None,
            Some(_) => Some(policy::for_calls(calls.iter().map(|(action, _)| action))),
        };
        let mut slots: Vec<(Slot, ResolvedTarget)> = Vec::new();
        for target in calls.iter().map(|(_, target)| target).chain(calls.is_empty().then_some(&self.home)) {
            let slot = self.slot(target, &start)?;
            if slots.iter().all(|(known, _)| *known != slot) {
                slots.push((slot, target.clone()));
            }
        }
        // Thousands of objects are not copied in a quarter of an hour.
        let takes_long = calls.iter().any(|(action, _)| action.operation().may_take_long());
        let seconds = if shared || takes_long { HOUR_S } else { STEP_S };
        Ok(Opening { name, start, slots, seconds, policy, shared })
    }

    /// What a target needs; refused before the code is spent where it cannot come to any good.
    fn slot(&self, target: &ResolvedTarget, start: &ResolvedTarget) -> Result<Slot, MfaDenied> {
        let slot = (self.sessions.origin(target), role_for(self.role.as_deref(), target));
        if slot.0 != self.sessions.origin(start) {
            let message =
                format!("`{}` and `{}` have different profiles; one code serves one", start.name, target.name);
            return Err(denied(MfaRefusal::RoleDenied, message));
        }
        let accounts = (slot.1.as_deref().and_then(account_of), target.account.as_deref());
        if let (Some(given), Some(wanted)) = accounts
            && given != wanted
        {
            let role = slot.1.as_deref().unwrap_or_default();
            let message = format!("{role} is in account {given}, but target `{}` is account {wanted}", target.name);
            return Err(denied(MfaRefusal::RoleDenied, message));
        }
        Ok(slot)
    }

    async fn open(&self, opening: &Opening, code: &str) -> Result<Opened, CloudError> {
        let code = Code { serial: &self.serial, code };
        let asker = self.sessions.start(&opening.start).await?;
        let mut opened = Opened { role: self.role.clone(), keys: HashMap::new(), token: None };
        if let ([(slot @ (origin, Some(role)), _)], false) = (opening.slots.as_slice(), opening.shared) {
            let wish = Wish { role, seconds: opening.seconds, policy: opening.policy.as_deref(), code: Some(code) };
            opened.keys.insert(slot.clone(), self.sessions.take_on(origin, &asker, wish).await?);
            return Ok(opened);
        }
        let origin: Origin = self.sessions.origin(&opening.start);
        let token = self.sessions.assumer().with_code(&asker, code, opening.seconds).await?;
        let token = Held::new(&origin, token);
        for (slot, target) in &opening.slots {
            let held = match &slot.1 {
                None => Arc::clone(&token),
                Some(role) => {
                    let clients = self.sessions.clients_of(&token, target).await;
                    let policy = opening.policy.as_deref();
                    let wish = Wish { role, seconds: opening.seconds, policy, code: None };
                    self.sessions.take_on(&slot.0, &clients, wish).await?
                }
            };
            opened.keys.insert(slot.clone(), held);
        }
        opened.token = opening.shared.then_some((origin, token));
        Ok(opened)
    }
}

fn denied(why: MfaRefusal, detail: impl Into<String>) -> MfaDenied {
    MfaDenied { why, detail: Some(detail.into()) }
}

/// Whether it is certain that no code left this machine.
fn was_not_sent(error: &CloudError) -> bool {
    matches!(error.code.as_str(), "NoConnection" | "RequestNotBuilt")
}

/// What STS said, as a word for the dialog with AWS's own message beside it.
fn of_cloud(error: &CloudError) -> MfaDenied {
    let why = match error.kind {
        CloudErrorKind::Expired => MfaRefusal::SessionExpired,
        CloudErrorKind::Unavailable | CloudErrorKind::Throttled | CloudErrorKind::UnknownOutcome => {
            MfaRefusal::Unreachable
        }
        CloudErrorKind::Denied => of_denial(error),
        CloudErrorKind::NotFound | CloudErrorKind::Invalid if error.message.contains("tokenCode") => MfaRefusal::Wrong,
        CloudErrorKind::NotFound | CloudErrorKind::Invalid if error.message.contains("serialNumber") => {
            MfaRefusal::NoDevice
        }
        CloudErrorKind::NotFound | CloudErrorKind::Invalid => MfaRefusal::RoleDenied,
    };
    denied(why, format!("{}: {}", error.code, error.message))
}

fn of_denial(error: &CloudError) -> MfaRefusal {
    let says = |words: &str| error.message.contains(words);
    if matches!(
        error.code.as_str(),
        "InvalidClientTokenId" | "UnrecognizedClientException" | "NoCredentials" | "NoProfile"
    ) {
        MfaRefusal::SessionExpired
    } else if says("MultiFactorAuthentication failed") && says("serial number is valid") {
        MfaRefusal::NoDevice
    } else if says("MultiFactorAuthentication failed") {
        MfaRefusal::Wrong
    } else {
        MfaRefusal::RoleDenied
    }
}

#[cfg(test)]
mod tests;
