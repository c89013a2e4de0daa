//! A bucket's settings.

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketVersioningStatus, LifecycleExpiration, LifecycleRule,
    NoncurrentVersionExpiration, TransitionStorageClass, VersioningConfiguration,
};
use serde_json::json;

use super::super::calls::Calls;
use super::super::error::invalid;
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::s3 as input;
use crate::model::outcome::CloudError;

pub(in crate::aws) async fn get_bucket_lifecycle_configuration(
    calls: &Calls<'_>,
    call: &input::GetBucketLifecycleConfiguration,
) -> Result<CloudReply, CloudError> {
    let request = calls.s3().get_bucket_lifecycle_configuration().bucket(&call.bucket).send();
    calls
        .answer(request, |output| {
            let rules: Vec<Value> = output.rules().iter().map(rule).collect();
            json!({"rules": rules})
        })
        .await
}

pub(in crate::aws) async fn put_bucket_versioning(
    calls: &Calls<'_>,
    call: &input::PutBucketVersioning,
) -> Result<CloudReply, CloudError> {
    let status = &call.versioning_configuration.status;
    let known = BucketVersioningStatus::try_parse(status)
        .map_err(|_| invalid("MalformedXML", format!("`{status}` is no status: there are Enabled, Suspended")))?;
    let wanted = VersioningConfiguration::builder().status(known).build();
    let request = calls.s3().put_bucket_versioning().bucket(&call.bucket).versioning_configuration(wanted);
    Box::pin(calls.acknowledged(request.send(), |_| json!({"status": status}))).await
}

fn rule(rule: &LifecycleRule) -> Value {
    let filter = rule.filter();
    let prefix = filter
        .and_then(|filter| filter.prefix().or_else(|| filter.and().and_then(|and| and.prefix())))
        .or_else(|| first_version_prefix(rule));
    let moves: Vec<Value> = rule
        .transitions()
        .iter()
        .map(|change| json!({"days": change.days(), "storage_class": class(change.storage_class())}))
        .collect();
    let later_moves: Vec<Value> = rule
        .noncurrent_version_transitions()
        .iter()
        .map(|change| json!({"days": change.noncurrent_days(), "storage_class": class(change.storage_class())}))
        .collect();
    json!({
        "id": rule.id(),
        "status": rule.status().as_str(),
        "prefix": prefix.unwrap_or_default(),
        "expiration_days": rule.expiration().and_then(LifecycleExpiration::days),
        "noncurrent_version_expiration_days": rule.noncurrent_version_expiration().and_then(NoncurrentVersionExpiration::noncurrent_days),
        "transitions": moves,
        "noncurrent_version_transitions": later_moves,
        "abort_incomplete_multipart_upload_days":
            rule.abort_incomplete_multipart_upload().and_then(AbortIncompleteMultipartUpload::days_after_initiation),
    })
}

fn class(class: Option<&TransitionStorageClass>) -> Option<&str> {
    class.map(TransitionStorageClass::as_str)
}

/// Rules of the first version have no filter.
#[expect(deprecated, reason = "such rules are still there and still work")]
fn first_version_prefix(rule: &LifecycleRule) -> Option<&str> {
    rule.prefix()
}
