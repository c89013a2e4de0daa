//! STS: who am I.

use serde_json::json;

use super::calls::Calls;
use crate::engine::ports::CloudReply;
use crate::model::action::sts as input;
use crate::model::outcome::CloudError;

pub(super) async fn get_caller_identity(
    calls: &Calls<'_>,
    _: &input::GetCallerIdentity,
) -> Result<CloudReply, CloudError> {
    calls
        .answer(
            calls.sts().get_caller_identity().send(),
            |who| json!({"account": who.account, "arn": who.arn, "user_id": who.user_id}),
        )
        .await
}

#[cfg(test)]
mod tests {
    use super::super::wire;
    use super::*;

    #[tokio::test]
    async fn the_caller_is_read_with_request_id_and_cloud_time() {
        let request = wire::read("aws/sts.get_caller_identity", &json!({}));
        let answer = wire::who("111122223333")
            .with_header("x-amzn-requestid", "req-1")
            .with_header("date", "Sat, 21 Nov 2026 14:00:00 GMT");
        let (reply, sent) = wire::ask(&request, [answer]).await;
        let reply = reply.unwrap();
        assert_eq!(
            reply.value,
            json!({"account": "111122223333", "arn": "arn:aws:iam::111122223333:user/ada", "user_id": "AIDA1"})
        );
        assert_eq!(reply.request_id.as_deref(), Some("req-1"));
        assert_eq!(reply.cloud_ms, Some(1_795_269_600_000));
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].signed_for().as_deref(), Some("eu-central-1/sts"));
        assert!(sent[0].body.contains("Action=GetCallerIdentity"), "{}", sent[0].body);
    }
}
