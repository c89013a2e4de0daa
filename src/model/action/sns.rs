//! SNS: messages to people and to what listens.

use super::operation::{Operation, Pages, inputs, part};

inputs! {
    /// Result: `{message_id}`. Nothing guards it: a second call is a second message.
    Publish {
        topic_arn: String,
        message: String;
        /// For mail; up to 100 characters, one line.
        subject: String,
    }
}

impl Operation for Publish {
    fn names(&self) -> Vec<&str> {
        vec![&self.topic_arn]
    }

    /// Topics may be encrypted.
    fn rights(&self) -> &'static [&'static str] {
        &["kms:Decrypt", "kms:GenerateDataKey*"]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(pages.regional(&format!("sns/v3/home?region={{region}}#/topic/{}", part(&self.topic_arn))))
    }
}
