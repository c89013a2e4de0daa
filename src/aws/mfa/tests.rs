//! A scripted STS: no emulator checks codes.

use rstest::rstest;
use serde_json::json;

use super::super::AwsCloud;
use super::super::config::Origin;
use super::super::wire::{self, Answer, Wire};
use super::*;
use crate::engine::command::Typed;
use crate::engine::effect::CallRequest;
use crate::engine::ports::Cloud;

const ACCOUNT: &str = "111122223333";
const SERIAL: &str = "arn:aws:iam::111122223333:mfa/ada";
const ROLE: &str = "arn:aws:iam::111122223333:role/dr-operator";
const NOW_MS: i64 = 1_795_269_600_000;
const WRONG: &str = "MultiFactorAuthentication failed with invalid MFA one time pass code.";

/// A cloud and the operator's device on the same wire.
struct Bench {
    wire: Wire,
    cloud: Arc<AwsCloud>,
    devices: StsDevices,
}

impl Bench {
    fn new(role: Option<&str>, answers: impl IntoIterator<Item = Answer>) -> Self {
        let wire = Wire::script(answers);
        let cloud = wire.cloud();
        let home = ResolvedTarget { name: "home".to_owned(), ..ask("step-1").target };
        let devices = StsDevices::new(&cloud, SERIAL.to_owned(), role.map(str::to_owned), home);
        Self { wire, cloud, devices }
    }

    async fn verify(&self, code: &str, purpose: MfaPurpose) -> Result<MfaProof, MfaDenied> {
        self.verify_at(code, purpose, NOW_MS).await
    }

    async fn verify_at(&self, code: &str, purpose: MfaPurpose, now_ms: i64) -> Result<MfaProof, MfaDenied> {
        let request = MfaRequest {
            step: "step-1".to_owned(),
            person: "ada".to_owned(),
            code: Typed::new(code),
            now_ms,
            last_counter: None,
            purpose,
        };
        self.devices.verify(request).await
    }

    /// Which of the requests asked STS for a session.
    fn asked(&self) -> Vec<String> {
        let body = |sent: wire::Sent| {
            (sent.body.contains("TokenCode") || sent.body.contains("AssumeRole")).then_some(sent.body)
        };
        self.wire.sent().into_iter().filter_map(body).collect()
    }

    /// A send of that step under that session; how many requests it made.
    async fn send(&self, request: &CallRequest) -> (Result<(), String>, usize) {
        let before = self.wire.sent().len();
        let answer = self.cloud.call(request).await.map(|_| ()).map_err(|error| error.code);
        (answer, self.wire.sent().len() - before)
    }
}

/// Any call that has an answer will do: what matters is whose keys sign it.
fn ask(step: &str) -> CallRequest {
    let mut request = wire::send("aws/sts.get_caller_identity", &json!({}));
    request.ticket.step = step.to_owned();
    request.target.account = Some(ACCOUNT.to_owned());
    request.session = CallSession::Step;
    request
}

fn promote() -> Action {
    Action::parse("aws/rds.promote_read_replica_db_cluster", &json!({"db_cluster_identifier": "orders"})).unwrap()
}

fn for_step() -> MfaPurpose {
    MfaPurpose::Send { session: CallSession::Step, calls: vec![(promote(), ask("step-1").target)] }
}

fn shared(key: &str) -> MfaPurpose {
    MfaPurpose::Send { session: CallSession::Shared(key.to_owned()), calls: vec![(promote(), ask("step-1").target)] }
}

#[tokio::test]
async fn a_code_opens_a_session_for_its_step_alone() {
    let bench = Bench::new(Some(ROLE), [wire::assumed("ASIASTEP", ACCOUNT), wire::who(ACCOUNT)]);
    let proof = bench.verify("123456", for_step()).await.unwrap();
    assert_eq!(
        proof,
        MfaProof {
            by: "ada".to_owned(),
            method: "sts".to_owned(),
            device: "mfa/ada".to_owned(),
            counter: Some(59_842_320),
        }
    );
    let sent = bench.wire.sent();
    assert_eq!(sent.len(), 1);
    for part in [
        "Action=AssumeRole",
        "RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fdr-operator",
        "SerialNumber=arn%3Aaws%3Aiam%3A%3A111122223333%3Amfa%2Fada",
        "TokenCode=123456",
        "DurationSeconds=900",
        "RoleSessionName=run-1",
        "SourceIdentity=ada",
        "rds%3APromoteReadReplicaDBCluster",
    ] {
        assert!(sent[0].body.contains(part), "{part}: {}", sent[0].body);
    }
    assert!(sent[0].uri.starts_with("https://sts.eu-central-1.amazonaws.com"), "{}", sent[0].uri);

    assert_eq!(bench.send(&ask("step-1")).await, (Ok(()), 1));
    let signed = bench.wire.sent().pop().unwrap();
    assert!(signed.header("authorization").unwrap().contains("Credential=ASIASTEP/"));
    assert_eq!(signed.header("x-amz-security-token"), Some("token of ASIASTEP"));

    assert_eq!(bench.send(&ask("step-2")).await, (Err("NoMfaSession".to_owned()), 0));
    let shared = CallRequest { session: CallSession::Shared("step-1".to_owned()), ..ask("step-1") };
    assert_eq!(bench.send(&shared).await, (Err("NoMfaSession".to_owned()), 0));
}

/// Each refusal has its own word and AWS's message beside it, and nothing is opened by it.
#[rstest]
#[case::wrong(Answer::xml_error(403, "AccessDenied", WRONG), MfaRefusal::Wrong, "invalid MFA one time pass code")]
#[case::too_short_for_aws(
    Answer::xml_error(400, "ValidationError", "Value at 'tokenCode' failed to satisfy constraint"),
    MfaRefusal::Wrong,
    "tokenCode"
)]
#[case::no_such_device(
    Answer::xml_error(
        403,
        "AccessDenied",
        "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid"
    ),
    MfaRefusal::NoDevice,
    "serial number"
)]
#[case::login_expired(
    Answer::xml_error(403, "ExpiredToken", "The security token included in the request is expired"),
    MfaRefusal::SessionExpired,
    "is expired"
)]
#[case::unknown_key(
    Answer::xml_error(403, "InvalidClientTokenId", "The security token included in the request is invalid."),
    MfaRefusal::SessionExpired,
    "is invalid"
)]
#[case::role_denied(
    Answer::xml_error(
        403,
        "AccessDenied",
        "User: ada is not authorized to perform: sts:AssumeRole on resource: dr-operator"
    ),
    MfaRefusal::RoleDenied,
    "not authorized to perform: sts:AssumeRole"
)]
#[case::throttled(Answer::xml_error(400, "Throttling", "Rate exceeded"), MfaRefusal::Unreachable, "Rate exceeded")]
#[case::server_error(Answer::status(500, ""), MfaRefusal::Unreachable, "500")]
#[case::garbage(Answer::Garbage, MfaRefusal::Unreachable, "HTTP 200")]
#[case::reset(Answer::Reset, MfaRefusal::Unreachable, "reset")]
#[case::timed_out(Answer::TimedOut, MfaRefusal::Unreachable, "timed out")]
#[tokio::test]
async fn a_refused_code_opens_nothing(#[case] answer: Answer, #[case] why: MfaRefusal, #[case] says: &str) {
    let bench = Bench::new(Some(ROLE), [answer]);
    let denied = bench.verify("123456", for_step()).await.unwrap_err();
    assert_eq!(denied.why, why, "{denied:?}");
    assert!(denied.detail.as_deref().unwrap_or_default().contains(says), "{denied:?}");
    assert_eq!(bench.asked().len(), 1, "a code goes to STS once");
    assert_eq!(bench.send(&ask("step-1")).await, (Err("NoMfaSession".to_owned()), 0));
}

#[tokio::test]
async fn a_silent_sts_is_not_waited_for_for_ever() {
    let wire = Wire::script([Answer::Hang]);
    let mut loader = wire.loader();
    loader.set_patience(std::time::Duration::from_millis(20));
    let home = ask("step-1").target;
    let devices = StsDevices::new(&AwsCloud::of(loader), SERIAL.to_owned(), Some(ROLE.to_owned()), home);
    let bench = Bench { cloud: wire.cloud(), wire, devices };
    let denied = bench.verify("123456", for_step()).await.unwrap_err();
    assert_eq!(denied.why, MfaRefusal::Unreachable);
    assert_eq!(bench.asked().len(), 1);
}

#[test]
fn each_refusal_reads_differently() {
    let words = [MfaRefusal::Wrong, MfaRefusal::AlreadyUsed, MfaRefusal::SessionExpired, MfaRefusal::RoleDenied];
    for (ix, word) in words.iter().enumerate() {
        assert!(words[..ix].iter().all(|other| other.word() != word.word()));
    }
}

#[tokio::test]
async fn a_used_code_does_not_go_out_again() {
    let bench = Bench::new(Some(ROLE), [wire::assumed("ASIASTEP", ACCOUNT), wire::assumed("ASIANEXT", ACCOUNT)]);
    bench.verify("123456", for_step()).await.unwrap();
    let denied = bench.verify("123456", for_step()).await.unwrap_err();
    assert_eq!(denied.why, MfaRefusal::AlreadyUsed);
    assert_eq!(bench.asked().len(), 1);
    assert_eq!(bench.send(&ask("step-1")).await, (Err("NoMfaSession".to_owned()), 0), "the step stays locked");
    bench.verify("654321", for_step()).await.unwrap();
    assert_eq!(bench.asked().len(), 2);
}

#[tokio::test]
async fn a_code_without_an_answer_counts_as_used_and_a_wrong_one_does_not() {
    let bench = Bench::new(Some(ROLE), [Answer::Reset]);
    bench.verify("123456", for_step()).await.unwrap_err();
    assert_eq!(bench.verify("123456", for_step()).await.unwrap_err().why, MfaRefusal::AlreadyUsed);
    assert_eq!(bench.asked().len(), 1);

    let wrong = || Answer::xml_error(403, "AccessDenied", WRONG);
    let bench = Bench::new(Some(ROLE), [wrong(), wrong()]);
    bench.verify("123456", for_step()).await.unwrap_err();
    assert_eq!(bench.verify("123456", for_step()).await.unwrap_err().why, MfaRefusal::Wrong);
    assert_eq!(bench.asked().len(), 2);
}

#[tokio::test]
async fn a_code_that_never_left_is_still_good() {
    let bench = Bench::new(Some(ROLE), [wire::assumed("ASIASTEP", ACCOUNT)]);
    let mut nowhere = ask("step-1").target;
    nowhere.region = Some("no region at all".to_owned());
    let calls = vec![(promote(), nowhere)];
    let denied = bench.verify("123456", MfaPurpose::Send { session: CallSession::Step, calls }).await.unwrap_err();
    assert_eq!(denied.why, MfaRefusal::Unreachable, "{denied:?}");
    assert_eq!(bench.wire.sent(), []);
    bench.verify("123456", for_step()).await.unwrap();
}

#[tokio::test]
async fn a_code_is_never_repeated_to_the_screen() {
    let echo = Answer::xml_error(400, "ValidationError", "Value '123456' at 'tokenCode' failed to satisfy constraint");
    let denied = Bench::new(Some(ROLE), [echo]).verify("123456", for_step()).await.unwrap_err();
    assert!(!denied.detail.unwrap_or_default().contains("123456"));
}

/// Six digits come round again some day.
#[tokio::test]
async fn a_used_code_is_forgotten_in_time() {
    let bench = Bench::new(Some(ROLE), [wire::assumed("ASIASTEP", ACCOUNT), wire::assumed("ASIANEXT", ACCOUNT)]);
    bench.verify_at("123456", for_step(), NOW_MS).await.unwrap();
    bench.verify_at("123456", for_step(), NOW_MS + REMEMBERED_MS).await.unwrap();
}

#[tokio::test]
async fn what_is_no_code_and_a_login_that_fails_spend_nothing() {
    let bench = Bench::new(Some(ROLE), [wire::assumed("ASIASTEP", ACCOUNT)]);
    for typed in ["", "12345", "1234567", "12345x", "½23456"] {
        assert_eq!(bench.verify(typed, for_step()).await.unwrap_err().why, MfaRefusal::Wrong);
    }
    bench.wire.keys.then_fail("the SSO token has expired and cannot be refreshed");
    let denied = bench.verify("123456", for_step()).await.unwrap_err();
    assert_eq!(denied.why, MfaRefusal::SessionExpired);
    assert!(denied.detail.unwrap_or_default().contains("log in again"));
    assert_eq!(bench.wire.sent(), []);
    bench.verify("123456", for_step()).await.unwrap();
}

#[tokio::test]
async fn a_session_that_is_over_opens_nothing() {
    let bench = Bench::new(Some(ROLE), [wire::assumed_until("ASIASTEP", ACCOUNT, "2020-01-01T00:00:00Z")]);
    bench.verify("123456", for_step()).await.unwrap();
    assert_eq!(bench.send(&ask("step-1")).await, (Err("NoMfaSession".to_owned()), 0));
}

#[tokio::test]
async fn a_session_that_aws_calls_expired_is_dropped() {
    let expired = Answer::xml_error(403, "ExpiredToken", "The security token included in the request is expired");
    let bench = Bench::new(Some(ROLE), [wire::assumed("ASIASTEP", ACCOUNT), expired]);
    bench.verify("123456", for_step()).await.unwrap();
    assert_eq!(bench.send(&ask("step-1")).await, (Err("ExpiredToken".to_owned()), 1));
    assert_eq!(bench.send(&ask("step-1")).await, (Err("NoMfaSession".to_owned()), 0));
}

#[tokio::test]
async fn presence_opens_nothing_and_may_do_nothing() {
    let bench = Bench::new(Some(ROLE), [wire::assumed("ASIAHERE", ACCOUNT)]);
    bench.verify("123456", MfaPurpose::Presence).await.unwrap();
    let asked = bench.asked();
    assert!(asked[0].contains("TokenCode=123456") && asked[0].contains("sts%3AGetCallerIdentity"), "{asked:?}");
    assert!(!asked[0].contains("rds%3A"), "{asked:?}");
    assert_eq!(bench.send(&ask("step-1")).await, (Err("NoMfaSession".to_owned()), 0));
}

#[tokio::test]
async fn a_shared_code_becomes_a_session_token_and_then_roles() {
    let answers = [
        wire::session_token("ASIATOKEN"),
        wire::assumed("ASIAONE", ACCOUNT),
        wire::who(ACCOUNT),
        wire::assumed("ASIATWO", "999988887777"),
        wire::who("999988887777"),
    ];
    let bench = Bench::new(Some(ROLE), answers);
    bench.verify("123456", shared("failover")).await.unwrap();
    let asked = bench.wire.sent();
    assert_eq!(asked.len(), 2);
    assert!(asked[0].body.contains("Action=GetSessionToken") && asked[0].body.contains("TokenCode=123456"));
    assert!(asked[1].body.contains("Action=AssumeRole") && !asked[1].body.contains("TokenCode"));
    assert!(asked[1].header("authorization").unwrap().contains("ASIATOKEN"));

    let send = |step: &str| CallRequest { session: CallSession::Shared("failover".to_owned()), ..ask(step) };
    assert_eq!(bench.send(&send("step-1")).await, (Ok(()), 1));
    // A target in another account has its own role, taken on when it is needed and then kept.
    let mut other = send("step-2");
    other.target.account = Some("999988887777".to_owned());
    other.target.role = Some("arn:aws:iam::999988887777:role/dr".to_owned());
    bench.wire.then(wire::who("999988887777"));
    assert_eq!(bench.send(&other).await, (Ok(()), 2));
    assert_eq!(bench.send(&other).await, (Ok(()), 1));
    let elsewhere = CallRequest { session: CallSession::Shared("cleanup".to_owned()), ..ask("step-1") };
    assert_eq!(bench.send(&elsewhere).await, (Err("NoMfaSession".to_owned()), 0));
}

#[tokio::test]
async fn a_call_that_may_take_long_gets_a_longer_session() {
    let copy = crate::model::action::examples::example("aws/s3.copy_from_replica").unwrap();
    let purpose = MfaPurpose::Send { session: CallSession::Step, calls: vec![(copy, ask("step-1").target)] };
    let bench = Bench::new(Some(ROLE), [wire::assumed("ASIASTEP", ACCOUNT), wire::who(ACCOUNT)]);
    bench.verify("123456", purpose).await.unwrap();
    let body = &bench.wire.sent()[0].body;
    assert!(body.contains("DurationSeconds=3600") && body.contains("s3%3APutObject"), "{body}");
}

#[tokio::test]
async fn without_a_role_the_session_token_is_the_session() {
    let bench = Bench::new(None, [wire::session_token("ASIATOKEN"), wire::who(ACCOUNT), wire::who(ACCOUNT)]);
    bench.verify("123456", for_step()).await.unwrap();
    assert!(bench.asked()[0].contains("Action=GetSessionToken") && bench.asked()[0].contains("DurationSeconds=900"));
    // Whose keys these are STS has not said, so they are asked first.
    assert_eq!(bench.send(&ask("step-1")).await, (Ok(()), 2));
    assert!(bench.wire.sent()[2].header("authorization").unwrap().contains("ASIATOKEN"));
}

/// What a code opened is held against the target's account like any other keys.
#[tokio::test]
async fn keys_that_a_code_opened_in_another_account_sign_nothing() {
    let bench = Bench::new(None, [wire::session_token("ASIATOKEN"), wire::who("999988887777")]);
    bench.verify("123456", for_step()).await.unwrap();
    assert_eq!(bench.send(&ask("step-1")).await, (Err("WrongAccount".to_owned()), 1));
    assert_eq!(bench.send(&ask("step-1")).await, (Err("WrongAccount".to_owned()), 0));
}

#[tokio::test]
async fn a_role_in_another_account_is_refused_before_the_code_is_spent() {
    let bench = Bench::new(Some("arn:aws:iam::999988887777:role/dr-operator"), []);
    let denied = bench.verify("123456", for_step()).await.unwrap_err();
    assert_eq!(denied.why, MfaRefusal::RoleDenied);
    assert!(denied.detail.unwrap_or_default().contains("999988887777"));
    assert_eq!(bench.wire.sent(), []);
}

#[tokio::test]
async fn one_code_serves_one_profile() {
    let bench = Bench::new(Some(ROLE), []);
    let mut other = ask("step-1").target;
    other.profile = Some("other".to_owned());
    let calls = vec![(promote(), ask("step-1").target), (promote(), other)];
    let denied = bench.verify("123456", MfaPurpose::Send { session: CallSession::Step, calls }).await.unwrap_err();
    assert_eq!(denied.why, MfaRefusal::RoleDenied);
    assert_eq!(bench.wire.sent(), []);
    assert_eq!(bench.wire.keys.asked(), Vec::<Origin>::new());
}
