//! Any operation of AWS, through the user's own `aws` program.
//!
//! Two actions, as the catalogue knows of each action whether it changes anything: `aws/cli_read` takes
//! only operations whose names say that they read, `aws/cli` takes any and trusts none of them.

use super::command_line::push_text;
use super::operation::{Operation, Pages, inputs};
use super::ownership::{Resource, deleted_by};
use crate::model::outcome::ProbeAnswer;
use crate::model::plan::ResolvedTarget;
use crate::model::{Object, Value};

inputs! {
    /// Result: the program's JSON as it is, with AWS's own names; `{text}` where it printed something else, `{}` where nothing. It is sent once; a refusal that AWS worded is a refusal, and whatever else happened is an unknown outcome. An operation that takes something away for good (`delete-`, `terminate-`, `remove-`, `purge-`, `release-`, `s3 rm` …) may name only what a step of the catalogue made in this run, or an object whose key holds the run's id; whatever else has to go is a `manual` step.
    Cli {
        /// As the program names it: `ecr`, `s3api`, `logs` …
        service: String,
        /// As the program names it: `put-retention-policy` …
        operation: String;
        /// Further words of the command line, one element each. Region, profile, endpoint and output are the target's.
        args: Vec<String>,
        /// The operation's input, with AWS's own names; handed over as `--cli-input-json`.
        input: Object,
        /// Which part of the answer is kept (`JMESPath`).
        query: String,
    }

    /// Result: as `aws/cli`, at most 48 KiB. The operation's name must begin with `describe-`, `get-`, `list-`, `head-`, `batch-get-`, `lookup-`, `search-` or `filter-`, or be `scan`, `query` or `s3 ls`; those that give away secrets are refused.
    CliRead {
        /// As the program names it.
        service: String,
        /// As the program names it.
        operation: String;
        /// Further words of the command line, one element each. Region, profile, endpoint and output are the target's.
        args: Vec<String>,
        /// The operation's input, with AWS's own names; handed over as `--cli-input-json`.
        input: Object,
        /// Which part of the answer is kept (`JMESPath`).
        query: String,
    }
}

/// What both actions say.
#[derive(Debug, Clone, Copy)]
pub struct Command<'a> {
    pub service: &'a str,
    pub operation: &'a str,
    pub args: &'a [String],
    pub input: Option<&'a Object>,
    pub query: Option<&'a str>,
    pub only_reads: bool,
}

/// How the names of operations begin that only look.
const READS: [&str; 8] = ["describe-", "get-", "list-", "head-", "batch-get-", "lookup-", "search-", "filter-"];
const PLAIN_READS: [(&str, &str); 3] = [("dynamodb", "scan"), ("dynamodb", "query"), ("s3", "ls")];

/// Their answers are secrets, which belong into no journal.
const SECRET: [(&str, &str); 14] = [
    ("secretsmanager", "get-secret-value"),
    ("secretsmanager", "batch-get-secret-value"),
    ("secretsmanager", "get-random-password"),
    ("sts", "get-session-token"),
    ("sts", "get-federation-token"),
    ("ecr", "get-login-password"),
    ("ecr", "get-authorization-token"),
    ("ecr-public", "get-login-password"),
    ("ecr-public", "get-authorization-token"),
    ("codeartifact", "get-authorization-token"),
    ("sso", "get-role-credentials"),
    ("cognito-identity", "get-credentials-for-identity"),
    ("redshift", "get-cluster-credentials"),
    ("ec2", "get-password-data"),
];

/// Options that are settled by the target, or would print what must not be seen.
const OURS: [&str; 14] = [
    "--profile",
    "--region",
    "--endpoint-url",
    "--output",
    "--query",
    "--debug",
    "--no-verify-ssl",
    "--no-sign-request",
    "--cli-input-json",
    "--cli-input-yaml",
    "--cli-auto-prompt",
    "--cli-pager",
    "--no-cli-pager",
    "--with-decryption",
];

/// Names of the operations that end something.
const ENDS: [&str; 11] = [
    "delete-",
    "terminate-",
    "remove-",
    "purge-",
    "deregister-",
    "disable-",
    "detach-",
    "revoke-",
    "release-",
    "reset-",
    "batch-delete-",
];

impl Command<'_> {
    /// Why this is not run, whatever a person confirms.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        let is_word = |text: &str| {
            let begins = text.bytes().next().is_some_and(|first| first.is_ascii_lowercase());
            begins && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        for (what, word) in [("service", self.service), ("operation", self.operation)] {
            if !is_word(word) {
                return Some(format!("`{word}` is no {what} of the command line: small letters, digits and hyphens"));
            }
        }
        let name = (self.service, self.operation);
        if self.service == "configure" || SECRET.contains(&name) {
            return Some(format!("`{} {}` answers with secrets, which would be recorded", name.0, name.1));
        }
        if self.only_reads
            && !READS.iter().any(|start| self.operation.starts_with(start))
            && !PLAIN_READS.contains(&name)
        {
            return Some(format!("`{} {}` does not say that it only reads: use `aws/cli`", name.0, name.1));
        }
        let ours = self.args.iter().find_map(|arg| {
            let given = arg.split('=').next().unwrap_or_default();
            let is_ours = |ours: &&&str| ours.starts_with(given);
            (given.len() > 2 && given.starts_with("--")).then(|| OURS.iter().find(is_ours)).flatten()
        });
        if let Some(ours) = ours {
            let way = match *ours {
                "--query" => "give `query`",
                "--cli-input-json" | "--cli-input-yaml" => "give `input`",
                "--profile" | "--region" | "--endpoint-url" => "it is the target's",
                "--with-decryption" => "the answer would be recorded",
                _ => "lifeboat settles it",
            };
            return Some(format!("`{ours}` cannot be given in `args`: {way}"));
        }
        let decrypts = |input: &Object| input.get("WithDecryption").is_some_and(|flag| *flag != Value::Bool(false));
        if self.input.is_some_and(decrypts) {
            return Some("`WithDecryption` cannot be given: the answer would be recorded".to_owned());
        }
        None
    }

    /// Whether its name says that it ends something.
    #[must_use]
    pub fn ends_something(&self) -> bool {
        ENDS.iter().any(|start| self.operation.starts_with(start)) || (self.service, self.operation) == ("s3", "rm")
    }

    /// The command line, for a target's region and profile.
    #[must_use]
    pub fn argv(&self, target: &ResolvedTarget) -> Vec<String> {
        let mut line = vec!["aws".to_owned(), self.service.to_owned(), self.operation.to_owned()];
        line.extend(self.args.iter().cloned());
        if let Some(input) = self.input {
            push_text(&mut line, "cli-input-json", &Value::Object(input.clone()).to_string());
        }
        if let Some(query) = self.query {
            push_text(&mut line, "query", query);
        }
        if let Some(region) = &target.region {
            push_text(&mut line, "region", region);
        }
        // With a role the profile opens the role's session: named here, it would win over that.
        if let Some(profile) = target.profile.as_ref().filter(|_| target.role.is_none()) {
            push_text(&mut line, "profile", profile);
        }
        line.extend(["--output", "json"].map(str::to_owned));
        line
    }
}

macro_rules! command {
    ($call:ident, $only_reads:literal) => {
        Command {
            service: &$call.service,
            operation: &$call.operation,
            args: $call.args.as_deref().unwrap_or_default(),
            input: $call.input.as_ref(),
            query: $call.query.as_deref(),
            only_reads: $only_reads,
        }
    };
}

impl Cli {
    #[must_use]
    pub fn command(&self) -> Command<'_> {
        command!(self, false)
    }
}

impl CliRead {
    #[must_use]
    pub fn command(&self) -> Command<'_> {
        command!(self, true)
    }
}

fn page(pages: &Pages<'_>) -> String {
    pages.regional("console/home?region={region}")
}

/// What became of a send whose answer was lost, apart from anything that AWS answers.
pub mod account {
    use serde_json::json;

    use super::{ProbeAnswer, Value};

    const NAME: &str = "aws_program";

    /// It still runs.
    #[must_use]
    pub fn running(process: &Value) -> Value {
        json!({NAME: {"state": "running", "process": process}})
    }

    /// It did nothing: it was never started, or AWS refused it.
    #[must_use]
    pub fn nothing_done(why: &str) -> Value {
        json!({NAME: {"state": "nothing done", "why": why}})
    }

    /// What it did is not known.
    #[must_use]
    pub fn unknown(why: &str) -> Value {
        json!({NAME: {"state": "unknown", "why": why}})
    }

    pub(super) fn judge(now: &Value) -> ProbeAnswer {
        match now[NAME]["state"].as_str() {
            // The answer itself.
            None => ProbeAnswer::After,
            Some("running") => ProbeAnswer::InProgress,
            Some("nothing done") => ProbeAnswer::Before,
            Some(_) => ProbeAnswer::CannotTell,
        }
    }
}

impl Operation for Cli {
    /// The program goes on without lifeboat, and its end is found again.
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

    /// Which permissions an operation needs, only AWS knows.
    fn rights(&self) -> &'static [&'static str] {
        &["*"]
    }

    fn deletes(&self) -> Vec<Resource> {
        deleted_by(&self.command())
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.service, &self.operation]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages))
    }

    fn command_lines(&self, target: &ResolvedTarget) -> Option<Vec<Vec<String>>> {
        Some(vec![self.command().argv(target)])
    }
}

impl Operation for CliRead {
    fn names(&self) -> Vec<&str> {
        vec![&self.service, &self.operation]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages))
    }

    fn command_lines(&self, target: &ResolvedTarget) -> Option<Vec<Vec<String>>> {
        Some(vec![self.command().argv(target)])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::action::Action;

    fn refusal(name: &str, with: &Value) -> Option<String> {
        match Action::parse(name, with).unwrap() {
            Action::Cli(call) => call.command().refusal(),
            Action::CliRead(call) => call.command().refusal(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_read_says_so_in_its_name() {
        let read = |service: &str, operation: &str| {
            refusal("aws/cli_read", &json!({"service": service, "operation": operation})).is_none()
        };
        assert!(read("ecr", "describe-images") && read("s3", "ls") && read("s3api", "head-object"));
        assert!(!read("ecr", "put-image") && !read("s3", "rm") && !read("sqs", "receive-message"));
        assert!(!read("secretsmanager", "get-secret-value") && !read("sts", "get-session-token"));
        assert!(!read("configure", "get-x") && !read("--debug", "get-x") && !read("ecr", "get x"));
    }

    #[test]
    fn what_the_target_settles_cannot_be_given() {
        let with = |arg: &str| refusal("aws/cli", &json!({"service": "ecr", "operation": "put-image", "args": [arg]}));
        for refused in ["--profile", "--profile=x", "--prof", "--region", "--endpoint-url=http://x", "--debug"] {
            assert!(with(refused).is_some(), "{refused}");
        }
        for fine in ["--repository-name", "--query-string", "--region-name", "web", "--", "-x"] {
            assert_eq!(with(fine), None, "{fine}");
        }
        let decrypt = json!({"service": "ssm", "operation": "get-parameter", "input": {"WithDecryption": true}});
        assert!(refusal("aws/cli_read", &decrypt).is_some());
    }

    #[test]
    fn the_line_is_whole() {
        let target =
            ResolvedTarget { region: Some("eu-west-1".into()), profile: Some("dr".into()), ..Default::default() };
        let with = json!({
            "service": "logs", "operation": "put-retention-policy", "args": ["--log-group-name", "a b"],
            "input": {"retentionInDays": 30}, "query": "x",
        });
        let lines = Action::parse("aws/cli", &with).unwrap().command_lines(&target);
        let expected = [
            "aws",
            "logs",
            "put-retention-policy",
            "--log-group-name",
            "a b",
            "--cli-input-json",
            r#"{"retentionInDays":30}"#,
            "--query",
            "x",
            "--region",
            "eu-west-1",
            "--profile",
            "dr",
            "--output",
            "json",
        ];
        assert_eq!(lines, [expected.map(str::to_owned).to_vec()]);
    }
}
