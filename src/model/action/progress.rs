//! How far a long piece of work says that it is: a restore job, an export, a snapshot in the making.
//!
//! Knows the answers in which a service says so. Must not know what a forecast is.

use crate::model::Value;
use crate::model::time::parse_rfc3339_ms;

/// What a service says of its own work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// From 0 to 100.
    pub percent: Option<f64>,
    /// How long it expects the whole to take, in milliseconds.
    pub expected_ms: Option<u64>,
    /// When it began, by the service's clock (Unix ms).
    pub began_ms: Option<i64>,
}

/// What the answer of an action says of the work that it is asked about; none where it says nothing.
#[must_use]
pub fn of(action: &str, answer: &Value) -> Option<Progress> {
    let (work, percent, began) = match action {
        "aws/backup.describe_restore_job" => (answer, "percent_done", "creation_date"),
        "aws/rds.describe_export_tasks" => (only(&answer["export_tasks"])?, "percent_progress", "task_start_time"),
        "aws/rds.describe_db_snapshots" => (only(&answer["db_snapshots"])?, "percent_progress", "snapshot_create_time"),
        "aws/rds.describe_db_cluster_snapshots" => {
            (only(&answer["db_cluster_snapshots"])?, "percent_progress", "snapshot_create_time")
        }
        _ => return None,
    };
    let progress = Progress {
        percent: work[percent].as_f64().filter(|percent| (0.0..=100.0).contains(percent)),
        expected_ms: work["expected_completion_time_minutes"].as_u64().map(|minutes| minutes.saturating_mul(60_000)),
        began_ms: work[began].as_str().and_then(|time| parse_rfc3339_ms(time).ok()),
    };
    (progress.percent.is_some() || progress.expected_ms.is_some()).then_some(progress)
}

/// The one piece of work of a list: of several it is not known which is meant.
fn only(list: &Value) -> Option<&Value> {
    match list.as_array().map(Vec::as_slice) {
        Some([one]) => Some(one),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_job_says_how_far_it_is_and_what_it_expects() {
        let job = json!({"status": "RUNNING", "percent_done": 33.5, "expected_completion_time_minutes": 25, "creation_date": "1970-01-01T00:00:10Z"});
        let expected = Progress { percent: Some(33.5), expected_ms: Some(1_500_000), began_ms: Some(10_000) };
        assert_eq!(of("aws/backup.describe_restore_job", &job), Some(expected));
        let silent = json!({"status": "PENDING", "percent_done": null, "expected_completion_time_minutes": null});
        assert_eq!(of("aws/backup.describe_restore_job", &silent), None);
        assert_eq!(of("aws/sts.get_caller_identity", &job), None);
    }

    #[test]
    fn of_several_tasks_none_is_taken_for_ours() {
        let task = json!({"percent_progress": 63, "task_start_time": null});
        let of_tasks = |tasks: Value| of("aws/rds.describe_export_tasks", &json!({"export_tasks": tasks}));
        assert_eq!(of_tasks(json!([task])).and_then(|progress| progress.percent), Some(63.0));
        assert_eq!(of_tasks(json!([task, task])), None);
        assert_eq!(of_tasks(json!([])), None);
    }

    #[test]
    fn a_percentage_beyond_reason_is_none() {
        let tasks = json!({"export_tasks": [{"percent_progress": 250}]});
        assert_eq!(of("aws/rds.describe_export_tasks", &tasks), None);
    }
}
