//! Profiles as they stand in files, and the region that a service is signed for.

#![expect(deprecated, reason = "the types' new home is in a crate that is not ours to name")]

use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};
use serde_json::json;

use super::super::keys::Held;
use super::super::wire::{self, Answer, Wire};
use super::super::{AwsCloud, AwsOptions, line};
use super::*;
use crate::engine::ports::Cloud;
use crate::model::outcome::CloudErrorKind;

const FILE: &str = "\
[default]
aws_access_key_id = AKIDDEFAULT
aws_secret_access_key = secret
[profile dr]
aws_access_key_id = AKIDDR
aws_secret_access_key = secret
[profile empty]
region = eu-central-1
[profile program]
credential_process = printf '{\"Version\":1,\"AccessKeyId\":\"AKIDPROGRAM\",\"SecretAccessKey\":\"s\"}'
[profile lapsed]
sso_session = work
sso_account_id = 111122223333
sso_role_name = dr
[sso-session work]
sso_region = eu-central-1
sso_start_url = https://lifeboat.invalid/start
";

fn loader() -> Loader {
    let mut loader = Loader::new(AwsOptions::default(), line::client());
    let files = ProfileFiles::builder().with_contents(ProfileFileKind::Config, FILE).build();
    loader.files = Some(files);
    loader
}

async fn key_of(profile: &str) -> Result<String, (CloudErrorKind, String, String)> {
    let origin = Origin::Profile(profile.to_owned());
    let held = Held::of_origin(&loader(), &origin, Some("eu-central-1")).await;
    held.map(|held| held.key_id().to_owned()).map_err(|error| (error.kind, error.code, error.message))
}

#[tokio::test]
async fn a_profile_gives_its_own_keys() {
    assert_eq!(key_of("dr").await.as_deref(), Ok("AKIDDR"));
    assert_eq!(key_of("default").await.as_deref(), Ok("AKIDDEFAULT"));
}

#[tokio::test]
async fn a_profile_may_ask_a_program() {
    assert_eq!(key_of("program").await.as_deref(), Ok("AKIDPROGRAM"));
}

/// Not silently another identity: the way out is said.
#[tokio::test]
async fn a_missing_profile_is_an_error_with_a_way_out() {
    let (kind, code, message) = key_of("typo").await.unwrap_err();
    assert_eq!((kind, code.as_str()), (CloudErrorKind::Denied, "NoProfile"), "{message}");
    assert!(message.contains("`typo`") && message.contains("--profile"), "{message}");
}

#[tokio::test]
async fn a_profile_without_keys_is_an_error() {
    let (kind, code, message) = key_of("empty").await.unwrap_err();
    assert_eq!((kind, code.as_str()), (CloudErrorKind::Denied, "NoCredentials"), "{message}");
}

#[tokio::test]
async fn an_sso_profile_that_nobody_logged_in_to_asks_for_a_login() {
    let (kind, code, message) = key_of("lapsed").await.unwrap_err();
    assert_eq!((kind, code.as_str()), (CloudErrorKind::Expired, "ExpiredLogin"), "{message}");
    assert!(message.contains("aws sso login --profile lapsed"), "{message}");
}

#[tokio::test]
async fn nothing_is_ever_sent_twice_by_the_sdk_itself() {
    let config = loader().load(&Origin::Profile("dr".to_owned()), Some("eu-central-1")).await;
    assert_eq!(config.retry_config().map(RetryConfig::max_attempts), Some(1));
    assert_eq!(config.stalled_stream_protection().map(|it| it.is_enabled()), Some(false));
    assert_eq!(config.timeout_config().and_then(TimeoutConfig::connect_timeout), Some(CONNECT_TIMEOUT));
}

#[test]
fn global_services_have_one_region_in_each_partition() {
    assert_eq!(global_region("eu-central-1"), "us-east-1");
    assert_eq!(global_region("cn-north-1"), "cn-northwest-1");
    assert_eq!(global_region("us-gov-east-1"), "us-gov-west-1");
}

#[tokio::test]
async fn behind_an_endpoint_of_ones_own_every_service_is_signed_for_its_region() {
    let answer = Answer::xml_error(400, "InvalidInput", "no");
    let wire = Wire::always(answer);
    let options = AwsOptions { endpoint_url: Some("http://aws.example:4566".to_owned()), ..AwsOptions::default() };
    let cloud = AwsCloud::of(wire.loader_with(options));
    for (name, with, signed) in [
        ("aws/route53.get_change", json!({"id": "C1"}), "us-east-1/route53"),
        ("aws/cloudfront.get_distribution", json!({"id": "E1"}), "us-east-1/cloudfront"),
        ("aws/rds.describe_db_clusters", json!({"db_cluster_identifier": "orders"}), "eu-central-1/rds"),
        ("aws/s3.get_bucket_versioning", json!({"bucket": "backups"}), "eu-central-1/s3"),
    ] {
        cloud.call(&wire::read(name, &with)).await.unwrap_err();
        let sent = wire.sent().pop().unwrap();
        assert_eq!(sent.signed_for().as_deref(), Some(signed));
        assert!(sent.uri.starts_with("http://aws.example:4566/"), "a bucket has no host name there: {}", sent.uri);
    }
}
