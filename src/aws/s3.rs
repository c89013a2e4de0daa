//! S3: buckets, and the versions of objects.

use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::head_bucket::{HeadBucketError, HeadBucketOutput};
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::types::{BucketVersioningStatus, Destination, ReplicationConfiguration, ReplicationRule};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::json;

use super::calls::Calls;
use super::shape::instant;
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::s3 as input;
use crate::model::outcome::CloudError;

mod bulk;
mod restore;
mod settings;

pub(super) use bulk::{compare_with_replica, copy_from_replica};
pub(super) use restore::restore_object_version;
pub(super) use settings::{get_bucket_lifecycle_configuration, put_bucket_versioning};

const DEFAULT_KEYS: u32 = 1000;

pub(super) async fn head_bucket(calls: &Calls<'_>, call: &input::HeadBucket) -> Result<CloudReply, CloudError> {
    let client = calls.s3();
    let asked = client.config().region().map(ToString::to_string);
    let request = async {
        let answer = client.head_bucket().bucket(&call.bucket).send().await;
        match answer.as_ref().err().and_then(redirected_to) {
            Some(region) => Ok(HeadBucketOutput::builder().bucket_region(region).build()),
            None => answer,
        }
    };
    calls.answer(request, |output| json!({"bucket": call.bucket, "region": output.bucket_region.or(asked)})).await
}

/// A bucket in another region answers with a redirect, and says where it is: that is an answer.
fn redirected_to(error: &SdkError<HeadBucketError, HttpResponse>) -> Option<String> {
    let raw = error.raw_response().filter(|raw| raw.status().as_u16() == 301)?;
    raw.headers().get("x-amz-bucket-region").map(str::to_owned)
}

pub(super) async fn get_bucket_versioning(
    calls: &Calls<'_>,
    call: &input::GetBucketVersioning,
) -> Result<CloudReply, CloudError> {
    let request = calls.s3().get_bucket_versioning().bucket(&call.bucket).send();
    calls.answer(request, |output| json!({"status": output.status().map(BucketVersioningStatus::as_str)})).await
}

pub(super) async fn get_bucket_replication(
    calls: &Calls<'_>,
    call: &input::GetBucketReplication,
) -> Result<CloudReply, CloudError> {
    let request = calls.s3().get_bucket_replication().bucket(&call.bucket).send();
    calls
        .answer(request, |output| {
            let config = output.replication_configuration();
            let rules = config.map(ReplicationConfiguration::rules).unwrap_or_default();
            let rules: Vec<Value> = rules.iter().map(rule).collect();
            json!({"role": config.map(ReplicationConfiguration::role), "rules": rules})
        })
        .await
}

fn rule(rule: &ReplicationRule) -> Value {
    let filter = rule.filter();
    let prefix = filter
        .and_then(|filter| filter.prefix().or_else(|| filter.and().and_then(|and| and.prefix())))
        .or_else(|| first_version_prefix(rule));
    json!({
        "id": rule.id(),
        "status": rule.status().as_str(),
        "prefix": prefix.unwrap_or_default(),
        "destination_bucket": rule.destination().map(Destination::bucket),
    })
}

/// Rules of the first version have no filter.
#[expect(deprecated, reason = "such rules are still there and still work")]
fn first_version_prefix(rule: &ReplicationRule) -> Option<&str> {
    rule.prefix()
}

pub(super) async fn list_object_versions(
    calls: &Calls<'_>,
    call: &input::ListObjectVersions,
) -> Result<CloudReply, CloudError> {
    let keys = call.max_keys.unwrap_or(DEFAULT_KEYS);
    let request = calls
        .s3()
        .list_object_versions()
        .bucket(&call.bucket)
        .set_prefix(call.prefix.clone())
        .max_keys(i32::try_from(keys).unwrap_or(i32::MAX))
        .send();
    calls.answer(request, |output| versions(&output)).await
}

fn versions(output: &ListObjectVersionsOutput) -> Value {
    let versions: Vec<Value> = output
        .versions()
        .iter()
        .map(|version| {
            json!({
                "key": version.key(),
                "version_id": version.version_id(),
                "is_latest": version.is_latest() == Some(true),
                "last_modified": instant(version.last_modified()),
                "size": version.size(),
                "etag": version.e_tag(),
            })
        })
        .collect();
    let markers: Vec<Value> = output
        .delete_markers()
        .iter()
        .map(|marker| {
            json!({
                "key": marker.key(),
                "version_id": marker.version_id(),
                "is_latest": marker.is_latest() == Some(true),
                "last_modified": instant(marker.last_modified()),
            })
        })
        .collect();
    json!({"versions": versions, "delete_markers": markers, "is_truncated": output.is_truncated() == Some(true)})
}
