//! Tests: an in-process AWS at the wire. It records every request and answers from a script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

use super::config::{Loader, Origin};
use super::{AwsCloud, AwsOptions, line};
use crate::engine::effect::{CallRequest, CallSession};
use crate::engine::ports::{Cloud, CloudReply};
use crate::model::Value;
use crate::model::action::Action;
use crate::model::action::examples::example_with;
use crate::model::event::{Purpose, Ticket};
use crate::model::outcome::CloudError;
use crate::model::plan::ResolvedTarget;

/// A request as it reached the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    pub method: String,
    /// Scheme, host, path and query.
    pub uri: String,
    /// Lower-case name and value, sorted.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Sent {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The region and service it was signed for, as `eu-central-1/rds`.
    pub fn signed_for(&self) -> Option<String> {
        let mut scope = self.header("authorization")?.split("Credential=").nth(1)?.split('/').skip(2);
        Some(format!("{}/{}", scope.next()?, scope.next()?))
    }
}

/// How one request is answered.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    Reply {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// The connection stood and then broke: whether the request arrived is not known.
    Reset,
    Garbage,
    /// The line itself gave up waiting.
    TimedOut,
    /// Never answers; only our own timeout ends it, so give the call a short one.
    Hang,
}

impl Answer {
    pub fn ok(body: &str) -> Self {
        Self::status(200, body)
    }

    pub fn status(status: u16, body: &str) -> Self {
        Self::bytes(status, body.as_bytes())
    }

    pub fn bytes(status: u16, body: &[u8]) -> Self {
        Self::Reply { status, headers: Vec::new(), body: body.to_vec() }
    }

    /// An error as the XML services (RDS, Route 53, STS, SNS) word it.
    pub fn xml_error(status: u16, code: &str, message: &str) -> Self {
        Self::status(
            status,
            &format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                 <RequestId>from-the-body</RequestId></ErrorResponse>"
            ),
        )
    }

    /// An error as the JSON services (ECS, DynamoDB) word it.
    pub fn json_error(status: u16, code: &str, message: &str) -> Self {
        Self::status(status, &serde_json::json!({"__type": code, "message": message}).to_string())
    }

    /// What RDS answers to an operation.
    pub fn rds(operation: &str, result: &str) -> Self {
        Self::ok(&format!(
            "<{operation}Response xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><{operation}Result>{result}\
             </{operation}Result><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></{operation}Response>"
        ))
    }

    #[must_use]
    pub fn with_header(self, name: &'static str, value: &str) -> Self {
        match self {
            Self::Reply { status, mut headers, body } => {
                headers.push((name, value.to_owned()));
                Self::Reply { status, headers, body }
            }
            other => other,
        }
    }
}

/// The scripted AWS: answers in order, and remembers what it was asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Wire {
    pub keys: Keys,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    answers: VecDeque<Answer>,
    /// Given when the script has run out.
    always: Option<Answer>,
    sent: Vec<Sent>,
}

impl Wire {
    /// Answers with each of these, once, in order; a request beyond them is a 500.
    pub fn script(answers: impl IntoIterator<Item = Answer>) -> Self {
        let wire = Self::default();
        wire.state.lock().unwrap().answers.extend(answers);
        wire
    }

    /// Answers everything alike.
    pub fn always(answer: Answer) -> Self {
        let wire = Self::default();
        wire.state.lock().unwrap().always = Some(answer);
        wire
    }

    pub fn then(&self, answer: Answer) {
        self.state.lock().unwrap().answers.push_back(answer);
    }

    pub fn sent(&self) -> Vec<Sent> {
        self.state.lock().unwrap().sent.clone()
    }

    /// A cloud whose every request comes here; keys `AKIDTEST`, region eu-central-1.
    pub fn cloud(&self) -> Arc<AwsCloud> {
        AwsCloud::of(self.loader())
    }

    /// As [`Wire::cloud`], with the SDK's own retries left on.
    pub fn cloud_with_sdk_retries(&self) -> Arc<AwsCloud> {
        let mut loader = self.loader();
        loader.let_the_sdk_retry();
        AwsCloud::of(loader)
    }

    pub fn loader(&self) -> Loader {
        self.loader_with(AwsOptions::default())
    }

    /// As [`Wire::loader`], with other options; run and operator are set here.
    pub fn loader_with(&self, options: AwsOptions) -> Loader {
        let options = AwsOptions { run: "run-1".to_owned(), operator: "ada".to_owned(), ..options };
        let mut loader = Loader::new(options, line::client_of(SharedHttpConnector::new(self.clone())));
        loader.scripted = Some(self.keys.clone());
        loader
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut headers: Vec<(String, String)> =
            request.headers().iter().map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        headers.sort();
        let sent = Sent {
            method: request.method().to_owned(),
            uri: request.uri().to_owned(),
            headers,
            body: String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned(),
        };
        let mut state = self.state.lock().unwrap();
        state.sent.push(sent);
        let answer = state.answers.pop_front().or_else(|| state.always.clone());
        let answer = answer.unwrap_or_else(|| Answer::status(500, "the script has run out"));
        HttpConnectorFuture::new(async move {
            match answer {
                Answer::Reply { status, headers, body } => {
                    let status = StatusCode::try_from(status).unwrap();
                    let mut response = HttpResponse::new(status, SdkBody::from(body));
                    for (name, value) in headers {
                        response.headers_mut().insert(name, value);
                    }
                    Ok(response)
                }
                Answer::Garbage => Ok(HttpResponse::new(StatusCode::try_from(200).unwrap(), SdkBody::from("\u{1}{<"))),
                Answer::Reset => Err(ConnectorError::io("connection reset by peer".into())),
                Answer::TimedOut => Err(ConnectorError::timeout("timed out".into())),
                Answer::Hang => std::future::pending().await,
            }
        })
    }
}

/// The logins of a scripted world: whoever asks gets the next answer, or keys that never end.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    next: Arc<Mutex<VecDeque<Result<Credentials, String>>>>,
    asked: Arc<Mutex<Vec<Origin>>>,
}

impl Keys {
    pub fn provider(&self, origin: &Origin) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(Login { keys: self.clone(), origin: origin.clone() })
    }

    /// The next login gives these keys, which end `in_seconds` from now.
    pub fn then(&self, key_id: &str, in_seconds: i64) {
        let now = SystemTime::now();
        let length = Duration::from_secs(in_seconds.unsigned_abs());
        let end = if in_seconds < 0 { now - length } else { now + length };
        self.next.lock().unwrap().push_back(Ok(Credentials::new(key_id, SECRET_KEY, None, Some(end), "test")));
    }

    /// The next login fails.
    pub fn then_fail(&self, why: &str) {
        self.next.lock().unwrap().push_back(Err(why.to_owned()));
    }

    /// Who logged in, in order.
    pub fn asked(&self) -> Vec<Origin> {
        self.asked.lock().unwrap().clone()
    }
}

#[derive(Debug)]
struct Login {
    keys: Keys,
    origin: Origin,
}

impl ProvideCredentials for Login {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        self.keys.asked.lock().unwrap().push(self.origin.clone());
        let next = self.keys.next.lock().unwrap().pop_front();
        future::ProvideCredentials::ready(match next {
            Some(Ok(keys)) => Ok(keys),
            Some(Err(why)) => Err(CredentialsError::provider_error(why)),
            None => Ok(Credentials::new("AKIDTEST", SECRET_KEY, None, None, "test")),
        })
    }
}

/// A read under the target's own rights.
pub(super) fn read(name: &str, with: &Value) -> CallRequest {
    request(name, with, Purpose::Check(0))
}

/// A send under the target's own rights.
pub(super) fn send(name: &str, with: &Value) -> CallRequest {
    request(name, with, Purpose::Action)
}

fn request(name: &str, with: &Value, purpose: Purpose) -> CallRequest {
    CallRequest {
        ticket: Ticket { step: "step-1".to_owned(), attempt: 1, purpose },
        call: Action::parse(name, with).unwrap(),
        target: ResolvedTarget {
            name: "dr".to_owned(),
            region: Some("eu-central-1".to_owned()),
            ..ResolvedTarget::default()
        },
        token: "token-1".to_owned(),
        not_before_ms: 0,
        timeout_ms: 10_000,
        changes: purpose.is_send(),
        before: None,
        session: CallSession::Base,
    }
}

/// STS's answer to "who am I".
pub(super) fn who(account: &str) -> Answer {
    Answer::ok(&format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>arn:aws:iam::{account}:user/ada</Arn><UserId>AIDA1</UserId><Account>{account}</Account>\
         </GetCallerIdentityResult></GetCallerIdentityResponse>"
    ))
}

/// No word that a test could say otherwise: it is hidden wherever it shows up in this process.
pub(super) const SECRET_KEY: &str = "wire/0Secret0Access0Key0/1";
const FAR: &str = "2100-01-01T00:00:00Z";

fn credentials(key_id: &str, until: &str) -> String {
    format!(
        "<Credentials><AccessKeyId>{key_id}</AccessKeyId><SecretAccessKey>{SECRET_KEY}</SecretAccessKey>\
         <SessionToken>token of {key_id}</SessionToken><Expiration>{until}</Expiration></Credentials>"
    )
}

/// STS's answer to who takes on a role.
pub(super) fn assumed(key_id: &str, account: &str) -> Answer {
    assumed_until(key_id, account, FAR)
}

pub(super) fn assumed_until(key_id: &str, account: &str, until: &str) -> Answer {
    Answer::ok(&format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>{}\
         <AssumedRoleUser><Arn>arn:aws:sts::{account}:assumed-role/dr-operator/run-1</Arn>\
         <AssumedRoleId>AROA1:run-1</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>",
        credentials(key_id, until)
    ))
}

/// STS's answer to who turns a code into a session.
pub(super) fn session_token(key_id: &str) -> Answer {
    Answer::ok(&format!(
        "<GetSessionTokenResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetSessionTokenResult>{}\
         </GetSessionTokenResult></GetSessionTokenResponse>",
        credentials(key_id, FAR)
    ))
}

/// What a change of the catalogue's examples answers, and the one request that it sent.
pub(super) async fn sent_once(name: &str, answer: Answer) -> (Value, Sent) {
    let request = send(name, &example_with(name).unwrap());
    let (reply, mut sent) = ask(&request, [answer]).await;
    assert_eq!(sent.len(), 1, "{name}");
    (reply.unwrap().value, sent.remove(0))
}

/// Makes one call against a script; the answer, and what went over the wire.
pub(super) async fn ask(
    request: &CallRequest,
    answers: impl IntoIterator<Item = Answer>,
) -> (Result<CloudReply, CloudError>, Vec<Sent>) {
    let wire = Wire::script(answers);
    let answer = wire.cloud().call(request).await;
    (answer, wire.sent())
}
