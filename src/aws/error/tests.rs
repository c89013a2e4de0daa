//! The outcome table, a test a row, at the wire and on loopback.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rstest::rstest;

use serde_json::json;
use tokio::time::Instant;

use super::super::calls::Calls;
use super::super::config::Loader;
use super::super::meter::Meter;
use super::super::wire::{self, Answer, Wire};
use super::super::{AwsCloud, AwsOptions, line};
use crate::engine::effect::CallRequest;
use crate::engine::ports::CloudReply;
use crate::model::action::Action;
use crate::model::outcome::{CloudError, CloudErrorKind};

const PROMOTED: &str = r#"<PromoteReadReplicaDBClusterResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/">
    <PromoteReadReplicaDBClusterResult><DBCluster><DBClusterIdentifier>orders</DBClusterIdentifier>
    </DBCluster></PromoteReadReplicaDBClusterResult></PromoteReadReplicaDBClusterResponse>"#;

fn a_send() -> CallRequest {
    wire::send("aws/rds.promote_read_replica_db_cluster", &json!({"db_cluster_identifier": "orders"}))
}

fn a_read() -> CallRequest {
    wire::read("aws/rds.describe_db_clusters", &json!({"db_cluster_identifier": "orders"}))
}

/// A send that nothing guards; what goes over the wire is the same.
fn an_unguarded_send() -> CallRequest {
    CallRequest { call: Action::parse("exec", &json!({"argv": ["true"]})).unwrap(), ..a_send() }
}

/// One promotion, judged as the request says.
async fn promote(cloud: &AwsCloud, request: &CallRequest) -> Result<CloudReply, CloudError> {
    let session = cloud.sessions.session(request).await?;
    let deadline = Instant::now() + Duration::from_millis(request.timeout_ms);
    let meter = Meter::new();
    let calls = Calls::new(session.clients(), request, deadline, &meter);
    let promote = calls.rds().promote_read_replica_db_cluster().db_cluster_identifier("orders");
    calls.answer(promote.send(), |output| json!(output.db_cluster.and_then(|it| it.db_cluster_identifier))).await
}

async fn kind_of(request: CallRequest, answer: Answer) -> CloudErrorKind {
    let wire = Wire::script([answer]);
    let outcome = promote(&wire.cloud(), &request).await;
    assert_eq!(wire.sent().len(), 1, "one attempt is one request");
    outcome.unwrap_err().kind
}

#[tokio::test]
async fn an_answer_is_an_answer() {
    let wire = Wire::script([Answer::ok(PROMOTED).with_header("x-amzn-requestid", "r-7")]);
    let reply = promote(&wire.cloud(), &a_send()).await.unwrap();
    assert_eq!(reply.value, json!("orders"));
    assert_eq!(reply.request_id.as_deref(), Some("r-7"));
}

#[rstest]
#[case(400, "InvalidDBClusterStateFault", CloudErrorKind::Invalid)]
#[case(404, "DBClusterNotFoundFault", CloudErrorKind::NotFound)]
#[case(404, "NoSuchHostedZone", CloudErrorKind::NotFound)]
#[case(403, "AccessDenied", CloudErrorKind::Denied)]
#[case(400, "AccessDeniedException", CloudErrorKind::Denied)]
#[case(403, "UnauthorizedOperation", CloudErrorKind::Denied)]
#[case(403, "InvalidClientTokenId", CloudErrorKind::Denied)]
#[case(403, "SignatureDoesNotMatch", CloudErrorKind::Denied)]
#[case(400, "Throttling", CloudErrorKind::Throttled)]
#[case(400, "ThrottlingException", CloudErrorKind::Throttled)]
#[case(400, "RequestLimitExceeded", CloudErrorKind::Throttled)]
#[case(400, "PriorRequestNotComplete", CloudErrorKind::Throttled)]
#[case(403, "ExpiredToken", CloudErrorKind::Expired)]
#[case(400, "ExpiredTokenException", CloudErrorKind::Expired)]
#[case(400, "RequestExpired", CloudErrorKind::Expired)]
#[case(400, "SomethingNobodyHasSeen", CloudErrorKind::Invalid)]
#[tokio::test]
async fn a_refusal_in_words_proves_that_nothing_happened(
    #[case] status: u16,
    #[case] code: &str,
    #[case] kind: CloudErrorKind,
) {
    assert_eq!(kind_of(a_send(), Answer::xml_error(status, code, "no")).await, kind);
    assert_eq!(kind_of(a_read(), Answer::xml_error(status, code, "no")).await, kind);
}

#[rstest]
#[case::server_error(Answer::status(500, ""))]
#[case::server_error_with_a_known_code(Answer::xml_error(500, "InvalidDBClusterStateFault", "no"))]
#[case::overloaded(Answer::xml_error(503, "Throttling", "slow down"))]
#[case::bad_gateway(Answer::status(502, "<html>"))]
#[case::redirect(Answer::status(307, "").with_header("location", "https://example.invalid/"))]
#[case::garbage(Answer::Garbage)]
#[case::reset(Answer::Reset)]
#[case::timed_out(Answer::TimedOut)]
#[case::timeout_said_by_the_service(Answer::xml_error(400, "RequestTimeout", "too slow"))]
#[case::refused_by_no_aws_service(Answer::status(403, "<html>proxy</html>"))]
#[tokio::test]
async fn what_proves_nothing_is_unknown(#[case] answer: Answer) {
    assert_eq!(kind_of(a_send(), answer).await, CloudErrorKind::UnknownOutcome);
}

#[rstest]
#[case(Answer::status(500, ""), CloudErrorKind::Unavailable)]
#[case(Answer::Garbage, CloudErrorKind::Unavailable)]
#[case(Answer::Reset, CloudErrorKind::Unavailable)]
#[case(Answer::TimedOut, CloudErrorKind::Unavailable)]
#[case(Answer::status(403, ""), CloudErrorKind::Denied)]
#[case(Answer::status(404, ""), CloudErrorKind::NotFound)]
#[case(Answer::status(429, ""), CloudErrorKind::Throttled)]
#[case(Answer::status(301, ""), CloudErrorKind::Invalid)]
#[tokio::test]
async fn a_read_without_an_answer_may_be_asked_again(#[case] answer: Answer, #[case] kind: CloudErrorKind) {
    assert_eq!(kind_of(a_read(), answer).await, kind);
}

#[tokio::test]
async fn no_answer_in_time_is_unknown_for_a_send_alone() {
    let patient = |request: CallRequest| CallRequest { timeout_ms: 20, ..request };
    assert_eq!(kind_of(patient(a_send()), Answer::Hang).await, CloudErrorKind::UnknownOutcome);
    assert_eq!(kind_of(patient(a_read()), Answer::Hang).await, CloudErrorKind::Unavailable);
}

#[tokio::test]
async fn a_throttle_of_what_nothing_guards_is_unknown() {
    let throttled = || Answer::xml_error(400, "Throttling", "slow down");
    assert_eq!(kind_of(an_unguarded_send(), throttled()).await, CloudErrorKind::UnknownOutcome);
    let denied = Answer::xml_error(403, "AccessDenied", "no");
    assert_eq!(kind_of(an_unguarded_send(), denied).await, CloudErrorKind::Denied);
}

#[tokio::test]
async fn an_error_keeps_the_services_words_and_request_id() {
    let answer =
        Answer::xml_error(400, "InvalidDBClusterStateFault", "not a replica").with_header("x-amzn-requestid", "r-8");
    let error = promote(&Wire::script([answer]).cloud(), &a_send()).await.unwrap_err();
    assert_eq!(
        error,
        CloudError {
            kind: CloudErrorKind::Invalid,
            code: "InvalidDBClusterStateFault".to_owned(),
            message: "not a replica".to_owned(),
            request_id: Some("r-8".to_owned()),
        }
    );
}

#[tokio::test]
async fn a_request_that_cannot_be_built_is_not_sent() {
    let wire = Wire::script([]);
    let mut request = a_send();
    request.target.region = Some("no region at all".to_owned());
    let error = promote(&wire.cloud(), &request).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (CloudErrorKind::Unavailable, "RequestNotBuilt"), "{error}");
    assert_eq!(wire.sent(), []);
}

/// The negative control: left to itself, the SDK sends a change again.
#[rstest]
#[case(Answer::status(500, ""))]
#[case(Answer::status(503, ""))]
#[case(Answer::Reset)]
#[case(Answer::xml_error(400, "Throttling", "slow down"))]
#[tokio::test]
async fn with_the_sdks_retries_one_attempt_is_several_requests(#[case] answer: Answer) {
    let wire = Wire::always(answer);
    let _ = promote(&wire.cloud_with_sdk_retries(), &a_send()).await;
    assert_eq!(wire.sent().len(), 3);
}

/// A cloud that speaks to a socket on loopback through the real line.
fn real_line(endpoint: String, http: aws_smithy_runtime_api::client::http::SharedHttpClient) -> Arc<AwsCloud> {
    let mut loader = Loader::new(AwsOptions { endpoint_url: Some(endpoint), ..AwsOptions::default() }, http);
    loader.scripted = Some(wire::Keys::default());
    AwsCloud::of(loader)
}

#[tokio::test]
async fn a_refused_connection_is_not_sent() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let error = promote(&real_line(endpoint, line::client()), &a_send()).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (CloudErrorKind::Unavailable, "NoConnection"), "{error}");
}

#[tokio::test]
async fn a_name_without_address_is_not_sent() {
    let cloud = real_line("http://rds.example.invalid".to_owned(), line::client_without_dns());
    let error = promote(&cloud, &a_send()).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (CloudErrorKind::Unavailable, "NoConnection"), "{error}");
}

/// Plain text where TLS was expected: the handshake fails, so no request ever left.
#[tokio::test]
async fn a_failed_handshake_is_not_sent() {
    let (endpoint, requests) = server(b"this is no TLS\r\n");
    let cloud = real_line(endpoint.replace("http:", "https:"), line::client());
    let error = promote(&cloud, &a_send()).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (CloudErrorKind::Unavailable, "NoConnection"), "{error}");
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}

#[rstest]
#[case::reset_after_the_request(b"")]
#[case::cut_off_answer(b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n<PromoteReadReplica")]
#[case::no_http(b"what?\r\n\r\n")]
#[case::no_answer_we_know(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")]
#[tokio::test]
async fn a_connection_lost_after_the_request_is_unknown_and_not_tried_again(#[case] answer: &'static [u8]) {
    let (endpoint, requests) = server(answer);
    let error = promote(&real_line(endpoint, line::client()), &a_send()).await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::UnknownOutcome, "{error}");
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

/// Reads each request's head, answers, and hangs up; says how many requests there were.
fn server(answer: &'static [u8]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut seen = [0_u8; 4096];
            let length = stream.read(&mut seen).unwrap_or(0);
            if seen[..length].starts_with(b"POST") {
                count.fetch_add(1, Ordering::SeqCst);
            }
            let _ = stream.write_all(answer);
        }
    });
    (endpoint, requests)
}

#[test]
fn causes_are_told_once() {
    let error = std::io::Error::other(std::io::Error::other("disk on fire"));
    assert_eq!(super::because(&error), "disk on fire");
}
