//! What `aws` is started with, and what its end proves.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use serde_json::json;

use super::super::meter::Meters;
use super::super::wire::{self, Wire};
use super::super::{AwsCloud, Sessions};
use crate::engine::ports::Cloud as _;
use crate::model::action::Action;
use crate::model::action::examples::example_with;
use crate::model::event::Purpose;
use crate::model::outcome::ProbeAnswer;

use super::*;
use crate::model::outcome::Class;

const SEND: Manner = Manner { changes: true, class: Class::D };

fn kind(exit_code: i64, stderr: &str, manner: Manner) -> (CloudErrorKind, String) {
    let ended = ProgramAnswer { exit_code, stdout: String::new(), stderr: stderr.to_owned() };
    let error = judge(&ended, manner).unwrap_err();
    (error.kind, error.code)
}

fn service(code: &str, manner: Manner) -> CloudErrorKind {
    let words = format!("\nAn error occurred ({code}) when calling the PutImage operation: no\n");
    let (of_2, told) = kind(254, &words, manner);
    assert_eq!(told, code);
    assert_eq!(kind(255, &words, manner), (of_2, told), "as version 1 says it");
    of_2
}

#[test]
fn only_what_aws_worded_as_a_refusal_is_one() {
    for (code, expected) in [
        ("AccessDeniedException", CloudErrorKind::Denied),
        ("RepositoryNotFoundException", CloudErrorKind::NotFound),
        ("InvalidParameterException", CloudErrorKind::Invalid),
        ("ImageAlreadyExistsException", CloudErrorKind::Invalid),
        ("ExpiredToken", CloudErrorKind::Expired),
        ("404", CloudErrorKind::NotFound),
        ("403", CloudErrorKind::Denied),
        ("ThrottlingException", CloudErrorKind::UnknownOutcome),
        ("InternalServerError", CloudErrorKind::UnknownOutcome),
        ("ServiceUnavailable", CloudErrorKind::UnknownOutcome),
        ("500", CloudErrorKind::UnknownOutcome),
        ("SomethingNew", CloudErrorKind::UnknownOutcome),
    ] {
        assert_eq!(service(code, SEND), expected, "{code}");
    }
    assert_eq!(service("InternalServerError", Manner::READ), CloudErrorKind::Unavailable);
    assert_eq!(service("ThrottlingException", Manner::READ), CloudErrorKind::Throttled);
}

#[test]
fn every_other_end_proves_what_it_must() {
    assert_eq!(kind(252, "aws: error: the following arguments are required", SEND).0, CloudErrorKind::Invalid);
    assert_eq!(kind(253, "Unable to locate credentials", SEND).0, CloudErrorKind::Invalid);
    assert_eq!(kind(255, "\nUnknown options: --x\n", SEND).0, CloudErrorKind::Invalid);
    let refused = "Could not connect to the endpoint URL: \"http://127.0.0.1:9/\"";
    assert_eq!(kind(255, refused, SEND).0, CloudErrorKind::Unavailable);
    for (exit_code, words) in [
        (255, "Read timeout on endpoint URL: \"https://x\""),
        (255, "Connection was closed before we received a valid response from endpoint URL"),
        (254, "words of nobody"),
        (1, "upload failed"),
        (137, ""),
    ] {
        assert_eq!(kind(exit_code, words, SEND).0, CloudErrorKind::UnknownOutcome, "{words}");
        assert_eq!(kind(exit_code, words, Manner::READ).0, CloudErrorKind::Unavailable, "{words}");
    }
}

#[test]
fn what_is_printed_is_the_answer() {
    let of = |stdout: &str| {
        judge(&ProgramAnswer { exit_code: 0, stdout: stdout.to_owned(), stderr: String::new() }, SEND).unwrap()
    };
    assert_eq!(of("{\"a\": [1]}\n")["a"][0], 1);
    assert_eq!(of("[1]"), serde_json::json!([1]));
    assert_eq!(of(" \n"), serde_json::json!({}));
    assert_eq!(of("delete: s3://x")["text"], "delete: s3://x");
}

/// Starts nothing, and notes what it was asked to.
#[derive(Default)]
struct Noting {
    asked: Mutex<Vec<(&'static str, Program)>>,
    account: Value,
}

impl Noting {
    fn ended(&self, how: &'static str, program: Program) -> ProgramAnswer {
        self.asked.lock().unwrap().push((how, program));
        ProgramAnswer { exit_code: 0, stdout: "[1]".to_owned(), stderr: String::new() }
    }
}

impl Programs for Noting {
    fn look<'a>(&'a self, program: Program, _: &'a CallRequest) -> BoxFuture<'a, Result<ProgramAnswer, CloudError>> {
        Box::pin(async move { Ok(self.ended("look", program)) })
    }

    fn run<'a>(&'a self, program: Program, _: &'a CallRequest) -> BoxFuture<'a, Result<ProgramAnswer, CloudError>> {
        Box::pin(async move { Ok(self.ended("run", program)) })
    }

    fn account<'a>(&'a self, _: &'a CallRequest) -> BoxFuture<'a, Result<Value, CloudError>> {
        Box::pin(async move { Ok(self.account.clone()) })
    }
}

fn cloud(wire: &Wire, programs: Arc<Noting>) -> AwsCloud {
    let sessions = Arc::new(Sessions::new(wire.loader()));
    AwsCloud { sessions, programs: Some(programs), meters: Meters::default() }
}

const CLI: &str = "aws/cli";
const READ: &str = "aws/cli_read";

#[tokio::test]
async fn the_program_signs_with_the_sessions_keys_and_its_words_hold_none() {
    let wire = Wire::script([]);
    wire.keys.then("AKIDOURS", 3_600);
    let programs = Arc::new(Noting::default());
    let cloud = cloud(&wire, Arc::clone(&programs));
    let mut send = wire::send(CLI, &example_with(CLI).unwrap());
    send.target.profile = Some("dr".to_owned());
    assert_eq!(cloud.call(&send).await.unwrap().value, json!([1]));
    cloud.call(&wire::read(READ, &example_with(READ).unwrap())).await.unwrap();
    let asked = programs.asked.lock().unwrap();
    assert_eq!(asked.iter().map(|(how, _)| *how).collect::<Vec<_>>(), ["run", "look"]);
    let (_, program) = &asked[0];
    assert_eq!(program.env["AWS_ACCESS_KEY_ID"], "AKIDOURS");
    assert_eq!(program.env["AWS_SECRET_ACCESS_KEY"], wire::SECRET_KEY);
    assert_eq!((program.env["AWS_SESSION_TOKEN"].as_str(), program.env["AWS_MAX_ATTEMPTS"].as_str()), ("", "1"));
    let line = program.argv.join(" ");
    let expected = "aws logs put-retention-policy --log-group-name /shop/web --retention-in-days 30 \
                    --region eu-central-1 --output json";
    assert_eq!(line, expected, "neither keys nor the profile, which would win over them");
    assert!(!format!("{program:?}").contains(wire::SECRET_KEY));
    assert!(wire.sent().is_empty(), "lifeboat itself sends nothing");
}

#[tokio::test]
async fn nothing_is_started_with_the_keys_of_another_account() {
    let wire = Wire::script([wire::who("999999999999")]);
    let programs = Arc::new(Noting::default());
    let mut send = wire::send(CLI, &example_with(CLI).unwrap());
    send.target.account = Some("111122223333".to_owned());
    let error = cloud(&wire, Arc::clone(&programs)).call(&send).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (CloudErrorKind::Denied, "WrongAccount"));
    assert!(programs.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_read_that_does_not_say_so_is_not_started() {
    let programs = Arc::new(Noting::default());
    let read = wire::read(READ, &json!({"service": "ecr", "operation": "put-image"}));
    let error = cloud(&Wire::script([]), Arc::clone(&programs)).call(&read).await.unwrap_err();
    assert_eq!(error.code, "NotRun");
    assert!(programs.asked.lock().unwrap().is_empty());
}

/// Whatever became of the process of a send, the probe asks no AWS and starts nothing.
#[tokio::test]
async fn a_send_in_doubt_is_asked_of_its_own_account() {
    let judged = async |account: Value| {
        let programs = Arc::new(Noting { account, ..Noting::default() });
        let mut probe = wire::read(CLI, &example_with(CLI).unwrap());
        probe.ticket.purpose = Purpose::Probe;
        let told = cloud(&Wire::script([]), Arc::clone(&programs)).call(&probe).await.unwrap().value;
        assert!(programs.asked.lock().unwrap().is_empty());
        Action::parse(CLI, &example_with(CLI).unwrap()).unwrap().judge(None, &told)
    };
    let ended = |exit_code: i64, stderr: &str| json!({"exit_code": exit_code, "stdout": "{}", "stderr": stderr});
    let refused = "An error occurred (AccessDenied) when calling the PutRetentionPolicy operation: no";
    assert_eq!(judged(ended(0, "")).await, ProbeAnswer::After);
    assert_eq!(judged(ended(254, refused)).await, ProbeAnswer::Before);
    assert_eq!(judged(ended(255, "Read timeout on endpoint URL")).await, ProbeAnswer::CannotTell);
    assert_eq!(judged(json!({"state": "running", "process": 7})).await, ProbeAnswer::InProgress);
    assert_eq!(judged(json!({"state": "not started", "why": "x"})).await, ProbeAnswer::Before);
    assert_eq!(judged(json!({"state": "lost", "why": "x"})).await, ProbeAnswer::CannotTell);
}
