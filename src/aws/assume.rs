//! STS: taking on a role, and turning a code into a session. Each call goes out once.
//!
//! Must not know: which step it is for, who keeps the session.

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sdk_sts::types::Credentials as StsCredentials;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::clients::Clients;
use super::error::{self, Manner};
use super::keys::lock;
use super::options::AwsOptions;
use crate::model::outcome::{CloudError, CloudErrorKind};

const NAME_CHARS: usize = 64;

/// A one-time code and the device it comes from.
#[derive(Clone, Copy)]
pub(super) struct Code<'a> {
    pub serial: &'a str,
    pub code: &'a str,
}

/// What a session is asked for.
#[derive(Clone, Copy)]
pub(super) struct Wish<'a> {
    pub role: &'a str,
    pub seconds: i32,
    /// What the session may do at most, as an IAM policy document.
    pub policy: Option<&'a str>,
    pub code: Option<Code<'a>>,
}

/// Who takes on roles, as the account's audit trail will show it.
#[derive(Debug)]
pub(super) struct Assumer {
    session_name: String,
    source_identity: Option<String>,
    /// Roles whose trust does not allow a source identity.
    without_source: Mutex<Vec<String>>,
    patience: Duration,
}

impl Assumer {
    pub fn new(options: &AwsOptions, patience: Duration) -> Self {
        let operator = allowed(&options.operator);
        let session_name = allowed(&options.run);
        Self {
            session_name: if session_name.len() < 2 { "lifeboat".to_owned() } else { session_name },
            source_identity: (operator.len() >= 2).then_some(operator),
            without_source: Mutex::default(),
            patience,
        }
    }

    /// Takes on a role; the keys, and the ARN that STS gave the session.
    pub async fn assume(&self, clients: &Clients, wish: Wish<'_>) -> Result<(Credentials, Option<String>), CloudError> {
        let with_source = !lock(&self.without_source).iter().any(|role| role == wish.role);
        let source = self.source_identity.clone().filter(|_| with_source);
        let request = clients
            .sts()
            .assume_role()
            .role_arn(wish.role)
            .role_session_name(&self.session_name)
            .duration_seconds(wish.seconds)
            .set_source_identity(source)
            .set_policy(wish.policy.map(str::to_owned))
            .set_serial_number(wish.code.map(|code| code.serial.to_owned()))
            .set_token_code(wish.code.map(|code| code.code.to_owned()));
        let answer = once(self.patience, request.send()).await.map_err(|error| self.no_source(wish.role, error))?;
        let arn = answer.assumed_role_user.map(|user| user.arn);
        Ok((keys(answer.credentials)?, arn))
    }

    /// One code becomes a session of the same identity, with which roles can be taken on.
    pub async fn with_code(&self, clients: &Clients, code: Code<'_>, seconds: i32) -> Result<Credentials, CloudError> {
        let request = clients
            .sts()
            .get_session_token()
            .serial_number(code.serial)
            .token_code(code.code)
            .duration_seconds(seconds);
        keys(once(self.patience, request.send()).await?.credentials)
    }

    /// Most roles' trust policies do not name `sts:SetSourceIdentity`. That is said, and the next
    /// attempt leaves the source identity out; the session's name still tells the run.
    fn no_source(&self, role: &str, error: CloudError) -> CloudError {
        if error.kind != CloudErrorKind::Denied || !error.message.contains("sts:SetSourceIdentity") {
            return error;
        }
        lock(&self.without_source).push(role.to_owned());
        let message = format!(
            "{}; the role's trust policy does not let the operator be named as source identity: allow it, \
             or try again and the session will go without",
            error.message
        );
        CloudError { message, ..error }
    }
}

/// Asks STS, once, and not for ever.
pub(super) async fn once<T, E>(
    patience: Duration,
    request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
) -> Result<T, CloudError>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match tokio::time::timeout(patience, Box::pin(request)).await {
        Err(_) => Err(error::timed_out(Manner::READ, u64::try_from(patience.as_millis()).unwrap_or(u64::MAX))),
        Ok(answer) => answer.map_err(|failed| error::of_sdk(&failed, Manner::READ)),
    }
}

fn keys(given: Option<StsCredentials>) -> Result<Credentials, CloudError> {
    let Some(given) = given else {
        return Err(error::ours(CloudErrorKind::Unavailable, "UnreadableAnswer", "STS answered without credentials"));
    };
    let expiry = SystemTime::try_from(given.expiration).ok();
    Ok(Credentials::new(given.access_key_id, given.secret_access_key, Some(given.session_token), expiry, "lifeboat"))
}

/// The characters that AWS takes in session names and source identities.
fn allowed(text: &str) -> String {
    let ok = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    text.chars().map(|c| if ok(c) { c } else { '-' }).take(NAME_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_to_what_aws_takes() {
        assert_eq!(allowed("ada lovelace <ada@example.org>"), "ada-lovelace--ada@example.org-");
        assert_eq!(allowed(&"x".repeat(100)).len(), NAME_CHARS);
    }
}
