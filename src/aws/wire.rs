//! Tests: an in-process AWS at the wire. It records every request and answers from a script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
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
        body: String,
    },
    /// The connection stood and then broke: whether the request arrived is not known.
    Reset,
    Garbage,
    /// Never answers; only a timeout ends it (with tokio's paused clock at once).
    Hang,
}

impl Answer {
    pub fn ok(body: &str) -> Self {
        Self::status(200, body)
    }

    pub fn status(status: u16, body: &str) -> Self {
        Self::Reply { status, headers: Vec::new(), body: body.to_owned() }
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
        let options = AwsOptions { run: "run-1".to_owned(), operator: "ada".to_owned(), ..AwsOptions::default() };
        let mut loader = Loader::new(options, line::client_of(SharedHttpConnector::new(self.clone())));
        loader.scripted = Some(Keys::default());
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
                Answer::Hang => std::future::pending().await,
            }
        })
    }
}

/// The keys of a scripted world.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {}

impl Keys {
    pub fn provider(&self, _: &Origin) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(Credentials::new("AKIDTEST", "secret", None, None, "test"))
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

/// Makes one call against a script; the answer, and what went over the wire.
pub(super) async fn ask(
    request: &CallRequest,
    answers: impl IntoIterator<Item = Answer>,
) -> (Result<CloudReply, CloudError>, Vec<Sent>) {
    let wire = Wire::script(answers);
    let answer = wire.cloud().call(request).await;
    (answer, wire.sent())
}
