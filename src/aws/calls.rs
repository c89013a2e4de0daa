//! What a service's file is given: clients that are ready to sign, what the call carries, and the
//! one way to turn the SDK's answer into ours.

use std::error::Error;
use std::sync::Arc;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::time::{Instant, timeout_at};

use super::clients::Clients;
use super::error::{self, Manner};
use super::meter::Meter;
use super::reply;
use crate::engine::effect::CallRequest;
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::outcome::CloudError;

/// One call of ours; mostly one request to AWS, a read or two before it at most.
pub(super) struct Calls<'a> {
    clients: Arc<Clients>,
    /// Idempotency token, the same for every send of one attempt.
    pub token: &'a str,
    /// What the state looked like at the gate: the answer of the action's probe.
    pub before: Option<&'a Value>,
    /// What is counted of it while it goes on.
    pub meter: &'a Meter,
    manner: Manner,
    timeout_ms: u64,
    deadline: Instant,
}

impl<'a> Calls<'a> {
    pub fn new(clients: Arc<Clients>, request: &'a CallRequest, deadline: Instant, meter: &'a Meter) -> Self {
        Self {
            clients,
            token: &request.token,
            before: request.before.as_ref(),
            meter,
            manner: Manner { changes: request.changes, class: request.call.spec().class },
            timeout_ms: request.timeout_ms,
            deadline,
        }
    }

    /// The call itself: sends `request` once and makes a value of the answer.
    pub async fn answer<T, E>(
        &self,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        value: impl FnOnce(T) -> Value,
    ) -> Result<CloudReply, CloudError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.try_answer(request, |output| Ok(value(output))).await
    }

    /// As [`Calls::answer`], for an answer that may not hold what was asked for: an empty list is
    /// "not found". Only for reads: a send that succeeded stays a success.
    pub async fn try_answer<T, E>(
        &self,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        value: impl FnOnce(T) -> Result<Value, CloudError>,
    ) -> Result<CloudReply, CloudError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        // The SDK's futures are large, and each layer around them would move them once more.
        let request = Box::pin(request);
        let (output, noted) = reply::noting(self.within(request, self.manner)).await;
        let value = output.and_then(value).map_err(|error| CloudError {
            request_id: error.request_id.or_else(|| noted.request_id.clone()),
            ..error
        })?;
        Ok(CloudReply { value, request_id: noted.request_id, cloud_ms: noted.cloud_ms })
    }

    /// As [`Calls::answer`], for a send whose answer holds nothing: any page of a proxy with a 200 would
    /// do for one. Only AWS gives a request a number.
    pub async fn acknowledged<T, E>(
        &self,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        value: impl FnOnce(T) -> Value,
    ) -> Result<CloudReply, CloudError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let reply = self.answer(request, value).await?;
        if reply.request_id.is_none() {
            return Err(super::shape::empty_answer("request id"));
        }
        Ok(reply)
    }

    /// A read that prepares the call: whatever becomes of it, nothing has been sent yet.
    pub async fn look<T, E>(
        &self,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, CloudError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.within(Box::pin(request), Manner::READ).await
    }

    /// One of the many sends that a call is made of: judged as a change, each by itself.
    pub async fn send<T, E>(
        &self,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, CloudError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.within(Box::pin(request), self.manner).await
    }

    /// Whether its time is up: then nothing more is sent.
    pub fn is_overdue(&self) -> bool {
        Instant::now() >= self.deadline
    }

    async fn within<T, E>(
        &self,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        manner: Manner,
    ) -> Result<T, CloudError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match timeout_at(self.deadline, request).await {
            Err(_) => Err(error::timed_out(manner, self.timeout_ms)),
            Ok(Err(failed)) => Err(error::of_sdk(&failed, manner)),
            Ok(Ok(output)) => Ok(output),
        }
    }

    pub fn rds(&self) -> &aws_sdk_rds::Client {
        self.clients.rds()
    }

    pub fn ecs(&self) -> &aws_sdk_ecs::Client {
        self.clients.ecs()
    }

    /// Signed for the one region it lives in.
    pub fn route53(&self) -> &aws_sdk_route53::Client {
        self.clients.route53()
    }

    /// Signed for the one region it lives in.
    pub fn cloudfront(&self) -> &aws_sdk_cloudfront::Client {
        self.clients.cloudfront()
    }

    pub fn cloudwatch(&self) -> &aws_sdk_cloudwatch::Client {
        self.clients.cloudwatch()
    }

    pub fn s3(&self) -> &aws_sdk_s3::Client {
        self.clients.s3()
    }

    pub fn autoscaling(&self) -> &aws_sdk_applicationautoscaling::Client {
        self.clients.autoscaling()
    }

    pub fn elbv2(&self) -> &aws_sdk_elasticloadbalancingv2::Client {
        self.clients.elbv2()
    }

    pub fn elasticache(&self) -> &aws_sdk_elasticache::Client {
        self.clients.elasticache()
    }

    pub fn backup(&self) -> &aws_sdk_backup::Client {
        self.clients.backup()
    }

    pub fn sns(&self) -> &aws_sdk_sns::Client {
        self.clients.sns()
    }

    pub fn logs(&self) -> &aws_sdk_cloudwatchlogs::Client {
        self.clients.logs()
    }

    pub fn ssm(&self) -> &aws_sdk_ssm::Client {
        self.clients.ssm()
    }

    pub fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        self.clients.dynamodb()
    }

    pub fn sts(&self) -> &aws_sdk_sts::Client {
        self.clients.sts()
    }
}
