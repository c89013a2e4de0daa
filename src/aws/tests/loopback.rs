//! Every action that changes something, over real connections that fail in every way: it is sent
//! once, and its outcome is called unknown whenever nothing proves it.

use tokio::runtime::Builder;

use super::server::{Fault, Log, Server};
use crate::aws::config::Loader;
use crate::aws::wire::{self, Keys};
use crate::aws::{AwsCloud, AwsOptions, line};
use crate::engine::ports::{Cloud, CloudReply};
use crate::model::action::{SPECS, examples};
use crate::model::outcome::{CloudError, CloudErrorKind};

type Outcome = Result<CloudReply, CloudError>;

/// The actions that change something in AWS by a request of ours, from the catalogue itself.
fn changing() -> impl Iterator<Item = &'static str> {
    SPECS.iter().filter(|spec| spec.risk.changes() && !spec.api.is_empty()).map(|spec| spec.name)
}

/// Makes one call to `url`.
fn call(name: &str, url: String, timeout_ms: u64, sdk_retries: bool) -> Outcome {
    let with = examples::example_with(name).unwrap_or_else(|| panic!("{name} needs an example"));
    let request = crate::engine::effect::CallRequest { timeout_ms, ..wire::send(name, &with) };
    let options = AwsOptions { endpoint_url: Some(url), ..AwsOptions::default() };
    let mut loader = Loader::new(options, line::client());
    loader.scripted = Some(Keys::default());
    if sdk_retries {
        loader.let_the_sdk_retry();
    }
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { AwsCloud::of(loader).call(&request).await })
}

fn attempt(name: &str, fault: Fault, sdk_retries: bool) -> (Outcome, Log) {
    let server = Server::start(fault);
    let timeout_ms = if matches!(fault, Fault::Hang) { 300 } else { 20_000 };
    let outcome = call(name, server.url(), timeout_ms, sdk_retries);
    (outcome, server.finish())
}

/// What a fault must lead to: one request that changes something, and an unknown outcome.
fn sent_once_and_unknown(name: &str, (outcome, log): &(Outcome, Log)) -> Result<(), String> {
    match outcome {
        _ if log.changes.len() != 1 => Err(format!("{name} was sent {} times: {log:?}", log.changes.len())),
        Err(error) if error.kind == CloudErrorKind::UnknownOutcome => Ok(()),
        other => Err(format!("{name} is not unknown: {other:?}")),
    }
}

fn check_all(fault: impl Fn(&str) -> Fault) {
    let (mut tried, mut wrong) = (0, Vec::new());
    for name in changing() {
        tried += 1;
        wrong.extend(sent_once_and_unknown(name, &attempt(name, fault(name), false)).err());
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(tried >= 8, "the catalogue has {tried} actions that change something");
}

#[test]
fn reset_before_the_request_is_read() {
    check_all(|name| {
        let (_, log) = attempt(name, Fault::Status(500), false);
        Fault::ResetBefore { reads: log.reads.len() }
    });
}

#[test]
fn reset_after_the_request_is_read() {
    check_all(|_| Fault::ResetAfter);
}

#[test]
fn an_error_of_the_server() {
    check_all(|_| Fault::Status(500));
}

/// Even one that says that the request was throttled.
#[test]
fn a_service_that_is_not_available() {
    check_all(|_| Fault::Status(503));
}

#[test]
fn no_answer_in_time() {
    check_all(|_| Fault::Hang);
}

#[test]
fn an_answer_that_makes_no_sense() {
    check_all(|_| Fault::Garbage("\u{1}{<"));
    check_all(|_| Fault::Garbage("<html><body>Please log in to this network</body></html>"));
}

#[test]
fn an_answer_that_breaks_off() {
    check_all(|_| Fault::Cut);
}

/// Nobody listens: nothing was sent, and that is known.
#[test]
fn a_refused_connection() {
    for name in changing() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let error = call(name, url, 20_000, false).unwrap_err();
        assert_eq!(error.kind, CloudErrorKind::Unavailable, "{name}: {error:?}");
    }
}

/// The same harness with the SDK left to itself: it must find what it looks for.
#[test]
fn negative_control_the_sdk_sends_again() {
    for fault in [Fault::Status(503), Fault::ResetAfter] {
        let name = "aws/rds.promote_read_replica_db_cluster";
        let attempt = attempt(name, fault, true);
        let found = sent_once_and_unknown(name, &attempt).unwrap_err();
        assert!(attempt.1.changes.len() > 1, "{found}");
    }
}
