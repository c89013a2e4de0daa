//! CloudFront distributions.

use super::calls::Calls;
use super::error::invalid;
use crate::engine::ports::CloudReply;
use crate::model::action::cloudfront as input;
use crate::model::outcome::CloudError;

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn update_origin(_: &Calls<'_>, _: &input::UpdateOrigin) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn create_invalidation(
    _: &Calls<'_>,
    _: &input::CreateInvalidation,
) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn get_distribution(_: &Calls<'_>, _: &input::GetDistribution) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn get_invalidation(_: &Calls<'_>, _: &input::GetInvalidation) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}
