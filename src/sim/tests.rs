//! The cloud as a whole: what it writes down, what a resume finds, what each fault does.

use serde_json::json;

use super::testing::*;
use super::*;

fn lines(path: &Path) -> Vec<serde_json::Value> {
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn promote(attempt: u32) -> CallRequest {
    let with = json!({"db_cluster_identifier": CLUSTER});
    request("promote", attempt, "aws/rds.promote_read_replica_db_cluster", &with)
}

#[tokio::test]
async fn every_call_is_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("world.jsonl");
    let (cloud, clock) = cloud(Some(&log), &Scenario::default());
    let describe = request("look", 1, "aws/rds.describe_db_clusters", &json!({"db_cluster_identifier": CLUSTER}));
    send(&cloud, &clock, &describe).await.unwrap();
    send(&cloud, &clock, &promote(1)).await.unwrap();
    let lines = lines(&log);
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["n"], &lines[0]["changes"]), (&json!(1), &json!(false)));
    assert_eq!(lines[0]["at"], "2026-01-04T03:00:00.000Z");
    assert_eq!((&lines[1]["n"], &lines[1]["changes"]), (&json!(2), &json!(true)));
    assert_eq!(lines[1]["action"], "aws/rds.promote_read_replica_db_cluster");
    assert!(lines[1]["request"].as_str().unwrap().starts_with("sha256:"));
}
