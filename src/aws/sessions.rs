//! Whose keys a call is signed with: the target's own, or those that a code opened.
//!
//! Keys are at hand before anything is sent, so a failure to get them is "not sent". Keys of one
//! account never sign a call for a target that names another. Must not know: what is called.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};

use super::clients::Clients;
use super::config::{Loader, Origin};
use super::error::{self, Manner};
use crate::engine::effect::{CallRequest, CallSession};
use crate::model::event::TargetIdentity;
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::plan::ResolvedTarget;

/// Keys that end sooner than this are asked for again: a long wait may come.
const SPARE: Duration = Duration::from_secs(300);

/// What a slot of keys is for: an identity, and the role it took on.
type Slot = (Origin, Option<String>);

/// A slot's keys; whoever comes second waits for the one who is asking.
type Keys = Arc<tokio::sync::Mutex<Option<Arc<Held>>>>;

/// Every session of this process.
#[derive(Debug)]
pub(super) struct Sessions {
    loader: Loader,
    held: Mutex<HashMap<Slot, Keys>>,
    /// Access key id → account and ARN. A key belongs to one account for ever.
    owners: Mutex<HashMap<String, (String, String)>>,
}

/// Credentials at hand, and the clients that sign with them.
#[derive(Debug)]
pub(super) struct Held {
    origin: Origin,
    credentials: Credentials,
    clients: Mutex<HashMap<Option<String>, Arc<Clients>>>,
}

/// What one call is made with.
#[derive(Debug)]
pub(super) struct Session {
    slot: Slot,
    clients: Arc<Clients>,
}

impl Session {
    pub fn clients(&self) -> Arc<Clients> {
        Arc::clone(&self.clients)
    }
}

impl Sessions {
    pub fn new(loader: Loader) -> Self {
        Self { loader, held: Mutex::default(), owners: Mutex::default() }
    }

    /// The session that a call must be made with.
    pub async fn session(&self, request: &CallRequest) -> Result<Session, CloudError> {
        match &request.session {
            CallSession::Base => self.base(&request.target).await,
            CallSession::Step | CallSession::Shared(_) => Err(no_session()),
        }
    }

    /// Keys that the cloud called expired are not used again.
    pub fn forget(&self, session: &Session) {
        lock(&self.held).remove(&session.slot);
    }

    pub async fn identity(&self, target: &ResolvedTarget) -> Result<TargetIdentity, CloudError> {
        let session = self.base(target).await?;
        let (account, arn) = self.owner(&session.clients).await?;
        let region = Some(session.clients.region().to_owned());
        Ok(TargetIdentity { target: target.name.clone(), account, arn, region })
    }

    async fn base(&self, target: &ResolvedTarget) -> Result<Session, CloudError> {
        let slot = (Origin::of(target, self.loader.options()), target.role.clone());
        let held = self.keys(&slot, target).await?;
        let clients = self.clients(&held, target.region.as_deref()).await;
        self.guard(&clients, target).await?;
        Ok(Session { slot, clients })
    }

    async fn keys(&self, slot: &Slot, target: &ResolvedTarget) -> Result<Arc<Held>, CloudError> {
        let keys = Arc::clone(lock(&self.held).entry(slot.clone()).or_default());
        let mut keys = keys.lock().await;
        if let Some(held) = keys.as_ref().filter(|held| lasts(&held.credentials, SPARE)) {
            return Ok(Arc::clone(held));
        }
        let config = self.loader.load(&slot.0, target.region.as_deref()).await;
        let provider = config.credentials_provider().ok_or_else(|| no_credentials("no credentials are configured"))?;
        let credentials = provider.provide_credentials().await.map_err(|error| no_credentials(&error.to_string()))?;
        let held = Arc::new(Held { origin: slot.0.clone(), credentials, clients: Mutex::default() });
        *keys = Some(Arc::clone(&held));
        Ok(held)
    }

    async fn clients(&self, held: &Held, region: Option<&str>) -> Arc<Clients> {
        let region = region.map(str::to_owned);
        if let Some(clients) = lock(&held.clients).get(&region) {
            return Arc::clone(clients);
        }
        let config = self.loader.load(&held.origin, region.as_deref()).await;
        let mut config = config.into_builder();
        config.set_credentials_provider(Some(SharedCredentialsProvider::new(held.credentials.clone())));
        config.set_token_provider(None);
        let clients = Arc::new(Clients::new(held.credentials.access_key_id(), config.build()));
        lock(&held.clients).insert(region, Arc::clone(&clients));
        clients
    }

    /// Refuses keys of another account than the target names, before anything is sent with them.
    async fn guard(&self, clients: &Clients, target: &ResolvedTarget) -> Result<(), CloudError> {
        let Some(wanted) = &target.account else { return Ok(()) };
        let (account, arn) = self.owner(clients).await?;
        if account == *wanted {
            return Ok(());
        }
        let message = format!(
            "target `{}` is account {wanted}, but the credentials are those of account {account} ({arn}); nothing was sent",
            target.name
        );
        Err(error::ours(CloudErrorKind::Denied, "WrongAccount", message))
    }

    async fn owner(&self, clients: &Clients) -> Result<(String, String), CloudError> {
        if let Some(owner) = lock(&self.owners).get(clients.key_id()) {
            return Ok(owner.clone());
        }
        let who = clients.sts().get_caller_identity().send().await;
        let who = who.map_err(|error| error::of_sdk(&error, Manner::READ))?;
        let owner = (who.account.unwrap_or_default(), who.arn.unwrap_or_default());
        lock(&self.owners).insert(clients.key_id().to_owned(), owner.clone());
        Ok(owner)
    }
}

fn lasts(credentials: &Credentials, spare: Duration) -> bool {
    credentials.expiry().is_none_or(|end| end > SystemTime::now() + spare)
}

fn no_session() -> CloudError {
    error::ours(
        CloudErrorKind::Expired,
        "NoMfaSession",
        "no session of a code is open for this step; a new code is needed",
    )
}

fn no_credentials(why: &str) -> CloudError {
    error::ours(CloudErrorKind::Denied, "NoCredentials", why)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
