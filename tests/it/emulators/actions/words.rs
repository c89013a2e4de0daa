//! Actions whose worlds nobody has built yet at the emulators.

use super::{Case, in_words};

pub(super) fn cases() -> Vec<Case> {
    [
        "aws/route53.test_dns_answer",
        "aws/route53.get_health_check_status",
        "aws/route53.get_health_check",
        "aws/route53.update_health_check",
        "aws/application_autoscaling.register_scalable_target",
        "aws/application_autoscaling.describe_scalable_targets",
        "aws/elbv2.describe_target_health",
        "aws/elbv2.describe_target_groups",
        "aws/elbv2.modify_target_group",
    ]
    .map(in_words)
    .into()
}
