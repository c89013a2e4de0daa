//! Floor 2: the real world outside AWS: programs, HTTP endpoints, resolvers, databases.
//!
//! Answers in the shapes that `model::action::outside` states, so that a runbook cannot tell this
//! world from the simulated one.
//!
//! Must not know: runbooks, gates, screens, journals, AWS.

mod certificate;
mod dns;
mod environment;
mod exec;
mod http;
mod keeper;
mod kube;
mod look;
mod messages;
mod output;
mod password;
mod redis;
mod sql;
mod tls;

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::engine::effect::CallRequest;
use crate::engine::ports::{Cloud, CloudReply, Program, ProgramAnswer, Programs};
use crate::model::Value;
use crate::model::action::Action;
use crate::model::action::outside::Exec;
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::secret::{NoSecret, Secrets};

pub use dns::read_resolvers;
pub use keeper::asked as asked_to_keep;

/// What an operator may settle for all steps.
#[derive(Debug, Clone, Default)]
pub struct OutsideOptions {
    /// Asked where a step names none, in place of the public ones: `address` or `address:port`.
    pub resolvers: Option<Vec<String>>,
    /// The directory in a run's own where programs are kept, a directory an attempt. Without it none is
    /// started.
    pub programs_dir: Option<PathBuf>,
    /// The binary that becomes a program's keeper; without it this very one.
    pub keeper: Option<PathBuf>,
    /// What references to secrets stand for.
    pub secrets: Secrets,
}

/// The real world outside AWS.
#[derive(Debug, Default)]
pub struct Outside {
    options: OutsideOptions,
    http: http::Clients,
}

impl Outside {
    #[must_use]
    pub fn new(options: OutsideOptions) -> Self {
        Self { options, http: http::Clients::default() }
    }

    /// Makes the directory of programs for a run that begins: from then on, that nothing of an attempt
    /// is there proves that it was never started.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make_room(programs_dir: &Path) -> std::io::Result<()> {
        keeper::make_room(programs_dir)
    }

    async fn answer(&self, request: &CallRequest) -> Result<Value, CloudError> {
        let timeout = Duration::from_millis(request.timeout_ms);
        let sources = password::Sources { secrets: &self.options.secrets, variables: |name| std::env::var_os(name) };
        match &request.call {
            Action::Exec(call) => exec::run(call, request, &self.options).await,
            Action::SetEnv(call) => kube::set_env(self, call, request).await,
            Action::GetDeployment(call) => kube::get_deployment(call, request).await,
            Action::RolloutStatus(call) => kube::rollout_status(call, request).await,
            Action::HttpCheck(call) => http::check(&self.http, call, &self.options.secrets, timeout).await,
            Action::SlackPost(_) | Action::TeamsPost(_) | Action::WebhookPost(_) | Action::ChangeEvent(_) => {
                messages::post(&self.http, &request.call, &self.options.secrets, timeout).await
            }
            Action::SqlQuery(call) => sql::query(call, timeout, sources).await,
            Action::RedisCommand(call) => redis::command(call, timeout, sources).await,
            Action::DnsResolve(call) => dns::resolve(call, self.options.resolvers.as_deref(), timeout).await,
            other => Err(invalid("NotOutside", format!("`{}` is not answered outside AWS", other.name()))),
        }
    }
}

impl Cloud for Outside {
    fn call<'a>(&'a self, request: &'a CallRequest) -> BoxFuture<'a, Result<CloudReply, CloudError>> {
        Box::pin(async move {
            let value = self.answer(request).await?;
            Ok(CloudReply { value, request_id: None, cloud_ms: None })
        })
    }
}

impl Programs for Outside {
    fn account<'a>(&'a self, request: &'a CallRequest) -> BoxFuture<'a, Result<Value, CloudError>> {
        Box::pin(async move {
            // What is kept goes by the ticket and the token; what was run need not be told again.
            let call = Exec { argv: Vec::new(), shell: None, env: None, cwd: None };
            exec::run(&call, request, &self.options).await
        })
    }

    fn look<'a>(
        &'a self,
        program: Program,
        request: &'a CallRequest,
    ) -> BoxFuture<'a, Result<ProgramAnswer, CloudError>> {
        Box::pin(async move { look::look(&program, request).await })
    }

    fn run<'a>(
        &'a self,
        program: Program,
        request: &'a CallRequest,
    ) -> BoxFuture<'a, Result<ProgramAnswer, CloudError>> {
        Box::pin(async move {
            let call = Exec { argv: program.argv, shell: None, env: Some(program.env), cwd: None };
            let answer = exec::run(&call, request, &self.options).await?;
            let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
            let exit_code = answer["exit_code"].as_i64().unwrap_or(-1);
            Ok(ProgramAnswer { exit_code, stdout: text("stdout"), stderr: text("stderr") })
        })
    }
}

fn error(kind: CloudErrorKind, code: &str, message: impl Into<String>) -> CloudError {
    CloudError { kind, code: code.to_owned(), message: message.into(), request_id: None }
}

/// Nothing was sent.
fn no_secret(why: &NoSecret) -> CloudError {
    error(CloudErrorKind::Denied, "NoSecret", format!("{why}, so nothing was sent"))
}

fn invalid(code: &str, message: impl Into<String>) -> CloudError {
    error(CloudErrorKind::Invalid, code, message)
}

#[cfg(test)]
mod tests;
