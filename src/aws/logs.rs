//! CloudWatch Logs: groups.

use aws_sdk_cloudwatchlogs::types::{LogGroup, LogGroupClass};
use aws_smithy_types::DateTime;
use serde_json::json;

use super::calls::Calls;
use super::shape::instant;
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::logs as input;
use crate::model::outcome::CloudError;

pub(super) async fn describe_log_groups(
    calls: &Calls<'_>,
    call: &input::DescribeLogGroups,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .logs()
        .describe_log_groups()
        .set_log_group_name_prefix(call.log_group_name_prefix.clone())
        .set_limit(call.limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX)));
    calls
        .answer(request.send(), |output| {
            let groups: Vec<Value> = output.log_groups().iter().map(view).collect();
            json!({"log_groups": groups})
        })
        .await
}

pub(super) async fn create_log_group(
    calls: &Calls<'_>,
    call: &input::CreateLogGroup,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .logs()
        .create_log_group()
        .log_group_name(&call.log_group_name)
        .set_kms_key_id(call.kms_key_id.clone())
        .set_log_group_class(call.log_group_class.as_deref().map(LogGroupClass::from));
    calls.acknowledged(request.send(), |_| json!({"log_group_name": call.log_group_name})).await
}

fn view(group: &LogGroup) -> Value {
    let made = group.creation_time().map(DateTime::from_millis);
    json!({
        "log_group_name": group.log_group_name(),
        "arn": group.arn(),
        "retention_in_days": group.retention_in_days(),
        "stored_bytes": group.stored_bytes(),
        "creation_time": instant(made.as_ref()),
    })
}

#[cfg(test)]
mod tests {
    use super::super::wire::{self, Answer};
    use super::*;
    use crate::model::action::examples::{example, example_with};
    use crate::model::outcome::{CloudErrorKind, ProbeAnswer};

    const CREATE: &str = "aws/logs.create_log_group";

    #[tokio::test]
    async fn a_group_is_made_once_and_a_second_one_is_refused() {
        let request = wire::send(CREATE, &example_with(CREATE).unwrap());
        let (reply, sent) = wire::ask(&request, [Answer::ok("{}").with_header("x-amzn-requestid", "r-1")]).await;
        assert_eq!(reply.unwrap().value, json!({"log_group_name": "/shop/failover"}));
        assert_eq!((sent.len(), sent[0].body.as_str()), (1, r#"{"logGroupName":"/shop/failover"}"#));
        let again = Answer::json_error(400, "ResourceAlreadyExistsException", "there is one");
        let (reply, _) = wire::ask(&request, [again]).await;
        assert_eq!(reply.unwrap_err().kind, CloudErrorKind::Invalid);
    }

    #[tokio::test]
    async fn the_probe_knows_the_group_by_its_whole_name() {
        let create = example(CREATE).unwrap();
        let probe = create.probe().unwrap();
        let look = async |names: &[&str]| {
            let groups: Vec<Value> =
                names.iter().map(|name| json!({"logGroupName": name, "creationTime": 1})).collect();
            let request = wire::read(probe.name(), &probe.with());
            wire::ask(&request, [Answer::ok(&json!({"logGroups": groups}).to_string())]).await.0.unwrap().value
        };
        let before = look(&["/shop/failover-old"]).await;
        let after = look(&["/shop/failover", "/shop/failover-old"]).await;
        assert_eq!(create.judge(Some(&before), &before), ProbeAnswer::Before);
        assert_eq!(create.judge(Some(&before), &after), ProbeAnswer::After);
        assert_eq!(create.judge(None, &after), ProbeAnswer::CannotTell);
        assert_eq!(create.judge(Some(&after), &after), ProbeAnswer::CannotTell);
        assert_eq!(after["log_groups"][0]["creation_time"], "1970-01-01T00:00:00.001Z");
    }
}
