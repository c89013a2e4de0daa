//! Route 53 records.

use super::calls::Calls;
use super::error::invalid;
use crate::engine::ports::CloudReply;
use crate::model::action::route53 as input;
use crate::model::outcome::CloudError;

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn change_resource_record_sets(
    _: &Calls<'_>,
    _: &input::ChangeResourceRecordSets,
) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn get_change(_: &Calls<'_>, _: &input::GetChange) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn list_resource_record_sets(
    _: &Calls<'_>,
    _: &input::ListResourceRecordSets,
) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}
