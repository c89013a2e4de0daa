//! Questions to real databases: a PostgreSQL and a Redis of Debian, started here, on ports of their own.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

mod certificates;
mod debian;
pub mod postgres;
pub mod redis;
mod sql;

use lifeboat::engine::effect::{CallRequest, CallSession};
use lifeboat::engine::ports::Cloud as _;
use lifeboat::model::action::Action;
use lifeboat::model::event::{Purpose, Ticket};
use lifeboat::model::outcome::CloudError;
use lifeboat::model::plan::ResolvedTarget;
use lifeboat::outside::{Outside, OutsideOptions};
use serde_json::Value;

/// Longer than anything here takes, unless it is lost.
const AMPLE_MS: u64 = 30_000;

/// Asks as a run would.
fn ask(action: &str, with: &Value, timeout_ms: u64) -> Result<Value, CloudError> {
    let request = CallRequest {
        ticket: Ticket { step: "look".to_owned(), attempt: 1, purpose: Purpose::Action },
        call: Action::parse(action, with).unwrap(),
        target: ResolvedTarget::default(),
        token: String::new(),
        not_before_ms: 0,
        timeout_ms,
        changes: false,
        before: None,
        session: CallSession::Base,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outside = Outside::new(OutsideOptions::default());
    runtime.block_on(outside.call(&request)).map(|reply| reply.value)
}
