//! The world outside AWS, as a drill answers for it: programs and HTTP endpoints. Nothing is run
//! and nothing is asked.

use serde_json::json;

use super::hosts::Health;
use super::{Context, World};
use crate::model::Value;
use crate::model::action::outside::{Exec, HttpCheck, account};
use crate::sim::naming::{host_of, short};

/// What a program leaves, as a scenario has set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    pub exit_code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl World {
    /// A message is taken, and stands in the journal with its request; nothing is opened for it.
    pub(super) fn posted() -> Value {
        json!({"status": 200, "reply": "ok (simulated)", "id": null})
    }

    /// The output set for the longest beginning of the command line, or a plain success.
    pub(super) fn exec(&mut self, call: &Exec, context: &Context<'_>) -> Value {
        let program = call.argv.first().map_or("", |program| short(program));
        let rest = call.argv.get(1..).unwrap_or_default();
        let line = std::iter::once(program).chain(rest.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
        let set = self
            .exec
            .iter()
            .filter(|(start, _)| {
                line.strip_prefix(start.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            })
            .max_by_key(|(start, _)| start.len())
            .map(|(_, output)| output.clone());
        let output = set.unwrap_or_else(|| Output {
            exit_code: 0,
            stdout: format!("{program}: done (simulated)\n"),
            stderr: String::new(),
        });
        let ended = account::ended(output.exit_code, &output.stdout, &output.stderr);
        self.programs.insert(context.token.to_owned(), ended.clone());
        ended
    }

    /// What is known of the program that a send has started: here they end at once.
    pub(super) fn program_of(&self, context: &Context<'_>) -> Value {
        let known = self.programs.get(context.token).cloned();
        known.unwrap_or_else(|| account::not_started("the simulated machine has not started it"))
    }

    pub(super) fn http_check(&self, call: &HttpCheck, context: &mut Context<'_>) -> Value {
        let wanted = call.expect_status.unwrap_or(200);
        let latency_ms = context.dice.between(35, 180);
        let host = host_of(&call.url).unwrap_or_default();
        let tls = call.url.starts_with("https://").then(|| self.tls_days_left(host));
        let answer = |status: u32, body: &str, latency_ms: u64, tls: Option<u64>| {
            let left = tls.and_then(|days| i64::try_from(days).ok());
            let ok = status == wanted && call.is_expected(body.as_bytes()) && call.is_good_for(left);
            json!({"ok": ok, "status": status, "body": body, "latency_ms": latency_ms, "tls_days_left": tls})
        };
        if let Some(fixed) = self.hosts.get(&crate::sim::naming::bare(host)) {
            return answer(fixed.status, &fixed.body, latency_ms, tls);
        }
        let health = if context.fate.flap { Health::Unavailable } else { self.health_of(host) };
        match health {
            // A host that is well answers as the runbook knows it.
            Health::Well => {
                let text = call.expect_body.as_deref();
                let body = match call.expect_json.clone() {
                    None => text.unwrap_or("ok").to_owned(),
                    Some(mut members) => {
                        // A text that is expected beside members is mostly one of them.
                        if let Some(text) = text.filter(|text| !json!(members).to_string().contains(text)) {
                            members.insert("text".to_owned(), text.into());
                        }
                        json!(members).to_string()
                    }
                };
                // It is as good as it has to be.
                let tls = tls.map(|days| days.max(u64::from(call.min_tls_days.unwrap_or(0)) + 1));
                answer(wanted, &body, latency_ms, tls)
            }
            Health::Unavailable => answer(503, "Service Unavailable", latency_ms, tls),
            // No status at all: as curl prints 000.
            Health::Silent => answer(0, "", 10_000, None),
        }
    }

    fn tls_days_left(&self, host: &str) -> u64 {
        super::Dice::named(self.seed, &format!("certificate {host}")).between(40, 300)
    }
}
