//! SNS: messages.

use serde_json::json;

use super::calls::Calls;
use crate::engine::ports::CloudReply;
use crate::model::action::sns as input;
use crate::model::outcome::CloudError;

pub(super) async fn publish(calls: &Calls<'_>, call: &input::Publish) -> Result<CloudReply, CloudError> {
    let request = calls
        .sns()
        .publish()
        .topic_arn(&call.topic_arn)
        .message(&call.message)
        .set_subject(call.subject.clone())
        .send();
    calls.answer(request, |output| json!({"message_id": output.message_id()})).await
}

#[cfg(test)]
mod tests {
    use super::super::wire::{self, Answer};
    use super::*;
    use crate::model::action::examples::example_with;
    use crate::model::outcome::CloudErrorKind;

    const PUBLISH: &str = "aws/sns.publish";

    #[tokio::test]
    async fn a_message_goes_out_once() {
        let body = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
                    <MessageId>m1</MessageId></PublishResult></PublishResponse>";
        let request = wire::send(PUBLISH, &example_with(PUBLISH).unwrap());
        let (reply, sent) = wire::ask(&request, [Answer::ok(body)]).await;
        assert_eq!(reply.unwrap().value, json!({"message_id": "m1"}));
        assert_eq!(sent.len(), 1);
        assert!(
            sent[0].body.contains("Subject=RPO%20violation") || sent[0].body.contains("Subject=RPO+violation"),
            "{}",
            sent[0].body
        );
    }

    /// Nothing guards it, so not even a throttle proves that nothing went out.
    #[tokio::test]
    async fn a_throttle_proves_nothing() {
        let request = wire::send(PUBLISH, &example_with(PUBLISH).unwrap());
        let (reply, sent) = wire::ask(&request, [Answer::xml_error(400, "Throttled", "slow down")]).await;
        assert_eq!((reply.unwrap_err().kind, sent.len()), (CloudErrorKind::UnknownOutcome, 1));
    }
}
