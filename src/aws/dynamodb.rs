//! DynamoDB tables and their backups.

use super::calls::Calls;
use crate::engine::ports::CloudReply;
use crate::model::action::dynamodb as input;
use crate::model::outcome::CloudError;

pub(super) async fn describe_continuous_backups(
    calls: &Calls<'_>,
    call: &input::DescribeContinuousBackups,
) -> Result<CloudReply, CloudError> {
    let request = calls.dynamodb().describe_continuous_backups().table_name(&call.table_name);
    calls.answer(request.send(), |answer| super::tables::backups(answer.continuous_backups_description())).await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::wire::{self, Answer};

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
