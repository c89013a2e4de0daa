//! CloudWatch metrics.

use super::calls::Calls;
use super::error::invalid;
use crate::engine::ports::CloudReply;
use crate::model::action::cloudwatch as input;
use crate::model::outcome::CloudError;

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn get_metric(_: &Calls<'_>, _: &input::GetMetric) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}
