//! Actions whose worlds nobody has built yet at the emulators.

use super::{Case, in_words};

const WAITING: [&str; 8] = [
    "aws/dynamodb.restore_table_to_point_in_time",
    "aws/dynamodb.describe_table",
    "aws/dynamodb.update_continuous_backups",
    "aws/dynamodb.describe_time_to_live",
    "aws/dynamodb.update_time_to_live",
    "aws/dynamodb.update_table",
    "aws/dynamodb.delete_table",
    "aws/sns.publish",
];

pub(super) fn cases() -> Vec<Case> {
    WAITING.map(in_words).into()
}
