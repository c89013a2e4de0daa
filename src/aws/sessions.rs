//! Whose keys a call is signed with: the target's own, or those that a code opened.
//!
//! Keys are at hand before anything is sent, so a failure to get them is "not sent". Keys of one
//! account never sign a call for a target that names another. Must not know: what is called.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::OnceCell;

use super::assume::{Assumer, Wish, once};
use super::clients::Clients;
use super::config::{Loader, Origin};
use super::error;
use super::keys::{Held, lock};
use crate::engine::effect::{CallRequest, CallSession};
use crate::model::event::TargetIdentity;
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::plan::ResolvedTarget;

/// Keys that end sooner than this are asked for again: a long wait may come.
const SPARE: Duration = Duration::from_mins(5);

/// As long as a role may be held when it was taken on with a role's keys.
pub(super) const HOUR_S: i32 = 3_600;

/// What keys are for: an identity, and the role it took on.
pub(super) type Slot = (Origin, Option<String>);

/// A slot's keys; whoever comes second waits for the one who is asking.
type Waiting = Arc<tokio::sync::Mutex<Option<Arc<Held>>>>;

/// What a code opened: sends of one step, or of several that share it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Name {
    Step(String),
    Shared(String),
}

/// A session that a code opened.
#[derive(Debug)]
pub(super) struct Opened {
    /// The role that the runbook's `mfa` names.
    pub role: Option<String>,
    pub keys: HashMap<Slot, Arc<Held>>,
    /// With a shared code: what further roles can be taken on with, and by whom.
    pub token: Option<(Origin, Arc<Held>)>,
}

/// Whose keys they are, as STS says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Owner {
    account: String,
    arn: String,
}

/// Every session of this process.
#[derive(Debug)]
pub(super) struct Sessions {
    loader: Loader,
    assumer: Assumer,
    base: Mutex<HashMap<Slot, Waiting>>,
    opened: Mutex<HashMap<Name, Opened>>,
    /// By access key id. A key belongs to one account for ever; calls that begin together ask once.
    owners: Mutex<HashMap<String, Arc<OnceCell<Owner>>>>,
}

/// What one call is made with.
#[derive(Debug)]
pub(super) struct Session {
    source: Source,
    clients: Arc<Clients>,
}

#[derive(Debug)]
enum Source {
    Base(Slot),
    Opened(Name),
}

impl Session {
    pub fn clients(&self) -> Arc<Clients> {
        Arc::clone(&self.clients)
    }
}

impl Sessions {
    pub fn new(loader: Loader) -> Self {
        let assumer = Assumer::new(loader.options(), loader.patience());
        Self { loader, assumer, base: Mutex::default(), opened: Mutex::default(), owners: Mutex::default() }
    }

    pub const fn assumer(&self) -> &Assumer {
        &self.assumer
    }

    /// The endpoint that the command line names for everything.
    pub fn endpoint_url(&self) -> Option<&str> {
        self.loader.options().endpoint_url.as_deref()
    }

    pub fn origin(&self, target: &ResolvedTarget) -> Origin {
        Origin::of(target, self.loader.options())
    }

    /// The session that a call must be made with.
    pub async fn session(&self, request: &CallRequest) -> Result<Session, CloudError> {
        let target = &request.target;
        let (source, held) = match &request.session {
            CallSession::Base => {
                let slot = (self.origin(target), target.role.clone());
                (Source::Base(slot.clone()), self.base(&slot, target).await?)
            }
            CallSession::Step => self.of_code(Name::Step(request.ticket.step.clone()), target).await?,
            CallSession::Shared(key) => self.of_code(Name::Shared(key.clone()), target).await?,
        };
        let clients = held.clients(&self.loader, target.region.as_deref()).await;
        self.guard(&clients, target).await?;
        Ok(Session { source, clients })
    }

    /// Keys that the cloud called expired are not used again.
    pub fn forget(&self, session: &Session) {
        match &session.source {
            Source::Base(slot) => {
                // A role's keys may have ended with the identity's that took it on.
                let mut base = lock(&self.base);
                base.remove(slot);
                base.remove(&(slot.0.clone(), None));
            }
            Source::Opened(name) => self.close(name),
        }
    }

    /// Who STS says that the target's own identity is.
    pub async fn identity(&self, target: &ResolvedTarget) -> Result<TargetIdentity, CloudError> {
        let slot = (self.origin(target), target.role.clone());
        let held = self.base(&slot, target).await?;
        let clients = held.clients(&self.loader, target.region.as_deref()).await;
        self.guard(&clients, target).await?;
        let Owner { account, arn } = self.owner(&clients).await?;
        let region = clients.region().map(str::to_owned);
        Ok(TargetIdentity { target: target.name.clone(), account, arn, region })
    }

    /// The clients of the identity that a target starts from, before it takes on any role.
    pub async fn start(&self, target: &ResolvedTarget) -> Result<Arc<Clients>, CloudError> {
        let held = self.base(&(self.origin(target), None), target).await?;
        Ok(held.clients(&self.loader, target.region.as_deref()).await)
    }

    /// The clients of keys that are at hand, in a target's region.
    pub async fn clients_of(&self, held: &Held, target: &ResolvedTarget) -> Arc<Clients> {
        held.clients(&self.loader, target.region.as_deref()).await
    }

    /// STS said itself whose keys it gave: no need to ask.
    pub fn note_owner(&self, held: &Held, arn: Option<&str>) {
        if let (Some(account), Some(arn)) = (arn.and_then(account_of), arn) {
            let owner = Owner { account: account.to_owned(), arn: arn.to_owned() };
            lock(&self.owners).insert(held.key_id().to_owned(), Arc::new(OnceCell::new_with(Some(owner))));
        }
    }

    pub fn open(&self, name: Name, opened: Opened) {
        lock(&self.opened).insert(name, opened);
    }

    pub fn close(&self, name: &Name) {
        lock(&self.opened).remove(name);
    }

    /// Keys that a code opened for exactly this; anything else is refused before sending.
    async fn of_code(&self, name: Name, target: &ResolvedTarget) -> Result<(Source, Arc<Held>), CloudError> {
        let origin = self.origin(target);
        let (slot, found, token) = {
            let opened = lock(&self.opened);
            let Some(session) = opened.get(&name) else { return Err(no_session()) };
            let slot = (origin, role_for(session.role.as_deref(), target));
            let token =
                session.token.as_ref().filter(|(origin, _)| *origin == slot.0).map(|(_, held)| Arc::clone(held));
            (slot.clone(), session.keys.get(&slot).cloned(), token)
        };
        if let Some(held) = found.filter(|held| held.lasts(Duration::ZERO)) {
            return Ok((Source::Opened(name), held));
        }
        let token = token.filter(|held| held.lasts(Duration::ZERO));
        let (Some(token), Some(role)) = (token, &slot.1) else {
            // Over, or never opened for this target.
            self.drop_ended(&name);
            return Err(no_session());
        };
        let clients = self.clients_of(&token, target).await;
        let held = self.take_on(&slot.0, &clients, Wish { role, seconds: HOUR_S, policy: None, code: None }).await?;
        if let Some(session) = lock(&self.opened).get_mut(&name) {
            session.keys.insert(slot, Arc::clone(&held));
        }
        Ok((Source::Opened(name), held))
    }

    fn drop_ended(&self, name: &Name) {
        let mut opened = lock(&self.opened);
        let lasts = |held: &Arc<Held>| held.lasts(Duration::ZERO);
        let over = |opened: &Opened| {
            !opened.keys.values().any(lasts) && !opened.token.as_ref().is_some_and(|(_, token)| lasts(token))
        };
        if opened.get(name).is_some_and(over) {
            opened.remove(name);
        }
    }

    /// Takes on a role and keeps who STS says that is.
    pub async fn take_on(&self, origin: &Origin, clients: &Clients, wish: Wish<'_>) -> Result<Arc<Held>, CloudError> {
        let (credentials, arn) = self.assumer.assume(clients, wish).await?;
        let held = Held::new(origin, credentials);
        self.note_owner(&held, arn.as_deref());
        Ok(held)
    }

    async fn base(&self, slot: &Slot, target: &ResolvedTarget) -> Result<Arc<Held>, CloudError> {
        let waiting = Arc::clone(lock(&self.base).entry(slot.clone()).or_default());
        let mut waiting = waiting.lock().await;
        if let Some(held) = waiting.as_ref().filter(|held| held.lasts(SPARE)) {
            return Ok(Arc::clone(held));
        }
        let renewed = match &slot.1 {
            None => Held::of_origin(&self.loader, &slot.0, target.region.as_deref()).await,
            Some(role) => self.base_role(&slot.0, role, target).await,
        };
        match renewed {
            Ok(held) => {
                *waiting = Some(Arc::clone(&held));
                Ok(held)
            }
            // Not renewed, but not over yet either.
            Err(error) => waiting.clone().filter(|held| held.lasts(Duration::ZERO)).ok_or(error),
        }
    }

    async fn base_role(&self, origin: &Origin, role: &str, target: &ResolvedTarget) -> Result<Arc<Held>, CloudError> {
        // `base` calls itself once, for the identity beneath the role.
        let held = Box::pin(self.base(&(origin.clone(), None), target)).await?;
        let clients = self.clients_of(&held, target).await;
        self.take_on(origin, &clients, Wish { role, seconds: HOUR_S, policy: None, code: None }).await
    }

    /// Refuses keys of another account than the target names, before anything is sent with them.
    async fn guard(&self, clients: &Clients, target: &ResolvedTarget) -> Result<(), CloudError> {
        let Some(wanted) = &target.account else { return Ok(()) };
        let Owner { account, arn } = self.owner(clients).await?;
        if account == *wanted {
            return Ok(());
        }
        let message = format!(
            "target `{}` is account {wanted}, but the credentials are those of account {account} ({arn}); nothing was sent",
            target.name
        );
        Err(error::ours(CloudErrorKind::Denied, "WrongAccount", message))
    }

    async fn owner(&self, clients: &Clients) -> Result<Owner, CloudError> {
        let owner = Arc::clone(lock(&self.owners).entry(clients.key_id().to_owned()).or_default());
        let ask = || async {
            let who = once(self.loader.patience(), clients.sts().get_caller_identity().send()).await?;
            Ok(Owner { account: who.account.unwrap_or_default(), arn: who.arn.unwrap_or_default() })
        };
        owner.get_or_try_init(ask).await.cloned()
    }
}

/// The role for sends to a target after a code: the one that the runbook's `mfa` names, unless that
/// is in another account than the target's own role.
pub(super) fn role_for(mfa_role: Option<&str>, target: &ResolvedTarget) -> Option<String> {
    let role = match (mfa_role, target.role.as_deref()) {
        (Some(mfa), Some(own)) => {
            let elsewhere = target.account.as_deref().is_some_and(|account| account_of(mfa) != Some(account));
            Some(if elsewhere { own } else { mfa })
        }
        (mfa, own) => mfa.or(own),
    };
    role.map(str::to_owned)
}

/// The account in an ARN.
pub(super) fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()))
}

fn no_session() -> CloudError {
    let message = "no code has opened a session for this, or it is over; a new code is needed, nothing was sent";
    error::ours(CloudErrorKind::Expired, "NoMfaSession", message)
}

#[cfg(test)]
mod tests;
