//! DynamoDB tables and their backups.

use aws_sdk_dynamodb::primitives::DateTime;
use serde_json::json;

use super::calls::Calls;
use crate::engine::ports::CloudReply;
use crate::model::action::dynamodb as input;
use crate::model::outcome::CloudError;
use crate::model::time::rfc3339;

/// An instant of the service as we write them.
fn instant(at: Option<&DateTime>) -> Option<String> {
    at.and_then(|at| at.to_millis().ok()).map(rfc3339)
}

pub(super) async fn describe_continuous_backups(
    calls: &Calls<'_>,
    call: &input::DescribeContinuousBackups,
) -> Result<CloudReply, CloudError> {
    let request = calls.dynamodb().describe_continuous_backups().table_name(&call.table_name);
    calls
        .answer(request.send(), |answer| {
            let backups = answer.continuous_backups_description();
            let recovery = backups.and_then(|backups| backups.point_in_time_recovery_description());
            json!({
                "continuous_backups_status": backups.map(|backups| backups.continuous_backups_status().as_str()),
                "point_in_time_recovery_status":
                    recovery.and_then(|recovery| recovery.point_in_time_recovery_status()).map(|status| status.as_str()),
                "recovery_period_in_days": recovery.and_then(|recovery| recovery.recovery_period_in_days()),
                "earliest_restorable_date_time":
                    instant(recovery.and_then(|recovery| recovery.earliest_restorable_date_time())),
                "latest_restorable_date_time":
                    instant(recovery.and_then(|recovery| recovery.latest_restorable_date_time())),
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::super::wire::{self, Answer};
    use super::*;

    #[tokio::test]
    async fn the_window_of_recovery_is_read() {
        let request = wire::read("aws/dynamodb.describe_continuous_backups", &json!({"table_name": "orders"}));
        let body = json!({"ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {
                "PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": 35,
                "EarliestRestorableDateTime": 1_767_495_600.0, "LatestRestorableDateTime": 1_767_495_900.5},
        }});
        let (reply, sent) = wire::ask(&request, [Answer::ok(&body.to_string())]).await;
        assert_eq!(
            reply.unwrap().value,
            json!({"continuous_backups_status": "ENABLED", "point_in_time_recovery_status": "ENABLED",
                   "recovery_period_in_days": 35, "earliest_restorable_date_time": "2026-01-04T03:00:00.000Z",
                   "latest_restorable_date_time": "2026-01-04T03:05:00.500Z"})
        );
        assert_eq!(sent[0].header("x-amz-target"), Some("DynamoDB_20120810.DescribeContinuousBackups"));
    }
}
