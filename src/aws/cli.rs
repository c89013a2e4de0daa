//! Any operation through the user's own `aws` program, with the very keys that lifeboat's own calls are
//! signed with: a step's session where a code opened one, and only those of the target's account. The
//! program gets them in its environment alone, and is kept from sending anything twice.
//!
//! Must not know: how a program is run.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::timeout;

use super::clients::Clients;
use super::error::{self, Manner};
use crate::engine::effect::CallRequest;
use crate::engine::ports::{CloudReply, Program, ProgramAnswer, Programs};
use crate::model::Value;
use crate::model::action::cli::{Command, account};
use crate::model::outcome::{CloudError, CloudErrorKind};

/// How long it takes to hand out keys that are at hand.
const KEYS_TIMEOUT: Duration = Duration::from_secs(5);
const QUIET: [(&str, &str); 4] =
    [("AWS_MAX_ATTEMPTS", "1"), ("AWS_RETRY_MODE", "standard"), ("AWS_PAGER", ""), ("AWS_CLI_AUTO_PROMPT", "off")];

/// Makes one call through the program.
pub(super) async fn call(
    programs: Option<&dyn Programs>,
    command: &Command<'_>,
    request: &CallRequest,
    clients: &Clients,
    endpoint_url: Option<&str>,
) -> Result<CloudReply, CloudError> {
    if let Some(why) = command.refusal() {
        return Err(error::invalid("NotRun", why));
    }
    let Some(programs) = programs else {
        return Err(error::invalid("NoPrograms", "no program is started here"));
    };
    // Keys, role and profile are in the session already.
    let mut target = request.target.clone();
    (target.profile, target.role) = (None, None);
    target.region = target.region.or_else(|| clients.region().map(str::to_owned));
    let mut argv = command.argv(&target);
    if let Some(url) = endpoint_url {
        argv.extend(["--endpoint-url".to_owned(), url.to_owned()]);
    }
    let program = Program { argv, env: keys(clients).await? };
    let manner = Manner { changes: request.changes, class: request.call.spec().class };
    let ended =
        if request.changes { programs.run(program, request).await? } else { programs.look(program, request).await? };
    let value = judge(&ended, manner)?;
    Ok(CloudReply { value, request_id: None, cloud_ms: None })
}

/// What became of a send whose answer was lost: the program may have gone on without lifeboat.
pub(super) async fn account_of(
    programs: Option<&dyn Programs>,
    request: &CallRequest,
) -> Result<CloudReply, CloudError> {
    let Some(programs) = programs else {
        return Err(error::invalid("NoPrograms", "no program is started here"));
    };
    let found = programs.account(request).await?;
    let why = || found["why"].as_str().unwrap_or_default();
    let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
    let value = match (found["state"].as_str(), found["exit_code"].as_i64()) {
        (None, Some(exit_code)) => {
            let ended = ProgramAnswer { exit_code, stdout: text("stdout"), stderr: text("stderr") };
            match judge(&ended, Manner { changes: true, class: request.call.spec().class }) {
                Ok(value) => value,
                Err(error) if error.kind == CloudErrorKind::UnknownOutcome => account::unknown(&error.to_string()),
                Err(error) => account::nothing_done(&error.to_string()),
            }
        }
        (Some("running"), _) => account::running(&found["process"]),
        (Some("not started"), _) => account::nothing_done(why()),
        _ => account::unknown(why()),
    };
    Ok(CloudReply { value, request_id: None, cloud_ms: None })
}

async fn keys(clients: &Clients) -> Result<BTreeMap<String, String>, CloudError> {
    let none = || error::ours(CloudErrorKind::Denied, "NoCredentials", "there are no keys to give to `aws`");
    let found = timeout(KEYS_TIMEOUT, clients.credentials()).await.ok().flatten().ok_or_else(none)?;
    let mut env: BTreeMap<String, String> =
        QUIET.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    env.insert("AWS_ACCESS_KEY_ID".to_owned(), found.access_key_id().to_owned());
    env.insert("AWS_SECRET_ACCESS_KEY".to_owned(), found.secret_access_key().to_owned());
    // Empty where there is none: one of the environment's own would not belong to these keys.
    env.insert("AWS_SESSION_TOKEN".to_owned(), found.session_token().unwrap_or_default().to_owned());
    Ok(env)
}

/// What is said before anything is sent.
const UNSENT: [&str; 4] =
    ["Unknown options:", "Parameter validation failed", "Unable to locate credentials", "You must specify a region"];

/// What the program's end proves. Version 2 ends with 252 and 253 before it sends anything, with 254 when
/// AWS answered with an error, and with 255 for everything else; version 1 with 255 for all of these.
fn judge(ended: &ProgramAnswer, manner: Manner) -> Result<Value, CloudError> {
    let words = ended.stderr.trim();
    let told = |kind: CloudErrorKind, code: &str| {
        let last = words.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("`aws` said nothing");
        Err(error::ours(kind, code, last.trim().chars().take(400).collect::<String>()))
    };
    match ended.exit_code {
        0 => Ok(answer(&ended.stdout)),
        252 => told(CloudErrorKind::Invalid, "UsageError"),
        253 => told(CloudErrorKind::Invalid, "ConfigurationError"),
        254 | 255 if service_error(words).is_some() => {
            let (code, message) = service_error(words).unwrap_or_default();
            Err(error::ours(error::of_worded(code, manner), code, message.chars().take(400).collect::<String>()))
        }
        255 if UNSENT.iter().any(|start| words.lines().any(|line| line.starts_with(start))) => {
            told(CloudErrorKind::Invalid, "UsageError")
        }
        _ if words.contains("Could not connect to the endpoint URL") => {
            told(CloudErrorKind::Unavailable, "NoConnection")
        }
        other => told(manner.unproven(), &format!("Exit{other}")),
    }
}

/// Code and message in `An error occurred (CODE) when calling the … operation: MESSAGE`.
fn service_error(words: &str) -> Option<(&str, &str)> {
    let (code, rest) = words.split("An error occurred (").nth(1)?.split_once(')')?;
    let is_code = !code.is_empty() && code.bytes().all(|b| b.is_ascii_alphanumeric() || b".:_-".contains(&b));
    let message = rest.split_once("operation: ").map_or(rest, |(_, message)| message).trim();
    is_code.then_some((code, message))
}

fn answer(stdout: &str) -> Value {
    let text = stdout.trim();
    if text.is_empty() {
        return serde_json::json!({});
    }
    serde_json::from_str(text).unwrap_or_else(|_| serde_json::json!({"text": text}))
}

#[cfg(test)]
mod tests;
