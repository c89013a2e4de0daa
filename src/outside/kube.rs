//! Kubernetes through the user's own `kubectl`: its configuration, its login, its words.

use super::look::look_at_most;
use super::{Outside, error, invalid};
use crate::engine::effect::CallRequest;
use crate::engine::ports::{Program, ProgramAnswer, Programs as _};
use crate::model::Value;
use crate::model::action::kube::{GetDeployment, RolloutStatus, SetEnv, rollout, view};
use crate::model::outcome::{CloudError, CloudErrorKind};

/// For the look after a change.
const LOOK_MS: u64 = 10_000;
/// A deployment with its annotations may be long; of its answer little is kept.
const DEPLOYMENT_BYTES: usize = 1024 * 1024;

pub(super) async fn set_env(outside: &Outside, call: &SetEnv, request: &CallRequest) -> Result<Value, CloudError> {
    refuse(call.refusal())?;
    let ended = outside.run(program(call.argv()), request).await?;
    told(&ended, true)?;
    // That it ended well is enough; how the deployment stands now is told where it can be.
    let look = CallRequest { timeout_ms: LOOK_MS, ..request.clone() };
    let found = read(call.look(), &look).await.ok();
    let shown = found.and_then(|found| view(&found, &call.variables()));
    Ok(shown.unwrap_or_else(|| serde_json::json!({"name": call.deployment})))
}

pub(super) async fn get_deployment(call: &GetDeployment, request: &CallRequest) -> Result<Value, CloudError> {
    refuse(call.refusal())?;
    let found = read(call.argv(), request).await?;
    view(&found, call.show.as_deref().unwrap_or_default()).ok_or_else(unreadable)
}

pub(super) async fn rollout_status(call: &RolloutStatus, request: &CallRequest) -> Result<Value, CloudError> {
    refuse(call.refusal())?;
    let found = read(call.argv(), request).await?;
    rollout(&found).ok_or_else(unreadable)
}

fn program(argv: Vec<String>) -> Program {
    Program { argv, env: std::collections::BTreeMap::new() }
}

fn refuse(why: Option<String>) -> Result<(), CloudError> {
    why.map_or(Ok(()), |why| Err(invalid("NotAName", why)))
}

async fn read(argv: Vec<String>, request: &CallRequest) -> Result<Value, CloudError> {
    let ended = look_at_most(&program(argv), request, DEPLOYMENT_BYTES).await?;
    serde_json::from_str(told(&ended, false)?).map_err(|_| unreadable())
}

fn unreadable() -> CloudError {
    error(CloudErrorKind::Unavailable, "UnreadableAnswer", "kubectl printed no deployment")
}

/// What it printed, or what its end proves. Only a refusal in the API server's own words proves that
/// nothing was done.
fn told(ended: &ProgramAnswer, changes: bool) -> Result<&str, CloudError> {
    if ended.exit_code == 0 {
        return Ok(&ended.stdout);
    }
    let words = ended.stderr.trim();
    let reason = words.split("Error from server (").nth(1).and_then(|rest| rest.split(')').next());
    let never_connected = words.contains("connection refused")
        || words.contains("no such host")
        || words.contains("was refused - did you specify");
    let kind = match reason {
        Some("Forbidden" | "Unauthorized") => CloudErrorKind::Denied,
        Some("NotFound") => CloudErrorKind::NotFound,
        Some("BadRequest" | "Invalid" | "Conflict" | "AlreadyExists") => CloudErrorKind::Invalid,
        Some("TooManyRequests") => CloudErrorKind::Throttled,
        None if never_connected => CloudErrorKind::Unavailable,
        _ if !changes => CloudErrorKind::Unavailable,
        _ => CloudErrorKind::UnknownOutcome,
    };
    let code = reason.map_or_else(|| format!("Exit{}", ended.exit_code), str::to_owned);
    let last: String = words.lines().last().unwrap_or("kubectl said nothing").chars().take(400).collect();
    Err(error(kind, &code, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(stderr: &str, changes: bool) -> CloudErrorKind {
        let ended = ProgramAnswer { exit_code: 1, stdout: String::new(), stderr: stderr.to_owned() };
        told(&ended, changes).unwrap_err().kind
    }

    #[test]
    fn only_the_servers_own_refusal_proves_that_nothing_was_done() {
        let not_found = "Error from server (NotFound): deployments.apps \"web\" not found";
        assert_eq!(kind(not_found, true), CloudErrorKind::NotFound);
        assert_eq!(kind("Error from server (Forbidden): no", true), CloudErrorKind::Denied);
        let refused = "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?";
        assert_eq!(kind(refused, true), CloudErrorKind::Unavailable);
        for doubtful in ["Error from server (Timeout): x", "Unable to connect to the server: EOF", "error: x", ""] {
            assert_eq!(kind(doubtful, true), CloudErrorKind::UnknownOutcome, "{doubtful}");
            assert_eq!(kind(doubtful, false), CloudErrorKind::Unavailable, "{doubtful}");
        }
    }
}
