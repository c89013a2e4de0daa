//! The world outside AWS: programs, HTTP endpoints, resolvers. In a drill the simulated world answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Result: `{exit_code, stdout, stderr}`, of the output the last 16 KiB each. A program ended by a
/// signal has the exit code 128 and its number, as in a shell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exec {
    /// The program and its arguments; variables substitute inside one element.
    pub argv: Vec<String>,
    /// Hand the first element to `sh -c`. The linter flags it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell: Option<bool>,
    /// Variables set beside those that a program is given: `PATH`, `HOME`, the language, proxies,
    /// `KUBECONFIG`, `AWS_*` with the target's profile and region, and few others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<std::collections::BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
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
