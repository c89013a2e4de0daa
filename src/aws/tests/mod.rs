//! What goes over the wire and what comes back, for every action; and what becomes of a send when
//! the connection fails.

mod alike;
mod bulk;
mod data;
mod loopback;
mod scripts;
mod server;
mod storage;
mod traffic;

use serde_json::Value;

use super::wire::{self, Answer, Sent};
use crate::engine::effect::CallRequest;
use crate::model::action::{Action, examples};
use crate::model::outcome::{CloudError, CloudErrorKind};

/// A call as the engine would make it.
fn request(name: &str, with: &Value) -> CallRequest {
    let changes = Action::spec_of(name).unwrap().risk.changes();
    if changes { wire::send(name, with) } else { wire::read(name, with) }
}

/// The example of an action, with its good answers.
async fn play(name: &str) -> (Value, Vec<Sent>) {
    let answers = scripts::script(name).unwrap_or_else(|| panic!("{name} needs a script"));
    let (reply, sent) = wire::ask(&request(name, &examples::example_with(name).unwrap()), answers).await;
    (reply.unwrap().value, sent)
}

/// The example of an action, with other answers.
async fn replay(name: &str, answers: impl IntoIterator<Item = Answer>) -> (Result<Value, CloudError>, Vec<Sent>) {
    let (reply, sent) = wire::ask(&request(name, &examples::example_with(name).unwrap()), answers).await;
    (reply.map(|reply| reply.value), sent)
}

fn refusal(error: &CloudError) -> (CloudErrorKind, &str) {
    (error.kind, error.code.as_str())
}
