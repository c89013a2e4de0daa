//! The world outside AWS: programs, HTTP endpoints, resolvers. In a drill the simulated world answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::operation::{Home, Operation};
use super::ownership::{Resource, deleted_by_argv, deleted_by_script};
use crate::model::Value;
use crate::model::outcome::ProbeAnswer;

/// Result: `{exit_code, stdout, stderr}`, of the output the last 16 KiB each. A program ended by a
/// signal has the exit code 128 and its number, as in a shell. Without a `verify`, an exit code
/// other than 0 fails the step.
///
/// The program outlives lifeboat, and a resume finds it again. The step's `timeout` ends the waiting
/// for it; the program itself is never ended.
///
/// A line of the `aws` program that takes something away for good may name only what `aws/cli` may; one in a
/// shell's script may name nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exec {
    /// The program and its arguments; variables substitute inside one element.
    pub argv: Vec<String>,
    /// Hand the first element to `sh -c`. The linter flags it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell: Option<bool>,
    /// Variables set beside those that a program is given: `PATH`, `HOME`, the language, proxies,
    /// `KUBECONFIG`, `AWS_*` with the target's profile and region, and few others. Their texts may
    /// refer to secrets: `secret:NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<std::collections::BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
}

impl Operation for Exec {
    fn keeps_account(&self) -> bool {
        true
    }

    fn judge(&self, _before: Option<&Value>, now: &Value) -> ProbeAnswer {
        account::judge(now)
    }

    /// What was written down is no rumour.
    fn settle_ms(&self) -> u64 {
        0
    }

    fn failure(&self, answer: &Value) -> Option<String> {
        let code = answer["exit_code"].as_i64()?;
        let program = self.argv.first().map_or("", String::as_str);
        (code != 0).then(|| format!("`{program}` ended with exit code {code}"))
    }

    /// As far as its words tell: those of the `aws` program do.
    fn deletes(&self) -> Vec<Resource> {
        if self.shell == Some(true) {
            return self.argv.first().map_or_else(Vec::new, |script| deleted_by_script(script));
        }
        let goes_elsewhere = self.env.iter().flatten().any(|(name, _)| name.starts_with("AWS_"));
        deleted_by_argv(&self.argv, goes_elsewhere)
    }

    fn home(&self) -> Home<'_> {
        Home::Outside
    }
}

/// What is known of a program that was started: the answer to a probe.
pub mod account {
    use super::{ProbeAnswer, Value, json};

    /// How it ended; the same as the answer to the call itself.
    #[must_use]
    pub fn ended(exit_code: i32, stdout: &str, stderr: &str) -> Value {
        json!({"exit_code": exit_code, "stdout": stdout, "stderr": stderr})
    }

    /// It is being started, or runs, as this process.
    #[must_use]
    pub fn running(process: Option<u32>) -> Value {
        json!({"state": "running", "process": process})
    }

    /// It was never started, and will not be.
    #[must_use]
    pub fn not_started(why: &str) -> Value {
        json!({"state": "not started", "why": why})
    }

    /// It may have been started, and nobody watched it to its end.
    #[must_use]
    pub fn lost(why: &str) -> Value {
        json!({"state": "lost", "why": why})
    }

    pub(super) fn judge(now: &Value) -> ProbeAnswer {
        match now["state"].as_str() {
            None if now["exit_code"].is_i64() => ProbeAnswer::After,
            Some("running") => ProbeAnswer::InProgress,
            Some("not started") => ProbeAnswer::Before,
            None | Some(_) => ProbeAnswer::CannotTell,
        }
    }
}

/// Result: `{ok, status, body, latency_ms, tls_days_left|null}`, of the body the first 16 KiB. No
/// redirect is followed. Where nothing answered the status is 0, and `error` says why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpCheck {
    pub url: String,
    /// Default GET.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Default 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_status: Option<u32>,
    /// Text that the body must contain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_body: Option<String>,
    /// Members that the body must have, as JSON; it may have more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_json: Option<serde_json::Map<String, serde_json::Value>>,
    /// Days that the certificate must be good for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_tls_days: Option<u32>,
    /// Headers to send beside the usual ones; their texts may refer to secrets: `Bearer secret:NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<std::collections::BTreeMap<String, String>>,
}

impl HttpCheck {
    /// Whether a body is as expected.
    #[must_use]
    pub fn is_expected(&self, body: &[u8]) -> bool {
        let has_text = |text: &str| memchr::memmem::find(body, text.as_bytes()).is_some();
        let has_members = |members: &serde_json::Map<String, serde_json::Value>| {
            let parsed = serde_json::from_slice(body);
            parsed.is_ok_and(|parsed| holds(&parsed, &serde_json::Value::Object(members.clone())))
        };
        self.expect_body.as_deref().is_none_or(has_text) && self.expect_json.as_ref().is_none_or(has_members)
    }

    /// Whether a certificate is good for long enough; without TLS there is none.
    #[must_use]
    pub fn is_good_for(&self, tls_days_left: Option<i64>) -> bool {
        self.min_tls_days.is_none_or(|wanted| tls_days_left.is_some_and(|left| left >= i64::from(wanted)))
    }
}

/// Whether a value has everything that is wanted, at every depth; lists are compared as they are.
fn holds(found: &serde_json::Value, wanted: &serde_json::Value) -> bool {
    match (found, wanted) {
        (serde_json::Value::Object(found), serde_json::Value::Object(wanted)) => {
            wanted.iter().all(|(name, wanted)| found.get(name).is_some_and(|found| holds(found, wanted)))
        }
        _ => found == wanted,
    }
}

/// Result: `{answers, agree, ttl, resolvers: [{resolver, answers, ttl}]}`; `agree` when all give `expect`, or all the same.
/// A resolver that does not answer has an `error` and does not agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DnsResolve {
    pub name: String,
    /// Record type, default `A`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// As `address` or `address:port`. Default: the operator's, else three public ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolvers: Option<Vec<String>>,
    /// The answer all resolvers must give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<String>,
}
