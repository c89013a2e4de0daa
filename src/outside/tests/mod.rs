//! The world outside, asked for real: programs of this machine, servers on its loopback.

mod dns;
mod http;
mod messages;
mod servers;

use serde_json::Value;

use super::*;
use crate::engine::effect::CallSession;
use crate::model::event::{Purpose, Ticket};
use crate::model::plan::ResolvedTarget;

/// Longer than anything here takes, unless it is lost.
const AMPLE_MS: u64 = 30_000;

/// Neither proxies nor roots of this machine.
fn outside() -> Outside {
    Outside { options: OutsideOptions::default(), http: super::http::Clients::direct(&[]) }
}

fn request(action: Action, timeout_ms: u64) -> CallRequest {
    CallRequest {
        ticket: Ticket { step: "migrate[eu]".to_owned(), attempt: 2, purpose: Purpose::Action },
        call: action,
        target: ResolvedTarget::default(),
        token: String::new(),
        not_before_ms: 0,
        timeout_ms,
        changes: true,
        before: None,
        session: CallSession::Base,
    }
}

async fn ask(outside: &Outside, action: Action, timeout_ms: u64) -> Result<Value, CloudError> {
    outside.call(&request(action, timeout_ms)).await.map(|reply| reply.value)
}

#[tokio::test]
async fn what_is_asked_of_aws_is_refused() {
    let call = crate::model::action::sts::GetCallerIdentity {};
    let refused = ask(&outside(), Action::GetCallerIdentity(call), AMPLE_MS).await.unwrap_err();
    assert_eq!((refused.kind, refused.code.as_str()), (CloudErrorKind::Invalid, "NotOutside"));
}
