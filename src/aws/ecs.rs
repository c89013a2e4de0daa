//! ECS services.

use super::calls::Calls;
use super::error::invalid;
use crate::engine::ports::CloudReply;
use crate::model::action::ecs as input;
use crate::model::outcome::CloudError;

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn update_service(_: &Calls<'_>, _: &input::UpdateService) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn describe_services(_: &Calls<'_>, _: &input::DescribeServices) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}

#[expect(clippy::unused_async, reason = "being written")]
pub(super) async fn services_stable(_: &Calls<'_>, _: &input::ServicesStable) -> Result<CloudReply, CloudError> {
    Err(invalid("NotAvailable", "this action is not available yet"))
}
