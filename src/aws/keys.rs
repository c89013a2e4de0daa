//! Credentials at hand: held for one identity, with the clients that sign with them; and what it
//! means when there are none. Must not know: targets, MFA, calls.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};

use super::clients::Clients;
use super::config::{Loader, Origin};
use super::error;
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::redact;

/// How long a login may take to answer: a `credential_process`, SSO, an instance's metadata.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(30);

/// Credentials, and the clients that sign with them.
pub(super) struct Held {
    origin: Origin,
    credentials: Credentials,
    clients: Mutex<HashMap<Option<String>, Arc<Clients>>>,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").field("origin", &self.origin).field("key", &self.key_id()).finish_non_exhaustive()
    }
}

impl Held {
    /// `origin` is the identity that they were got with: its other settings apply to them too.
    /// Every key that is ever used comes through here, so here they become secrets of the process.
    pub fn new(origin: &Origin, credentials: Credentials) -> Arc<Self> {
        redact::shared().learn(credentials.secret_access_key());
        if let Some(token) = credentials.session_token() {
            redact::shared().learn(token);
        }
        Arc::new(Self { origin: origin.clone(), credentials, clients: Mutex::default() })
    }

    /// Asks the identity's own sources: files, environment, SSO cache, programs, read anew.
    pub async fn of_origin(loader: &Loader, origin: &Origin, region: Option<&str>) -> Result<Arc<Self>, CloudError> {
        let config = loader.load(origin, region).await;
        let Some(provider) = config.credentials_provider() else {
            return Err(of_credentials(&CredentialsError::not_loaded_no_source(), origin));
        };
        let credentials = tokio::time::timeout(LOGIN_TIMEOUT, provider.provide_credentials()).await;
        let credentials = credentials.unwrap_or_else(|_| Err(CredentialsError::provider_timed_out(LOGIN_TIMEOUT)));
        let held = Self::new(origin, credentials.map_err(|error| of_credentials(&error, origin))?);
        if held.lasts(Duration::ZERO) { Ok(held) } else { Err(expired(origin, "the credentials have expired")) }
    }

    pub fn key_id(&self) -> &str {
        self.credentials.access_key_id()
    }

    /// Whether they are good for longer than `spare`.
    pub fn lasts(&self, spare: Duration) -> bool {
        self.credentials.expiry().is_none_or(|end| end > SystemTime::now() + spare)
    }

    /// The clients for one region; made once.
    pub async fn clients(&self, loader: &Loader, region: Option<&str>) -> Arc<Clients> {
        let region = region.map(str::to_owned);
        if let Some(clients) = lock(&self.clients).get(&region) {
            return Arc::clone(clients);
        }
        let mut config = loader.load(&self.origin, region.as_deref()).await.into_builder();
        config.set_credentials_provider(Some(SharedCredentialsProvider::new(self.credentials.clone())));
        config.set_token_provider(None);
        let clients = Arc::new(Clients::new(self.key_id(), config.build()));
        Arc::clone(lock(&self.clients).entry(region).or_insert(clients))
    }
}

/// Why there are no credentials, and the way out. The SDK keeps its own error types to itself here,
/// so the words have to do.
fn of_credentials(error: &CredentialsError, origin: &Origin) -> CloudError {
    let why = error::because(error);
    let says = |words: &[&str]| words.iter().any(|word| why.contains(word));
    if matches!(error, CredentialsError::ProviderTimedOut(_)) || says(&["dispatch failure", "timed out", "timeout"]) {
        let message = format!("failed to get credentials{}: {why}", of(origin));
        error::ours(CloudErrorKind::Unavailable, "LoginUnreachable", message)
    } else if says(&["xpired", "SSO token", "Session token not found or invalid"]) {
        expired(origin, &why)
    } else {
        no_credentials(origin, &why)
    }
}

fn expired(origin: &Origin, why: &str) -> CloudError {
    let login = match origin {
        Origin::Profile(name) => format!("`aws sso login --profile {name}`, or what else renews it"),
        Origin::Chain => "`aws sso login`, or what else renews it".to_owned(),
    };
    error::ours(CloudErrorKind::Expired, "ExpiredLogin", format!("{why}{}; log in again: {login}", of(origin)))
}

fn no_credentials(origin: &Origin, why: &str) -> CloudError {
    let (code, help) = match origin {
        Origin::Profile(_) if why.contains("was not defined") => {
            ("NoProfile", "`--profile NAME` takes another one for every target, `--profile ''` the environment's keys")
        }
        Origin::Profile(_) => ("NoCredentials", "`aws configure list --profile` shows what the profile holds"),
        Origin::Chain => (
            "NoCredentials",
            "name a profile (`--profile`, AWS_PROFILE, or in the target), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
    };
    error::ours(CloudErrorKind::Denied, code, format!("no credentials{}: {why}; {help}", of(origin)))
}

fn of(origin: &Origin) -> String {
    match origin {
        Origin::Profile(name) => format!(" of profile `{name}`"),
        Origin::Chain => String::new(),
    }
}

/// A thread that panicked while it held a cache has broken nothing in it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_at_hand_are_shown_nowhere() {
        let said = "signed with keys0at0hand0key and session0token0at0hand";
        assert_eq!(redact::shared().text(said), said);
        let keys = Credentials::new("AKIDTEST", "keys0at0hand0key", Some("session0token0at0hand".into()), None, "test");
        let _held = Held::new(&Origin::Chain, keys);
        let shown = redact::shared().text(said);
        assert!(!shown.contains("at0hand"), "{shown}");
    }
}
