//! Accounts are guarded, keys renewed, sessions of codes kept apart.

use serde_json::json;

use super::super::config::Origin;
use super::super::wire::{self, Answer, Wire};
use super::super::{AwsCloud, AwsOptions};
use super::role_for;
use crate::engine::effect::{CallRequest, CallSession};
use crate::engine::ports::Cloud;
use crate::model::outcome::CloudErrorKind;
use crate::model::plan::ResolvedTarget;

const OURS: &str = "111122223333";
const OTHER: &str = "999988887777";

fn ask_who() -> CallRequest {
    wire::read("aws/sts.get_caller_identity", &json!({}))
}

fn in_account(account: &str) -> CallRequest {
    let mut request = ask_who();
    request.target.account = Some(account.to_owned());
    request
}

#[tokio::test]
async fn keys_of_another_account_sign_nothing() {
    let wire = Wire::script([wire::who(OTHER), wire::who(OTHER)]);
    let cloud = wire.cloud();
    let error = cloud.call(&in_account(OURS)).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (CloudErrorKind::Denied, "WrongAccount"));
    assert!(error.message.contains(OURS) && error.message.contains(OTHER), "{error}");
    assert_eq!(wire.sent().len(), 1, "the question whose keys these are, and nothing else");
    // Asked once for this key: the second call is refused without any request.
    cloud.call(&in_account(OURS)).await.unwrap_err();
    assert_eq!(wire.sent().len(), 1);
}

/// The negative control: the same calls go out where the account is the right one, or none is named.
#[tokio::test]
async fn keys_of_the_right_account_sign() {
    let wire = Wire::always(wire::who(OTHER));
    let cloud = wire.cloud();
    cloud.call(&in_account(OTHER)).await.unwrap();
    assert_eq!(wire.sent().len(), 2);
    cloud.call(&in_account(OTHER)).await.unwrap();
    assert_eq!(wire.sent().len(), 3);
    cloud.call(&ask_who()).await.unwrap();
    assert_eq!(wire.sent().len(), 4);
}

#[tokio::test]
async fn calls_that_begin_together_ask_once_whose_keys_they_have() {
    let wire = Wire::always(wire::who(OURS));
    let cloud = wire.cloud();
    let request = in_account(OURS);
    let answers = tokio::join!(cloud.call(&request), cloud.call(&request), cloud.call(&request));
    assert!(answers.0.is_ok() && answers.1.is_ok() && answers.2.is_ok());
    assert_eq!(wire.sent().len(), 4);
    assert_eq!(wire.keys.asked().len(), 1);
}

#[tokio::test]
async fn new_keys_are_asked_whose_they_are() {
    let wire = Wire::always(wire::who(OURS));
    let cloud = wire.cloud();
    wire.keys.then("AKIDSHORT", 200);
    wire.keys.then("AKIDNEXT", 3_600);
    for _ in 0..2 {
        cloud.call(&in_account(OURS)).await.unwrap();
    }
    assert_eq!(wire.keys.asked().len(), 2, "keys with less than five minutes left are renewed");
    assert_eq!(wire.sent().len(), 4);
}

#[tokio::test]
async fn keys_that_last_are_kept_and_a_failed_renewal_does_not_lose_them() {
    let wire = Wire::always(wire::who(OURS));
    let cloud = wire.cloud();
    wire.keys.then("AKIDSHORT", 200);
    wire.keys.then_fail("the login service is down");
    wire.keys.then("AKIDNEXT", 3_600);
    for _ in 0..5 {
        cloud.call(&ask_who()).await.unwrap();
    }
    assert_eq!(wire.keys.asked().len(), 3);
    let keys: Vec<_> = wire
        .sent()
        .iter()
        .filter_map(|sent| Some(sent.header("authorization")?.split(['=', '/']).nth(1)?.to_owned()))
        .collect();
    assert_eq!(keys, ["AKIDSHORT", "AKIDSHORT", "AKIDNEXT", "AKIDNEXT", "AKIDNEXT"]);
}

#[tokio::test]
async fn after_an_expired_token_the_next_call_logs_in_anew() {
    let wire = Wire::script([Answer::xml_error(403, "ExpiredToken", "the token has expired"), wire::who(OURS)]);
    let cloud = wire.cloud();
    let error = cloud.call(&ask_who()).await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::Expired);
    cloud.call(&ask_who()).await.unwrap();
    assert_eq!(wire.keys.asked().len(), 2);
}

/// A send whose keys do not come is certainly not sent, and is not taken for one without an answer.
#[tokio::test]
async fn a_login_that_hangs_is_not_an_unknown_outcome() {
    let wire = Wire::script([Answer::Hang]);
    let mut request =
        wire::send("aws/rds.promote_read_replica_db_cluster", &json!({"db_cluster_identifier": "orders"}));
    request.target.account = Some(OURS.to_owned());
    request.timeout_ms = 30;
    let error = wire.cloud().call(&request).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (CloudErrorKind::Unavailable, "LoginUnreachable"), "{error}");
    assert_eq!(wire.sent().len(), 1, "the question whose keys these are");
}

#[tokio::test]
async fn without_a_login_nothing_is_sent() {
    for (why, kind, code) in [
        ("the SSO token has expired and cannot be refreshed", CloudErrorKind::Expired, "ExpiredLogin"),
        ("dispatch failure: no route to host", CloudErrorKind::Unavailable, "LoginUnreachable"),
        ("nothing configured", CloudErrorKind::Denied, "NoCredentials"),
    ] {
        let wire = Wire::script([]);
        wire.keys.then_fail(why);
        let error = wire.cloud().call(&ask_who()).await.unwrap_err();
        assert_eq!((error.kind, error.code.as_str()), (kind, code), "{error}");
        assert_eq!(wire.sent(), []);
    }
    let wire = Wire::script([]);
    wire.keys.then("AKIDOLD", -60);
    let error = wire.cloud().call(&ask_who()).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (CloudErrorKind::Expired, "ExpiredLogin"), "{error}");
    assert_eq!(wire.sent(), []);
}

#[tokio::test]
async fn the_flag_wins_over_the_targets_profile() {
    for (flag, origin) in [
        (None, Origin::Profile("lecture-dr".to_owned())),
        (Some("sandbox"), Origin::Profile("sandbox".to_owned())),
        (Some(""), Origin::Chain),
    ] {
        let wire = Wire::always(wire::who(OURS));
        let options = AwsOptions { profile: flag.map(str::to_owned), ..AwsOptions::default() };
        let mut request = ask_who();
        request.target.profile = Some("lecture-dr".to_owned());
        AwsCloud::of(wire.loader_with(options)).call(&request).await.unwrap();
        assert_eq!(wire.keys.asked(), [origin]);
    }
}

#[tokio::test]
async fn a_targets_role_is_taken_on_by_the_base_identity() {
    let wire = Wire::script([assumed(OURS), wire::who(OURS)]);
    let mut request = in_account(OURS);
    request.target.role = Some(format!("arn:aws:iam::{OURS}:role/reader"));
    wire.cloud().call(&request).await.unwrap();
    let sent = wire.sent();
    assert_eq!(sent.len(), 2, "STS says whose role keys are: no further question");
    for part in ["Action=AssumeRole", "RoleSessionName=run-1", "SourceIdentity=ada", "role%2Freader"] {
        assert!(sent[0].body.contains(part), "{part}: {}", sent[0].body);
    }
    assert!(!sent[0].body.contains("TokenCode"));
    assert!(sent[1].header("authorization").unwrap().contains("ASIAROLE"));
}

/// Not silent, and not for ever: the refusal is shown, the next attempt leaves the operator out.
#[tokio::test]
async fn a_source_identity_that_is_not_allowed_is_said_and_then_left_out() {
    let denied = Answer::xml_error(403, "AccessDenied", "not authorized to perform: sts:SetSourceIdentity on resource");
    let wire = Wire::script([denied, assumed(OURS), wire::who(OURS)]);
    let cloud = wire.cloud();
    let mut request = ask_who();
    request.target.role = Some(format!("arn:aws:iam::{OURS}:role/reader"));
    let error = cloud.call(&request).await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::Denied);
    assert!(error.message.contains("sts:SetSourceIdentity") && error.message.contains("without"), "{error}");
    cloud.call(&request).await.unwrap();
    assert!(!wire.sent()[1].body.contains("SourceIdentity"));
}

#[tokio::test]
async fn a_send_under_a_code_needs_its_session() {
    for session in [CallSession::Step, CallSession::Shared("failover".to_owned())] {
        let wire = Wire::always(wire::who(OURS));
        let request = CallRequest { session, ..ask_who() };
        let error = wire.cloud().call(&request).await.unwrap_err();
        assert_eq!((error.kind, error.code.as_str()), (CloudErrorKind::Expired, "NoMfaSession"));
        assert_eq!(wire.sent(), [], "refused before anything is sent");
        assert_eq!(wire.keys.asked(), []);
    }
}

#[test]
fn the_role_of_a_code_is_the_runbooks_unless_it_is_in_another_account() {
    let target = |account: Option<&str>, role: Option<&str>| ResolvedTarget {
        account: account.map(str::to_owned),
        role: role.map(str::to_owned),
        ..ResolvedTarget::default()
    };
    let mfa = "arn:aws:iam::111122223333:role/dr-operator";
    let own = "arn:aws:iam::999988887777:role/dr";
    assert_eq!(role_for(None, &target(None, None)), None);
    assert_eq!(role_for(None, &target(None, Some(own))).as_deref(), Some(own));
    assert_eq!(role_for(Some(mfa), &target(Some(OTHER), None)).as_deref(), Some(mfa));
    assert_eq!(role_for(Some(mfa), &target(Some(OURS), Some(own))).as_deref(), Some(mfa));
    assert_eq!(role_for(Some(mfa), &target(Some(OTHER), Some(own))).as_deref(), Some(own));
}

fn assumed(account: &str) -> Answer {
    wire::assumed("ASIAROLE", account)
}
