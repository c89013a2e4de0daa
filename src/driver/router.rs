//! One cloud out of two: calls to AWS to one adapter, calls to the world beside it to the other.
//!
//! Must not know what either does with a call.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::engine::effect::{CallRequest, CallSession};
use crate::engine::ports::{Cloud, CloudReply};
use crate::model::outcome::{CloudError, Mode};
use crate::model::progress::Progress;

/// Sends each call where it belongs.
pub struct CloudRouter {
    aws: Arc<dyn Cloud>,
    outside: Arc<dyn Cloud>,
    sessions: Sessions,
}

/// With whose rights calls go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sessions {
    /// As the engine says: what an MFA code opened, where one was given at AWS.
    AsAsked,
    /// The target's own: practice codes open nothing at AWS.
    Base,
}

impl CloudRouter {
    #[must_use]
    pub fn new(aws: Arc<dyn Cloud>, outside: Arc<dyn Cloud>) -> Self {
        Self { aws, outside, sessions: Sessions::AsAsked }
    }

    /// For a drill that nobody watches, whose gates are answered with practice codes. `None` for a real run:
    /// there a code that AWS has not seen opens nothing.
    #[must_use]
    pub fn with_practice_codes(aws: Arc<dyn Cloud>, outside: Arc<dyn Cloud>, mode: Mode) -> Option<Self> {
        match mode {
            Mode::Drill => Some(Self { aws, outside, sessions: Sessions::Base }),
            Mode::Real => None,
        }
    }
}

impl Cloud for CloudRouter {
    fn call<'a>(&'a self, request: &'a CallRequest) -> BoxFuture<'a, Result<CloudReply, CloudError>> {
        if !request.call.name().starts_with("aws/") {
            return self.outside.call(request);
        }
        if self.sessions == Sessions::AsAsked || request.session == CallSession::Base {
            return self.aws.call(request);
        }
        let with_base = CallRequest { session: CallSession::Base, ..request.clone() };
        Box::pin(async move { self.aws.call(&with_base).await })
    }

    fn progress(&self, step: &str) -> Option<Progress> {
        self.aws.progress(step).or_else(|| self.outside.progress(step))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::json;

    use super::*;
    use crate::model::action::Action;
    use crate::model::event::{Purpose, Ticket};
    use crate::model::plan::ResolvedTarget;

    /// Notes whose calls came, and with which rights.
    struct Noting(&'static str, Arc<Mutex<Vec<(&'static str, CallSession)>>>);

    impl Cloud for Noting {
        fn call<'a>(&'a self, request: &'a CallRequest) -> BoxFuture<'a, Result<CloudReply, CloudError>> {
            self.1.lock().unwrap().push((self.0, request.session.clone()));
            Box::pin(async { Ok(CloudReply { value: json!({}), request_id: None, cloud_ms: None }) })
        }
    }

    fn request(name: &str, with: &serde_json::Value, session: CallSession) -> CallRequest {
        CallRequest {
            ticket: Ticket { step: "s".to_owned(), attempt: 1, purpose: Purpose::Action },
            call: Action::parse(name, with).unwrap(),
            target: ResolvedTarget::default(),
            token: String::new(),
            not_before_ms: 0,
            timeout_ms: 1,
            changes: true,
            before: None,
            session,
        }
    }

    #[tokio::test]
    async fn each_call_goes_where_it_belongs() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let cloud = |name| Arc::new(Noting(name, Arc::clone(&seen))) as Arc<dyn Cloud>;
        let scale = json!({"cluster": "c", "service": "s", "desired_count": 1});
        let shared = CallSession::Shared("database".to_owned());
        let calls = [
            request("aws/ecs.update_service", &scale, CallSession::Step),
            request("aws/ecs.update_service", &scale, shared.clone()),
            request("aws/sts.get_caller_identity", &json!({}), CallSession::Base),
            request("exec", &json!({"argv": ["true"]}), CallSession::Step),
            request("http/check", &json!({"url": "http://localhost"}), CallSession::Base),
        ];
        let asked = CloudRouter::new(cloud("aws"), cloud("outside"));
        for call in &calls {
            asked.call(call).await.unwrap();
        }
        let outside = [("outside", CallSession::Step), ("outside", CallSession::Base)];
        let aws = [("aws", CallSession::Step), ("aws", shared), ("aws", CallSession::Base)];
        assert_eq!(*seen.lock().unwrap(), [&aws[..], &outside[..]].concat());

        seen.lock().unwrap().clear();
        let practice = CloudRouter::with_practice_codes(cloud("aws"), cloud("outside"), Mode::Drill).unwrap();
        for call in &calls[..3] {
            practice.call(call).await.unwrap();
        }
        assert_eq!(*seen.lock().unwrap(), vec![("aws", CallSession::Base); 3]);
    }

    #[test]
    fn a_real_run_has_no_practice_codes() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let cloud = || Arc::new(Noting("aws", Arc::clone(&seen))) as Arc<dyn Cloud>;
        assert!(CloudRouter::with_practice_codes(cloud(), cloud(), Mode::Real).is_none());
    }
}
