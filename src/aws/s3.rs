//! S3 buckets and object versions.

use super::calls::Calls;
use super::error::invalid;
use crate::engine::ports::CloudReply;
use crate::model::action::s3 as input;
use crate::model::outcome::CloudError;

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn head_bucket(_: &Calls<'_>, _: &input::HeadBucket) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn get_bucket_versioning(
    _: &Calls<'_>,
    _: &input::GetBucketVersioning,
) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn get_bucket_replication(
    _: &Calls<'_>,
    _: &input::GetBucketReplication,
) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn list_object_versions(
    _: &Calls<'_>,
    _: &input::ListObjectVersions,
) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn restore_object_version(
    _: &Calls<'_>,
    _: &input::RestoreObjectVersion,
) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}
